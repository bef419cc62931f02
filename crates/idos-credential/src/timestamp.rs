//! Moments in time, as JavaScript's `Date` spells them inside credentials.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// A moment in UTC with millisecond precision.
///
/// Its text is that of JavaScript's `Date.prototype.toISOString` (ECMA-262, Date Time String Format):
/// `2026-01-02T03:04:05.000Z`, with a signed six-digit year outside 0000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// A text that is not a moment, or one outside the years that calendars here reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z")]
pub struct NotATimestamp;

/// A text that is not a calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a calendar date such as 1980-10-09: a time of day or an offset would make it another day somewhere"
)]
pub struct NotACalendarDate;

impl Timestamp {
    /// 1970-01-01T00:00:00Z
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// From milliseconds since 1970-01-01T00:00:00Z.
    pub fn from_unix_millis(millis: i64) -> Result<Self, NotATimestamp> {
        DateTime::from_timestamp_millis(millis).map(Self).ok_or(NotATimestamp)
    }

    /// Reads a calendar date of the years 1 to 9999, as midnight UTC: `1980-10-09`, or the same with a time that changes
    /// nothing, as `1980-10-09T00:00:00.000Z`. Any other time or offset is refused: a date of birth is a day and not a
    /// moment, and turned into UTC it would become the day before or after.
    pub fn from_calendar_date(text: &str) -> Result<Self, NotACalendarDate> {
        let (date, time) = text.split_at_checked(10).ok_or(NotACalendarDate)?;
        let is_date = date.bytes().enumerate().all(|(n, byte)| match n {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let midnight = ["Z", "+00:00", "-00:00"].iter().find_map(|zone| time.strip_suffix(zone));
        let is_midnight = match midnight.and_then(|time| time.strip_prefix("T00:00:00")) {
            Some("") => true,
            Some(fraction) => fraction
                .strip_prefix('.')
                .is_some_and(|zeros| !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0')),
            None => time.is_empty(),
        };
        let moment: Self = date.parse().map_err(|_| NotACalendarDate)?;
        if is_date && is_midnight && moment.year() >= 1 { Ok(moment) } else { Err(NotACalendarDate) }
    }

    /// The year in UTC; negative before the year 0.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// This moment moved by whole years, which may be negative; the 29th of February becomes the 28th where there is
    /// none. `None` outside the calendar.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Option<Self> {
        self.plus_months(years.checked_mul(12)?)
    }

    /// This moment moved by whole months of the calendar, which may be negative; a day that the month does not have becomes
    /// its last. `None` outside the calendar.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Option<Self> {
        let span = chrono::Months::new(months.unsigned_abs());
        let moved =
            if months < 0 { self.0.checked_sub_months(span) } else { self.0.checked_add_months(span) };
        moved.map(Self)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The text without milliseconds, `2026-01-02T03:04:05Z`: how `issuanceDate`, `proof.created` and the
    /// times of write grants are spelled. Cuts, does not round.
    #[must_use]
    pub fn to_seconds_text(self) -> String {
        let with_millis = self.to_string();
        let whole = with_millis.split_once('.').map_or(with_millis.as_str(), |(whole, _)| whole);
        format!("{whole}Z")
    }

    /// This moment moved by `millis`, which may be negative; stays put at the end of the calendar.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_unix_millis(self.unix_millis().saturating_add(millis)).unwrap_or(self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.0.year();
        if (0..=9999).contains(&year) {
            return f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        let sign = if year < 0 { '-' } else { '+' };
        write!(f, "{sign}{:06}{}", year.unsigned_abs(), self.0.format("-%m-%dT%H:%M:%S%.3fZ"))
    }
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    /// Reads `YYYY-MM-DD` (midnight UTC) and RFC 3339, both also with JavaScript's signed six-digit years.
    /// Fractions finer than a millisecond are cut. Leap seconds are refused: JavaScript has none, and would take the
    /// moment for one of the next day.
    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        if text.len() > 64 || !text.is_ascii() {
            return Err(NotATimestamp);
        }
        if text.starts_with(['+', '-']) {
            return expanded(text);
        }
        let parsed = if text.len() == 10 {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()
                .and_then(|d| d.and_hms_opt(0, 0, 0))
                .map(|d| d.and_utc())
        } else {
            DateTime::parse_from_rfc3339(text).ok().map(|d| d.to_utc())
        };
        Self::from_unix_millis(parsed.filter(is_no_leap_second).ok_or(NotATimestamp)?.timestamp_millis())
    }
}

/// Leap seconds are more than a second of nanoseconds to chrono.
fn is_no_leap_second(moment: &DateTime<Utc>) -> bool {
    moment.timestamp_subsec_nanos() < 1_000_000_000
}

/// `±YYYYYY-MM-DDThh:mm:ss[.fff]Z`
fn expanded(text: &str) -> Result<Timestamp, NotATimestamp> {
    let year = text.get(..7).ok_or(NotATimestamp)?;
    if !year.bytes().skip(1).all(|b| b.is_ascii_digit()) || year == "-000000" {
        return Err(NotATimestamp);
    }
    let parsed = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.fZ").ok().map(|d| d.and_utc());
    Timestamp::from_unix_millis(parsed.filter(is_no_leap_second).ok_or(NotATimestamp)?.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_javascript() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (1_786_365_296_789, "2026-08-10T12:34:56.789Z"),
        ] {
            let moment = Timestamp::from_unix_millis(millis).unwrap();
            assert_eq!(moment.to_string(), text);
            assert_eq!(text.parse(), Ok(moment));
        }
    }

