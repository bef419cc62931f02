//! A claim: a link by which one person has a credential brought into their profile. They are identified by a wallet, or have a
//! profile made for it, and sign the write grant where one is needed. What comes next is said here, purely.

use idos_wallet::WalletType;
use url::Url;
use uuid::Uuid;

use super::ids::{ClaimId, IssuanceId, ProfileId};
use super::issuance::{Delivery, HaltCode, Kind, State as IssuanceState};
use super::named::named;
use super::personal::Locale;
use super::time::{DAY, Timestamp};

/// How long after its end a claim is remembered, in milliseconds: so that who follows an old link is told that it has ended, and the
/// provider can see what became of it.
const REMEMBERED: i64 = 30 * DAY;

named! {
    /// Where a claim stands.
    State {
        /// Nobody has shown who they are.
        Open = "open",
        /// The person is known by a profile of idOS.
        Identified = "identified",
        /// The person has signed a write grant, and there is no issuance yet that is written by it.
        Granted = "granted",
        /// The credential is on its way.
        Writing = "writing",
        /// The credential is in the person's profile.
        Written = "written",
        /// Over: the issuance is, without a credential.
        Failed = "failed",
        /// Over: the link's time is, and nothing came of it.
        Expired = "expired",
        /// Forgotten on request. Only ids and times are left.
        Erased = "erased",
    }
}

impl State {
    /// The only moves there are, besides that anything can be erased. A person may sign another grant where the one before has run
    /// out, so two states lead to themselves.
    pub const MOVES: &[(Self, Self)] = &[
        (Self::Open, Self::Identified),
        (Self::Open, Self::Writing),
        (Self::Open, Self::Written),
        (Self::Open, Self::Failed),
        (Self::Open, Self::Expired),
        (Self::Identified, Self::Identified),
        (Self::Identified, Self::Granted),
        (Self::Identified, Self::Writing),
        (Self::Identified, Self::Written),
        (Self::Identified, Self::Failed),
        (Self::Identified, Self::Expired),
        (Self::Granted, Self::Granted),
        (Self::Granted, Self::Writing),
        (Self::Granted, Self::Failed),
        (Self::Granted, Self::Expired),
        (Self::Writing, Self::Writing),
        (Self::Writing, Self::Written),
        (Self::Writing, Self::Failed),
    ];

    /// Whether it may become this.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        match to {
            Self::Erased => self != Self::Erased,
            to => Self::MOVES.contains(&(self, to)),
        }
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Written | Self::Failed | Self::Expired | Self::Erased)
    }

    /// What becomes of it when its issuance has come to `issuance`; `None` if that changes nothing. A credential that is revoked
    /// later is one that was written.
    #[must_use]
    pub fn after(self, issuance: IssuanceState) -> Option<Self> {
        let to = match issuance {
            IssuanceState::Queued | IssuanceState::Uploading => Self::Writing,
            IssuanceState::Issued => Self::Written,
            IssuanceState::Failed => Self::Failed,
            IssuanceState::Erased => Self::Erased,
            IssuanceState::AwaitingProfile
            | IssuanceState::AwaitingGrant
            | IssuanceState::Halted
            | IssuanceState::Revoking
            | IssuanceState::Revoked => return None,
        };
        (self != to && self.may_become(to)).then_some(to)
    }
}

