//! Records of profiles that are to be created.

use idos_credential::Moment;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::ids::ProfileId;
use crate::model::issuance::{HaltCode, Transaction};
use crate::model::profile::{Profile, ProfileState};

/// What changes along with a profile's state.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// Why it has stopped.
    pub halt: Option<HaltCode>,
    /// Until when it can be retried.
    pub waits_until: Option<Moment>,
    /// The transaction that ended it.
    pub transaction: Option<Transaction>,
    /// Whether the wallet's proof is forgotten.
    pub forget_wallet: bool,
}

impl Store {
    /// A profile's record, whosever it is.
    pub async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, StoreError> {
        let row = sqlx::query("SELECT * FROM profile WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The newest record of a client about this user.
    pub async fn profile_of(&self, client: &str, user_id: Uuid) -> Result<Option<Profile>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM profile WHERE client = $1 AND user_id = $2 ORDER BY created_at DESC, id DESC LIMIT 1")
                .bind(client)
                .bind(user_id.to_string())
                .fetch_optional(&self.pool)
                .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The wallet's claim, locked.
    pub async fn locked_wallet(&self, id: &ProfileId) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT locked_wallet FROM profile WHERE id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.and_then(|(locked,)| locked))
    }

    /// Records behind `from` whose time of waiting is over, the longest overdue first.
    pub async fn overdue_profiles(
        &self,
        now: Moment,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Profile>, StoreError> {
        let rows = Rows { table: "profile", at: Some("waits_until"), read };
        rows.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT * FROM profile WHERE state = 'halted' AND waits_until <= $1 \
                     AND (waits_until, id) > ($2, $3) ORDER BY waits_until, id LIMIT $4",
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
}

impl Tx {
    /// Adds a record, with the wallet's claim locked.
    pub async fn add_profile(&mut self, profile: &Profile, locked_wallet: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO profile (id, client, state, user_id, wallet_id, write_key, encryption_public_key, \
             password_store, locked_wallet, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(profile.id.as_str())
        .bind(&profile.client)
        .bind(profile.state.as_str())
        .bind(profile.user_id.to_string())
        .bind(profile.wallet_id.to_string())
        .bind(&profile.write_key)
        .bind(&profile.encryption_public_key)
        .bind(profile.password_store.as_str())
        .bind(locked_wallet)
        .bind(profile.created_at.unix_millis())
        .bind(profile.updated_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets the wallet's claim of a record that this program cannot read. Gives whether there was one.
    pub async fn forget_wallet_unread(&mut self, id: &str) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "UPDATE profile SET locked_wallet = NULL WHERE id = $1 AND locked_wallet IS NOT NULL",
        )
        .bind(id)
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() > 0)
    }

    /// The move from one state to another. [`StoreError::Stale`] if it is not in `from`.
    pub async fn advance_profile(
        &mut self,
        id: &ProfileId,
        from: ProfileState,
        to: ProfileState,
        change: ProfileChange,
        now: Moment,
    ) -> Result<(), StoreError> {
        let height = change.transaction.as_ref().and_then(|transaction| transaction.height);
        let result = sqlx::query(
            "UPDATE profile SET state = $3, updated_at = $4, halt = $5, waits_until = $6, \
             tx_hash = COALESCE($7, tx_hash), tx_height = COALESCE($8, tx_height), \
             locked_wallet = CASE WHEN $9 = CAST(1 AS BIGINT) THEN NULL ELSE locked_wallet END \
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
        .bind(i64::from(change.forget_wallet))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }
}

fn read(row: &AnyRow) -> Result<Profile, StoreError> {
    let row = Columns(row);
    Ok(Profile {
        id: row.parsed("id")?,
        client: row.text("client")?,
        state: row.parsed("state")?,
        user_id: row.parsed("user_id")?,
        wallet_id: row.parsed("wallet_id")?,
        write_key: row.text("write_key")?,
        encryption_public_key: row.text("encryption_public_key")?,
        password_store: row.parsed("password_store")?,
        halt: row.maybe_parsed("halt")?,
        waits_until: row.maybe_moment("waits_until")?,
        transaction: row.transaction()?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
