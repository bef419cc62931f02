//! What a node remembers: the idOS tables and its own, in one `SQLite` database.
//!
//! There is one connection, which the chain owns. A memory database lives exactly as long as it.

pub(crate) mod attributes;
pub(crate) mod constraints;
pub(crate) mod copies;
pub(crate) mod credentials;
pub(crate) mod grants;
pub(crate) mod inserters;
pub(crate) mod ledger;
pub(crate) mod preliminary;
pub(crate) mod users;
pub(crate) mod wallets;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

use crate::config::State;

const TABLES: &str = include_str!("schema.sql");

/// Opens a state and makes its tables.
///
/// A file is held exclusively, so that two nodes cannot share one. In WAL mode with normal synchronisation a
/// commit survives the death of the process; only a power cut may take the last ones.
pub(crate) async fn open(state: &State) -> Result<SqliteConnection, sqlx::Error> {
    let options = match state {
        State::Memory => SqliteConnectOptions::new().in_memory(true),
        State::File(path) => SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .locking_mode(SqliteLockingMode::Exclusive)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal),
    };
    let mut db = SqliteConnection::connect_with(&options.foreign_keys(true)).await?;
    bring_up_to_date(&mut db).await?;
    sqlx::raw_sql(TABLES).execute(&mut db).await?;
    Ok(db)
}

/// Makes anew the one table that has changed since there are state files, with all that it holds.
async fn bring_up_to_date(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info('credentials')").fetch_all(&mut *db).await?;
    if columns.is_empty() || columns.iter().any(|column| column == "content_uri") {
        return Ok(());
    }
    // The way that SQLite's documentation of ALTER TABLE gives; renamed so that other tables go on naming `credentials`.
    // Indices keep their names as long as the old table is there: they are made when all tables are.
    let steps = [
        "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; BEGIN;
         ALTER TABLE credentials RENAME TO credentials_before;",
        TABLES,
        "INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content, encryptor_public_key,
            issuer_auth_public_key, inserter, inserter_type, issuer_fee)
         SELECT id, user_id, verifiable_credential_id, public_notes, content, encryptor_public_key,
            issuer_auth_public_key, inserter,
            CASE WHEN inserter IN (SELECT id FROM consumed_write_grants) THEN 'delegated_write_grant' END, issuer_fee
         FROM credentials_before;
         DROP TABLE credentials_before; COMMIT; PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON;",
    ];
    for step in steps {
        sqlx::raw_sql(step).execute(&mut *db).await?;
    }
    Ok(())
}
