//! How fast credentials come from intake into the blocks of kwild, the real node software, and what limits it.
//!
//! A network of one validator, on this machine as everything else. What is in blocks is counted in the blocks
//! themselves, and time is the time between their stamps: from the first block that was proposed after the warm-up,
//! whose transactions do not count, to the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use idos_client::{Client, ClientConfig, Signer};
use idos_issuer::clock;
use serde::Serialize;

use crate::chain::{self, Block, Chain};
use crate::delivery::{Pace, await_each, seal, submit_all_the_while};
use crate::deployment::{Backend, KEYS, Node, Program, Service, Setup, Site};
use crate::evidence::{self, Encoding};
use crate::intake::Submitter;
use crate::tell;
use crate::usage::{Cores, Meter};

/// One service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) backend: Backend,
    pub(crate) keys: usize,
    pub(crate) in_flight: u32,
    /// Bytes of all files of a credential.
    pub(crate) file_bytes: usize,
    pub(crate) way: Way,
    pub(crate) intake: Intake,
}

/// Where broadcasts go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) enum Way {
    #[serde(rename = "through the gateway")]
    Gateway,
    #[serde(rename = "to the node")]
    Bare,
}

/// When results come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) enum Intake {
    /// All the while, so that there are always twice as many waiting as may be in flight.
    #[serde(rename = "meanwhile")]
    Meanwhile,
    /// So many, before any is delivered: what delivery does when it has the machine for itself.
    #[serde(untagged)]
    Before(u64),
}

/// Services that are measured at the same time, because together they are far from keeping the machine busy.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) cells: Vec<Cell>,
    /// Whether the client that awaits each transaction runs beside them.
    pub(crate) with_awaiting: bool,
}

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) enum Who {
    #[serde(rename = "one awaited after another")]
    Awaiting,
    /// A service, by its database.
    #[serde(untagged)]
    Service(Backend),
    /// A client that has prepared all transactions beforehand.
    #[serde(untagged)]
    Prepared(&'static str),
}

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) block_seconds: f64,
    pub(crate) who: Who,
    pub(crate) keys: usize,
    /// How many of each key may wait for a block; of a prepared client, how many of all.
    pub(crate) in_flight: u32,
    pub(crate) file_bytes: usize,
    pub(crate) way: Way,
    pub(crate) intake: Intake,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    /// How many times as many as by the client that awaits each transaction, at the same block time.
    pub(crate) ratio: Option<f64>,
    /// How many services were measured at the same time; processor time and execution time are those of all.
    pub(crate) services: usize,
    pub(crate) filling: Filling,
    pub(crate) cores: Cores,
}

/// What was in the blocks.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Filling {
    pub(crate) committed: usize,
    /// Transactions that are in blocks and did nothing.
    pub(crate) failed: usize,
    pub(crate) blocks: usize,
    pub(crate) mean: f64,
    pub(crate) max: usize,
    /// Bytes of transactions in a block, as its limit counts them.
    pub(crate) mean_bytes: usize,
    pub(crate) max_bytes: usize,
    pub(crate) limit_bytes: usize,
    /// From one block's proposal to the next one's.
    pub(crate) interval_ms: f64,
    /// How long a block's transactions ran.
    pub(crate) execution_ms: f64,
}

/// Clients that submit at the same time. Each waits until kwild has told of the user, which it does not while it runs a block.
const SUBMITTERS: usize = 24;

/// How often it is looked for blocks.
const LOOK: Duration = Duration::from_millis(40);

/// How often nonces are read, which kwild asks its database for.
const READ: Duration = Duration::from_millis(200);

