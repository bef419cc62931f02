//! What staff look for: ids of records, by what a person, a consumer or a block explorer calls them. Whose they are is looked at by
//! whoever asks: these find everybody's.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Store, StoreError};
use crate::model::audit::{ChainedEntry, ToldEntry};
use crate::model::event::Event;
use crate::model::ids::{ClaimId, IssuanceId, ProfileId, VerificationId};
use crate::model::job::Job;

type Ids = Vec<(String,)>;

fn texts(rows: Ids) -> impl Iterator<Item = String> {
    rows.into_iter().map(|(id,)| id)
}

impl Store {
    /// All clients that have a key, an issuance or a verification, in order.
    pub async fn clients(&self) -> Result<BTreeSet<String>, StoreError> {
        let keys: Ids = sqlx::query_as("SELECT DISTINCT client FROM api_key").fetch_all(&self.pool).await?;
        let mut clients: BTreeSet<String> = texts(keys).collect();
        // From client to client, past all that each has.
        let mut last = String::new();
        loop {
            let next: Option<(String,)> =
                sqlx::query_as("SELECT client FROM issuance WHERE client > $1 ORDER BY client LIMIT 1")
                    .bind(&last)
                    .fetch_optional(&self.pool)
                    .await?;
            let Some((client,)) = next else { break };
            clients.insert(client.clone());
            last = client;
        }
        last.clear();
        loop {
            let next: Option<(String,)> =
                sqlx::query_as("SELECT client FROM verification WHERE client > $1 ORDER BY client LIMIT 1")
                    .bind(&last)
                    .fetch_optional(&self.pool)
                    .await?;
            let Some((client,)) = next else { return Ok(clients) };
            clients.insert(client.clone());
            last = client;
        }
    }

