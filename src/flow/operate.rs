//! What people with access to the command line do: API keys, another signing key. All of it is written
//! down in the audit chain.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idos_credential::Moment;
use rand::RngCore;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::app::SIGNING_KEY;
use crate::model::audit::{Act, Actor, Entry};
use crate::model::client::{ApiKey, Scope};
use crate::model::ids::ApiKeyId;
use crate::store::{Store, StoreError};

/// Makes an API key. Gives its record, and its text: the only time that it is to be seen.
pub async fn create_api_key(
    store: &Store,
    client: String,
    scopes: Vec<Scope>,
    expires_at: Option<Moment>,
    now: Moment,
    rng: &mut (dyn RngCore + Send),
) -> Result<(ApiKey, Zeroizing<String>), StoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(bytes.as_mut_slice());
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    let id = ApiKeyId::new(now, rng);
    let text = Zeroizing::new(format!("idos_{id}_{}", secret.as_str()));
    let hash = hex::encode(Sha256::digest(secret.as_bytes()));
    let key = ApiKey { id, client, hash, scopes, created_at: now, expires_at, revoked_at: None, used_at: None };

    let mut tx = store.begin().await?;
    tx.add_api_key(&key).await?;
    tx.record(&entry(now, Act::KeyCreated, key.id.as_str(), &key.client)).await?;
    tx.commit().await?;
    Ok((key, text))
}

/// Revokes an API key; [`StoreError::Stale`] if there is none that is not revoked.
pub async fn revoke_api_key(store: &Store, id: &ApiKeyId, now: Moment) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    tx.revoke_api_key(id, now).await?;
    tx.record(&entry(now, Act::KeyRevoked, id.as_str(), "")).await?;
    tx.commit().await
}

/// Records another signing key as the one that signs from now on. Gives the one before, if it was another.
pub async fn accept_signing_key(
    store: &Store,
    identity: &str,
    now: Moment,
) -> Result<Option<String>, StoreError> {
    let before = store.recorded(SIGNING_KEY).await?;
    if before.as_deref() == Some(identity) {
        return Ok(None);
    }

    let mut tx = store.begin().await?;
    tx.record_anew(SIGNING_KEY, identity).await?;
    tx.record(&entry(now, Act::SigningKeyAccepted, SIGNING_KEY, identity)).await?;
    tx.commit().await?;
    Ok(before)
}

/// Writes something that means nothing, to see whether that goes: a full or write-protected disk shows at writing only.
pub async fn try_writing(store: &Store, now: Moment) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    tx.record_anew("doctor_wrote_at", &now.to_string()).await?;
    tx.commit().await
}

fn entry(now: Moment, act: Act, subject: &str, detail: &str) -> Entry {
    Entry { at: now, actor: Actor::Operator, act, subject: subject.to_owned(), detail: detail.to_owned() }
}
