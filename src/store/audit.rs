//! The audit chain.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::Rows;
use super::{Store, StoreError, Tx, one};
use crate::model::audit::{AuditEntry, ChainedEntry, Checkpoint, Link, hash};

/// Between the columns of an entry, and behind each entry, in the text of a page: control characters that none of them
/// holds.
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

impl Tx {
    /// Writes an entry at the end of the chain. The only way in: an entry and what it tells of are there together, or
    /// not at all. Writers wait here for each other, so this comes last in a transaction.
    pub async fn record(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
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

    /// Adds a checkpoint. [`StoreError::Exists`] if there is one of its number: another process was faster.
    pub async fn add_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO audit_checkpoint (number, entry, hash, at, key_id, public_key, signature) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(checkpoint.number)
        .bind(checkpoint.entry)
        .bind(&checkpoint.hash)
        .bind(checkpoint.at)
        .bind(&checkpoint.key_id)
        .bind(&checkpoint.public_key)
        .bind(&checkpoint.signature.0)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

impl Store {
    /// What is recorded as the end of the chain.
    pub async fn audit_end(&self) -> Result<Link, StoreError> {
        let (seq, hash): (i64, String) =
            sqlx::query_as("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_one(&self.pool).await?;
        Ok(Link { seq, hash })
    }

    /// The entries behind `after`, up to `until`, in their order. [`StoreError::Unreadable`] if one of them is not what
    /// this program writes.
    ///
    /// They come as one text: row by row, a driver for two databases takes ten times as long as all the rest of the work.
    pub async fn audit_page(&self, after: i64, until: i64) -> Result<Vec<ChainedEntry>, StoreError> {
        let fetched: Result<(Option<String>, i64), _> = sqlx::query_as(
            "SELECT STRING_AGG(CAST(seq AS TEXT) || $3 || CAST(at AS TEXT) || $3 || actor || $3 || act || $3 || subject \
             || $3 || detail || $3 || previous || $3 || hash, $4 ORDER BY seq), \
             COUNT(actor || act || subject || detail || previous || hash) \
             FROM audit WHERE seq > $1 AND seq <= $2",
        )
        .bind(after)
        .bind(until)
        .bind(UNIT.to_string())
        .bind(RECORD.to_string())
        .fetch_one(&self.pool)
        .await;
        let (text, count) = match fetched {
            Err(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
                return Err(StoreError::Unreadable("an entry's text"));
            }
            fetched => fetched?,
        };
        let text = text.unwrap_or_default();
        let records = text.split(RECORD).filter(|_| count > 0);
        let entries: Vec<_> = records.map(entry).collect::<Result<_, _>>()?;
        // As many as there are rows: none holds a separator, which would make two of one.
        match i64::try_from(entries.len()) {
            Ok(read) if read == count => Ok(entries),
            _ => Err(StoreError::Unreadable("an entry")),
        }
    }

    /// All entries about `subject`, oldest first.
    pub async fn audit_of(&self, subject: &str) -> Result<Vec<ChainedEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE subject = $1 ORDER BY seq")
            .bind(subject)
            .fetch_all(&self.pool)
            .await?;
        ROWS.all(&rows)
    }

    /// All checkpoints, in their order.
    pub async fn checkpoints(&self) -> Result<Vec<Checkpoint>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM audit_checkpoint ORDER BY number").fetch_all(&self.pool).await?;
        CHECKPOINTS.all(&rows)
    }

    /// The last checkpoint.
    pub async fn last_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let row = sqlx::query("SELECT * FROM audit_checkpoint ORDER BY number DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_checkpoint).transpose()
    }
}

/// An entry of a page's text.
fn entry(text: &str) -> Result<ChainedEntry, StoreError> {
    let mut columns = text.split(UNIT);
    let mut column = |name| columns.next().ok_or(StoreError::Unreadable(name)).map(str::to_owned);
    let number = |name, text: String| text.parse().map_err(|_| StoreError::Unreadable(name));
    let entry = ChainedEntry {
        seq: number("seq", column("seq")?)?,
        at: number("at", column("at")?)?,
        actor: column("actor")?,
        act: column("act")?,
        subject: column("subject")?,
        detail: column("detail")?,
        previous: column("previous")?,
        hash: column("hash")?,
    };
    columns.next().map_or(Ok(entry), |_| Err(StoreError::Unreadable("an entry")))
}

pub(super) const ROWS: Rows<ChainedEntry> = Rows { table: "audit", at: None, read };

const CHECKPOINTS: Rows<Checkpoint> = Rows { table: "audit_checkpoint", at: None, read: read_checkpoint };

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

fn read_checkpoint(row: &AnyRow) -> Result<Checkpoint, StoreError> {
    let row = Columns(row);
    Ok(Checkpoint::stored(
        (row.number("number")?, row.number("entry")?, row.number("at")?),
        row.text("hash")?,
        row.text("key_id")?,
        row.text("public_key")?,
        row.text("signature")?,
    ))
}