/// How long it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) block: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// Measures a slot.
pub(crate) async fn measure(site: &Site, node: &Node, slot: &Slot, times: Times) -> Vec<Row> {
    let kwild = node.kwild.as_ref().unwrap();
    let mut services = Vec::new();
    let mut next_key = 0;
    for cell in &slot.cells {
        let write: Vec<_> = (next_key..next_key + cell.keys).collect();
        next_key += cell.keys;
        assert!(next_key <= KEYS, "too many keys in one slot");
        let setup = Setup {
            node_url: if cell.way == Way::Gateway { &node.url } else { &kwild.url },
            backend: cell.backend,
            write: &write,
            in_flight: cell.in_flight,
            body_timeout: 30,
            with_worker: cell.intake == Intake::Meanwhile,
            program: Program::This,
            logs: None,
        };
        let service = Service::start(site, &setup).await;
        let signers: Vec<_> = write.iter().map(|number| site.signer(*number)).collect();
        services.push((cell, service, signers));
    }
    let observed = Observed::start(node, times).await;
    for (cell, service, signers) in &mut services {
        let in_flight = u64::from(cell.in_flight) * cell.keys as u64;
        let submitter = Submitter::new(service, evidence::body(node.user, Encoding::Json, cell.file_bytes));
        match cell.intake {
            Intake::Before(count) => {
                submit_before(&submitter, count).await;
                service.begin_to_deliver(site).await;
            }
            Intake::Meanwhile => {
                let count = observed.count(node, signers.clone()).await;
                let pace = Arc::new(Pace { sent: AtomicU64::new(0), count, most: 2 * in_flight + 16 });
                for _ in 0..SUBMITTERS {
                    let stop = Arc::clone(&observed.stop);
                    tokio::spawn(submit_all_the_while(submitter.clone(), Arc::clone(&pace), stop));
                }
            }
        }
    }
    let (begin, end) = observed.window();
    let awaiting = if slot.with_awaiting {
        let count = (end - Instant::now()).div_duration_f64(times.block);
        let credentials = seal(site, node, as_count(count) + 20, 0).await;
        let (url, signer) = (node.url.clone(), site.signer(KEYS));
        Some(tokio::spawn(await_each(url, signer, credentials, node.user, end)))
    } else {
        None
    };
    tokio::time::sleep_until(begin.into()).await;
    let meter =
        Meter::start(site, node, services.iter().map(|(_, service, _)| service.process.pid()).collect());
    observed.wait_until(end).await;
    let cores = meter.stop();
    let blocks = observed.stop().await;
    if let Some(awaiting) = awaiting {
        awaiting.await.unwrap();
    }

    let all = services.len();
    let row = |who, keys, in_flight, cell: Option<&Cell>, signers: &[Signer]| {
        let (filling, seconds, per_second) = blocks.of(signers);
        Row {
            block_seconds: times.block.as_secs_f64(),
            who,
            keys,
            in_flight,
            file_bytes: cell.map_or(0, |cell| cell.file_bytes),
            way: cell.map_or(Way::Gateway, |cell| cell.way),
            intake: cell.map_or(Intake::Meanwhile, |cell| cell.intake),
            seconds,
            per_second,
            ratio: None,
            services: all,
            filling,
            cores,
        }
    };
    let mut rows = Vec::new();
    if slot.with_awaiting {
        rows.push(row(Who::Awaiting, 1, 1, None, &[site.signer(KEYS)]));
    }
    for (cell, service, signers) in services {
        let row = row(Who::Service(cell.backend), cell.keys, cell.in_flight, Some(cell), &signers);
        if row.filling.committed == 0 {
            tell(&format!("nothing was delivered: {}", service.log()));
        }
        rows.push(row);
        service.stop().await;
    }
    node.clear_mempool().await;
    for row in &rows {
        tell(&format!("{:.2} a second, {:.0} in a block", row.per_second, row.filling.mean));
    }
    rows
}

