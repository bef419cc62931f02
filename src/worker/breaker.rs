//! Lets somebody be who does not answer: the longer it lasts, the longer.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row before somebody is let be.
const PATIENCE: u32 = 5;

/// The first pause. Each further one is twice as long.
const FIRST: Duration = Duration::from_secs(5);

/// The longest pause.
const LONGEST: Duration = Duration::from_mins(5);

/// What is known of one receiver: whether it answers.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    until: Option<Instant>,
}

impl Breaker {
    /// How many requests it may have at the same time, of at most `limit`: none while it is let be; one to see whether it
    /// is back; a few while it has just failed.
    pub(super) fn room(&self, now: Instant, limit: usize) -> usize {
        match self.until {
            Some(until) if now < until => 0,
            Some(_) => 1,
            None => limit,
        }
    }

    /// For how long it is let be.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        self.until.and_then(|until| until.checked_duration_since(now)).filter(|pause| !pause.is_zero())
    }

    /// Whether it is let be, or only tried.
    pub(super) fn is_open(&self) -> bool {
        self.until.is_some()
    }

    /// It has answered.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// It has not, or has said when to come again.
    pub(super) fn failed(&mut self, now: Instant, come_again: Option<Duration>) {
        // What was under way when the last one failed is not another failure.
        let own = if self.pause(now).is_some() {
            None
        } else {
            self.failures = self.failures.saturating_add(1);
            let more = self.failures.checked_sub(PATIENCE);
            more.map(|more| FIRST.saturating_mul(1 << more.min(10)).min(LONGEST))
        };
        if let Some(pause) = own.into_iter().chain(come_again.map(|pause| pause.min(LONGEST))).max() {
            self.until = Some(self.until.into_iter().chain([now + pause]).max().unwrap_or(now + pause));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_is_let_be_for_longer_and_longer_and_then_tried() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..PATIENCE - 1 {
            breaker.failed(now, None);
            assert_eq!((breaker.room(now, 4), breaker.is_open()), (4, false));
        }
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            breaker.failed(now, None);
            assert_eq!(breaker.pause(now), Some(Duration::from_secs(seconds)));
            breaker.failed(now, None);
            assert_eq!(breaker.room(now, 4), 0);
            now += Duration::from_secs(seconds);
            assert_eq!((breaker.room(now, 4), breaker.pause(now)), (1, None));
        }
        breaker.answered();
        assert_eq!((breaker.room(now, 4), breaker.is_open()), (4, false));
    }

    #[test]
    fn who_says_when_to_come_again_is_let_be_at_once() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        breaker.failed(now, Some(Duration::from_secs(30)));
        assert_eq!(breaker.pause(now), Some(Duration::from_secs(30)));
        breaker.failed(now, Some(Duration::from_secs(7)));
        assert_eq!(breaker.pause(now), Some(Duration::from_secs(30)), "of two words the later");
        breaker.failed(now, Some(Duration::from_hours(24)));
        assert_eq!(breaker.pause(now), Some(LONGEST), "nobody can stop us for a day");
    }
}
