//! The tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::deployment::{Backend, Program};
use crate::evidence::Encoding;
use crate::intake::{BROKEN_OFF, TIMED_OUT};
use crate::kwild::{Intake, Way, Who};
use crate::memory::{BODY_TIMEOUT, MAX_BODIES_IN_MEMORY};
use crate::usage::Cores;
use crate::{audit, delivery, growth, import, intake, kwild, memory, statements, year};

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) quick: bool,
    pub(crate) cores: usize,
    /// Load averages of one minute, before and after.
    pub(crate) load: [String; 2],
    /// How long appending 4 KiB and having it on the disk takes: the median, in milliseconds.
    pub(crate) sync_ms: f64,
    pub(crate) intake: Vec<intake::Row>,
    pub(crate) delivery: Vec<delivery::Row>,
    pub(crate) memory: Vec<memory::Row>,
    pub(crate) kwild: Vec<kwild::Row>,
    pub(crate) growth: Vec<growth::Row>,
    pub(crate) audit: Vec<audit::Row>,
    pub(crate) import: Vec<import::Row>,
    pub(crate) statements: Vec<statements::Row>,
    pub(crate) year: Vec<year::Row>,
    pub(crate) sizes: Vec<year::Size>,
}

impl Report {
    /// As Markdown.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::new();
        let quick = if self.quick { " A quick run: the figures mean little." } else { "" };
        let [before, after] = &self.load;
        let _ = writeln!(
            text,
            "{} cores, shared by service, clients, node and database; load average {before} before, {after} after; \
             writing 4 KiB through to the disk takes {:.2} ms.{quick}\n",
            self.cores, self.sync_ms,
        );
        if !self.intake.is_empty() {
            text.push_str(INTAKE);
            self.intake.iter().for_each(|row| intake_row(&mut text, row));
        }
        if !self.delivery.is_empty() {
            text.push_str(DELIVERY);
            self.delivery.iter().for_each(|row| delivery_row(&mut text, row));
        }
        if !self.memory.is_empty() {
            let _ = writeln!(
                text,
                "\nMemory, SQLite. `http.max_bodies_in_memory` is {} MB, a body may take {BODY_TIMEOUT} s here.\n\n\
                 | what | connections | peak MB before | peak MB | answers | small requests meanwhile | their p99 ms | lives |\n\
                 | --- | --- | --- | --- | --- | --- | --- | --- |",
                MAX_BODIES_IN_MEMORY / 1_000_000,
            );
            self.memory.iter().for_each(|row| memory_row(&mut text, row));
        }
        if !self.kwild.is_empty() {
            text.push_str(KWILD);
            self.kwild.iter().for_each(|row| kwild_row(&mut text, row));
        }
        if !self.growth.is_empty() {
            text.push_str(GROWTH);
            self.growth.iter().for_each(|row| growth_row(&mut text, row));
        }
        if !self.audit.is_empty() {
            text.push_str(AUDIT);
            self.audit.iter().for_each(|row| audit_row(&mut text, row));
        }
        if !self.import.is_empty() {
            text.push_str(IMPORT);
            self.import.iter().for_each(|row| import_row(&mut text, row));
        }
        if !self.statements.is_empty() {
            text.push_str(STATEMENTS);
            self.statements.iter().for_each(|row| statement_row(&mut text, row));
        }
        if !self.year.is_empty() {
            text.push_str(YEAR);
            self.year.iter().for_each(|row| year_row(&mut text, row));
            text.push_str(SIZES);
            self.sizes.iter().for_each(|size| size_row(&mut text, size));
        }
        text
    }
}

const INTAKE: &str = "Intake: `POST /v1/issuances` by inserter, sealed in the request. Cores that were busy on average.\n\n\
    | program | database | files | body | at once | delivers | requests/s | p50 ms | p99 ms | not 202 | peak MB | ms of the service each | service | client | node | PostgreSQL |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

fn intake_row(text: &mut String, row: &intake::Row) {
    let encoding = match row.encoding {
        Encoding::Json => "JSON",
        Encoding::Multipart => "multipart",
    };
    let files = if row.file_bytes == 0 { "15 B".to_owned() } else { format!("{} kB", row.file_bytes / 1000) };
    let _ = writeln!(
        text,
        "| {} | {} | {files} | {encoding} | {} | {} | {:.1} | {:.1} | {:.1} | {} | {} | {:.2} | {} |",
        program(row.program),
        database(row.database),
        row.at_once,
        if row.delivers { "yes" } else { "no" },
        row.per_second,
        row.p50_ms,
        row.p99_ms,
        answers(&row.others),
        row.peak_bytes / 1_000_000,
        row.service_ms,
        cores(&row.cores),
    );
}

fn program(program: Program) -> &'static str {
    match program {
        Program::This => "this",
        Program::Other => "the other",
    }
}

const DELIVERY: &str = "\nFrom intake to committed, small evidence. Several services at once were measured side by side, and the cores \
    are those of all. The ratio is to a client that awaits the block of each transaction before it sends the next.\n\n\
    | block s | program | client | write keys | in flight | committed | s | credentials/s | ratio | services at once | ms of the service each | service | client | node | PostgreSQL |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

fn delivery_row(text: &mut String, row: &delivery::Row) {
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {:.1} | {:.2} | {} | {} | {:.2} | {} |",
        row.block_seconds,
        program(row.program),
        row.database.map_or("one awaited after another", database),
        row.keys,
        row.in_flight,
        row.committed,
        row.seconds,
        row.per_second,
        row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}")),
        row.services,
        row.service_ms,
        cores(&row.cores),
    );
}

