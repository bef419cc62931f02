//! How fast credentials come from intake into blocks, beside a client that awaits one transaction after the other.
//!
//! Clients keep twice as much waiting as may be in flight, so that lanes never want for work and the backlog stays
//! bounded. What is in blocks is counted by the committed nonces of the write keys, from the block that ends the
//! warm-up to the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use idos_client::actions::UpsertCredentialAsInserter;
use idos_client::{Broadcast, Client, ClientConfig, ContentPlace, Nonce, Signer};
use idos_credential::SealedCredential;
use idos_issuer::clock;
use idos_issuer::flow::credential;
use idos_issuer::model::evidence::Evidence;
use idos_issuer::model::issuance::{Ids, Kind};
use idos_issuer::model::notes::NotesForm;
use serde::Serialize;

use crate::deployment::{Backend, ISSUER_NAME, ISSUER_URL, KEYS, Node, Program, Service, Setup, Site};
use crate::evidence::{self, Encoding};
use crate::intake::Submitter;
use crate::usage::{Cores, Meter};

/// One service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) backend: Backend,
    pub(crate) keys: usize,
    pub(crate) in_flight: u32,
    pub(crate) program: Program,
}

/// Services that are measured at the same time, because together they are far from keeping the machine busy.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) cells: Vec<Cell>,
    /// Whether the client that awaits each transaction runs beside them.
    pub(crate) with_awaiting: bool,
}

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The service's database; none for the client that awaits each transaction.
    pub(crate) database: Option<Backend>,
    pub(crate) block_seconds: f64,
    pub(crate) keys: usize,
    pub(crate) in_flight: u32,
    pub(crate) committed: u64,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    /// How many times as many as by the client that awaits each transaction, at the same block time.
    pub(crate) ratio: Option<f64>,
    /// How many services were measured at the same time; processor time is that of all.
    pub(crate) services: usize,
    pub(crate) cores: Cores,
    pub(crate) program: Program,
    /// Processor time of the services for each credential of theirs that was committed, in milliseconds; where one alone was measured.
    pub(crate) service_ms: f64,
}

/// Clients of one service.
pub(crate) const CLIENTS: usize = 6;

/// How often it is looked for blocks.
const LOOK: Duration = Duration::from_millis(40);

