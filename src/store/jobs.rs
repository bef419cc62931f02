//! Background work.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Store, StoreError, Tx, many, one, too_far};
use crate::model::ids::{IssuanceId, JobId};
use crate::model::job::{Job, JobState, Queue, Work};
use crate::model::time::Timestamp;

impl Store {
    /// Takes the job of a queue that has been due for longest, until `until`, and counts the try. What stands behind another
    /// job of its series waits for that. Work that this program does not know is left to a newer one.
    pub async fn lease_job(
        &self,
        queue: &Queue,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        /// Others take jobs at the same time, so a few are looked at.
        const CANDIDATES: u32 = 16;
        let name = &queue.name();
        let mut from = None;
        loop {
            let due = BY_DUE
                .walk(from, CANDIDATES, |place, limit| {
                    let place = place.unwrap_or(Place::START);
                    async move {
                        sqlx::query(
                            "SELECT * FROM job WHERE work || '/' || target = $6 AND lane IS NULL AND state = 'ready' \
                             AND due_at <= $1 AND (due_at, id) > ($2, $3) \
                             AND (lease_until IS NULL OR lease_until <= $1 OR lease_until > $4) \
                             ORDER BY due_at, id LIMIT $5",
                        )
                        .bind(now.unix_millis())
                        .bind(place.at)
                        .bind(place.id)
                        .bind(too_far(until))
                        .bind(limit)
                        .bind(name)
                        .fetch_all(&self.pool)
                        .await
                    }
                })
                .await?;
            for job in &due.items {
                if let Some(before) = self.before_in_series(job).await? {
                    self.put_behind(job, before, now).await?;
                } else if let Some(job) = self.take_job(&job.id, owner, now, until).await? {
                    return Ok(Some(job));
                }
            }
            if due.next.is_none() {
                return Ok(None);
            }
            from = due.next;
        }
    }

    /// When the job is due that must be done before this one, if there is one.
    async fn before_in_series(&self, job: &Job) -> Result<Option<Timestamp>, StoreError> {
        if job.series.is_empty() {
            return Ok(None);
        }
        let before: Option<(i64,)> = sqlx::query_as(
            "SELECT due_at FROM job WHERE series = $1 AND target = $2 AND series <> '' AND state = 'ready' AND id < $3 \
             ORDER BY id LIMIT 1",
        )
        .bind(&job.series)
        .bind(&job.target)
        .bind(job.id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let due = before.map(|(due,)| Timestamp::from_unix_millis(due)).transpose();
        due.map_err(|_| StoreError::Unreadable("due_at"))
    }

    /// Puts a job behind another one, so that it does not stand in the way of those that can be done.
    async fn put_behind(&self, job: &Job, other: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let due = other.max(now.plus_millis(1_000));
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE job SET due_at = $1 WHERE id = $2 AND state = 'ready' AND due_at = $3 AND lane IS NULL",
        )
        .bind(due.unix_millis())
        .bind(job.id.as_str())
        .bind(job.due_at.unix_millis())
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await
    }

    /// Takes a job if it is still due and nobody else's.
    async fn take_job(
        &self,
        id: &JobId,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE job SET lease_owner = $1, lease_until = $2, attempts = attempts + 1 WHERE id = $5 \
             AND lane IS NULL AND state = 'ready' AND due_at <= $3 \
             AND (lease_until IS NULL OR lease_until <= $3 OR lease_until > $4) RETURNING *",
        )
        .bind(owner)
        .bind(until.unix_millis())
        .bind(now.unix_millis())
        .bind(too_far(until))
        .bind(id.as_str())
        .fetch_optional(&mut *tx.tx)
        .await?;
        tx.commit().await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Drops what waits in a queue that nobody serves and has been due since before `moment`. Gives how much.
    pub async fn drop_queue(&self, name: &str, moment: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let result = sqlx::query(
            "DELETE FROM job WHERE work || '/' || target = $1 AND lane IS NULL AND state = 'ready' AND due_at < $2",
        )
        .bind(name)
        .bind(moment.unix_millis())
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await?;
        Ok(result.rows_affected())
    }

    /// The names of queues in which something waits, in order.
    pub async fn queues_with_work(&self) -> Result<Vec<String>, StoreError> {
        let mut queues = Vec::new();
        // From queue to queue, past all the work of each.
        let mut last = String::new();
        loop {
            let next: Option<(String,)> = sqlx::query_as(
            "SELECT work || '/' || target FROM job WHERE work || '/' || target > $1 AND lane IS NULL AND state = 'ready' \
             ORDER BY work || '/' || target LIMIT 1",
        )
        .bind(&last)
        .fetch_optional(&self.pool)
        .await?;
            let Some((queue,)) = next else { return Ok(queues) };
            queues.push(queue.clone());
            last = queue;
        }
    }

