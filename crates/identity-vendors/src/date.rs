//! Dates as vendors write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

/// A day that exists, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// `2026-01-02`.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A date of which the day, or month and day, may be unknown: some documents have no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialDate {
    /// All of it.
    Full(Date),
    /// Without the day.
    Month(u16, u8),
    /// Without month and day.
    Year(u16),
}

impl PartialDate {
    /// Where all of it is known.
    #[must_use]
    pub fn full(self) -> Option<Date> {
        if let Self::Full(date) = self { Some(date) } else { None }
    }
}

/// A text or value that is no date, or none that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoDate;

/// Reads a date.
///
/// - `2026-01-02`, and a date and time, of which the day counts as it is written, in whatever zone;
/// - `2026`, `2026-01`, and zeros for what is unknown: `2026-01-00`, `2026-00-00`;
/// - `{"day": 2, "month": 1, "year": 2026}`, whose parts may be missing or 0;
/// - nothing is `null`, a blank text, `0`, `"0"`, `0000-00-00` or `{}`.
///
/// Days before months or the other way round are not guessed: such texts are no dates.
pub(crate) fn read(value: Option<&Value>) -> Result<Option<PartialDate>, NoDate> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => read_text(text.trim()),
        Some(Value::Number(number)) if number.as_i64() == Some(0) => Ok(None),
        Some(Value::Object(parts)) => {
            let part = |name| match parts.get(name) {
                None | Some(Value::Null) => Ok(0),
                Some(value) => value.as_u64().and_then(|n| u16::try_from(n).ok()).ok_or(NoDate),
            };
            of_parts(part("year")?, part("month")?, part("day")?)
        }
        Some(_) => Err(NoDate),
    }
}

fn read_text(text: &str) -> Result<Option<PartialDate>, NoDate> {
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    let day = match text.split_once(['T', ' ']) {
        None => text,
        // Only a full day has a time.
        Some((day, time)) if day.len() == 10 && is_time(time) => day,
        Some(_) => return Err(NoDate),
    };
    let mut parts = day.split('-');
    let mut part = |length: usize| match parts.next() {
        None => Ok(0),
        Some(digits) if digits.len() == length && digits.bytes().all(|c| c.is_ascii_digit()) => {
            digits.parse().map_err(|_| NoDate)
        }
        Some(_) => Err(NoDate),
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() { Err(NoDate) } else { of_parts(year, month, day) }
}

/// What stands behind a date: digits, and how far from UTC.
fn is_time(text: &str) -> bool {
    text.len() >= 5
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|c| c.is_ascii_digit() || b":.+-Z ".contains(&c))
}

fn of_parts(year: u16, month: u16, day: u16) -> Result<Option<PartialDate>, NoDate> {
    if (year, month, day) == (0, 0, 0) {
        return Ok(None);
    }
    let small = |part: u16, most: u16| u8::try_from(part).ok().filter(|_| part <= most).ok_or(NoDate);
    if !(1..=9999).contains(&year) || (month == 0 && day != 0) {
        return Err(NoDate);
    }
    let (month, day) = (small(month, 12)?, small(day, 31)?);
    Ok(Some(match (month, day) {
        (0, _) => PartialDate::Year(year),
        (_, 0) => PartialDate::Month(year, month),
        _ => {
            NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day)).ok_or(NoDate)?;
            PartialDate::Full(Date { year, month, day })
        }
    }))
}

