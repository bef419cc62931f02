//! The tables `access_grants` and `consumed_write_grants`.

use sqlx::SqliteConnection;

use super::constraints::{ForeignKey, Parent, WriteError, explained};
use super::credentials::Seen;

/// A row of `access_grants`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AccessGrantRow {
    pub(crate) id: String,
    pub(crate) owner_user_id: String,
    pub(crate) grantee: String,
    pub(crate) data_id: String,
    pub(crate) locked_until: i64,
    pub(crate) content_hash: Option<String>,
    pub(crate) inserter_type: String,
    pub(crate) inserter_id: String,
}

/// A row of `access_grants` to be written, as far as its caller gave it.
pub(crate) struct NewAccessGrant<'a> {
    pub(crate) id: &'a str,
    pub(crate) owner_user_id: &'a str,
    pub(crate) grantee: Option<&'a str>,
    pub(crate) data_id: Option<&'a str>,
    pub(crate) locked_until: Option<i64>,
    pub(crate) content_hash: Option<&'a str>,
    pub(crate) height: i64,
    pub(crate) inserter_type: &'a str,
    pub(crate) inserter_id: Option<&'a str>,
}

/// A row of `consumed_write_grants` to be written.
pub(crate) struct ConsumedWriteGrant<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) owner: Option<&'a str>,
    pub(crate) grantee: Option<&'a str>,
    pub(crate) issuer_public_key: Option<&'a str>,
    pub(crate) original_credential_id: Option<&'a str>,
    pub(crate) copy_credential_id: Option<&'a str>,
    pub(crate) access_grant_timelock: Option<&'a str>,
    pub(crate) not_usable_before: Option<&'a str>,
    pub(crate) not_usable_after: Option<&'a str>,
}

/// Which of a grantee's grants to list.
pub(crate) struct Page<'a> {
    pub(crate) owner: Option<&'a str>,
    /// `None`: no limit.
    pub(crate) size: Option<i64>,
    pub(crate) offset: i64,
}

/// The columns of [`Columns`], from `access_grants` and what follows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, ag_owner_user_id, ag_grantee_wallet_identifier, data_id, locked_until, content_hash,
                inserter_type, inserter_id
             FROM access_grants ",
            $rest
        )
    };
}

type Columns = (String, String, String, String, i64, Option<String>, String, String);

pub(crate) async fn insert(db: &mut SqliteConnection, grant: &NewAccessGrant<'_>) -> Result<(), WriteError> {
    let written = sqlx::query(
        "INSERT INTO access_grants (id, ag_owner_user_id, ag_grantee_wallet_identifier, data_id, locked_until,
            content_hash, height, inserter_type, inserter_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(grant.id)
    .bind(grant.owner_user_id)
    .bind(grant.grantee)
    .bind(grant.data_id)
    .bind(grant.locked_until)
    .bind(grant.content_hash)
    .bind(grant.height)
    .bind(grant.inserter_type)
    .bind(grant.inserter_id)
    .execute(&mut *db)
    .await;
    let key = ForeignKey {
        table: "access_grants",
        column: "ag_owner_user_id",
        parent: Parent::Users,
        id: Some(grant.owner_user_id),
    };
    explained(db, written, &[key]).await
}

pub(crate) async fn insert_consumed(
    db: &mut SqliteConnection,
    grant: &ConsumedWriteGrant<'_>,
) -> Result<(), WriteError> {
    let written = sqlx::query(
        "INSERT INTO consumed_write_grants (id, owner_wallet_identifier, grantee_wallet_identifier,
            issuer_public_key, original_credential_id, copy_credential_id, access_grant_timelock,
            not_usable_before, not_usable_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(grant.id)
    .bind(grant.owner)
    .bind(grant.grantee)
    .bind(grant.issuer_public_key)
    .bind(grant.original_credential_id)
    .bind(grant.copy_credential_id)
    .bind(grant.access_grant_timelock)
    .bind(grant.not_usable_before)
    .bind(grant.not_usable_after)
    .execute(&mut *db)
    .await;
    let key =
        |column, id| ForeignKey { table: "consumed_write_grants", column, parent: Parent::Credentials, id };
    let keys = [
        key("original_credential_id", grant.original_credential_id),
        key("copy_credential_id", grant.copy_credential_id),
    ];
    explained(db, written, &keys).await
}

pub(crate) async fn exists(db: &mut SqliteConnection, id: &str) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM access_grants WHERE id = $1").bind(id).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// Whether anybody has a grant for this credential.
pub(crate) async fn any_for(db: &mut SqliteConnection, data_id: Option<&str>) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM access_grants WHERE data_id = $1")
        .bind(data_id)
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// The grant, if it is the user's.
pub(crate) async fn of_owner(
    db: &mut SqliteConnection,
    id: Option<&str>,
    owner: Option<&str>,
) -> Result<Option<AccessGrantRow>, sqlx::Error> {
    let row: Option<Columns> = sqlx::query_as(select!("WHERE id = $1 AND ag_owner_user_id = $2"))
        .bind(id)
        .bind(owner)
        .fetch_optional(db)
        .await?;
    Ok(row.map(AccessGrantRow::from))
}

pub(crate) async fn all_of_owner(
    db: &mut SqliteConnection,
    owner: &str,
) -> Result<Vec<AccessGrantRow>, sqlx::Error> {
    let rows: Vec<Columns> =
        sqlx::query_as(select!("WHERE ag_owner_user_id = $1 ORDER BY id")).bind(owner).fetch_all(db).await?;
    Ok(rows.into_iter().map(AccessGrantRow::from).collect())
}

/// The grants of one grantee, in any letter case, oldest first.
pub(crate) async fn granted_to(
    db: &mut SqliteConnection,
    grantee: &str,
    page: &Page<'_>,
) -> Result<Vec<AccessGrantRow>, sqlx::Error> {
    let rows: Vec<Columns> = sqlx::query_as(
        select!("WHERE ag_grantee_wallet_identifier = $1 COLLATE NOCASE AND ($2 IS NULL OR ag_owner_user_id = $2) ORDER BY height, id LIMIT $3 OFFSET $4"),
    )
    .bind(grantee)
    .bind(page.owner)
    .bind(page.size.unwrap_or(-1)) // for SQLite, a negative limit is none
    .bind(page.offset)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(AccessGrantRow::from).collect())
}

pub(crate) async fn count_granted_to(
    db: &mut SqliteConnection,
    grantee: &str,
    owner: Option<&str>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM access_grants
         WHERE ag_grantee_wallet_identifier = $1 COLLATE NOCASE AND ($2 IS NULL OR ag_owner_user_id = $2)",
    )
    .bind(grantee)
    .bind(owner)
    .fetch_one(db)
    .await
}

