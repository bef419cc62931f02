//! A profile that is to be created: the user, and a wallet that is proven to be theirs.

use idos_credential::{Moment, RecipientKey};
use idos_wallet::{OwnershipProof, WalletType};
use uuid::Uuid;

use super::ids::ProfileId;
use super::issuance::{HaltCode, Transaction, named};
use super::personal::Personal;

named! {
    /// Where the creation of a profile stands.
    ProfileState {
        /// On its way to the node.
        Pending = "pending",
        /// On the network.
        Created = "created",
        /// Stopped: a person has to do something and retry it.
        Halted = "halted",
        /// Over: nobody did in time. The wallet's proof is gone.
        Failed = "failed",
    }
}

named! {
    /// Where the password of the user's encryption key is kept.
    PasswordStore {
        /// With the user.
        User = "user",
        /// With an MPC service.
        Mpc = "mpc",
    }
}

/// A wallet with the proof that it is the user's. The proof has been verified.
#[derive(Clone, Debug)]
pub struct WalletClaim {
    /// The wallet's type.
    pub wallet_type: WalletType,
    /// Its address.
    pub address: Personal<String>,
    /// Its public key; needed for all types but EVM.
    pub public_key: Option<Personal<String>>,
    /// What it signed.
    pub message: Personal<String>,
    /// Its signature.
    pub signature: Personal<String>,
}

impl WalletClaim {
    /// The proof, to be verified or sent.
    #[must_use]
    pub fn proof(&self) -> OwnershipProof<'_> {
        OwnershipProof {
            wallet_type: self.wallet_type,
            address: self.address.expose(),
            public_key: self.public_key.as_ref().map(|key| key.expose().as_str()),
            message: self.message.expose(),
            signature: self.signature.expose(),
        }
    }
}

/// A request to create a profile, checked.
#[derive(Debug)]
pub struct NewProfile {
    /// The user's id: a UUID of version 4, since the user's key derivation takes no other.
    pub user_id: Uuid,
    /// The user's encryption key.
    pub encryption_key: RecipientKey,
    /// Where the user's password is kept.
    pub password_store: PasswordStore,
    /// The wallet.
    pub wallet: WalletClaim,
}

/// The record of a profile's creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Our id.
    pub id: ProfileId,
    /// The client that asked for it.
    pub client: String,
    /// Where it stands.
    pub state: ProfileState,
    /// The user.
    pub user_id: Uuid,
    /// The wallet's row.
    pub wallet_id: Uuid,
    /// The write key that sends it: lower-case hex.
    pub write_key: String,
    /// The user's encryption key: base64.
    pub encryption_public_key: String,
    /// Where the user's password is kept.
    pub password_store: PasswordStore,
    /// Why it has stopped.
    pub halt: Option<HaltCode>,
    /// Until when a halted one can be retried.
    pub waits_until: Option<Moment>,
    /// The last transaction: the one that added the wallet.
    pub transaction: Option<Transaction>,
    /// When it was asked for.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}
