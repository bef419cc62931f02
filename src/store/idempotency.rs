//! What a client's `Idempotency-Key` stands for.

use std::collections::HashMap;

use super::gathering::Question;
use super::rows::Columns;
use super::{Line, Store, StoreError, Tx, many};
use crate::model::client::Idempotency;
use crate::model::time::Timestamp;

impl Store {
    /// What a client's key stands for: the id of what was made, and whether the request was the same. What is asked at the same time is read
    /// once.
    pub async fn claimed(
        &self,
        client: &str,
        key: &Idempotency,
    ) -> Result<Option<(String, bool)>, StoreError> {
        self.ask(KeyOf { client: client.to_owned(), key: key.clone() }).await
    }

    /// Forgets keys from before `moment`, but for those of issuances that may still become a credential. Gives how many.
    /// Others write in between: what cannot become a credential any more never can again.
    pub async fn forget_claims_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new(), String::new()),
            // Counted, and not asked whether there is one: PostgreSQL might join all issuances to answer that.
            |(at, client, key_hash), limit| {
                sqlx::query_as(
                    "SELECT created_at, client, key_hash FROM idempotency WHERE created_at < $1 \
                     AND (created_at, client, key_hash) > ($2, $3, $4) AND (SELECT COUNT(*) FROM issuance \
                     WHERE issuance.id = idempotency.subject \
                     AND issuance.state IN ('awaiting_profile', 'awaiting_grant', 'queued', 'uploading', 'halted')) = 0 \
                     ORDER BY created_at, client, key_hash LIMIT $5",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(client)
                .bind(key_hash)
                .bind(limit)
            },
            // Another process may have forgotten it, and the client used it again.
            |(at, client, key_hash)| {
                sqlx::query(
                    "DELETE FROM idempotency WHERE client = $1 AND key_hash = $2 AND created_at = $3",
                )
                .bind(client)
                .bind(key_hash)
                .bind(at)
            },
        )
        .await
    }
}

/// A client's key.
#[derive(Clone)]
pub(super) struct KeyOf {
    client: String,
    key: Idempotency,
}

impl Question for KeyOf {
    type Answer = Option<(String, bool)>;

    fn line(store: &Store) -> &Line<Self> {
        &store.lines.claimed
    }

    async fn read(store: &Store, all: &[Self]) -> Result<Vec<Self::Answer>, StoreError> {
        let asked: Vec<_> = all
            .iter()
            .flat_map(|of| of.key.key_hashes.iter().map(move |hash| (of.client.as_str(), hash.as_str())))
            .collect();
        let mut found = HashMap::new();
        for part in asked.chunks(many::MOST) {
            let mut query = many::rows(
                store.kind,
                "SELECT client, key_hash, fingerprint, subject FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT))) AS v \
                 CROSS JOIN idempotency WHERE client = v.column1 AND key_hash = v.column2",
                many::padded(part.len()),
            );
            for (client, hash) in many::pad(part) {
                query = query.bind(*client).bind(*hash);
            }
            for row in query.fetch_all(&store.pool).await? {
                let row = Columns(&row);
                found.insert(
                    (row.text("client")?, row.text("key_hash")?),
                    (row.text("fingerprint")?, row.text("subject")?),
                );
            }
        }
        let answer = |KeyOf { client, key }: &Self| {
            key.key_hashes.iter().zip(&key.fingerprints).find_map(|(hash, fingerprint)| {
                let (then, subject) = found.get(&(client.clone(), hash.clone()))?;
                Some((subject.clone(), then == fingerprint))
            })
        };
        Ok(all.iter().map(answer).collect())
    }
}

/// A client's key, and what it is to stand for.
pub(super) struct Claimed<'a> {
    pub(super) client: &'a str,
    pub(super) key: &'a Idempotency,
    pub(super) subject: &'a str,
    pub(super) now: Timestamp,
}

impl Tx {
    /// Takes a client's key for `subject`; [`StoreError::Exists`] if it is taken. It is kept under the hash of every vault
    /// key, so that replicas that do not yet, or do not any more, have all of them meet at one.
    pub async fn claim(
        &mut self,
        client: &str,
        key: &Idempotency,
        subject: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.claim_all(&[Claimed { client, key, subject, now }]).await
    }

    /// The same for several.
    pub(super) async fn claim_all(&mut self, all: &[Claimed<'_>]) -> Result<(), StoreError> {
        let mut rows: Vec<_> = all
            .iter()
            .flat_map(|claimed| {
                let rows = claimed.key.key_hashes.iter().zip(&claimed.key.fingerprints);
                rows.map(move |row| (claimed.client, row, claimed))
            })
            .collect();
        // In one order, or two that claim the same could wait for each other.
        rows.sort_unstable_by_key(|(client, row, _)| (*client, *row));
        for part in many::parts(&rows) {
            let mut query = many::rows(
                self.kind,
                "INSERT INTO idempotency (client, key_hash, fingerprint, subject, created_at) VALUES ($1, $2, $3, $4, $5)",
                part.len(),
            );
            for (client, (key_hash, fingerprint), claimed) in part {
                query = query
                    .bind(*client)
                    .bind(*key_hash)
                    .bind(*fingerprint)
                    .bind(claimed.subject)
                    .bind(claimed.now.unix_millis());
            }
            query.execute(&mut *self.tx).await?;
        }
        Ok(())
    }
}
