//! Claims: links by which people have credentials brought into their profiles.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::claim::Claim;
use crate::model::ids::{ClaimId, IssuanceId, ProfileId};
use crate::model::issuance::Kind;
use crate::model::personal::Locale;
use crate::model::time::Timestamp;

impl Store {
    /// A claim of this client. Everybody else's is not there.
    pub async fn claim_of(&self, client: &str, id: &ClaimId) -> Result<Option<Claim>, StoreError> {
        Ok(self.claim(id).await?.filter(|claim| claim.client == client))
    }

    /// A claim, whosever it is: for background work and for whoever follows its link.
    pub async fn claim(&self, id: &ClaimId) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query("SELECT * FROM claim WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The claim whose token has this hash.
    pub async fn claim_by_hash(&self, hash: &str) -> Result<Option<Claim>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM claim WHERE hash = $1").bind(hash).fetch_optional(&self.pool).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Claims behind `from` about which the clock alone has something done: they end, or what is left of them goes.
    pub async fn due_claims(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Claim>, StoreError> {
        Rows { at: Some("due_at"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM claim WHERE due_at <= $1 AND (due_at, id) > ($2, $3) \
                         ORDER BY due_at, id LIMIT $4",
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
    /// Adds a claim.
    pub async fn add_claim(&mut self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO claim (id, client, hash, state, kind, delivery, user_id, issuance_id, reference, locale, \
             grant_seconds, locked, version, expires_at, due_at, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $15)",
        )
        .bind(claim.id.as_str())
        .bind(&claim.client)
        .bind(&claim.hash)
        .bind(claim.state.as_str())
        .bind(claim.kind.map(Kind::as_str))
        .bind(claim.delivery.as_str())
        .bind(claim.user_id.to_string())
        .bind(claim.issuance_id.as_ref().map(IssuanceId::as_str))
        .bind(claim.reference.as_deref())
        .bind(claim.locale.as_ref().map(Locale::as_str))
        .bind(i64::from(claim.grant_seconds))
        .bind(claim.locked.as_deref())
        .bind(claim.expires_at.unix_millis())
        .bind(claim.due_at().unix_millis())
        .bind(claim.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Writes down what has changed of a claim, and counts the change. [`StoreError::Stale`] if somebody else has changed it
    /// since it was read.
    pub async fn change_claim(&mut self, to: &Claim, now: Timestamp) -> Result<(), StoreError> {
        self.changed(to.id.as_str());
        let result = sqlx::query(
            "UPDATE claim SET state = $3, user_id = $4, issuance_id = $5, profile_id = $6, wallet_type = $7, \
             wallet_index = $8, reference = $9, locale = $10, grant_id = $11, locked = $12, due_at = $13, updated_at = $14, \
             version = version + 1 WHERE id = $1 AND version = $2",
        )
        .bind(to.id.as_str())
        .bind(to.version)
        .bind(to.state.as_str())
        .bind(to.user_id.to_string())
        .bind(to.issuance_id.as_ref().map(IssuanceId::as_str))
        .bind(to.profile_id.as_ref().map(ProfileId::as_str))
        .bind(to.wallet.as_ref().map(|(wallet_type, _)| wallet_type.as_str()))
        .bind(to.wallet.as_ref().map(|(_, index)| index.clone()))
        .bind(to.reference.as_deref())
        .bind(to.locale.as_ref().map(Locale::as_str))
        .bind(to.grant_id.map(|id| id.to_string()))
        .bind(to.locked.as_deref())
        .bind(to.due_at().unix_millis())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// The claims of an issuance: a link may have been lost, and another one made. Nobody else changes them before this transaction
    /// ends: a person who does something on the page at this moment must not hold up the issuance.
    pub async fn claims_of_issuance(&mut self, id: &IssuanceId) -> Result<Vec<Claim>, StoreError> {
        let locked = sqlx::query("UPDATE claim SET version = version + 1 WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        if locked.rows_affected() == 0 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query("SELECT * FROM claim WHERE issuance_id = $1 ORDER BY id")
            .bind(id.as_str())
            .fetch_all(&mut *self.tx)
            .await?;
        self.counted(&rows)
    }

    /// The claims of a profile that is created. Nobody else changes them before this transaction ends.
    pub async fn claims_of_profile(&mut self, id: &ProfileId) -> Result<Vec<Claim>, StoreError> {
        let locked = sqlx::query("UPDATE claim SET version = version + 1 WHERE profile_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        if locked.rows_affected() == 0 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query("SELECT * FROM claim WHERE profile_id = $1 ORDER BY id")
            .bind(id.as_str())
            .fetch_all(&mut *self.tx)
            .await?;
        self.counted(&rows)
    }

    /// Claims whose change was counted: who waits for one is told.
    fn counted(&mut self, rows: &[AnyRow]) -> Result<Vec<Claim>, StoreError> {
        let claims = ROWS.all(rows)?;
        for claim in &claims {
            self.changed(claim.id.as_str());
        }
        Ok(claims)
    }

    /// Forgets a claim altogether, unless it has changed since it was read.
    pub async fn forget_claim(&mut self, claim: &Claim) -> Result<(), StoreError> {
        self.changed(claim.id.as_str());
        self.forget_relay_start(&claim.id).await?;
        let result = sqlx::query("DELETE FROM claim WHERE id = $1 AND version = $2")
            .bind(claim.id.as_str())
            .bind(claim.version)
            .execute(&mut *self.tx)
            .await?;
        one(&result)
    }
}

pub(super) const ROWS: Rows<Claim> = Rows { table: "claim", at: Some("created_at"), read };

fn read(row: &AnyRow) -> Result<Claim, StoreError> {
    let row = Columns(row);
    let wallet_type = match row.maybe_text("wallet_type")? {
        Some(text) => Some(text.parse().map_err(|_| StoreError::Unreadable("wallet_type"))?),
        None => None,
    };
    Ok(Claim {
        id: row.parsed("id")?,
        client: row.text("client")?,
        hash: row.text("hash")?,
        state: row.parsed("state")?,
        kind: row.maybe_parsed("kind")?,
        delivery: row.parsed("delivery")?,
        user_id: row.parsed("user_id")?,
        issuance_id: row.maybe_parsed("issuance_id")?,
        profile_id: row.maybe_parsed("profile_id")?,
        wallet: wallet_type.zip(row.maybe_text("wallet_index")?),
        reference: row.maybe_text("reference")?,
        locale: row.maybe_parsed("locale")?,
        grant_seconds: row.count("grant_seconds")?,
        grant_id: row.maybe_parsed("grant_id")?,
        locked: row.maybe_text("locked")?,
        version: row.number("version")?,
        expires_at: row.moment("expires_at")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
