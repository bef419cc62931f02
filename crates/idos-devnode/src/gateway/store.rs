//! Logins under way, and sessions. Both are bounded: strangers can begin logins.

use sqlx::SqliteConnection;

/// How many logins may be under way; beyond that, the oldest are dropped.
const MAX_LOGINS: i64 = 10_000;
/// How many sessions may be open; beyond that, the oldest are dropped.
const MAX_SESSIONS: i64 = 10_000;

/// A login under way.
pub(super) struct Login {
    pub(super) nonce: String,
    /// The text that must be signed.
    pub(super) message: String,
    /// Unix seconds.
    pub(super) ends: i64,
}

/// An open session.
pub(super) struct Session {
    pub(super) token_hash: String,
    /// Lower-case hexadecimal.
    pub(super) sender: String,
    pub(super) signature_type: String,
    /// Unix seconds.
    pub(super) ends: i64,
}

pub(super) async fn prepare(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS kgw_logins (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            nonce TEXT NOT NULL UNIQUE,
            message TEXT NOT NULL,
            ends INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS kgw_sessions (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            token_hash TEXT NOT NULL UNIQUE,
            sender TEXT NOT NULL,
            signature_type TEXT NOT NULL,
            ends INTEGER NOT NULL
         ) STRICT;",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Also forgets what has ended before `now`.
pub(super) async fn insert_login(
    db: &mut SqliteConnection,
    login: &Login,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO kgw_logins (nonce, message, ends) VALUES ($1, $2, $3)")
        .bind(&login.nonce)
        .bind(&login.message)
        .bind(login.ends)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "DELETE FROM kgw_logins WHERE ends < $1 OR number <= (SELECT MAX(number) FROM kgw_logins) - $2",
    )
    .bind(now)
    .bind(MAX_LOGINS)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a login away: a nonce works once. `None` if there is none, or if it has ended.
pub(super) async fn take_login(
    db: &mut SqliteConnection,
    nonce: &str,
    now: i64,
) -> Result<Option<Login>, sqlx::Error> {
    let row: Option<(String, String, i64)> =
        sqlx::query_as("DELETE FROM kgw_logins WHERE nonce = $1 RETURNING nonce, message, ends")
            .bind(nonce)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|(nonce, message, ends)| Login { nonce, message, ends }).filter(|login| login.ends >= now))
}

/// Also forgets what has ended before `now`.
pub(super) async fn insert_session(
    db: &mut SqliteConnection,
    session: &Session,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO kgw_sessions (token_hash, sender, signature_type, ends) VALUES ($1, $2, $3, $4)",
    )
    .bind(&session.token_hash)
    .bind(&session.sender)
    .bind(&session.signature_type)
    .bind(session.ends)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "DELETE FROM kgw_sessions WHERE ends < $1 OR number <= (SELECT MAX(number) FROM kgw_sessions) - $2",
    )
    .bind(now)
    .bind(MAX_SESSIONS)
    .execute(db)
    .await?;
    Ok(())
}

/// An open session. `None` if there is none, or if it has ended.
pub(super) async fn session(
    db: &mut SqliteConnection,
    token_hash: &str,
    now: i64,
) -> Result<Option<Session>, sqlx::Error> {
    let row: Option<(String, String, String, i64)> = sqlx::query_as(
        "SELECT token_hash, sender, signature_type, ends FROM kgw_sessions WHERE token_hash = $1 AND ends >= $2",
    )
    .bind(token_hash)
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(token_hash, sender, signature_type, ends)| Session {
        token_hash,
        sender,
        signature_type,
        ends,
    }))
}

pub(super) async fn delete_session(db: &mut SqliteConnection, token_hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM kgw_sessions WHERE token_hash = $1").bind(token_hash).execute(db).await?;
    Ok(())
}
