//! `parse_date` and `validate_not_usable_times`: the times in write grants.

use chrono::NaiveDateTime;

use super::ExtensionError;

/// `YYYY-MM-DDThh:mm:ssZ`, UTC, nothing else.
const FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";
const LENGTH: usize = "YYYY-MM-DDThh:mm:ssZ".len();

/// `parse_date`: unix seconds of a time in exactly the form `YYYY-MM-DDThh:mm:ssZ`.
///
/// That anything else is an error, and not false or null, is stated by the schema; the error's words are ours.
pub(crate) fn parse(text: &str) -> Result<i64, ExtensionError> {
    let malformed =
        || ExtensionError("parse_date: the time must be of the form yyyy-mm-ddThh:mm:ssZ".to_owned());
    let time = NaiveDateTime::parse_from_str(text, FORMAT).map_err(|_| malformed())?;
    // The parser also takes signs, single digits, long years and leap seconds. None of them survives this.
    if text.len() != LENGTH || time.format(FORMAT).to_string() != text || text.ends_with(":60Z") {
        return Err(malformed());
    }
    Ok(time.and_utc().timestamp())
}

/// `validate_not_usable_times`: whether `before` is earlier than `after`; both must be of the form that
/// [`parse`] takes, or it is an error.
pub(crate) fn is_window(before: &str, after: &str) -> Result<bool, ExtensionError> {
    Ok(parse(before)? < parse(after)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_of_time_is_read() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(parse("2026-01-02T03:04:05Z"), Ok(1_767_323_045));
        assert_eq!(parse("1969-12-31T23:59:59Z"), Ok(-1));
        for text in [
            "",
            "-0001-01-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.000Z",
            "2026-01-02T03:04:05+00:00",
            "2026-01-02 03:04:05Z",
            "2026-13-02T03:04:05Z",
            "2026-02-30T03:04:05Z",
            "2026-01-02T24:04:05Z",
            "2026-1-02T03:04:05Z",
            "2016-12-31T23:59:60Z",
            "-026-01-02T03:04:05Z",
            "+026-01-02T03:04:05Z",
            "2026-01-02T03:04:05z",
            "２026-01-02T03:04:0Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_has_a_length() {
        let (early, late) = ("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z");
        assert_eq!(is_window(early, late), Ok(true));
        assert_eq!(is_window(early, early), Ok(false));
        assert_eq!(is_window(late, early), Ok(false));
        assert!(is_window(early, "tomorrow").is_err());
    }
}
