//! Where the service stops and waits to be killed, and how everybody is kept from writing meanwhile.

use std::time::{Duration, Instant};

use idos_issuer::store::Store;
use sqlx::{AnyConnection, Connection as _};

use super::{Scene, run};
use crate::service::sharing::wait_for;
use crate::support::id;
use crate::support::service::Backend;

/// How often what is written into the file of SQLite where it stops: more than it keeps in memory of a transaction.
const MARKS: u32 = 400_000;

/// Where the process is stopped: before a row is written, changed or deleted, if this holds.
pub(super) struct Stop {
    /// What is written into the file of SQLite there. What was written at another one may still be in its log.
    mark: String,
    /// Such as `INSERT ON job`.
    before: String,
    condition: String,
}

impl Stop {
    pub(super) fn new(before: impl Into<String>, condition: impl Into<String>) -> Self {
        Self { mark: format!("stop-{}.", id().simple()), before: before.into(), condition: condition.into() }
    }
}

/// A transaction beside which nobody writes.
pub(super) struct Hold(AnyConnection);

impl Hold {
    pub(super) async fn release(mut self) {
        run(&mut self.0, "ROLLBACK").await;
        self.0.close().await.unwrap();
    }
}

impl Scene {
    /// Has whoever comes to this place wait there.
    pub(super) async fn stop_at(&self, stop: &Stop) {
        let mut connection = self.connect().await;
        let Stop { mark, before, condition } = stop;
        let row = if before.starts_with("DELETE") { "OLD" } else { "NEW" };
        let statements = match self.backend {
            Backend::Sqlite => format!(
                "CREATE TRIGGER stop_here BEFORE {before} WHEN {condition} BEGIN
                 INSERT INTO stopped SELECT REPLACE(HEX(ZEROBLOB({MARKS})), '00', '{mark}');
                 INSERT INTO stopped SELECT MAX(n) FROM forever; END;"
            ),
            Backend::Postgres => format!(
                "CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF {condition} THEN PERFORM pg_advisory_xact_lock(1); END IF; RETURN {row}; END $$;
                 CREATE TRIGGER stop_here BEFORE {before} FOR EACH ROW EXECUTE FUNCTION stop_here();"
            ),
        };
        run(&mut connection, &statements).await;
        connection.close().await.unwrap();
    }

    pub(super) async fn go_on(&self, stop: &Stop) {
        let table = stop.before.rsplit(' ').next().unwrap();
        let statements = match self.backend {
            Backend::Sqlite => "DROP TRIGGER stop_here; DELETE FROM stopped;".to_owned(),
            Backend::Postgres => format!("DROP TRIGGER stop_here ON {table}; DROP FUNCTION stop_here();"),
        };
        let mut connection = self.connect().await;
        run(&mut connection, &statements).await;
        connection.close().await.unwrap();
    }

    /// Keeps the place closed that a trigger waits at.
    pub(super) async fn close_the_place(&self) -> AnyConnection {
        let mut connection = self.connect().await;
        if self.backend == Backend::Postgres {
            run(&mut connection, "SELECT pg_advisory_lock(1)").await;
        }
        connection
    }

    /// Whether the process waits there.
    async fn is_stopped(&self, stop: &Stop) -> bool {
        match self.backend {
            Backend::Sqlite => {
                let log = format!("{}-wal", Store::file_of(&self.database().url).unwrap().display());
                // Once it stands in the trigger's own text.
                let mark = stop.mark.repeat(2);
                memchr::memmem::find(&std::fs::read(log).unwrap_or_default(), mark.as_bytes()).is_some()
            }
            Backend::Postgres => {
                self.count(
                    "pg_locks WHERE locktype = 'advisory' AND NOT granted \
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                )
                .await
                    > 0
            }
        }
    }

    /// Waits until the process is stopped. `false` if `is_over` was true before.
    pub(super) async fn until_it_stops(&self, stop: &Stop, mut is_over: impl AsyncFnMut() -> bool) -> bool {
        let start = Instant::now();
        loop {
            if self.is_stopped(stop).await {
                return true;
            }
            if is_over().await {
                return false;
            }
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "it neither stops nor ends\n{}",
                self.deployment.log()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// PostgreSQL sees by itself that whom it works for is gone.
    pub(super) async fn until_it_has_ended(&self) {
        if self.backend == Backend::Postgres {
            wait_for("the transaction is over", async || {
                self.count(
                    "pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL \
                    AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
                )
                .await
                    == 0
            })
            .await;
        }
    }

    /// Lets nobody write meanwhile.
    pub(super) async fn hold(&self) -> Hold {
        let mut connection = self.connect().await;
        let statements = match self.backend {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN; LOCK TABLE idempotency IN SHARE MODE",
        };
        run(&mut connection, statements).await;
        Hold(connection)
    }
}
