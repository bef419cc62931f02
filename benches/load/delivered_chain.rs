//! The audit chain of delivered records: what the service writes down of each, hashed and signed as it does.

use std::fmt::Write as _;

use idos_credential::Timestamp;
use idos_issuer::keys::Keys;
use idos_issuer::model::audit::{Actor, AuditAction, AuditEntry, ChainedEntry, Checkpoint, Link};
use idos_issuer::model::time::HOUR;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::postgres::PgConnection;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::deployment::Backend;

/// Entries that one statement puts into SQLite.
const AT_ONCE: usize = 500;

const COLUMNS: &str =
    "audit (seq, at, actor, act, subject, detail, salt, link, also, also_salt, also_link, previous, hash)";

/// An issuance, as far as the chain tells of it.
struct Record {
    id: String,
    client: String,
    state: String,
    created_at: i64,
    content_hash: String,
    tx_hash: Option<String>,
}

type Columns = (String, String, String, i64, String, Option<String>);

/// A chain that grows.
pub(crate) struct Chain<'a> {
    keys: &'a Keys,
    /// To PostgreSQL, which takes rows in bulk.
    copy: Option<PgConnection>,
    end: Link,
    /// The end of the chain's hour, in milliseconds, and the number of the checkpoint that comes next.
    hour: i64,
    number: i64,
    checkpoints: Vec<Checkpoint>,
    rng: StdRng,
}

impl<'a> Chain<'a> {
    pub(crate) async fn new(url: &str, backend: Backend, keys: &'a Keys) -> Self {
        let copy = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(PgConnection::connect(url).await.unwrap()),
        };
        let rng = StdRng::seed_from_u64(1);
        Self { keys, copy, end: Link::default(), hour: i64::MAX, number: 1, checkpoints: Vec::new(), rng }
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> Link {
        self.end.clone()
    }

    /// Others have written meanwhile: it goes on behind them.
    pub(crate) fn goes_on_behind(&mut self, end: Link) {
        self.end = end;
    }

    pub(crate) async fn close(self) {
        if let Some(copy) = self.copy {
            copy.close().await.unwrap();
        }
    }

    /// Goes on with what was done to the records that were made from one moment to another.
    pub(crate) async fn follow(&mut self, connection: &mut AnyConnection, from: i64, to: i64) {
        let records: Vec<Columns> = sqlx::query_as(
            "SELECT id, client, state, created_at, content_hash, tx_hash FROM issuance \
             WHERE created_at >= $1 AND created_at <= $2 ORDER BY created_at",
        )
        .bind(from)
        .bind(to)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        let mut chained = Vec::new();
        for (id, client, state, created_at, content_hash, tx_hash) in records {
            for entry in entries(&Record { id, client, state, created_at, content_hash, tx_hash }) {
                let at = entry.at.unix_millis();
                if self.hour == i64::MAX {
                    self.hour = at + HOUR;
                } else if at >= self.hour {
                    self.sign().await;
                    self.hour = at + HOUR;
                }
                let seq = self.end.seq + 1;
                let entry = ChainedEntry::new(&entry, seq, self.end.hash.clone(), &mut self.rng);
                self.end = Link { seq, hash: entry.hash.clone() };
                chained.push(entry);
            }
        }
        match &mut self.copy {
            Some(copy) => copy_in(copy, &chained).await,
            None => insert(connection, &chained).await,
        }
        for Checkpoint { number, entry, hash, at, key_id, public_key, signature, .. } in
            self.checkpoints.drain(..)
        {
            let statement = format!(
                "INSERT INTO audit_checkpoint (number, entry, hash, at, key_id, public_key, signature) \
                 VALUES ({number}, {entry}, '{hash}', {at}, '{key_id}', '{public_key}', '{}')",
                signature.0
            );
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
        }
    }

    /// Signs where it stands.
    async fn sign(&mut self) {
        let at = Timestamp::from_unix_millis(self.hour).unwrap();
        let signing = self.keys.signing_at(at).unwrap();
        let next = Checkpoint::unsigned(self.number, &self.end, at, &signing.method);
        let signature = signing.sign_statement(&next.text()).await.unwrap();
        self.checkpoints.push(next.signed(&signature));
        self.number += 1;
    }
}

