//! The safety net: signed credentials that stay here, locked, for the time of an introduction, so that they can be given again.
//!
//! What is kept goes when the first of these comes: the person asks for it, its date comes, the phase ends (at once, or after the
//! person has been asked), or its credential ends or is revoked, since then there is nothing left to give again. Nothing is kept
//! because nobody has answered.

use super::named::named;
use super::time::{DAY, Timestamp};

/// The most years for which a phase can be set, and somebody can choose to have content kept: an introduction is no archive.
pub const MOST_YEARS: i32 = 2;

named! {
    /// Whether content is kept after delivery.
    Phase {
        /// It is forgotten on delivery.
        None = "none",
        /// It is kept, locked, for a time.
        SafetyNet = "safety_net",
    }
}

named! {
    /// What becomes of what is kept when the phase ends.
    AfterPhase {
        /// People choose, and what they have not chosen for goes in the end.
        Ask = "ask",
        /// It is deleted.
        Delete = "delete",
    }
}

named! {
    /// Why content is still kept.
    Stage {
        /// Its credential is on its way: it counts as kept once that is delivered.
        Waiting = "waiting",
        /// The phase goes on.
        Kept = "safety_net",
        /// The phase is over, and the person has been offered the choice.
        Offered = "choice_open",
        /// The person has chosen to have it kept.
        Chosen = "chosen",
    }
}

named! {
    /// Why content was deleted, as the audit chain says it.
    Deleted {
        /// The person has asked for it.
        Asked = "asked",
        /// The phase was over, and nobody is asked.
        PhaseOver = "phase_over",
        /// The phase was over, and the person has not chosen in time.
        NotAnswered = "not_answered",
        /// The time was over for which the person has chosen to have it kept.
        TimeOver = "time_over",
        /// Its credential has ended.
        CredentialEnded = "credential_ended",
        /// Its credential does not hold any more.
        Revoked = "revoked",
        /// All of the record was erased.
        Erased = "erased",
    }
}

/// The phase, as it is set (section `[retention]` of the configuration).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyNet {
    /// Until when it goes on; `None` if it is not set.
    pub until: Option<Timestamp>,
    /// What then becomes of what is kept.
    pub after: AfterPhase,
    /// How many days people have to choose.
    pub choice_days: u32,
}

/// What is kept of one issuance: all that anybody is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Why it still is.
    pub stage: Stage,
    /// Until when.
    pub until: Timestamp,
    /// When its credential ends.
    pub valid_until: Option<Timestamp>,
}

/// What is due for content whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The person is offered the choice, and has it until then.
    Offer(Timestamp),
    /// It goes.
    Delete(Deleted),
}

/// Why a choice is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChoice {
    /// The phase goes on: there is nothing to choose yet.
    #[error("the choice is offered when the phase is over")]
    NotYet,
    /// It has passed.
    #[error("must be in the future")]
    Past,
    /// It is too far.
    #[error("must be no more than 2 years ahead")]
    TooFar,
    /// The credential has ended by then.
    #[error("must not be after the end of the credential: from then on there is nothing to give again")]
    AfterTheEnd,
}

impl SafetyNet {
    /// Until when content is kept that comes now; `None` if it is not.
    #[must_use]
    pub fn keeps_until(&self, valid_until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let until = earlier(self.until?, valid_until);
        (until > now).then_some(until)
    }

    /// The latest moment until which anything is kept for which nobody was asked yet: what is promised to be kept for longer is
    /// shortened to it. What was promised to go earlier still does, should the phase be set to go on for longer.
    #[must_use]
    pub fn limit(&self, now: Timestamp) -> Timestamp {
        self.until.unwrap_or(now)
    }

    /// Whether the setting lies further ahead than [`MOST_YEARS`].
    #[must_use]
    pub fn is_too_far(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now.plus_years(MOST_YEARS).is_none_or(|most| until > most))
    }

    /// What is due for content at this moment; `None` if nothing is.
    #[must_use]
    pub fn due(&self, kept: &Kept, now: Timestamp) -> Option<Due> {
        if kept.stage == Stage::Waiting || kept.until > now {
            return None;
        }
        if kept.valid_until.is_some_and(|end| end <= now) {
            return Some(Due::Delete(Deleted::CredentialEnded));
        }
        Some(match (kept.stage, self.after) {
            (Stage::Kept, AfterPhase::Ask) => {
                let choice = now.plus_millis(i64::from(self.choice_days) * DAY);
                Due::Offer(earlier(choice, kept.valid_until))
            }
            (Stage::Kept, AfterPhase::Delete) => Due::Delete(Deleted::PhaseOver),
            (Stage::Offered, _) => Due::Delete(Deleted::NotAnswered),
            (Stage::Chosen | Stage::Waiting, _) => Due::Delete(Deleted::TimeOver),
        })
    }
}

