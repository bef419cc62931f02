//! Links of wallets to users.

use sqlx::any::AnyRow;
use sqlx::{Any, Executor};

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Page, Store, StoreError, Tx, one};
use crate::model::ids::{IssuanceId, WalletId, WalletLinkId};
use crate::model::profile::RecordId;
use crate::model::time::Timestamp;
use crate::model::wallet_link::{LinkAnswer, LinkState, MOST_ATTEMPTS, WalletLink};

/// Which links are listed.
#[derive(Clone, Debug, Default)]
pub struct LinkFilter {
    /// Those of this user.
    pub user_id: Option<uuid::Uuid>,
    /// Those with this reference.
    pub reference: Option<String>,
}

impl Store {
    /// A link of this client. Everybody else's is not there.
    pub async fn wallet_link_of(
        &self,
        client: &str,
        id: &WalletLinkId,
    ) -> Result<Option<WalletLink>, StoreError> {
        Ok(self.wallet_link(id).await?.filter(|link| link.client == client))
    }

    /// A link, whosever it is.
    pub async fn wallet_link(&self, id: &WalletLinkId) -> Result<Option<WalletLink>, StoreError> {
        wallet_link(&self.pool, id).await
    }

    /// The locked wallet of a link.
    pub async fn locked_link(&self, id: &WalletLinkId) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT locked_wallet FROM wallet_link WHERE id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.and_then(|(locked,)| locked))
    }

    /// The record that has written this wallet into the profile of this client's user, if a link has brought it there. `indexes`
    /// are the keyed hashes of user and wallet, one for each vault key.
    pub async fn record_of_linked(&self, indexes: &[String]) -> Result<Option<WalletId>, StoreError> {
        for index in indexes {
            let row: Option<(String,)> = sqlx::query_as(
                "SELECT wallet_link.record_id FROM wallet_link JOIN profile ON profile.id = wallet_link.record_id \
                 WHERE wallet_link.wallet_index = $1 AND profile.state || '' = 'created' \
                 ORDER BY wallet_link.created_at DESC LIMIT 1",
            )
            .bind(index)
            .fetch_optional(&self.pool)
            .await?;
            if let Some((id,)) = row {
                return id.parse().map(Some).map_err(|_| StoreError::Unreadable("record_id"));
            }
        }
        Ok(None)
    }

    /// A client's links after (that is, older than) `cursor`, newest first.
    pub async fn wallet_links(
        &self,
        client: &str,
        filter: &LinkFilter,
        cursor: Option<&WalletLinkId>,
        limit: u32,
    ) -> Result<Page<WalletLink>, StoreError> {
        let from = match cursor {
            None => Place { at: i64::MAX, id: String::new() },
            Some(id) => Place { at: id.made_at().unix_millis(), id: id.as_str().to_owned() },
        };
        let LinkFilter { user_id, reference } = filter;
        let batch = ROWS
            .walk(Some(from), limit.saturating_add(1), |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match (reference, user_id) {
                    // A reference is one case: it finds few.
                    (Some(reference), user_id) => sqlx::query(
                        "SELECT * FROM wallet_link WHERE client || '/' || reference = $1 AND (created_at, id) < ($2, $3) \
                         AND ($5 = '' OR user_id = $5) ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{reference}"))
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .bind(user_id.map(|id| id.to_string()).unwrap_or_default()),
                    (None, Some(user_id)) => sqlx::query(
                        "SELECT * FROM wallet_link WHERE client || '/' || user_id = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{user_id}"))
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit),
                    (None, None) => sqlx::query(
                        "SELECT * FROM wallet_link WHERE client = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(client.to_owned())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit),
                }
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(Page::of(batch.items, limit))
    }

    /// Forgets wallets of challenges that nobody has answered in time, and of those that were kept for a credential which nobody
    /// has asked for in time. Gives how many.
    pub async fn expire_wallet_links(&self, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.unix_millis();
        self.forget(
            (i64::MIN, String::new()),
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT waits_until, id FROM wallet_link WHERE waits_until IS NOT NULL AND waits_until < $1 \
                     AND (waits_until, id) > ($2, $3) ORDER BY waits_until, id LIMIT $4",
                )
                .bind(now)
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            |(_, id)| {
                sqlx::query(
                    "UPDATE wallet_link SET state = CASE WHEN state = 'challenged' THEN 'expired' ELSE state END, \
                     locked_wallet = NULL, waits_until = NULL, updated_at = $2 WHERE id = $1 AND waits_until < $2",
                )
                .bind(id)
                .bind(now)
            },
        )
        .await
    }
}

impl Tx {
    /// A link, whosever it is.
    pub async fn wallet_link(&mut self, id: &WalletLinkId) -> Result<Option<WalletLink>, StoreError> {
        wallet_link(&mut *self.tx, id).await
    }

    /// Links whose wallets this record writes.
    pub async fn links_of_record(&mut self, id: &RecordId) -> Result<Vec<WalletLink>, StoreError> {
        let rows = sqlx::query("SELECT * FROM wallet_link WHERE record_id = $1 ORDER BY id")
            .bind(id.as_str())
            .fetch_all(&mut *self.tx)
            .await?;
        ROWS.all(&rows)
    }

