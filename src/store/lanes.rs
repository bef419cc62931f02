//! Lanes: who sends for a write key, and what is in flight.
//!
//! A lane is held by a lease with an epoch. Whoever records anything for a lane renews the lease in the same
//! transaction, so that one who has lost it records nothing more.

use std::collections::BTreeSet;

use super::jobs::{BY_DUE, ROWS};
use super::walk::Place;
use super::{Store, StoreError, Tx, one};
use crate::model::job::Job;
use crate::model::time::Timestamp;

/// The right to send for a write key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneLease {
    /// The write key: lower-case hex.
    pub write_key: String,
    /// Who holds it.
    pub owner: String,
    /// Grows with each new holder.
    pub epoch: i64,
}

/// When a lease ends, by its holder's clock: to be compared with itself only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEnd(i64);

/// A transaction that is about to be sent.
#[derive(Clone, Debug)]
pub struct Sending<'a> {
    /// The job that it does.
    pub job: &'a Job,
    /// Its nonce.
    pub nonce: u64,
    /// Its hash: 64 hex digits.
    pub tx_hash: String,
}

impl Store {
    /// Takes a lane that nobody holds, or whose holder has given no sign of life: its lease is over, or ends at `stale`, which
    /// the caller has seen unchanged for as long as a lease lasts. Whose clock ran ahead when it was taken ended it late.
    pub async fn take_lane(
        &self,
        write_key: &str,
        owner: &str,
        (now, until): (Timestamp, Timestamp),
        stale: Option<LeaseEnd>,
    ) -> Result<Option<LaneLease>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO lane (write_key, owner, lease_until, epoch) VALUES ($1, NULL, 0, 0) ON CONFLICT (write_key) DO NOTHING",
        )
        .bind(write_key)
        .execute(&mut *tx.tx)
        .await?;
        let taken: Option<(i64,)> = sqlx::query_as(
            "UPDATE lane SET owner = $1, lease_until = $2, epoch = epoch + 1 WHERE write_key = $3 \
             AND (lease_until <= $4 OR lease_until = $5) RETURNING epoch",
        )
        .bind(owner)
        .bind(until.unix_millis())
        .bind(write_key)
        .bind(now.unix_millis())
        .bind(stale.map(|LeaseEnd(end)| end))
        .fetch_optional(&mut *tx.tx)
        .await?;
        tx.commit().await?;
        Ok(taken.map(|(epoch,)| LaneLease {
            write_key: write_key.to_owned(),
            owner: owner.to_owned(),
            epoch,
        }))
    }

    /// When the lease of a lane ends, by the clock of its holder.
    pub async fn lease_end(&self, write_key: &str) -> Result<Option<LeaseEnd>, StoreError> {
        let row: Option<(i64,)> = sqlx::query_as("SELECT lease_until FROM lane WHERE write_key = $1")
            .bind(write_key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(end,)| LeaseEnd(end)))
    }

    /// Gives a sign of life. [`StoreError::Stale`] if somebody else holds the lane.
    pub async fn keep_lane(&self, lease: &LaneLease, until: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.hold_lane(lease, until).await?;
        tx.commit().await
    }

    /// Gives a lane back.
    pub async fn release_lane(&self, lease: &LaneLease) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE lane SET lease_until = 0, owner = NULL WHERE write_key = $1 AND owner = $2 AND epoch = $3")
            .bind(&lease.write_key)
            .bind(&lease.owner)
            .bind(lease.epoch)
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }

    /// What is in flight, in order of nonce.
    pub async fn in_flight(&self, write_key: &str) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query("SELECT * FROM job WHERE lane = $1 AND state = 'sent' ORDER BY nonce")
            .bind(write_key)
            .fetch_all(&self.pool)
            .await?;
        ROWS.all(&rows)
    }

    /// What is due, the longest due first.
    pub async fn due_in_lane(
        &self,
        write_key: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        let batch = BY_DUE
            .walk(None, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM job WHERE lane = $1 AND state = 'ready' AND due_at <= $2 \
                         AND (due_at, id) > ($3, $4) ORDER BY due_at, id LIMIT $5",
                    )
                    .bind(write_key)
                    .bind(now.unix_millis())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await?;
        Ok(batch.items)
    }

    /// Write keys that have work, in order.
    pub async fn lanes_with_work(&self) -> Result<Vec<String>, StoreError> {
        let mut lanes = BTreeSet::new();
        for query in [
            "SELECT lane FROM job WHERE lane > $1 AND state = 'ready' ORDER BY lane LIMIT 1",
            "SELECT lane FROM job WHERE lane > $1 AND state = 'sent' ORDER BY lane LIMIT 1",
        ] {
            // From lane to lane, past all the work of each.
            let mut last = String::new();
            while let Some((lane,)) = sqlx::query_as(query).bind(&last).fetch_optional(&self.pool).await? {
                last = lane;
                lanes.insert(last.clone());
            }
        }
        Ok(lanes.into_iter().collect())
    }
}

impl Tx {
    /// Renews the lease of a lane. [`StoreError::Stale`] if somebody else holds it: then nothing may be recorded.
    pub async fn hold_lane(&mut self, lease: &LaneLease, until: Timestamp) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE lane SET lease_until = $1 WHERE write_key = $2 AND owner = $3 AND epoch = $4",
        )
        .bind(until.unix_millis())
        .bind(&lease.write_key)
        .bind(&lease.owner)
        .bind(lease.epoch)
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Records a transaction before it is sent, and counts the try. The job may have been sent before, under another
    /// nonce that is known to be void.
    pub async fn record_sending(&mut self, sending: &Sending<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.record_sendings(std::slice::from_ref(sending), now).await
    }
}
