//! Seal what has waited for the user's profile, and forget its readable form.

use std::error::Error as _;

use idos_credential::{RecipientKey, SealedCredential, SignedCredential};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::credential::is_taken;
use super::deliver::{Stop, halt, named};
use super::intake::{IntakeError, keep_sealed, seal as seal_for, user_on_network};
use super::kept::{self, LockedContent};
use super::moves::follow;
use super::work;
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{HaltCode, Issuance, State};
use crate::model::job::Job;
use crate::model::lifecycle::{self, Cause, Found, Standing};
use crate::model::retry;
use crate::store::StoreError;
use crate::vault::{Locked, VaultError};

/// What waits for the user's profile.
impl Locked for SignedCredential {
    const PLACE: &'static str = "unsealed";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Ok(Zeroizing::new(self.text().as_bytes().to_vec()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let text = std::str::from_utf8(bytes).map_err(|_| VaultError::Damaged)?;
        Self::from_stored(Zeroizing::new(text.to_owned())).ok_or(VaultError::Damaged)
    }
}

/// Looks whether the user's profile is there, and if it is, brings the issuance on: seals it, and sends it or waits for
/// the grant.
pub async fn proceed(app: &App, job: &Job) -> Result<(), StoreError> {
    let id: Option<IssuanceId> = job.subject.parse().ok();
    let issuance = match &id {
        Some(id) => app.store.issuance(id).await?.filter(|issuance| issuance.state == State::AwaitingProfile),
        None => None,
    };
    let Some(issuance) = issuance else {
        // Sealed, erased or over meanwhile.
        return work::finish(app, job).await;
    };
    let user_key = match user_on_network(app, &issuance).await {
        Ok(Some(key)) => key,
        Ok(None) => return look_again_later(app, job, "the user has no profile yet").await,
        Err(error) => {
            tracing::warn!(issuance.id = %issuance.id, "The node cannot be asked for a user: {error}");
            if let Some(code) = error.of_the_node().and_then(named) {
                return halt(app, job, &issuance, Stop::new(code, error.to_string())).await;
            }
            return look_again_later(app, job, "the node cannot be asked").await;
        }
    };
    // A grant needs the wallet of its owner, too.
    if app.store.has_grant(&issuance.id).await?
        && !app.store.profiles_under_way(issuance.user_id).await?.is_empty()
    {
        return look_again_later(app, job, "the user's wallet is on its way").await;
    }
    let Ok(recipient) = RecipientKey::from_base64(&user_key) else {
        let stop =
            Stop::new(HaltCode::KeyUnusable, "the user's encryption key is no X25519 key, or of low order");
        return halt(app, job, &issuance, stop).await;
    };

    if app.store.has_sealed(&issuance.id).await? {
        // Sealed at intake, for the key that was announced when the profile was asked for.
        if issuance.recipient_key.as_ref() != Some(&user_key) {
            let stop =
                Stop::new(HaltCode::OtherKey, "the user has another encryption key than it was sealed for");
            return halt(app, job, &issuance, stop).await;
        }
        return advance(app, job, &issuance, None).await;
    }
    let Some(locked) = app.store.unsealed(&issuance.id).await? else {
        let stop = Stop::new(HaltCode::ContentGone, "the signed credential is not there");
        return halt(app, job, &issuance, stop).await;
    };
    let signed = match app.vault.unlock_record::<SignedCredential>(issuance.id.as_str(), &locked) {
        Ok(signed) => signed,
        Err(error) => {
            return halt(app, job, &issuance, Stop::new(HaltCode::Unreadable, error.to_string())).await;
        }
    };
    let grantee_key = match app.store.grantee_key(&issuance.id).await? {
        Some(key) => {
            let Ok(key) = RecipientKey::from_base64(&key) else {
                let stop = Stop::new(HaltCode::Unreadable, "the key of the copy's grantee is none");
                return halt(app, job, &issuance, stop).await;
            };
            Some(key)
        }
        None => None,
    };
    let place = app.content_place().await.ok();
    if place.is_some_and(|place| !is_taken(issuance.delivery, place)) {
        let stop = Stop::new(HaltCode::WriteGrantNeeded, "the network takes no credential from an inserter");
        return halt(app, job, &issuance, stop).await;
    }
    let (signed, content) = match kept::lock(app, &issuance.id, signed) {
        Ok(locked) => locked,
        Err(error) => {
            return halt(app, job, &issuance, Stop::new(HaltCode::Unreadable, error.to_string())).await;
        }
    };
    let mut sealed = match seal_for(app, signed, &issuance, recipient, grantee_key, place).await {
        Ok(sealed) => sealed,
        Err(IntakeError::NotSigned(error)) => {
            tracing::error!(issuance.id = %issuance.id, cause = error.source(), "A credential is not sealed: {error}");
            return look_again_later(app, job, "the write key did not sign").await;
        }
        Err(error) => {
            let stop = Stop::new(HaltCode::Unreadable, format!("what was kept cannot be sealed: {error}"));
            return halt(app, job, &issuance, stop).await;
        }
    };
    advance(app, job, &issuance, Some((&mut sealed, &user_key, content.as_ref()))).await
}

/// The user is there: the evidence goes in the same transaction in which the sealed credential comes, so that after a
/// crash there is exactly one of the two.
async fn advance(
    app: &App,
    job: &Job,
    issuance: &Issuance,
    mut sealed: Option<(&mut SealedCredential, &str, Option<&LockedContent>)>,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let may_write = !issuance.delivery.needs_grant() || app.store.has_grant(&issuance.id).await?;
    // Whether it was sealed at intake or now, it is.
    let standing = Standing { is_sealed: true, ..Standing::from(issuance) };
    let looked = Cause::Looked(Found { user: true, right: may_write });
    let next = lifecycle::next(&standing, looked, app.limits(), now).map_err(StoreError::from)?;

    let mut tx = app.store.begin().await?;
    match &mut sealed {
        Some((sealed, recipient_key, content)) => {
            tx.mark_sealed(&issuance.id, issuance.state, &next, (*sealed, recipient_key), now).await?;
            keep_sealed(&mut tx, &issuance.id, sealed).await?;
            if let Some(content) = content {
                content.keep(&mut tx, (&issuance.id, &issuance.client), now).await?;
            }
        }
        None => tx.mark_moved(&issuance.id, issuance.state, &next, now).await?,
    }
    follow(app, &mut tx, issuance, &next, None, now).await?;
    tx.finish_job(job).await?;
    let lane =
        sealed.as_ref().map_or(issuance.write_key.as_str(), |(sealed, ..)| sealed.issuer_auth_public_key());
    if let Some(job) = work::of_state(next.state, &issuance.id, lane, now) {
        tx.enqueue(&job).await?;
    }
    if let Some((sealed, ..)) = sealed {
        let sealed = AuditEntry::new(now, Actor::Service, AuditAction::Sealed, issuance.id.as_str())
            .detail(sealed.content_hash());
        tx.record(&sealed).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn look_again_later(app: &App, job: &Job, reason: &str) -> Result<(), StoreError> {
    // As long as the issuance may wait, it is looked for: how often counts for nothing but the pauses.
    let due = retry::due(app.clock.now(), job.attempts.min(7), None, &mut OsRng);
    work::put_off(app, job, due, reason).await
}
