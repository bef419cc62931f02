//! Memory: all SQL, for SQLite and PostgreSQL alike.
//!
//! Two laws. Write transactions begin `IMMEDIATE` on SQLite (in [`Store::begin`], the only way to one): a transaction
//! that reads first and writes later would lose against another writer half way. And every change of state is a
//! compare-and-set whose affected rows are counted: 0 rows is [`StoreError::Stale`], somebody was faster.
//!
//! Reads are methods of [`Store`], writes of [`Tx`]; a `Tx` that is dropped has done nothing.
//!
//! Every statement finds its rows by an index, whatever the tables hold and whether or not the database knows how much
//! that is: one that walks a table keeps others waiting. `tests/it/service/plans.rs` reads all SQL of this folder and asks
//! both databases how they would do it.

mod api_keys;
mod attributes;
mod audit;
mod bulk;
mod cases;
mod census;
mod changed;
mod claims;
mod connect;
mod contacts;
mod content;
mod daily;
mod ended;
mod erasure;
mod erasure_look;
mod events;
mod file;
mod forget;
mod gaps;
mod gathering;
mod idempotency;
mod intake;
mod issuances;
mod jobs;
mod kept;
mod lanes;
mod lists;
mod locked;
mod look;
mod mail_links;
mod many;
mod migrations;
mod news;
mod notices;
mod patience;
mod persons;
mod profiles;
mod proposals;
mod recorded;
mod records;
mod relay;
mod rows;
mod staff;
mod together;
mod verifications;
mod views;
mod visits;
mod walk;
mod wallet_links;
mod watch;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, Connection as _, Executor as _, Transaction};

use crate::model::audit::AuditEntry;
use crate::model::ids::ApiKeyId;
use crate::model::lifecycle::NoMove;
use crate::model::server_url::{UrlFault, check_database};
use crate::model::time::Timestamp;

use self::changed::Changed;
use self::gathering::{Gathering, Question};
use self::idempotency::KeyOf;
use self::intake::Intake;
use self::news::Made;
use self::patience::{Suspicion, lives};

pub use bulk::StoppedRow;
pub use cases::CaseFilter;
pub use census::{Count, DueBy, Oldest};
pub use connect::ConnectFault;
pub use contacts::ContactToRelock;
pub use content::{Deliverable, Uploads, WhoseContent};
pub use daily::DayCount;
pub use ended::EndedKind;
pub use erasure_look::{HOLDS_NO_IDS, PLACES};
pub use file::FileFault;
pub use intake::{TakenContent, TakenIn, Together};
pub use issuances::{Filter, Halt, Page};
pub use kept::{KeptOf, KeptToRelock};
pub use lanes::{LaneLease, LeaseEnd, Sending};
pub use locked::Locked;
pub use mail_links::Link;
pub use news::News;
pub use notices::{Addressee, NewNotice, Turn};
pub use patience::Patience;
pub use persons::KeptPerson;
pub use profiles::ProfileChange;
pub use together::{Company, Written};
pub use verifications::{VendorEvent, VerificationFilter};
pub use walk::{Batch, Place, Way};
pub use wallet_links::LinkFilter;
pub use watch::Watch;

/// The database.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    /// On SQLite one connection, on which writers of this process go one after the other, in the order of their coming; those of
    /// other processes meet at the file's lock. It remembers what the file holds, which another one would have to read again after
    /// each write. On PostgreSQL any connection of `pool`.
    writers: AnyPool,
    kind: Kind,
    patience: Patience,
    suspicion: Suspicion,
    news: Arc<News>,
    lines: Arc<Lines>,
    /// Of the file of an SQLite database: the one that is to be looked at next for what was left in it.
    next_page: Arc<AtomicI64>,
    /// Which pages of it have changed since they were looked at, and who looks at them now.
    changed: Arc<Changed>,
    looking: Arc<tokio::sync::Mutex<()>>,
}

/// Those who ask the same kind of question.
type Line<Q> = Gathering<Q, Option<<Q as Question>::Answer>>;

/// Those who are served together.
#[derive(Default)]
struct Lines {
    intake: Intake,
    api_keys: Line<ApiKeyId>,
    claimed: Line<KeyOf>,
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, for one machine.
    Sqlite,
    /// A server, for several replicas.
    Postgres,
}

