//! The tables `credentials` and `shared_credentials`.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _, SqliteConnection};

use super::constraints::{ForeignKey, Parent, WriteError, explained};

/// A row.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CredentialRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) verifiable_credential_id: Option<String>,
    /// Null only where a copy is read with the notes of an original that is gone.
    pub(crate) public_notes: Option<String>,
    /// Null where it lies at the blob gateway.
    pub(crate) content: Option<String>,
    pub(crate) content_uri: Option<String>,
    pub(crate) content_size: Option<i64>,
    pub(crate) encryptor_public_key: String,
    pub(crate) issuer_auth_public_key: String,
    pub(crate) inserter_type: Option<String>,
    pub(crate) inserter: Option<String>,
    /// False while the blob gateway waits for the content.
    pub(crate) uploaded: bool,
}

/// Which credentials a reader sees.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Seen {
    /// Those whose content is there.
    #[default]
    Uploaded,
    /// Those that wait for it, too.
    All,
}

impl Seen {
    /// What `uploaded` must be at least.
    pub(super) fn least(self) -> i64 {
        match self {
            Self::Uploaded => 1,
            Self::All => 0,
        }
    }
}

/// A row to be written, as far as its caller gave it.
#[derive(Clone, Copy)]
pub(crate) struct NewCredential<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) verifiable_credential_id: Option<&'a str>,
    pub(crate) public_notes: Option<&'a str>,
    pub(crate) content: Option<&'a str>,
    pub(crate) content_uri: Option<&'a str>,
    pub(crate) content_size: Option<i64>,
    pub(crate) encryptor_public_key: Option<&'a str>,
    pub(crate) issuer_auth_public_key: Option<&'a str>,
    pub(crate) inserter_type: Option<&'a str>,
    pub(crate) inserter: Option<&'a str>,
    pub(crate) is_uploaded: bool,
}

/// A line of a list of credentials, without content.
pub(crate) struct ListedCredential {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) public_notes: String,
    pub(crate) encryptor_public_key: String,
    pub(crate) issuer_auth_public_key: String,
    pub(crate) content_uri: Option<String>,
    pub(crate) content_size: Option<i64>,
    pub(crate) inserter_type: Option<String>,
    pub(crate) inserter: Option<String>,
    pub(crate) original_id: Option<String>,
}

/// A credential without what is in it.
pub(crate) struct WrittenCredential {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) verifiable_credential_id: Option<String>,
    pub(crate) inserter: Option<String>,
    pub(crate) uploaded: bool,
}

/// Writes a new row.
pub(crate) async fn insert(db: &mut SqliteConnection, row: &NewCredential<'_>) -> Result<(), WriteError> {
    let query =
        "INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content, content_uri,
            content_size, encryptor_public_key, issuer_auth_public_key, inserter_type, inserter, uploaded)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    write(db, query, row).await
}

/// Writes a new row, or replaces everything but the fee in the one with this id, whoever wrote it.
pub(crate) async fn upsert(db: &mut SqliteConnection, row: &NewCredential<'_>) -> Result<(), WriteError> {
    let query = "INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content, content_uri,
            content_size, encryptor_public_key, issuer_auth_public_key, inserter_type, inserter, uploaded)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id,
            verifiable_credential_id = excluded.verifiable_credential_id, public_notes = excluded.public_notes,
            content = excluded.content, content_uri = excluded.content_uri, content_size = excluded.content_size,
            encryptor_public_key = excluded.encryptor_public_key,
            issuer_auth_public_key = excluded.issuer_auth_public_key, inserter_type = excluded.inserter_type,
            inserter = excluded.inserter, uploaded = excluded.uploaded";
    write(db, query, row).await
}

/// Changes a user's credential; nothing if it is not the user's. The inserter stays.
pub(crate) async fn update(db: &mut SqliteConnection, row: &NewCredential<'_>) -> Result<(), WriteError> {
    sqlx::query(
        "UPDATE credentials SET verifiable_credential_id = $3, public_notes = $4, content = $5,
            content_uri = NULL, content_size = NULL, encryptor_public_key = $6, issuer_auth_public_key = $7, uploaded = 1
         WHERE id = $1 AND user_id = $2",
    )
    .bind(row.id)
    .bind(row.user_id)
    .bind(row.verifiable_credential_id)
    .bind(row.public_notes)
    .bind(row.content)
    .bind(row.encryptor_public_key)
    .bind(row.issuer_auth_public_key)
    .execute(db)
    .await?;
    Ok(())
}

