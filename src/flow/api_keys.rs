//! API keys: made, revoked, and recognised.
//!
//! A key's text is `idos_<id>_<secret>`, with 32 random bytes in base64url as the secret. Only the SHA-256 of the secret
//! is kept: it cannot be guessed, so nothing slower is needed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rand::RngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::by::By;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::client::{ApiKey, Scope};
use crate::model::ids::ApiKeyId;
use crate::model::submitter::{Origin, Submitter, is_plain_name};
use crate::model::time::HOUR;
use crate::model::time::Timestamp;
use crate::store::{Store, StoreError};

/// What every key's text begins with, so that scanners for leaked secrets recognise it.
const PREFIX: &str = "idos_";

/// Characters of a secret: 32 bytes in base64url without padding.
const SECRET: usize = 43;

/// How often it is noted that a key is in use.
const NOTED_EVERY: i64 = HOUR;

/// Why there is no such key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The client's name stands in logs and in the audit chain.
    #[error("the client's name must have 1 to 64 of a-z, 0-9, . _ -")]
    Client,
    /// It would be good for nothing.
    #[error("an API key needs at least one scope")]
    NoScope,
    /// It would never be good.
    #[error("the API key would have expired already")]
    Past,
    /// There is none of this id that is not revoked.
    #[error("there is no such API key, or it is revoked already")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key for `client`, by somebody at the command line. The text is given once, here, and is kept nowhere.
pub async fn create(
    store: &Store,
    client: &str,
    scopes: &[Scope],
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(ApiKey, Zeroizing<String>), KeyError> {
    create_by(store, &By::operator(now, 0), client, scopes, expires_at).await
}

/// Refuses a key that there cannot be.
pub(super) fn check(client: &str, scopes: &[Scope]) -> Result<(), KeyError> {
    if !is_plain_name(client) {
        return Err(KeyError::Client);
    }
    if scopes.is_empty() { Err(KeyError::NoScope) } else { Ok(()) }
}

/// The same, by whomever.
pub async fn create_by(
    store: &Store,
    by: &By,
    client: &str,
    scopes: &[Scope],
    expires_at: Option<Timestamp>,
) -> Result<(ApiKey, Zeroizing<String>), KeyError> {
    check(client, scopes)?;
    let now = by.at;
    if expires_at.is_some_and(|end| end <= now) {
        return Err(KeyError::Past);
    }
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(bytes.as_mut_slice());
    let secret = Zeroizing::new(BASE64.encode(bytes.as_slice()));
    let key = ApiKey {
        id: ApiKeyId::new(now, &mut OsRng),
        client: client.to_owned(),
        hash: hash(&secret),
        scopes,
        created_at: now,
        expires_at,
        revoked_at: None,
        used_at: None,
    };
    let text = Zeroizing::new(format!("{PREFIX}{}_{}", key.id, secret.as_str()));

    let mut tx = store.begin().await?;
    by.settle(&mut tx).await?;
    tx.add_api_key(&key).await?;
    tx.record(&entry(by.actor.clone(), AuditAction::KeyCreated, &key.id, &key.client, now)).await?;
    tx.commit().await?;
    Ok((key, text))
}

/// Revokes a key, at once and for good, by somebody at the command line.
pub async fn revoke(store: &Store, id: &ApiKeyId, now: Timestamp) -> Result<(), KeyError> {
    revoke_by(store, &By::operator(now, 0), id).await
}

/// The same, by whomever.
pub async fn revoke_by(store: &Store, by: &By, id: &ApiKeyId) -> Result<(), KeyError> {
    let key = store.api_key(id).await?.ok_or(KeyError::NotFound)?;

    let mut tx = store.begin().await?;
    by.settle(&mut tx).await?;
    match tx.revoke_api_key(id, by.at).await {
        Err(StoreError::Stale) => return Err(KeyError::NotFound),
        other => other?,
    }
    tx.record(&entry(by.actor.clone(), AuditAction::KeyRevoked, id, &key.client, by.at)).await?;
    Ok(tx.commit().await?)
}

/// How long a caller waits for the use of its key to be noted.
const NOTE_USE: std::time::Duration = std::time::Duration::from_secs(1);

/// Who holds an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// As whom the holder submits.
    pub submitter: Submitter,
    /// What the key may be used for.
    pub scopes: Vec<Scope>,
}