impl Kept {
    /// Whether the person's choice to have it kept until `until` can be taken.
    pub fn check_choice(&self, until: Timestamp, now: Timestamp) -> Result<(), NoChoice> {
        match self.stage {
            Stage::Waiting | Stage::Kept => return Err(NoChoice::NotYet),
            Stage::Offered | Stage::Chosen => {}
        }
        if until <= now {
            return Err(NoChoice::Past);
        }
        if now.plus_years(MOST_YEARS).is_none_or(|most| until > most) {
            return Err(NoChoice::TooFar);
        }
        if self.valid_until.is_some_and(|end| until > end) {
            return Err(NoChoice::AfterTheEnd);
        }
        Ok(())
    }
}

fn earlier(moment: Timestamp, other: Option<Timestamp>) -> Timestamp {
    other.map_or(moment, |other| other.min(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_unix_millis(day * DAY).unwrap()
    }

    const fn net(after: AfterPhase) -> SafetyNet {
        SafetyNet { until: None, after, choice_days: 90 }
    }

    #[test]
    fn it_keeps_until_the_first_end() {
        let on = SafetyNet { until: Some(day(100)), ..net(AfterPhase::Ask) };
        assert_eq!(on.keeps_until(None, day(10)), Some(day(100)));
        assert_eq!(on.keeps_until(Some(day(50)), day(10)), Some(day(50)));
        assert_eq!(on.keeps_until(Some(day(500)), day(10)), Some(day(100)));
        assert_eq!(on.keeps_until(None, day(100)), None, "the phase is over");
        assert_eq!(on.keeps_until(Some(day(5)), day(10)), None, "the credential has ended");
        assert_eq!(net(AfterPhase::Ask).keeps_until(None, day(10)), None);
        assert_eq!((on.limit(day(10)), net(AfterPhase::Ask).limit(day(10))), (day(100), day(10)));
        assert!(!on.is_too_far(day(0)));
        assert!(SafetyNet { until: Some(day(732)), ..on }.is_too_far(day(0)));
    }

    #[test]
    fn nothing_is_kept_because_nobody_has_answered() {
        for after in AfterPhase::ALL {
            for stage in Stage::ALL {
                for end in [None, Some(day(95)), Some(day(10_000))] {
                    let mut kept = Kept { stage: *stage, until: day(90), valid_until: end };
                    let net = net(*after);
                    assert_eq!(net.due(&kept, day(89)), None, "it is not due yet");
                    let mut steps = 0;
                    while let Some(Due::Offer(until)) = net.due(&kept, kept.until) {
                        assert_eq!((kept.stage, *after), (Stage::Kept, AfterPhase::Ask));
                        assert!(end.is_none_or(|end| until <= end));
                        kept = Kept { stage: Stage::Offered, until, ..kept };
                        steps += 1;
                        assert!(steps < 2);
                    }
                    let is_deleted = matches!(net.due(&kept, kept.until), Some(Due::Delete(_)));
                    assert_eq!(is_deleted, *stage != Stage::Waiting, "{stage} {after}");
                }
            }
        }
        let kept = Kept { stage: Stage::Kept, until: day(90), valid_until: Some(day(90)) };
        let ended = Some(Due::Delete(Deleted::CredentialEnded));
        assert_eq!(net(AfterPhase::Ask).due(&kept, day(90)), ended, "nobody is asked about what has ended");
    }

    #[test]
    fn a_choice_is_bounded() {
        let kept = |stage| Kept { stage, until: day(90), valid_until: Some(day(400)) };
        for (stage, until, expected) in [
            (Stage::Kept, 100, Err(NoChoice::NotYet)),
            (Stage::Waiting, 100, Err(NoChoice::NotYet)),
            (Stage::Offered, 100, Ok(())),
            (Stage::Chosen, 100, Ok(())),
            (Stage::Offered, 50, Err(NoChoice::Past)),
            (Stage::Offered, 400, Ok(())),
            (Stage::Offered, 401, Err(NoChoice::AfterTheEnd)),
            (Stage::Offered, 800, Err(NoChoice::TooFar)),
        ] {
            assert_eq!(kept(stage).check_choice(day(until), day(50)), expected, "{stage} {until}");
        }
    }
}