    /// Gives a sign of life for a leased job. Somebody else may have it by now, and then nothing happens.
    pub async fn keep_job(&self, job: &Job, owner: &str, until: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE job SET lease_until = $1 WHERE id = $2 AND lease_owner = $3")
            .bind(until.unix_millis())
            .bind(job.id.as_str())
            .bind(owner)
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }

    /// A job.
    pub async fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query("SELECT * FROM job WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Jobs, oldest first; of one state, if that is wanted.
    pub async fn jobs(&self, state: Option<JobState>, limit: u32) -> Result<Vec<Job>, StoreError> {
        // In order of ids, or of times, which is the same: for one state there is an index by time.
        let batch = Rows { at: Some("created_at"), ..ROWS }
            .walk(None, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    match state {
                        None => sqlx::query("SELECT * FROM job WHERE id > $1 ORDER BY id LIMIT $2"),
                        Some(state) => sqlx::query(
                            "SELECT * FROM job WHERE state || '' = $1 AND (created_at, id) > ($2, $3) \
                             ORDER BY created_at, id LIMIT $4",
                        )
                        .bind(state.as_str())
                        .bind(place.at),
                    }
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await?;
        Ok(batch.items)
    }

    /// Since when the job has been due that has been due for longest.
    pub async fn oldest_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut due: Option<i64> = None;
        for queue in self.queues_with_work().await? {
            let first: Option<(i64,)> = sqlx::query_as(
                "SELECT due_at FROM job WHERE work || '/' || target = $1 AND lane IS NULL AND state = 'ready' \
                 ORDER BY due_at, id LIMIT 1",
            )
            .bind(queue)
            .fetch_optional(&self.pool)
            .await?;
            due = due.into_iter().chain(first.map(|(due,)| due)).min();
        }
        for lane in self.lanes_with_work().await? {
            let first: Option<(i64,)> = sqlx::query_as(
                "SELECT due_at FROM job WHERE lane = $1 AND state = 'ready' ORDER BY due_at, id LIMIT 1",
            )
            .bind(lane)
            .fetch_optional(&self.pool)
            .await?;
            due = due.into_iter().chain(first.map(|(due,)| due)).min();
        }
        due.map(Timestamp::from_unix_millis).transpose().map_err(|_| StoreError::Unreadable("due_at"))
    }
}

impl Tx {
    /// Queues work. If there is such a job already, it is that which is to be done, and when it is due: a halted one
    /// comes to life again, one that has been sent is left alone.
    pub async fn enqueue(&mut self, job: &Job) -> Result<(), StoreError> {
        self.enqueue_all(&[job]).await
    }

