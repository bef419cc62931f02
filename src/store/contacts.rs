//! Whom to write to: locked, found by keyed hash.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::ids::IssuanceId;
use crate::model::time::Timestamp;

/// A contact that is to be locked anew.
#[derive(Clone, Debug)]
pub struct ContactToRelock {
    /// The issuance that it belongs to.
    pub id: IssuanceId,
    /// The issuance's client.
    pub client: String,
    /// The contact, locked.
    pub locked: String,
}

impl Store {
    /// Clients that have contacts, in order.
    pub async fn clients_with_contacts(&self) -> Result<Vec<String>, StoreError> {
        let mut clients = Vec::new();
        // From client to client, past all that each has.
        let mut last = String::new();
        loop {
            let next: Option<(String,)> =
                sqlx::query_as("SELECT client FROM contact WHERE client > $1 ORDER BY client LIMIT 1")
                    .bind(&last)
                    .fetch_optional(&self.pool)
                    .await?;
            let Some((client,)) = next else { return Ok(clients) };
            clients.push(client.clone());
            last = client;
        }
    }

    /// The contact of an issuance, locked.
    pub async fn locked_contact(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT locked FROM contact WHERE issuance_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(locked,)| locked))
    }

    /// A client's issuances with this contact; `indexes` are all keyed hashes that it may have. Newest first.
    pub async fn issuances_of_contact(
        &self,
        client: &str,
        indexes: &[String],
    ) -> Result<Vec<IssuanceId>, StoreError> {
        let mut found = Vec::new();
        for index in indexes {
            let rows =
                sqlx::query("SELECT issuance_id AS id FROM contact WHERE client = $1 AND email_index = $2")
                    .bind(client)
                    .bind(index)
                    .fetch_all(&self.pool)
                    .await?;
            let ids = Rows { table: "contact", at: None, read: |row| Columns(row).parsed("id") };
            found.extend(ids.all(&rows)?);
        }
        found.sort_unstable();
        found.reverse();
        Ok(found)
    }

    /// Contacts behind `from` that are locked under another key than `key_id`, or whose hash does not begin with
    /// `renewed`, in order of issuances.
    pub async fn contacts_to_relock(
        &self,
        key_id: &str,
        renewed: &str,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<ContactToRelock>, StoreError> {
        let rows = Rows { table: "contact", at: None, read };
        rows.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT issuance_id AS id, client, locked FROM contact WHERE issuance_id > $1 \
                     AND (locked NOT LIKE $2 OR email_index NOT LIKE $3) ORDER BY issuance_id LIMIT $4",
                )
                .bind(place.id)
                .bind(format!("v1.{key_id}.%"))
                .bind(format!("{renewed}%"))
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            }
        })
        .await
    }
}

fn read(row: &AnyRow) -> Result<ContactToRelock, StoreError> {
    let row = Columns(row);
    Ok(ContactToRelock { id: row.parsed("id")?, client: row.text("client")?, locked: row.text("locked")? })
}

impl Tx {
    /// Keeps a contact of an issuance that is there. What is known of its address is known of it, too.
    /// [`StoreError::Stale`] if there is no such issuance.
    pub async fn keep_contact(
        &mut self,
        id: &IssuanceId,
        locked: &str,
        email_index: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "INSERT INTO contact (issuance_id, client, locked, email_index, created_at, unreachable_at, reminders_off_at) \
             SELECT id, client, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), \
             (SELECT MAX(same.unreachable_at) FROM contact same WHERE same.client = issuance.client \
             AND same.email_index = CAST($3 AS TEXT)), \
             (SELECT MAX(same.reminders_off_at) FROM contact same WHERE same.client = issuance.client \
             AND same.email_index = CAST($3 AS TEXT)) FROM issuance WHERE id = $1",
        )
        .bind(id.as_str())
        .bind(locked)
        .bind(email_index)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Replaces what is kept of a contact, and leaves what is known of its address. [`StoreError::Stale`] if there is none.
    pub async fn change_contact(
        &mut self,
        id: &IssuanceId,
        old: &str,
        locked: &str,
        email_index: &str,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE contact SET locked = $1, email_index = $2 WHERE issuance_id = $3 AND locked = $4",
        )
        .bind(locked)
        .bind(email_index)
        .bind(id.as_str())
        .bind(old)
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Replaces a contact by the same one under another key; does nothing if it is gone, or not the same any more.
    pub async fn relock_contact(
        &mut self,
        id: &IssuanceId,
        old: &str,
        locked: &str,
        email_index: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE contact SET locked = $1, email_index = $2 WHERE issuance_id = $3 AND locked = $4",
        )
        .bind(locked)
        .bind(email_index)
        .bind(id.as_str())
        .bind(old)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets a contact.
    pub async fn forget_contact(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM contact WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
