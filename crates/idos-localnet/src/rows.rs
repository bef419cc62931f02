//! What tests look at: the state of a node, behind its actions' back.

use idos_client::encoding::ActionExecution;
use idos_client::transaction::{EXECUTE, Signed};
use idos_devnode::{AccessGrant, Counts, Credential, Schema, Transaction, User, Wallet};
use idos_wallet::caller_of;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::rpc::{RpcFailure, Server};

/// The tables of one validator, read as they are in its database, and its blocks.
///
/// It reads what is committed there, whether the validator runs or not; the blocks, only while it runs.
#[derive(Debug)]
pub struct Rows {
    db: PgConnection,
    node: Server,
    /// The height of the block after which the schema was empty.
    since: i64,
    schema: Schema,
}

impl Rows {
    pub(crate) fn new(db: PgConnection, node: Server, since: i64, schema: Schema) -> Self {
        Self { db, node, since, schema }
    }

    /// How many rows there are. Transactions and sessions, which are in no table, are left at 0.
    pub async fn counts(&mut self) -> Result<Counts, sqlx::Error> {
        type Row = (i64, i64, i64, i64, i64, i64, i64);
        let row: Row = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM main.users), (SELECT COUNT(*) FROM main.wallets),
                (SELECT COUNT(*) FROM main.credentials), (SELECT COUNT(*) FROM main.shared_credentials),
                (SELECT COUNT(*) FROM main.access_grants), (SELECT COUNT(*) FROM main.consumed_write_grants),
                (SELECT COUNT(*) FROM main.user_attributes)",
        )
        .fetch_one(&mut self.db)
        .await?;
        Ok(Counts {
            users: row.0,
            wallets: row.1,
            credentials: row.2,
            shared_credentials: row.3,
            access_grants: row.4,
            consumed_write_grants: row.5,
            attributes: row.6,
            ..Counts::default()
        })
    }

    /// Every user, by id.
    pub async fn users(&mut self) -> Result<Vec<User>, sqlx::Error> {
        type Row = (String, String, String, String);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id::text, recipient_encryption_public_key, encryption_password_store, inserter
             FROM main.users ORDER BY id",
        )
        .fetch_all(&mut self.db)
        .await?;
        let user = |(id, recipient_encryption_public_key, encryption_password_store, inserter)| User {
            id,
            recipient_encryption_public_key,
            encryption_password_store,
            inserter,
        };
        Ok(rows.into_iter().map(user).collect())
    }

    /// Every wallet, by id.
    pub async fn wallets(&mut self) -> Result<Vec<Wallet>, sqlx::Error> {
        type Row = (String, String, String, Option<String>, String, Option<String>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id::text, user_id::text, address, public_key, wallet_type, inserter
             FROM main.wallets ORDER BY id",
        )
        .fetch_all(&mut self.db)
        .await?;
        let wallet = |(id, user_id, address, public_key, wallet_type, inserter)| Wallet {
            id,
            user_id,
            address,
            public_key,
            wallet_type,
            inserter,
        };
        Ok(rows.into_iter().map(wallet).collect())
    }

    /// Every credential, by id.
    pub async fn credentials(&mut self) -> Result<Vec<Credential>, sqlx::Error> {
        type Row = (
            String,
            String,
            Option<String>,
            String,
            Option<String>,
            String,
            String,
            Option<String>,
            Option<String>,
            Option<i64>,
            Option<String>,
        );
        let of_today = "SELECT id::text, user_id::text, verifiable_credential_id, public_notes, content,
                encryptor_public_key, issuer_auth_public_key, inserter, NULL::text, NULL::int8, NULL::text
             FROM main.credentials ORDER BY id";
        let of_next = "SELECT id::text, user_id::text, verifiable_credential_id, public_notes, content,
                encryptor_public_key, issuer_auth_public_key, inserter, content_uri, content_size, inserter_type
             FROM main.credentials ORDER BY id";
        let query = if self.schema.has_blobs() { of_next } else { of_today };
        let rows: Vec<Row> = sqlx::query_as(query).fetch_all(&mut self.db).await?;
        let credential = |row: Row| Credential {
            id: row.0,
            user_id: row.1,
            verifiable_credential_id: row.2,
            public_notes: row.3,
            content: row.4.unwrap_or_default(),
            encryptor_public_key: row.5,
            issuer_auth_public_key: row.6,
            inserter: row.7,
            content_uri: row.8,
            content_size: row.9,
            inserter_type: row.10,
        };
        Ok(rows.into_iter().map(credential).collect())
    }

    /// Every access grant, oldest first.
    pub async fn access_grants(&mut self) -> Result<Vec<AccessGrant>, sqlx::Error> {
        type Row = (String, String, String, String, i64, Option<String>, String, String);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id::text, ag_owner_user_id::text, ag_grantee_wallet_identifier, data_id::text, locked_until,
                content_hash, inserter_type, inserter_id
             FROM main.access_grants ORDER BY height, id",
        )
        .fetch_all(&mut self.db)
        .await?;
        let grant = |row: Row| AccessGrant {
            id: row.0,
            owner_user_id: row.1,
            grantee: row.2,
            data_id: row.3,
            locked_until: row.4,
            content_hash: row.5,
            inserter_type: row.6,
            inserter_id: row.7,
        };
        Ok(rows.into_iter().map(grant).collect())
    }

    /// Every transaction that is in a block of this validator, oldest first, since the network began or was
    /// [cleared](crate::Localnet::clear); those of the network's owner are there, too. Reads all those blocks: for short
    /// chains.
    pub async fn transactions(&self) -> Result<Vec<Transaction>, RpcFailure> {
        let health: ChainHealth = self.ask("chain.health", json!({})).await?;
        let mut found = Vec::new();
        for height in self.since + 1..=health.height {
            let block: BlockAnswer = self.ask("chain.block", json!({ "height": height })).await?;
            let transactions = block.block.txns.unwrap_or_default();
            if transactions.is_empty() {
                continue;
            }
            let results: ResultsAnswer = self.ask("chain.block_result", json!({ "height": height })).await?;
            let results = results.tx_results.unwrap_or_default();
            if results.len() != transactions.len() {
                return Err(RpcFailure::Malformed);
            }
            found.extend(
                transactions.iter().zip(results).map(|(signed, result)| listed(signed, height, result)),
            );
        }
        Ok(found)
    }

    /// What this validator has at a height: the hash of the block, and the hash of the state after it. Both in
    /// hexadecimal; the same on all validators.
    pub async fn hashes(&self, height: i64) -> Result<(String, String), RpcFailure> {
        let answer: HashesAnswer = self.ask("chain.block", json!({ "height": height })).await?;
        Ok((answer.hash, answer.commit_info.app_hash))
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        method: &str,
        params: serde_json::Value,
    ) -> Result<T, RpcFailure> {
        serde_json::from_value(self.node.call(method, params).await?).map_err(|_| RpcFailure::Malformed)
    }
}

