//! The table `wallets`, and whose wallet an identifier is.

use idos_wallet::WalletType;
use sqlx::SqliteConnection;

use super::constraints::{ForeignKey, Parent, WriteError, explained};

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WalletRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) address: String,
    pub(crate) public_key: Option<String>,
    pub(crate) wallet_type: String,
    pub(crate) message: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) inserter: Option<String>,
}

/// A row to be written, as far as its caller gave it.
pub(crate) struct NewWallet<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) address: Option<&'a str>,
    pub(crate) public_key: Option<&'a str>,
    pub(crate) wallet_type: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) signature: Option<&'a str>,
    pub(crate) inserter: Option<&'a str>,
}

/// The columns of [`Columns`], from `wallets` and what follows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, address, public_key, wallet_type, message, signature, inserter FROM wallets ",
            $rest
        )
    };
}

type Columns =
    (String, String, String, Option<String>, String, Option<String>, Option<String>, Option<String>);

/// The wallet that an identifier means: EVM by address in any case; XRPL and Stellar by exact address; NEAR and
/// `FaceSign` by exact public key.
pub(crate) async fn by_identifier(
    db: &mut SqliteConnection,
    identifier: Option<&str>,
) -> Result<Option<WalletRow>, sqlx::Error> {
    let row: Option<Columns> = sqlx::query_as(select!(
        "WHERE (wallet_type = 'EVM' AND address = $1 COLLATE NOCASE)
            OR (wallet_type IN ('XRPL', 'Stellar') AND address = $1)
            OR (wallet_type IN ('NEAR', 'FaceSign') AND public_key = $1)
         ORDER BY id LIMIT 1"
    ))
    .bind(identifier)
    .fetch_optional(db)
    .await?;
    Ok(row.map(WalletRow::from))
}

/// The user whose wallet an identifier means.
pub(crate) async fn user_of(
    db: &mut SqliteConnection,
    identifier: Option<&str>,
) -> Result<Option<String>, sqlx::Error> {
    Ok(by_identifier(db, identifier).await?.map(|wallet| wallet.user_id))
}

pub(crate) async fn of_user(db: &mut SqliteConnection, user: &str) -> Result<Vec<WalletRow>, sqlx::Error> {
    let rows: Vec<Columns> =
        sqlx::query_as(select!("WHERE user_id = $1 ORDER BY id")).bind(user).fetch_all(db).await?;
    Ok(rows.into_iter().map(WalletRow::from).collect())
}

pub(crate) async fn all(db: &mut SqliteConnection) -> Result<Vec<WalletRow>, sqlx::Error> {
    let rows: Vec<Columns> = sqlx::query_as(select!("ORDER BY id")).fetch_all(db).await?;
    Ok(rows.into_iter().map(WalletRow::from).collect())
}

/// Whether a wallet of any type has this address, in any letter case.
pub(crate) async fn has_address(
    db: &mut SqliteConnection,
    address: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM wallets WHERE address = $1 COLLATE NOCASE")
        .bind(address)
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// Whether another wallet than `id` has this public key. EVM wallets do not count.
pub(crate) async fn is_key_taken(
    db: &mut SqliteConnection,
    id: Option<&str>,
    public_key: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM wallets
         WHERE id != $1 AND wallet_type IN ('NEAR', 'Stellar', 'XRPL', 'FaceSign') AND public_key = $2",
    )
    .bind(id)
    .bind(public_key)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Whether another wallet than `id` has this address: EVM in any case, XRPL and Stellar exactly. Others do not
/// count.
pub(crate) async fn is_address_taken(
    db: &mut SqliteConnection,
    id: Option<&str>,
    address: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM wallets
         WHERE id != $1 AND ((wallet_type = 'EVM' AND address = $2 COLLATE NOCASE)
            OR (wallet_type IN ('XRPL', 'Stellar') AND address = $2))",
    )
    .bind(id)
    .bind(address)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Writes a new row.
pub(crate) async fn insert(db: &mut SqliteConnection, wallet: &NewWallet<'_>) -> Result<(), WriteError> {
    let query =
        "INSERT INTO wallets (id, user_id, address, public_key, wallet_type, message, signature, inserter)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    write(db, query, wallet).await
}

/// Writes a new row, or replaces everything in the one with this id, even the user.
pub(crate) async fn upsert(db: &mut SqliteConnection, wallet: &NewWallet<'_>) -> Result<(), WriteError> {
    let query =
        "INSERT INTO wallets (id, user_id, address, public_key, wallet_type, message, signature, inserter)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, address = excluded.address,
            public_key = excluded.public_key, wallet_type = excluded.wallet_type, message = excluded.message,
            signature = excluded.signature, inserter = excluded.inserter";
    write(db, query, wallet).await
}

async fn write(
    db: &mut SqliteConnection,
    query: &'static str,
    wallet: &NewWallet<'_>,
) -> Result<(), WriteError> {
    let written = sqlx::query(query)
        .bind(wallet.id)
        .bind(wallet.user_id)
        .bind(wallet.address)
        .bind(wallet.public_key)
        .bind(wallet.wallet_type)
        .bind(wallet.message)
        .bind(wallet.signature)
        .bind(wallet.inserter)
        .execute(&mut *db)
        .await;
    let key = ForeignKey { table: "wallets", column: "user_id", parent: Parent::Users, id: wallet.user_id };
    explained(db, written, &[key]).await
}

/// Removes a user's wallet; nothing if it is not the user's.
pub(crate) async fn delete(
    db: &mut SqliteConnection,
    id: Option<&str>,
    user: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM wallets WHERE id = $1 AND user_id = $2").bind(id).bind(user).execute(db).await?;
    Ok(())
}

impl WalletRow {
    /// The type; the table admits only the five.
    pub(crate) fn kind(&self) -> Option<WalletType> {
        self.wallet_type.parse().ok()
    }
}

impl From<Columns> for WalletRow {
    fn from(columns: Columns) -> Self {
        let (id, user_id, address, public_key, wallet_type, message, signature, inserter) = columns;
        Self { id, user_id, address, public_key, wallet_type, message, signature, inserter }
    }
}
