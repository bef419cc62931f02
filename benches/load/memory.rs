//! How much memory clients can make the service take.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::deployment::{Backend, Node, Program, Service, Setup, Site};
use crate::evidence::{self, Encoding};
use crate::intake::{BROKEN_OFF, Submitter, TIMED_OUT, quantile};
use crate::process;

/// The service's default limit of one body, in bytes.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// The service's default limit of bodies in memory, in bytes.
pub(crate) const MAX_BODIES_IN_MEMORY: usize = 64 * 1024 * 1024;

/// How long a body may take to arrive here: the default is 30 seconds.
pub(crate) const BODY_TIMEOUT: u32 = 10;

/// What was tried.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) connections: usize,
    /// The most memory that was resident before it began.
    pub(crate) before_bytes: u64,
    /// The most memory that was resident.
    pub(crate) peak_bytes: u64,
    /// What they were answered, by status.
    pub(crate) answers: BTreeMap<u16, usize>,
    /// What a client was answered meanwhile that sends small requests as it should, one after the other.
    pub(crate) others: BTreeMap<u16, usize>,
    /// The 99th percentile of how long that took.
    pub(crate) others_p99_ms: f64,
    /// Whether `/livez` answers at once afterwards.
    pub(crate) lives: bool,
}

/// What a connection sends.
#[derive(Clone)]
enum Sending {
    /// Everything but the end, and that byte by byte.
    Dribble { head: String, body: Bytes },
    /// As much as is there, and then nothing more.
    Stop { head: String, body: Bytes },
    /// Chunks without end.
    Endless { head: String },
}

/// All scenarios, each for `time`; the largest credentials by `large` clients.
pub(crate) async fn measure(site: &Site, node: &Node, time: Duration, large: usize) -> Vec<Row> {
    let json = "application/json";
    let mut rows = Vec::new();

    let slow = |service: &Service| -> Vec<Sending> {
        (0..64)
            .map(|number| {
                let (media_type, body) = if number % 2 == 0 {
                    (json, large_json(MAX_BODY))
                } else {
                    (evidence::FORM, large_form())
                };
                Sending::Dribble { head: head(service, media_type, Some(MAX_BODY)), body }
            })
            .collect()
    };
    rows.push(scenario(site, node, "slow bodies of the largest size", time, slow).await);

    let half = |service: &Service| {
        let body = large_json(MAX_BODY / 2);
        vec![Sending::Stop { head: head(service, json, Some(MAX_BODY)), body }; 200]
    };
    rows.push(scenario(site, node, "half a body, then silence", time, half).await);

    let announced = |service: &Service| {
        let head = head(service, json, Some(MAX_BODY + 1));
        vec![Sending::Stop { head, body: large_json(MAX_BODY + 1) }; 64]
    };
    rows.push(scenario(site, node, "bodies over the limit, announced", time / 3, announced).await);

    let endless = |service: &Service| vec![Sending::Endless { head: head(service, json, None) }; 64];
    rows.push(scenario(site, node, "bodies without end or length", time, endless).await);

    for encoding in [Encoding::Json, Encoding::Multipart] {
        rows.push(largest(site, node, encoding, time, large).await);
    }
    rows
}

fn head(service: &Service, media_type: &str, length: Option<usize>) -> String {
    let length =
        length.map_or("Transfer-Encoding: chunked".to_owned(), |length| format!("Content-Length: {length}"));
    format!(
        "POST /v1/issuances HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {}\r\n\
         Content-Type: {media_type}\r\n{length}\r\n\r\n",
        service.key,
        uuid::Builder::from_random_bytes(rand::random()).into_uuid(),
    )
}

fn large_json(length: usize) -> Bytes {
    let mut text = br#"{"userId":""#.to_vec();
    text.resize(length, b'a');
    text.into()
}

/// Two files that are allowed each.
fn large_form() -> Bytes {
    let mut form = evidence::part("submission", "application/json", b"{}");
    form.extend(evidence::part("one", "image/jpeg", &vec![7; 4 * 1024 * 1024 - 1000]));
    form.extend(evidence::part("two", "image/jpeg", &vec![7; 4 * 1024 * 1024 - 1000]));
    form.truncate(MAX_BODY - 100);
    form.into()
}

async fn start(site: &Site, node: &Node) -> (Service, Submitter, u64) {
    let setup = Setup {
        node_url: &node.url,
        backend: Backend::Sqlite,
        write: &[0],
        in_flight: 64,
        body_timeout: BODY_TIMEOUT,
        with_worker: true,
        program: Program::This,
        logs: None,
    };
    let service = Service::start(site, &setup).await;
    let submitter = Submitter::new(&service, evidence::body(node.user, Encoding::Json, 0));
    assert_eq!(submitter.submit().await, 202, "{}", service.log());
    let before = process::peak_memory(service.process.pid());
    (service, submitter, before)
}

