//! What a case becomes: the only place that knows.

use super::{CaseState, Grounds, Identity, LegalBasis};
use crate::model::time::Timestamp;

impl CaseState {
    /// The only moves there are. `docs/erasure.md` has them as a table.
    pub const MOVES: &[(Self, Self)] = &[
        (Self::AwaitingIdentity, Self::AwaitingDecision),
        (Self::AwaitingIdentity, Self::Refused),
        (Self::AwaitingIdentity, Self::Withdrawn),
        (Self::AwaitingDecision, Self::AwaitingApproval),
        (Self::AwaitingDecision, Self::Held),
        (Self::AwaitingDecision, Self::CarryingOut),
        (Self::AwaitingDecision, Self::Refused),
        (Self::AwaitingDecision, Self::Withdrawn),
        (Self::AwaitingApproval, Self::Held),
        (Self::AwaitingApproval, Self::CarryingOut),
        (Self::AwaitingApproval, Self::Refused),
        (Self::AwaitingApproval, Self::Withdrawn),
        (Self::Held, Self::CarryingOut),
        (Self::Held, Self::Withdrawn),
        (Self::CarryingOut, Self::Done),
    ];

    /// Whether nothing comes of it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Withdrawn)
    }

    /// Whether somebody has to do something, by the day that it is due.
    #[must_use]
    pub fn waits_for_somebody(self) -> bool {
        matches!(self, Self::AwaitingIdentity | Self::AwaitingDecision | Self::AwaitingApproval)
    }

    /// Whether the client can still say what it is to be.
    #[must_use]
    pub fn can_be_withdrawn(self) -> bool {
        self.waits_for_somebody() || self == Self::Held
    }
}

/// What a deployment wants of every case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whether somebody else than who has decided must approve.
    pub second_approver: bool,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is known that whoever asks is the person.
    Identified(Identity),
    /// Somebody, named as in the audit chain, has decided that it is carried out; and the law may want the records held until then.
    Decided {
        /// Who.
        by: String,
        /// The law, and the moment.
        hold: Option<(String, Timestamp)>,
    },
    /// Somebody else has approved.
    Approved {
        /// The law that wants the records held, and until when.
        hold: Option<(String, Timestamp)>,
    },
    /// The time of the hold is over.
    HoldOver,
    /// It is refused, by these grounds and this provision.
    Refused(Grounds, Option<LegalBasis>),
    /// Whoever has asked does not want it any more.
    Withdrawn,
    /// All of it was erased.
    CarriedOut,
}

/// A step that there is not from where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCaseMove {
    /// It stands elsewhere.
    #[error("the case is {0}")]
    Stands(CaseState),
    /// Whoever asks has shown to be the person, so it cannot be refused because that is not known.
    #[error("whoever asks has shown to be the person")]
    Identified,
}

/// Where a case goes from `state` by a step.
pub(super) fn next(state: CaseState, step: &Step, rules: Rules) -> Result<CaseState, NoCaseMove> {
    use CaseState as S;
    let carried_out = |hold: &Option<_>| if hold.is_some() { S::Held } else { S::CarryingOut };
    let to = match (state, step) {
        (S::AwaitingIdentity, Step::Identified(_)) => S::AwaitingDecision,
        (S::AwaitingDecision, Step::Decided { .. }) if rules.second_approver => S::AwaitingApproval,
        (S::AwaitingDecision, Step::Decided { hold, .. })
        | (S::AwaitingApproval, Step::Approved { hold }) => carried_out(hold),
        (S::Held, Step::HoldOver) => S::CarryingOut,
        (from, Step::Refused(Grounds::NotIdentified, _))
            if from.waits_for_somebody() && from != S::AwaitingIdentity =>
        {
            return Err(NoCaseMove::Identified);
        }
        (from, Step::Refused(..)) if from.waits_for_somebody() => S::Refused,
        (from, Step::Withdrawn) if from.can_be_withdrawn() => S::Withdrawn,
        (S::CarryingOut, Step::CarriedOut) => S::Done,
        (from, _) => return Err(NoCaseMove::Stands(from)),
    };
    Ok(to)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn steps() -> Vec<Step> {
        let moment = Timestamp::from_unix_millis(1_000).unwrap();
        let hold = || Some(("Art. 77".to_owned(), moment));
        let mut all = vec![Step::HoldOver, Step::Withdrawn, Step::CarriedOut];
        all.extend(Identity::ALL.iter().map(|by| Step::Identified(*by)));
        for hold in [None, hold()] {
            all.push(Step::Decided { by: "operator".to_owned(), hold: hold.clone() });
            all.push(Step::Approved { hold });
        }
        all.extend(Grounds::ALL.iter().map(|grounds| Step::Refused(*grounds, None)));
        all
    }

    #[test]
    fn every_move_is_in_the_table_and_every_one_of_the_table_is_made() {
        let mut made = BTreeSet::new();
        for from in CaseState::ALL {
            for step in steps() {
                for second_approver in [false, true] {
                    if let Ok(to) = next(*from, &step, Rules { second_approver }) {
                        assert!(CaseState::MOVES.contains(&(*from, to)), "{from} became {to} by {step:?}");
                        made.insert((*from, to));
                    }
                }
            }
        }
        assert_eq!(made, CaseState::MOVES.iter().copied().collect());
        for (from, _) in CaseState::MOVES {
            assert!(!from.is_final(), "{from} is final, and is left");
        }
    }

    #[test]
    fn nothing_is_carried_out_past_the_second_approver() {
        let decided = |hold| Step::Decided { by: "operator".to_owned(), hold };
        let both = Rules { second_approver: true };
        let hold = Some(("Art. 77".to_owned(), Timestamp::EPOCH));
        for hold in [None, hold] {
            assert_eq!(
                next(CaseState::AwaitingDecision, &decided(hold), both),
                Ok(CaseState::AwaitingApproval)
            );
        }
        for from in CaseState::ALL.iter().filter(|from| **from != CaseState::AwaitingApproval) {
            assert_eq!(next(*from, &Step::Approved { hold: None }, both), Err(NoCaseMove::Stands(*from)));
        }
    }

    #[test]
    fn who_has_shown_who_they_are_is_not_refused_for_not_having() {
        let refused = Step::Refused(Grounds::NotIdentified, None);
        let rules = Rules::default();
        assert_eq!(next(CaseState::AwaitingIdentity, &refused, rules), Ok(CaseState::Refused));
        for from in [CaseState::AwaitingDecision, CaseState::AwaitingApproval] {
            assert_eq!(next(from, &refused, rules), Err(NoCaseMove::Identified));
        }
    }
}