/// What the service writes down of an issuance, the profile that is created for most, and the verification that some are made of.
fn entries(record: &Record) -> Vec<AuditEntry> {
    let Record { id, client, state, created_at, content_hash, tx_hash } = record;
    let at = |after: i64| Timestamp::from_unix_millis(created_at + after).unwrap();
    let caller =
        || Actor::Client { client: client.clone(), key: "key_01M8PMWA26W2PSXWSB953H7MQV".to_owned() };
    let last: u8 = id[id.len() - 1..].parse().unwrap();
    let like = |prefix: &str| format!("{prefix}{}", &id[4..]);
    let (profile, verification) = (like("prf_"), like("ver_"));
    let sent = |hash: &str| format!("tx:{hash} nonce:{}", created_at / 1000);
    let by_us = |after, act, subject: &str, detail: String| {
        AuditEntry::new(at(after), Actor::Service, act, subject).detail(detail)
    };
    let mut all = Vec::new();
    if last < 6 {
        all.push(AuditEntry::new(at(0), caller(), AuditAction::ProfileRequested, &profile));
        all.push(by_us(0, AuditAction::Sending, &profile, sent(content_hash)));
        all.push(by_us(0, AuditAction::ProfileCreated, &profile, format!("tx:{content_hash}")));
    }
    let source = || Actor::Source { client: client.clone(), source: "sumsub".to_owned() };
    if last < 4 {
        all.push(
            AuditEntry::new(at(0), caller(), AuditAction::VerificationOpened, &verification).detail("sumsub"),
        );
        all.push(AuditEntry::new(at(0), source(), AuditAction::VerificationApproved, &verification));
    }
    let submitter = || if last < 4 { source() } else { caller() };
    all.push(AuditEntry::new(at(0), submitter(), AuditAction::Received, id).detail("kyc"));
    all.push(AuditEntry::new(at(0), submitter(), AuditAction::Sealed, id).detail(content_hash.clone()));
    if let Some(hash) = tx_hash {
        all.push(by_us(1_000, AuditAction::Sending, id, sent(hash)));
        all.push(by_us(4_000, AuditAction::Issued, id, format!("tx:{hash}")));
        if last < 4 {
            all.push(by_us(4_000, AuditAction::Issued, &verification, id.clone()));
        }
    }
    match state.as_str() {
        "halted" => all.push(by_us(4_000, AuditAction::Halted, id, "refused".to_owned())),
        "failed" => all.push(by_us(4_000, AuditAction::Failed, id, "waited_too_long".to_owned())),
        "revoked" => all.push(by_us(4_000, AuditAction::Revoked, id, String::new())),
        _ => {}
    }
    all
}

async fn copy_in(copy: &mut PgConnection, entries: &[ChainedEntry]) {
    let mut taking = copy.copy_in_raw(&format!("COPY {COLUMNS} FROM STDIN")).await.unwrap();
    for part in entries.chunks(10_000) {
        let mut lines = String::new();
        for entry in part {
            let ChainedEntry { seq, at, actor, act, subject, detail, salt, link, .. } = entry;
            let ChainedEntry { also, also_salt, also_link, previous, hash, .. } = entry;
            let _ = writeln!(
                lines,
                "{seq}\t{at}\t{actor}\t{act}\t{subject}\t{detail}\t{salt}\t{link}\t{also}\t{also_salt}\t{also_link}\t{previous}\t{hash}"
            );
        }
        taking.send(lines.into_bytes()).await.unwrap();
    }
    taking.finish().await.unwrap();
}

/// Puts entries in, with statements of many rows.
pub(crate) async fn insert(connection: &mut AnyConnection, entries: &[ChainedEntry]) {
    for part in entries.chunks(AT_ONCE) {
        let rows = part.iter().map(|entry| {
            let ChainedEntry { seq, at, actor, act, subject, detail, salt, link, .. } = entry;
            let ChainedEntry { also, also_salt, also_link, previous, hash, .. } = entry;
            format!(
                "({seq}, {at}, '{actor}', '{act}', '{subject}', '{detail}', '{salt}', '{link}', '{also}', '{also_salt}', \
                 '{also_link}', '{previous}', '{hash}')"
            )
        });
        let statement = format!("INSERT INTO {COLUMNS} VALUES {}", rows.collect::<Vec<_>>().join(", "));
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
    }
}