    /// Adds a link whose challenge waits for a signature, with the wallet locked.
    pub async fn add_wallet_link(
        &mut self,
        link: &WalletLink,
        locked_wallet: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO wallet_link (id, client, state, user_id, in_profile, for_credential, reference, \
             locked_wallet, attempts, expires_at, waits_until, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9, $10, $11)",
        )
        .bind(link.id.as_str())
        .bind(&link.client)
        .bind(link.state.as_str())
        .bind(link.user_id.map(|id| id.to_string()))
        .bind(i64::from(link.in_profile))
        .bind(i64::from(link.for_credential))
        .bind(link.reference.as_deref())
        .bind(locked_wallet)
        .bind(link.expires_at.unix_millis())
        .bind(link.created_at.unix_millis())
        .bind(link.updated_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// The challenge of a link was answered: it never is again. `record` writes the wallet, or has written it. The wallet is
    /// forgotten, unless it is to be listed in a credential.
    /// [`StoreError::Stale`] if it is not open any more.
    pub async fn answer_link(
        &mut self,
        answer: &LinkAnswer,
        record: Option<&RecordId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.changed(answer.id.as_str());
        let result = sqlx::query(
            "UPDATE wallet_link SET state = 'proven', proven_at = $2, updated_at = $2, proof_hash = $3, record_id = $4, \
             wallet_index = $5, locked_wallet = CASE WHEN for_credential = 1 THEN locked_wallet ELSE NULL END, \
             waits_until = CASE WHEN for_credential = 1 THEN CAST($6 AS BIGINT) ELSE NULL END \
             WHERE id = $1 AND state = 'challenged' AND expires_at >= $2",
        )
        .bind(answer.id.as_str())
        .bind(now.unix_millis())
        .bind(&answer.proof_hash)
        .bind(record.map(RecordId::as_str))
        .bind(&answer.wallet_index)
        .bind(answer.kept_until.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Counts a wrong signature; the last that is taken ends the link, and the wallet is forgotten. [`StoreError::Stale`] if it is
    /// not open any more.
    pub async fn count_wrong_answer(&mut self, id: &WalletLinkId, now: Timestamp) -> Result<(), StoreError> {
        self.changed(id.as_str());
        let result = sqlx::query(
            "UPDATE wallet_link SET attempts = attempts + 1, updated_at = $2, \
             state = CASE WHEN attempts + 1 >= $3 THEN 'refused' ELSE state END, \
             waits_until = CASE WHEN attempts + 1 >= $3 THEN NULL ELSE waits_until END, \
             locked_wallet = CASE WHEN attempts + 1 >= $3 THEN NULL ELSE locked_wallet END \
             WHERE id = $1 AND state = 'challenged'",
        )
        .bind(id.as_str())
        .bind(now.unix_millis())
        .bind(i64::from(MOST_ATTEMPTS))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// The credential of this issuance lists the wallet of a link: it is in no other, and forgotten. [`StoreError::Stale`] if it is
    /// not kept for one any more.
    pub async fn list_wallet_of_link(
        &mut self,
        id: &WalletLinkId,
        issuance: &IssuanceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.changed(id.as_str());
        let result = sqlx::query(
            "UPDATE wallet_link SET issuance_id = $2, locked_wallet = NULL, waits_until = NULL, updated_at = $3 \
             WHERE id = $1 AND state = 'proven' AND for_credential = 1 AND waits_until >= $3",
        )
        .bind(id.as_str())
        .bind(issuance.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Forgets all of a link but our id and times. [`StoreError::Stale`] if there is none, or it is so already.
    pub async fn erase_wallet_link(&mut self, id: &WalletLinkId, now: Timestamp) -> Result<(), StoreError> {
        self.changed(id.as_str());
        let result = sqlx::query(
            "UPDATE wallet_link SET state = 'erased', user_id = NULL, reference = NULL, wallet_index = NULL, \
             locked_wallet = NULL, proof_hash = NULL, record_id = NULL, issuance_id = NULL, waits_until = NULL, \
             updated_at = $2 WHERE id = $1 AND state <> 'erased'",
        )
        .bind(id.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }
}

async fn wallet_link<'e>(
    executor: impl Executor<'e, Database = Any>,
    id: &WalletLinkId,
) -> Result<Option<WalletLink>, StoreError> {
    let row = sqlx::query("SELECT * FROM wallet_link WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(executor)
        .await?;
    row.map(|row| read(&row)).transpose()
}

const ROWS: Rows<WalletLink> = Rows { table: "wallet_link", at: Some("created_at"), read };

fn read(row: &AnyRow) -> Result<WalletLink, StoreError> {
    let row = Columns(row);
    Ok(WalletLink {
        id: row.parsed("id")?,
        client: row.text("client")?,
        state: row.parsed::<LinkState>("state")?,
        user_id: row.maybe_parsed("user_id")?,
        in_profile: row.number("in_profile")? == 1,
        for_credential: row.number("for_credential")? == 1,
        reference: row.maybe_text("reference")?,
        attempts: row.count("attempts")?,
        expires_at: row.moment("expires_at")?,
        proven_at: row.maybe_moment("proven_at")?,
        proof_hash: row.maybe_text("proof_hash")?,
        record_id: row.maybe_parsed("record_id")?,
        issuance_id: row.maybe_parsed("issuance_id")?,
        waits_until: row.maybe_moment("waits_until")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