const KWILD: &str = "\nFrom intake to blocks of kwild, one validator, no other load. Several services at once were measured side by \
    side, and the cores and the execution time are those of all. Prepared clients keep so many waiting as stands under \
    \"in flight\", of all keys together.\n\n\
    | block s | client | files kB | intake | way | write keys | in flight | credentials/s | ratio | services at once \
    | in a block, mean | max | bytes, mean | max | block full, mean % | block every ms | execution ms | not done \
    | service | client | gateway | kwild | its PostgreSQL | service's PostgreSQL |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

fn kwild_row(text: &mut String, row: &kwild::Row) {
    let who = match row.who {
        Who::Awaiting => "one awaited after another",
        Who::Service(backend) => database(backend),
        Who::Prepared(what) => what,
    };
    let intake = match (row.who, row.intake) {
        (Who::Service(_), Intake::Meanwhile) => "meanwhile",
        (Who::Service(_), Intake::Before(_)) => "before",
        _ => "",
    };
    let filling = &row.filling;
    let _ = writeln!(
        text,
        "| {} | {who} | {} | {intake} | {} | {} | {} | {:.2} | {} | {} | {:.1} | {} | {} | {} | {} | {:.0} | {:.0} | {} \
         | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
        row.block_seconds,
        row.file_bytes / 1000,
        if row.way == Way::Gateway { "gateway" } else { "node" },
        row.keys,
        row.in_flight,
        row.per_second,
        row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}")),
        row.services,
        filling.mean,
        filling.max,
        filling.mean_bytes,
        filling.max_bytes,
        filling.mean_bytes * 100 / filling.limit_bytes,
        filling.interval_ms,
        filling.execution_ms,
        filling.failed,
        row.cores.service,
        row.cores.client,
        row.cores.gateway,
        row.cores.node,
        row.cores.node_postgres,
        row.cores.postgres,
    );
}

const AUDIT: &str = "\nThe audit chain.\n\n| what | database | entries | ms |\n| --- | --- | --- | --- |\n";

fn audit_row(text: &mut String, row: &audit::Row) {
    let database = row.database.map_or("none", database);
    let _ = writeln!(text, "| {} | {database} | {} | {:.4} |", row.what, row.entries, row.ms);
}

const IMPORT: &str = "\nA file of results by `idos-issuer import`, and single requests of the same client meanwhile, one after the other.\n\n\
    | database | files | lines | s | lines/s | peak MB: service | command | requests meanwhile | not 202 | their p50 ms | p99 ms \
    | service | client | node | PostgreSQL |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

fn import_row(text: &mut String, row: &import::Row) {
    let _ = writeln!(
        text,
        "| {} | {} kB | {} | {:.0} | {:.0} | {} | {} | {} | {} | {:.1} | {:.1} | {} |",
        database(row.database),
        row.file_bytes / 1000,
        row.lines,
        row.seconds,
        row.per_second,
        row.peak_bytes / 1_000_000,
        row.command_peak_bytes / 1_000_000,
        row.others,
        row.others_refused,
        row.others_p50_ms,
        row.others_p99_ms,
        cores(&row.cores),
    );
}

const STATEMENTS: &str = "\nStatements for each small intake: on SQLite the time in its thread, on PostgreSQL the round trip.\n\n\
    | database | at once | statement | for each | µs, each time | µs, for each |\n| --- | --- | --- | --- | --- | --- |\n";

fn statement_row(text: &mut String, row: &statements::Row) {
    let _ = writeln!(
        text,
        "| {} | {} | `{}` | {:.2} | {:.0} | {:.0} |",
        database(row.database),
        row.at_once,
        row.statement,
        row.times,
        row.micros,
        row.times * row.micros,
    );
}

const GROWTH: &str = "\nLook-ups by the number of rows in each table: medians.\n\n\
    | what | database | rows of each table | gives | ms |\n| --- | --- | --- | --- | --- |\n";

fn growth_row(text: &mut String, row: &growth::Row) {
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {:.2} |",
        row.what,
        database(row.database),
        row.rows,
        row.gives,
        row.ms
    );
}

fn memory_row(text: &mut String, row: &memory::Row) {
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {:.0} | {} |",
        row.what,
        row.connections,
        row.before_bytes / 1_000_000,
        row.peak_bytes / 1_000_000,
        answers(&row.answers),
        answers(&row.others),
        row.others_p99_ms,
        if row.lives { "yes" } else { "NO" },
    );
}

fn database(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "SQLite",
        Backend::Postgres => "PostgreSQL",
    }
}

fn answers(answers: &BTreeMap<u16, usize>) -> String {
    let all = answers.iter().map(|(status, count)| match *status {
        BROKEN_OFF => format!("broken off: {count}"),
        TIMED_OUT => format!("none in time: {count}"),
        status => format!("{status}: {count}"),
    });
    all.collect::<Vec<_>>().join(", ")
}

fn cores(cores: &Cores) -> String {
    format!("{:.2} | {:.2} | {:.2} | {:.2}", cores.service, cores.client, cores.node, cores.postgres)
}

const YEAR: &str = "\nA provider's year, by the number of delivered records: medians, and pages that PostgreSQL has read.\n\n\
    | what | database | records | gives | ms | pages |\n| --- | --- | --- | --- | --- | --- |\n";

fn year_row(text: &mut String, row: &year::Row) {
    let pages = row.pages.map_or_else(String::new, |pages| pages.to_string());
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {:.2} | {pages} |",
        row.what,
        database(row.database),
        row.records,
        row.gives,
        row.ms
    );
}

const SIZES: &str = "\nThe room that tables and indexes take.\n\n\
    | table or index | database | records | bytes | for each record |\n| --- | --- | --- | --- | --- |\n";

fn size_row(text: &mut String, size: &year::Size) {
    let each = size.bytes / i64::from(size.records.max(1));
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {each} |",
        size.name,
        database(size.database),
        size.records,
        size.bytes
    );
}
