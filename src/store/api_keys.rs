//! API keys.

use std::collections::BTreeSet;

use sqlx::any::AnyRow;

use super::gathering::Question;
use super::rows::{Columns, millis};
use super::walk::Rows;
use super::{Line, Store, StoreError, Tx, many, one};
use crate::model::client::ApiKey;
use crate::model::ids::ApiKeyId;
use crate::model::time::HOUR;
use crate::model::time::Timestamp;

impl Store {
    /// The key of this id, as it is now. What is asked at the same time is read once.
    pub async fn api_key(&self, id: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        self.ask(id.clone()).await
    }

    /// All keys, oldest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let rows = sqlx::query("SELECT * FROM api_key ORDER BY id").fetch_all(&self.pool).await?;
        Rows { table: "api_key", at: None, read }.all(&rows)
    }

    /// Notes that a key is in use: at most once an hour, so that reading does not write.
    pub async fn note_use(&self, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE api_key SET used_at = $1 WHERE id = $2 AND (used_at IS NULL OR used_at <= $3)")
            .bind(now.unix_millis())
            .bind(id.as_str())
            .bind(now.unix_millis() - HOUR)
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Adds a key.
    pub async fn add_api_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        sqlx::query(
            "INSERT INTO api_key (id, client, hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(key.id.as_str())
        .bind(&key.client)
        .bind(&key.hash)
        .bind(scopes.join(" "))
        .bind(key.created_at.unix_millis())
        .bind(millis(key.expires_at))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Revokes a key; [`StoreError::Stale`] if there is none that is not revoked.
    pub async fn revoke_api_key(&mut self, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let result = sqlx::query("UPDATE api_key SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(now.unix_millis())
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&result)
    }
}

impl Question for ApiKeyId {
    type Answer = Option<ApiKey>;

    fn line(store: &Store) -> &Line<Self> {
        &store.lines.api_keys
    }

    async fn read(store: &Store, all: &[Self]) -> Result<Vec<Self::Answer>, StoreError> {
        // Clients that ask much ask by few keys.
        let ids: BTreeSet<&str> = all.iter().map(Self::as_str).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut query = many::all_of("SELECT * FROM api_key WHERE id IN ($1)", many::padded(ids.len()));
        for id in many::pad(&ids) {
            query = query.bind(*id);
        }
        let rows = query.fetch_all(&store.pool).await?;
        let found: Vec<ApiKey> = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(all.iter().map(|id| found.iter().find(|key| key.id == *id).cloned()).collect())
    }
}

fn read(row: &AnyRow) -> Result<ApiKey, StoreError> {
    let row = Columns(row);
    let scopes = row.text("scopes")?;
    Ok(ApiKey {
        id: row.parsed("id")?,
        client: row.text("client")?,
        hash: row.text("hash")?,
        // What a newer program lets a key do, this one cannot.
        scopes: scopes.split_whitespace().filter_map(|scope| scope.parse().ok()).collect(),
        created_at: row.moment("created_at")?,
        expires_at: row.maybe_moment("expires_at")?,
        revoked_at: row.maybe_moment("revoked_at")?,
        used_at: row.maybe_moment("used_at")?,
    })
}