async fn scenario(
    site: &Site,
    node: &Node,
    what: &'static str,
    time: Duration,
    connections: impl FnOnce(&Service) -> Vec<Sending>,
) -> Row {
    let (service, submitter, before_bytes) = start(site, node).await;
    let connections = connections(&service);
    let end = Instant::now() + time;
    let all: Vec<_> =
        connections.into_iter().map(|sending| tokio::spawn(misbehave(service.port, sending, end))).collect();
    let beside = tokio::spawn(as_it_should(submitter, move || Instant::now() >= end));
    let count = all.len();
    let mut answers = BTreeMap::new();
    for connection in all {
        *answers.entry(connection.await.unwrap()).or_default() += 1;
    }
    finish(node, service, what, count, before_bytes, answers, beside.await.unwrap()).await
}

/// As large as a credential can be, `at_once`, by clients that do nothing wrong.
async fn largest(site: &Site, node: &Node, encoding: Encoding, time: Duration, at_once: usize) -> Row {
    const FILES: usize = 2_400_000;
    let (service, small, before_bytes) = start(site, node).await;
    let end = Instant::now() + time;
    let submitter = Submitter::new(&service, evidence::body(node.user, encoding, FILES));
    let all: Vec<_> = (0..at_once).map(|_| tokio::spawn(in_series(submitter.clone(), end))).collect();
    let beside = tokio::spawn(as_it_should(small, move || Instant::now() >= end));
    let mut answers = BTreeMap::new();
    for client in all {
        for status in client.await.unwrap() {
            *answers.entry(status).or_default() += 1;
        }
    }
    let what = match encoding {
        Encoding::Json => "files of 2.4 MB, the most that fits, JSON",
        Encoding::Multipart => "files of 2.4 MB, the most that fits, multipart",
    };
    finish(node, service, what, at_once, before_bytes, answers, beside.await.unwrap()).await
}

async fn finish(
    node: &Node,
    service: Service,
    what: &'static str,
    connections: usize,
    before_bytes: u64,
    answers: BTreeMap<u16, usize>,
    beside: Vec<(u16, Duration)>,
) -> Row {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(1)).build().unwrap();
    let lives = client.get(format!("{}/livez", service.url)).send().await;
    let lives = lives.is_ok_and(|answer| answer.status() == 200);
    let peak_bytes = process::peak_memory(service.process.pid());
    service.stop().await;
    node.clear_mempool().await;
    let mut others = BTreeMap::new();
    for (status, _) in &beside {
        *others.entry(*status).or_default() += 1;
    }
    let mut times: Vec<_> = beside.into_iter().map(|(_, time)| time).collect();
    times.sort_unstable();
    let others_p99_ms = quantile(&times, 99);
    Row { what, connections, before_bytes, peak_bytes, answers, others, others_p99_ms, lives }
}

async fn in_series(submitter: Submitter, end: Instant) -> Vec<u16> {
    let mut answers = Vec::new();
    while Instant::now() < end {
        answers.push(submitter.submit().await);
    }
    answers
}

/// Submits one after the other, with a pause, until it is over.
pub(crate) async fn as_it_should(submitter: Submitter, is_over: impl Fn() -> bool) -> Vec<(u16, Duration)> {
    let mut answers = Vec::new();
    while !is_over() {
        let start = Instant::now();
        answers.push((submitter.submit().await, start.elapsed()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    answers
}

/// Gives the status of the answer; [`TIMED_OUT`] if none comes until `end`.
async fn misbehave(port: u16, sending: Sending, end: Instant) -> u16 {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else { return 0 };
    let (mut reader, mut writer) = stream.into_split();
    let answer = async {
        let mut answer = [0; 12];
        reader.read_exact(&mut answer).await.ok()?;
        std::str::from_utf8(&answer).ok()?.rsplit(' ').next()?.parse().ok()
    };
    let send = async {
        let _broken = send(&mut writer, sending).await;
        // The connection stays open.
        std::future::pending::<()>().await;
    };
    let answer = async {
        tokio::select! {
            answer = answer => answer,
            () = send => None,
        }
    };
    match tokio::time::timeout_at(end.into(), answer).await {
        Ok(answer) => answer.unwrap_or(BROKEN_OFF),
        Err(_) => TIMED_OUT,
    }
}

async fn send(writer: &mut (impl tokio::io::AsyncWrite + Unpin), sending: Sending) -> std::io::Result<()> {
    const END: usize = 4096;
    match sending {
        Sending::Dribble { head, body } => {
            writer.write_all(head.as_bytes()).await?;
            let (most, end) = body.split_at(body.len() - END);
            writer.write_all(most).await?;
            for byte in end {
                writer.write_all(&[*byte]).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Sending::Stop { head, body } => {
            writer.write_all(head.as_bytes()).await?;
            writer.write_all(&body).await?;
        }
        Sending::Endless { head } => {
            writer.write_all(head.as_bytes()).await?;
            let mut chunk = b"10000\r\n".to_vec();
            chunk.resize(chunk.len() + 0x10000, b'a');
            chunk.extend_from_slice(b"\r\n");
            loop {
                writer.write_all(&chunk).await?;
            }
        }
    }
    Ok(())
}
