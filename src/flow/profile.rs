//! Create a user's idOS profile: the user with an encryption key, and a wallet that is proven to be theirs.

use idos_client::actions::{
    AddUserAsInserter, GetUserAsInserter, HasProfile, PasswordStore, UpsertWalletAsInserter,
};
use idos_client::{Client, Signer};
use idos_credential::RecipientKey;
use idos_wallet::{InvalidProof, OwnershipProof};
use uuid::{Uuid, Variant};

use super::submit::submit;

/// A profile to be created. The ids are chosen by the caller beforehand, so that trying again makes no second one.
pub struct NewProfile<'a> {
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
pub async fn create(client: &Client, signer: &Signer, profile: &NewProfile<'_>) -> Result<(), ProfileError> {
    if profile.user_id.get_version_num() != 4 || profile.user_id.get_variant() != Variant::RFC4122 {
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
