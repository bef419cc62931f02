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
pub(crate) mod users;
pub(crate) mod wallets;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

use crate::config::State;

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
    sqlx::raw_sql(include_str!("schema.sql")).execute(&mut db).await?;
    Ok(db)
}
