//! Our own copy of a credential on the network: found, whoever of our keys it is for.

use idos_client::Signer;
use idos_client::actions::GetSiblingCredentialId;
use uuid::Uuid;

use crate::app::{App, NodeError};
use crate::flow::deliver::is_copy_there;
use crate::model::issuance::Issuance;
use crate::store::StoreError;

/// What was found of a copy.
pub(super) enum Found {
    /// Ours.
    Ours {
        /// Its id on the network.
        id: Uuid,
        /// The write key that it is for.
        key: String,
    },
    /// There is none.
    Absent,
    /// It is a consumer's.
    Others,
    /// It is for a write key of ours that is not configured any more.
    KeyMissing,
}

/// Why it was not looked.
#[derive(Debug, thiserror::Error)]
pub(super) enum FindError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks for our copy of a credential: the one that was written with it, or another one of the same content, that the user has
/// shared since.
pub(super) async fn find(app: &App, issuance: &Issuance) -> Result<Found, FindError> {
    let Some(grantee) = issuance.grantee.as_deref() else {
        // It is not known any more for whom the copy was: whoever of us can read it.
        for key in &app.keys.write {
            let key = &key.key;
            if let Some(id) = readable(app, &key.signer(), issuance).await? {
                return Ok(Found::Ours { id, key: key.public_hex() });
            }
        }
        return Ok(Found::Absent);
    };
    let Some(key) = app.write_key(grantee) else {
        let is_ours = issuance.write_key.eq_ignore_ascii_case(grantee)
            || app.store.is_known_lane(&grantee.to_ascii_lowercase()).await?;
        return Ok(if is_ours { Found::KeyMissing } else { Found::Others });
    };
    Ok(match readable(app, &key.signer(), issuance).await? {
        Some(id) => Found::Ours { id, key: key.public_hex() },
        None => Found::Absent,
    })
}

/// The copy that one of us can read.
async fn readable(app: &App, signer: &Signer, issuance: &Issuance) -> Result<Option<Uuid>, NodeError> {
    let client = app.idos().await?;
    if is_copy_there(client, signer, issuance.ids.copy).await? {
        return Ok(Some(issuance.ids.copy));
    }
    let Some(content_hash) = issuance.content_hash.as_deref() else { return Ok(None) };
    let sibling = client.call_one(signer, &GetSiblingCredentialId { content_hash }).await?;
    match sibling {
        Some(id) if is_copy_there(client, signer, id).await? => Ok(Some(id)),
        _ => Ok(None),
    }
}
