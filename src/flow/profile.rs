//! Create a user's idOS profile: the user with an encryption key, and a wallet that is proven to be theirs.

use std::time::Duration;

use idos_client::actions::{GetUserAsInserter, HasProfile, PasswordStore, UserRecord};
use idos_client::{Client, Refusal, Signer};
use idos_wallet::InvalidProof;
use rand::rngs::OsRng;
use uuid::{Uuid, Variant};

use super::Accepted;
use super::challenge::{self, ChallengeError};
use super::idempotency::ReplayError;
use super::wallet::{self, Wanted};
use crate::app::{App, NodeError};
use crate::keys::Key;
use crate::model::client::Idempotency;
use crate::model::ids::ProfileId;
use crate::model::profile::{self as model, NewProfile, Profile, ProfileState, UserKeys};
use crate::model::submitter::Submitter;
use crate::store::StoreError;
use crate::vault::VaultError;

/// How long the caller waits for the node to be asked. What takes longer is found out in the background.
pub(super) const LOOK_UP: Duration = Duration::from_secs(5);

/// Whether some user has a wallet of this address.
pub async fn exists(client: &Client, signer: &Signer, address: &str) -> Result<bool, idos_client::Error> {
    Ok(client.call_one(signer, &HasProfile { address }).await?.unwrap_or(false))
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

/// A write key is no delegate of an inserter: nothing that it is to write can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write key {0} is no delegate of an inserter (idos-issuer doctor)")]
pub struct NotAnInserter(
    /// Its public half: lower-case hex.
    pub String,
);

/// What a node says about a user before anything is accepted.
pub(super) enum Seen {
    /// There is one.
    User(UserRecord),
    /// There is none.
    Nobody,
    /// The node cannot be asked: whatever it is, it is found out in the background.
    Away,
}

/// Asks for a user, as the write key that is to write: so it is also known whether that may.
pub(super) async fn see(app: &App, key: &Key, user_id: Uuid) -> Result<Seen, NotAnInserter> {
    let signer = key.signer();
    let look = async {
        let user = app.idos().await?.call_one(&signer, &GetUserAsInserter { id: user_id }).await?;
        Ok::<_, NodeError>(user)
    };
    match tokio::time::timeout(LOOK_UP, look).await.unwrap_or(Err(NodeError::TooSlow)) {
        Ok(Some(user)) => Ok(Seen::User(user)),
        Ok(None) => Ok(Seen::Nobody),
        Err(NodeError::Node(error)) if error.refusal() == Some(Refusal::NotAnInserter) => {
            Err(NotAnInserter(key.public_hex()))
        }
        Err(error) => {
            tracing::warn!("The node cannot be asked for a user: {error}");
            Ok(Seen::Away)
        }
    }
}

/// Why a profile was not accepted to be created, or a wallet to be added.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The proof does not hold; nothing was sent.
    #[error("the wallet is not proven to be the user's: {0}")]
    Wallet(#[from] InvalidProof),
    /// What the wallet has signed is not what it was to sign; nothing was sent.
    #[error("what the wallet has signed {0}")]
    Challenge(#[from] ChallengeError),
    /// The user's key derivation takes no other ids.
    #[error("the user id must be a UUID of version 4")]
    UserId,
    /// The same user is being created with another encryption key.
    #[error("this user is being created already, with another encryption key")]
    OtherKey,
    /// The user is on the network, with another encryption key.
    #[error("this user exists already, with another encryption key")]
    UserExists,
    /// The user is not on the network, and not on the way there.
    #[error("this user has no profile")]
    UserUnknown,
    /// The wallet belongs to a profile.
    #[error("the wallet belongs to a profile already")]
    WalletTaken,
    /// The wallet is on its way into a profile.
    #[error("the wallet is being added to a profile already")]
    WalletUnderWay,
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

/// Accepts a profile to be created. The wallet's proof is verified here, before any network; then the node is asked
/// whether the user or the wallet is there, if it can be asked.
pub async fn request(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: NewProfile,
) -> Result<Accepted<Profile>, RequestError> {
    wallet::once_more(|| attempt(app, caller, key, &new)).await
}

async fn attempt(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: &NewProfile,
) -> Result<Accepted<Profile>, RequestError> {
    if let Some(accepted) = wallet::replay(app, caller, key).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    new.wallet.proof().verify()?;
    challenge::check(app, caller, new.user_id, &new.wallet)?;
    let user = UserKeys {
        encryption_public_key: new.encryption_key.to_base64(),
        password_store: new.password_store,
    };
    // Asked for twice, under two keys: it is one profile, with one row for the wallet. One that has stopped is not: who
    // asks again may have mended what was wrong with it.
    let newest = app.store.profile_of(&caller.tenant, new.user_id).await?;
    if let Some(there) = newest.filter(|there| there.state == ProfileState::Pending) {
        if there.user.as_ref().map(|user| &user.encryption_public_key) != Some(&user.encryption_public_key) {
            return Err(RequestError::OtherKey);
        }
        if wallet::is_of(app, &there, &new.wallet).await? {
            return wallet::take_for_the_same(app, caller, key, there).await;
        }
    }
    let now = app.clock.now();
    let id = ProfileId::new(now, &mut OsRng);
    let write = app.write_key_for(id.as_str());
    if let Seen::User(there) = see(app, write, new.user_id).await?
        && there.recipient_encryption_public_key != user.encryption_public_key
    {
        return Err(RequestError::UserExists);
    }
    wallet::check_free(app, &new.wallet).await?;
    let wanted = Wanted { id: id.into(), user_id: new.user_id, user: Some(user), write, wallet: &new.wallet };
    wallet::keep(app, caller, key, wanted, now).await
}

/// The node's name for where a password is kept.
#[must_use]
pub fn password_store(store: model::PasswordStore) -> PasswordStore {
    match store {
        model::PasswordStore::User => PasswordStore::User,
        model::PasswordStore::Mpc => PasswordStore::Mpc,
    }
}
