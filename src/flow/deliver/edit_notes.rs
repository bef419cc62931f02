//! A revocation: the public notes of a credential, with the status `revoked`, or `superseded` where another one has taken its place.
//!
//! The node says nothing when there is nothing to edit, so what can be read back is.

use idos_client::actions::{EditPublicNotesAsIssuer, GetCredentialShared};
use idos_credential::PublicNotes;

use super::{Confirmed, DeliverError, Done, Plan, Stop, TxSigner, entry};
use crate::app::App;
use crate::flow::moves::{follow, next};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::issuance::{Confirmation, HaltCode, Issuance};
use crate::model::job::Job;
use crate::model::lifecycle::Cause;
use crate::model::time::Timestamp;
use crate::store::{Halt, StoreError, Tx};

/// How often a revocation that does not read as one is sent again before that is taken for the truth.
const READ_AGAIN: u32 = 4;

/// An issuance whose credential is to be revoked.
pub struct EditNotes(pub(super) Issuance);

impl EditNotes {
    pub(super) async fn plan(&self, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        let Some(notes) = ended_notes(&self.0) else {
            return Ok(Plan::Halt(Stop::new(
                HaltCode::Unreadable,
                "the public notes are not what was written",
            )));
        };
        let id = self.0.ids.notes.to_string();
        signer.sign(&EditPublicNotesAsIssuer { public_notes_id: &id, public_notes: notes.text() }).await
    }

    pub(super) async fn confirm(&self, app: &App, job: &Job) -> Result<Confirmed, DeliverError> {
        Ok(match read_back(app, &self.0).await? {
            // Another node than the one that has the block may have been asked.
            Some(false) if job.attempts < READ_AGAIN => Confirmed::NotYet("it does not read as revoked yet"),
            Some(false) => Confirmed::No(Stop::new(
                HaltCode::NotRevoked,
                "the credential is not marked as revoked, although the transaction went well",
            )),
            Some(true) => Confirmed::Yes(Confirmation::ReadBack),
            None => Confirmed::Yes(Confirmation::Transaction),
        })
    }

    pub(super) async fn remember(
        &self,
        app: &App,
        tx: &mut Tx,
        done: Done,
    ) -> Result<Option<AuditEntry>, StoreError> {
        let issuance = &self.0;
        let (cause, action) = match issuance.superseded_by {
            Some(_) => (Cause::Superseded, AuditAction::Superseded),
            None => (Cause::Revoked, AuditAction::Revoked),
        };
        let next = next(app, issuance, cause, done.now)?;
        tx.mark_revoked(&issuance.id, issuance.state, &next, done.confirmed_by, done.now).await?;
        follow(app, tx, issuance, &next, None, done.now).await?;
        Ok(Some(entry(issuance.id.as_str(), action, &done.detail(), done.now)))
    }

    /// The credential is as valid as before.
    pub(super) async fn stop(
        &self,
        app: &App,
        tx: &mut Tx,
        code: HaltCode,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let issuance = &self.0;
        let next = next(app, issuance, Cause::RevocationStopped, now)?;
        // What another edit would write is the same, whether or not one was sent.
        let halt = Halt { code: Some(code), was_sent: false };
        tx.mark_stopped(&issuance.id, issuance.state, &next, halt, now).await?;
        follow(app, tx, issuance, &next, Some(code), now).await
    }
}

/// The public notes of an issuance whose credential holds no more.
fn ended_notes(issuance: &Issuance) -> Option<PublicNotes> {
    let notes = PublicNotes::from_text(issuance.public_notes.clone()?).ok()?;
    Some(notes.with_status(if issuance.superseded_by.is_some() { "superseded" } else { "revoked" }))
}

/// Whether the notes are those of a revoked credential, as far as we can read them: through the copy, if it is ours.
async fn read_back(app: &App, issuance: &Issuance) -> Result<Option<bool>, DeliverError> {
    let signer = app.identity();
    let is_ours =
        issuance.grantee.as_deref().is_some_and(|grantee| grantee.eq_ignore_ascii_case(&signer.caller()));
    if !is_ours {
        return Ok(None);
    }
    match app.idos().await?.call_one(&signer, &GetCredentialShared { id: issuance.ids.copy }).await {
        Ok(Some(copy)) => {
            let wanted = ended_notes(issuance);
            Ok(copy.public_notes.map(|notes| wanted.is_some_and(|wanted| wanted.text() == notes)))
        }
        // The user has taken the copy back, or removed the original: then nobody can see it from here.
        Ok(None) | Err(idos_client::Error::View { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
