//! What a lane records of many transactions at once: that they are about to be sent, and that credentials are written. Each statement is
//! one for all of them, and all is in one transaction.

use std::collections::HashSet;

use super::issuances::{AMONG, ROWS};
use super::rows::millis;
use super::{Sending, Store, StoreError, Tx, many};
use crate::model::event::Event;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, Transaction};
use crate::model::job::Job;
use crate::model::lifecycle::{Next, NoMove};
use crate::model::time::Timestamp;

/// An issuance whose credential was found written.
pub struct Written<'a> {
    /// As it was read.
    pub issuance: &'a Issuance,
    /// What comes next.
    pub next: &'a Next,
    /// What wrote it.
    pub transaction: &'a Transaction,
}

/// What belongs to issuances besides their credentials.
#[derive(Clone, Debug, Default)]
pub struct Company {
    /// Those that have a contact, a claim, a verification, content that is kept, or contents to be uploaded.
    pub ids: HashSet<String>,
    /// Whether one of them has contents to be uploaded.
    pub uploads: bool,
}

impl Store {
    /// Issuances of these ids that are there and can be read.
    pub async fn issuances_among(&self, ids: &[&str]) -> Result<Vec<Issuance>, StoreError> {
        let mut found = Vec::new();
        for part in ids.chunks(many::MOST) {
            let mut query = many::all_of(AMONG, many::padded(part.len()));
            for id in many::pad(part) {
                query = query.bind(*id);
            }
            found.extend(ROWS.all(&query.fetch_all(&self.pool).await?)?);
        }
        Ok(found)
    }
}

impl Tx {
    /// Records transactions before they are sent, and counts the tries. [`StoreError::Stale`] if one of the jobs is not as it was when
    /// it was read: then nothing may be sent.
    pub async fn record_sendings(
        &mut self,
        sendings: &[Sending<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for part in sendings.chunks(many::MOST) {
            let mut query = many::rows(
                self.kind,
                "UPDATE job SET state = 'sent', nonce = v.column2, tx_hash = v.column3, sent_at = v.column4, \
                 attempts = attempts + 1, reason = NULL FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS BIGINT), \
                 CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS BIGINT))) AS v \
                 WHERE job.id = v.column1 AND job.state = v.column5 AND job.attempts = v.column6",
                many::padded(part.len()),
            );
            for sending in many::pad(part) {
                let nonce = i64::try_from(sending.nonce).map_err(|_| StoreError::Unreadable("nonce"))?;
                query = query
                    .bind(sending.job.id.as_str())
                    .bind(nonce)
                    .bind(&sending.tx_hash)
                    .bind(now.unix_millis())
                    .bind(sending.job.state.as_str())
                    .bind(i64::from(sending.job.attempts));
            }
            all(part.len(), query.execute(&mut *self.tx).await?.rows_affected())?;
        }
        Ok(())
    }

    /// They were found on the network. [`StoreError::Stale`] if one of them is not as it was when it was read.
    pub async fn mark_all_issued(
        &mut self,
        written: &[Written<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for part in written.chunks(many::MOST) {
            let mut query = many::rows(
                self.kind,
                "UPDATE issuance SET state = v.column3, updated_at = v.column4, issued_at = v.column4, halt = NULL, \
                 waits_until = v.column5, tx_hash = v.column6, tx_height = COALESCE(v.column7, issuance.tx_height) \
                 FROM (VALUES (CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), \
                 CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS BIGINT))) AS v \
                 WHERE issuance.id = v.column1 AND issuance.state = v.column2",
                many::padded(part.len()),
            );
            for Written { issuance, next, transaction } in many::pad(part) {
                NoMove::check(issuance.state, next.state)?;
                self.changed(issuance.id.as_str());
                query = query
                    .bind(issuance.id.as_str())
                    .bind(issuance.state.as_str())
                    .bind(next.state.as_str())
                    .bind(now.unix_millis())
                    .bind(millis(next.waits_until))
                    .bind(&transaction.hash)
                    .bind(transaction.height.and_then(|height| i64::try_from(height).ok()));
            }
            all(part.len(), query.execute(&mut *self.tx).await?.rows_affected())?;
        }
        Ok(())
    }

    /// Which of these issuances have something that follows them to where they go.
    pub async fn with_company(&mut self, ids: &[&IssuanceId]) -> Result<Company, StoreError> {
        let mut company = Company::default();
        for part in ids.chunks(many::MOST) {
            let mut query = many::among::<(String, String)>(
                "SELECT issuance_id, '' AS uploads FROM contact WHERE issuance_id IN ($1) \
                 UNION ALL SELECT issuance_id, '' FROM claim WHERE issuance_id IN ($1) \
                 UNION ALL SELECT issuance_id, '' FROM verification_issuance WHERE issuance_id IN ($1) \
                 UNION ALL SELECT issuance_id, '' FROM kept_content WHERE issuance_id IN ($1) \
                 UNION ALL SELECT issuance_id, 'yes' FROM sealed_credential WHERE issuance_id IN ($1) \
                 AND content_id IS NOT NULL",
                many::padded(part.len()),
            );
            for id in many::pad(part) {
                query = query.bind(id.as_str());
            }
            for (id, uploads) in query.fetch_all(&mut *self.tx).await? {
                company.uploads |= !uploads.is_empty();
                company.ids.insert(id);
            }
        }
        Ok(company)
    }

    /// Those of these owners of credentials for whom a notice is planned.
    pub async fn owners_with_notices(&mut self, owners: &[String]) -> Result<HashSet<String>, StoreError> {
        let mut found = HashSet::new();
        for part in owners.chunks(many::MOST) {
            let mut query = many::among::<(String,)>(
                "SELECT owner FROM notice WHERE owner IN ($1) AND state = 'planned'",
                many::padded(part.len()),
            );
            for owner in many::pad(part) {
                query = query.bind(owner);
            }
            found.extend(query.fetch_all(&mut *self.tx).await?.into_iter().map(|(owner,)| owner));
        }
        Ok(found)
    }

    /// Forgets all content of these issuances, as [`forget_content`](Self::forget_content) does.
    pub async fn forget_contents(&mut self, ids: &[&IssuanceId]) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM unsealed_credential WHERE issuance_id IN ($1)",
            "DELETE FROM sealed_part WHERE issuance_id IN ($1)",
            "DELETE FROM sealed_credential WHERE issuance_id IN ($1)",
            "DELETE FROM write_grant WHERE issuance_id IN ($1)",
        ] {
            for part in ids.chunks(many::MOST) {
                let mut query = many::all_of(statement, many::padded(part.len()));
                for id in many::pad(part) {
                    query = query.bind(id.as_str());
                }
                query.execute(&mut *self.tx).await?;
            }
        }
        Ok(())
    }

