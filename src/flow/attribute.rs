//! Attributes: what is sensitive is encrypted for the user in the request, and all of it lies locked until it is on the network.

use std::mem::take;

use idos_credential::RecipientKey;
use idos_credential::sealing::{SealError, seal_text};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Accepted;
use super::idempotency::{self, ReplayError};
use super::network::{NotAnInserter, Seen, see};
use super::work::lane_job;
use crate::app::App;
use crate::model::attribute::{Attribute, NewAttribute, Sensitive, WrittenAttribute};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::client::Idempotency;
use crate::model::disclosure::{self, Disclosed};
use crate::model::ids::{AttributeId, is_user_id, random_uuid};
use crate::model::issuance::HaltCode;
use crate::model::job::Work;
use crate::model::personal::Personal;
use crate::model::profile::ProfileState;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::{ProfileChange, StoreError};
use crate::vault::{self, Locked, VaultError};

/// The part of an attribute that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What it is called.
    Key,
    /// What it says.
    Value,
}

/// Why an attribute was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// No other ids are users'.
    #[error("the user id must be a UUID of version 4")]
    UserId,
    /// It would stand readable for everybody, and looks like this.
    #[error("what would be readable for everybody looks like {}", .1.phrase())]
    Disclosed(Part, Disclosed),
    /// The user is not on the network.
    #[error("this user has no profile")]
    UserUnknown,
    /// The user's profile is on its way.
    #[error("this user's profile is not on the network yet")]
    NotYet,
    /// The node cannot be asked for whom it is to be encrypted.
    #[error("the node cannot be asked for the user's encryption key")]
    NodeAway,
    /// The user's encryption key is none, or one for which the secret is known to everyone.
    #[error("nothing can be encrypted for the user's encryption key: {0}")]
    KeyUnusable(SealError),
    /// It cannot be encrypted.
    #[error("it cannot be encrypted")]
    Seal(#[from] SealError),
    /// The write key may not write.
    #[error(transparent)]
    NotAnInserter(#[from] NotAnInserter),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReplayError> for RequestError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused => Self::KeyReused,
            ReplayError::Store(error) => Self::Store(error),
        }
    }
}

/// Refuses what would stand readable for everybody and looks like personal data.
pub fn check_readable(new: &NewAttribute, now: Timestamp) -> Result<(), RequestError> {
    let (key, value) = (new.key.expose(), new.value.expose());
    if !new.sensitive.hides_key()
        && let Some(found) = disclosure::in_text(key, now)
    {
        return Err(RequestError::Disclosed(Part::Key, found));
    }
    if !new.sensitive.hides_value()
        && let Some(found) = disclosure::by_name(key, value).or_else(|| disclosure::in_text(value, now))
    {
        return Err(RequestError::Disclosed(Part::Value, found));
    }
    Ok(())
}

/// Accepts an attribute to be written. What is sensitive is encrypted here, for the key that the user has on the network.
pub async fn request(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: NewAttribute,
) -> Result<Accepted<Attribute>, RequestError> {
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    let now = app.clock.now();
    check_readable(&new, now)?;
    let id = AttributeId::new(now, &mut OsRng);
    let write = app.write_key_for(id.as_str());
    let written = match see(app, write, new.user_id).await? {
        Seen::User(user) => encrypted(&new, &user.recipient_encryption_public_key)?,
        Seen::Nobody if app.store.profiles_under_way(new.user_id).await?.is_empty() => {
            return Err(RequestError::UserUnknown);
        }
        Seen::Nobody => return Err(RequestError::NotYet),
        // Whatever is wrong with the user is found out in the background.
        Seen::Away if new.sensitive == Sensitive::None => in_the_clear(&new),
        Seen::Away => return Err(RequestError::NodeAway),
    };
    let attribute = Attribute {
        client: caller.tenant.clone(),
        state: ProfileState::Pending,
        user_id: new.user_id,
        attribute_id: random_uuid(&mut OsRng),
        sensitive: new.sensitive,
        write_key: write.public_hex(),
        halt: None,
        waits_until: None,
        transaction: None,
        was_sent: false,
        created_at: now,
        updated_at: now,
        id,
    };
    let id = attribute.id.as_str();
    let locked = app.vault.lock_record(id, &written, &mut OsRng)?;

    let Some(mut tx) = idempotency::claim(app, caller, key, id, now).await? else {
        return replay(app, caller, key).await?.ok_or(RequestError::KeyReused);
    };
    tx.add_attribute(&attribute, &locked).await?;
    tx.enqueue(&lane_job(Work::AddAttribute, id, &attribute.write_key, now)).await?;
    tx.record(
        &AuditEntry::new(now, caller.actor(), AuditAction::AttributeRequested, id)
            .detail(format!("user:{}", attribute.user_id)),
    )
    .await?;
    tx.commit().await?;
    Ok(Accepted { record: attribute, replayed: false })
}

