//! How fast results are taken: `POST /v1/issuances` by inserter, answered when the credential is sealed and recorded.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::deployment::{Backend, Node, Program, Service, Setup, Site};
use crate::evidence::{self, Body, Encoding};
use crate::process;
use crate::usage::{Cores, Meter};

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) backend: Backend,
    /// Bytes of all files of a request.
    pub(crate) size: usize,
    pub(crate) encoding: Encoding,
    pub(crate) at_once: usize,
    /// Whether the same process delivers meanwhile.
    pub(crate) with_worker: bool,
    pub(crate) time: Duration,
    pub(crate) program: Program,
}

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) database: Backend,
    pub(crate) file_bytes: usize,
    pub(crate) encoding: Encoding,
    pub(crate) at_once: usize,
    pub(crate) delivers: bool,
    /// Requests that began in the time and were accepted: those whose times are told.
    pub(crate) measured: usize,
    /// Requests that were accepted in the time.
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Answers other than 202, by status.
    pub(crate) others: BTreeMap<u16, usize>,
    pub(crate) peak_bytes: u64,
    pub(crate) cores: Cores,
    pub(crate) program: Program,
    /// Processor time of the service for each that was accepted in the time, in milliseconds.
    pub(crate) service_ms: f64,
}

/// Left out at the beginning: connections are opened, and memory grows.
const WARM_UP: Duration = Duration::from_millis(700);

/// In place of a status: the connection ended without an answer.
pub(crate) const BROKEN_OFF: u16 = 0;

/// In place of a status: no answer came in time.
pub(crate) const TIMED_OUT: u16 = 1;

/// A client of a service.
#[derive(Clone)]
pub(crate) struct Submitter {
    client: reqwest::Client,
    url: String,
    key: String,
    body: Body,
}

impl Submitter {
    pub(crate) fn new(service: &Service, body: Body) -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().unwrap();
        Self { client, url: format!("{}/v1/issuances", service.url), key: service.key.clone(), body }
    }

    /// Submits once. Gives the status, or [`BROKEN_OFF`] or [`TIMED_OUT`].
    pub(crate) async fn submit(&self) -> u16 {
        let key = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(&self.key)
            .header("Idempotency-Key", key)
            .header("Content-Type", self.body.media_type)
            .body(self.body.bytes.clone());
        match request.send().await {
            Ok(answer) => answer.status().as_u16(),
            Err(error) if error.is_timeout() => TIMED_OUT,
            Err(_) => BROKEN_OFF,
        }
    }
}

/// Measures one cell, with a service and a database of its own.
pub(crate) async fn measure(site: &Site, node: &Node, cell: Cell) -> Row {
    let setup = Setup {
        node_url: &node.url,
        backend: cell.backend,
        write: &[0],
        in_flight: 64,
        body_timeout: 30,
        with_worker: cell.with_worker,
        program: cell.program,
        logs: None,
    };
    let service = Service::start(site, &setup).await;
    let submitter = Submitter::new(&service, evidence::body(node.user, cell.encoding, cell.size));
    let begin = Instant::now() + WARM_UP;
    let end = begin + cell.time;
    let clients: Vec<_> =
        (0..cell.at_once).map(|_| tokio::spawn(submit_until(submitter.clone(), end))).collect();

    tokio::time::sleep_until(begin.into()).await;
    let meter = Meter::start(site, node, vec![service.process.pid()]);
    tokio::time::sleep_until(end.into()).await;
    let cores = meter.stop();
    let mut times = Vec::new();
    let mut others = BTreeMap::new();
    let (mut in_time, mut accepted) = (0, 0);
    for client in clients {
        for answer in client.await.unwrap() {
            accepted += usize::from(answer.status == 202);
            in_time += usize::from(answer.status == 202 && answer.end >= begin && answer.end < end);
            if answer.start < begin {
                continue;
            }
            match answer.status {
                202 => times.push(answer.end - answer.start),
                other => *others.entry(other).or_default() += 1,
            }
        }
    }
    let peak_bytes = process::peak_memory(service.process.pid());
    assert!(accepted > 0, "nothing was accepted: {others:?} {}", service.log());
    service.stop().await;
    node.clear_mempool().await;

    times.sort_unstable();
    Row {
        database: cell.backend,
        file_bytes: cell.size,
        encoding: cell.encoding,
        at_once: cell.at_once,
        delivers: cell.with_worker,
        measured: times.len(),
        per_second: as_float(in_time) / cell.time.as_secs_f64(),
        p50_ms: quantile(&times, 50),
        p99_ms: quantile(&times, 99),
        others,
        peak_bytes,
        cores,
        program: cell.program,
        service_ms: 1000.0 * cores.service * cell.time.as_secs_f64() / as_float(in_time),
    }
}

/// What came of a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    start: Instant,
    end: Instant,
}

/// Submits one after the other, the last one before `end`, and awaits each answer.
pub(crate) async fn submit_until(submitter: Submitter, end: Instant) -> Vec<Answer> {
    let mut answers = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        let status = submitter.submit().await;
        answers.push(Answer { status, start, end: Instant::now() });
        if status == BROKEN_OFF {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    answers
}

/// Of sorted times, in milliseconds.
pub(crate) fn quantile(times: &[Duration], percent: usize) -> f64 {
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
pub(crate) fn as_float(count: usize) -> f64 {
    count as f64
}
