//! What waits for a second person.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::Rows;
use super::{Store, StoreError, Tx, one};
use crate::model::ids::ProposalId;
use crate::model::proposal::{Proposal, Proposed};
use crate::model::time::Timestamp;

impl Store {
    /// What waits at this moment, the first to have been proposed first; no more than `limit`.
    pub async fn proposals(&self, now: Timestamp, limit: u32) -> Result<Vec<Proposal>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM proposal WHERE expires_at > $1 ORDER BY expires_at, id LIMIT $2")
                .bind(now.unix_millis())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
        ROWS.all(&rows)
    }

    /// A proposal, whether its time is over or not.
    pub async fn proposal(&self, id: &ProposalId) -> Result<Option<Proposal>, StoreError> {
        let row = sqlx::query("SELECT * FROM proposal WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Forgets what nobody has approved in time. Gives how many.
    pub async fn forget_proposals_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new()),
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT expires_at, id FROM proposal WHERE expires_at <= $1 AND (expires_at, id) > ($2, $3) \
                     ORDER BY expires_at, id LIMIT $4",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            |(_, id)| sqlx::query("DELETE FROM proposal WHERE id = $1").bind(id),
        )
        .await
    }
}

impl Tx {
    /// Adds one. [`StoreError::Exists`] if the same waits already.
    pub async fn add_proposal(&mut self, proposal: &Proposal) -> Result<(), StoreError> {
        let (subject, detail) = proposal.what.parts();
        let added = sqlx::query(
            "INSERT INTO proposal (id, act, subject, detail, proposed_by, expires_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (act, subject, detail) DO NOTHING",
        )
        .bind(proposal.id.as_str())
        .bind(proposal.what.act().as_str())
        .bind(subject)
        .bind(detail)
        .bind(proposal.by.as_str())
        .bind(proposal.expires_at.unix_millis())
        .bind(proposal.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&added)
            .map_err(|error| if matches!(error, StoreError::Stale) { StoreError::Exists } else { error })
    }

    /// Forgets one, since it is being done, or is not to be. [`StoreError::Stale`] if it waits no more.
    pub async fn settle_proposal(&mut self, id: &ProposalId) -> Result<(), StoreError> {
        let gone = sqlx::query("DELETE FROM proposal WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&gone)
    }
}

const ROWS: Rows<Proposal> = Rows { table: "proposal", at: None, read };

fn read(row: &AnyRow) -> Result<Proposal, StoreError> {
    let row = Columns(row);
    let what = Proposed::of(row.parsed("act")?, &row.text("subject")?, &row.text("detail")?);
    Ok(Proposal {
        id: row.parsed("id")?,
        what: what.ok_or(StoreError::Unreadable("detail"))?,
        by: row.parsed("proposed_by")?,
        expires_at: row.moment("expires_at")?,
        created_at: row.moment("created_at")?,
    })
}
