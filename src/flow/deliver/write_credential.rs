//! A sealed credential, written into the user's profile.

use std::time::Duration;

use idos_client::actions::{
    CopyToWrite, CreateCredentialsByDwg, CreatePreliminaryCredentialsByDwg, CredentialExistAsInserter,
    NamedContent, OriginalToWrite, RowToAnnounce, UpsertCredentialAsInserter,
};
use idos_client::{Client, Conflict, Refusal, Signer};
use idos_credential::{ContentReference, SealedRow};
use uuid::Uuid;

use super::place::placed;
use super::{DeliverError, Done, Plan, Stop, TxSigner, entry};
use crate::app::{App, NodeError};
use crate::flow::agree::{Agreement, Sight, agreement};
use crate::flow::credential::is_taken;
use crate::flow::moves::{follow, next};
use crate::flow::{grant, work};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::issuance::{Delivery, HaltCode, Issuance, Transaction};
use crate::model::job::Job;
use crate::model::lifecycle::Cause;
use crate::model::submission::SignedGrant;
use crate::model::time::Timestamp;
use crate::store::{Deliverable, Halt, StoreError, Tx};

/// An issuance whose credential is to be written.
pub struct WriteCredential(pub(super) Issuance);

impl WriteCredential {
    /// Whether the owner of the grant is on the way to the network, or its time has begun here and not yet there.
    pub(super) async fn will_pass(&self, app: &App, refusal: Refusal) -> Result<bool, StoreError> {
        let issuance = &self.0;
        match refusal {
            Refusal::GrantOwnerUnknown => {
                Ok(!app.store.profiles_under_way(issuance.user_id).await?.is_empty())
            }
            Refusal::GrantWindow => {
                let locked = app.store.locked_grant(&issuance.id).await?;
                let kept = locked.and_then(|locked| {
                    app.vault.unlock_record::<SignedGrant>(issuance.id.as_str(), &locked).ok()
                });
                Ok(kept.is_some_and(|kept| grant::is_current(app, &kept.grant)))
            }
            _ => Ok(false),
        }
    }

    pub(super) async fn plan(&self, app: &App, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        let issuance = &self.0;
        let deliverable = match app.store.deliverable(issuance).await {
            Ok(Some(deliverable)) => deliverable,
            Ok(None) => {
                let cause = "the sealed credential is not there";
                return Ok(Plan::Halt(Stop::new(HaltCode::ContentGone, cause)));
            }
            Err(error @ StoreError::Unreadable(_)) => {
                return Ok(Plan::Halt(Stop::new(HaltCode::Unreadable, error.to_string())));
            }
            Err(error) => return Err(error.into()),
        };
        let place = app.content_place().await?;
        if !is_taken(issuance.delivery, place) {
            let cause = "the network takes no credential from an inserter any more";
            return Ok(Plan::Halt(Stop::new(HaltCode::WriteGrantNeeded, cause)));
        }
        let deliverable = match placed(app, issuance, deliverable, place).await? {
            Ok(deliverable) => deliverable,
            Err(stop) => return Ok(Plan::Halt(stop)),
        };
        match issuance.delivery {
            Delivery::Inserter => as_inserter(issuance, &deliverable, signer).await,
            Delivery::WriteGrant => by_grant(app, issuance, &deliverable, signer).await,
        }
    }

    /// What other nodes have to show before the content goes. One that is announced stays until its content is seen.
    pub(super) async fn sight(&self, app: &App) -> Result<Option<Sight>, StoreError> {
        let is_announced = app.store.uploads(&self.0.id).await?.is_some();
        Ok((!is_announced).then(|| Sight::of_issuance(&self.0)))
    }

    /// A node may not show what is announced before its content is there. Then it says so only by refusing the grant as used:
    /// by this issuance, since no other one here has it. Should something else have used it, the upload is refused.
    pub(super) async fn was_done_unseen(
        &self,
        app: &App,
        job: &Job,
        error: &idos_client::Error,
    ) -> Result<bool, StoreError> {
        let is_used = matches!(error.conflict(), Some(Conflict::WriteGrantUsed | Conflict::CredentialExists));
        let may_be_ours = job.attempts > 1 || self.0.was_sent;
        Ok(is_used && may_be_ours && app.store.uploads(&self.0.id).await?.is_some())
    }

