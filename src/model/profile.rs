//! A profile that is to be created: the user, and a wallet that is proven to be theirs. Or a further wallet, for a user
//! who has one.

use std::fmt;
use std::str::FromStr;

use idos_credential::RecipientKey;
use idos_wallet::{OwnershipProof, WalletType};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ids::{NotAnId, ProfileId, WalletId};
use super::issuance::{HaltCode, Stopped, Transaction};
use super::named::named;
use super::personal::Personal;
use super::time::Timestamp;

named! {
    /// Where the creation of a profile, or the addition of a wallet or an attribute, stands.
    ProfileState {
        /// On its way to the node.
        Pending = "pending",
        /// On the network.
        Created = "created",
        /// Stopped: a person has to do something and resume it.
        Halted = "halted",
        /// Over: nobody did in time. The wallet's proof, or what the attribute says, is gone.
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
    /// Its public key; needed for all types but EVM, which has none.
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

/// A request to add a wallet to a user's profile, checked.
#[derive(Debug)]
pub struct NewWallet {
    /// The user's id.
    pub user_id: Uuid,
    /// The wallet.
    pub wallet: WalletClaim,
}

/// What a record is named by: it says what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordId {
    /// A profile, with its first wallet.
    Profile(ProfileId),
    /// A further wallet.
    Wallet(WalletId),
}

impl RecordId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Profile(id) => id.as_str(),
            Self::Wallet(id) => id.as_str(),
        }
    }

    /// What a code of this record is about.
    #[must_use]
    pub fn stopped(&self) -> Stopped {
        match self {
            Self::Profile(_) => Stopped::Profile,
            Self::Wallet(_) => Stopped::Wallet,
        }
    }
}

impl FromStr for RecordId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        text.parse().map(Self::Profile).or_else(|NotAnId| text.parse().map(Self::Wallet))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<ProfileId> for RecordId {
    fn from(id: ProfileId) -> Self {
        Self::Profile(id)
    }
}

impl From<WalletId> for RecordId {
    fn from(id: WalletId) -> Self {
        Self::Wallet(id)
    }
}

/// What makes a user on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserKeys {
    /// The user's encryption key: base64.
    pub encryption_public_key: String,
    /// Where the user's password is kept.
    pub password_store: PasswordStore,
}

/// The record of a profile's creation, or of a wallet's addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Our id.
    pub id: RecordId,
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
    /// The user that is to be created; `None` where only a wallet is added.
    pub user: Option<UserKeys>,
    /// Why it has stopped.
    pub halt: Option<HaltCode>,
    /// Until when a halted one can be resumed.
    pub waits_until: Option<Timestamp>,
    /// The last transaction: the one that added the wallet.
    pub transaction: Option<Transaction>,
    /// Whether a transaction of it may have reached a node, before its work was made anew.
    pub was_sent: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Profile {
    /// What the code in `halt` is about.
    #[must_use]
    pub fn stopped(&self) -> Stopped {
        if self.state == ProfileState::Failed { Stopped::Over } else { self.id.stopped() }
    }
}

/// An address, or a key, in the one spelling in which it is compared: those in hexadecimal are the same in either case.
#[must_use]
pub fn spelled(wallet_type: WalletType, text: &str) -> Zeroizing<String> {
    Zeroizing::new(match wallet_type {
        WalletType::Evm | WalletType::FaceSign => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    })
}