/// The record of a claim. Nothing in it is readable about a person: what is locked is what they have signed, and where the page
/// leads back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Our id.
    pub id: ClaimId,
    /// The client that made it; nobody else sees it.
    pub client: String,
    /// By what the link is found: SHA-256 of its token, in lower-case hex.
    pub hash: String,
    /// Where it stands.
    pub state: State,
    /// What the credential will be about, if that was said.
    pub kind: Option<Kind>,
    /// On whose authority it will be written.
    pub delivery: Delivery,
    /// The user: as long as nobody is identified, the one that a new profile gets.
    pub user_id: Uuid,
    /// The issuance that waits for it, or that was made for it.
    pub issuance_id: Option<IssuanceId>,
    /// The profile that the person has had created.
    pub profile_id: Option<ProfileId>,
    /// The wallet by which the person was identified: its type, and a keyed hash of it.
    pub wallet: Option<(WalletType, String)>,
    /// The provider's reference.
    pub reference: Option<String>,
    /// The language of the page, where the browser names none.
    pub locale: Option<Locale>,
    /// How long a write grant is valid that is offered now, in seconds.
    pub grant_seconds: u32,
    /// The write grant that was signed last.
    pub grant_id: Option<Uuid>,
    /// What is kept locked.
    pub locked: Option<String>,
    /// How often it has changed.
    pub version: i64,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Claim {
    /// Whether the link works at this moment. What is written is shown as done until then.
    #[must_use]
    pub fn is_followed(&self, now: Timestamp) -> bool {
        self.expires_at > now && !matches!(self.state, State::Expired | State::Erased)
    }

    /// Who the person is, once that is known.
    #[must_use]
    pub fn identified(&self) -> Option<Uuid> {
        match self.state {
            State::Identified | State::Granted | State::Writing | State::Written => Some(self.user_id),
            State::Open | State::Failed | State::Expired | State::Erased => None,
        }
    }

    /// Whether a write grant may be signed: by whoever is identified, and again where the one before has not led to anything. `issuance`
    /// is the issuance's state and why it has stopped.
    #[must_use]
    pub fn takes_grant(&self, issuance: Option<(IssuanceState, Option<HaltCode>)>) -> bool {
        if !self.delivery.needs_grant() {
            return false;
        }
        let may_again = matches!(self.state, State::Identified | State::Granted | State::Writing);
        match issuance {
            None => matches!(self.state, State::Identified | State::Granted),
            Some((IssuanceState::AwaitingGrant, _)) => may_again,
            Some((IssuanceState::Halted, code)) => may_again && code.is_some_and(HaltCode::is_of_the_grant),
            Some(_) => false,
        }
    }

    /// When the clock alone changes something: it ends, or what is left of it goes.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        let is_left_alone = self.state.is_final() || self.state == State::Writing;
        if is_left_alone && self.locked.is_none() { self.gone_at() } else { self.expires_at }
    }

    /// When what is left of it goes.
    #[must_use]
    pub fn gone_at(&self) -> Timestamp {
        self.expires_at.plus_millis(REMEMBERED)
    }

    /// What is left of one that has come to nothing, or is to be forgotten: ids and times of ours.
    #[must_use]
    pub fn emptied(self, state: State) -> Self {
        let reference = self.reference.filter(|_| state != State::Erased);
        Self { state, reference, locked: None, wallet: None, locale: None, ..self }
    }
}

/// What a provider says when it makes a claim.
pub struct NewClaim {
    /// What the credential will be about.
    pub kind: Option<Kind>,
    /// On whose authority it will be written.
    pub delivery: Delivery,
    /// The issuance that waits for the person.
    pub issuance_id: Option<IssuanceId>,
    /// How long a write grant is valid, in seconds, if that was said.
    pub grant_seconds: Option<u32>,
    /// How long the link works, in seconds, if that was said.
    pub expires_in: Option<u32>,
    /// Where the page leads back to.
    pub return_url: Option<Url>,
    /// The provider's reference.
    pub reference: Option<super::issuance::Reference>,
    /// The language of the page, where the browser names none.
    pub locale: Option<Locale>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_over() {
        for from in State::ALL.iter().filter(|state| state.is_final()) {
            for to in State::ALL.iter().filter(|to| **to != State::Erased) {
                assert!(!from.may_become(*to), "{from} became {to}");
            }
        }
        assert!(State::ALL.iter().all(|state| state.may_become(State::Erased) == (*state != State::Erased)));
    }

    #[test]
    fn a_claim_follows_its_issuance_forward_only() {
        assert_eq!(State::Identified.after(IssuanceState::Queued), Some(State::Writing));
        assert_eq!(State::Writing.after(IssuanceState::Uploading), None);
        assert_eq!(State::Writing.after(IssuanceState::Issued), Some(State::Written));
        assert_eq!(State::Writing.after(IssuanceState::Halted), None);
        assert_eq!(State::Written.after(IssuanceState::Queued), None);
        assert_eq!(State::Expired.after(IssuanceState::Issued), None);
        assert_eq!(State::Written.after(IssuanceState::Erased), Some(State::Erased));
        assert_eq!(State::Erased.after(IssuanceState::Erased), None);
    }
}
