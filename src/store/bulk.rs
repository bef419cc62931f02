//! What has stopped, by reason; and what is brought on in bulk.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Store, StoreError, Tx, one};
use crate::model::bulk_resume::{BulkResume, BulkState, Group, MOST_COUNTED, Reason};
use crate::model::ids::BulkResumeId;
use crate::model::issuance::Stopped;
use crate::model::time::Timestamp;

/// Something that has stopped: its id, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedRow {
    /// Its id.
    pub id: String,
    /// Since when, in milliseconds since 1970-01-01T00:00:00Z.
    pub since: i64,
}

/// How a record is called whose groups are told apart by this.
fn what_of(name: &str) -> Result<Stopped, StoreError> {
    match name {
        "halted" => Ok(Stopped::Issuance),
        "issued" => Ok(Stopped::Revocation),
        "prf" => Ok(Stopped::Profile),
        "wal" => Ok(Stopped::Wallet),
        "" => Ok(Stopped::Attribute),
        _ => Err(StoreError::Unreadable("id")),
    }
}

/// By what the records of a reason are found.
fn key(reason: &Reason) -> String {
    let Reason { client, what, code } = reason;
    match what {
        Stopped::Issuance => format!("{client}/{code}/halted"),
        Stopped::Revocation => format!("{client}/{code}/issued"),
        Stopped::Profile => format!("{client}/{code}/prf"),
        Stopped::Wallet => format!("{client}/{code}/wal"),
        Stopped::Attribute | Stopped::Over => format!("{client}/{code}"),
    }
}

impl Store {
    /// Everything that has stopped, by client and reason. From reason to reason, past all that has stopped for each; of each no more than
    /// so many are counted as [`MOST_COUNTED`] says. Reasons that this program does not know are left to a newer one.
    pub async fn stopped_groups(&self) -> Result<Vec<Group>, StoreError> {
        let mut groups = Vec::new();
        let queries = [
            "SELECT client, halt, state AS what, client || '/' || halt || '/' || state AS name FROM issuance \
             WHERE halt IS NOT NULL AND state || '' IN ('halted', 'issued') AND client || '/' || halt || '/' || state > $1 \
             ORDER BY client || '/' || halt || '/' || state LIMIT 1",
            "SELECT client, halt, SUBSTR(id, 1, 3) AS what, client || '/' || halt || '/' || SUBSTR(id, 1, 3) AS name \
             FROM profile WHERE state = 'halted' AND halt IS NOT NULL \
             AND client || '/' || halt || '/' || SUBSTR(id, 1, 3) > $1 \
             ORDER BY client || '/' || halt || '/' || SUBSTR(id, 1, 3) LIMIT 1",
            "SELECT client, halt, '' AS what, client || '/' || halt AS name FROM attribute \
             WHERE state = 'halted' AND halt IS NOT NULL AND client || '/' || halt > $1 \
             ORDER BY client || '/' || halt LIMIT 1",
        ];
        for query in queries {
            let mut last = String::new();
            loop {
                let next = sqlx::query(query).bind(&last).fetch_optional(&self.pool).await?;
                let Some(row) = next else { break };
                let row = Columns(&row);
                last = row.text("name")?;
                let Ok(code) = row.parsed("halt") else { continue };
                let what = what_of(&row.text("what")?)?;
                groups.push(Reason { client: row.text("client")?, what, code });
            }
        }
        let mut counted = Vec::new();
        for reason in groups {
            counted.extend(self.stopped_group(&reason).await?);
        }
        Ok(counted)
    }

    /// How much has stopped for one reason; nothing if nothing has.
    pub async fn stopped_group(&self, reason: &Reason) -> Result<Option<Group>, StoreError> {
        let query = match reason.what {
            Stopped::Issuance | Stopped::Revocation => sqlx::query_as(
                "SELECT COUNT(*), MIN(since) FROM (SELECT updated_at AS since FROM issuance WHERE halt IS NOT NULL \
                     AND state || '' IN ('halted', 'issued') AND client || '/' || halt || '/' || state = $1 \
                     ORDER BY updated_at, id LIMIT $2) AS counted",
            ),
            Stopped::Profile | Stopped::Wallet => sqlx::query_as(
                "SELECT COUNT(*), MIN(since) FROM (SELECT updated_at AS since FROM profile WHERE state = 'halted' \
                 AND halt IS NOT NULL AND client || '/' || halt || '/' || SUBSTR(id, 1, 3) = $1 \
                 ORDER BY updated_at, id LIMIT $2) AS counted",
            ),
            Stopped::Attribute => sqlx::query_as(
                "SELECT COUNT(*), MIN(since) FROM (SELECT updated_at AS since FROM attribute WHERE state = 'halted' \
                 AND halt IS NOT NULL AND client || '/' || halt = $1 ORDER BY updated_at, id LIMIT $2) AS counted",
            ),
            Stopped::Over => return Ok(None),
        };
        let (count, oldest): (i64, Option<i64>) =
            query.bind(key(reason)).bind(i64::from(MOST_COUNTED) + 1).fetch_one(&self.pool).await?;
        let Some(oldest) = oldest else { return Ok(None) };
        let oldest = Timestamp::from_unix_millis(oldest).map_err(|_| StoreError::Unreadable("updated_at"))?;
        Ok(Some(Group { reason: reason.clone(), count: u32::try_from(count).unwrap_or(u32::MAX), oldest }))
    }

