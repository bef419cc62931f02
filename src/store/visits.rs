//! Visits of people to their own page, and the cases that they have opened there.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::{Store, StoreError, Tx, one};
use crate::model::case::RecordKind;
use crate::model::ids::{CaseId, VisitId};
use crate::model::time::Timestamp;
use crate::model::visit::Visit;

fn read(row: &AnyRow) -> Result<Visit, StoreError> {
    let row = Columns(row);
    Ok(Visit {
        id: row.parsed("id")?,
        way: row.parsed("way")?,
        locked: row.maybe_text("locked")?,
        link_hash: row.maybe_text("link_hash")?,
        hash: row.maybe_text("hash")?,
        ends_at: row.moment("ends_at")?,
        created_at: row.moment("created_at")?,
    })
}

impl Store {
    /// The visit of this id.
    pub async fn visit(&self, id: &VisitId) -> Result<Option<Visit>, StoreError> {
        let row = sqlx::query("SELECT * FROM visit WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The visit that the link opens whose token has this hash.
    pub async fn visit_of_link(&self, hash: &str) -> Result<Option<Visit>, StoreError> {
        let row = sqlx::query("SELECT * FROM visit WHERE link_hash IS NOT NULL AND link_hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The open visit of the cookie whose token has this hash.
    pub async fn visit_of_cookie(&self, hash: &str) -> Result<Option<Visit>, StoreError> {
        let row = sqlx::query("SELECT * FROM visit WHERE hash IS NOT NULL AND hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The cases that are about a record: those that are under way, and those that the person has opened, in order of ids.
    pub async fn cases_about(&self, record: &str) -> Result<Vec<CaseId>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT case_id FROM erasure_record WHERE record_id = $1 \
             UNION SELECT case_id FROM asked_erasure WHERE record_id = $1",
        )
        .bind(record)
        .fetch_all(&self.pool)
        .await?;
        let ids: Result<Vec<_>, _> = rows.into_iter().map(|(id,)| id.parse()).collect();
        let mut ids = ids.map_err(|_| StoreError::Unreadable("case_id"))?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Forgets visits that were over before `moment`. Gives how many.
    pub async fn forget_visits_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new()),
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT ends_at, id FROM visit WHERE ends_at < $1 AND (ends_at, id) > ($2, $3) \
                     ORDER BY ends_at, id LIMIT $4",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            |(at, id)| sqlx::query("DELETE FROM visit WHERE id = $1 AND ends_at = $2").bind(id).bind(at),
        )
        .await
    }
}

impl Tx {
    /// Adds a visit.
    pub async fn add_visit(&mut self, visit: &Visit) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO visit (id, way, locked, link_hash, hash, ends_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(visit.id.as_str())
        .bind(visit.way.as_str())
        .bind(visit.locked.as_deref())
        .bind(visit.link_hash.as_deref())
        .bind(visit.hash.as_deref())
        .bind(visit.ends_at.unix_millis())
        .bind(visit.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Remembers whom the mail of a visit goes to, by what its link is known, and what it is about. [`StoreError::Stale`] if it is not
    /// there any more, or is open.
    pub async fn link_visit(&mut self, visit: &Visit, records: &[String]) -> Result<(), StoreError> {
        let linked =
            sqlx::query("UPDATE visit SET locked = $2, link_hash = $3 WHERE id = $1 AND hash IS NULL")
                .bind(visit.id.as_str())
                .bind(visit.locked.as_deref())
                .bind(visit.link_hash.as_deref())
                .execute(&mut *self.tx)
                .await?;
        one(&linked)?;
        self.list_visit_records(&visit.id, records).await
    }

    /// Opens a visit that is about these records; its link is followed then. [`StoreError::Stale`] if it is open already, is over, or is
    /// not there any more: what opens it is good once.
    ///
    /// Holds the end of the audit chain, as erasing does: neither waits for the other half way.
    pub async fn open_visit(
        &mut self,
        visit: &Visit,
        records: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.hold_audit().await?;
        let opened = sqlx::query(
            "UPDATE visit SET locked = $2, hash = $3, ends_at = $4, link_hash = NULL \
             WHERE id = $1 AND hash IS NULL AND ends_at > $5",
        )
        .bind(visit.id.as_str())
        .bind(visit.locked.as_deref())
        .bind(visit.hash.as_deref())
        .bind(visit.ends_at.unix_millis())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&opened)?;
        self.list_visit_records(&visit.id, records).await
    }

    async fn list_visit_records(&mut self, id: &VisitId, records: &[String]) -> Result<(), StoreError> {
        for record in records {
            sqlx::query(
                "INSERT INTO visit_record (visit_id, record_id) VALUES ($1, $2) \
                 ON CONFLICT (visit_id, record_id) DO NOTHING",
            )
            .bind(id.as_str())
            .bind(record)
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Ends a visit, or forgets that one was asked for. Doing it again changes nothing.
    pub async fn end_visit(&mut self, id: &VisitId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM visit WHERE id = $1").bind(id.as_str()).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Remembers that the person has opened a case about these records.
    pub async fn note_asked_erasure(
        &mut self,
        case: &CaseId,
        records: &[(RecordKind, String)],
    ) -> Result<(), StoreError> {
        for (_, record) in records {
            sqlx::query(
                "INSERT INTO asked_erasure (record_id, case_id) VALUES ($1, $2) \
                 ON CONFLICT (record_id, case_id) DO NOTHING",
            )
            .bind(record)
            .bind(case.as_str())
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Ends all visits that are about a record, and forgets which cases the person has opened about it: it is being erased.
    pub(super) async fn forget_visits_about(&mut self, record: &str) -> Result<(), StoreError> {
        // Found first: a join would walk all visits where the database knows nothing of how many there are.
        let visits: Vec<(String,)> = sqlx::query_as("SELECT visit_id FROM visit_record WHERE record_id = $1")
            .bind(record)
            .fetch_all(&mut *self.tx)
            .await?;
        for (visit,) in visits {
            sqlx::query("DELETE FROM visit WHERE id = $1").bind(visit).execute(&mut *self.tx).await?;
        }
        sqlx::query("DELETE FROM asked_erasure WHERE record_id = $1")
            .bind(record)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
