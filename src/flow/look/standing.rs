//! Where a record stands: what it waits for, and why it has stopped or is over.

use super::found::Loaded;
use crate::model::claim::State as ClaimState;
use crate::model::issuance::State;
use crate::model::profile::ProfileState;
use crate::model::time::Timestamp;
use crate::model::verification::State as VerificationState;
use crate::model::wallet_link::LinkState;

/// What a record waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For what, as a code: the profile, the write grant, the network, the blob gateway, a person here, the vendor, the user, a signature.
    pub what: &'static str,
    /// Until when, if that has an end.
    pub until: Option<Timestamp>,
}

/// Why a record has stopped, or is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The code.
    pub code: &'static str,
    /// What a person can do about it.
    pub cure: &'static str,
    /// What is in the way, by code and field, where that is known.
    pub obstacles: Vec<(String, String)>,
    /// Whether it can be brought on as it is.
    pub is_resumable: bool,
}

/// What a record waits for at this moment.
pub(super) fn waits(loaded: &Loaded, now: Timestamp) -> Option<Waits> {
    let (what, until) = match loaded {
        Loaded::Issuance(one) => match one.state {
            State::AwaitingProfile => ("profile", one.waits_until),
            State::AwaitingGrant => ("grant", one.waits_until),
            State::Queued | State::Revoking => ("network", None),
            State::Uploading => ("gateway", None),
            State::Halted => ("person", one.waits_until),
            State::Issued if one.halt.is_some() => ("person", None),
            State::Issued | State::Revoked | State::Failed | State::Erased => return None,
        },
        Loaded::Profile(one) => of_profile(one.state, one.waits_until)?,
        Loaded::Attribute(one) => of_profile(one.state, one.waits_until)?,
        Loaded::WalletLink(one, writes) => match one.state_with(writes.as_deref(), now) {
            LinkState::Challenged => ("signature", Some(one.expires_at)),
            LinkState::Writing => ("network", None),
            LinkState::Halted => ("person", writes.as_ref().and_then(|one| one.waits_until)),
            LinkState::Proven
            | LinkState::Expired
            | LinkState::Refused
            | LinkState::Linked
            | LinkState::Failed
            | LinkState::Erased => return None,
        },
        Loaded::Verification(one) => match one.state {
            VerificationState::Opened | VerificationState::Pending => (
                one.waits_for.map_or("vendor", crate::model::verification::WaitsFor::as_str),
                one.waits_until,
            ),
            VerificationState::Approved if one.issuance_id.is_none() => ("user_id", one.waits_until),
            VerificationState::Approved => ("issuance", None),
            VerificationState::Halted => ("person", one.waits_until),
            VerificationState::Declined
            | VerificationState::Issued
            | VerificationState::Revoked
            | VerificationState::Ended
            | VerificationState::Failed
            | VerificationState::Erased => return None,
        },
        Loaded::Claim(one) => match one.state {
            ClaimState::Open | ClaimState::Identified => ("user", Some(one.expires_at)),
            ClaimState::Granted => ("submission", Some(one.expires_at)),
            ClaimState::Writing => ("network", None),
            ClaimState::Written | ClaimState::Failed | ClaimState::Expired | ClaimState::Erased => {
                return None;
            }
        },
    };
    Some(Waits { what, until })
}

fn of_profile(state: ProfileState, until: Option<Timestamp>) -> Option<(&'static str, Option<Timestamp>)> {
    match state {
        ProfileState::Pending => Some(("network", None)),
        ProfileState::Halted => Some(("person", until)),
        ProfileState::Created | ProfileState::Failed => None,
    }
}

/// Why it has stopped, or is over.
pub(super) fn stop(loaded: &Loaded) -> Option<Stop> {
    if let Loaded::Verification(one) = loaded {
        let reason = one.reason?;
        let obstacles =
            one.obstacles.iter().map(|obstacle| (obstacle.code.clone(), obstacle.field.clone())).collect();
        let is_resumable = one.state == VerificationState::Halted;
        return Some(Stop { code: reason.as_str(), cure: reason.cure(), obstacles, is_resumable });
    }
    let (what, code) = loaded.halt()?;
    let is_resumable = match loaded {
        Loaded::Issuance(one) => matches!(one.state, State::Halted | State::Issued),
        Loaded::Profile(one) => one.state == ProfileState::Halted,
        Loaded::Attribute(one) => one.state == ProfileState::Halted,
        // The record that writes its wallet is what is resumed.
        Loaded::WalletLink(..) | Loaded::Verification(_) | Loaded::Claim(_) => false,
    };
    Some(Stop { code: code.as_str(), cure: code.cure(what), obstacles: Vec::new(), is_resumable })
}
