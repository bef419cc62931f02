//! Which statements an intake asks of the database, and how long each takes there, as the driver logs them: on SQLite in the thread that
//! runs them, without the way there and back, on PostgreSQL with the round trip. BEGIN and COMMIT are no statements to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::deployment::{Backend, Node, Program, Service, Setup, Site};
use crate::evidence::{self, Encoding};
use crate::intake::{Submitter, as_float, submit_until};

/// One statement of those that are made for an intake.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) database: Backend,
    pub(crate) at_once: usize,
    /// How it begins.
    pub(crate) statement: String,
    /// How often it is made for each that is accepted.
    pub(crate) times: f64,
    /// How long it takes each time, in microseconds: the mean.
    pub(crate) micros: f64,
}

/// Submits for `time`, so many at once.
pub(crate) async fn measure(
    site: &Site,
    node: &Node,
    (backend, at_once): (Backend, usize),
    time: Duration,
) -> Vec<Row> {
    let setup = Setup {
        node_url: &node.url,
        backend,
        write: &[0],
        in_flight: 64,
        body_timeout: 30,
        with_worker: false,
        program: Program::This,
        logs: Some("error,sqlx::query=debug"),
    };
    let service = Service::start(site, &setup).await;
    let submitter = Submitter::new(&service, evidence::body(node.user, Encoding::Json, 0));
    let before = service.whole_log().len();
    let end = Instant::now() + time;
    let clients: Vec<_> = (0..at_once).map(|_| tokio::spawn(submit_until(submitter.clone(), end))).collect();
    let mut accepted = 0;
    for client in clients {
        accepted += client.await.unwrap().iter().filter(|answer| answer.status == 202).count();
    }
    let log = service.whole_log();
    service.stop().await;

    let mut statements: BTreeMap<String, (usize, f64)> = BTreeMap::new();
    for line in log[before..].lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let (Some(summary), Some(seconds)) = (event["summary"].as_str(), event["elapsed_secs"].as_f64())
        else {
            continue;
        };
        let (count, all) = statements.entry(summary.to_owned()).or_default();
        *count += 1;
        *all += seconds;
    }
    assert!(!statements.is_empty(), "the driver logs no statements");
    statements
        .into_iter()
        // Left out is what was made a few times only, by background work.
        .filter(|(_, (count, _))| count * at_once * 10 > accepted)
        .map(|(statement, (count, seconds))| Row {
            database: backend,
            at_once,
            statement,
            times: as_float(count) / as_float(accepted),
            micros: seconds * 1e6 / as_float(count),
        })
        .collect()
}
