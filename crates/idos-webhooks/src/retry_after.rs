//! How long a receiver asks to be left alone (RFC 9110, section 10.2.3).

use std::time::{Duration, UNIX_EPOCH};

/// The longest wait that a receiver can ask for; more is cut to it. It is the longest step of the retry schedule
/// that Standard Webhooks shows, and keeps a receiver from putting a delivery off for ever.
pub const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// The header `Retry-After`, seconds or a date, seen from `now` (seconds since 1970). A date in the past is no wait.
#[must_use]
pub fn parse(header: &str, now: i64) -> Option<Duration> {
    let wait = if !header.is_empty() && header.bytes().all(|c| c.is_ascii_digit()) {
        // A number too large for this type is a long wait all the same.
        header.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let now = UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
        httpdate::parse_http_date(header).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_all_three_kinds_of_dates_are_read() {
        let now = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7
        let cases = [
            ("0", 0),
            ("120", 120),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:51:37 GMT", 120),
            ("Sunday, 06-Nov-94 08:49:38 GMT", 1),
            ("Sun Nov  6 08:49:39 1994", 2),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
        ];
        for (header, seconds) in cases {
            assert_eq!(parse(header, now), Some(Duration::from_secs(seconds)), "{header}");
        }
    }

    #[test]
    fn no_wait_is_longer_than_the_longest() {
        for header in ["86401", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(parse(header, i64::MIN), Some(LONGEST_WAIT), "{header}");
        }
    }

    #[test]
    fn nonsense_is_no_wait() {
        for header in ["", " ", "-1", "1.5", "+3", "soon", "1 s", "12a"] {
            assert_eq!(parse(header, 0), None, "{header}");
        }
    }
}