/// A write transaction. Dropped without [`commit`](Self::commit), it has done nothing.
#[expect(clippy::struct_field_names, reason = "every statement of a transaction names it so")]
pub struct Tx {
    tx: Transaction<'static, Any>,
    kind: Kind,
    /// What is to be written into the audit chain, at the end.
    entries: Vec<AuditEntry>,
    made: Made,
    /// Ids of records that are not what they were.
    changed: Vec<String>,
    news: Arc<News>,
}

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is none of a database.
    #[error("database.url {0}")]
    Url(#[from] UrlFault),
    /// There is no connection to the server.
    #[error(transparent)]
    Connect(ConnectFault),
    /// The file of an SQLite database cannot be used.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The database itself.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// The database is away, locked, or has no room: the same may go well later.
    #[error("the database does not answer, or takes nothing in")]
    Unavailable(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The schema is older than the program.
    #[error("the database schema is not up to date (idos-issuer migrate)")]
    NotMigrated,
    /// What SQLite leaves behind of moved rows could not be overwritten.
    #[error(
        "the SQLite in this program does not show its pages, so what is deleted could not be overwritten everywhere: build it in \
         its folder, whose .cargo/config.toml asks for that"
    )]
    NoPages,
    /// Somebody was faster: nothing was changed.
    #[error("the record has changed meanwhile")]
    Stale,
    /// A record was to be moved from a state to one that is not behind it: a fault of this program, and no race.
    #[error(transparent)]
    NoMove(#[from] NoMove),
    /// It is there already.
    #[error("there is such a record already")]
    Exists,
    /// A row holds what this program does not write.
    #[error("a record cannot be read: {0}")]
    Unreadable(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Exists,
            _ if may_pass(&error) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// Whether time may mend it, and not a change of the program or of its data.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            match code.parse::<u32>() {
                // SQLite, whose extended codes hold the primary one in their last byte: BUSY, LOCKED, READONLY, IOERR, FULL,
                // CANTOPEN.
                Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
                // PostgreSQL's classes: connection, resources, intervention by an operator; serialization, deadlock, lock
                // not available, and a transaction that idled too long.
                _ => {
                    ["08", "53", "57"].iter().any(|class| code.starts_with(class))
                        || ["40001", "40P01", "55P03", "25P03"].contains(&code.as_ref())
                }
            }
        }),
        _ => false,
    }
}

/// Whether it is SQLite's BUSY (its documentation: Result and Error Codes).
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|number| number & 0xff == 5)
}

/// A connection that was used a moment ago is taken as it is. One that has been idle for longer is asked first whether it still
/// lives: the server may have ended it.
const ASKED_AFTER: Duration = Duration::from_secs(1);

