//! What the service takes and delivers under load; `benches/load/run` runs it.
//!
//! `idos-issuer serve` and the development node, or a network of real node software, run as processes of their own, the
//! clients in this one. Each cell has a fresh service with a fresh database, so that its peak of memory is its own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails loudly")]

mod audit;
mod chain;
mod delivered;
mod delivered_chain;
mod delivery;
mod deployment;
mod evidence;
mod growth;
mod import;
mod intake;
mod kwild;
mod memory;
mod prepared;
mod process;
mod report;
mod statements;
mod usage;
mod year;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::delivery::Slot;
use crate::deployment::{Backend, Node, Program, Site};
use crate::evidence::Encoding;
use crate::report::Report;

/// Bytes of files of a large credential.
const LARGE: usize = 1_000_000;

/// Most lines of an imported file that are large.
const MOST_LARGE_LINES: u32 = 1000;

/// How long kwild gathers transactions for a block: its default, and the least that it permits.
const KWILD_BLOCKS: [Duration; 2] = [Duration::from_secs(1), Duration::from_millis(500)];

/// How many rows of each table there are when look-ups are measured.
const GROWTH: [u32; 2] = [20_000, 1_000_000];

/// At how many delivered records it is measured on the way to more.
const YEAR: [u32; 2] = [100_000, 1_000_000];

