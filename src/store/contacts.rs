//! Whom to write to: locked, found by keyed hash.

use idos_credential::Moment;

use super::{Store, StoreError, Tx};
use crate::model::ids::IssuanceId;

impl Store {
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
            let rows: Vec<(String,)> = sqlx::query_as(
                "SELECT contact.issuance_id FROM contact JOIN issuance ON issuance.id = contact.issuance_id \
                 WHERE contact.email_index = $1 AND issuance.client = $2",
            )
            .bind(index)
            .bind(client)
            .fetch_all(&self.pool)
            .await?;
            for (id,) in rows {
                found.push(id.parse().map_err(|_| StoreError::Unreadable("issuance_id"))?);
            }
        }
        found.sort_unstable();
        found.reverse();
        Ok(found)
    }

    /// Contacts that are locked under another key than `key_id`, or whose hash does not begin with `renewed`, a few at
    /// a time.
    pub async fn contacts_to_relock(
        &self,
        key_id: &str,
        renewed: &str,
    ) -> Result<Vec<(IssuanceId, String)>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT issuance_id, locked FROM contact WHERE locked NOT LIKE $1 OR email_index NOT LIKE $2 \
             ORDER BY issuance_id LIMIT 100",
        )
        .bind(format!("v1.{key_id}.%"))
        .bind(format!("{renewed}%"))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, locked)| Ok((id.parse().map_err(|_| StoreError::Unreadable("issuance_id"))?, locked)))
            .collect()
    }
}

impl Tx {
    /// Keeps a contact.
    pub async fn keep_contact(
        &mut self,
        id: &IssuanceId,
        locked: &str,
        email_index: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO contact (issuance_id, locked, email_index, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(id.as_str())
        .bind(locked)
        .bind(email_index)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
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
