//! Whom to write to: locked, found by keyed hash. An issuance's contact is a row of its own; what a verification holds until there is
//! an issuance is a part of its row.

use std::collections::BTreeSet;
use std::str::FromStr;

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::ids::{IssuanceId, VerificationId};
use crate::model::personal::LockedContact;
use crate::model::time::Timestamp;

/// A contact that is to be locked anew.
#[derive(Clone, Debug)]
pub struct ContactToRelock<Id> {
    /// What it belongs to.
    pub id: Id,
    /// Whose that is.
    pub client: String,
    /// The contact, locked.
    pub locked: String,
}

impl Store {
    /// Clients that have contacts, in order.
    pub async fn clients_with_contacts(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut clients = BTreeSet::new();
        // From client to client, past all that each has.
        let mut last = String::new();
        loop {
            let next: Option<(String,)> =
                sqlx::query_as("SELECT client FROM contact WHERE client > $1 ORDER BY client LIMIT 1")
                    .bind(&last)
                    .fetch_optional(&self.pool)
                    .await?;
            let Some((client,)) = next else { break };
            clients.insert(client.clone());
            last = client;
        }
        last.clear();
        loop {
            let next: Option<(String,)> = sqlx::query_as(
                "SELECT client FROM verification WHERE contact_index IS NOT NULL AND client > $1 \
                 ORDER BY client LIMIT 1",
            )
            .bind(&last)
            .fetch_optional(&self.pool)
            .await?;
            let Some((client,)) = next else { return Ok(clients) };
            clients.insert(client.clone());
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

    /// Since when an issuance has the contact that it has.
    pub async fn contact_since(&self, id: &IssuanceId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT created_at FROM contact WHERE issuance_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Columns(&row).moment("created_at")).transpose()
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

    /// A client's verifications that hold this contact; `indexes` are all keyed hashes that it may have. Newest first.
    pub async fn verifications_of_contact(
        &self,
        client: &str,
        indexes: &[String],
    ) -> Result<Vec<VerificationId>, StoreError> {
        let mut found = Vec::new();
        for index in indexes {
            let rows = sqlx::query(
                "SELECT id FROM verification WHERE contact_index IS NOT NULL AND client = $1 AND contact_index = $2",
            )
            .bind(client)
            .bind(index)
            .fetch_all(&self.pool)
            .await?;
            let ids = Rows { table: "verification", at: None, read: |row| Columns(row).parsed("id") };
            found.extend(ids.all(&rows)?);
        }
        found.sort_unstable();
        found.reverse();
        Ok(found)
    }

    /// Contacts of issuances behind `from` that are locked under another key than `key_id`, or whose hash does not begin with
    /// `renewed`, in order of issuances.
    pub async fn contacts_to_relock(
        &self,
        key_id: &str,
        renewed: &str,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<ContactToRelock<IssuanceId>>, StoreError> {
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

    /// The same of contacts that verifications hold, in order of verifications.
    pub async fn held_contacts_to_relock(
        &self,
        key_id: &str,
        renewed: &str,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<ContactToRelock<VerificationId>>, StoreError> {
        let rows = Rows { table: "verification", at: None, read };
        rows.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT id, client, locked_contact AS locked FROM verification WHERE locked_contact IS NOT NULL \
                     AND id > $1 AND (locked_contact NOT LIKE $2 OR contact_index NOT LIKE $3) ORDER BY id LIMIT $4",
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

fn read<Id: FromStr>(row: &AnyRow) -> Result<ContactToRelock<Id>, StoreError> {
    let row = Columns(row);
    Ok(ContactToRelock { id: row.parsed("id")?, client: row.text("client")?, locked: row.text("locked")? })
}

impl Tx {
    /// Keeps a contact of an issuance that is there. What is known of its address is known of it, too.
    /// [`StoreError::Stale`] if there is no such issuance.
    pub async fn keep_contact(
        &mut self,
        id: &IssuanceId,
        contact: &LockedContact,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "INSERT INTO contact (issuance_id, client, locked, email_index, created_at) \
             SELECT id, client, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM issuance WHERE id = $1",
        )
        .bind(id.as_str())
        .bind(&contact.locked)
        .bind(&contact.index)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Replaces a contact by the same one under another key. Gives whether it was there, and the same.
    pub async fn relock_contact(
        &mut self,
        id: &IssuanceId,
        old: &str,
        new: &LockedContact,
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "UPDATE contact SET locked = $1, email_index = $2 WHERE issuance_id = $3 AND locked = $4",
        )
        .bind(&new.locked)
        .bind(&new.index)
        .bind(id.as_str())
        .bind(old)
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// The same of a contact that a verification holds. It counts as a change: whoever has read the verification before would write
    /// the old one back.
    pub async fn relock_held_contact(
        &mut self,
        id: &VerificationId,
        old: &str,
        new: &LockedContact,
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "UPDATE verification SET locked_contact = $1, contact_index = $2, version = version + 1 \
             WHERE id = $3 AND locked_contact = $4",
        )
        .bind(&new.locked)
        .bind(&new.index)
        .bind(id.as_str())
        .bind(old)
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Forgets a contact, with what is known of its address if no other contact of the client's has it.
    pub async fn forget_contact(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        let whose: Option<(String, String)> =
            sqlx::query_as("SELECT client, email_index FROM contact WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *self.tx)
                .await?;
        let Some((client, email_index)) = whose else { return Ok(()) };
        sqlx::query("DELETE FROM contact WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        self.forget_mail_stops(&client, &email_index).await
    }
}
