//! Read credentials back, as those who may.

use idos_client::actions::{GetCredentialOwned, GetCredentialShared, GetSiblingCredentialId};
use idos_client::{Client, Signer};
use idos_credential::EncryptionSecret;
use idos_credential::sealing::SealError;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Why a credential cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The caller has no such credential.
    #[error("there is no such credential for this reader")]
    NotFound,
    /// It does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The node.
    #[error(transparent)]
    Node(#[from] idos_client::Error),
}

/// Reads and opens a credential as its owner. Gives the plaintext.
pub async fn owned(
    client: &Client,
    owner: &Signer,
    secret: &EncryptionSecret,
    id: Uuid,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let row = client.call_one(owner, &GetCredentialOwned { id }).await?.ok_or(ReadError::NotFound)?;
    Ok(secret.open(&row.content, &row.encryptor_public_key)?)
}

/// Finds the copy of a content by its hash, reads and opens it as the grantee. Gives its id and the plaintext.
pub async fn copy_of(
    client: &Client,
    grantee: &Signer,
    secret: &EncryptionSecret,
    content_hash: &str,
) -> Result<(Uuid, Zeroizing<Vec<u8>>), ReadError> {
    let id = client
        .call_one(grantee, &GetSiblingCredentialId { content_hash })
        .await?
        .ok_or(ReadError::NotFound)?;
    let row = client.call_one(grantee, &GetCredentialShared { id }).await?.ok_or(ReadError::NotFound)?;
    Ok((id, secret.open(&row.content, &row.encryptor_public_key)?))
}