/// Measures a slot on a node with a block every `block`: for `blocks` blocks after `warm_up`.
pub(crate) async fn measure(
    site: &Site,
    node: &Node,
    slot: &Slot,
    block: Duration,
    warm_up: Duration,
    blocks: u32,
) -> Vec<Row> {
    let mut services = Vec::new();
    let mut next_key = 0;
    for cell in &slot.cells {
        let write: Vec<_> = (next_key..next_key + cell.keys).collect();
        next_key += cell.keys;
        assert!(next_key <= KEYS, "too many keys in one slot");
        let setup = Setup {
            node_url: &node.url,
            backend: cell.backend,
            write: &write,
            in_flight: cell.in_flight,
            body_timeout: 30,
            with_worker: true,
            program: cell.program,
            logs: None,
        };
        let service = Service::start(site, &setup).await;
        let signers: Vec<_> = write.iter().map(|number| site.signer(*number)).collect();
        services.push((cell, service, signers));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let begin = Instant::now() + warm_up;
    let end = begin + block * blocks + block / 2;
    let mut watches = Vec::new();
    for (cell, service, signers) in &services {
        let count = watch(node, signers.clone(), &stop, end, block).await;
        let in_flight = u64::from(cell.in_flight) * cell.keys as u64;
        let pace =
            Pace { sent: AtomicU64::new(0), count: Arc::clone(&count.count), most: 2 * in_flight + 16 };
        let pace = Arc::new(pace);
        let submitter = Submitter::new(service, evidence::body(node.user, Encoding::Json, 0));
        for _ in 0..CLIENTS {
            tokio::spawn(submit_all_the_while(submitter.clone(), Arc::clone(&pace), Arc::clone(&stop)));
        }
        watches.push(count.edges);
    }
    let awaiting = if slot.with_awaiting {
        let credentials = seal(site, node, blocks + 20, 0).await;
        let (client, signer) = (node.url.clone(), site.signer(KEYS));
        Some(tokio::spawn(await_each(client, signer, credentials, node.user, end)))
    } else {
        None
    };

    tokio::time::sleep_until(begin.into()).await;
    let meter =
        Meter::start(site, node, services.iter().map(|(_, service, _)| service.process.pid()).collect());
    tokio::time::sleep_until(end.into()).await;
    let cores = meter.stop();
    stop.store(true, Ordering::Relaxed);
    let mut rows = Vec::new();
    let all = services.len();
    let row = |database, keys, in_flight, program, edges: &[(Instant, u64)]| {
        let (committed, seconds) = span(edges, begin);
        let per_second = if seconds > 0.0 { as_float(committed) / seconds } else { 0.0 };
        Row {
            database,
            block_seconds: block.as_secs_f64(),
            keys,
            in_flight,
            committed,
            seconds,
            per_second,
            ratio: None,
            services: all,
            cores,
            program,
            service_ms: 1000.0 * cores.service / per_second,
        }
    };
    if let Some(awaiting) = awaiting {
        rows.push(row(None, 1, 1, Program::This, &awaiting.await.unwrap()));
    }
    for ((cell, service, _), edges) in services.into_iter().zip(watches) {
        let row = row(Some(cell.backend), cell.keys, cell.in_flight, cell.program, &edges.await.unwrap());
        assert!(row.committed > 0, "nothing is delivered: {}", service.log());
        rows.push(row);
        service.stop().await;
    }
    node.clear_mempool().await;
    rows
}

/// How many were committed from the first edge after `begin` to the last one, and in which time.
fn span(edges: &[(Instant, u64)], begin: Instant) -> (u64, f64) {
    let first = edges.iter().find(|(at, _)| *at >= begin);
    match (first, edges.last()) {
        (Some(first), Some(last)) => (last.1 - first.1, (last.0 - first.0).as_secs_f64()),
        _ => (0, 0.0),
    }
}

/// How much may wait.
pub(crate) struct Pace {
    /// How many were submitted.
    pub(crate) sent: AtomicU64,
    /// How many are committed.
    pub(crate) count: Arc<AtomicU64>,
    pub(crate) most: u64,
}

pub(crate) async fn submit_all_the_while(submitter: Submitter, pace: Arc<Pace>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let waiting = pace.sent.load(Ordering::Relaxed).saturating_sub(pace.count.load(Ordering::Relaxed));
        if waiting >= pace.most {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        pace.sent.fetch_add(1, Ordering::Relaxed);
        if submitter.submit().await != 202 {
            pace.sent.fetch_sub(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

struct Watch {
    /// How many are committed by now.
    count: Arc<AtomicU64>,
    /// When a block had been seen, and how many were committed then.
    edges: tokio::task::JoinHandle<Vec<(Instant, u64)>>,
}

/// Counts what is committed under `signers`, from now until `end`.
async fn watch(
    node: &Node,
    signers: Vec<Signer>,
    stop: &Arc<AtomicBool>,
    end: Instant,
    block: Duration,
) -> Watch {
    let client = Client::connect(ClientConfig::new(node.url.parse().unwrap())).await.unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let (shared, stop) = (Arc::clone(&count), Arc::clone(stop));
    let start = committed(&client, &signers).await;
    let edges = tokio::spawn(async move {
        let mut edges: Vec<(Instant, u64)> = Vec::new();
        while !stop.load(Ordering::Relaxed) && Instant::now() < end {
            let now = Instant::now();
            let there = committed(&client, &signers).await - start;
            shared.store(there, Ordering::Relaxed);
            match edges.last_mut() {
                Some((_, last)) if *last == there => {}
                None if there == 0 => {}
                // The keys are asked one after the other: the rest of the same block.
                Some((at, last)) if *at + block / 3 > now => *last = there,
                _ => edges.push((now, there)),
            }
            tokio::time::sleep(LOOK).await;
        }
        edges
    });
    Watch { count, edges }
}

async fn committed(client: &Client, signers: &[Signer]) -> u64 {
    let mut sum = 0;
    for signer in signers {
        sum += client.account(signer).await.unwrap().nonce;
    }
    sum
}

/// The same credentials, sealed beforehand, each with a copy. The files of each have `file_bytes` together.
pub(crate) async fn seal(
    site: &Site,
    node: &Node,
    count: u32,
    file_bytes: usize,
) -> Vec<(Ids, SealedCredential)> {
    let keys = site.keys(KEYS);
    let (text, file) = evidence::plain(file_bytes);
    let id = || uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let mut all = Vec::new();
    for _ in 0..count {
        let ids = Ids { original: id(), copy: id(), notes: id() };
        let user = node.user.to_string();
        let evidence = Evidence::parse_kyc(text.as_bytes(), &user, &mut |_| Ok(file.clone())).unwrap();
        let (now, signing, write) = (clock::now(), &keys.signing[0], keys.first());
        let unsigned = credential::build(evidence, ids, ISSUER_URL, &signing.method, now).unwrap();
        let signed = signing.sign_credential(unsigned).await.unwrap();
        let (user, own) = (node.user_secret.public(), keys.encryption.public());
        let form = NotesForm::of(ISSUER_NAME);
        let encrypted = credential::encrypt(
            signed,
            (Kind::KycV2, ids, &form),
            &user,
            Some(&own),
            write.public(),
            ContentPlace::Row,
        )
        .unwrap();
        all.push((ids, write.seal(encrypted).await.unwrap()));
    }
    all
}

/// Works as the JavaScript SDK does: one transaction, its block awaited, then the next. Gives when each was in a block.
pub(crate) async fn await_each(
    url: String,
    signer: Signer,
    credentials: Vec<(Ids, SealedCredential)>,
    user: uuid::Uuid,
    end: Instant,
) -> Vec<(Instant, u64)> {
    let client = Client::connect(ClientConfig::new(url.parse().unwrap())).await.unwrap();
    let mut done = Vec::new();
    for ((ids, sealed), number) in credentials.iter().zip(1..) {
        let original = sealed.original();
        let action = UpsertCredentialAsInserter {
            id: ids.original,
            user_id: user,
            issuer_auth_public_key: sealed.issuer_auth_public_key(),
            encryptor_public_key: original.encryptor_public_key(),
            content: original.content().in_row().unwrap_or_default(),
            public_notes: original.public_notes(),
            public_notes_signature: original.public_notes_signature(),
            broader_signature: original.broader_signature(),
        };
        client.execute(&signer, &action, Nonce::Next, Broadcast::Wait).await.unwrap();
        if Instant::now() > end {
            break;
        }
        done.push((Instant::now(), number));
    }
    done
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn as_float(count: u64) -> f64 {
    count as f64
}
