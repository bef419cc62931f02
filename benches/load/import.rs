//! How fast a file of results goes in by `idos-issuer import`, and what that takes.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::{Backend, Node, Program, Service, Setup, Site};
use crate::evidence::{self, Encoding};
use crate::intake::{Submitter, quantile};
use crate::memory::as_it_should;
use crate::process;
use crate::usage::{Cores, Meter};

/// How often memory of the command is looked at: it is gone with it.
const LOOK: Duration = Duration::from_millis(200);

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) database: Backend,
    pub(crate) file_bytes: usize,
    pub(crate) lines: u32,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    /// The most memory that was resident, of the service and of the command.
    pub(crate) peak_bytes: u64,
    pub(crate) command_peak_bytes: u64,
    /// Single requests meanwhile, of the same client, one after the other: how many, and those that were not accepted.
    pub(crate) others: usize,
    pub(crate) others_refused: usize,
    pub(crate) others_p50_ms: f64,
    pub(crate) others_p99_ms: f64,
    pub(crate) cores: Cores,
}

/// Imports a file of `lines` lines, each with files of `bytes` bytes, into a fresh service that delivers nothing.
pub(crate) async fn measure(site: &Site, node: &Node, backend: Backend, (lines, bytes): (u32, usize)) -> Row {
    let setup = Setup {
        node_url: &node.url,
        backend,
        write: &[0],
        in_flight: 64,
        body_timeout: 30,
        with_worker: false,
        program: Program::This,
        logs: None,
    };
    let service = Service::start(site, &setup).await;
    let folder = site.new_folder("import");
    let path = folder.join("people.ndjson");
    let body = evidence::body(node.user, Encoding::Json, bytes);
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    for _ in 0..lines {
        file.write_all(&body.bytes).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();

    let meter = Meter::start(site, node, vec![service.process.pid()]);
    let start = Instant::now();
    let mut command = site.program("idos-issuer");
    command.arg("import").arg(&path).args(["--url", &service.url, "--json"]);
    let mut command = command
        .env("IDOS_ISSUER_API_KEY", &service.key)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let (over, beside) = watch::channel(false);
    let beside = tokio::spawn(as_it_should(Submitter::new(&service, body), move || *beside.borrow()));
    let mut command_peak_bytes = 0;
    let status = loop {
        if let Some(status) = command.try_wait().unwrap() {
            break status;
        }
        command_peak_bytes = command_peak_bytes.max(process::peak_memory(command.id()));
        tokio::time::sleep(LOOK).await;
    };
    let seconds = start.elapsed().as_secs_f64();
    over.send(true).unwrap();
    let beside = beside.await.unwrap();
    assert!(status.success(), "not all was taken: {}", service.log());
    let cores = meter.stop();
    let peak_bytes = process::peak_memory(service.process.pid());
    service.stop().await;
    crate::deployment::remove(&folder);
    let others_refused = beside.iter().filter(|(status, _)| *status != 202).count();
    let mut times: Vec<_> = beside.into_iter().map(|(_, time)| time).collect();
    times.sort_unstable();
    Row {
        database: backend,
        file_bytes: bytes,
        lines,
        seconds,
        per_second: f64::from(lines) / seconds,
        peak_bytes,
        command_peak_bytes,
        others: times.len(),
        others_refused,
        others_p50_ms: quantile(&times, 50),
        others_p99_ms: quantile(&times, 99),
        cores,
    }
}