#[derive(Deserialize)]
struct ChainHealth {
    height: i64,
}

#[derive(Deserialize)]
struct BlockAnswer {
    block: BlockBody,
}

#[derive(Deserialize)]
struct HashesAnswer {
    hash: String,
    commit_info: CommitInfo,
}

#[derive(Deserialize)]
struct CommitInfo {
    app_hash: String,
}

#[derive(Deserialize)]
struct BlockBody {
    txns: Option<Vec<Signed>>,
}

#[derive(Deserialize)]
struct ResultsAnswer {
    tx_results: Option<Vec<TxResult>>,
}

#[derive(Deserialize)]
struct TxResult {
    code: u32,
    #[serde(default)]
    log: String,
}

fn listed(signed: &Signed, height: i64, result: TxResult) -> Transaction {
    let known = signed.signature.signature_type.parse().ok();
    let caller = known.and_then(|known| caller_of(known, &signed.sender).ok()).map(String::from);
    let action = if signed.body.payload_type == EXECUTE {
        ActionExecution::decode(&signed.body.payload).ok().map(|execution| execution.action.to_owned())
    } else {
        None
    };
    Transaction {
        hash: signed.hash().to_string(),
        height,
        // Validators sign with a type that no user has.
        caller: caller.unwrap_or_else(|| hex::encode(&signed.sender)),
        action: action.unwrap_or_default(),
        code: result.code,
        log: result.log,
    }
}

/// Whether credentials have a place for the names of contents, as in the next schema.
pub(crate) async fn names_contents(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM information_schema.columns
         WHERE table_schema = 'main' AND table_name = 'credentials' AND column_name = 'content_uri'",
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// The id of the inserter with this name.
pub(crate) async fn inserter_named(db: &mut PgConnection, name: &str) -> Result<Option<Uuid>, sqlx::Error> {
    id_of(sqlx::query_scalar("SELECT id::text FROM main.inserters WHERE name = $1").bind(name), db).await
}

/// The id of the inserter that this delegate acts for.
pub(crate) async fn inserter_of(db: &mut PgConnection, delegate: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let query = sqlx::query_scalar("SELECT inserter_id::text FROM main.delegates WHERE address = $1");
    id_of(query.bind(delegate), db).await
}

async fn id_of(
    query: sqlx::query::QueryScalar<'_, sqlx::Postgres, String, sqlx::postgres::PgArguments>,
    db: &mut PgConnection,
) -> Result<Option<Uuid>, sqlx::Error> {
    let text = query.fetch_optional(db).await?;
    text.map(|text| text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))).transpose()
}