    /// Ids of all records of an idOS user, at most `limit` of each kind, the newest of each kind first.
    pub async fn ids_of_user(&self, user_id: Uuid, limit: u32) -> Result<Vec<String>, StoreError> {
        let user_id = user_id.to_string();
        let mut found = Vec::new();
        let queries = [
            "SELECT id FROM issuance WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM profile WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM attribute WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM verification WHERE user_id IS NOT NULL AND user_id = $1 \
                 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM wallet_link WHERE user_id IS NOT NULL AND user_id = $1 \
                 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM claim WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        ];
        for query in queries {
            let rows: Ids = sqlx::query_as(query)
                .bind(user_id.clone())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
            found.extend(texts(rows));
        }
        Ok(found)
    }

    /// Ids of records that have this UUID as what they are called on the network or at a vendor: a credential, its copy, an attribute's row,
    /// a verification's external id.
    pub async fn ids_of_uuid(&self, uuid: Uuid) -> Result<Vec<String>, StoreError> {
        let uuid = uuid.to_string();
        let mut found = Vec::new();
        let queries = [
            "SELECT id FROM issuance WHERE original_id = $1",
            "SELECT id FROM issuance WHERE copy_id = $1",
            "SELECT id FROM attribute WHERE attribute_id = $1",
            "SELECT id FROM verification WHERE external_id = $1",
        ];
        for query in queries {
            let rows: Ids = sqlx::query_as(query).bind(uuid.clone()).fetch_all(&self.pool).await?;
            found.extend(texts(rows));
        }
        Ok(found)
    }

    /// Ids of records of which a transaction is, by its hash: of work that is under way, too.
    pub async fn ids_of_transaction(&self, hash: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let queries = [
            "SELECT id FROM issuance WHERE tx_hash IS NOT NULL AND tx_hash = $1",
            "SELECT id FROM profile WHERE tx_hash IS NOT NULL AND tx_hash = $1",
            "SELECT id FROM attribute WHERE tx_hash IS NOT NULL AND tx_hash = $1",
            "SELECT subject FROM job WHERE tx_hash IS NOT NULL AND tx_hash = $1",
        ];
        for query in queries {
            let rows: Ids = sqlx::query_as(query).bind(hash.to_owned()).fetch_all(&self.pool).await?;
            found.extend(texts(rows));
        }
        Ok(found)
    }

    /// Ids of a client's records with this reference, at most `limit` of each kind, the newest of each kind first.
    pub async fn ids_of_reference(
        &self,
        client: &str,
        reference: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let reference = format!("{client}/{reference}");
        let mut found = Vec::new();
        let queries = [
            "SELECT id FROM issuance WHERE client || '/' || reference = $1 \
                 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM verification WHERE client || '/' || reference = $1 \
                 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM wallet_link WHERE client || '/' || reference = $1 \
                 ORDER BY created_at DESC, id DESC LIMIT $2",
            "SELECT id FROM claim WHERE reference IS NOT NULL AND client || '/' || reference = $1 \
                 ORDER BY created_at DESC, id DESC LIMIT $2",
        ];
        for query in queries {
            let rows: Ids = sqlx::query_as(query)
                .bind(reference.clone())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
            found.extend(texts(rows));
        }
        Ok(found)
    }

    /// Ids of records with this wallet, by its keyed hashes: `on_the_way` those of wallets that are on their way into a profile, `of_claims`
    /// those by which people were identified.
    pub async fn ids_of_wallet(
        &self,
        on_the_way: &[String],
        of_claims: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for index in on_the_way {
            let rows: Ids =
                sqlx::query_as("SELECT id FROM profile WHERE wallet_index IS NOT NULL AND wallet_index = $1")
                    .bind(index)
                    .fetch_all(&self.pool)
                    .await?;
            found.extend(texts(rows));
        }
        for index in of_claims {
            let rows: Ids =
                sqlx::query_as("SELECT id FROM claim WHERE wallet_index IS NOT NULL AND wallet_index = $1")
                    .bind(index)
                    .fetch_all(&self.pool)
                    .await?;
            found.extend(texts(rows));
        }
        Ok(found)
    }

    /// The verification of which an issuance was made.
    pub async fn verification_behind(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT verification_id FROM verification_issuance WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(id,)| id))
    }

    /// The issuances that were made of a verification, the newest first.
    pub async fn made_of_verification(&self, id: &VerificationId) -> Result<Vec<String>, StoreError> {
        let rows: Ids = sqlx::query_as(
            "SELECT issuance_id FROM verification_issuance WHERE verification_id = $1 ORDER BY issuance_id DESC",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(texts(rows).collect())
    }

    /// The issuance that renews this one.
    pub async fn renewed_by(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT id FROM issuance WHERE renews IS NOT NULL AND state NOT IN ('failed', 'erased') AND renews = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(id,)| id))
    }

    /// The claims of an issuance.
    pub async fn claims_for_issuance(&self, id: &IssuanceId) -> Result<Vec<String>, StoreError> {
        let rows: Ids = sqlx::query_as(
            "SELECT id FROM claim WHERE issuance_id IS NOT NULL AND issuance_id = $1 ORDER BY id",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(texts(rows).collect())
    }

    /// The claims by which a profile was made.
    pub async fn claims_for_profile(&self, id: &ProfileId) -> Result<Vec<String>, StoreError> {
        let rows: Ids = sqlx::query_as(
            "SELECT id FROM claim WHERE profile_id IS NOT NULL AND profile_id = $1 ORDER BY id",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(texts(rows).collect())
    }

    /// The claims that a consumer's token has begun and that wait for a verification.
    pub async fn claims_for_verification(&self, id: &VerificationId) -> Result<Vec<String>, StoreError> {
        let rows: Ids = sqlx::query_as(
            "SELECT claim_id FROM relay_start WHERE verification_id IS NOT NULL AND verification_id = $1 ORDER BY claim_id",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(texts(rows).collect())
    }

    /// The verification that a claim waits for which a consumer's token has begun.
    pub async fn verification_for_claim(&self, id: &ClaimId) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT verification_id FROM relay_start WHERE claim_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.and_then(|(id,)| id))
    }

    /// The links whose wallets a record writes, or has written.
    pub async fn links_for_record(&self, record: &str) -> Result<Vec<String>, StoreError> {
        let rows: Ids = sqlx::query_as(
            "SELECT id FROM wallet_link WHERE record_id IS NOT NULL AND record_id = $1 ORDER BY id",
        )
        .bind(record)
        .fetch_all(&self.pool)
        .await?;
        Ok(texts(rows).collect())
    }

    /// The work on a record, or that tells an event.
    pub async fn jobs_about(&self, subject: &str) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query("SELECT * FROM job WHERE subject = $1 ORDER BY id")
            .bind(subject)
            .fetch_all(&self.pool)
            .await?;
        super::jobs::ROWS.all(&rows)
    }

    /// The events of a record, the oldest first.
    pub async fn events_about(&self, subject: &str) -> Result<Vec<Event>, StoreError> {
        let rows = sqlx::query("SELECT * FROM event WHERE subject = $1 ORDER BY created_at, id")
            .bind(subject)
            .fetch_all(&self.pool)
            .await?;
        super::events::ROWS.all(&rows)
    }

    /// The newest `limit` entries of the audit chain about `subject`, the newest first.
    pub async fn audit_end_of(&self, subject: &str, limit: u32) -> Result<Vec<ToldEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE subject = $1 ORDER BY seq DESC LIMIT $2")
            .bind(subject)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(super::audit::ROWS.all(&rows)?.into_iter().map(ChainedEntry::told).collect())
    }

    /// Whose a record is, by its id; nobody's if there is none, or it cannot be told.
    pub async fn client_of(&self, id: &str) -> Result<Option<String>, StoreError> {
        let query = match id.get(..4) {
            Some("iss_") => sqlx::query_as("SELECT client FROM issuance WHERE id = $1"),
            Some("prf_" | "wal_") => sqlx::query_as("SELECT client FROM profile WHERE id = $1"),
            Some("att_") => sqlx::query_as("SELECT client FROM attribute WHERE id = $1"),
            Some("ver_") => sqlx::query_as("SELECT client FROM verification WHERE id = $1"),
            Some("lnk_") => sqlx::query_as("SELECT client FROM wallet_link WHERE id = $1"),
            Some("clm_") => sqlx::query_as("SELECT client FROM claim WHERE id = $1"),
            _ => return Ok(None),
        };
        let row: Option<(String,)> = query.bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(|(client,)| client))
    }
}