async fn write(
    db: &mut SqliteConnection,
    query: &'static str,
    row: &NewCredential<'_>,
) -> Result<(), WriteError> {
    let written = sqlx::query(query)
        .bind(row.id)
        .bind(row.user_id)
        .bind(row.verifiable_credential_id)
        .bind(row.public_notes)
        .bind(row.content)
        .bind(row.content_uri)
        .bind(row.content_size)
        .bind(row.encryptor_public_key)
        .bind(row.issuer_auth_public_key)
        .bind(row.inserter_type)
        .bind(row.inserter)
        .bind(i64::from(row.is_uploaded))
        .execute(&mut *db)
        .await;
    let key = ForeignKey { table: "credentials", column: "user_id", parent: Parent::Users, id: row.user_id };
    explained(db, written, &[key]).await
}

pub(crate) async fn user_of(
    db: &mut SqliteConnection,
    id: Option<&str>,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT user_id FROM credentials WHERE id = $1").bind(id).fetch_optional(db).await
}

/// Whether it is there, for a reader.
pub(crate) async fn exists(
    db: &mut SqliteConnection,
    id: Option<&str>,
    seen: Seen,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM credentials WHERE id = $1 AND uploaded >= $2")
        .bind(id)
        .bind(seen.least())
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// The credential, with its own notes.
pub(crate) async fn by_id(
    db: &mut SqliteConnection,
    id: Option<&str>,
    seen: Seen,
) -> Result<Option<CredentialRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, user_id, verifiable_credential_id, public_notes, content, content_uri, content_size,
            encryptor_public_key, issuer_auth_public_key, inserter_type, inserter, uploaded
         FROM credentials WHERE id = $1 AND uploaded >= $2",
    )
    .bind(id)
    .bind(seen.least())
    .fetch_optional(db)
    .await
}

/// The credential, with the notes of each original it is a copy of; null notes if there is none any more.
pub(crate) async fn with_notes_of_original(
    db: &mut SqliteConnection,
    id: Option<&str>,
    seen: Seen,
) -> Result<Vec<CredentialRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.id, c.user_id, c.verifiable_credential_id, o.public_notes, c.content, c.content_uri, c.content_size,
            c.encryptor_public_key, c.issuer_auth_public_key, c.inserter_type, c.inserter, c.uploaded
         FROM credentials AS c LEFT JOIN shared_credentials AS s ON c.id = s.copy_id
            LEFT JOIN credentials AS o ON s.original_id = o.id
         WHERE c.id = $1 AND c.uploaded >= $2 ORDER BY s.original_id",
    )
    .bind(id)
    .bind(seen.least())
    .fetch_all(db)
    .await
}

pub(crate) async fn all(db: &mut SqliteConnection) -> Result<Vec<CredentialRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, user_id, verifiable_credential_id, public_notes, content, content_uri, content_size,
            encryptor_public_key, issuer_auth_public_key, inserter_type, inserter, uploaded
         FROM credentials ORDER BY id",
    )
    .fetch_all(db)
    .await
}

/// Which credentials there are, and who wrote them: without contents, which are megabytes each.
pub(crate) async fn written(db: &mut SqliteConnection) -> Result<Vec<WrittenCredential>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, user_id, verifiable_credential_id, inserter, uploaded FROM credentials ORDER BY id",
    )
    .fetch_all(db)
    .await
}

/// All of a user's rows, copies included.
pub(crate) async fn of_user(
    db: &mut SqliteConnection,
    user: &str,
    seen: Seen,
) -> Result<Vec<ListedCredential>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.id, c.user_id, c.public_notes, c.encryptor_public_key, c.issuer_auth_public_key, c.content_uri,
            c.content_size, c.inserter_type, c.inserter, s.original_id
         FROM credentials AS c LEFT JOIN shared_credentials AS s ON c.id = s.copy_id
         WHERE c.user_id = $1 AND c.uploaded >= $2 ORDER BY c.id, s.original_id",
    )
    .bind(user)
    .bind(seen.least())
    .fetch_all(db)
    .await
}

