//! Which pages of an SQLite database have changed since all of them were looked at for what was left in them ([`gaps`](super::gaps)), so
//! that an erasure looks at those alone.
//!
//! Every page that changes is first written into the write-ahead log, and the log begins anew only when somebody writes who finds all of it
//! carried over. So whoever begins to write here reads first which pages the log names beyond where it was read last: what it holds then
//! cannot go before that transaction does. It is the same log for all processes. Should another one have written and begun it anew
//! meanwhile, pages may be missing; then `PRAGMA data_version` is another one than before, and all that was known is given up: the next
//! erasure looks at the whole file. So it does after each start.
//!
//! The format of the log: SQLite's documentation, Database File Format, 4.1.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AnyConnection;

use super::StoreError;

/// How long the header of the log is, and that of each frame, behind which a page follows.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What is known of a database's pages. Of one that has no file, nothing.
pub(super) struct Changed {
    log: Option<PathBuf>,
    known: Mutex<Known>,
    /// How many connections were made to write. What `data_version` says of one means nothing to another.
    pub(super) connections: Arc<AtomicU64>,
}

#[derive(Default)]
struct Known {
    /// How far the log was read; `None` where it was not yet, or could not be.
    reached: Option<Reached>,
    /// Which connection said so, and its `data_version` then.
    version: Option<(u64, i64)>,
    /// Pages before this one were looked at, and are clean but for those that have changed since.
    looked_at: i64,
    changed: Pages,
    /// How often it was all given up.
    losses: u64,
}

/// A place in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    /// What the log has in its header and in each of its frames until it begins anew; zeros if it is empty.
    salts: [u8; 8],
    /// Frames up to the end of the last transaction but one.
    frames: u64,
}

/// A set of numbers of pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pages(Vec<u64>);

impl Pages {
    fn insert(&mut self, page: u32) {
        let place = page as usize / 64;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(place) {
            *bits |= 1 << (page % 64);
        }
    }

    fn contains(&self, page: i64) -> bool {
        let Ok(page) = usize::try_from(page) else { return false };
        self.0.get(page / 64).is_some_and(|bits| bits & (1 << (page % 64)) != 0)
    }

    fn add(&mut self, others: &Self) {
        if others.0.len() > self.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(&others.0) {
            *bits |= more;
        }
    }

    /// Those of a range, which are gone from here then.
    fn take(&mut self, range: &Range<i64>) -> Self {
        let mut taken = Self::default();
        for (place, bits) in self.0.iter_mut().enumerate().filter(|(_, bits)| **bits != 0) {
            for bit in 0..64_u32 {
                let page = u32::try_from(place * 64).unwrap_or(u32::MAX).saturating_add(bit);
                if *bits & (1 << bit) != 0 && range.contains(&i64::from(page)) {
                    *bits &= !(1 << bit);
                    taken.insert(page);
                }
            }
        }
        taken
    }

    /// Those before `end`, as ranges in order.
    fn runs(&self, end: i64) -> Vec<Range<i64>> {
        let mut runs: Vec<Range<i64>> = Vec::new();
        for page in (0..end).filter(|page| self.contains(*page)) {
            match runs.last_mut() {
                Some(run) if run.end == page => run.end += 1,
                _ => runs.push(page..page + 1),
            }
        }
        runs
    }
}

/// What was read of a log.
struct Read {
    reached: Reached,
    pages: Vec<u32>,
}

/// The log of a database: beside the file itself, for SQLite follows links. Its index beside it, which would say where it ends, must not be
/// opened: SQLite's locks are on that, and a process that closes a file gives up all locks that it has on it.
fn log_of(database: &Path) -> PathBuf {
    let database = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let mut name = database.into_os_string();
    name.push("-wal");
    PathBuf::from(name)
}

/// Reads which pages the log names: behind a place if it has not begun anew since, or from its beginning on. Nobody may be writing. An error
/// if there is none, or it is not as expected.
fn read(log: &Path, from: Option<Reached>) -> io::Result<Read> {
    let file = File::open(log)?;
    let mut header = [0; LOG_HEADER];
    if !read_at(&file, &mut header, 0)? {
        // It was emptied.
        return Ok(Read { reached: Reached::default(), pages: Vec::new() });
    }
    let salts = header.get(16..24).and_then(|salts| <[u8; 8]>::try_from(salts).ok());
    let (Some(page_size), Some(salts)) = (number(&header, 8), salts) else {
        return Err(ErrorKind::InvalidData.into());
    };
    let from = from.filter(|from| from.salts == salts).unwrap_or(Reached { salts, frames: 0 });
    let (mut ends, mut pages) = ([from.frames; 2], Vec::new());
    let length = FRAME_HEADER as u64 + u64::from(page_size);
    for place in from.frames.. {
        let mut header = [0; FRAME_HEADER];
        // What is left there of a log of before.
        if !read_at(&file, &mut header, LOG_HEADER as u64 + place * length)?
            || header.get(8..16) != Some(&salts[..])
        {
            break;
        }
        pages.extend(number(&header, 0));
        // Its last one has the size of the database.
        if number(&header, 4).is_some_and(|size| size != 0) {
            ends = [ends[1], place + 1];
        }
    }
    // What is behind the last end of a transaction was never committed, and may be written over. So may be the last one itself: whoever is killed
    // before others know of it leaves it there.
    Ok(Read { reached: Reached { salts, frames: ends[0] }, pages })
}

