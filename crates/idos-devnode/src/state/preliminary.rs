//! The table `preliminary_requests`, and what is waited for under each of its ids.

use idos_content_id::ContentId;
use sqlx::SqliteConnection;

use super::constraints::{ForeignKey, Parent, WriteError, explained};
use crate::blobs::{Named, Request};

/// What an action says that it will bring.
pub(crate) struct NewRequest<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) original_id: Option<&'a str>,
    pub(crate) copy_id: Option<&'a str>,
}

pub(crate) async fn insert(db: &mut SqliteConnection, request: &NewRequest<'_>) -> Result<(), WriteError> {
    let written =
        sqlx::query("INSERT INTO preliminary_requests (id, original_id, copy_id) VALUES ($1, $2, $3)")
            .bind(request.id)
            .bind(request.original_id)
            .bind(request.copy_id)
            .execute(&mut *db)
            .await;
    let key =
        |column, id| ForeignKey { table: "preliminary_requests", column, parent: Parent::Credentials, id };
    explained(db, written, &[key("original_id", request.original_id), key("copy_id", request.copy_id)]).await
}

/// What is waited for under an id, in lower case with dashes; of credentials that are still there.
pub(crate) async fn request(db: &mut SqliteConnection, id: &str) -> Result<Option<Request>, sqlx::Error> {
    type Row = (Option<String>, Option<i64>, Option<String>, Option<i64>);
    let row: Option<Row> = sqlx::query_as(
        "SELECT o.content_uri, o.content_size, c.content_uri, c.content_size
         FROM preliminary_requests AS r LEFT JOIN credentials AS o ON r.original_id = o.id
            LEFT JOIN credentials AS c ON r.copy_id = c.id
         WHERE r.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(original, original_size, copy, copy_size)| Request {
        original: Named::read(original.as_deref(), original_size),
        copy: Named::read(copy.as_deref(), copy_size),
    }))
}

/// Says that the contents of a request have come: from now on, its credentials are seen.
pub(crate) async fn set_uploaded(db: &mut SqliteConnection, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE credentials SET uploaded = 1 WHERE id IN
            (SELECT original_id FROM preliminary_requests WHERE id = $1
             UNION SELECT copy_id FROM preliminary_requests WHERE id = $1)",
    )
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a row names this content.
pub(crate) async fn is_named(db: &mut SqliteConnection, id: ContentId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM credentials WHERE content_uri = $1")
        .bind(id.uri())
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}
