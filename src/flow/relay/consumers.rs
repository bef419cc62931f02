//! Who consumers are, and what they are told of their credentials.

use idos_credential::RecipientKey;
use rand::rngs::OsRng;
use uuid::Uuid;

use super::RelayError;
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::ids::random_uuid;
use crate::model::relay::{Consumer, ConsumerKey, KycStatus, TokenFault, Unverified};
use crate::model::submitter::{Origin, Submitter};
use crate::store::StoreError;

/// What is said of a consumer when it is registered.
pub struct NewConsumer {
    /// What people are told who gets the copy.
    pub name: String,
    /// The key by which it signs.
    pub key: ConsumerKey,
    /// Its name on the network.
    pub grantee: String,
    /// Its encryption key.
    pub encryption_key: RecipientKey,
    /// Countries whose people it does not take: codes of two letters.
    pub blocked: Vec<String>,
}

/// Registers a consumer. Asked for twice, there are two of them.
pub async fn register(app: &App, caller: &Submitter, new: NewConsumer) -> Result<Consumer, RelayError> {
    check_whose(app, caller)?;
    let now = app.clock.now();
    let consumer = Consumer {
        id: random_uuid(&mut OsRng),
        client: caller.tenant.clone(),
        name: new.name,
        key: new.key,
        grantee: new.grantee,
        encryption_key: new.encryption_key.to_base64(),
        blocked: new.blocked,
        created_at: now,
    };
    let mut tx = app.store.begin().await?;
    tx.add_relay_consumer(&consumer).await?;
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::ConsumerAdded, consumer.id.to_string());
    tx.record(&entry).await?;
    tx.commit().await?;
    Ok(consumer)
}

/// Strikes a consumer off: its tokens open nothing any more, what it has begun and what is not signed ends, and what it has stays its.
pub async fn remove(app: &App, caller: &Submitter, id: Uuid) -> Result<(), RelayError> {
    check_whose(app, caller)?;
    let mut tx = app.store.begin().await?;
    match tx.forget_relay_consumer(&caller.tenant, id).await {
        Err(StoreError::Stale) => return Err(RelayError::Unknown),
        done => done?,
    }
    let now = app.clock.now();
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::ConsumerRemoved, id.to_string());
    tx.record(&entry).await?;
    tx.commit().await?;
    Ok(())
}

fn check_whose(app: &App, caller: &Submitter) -> Result<(), RelayError> {
    if !app.relay.enabled {
        return Err(RelayError::Unknown);
    }
    if app.relay.client.as_ref() == Some(&caller.tenant) { Ok(()) } else { Err(RelayError::NotYours) }
}

/// The consumer that a token says that it is of. The token is not verified yet.
pub(super) async fn consumer_of(app: &App, token: &Unverified<'_>) -> Result<Consumer, RelayError> {
    let consumer = app.store.relay_consumer(token.consumer()).await?;
    let ours = consumer.filter(|consumer| app.relay.client.as_ref() == Some(&consumer.client));
    ours.ok_or(RelayError::Token(TokenFault::UnknownConsumer))
}

/// On whose behalf a consumer's token asks.
pub(super) fn submitter(consumer: &Consumer) -> Submitter {
    Submitter { tenant: consumer.client.clone(), origin: Origin::Consumer(consumer.id) }
}

/// The consumer that has signed this token to ask something.
pub async fn authenticate(app: &App, token: &str) -> Result<(Submitter, Uuid), RelayError> {
    if !app.relay.enabled {
        return Err(RelayError::Unknown);
    }
    let token = Unverified::read(token)?;
    let consumer = consumer_of(app, &token).await?;
    token.asks(&consumer.key, app.clock.now().unix_seconds())?;
    Ok((submitter(&consumer), consumer.id))
}

/// How a credential of this consumer's stands, by its id on the network: that of the user's, or of the copy. Those of others are not there.
pub async fn status(app: &App, consumer: Uuid, credential: Uuid) -> Result<KycStatus, RelayError> {
    let issuance = app.store.relay_credential(consumer, credential).await?.ok_or(RelayError::Unknown)?;
    let issuance = app.store.issuance(&issuance).await?.ok_or(RelayError::Unknown)?;
    KycStatus::of(issuance.state).ok_or(RelayError::Unknown)
}
