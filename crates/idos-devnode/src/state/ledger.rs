//! The node's own tables: accounts, blocks, transactions, and which chain this state belongs to.

use sqlx::SqliteConnection;

/// An account: the sender's bytes in lower-case hexadecimal, and its kind of key. The same bytes under another
/// kind are another account.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Account {
    pub(crate) identifier: String,
    pub(crate) key_type: String,
}

/// A block's header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BlockRow {
    pub(crate) height: i64,
    pub(crate) hash: String,
    pub(crate) app_hash: String,
    pub(crate) timestamp: i64,
}

/// A transaction in a block.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TransactionRow {
    pub(crate) hash: String,
    pub(crate) height: i64,
    pub(crate) position: i64,
    pub(crate) caller: String,
    /// Empty if the payload could not be read.
    pub(crate) action: String,
    /// The transaction as `user.broadcast` took it, in JSON.
    pub(crate) body: String,
    pub(crate) code: u32,
    pub(crate) log: String,
}

/// A line of the list of transactions: without the bodies, which are megabytes each.
pub(crate) struct ListedTransaction {
    pub(crate) hash: String,
    pub(crate) height: i64,
    pub(crate) caller: String,
    pub(crate) action: String,
    pub(crate) code: u32,
    pub(crate) log: String,
}

type TransactionColumns = (String, i64, i64, String, String, String, u32, String);

/// The last nonce the account has used; 0 for one never seen.
pub(crate) async fn nonce(db: &mut SqliteConnection, account: &Account) -> Result<u64, sqlx::Error> {
    let nonce: Option<i64> =
        sqlx::query_scalar("SELECT nonce FROM node_accounts WHERE identifier = $1 AND key_type = $2")
            .bind(&account.identifier)
            .bind(&account.key_type)
            .fetch_optional(db)
            .await?;
    Ok(nonce.and_then(|nonce| u64::try_from(nonce).ok()).unwrap_or(0))
}

pub(crate) async fn set_nonce(
    db: &mut SqliteConnection,
    account: &Account,
    nonce: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO node_accounts (identifier, key_type, nonce) VALUES ($1, $2, $3)
         ON CONFLICT (identifier, key_type) DO UPDATE SET nonce = excluded.nonce",
    )
    .bind(&account.identifier)
    .bind(&account.key_type)
    .bind(i64::try_from(nonce).unwrap_or(i64::MAX))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn count_accounts(db: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT COUNT(*) FROM node_accounts").fetch_one(db).await
}

pub(crate) async fn insert_block(db: &mut SqliteConnection, block: &BlockRow) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO node_blocks (height, hash, app_hash, timestamp) VALUES ($1, $2, $3, $4)")
        .bind(block.height)
        .bind(&block.hash)
        .bind(&block.app_hash)
        .bind(block.timestamp)
        .execute(db)
        .await?;
    Ok(())
}

/// Sets the hash of the results, which is known only after the block has run.
pub(crate) async fn set_app_hash(db: &mut SqliteConnection, block: &BlockRow) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE node_blocks SET app_hash = $2 WHERE height = $1")
        .bind(block.height)
        .bind(&block.app_hash)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn last_block(db: &mut SqliteConnection) -> Result<Option<BlockRow>, sqlx::Error> {
    let row: Option<(i64, String, String, i64)> = sqlx::query_as(
        "SELECT height, hash, app_hash, timestamp FROM node_blocks ORDER BY height DESC LIMIT 1",
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(height, hash, app_hash, timestamp)| BlockRow { height, hash, app_hash, timestamp }))
}

pub(crate) async fn insert_transaction(
    db: &mut SqliteConnection,
    row: &TransactionRow,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO node_transactions (hash, height, position, caller, action, body, code, log)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.hash)
    .bind(row.height)
    .bind(row.position)
    .bind(&row.caller)
    .bind(&row.action)
    .bind(&row.body)
    .bind(row.code)
    .bind(&row.log)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn transaction(
    db: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<TransactionRow>, sqlx::Error> {
    let row: Option<TransactionColumns> = sqlx::query_as(
        "SELECT hash, height, position, caller, action, body, code, log FROM node_transactions WHERE hash = $1",
    )
    .bind(hash)
    .fetch_optional(db)
    .await?;
    Ok(row.map(TransactionRow::from))
}

pub(crate) async fn has_transaction(db: &mut SqliteConnection, hash: &str) -> Result<bool, sqlx::Error> {
    let found =
        sqlx::query("SELECT 1 FROM node_transactions WHERE hash = $1").bind(hash).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// Every transaction, oldest first.
pub(crate) async fn transactions(db: &mut SqliteConnection) -> Result<Vec<ListedTransaction>, sqlx::Error> {
    let rows: Vec<(String, i64, String, String, u32, String)> = sqlx::query_as(
        "SELECT hash, height, caller, action, code, log FROM node_transactions ORDER BY height, position",
    )
    .fetch_all(db)
    .await?;
    let listed = rows.into_iter().map(|(hash, height, caller, action, code, log)| ListedTransaction {
        hash,
        height,
        caller,
        action,
        code,
        log,
    });
    Ok(listed.collect())
}

/// The chain this state belongs to; `chain_id` if it is new.
pub(crate) async fn claim_chain(db: &mut SqliteConnection, chain_id: &str) -> Result<String, sqlx::Error> {
    sqlx::query("INSERT INTO node_meta (key, value) VALUES ('chain_id', $1) ON CONFLICT (key) DO NOTHING")
        .bind(chain_id)
        .execute(&mut *db)
        .await?;
    sqlx::query_scalar("SELECT value FROM node_meta WHERE key = 'chain_id'").fetch_one(db).await
}

/// Says that this state is of the next schema, if `is_next`. Whether it is, now or since earlier.
pub(crate) async fn claim_next_schema(db: &mut SqliteConnection, is_next: bool) -> Result<bool, sqlx::Error> {
    if is_next {
        sqlx::query(
            "INSERT INTO node_meta (key, value) VALUES ('schema', 'next') ON CONFLICT (key) DO NOTHING",
        )
        .execute(&mut *db)
        .await?;
    }
    let schema = sqlx::query("SELECT 1 FROM node_meta WHERE key = 'schema'").fetch_optional(db).await?;
    Ok(schema.is_some())
}

impl From<TransactionColumns> for TransactionRow {
    fn from(columns: TransactionColumns) -> Self {
        let (hash, height, position, caller, action, body, code, log) = columns;
        Self { hash, height, position, caller, action, body, code, log }
    }
}
