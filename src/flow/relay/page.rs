//! How far somebody is whom a consumer has sent here.

use idos_credential::RecipientKey;
use uuid::Uuid;

use super::RelayError;
use super::consumers::submitter;
use super::start::WALLET;
use crate::app::App;
use crate::flow::claim::{self, ClaimError, Look};
use crate::flow::verification::{self, Opening};
use crate::flow::{claimed, intake};
use crate::model::claim::{Claim, State};
use crate::model::issuance::Delivery;
use crate::model::relay::{Consumer, Start, spelled};
use crate::model::submission::CopyFor;
use crate::model::verification::{Reason, State as VerificationState, Verification};
use crate::store::StoreError;

/// What the page of a claim shows besides, where a consumer has sent the person.
pub struct Relayed {
    /// Who gets the copy, if it is still registered.
    pub consumer: Option<String>,
    /// The vendor's check, once the person is known.
    pub check: Option<Check>,
    /// Ids of what this was read from: the consumer, and the verification.
    pub read_from: Vec<String>,
}

/// A vendor's check.
pub struct Check {
    /// Where it stands.
    pub state: VerificationState,
    /// Why, where nothing came of it and a person can be told.
    pub reason: Option<Reason>,
    /// Where it runs, as long as it is not decided.
    pub url: Option<String>,
}

/// Refuses somebody by another wallet than the one that the consumer has named, and everybody where the consumer is there no more.
pub async fn admit(
    app: &App,
    claim: &Claim,
    address: &str,
    public_key: Option<&str>,
) -> Result<(), ClaimError> {
    const OTHER: &str = "This is not the wallet that the link is for.";
    const GONE: &str = "Who has sent you here is not registered any more.";
    let Some(start) = app.store.relay_start(&claim.id).await? else { return Ok(()) };
    if app.store.relay_consumer(start.consumer).await?.is_none() {
        return Err(ClaimError::Conflict(GONE));
    }
    let Some(wanted) = &start.wallet else { return Ok(()) };
    let is_it = |text: &str| app.vault.indexes(WALLET, spelled(text).as_bytes()).contains(wanted);
    // Some wallets are known by their key.
    if is_it(address) || public_key.is_some_and(is_it) { Ok(()) } else { Err(ClaimError::WrongWallet(OTHER)) }
}

/// Refuses a grant as long as nothing has come of the check: what is signed is for the credential that was made of it.
pub async fn admit_grant(app: &App, claim: &Claim) -> Result<(), ClaimError> {
    const NOT_YET: &str = "There is no write grant to be signed yet: the check comes first.";
    if claim.issuance_id.is_none() && app.store.relay_start(&claim.id).await?.is_some() {
        return Err(ClaimError::Conflict(NOT_YET));
    }
    Ok(())
}

/// Looks at a claim that was followed. Of a consumer's, the check is begun as soon as the person is known; and what has come of it is
/// brought to the claim, where whoever noted it was too early. Looking again changes nothing.
pub async fn look(app: &App, claim: Claim) -> Result<(Look, Option<Relayed>), RelayError> {
    let look = claim::look(app, claim).await?;
    let Some(start) = app.store.relay_start(&look.claim.id).await? else { return Ok((look, None)) };
    let consumer = app.store.relay_consumer(start.consumer).await?;
    let found = match (&consumer, &start.verification) {
        (_, Some(id)) => app.store.verification(id).await?,
        (Some(consumer), None) if look.claim.state == State::Identified => {
            begin(app, consumer, &start, look.claim.user_id).await?
        }
        _ => None,
    };
    let is_changed = settle(app, &look.claim, consumer.is_some(), found.as_ref()).await?;
    let look = if is_changed {
        let claim = app.store.claim(&look.claim.id).await?.ok_or(RelayError::Unknown)?;
        claim::look(app, claim).await?
    } else {
        look
    };
    let read_from =
        [start.consumer.to_string()].into_iter().chain(found.iter().map(|of| of.id.to_string())).collect();
    let check = found.map(|of| check(app, &start, &of));
    Ok((look, Some(Relayed { consumer: consumer.map(|consumer| consumer.name), check, read_from })))
}

