//! When what has failed is tried again: one rule for all that goes out, be it to a node, to a webhook or to a mail server.

use std::time::Duration;

use rand::RngCore;

use super::time::Timestamp;
use super::time::{DAY, HOUR};

/// The pause before the second try, in milliseconds.
const FIRST: i64 = 5_000;

/// When to try again what has failed at `now`, for the `attempts`th time: after 5 seconds, doubling, at most an hour, less up to
/// a fifth of it, so that what failed together does not come back together. Later if whoever refused has `asked` for that, but
/// within a day.
#[must_use]
pub fn due(now: Timestamp, attempts: u32, asked: Option<Duration>, rng: &mut dyn RngCore) -> Timestamp {
    let own = pause(attempts, rng.next_u32());
    let asked = asked.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    now.plus_millis(asked.clamp(own, DAY))
}

fn pause(attempts: u32, random: u32) -> i64 {
    let doubled = FIRST.saturating_mul(1_i64 << attempts.saturating_sub(1).min(20)).min(HOUR);
    doubled - doubled / 5 * i64::from(random) / i64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use rand::rngs::mock::StepRng;

    use super::*;

    #[test]
    fn pauses_double_and_end_at_an_hour() {
        assert_eq!(pause(0, 0), 5_000);
        assert_eq!(pause(1, 0), 5_000);
        assert_eq!(pause(2, 0), 10_000);
        assert_eq!(pause(2, u32::MAX), 8_000);
        assert_eq!(pause(2, u32::MAX / 2), 9_001);
        assert_eq!(pause(40, 0), HOUR);
    }

    #[test]
    fn who_asks_for_more_time_gets_it_within_reason() {
        let after = |attempts, asked| {
            let due = due(Timestamp::EPOCH, attempts, asked, &mut StepRng::new(0, 0));
            due.unix_millis()
        };
        assert_eq!(after(1, None), 5_000);
        assert_eq!(after(3, Some(Duration::from_secs(1))), 20_000);
        assert_eq!(after(1, Some(Duration::from_mins(1))), 60_000);
        assert_eq!(after(1, Some(Duration::MAX)), DAY);
    }
}
