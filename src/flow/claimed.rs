//! What a claim has to do with the issuance and the profile that it leads to, in one transaction each; and what is kept of it, locked.

use std::mem::take;

use idos_credential::{Invalid, Problem};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::events::emit_claim;
use super::grant;
use crate::app::App;
use crate::model::claim::{Claim, State};
use crate::model::event::EventKind;
use crate::model::ids::{ClaimId, ProfileId};
use crate::model::issuance::{HaltCode, Issuance, Kind, State as IssuanceState};
use crate::model::submission::SignedGrant;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};
use crate::vault::{self, Locked, VaultError};

/// Where the id of a claim stands in a submission.
pub(super) const AT: &str = "delivery.claim";

/// What is kept of a claim that must not be readable: where the page leads back to, and what the person has signed.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) return_url: Option<Url>,
    pub(super) grant: Option<SignedGrant>,
}

impl Kept {
    /// As it is kept, if there is anything.
    pub(super) fn lock(&self, app: &App, id: &ClaimId) -> Result<Option<String>, VaultError> {
        if self.return_url.is_none() && self.grant.is_none() {
            return Ok(None);
        }
        app.vault.lock_record(id.as_str(), self, &mut OsRng).map(Some)
    }

    /// What is kept of a claim.
    pub(super) fn of(app: &App, claim: &Claim) -> Result<Self, VaultError> {
        match &claim.locked {
            Some(locked) => app.vault.unlock_record(claim.id.as_str(), locked),
            None => Ok(Self::default()),
        }
    }
}

/// As it lies in the vault. The grant is the text that it would be locked as by itself.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct KeptText {
    return_url: Option<String>,
    grant: Option<String>,
}

impl Locked for Kept {
    const PLACE: &'static str = "claim";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let text = |grant: &SignedGrant| {
            let bytes = grant.to_bytes()?;
            std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| VaultError::Damaged)
        };
        vault::to_json(&KeptText {
            return_url: self.return_url.as_ref().map(Url::to_string),
            grant: self.grant.as_ref().map(text).transpose()?,
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut kept: KeptText = vault::from_json(bytes)?;
        let return_url = take(&mut kept.return_url).map(|url| url.parse().map_err(|_| VaultError::Damaged));
        let grant = kept.grant.as_ref().map(|text| SignedGrant::from_bytes(text.as_bytes()));
        Ok(Self { return_url: return_url.transpose()?, grant: grant.transpose()? })
    }
}

/// An issuance has moved: its claims go with it.
pub(super) async fn follow(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    to: IssuanceState,
    code: Option<HaltCode>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for claim in tx.claims_of_issuance(&issuance.id).await? {
        let Some(state) = claim.state.after(to) else { continue };
        if state == State::Erased {
            tx.forget_events(claim.id.as_str()).await?;
            tx.forget_relay_start(&claim.id).await?;
            tx.change_claim(&claim.emptied(State::Erased), now).await?;
            continue;
        }
        let event = match state {
            State::Written => Some(EventKind::ClaimWritten),
            State::Failed => Some(EventKind::ClaimFailed),
            _ => None,
        };
        let claim = Claim { state, ..claim };
        tx.change_claim(&claim, now).await?;
        if let Some(event) = event {
            emit_claim(app, tx, event, &claim, code, now).await?;
        }
    }
    Ok(())
}

/// The profile is on the network that somebody has had created by a claim: that is who they are.
pub(super) async fn profile_created(
    app: &App,
    tx: &mut Tx,
    id: &ProfileId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for claim in tx.claims_of_profile(id).await? {
        if claim.state == State::Open {
            let claim = Claim { state: State::Identified, ..claim };
            tx.change_claim(&claim, now).await?;
            emit_claim(app, tx, EventKind::ClaimIdentified, &claim, None, now).await?;
        }
    }
    Ok(())
}

/// The person has signed the grant of an issuance that waited for it. [`StoreError::Stale`] if somebody else has changed the claim
/// since it was read.
pub(super) async fn signed(
    app: &App,
    tx: &mut Tx,
    claim: &Claim,
    grant_id: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let claim = Claim { state: State::Writing, grant_id: Some(grant_id), ..claim.clone() };
    tx.change_claim(&claim, now).await?;
    emit_claim(app, tx, EventKind::ClaimGranted, &claim, None, now).await
}