/// A moment, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// Reads one: RFC 3339, `2026-01-02 03:04:05+0000`, the same without a zone (which is UTC then), and whole seconds
    /// since 1970. None where there is none, or it is written otherwise: what it is for can do without.
    pub(crate) fn read(value: Option<&Value>) -> Option<Self> {
        match value? {
            Value::Number(seconds) => seconds.as_i64()?.checked_mul(1000).map(Self),
            Value::String(text) => Self::read_text(text.trim()),
            _ => None,
        }
    }

    fn read_text(text: &str) -> Option<Self> {
        let millis = DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%z"))
            .map(|moment| moment.timestamp_millis())
            .or_else(|_| {
                let text = text.replacen('T', " ", 1);
                NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f")
                    .map(|moment| moment.and_utc().timestamp_millis())
            });
        millis.ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let full = PartialDate::Full(Date { year: 1984, month: 1, day: 26 });
        for (value, date) in [
            (json!("1984-01-26"), Some(full)),
            (json!(" 1984-01-26 "), Some(full)),
            (json!("1984-01-26T23:59:59.000Z"), Some(full)),
            (json!("1984-01-26T00:30:00+14:00"), Some(full)),
            (json!("1984-01-26 03:04:05"), Some(full)),
            (json!("1984-01-26 03:04:05+0000"), Some(full)),
            (json!({"day": 26, "month": 1, "year": 1984}), Some(full)),
            (json!({"day": 0, "month": 1, "year": 1984}), Some(PartialDate::Month(1984, 1))),
            (json!({"year": 1984, "month": null}), Some(PartialDate::Year(1984))),
            (json!("1984"), Some(PartialDate::Year(1984))),
            (json!("1984-00-00"), Some(PartialDate::Year(1984))),
            (json!("1984-01"), Some(PartialDate::Month(1984, 1))),
            (json!("1984-01-00"), Some(PartialDate::Month(1984, 1))),
            (json!("2024-02-29"), Some(PartialDate::Full(Date { year: 2024, month: 2, day: 29 }))),
            (json!("0"), None),
            (json!(0), None),
            (json!(""), None),
            (json!("  "), None),
            (json!(null), None),
            (json!("0000-00-00"), None),
            (json!({}), None),
        ] {
            assert_eq!(read(Some(&value)), Ok(date), "{value}");
        }
        assert_eq!(read(None), Ok(None));
    }

    #[test]
    fn what_could_be_read_in_two_ways_or_never_was_is_no_date() {
        for value in [
            json!("26.01.1984"),
            json!("01/26/1984"),
            json!("26-01-1984"),
            json!("1984-1-26"),
            json!("84-01-26"),
            json!("19840126"),
            json!("1984-01-26-"),
            json!("1984-01-26T"),
            json!("1984-01-26Tnoon"),
            json!("1984-01-26T+00:00"),
            json!("1984-01-26 03"),
            json!("1984-01T00:00"),
            json!("2023-02-29"),
            json!("1984-13-01"),
            json!("1984-00-26"),
            json!("0000-01-26"),
            json!("unlimited"),
            json!("１９８４-01-26"),
            json!("-984-01-26"),
            json!(19_840_126),
            json!(true),
            json!(["1984-01-26"]),
            json!({"day": 26, "year": 1984}),
            json!({"day": 26, "month": 1}),
            json!({"day": "26", "month": 1, "year": 1984}),
            json!({"day": 26, "month": 1, "year": 65537}),
            json!({"day": 26, "month": 257, "year": 1984}),
        ] {
            assert_eq!(read(Some(&value)), Err(NoDate), "{value}");
        }
    }

    #[test]
    fn moments_of_all_vendors_are_read() {
        let at = Some(Moment(1_767_323_045_000));
        for value in [
            json!("2026-01-02T03:04:05Z"),
            json!("2026-01-02T03:04:05.000Z"),
            json!("2026-01-02T03:04:05.000000Z"),
            json!("2026-01-02T04:04:05+01:00"),
            json!("2026-01-02 03:04:05+0000"),
            json!("2026-01-02 03:04:05.000"),
            json!("2026-01-02 03:04:05"),
            json!("2026-01-02T03:04:05"),
            json!(1_767_323_045),
        ] {
            assert_eq!(Moment::read(Some(&value)), at, "{value}");
        }
        for value in [json!("yesterday"), json!(""), json!(1.5), json!(i64::MAX), json!(null)] {
            assert_eq!(Moment::read(Some(&value)), None, "{value}");
        }
    }
}
