//! The audit chain.

use rand::rngs::OsRng;
use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::Rows;
use super::{Store, StoreError, Tx, many, one};
use crate::model::audit::{
    Actor, AuditAction, AuditEntry, ChainedEntry, Checkpoint, LetGo, Link, Places, ToldEntry, kind_of,
};
use crate::model::time::Timestamp;

/// Between the columns of an entry, and behind each entry, in the text of a page: control characters that none of them
/// holds.
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// Ranges of places that one entry tells.
const RANGES: usize = 200;

impl Tx {
    /// Writes an entry at the end of the chain. The only way in: an entry and what it tells of are there together, or
    /// not at all. It is written when the transaction is committed, behind everything else, since writers wait for each other at the
    /// end of the chain.
    #[expect(clippy::unused_async, reason = "when it is written is the store's business")]
    pub async fn record(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.entries.push(entry.clone());
        Ok(())
    }

    /// Writes what was recorded. Until the transaction ends, nobody else writes an entry.
    pub(super) async fn write_entries(&mut self) -> Result<(), StoreError> {
        let entries = std::mem::take(&mut self.entries);
        let Ok(count @ 1..) = i64::try_from(entries.len()) else { return Ok(()) };
        let (end, mut previous): (i64, String) =
            sqlx::query_as("UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash")
                .bind(count)
                .fetch_one(&mut *self.tx)
                .await?;
        let mut chained = Vec::with_capacity(entries.len());
        for (entry, seq) in entries.iter().zip(end - count + 1..) {
            let entry = ChainedEntry::new(entry, seq, std::mem::take(&mut previous), &mut OsRng);
            previous.clone_from(&entry.hash);
            chained.push(entry);
        }
        for part in many::parts(&chained) {
            let mut query = many::rows(
                self.kind,
                "INSERT INTO audit (seq, at, actor, act, subject, detail, salt, link, also, also_salt, also_link, previous, \
                 hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                part.len(),
            );
            for entry in part {
                query = query
                    .bind(entry.seq)
                    .bind(entry.at)
                    .bind(&entry.actor)
                    .bind(&entry.act)
                    .bind(&entry.subject)
                    .bind(&entry.detail)
                    .bind(&entry.salt)
                    .bind(&entry.link)
                    .bind(&entry.also)
                    .bind(&entry.also_salt)
                    .bind(&entry.also_link)
                    .bind(&entry.previous)
                    .bind(&entry.hash);
            }
            query.execute(&mut *self.tx).await?;
        }
        let moved = sqlx::query("UPDATE audit_head SET hash = $1 WHERE id = 1 AND seq = $2")
            .bind(previous)
            .bind(end)
            .execute(&mut *self.tx)
            .await?;
        one(&moved)
    }

    /// Lets go of all that entries tell of a record that is erased in this transaction: those about it keep place, time, actor, act and
    /// hashes alone, those about others lose its name. `subject` is its id, or `user:` and the id of a user. Writes down that `actor` has
    /// erased it, by the places of these entries and not by its name, and forgets that it was looked at. Gives how many entries have
    /// lost something.
    ///
    /// As [`record`](Self::record), this comes last in a transaction: nothing may be written about the record afterwards.
    pub async fn unlink_audit(
        &mut self,
        subject: &str,
        actor: Actor,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        // Whoever changes entries holds the end of the chain, so that no two can wait for each other.
        self.hold_audit().await?;
        self.write_entries().await?;
        self.forget_views(subject).await?;
        self.forget_visits_about(subject).await?;
        let also_of_it: Vec<(i64,)> = sqlx::query_as(
            "UPDATE audit SET also = '', also_salt = '' WHERE subject = $1 AND also <> '' RETURNING seq",
        )
        .bind(subject)
        .fetch_all(&mut *self.tx)
        .await?;
        let whole: Vec<(i64,)> = sqlx::query_as(
            "UPDATE audit SET subject = '', detail = '', salt = '' WHERE subject = $1 AND act <> 'erased' RETURNING seq",
        )
        .bind(subject)
        .fetch_all(&mut *self.tx)
        .await?;
        let naming_it: Vec<(i64,)> = sqlx::query_as(
            "UPDATE audit SET also = '', also_salt = '' WHERE also = $1 AND also <> '' RETURNING seq",
        )
        .bind(subject)
        .fetch_all(&mut *self.tx)
        .await?;
        let places = |rows: Vec<(i64,)>| rows.into_iter().map(|(seq,)| seq).collect::<Places>();
        let also = [also_of_it, naming_it].concat();
        let let_go = LetGo { whole: places(whole), also: places(also) };
        for part in let_go.parts(RANGES) {
            let entry = AuditEntry::new(now, actor.clone(), AuditAction::Erased, kind_of(subject));
            self.record(&entry.detail(part.to_string())).await?;
        }
        Ok(let_go.count())
    }

    /// Takes the end of the chain: who else would write waits.
    pub(super) async fn hold_audit(&mut self) -> Result<(), StoreError> {
        let held = sqlx::query("UPDATE audit_head SET seq = seq WHERE id = 1").execute(&mut *self.tx).await?;
        one(&held)
    }

    /// The records of one kind whose entries name this one: their ids begin with `prefix`.
    pub async fn audit_naming(&mut self, subject: &str, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.write_entries().await?;
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT DISTINCT subject FROM audit WHERE also = $1 AND also <> '' AND subject LIKE $2 || '%'",
        )
        .bind(subject)
        .bind(prefix)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
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
             || $3 || detail || $3 || salt || $3 || link || $3 || also || $3 || also_salt || $3 || also_link || $3 || previous \
             || $3 || hash, $4 ORDER BY seq), \
             COUNT(actor || act || subject || detail || salt || link || also || also_salt || also_link || previous || hash) \
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
    pub async fn audit_of(&self, subject: &str) -> Result<Vec<ToldEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE subject = $1 ORDER BY seq")
            .bind(subject)
            .fetch_all(&self.pool)
            .await?;
        Ok(ROWS.all(&rows)?.into_iter().map(ChainedEntry::told).collect())
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
        salt: column("salt")?,
        link: column("link")?,
        also: column("also")?,
        also_salt: column("also_salt")?,
        also_link: column("also_link")?,
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
        salt: row.text("salt")?,
        link: row.text("link")?,
        also: row.text("also")?,
        also_salt: row.text("also_salt")?,
        also_link: row.text("also_link")?,
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
