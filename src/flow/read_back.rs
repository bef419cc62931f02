//! Read back what was issued, from the issuer's own copy.

use std::sync::Arc;

use idos_client::actions::{GetCredentialShared, GetSiblingCredentialId, SharedCredential};
use idos_client::{BlobError, Refusal, Signer};
use idos_credential::key::KeyError;
use idos_credential::{AcceptedIssuer, VerificationMethod, verify};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::network::content_of;
use crate::app::{App, NodeError};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::submitter::Submitter;
use crate::store::StoreError;

/// A credential as it was issued, read back from the issuer's own copy.
pub struct IssuedCopy {
    /// The credential: the very JSON that was sealed.
    pub credential: Zeroizing<Vec<u8>>,
    /// Its SHA-256, lower-case hex: the one that was recorded when it was sealed.
    pub content_hash: String,
    /// The public notes of the user's original, as they are now; `None` if the original is gone.
    pub public_notes: Option<String>,
    /// What the strict verifier has against it, such as that it has expired or that another key has signed it.
    pub problem: Option<String>,
}

/// Why the issuer's copy of an issuance is not read.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// There is nothing on the network yet, or never will be.
    #[error("an issuance that is {0} has no copy")]
    NotIssued(State),
    /// It is not known any more what it was.
    #[error("the issuance was erased")]
    Erased,
    /// Nobody got a copy.
    #[error("it was written as inserter, without a copy")]
    NoCopy,
    /// The copy is for somebody else.
    #[error("the copy is for another grantee")]
    OtherGrantee,
    /// The user has taken the access back, or removed the copy.
    #[error("the copy is not there any more, or not for this issuer")]
    Gone,
    /// It was sealed for another encryption key than the configured one.
    #[error("the copy does not open with the encryption key")]
    OtherKey,
    /// It is not what was issued.
    #[error("the copy is not what was issued")]
    Altered,
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads back what was issued, from the copy whose grantee is the issuer. That it was read is written down.
pub async fn issued_copy(
    app: &Arc<App>,
    caller: &Submitter,
    id: &IssuanceId,
) -> Result<IssuedCopy, CopyError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?;
    let issuance = issuance.ok_or(CopyError::NotFound)?;
    match issuance.state {
        State::Issued | State::Revoking | State::Revoked => {}
        State::Erased => return Err(CopyError::Erased),
        other => return Err(CopyError::NotIssued(other)),
    }
    if !issuance.delivery.has_copy() {
        return Err(CopyError::NoCopy);
    }
    let grantee = issuance.grantee.as_deref().and_then(|grantee| app.write_key(grantee));
    let signer = grantee.ok_or(CopyError::OtherGrantee)?.signer();
    let content_hash = issuance.content_hash.clone().ok_or(CopyError::Altered)?;
    let row = shared(app, &signer, &issuance, &content_hash).await?;
    let content = match content_of(app, &signer, row.content).await {
        Err(NodeError::Blob(BlobError::NotThere)) => return Err(CopyError::Gone),
        Err(NodeError::Blob(BlobError::Altered)) => return Err(CopyError::Altered),
        content => content?,
    };

    let (keys, now) = (Arc::clone(&app.keys), app.clock.now());
    let opened = app.compute(content.len(), move || {
        let credential = keys
            .encryption
            .open_bytes(content, &row.encryptor_public_key)
            .map_err(|_| CopyError::OtherKey)?;
        if hex::encode(Sha256::digest(&*credential)) != content_hash {
            return Err(CopyError::Altered);
        }
        // Any of the issuer's keys may have signed it.
        let issuers: Result<Vec<_>, _> = keys.signing.iter().map(|key| accepted(&key.method)).collect();
        let problem = match issuers {
            Ok(issuers) => verify(&credential, &issuers, now).err().map(|rejection| rejection.to_string()),
            Err(error) => Some(error.to_string()),
        };
        Ok(IssuedCopy { credential, content_hash, public_notes: row.public_notes, problem })
    });
    let opened = opened.await?;

    let mut tx = app.store.begin().await?;
    tx.record(
        &AuditEntry::new(now, caller.actor(), AuditAction::CopyRead, id.as_str())
            .detail(opened.content_hash.clone()),
    )
    .await?;
    tx.commit().await?;
    Ok(opened)
}

fn accepted(method: &VerificationMethod) -> Result<AcceptedIssuer, KeyError> {
    AcceptedIssuer::named(method.id().to_owned(), method.controller().to_owned(), method.key())
}

/// The copy that was written with the credential; or another one of the same content, that the user has shared since.
async fn shared(
    app: &App,
    signer: &Signer,
    issuance: &Issuance,
    content_hash: &str,
) -> Result<SharedCredential, CopyError> {
    let client = app.idos().await?;
    let read = async |id| match client.call_one(signer, &GetCredentialShared { id }).await {
        Err(error) if matches!(error.refusal(), Some(Refusal::NotShared | Refusal::CredentialUnknown)) => {
            Ok(None)
        }
        read => read.map_err(NodeError::from),
    };
    if let Some(row) = read(issuance.ids.copy).await? {
        return Ok(row);
    }
    let sibling = client.call_one(signer, &GetSiblingCredentialId { content_hash }).await;
    match sibling.map_err(NodeError::from)? {
        Some(id) => read(id).await?.ok_or(CopyError::Gone),
        None => Err(CopyError::Gone),
    }
}
