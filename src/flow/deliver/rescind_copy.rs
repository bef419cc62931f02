//! The issuer's own copy of a credential that is being erased, removed.
//!
//! Only the grantee of a copy can remove it, by the very key. The access grant goes with it, and a time lock of that grant does
//! not matter: it binds the user, for the grantee's sake. What the transaction does is seen: the copy cannot be read any more.
//! The network refuses it where the user has removed the original, or the copy is gone already; the second is as good as done.

use idos_client::actions::{GetCredentialShared, RescindSharedCredential};
use idos_client::{Client, Refusal, Signer};
use uuid::Uuid;

use super::{Confirmed, DeliverError, Plan, Stop, TxSigner};
use crate::app::App;
use crate::model::audit::AuditEntry;
use crate::model::carrying_out::CopyState;
use crate::model::issuance::{Confirmation, HaltCode};
use crate::model::job::Job;
use crate::store::{StoreError, Tx};

/// How often a copy that is still read after its removal is removed again, before that is taken for the truth.
const READ_AGAIN: u32 = 4;

/// A copy that is to be removed.
pub struct RescindCopy {
    /// The issuance's id.
    record: String,
    copy: Uuid,
    key: String,
}

impl RescindCopy {
    /// The copy that a job is about, if it is still to be removed.
    pub(super) async fn of(app: &App, job: &Job) -> Result<Option<Self>, StoreError> {
        let Some((copy, key)) = app.store.copy_to_remove(&job.subject).await? else { return Ok(None) };
        let copy = copy.parse().map_err(|_| StoreError::Unreadable("copy_id"))?;
        Ok(Some(Self { record: job.subject.clone(), copy, key }))
    }

    pub(super) async fn plan(&self, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        signer.sign(&RescindSharedCredential { credential_id: self.copy }).await
    }

    pub(super) async fn is_gone(&self, client: &Client, signer: &Signer) -> Result<bool, idos_client::Error> {
        Ok(!is_there(client, signer, self.copy).await?)
    }

    pub(super) async fn confirm(&self, app: &App, job: &Job) -> Result<Confirmed, DeliverError> {
        let Some(key) = app.write_key(&self.key) else {
            return Ok(Confirmed::Yes(Confirmation::Transaction));
        };
        if self.is_gone(app.idos().await?, &key.signer()).await? {
            Ok(Confirmed::Yes(Confirmation::ReadBack))
        } else if job.attempts < READ_AGAIN {
            // Another node than the one that has the block may have been asked.
            Ok(Confirmed::NotYet("the copy can still be read"))
        } else {
            let cause = "the copy can still be read, although the transaction went well";
            Ok(Confirmed::No(Stop::new(HaltCode::Refused, cause)))
        }
    }

    /// Whether a refusal only says that it is gone.
    pub(super) async fn is_gone_by(&self, app: &App, error: &idos_client::Error) -> bool {
        if error.refusal() != Some(Refusal::CredentialUnknown) {
            return false;
        }
        match (app.write_key(&self.key), app.idos().await) {
            (Some(key), Ok(client)) => self.is_gone(client, &key.signer()).await.unwrap_or(false),
            _ => false,
        }
    }

    pub(super) async fn remember(&self, tx: &mut Tx) -> Result<Option<AuditEntry>, StoreError> {
        tx.note_copy(&self.record, CopyState::Removed).await?;
        Ok(None)
    }

    pub(super) async fn stop(&self, tx: &mut Tx, code: HaltCode) -> Result<(), StoreError> {
        let to = if code == HaltCode::KeyMissing { CopyState::KeyMissing } else { CopyState::Refused };
        tx.note_copy(&self.record, to).await
    }
}

/// Whether there is a copy that `signer` can read under this id.
pub(in crate::flow) async fn is_there(
    client: &Client,
    signer: &Signer,
    copy: Uuid,
) -> Result<bool, idos_client::Error> {
    match client.call_one(signer, &GetCredentialShared { id: copy }).await {
        Ok(row) => Ok(row.is_some()),
        Err(error) if matches!(error.refusal(), Some(Refusal::NotShared | Refusal::CredentialUnknown)) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
