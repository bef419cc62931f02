//! The HTTP API, as `openapi.yaml` describes it.
//!
//! A connection has a place among the `connections`. A request goes through `observe` (its id, span, metrics, and the
//! body of its problem), `wellformed` (whether it can be read in one way only), `admit` (where it comes from, and how much may), `auth` (who calls, how often, and whether they
//! may), and its handler in `api`. Handlers read bodies under limits (`body`,
//! `multipart`), parse them strictly (`read`), call one flow, and show the record (`view`).

mod admit;
mod api;
mod auth;
mod body;
mod connections;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod foreign;
mod limits;
mod multipart;
mod observe;
mod peer;
pub mod problem;
pub mod read;
mod routes;
mod serve;
mod shares;
mod socket;
mod unread;
mod view;
mod wait;
mod wellformed;

use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

pub use auth::Access;
pub use routes::{ROUTES, Route, health_router, metrics_router, router};
pub use serve::{serve, serve_router};

use crate::app::App;
use api::health::Readiness;
use auth::GoodKeys;
use limits::Rates;
use shares::{Memory, Requests, share};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

/// What the handlers share.
pub(crate) struct Shared {
    app: Arc<App>,
    metrics: Option<PrometheusHandle>,
    rates: Rates,
    good_keys: GoodKeys,
    requests: Requests,
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
        let http = &app.http;
        let of_client = |whole| share(whole, http.share_per_client);
        let of_address = |whole| share(whole, http.share_per_address);
        // The largest body is taken, however small a share is.
        let room = |bytes: usize| bytes.max(http.max_body);
        let bodies = http.max_bodies_in_memory;
        Self(Arc::new(Shared {
            rates: Rates::new(http.requests_per_second, http.burst, http.clients_per_address),
            good_keys: GoodKeys::default(),
            requests: Requests::new(of_client(http.max_connections), of_address(http.max_connections)),
            memory: Memory::new(bodies, room(of_client(bodies)), room(of_address(bodies))),
            readiness: Readiness::default(),
            app,
            metrics,
            stop,
        }))
    }
}
