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
const AT_ONCE: i64 = 256;

/// Pages that are looked at with each sweep: 32 MB.
const PART: i64 = 8192;

/// From so many pages on, the first byte of one that holds no rows may be one that those of rows begin with: it is the highest of the
/// four bytes of another page's number. At 4096 bytes that is 137 GB.
const TOO_MANY: i64 = 0x0200_0000;

/// How long the header of the file is, with which the first page begins.
const FILE_HEADER: usize = 100;

type Pages = QueryAs<'static, Any, (i64, Vec<u8>), AnyArguments>;

/// Pages, by their numbers from one to another, both of them included.
fn pages(first: i64, last: i64) -> Pages {
    sqlx::query_as(
        "WITH RECURSIVE page (number) AS (SELECT $1 UNION ALL SELECT number + 1 FROM page WHERE number < $2) \
         SELECT pgno, data FROM page CROSS JOIN sqlite_dbpage WHERE pgno = number",
    )
    .bind(first)
    .bind(last)
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

    /// On SQLite, overwrites what is left of rows in all pages. [`forget_traces`](Self::forget_traces) is to follow.
    pub async fn clear_gaps(&self) -> Result<(), StoreError> {
        let end = self.end_of_pages().await?;
        self.clear_pages(1..end).await
    }

    /// The same for a part of the pages, each time the next one.
    pub async fn clear_some_gaps(&self) -> Result<(), StoreError> {
        let end = self.end_of_pages().await?;
        let first = self.next_page.load(Ordering::Relaxed);
        let first = if (1..end).contains(&first) { first } else { 1 };
        let next = (first + PART).min(end);
        self.clear_pages(first..next).await?;
        self.next_page.store(next, Ordering::Relaxed);
        Ok(())
    }

    /// Behind the last page that is to be looked at.
    async fn end_of_pages(&self) -> Result<i64, StoreError> {
        if self.kind != Kind::Sqlite {
            return Ok(1);
        }
        let (count,): (i64,) = sqlx::query_as("PRAGMA page_count").fetch_one(&self.pool).await?;
        if count >= TOO_MANY {
            tracing::warn!(
                "The database is too large for what SQLite leaves of moved rows to be overwritten"
            );
            return Ok(1);
        }
        Ok(count + 1)
    }

    async fn clear_pages(&self, all: Range<i64>) -> Result<(), StoreError> {
        let mut first = all.start;
        while first < all.end {
            let next = (first + AT_ONCE).min(all.end);
            let found = pages(first, next - 1).fetch_all(&self.pool).await?;
            if found.iter().any(|(number, page)| trace(*number, page).is_some()) {
                let mut tx = self.begin().await?;
                tx.clear_pages(first, next - 1).await?;
                tx.commit().await?;
            }
            first = next;
        }
        Ok(())
    }
}

impl Tx {
    /// Reads them again: now nobody else writes.
    async fn clear_pages(&mut self, first: i64, last: i64) -> Result<(), StoreError> {
        for (number, mut page) in pages(first, last).fetch_all(&mut *self.tx).await? {
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