/// Measures the service under load.
#[derive(Parser)]
struct Arguments {
    /// Less of everything, to see whether it runs
    #[arg(long)]
    quick: bool,
    /// One part only
    #[arg(long)]
    only: Option<Part>,
    /// How many lines the file has that is imported
    #[arg(long, default_value_t = 1_000_000)]
    lines: u32,
    /// With `--only growth`: up to how many delivered records, in place of the same number of rows in each table
    #[arg(long)]
    records: Option<u32>,
    /// With `--records`: on one database only
    #[arg(long)]
    database: Option<Backend>,
    /// Another `idos-issuer`, such as that of the release before: what it takes and delivers is measured in turn with ours
    #[arg(long)]
    beside: Option<PathBuf>,
    /// Where the figures go, as JSON
    #[arg(long, default_value = "target/load.json")]
    json: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Intake,
    Delivery,
    Memory,
    /// Not among those that are measured when none is named: it needs the programs that tests/kwild/build makes
    Kwild,
    /// What look-ups cost in small and in large databases. Not among those either
    Growth,
    /// What the audit chain costs, with a million entries. Not among those either
    Audit,
    /// A file of results by `idos-issuer import`: how fast it goes in, and in how much memory. Not among those either
    Import,
    /// What kwild takes from a client that has signed everything beforehand. Not among those either
    KwildAlone,
    /// What a small credential costs the service, beside another program that --beside names. Not among those either
    Cost,
    /// Which statements an intake makes, and how long each takes. Not among those either
    Statements,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    sqlx::any::install_default_drivers();
    let does = |part| arguments.only.is_none_or(|only| only == part);
    let site = Site::new(arguments.beside.clone());
    let mut report = Report {
        quick: arguments.quick,
        cores: std::thread::available_parallelism().unwrap().get(),
        load: [process::load_average(), String::new()],
        sync_ms: process::sync_time(&site.folder).unwrap().as_secs_f64() * 1000.0,
        intake: Vec::new(),
        delivery: Vec::new(),
        memory: Vec::new(),
        kwild: Vec::new(),
        growth: Vec::new(),
        audit: Vec::new(),
        import: Vec::new(),
        statements: Vec::new(),
        year: Vec::new(),
        sizes: Vec::new(),
    };
    if does(Part::Intake) {
        measure_intake(&site, arguments.quick, &mut report.intake).await;
    }
    if does(Part::Delivery) {
        measure_delivery(&site, arguments.quick, &mut report.delivery).await;
    }
    if does(Part::Memory) {
        let node = Node::start(&site, Duration::from_secs(1)).await;
        let (seconds, large) = if arguments.quick { (2, 8) } else { (8, 64) };
        tell("memory");
        report.memory = memory::measure(&site, &node, Duration::from_secs(seconds), large).await;
    }
    if arguments.only == Some(Part::Kwild) {
        for block in if arguments.quick { &KWILD_BLOCKS[1..] } else { &KWILD_BLOCKS } {
            measure_kwild(&site, arguments.quick, *block, &mut report.kwild).await;
        }
    }
    if arguments.only == Some(Part::Cost) {
        measure_cost(&site, arguments.quick, &mut report).await;
    }
    if arguments.only == Some(Part::KwildAlone) {
        measure_prepared(&site, arguments.quick, &mut report.kwild).await;
    }
    if let (Some(Part::Growth), Some(records)) = (arguments.only, arguments.records) {
        let steps: Vec<u32> = YEAR.into_iter().filter(|step| *step < records).chain([records]).collect();
        for backend in [Backend::Sqlite, Backend::Postgres] {
            if arguments.database.is_none_or(|only| only == backend) {
                let (rows, sizes) = Box::pin(year::measure(&site, backend, &steps)).await;
                report.year.extend(rows);
                report.sizes.extend(sizes);
            }
        }
    } else if arguments.only == Some(Part::Growth) {
        for rows in if arguments.quick { &GROWTH[..1] } else { &GROWTH } {
            tell(&format!("{rows} rows of everything"));
            report.growth.extend(growth::measure(&site, *rows).await);
        }
    }
    if arguments.only == Some(Part::Audit) {
        let entries = if arguments.quick { 20_000 } else { 1_000_000 };
        tell(&format!("an audit chain of {entries} entries"));
        report.audit = audit::measure(&site, entries).await;
    }
    if arguments.only == Some(Part::Import) {
        let lines = if arguments.quick { 5_000 } else { arguments.lines };
        for backend in [Backend::Sqlite, Backend::Postgres] {
            // With pictures, as many lines as take about as long, but no more than it takes to see how fast it is.
            for cell in [(lines, 0), (lines.div_ceil(50).min(MOST_LARGE_LINES), LARGE)] {
                let node = Node::start(&site, Duration::from_secs(1)).await;
                tell(&format!("{backend:?}: a file of {} lines, {} bytes of files each", cell.0, cell.1));
                report.import.push(import::measure(&site, &node, backend, cell).await);
            }
        }
    }
    if arguments.only == Some(Part::Statements) {
        let time = Duration::from_secs(if arguments.quick { 1 } else { 5 });
        for backend in [Backend::Sqlite, Backend::Postgres] {
            for at_once in [1, 64] {
                let node = Node::start(&site, Duration::from_secs(1)).await;
                tell(&format!("{backend:?}: statements, {at_once} at once"));
                report.statements.extend(statements::measure(&site, &node, (backend, at_once), time).await);
            }
        }
    }
    report.load[1] = process::load_average();
    if let Some(folder) = arguments.json.parent() {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::write(&arguments.json, serde_json::to_vec_pretty(&report).unwrap()).unwrap();
    std::io::stdout().write_all(report.to_markdown().as_bytes()).unwrap();
    tell(&format!("The figures are in {} as well.", arguments.json.display()));
}

fn tell(what: &str) {
    let mut progress = std::io::stderr();
    writeln!(progress, "{what}").unwrap();
}

async fn measure_intake(site: &Site, quick: bool, rows: &mut Vec<intake::Row>) {
    let all_at_once: &[usize] = if quick { &[16] } else { &[1, 16, 64] };
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for size in [0, LARGE] {
            let node = Node::start(site, Duration::from_secs(1)).await;
            let mut cells = Vec::new();
            let both = [Encoding::Json, Encoding::Multipart];
            // How files come does not concern the database: one is enough for the second.
            let encodings = if backend == Backend::Sqlite { &both[..] } else { &both[..1] };
            for encoding in encodings {
                let encoding = *encoding;
                cells.extend(all_at_once.iter().map(|at_once| (encoding, *at_once, true)));
            }
            if !quick {
                // What delivery by the same process costs it.
                cells.push((Encoding::Json, 16, false));
            }
            let millis = match (quick, size) {
                (true, _) => 1000,
                (false, 0) => 2500,
                (false, _) => 5000,
            };
            for (encoding, at_once, with_worker) in cells {
                let time = Duration::from_millis(millis);
                let program = Program::This;
                let cell = intake::Cell { backend, size, encoding, at_once, with_worker, time, program };
                tell(&format!("{cell:?}"));
                rows.push(intake::measure(site, &node, cell).await);
            }
        }
    }
}