/// An issuance was made of a verification: the claims that wait for it go on with it. [`StoreError::Stale`] if somebody else has changed
/// one since it was read.
pub(super) async fn attach(
    app: &App,
    tx: &mut Tx,
    claims: Vec<Claim>,
    issuance: &Issuance,
    now: Timestamp,
) -> Result<(), StoreError> {
    for claim in claims {
        if claim.state != State::Identified || claim.issuance_id.is_some() {
            continue;
        }
        let state = claim.state.after(issuance.state).unwrap_or(claim.state);
        let claim =
            Claim { state, kind: Some(issuance.kind), issuance_id: Some(issuance.id.clone()), ..claim };
        tx.change_claim(&claim, now).await?;
        match state {
            State::Written => emit_claim(app, tx, EventKind::ClaimWritten, &claim, None, now).await?,
            State::Failed => emit_claim(app, tx, EventKind::ClaimFailed, &claim, None, now).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Nothing comes of what claims wait for.
pub(super) async fn give_up(
    app: &App,
    tx: &mut Tx,
    claims: Vec<Claim>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for claim in claims {
        if claim.issuance_id.is_none() && claim.state.may_become(State::Failed) {
            let claim = Claim { state: State::Failed, ..claim };
            tx.change_claim(&claim, now).await?;
            emit_claim(app, tx, EventKind::ClaimFailed, &claim, None, now).await?;
        }
    }
    Ok(())
}

/// A claim that an issuance is made for.
pub(super) struct Used {
    claim: Claim,
    /// The claim without the grant, as it is kept from now on.
    locked: Option<String>,
    /// The grant, if it is written by one.
    pub(super) grant: Option<SignedGrant>,
}

/// What is submitted for a claim.
#[derive(Clone, Copy)]
pub(super) struct Submitted {
    pub(super) user_id: Uuid,
    pub(super) kind: Kind,
    /// Whether it is written by a write grant.
    pub(super) needs_grant: bool,
}

/// Why no issuance is made for a claim.
#[derive(Debug)]
pub(super) enum NotUsed {
    Invalid(Invalid),
    Vault(VaultError),
    Store(StoreError),
}

impl From<StoreError> for NotUsed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<VaultError> for NotUsed {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// The claim of this client that something is submitted for, with the grant that the person has signed.
pub(super) async fn take_up(
    app: &App,
    caller: &Submitter,
    id: &ClaimId,
    submitted: Submitted,
) -> Result<Used, NotUsed> {
    let no = |field: &str, problem: &'static str| Err(NotUsed::Invalid(Problem::new(field, problem).into()));
    let Some(claim) = app.store.claim_of(&caller.tenant, id).await? else {
        return no(AT, "is no claim of this client");
    };
    if claim.delivery.needs_grant() != submitted.needs_grant {
        return no("delivery.by", "is not that of the claim");
    }
    match claim.state {
        State::Granted => {}
        State::Identified if !submitted.needs_grant => {}
        State::Open => return no(AT, "is a claim whose person is not identified yet"),
        State::Identified => return no(AT, "is a claim whose person has not signed the write grant yet"),
        State::Writing | State::Written => return no(AT, "is a claim that has an issuance already"),
        State::Failed | State::Expired | State::Erased => return no(AT, "is a claim that is over"),
    }
    if claim.issuance_id.is_some() {
        return no(AT, "is a claim that has an issuance already");
    }
    if claim.user_id != submitted.user_id {
        return no("userId", "is not the user who was identified by the claim");
    }
    if claim.kind.is_some_and(|kind| kind != submitted.kind) {
        return no("kind", "is not what the person was told: the claim is for another kind");
    }
    let Kept { return_url, grant } = Kept::of(app, &claim)?;
    if grant.as_ref().is_some_and(|grant| !grant::is_current(app, &grant.grant)) {
        return no(
            AT,
            "has a write grant that has run out: have the person sign another one, by the same link",
        );
    }
    let locked = Kept { return_url, grant: None }.lock(app, &claim.id)?;
    Ok(Used { claim, locked, grant })
}

impl Used {
    /// Remembers it with the issuance itself. [`StoreError::Stale`] if somebody else has changed the claim since it was read.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        issuance: &Issuance,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let claim = Claim {
            state: State::Writing,
            kind: Some(issuance.kind),
            issuance_id: Some(issuance.id.clone()),
            locked: self.locked.clone(),
            ..self.claim.clone()
        };
        tx.change_claim(&claim, now).await
    }

    /// Its id.
    pub(super) fn id(&self) -> &ClaimId {
        &self.claim.id
    }
}
