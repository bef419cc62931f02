//! What commands have in common: the configuration, logs, a runtime, the database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::Outcome;
use crate::config::{Config, Telemetry};
use crate::store::{Store, StoreError};
use crate::telemetry;

type Error = Box<dyn std::error::Error>;

/// What is logged by commands that answer something, unless `RUST_LOG` says otherwise.
const ANSWERING: &str = "warn";
/// What is logged by commands that stay.
const STAYING: &str = "info";

/// What was said on the command line beside the command.
pub(super) struct Context {
    config: Option<PathBuf>,
    json_logs: bool,
}

impl Context {
    pub(super) fn new(config: Option<PathBuf>, json_logs: bool) -> Self {
        Self { config, json_logs }
    }

    /// The configuration file, if one is named.
    pub(super) fn path(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The configuration, for commands that do nothing without one.
    pub(super) fn config(&self) -> Result<Config, Error> {
        let path = self.path().ok_or(
            "this command needs --config FILE (config.example.toml shows every setting, and what is required)",
        )?;
        Ok(Config::load(path)?)
    }

    /// Starts logs.
    pub(super) fn log(&self) -> Result<(), Error> {
        // Nothing that would have to be sent at the end.
        let _running = telemetry::start(&self.logs_only(), ANSWERING)?;
        Ok(())
    }

    /// Runs a command that answers something.
    pub(super) fn answer(&self, answer: impl Future<Output = Outcome>) -> Outcome {
        self.log()?;
        runtime()?.block_on(answer)
    }

    /// Runs a command that stays, with all that `settings` say.
    pub(super) fn stay(&self, settings: &Telemetry, stay: impl Future<Output = Outcome>) -> Outcome {
        /// For what was not done in time when the command ended: nothing that is waited for is left then.
        const REST: Duration = Duration::from_millis(100);

        let runtime = runtime()?;
        let settings = Telemetry { json_logs: settings.json_logs || self.json_logs, ..settings.clone() };
        let running = {
            let _inside = runtime.enter();
            telemetry::start(&settings, STAYING)?
        };
        if telemetry::metrics().is_none() {
            tracing::warn!("Metrics are not counted: something else in this process takes them");
        }
        let sums = runtime.spawn(async {
            const EVERY: Duration = Duration::from_secs(5);
            let mut ticks = tokio::time::interval(EVERY);
            loop {
                ticks.tick().await;
                telemetry::sum_up();
            }
        });
        let outcome = runtime.block_on(stay);
        sums.abort();
        running.stop();
        runtime.shutdown_timeout(REST);
        outcome
    }

    fn logs_only(&self) -> Telemetry {
        Telemetry { json_logs: self.json_logs, otlp_endpoint: None }
    }
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The database, if it is up to date.
pub(super) async fn store(config: &Config) -> Result<Store, StoreError> {
    let store = Store::connect(config.database.url.expose(), config.database.max_connections).await?;
    store.require_migrated().await?;
    Ok(store)
}

/// Makes the file of an SQLite database, if that was asked for and it is not there.
pub(super) async fn create_database(config: &Config, create: bool) -> Result<(), StoreError> {
    if create {
        Store::create(config.database.url.expose(), 1).await?.close().await;
    }
    Ok(())
}