    pub(super) async fn is_there(
        &self,
        client: &Client,
        signer: &Signer,
    ) -> Result<bool, idos_client::Error> {
        let id = self.0.ids.original;
        Ok(client.call_one(signer, &CredentialExistAsInserter { id }).await?.unwrap_or(false))
    }

    /// It is issued: the content goes. Or its content has to be uploaded first.
    pub(super) async fn remember(
        &self,
        app: &App,
        tx: &mut Tx,
        done: Done,
    ) -> Result<Option<AuditEntry>, StoreError> {
        let issuance = &self.0;
        // An earlier look may have known it.
        let done = Done { transaction: done.transaction.or_else(|| issuance.transaction.clone()), ..done };
        let detail = done.detail();
        if tx.has_uploads(&issuance.id).await? {
            announced(app, tx, issuance, done.transaction.as_ref(), done.now).await?;
            return Ok(Some(entry(issuance.id.as_str(), AuditAction::Announced, &detail, done.now)));
        }
        let issued = Issuance { transaction: done.transaction, ..issuance.clone() };
        written(app, tx, &issued, done.now).await?;
        metrics::counter!("issuances_issued_total", "kind" => issuance.kind.as_str()).increment(1);
        Ok(Some(entry(issuance.id.as_str(), AuditAction::Issued, &detail, done.now)))
    }
}

/// It is issued, by the transaction that it names: the content goes.
pub(in crate::flow) async fn written(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = next(app, issuance, Cause::Written, now)?;
    tx.mark_issued(&issuance.id, issuance.state, &next, issuance.transaction.as_ref(), now).await?;
    follow(app, tx, issuance, &next, None, now).await
}

/// Its row is on the network, and its content has to follow.
async fn announced(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    transaction: Option<&Transaction>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = next(app, issuance, Cause::Announced, now)?;
    tx.mark_announced(&issuance.id, issuance.state, &next, transaction, now).await?;
    follow(app, tx, issuance, &next, None, now).await?;
    if let Some(job) = work::of_state(next.state, &issuance.id, &issuance.write_key, now) {
        tx.enqueue(&job).await?;
    }
    Ok(())
}

async fn as_inserter(
    issuance: &Issuance,
    deliverable: &Deliverable,
    signer: &TxSigner<'_>,
) -> Result<Plan, DeliverError> {
    let (sealed, original) = (&deliverable.sealed, deliverable.sealed.original());
    let Some(content) = original.content().in_row() else { return Ok(Plan::Halt(not_in_row())) };
    let action = UpsertCredentialAsInserter {
        id: issuance.ids.original,
        user_id: issuance.user_id,
        issuer_auth_public_key: sealed.issuer_auth_public_key(),
        encryptor_public_key: original.encryptor_public_key(),
        content,
        public_notes: original.public_notes(),
        public_notes_signature: original.public_notes_signature(),
        broader_signature: original.broader_signature(),
    };
    signer.sign(&action).await
}

