//! Where contents lie.

use idos_content_id::ContentId;
use sqlx::SqliteConnection;

/// A content that is kept, without its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its identifier.
    pub id: ContentId,
    /// How many bytes it has.
    pub size: u64,
}

/// Makes the table, unless it is there.
pub async fn prepare(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS gateway_blobs (cid TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL) STRICT;",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps a content. One that is there is the same.
pub async fn keep(db: &mut SqliteConnection, id: ContentId, content: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO gateway_blobs (cid, content) VALUES ($1, $2) ON CONFLICT (cid) DO NOTHING")
        .bind(id.to_string())
        .bind(content)
        .execute(db)
        .await?;
    Ok(())
}

/// The bytes of a content, if it is there.
pub async fn content(db: &mut SqliteConnection, id: ContentId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT content FROM gateway_blobs WHERE cid = $1")
        .bind(id.to_string())
        .fetch_optional(db)
        .await
}

/// Forgets all.
pub async fn clear(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM gateway_blobs").execute(db).await?;
    Ok(())
}

/// All that is kept, by identifier.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<Kept>, sqlx::Error> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT cid, length(content) FROM gateway_blobs ORDER BY cid").fetch_all(db).await?;
    rows.into_iter()
        .map(|(cid, size)| {
            let id = cid.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok(Kept { id, size: u64::try_from(size).unwrap_or_default() })
        })
        .collect()
}
