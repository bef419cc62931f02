//! The table `users`.

use sqlx::SqliteConnection;

use super::constraints::WriteError;

/// A row, less its gas allowance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    pub(crate) recipient_encryption_public_key: String,
    pub(crate) encryption_password_store: String,
    pub(crate) inserter: String,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    id: Option<&str>,
    key: Option<&str>,
    store: Option<&str>,
    inserter: &str,
) -> Result<(), WriteError> {
    sqlx::query(
        "INSERT INTO users (id, recipient_encryption_public_key, encryption_password_store, inserter)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(id)
    .bind(key)
    .bind(store)
    .bind(inserter)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn update_keys(
    db: &mut SqliteConnection,
    id: Option<&str>,
    key: Option<&str>,
    store: Option<&str>,
) -> Result<(), WriteError> {
    sqlx::query(
        "UPDATE users SET recipient_encryption_public_key = $2, encryption_password_store = $3 WHERE id = $1",
    )
    .bind(id)
    .bind(key)
    .bind(store)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn by_id(
    db: &mut SqliteConnection,
    id: Option<&str>,
) -> Result<Option<UserRow>, sqlx::Error> {
    let row: Option<(String, String, String, String)> = sqlx::query_as(
        "SELECT id, recipient_encryption_public_key, encryption_password_store, inserter FROM users WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(UserRow::from))
}

pub(crate) async fn all(db: &mut SqliteConnection) -> Result<Vec<UserRow>, sqlx::Error> {
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT id, recipient_encryption_public_key, encryption_password_store, inserter FROM users ORDER BY id",
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(UserRow::from).collect())
}

/// What is left of a user's gas, in units of 10^-18; `None` if there is no such user.
pub(crate) async fn gas_allowance(db: &mut SqliteConnection, id: &str) -> Result<Option<u128>, sqlx::Error> {
    let text: Option<String> = sqlx::query_scalar("SELECT gas_allowance FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(text.map(|text| text.parse().unwrap_or(0)))
}

pub(crate) async fn set_gas_allowance(
    db: &mut SqliteConnection,
    id: &str,
    allowance: u128,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET gas_allowance = $2 WHERE id = $1")
        .bind(id)
        .bind(allowance.to_string())
        .execute(db)
        .await?;
    Ok(())
}

impl From<(String, String, String, String)> for UserRow {
    fn from((id, key, store, inserter): (String, String, String, String)) -> Self {
        Self { id, recipient_encryption_public_key: key, encryption_password_store: store, inserter }
    }
}
