//! The HTTP API, as `openapi.yaml` describes it.
//!
//! A request goes through `observe` (its id, span, metrics, and the body of its problem), `auth` (who calls, how
//! often, and whether they may), and its handler in `api`. Handlers read bodies under limits (`body`,
//! `multipart`), parse them strictly (`read`), call one flow, and show the record (`view`).

mod api;
mod auth;
mod body;
#[doc(hidden)]
pub mod foreign;
mod limits;
mod multipart;
mod observe;
pub mod problem;
pub mod read;
mod routes;
mod serve;
mod socket;
mod unread;
mod view;
mod wait;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

pub use auth::Access;
pub use routes::{ROUTES, Route, metrics_router, router};
pub use serve::{serve, serve_router};

use crate::app::App;
use api::health::Readiness;
use limits::{Memory, Rates};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

/// What the handlers share.
pub(crate) struct Shared {
    app: Arc<App>,
    metrics: Option<PrometheusHandle>,
    rates: Rates,
    memory: Memory,
    readiness: Readiness,
    /// Cancelled when the service stops: whoever waits for a result gets the record as it is.
    stop: CancellationToken,
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Api {
    fn new(app: Arc<App>, metrics: Option<PrometheusHandle>, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            rates: Rates::new(app.http.requests_per_second, app.http.burst),
            memory: Memory::new(app.http.max_bodies_in_memory),
            readiness: Readiness::default(),
            app,
            metrics,
            stop,
        }))
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
struct Peer(IpAddr);