    /// The same for several, of which no two are the same work.
    pub(super) async fn enqueue_all(&mut self, jobs: &[&Job]) -> Result<(), StoreError> {
        for part in many::parts(jobs) {
            let mut query = many::rows(
                self.kind,
                "INSERT INTO job (id, work, subject, target, lane, due_at, reason, created_at, series, state, attempts) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'ready', 0) ON CONFLICT (work, subject, target) DO UPDATE SET \
                 state = 'ready', due_at = excluded.due_at, lane = excluded.lane, reason = excluded.reason, \
                 attempts = CASE WHEN job.attempts > 0 THEN 1 ELSE 0 END \
                 WHERE job.state <> 'sent'",
                part.len(),
            );
            for job in part {
                self.made.add(job);
                query = query
                    .bind(job.id.as_str())
                    .bind(job.work.as_str())
                    .bind(&job.subject)
                    .bind(&job.target)
                    .bind(job.lane.as_deref())
                    .bind(job.due_at.unix_millis())
                    .bind(job.reason.as_deref())
                    .bind(job.created_at.unix_millis())
                    .bind(&job.series);
            }
            query.execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    /// It is done. [`StoreError::Stale`] if it is gone, or not as it was when it was read.
    pub async fn finish_job(&mut self, job: &Job) -> Result<(), StoreError> {
        let result = sqlx::query(
            "DELETE FROM job WHERE id = $1 AND state = $2 AND attempts = $3 AND \
             nonce IS NOT DISTINCT FROM $4",
        )
        .bind(job.id.as_str())
        .bind(job.state.as_str())
        .bind(i64::from(job.attempts))
        .bind(job.nonce.and_then(|nonce| i64::try_from(nonce).ok()))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// It is to be tried again at `due_at`. Whatever transaction it had does not count any more.
    pub async fn retry_job(&mut self, job: &Job, due_at: Timestamp, reason: &str) -> Result<(), StoreError> {
        self.set_job(job, JobState::Ready, due_at, reason).await
    }

    /// A person has to see to it.
    pub async fn halt_job(&mut self, job: &Job, reason: &str) -> Result<(), StoreError> {
        self.set_job(job, JobState::Halted, job.due_at, reason).await
    }

    async fn set_job(
        &mut self,
        job: &Job,
        to: JobState,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.made.add(job);
        let result = sqlx::query(
            "UPDATE job SET state = $5, due_at = $6, reason = $7, nonce = NULL, tx_hash = NULL, sent_at = NULL, \
             lease_owner = NULL, lease_until = NULL WHERE id = $1 AND state = $2 AND attempts = $3 AND \
             nonce IS NOT DISTINCT FROM $4",
        )
        .bind(job.id.as_str())
        .bind(job.state.as_str())
        .bind(i64::from(job.attempts))
        .bind(job.nonce.and_then(|nonce| i64::try_from(nonce).ok()))
        .bind(to.as_str())
        .bind(due_at.unix_millis())
        .bind(reason)
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Gives a job of a lane to another lane. Whatever transaction it had does not count any more.
    pub async fn move_job(&mut self, job: &Job, lane: &str, now: Timestamp) -> Result<(), StoreError> {
        self.set_job(job, JobState::Ready, now, "moved to another lane").await?;
        sqlx::query("UPDATE job SET lane = $1 WHERE id = $2")
            .bind(lane)
            .bind(job.id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Drops the work of writing an issuance if no transaction of it has ever been sent. [`StoreError::Stale`] if one has
    /// been, or there is no such work.
    pub async fn drop_unsent(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        let result = sqlx::query(
            "DELETE FROM job WHERE work = $1 AND subject = $2 AND state = 'ready' AND attempts = 0 \
             AND (SELECT was_sent FROM issuance WHERE id = $2) = 0",
        )
        .bind(Work::WriteCredential.as_str())
        .bind(id.as_str())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Puts a halted or waiting job to work at once, as if it had been tried once if it was tried. [`StoreError::Stale`] if
    /// there is none.
    pub async fn restart_job(&mut self, id: &JobId, now: Timestamp) -> Result<(), StoreError> {
        self.made.add_any();
        let result = sqlx::query(
            "UPDATE job SET state = 'ready', due_at = $1, attempts = CASE WHEN attempts > 0 THEN 1 ELSE 0 END, \
             reason = NULL WHERE id = $2 \
             AND state IN ('ready', 'halted') AND (lease_until IS NULL OR lease_until <= $1)",
        )
        .bind(now.unix_millis())
        .bind(id.as_str())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Makes waiting work on `subject` due at once.
    pub async fn bring_forward(
        &mut self,
        work: Work,
        subject: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.made.add_work(work);
        sqlx::query(
            "UPDATE job SET due_at = $1 WHERE work = $2 AND subject = $3 AND state = 'ready' AND due_at > $1",
        )
        .bind(now.unix_millis())
        .bind(work.as_str())
        .bind(subject)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Makes what stands behind a finished job in its series due at once.
    pub async fn bring_series_forward(&mut self, job: &Job, now: Timestamp) -> Result<(), StoreError> {
        self.made.add_work(job.work);
        sqlx::query(
            "UPDATE job SET due_at = $1 WHERE series = $2 AND target = $3 AND series <> '' AND state = 'ready' \
             AND attempts = 0 AND due_at > $1",
        )
        .bind(now.unix_millis())
        .bind(&job.series)
        .bind(&job.target)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Drops all work on `subject` that has not been sent.
    pub async fn drop_jobs(&mut self, subject: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM job WHERE subject = $1 AND state <> 'sent'")
            .bind(subject)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

pub(super) const ROWS: Rows<Job> = Rows { table: "job", at: None, read };

/// Those that are due for longest come first.
pub(super) const BY_DUE: Rows<Job> = Rows { table: "job", at: Some("due_at"), read };

fn read(row: &AnyRow) -> Result<Job, StoreError> {
    let row = Columns(row);
    Ok(Job {
        id: row.parsed("id")?,
        work: row.parsed("work")?,
        subject: row.text("subject")?,
        target: row.text("target")?,
        series: row.text("series")?,
        lane: row.maybe_text("lane")?,
        state: row.parsed("state")?,
        due_at: row.moment("due_at")?,
        attempts: row.count("attempts")?,
        nonce: row.maybe_count("nonce")?,
        tx_hash: row.maybe_text("tx_hash")?,
        sent_at: row.maybe_moment("sent_at")?,
        reason: row.maybe_text("reason")?,
        created_at: row.moment("created_at")?,
    })
}
