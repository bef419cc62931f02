//! What the audit chain costs: an entry that is written, a record that is erased, and a long chain that is verified.

use std::time::Instant;

use idos_credential::Timestamp;
use idos_issuer::flow::audit::verify;
use idos_issuer::model::audit::{Actor, Answer, AuditAction, AuditEntry, ChainedEntry, commitment};
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::store::Store;
use rand::rngs::OsRng;
use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::delivered_chain;
use crate::deployment::{self, Backend, Site};

/// Entries of one record.
const OF_ONE: u32 = 10;

/// Entries that are put in at once when the chain is made.
const AT_ONCE: u32 = 500;

/// How often what is short is measured; the median is taken.
const TIMES: u32 = 201;

/// What was done, and how long it took.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    /// `None` where no database is asked.
    pub(crate) database: Option<Backend>,
    pub(crate) entries: u32,
    pub(crate) ms: f64,
}

/// Makes a chain of so many entries in a database of each kind, and measures.
pub(crate) async fn measure(site: &Site, entries: u32) -> Vec<Row> {
    let mut measured = in_memory();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let folder = site.new_folder("audit");
        let database = site.database(backend, &folder).await;
        let url = &database.url;
        let store = database.store().await;
        let subjects = fill(url, entries).await;
        let mut took = |what, ms| measured.push(Row { what, database: Some(backend), entries, ms });
        took("an entry written, with its transaction", append(&store).await);
        took("a record of ten entries erased, with its transaction", erase(&store, &subjects).await);
        let start = Instant::now();
        let verdict = verify(&store, Vec::new(), Vec::new()).await.unwrap();
        took("all of it verified", millis(start));
        assert_eq!(verdict.answer(), Answer::Holds);
        assert_eq!(verdict.erased, i64::from(TIMES * OF_ONE));
        store.close().await;
        database.remove().await;
        deployment::remove(&folder);
    }
    measured
}

/// What the hash of an entry takes by itself: with commitments, and over all of it in the clear, as it once was.
fn in_memory() -> Vec<Row> {
    const MANY: u32 = 20_000;
    let subject = IssuanceId::new(Timestamp::EPOCH, &mut OsRng).to_string();
    let entry = entry(&subject);
    let previous = "0".repeat(64);
    let start = Instant::now();
    for number in 0..MANY {
        let chained = ChainedEntry::new(&entry, i64::from(number), previous.clone(), &mut OsRng);
        assert!(!chained.hash.is_empty());
    }
    let with = millis(start) / f64::from(MANY);
    let start = Instant::now();
    for number in 0..MANY {
        let number = number.to_string();
        let texts = [&number, "1764419324000", "service", "issued", &subject, &entry.detail, &previous];
        assert!(!commitment(&texts).is_empty());
    }
    let without = millis(start) / f64::from(MANY);
    let row = |what, ms| Row { what, database: None, entries: 1, ms };
    vec![row("an entry hashed, with commitments", with), row("an entry hashed in the clear", without)]
}

fn entry(subject: &str) -> AuditEntry {
    AuditEntry::new(Timestamp::EPOCH, Actor::Service, AuditAction::Issued, subject)
        .detail(format!("tx:{}", "ab".repeat(32)))
}

/// A chain of so many entries. Gives the records that they are about, from one end of the chain to the other.
async fn fill(url: &str, entries: u32) -> Vec<String> {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let mut subjects = Vec::new();
    let (mut seq, mut previous) = (0, String::new());
    while seq < entries {
        let mut part = Vec::new();
        for _ in 0..AT_ONCE.min(entries - seq) {
            if seq.is_multiple_of(OF_ONE) {
                subjects.push(IssuanceId::new(Timestamp::EPOCH, &mut OsRng).to_string());
            }
            seq += 1;
            let entry = entry(subjects.last().unwrap());
            let made = ChainedEntry::new(&entry, i64::from(seq), previous.clone(), &mut OsRng);
            previous.clone_from(&made.hash);
            part.push(made);
        }
        delivered_chain::insert(&mut connection, &part).await;
    }
    let end = format!("UPDATE audit_head SET seq = {seq}, hash = '{previous}'");
    sqlx::raw_sql(AssertSqlSafe(end)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    subjects
}

async fn append(store: &Store) -> f64 {
    let entry = entry("iss_1");
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        let mut tx = store.begin().await.unwrap();
        tx.record(&entry).await.unwrap();
        tx.commit().await.unwrap();
        times.push(millis(start));
    }
    median(times)
}

async fn erase(store: &Store, subjects: &[String]) -> f64 {
    let mut times = Vec::new();
    for subject in subjects.iter().step_by(subjects.len() / TIMES as usize).take(TIMES as usize) {
        let start = Instant::now();
        let mut tx = store.begin().await.unwrap();
        tx.unlink_audit(subject, Actor::Operator, Timestamp::EPOCH).await.unwrap();
        tx.commit().await.unwrap();
        times.push(millis(start));
    }
    median(times)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
