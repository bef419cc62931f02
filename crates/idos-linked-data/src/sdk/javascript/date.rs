//! Dates as the SDK reads them: a pattern that has no ends, then `new Date`.

/// Whether a date and time of XML Schema stands *somewhere* in the text: the SDK's pattern has no ends.
pub(in crate::sdk) fn has_date_time(text: &str) -> bool {
    text.as_bytes().windows(19).any(|window| {
        let number = |from: usize, to: usize| {
            let digits = window.get(from..to).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
            std::str::from_utf8(digits).ok()?.parse::<u32>().ok()
        };
        let fits = |from: usize, to: usize, low: u32, high: u32| {
            number(from, to).is_some_and(|number| (low..=high).contains(&number))
        };
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        marks.iter().all(|(at, mark)| window.get(*at) == Some(mark))
            && fits(0, 4, 0, 9999)
            && fits(5, 7, 1, 12)
            && fits(8, 10, 1, 31)
            && (window.get(11..) == Some(b"24:00:00")
                || (fits(11, 13, 0, 23) && fits(14, 16, 0, 59) && fits(17, 19, 0, 59)))
    })
}

/// The milliseconds of `new Date(text)`, for texts in which [`has_date_time`] finds one. `None` is an invalid date.
/// Days that a month does not have go on into the next; without a zone, the time is UTC.
pub(in crate::sdk) fn millis(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => (0, text),
    };
    let year_length = if sign == 0 { 4 } else { 6 };
    let digits = |from: usize, to: usize| {
        let digits = rest.get(from..to).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<i64>().ok()
    };
    let year = digits(0, year_length)?;
    if sign < 0 && year == 0 {
        return None;
    }
    let y = year_length;
    let marks = [(y, '-'), (y + 3, '-'), (y + 6, 'T'), (y + 9, ':'), (y + 12, ':')];
    if !marks.iter().all(|(at, mark)| rest.get(*at..).is_some_and(|rest| rest.starts_with(*mark))) {
        return None;
    }
    let (month, day) = (digits(y + 1, y + 3)?, digits(y + 4, y + 6)?);
    let (hour, minute, second) = (digits(y + 7, y + 9)?, digits(y + 10, y + 12)?, digits(y + 13, y + 15)?);
    let mut rest = rest.get(y + 15..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, after) = fraction.split_at(length);
        let three: String = fraction.chars().chain("000".chars()).take(3).collect();
        millis = three.parse::<i64>().ok().filter(|_| length > 0)?;
        rest = after;
    }
    let in_day =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !in_day && (hour, minute, second, millis) != (24, 0, 0, 0) {
        return None;
    }
    let days = days_before_month(if sign < 0 { -year } else { year }, month) + day - 1;
    let seconds = hour * 3600 + minute * 60 + second - offset_seconds(rest)?;
    let time = days * 86_400_000 + seconds * 1000 + millis;
    (time.abs() <= 8_640_000_000_000_000).then_some(time)
}

/// Days from 1970-01-01 to the first of a month. The calendar's years begin in March, so that leap days end them; 400
/// of them have 146,097 days. (chrono ends before the years that JavaScript still has.)
fn days_before_month(year: i64, month: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The offset of a zone: `Z`, `+HH:MM` or `+HHMM`, or none.
fn offset_seconds(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.strip_prefix(['+', '-'])?.replacen(':', "", 1);
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_javascript() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00", Some(0)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1970-01-01T01:00:00+0100", Some(0)),
            ("1970-01-01T00:00:00.1239Z", Some(123)),
            ("1970-01-01T24:00:00Z", Some(86_400_000)),
            ("1970-02-31T00:00:00Z", Some(61 * 86_400_000)),
            ("+275760-09-13T00:00:00Z", Some(8_640_000_000_000_000)),
            ("+275760-09-13T00:00:01Z", None),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
            ("2000-03-01T00:00:00Z", Some(951_868_800_000)),
            ("2026-12-31T23:59:59Z", Some(1_798_761_599_000)),
            ("0000-01-01T00:00:00Z", Some(-62_167_219_200_000)),
            ("-000001-12-31T00:00:00Z", Some(-62_167_305_600_000)),
            ("-000000-01-01T00:00:00Z", None),
            ("1970-01-01T24:00:01Z", None),
            ("1970-01-32T00:00:00Z", None),
            ("1970-00-01T00:00:00Z", None),
            ("1970-01-01T00:00:00.Z", None),
            ("x1970-01-01T00:00:00Z", None),
            ("1970-01-01T00:00:00Zx", None),
            ("", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
        for text in ["x2026-08-10T12:34:56y", "2026-08-10T24:00:00Z", "12026-08-10T12:34:56"] {
            assert!(has_date_time(text), "{text}");
        }
        for text in [
            "2026-08-10",
            "2026-08-10t12:34:56Z",
            "2026-08-10 12:34:56Z",
            "2026-08-10T24:00:01",
            "026-08-10T12:34:56",
        ] {
            assert!(!has_date_time(text), "{text}");
        }
    }
}