    /// What has stopped for one reason behind a place and no later than `until`, the first to stop first.
    pub async fn stopped_for(
        &self,
        reason: &Reason,
        behind: &Place,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoppedRow>, StoreError> {
        let query = match reason.what {
            Stopped::Issuance | Stopped::Revocation => sqlx::query_as(
                "SELECT id, updated_at FROM issuance WHERE halt IS NOT NULL AND state || '' IN ('halted', 'issued') \
                     AND client || '/' || halt || '/' || state = $1 AND (updated_at, id) > ($2, $3) AND updated_at <= $4 \
                     ORDER BY updated_at, id LIMIT $5",
            ),
            Stopped::Profile | Stopped::Wallet => sqlx::query_as(
                "SELECT id, updated_at FROM profile WHERE state = 'halted' AND halt IS NOT NULL \
                 AND client || '/' || halt || '/' || SUBSTR(id, 1, 3) = $1 AND (updated_at, id) > ($2, $3) \
                 AND updated_at <= $4 ORDER BY updated_at, id LIMIT $5",
            ),
            Stopped::Attribute => sqlx::query_as(
                "SELECT id, updated_at FROM attribute WHERE state = 'halted' AND halt IS NOT NULL \
                 AND client || '/' || halt = $1 AND (updated_at, id) > ($2, $3) AND updated_at <= $4 \
                 ORDER BY updated_at, id LIMIT $5",
            ),
            Stopped::Over => return Ok(Vec::new()),
        };
        let rows: Vec<(String, i64)> = query
            .bind(key(reason))
            .bind(behind.at)
            .bind(behind.id.clone())
            .bind(until.unix_millis())
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|(id, since)| StoppedRow { id, since }).collect())
    }

    /// The newest of what was brought on in bulk.
    pub async fn bulk_resumes(&self, limit: u32) -> Result<Vec<BulkResume>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM bulk_resume WHERE created_at >= 0 ORDER BY created_at DESC, id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        ROWS.all(&rows)
    }

    /// One of them.
    pub async fn bulk_resume(&self, id: &BulkResumeId) -> Result<Option<BulkResume>, StoreError> {
        let row = sqlx::query("SELECT * FROM bulk_resume WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Forgets those from before `moment`. Gives how many.
    pub async fn forget_bulk_resumes_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new()),
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT created_at, id FROM bulk_resume WHERE created_at < $1 AND (created_at, id) > ($2, $3) \
                     ORDER BY created_at, id LIMIT $4",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            |(_, id)| sqlx::query("DELETE FROM bulk_resume WHERE id = $1 AND state || '' <> 'running'").bind(id),
        )
        .await
    }
}

impl Tx {
    /// Adds one. [`StoreError::Exists`] if there is one that runs for the same reason.
    pub async fn add_bulk_resume(&mut self, bulk: &BulkResume) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO bulk_resume (id, client, what, code, state, actor, total, resumed, remaining, place_at, place_id, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, 'running', $5, $6, 0, 0, $7, $8, $9, $9)",
        )
        .bind(bulk.id.as_str())
        .bind(&bulk.reason.client)
        .bind(bulk.reason.what.as_str())
        .bind(bulk.reason.code.as_str())
        .bind(&bulk.actor)
        .bind(i64::from(bulk.total))
        .bind(bulk.place.0)
        .bind(&bulk.place.1)
        .bind(bulk.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// It has got on so far. [`StoreError::Stale`] if it does not run any more.
    pub async fn move_bulk_resume(&mut self, bulk: &BulkResume, now: Timestamp) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE bulk_resume SET state = $2, resumed = $3, remaining = $4, place_at = $5, place_id = $6, updated_at = $7 \
             WHERE id = $1 AND state || '' = 'running'",
        )
        .bind(bulk.id.as_str())
        .bind(bulk.state.as_str())
        .bind(i64::from(bulk.resumed))
        .bind(i64::from(bulk.remaining))
        .bind(bulk.place.0)
        .bind(&bulk.place.1)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// It is ended. [`StoreError::Stale`] if it does not run any more.
    pub async fn stop_bulk_resume(&mut self, id: &BulkResumeId, now: Timestamp) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE bulk_resume SET state = 'stopped', updated_at = $2 WHERE id = $1 AND state || '' = 'running'",
        )
        .bind(id.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }
}

const ROWS: Rows<BulkResume> = Rows { table: "bulk_resume", at: None, read };

fn read(row: &AnyRow) -> Result<BulkResume, StoreError> {
    let row = Columns(row);
    Ok(BulkResume {
        id: row.parsed("id")?,
        reason: Reason { client: row.text("client")?, what: row.parsed("what")?, code: row.parsed("code")? },
        state: row.parsed::<BulkState>("state")?,
        actor: row.text("actor")?,
        total: row.count("total")?,
        resumed: row.count("resumed")?,
        remaining: row.count("remaining")?,
        place: (row.number("place_at")?, row.text("place_id")?),
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