    #[test]
    fn seconds_text_cuts_the_milliseconds() {
        let moment: Timestamp = "2026-08-10T12:34:56.999Z".parse().unwrap();
        assert_eq!(moment.to_seconds_text(), "2026-08-10T12:34:56Z");
    }

    #[test]
    fn odd_texts_are_refused() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30T00:00:00Z",
            "10/10/2020",
            "-000000-01-01T00:00:00Z",
            "+1",
            "２０２６-01-01",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2017-01-01T00:59:60+01:00",
            "+002016-12-31T23:59:60Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(NotATimestamp), "{text}");
        }
        assert!("2026-01-02T03:04:05+02:00".parse::<Timestamp>().is_ok());
    }

    #[test]
    fn calendar_dates_are_the_day_that_is_written() {
        for text in [
            "2000-01-01",
            "2000-01-01T00:00:00Z",
            "2000-01-01T00:00:00.000Z",
            "2000-01-01T00:00:00+00:00",
            "2000-01-01T00:00:00.000000-00:00",
        ] {
            let date = Timestamp::from_calendar_date(text).unwrap();
            assert_eq!(date.to_string(), "2000-01-01T00:00:00.000Z", "{text}");
        }
        for text in [
            "2000-01-01T00:00:00+02:00",
            "2000-01-01T00:00:00-02:00",
            "2000-01-01T22:00:00-02:00",
            "2000-01-01T00:00:01Z",
            "2000-01-01T23:59:59.999Z",
            "2000-01-01T00:00:00.001Z",
            "2000-01-01T00:00:00.Z",
            "2000-01-01T00:00:00",
            "2000-01-01T24:00:00Z",
            "2000-01-01 ",
            "2000-01-01Z",
            "2000-1-1",
            "20000101",
            "2000-02-30",
            "0000-01-01",
            "+002000-01-01",
            "01-01-2000",
            "2000-01-0é",
            "",
        ] {
            assert_eq!(Timestamp::from_calendar_date(text), Err(NotACalendarDate), "{text}");
        }
    }

    #[test]
    fn years_are_those_of_the_calendar() {
        let leap: Timestamp = "2024-02-29T12:00:00Z".parse().unwrap();
        assert_eq!(leap.plus_years(-1).unwrap().to_string(), "2023-02-28T12:00:00.000Z");
        assert_eq!(leap.plus_years(4).unwrap().to_string(), "2028-02-29T12:00:00.000Z");
        assert_eq!(leap.plus_years(i32::MIN), None);
        let end: Timestamp = "2026-01-31T23:59:59.999Z".parse().unwrap();
        assert_eq!(end.plus_months(1).unwrap().to_string(), "2026-02-28T23:59:59.999Z");
        assert_eq!(end.plus_months(25).unwrap().to_string(), "2028-02-29T23:59:59.999Z");
        assert_eq!(end.plus_months(-2).unwrap().to_string(), "2025-11-30T23:59:59.999Z");
        assert_eq!(end.plus_months(i32::MIN), None);
    }
}
