//! What links in mails stand for, and addresses that nothing is sent to.

use super::rows::Columns;
use super::{Store, StoreError, Tx};
use crate::model::ids::IssuanceId;
use crate::model::mail_link::{Purpose, StopReason};
use crate::model::time::Timestamp;

/// What a link stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: Purpose,
    /// The issuances that the mail is about, in order of ids.
    pub issuances: Vec<IssuanceId>,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was first used.
    pub used_at: Option<Timestamp>,
}

impl Store {
    /// What the link of this hash stands for.
    pub async fn mail_link(&self, hash: &str) -> Result<Option<Link>, StoreError> {
        let rows = sqlx::query(
            "SELECT issuance_id, purpose, expires_at, used_at FROM mail_link WHERE hash = $1 ORDER BY issuance_id",
        )
        .bind(hash)
        .fetch_all(&self.pool)
        .await?;
        let Some(first) = rows.first().map(Columns) else { return Ok(None) };
        let issuances = rows.iter().map(|row| Columns(row).parsed("issuance_id"));
        Ok(Some(Link {
            purpose: first.parsed("purpose")?,
            issuances: issuances.collect::<Result<_, _>>()?,
            expires_at: first.moment("expires_at")?,
            used_at: first.maybe_moment("used_at")?,
        }))
    }

    /// Forgets links that work no longer. Gives how many.
    pub async fn forget_links_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new(), String::new()),
            |(at, hash, id), limit| {
                sqlx::query_as(
                    "SELECT expires_at, hash, issuance_id FROM mail_link WHERE expires_at < $1 \
                     AND (expires_at, hash, issuance_id) > ($2, $3, $4) ORDER BY expires_at, hash, issuance_id LIMIT $5",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(hash)
                .bind(id)
                .bind(limit)
            },
            |(_, hash, id)| {
                sqlx::query("DELETE FROM mail_link WHERE hash = $1 AND issuance_id = $2").bind(hash).bind(id)
            },
        )
        .await
    }

    /// Why nothing is sent to an address of a client's; `indexes` are all keyed hashes that it may have.
    pub async fn mail_stops(&self, client: &str, indexes: &[String]) -> Result<Vec<StopReason>, StoreError> {
        let mut all = Vec::new();
        for index in indexes {
            let rows = sqlx::query("SELECT reason FROM mail_stop WHERE client = $1 AND email_index = $2")
                .bind(client)
                .bind(index)
                .fetch_all(&self.pool)
                .await?;
            for row in &rows {
                all.push(Columns(row).parsed("reason")?);
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Client and keyed hash of the contact of an issuance.
    pub async fn contact_index(&self, id: &IssuanceId) -> Result<Option<(String, String)>, StoreError> {
        Ok(sqlx::query_as("SELECT client, email_index FROM contact WHERE issuance_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?)
    }
}

impl Tx {
    /// Remembers a link of a mail about these issuances.
    pub async fn add_mail_link(
        &mut self,
        (hash, purpose): (&str, Purpose),
        issuances: &[IssuanceId],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for id in issuances {
            sqlx::query(
                "INSERT INTO mail_link (hash, issuance_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(hash)
            .bind(id.as_str())
            .bind(purpose.as_str())
            .bind(now.unix_millis())
            .bind(expires_at.unix_millis())
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Notes that a link is used. Gives whether it was not before.
    pub async fn use_mail_link(&mut self, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        let result = sqlx::query("UPDATE mail_link SET used_at = $1 WHERE hash = $2 AND used_at IS NULL")
            .bind(now.unix_millis())
            .bind(hash)
            .execute(&mut *self.tx)
            .await?;
        Ok(result.rows_affected() > 0)
    }

    /// Forgets an issuance in all links. A link that stood for nothing else works no more.
    pub async fn forget_mail_links(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM mail_link WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Holds up whoever forgets a contact with this address, until the end of this transaction. Gives the issuances whose contact it is.
    pub async fn hold_contacts(
        &mut self,
        (client, email_index): (&str, &str),
    ) -> Result<Vec<IssuanceId>, StoreError> {
        let rows = sqlx::query(
            "UPDATE contact SET created_at = created_at WHERE client = $1 AND email_index = $2 RETURNING issuance_id",
        )
        .bind(client)
        .bind(email_index)
        .fetch_all(&mut *self.tx)
        .await?;
        rows.iter().map(|row| Columns(row).parsed("issuance_id")).collect()
    }

    /// Nothing is to be sent to an address any more. Gives whether that is new.
    pub async fn stop_mail(
        &mut self,
        (client, email_index): (&str, &str),
        reason: StopReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "INSERT INTO mail_stop (client, email_index, reason, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (client, email_index, reason) DO NOTHING",
        )
        .bind(client)
        .bind(email_index)
        .bind(reason.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() > 0)
    }

    /// Mails are sent to an address again that were not for this reason. Gives whether that was so.
    pub async fn start_mail(
        &mut self,
        (client, email_index): (&str, &str),
        reason: StopReason,
    ) -> Result<bool, StoreError> {
        let result =
            sqlx::query("DELETE FROM mail_stop WHERE client = $1 AND email_index = $2 AND reason = $3")
                .bind(client)
                .bind(email_index)
                .bind(reason.as_str())
                .execute(&mut *self.tx)
                .await?;
        Ok(result.rows_affected() > 0)
    }

    /// What is known of an address goes to another keyed hash of the same address.
    pub async fn move_mail_stops(
        &mut self,
        client: &str,
        (old, new): (&str, &str),
    ) -> Result<(), StoreError> {
        if old == new {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO mail_stop (client, email_index, reason, created_at) \
             SELECT client, CAST($3 AS TEXT), reason, created_at FROM mail_stop WHERE client = $1 AND email_index = $2 \
             ON CONFLICT (client, email_index, reason) DO NOTHING",
        )
        .bind(client)
        .bind(old)
        .bind(new)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query("DELETE FROM mail_stop WHERE client = $1 AND email_index = $2")
            .bind(client)
            .bind(old)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Forgets what is known of an address that no contact of the client's has any more.
    pub(super) async fn forget_mail_stops(
        &mut self,
        client: &str,
        email_index: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM mail_stop WHERE client = $1 AND email_index = $2 AND (SELECT COUNT(*) FROM contact \
             WHERE contact.client = $1 AND contact.email_index = $2) = 0",
        )
        .bind(client)
        .bind(email_index)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
