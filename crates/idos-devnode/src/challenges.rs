//! Challenges for signed view calls: given out, used up, and forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long a challenge lasts.
const LIFE: TimeDelta = TimeDelta::seconds(30);
/// How many may be asked for in one second.
const PER_SECOND: u32 = 60;

/// Challenges that were given out and not used.
#[derive(Default)]
pub(crate) struct Challenges(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// When each ends.
    challenges: HashMap<[u8; 32], DateTime<Utc>>,
    /// The second, and how many were given out in it.
    pace: (i64, u32),
}

impl Challenges {
    /// False if that is too many too fast. Forgets those that have ended.
    pub(crate) fn give_out(&self, challenge: [u8; 32], now: DateTime<Utc>) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.timestamp();
        let given = if open.pace.0 == second { open.pace.1 } else { 0 };
        if given >= PER_SECOND {
            return false;
        }
        open.pace = (second, given + 1);
        open.challenges.retain(|_, ends| *ends >= now);
        open.challenges.insert(challenge, now + LIFE);
        true
    }

    /// When it ends, if it was given out and not used before.
    pub(crate) fn use_up(&self, challenge: &[u8; 32]) -> Option<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).challenges.remove(challenge)
    }
}
