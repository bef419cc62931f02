//! What a client's `Idempotency-Key` stands for.

use idos_credential::Moment;

use super::{Store, StoreError, Tx};
use crate::model::client::Idempotency;

impl Store {
    /// What a client's key stands for: the id of what was made, and whether the request was the same.
    pub async fn claimed(
        &self,
        client: &str,
        key: &Idempotency,
    ) -> Result<Option<(String, bool)>, StoreError> {
        for (key_hash, fingerprint) in key.key_hashes.iter().zip(&key.fingerprints) {
            let row: Option<(String, String)> = sqlx::query_as(
                "SELECT fingerprint, subject FROM idempotency WHERE client = $1 AND key_hash = $2",
            )
            .bind(client)
            .bind(key_hash)
            .fetch_optional(&self.pool)
            .await?;
            if let Some((then, subject)) = row {
                return Ok(Some((subject, then == *fingerprint)));
            }
        }
        Ok(None)
    }

    /// Forgets keys from before `moment`, but for those of issuances that may still become a credential. Gives how many.
    pub async fn forget_claims_before(&self, moment: Moment) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let result = sqlx::query(
            "DELETE FROM idempotency WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM issuance \
             WHERE issuance.id = idempotency.subject \
             AND issuance.state IN ('awaiting_profile', 'awaiting_grant', 'queued', 'halted'))",
        )
        .bind(moment.unix_millis())
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await?;
        Ok(result.rows_affected())
    }
}

impl Tx {
    /// Takes a client's key for `subject`; [`StoreError::Exists`] if it is taken. It is kept under the hash of every vault
    /// key, so that replicas that do not yet, or do not any more, have all of them meet at one.
    pub async fn claim(
        &mut self,
        client: &str,
        key: &Idempotency,
        subject: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        // In one order, or two that claim the same could wait for each other.
        let mut rows: Vec<_> = key.key_hashes.iter().zip(&key.fingerprints).collect();
        rows.sort_unstable();
        for (key_hash, fingerprint) in rows {
            sqlx::query(
                "INSERT INTO idempotency (client, key_hash, fingerprint, subject, created_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(client)
            .bind(key_hash)
            .bind(fingerprint)
            .bind(subject)
            .bind(now.unix_millis())
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }
}
