//! The tables `inserters` and `delegates`.

use sqlx::SqliteConnection;

use super::constraints::{ForeignKey, Parent, WriteError, explained};
use crate::config::Inserter;

/// The name of the inserter that `caller` acts for. Compared exactly, and delegates are stored in lower case.
pub(crate) async fn name_of(db: &mut SqliteConnection, caller: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT inserters.name FROM inserters JOIN delegates ON inserters.id = delegates.inserter_id
         WHERE delegates.address = $1",
    )
    .bind(caller)
    .fetch_optional(db)
    .await
}

/// Whether both are delegates of one inserter. They may be the same delegate.
pub(crate) async fn are_colleagues(
    db: &mut SqliteConnection,
    one: Option<&str>,
    other: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM delegates AS d1 JOIN delegates AS d2 ON d1.inserter_id = d2.inserter_id
         WHERE d1.address = $1 AND d2.address = $2",
    )
    .bind(one)
    .bind(other)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<(), WriteError> {
    sqlx::query("INSERT INTO inserters (id, name) VALUES ($1, $2)").bind(id).bind(name).execute(db).await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: Option<&str>) -> Result<(), WriteError> {
    sqlx::query("DELETE FROM inserters WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// Stores the address in lower case, as the schema does.
pub(crate) async fn insert_delegate(
    db: &mut SqliteConnection,
    address: Option<&str>,
    inserter_id: Option<&str>,
) -> Result<(), WriteError> {
    let written = sqlx::query("INSERT INTO delegates (address, inserter_id) VALUES ($1, $2)")
        .bind(address.map(str::to_lowercase))
        .bind(inserter_id)
        .execute(&mut *db)
        .await;
    let key =
        ForeignKey { table: "delegates", column: "inserter_id", parent: Parent::Inserters, id: inserter_id };
    explained(db, written, &[key]).await
}

/// Does *not* lower the address, as the schema does not.
pub(crate) async fn delete_delegate(
    db: &mut SqliteConnection,
    address: Option<&str>,
) -> Result<(), WriteError> {
    sqlx::query("DELETE FROM delegates WHERE address = $1").bind(address).execute(db).await?;
    Ok(())
}

/// Makes sure that an inserter and its delegates are there, whatever was there before.
pub(crate) async fn seed(db: &mut SqliteConnection, inserter: &Inserter) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO inserters (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(inserter.id.to_string())
        .bind(&inserter.name)
        .execute(&mut *db)
        .await?;
    for delegate in &inserter.delegates {
        sqlx::query(
            "INSERT INTO delegates (address, inserter_id) SELECT $1, id FROM inserters WHERE name = $2
             ON CONFLICT (address) DO UPDATE SET inserter_id = excluded.inserter_id",
        )
        .bind(delegate.to_lowercase())
        .bind(&inserter.name)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}
