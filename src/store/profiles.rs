//! Records of profiles that are to be created, and of wallets that are to be added to them: one table, since what is to
//! be done about them differs by one transaction.

use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::issuance::{HaltCode, Transaction};
use crate::model::lifecycle::NoMove;
use crate::model::profile::{Profile, ProfileState, RecordId, UserKeys};
use crate::model::time::Timestamp;

/// What changes along with a profile's state.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// Why it has stopped.
    pub halt: Option<HaltCode>,
    /// Until when it can be retried.
    pub waits_until: Option<Timestamp>,
    /// The transaction that ended it.
    pub transaction: Option<Transaction>,
    /// Whether the wallet's proof is forgotten, and by what it could be recognised.
    pub forget: bool,
    /// Whether the job that has stopped has sent a transaction. Once it is so, it stays so.
    pub was_sent: bool,
}

impl Store {
    /// A record of this client. Everybody else's is not there.
    pub async fn profile_record_of(
        &self,
        client: &str,
        id: &RecordId,
    ) -> Result<Option<Profile>, StoreError> {
        Ok(self.profile(id).await?.filter(|profile| profile.client == client))
    }

    /// A record, whosever it is: for background work and operators.
    pub async fn profile(&self, id: &RecordId) -> Result<Option<Profile>, StoreError> {
        let row = sqlx::query("SELECT * FROM profile WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The newest record of a client about the creation of this user.
    pub async fn profile_of(&self, client: &str, user_id: Uuid) -> Result<Option<Profile>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM profile WHERE client = $1 AND user_id = $2 AND encryption_public_key IS NOT NULL \
             ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .bind(client)
        .bind(user_id.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Records of this user that are on their way to the node, whosever they are.
    pub async fn profiles_under_way(&self, user_id: Uuid) -> Result<Vec<Profile>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM profile WHERE user_id = $1 AND state = 'pending' ORDER BY created_at, id",
        )
        .bind(user_id.to_string())
        .fetch_all(&self.pool)
        .await?;
        ROWS.all(&rows)
    }

    /// Records of a client about this user that have stopped: those of profiles, or those of wallets.
    pub async fn halted_profiles(
        &self,
        client: &str,
        user_id: Uuid,
        of_wallets: bool,
    ) -> Result<Vec<Profile>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM profile WHERE client = $1 AND user_id = $2 AND state = 'halted' \
             AND (encryption_public_key IS NULL) = ($3 = CAST(1 AS BIGINT)) ORDER BY id",
        )
        .bind(client)
        .bind(user_id.to_string())
        .bind(i64::from(of_wallets))
        .fetch_all(&self.pool)
        .await?;
        ROWS.all(&rows)
    }

    /// The oldest record with this wallet that is on its way to the node, whosever it is. `indexes` are the keyed hashes of
    /// the wallet, one for each vault key.
    pub async fn wallet_under_way(&self, indexes: &[String]) -> Result<Option<Profile>, StoreError> {
        for index in indexes {
            let rows = sqlx::query(
                "SELECT * FROM profile WHERE wallet_index = $1 AND state = 'pending' ORDER BY created_at, id",
            )
            .bind(index)
            .fetch_all(&self.pool)
            .await?;
            if let Some(profile) = ROWS.all(&rows)?.into_iter().next() {
                return Ok(Some(profile));
            }
        }
        Ok(None)
    }

    /// The wallet's claim, locked.
    pub async fn locked_wallet(&self, id: &RecordId) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT locked_wallet FROM profile WHERE id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.and_then(|(locked,)| locked))
    }

    /// Records behind `from` that have stopped, those first that wait for the shortest time; with `until`, only those whose
    /// time of waiting is over by then.
    pub async fn stopped_profiles(
        &self,
        until: Option<Timestamp>,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Profile>, StoreError> {
        let rows = Rows { at: Some("waits_until"), ..ROWS };
        rows.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(
                    "SELECT * FROM profile WHERE state = 'halted' AND waits_until <= $1 \
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
    /// Adds a record, with the wallet's claim locked, and the keyed hash by which the wallet is recognised.
    pub async fn add_profile(
        &mut self,
        profile: &Profile,
        locked_wallet: &str,
        wallet_index: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO profile (id, client, state, user_id, wallet_id, write_key, encryption_public_key, \
             password_store, locked_wallet, wallet_index, created_at, updated_at, was_sent) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)",
        )
        .bind(profile.id.as_str())
        .bind(&profile.client)
        .bind(profile.state.as_str())
        .bind(profile.user_id.to_string())
        .bind(profile.wallet_id.to_string())
        .bind(&profile.write_key)
        .bind(profile.user.as_ref().map(|user| user.encryption_public_key.as_str()))
        .bind(profile.user.as_ref().map(|user| user.password_store.as_str()))
        .bind(locked_wallet)
        .bind(wallet_index)
        .bind(profile.created_at.unix_millis())
        .bind(profile.updated_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets the wallet's claim of a record that this program cannot read, and by what it could be recognised. Gives
    /// whether there was one.
    pub async fn forget_wallet_unread(&mut self, id: &str) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "UPDATE profile SET locked_wallet = NULL, wallet_index = NULL WHERE id = $1 AND locked_wallet IS NOT NULL",
        )
        .bind(id)
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() > 0)
    }

    /// A record as it is, and stays until this transaction ends. [`StoreError::Stale`] if it is gone.
    pub async fn hold_profile(&mut self, id: &RecordId) -> Result<Profile, StoreError> {
        let result = sqlx::query("UPDATE profile SET updated_at = updated_at WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&result)?;
        let row = sqlx::query("SELECT * FROM profile WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(&mut *self.tx)
            .await?;
        read(&row)
    }

    /// The move from one state to another. [`StoreError::Stale`] if it is not in `from`.
    pub async fn advance_profile(
        &mut self,
        id: &RecordId,
        from: ProfileState,
        to: ProfileState,
        change: ProfileChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        NoMove::check_profile(from, to)?;
        self.changed(id.as_str());
        let height = change.transaction.as_ref().and_then(|transaction| transaction.height);
        let result = sqlx::query(
            "UPDATE profile SET state = $3, updated_at = $4, halt = $5, waits_until = $6, \
             tx_hash = COALESCE($7, tx_hash), tx_height = COALESCE($8, tx_height), \
             locked_wallet = CASE WHEN $9 = CAST(1 AS BIGINT) THEN NULL ELSE locked_wallet END, \
             wallet_index = CASE WHEN $9 = CAST(1 AS BIGINT) THEN NULL ELSE wallet_index END, \
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

const ROWS: Rows<Profile> = Rows { table: "profile", at: None, read };

fn read(row: &AnyRow) -> Result<Profile, StoreError> {
    let row = Columns(row);
    let user = match row.maybe_text("encryption_public_key")? {
        Some(encryption_public_key) => {
            Some(UserKeys { encryption_public_key, password_store: row.parsed("password_store")? })
        }
        None => None,
    };
    Ok(Profile {
        id: row.parsed("id")?,
        client: row.text("client")?,
        state: row.parsed("state")?,
        user_id: row.parsed("user_id")?,
        wallet_id: row.parsed("wallet_id")?,
        write_key: row.text("write_key")?,
        user,
        halt: row.maybe_parsed("halt")?,
        waits_until: row.maybe_moment("waits_until")?,
        transaction: row.transaction()?,
        was_sent: row.number("was_sent")? == 1,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