async fn replay(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
) -> Result<Option<Accepted<Attribute>>, RequestError> {
    Ok(idempotency::replay(app, caller, key, async |id: &AttributeId| app.store.attribute(id).await).await?)
}

fn encrypted(new: &NewAttribute, user_key: &str) -> Result<WrittenAttribute, RequestError> {
    if new.sensitive == Sensitive::None {
        return Ok(in_the_clear(new));
    }
    let user = RecipientKey::from_base64(user_key).map_err(RequestError::KeyUnusable)?;
    let seal = |hides, text: &Personal<String>| {
        let sealed = if hides { seal_text(text.expose(), &user, &mut OsRng)? } else { text.expose().clone() };
        Ok::<_, SealError>(Personal::new(sealed))
    };
    Ok(WrittenAttribute {
        key: seal(new.sensitive.hides_key(), &new.key)?,
        value: seal(new.sensitive.hides_value(), &new.value)?,
    })
}

fn in_the_clear(new: &NewAttribute) -> WrittenAttribute {
    WrittenAttribute { key: new.key.clone(), value: new.value.clone() }
}

/// Why an attribute that has stopped is not resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The caller has no such record.
    #[error("there is no such record")]
    NotFound,
    /// It has not stopped.
    #[error("what is {0} is not resumed")]
    Conflict(ProfileState),
    /// Key and value are gone: there is nothing to resume.
    #[error("its key and value are gone: ask for it again")]
    ContentGone,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings on an attribute that has stopped.
pub async fn resume(app: &App, caller: &Submitter, id: &AttributeId) -> Result<Attribute, ResumeError> {
    let there = app.store.attribute_of(&caller.tenant, id).await?;
    bring_on(app, caller.actor(), there.ok_or(ResumeError::NotFound)?).await
}

/// The same, for whoever may.
pub(super) async fn bring_on(app: &App, actor: Actor, there: Attribute) -> Result<Attribute, ResumeError> {
    let id = &there.id;
    if there.state != ProfileState::Halted {
        return Err(ResumeError::Conflict(there.state));
    }
    if app.store.locked_attribute(id).await?.is_none() {
        return Err(ResumeError::ContentGone);
    }
    let now = app.clock.now();
    let (from, to) = (ProfileState::Halted, ProfileState::Pending);

    let mut tx = app.store.begin().await?;
    tx.advance_attribute(id, from, to, ProfileChange::default(), now).await?;
    tx.drop_jobs(id.as_str()).await?;
    tx.enqueue(&lane_job(Work::AddAttribute, id.as_str(), &there.write_key, now)).await?;
    let why = there.halt.map_or("", HaltCode::as_str);
    tx.record(&AuditEntry::new(now, actor, AuditAction::Resumed, id.as_str()).detail(why)).await?;
    tx.commit().await?;
    app.store.attribute(id).await?.ok_or(ResumeError::NotFound)
}

/// An attribute as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Kept {
    key: String,
    value: String,
}

impl Locked for WrittenAttribute {
    const PLACE: &'static str = "attribute";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        vault::to_json(&Kept { key: self.key.expose().clone(), value: self.value.expose().clone() })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut kept: Kept = vault::from_json(bytes)?;
        Ok(Self { key: Personal::new(take(&mut kept.key)), value: Personal::new(take(&mut kept.value)) })
    }
}