/// Connections to a database, as many as that at once.
fn connections(
    (kind, most): (Kind, u32),
    patience: Patience,
    suspicion: Suspicion,
    made: Arc<AtomicU64>,
) -> AnyPoolOptions {
    let sign_of_life = patience.sign_of_life;
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(patience.connection)
        // It is asked when it is given back, anyway.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            Box::pin(async move {
                if meta.idle_for > ASKED_AFTER {
                    lives(connection, sign_of_life).await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            made.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                if kind == Kind::Postgres {
                    // All writers meet at the end of the audit chain. One whose machine is gone must not hold it
                    // until somebody notices.
                    connection
                        .execute(
                            "SET idle_in_transaction_session_timeout = '15s'; SET lock_timeout = '15s'; \
                             SET statement_timeout = '60s'; SET tcp_keepalives_idle = 10; \
                             SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;",
                        )
                        .await?;
                } else {
                    connection.execute(file::SETUP).await?;
                }
                Ok(())
            })
        })
        .after_release(move |connection, _| {
            let is_suspicious = suspicion.holds();
            Box::pin(async move {
                // SQLite ends a transaction by itself when the disk is full. The ROLLBACK that follows then fails, and
                // leaves the session counting a transaction that is not there: it could never begin another.
                if kind == Kind::Sqlite && connection.is_in_transaction() {
                    connection.ping().await?; // until what was rolled back, if anything was, is through
                }
                // A ROLLBACK that is still to be sent: of a transaction that was broken off, perhaps since nobody answered. The pool
                // itself would wait for an answer as long as it takes, and be one connection short.
                if kind == Kind::Postgres && (is_suspicious || connection.should_flush()) {
                    lives(connection, sign_of_life).await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
}

impl Store {
    /// Connects to a database that is there. The schema is not looked at.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        Self::connect_with(url, max_connections, Patience::default()).await
    }

    /// The same, with another patience.
    pub async fn connect_with(
        url: &str,
        max_connections: u32,
        patience: Patience,
    ) -> Result<Self, StoreError> {
        Self::open(url, max_connections, patience, false).await
    }

    /// The same, where the file of an SQLite database may be missing: it is then made, for its owner alone. On PostgreSQL
    /// databases are made by who runs the server.
    pub async fn create(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        Self::open(url, max_connections, Patience::default(), true).await
    }

    /// The file of an SQLite database that a URL names.
    #[must_use]
    pub fn file_of(url: &str) -> Option<PathBuf> {
        if url.starts_with("sqlite:") { file::path_of(url) } else { None }
    }

    async fn open(
        url: &str,
        max_connections: u32,
        patience: Patience,
        create: bool,
    ) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        check_database(url)?;
        let kind = if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres };
        let suspicion = Suspicion::default();
        if kind == Kind::Sqlite {
            file::prepare(url, create).await?;
        }
        let changed = Arc::new(Changed::of(Self::file_of(url).as_deref()));
        let options = AnyConnectOptions::from_str(url).map_err(|_| UrlFault::Host)?;
        let connected = connections((kind, max_connections), patience, suspicion.clone(), Arc::default())
            .connect_with(options.clone())
            .await;
        let pool = match kind {
            Kind::Sqlite => connected?,
            Kind::Postgres => connected.map_err(|error| StoreError::Connect(error.into()))?,
        };
        let writers = match kind {
            Kind::Sqlite => {
                connections((kind, 1), patience, suspicion.clone(), Arc::clone(&changed.connections))
                    // Of a file no connection grows stale, and this one knows what others have written.
                    .max_lifetime(None)
                    .idle_timeout(None)
                    .connect_lazy_with(options)
            }
            Kind::Postgres => pool.clone(),
        };
        let store = Self {
            pool,
            writers,
            kind,
            patience,
            suspicion,
            news: Arc::default(),
            lines: Arc::default(),
            next_page: Arc::default(),
            changed,
            looking: Arc::default(),
        };
        store.require_pages().await?;
        Ok(store)
    }

    /// Which database it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Brings the schema up to date. Several processes may do so at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrated = migrations::migrator().run(&self.writers).await.map_err(StoreError::Migrate);
        self.changed.give_up();
        migrated
    }

    /// Refuses a schema that is older than the program. A newer one is fine: schemas change in steps that the program
    /// before them still works with.
    pub async fn require_migrated(&self) -> Result<(), StoreError> {
        let applied: Result<Vec<(i64,)>, _> =
            sqlx::query_as("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&self.pool).await;
        // Without the table nothing has been migrated; an unreachable database fails in the next line.
        self.ping().await?;
        let applied = applied.unwrap_or_default();
        let is_applied = |version: i64| applied.iter().any(|(there,)| *there == version);
        if migrations::versions().all(is_applied) { Ok(()) } else { Err(StoreError::NotMigrated) }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let _one: (i64,) = sqlx::query_as("SELECT CAST(1 AS BIGINT)").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Whether the database takes what is written: it is not enough that it can be read.
    pub async fn probe_write(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.record_anew("last_probe", &now.unix_millis().to_string()).await?;
        tx.commit().await
    }

    /// Begins a write transaction. No external call belongs between this and [`Tx::commit`].
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let tx = match self.kind {
            Kind::Sqlite => {
                let mut tx = self.writers.begin_with("BEGIN IMMEDIATE").await?;
                self.changed.note(&mut tx).await?;
                tx
            }
            Kind::Postgres => self.writers.begin().await?,
        };
        Ok(Tx {
            tx,
            kind: self.kind,
            entries: Vec::new(),
            made: Made::default(),
            changed: Vec::new(),
            news: Arc::clone(&self.news),
        })
    }

    /// What has come up in this process.
    #[must_use]
    pub fn news(&self) -> &News {
        &self.news
    }

    /// On SQLite, empties the write-ahead log, where what was deleted may still be read. PostgreSQL's own files are
    /// the business of who runs it (`docs/retention.md`).
    pub async fn forget_traces(&self) -> Result<(), StoreError> {
        if self.kind == Kind::Sqlite {
            for _ in 0..5 {
                let busy = self.empty_log().await?;
                if !busy {
                    return Ok(());
                }
                // Somebody reads what the log still holds.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tracing::warn!(
                "The write-ahead log could not be emptied: a reader is in the way. The next sweep tries again"
            );
        }
        Ok(())
    }

    /// Gives whether somebody was in the way.
    async fn empty_log(&self) -> Result<bool, StoreError> {
        // On one connection: what is written between would go unseen.
        let mut connection = self.writers.acquire().await?;
        let mut tx = match connection.begin_with("BEGIN IMMEDIATE").await {
            // Another process writes for longer than SQLite waits.
            Err(error) if is_busy(&error) => return Ok(true),
            begun => begun?,
        };
        self.changed.note(&mut tx).await?;
        tx.rollback().await?;
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        Ok(busy != 0)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.writers.close().await;
        self.pool.close().await;
    }
}

impl Tx {
    /// Makes it so, and tells those of this process who wait for work that there is some, and those who wait for a record that it
    /// has changed.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.write_entries().await?;
        let Self { tx, made, changed, news, .. } = self;
        tx.commit().await?;
        news.tell(made, &changed);
        Ok(())
    }
}

/// That exactly one row was changed.
fn one(result: &sqlx::any::AnyQueryResult) -> Result<(), StoreError> {
    if result.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// A lease that ends later than this was taken by somebody whose clock ran ahead: one that is taken now ends at `until`, and
/// clocks of machines that are well differ by less than ten seconds.
fn too_far(until: Timestamp) -> i64 {
    until.unix_millis().saturating_add(10_000)
}
