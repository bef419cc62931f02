//! Records of attributes that are to be written into users' profiles.

use sqlx::any::AnyRow;

use super::profiles::ProfileChange;
use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::attribute::Attribute;
use crate::model::ids::AttributeId;
use crate::model::issuance::HaltCode;
use crate::model::lifecycle::NoMove;
use crate::model::profile::ProfileState;
use crate::model::time::Timestamp;

impl Store {
    /// An attribute of this client. Everybody else's is not there.
    pub async fn attribute_of(
        &self,
        client: &str,
        id: &AttributeId,
    ) -> Result<Option<Attribute>, StoreError> {
        Ok(self.attribute(id).await?.filter(|attribute| attribute.client == client))
    }

    /// An attribute, whosever it is: for background work and operators.
    pub async fn attribute(&self, id: &AttributeId) -> Result<Option<Attribute>, StoreError> {
        let row = sqlx::query("SELECT * FROM attribute WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Key and value as they are to stand on the network, locked.
    pub async fn locked_attribute(&self, id: &AttributeId) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> = sqlx::query_as("SELECT locked FROM attribute WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.and_then(|(locked,)| locked))
    }

    /// Attributes behind `from` that have stopped, those first that wait for the shortest time; with `until`, only those whose
    /// time of waiting is over by then.
    pub async fn stopped_attributes(
        &self,
        until: Option<Timestamp>,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Attribute>, StoreError> {
        let rows = Rows { at: Some("waits_until"), ..ROWS };
        rows.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT * FROM attribute WHERE state = 'halted' AND waits_until <= $1 \
                     AND (waits_until, id) > ($2, $3) ORDER BY waits_until, id LIMIT $4",
                )
                .bind(millis(until).unwrap_or(i64::MAX))
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            }
        })
        .await
    }
}

impl Tx {
    /// Adds a record, with key and value locked.
    pub async fn add_attribute(&mut self, attribute: &Attribute, locked: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO attribute (id, client, state, user_id, attribute_id, sensitive, write_key, locked, created_at, \
             updated_at, was_sent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
        )
        .bind(attribute.id.as_str())
        .bind(&attribute.client)
        .bind(attribute.state.as_str())
        .bind(attribute.user_id.to_string())
        .bind(attribute.attribute_id.to_string())
        .bind(attribute.sensitive.as_str())
        .bind(&attribute.write_key)
        .bind(locked)
        .bind(attribute.created_at.unix_millis())
        .bind(attribute.updated_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets key and value of a record that this program cannot read. Gives whether there were any.
    pub async fn forget_attribute_unread(&mut self, id: &str) -> Result<bool, StoreError> {
        let result = sqlx::query("UPDATE attribute SET locked = NULL WHERE id = $1 AND locked IS NOT NULL")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        Ok(result.rows_affected() > 0)
    }

    /// The move from one state to another. [`StoreError::Stale`] if it is not in `from`.
    pub async fn advance_attribute(
        &mut self,
        id: &AttributeId,
        from: ProfileState,
        to: ProfileState,
        change: ProfileChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        NoMove::check_profile(from, to)?;
        self.changed(id.as_str());
        let height = change.transaction.as_ref().and_then(|transaction| transaction.height);
        let result = sqlx::query(
            "UPDATE attribute SET state = $3, updated_at = $4, halt = $5, waits_until = $6, \
             tx_hash = COALESCE($7, tx_hash), tx_height = COALESCE($8, tx_height), \
             locked = CASE WHEN $9 = CAST(1 AS BIGINT) THEN NULL ELSE locked END, \
             was_sent = CASE WHEN $10 = CAST(1 AS BIGINT) THEN 1 ELSE was_sent END \
             WHERE id = $1 AND state = $2",
        )
        .bind(id.as_str())
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(now.unix_millis())
        .bind(change.halt.map(HaltCode::as_str))
        .bind(millis(change.waits_until))
        .bind(change.transaction.map(|transaction| transaction.hash))
        .bind(height.and_then(|height| i64::try_from(height).ok()))
        .bind(i64::from(change.forget))
        .bind(i64::from(change.was_sent))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }
}

const ROWS: Rows<Attribute> = Rows { table: "attribute", at: None, read };

fn read(row: &AnyRow) -> Result<Attribute, StoreError> {
    let row = Columns(row);
    Ok(Attribute {
        id: row.parsed("id")?,
        client: row.text("client")?,
        state: row.parsed("state")?,
        user_id: row.parsed("user_id")?,
        attribute_id: row.parsed("attribute_id")?,
        sensitive: row.parsed("sensitive")?,
        write_key: row.text("write_key")?,
        halt: row.maybe_parsed("halt")?,
        waits_until: row.maybe_moment("waits_until")?,
        transaction: row.transaction()?,
        was_sent: row.number("was_sent")? == 1,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
