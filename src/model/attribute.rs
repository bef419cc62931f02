//! An attribute that is to be written into a user's profile: a name and a value, of which what is sensitive is encrypted for the
//! user.

use uuid::Uuid;

use super::ids::AttributeId;
use super::issuance::{HaltCode, Stopped, Transaction};
use super::named::named;
use super::personal::Personal;
use super::profile::ProfileState;
use super::time::Timestamp;

/// The longest key, in bytes.
pub const MAX_KEY_LEN: usize = 256;

/// The longest value, in bytes.
pub const MAX_VALUE_LEN: usize = 16 * 1024;

named! {
    /// What of an attribute must not be readable on the network, as the client declares it.
    Sensitive {
        /// Nothing: everybody may read it. What looks like personal data is refused all the same.
        None = "none",
        /// The value. Everybody may read what it is called.
        Value = "value",
        /// Both: not even what it is called may be read.
        KeyAndValue = "key_and_value",
    }
}

impl Sensitive {
    /// Whether the key is encrypted for the user.
    #[must_use]
    pub fn hides_key(self) -> bool {
        match self {
            Self::None | Self::Value => false,
            Self::KeyAndValue => true,
        }
    }

    /// Whether the value is encrypted for the user.
    #[must_use]
    pub fn hides_value(self) -> bool {
        match self {
            Self::None => false,
            Self::Value | Self::KeyAndValue => true,
        }
    }
}

/// A request to write an attribute, read.
#[derive(Debug)]
pub struct NewAttribute {
    /// The user's id.
    pub user_id: Uuid,
    /// What it is called: at most [`MAX_KEY_LEN`] bytes.
    pub key: Personal<String>,
    /// Its value: at most [`MAX_VALUE_LEN`] bytes.
    pub value: Personal<String>,
    /// What of it is encrypted.
    pub sensitive: Sensitive,
}

/// Key and value as they stand on the network: what is sensitive is encrypted already.
#[derive(Clone, Debug)]
pub struct WrittenAttribute {
    /// The key.
    pub key: Personal<String>,
    /// The value.
    pub value: Personal<String>,
}

/// The record of an attribute: neither its key nor its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Our id.
    pub id: AttributeId,
    /// The client that asked for it.
    pub client: String,
    /// Where it stands: as the addition of a wallet does.
    pub state: ProfileState,
    /// The user.
    pub user_id: Uuid,
    /// The attribute's row on the network, chosen beforehand, so that trying again makes no second one.
    pub attribute_id: Uuid,
    /// What of it is encrypted.
    pub sensitive: Sensitive,
    /// The write key that sends it: lower-case hex.
    pub write_key: String,
    /// Why it has stopped.
    pub halt: Option<HaltCode>,
    /// Until when a halted one can be resumed.
    pub waits_until: Option<Timestamp>,
    /// The transaction that wrote it.
    pub transaction: Option<Transaction>,
    /// Whether a transaction of it may have reached a node, before its work was made anew.
    pub was_sent: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Attribute {
    /// What the code in `halt` is about.
    #[must_use]
    pub fn stopped(&self) -> Stopped {
        if self.state == ProfileState::Failed { Stopped::Over } else { Stopped::Attribute }
    }
}