async fn by_grant(
    app: &App,
    issuance: &Issuance,
    deliverable: &Deliverable,
    signer: &TxSigner<'_>,
) -> Result<Plan, DeliverError> {
    let (sealed, original) = (&deliverable.sealed, deliverable.sealed.original());
    let Some(copy) = sealed.copy() else {
        return Ok(Plan::Halt(Stop::new(HaltCode::Unreadable, "the sealed credential has no copy")));
    };
    let Some(locked) = &deliverable.locked_grant else {
        return Ok(Plan::Halt(Stop::new(HaltCode::GrantUnreadable, "the write grant is not there")));
    };
    let signed_grant = match app.vault.unlock_record::<SignedGrant>(issuance.id.as_str(), locked) {
        Ok(signed_grant) => signed_grant,
        Err(error) => return Ok(Plan::Halt(Stop::new(HaltCode::GrantUnreadable, error.to_string()))),
    };
    let now = app.clock.now().unix_seconds();
    if now > signed_grant.grant.not_after().unix() {
        return Ok(Plan::Halt(Stop::new(HaltCode::GrantExpired, "the write grant's time is over")));
    }
    // The node takes it 65 seconds before its time, by the time of its blocks, which lag behind.
    let begin = signed_grant.grant.not_before().unix().saturating_sub(50);
    if now < begin {
        let begin = begin.saturating_mul(1000);
        return Ok(Plan::Later(Timestamp::from_unix_millis(begin).unwrap_or(app.clock.now())));
    }
    let named = |row: &SealedRow| row.content().reference();
    if let (Some(request_id), Some(of_original), Some(of_copy)) =
        (deliverable.request_id, named(original), named(copy))
    {
        let (original_uri, copy_uri) = (of_original.uri(), of_copy.uri());
        let action = CreatePreliminaryCredentialsByDwg::new(
            request_id,
            (sealed.issuer_auth_public_key(), sealed.content_hash()),
            (
                to_announce(issuance.ids.original, original, of_original, &original_uri),
                original.public_notes(),
            ),
            to_announce(issuance.ids.copy, copy, of_copy, &copy_uri),
            &signed_grant.grant,
            signed_grant.signature.expose(),
        );
        return signer.sign(&action).await;
    }
    let (Some(content), Some(copy_content)) = (original.content().in_row(), copy.content().in_row()) else {
        return Ok(Plan::Halt(not_in_row()));
    };
    let action = CreateCredentialsByDwg::new(
        sealed.issuer_auth_public_key(),
        OriginalToWrite {
            id: issuance.ids.original,
            encryptor_public_key: original.encryptor_public_key(),
            content,
            public_notes: original.public_notes(),
            public_notes_signature: original.public_notes_signature(),
            broader_signature: original.broader_signature(),
        },
        CopyToWrite {
            id: issuance.ids.copy,
            encryptor_public_key: copy.encryptor_public_key(),
            content: copy_content,
            public_notes_signature: copy.public_notes_signature(),
            broader_signature: copy.broader_signature(),
        },
        sealed.content_hash(),
        &signed_grant.grant,
        signed_grant.signature.expose(),
    );
    signer.sign(&action).await
}

fn to_announce<'a>(
    id: Uuid,
    row: &'a SealedRow,
    content: ContentReference,
    uri: &'a str,
) -> RowToAnnounce<'a> {
    RowToAnnounce {
        id,
        encryptor_public_key: row.encryptor_public_key(),
        content: NamedContent { uri, size: i64::try_from(content.size).unwrap_or(i64::MAX) },
        public_notes_signature: row.public_notes_signature(),
        broader_signature: row.broader_signature(),
    }
}

fn not_in_row() -> Stop {
    Stop::new(HaltCode::Unreadable, "the sealed content stands in no row, and nothing names it")
}

/// Remembers that an issuance has stopped.
pub(super) async fn stop(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    code: HaltCode,
    job: &Job,
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = next(app, issuance, Cause::Stopped, now)?;
    let halt = Halt { code: Some(code), was_sent: job.was_sent() };
    tx.mark_stopped(&issuance.id, issuance.state, &next, halt, now).await?;
    follow(app, tx, issuance, &next, Some(code), now).await
}

/// Remembers that a halted issuance was found on the network after all: its transaction was on its way when it halted.
pub(in crate::flow) async fn found(app: &App, issuance: &Issuance) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.drop_jobs(issuance.id.as_str()).await?;
    let action = if tx.has_uploads(&issuance.id).await? {
        announced(app, &mut tx, issuance, None, now).await?;
        AuditAction::Announced
    } else {
        written(app, &mut tx, issuance, now).await?;
        AuditAction::Issued
    };
    tx.record(&entry(issuance.id.as_str(), action, "found", now)).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether the credential of an issuance is on the network. `None` if the nodes do not agree.
pub(in crate::flow) async fn is_on_network(
    app: &App,
    issuance: &Issuance,
) -> Result<Option<bool>, NodeError> {
    let view = CredentialExistAsInserter { id: issuance.ids.original };
    let signer = app.identity();
    if !app.idos().await?.call_one(&signer, &view).await?.unwrap_or(false) {
        return Ok(Some(false));
    }
    let agreement = agreement(app, &signer, &Sight::of_issuance(issuance), Duration::MAX).await?;
    Ok((agreement == Agreement::Enough).then_some(true))
}
