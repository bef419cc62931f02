//! Records whose time is over: each goes with all that belongs to it.

use super::walk::Place;
use super::{Store, StoreError, Tx};
use crate::model::time::Timestamp;

/// Records without a credential, whose time ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedKind {
    /// Verifications.
    Verification,
    /// Links of wallets.
    WalletLink,
    /// Profiles, and wallets that were added to them.
    Profile,
    /// Attributes.
    Attribute,
}

impl EndedKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Verification, Self::WalletLink, Self::Profile, Self::Attribute];
}

impl Store {
    /// Where issuances stand that have been over since `moment` or longer, those first that have been for the longest time.
    pub async fn ended_issuances(
        &self,
        moment: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Place>, StoreError> {
        let from = from.unwrap_or(Place::START);
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END, id FROM issuance \
             WHERE state IN ('issued', 'revoked', 'failed', 'erased') \
             AND (CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END) <= $1 \
             AND (CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END) >= $2 \
             AND ((CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END), id) > ($2, $3) \
             ORDER BY (CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END), id LIMIT $4",
        )
        .bind(moment.unix_millis())
        .bind(from.at)
        .bind(from.id)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(at, id)| Place { at, id }).collect())
    }

    /// Where records of this kind stand that have been over since `moment` or longer. Verifications with a credential go with it.
    pub async fn ended_records(
        &self,
        kind: EndedKind,
        moment: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Place>, StoreError> {
        let query = match kind {
            EndedKind::Profile => sqlx::query_as(
                "SELECT updated_at, id FROM profile WHERE state IN ('created', 'failed') AND updated_at <= $1 \
                 AND (updated_at, id) > ($2, $3) ORDER BY updated_at, id LIMIT $4",
            ),
            EndedKind::Attribute => sqlx::query_as(
                "SELECT updated_at, id FROM attribute WHERE state IN ('created', 'failed') AND updated_at <= $1 \
                 AND (updated_at, id) > ($2, $3) ORDER BY updated_at, id LIMIT $4",
            ),
            EndedKind::WalletLink => sqlx::query_as(
                "SELECT updated_at, id FROM wallet_link WHERE state IN ('proven', 'expired', 'refused', 'erased') \
                 AND updated_at <= $1 AND (updated_at, id) > ($2, $3) ORDER BY updated_at, id LIMIT $4",
            ),
            EndedKind::Verification => sqlx::query_as(
                "SELECT updated_at, id FROM verification WHERE state IN ('declined', 'ended', 'failed', 'erased') \
                 AND updated_at <= $1 AND (updated_at, id) > ($2, $3) ORDER BY updated_at, id LIMIT $4",
            ),
        };
        let from = from.unwrap_or(Place::START);
        let rows: Vec<(i64, String)> = query
            .bind(moment.unix_millis())
            .bind(from.at)
            .bind(from.id)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|(at, id)| Place { at, id }).collect())
    }
}

impl Tx {
    /// Deletes the record of an issuance that is over, and the rows that stand for nothing without it: what it still had is forgotten
    /// before. The verification that it was made of goes with it, unless a newer issuance was made of that: its id.
    pub async fn delete_issuance(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        let of: Option<(String,)> =
            sqlx::query_as("SELECT verification_id FROM verification_issuance WHERE issuance_id = $1")
                .bind(id)
                .fetch_optional(&mut *self.tx)
                .await?;
        for query in [
            "DELETE FROM mail_link WHERE issuance_id = $1",
            "DELETE FROM relay_credential WHERE issuance_id = $1",
        ] {
            sqlx::query(query).bind(id).execute(&mut *self.tx).await?;
        }
        self.delete_issuance_row(id).await?;
        let Some((of,)) = of else { return Ok(None) };
        let deleted = sqlx::query("DELETE FROM verification WHERE id = $1 AND issuance_id = $2")
            .bind(&of)
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(None);
        }
        self.changed(of.as_str());
        self.forget_relay_check(&of).await?;
        Ok(Some(of))
    }

    /// Deletes a record of this kind that has been over since `moment` or longer. Gives whether it was.
    pub async fn delete_ended(
        &mut self,
        kind: EndedKind,
        id: &str,
        moment: Timestamp,
    ) -> Result<bool, StoreError> {
        self.changed(id);
        let query = match kind {
            EndedKind::Profile => sqlx::query(
                "DELETE FROM profile WHERE id = $1 AND state IN ('created', 'failed') AND updated_at <= $2",
            ),
            EndedKind::Attribute => sqlx::query(
                "DELETE FROM attribute WHERE id = $1 AND state IN ('created', 'failed') AND updated_at <= $2",
            ),
            EndedKind::WalletLink => sqlx::query(
                "DELETE FROM wallet_link WHERE id = $1 AND state IN ('proven', 'expired', 'refused', 'erased') \
                 AND updated_at <= $2",
            ),
            EndedKind::Verification => sqlx::query(
                "DELETE FROM verification WHERE id = $1 AND state || '' IN ('declined', 'ended', 'failed', 'erased') \
                 AND updated_at <= $2",
            ),
        };
        let deleted = query.bind(id).bind(moment.unix_millis()).execute(&mut *self.tx).await?;
        let is_deleted = deleted.rows_affected() > 0;
        if is_deleted && kind == EndedKind::Verification {
            self.forget_relay_check(id).await?;
        }
        Ok(is_deleted)
    }

    async fn forget_relay_check(&mut self, verification: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM relay_check WHERE verification_id = $1")
            .bind(verification)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
