//! Rows of views. `int8` and `numeric` arrive as texts, whatever the official SDK's types say.

use std::fmt;

use idos_content_id::ContentId;
use idos_wallet::WalletType;
use serde_json::Value as Json;
use uuid::Uuid;

use super::PasswordStore;
use crate::blob::Blob;

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

/// Something that a row holds, in one column or in several.
trait Field: Sized {
    /// Reads it; `name` is the column's, or what the first of several is called after.
    fn take(row: &mut Row<'_>, name: &'static str) -> Result<Self, MalformedRow>;
}

impl<T: Column> Field for T {
    fn take(row: &mut Row<'_>, name: &'static str) -> Result<Self, MalformedRow> {
        row.take(name)
    }
}

/// The encrypted content of a credential, or where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// In the row: base64 of nonce and box.
    InRow(String),
    /// At the blob gateway ([`Client::fetch`](crate::Client::fetch)): the same bytes, not in base64.
    AtGateway(Blob),
}

impl Content {
    /// The content, if it is in the row.
    #[must_use]
    pub fn in_row(&self) -> Option<&str> {
        match self {
            Self::InRow(content) => Some(content),
            Self::AtGateway(_) => None,
        }
    }
}

/// A row has its content, or names it: where the schema knows the blob gateway, there are `content_uri` and `content_size`
/// beside `content`, which is null.
impl Field for Content {
    fn take(row: &mut Row<'_>, name: &'static str) -> Result<Self, MalformedRow> {
        const URI: &str = "content_uri";
        const SIZE: &str = "content_size";
        if let Some(content) = row.take_if_there(name)? {
            return Ok(Self::InRow(content));
        }
        let uri: String = row.take_if_there(URI)?.ok_or(MalformedRow(name))?;
        let id = ContentId::from_uri(&uri).map_err(|_| MalformedRow(URI))?;
        let size: i64 = row.take(SIZE)?;
        let size = u64::try_from(size).ok().filter(|size| *size > 0).ok_or(MalformedRow(SIZE))?;
        Ok(Self::AtGateway(Blob { id, size }))
    }
}

/// Who wrote a row: the inserter's name, or the id of the write grant, or nobody but the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrittenBy(pub Option<String>);

/// One column, or, where the schema knows the blob gateway, `inserter_type` and `inserter_id` in its place.
impl Field for WrittenBy {
    fn take(row: &mut Row<'_>, name: &'static str) -> Result<Self, MalformedRow> {
        if row.value(name).is_some() {
            return row.take(name).map(Self);
        }
        match row.take_if_there::<String>("inserter_type")?.as_deref() {
            Some("user") => Ok(Self(None)),
            _ => row.take("inserter_id").map(Self),
        }
    }
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
        let value = self.value(column);
        value.and_then(|value| T::read(value.take())).ok_or(MalformedRow(column))
    }

    /// The same for a column that only some versions of the schema have: `None` where there is none, or a null.
    fn take_if_there<T: Column>(&mut self, column: &'static str) -> Result<Option<T>, MalformedRow> {
        if self.value(column).is_some() { self.take(column) } else { Ok(None) }
    }

    fn value(&mut self, column: &str) -> Option<&mut Json> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.values.get_mut(index)
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
                    $( $shown: Field::take(&mut row, stringify!($shown))?, )*
                    $( $field: Field::take(&mut row, stringify!($field))?, )*
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
        inserter: WrittenBy,
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
        inserter: WrittenBy,
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
        /// The encrypted content, or where it is.
        content: Content,
        /// The ephemeral X25519 key of the content: base64.
        encryptor_public_key: String,
        /// The key that signed the row: lower-case hex.
        issuer_auth_public_key: String,
        /// The inserter's name, or the id of the write grant, or none if the user wrote it.
        inserter: WrittenBy,
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
        /// The encrypted content, or where it is.
        content: Content,
        /// The ephemeral X25519 key of the content: base64.
        encryptor_public_key: String,
        /// The key that signed the copy: lower-case hex.
        issuer_auth_public_key: String,
        /// The inserter's name, or the id of the write grant, or none if the user wrote it.
        inserter: WrittenBy,
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
        inserter: WrittenBy,
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
