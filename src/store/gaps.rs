//! What SQLite leaves behind in pages that stay. `secure_delete` overwrites what is deleted, but not what is moved: where rows are spread
//! anew over neighbouring pages, a copy of some may stay between the list of a page's cells and the first of them. By the file format
//! nothing is in that space (SQLite's documentation: Database File Format, 1.6), and SQLite itself fills it with zeros where it puts a
//! page in order. Here that is done for all pages, by SQLite's own table of raw pages, so that its locks and its log hold for it.

use std::ops::Range;
use std::sync::atomic::Ordering;

use sqlx::any::AnyArguments;
use sqlx::{Any, query::QueryAs};

use super::{Kind, Store, StoreError, Tx};

/// Pages that are read at once, and written in one transaction: 1 MB as SQLite makes them.
const AT_ONCE: usize = 256;

/// Pages that are looked at with each sweep: 32 MB.
const PART: i64 = 8192;

/// From so many pages on, the first byte of one that holds no rows may be one that those of rows begin with: it is the highest of the
/// four bytes of another page's number. At 4096 bytes that is 137 GB.
const TOO_MANY: i64 = 0x0200_0000;

/// How long the header of the file is, with which the first page begins.
const FILE_HEADER: usize = 100;

type Pages = QueryAs<'static, Any, (i64, Vec<u8>), AnyArguments>;

/// Pages, by their numbers.
fn pages(numbers: &[i64]) -> Pages {
    let list: Vec<_> = numbers.iter().map(i64::to_string).collect();
    sqlx::query_as(
        "SELECT pgno, data FROM json_each($1) AS page CROSS JOIN sqlite_dbpage WHERE pgno = page.value",
    )
    .bind(format!("[{}]", list.join(",")))
}

impl Store {
    /// [`StoreError::NoPages`] if the SQLite that is built in does not show its pages.
    pub(super) async fn require_pages(&self) -> Result<(), StoreError> {
        if self.kind != Kind::Sqlite {
            return Ok(());
        }
        let (shows,): (i64,) = sqlx::query_as("SELECT sqlite_compileoption_used('ENABLE_DBPAGE_VTAB')")
            .fetch_one(&self.pool)
            .await?;
        if shows == 1 { Ok(()) } else { Err(StoreError::NoPages) }
    }

    /// On SQLite, overwrites what is left in any page of rows that are gone by now. [`forget_traces`](Self::forget_traces) is to follow.
    /// Pages that were looked at before, by this process, and have not changed since are not looked at again.
    pub async fn clear_gaps(&self) -> Result<(), StoreError> {
        if self.kind != Kind::Sqlite {
            return Ok(());
        }
        // One after the other: what somebody else is still looking at is not clean yet.
        let _alone = self.looking.lock().await;
        self.note_changes().await?;
        let look = self.changed.look(1..self.end_of_pages().await?);
        self.clear_pages(look.to_look_at().into_iter().flatten()).await?;
        look.done();
        Ok(())
    }

    /// The same for a part of the pages, all of them, each time the next one: whatever has changed them.
    pub async fn clear_some_gaps(&self) -> Result<(), StoreError> {
        if self.kind != Kind::Sqlite {
            return Ok(());
        }
        // Somebody is looking at more than that.
        let Ok(_alone) = self.looking.try_lock() else { return Ok(()) };
        self.note_changes().await?;
        let end = self.end_of_pages().await?;
        let first = self.next_page.load(Ordering::Relaxed);
        let first = if (1..end).contains(&first) { first } else { 1 };
        let next = (first + PART).min(end);
        let look = self.changed.look(first..next);
        self.clear_pages(first..next).await?;
        look.done();
        self.next_page.store(next, Ordering::Relaxed);
        Ok(())
    }