/// Small credentials, by each of the programs in turn: what they cost, taken in and delivered.
async fn measure_cost(site: &Site, quick: bool, report: &mut Report) {
    let (rounds, seconds, blocks) = if quick { (1, 1, 2) } else { (3, 4, 5) };
    let block = Duration::from_secs(1);
    for _ in 0..rounds {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            for (at_once, with_worker) in [(1, false), (64, false), (64, true)] {
                for program in site.to_compare() {
                    let node = Node::start(site, block).await;
                    let time = Duration::from_secs(seconds);
                    let encoding = Encoding::Json;
                    let cell =
                        intake::Cell { backend, size: 0, encoding, at_once, with_worker, time, program };
                    tell(&format!("{cell:?}"));
                    report.intake.push(intake::measure(site, &node, cell).await);
                }
            }
            for program in site.to_compare() {
                let node = Node::start(site, block).await;
                let cells = vec![delivery::Cell { backend, keys: 4, in_flight: 256, program }];
                let slot = Slot { cells, with_awaiting: false };
                tell(&format!("{slot:?}"));
                let warm_up = Duration::from_secs(2);
                report.delivery.extend(delivery::measure(site, &node, &slot, block, warm_up, blocks).await);
            }
        }
    }
}

async fn measure_delivery(site: &Site, quick: bool, rows: &mut Vec<delivery::Row>) {
    const KEYS: [usize; 3] = [1, 2, 4];
    let slot = |backend, all: &[(usize, u32)], with_awaiting| Slot {
        cells: all
            .iter()
            .map(|(keys, in_flight)| delivery::Cell {
                backend,
                keys: *keys,
                in_flight: *in_flight,
                program: Program::This,
            })
            .collect(),
        with_awaiting,
    };
    let (sqlite, postgres) = (Backend::Sqlite, Backend::Postgres);
    let with_all_keys =
        |backend, in_flight, with_awaiting| slot(backend, &KEYS.map(|keys| (keys, in_flight)), with_awaiting);
    for seconds in if quick { vec![1] } else { vec![1, 6] } {
        let slots = match (quick, seconds) {
            (true, _) => vec![
                slot(sqlite, &[(1, 1)], true),
                slot(sqlite, &[(1, 64)], false),
                slot(postgres, &[(2, 64)], false),
            ],
            (_, 1) => {
                let mut slots = vec![with_all_keys(sqlite, 1, true)];
                let alone = [8, 64, 256].into_iter().flat_map(|in_flight| KEYS.map(|keys| (keys, in_flight)));
                slots.extend(alone.map(|cell| slot(sqlite, &[cell], false)));
                slots.push(with_all_keys(postgres, 1, false));
                slots.extend(
                    [(1, 8), (1, 64), (4, 64), (1, 256), (4, 256)].map(|cell| slot(postgres, &[cell], false)),
                );
                slots
            }
            _ => {
                let mut slots = vec![with_all_keys(sqlite, 1, true), with_all_keys(sqlite, 8, false)];
                slots.extend([(1, 64), (4, 64), (4, 256)].map(|cell| slot(sqlite, &[cell], false)));
                slots.extend([(1, 64), (4, 256)].map(|cell| slot(postgres, &[cell], false)));
                slots
            }
        };
        let block = Duration::from_secs(seconds);
        let node = Node::start(site, block).await;
        let (warm_up, blocks) = match (quick, seconds) {
            (true, _) => (2, 2),
            (_, 1) => (2, 5),
            _ => (7, 3),
        };
        let begin = rows.len();
        for slot in slots {
            tell(&format!("blocks of {seconds} s: {slot:?}"));
            let warm_up = Duration::from_secs(warm_up);
            rows.extend(delivery::measure(site, &node, &slot, block, warm_up, blocks).await);
        }
        let Some(awaited) = rows[begin..].iter().find(|row| row.database.is_none()).map(|row| row.per_second)
        else {
            continue;
        };
        for row in &mut rows[begin..] {
            row.ratio = Some(row.per_second / awaited);
        }
    }
}

