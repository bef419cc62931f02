//! What tests may look at: the state of a node, behind its actions' back.

use std::fmt;

use sqlx::SqliteConnection;

use crate::blobs;
use crate::state::{credentials, grants, ledger, preliminary, users, wallets};

/// How many rows there are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Users.
    pub users: i64,
    /// Wallets.
    pub wallets: i64,
    /// Credentials, copies included.
    pub credentials: i64,
    /// Links from originals to copies.
    pub shared_credentials: i64,
    /// Access grants.
    pub access_grants: i64,
    /// Write grants that are used up.
    pub consumed_write_grants: i64,
    /// Attributes, copies included.
    pub attributes: i64,
    /// Transactions in blocks, failed ones included.
    pub transactions: i64,
    /// Gateway sessions, ended ones perhaps included.
    pub sessions: i64,
}

/// A user. Ids are lower-case dashed text, as on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The id, which is also the salt of the user's encryption key.
    pub id: String,
    /// Base64 of an X25519 key.
    pub recipient_encryption_public_key: String,
    /// `user` or `mpc`.
    pub encryption_password_store: String,
    /// The name of the inserter that added the user.
    pub inserter: String,
}

/// A wallet, less the proof it was added with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wallet {
    /// The row id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The address.
    pub address: String,
    /// The public key; EVM wallets have none.
    pub public_key: Option<String>,
    /// `EVM`, `NEAR`, `XRPL`, `Stellar` or `FaceSign`.
    pub wallet_type: String,
    /// The name of the inserter that added it; `None` if the user did.
    pub inserter: Option<String>,
}

/// A credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The row id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The `id` found in the notes.
    pub verifiable_credential_id: Option<String>,
    /// JSON text; empty on copies.
    pub public_notes: String,
    /// Base64 of the sealed content; empty where it lies at the blob gateway.
    pub content: String,
    /// The name of a content that lies at the blob gateway, or is to be brought there.
    pub content_uri: Option<String>,
    /// How long, in bytes, that one is.
    pub content_size: Option<i64>,
    /// Base64 of the ephemeral X25519 key it was sealed with.
    pub encryptor_public_key: String,
    /// Lower-case hexadecimal of the Ed25519 key it was signed with.
    pub issuer_auth_public_key: String,
    /// An inserter's name, the id of the write grant, or nothing.
    pub inserter: Option<String>,
    /// Of the next schema: what kind of inserter that is.
    pub inserter_type: Option<String>,
}

/// A content at the blob gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blob {
    /// Its identifier, as text.
    pub cid: String,
    /// How many bytes it has.
    pub size: u64,
    /// Whether a credential names it.
    pub is_named: bool,
}

/// An access grant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessGrant {
    /// The derived id.
    pub id: String,
    /// Whose credential it is.
    pub owner_user_id: String,
    /// Who may read.
    pub grantee: String,
    /// The copy.
    pub data_id: String,
    /// Until when it cannot be revoked, unix seconds.
    pub locked_until: i64,
    /// Hexadecimal SHA-256 of the plaintext.
    pub content_hash: Option<String>,
    /// `user`, `delegated_write_grant` or `dag_message`.
    pub inserter_type: String,
    /// The caller, the write grant's id, or the caller.
    pub inserter_id: String,
}

/// A transaction in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// 64 hexadecimal digits.
    pub hash: String,
    /// The block.
    pub height: i64,
    /// `@caller`.
    pub caller: String,
    /// The action; empty if the payload could not be read.
    pub action: String,
    /// 0 is success.
    pub code: u32,
    /// Why it failed.
    pub log: String,
}

/// A block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Counts from 0, which is the empty block that the chain begins with.
    pub height: i64,
    /// 64 hexadecimal digits.
    pub hash: String,
    /// Unix seconds.
    pub timestamp: i64,
}

/// Shows neither notes nor content.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("inserter", &self.inserter)
            .finish_non_exhaustive()
    }
}

pub(crate) async fn counts(db: &mut SqliteConnection) -> Result<Counts, sqlx::Error> {
    type Row = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
    let row: Row = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM wallets), (SELECT COUNT(*) FROM credentials),
            (SELECT COUNT(*) FROM shared_credentials), (SELECT COUNT(*) FROM access_grants),
            (SELECT COUNT(*) FROM consumed_write_grants), (SELECT COUNT(*) FROM user_attributes),
            (SELECT COUNT(*) FROM node_transactions), (SELECT COUNT(*) FROM kgw_sessions)",
    )
    .fetch_one(db)
    .await?;
    Ok(Counts {
        users: row.0,
        wallets: row.1,
        credentials: row.2,
        shared_credentials: row.3,
        access_grants: row.4,
        consumed_write_grants: row.5,
        attributes: row.6,
        transactions: row.7,
        sessions: row.8,
    })
}

pub(crate) async fn blobs(db: &mut SqliteConnection) -> Result<Vec<Blob>, sqlx::Error> {
    let mut found = Vec::new();
    for kept in blobs::all(db).await? {
        let is_named = preliminary::is_named(db, kept.id).await?;
        found.push(Blob { cid: kept.id.to_string(), size: kept.size, is_named });
    }
    Ok(found)
}

impl From<users::UserRow> for User {
    fn from(row: users::UserRow) -> Self {
        Self {
            id: row.id,
            recipient_encryption_public_key: row.recipient_encryption_public_key,
            encryption_password_store: row.encryption_password_store,
            inserter: row.inserter,
        }
    }
}

impl From<wallets::WalletRow> for Wallet {
    fn from(row: wallets::WalletRow) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            address: row.address,
            public_key: row.public_key,
            wallet_type: row.wallet_type,
            inserter: row.inserter,
        }
    }
}

impl From<credentials::CredentialRow> for Credential {
    fn from(row: credentials::CredentialRow) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            verifiable_credential_id: row.verifiable_credential_id,
            public_notes: row.public_notes.unwrap_or_default(),
            content: row.content.unwrap_or_default(),
            content_uri: row.content_uri,
            content_size: row.content_size,
            encryptor_public_key: row.encryptor_public_key,
            issuer_auth_public_key: row.issuer_auth_public_key,
            inserter: row.inserter,
            inserter_type: row.inserter_type,
        }
    }
}

impl From<grants::AccessGrantRow> for AccessGrant {
    fn from(row: grants::AccessGrantRow) -> Self {
        Self {
            id: row.id,
            owner_user_id: row.owner_user_id,
            grantee: row.grantee,
            data_id: row.data_id,
            locked_until: row.locked_until,
            content_hash: row.content_hash,
            inserter_type: row.inserter_type,
            inserter_id: row.inserter_id,
        }
    }
}

impl From<ledger::ListedTransaction> for Transaction {
    fn from(row: ledger::ListedTransaction) -> Self {
        Self {
            hash: row.hash,
            height: row.height,
            caller: row.caller,
            action: row.action,
            code: row.code,
            log: row.log,
        }
    }
}

impl From<ledger::BlockRow> for Block {
    fn from(row: ledger::BlockRow) -> Self {
        Self { height: row.height, hash: row.hash, timestamp: row.timestamp }
    }
}
