//! Who used the processors meanwhile.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::deployment::{Node, Site};
use crate::process;

/// Cores that were busy on average: 1 is one core all the time.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cores {
    pub(crate) service: f64,
    pub(crate) client: f64,
    pub(crate) node: f64,
    pub(crate) postgres: f64,
}

/// What they had used at some moment.
pub(crate) struct Meter<'a> {
    site: &'a Site,
    node: u32,
    services: Vec<u32>,
    start: Instant,
    used: [Duration; 4],
}

impl<'a> Meter<'a> {
    /// Begins. Several services are counted as one.
    pub(crate) fn start(site: &'a Site, node: &Node, services: Vec<u32>) -> Self {
        let mut meter = Self {
            site,
            node: node.process.pid(),
            services,
            start: Instant::now(),
            used: [Duration::ZERO; 4],
        };
        meter.used = meter.read();
        meter
    }

    fn read(&self) -> [Duration; 4] {
        [
            self.services.iter().copied().map(process::cpu).sum(),
            process::cpu(std::process::id()),
            process::cpu(self.node),
            self.site.postgres_cpu(),
        ]
    }

    /// What was used since.
    pub(crate) fn stop(&self) -> Cores {
        let seconds = self.start.elapsed().as_secs_f64();
        let now = self.read();
        let share = |now: Duration, then: Duration| now.saturating_sub(then).as_secs_f64() / seconds;
        let [service, client, node, postgres] = now;
        let [service_then, client_then, node_then, postgres_then] = self.used;
        Cores {
            service: share(service, service_then),
            client: share(client, client_then),
            node: share(node, node_then),
            postgres: share(postgres, postgres_then),
        }
    }
}