/// All of it at one block time.
async fn measure_kwild(site: &Site, quick: bool, block: Duration, rows: &mut Vec<kwild::Row>) {
    use crate::kwild::{Cell, Intake, Slot, Times, Way};

    let node = Node::start_kwild(site, block).await;
    let default_time = block == KWILD_BLOCKS[0];
    let (warm_up, measured) = if quick { (1, 3) } else { (3, 10) };
    let times =
        Times { block, warm_up: Duration::from_secs(warm_up), measured: Duration::from_secs(measured) };
    let usual = |keys, in_flight| Cell {
        backend: Backend::Sqlite,
        keys,
        in_flight,
        file_bytes: 0,
        way: Way::Gateway,
        intake: Intake::Meanwhile,
    };
    let alone = |cell| Slot { cells: vec![cell], with_awaiting: false };
    let on_postgres = |cell| Cell { backend: Backend::Postgres, ..cell };
    let before = |cell| Cell { intake: Intake::Before(if quick { 1500 } else { 5000 }), ..cell };
    let large = |cell| Cell { file_bytes: LARGE, ..cell };
    let bare = |cell| Cell { way: Way::Bare, ..cell };
    let all_keys = |in_flight, with_awaiting| {
        let cells = [1, 2, 4].map(|keys| usual(keys, in_flight)).to_vec();
        Slot { cells, with_awaiting }
    };
    let slots = match (quick, default_time) {
        (true, _) => vec![
            Slot { cells: vec![usual(1, 1)], with_awaiting: true },
            alone(before(usual(2, 64))),
            alone(large(bare(usual(1, 64)))),
        ],
        (_, true) => {
            let mut slots = vec![all_keys(1, true), all_keys(8, false)];
            let cells = [
                usual(1, 64),
                usual(2, 64),
                usual(4, 64),
                usual(1, 256),
                usual(4, 256),
                before(usual(1, 64)),
                before(usual(4, 64)),
                before(usual(4, 256)),
                before(bare(usual(4, 256))),
                // More than fits into a block.
                Cell { intake: Intake::Before(12_000), ..usual(4, 1024) },
                on_postgres(usual(4, 64)),
                before(on_postgres(usual(4, 64))),
                large(usual(4, 64)),
                Cell { intake: Intake::Before(100), ..large(usual(4, 64)) },
            ];
            slots.extend(cells.map(alone));
            slots
        }
        _ => {
            let mut slots = vec![all_keys(1, true), all_keys(8, false)];
            let cells = [
                usual(1, 64),
                usual(2, 64),
                usual(4, 64),
                before(usual(1, 64)),
                before(usual(4, 64)),
                before(usual(4, 256)),
                large(usual(4, 64)),
            ];
            slots.extend(cells.map(alone));
            slots
        }
    };
    let begin = rows.len();
    for slot in slots {
        tell(&format!("kwild, blocks of {} ms: {slot:?}", block.as_millis()));
        rows.extend(kwild::measure(site, &node, &slot, times).await);
    }
    let awaited = rows[begin..].iter().find(|row| row.who == kwild::Who::Awaiting).map(|row| row.per_second);
    for row in &mut rows[begin..] {
        row.ratio = awaited.map(|awaited| row.per_second / awaited);
    }
}

/// A client that has signed everything beforehand. Blocks are made as soon as they are full, so their time is not a
/// matter of settings.
async fn measure_prepared(site: &Site, quick: bool, rows: &mut Vec<kwild::Row>) {
    use crate::kwild::{Times, Way};
    use crate::prepared::What;

    let block = KWILD_BLOCKS[0];
    let node = Node::start_kwild(site, block).await;
    let holder = prepared::Holder::of(site, &node).await;
    let small = |what, way, keys, count| prepared::Cell { what, file_bytes: 0, way, keys, count, most: 3000 };
    let cells = if quick {
        vec![
            prepared::Cell { most: 400, ..small(What::Inserter, Way::Bare, 4, 8000) },
            prepared::Cell { most: 400, ..small(What::WriteGrant, Way::Gateway, 2, 4000) },
        ]
    } else {
        vec![
            small(What::Inserter, Way::Bare, 1, 18000),
            small(What::Inserter, Way::Bare, 6, 18000),
            small(What::Inserter, Way::Gateway, 6, 18000),
            small(What::WriteGrant, Way::Bare, 6, 7200),
            prepared::Cell { file_bytes: LARGE, most: 12, ..small(What::Inserter, Way::Bare, 4, 400) },
            prepared::Cell { file_bytes: LARGE, most: 12, ..small(What::Inserter, Way::Gateway, 4, 400) },
            prepared::Cell { file_bytes: LARGE, most: 8, ..small(What::WriteGrant, Way::Bare, 4, 160) },
        ]
    };
    // Full blocks are few: a long time.
    let (warm_up, measured) = if quick { (1, 4) } else { (4, 20) };
    let times =
        Times { block, warm_up: Duration::from_secs(warm_up), measured: Duration::from_secs(measured) };
    for cell in cells {
        tell(&format!("kwild: {cell:?}"));
        rows.push(prepared::measure(site, &node, &holder, cell, times).await);
    }
}
