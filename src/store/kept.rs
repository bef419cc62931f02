//! Signed credentials that are kept after delivery, locked (`src/model/safety_net.rs` says how long).

use sqlx::any::AnyRow;

use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx};
use crate::model::ids::IssuanceId;
use crate::model::safety_net::{Kept, Stage};
use crate::model::time::Timestamp;

/// What is kept, and whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOf {
    /// The issuance.
    pub id: IssuanceId,
    /// The client.
    pub client: String,
    /// Since when, why, and until when.
    pub kept: Kept,
}

/// Content that another vault key than the present one has locked.
#[derive(Clone, Debug)]
pub struct KeptToRelock {
    /// The issuance.
    pub id: IssuanceId,
    /// As it lies there.
    pub locked: String,
}

impl Store {
    /// What is due, the longest overdue first.
    pub async fn kept_due(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<KeptOf>, StoreError> {
        ROWS.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT issuance_id AS id, client, stage, kept_until, valid_until FROM kept_content \
                     WHERE stage <> 'waiting' AND kept_until <= $1 AND (kept_until, issuance_id) > ($2, $3) \
                     ORDER BY kept_until, issuance_id LIMIT $4",
                )
                .bind(now.unix_millis())
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            }
        })
        .await
    }

    /// Shortens what is kept for the phase, and for longer than `limit`, to it. Gives how many.
    pub async fn shorten_kept(&self, limit: Timestamp) -> Result<u64, StoreError> {
        let limit = limit.unix_millis();
        self.forget(
            (limit.saturating_add(1), String::new()),
            |(at, id), rows| {
                sqlx::query_as(
                    "SELECT kept_until, issuance_id FROM kept_content WHERE stage = 'safety_net' \
                     AND (kept_until, issuance_id) > ($1, $2) ORDER BY kept_until, issuance_id LIMIT $3",
                )
                .bind(at)
                .bind(id)
                .bind(rows)
            },
            |(_, id)| {
                sqlx::query(
                    "UPDATE kept_content SET kept_until = $2 WHERE issuance_id = $1 AND stage = 'safety_net' \
                     AND kept_until > $2",
                )
                .bind(id)
                .bind(limit)
            },
        )
        .await
    }

    /// What is kept of an issuance, delivered or not, as it lies there.
    pub async fn locked_content(&self, id: &IssuanceId) -> Result<Option<(Kept, String)>, StoreError> {
        let row = sqlx::query(
            "SELECT stage, kept_until, valid_until, locked FROM kept_content WHERE issuance_id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok((read_kept(&Columns(&row))?, Columns(&row).text("locked")?))).transpose()
    }

    /// Content behind `from` that another vault key than this one has locked, in order of ids.
    pub async fn kept_to_relock(
        &self,
        key_id: &str,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<KeptToRelock>, StoreError> {
        let rows = Rows { table: "kept_content", at: None, read: read_locked };
        rows.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT issuance_id AS id, locked FROM kept_content WHERE issuance_id > $1 AND locked NOT LIKE $2 \
                     ORDER BY issuance_id LIMIT $3",
                )
                .bind(place.id)
                .bind(format!("v1.{key_id}.%"))
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            }
        })
        .await
    }
}

impl Tx {
    /// Keeps a signed credential, locked, that counts as kept once it is delivered.
    pub async fn keep_content(
        &mut self,
        (id, client): (&IssuanceId, &str),
        (until, valid_until): (Timestamp, Option<Timestamp>),
        locked: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO kept_content (issuance_id, client, stage, kept_until, valid_until, locked, created_at) \
             VALUES ($1, $2, 'waiting', $3, $4, $5, $6)",
        )
        .bind(id.as_str())
        .bind(client)
        .bind(until.unix_millis())
        .bind(millis(valid_until))
        .bind(locked)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// What is kept of an issuance.
    pub async fn kept_of(&mut self, id: &IssuanceId) -> Result<Option<Kept>, StoreError> {
        let row =
            sqlx::query("SELECT stage, kept_until, valid_until FROM kept_content WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *self.tx)
                .await?;
        row.map(|row| read_kept(&Columns(&row))).transpose()
    }

    /// Changes why and until when it is kept. Gives whether it was as it was read; nothing is changed otherwise.
    pub async fn change_kept(
        &mut self,
        id: &IssuanceId,
        (from, to): (&Kept, &Kept),
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "UPDATE kept_content SET stage = $2, kept_until = $3 WHERE issuance_id = $1 AND stage || '' = $4 \
             AND kept_until = $5",
        )
        .bind(id.as_str())
        .bind(to.stage.as_str())
        .bind(to.until.unix_millis())
        .bind(from.stage.as_str())
        .bind(from.until.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Deletes what is kept, if it still is as it was read. Gives whether it was.
    pub async fn forget_kept(&mut self, id: &IssuanceId, kept: &Kept) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "DELETE FROM kept_content WHERE issuance_id = $1 AND stage || '' = $2 AND kept_until = $3",
        )
        .bind(id.as_str())
        .bind(kept.stage.as_str())
        .bind(kept.until.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Locks it anew, if nobody else has meanwhile. Gives whether it was done.
    pub async fn relock_kept(&mut self, id: &IssuanceId, old: &str, new: &str) -> Result<bool, StoreError> {
        let result =
            sqlx::query("UPDATE kept_content SET locked = $1 WHERE issuance_id = $2 AND locked = $3")
                .bind(new)
                .bind(id.as_str())
                .bind(old)
                .execute(&mut *self.tx)
                .await?;
        Ok(result.rows_affected() == 1)
    }
}

const ROWS: Rows<KeptOf> = Rows { table: "kept_content", at: Some("kept_until"), read };

fn read(row: &AnyRow) -> Result<KeptOf, StoreError> {
    let row = Columns(row);
    Ok(KeptOf { id: row.parsed("id")?, client: row.text("client")?, kept: read_kept(&row)? })
}

fn read_locked(row: &AnyRow) -> Result<KeptToRelock, StoreError> {
    let row = Columns(row);
    Ok(KeptToRelock { id: row.parsed("id")?, locked: row.text("locked")? })
}

fn read_kept(row: &Columns<'_>) -> Result<Kept, StoreError> {
    Ok(Kept {
        stage: row.parsed::<Stage>("stage")?,
        until: row.moment("kept_until")?,
        valid_until: row.maybe_moment("valid_until")?,
    })
}
