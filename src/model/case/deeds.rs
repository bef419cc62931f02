//! What somebody can do about a case as it stands, and how it looked to them when they made up their mind.

use std::fmt;
use std::str::FromStr;

use super::{Case, CaseState};
use crate::model::named::named;
use crate::model::time::Timestamp;

named! {
    /// What somebody does about a case.
    CaseDeed {
        /// Sends the mail by whose link the person shows who they are.
        Mail = "mail",
        /// Says that it was checked who it is.
        Vouch = "vouch",
        /// Decides that it is carried out.
        Decide = "decide",
        /// Approves what somebody else has decided.
        Approve = "approve",
        /// Extends its time.
        Extend = "extend",
        /// Refuses it.
        Refuse = "refuse",
        /// Ends it because whoever has asked does not want it any more.
        Withdraw = "withdraw",
    }
}

/// What a deployment lets somebody do about cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Whether mails go out.
    pub has_mail: bool,
    /// Whether it may be vouched for who somebody is.
    pub vouches: bool,
}

impl Case {
    /// What somebody, named as in the audit chain, can do about it at this moment. The same rules refuse what is not among it.
    #[must_use]
    pub fn deeds(&self, by: &str, setup: Setup, now: Timestamp) -> Vec<CaseDeed> {
        let waits = self.state.waits_for_somebody();
        let can = |deed: &CaseDeed| match deed {
            CaseDeed::Mail => self.state == CaseState::AwaitingIdentity && setup.has_mail,
            CaseDeed::Vouch => self.state == CaseState::AwaitingIdentity && setup.vouches,
            CaseDeed::Decide => self.state == CaseState::AwaitingDecision,
            CaseDeed::Approve => self.waits_for_approval_of(by),
            CaseDeed::Extend => waits && self.extended.is_none() && now <= self.due_at,
            CaseDeed::Refuse => waits,
            CaseDeed::Withdraw => self.state.can_be_withdrawn(),
        };
        CaseDeed::ALL.iter().copied().filter(can).collect()
    }

    /// Whether it waits for the approval of somebody, named as in the audit chain: of anybody but whoever has decided.
    #[must_use]
    pub fn waits_for_approval_of(&self, by: &str) -> bool {
        self.state == CaseState::AwaitingApproval
            && self.decided_by.as_deref().is_some_and(|decided| decided != by)
    }

    /// Whether it waits for somebody, named as in the audit chain, to decide or to approve.
    #[must_use]
    pub fn waits_for(&self, by: &str) -> bool {
        self.state == CaseState::AwaitingDecision || self.waits_for_approval_of(by)
    }

    /// How it looks now, to be held against how it looks when somebody acts on it.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen { state: self.state, updated_at: self.updated_at }
    }
}

/// How a case looked to somebody: where it stood, and since when. Its text stands in forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    state: CaseState,
    updated_at: Timestamp,
}

/// The text is not how a case looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not how a case looks")]
pub struct NotSeen;

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.state, self.updated_at.unix_millis())
    }
}

impl FromStr for Seen {
    type Err = NotSeen;

    fn from_str(text: &str) -> Result<Self, NotSeen> {
        let (state, millis) = text.split_once('.').ok_or(NotSeen)?;
        let millis = millis.parse().map_err(|_| NotSeen)?;
        let updated_at = Timestamp::from_unix_millis(millis).map_err(|_| NotSeen)?;
        Ok(Self { state: state.parse().map_err(|_| NotSeen)?, updated_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::case::{CaseOrigin, ExtensionReason, Grounds, Rules, Step};

    fn case(state: CaseState) -> Case {
        let at = Timestamp::from_unix_millis(1_790_000_000_000).unwrap();
        Case {
            id: "era_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
            client: "acme".to_owned(),
            state,
            origin: CaseOrigin::Staff,
            received_at: at,
            due_at: at,
            revokes: false,
            records: 1,
            is_shared: false,
            identity: None,
            identified_at: None,
            decided_by: Some("staff:a".to_owned()),
            decided_at: None,
            approved_at: None,
            extended: None,
            held: None,
            refusal: None,
            alerted_at: None,
            receipt: None,
            version: 0,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn what_can_be_done_is_what_the_moves_let() {
        let all = Setup { has_mail: true, vouches: true };
        for state in CaseState::ALL {
            let case = case(*state);
            let now = case.due_at;
            let deeds = case.deeds("staff:b", all, now);
            let goes = |step: Step| case.clone().after(&step, Rules::default(), now).is_ok();
            let has = |deed| deeds.contains(&deed);
            assert_eq!(
                has(CaseDeed::Decide),
                goes(Step::Decided { by: "staff:b".to_owned(), hold: None }),
                "{state}"
            );
            assert_eq!(has(CaseDeed::Approve), goes(Step::Approved { hold: None }), "{state}");
            assert_eq!(has(CaseDeed::Refuse), goes(Step::Refused(Grounds::Excessive, None)), "{state}");
            assert_eq!(has(CaseDeed::Withdraw), goes(Step::Withdrawn), "{state}");
            assert_eq!(has(CaseDeed::Extend), state.waits_for_somebody(), "{state}");
            assert_eq!(deeds.is_empty(), state.is_final() || *state == CaseState::CarryingOut, "{state}");
            let bare = case.deeds("staff:b", Setup::default(), now);
            assert!(!bare.contains(&CaseDeed::Mail) && !bare.contains(&CaseDeed::Vouch));
        }
        assert!(
            !case(CaseState::AwaitingApproval)
                .deeds("staff:a", all, Timestamp::EPOCH)
                .contains(&CaseDeed::Approve)
        );
        let late = case(CaseState::AwaitingDecision);
        assert!(!late.deeds("staff:b", all, late.due_at.plus_millis(1)).contains(&CaseDeed::Extend));
        let extended = Case { extended: Some((late.due_at, ExtensionReason::Complexity)), ..late.clone() };
        assert!(!extended.deeds("staff:b", all, late.due_at).contains(&CaseDeed::Extend));
    }

    #[test]
    fn how_it_looked_is_read_as_it_is_written() {
        let seen = case(CaseState::AwaitingDecision).seen();
        assert_eq!(seen.to_string().parse(), Ok(seen));
        for wrong in ["", "held", "held.x", "nonsense.1", "held.99999999999999999999"] {
            assert_eq!(wrong.parse::<Seen>(), Err(NotSeen), "{wrong}");
        }
    }
}