    /// Adds events, and work to do for them.
    pub async fn add_events(&mut self, events: &[Event], jobs: &[Job]) -> Result<(), StoreError> {
        for part in many::parts(events) {
            let mut query = many::rows(
                self.kind,
                "INSERT INTO event (id, client, kind, subject, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                part.len(),
            );
            for event in part {
                query = query
                    .bind(event.id.as_str())
                    .bind(&event.client)
                    .bind(event.kind.as_str())
                    .bind(&event.subject)
                    .bind(&event.body)
                    .bind(event.created_at.unix_millis());
            }
            query.execute(&mut *self.tx).await?;
        }
        let jobs: Vec<_> = jobs.iter().collect();
        self.enqueue_all(&jobs).await
    }

    /// They are done. [`StoreError::Stale`] if one is gone, or not as it was when it was read.
    pub async fn finish_jobs(&mut self, jobs: &[&Job]) -> Result<(), StoreError> {
        for part in jobs.chunks(many::MOST) {
            let mut query = many::among::<(String, String, i64, Option<i64>)>(
                "DELETE FROM job WHERE id IN ($1) RETURNING id, state, attempts, nonce",
                many::padded(part.len()),
            );
            for job in many::pad(part) {
                query = query.bind(job.id.as_str());
            }
            let gone = query.fetch_all(&mut *self.tx).await?;
            let as_read = |job: &&&Job| {
                gone.iter().any(|(id, state, attempts, nonce)| {
                    id == job.id.as_str()
                        && state == job.state.as_str()
                        && *attempts == i64::from(job.attempts)
                        && *nonce == job.nonce.and_then(|nonce| i64::try_from(nonce).ok())
                })
            };
            all(part.len(), part.iter().filter(as_read).count() as u64)?;
        }
        Ok(())
    }
}

/// That all of them were changed.
fn all(wanted: usize, changed: u64) -> Result<(), StoreError> {
    if changed == wanted as u64 { Ok(()) } else { Err(StoreError::Stale) }
}
