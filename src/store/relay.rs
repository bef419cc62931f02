//! Consumers of upstream's relay, whom their tokens have brought here, and whose credentials are.

use sqlx::any::AnyRow;
use uuid::Uuid;

use super::claims::ROWS as CLAIMS;
use super::rows::Columns;
use super::{Store, StoreError, Tx, one};
use crate::model::claim::Claim;
use crate::model::ids::{ClaimId, IssuanceId, VerificationId};
use crate::model::issuance::Ids;
use crate::model::relay::{Consumer, ConsumerKey, Start};
use crate::model::time::Timestamp;

impl Store {
    /// A consumer, by the id that its tokens name.
    pub async fn relay_consumer(&self, id: Uuid) -> Result<Option<Consumer>, StoreError> {
        let row = sqlx::query("SELECT * FROM relay_consumer WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| consumer(&row)).transpose()
    }

    /// What a consumer's token has begun a claim with.
    pub async fn relay_start(&self, claim: &ClaimId) -> Result<Option<Start>, StoreError> {
        let row = sqlx::query("SELECT * FROM relay_start WHERE claim_id = $1")
            .bind(claim.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| start(&row)).transpose()
    }

    /// The newest that was begun for a person (a keyed hash) and has a verification.
    pub async fn relay_start_of_person(&self, person: &str) -> Result<Option<Start>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM relay_start WHERE person = $1 AND verification_id IS NOT NULL \
             ORDER BY created_at DESC, claim_id DESC LIMIT 1",
        )
        .bind(person)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| start(&row)).transpose()
    }

    /// For which consumer a verification is, if it is for one.
    pub async fn relay_check(&self, id: &VerificationId) -> Result<Option<Uuid>, StoreError> {
        let row = sqlx::query("SELECT consumer_id FROM relay_check WHERE verification_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Columns(&row).parsed("consumer_id")).transpose()
    }

    /// Of which issuance a consumer has the credential with this id, be it the user's or the copy.
    pub async fn relay_credential(
        &self,
        consumer: Uuid,
        credential: Uuid,
    ) -> Result<Option<IssuanceId>, StoreError> {
        let row = sqlx::query(
            "SELECT issuance_id FROM relay_credential WHERE credential_id = $1 AND consumer_id = $2",
        )
        .bind(credential.to_string())
        .bind(consumer.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Columns(&row).parsed("issuance_id")).transpose()
    }
}

impl Tx {
    /// Adds a consumer.
    pub async fn add_relay_consumer(&mut self, consumer: &Consumer) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO relay_consumer (id, client, name, public_key, grantee, encryption_key, blocked_countries, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(consumer.id.to_string())
        .bind(&consumer.client)
        .bind(&consumer.name)
        .bind(consumer.key.to_hex())
        .bind(&consumer.grantee)
        .bind(&consumer.encryption_key)
        .bind(consumer.blocked.join(" "))
        .bind(consumer.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Strikes a consumer of this client off. [`StoreError::Stale`] if there is none.
    pub async fn forget_relay_consumer(&mut self, client: &str, id: Uuid) -> Result<(), StoreError> {
        self.changed(id.to_string());
        let result = sqlx::query("DELETE FROM relay_consumer WHERE id = $1 AND client = $2")
            .bind(id.to_string())
            .bind(client)
            .execute(&mut *self.tx)
            .await?;
        one(&result)
    }

    /// Adds what a consumer's token has begun a claim with.
    pub async fn add_relay_start(&mut self, start: &Start, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO relay_start (claim_id, consumer_id, level, person, wallet, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(start.claim.as_str())
        .bind(start.consumer.to_string())
        .bind(&start.level)
        .bind(&start.person)
        .bind(start.wallet.as_deref())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Remembers the verification of what was begun, and for which consumer that is. [`StoreError::Stale`] if it has one already.
    pub async fn set_relay_check(
        &mut self,
        start: &Start,
        verification: &VerificationId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO relay_check (verification_id, consumer_id) VALUES ($1, $2) ON CONFLICT (verification_id) DO NOTHING",
        )
        .bind(verification.as_str())
        .bind(start.consumer.to_string())
        .execute(&mut *self.tx)
        .await?;
        self.changed(start.claim.as_str());
        let result = sqlx::query(
            "UPDATE relay_start SET verification_id = $2 WHERE claim_id = $1 AND verification_id IS NULL",
        )
        .bind(start.claim.as_str())
        .bind(verification.as_str())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// For which consumer a verification is, as this transaction sees it.
    pub async fn relay_check(&mut self, id: &VerificationId) -> Result<Option<Uuid>, StoreError> {
        let row = sqlx::query("SELECT consumer_id FROM relay_check WHERE verification_id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| Columns(&row).parsed("consumer_id")).transpose()
    }

    /// The claims that wait for a verification, as this transaction sees them.
    pub async fn claims_of_verification(&mut self, id: &VerificationId) -> Result<Vec<Claim>, StoreError> {
        let rows = sqlx::query(
            "SELECT claim.* FROM relay_start JOIN claim ON claim.id = relay_start.claim_id \
             WHERE relay_start.verification_id = $1 ORDER BY claim.id",
        )
        .bind(id.as_str())
        .fetch_all(&mut *self.tx)
        .await?;
        CLAIMS.all(&rows)
    }

    /// Remembers whose the credentials of an issuance are: the user's, and the copy.
    pub async fn add_relay_credentials(
        &mut self,
        consumer: Uuid,
        issuance: &IssuanceId,
        ids: &Ids,
    ) -> Result<(), StoreError> {
        for id in [ids.original, ids.copy] {
            sqlx::query(
                "INSERT INTO relay_credential (credential_id, consumer_id, issuance_id) VALUES ($1, $2, $3)",
            )
            .bind(id.to_string())
            .bind(consumer.to_string())
            .bind(issuance.as_str())
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Forgets whose the credentials of an issuance are.
    pub async fn forget_relay_credentials(&mut self, issuance: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM relay_credential WHERE issuance_id = $1")
            .bind(issuance.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Forgets what a claim was begun with.
    pub async fn forget_relay_start(&mut self, claim: &ClaimId) -> Result<(), StoreError> {
        self.changed(claim.as_str());
        sqlx::query("DELETE FROM relay_start WHERE claim_id = $1")
            .bind(claim.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

fn consumer(row: &AnyRow) -> Result<Consumer, StoreError> {
    let row = Columns(row);
    let key = row.text("public_key")?;
    Ok(Consumer {
        id: row.parsed("id")?,
        client: row.text("client")?,
        name: row.text("name")?,
        key: ConsumerKey::from_hex(&key).map_err(|_| StoreError::Unreadable("public_key"))?,
        grantee: row.text("grantee")?,
        encryption_key: row.text("encryption_key")?,
        blocked: row.text("blocked_countries")?.split_whitespace().map(str::to_owned).collect(),
        created_at: row.moment("created_at")?,
    })
}

fn start(row: &AnyRow) -> Result<Start, StoreError> {
    let row = Columns(row);
    Ok(Start {
        claim: row.parsed("claim_id")?,
        consumer: row.parsed("consumer_id")?,
        level: row.text("level")?,
        person: row.text("person")?,
        wallet: row.maybe_text("wallet")?,
        verification: row.maybe_parsed("verification_id")?,
    })
}
