//! How fast somebody may guess: after some attempts each one has to wait twice as long as the one before.
//!
//! An attempt is counted before it is looked at, so that many at the same time, at several replicas, are not looked at before the first one
//! has failed; one that goes well is taken back. Counts are kept by a keyed hash of a name or an address, also of names that nobody has.

use crate::app::App;
use crate::model::staff::Attempts;
use crate::model::time::{DAY, Timestamp};
use crate::store::StoreError;

use super::StaffError;

/// How often guesses may be made at one thing.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Pace {
    /// The name of what is counted.
    what: &'static str,
    /// So many in a row before anybody waits.
    free: i64,
    /// The longest that is waited, in milliseconds.
    longest: i64,
}

const MINUTE: i64 = 60_000;

/// For passwords of one account.
pub(super) const ACCOUNT: Pace = Pace { what: "account", free: 5, longest: 15 * MINUTE };

/// For passwords and codes of one account from one browser that has come in before.
pub(super) const DEVICE: Pace = Pace { what: "device", free: 8, longest: 15 * MINUTE };

/// For one-time codes of one account: who guesses them knows the password, and each guess is one of 333 333.
pub(super) const CODE: Pace = Pace { what: "code", free: 5, longest: 60 * MINUTE };

/// For anything from one address, behind which may be many people.
pub(super) const ADDRESS: Pace = Pace { what: "address", free: 30, longest: 15 * MINUTE };

/// For whoever asks for links to their own page, or signs in there by a wallet, from one address.
pub(in crate::flow) const VISITS: Pace = Pace { what: "visits", free: 20, longest: 15 * MINUTE };

/// An attempt that was counted.
pub(in crate::flow) struct Counted(String);

impl Pace {
    /// Counts an attempt at this; or says how long to wait.
    pub(in crate::flow) async fn count(self, app: &App, at: &str) -> Result<Counted, StaffError> {
        let who = app.vault.index("sign_in_attempt", format!("{}/{at}", self.what).as_bytes());
        for _ in 0..8 {
            let now = app.clock.now();
            let before = app.store.attempts(&who).await?;
            if let Some(before) = before
                && now < before.pause_until
            {
                let wait = before.pause_until.unix_millis() - now.unix_millis();
                metrics::counter!("staff_attempts_refused_total", "what" => self.what).increment(1);
                return Err(StaffError::Pause(u64::try_from(wait.div_euclid(1000) + 1).unwrap_or(1)));
            }
            let mut tx = app.store.begin().await?;
            match tx.count_attempt(&who, before, self.after(before, now)).await {
                Ok(()) => {
                    tx.commit().await?;
                    return Ok(Counted(who));
                }
                // Another one was counted in between.
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StaffError::Pause(1))
    }

    /// What is kept once this attempt is counted. What was a day ago is forgotten.
    fn after(self, before: Option<Attempts>, now: Timestamp) -> Attempts {
        let kept = before.filter(|before| before.at.plus_millis(DAY) > now);
        let failures = kept.map_or(0, |before| before.failures).saturating_add(1);
        let above = failures - self.free;
        let pause = if above < 0 {
            0
        } else {
            1000_i64.checked_shl(u32::try_from(above.min(20)).unwrap_or(20)).unwrap_or(i64::MAX)
        };
        Attempts { failures, pause_until: now.plus_millis(pause.min(self.longest)), at: now }
    }
}

impl Counted {
    /// It went well: all attempts at this are forgotten.
    pub(super) async fn forget(self, app: &App) -> Result<(), StoreError> {
        let mut tx = app.store.begin().await?;
        tx.forget_attempts(&self.0).await?;
        tx.commit().await
    }

    /// It went well, which says nothing about the attempts before.
    pub(super) async fn take_back(self, app: &App) -> Result<(), StoreError> {
        let mut tx = app.store.begin().await?;
        tx.take_attempt_back(&self.0).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_end() {
        let at = |millis| Timestamp::from_unix_millis(millis).unwrap();
        let (mut now, mut before, mut pauses) = (at(0), None, Vec::new());
        for _ in 0..20 {
            let after = ACCOUNT.after(before, now);
            pauses.push((after.pause_until.unix_millis() - now.unix_millis()) / 1000);
            (now, before) = (after.pause_until.plus_millis(1), Some(after));
        }
        assert_eq!(pauses[..9], [0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert!(pauses[15..].iter().all(|pause| *pause == 900), "{pauses:?}");
        // Who comes back a day later begins anew.
        let later = ACCOUNT.after(before, now.plus_millis(DAY));
        assert_eq!(later.failures, 1);
    }
}
