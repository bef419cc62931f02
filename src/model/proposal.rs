//! Proposals: what cannot be undone, or would get around that it takes two people, waits for a second person where `console.four_eyes` is on.
//! Erasures wait as their cases do (`src/model/case/`).

use super::client::Scope;
use super::ids::{ApiKeyId, ProposalId, StaffId};
use super::named::named;
use super::staff::{Reach, Role};
use super::time::{DAY, Timestamp};

/// How long a proposal waits, in milliseconds: a week. What nobody has approved by then is nothing that anybody wants.
pub const WAITS: i64 = 7 * DAY;

named! {
    /// What is proposed, by its kind.
    ProposedAct {
        /// To invite somebody.
        InviteStaff = "invite_staff",
        /// To change what somebody may do.
        ChangeStaff = "change_staff",
        /// To invite somebody anew, so that nothing lets them in that did before.
        ResetStaff = "reset_staff",
        /// To remove somebody.
        RemoveStaff = "remove_staff",
        /// To make an API key.
        MakeKey = "make_key",
        /// To revoke an API key.
        RevokeKey = "revoke_key",
    }
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// To invite somebody of this login name.
    Invite(String, Role, Reach),
    /// To change what somebody may do.
    Change(StaffId, Role, Reach),
    /// To invite somebody anew.
    Reset(StaffId),
    /// To remove somebody.
    Remove(StaffId),
    /// To make an API key for a client, which ends after so many days, if it ends.
    MakeKey(String, Vec<Scope>, Option<u16>),
    /// To revoke an API key of a client's.
    RevokeKey(ApiKeyId, String),
}

impl Proposed {
    /// Its kind.
    #[must_use]
    pub fn act(&self) -> ProposedAct {
        match self {
            Self::Invite(..) => ProposedAct::InviteStaff,
            Self::Change(..) => ProposedAct::ChangeStaff,
            Self::Reset(_) => ProposedAct::ResetStaff,
            Self::Remove(_) => ProposedAct::RemoveStaff,
            Self::MakeKey(..) => ProposedAct::MakeKey,
            Self::RevokeKey(..) => ProposedAct::RevokeKey,
        }
    }

    /// Whether whoever sees the records of these clients may propose and approve it: who works here is everybody's, a key is its client's.
    #[must_use]
    pub fn is_for(&self, reach: &Reach) -> bool {
        match self {
            Self::MakeKey(client, ..) | Self::RevokeKey(_, client) => reach.sees(client),
            Self::Invite(..) | Self::Change(..) | Self::Reset(_) | Self::Remove(_) => *reach == Reach::All,
        }
    }

    /// To whom or what, and what it takes besides, as it is kept.
    #[must_use]
    pub fn parts(&self) -> (String, String) {
        match self {
            Self::Invite(name, role, reach) => (name.clone(), format!("{role} {reach}")),
            Self::Change(id, role, reach) => (id.to_string(), format!("{role} {reach}")),
            Self::Reset(id) | Self::Remove(id) => (id.to_string(), String::new()),
            Self::MakeKey(client, scopes, days) => {
                let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
                let days = days.map_or_else(|| "-".to_owned(), |days| days.to_string());
                (client.clone(), format!("{days} {}", scopes.join(",")))
            }
            Self::RevokeKey(id, client) => (id.to_string(), client.clone()),
        }
    }

    /// Reads what was kept; `None` if it is nothing that this program knows.
    #[must_use]
    pub fn of(act: ProposedAct, subject: &str, detail: &str) -> Option<Self> {
        let place = || {
            let (role, reach) = detail.split_once(' ')?;
            Some((role.parse().ok()?, reach.parse().ok()?))
        };
        Some(match act {
            ProposedAct::InviteStaff => {
                let (role, reach) = place()?;
                Self::Invite(subject.to_owned(), role, reach)
            }
            ProposedAct::ChangeStaff => {
                let (role, reach) = place()?;
                Self::Change(subject.parse().ok()?, role, reach)
            }
            ProposedAct::ResetStaff => Self::Reset(subject.parse().ok()?),
            ProposedAct::RemoveStaff => Self::Remove(subject.parse().ok()?),
            ProposedAct::MakeKey => {
                let (days, scopes) = detail.split_once(' ')?;
                let days = if days == "-" { None } else { Some(days.parse().ok()?) };
                let scopes = scopes.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
                Self::MakeKey(subject.to_owned(), scopes, days)
            }
            ProposedAct::RevokeKey => Self::RevokeKey(subject.parse().ok()?, detail.to_owned()),
        })
    }
}

/// Something that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Our id.
    pub id: ProposalId,
    /// What is to be done.
    pub what: Proposed,
    /// Who has proposed it.
    pub by: StaffId,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// Since when it waits.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_is_read_as_it_is_kept() {
        let staff: StaffId = "stf_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let acme = Reach::Client("acme".to_owned());
        let all = [
            (Proposed::Invite("anna".to_owned(), Role::Admin, Reach::All), false),
            (Proposed::Change(staff.clone(), Role::Viewer, acme.clone()), false),
            (Proposed::Reset(staff.clone()), false),
            (Proposed::Remove(staff), false),
            (Proposed::MakeKey("acme".to_owned(), Scope::ALL.to_vec(), Some(30)), true),
            (Proposed::MakeKey("acme".to_owned(), vec![Scope::Events], None), true),
            (Proposed::RevokeKey("key_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(), "acme".to_owned()), true),
        ];
        for (what, is_of_client) in all {
            let (subject, detail) = what.parts();
            assert_eq!(Proposed::of(what.act(), &subject, &detail), Some(what.clone()), "{what:?}");
            assert!(what.is_for(&Reach::All));
            assert_eq!(what.is_for(&acme), is_of_client, "{what:?}");
            assert!(!what.is_for(&Reach::Client("other".to_owned())), "{what:?}");
        }
        for (act, subject, detail) in [
            (ProposedAct::InviteStaff, "anna", "king *"),
            (ProposedAct::ChangeStaff, "anna", "viewer *"),
            (ProposedAct::RemoveStaff, "", ""),
            (ProposedAct::MakeKey, "acme", "x events"),
            (ProposedAct::MakeKey, "acme", "- nonsense"),
            (ProposedAct::RevokeKey, "acme", ""),
        ] {
            assert_eq!(Proposed::of(act, subject, detail), None, "{act} {detail}");
        }
    }
}