/// Begins the check of a person, or finds the one that was begun before.
async fn begin(
    app: &App,
    consumer: &Consumer,
    start: &Start,
    user_id: Uuid,
) -> Result<Option<Verification>, RelayError> {
    let Some(journey) = app.relay.journey(&start.level) else {
        tracing::error!("A person waits for a check of a level that relay.journey has no more");
        return Ok(None);
    };
    let earlier = match app.store.relay_start_of_person(&start.person).await? {
        Some(Start { verification: Some(id), .. }) => app.store.verification(&id).await?,
        _ => None,
    };
    let earlier = earlier.filter(|of| of.user_id == Some(user_id));
    let found = match earlier {
        // Begun anew, what is over is tried once more.
        Some(of) if !of.state.is_over_without() && of.state != VerificationState::Revoked => of,
        earlier => {
            let Ok(encryption_key) = RecipientKey::from_base64(&consumer.encryption_key) else {
                return Err(StoreError::Unreadable("encryption_key").into());
            };
            let caller = submitter(consumer);
            let before = earlier.map(|of| of.id.to_string()).unwrap_or_default();
            // Two tabs, and whoever comes back after a crash, mean the same check.
            let name = format!("{}/{user_id}/{before}", start.person);
            let key = intake::idempotency(app, &caller, &name, &[b"relay check"]);
            let opening = Opening {
                source: journey.source.clone(),
                delivery: Delivery::WriteGrant,
                copy_for: Some(CopyFor { grantee: consumer.grantee.clone(), encryption_key }),
                user_id: Some(user_id),
                contact: None,
                reference: format!("relay:{}", consumer.id).parse().ok(),
                case: None,
            };
            verification::open(app, &caller, &key, opening).await?.record
        }
    };
    let mut tx = app.store.begin().await?;
    match tx.set_relay_check(start, &found.id).await {
        Ok(()) => tx.commit().await?,
        // Another tab was faster.
        Err(StoreError::Stale) => drop(tx),
        Err(error) => return Err(error.into()),
    }
    Ok(app.store.verification(&found.id).await?)
}

/// Brings to the claim what has come of its check. Whether that changes something.
async fn settle(
    app: &App,
    claim: &Claim,
    has_consumer: bool,
    of: Option<&Verification>,
) -> Result<bool, StoreError> {
    if claim.issuance_id.is_some() || claim.state.is_final() {
        return Ok(false);
    }
    let issuance = match of.and_then(|of| of.issuance_id.as_ref()) {
        Some(id) => app.store.issuance(id).await?,
        None => None,
    };
    let is_over = !has_consumer || of.is_some_and(|of| of.state.is_over_without());
    let is_due = if issuance.is_some() { claim.state == State::Identified } else { is_over };
    if !is_due {
        return Ok(false);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let claims = vec![claim.clone()];
    let settled = match issuance {
        Some(issuance) => claimed::attach(app, &mut tx, claims, &issuance, now).await,
        None => claimed::give_up(app, &mut tx, claims, now).await,
    };
    match settled {
        Ok(()) => {
            tx.commit().await?;
            Ok(true)
        }
        // Somebody else has seen it, too.
        Err(StoreError::Stale) => Ok(true),
        Err(error) => Err(error),
    }
}

fn check(app: &App, start: &Start, of: &Verification) -> Check {
    let is_open = matches!(of.state, VerificationState::Opened | VerificationState::Pending);
    let journey = app.relay.journey(&start.level).filter(|_| is_open);
    // A vendor's class of reason is the provider's to tell.
    let reason = of.reason.filter(|reason| !reason.is_decline());
    Check {
        state: of.state,
        reason,
        url: journey.map(|journey| journey.page_for(&of.external_id.to_string())),
    }
}
