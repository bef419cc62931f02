//! Connections that stay at hand. The driver's own pool asks a connection whether it still lives before each use and twice after it: on
//! SQLite three changes of threads for each statement that is one, on PostgreSQL two round trips. Here a connection is asked only if it
//! has not been used for a while, and one on which anything went wrong is not used again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Either, Error, Execute, Executor, SqlStr};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// How long to wait for a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// A connection that was used a moment ago is taken as it is. One that has been idle for longer is asked first: the server may have
/// ended it.
const ASKED_AFTER: Duration = Duration::from_secs(1);

/// As long as none of so many uses.
const IDLE: Duration = Duration::from_mins(10);

/// How old a connection becomes.
const AGE: Duration = Duration::from_mins(30);

/// Connections to one database, as many at once as it may have.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    /// What makes connections, and says why it cannot. It holds none.
    connector: AnyPool,
    room: Arc<Semaphore>,
    /// Whether there are so many that one of them can be kept for those who go one after the other.
    are_several: bool,
    at_hand: StdMutex<Vec<AtHand>>,
}

/// A connection that nobody uses.
struct AtHand {
    connection: Arc<Connection>,
    used: Instant,
    /// Whether nothing has gone wrong on another one since: if the server is gone, it is gone for all of them.
    is_sure: bool,
}

/// A connection, behind a lock that is free whenever it is taken: so it can be left to somebody who undoes what was begun on it.
struct Connection {
    is: Arc<Mutex<AnyConnection>>,
    since: Instant,
}

/// A connection that somebody uses. Unless it is said what becomes of it, it is closed: whatever was begun on it is undone.
pub(super) struct Lent {
    guard: OwnedMutexGuard<AnyConnection>,
    what: What,
    then: Then,
    turn: Option<Turn>,
}

/// The turn of writers who go one after the other, with the connection of the one before.
pub(super) type Turn = OwnedMutexGuard<Option<What>>;

/// What becomes of a connection that nobody uses any more.
#[derive(Clone, Copy)]
enum Then {
    /// Nobody knows what is on it.
    Close,
    /// Nothing is begun on it, and nothing has gone wrong.
    Keep,
    /// What is begun is undone.
    Undo,
}

/// What is lent.
#[derive(Clone)]
pub(super) struct What {
    connection: Arc<Connection>,
    pool: Pool,
    _room: Arc<OwnedSemaphorePermit>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl Pool {
    pub(super) fn new(connector: AnyPool, most: u32) -> Self {
        let room = Arc::new(Semaphore::new(most as usize));
        Self(Arc::new(Inner { connector, room, are_several: most > 1, at_hand: StdMutex::default() }))
    }

    /// A connection, when there is one.
    pub(super) async fn lend(&self) -> Result<Lent, Error> {
        let room = tokio::time::timeout(PATIENCE, Arc::clone(&self.0.room).acquire_owned()).await;
        let room = Arc::new(room.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?);
        let what = |connection| What { connection, pool: self.clone(), _room: room };
        while let Some(AtHand { connection, used, is_sure }) = self.take() {
            let mut guard = Arc::clone(&connection.is).lock_owned().await;
            let is_fresh = is_sure && used.elapsed() < ASKED_AFTER;
            if connection.since.elapsed() < AGE && (is_fresh || guard.ping().await.is_ok()) {
                return Ok(Lent::new(guard, what(connection)));
            }
        }
        let is = Arc::new(Mutex::new(self.0.connector.acquire().await?.detach()));
        let guard = Arc::clone(&is).lock_owned().await;
        Ok(Lent::new(guard, what(Arc::new(Connection { is, since: Instant::now() }))))
    }

    /// The same for whoever has the turn: the connection that is kept with it.
    pub(super) async fn lend_in_turn(&self, mut turn: Turn) -> Result<Lent, Error> {
        let mut lent = match turn.take() {
            Some(what) => Lent::new(Arc::clone(&what.connection.is).lock_owned().await, what),
            None => self.lend().await?,
        };
        lent.turn = Some(turn);
        Ok(lent)
    }

    fn take(&self) -> Option<AtHand> {
        self.0.at_hand.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Has all that are at hand asked before they are used.
    fn doubt(&self) {
        let mut at_hand = self.0.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.iter_mut().for_each(|idle| idle.is_sure = false);
    }

    fn keep(&self, connection: Arc<Connection>) {
        if self.0.room.is_closed() {
            return;
        }
        let mut at_hand = self.0.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.retain(|idle| idle.used.elapsed() < IDLE);
        at_hand.push(AtHand { connection, used: Instant::now(), is_sure: true });
    }

    /// Closes all that nobody uses; what is in use is closed after it.
    pub(super) async fn close(&self) {
        self.0.room.close();
        self.0.connector.close().await;
        while let Some(AtHand { connection, .. }) = self.take() {
            close(connection).await;
        }
    }
}

impl Lent {
    fn new(guard: OwnedMutexGuard<AnyConnection>, what: What) -> Self {
        Self { guard, what, then: Then::Close, turn: None }
    }

    /// Begins a transaction. Dropped before it is [committed](Self::commit), it is undone.
    pub(super) async fn begin(&mut self, statement: &'static str) -> Result<(), Error> {
        self.execute(statement).await?;
        self.then = Then::Undo;
        Ok(())
    }

    /// Ends the transaction, and keeps the connection.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        self.execute("COMMIT").await?;
        self.give_back();
        Ok(())
    }

    /// Keeps it at hand: nothing is begun on it, and nothing has gone wrong.
    fn give_back(mut self) {
        self.then = Then::Keep;
    }
}

impl What {
    /// Keeps it, for whoever has the next turn or for anybody.
    fn keep(self, turn: Option<Turn>) {
        match turn {
            Some(mut turn) if self.pool.0.are_several => *turn = Some(self),
            _ => self.pool.keep(Arc::clone(&self.connection)),
        }
    }

    /// Closes it.
    pub(super) async fn close(self) {
        close(self.connection).await;
    }
}

async fn close(connection: Arc<Connection>) {
    if let Some(Connection { is, .. }) = Arc::into_inner(connection)
        && let Some(connection) = Arc::into_inner(is)
    {
        let _ = connection.into_inner().close().await;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (what, turn) = (self.what.clone(), self.turn.take());
        match self.then {
            Then::Close => what.pool.doubt(),
            Then::Keep => what.keep(turn),
            // Without a runtime it is closed, which undoes it as well.
            Then::Undo => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        let undone = what.connection.is.lock().await.execute("ROLLBACK").await;
                        match undone {
                            Ok(_) => what.keep(turn),
                            Err(_) => what.pool.doubt(),
                        }
                    });
                }
            }
        }
    }
}

impl Deref for Lent {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.guard
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.guard
    }
}

/// Statements that each are a transaction.
impl<'p> Executor<'p> for &'p Pool {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let all = async move {
            let mut lent = self.lend().await?;
            let all: Vec<_> = lent.fetch_many(query).try_collect().await?;
            lent.give_back();
            Ok::<_, Error>(stream::iter(all.into_iter().map(Ok::<_, Error>)))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let row = lent.fetch_optional(query).await?;
            lent.give_back();
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let statement = lent.prepare_with(sql, parameters).await?;
            lent.give_back();
            Ok(statement)
        })
    }
}