/// Whether there was as much.
fn read_at(file: &File, bytes: &mut [u8], place: u64) -> io::Result<bool> {
    match file.read_exact_at(bytes, place) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], place: usize) -> Option<u32> {
    bytes.get(place..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

impl Changed {
    /// Of the database with this file, which is there.
    pub(super) fn of(file: Option<&Path>) -> Self {
        Self { log: file.map(log_of), known: Mutex::default(), connections: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers which pages have changed. `connection` has begun to write, and has written nothing yet.
    pub(super) async fn note(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let Some(log) = &self.log else { return Ok(()) };
        let before = self.with(|known| known.reached);
        // Not on a thread for it: these bytes were written a moment ago, so that they are in memory, and the way there takes longer.
        let Ok(read) = read(log, before) else {
            self.give_up();
            return Ok(());
        };
        // One empty log is not the same as another one: between the two it may have been written and emptied.
        let is_same = |before: Reached| before.salts == read.reached.salts && before.salts != [0; 8];
        if before.is_some_and(is_same) {
            self.with(|known| known.go_on(&read));
            return Ok(());
        }
        let (version,): (i64,) = sqlx::query_as("PRAGMA data_version").fetch_one(connection).await?;
        let version = (self.connections.load(Ordering::Relaxed), version);
        self.with(|known| {
            if known.version != Some(version) {
                known.give_up();
                known.version = Some(version);
            }
            known.go_on(&read);
        });
        Ok(())
    }

    /// Nothing is known any more: pages may have changed unseen.
    pub(super) fn give_up(&self) {
        self.with(Known::give_up);
    }

    /// What is to be looked at of these pages, so that all that was written into them up to the last [`note`](Self::note) was looked at.
    pub(super) fn look(&self, pages: Range<i64>) -> Look<'_> {
        self.with(|known| Look {
            of: self,
            taken: known.changed.take(&pages),
            looked_at: known.looked_at.max(1),
            losses: known.losses,
            pages,
        })
    }
}

impl Known {
    fn go_on(&mut self, read: &Read) {
        self.reached = Some(read.reached);
        for page in &read.pages {
            self.changed.insert(*page);
        }
    }

    fn give_up(&mut self) {
        *self = Self { losses: self.losses + 1, ..Self::default() };
    }
}

/// Pages that are being looked at. Dropped before all were, they are to be looked at as before.
pub(super) struct Look<'a> {
    of: &'a Changed,
    pages: Range<i64>,
    taken: Pages,
    looked_at: i64,
    losses: u64,
}

impl Look<'_> {
    /// Those that were not looked at yet, or have changed since.
    pub(super) fn to_look_at(&self) -> Vec<Range<i64>> {
        let known = self.looked_at.clamp(self.pages.start, self.pages.end);
        let mut runs = self.taken.runs(known);
        if known < self.pages.end {
            runs.push(known..self.pages.end);
        }
        runs
    }

    /// They were looked at.
    pub(super) fn done(mut self) {
        self.taken = Pages::default();
        self.of.with(|known| {
            if known.losses == self.losses && self.pages.start <= known.looked_at.max(1) {
                known.looked_at = known.looked_at.max(self.pages.end);
            }
        });
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        self.of.with(|known| known.changed.add(&self.taken));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Seek as _, SeekFrom, Write as _};

    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};
    use sqlx::AssertSqlSafe;

    use super::super::Store;
    use super::*;

    /// A database of a test's own.
    struct Scene {
        folder: PathBuf,
        url: String,
    }

    impl Scene {
        async fn new(name: &str) -> (Self, Store) {
            let folder =
                std::env::temp_dir().join(format!("idos-issuer-changed-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let url = format!("sqlite://{}", folder.join("issuer.db").display());
            let store = Store::create(&url, 2).await.unwrap();
            run(
                &store,
                "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT); CREATE INDEX t_by_word ON t (word)",
                true,
            )
            .await;
            (Self { folder, url }, store)
        }
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    async fn run(store: &Store, statements: &str, commit: bool) {
        let mut tx = store.begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut *tx.tx).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        }
    }

    async fn pages(store: &Store) -> BTreeMap<i64, Vec<u8>> {
        let rows: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT pgno, data FROM sqlite_dbpage").fetch_all(&store.pool).await.unwrap();
        rows.into_iter().collect()
    }

    /// So many rows come, or one of `apart` is changed or goes: pages of the table and of the index are split and joined.
    fn change(rng: &mut StdRng, rows: u32, apart: u32) -> String {
        let seed = rng.gen_range(1..1_000_000);
        match rng.gen_range(0..4) {
            0 => format!("DELETE FROM t WHERE id % {apart} = 1"),
            1 => format!("UPDATE t SET word = word || 'x' WHERE id % {apart} = 1"),
            _ => come(seed, rows),
        }
    }

    fn come(seed: u32, rows: u32) -> String {
        format!(
            "INSERT INTO t (word) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             SELECT HEX(i * 7919 + {seed}) || REPLACE(HEX(ZEROBLOB((i * {seed}) % 300)), '00', 'word') FROM n"
        )
    }

    /// Has changes made, of which `one` is told the number; whichever pages they change are to be looked at.
    async fn every_changed_page_is_seen(
        store: &Store,
        rounds: u32,
        mut one: impl AsyncFnMut(u32),
    ) -> (i64, i64) {
        let (mut before, mut looked_at, mut all) = (BTreeMap::new(), 0, 0);
        for round in 0..rounds {
            one(round).await;
            store.note_changes().await.unwrap();
            let now = pages(store).await;
            let end = i64::try_from(now.len()).unwrap() + 1;
            let look = store.changed.look(1..end);
            let ranges = look.to_look_at();
            for (number, page) in &now {
                let is_seen = ranges.iter().any(|range| range.contains(number));
                assert!(is_seen || before.get(number) == Some(page), "{number}, round {round}");
            }
            if round > 0 {
                looked_at += ranges.iter().map(|range| range.end - range.start).sum::<i64>();
                all += end - 1;
            }
            look.done();
            before = now;
        }
        (looked_at, all)
    }

    #[tokio::test]
    async fn every_page_that_was_written_is_looked_at_and_few_others_are() {
        let (_scene, store) = Scene::new("alone").await;
        let mut rng = StdRng::seed_from_u64(1);
        run(&store, &come(7, 6000), true).await;
        let (looked_at, all) = every_changed_page_is_seen(&store, 40, async |round| {
            // Some are so large that they are in the log before they are committed, and so many that the log begins anew.
            for _ in 0..rng.gen_range(1..4) {
                let (rows, apart) = if round % 10 == 9 { (8000, 3) } else { (10, 1000) };
                let statements = change(&mut rng, rows, apart);
                run(&store, &statements, rng.gen_ratio(3, 4)).await;
            }
            if round % 3 == 0 {
                store.forget_traces().await.unwrap();
            }
        })
        .await;
        assert!(looked_at * 2 < all, "{looked_at} of {all}");
        let losses = store.changed.with(|known| known.losses);
        assert_eq!(losses, 1, "nothing was given up after the beginning");
        store.close().await;
    }

    #[tokio::test]
    async fn where_others_write_too_everything_is_looked_at_that_may_have_been_missed() {
        let (scene, store) = Scene::new("others").await;
        let mut rng = StdRng::seed_from_u64(2);
        let other = Store::connect(&scene.url, 2).await.unwrap();
        every_changed_page_is_seen(&store, 40, async |round| {
            for _ in 0..rng.gen_range(1..4) {
                let rows = if round % 5 == 0 { 3000 } else { 40 };
                let statements = change(&mut rng, rows, 4);
                let by = if rng.gen_ratio(1, 2) { &store } else { &other };
                run(by, &statements, rng.gen_ratio(3, 4)).await;
                match rng.gen_range(0..8) {
                    0 => store.forget_traces().await.unwrap(),
                    1 => other.forget_traces().await.unwrap(),
                    _ => {}
                }
            }
        })
        .await;
        other.close().await;
        store.close().await;
    }

    #[tokio::test]
    async fn a_log_that_another_one_empties_between_two_looks_hides_nothing() {
        let (scene, store) = Scene::new("emptied").await;
        let other = Store::connect(&scene.url, 2).await.unwrap();
        run(&store, &come(7, 3000), true).await;
        every_changed_page_is_seen(&store, 8, async |round| {
            store.forget_traces().await.unwrap();
            store.note_changes().await.unwrap();
            run(&store, "UPDATE t SET word = word || 'x' WHERE id % 700 = 1", true).await;
            if round % 2 == 1 {
                run(&other, "UPDATE t SET word = word || 'y' WHERE id % 900 = 1", true).await;
            }
            other.forget_traces().await.unwrap();
        })
        .await;
        other.close().await;
        store.close().await;
    }

    #[tokio::test]
    async fn a_database_behind_a_link_is_the_same() {
        let (scene, store) = Scene::new("linked").await;
        store.close().await;
        let link = scene.folder.join("link.db");
        std::os::unix::fs::symlink(scene.folder.join("issuer.db"), &link).unwrap();
        let store = Store::connect(&format!("sqlite://{}", link.display()), 2).await.unwrap();
        run(&store, &come(7, 3000), true).await;
        let (looked_at, all) = every_changed_page_is_seen(&store, 10, async |_| {
            run(&store, "UPDATE t SET word = word || 'x' WHERE id % 1500 = 1", true).await;
        })
        .await;
        assert!(0 < looked_at && looked_at * 2 < all, "{looked_at} of {all}");
        store.close().await;
    }

    #[tokio::test]
    async fn what_only_looks_committed_in_the_log_hides_nothing() {
        let (_scene, store) = Scene::new("dead").await;
        run(&store, &come(7, 3000), true).await;
        store.note_changes().await.unwrap();
        every_changed_page_is_seen(&store, 4, async |_| {
            // As whoever is killed before it has told where the log ends now: a last frame of a transaction, which the next one is written over.
            store.note_changes().await.unwrap();
            let path = store.changed.log.as_ref().unwrap();
            let mut log = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
            let mut header = [0; LOG_HEADER];
            assert!(read_at(&log, &mut header, 0).unwrap());
            let length = FRAME_HEADER as u64 + u64::from(number(&header, 8).unwrap());
            let at = |frame: u64| LOG_HEADER as u64 + frame * length;
            let is_frame = |place: &u64| {
                let mut frame = [0; FRAME_HEADER];
                read_at(&log, &mut frame, at(*place)).unwrap() && frame[8..16] == header[16..24]
            };
            let end = (0..100_000).find(|place| !is_frame(place)).unwrap();
            let frame = [&1_u32.to_be_bytes()[..], &9_u32.to_be_bytes(), &header[16..24], &[0; 8]].concat();
            log.seek(SeekFrom::Start(at(end))).unwrap();
            log.write_all(&frame).unwrap();
            drop(log);
            store.note_changes().await.unwrap();
            run(&store, "UPDATE t SET word = word || 'x' WHERE id = 1500", true).await;
        })
        .await;
        store.close().await;
    }

    #[tokio::test]
    async fn what_was_not_looked_at_to_the_end_is_looked_at_again() {
        let (_scene, store) = Scene::new("again").await;
        run(&store, "INSERT INTO t (word) VALUES ('a')", true).await;
        store.note_changes().await.unwrap();
        let end = i64::try_from(pages(&store).await.len()).unwrap() + 1;
        let whole = std::iter::once(1..end).collect::<Vec<_>>();
        for _ in 0..2 {
            assert_eq!(store.changed.look(1..end).to_look_at(), whole);
        }
        store.changed.look(1..end).done();
        assert_eq!(store.changed.look(1..end).to_look_at(), []);
        run(&store, "INSERT INTO t (word) VALUES ('b')", true).await;
        store.note_changes().await.unwrap();
        let changed = store.changed.look(1..end).to_look_at();
        assert!(!changed.is_empty() && changed != whole, "{changed:?}");
        assert_eq!(store.changed.look(1..end).to_look_at(), changed);
        // A part of them.
        let first = changed[0].start;
        store.changed.look(first..first + 1).done();
        assert_ne!(store.changed.look(1..end).to_look_at(), changed);
        store.changed.give_up();
        assert_eq!(store.changed.look(1..end).to_look_at(), whole);
        // Parts from the first on come to the whole.
        for part in [3..end, 1..3, 3..end] {
            store.changed.look(part).done();
        }
        assert_eq!(store.changed.look(1..end).to_look_at(), []);
        store.close().await;
    }

    #[test]
    fn pages_are_taken_by_ranges_and_those_side_by_side_are_one() {
        let mut pages = Pages::default();
        for page in [1, 2, 5, 63, 64, 200] {
            pages.insert(page);
        }
        assert_eq!(pages.runs(1000), [1..3, 5..6, 63..65, 200..201]);
        assert_eq!(pages.runs(64), [1..3, 5..6, 63..64]);
        let taken = pages.take(&(2..64));
        assert_eq!(
            (taken.runs(1000), pages.runs(1000)),
            (vec![2..3, 5..6, 63..64], vec![1..2, 64..65, 200..201])
        );
        pages.add(&taken);
        assert_eq!(pages.runs(1000), [1..3, 5..6, 63..65, 200..201]);
        assert!(!pages.contains(-1) && !pages.contains(i64::MAX));
    }
}