/// Who calls with this text; `None` if nobody does, for whatever reason.
pub async fn authenticate(
    store: &Store,
    text: &str,
    now: Timestamp,
) -> Result<Option<KeyHolder>, StoreError> {
    let Some((id, secret)) = parse(text) else { return Ok(None) };
    let Some(key) = store.api_key(&id).await? else { return Ok(None) };
    // Hashes are compared, whose bytes nobody can choose; in constant time nevertheless.
    let is_right = bool::from(hash(secret).as_bytes().ct_eq(key.hash.as_bytes()));
    if !is_right || !key.is_valid_at(now) {
        return Ok(None);
    }
    if key.used_at.is_none_or(|used| used.plus_millis(NOTED_EVERY) <= now) {
        // A key opens what is only read, too, while the database takes nothing in.
        match tokio::time::timeout(NOTE_USE, store.note_use(&key.id, now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(key = %key.id, "The use of an API key was not noted: {error}"),
            Err(_) => tracing::warn!(key = %key.id, "The use of an API key was not noted in time"),
        }
    }
    let submitter = Submitter { tenant: key.client, origin: Origin::ApiKey(key.id) };
    Ok(Some(KeyHolder { submitter, scopes: key.scopes }))
}

/// Id and secret. The secret may have underscores, so it is taken by its length.
pub(crate) fn parse(text: &str) -> Option<(ApiKeyId, &str)> {
    let rest = text.strip_prefix(PREFIX)?;
    let (id, secret) = rest.split_at_checked(rest.len().checked_sub(SECRET)?)?;
    Some((id.strip_suffix('_')?.parse().ok()?, secret))
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn entry(actor: Actor, act: AuditAction, id: &ApiKeyId, client: &str, at: Timestamp) -> AuditEntry {
    AuditEntry::new(at, actor, act, id.as_str()).detail(format!("client:{client}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_works_until_it_ends_or_is_revoked() {
        let folder = std::env::temp_dir().join(format!("idos-issuer-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = Store::create(&format!("sqlite://{}/keys.db", folder.display()), 2).await.unwrap();
        store.migrate().await.unwrap();
        let at = |millis| Timestamp::from_unix_millis(millis).unwrap();

        let scopes = [Scope::Events, Scope::Grants, Scope::Events];
        let (key, text) = create(&store, "acme", &scopes, Some(at(5_000)), at(1_000)).await.unwrap();
        assert_eq!(key.scopes, [Scope::Grants, Scope::Events]);
        let holder = authenticate(&store, &text, at(2_000)).await.unwrap().unwrap();
        let submitter = Submitter { tenant: "acme".to_owned(), origin: Origin::ApiKey(key.id.clone()) };
        assert_eq!(holder, KeyHolder { submitter, scopes: key.scopes.clone() });
        assert_eq!(store.api_key(&key.id).await.unwrap().unwrap().used_at, Some(at(2_000)));
        assert_eq!(authenticate(&store, &text, at(5_000)).await.unwrap(), None, "it has ended");

        let mut other = text.to_string();
        let last = if other.pop() == Some('A') { 'B' } else { 'A' };
        other.push(last);
        for wrong in [other.as_str(), "", "idos_", &text[5..], "idos_key_é"] {
            assert_eq!(authenticate(&store, wrong, at(2_000)).await.unwrap(), None);
        }

        revoke(&store, &key.id, at(3_000)).await.unwrap();
        assert_eq!(authenticate(&store, &text, at(3_000)).await.unwrap(), None, "it is revoked");
        assert!(matches!(revoke(&store, &key.id, at(3_000)).await, Err(KeyError::NotFound)));
        let acts: Vec<_> =
            store.audit_of(key.id.as_str()).await.unwrap().into_iter().map(|entry| entry.act).collect();
        assert_eq!(acts, ["key_created", "key_revoked"]);

        for (client, scopes, end) in
            [("", &scopes[..], None), ("a b", &scopes, None), ("a", &[], None), ("a", &scopes, Some(at(1)))]
        {
            assert!(create(&store, client, scopes, end, at(1_000)).await.is_err());
        }
        store.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
