//! Rows of views. `int8` and `numeric` arrive as texts, whatever the official SDK's types say.

use std::fmt;

use idos_wallet::WalletType;
use serde_json::Value as Json;
use uuid::Uuid;

use super::PasswordStore;

/// A row as it arrived: names of columns, and their values.
#[derive(Debug)]
pub struct Row<'a> {
    columns: &'a [String],
    values: Vec<Json>,
}

/// A row has not the form that its view promises. Names the column, never the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the column {0} is missing or malformed")]
pub struct MalformedRow(pub &'static str);

/// Something that a row of a view can be read as.
pub trait FromRow: Sized {
    /// Reads the row.
    fn from_row(row: Row<'_>) -> Result<Self, MalformedRow>;
}

/// Something that a value in a row can be read as.
pub trait Column: Sized {
    /// Reads the value; `None` if it has another form.
    fn read(value: Json) -> Option<Self>;
}

impl<'a> Row<'a> {
    /// A row; `None` if it has not one value for each column.
    pub(crate) fn new(columns: &'a [String], values: Vec<Json>) -> Option<Self> {
        (columns.len() == values.len()).then_some(Self { columns, values })
    }

    /// Takes the value of a column out of the row.
    pub fn take<T: Column>(&mut self, column: &'static str) -> Result<T, MalformedRow> {
        let index = self.columns.iter().position(|name| name == column);
        index
            .and_then(|index| self.values.get_mut(index))
            .and_then(|value| T::read(value.take()))
            .ok_or(MalformedRow(column))
    }

    /// The value of the only column.
    fn only<T: Column>(mut self) -> Result<T, MalformedRow> {
        match self.values.pop() {
            Some(value) if self.values.is_empty() => T::read(value).ok_or(MalformedRow("of the answer")),
            _ => Err(MalformedRow("of the answer")),
        }
    }
}

/// A whole number of any size, in units of 10^-18 of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amount(String);

impl Amount {
    /// The number in decimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Column for Amount {
    fn read(value: Json) -> Option<Self> {
        String::read(value)
            .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .map(Self)
    }
}

impl Column for String {
    fn read(value: Json) -> Option<Self> {
        match value {
            Json::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Column for bool {
    fn read(value: Json) -> Option<Self> {
        value.as_bool()
    }
}

impl Column for i64 {
    fn read(value: Json) -> Option<Self> {
        match value {
            Json::String(text) => text.parse().ok(),
            number => number.as_i64(),
        }
    }
}

impl Column for Uuid {
    fn read(value: Json) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl Column for WalletType {
    fn read(value: Json) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl Column for PasswordStore {
    fn read(value: Json) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Json) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

/// Rows of one column can be read as the value itself.
macro_rules! single_column {
    ($($type:ty),*) => { $(
        impl FromRow for $type {
            fn from_row(row: Row<'_>) -> Result<Self, MalformedRow> {
                row.only()
            }
        }
    )* };
}

single_column!(bool, String, Uuid, i64, Amount);

/// Declares a struct whose fields are the columns of a row. Its `Debug` shows the fields before the semicolon
/// only: the others are people's data.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident {
        $( $(#[$shown_doc:meta])* $shown:ident: $shown_type:ty, )*
        ;
        $( $(#[$field_doc:meta])* $field:ident: $type:ty, )*
    }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$shown_doc])* pub $shown: $shown_type, )*
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl FromRow for $name {
            fn from_row(mut row: Row<'_>) -> Result<Self, MalformedRow> {
                Ok(Self {
                    $( $shown: row.take(stringify!($shown))?, )*
                    $( $field: row.take(stringify!($field))?, )*
                })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($shown), &self.$shown) )*
                    .finish_non_exhaustive()
            }
        }
    };
}

row! {
    /// The caller's own profile.
    User {
        /// The user's id, which is also the salt of the user's key derivation.
        id: Uuid,
        ;
        /// The user's X25519 key: base64 of 32 bytes.
        recipient_encryption_public_key: String,
        /// Where the user's password is kept.
        encryption_password_store: PasswordStore,
    }
}

row! {
    /// A user as an inserter sees it.
    UserRecord {
        /// The user's id.
        id: Uuid,
        /// The name of the inserter that created the profile.
        inserter: String,
        ;
        /// The user's X25519 key: base64 of 32 bytes.
        recipient_encryption_public_key: String,
        /// Where the user's password is kept.
        encryption_password_store: PasswordStore,
    }
}

row! {
    /// A wallet of the caller.
    Wallet {
        /// The wallet row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The wallet's type.
        wallet_type: WalletType,
        ;
        /// The address.
        address: String,
        /// The public key.
        public_key: Option<String>,
        /// What the wallet signed to prove that it is the user's.
        message: Option<String>,
        /// That signature.
        signature: Option<String>,
        /// The name of the inserter that added it; none if the user did.
        inserter: Option<String>,
    }
}

row! {
    /// A credential or copy without its content.
    CredentialSummary {
        /// The credential row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The original's id, if this is a copy.
        original_id: Option<Uuid>,
        ;
        /// JSON for everybody to read; empty on copies.
        public_notes: String,
        /// The key that signed the row: lower-case hex.
        issuer_auth_public_key: String,
        /// The inserter's name, or the id of the write grant, or none if the user wrote it.
        inserter: Option<String>,
    }
}

row! {
    /// A credential or copy of the caller, with its content.
    Credential {
        /// The credential row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        ;
        /// JSON for everybody to read; empty on copies.
        public_notes: String,
        /// The sealed content: base64 of nonce and box.
        content: String,
        /// The ephemeral X25519 key of the content: base64.
        encryptor_public_key: String,
        /// The key that signed the row: lower-case hex.
        issuer_auth_public_key: String,
        /// The inserter's name, or the id of the write grant, or none if the user wrote it.
        inserter: Option<String>,
    }
}

row! {
    /// A copy that is shared with the caller, with its content.
    SharedCredential {
        /// The copy's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        ;
        /// The original's notes; none if the original is gone.
        public_notes: Option<String>,
        /// The sealed content: base64 of nonce and box.
        content: String,
        /// The ephemeral X25519 key of the content: base64.
        encryptor_public_key: String,
        /// The key that signed the copy: lower-case hex.
        issuer_auth_public_key: String,
        /// The inserter's name, or the id of the write grant, or none if the user wrote it.
        inserter: Option<String>,
    }
}

row! {
    /// A copy that is shared with the caller, without its content.
    SharedCredentialSummary {
        /// The copy's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The original's id.
        original_id: Option<Uuid>,
        ;
        /// The original's notes; none if the original is gone.
        public_notes: Option<String>,
        /// The ephemeral X25519 key of the content: base64.
        encryptor_public_key: String,
        /// The key that signed the copy: lower-case hex.
        issuer_auth_public_key: String,
        /// The inserter's name, or the id of the write grant, or none if the user wrote it.
        inserter: Option<String>,
    }
}

row! {
    /// An access grant.
    AccessGrant {
        /// The grant's id; see [`access_grant_id`](crate::access_grant_id).
        id: Uuid,
        /// The user who gave it.
        ag_owner_user_id: Uuid,
        /// The copy it is about.
        data_id: Uuid,
        /// Until when it cannot be taken back, in seconds since 1970; 0 for no lock.
        locked_until: i64,
        ;
        /// Who may read.
        ag_grantee_wallet_identifier: String,
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: Option<String>,
        /// How it came about: `user`, `delegated_write_grant` or `dag_message`.
        inserter_type: String,
        /// The caller, or the id of the write grant.
        inserter_id: String,
    }
}

row! {
    /// An attribute of the caller.
    Attribute {
        /// The attribute row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The original's id, if this is a copy.
        original_id: Option<Uuid>,
        ;
        /// The attribute's name.
        attribute_key: String,
        /// The attribute's value.
        value: String,
    }
}
