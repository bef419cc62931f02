//! The audit chain.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::Rows;
use super::{Store, StoreError, Tx, one};
use crate::model::audit::{ChainedEntry, Entry, follow, hash};

/// The chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit chain is broken at entry {0}")]
pub struct AuditBreak(pub i64);

impl Tx {
    /// Writes an entry at the end of the chain. The only way in: an entry and what it tells of are there together, or
    /// not at all. Writers wait here for each other, so this comes last in a transaction.
    pub async fn record(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let (seq, previous): (i64, String) =
            sqlx::query_as("UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash")
                .fetch_one(&mut *self.tx)
                .await?;
        let mut entry = ChainedEntry {
            seq,
            at: entry.at.unix_millis(),
            actor: entry.actor.to_text(),
            act: entry.act.as_str().to_owned(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            previous,
            hash: String::new(),
        };
        entry.hash = hash(&entry);
        sqlx::query(
            "INSERT INTO audit (seq, at, actor, act, subject, detail, previous, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(entry.seq)
        .bind(entry.at)
        .bind(&entry.actor)
        .bind(&entry.act)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .bind(&entry.previous)
        .bind(&entry.hash)
        .execute(&mut *self.tx)
        .await?;
        let moved = sqlx::query("UPDATE audit_head SET hash = $1 WHERE id = 1 AND seq = $2")
            .bind(&entry.hash)
            .bind(entry.seq)
            .execute(&mut *self.tx)
            .await?;
        one(&moved)
    }
}

impl Store {
    /// Walks the whole chain. Gives the number of entries.
    pub async fn verify_audit(&self) -> Result<Result<i64, AuditBreak>, StoreError> {
        const PAGE: i64 = 1000;
        // The end first: entries that are written meanwhile come after it.
        let (end, end_hash): (i64, String) =
            sqlx::query_as("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_one(&self.pool).await?;
        let (mut place, mut previous) = (0, String::new());
        while place < end {
            let rows = sqlx::query("SELECT * FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3")
                .bind(place)
                .bind(end)
                .bind(PAGE)
                .fetch_all(&self.pool)
                .await?;
            // An entry that cannot be read leaves a gap: the chain is broken there.
            let entries = ROWS.all(&rows)?;
            match follow(place, previous, &entries) {
                Ok((next, _)) if next == place => return Ok(Err(AuditBreak(place + 1))),
                Ok(next) => (place, previous) = next,
                Err(place) => return Ok(Err(AuditBreak(place))),
            }
        }
        Ok(if previous == end_hash { Ok(place) } else { Err(AuditBreak(place)) })
    }

    /// All entries about `subject`, oldest first.
    pub async fn audit_of(&self, subject: &str) -> Result<Vec<ChainedEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE subject = $1 ORDER BY seq")
            .bind(subject)
            .fetch_all(&self.pool)
            .await?;
        ROWS.all(&rows)
    }
}

const ROWS: Rows<ChainedEntry> = Rows { table: "audit", at: None, read };

fn read(row: &AnyRow) -> Result<ChainedEntry, StoreError> {
    let row = Columns(row);
    Ok(ChainedEntry {
        seq: row.number("seq")?,
        at: row.number("at")?,
        actor: row.text("actor")?,
        act: row.text("act")?,
        subject: row.text("subject")?,
        detail: row.text("detail")?,
        previous: row.text("previous")?,
        hash: row.text("hash")?,
    })
}
