//! What the handlers of one listener share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use super::good_keys::GoodKeys;
use super::limits::RateLimits;
use super::readiness::Readiness;
use super::shares::{BodyBudget, ImportSlots, RequestSlots, share};
use super::turns::{TurnLimits, Turns};
use crate::app::App;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) rate_limits: RateLimits,
    pub(crate) good_keys: GoodKeys,
    pub(crate) request_slots: RequestSlots,
    pub(crate) body_budget: BodyBudget,
    pub(crate) import_slots: ImportSlots,
    pub(crate) turns: Arc<Turns>,
    pub(crate) readiness: Readiness,
    /// Cancelled when the service stops: whoever waits for a result gets the record as it is.
    pub(crate) stop: CancellationToken,
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Api {
    pub(crate) fn new(app: Arc<App>, metrics: Option<PrometheusHandle>, stop: CancellationToken) -> Self {
        let http = &app.http;
        let of_client = |whole| share(whole, http.share_per_client);
        let of_address = |whole| share(whole, http.share_per_address);
        // The largest body is taken, however small a share is.
        let at_least_one_body = |bytes: usize| bytes.max(http.max_body);
        let bodies = http.max_bodies_in_memory;
        Self(Arc::new(Shared {
            rate_limits: RateLimits::new(http.requests_per_second, http.burst, http.clients_per_address),
            good_keys: GoodKeys::default(),
            request_slots: RequestSlots::new(
                of_client(http.max_connections),
                of_address(http.max_connections),
            ),
            body_budget: BodyBudget::new(
                bodies,
                at_least_one_body(of_client(bodies)),
                at_least_one_body(of_client(bodies) / 2),
                at_least_one_body(of_address(bodies)),
            ),
            import_slots: ImportSlots::new(http.imports_per_client),
            turns: Turns::new(TurnLimits {
                turns: http.turns,
                of_client: of_client(http.turns),
                of_imports: share(http.turns, http.share_of_imports),
                queue: http.max_queued,
                queue_of_client: of_client(http.max_queued),
                max_wait: Duration::from_secs(http.max_queue_wait),
            }),
            readiness: Readiness::default(),
            app,
            metrics,
            stop,
        }))
    }
}