/// Submits so many, and returns when all are taken.
async fn submit_before(submitter: &Submitter, count: u64) {
    let left = Arc::new(AtomicU64::new(count));
    let clients: Vec<_> = (0..SUBMITTERS)
        .map(|_| {
            let (submitter, left) = (submitter.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    assert_eq!(submitter.submit().await, 202);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}

/// A chain that is looked at.
pub(crate) struct Observed {
    chain: Chain,
    log: PathBuf,
    times: Times,
    first: i64,
    /// Set when it is over.
    pub(crate) stop: Arc<AtomicBool>,
    begin: Mutex<Option<i64>>,
}

impl Observed {
    pub(crate) async fn start(node: &Node, times: Times) -> Self {
        let kwild = node.kwild.as_ref().unwrap();
        let chain = Chain::at(&kwild.url);
        let first = chain.height().await;
        Self {
            chain,
            log: kwild.log.clone(),
            times,
            first,
            stop: Arc::new(AtomicBool::new(false)),
            begin: Mutex::new(None),
        }
    }

    /// Keeps count of what is committed under `signers` from now on: reads their nonces again and again.
    pub(crate) async fn count(&self, node: &Node, signers: Vec<Signer>) -> Arc<AtomicU64> {
        // Past the gateway, whose work shall be that of the services alone.
        let url = node.kwild.as_ref().unwrap().url.parse().unwrap();
        let client = Client::connect(ClientConfig::new(url)).await.unwrap();
        let count = Arc::new(AtomicU64::new(0));
        let start = committed(&client, &signers).await;
        let (shared, stop) = (Arc::clone(&count), Arc::clone(&self.stop));
        tokio::spawn(async move {
            // The height grows before a block's nonces can be read, so it cannot tell when to read them.
            while !stop.load(Ordering::Relaxed) {
                shared.store(committed(&client, &signers).await - start, Ordering::Relaxed);
                tokio::time::sleep(READ).await;
            }
        });
        count
    }

    /// From when to when it is measured, if it begins now.
    pub(crate) fn window(&self) -> (Instant, Instant) {
        let Times { warm_up, measured, .. } = self.times;
        let begin = Instant::now() + warm_up;
        *self.begin.lock().unwrap() =
            Some(clock::now().plus_millis(i64::try_from(warm_up.as_millis()).unwrap()).unix_millis());
        (begin, begin + measured)
    }

    /// Waits until then, and on until there are some blocks, of which large ones take kwild seconds.
    pub(crate) async fn wait_until(&self, end: Instant) {
        const BLOCKS: i64 = 4;
        const PATIENCE: Duration = Duration::from_secs(40);
        let first = self.chain.height().await;
        tokio::time::sleep_until(end.into()).await;
        while self.chain.height().await < first + BLOCKS && end.elapsed() < PATIENCE {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends it. Gives the blocks of the window.
    pub(crate) async fn stop(self) -> Blocks {
        self.stop.store(true, Ordering::Relaxed);
        let last = self.chain.height().await;
        let begin = self.begin.lock().unwrap().unwrap();
        Blocks {
            all: self.chain.blocks(self.first, begin, last).await,
            limit_bytes: self.chain.max_block_size().await,
            execution: chain::execution_times(&self.log),
        }
    }
}

async fn committed(client: &Client, signers: &[Signer]) -> u64 {
    let mut sum = 0;
    for signer in signers {
        sum += client.account(signer).await.unwrap().nonce;
    }
    sum
}

/// The blocks that were proposed in a time.
pub(crate) struct Blocks {
    all: Vec<Block>,
    limit_bytes: usize,
    execution: BTreeMap<i64, Duration>,
}

impl Blocks {
    /// What those who are asked for have in them, in how many seconds, and how many that are a second.
    pub(crate) fn of(&self, signers: &[Signer]) -> (Filling, f64, f64) {
        let senders: BTreeSet<_> = signers.iter().map(Signer::sender).collect();
        let (first, rest) = match &self.all[..] {
            [first, rest @ ..] if !rest.is_empty() => (first, rest),
            // Less than two blocks were made. That is told by the row.
            _ => return (Filling { limit_bytes: self.limit_bytes, ..Filling::default() }, 0.0, 0.0),
        };
        let stamp = rest[rest.len() - 1].stamp_millis - first.stamp_millis;
        let seconds = Duration::from_millis(u64::try_from(stamp).unwrap()).as_secs_f64();
        let ours: Vec<Vec<_>> = rest
            .iter()
            .map(|block| block.transactions.iter().filter(|tx| senders.contains(&tx.sender)).collect())
            .collect();
        let bytes: Vec<usize> = ours.iter().map(|txs| txs.iter().map(|tx| tx.bytes).sum()).collect();
        let failed = ours.iter().flatten().filter(|tx| tx.failed).count();
        let all: usize = ours.iter().map(Vec::len).sum();
        // Those of the blocks that the intervals began with.
        let begun = self.all.iter().take(rest.len());
        let executions = begun.filter_map(|block| self.execution.get(&block.height));
        let execution: Duration = executions.sum();
        let blocks = as_float(rest.len());
        let filling = Filling {
            committed: all - failed,
            failed,
            blocks: rest.len(),
            mean: as_float(all) / blocks,
            max: ours.iter().map(Vec::len).max().unwrap_or_default(),
            mean_bytes: bytes.iter().sum::<usize>() / rest.len(),
            max_bytes: bytes.iter().copied().max().unwrap_or_default(),
            limit_bytes: self.limit_bytes,
            interval_ms: seconds * 1000.0 / blocks,
            execution_ms: execution.as_secs_f64() * 1000.0 / blocks,
        };
        let per_second = as_float(filling.committed) / seconds;
        (filling, seconds, per_second)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn as_float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of a few seconds")]
fn as_count(count: f64) -> u32 {
    count as u32
}
