//! `serve` and `worker`: the service, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Outcome;
use super::context::{Context, create_database};
use super::descriptors;
use super::signals::Signals;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Http;
use crate::{http, telemetry, worker};

/// How long what is under way may take to end: less than what container engines and systemd wait before they kill.
const GRACE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(super) struct Serve {
    /// Take requests only. Something else has to run `worker`, or nothing is ever delivered.
    #[arg(long)]
    no_worker: bool,
    #[command(flatten)]
    database: Missing,
}

#[derive(Args)]
pub(super) struct Worker {
    #[command(flatten)]
    database: Missing,
}

/// What becomes of a database that is not there.
#[derive(Args)]
struct Missing {
    /// Make the file of an SQLite database that is not there. Without this, a missing file is an error: its volume may not be
    /// mounted.
    #[arg(long)]
    create: bool,
}

/// What a process does.
#[derive(Default)]
pub(super) struct Roles {
    /// Takes requests here.
    pub(super) api: Option<TcpListener>,
    /// Serves health here, apart from the API; and metrics, unless they have an address of their own.
    pub(super) health: Option<TcpListener>,
    /// Serves metrics here.
    pub(super) metrics: Option<TcpListener>,
    /// Does the background work.
    pub(super) worker: bool,
}

impl Serve {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let mut config = context.config()?;
        let telemetry = config.telemetry.clone();
        context.stay(&telemetry, async {
            let mut signals = Signals::new()?;
            create_database(&config, self.database.create).await?;
            config.http.max_connections = descriptors::fit(config.http.max_connections);
            let app = Arc::new(App::build(config, Clock::System).await?);
            let api = Some(bind(app.http.listen).await?);
            let health = health_listener(&app.http).await?;
            let metrics = metrics_listener(&app).await?;
            run(&app, Roles { api, health, metrics, worker: !self.no_worker }, &mut signals).await
        })
    }
}

impl Worker {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        let telemetry = config.telemetry.clone();
        context.stay(&telemetry, async {
            let mut signals = Signals::new()?;
            create_database(&config, self.database.create).await?;
            let app = Arc::new(App::build(config, Clock::System).await?);
            // Beside a `serve` of the same configuration, only where it is named.
            let health = match app.http.health_listen {
                Some(listen) => Some(bind(listen).await?),
                None => None,
            };
            let metrics = metrics_listener(&app).await?;
            run(&app, Roles { api: None, health, metrics, worker: true }, &mut signals).await
        })
    }
}

/// Listens, or says where it cannot.
pub(super) async fn bind(listen: SocketAddr) -> Result<TcpListener, Box<dyn std::error::Error>> {
    TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}").into())
}

/// Listens for those who ask for health. Where no address was named, and the usual one is taken, the API's own must do.
async fn health_listener(http: &Http) -> Result<Option<TcpListener>, Box<dyn std::error::Error>> {
    match bind(http.health()).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if http.health_listen.is_none() => {
            warn!("Health is served beside the API only, since http.health_listen is not set: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn metrics_listener(app: &App) -> Result<Option<TcpListener>, Box<dyn std::error::Error>> {
    match app.http.metrics_listen {
        Some(listen) => Ok(Some(bind(listen).await?)),
        None => Ok(None),
    }
}

/// Takes on the roles, and gives them up when a signal comes: no new requests and no new work, those under way are finished,
/// lanes and jobs given back. A second signal ends it at once; whatever is cut off then is found by its lease.
pub(super) async fn run(app: &Arc<App>, roles: Roles, signals: &mut Signals) -> Outcome {
    let stop = CancellationToken::new();
    let mut open = JoinSet::new();
    let mut metrics = telemetry::metrics();
    if let Some(listener) = roles.metrics
        && let Some(metrics) = metrics.take()
    {
        info!("Serving metrics at http://{}/metrics", listener.local_addr()?);
        let stop = stop.clone().cancelled_owned();
        open.spawn(async move {
            http::serve_router(http::metrics_router(metrics), listener, stop)
                .await
                .map_err(|error| error.to_string())
        });
    }
    if let Some(listener) = roles.health {
        info!("Serving health at http://{}/livez", listener.local_addr()?);
        let router = http::health_router(Arc::clone(app), metrics.take());
        let stop = stop.clone().cancelled_owned();
        open.spawn(async move {
            http::serve_router(router, listener, stop).await.map_err(|error| error.to_string())
        });
    }
    if let Some(listener) = roles.api {
        info!("Serving at http://{}", listener.local_addr()?);
        let (app, stop) = (Arc::clone(app), stop.clone().cancelled_owned());
        open.spawn(async move {
            http::serve(app, metrics, listener, stop).await.map_err(|error| error.to_string())
        });
    }
    if roles.worker {
        info!("Doing background work as {}", app.owner);
        let (app, stop) = (Arc::clone(app), stop.clone());
        open.spawn(async move {
            worker::run(app, stop).await;
            Ok(())
        });
    }

    // A role that ends by itself is a failure, whatever it says.
    let failure = tokio::select! {
        () = signals.next() => None,
        Some(ended) = open.join_next() => Some(match ended {
            Ok(Ok(())) => "a part of the service has ended by itself".to_owned(),
            Ok(Err(error)) => error,
            Err(panicked) => panicked.to_string(),
        }),
    };
    info!("Stopping");
    stop.cancel();
    tokio::select! {
        () = signals.next() => warn!("SendOutcome to stop a second time: some work was broken off"),
        () = tokio::time::sleep(GRACE) => warn!("Some work took too long to end and was broken off"),
        () = async { while open.join_next().await.is_some() {} } => {}
    }
    open.abort_all();
    if let Err(error) = app.store.forget_traces().await {
        warn!(%error, "The write-ahead log was not emptied");
    }
    app.store.close().await;
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(true),
    }
}