/// The copies of a user that `grantee` has a grant for and whose original is still there, with the original's
/// notes. `issuer`, if given, is the key of the *original*.
pub(crate) async fn shared_by_user(
    db: &mut SqliteConnection,
    user: Option<&str>,
    issuer: Option<&str>,
    grantee: &str,
    seen: Seen,
) -> Result<Vec<ListedCredential>, sqlx::Error> {
    sqlx::query_as(
        "SELECT DISTINCT c.id, c.user_id, o.public_notes, c.encryptor_public_key, c.issuer_auth_public_key,
            c.content_uri, c.content_size, c.inserter_type, c.inserter, s.original_id
         FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
            JOIN shared_credentials AS s ON c.id = s.copy_id
            JOIN credentials AS o ON o.id = s.original_id
         WHERE c.user_id = $1 AND ($2 IS NULL OR o.issuer_auth_public_key = $2)
            AND g.ag_grantee_wallet_identifier = $3 COLLATE NOCASE AND c.uploaded >= $4
         ORDER BY c.id, s.original_id",
    )
    .bind(user)
    .bind(issuer)
    .bind(grantee)
    .bind(seen.least())
    .fetch_all(db)
    .await
}

/// Whether it is a copy that belongs to `user`.
pub(crate) async fn is_copy_of_user(
    db: &mut SqliteConnection,
    id: Option<&str>,
    user: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM credentials AS c JOIN shared_credentials AS s ON c.id = s.copy_id
         WHERE c.id = $1 AND c.user_id = $2",
    )
    .bind(id)
    .bind(user)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Whether it is a copy with an original that is still there, and `grantee` has a grant for it.
pub(crate) async fn is_shared_with(
    db: &mut SqliteConnection,
    id: Option<&str>,
    grantee: &str,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
            JOIN shared_credentials AS s ON c.id = s.copy_id
            JOIN credentials AS o ON o.id = s.original_id
         WHERE c.id = $1 AND g.ag_grantee_wallet_identifier = $2 COLLATE NOCASE",
    )
    .bind(id)
    .bind(grantee)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Sets the notes of every credential of this issuer key and verifiable credential id. The stored id stays.
pub(crate) async fn set_notes(
    db: &mut SqliteConnection,
    issuer: &str,
    verifiable_credential_id: Option<&str>,
    notes: Option<&str>,
) -> Result<u64, WriteError> {
    let done = sqlx::query(
        "UPDATE credentials SET public_notes = $3
         WHERE issuer_auth_public_key = $1 AND verifiable_credential_id = $2",
    )
    .bind(issuer)
    .bind(verifiable_credential_id)
    .bind(notes)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM credentials WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// The fee, in decimal digits; `None` if there is no such credential.
pub(crate) async fn issuer_fee(
    db: &mut SqliteConnection,
    id: Option<&str>,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT issuer_fee FROM credentials WHERE id = $1").bind(id).fetch_optional(db).await
}

impl FromRow<'_, SqliteRow> for CredentialRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            verifiable_credential_id: row.try_get("verifiable_credential_id")?,
            public_notes: row.try_get("public_notes")?,
            content: row.try_get("content")?,
            content_uri: row.try_get("content_uri")?,
            content_size: row.try_get("content_size")?,
            encryptor_public_key: row.try_get("encryptor_public_key")?,
            issuer_auth_public_key: row.try_get("issuer_auth_public_key")?,
            inserter_type: row.try_get("inserter_type")?,
            inserter: row.try_get("inserter")?,
            uploaded: row.try_get("uploaded")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for ListedCredential {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            public_notes: row.try_get("public_notes")?,
            encryptor_public_key: row.try_get("encryptor_public_key")?,
            issuer_auth_public_key: row.try_get("issuer_auth_public_key")?,
            content_uri: row.try_get("content_uri")?,
            content_size: row.try_get("content_size")?,
            inserter_type: row.try_get("inserter_type")?,
            inserter: row.try_get("inserter")?,
            original_id: row.try_get("original_id")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for WrittenCredential {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            verifiable_credential_id: row.try_get("verifiable_credential_id")?,
            inserter: row.try_get("inserter")?,
            uploaded: row.try_get("uploaded")?,
        })
    }
}
