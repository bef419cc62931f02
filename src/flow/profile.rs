//! Create a user's idOS profile: the user with an encryption key, and a wallet that is proven to be theirs.

use std::mem::take;

use idos_client::actions::{
    AddUserAsInserter, GetUserAsInserter, HasProfile, PasswordStore, UpsertWalletAsInserter, UserRecord,
};
use idos_client::{Client, Signer};
use idos_credential::RecipientKey;
use idos_wallet::{InvalidProof, OwnershipProof};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use uuid::{Uuid, Variant};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Accepted;
use super::submit::submit;
use crate::app::{App, NodeError};
use crate::model::audit::{Act, Entry};
use crate::model::client::{Caller, Idempotency};
use crate::model::ids::ProfileId;
use crate::model::job::{Job, Work};
use crate::model::personal::Personal;
use crate::model::profile::{self as model, NewProfile, Profile, ProfileState, WalletClaim};
use crate::store::StoreError;
use crate::vault::{Vault, VaultError};

/// A profile to be created at once, by [`create`]. The ids are chosen by the caller beforehand, so that trying again makes no second one.
pub struct ProfileToCreate<'a> {
    /// The user's id, a UUID of version 4.
    pub user_id: Uuid,
    /// The user's encryption key.
    pub encryption_key: &'a RecipientKey,
    /// Where the user's password is kept.
    pub password_store: PasswordStore,
    /// The id of the wallet's row.
    pub wallet_id: Uuid,
    /// The wallet, with the proof that it is the user's.
    pub wallet: OwnershipProof<'a>,
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The user's key derivation takes no other ids.
    #[error("the user id must be a UUID of version 4")]
    UserId,
    /// The proof does not hold; nothing was sent.
    #[error("the wallet is not proven to be the user's: {0}")]
    Wallet(#[from] InvalidProof),
    /// The user exists with another key; sealing for either would lock somebody out.
    #[error("the user exists already, with another encryption key")]
    OtherKey,
    /// The node.
    #[error(transparent)]
    Node(#[from] idos_client::Error),
}

/// Whether some user has a wallet of this address.
pub async fn exists(client: &Client, signer: &Signer, address: &str) -> Result<bool, idos_client::Error> {
    Ok(client.call_one(signer, &HasProfile { address }).await?.unwrap_or(false))
}

/// Creates what is missing of a profile.
pub async fn create(
    client: &Client,
    signer: &Signer,
    profile: &ProfileToCreate<'_>,
) -> Result<(), ProfileError> {
    if !is_user_id(profile.user_id) {
        return Err(ProfileError::UserId);
    }
    profile.wallet.verify()?;

    let encryption_key = profile.encryption_key.to_base64();
    match client.call_one(signer, &GetUserAsInserter { id: profile.user_id }).await? {
        None => {
            let user = AddUserAsInserter {
                id: profile.user_id,
                recipient_encryption_public_key: &encryption_key,
                encryption_password_store: profile.password_store,
            };
            submit(client, signer, &user).await?;
        }
        Some(user) if user.recipient_encryption_public_key != encryption_key => {
            return Err(ProfileError::OtherKey);
        }
        Some(_) => {}
    }

    // The same wallet id again replaces the row by itself, so this needs no look-up.
    let wallet = UpsertWalletAsInserter {
        id: profile.wallet_id,
        user_id: profile.user_id,
        address: profile.wallet.address,
        public_key: profile.wallet.public_key,
        wallet_type: profile.wallet.wallet_type,
        message: profile.wallet.message,
        signature: profile.wallet.signature,
    };
    submit(client, signer, &wallet).await?;
    Ok(())
}

/// Whether a UUID can be a user's id: only those of version 4 are, since the user's key derivation takes no other.
#[must_use]
pub fn is_user_id(id: Uuid) -> bool {
    id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122
}

/// How a profile is looked for.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// By the address of a wallet of any type.
    Address(&'a str),
    /// By the user's id.
    User(Uuid),
}

/// Looks for a profile on the network. By address it is only known whether there is one; by id, the user is found.
pub async fn find(app: &App, by: By<'_>) -> Result<Found, NodeError> {
    let (client, signer) = (app.idos().await?, app.identity());
    Ok(match by {
        By::Address(address) => Found { exists: exists(client, &signer, address).await?, user: None },
        By::User(id) => {
            let user = client.call_one(&signer, &GetUserAsInserter { id }).await?;
            Found { exists: user.is_some(), user }
        }
    })
}

/// What was found.
pub struct Found {
    /// Whether there is a profile.
    pub exists: bool,
    /// The user, if it was looked for by id.
    pub user: Option<UserRecord>,
}

/// Why a profile was not accepted to be created.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The proof does not hold; nothing was sent.
    #[error("the wallet is not proven to be the user's: {0}")]
    Wallet(#[from] InvalidProof),
    /// The user's key derivation takes no other ids.
    #[error("the user id must be a UUID of version 4")]
    UserId,
    /// The same user is being created with another encryption key.
    #[error("this user is being created already, with another encryption key")]
    OtherKey,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accepts a profile to be created. The wallet's proof is verified here, before any network.
pub async fn request(
    app: &App,
    caller: &Caller,
    key: &Idempotency,
    new: NewProfile,
) -> Result<Accepted<Profile>, RequestError> {
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    new.wallet.proof().verify()?;
    let now = app.clock.now();
    // Asked for twice, under two keys: it is one profile, with one row for the wallet.
    let under_way = app.store.profile_of(&caller.client, new.user_id).await?;
    if let Some(there) =
        under_way.filter(|there| matches!(there.state, ProfileState::Pending | ProfileState::Halted))
    {
        if there.encryption_public_key != new.encryption_key.to_base64() {
            return Err(RequestError::OtherKey);
        }
        let locked = app.store.locked_wallet(&there.id).await?;
        let claim = locked.and_then(|locked| unlock_wallet(&app.vault, &there.id, &locked).ok());
        if claim.is_some_and(|claim| claim.address.expose() == new.wallet.address.expose()) {
            let mut tx = app.store.begin().await?;
            match tx.claim(&caller.client, key, there.id.as_str(), now).await {
                Ok(()) => tx.commit().await?,
                Err(StoreError::Exists) => {
                    drop(tx);
                    return replay(app, caller, key).await?.ok_or(RequestError::KeyReused);
                }
                Err(error) => return Err(error.into()),
            }
            return Ok(Accepted { record: there, replayed: true });
        }
    }
    let id = ProfileId::new(now, &mut OsRng);
    let profile = Profile {
        client: caller.client.clone(),
        state: ProfileState::Pending,
        user_id: new.user_id,
        wallet_id: super::grant::random_uuid(),
        write_key: app.write_key_for(id.as_str()).rows.public_hex(),
        encryption_public_key: new.encryption_key.to_base64(),
        password_store: new.password_store,
        halt: None,
        waits_until: None,
        transaction: None,
        created_at: now,
        updated_at: now,
        id,
    };
    let locked = lock_wallet(&app.vault, &profile.id, &new.wallet)?;

    let mut tx = app.store.begin().await?;
    match tx.claim(&caller.client, key, profile.id.as_str(), now).await {
        Ok(()) => {}
        Err(StoreError::Exists) => {
            drop(tx);
            return replay(app, caller, key).await?.ok_or(RequestError::KeyReused);
        }
        Err(error) => return Err(error.into()),
    }
    tx.add_profile(&profile, &locked).await?;
    tx.enqueue(&job(Work::AddUser, profile.id.as_str(), &profile.write_key, now)).await?;
    tx.record(&Entry {
        at: now,
        actor: caller.actor(),
        act: Act::ProfileRequested,
        subject: profile.id.as_str().to_owned(),
        detail: format!("user:{}", profile.user_id),
    })
    .await?;
    tx.commit().await?;
    app.announce_change();
    Ok(Accepted { record: profile, replayed: false })
}

async fn replay(
    app: &App,
    caller: &Caller,
    key: &Idempotency,
) -> Result<Option<Accepted<Profile>>, RequestError> {
    let Some((subject, same)) = app.store.claimed(&caller.client, key).await? else { return Ok(None) };
    let id = subject.parse().ok().filter(|_| same).ok_or(RequestError::KeyReused)?;
    let record = app.store.profile(&id).await?.ok_or(RequestError::KeyReused)?;
    Ok(Some(Accepted { record, replayed: true }))
}

/// Work for a lane.
pub(super) fn job(work: Work, subject: &str, lane: &str, now: idos_credential::Moment) -> Job {
    Job { lane: Some(lane.to_owned()), ..Job::new(work, subject, now, &mut OsRng) }
}

/// The node's name for where a password is kept.
#[must_use]
pub fn password_store(store: model::PasswordStore) -> PasswordStore {
    match store {
        model::PasswordStore::User => PasswordStore::User,
        model::PasswordStore::Mpc => PasswordStore::Mpc,
    }
}

/// A wallet's claim as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Kept {
    wallet_type: String,
    address: String,
    public_key: Option<String>,
    message: String,
    signature: String,
}

fn place(id: &ProfileId) -> String {
    format!("profile/{id}")
}

fn lock_wallet(vault: &Vault, id: &ProfileId, claim: &WalletClaim) -> Result<String, VaultError> {
    let kept = Kept {
        wallet_type: claim.wallet_type.as_str().to_owned(),
        address: claim.address.expose().clone(),
        public_key: claim.public_key.as_ref().map(|key| key.expose().clone()),
        message: claim.message.expose().clone(),
        signature: claim.signature.expose().clone(),
    };
    let json = Zeroizing::new(serde_json::to_vec(&kept).map_err(|_| VaultError::Damaged)?);
    vault.lock(&place(id), &json, &mut OsRng)
}

/// Unlocks the wallet's claim of a profile.
pub fn unlock_wallet(vault: &Vault, id: &ProfileId, locked: &str) -> Result<WalletClaim, VaultError> {
    let json = vault.unlock(&place(id), locked)?;
    let mut kept: Kept = serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)?;
    Ok(WalletClaim {
        wallet_type: kept.wallet_type.parse().map_err(|_| VaultError::Damaged)?,
        address: Personal::new(take(&mut kept.address)),
        public_key: kept.public_key.take().map(Personal::new),
        message: Personal::new(take(&mut kept.message)),
        signature: Personal::new(take(&mut kept.signature)),
    })
}