    /// Remembers which pages have changed.
    pub(super) async fn note_changes(&self) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        tx.tx.rollback().await?;
        Ok(())
    }

    /// Behind the last page that is to be looked at.
    async fn end_of_pages(&self) -> Result<i64, StoreError> {
        let (count,): (i64,) = sqlx::query_as("PRAGMA page_count").fetch_one(&self.pool).await?;
        if count >= TOO_MANY {
            tracing::warn!(
                "The database is too large for what SQLite leaves of moved rows to be overwritten"
            );
            return Ok(1);
        }
        Ok(count + 1)
    }

    async fn clear_pages(&self, all: impl IntoIterator<Item = i64>) -> Result<(), StoreError> {
        let mut all = all.into_iter();
        loop {
            let numbers: Vec<_> = all.by_ref().take(AT_ONCE).collect();
            if numbers.is_empty() {
                return Ok(());
            }
            let found = pages(&numbers).fetch_all(&self.pool).await?;
            let left = found.iter().filter(|(number, page)| trace(*number, page).is_some());
            let left: Vec<_> = left.map(|(number, _)| *number).collect();
            if !left.is_empty() {
                let mut tx = self.begin().await?;
                tx.clear_pages(&left).await?;
                tx.commit().await?;
            }
        }
    }
}

impl Tx {
    /// Reads them again: now nobody else writes.
    async fn clear_pages(&mut self, numbers: &[i64]) -> Result<(), StoreError> {
        for (number, mut page) in pages(numbers).fetch_all(&mut *self.tx).await? {
            let Some(gap) = trace(number, &page) else { continue };
            page.get_mut(gap).unwrap_or_default().fill(0);
            sqlx::query("UPDATE sqlite_dbpage SET data = $1 WHERE pgno = $2")
                .bind(page)
                .bind(number)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }
}

/// The space of a page of rows that holds nothing, if anything is left in it (Database File Format, 1.6).
fn trace(number: i64, page: &[u8]) -> Option<Range<usize>> {
    let header = if number == 1 { FILE_HEADER } else { 0 };
    let list = header
        + match page.get(header)? {
            // Of the inside of a tree, which also names its right-most child.
            2 | 5 => 12,
            // A leaf.
            10 | 13 => 8,
            _ => return None,
        };
    let at = |place: usize| {
        let number: [u8; 2] = page.get(header + place..)?.first_chunk().copied()?;
        Some(usize::from(u16::from_be_bytes(number)))
    };
    let (cells, content) = (at(3)?, at(5)?);
    // 65536, which does not go into two bytes.
    let content = if content == 0 { 65_536 } else { content };
    let gap = list + 2 * cells..content;
    page.get(gap.clone())?.iter().any(|byte| *byte != 0).then_some(gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of 32 bytes: a leaf with one cell of four bytes at its end.
    fn leaf() -> Vec<u8> {
        let mut page = vec![0; 32];
        page[0] = 13;
        page[4] = 1;
        page[6] = 28;
        page[9] = 28;
        page[28..].fill(7);
        page
    }

    #[test]
    fn only_what_is_between_the_list_of_cells_and_the_first_of_them_is_a_trace() {
        assert_eq!(trace(2, &leaf()), None);
        for at in [10, 27] {
            let mut page = leaf();
            page[at] = 1;
            assert_eq!(trace(2, &page), Some(10..28), "{at}");
        }
        let mut first = vec![9; FILE_HEADER];
        first.extend(leaf());
        first[FILE_HEADER + 6] = 128;
        assert_eq!(trace(1, &first), None);
        first[FILE_HEADER + 20] = 1;
        assert_eq!(trace(1, &first), Some(110..128));
        let mut inside = leaf();
        inside[0] = 5;
        inside[12..14].fill(1);
        assert_eq!(trace(2, &inside), None, "a child and a cell");
        inside[14] = 1;
        assert_eq!(trace(2, &inside), Some(14..28));
    }

    #[test]
    fn a_page_of_another_kind_or_one_that_contradicts_itself_is_left_alone() {
        // The rest of a long value: the number of the next page, and anything.
        for kind in [0, 1, 3, 255] {
            let mut page = leaf();
            page[0] = kind;
            page[20] = 1;
            assert_eq!(trace(2, &page), None);
        }
        for (cells, content) in [(200, 28), (1, 33), (12, 28), (0, 0)] {
            let mut page = leaf();
            page[20] = 1;
            (page[4], page[6]) = (cells, content);
            assert_eq!(trace(2, &page), None, "{cells} {content}");
        }
        assert_eq!(trace(1, &[13; 50]), None);
        assert_eq!(trace(2, &[]), None);
        assert_eq!(trace(2, &[13, 0, 0]), None);
    }
}