/// The grants of one grantee, in any letter case, for one credential.
pub(crate) async fn for_credential(
    db: &mut SqliteConnection,
    data_id: Option<&str>,
    grantee: &str,
) -> Result<Vec<AccessGrantRow>, sqlx::Error> {
    let rows: Vec<Columns> = sqlx::query_as(select!(
        "WHERE data_id = $1 AND ag_grantee_wallet_identifier = $2 COLLATE NOCASE ORDER BY id"
    ))
    .bind(data_id)
    .bind(grantee)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(AccessGrantRow::from).collect())
}

/// A credential that exists and that the grantee, in any letter case, has a grant for with this hash.
pub(crate) async fn credential_by_hash(
    db: &mut SqliteConnection,
    content_hash: Option<&str>,
    grantee: &str,
    seen: Seen,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT c.id FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
         WHERE g.content_hash = $1 AND g.ag_grantee_wallet_identifier = $2 COLLATE NOCASE AND c.uploaded >= $3
         ORDER BY c.id LIMIT 1",
    )
    .bind(content_hash)
    .bind(grantee)
    .bind(seen.least())
    .fetch_optional(db)
    .await
}

/// Whether one of the owner's grants for this credential is locked at `timestamp`: the moment itself counts.
pub(crate) async fn any_locked(
    db: &mut SqliteConnection,
    data_id: Option<&str>,
    owner: Option<&str>,
    timestamp: i64,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM access_grants WHERE data_id = $1 AND ag_owner_user_id = $2 AND locked_until >= $3",
    )
    .bind(data_id)
    .bind(owner)
    .bind(timestamp)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM access_grants WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

pub(crate) async fn delete_for(db: &mut SqliteConnection, data_id: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM access_grants WHERE data_id = $1").bind(data_id).execute(db).await?;
    Ok(())
}

pub(crate) async fn all(db: &mut SqliteConnection) -> Result<Vec<AccessGrantRow>, sqlx::Error> {
    let rows: Vec<Columns> = sqlx::query_as(select!("ORDER BY height, id")).fetch_all(db).await?;
    Ok(rows.into_iter().map(AccessGrantRow::from).collect())
}

impl From<Columns> for AccessGrantRow {
    fn from(columns: Columns) -> Self {
        let (id, owner_user_id, grantee, data_id, locked_until, content_hash, inserter_type, inserter_id) =
            columns;
        Self { id, owner_user_id, grantee, data_id, locked_until, content_hash, inserter_type, inserter_id }
    }
}
