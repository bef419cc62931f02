//! Walks through tables, part by part, past rows that cannot be read.
//!
//! A row may hold what this program does not know: a newer one has written it, and both run side by side during an
//! upgrade. It must not keep others from their turn. It is left as it is, reported once, and passed over. Where a part ends
//! is remembered by the last row's place in the order, so that rows which stay do not hide those behind them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::StoreError;

/// The most rows that are remembered as reported.
const MOST_REPORTED: usize = 10_000;

/// Where a row stands in the order of a walk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The time that the walk goes by, in milliseconds since 1970-01-01T00:00:00Z; 0 where it goes by ids alone.
    pub at: i64,
    /// The row's id.
    pub id: String,
}

impl Place {
    /// Before the first row of a walk that ascends.
    pub(super) const START: Self = Self { at: i64::MIN, id: String::new() };
}

/// In which direction a list is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To what is older, the newest first.
    Older,
    /// To what is newer, the oldest first.
    Newer,
}

impl Way {
    /// Before the first row in this direction.
    pub(super) fn start(self) -> Place {
        match self {
            Self::Older => Place { at: i64::MAX, id: String::new() },
            Self::Newer => Place::START,
        }
    }
}

/// A part of a walk.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    /// What could be read, in order.
    pub items: Vec<T>,
    /// Where the rows stand that could not.
    pub unreadable: Vec<Place>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<Place>,
}

/// A table, and how its rows are read.
pub(super) struct Rows<T> {
    /// The table's name.
    pub table: &'static str,
    /// The column with the time that the walk goes by; `None` if it goes by ids alone.
    pub at: Option<&'static str>,
    /// Reads one row.
    pub read: fn(&AnyRow) -> Result<T, StoreError>,
}

impl<T> Rows<T> {
    /// Reads on from `from` until `limit` rows could be read, or there are no more. `fetch` gives rows behind a place, at
    /// most as many as it is told.
    pub(super) async fn walk<F>(
        &self,
        from: Option<Place>,
        limit: u32,
        fetch: impl Fn(Option<Place>, i64) -> F,
    ) -> Result<Batch<T>, StoreError>
    where
        F: Future<Output = Result<Vec<AnyRow>, sqlx::Error>>,
    {
        let wanted = limit as usize;
        let mut batch = Batch { items: Vec::new(), unreadable: Vec::new(), next: from };
        loop {
            let asked = wanted - batch.items.len();
            let rows = fetch(batch.next.clone(), i64::try_from(asked).unwrap_or(i64::MAX)).await?;
            for row in &rows {
                if let Some(item) = self.item(row)? {
                    batch.items.push(item);
                } else {
                    batch.unreadable.extend(self.place(row));
                }
            }
            batch.next = if rows.len() < asked { None } else { rows.last().and_then(|row| self.place(row)) };
            if batch.next.is_none() || batch.items.len() >= wanted {
                return Ok(batch);
            }
        }
    }

    /// Those rows that can be read.
    pub(super) fn all(&self, rows: &[AnyRow]) -> Result<Vec<T>, StoreError> {
        rows.iter().filter_map(|row| self.item(row).transpose()).collect()
    }

    fn item(&self, row: &AnyRow) -> Result<Option<T>, StoreError> {
        match (self.read)(row) {
            Ok(item) => Ok(Some(item)),
            Err(StoreError::Unreadable(column)) => {
                report(self.table, row, column);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn place(&self, row: &AnyRow) -> Option<Place> {
        let at = self.at.map_or(Some(0), |column| row.try_get(column).ok())?;
        Some(Place { at, id: row.try_get("id").ok()? })
    }
}

/// Says that a row cannot be read, once in the life of a process. What it holds is not repeated.
fn report(table: &'static str, row: &AnyRow, column: &'static str) {
    static REPORTED: Mutex<BTreeSet<(&str, String)>> = Mutex::new(BTreeSet::new());
    let id: String = row.try_get("id").unwrap_or_default();
    let is_id = id.len() < 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let id = if is_id { id } else { String::new() };
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.len() < MOST_REPORTED && reported.insert((table, id.clone())) {
        metrics::counter!("unreadable_records_total", "table" => table).increment(1);
        tracing::error!(
            table,
            record.id = id,
            column,
            "A record cannot be read and is passed over: a newer program has written it, or something else than this one"
        );
    }
}
