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
    /// The node's program: of a kwild network, that of its one validator.
    pub(crate) node: f64,
    /// The services' PostgreSQL.
    pub(crate) postgres: f64,
    /// The session gateway before kwild.
    pub(crate) gateway: f64,
    /// The PostgreSQL of kwild.
    pub(crate) node_postgres: f64,
}

/// What they had used at some moment.
pub(crate) struct Meter<'a> {
    site: &'a Site,
    node: &'a Node,
    services: Vec<u32>,
    start: Instant,
    used: [Duration; 6],
}

impl<'a> Meter<'a> {
    /// Begins. Several services are counted as one.
    pub(crate) fn start(site: &'a Site, node: &'a Node, services: Vec<u32>) -> Self {
        let mut meter = Self { site, node, services, start: Instant::now(), used: [Duration::ZERO; 6] };
        meter.used = meter.read();
        meter
    }

    fn read(&self) -> [Duration; 6] {
        let process = process::cpu(self.node.process.pid());
        let [node, gateway, node_postgres] = match &self.node.kwild {
            None => [process, Duration::ZERO, Duration::ZERO],
            Some(kwild) => [process::cpu(kwild.pid), process, process::cpu_of_family(kwild.postgres)],
        };
        [
            self.services.iter().copied().map(process::cpu).sum(),
            process::cpu(std::process::id()),
            node,
            self.site.postgres_cpu(),
            gateway,
            node_postgres,
        ]
    }

    /// What was used since.
    pub(crate) fn stop(&self) -> Cores {
        let seconds = self.start.elapsed().as_secs_f64();
        let now = self.read();
        let share = |now: Duration, then: Duration| now.saturating_sub(then).as_secs_f64() / seconds;
        let [service, client, node, postgres, gateway, node_postgres] =
            std::array::from_fn(|who| share(now[who], self.used[who]));
        Cores { service, client, node, postgres, gateway, node_postgres }
    }
}
