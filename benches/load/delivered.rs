//! Fills a database with delivered records, as the service leaves them behind: a provider's year, in order of time, with what retention
//! has taken away by then taken away, and some work under way.
//!
//! The database makes the rows itself, from a series of numbers and from the issuances that it has; the audit chain alone is hashed here. It
//! is one that `audit verify` accepts, with a signed checkpoint for each hour. Nothing in it was erased, and what is locked or sealed holds
//! nothing.

use idos_credential::Timestamp;
use idos_issuer::clock;
use idos_issuer::keys::Keys;
use idos_issuer::model::audit::Link;
use idos_issuer::model::time::{DAY, HOUR};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::delivered_chain::Chain;
use crate::deployment::Backend;

/// The client that nearly all records are of; one of a hundred is another's.
pub(crate) const CLIENT: &str = "acme";

/// The other.
pub(crate) const RARE: &str = "other";

/// In which the records come, in milliseconds.
const YEAR: i64 = 365 * DAY;

/// Records that one statement makes.
const AT_ONCE: u32 = 50_000;

/// How many of the newest are on their way. Of those of the last week, some have stopped: what stopped before has gone on, or is over.
const UNDER_WAY: u32 = 2_000;
const WITH_HALTED: i64 = 160 * HOUR;

/// `retention.events_hours`, and the hours that keys are remembered.
const EVENTS: i64 = 720 * HOUR;
const KEYS: i64 = 48 * HOUR;

/// A record to look at.
pub(crate) struct Sample {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) original_id: String,
    pub(crate) tx_hash: String,
    pub(crate) reference: String,
}

/// A database that grows.
pub(crate) struct Filler<'a> {
    backend: Backend,
    connection: AnyConnection,
    chain: Chain<'a>,
    vault: String,
    /// When the first record comes, and how many come in a year.
    start: i64,
    yearly: u32,
    records: u32,
}

impl<'a> Filler<'a> {
    /// An empty database with its schema, to which so many records come in a year that ends today, and the id of the vault key under which all
    /// is locked.
    pub(crate) async fn new(
        url: &str,
        backend: Backend,
        (keys, vault): (&'a Keys, String),
        yearly: u32,
    ) -> Self {
        let mut connection = AnyConnection::connect(url).await.unwrap();
        let quick = match backend {
            // What is lost when it is killed is made again.
            Backend::Sqlite => {
                "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA secure_delete = ON"
            }
            Backend::Postgres => "SET synchronous_commit = off",
        };
        sqlx::raw_sql(quick).execute(&mut connection).await.unwrap();
        let start = clock::now().unix_millis() - YEAR;
        let chain = Chain::new(url, backend, keys).await;
        Self { backend, connection, chain, vault, start, yearly, records: 0 }
    }

    /// When so many records are there.
    pub(crate) fn moment(&self, records: u32) -> Timestamp {
        Timestamp::from_unix_millis(self.time_of(records)).unwrap()
    }

    /// The issuance of a number, from 1 on, if it is the large client's and has been delivered.
    pub(crate) async fn sample(&mut self, number: u32) -> Option<Sample> {
        let row: Option<(String, String, String, String, String)> = sqlx::query_as(
            "SELECT id, user_id, original_id, tx_hash, reference FROM issuance \
             WHERE client || '/' || reference = $1 AND tx_hash IS NOT NULL",
        )
        .bind(format!("{CLIENT}/case-{number}"))
        .fetch_optional(&mut self.connection)
        .await
        .unwrap();
        let (id, user_id, original_id, tx_hash, reference) = row?;
        Some(Sample { id, user_id, original_id, tx_hash, reference })
    }

    /// Adds records until there are so many, and lets the time between go by.
    pub(crate) async fn grow(&mut self, records: u32) {
        self.run("DELETE FROM job").await;
        self.run("DELETE FROM sealed_credential").await;
        self.run(
            "UPDATE issuance SET state = 'issued', halt = NULL, waits_until = NULL, issued_at = updated_at, was_sent = 0 \
             WHERE state IN ('queued', 'halted')",
        )
        .await;
        let (seq, hash): (i64, String) = sqlx::query_as("SELECT seq, hash FROM audit_head WHERE id = 1")
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        self.chain.goes_on_behind(Link { seq, hash });
        while self.records < records {
            let (first, last) = (self.records + 1, records.min(self.records + AT_ONCE));
            for statement in self.delivered(first, last, records) {
                self.run(&statement).await;
            }
            let (from, to) = (self.time_of(first), self.time_of(last));
            self.chain.follow(&mut self.connection, from, to).await;
            self.records = last;
        }
        for statement in self.time_goes_by() {
            self.run(&statement).await;
        }
        let end = self.chain.end();
        self.run(&format!("UPDATE audit_head SET seq = {}, hash = '{}'", end.seq, end.hash)).await;
        self.run("DELETE FROM recorded WHERE name = 'numbers_counted'").await;
        self.run(&format!("INSERT INTO recorded (name, value) VALUES ('numbers_counted', '{}')", end.seq))
            .await;
        if self.backend == Backend::Postgres {
            // What its autovacuum does by itself when tables have grown.
            self.run("VACUUM ANALYZE").await;
        }
    }

    async fn run(&mut self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut self.connection).await.unwrap();
    }

    /// Asks for one text.
    pub(crate) async fn text(&mut self, statement: &str) -> String {
        let (text,): (String,) = sqlx::query_as(AssertSqlSafe(statement.to_owned()))
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        text
    }

    /// The sizes of all tables and indexes, in bytes.
    pub(crate) async fn sizes(&mut self) -> Vec<(String, i64)> {
        let statement = match self.backend {
            Backend::Sqlite => "SELECT name, SUM(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC",
            Backend::Postgres => {
                "SELECT CAST(c.relname AS TEXT), pg_relation_size(c.oid) + COALESCE(pg_relation_size(NULLIF(c.reltoastrelid, 0)), 0) \
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i') ORDER BY 2 DESC"
            }
        };
        sqlx::query_as(statement).fetch_all(&mut self.connection).await.unwrap()
    }

    /// Pages that all connections to this PostgreSQL database have read so far, from memory or disk.
    pub(crate) async fn pages(&mut self) -> i64 {
        if self.backend == Backend::Sqlite {
            return 0;
        }
        let statement =
            "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()";
        let (pages,): (i64,) = sqlx::query_as(statement).fetch_one(&mut self.connection).await.unwrap();
        pages
    }

    /// Gives the connections back.
    pub(crate) async fn close(self) {
        self.chain.close().await;
        self.connection.close().await.unwrap();
    }

    fn time_of(&self, number: u32) -> i64 {
        self.start + i64::from(number) * (YEAR / i64::from(self.yearly))
    }

    /// The time of the record `i`, in SQL.
    fn at(&self) -> String {
        format!("({} + CAST(i AS BIGINT) * {})", self.start, YEAR / i64::from(self.yearly))
    }

    /// An id as the service makes it: its time by Crockford's alphabet, and 16 digits in place of random ones.
    fn ulid(&self, prefix: &str) -> String {
        let at = self.at();
        let digits = (0..10).rev().map(|place| {
            format!(
                "SUBSTR('0123456789ABCDEFGHJKMNPQRSTVWXYZ', CAST((({at} >> {}) & 31) + 1 AS INTEGER), 1)",
                place * 5
            )
        });
        format!(
            "'{prefix}' || {} || CAST(1000000000000000 + i AS TEXT)",
            digits.collect::<Vec<_>>().join(" || ")
        )
    }

    /// So many random bytes in hex, anew for each row.
    fn hex(&self, bytes: usize) -> String {
        match self.backend {
            Backend::Sqlite => format!("LOWER(HEX(RANDOMBLOB({bytes})))"),
            Backend::Postgres => {
                let parts = vec!["MD5(RANDOM()::TEXT)"; bytes.div_ceil(16)];
                format!("SUBSTR({}, 1, {})", parts.join(" || "), bytes * 2)
            }
        }
    }

    fn uuid(&self) -> String {
        match self.backend {
            Backend::Sqlite => format!(
                "({} || '-' || {} || '-4' || SUBSTR({}, 2) || '-a' || SUBSTR({}, 2) || '-' || {})",
                self.hex(4),
                self.hex(2),
                self.hex(2),
                self.hex(2),
                self.hex(6)
            ),
            Backend::Postgres => "GEN_RANDOM_UUID()::TEXT".to_owned(),
        }
    }

    /// What comes with the records from `first` to `last`, of `all` that there will be.
    #[expect(clippy::too_many_lines, reason = "a statement for each table")]
    fn delivered(&self, first: u32, last: u32, all: u32) -> Vec<String> {
        let (at, uuid, hash) = (self.at(), self.uuid(), self.hex(32));
        let many = |columns: &str, values: &str| {
            format!("INSERT INTO {columns} SELECT {values} FROM ({}) AS n", series(first, last))
        };
        let (from, to) = (self.time_of(first), self.time_of(last));
        let of_issuances = |columns: &str, values: &str, share: &str| {
            format!(
                "INSERT INTO {columns} SELECT {values} FROM issuance WHERE created_at >= {from} AND created_at <= {to} AND {share}"
            )
        };
        // A locked text names the vault's key, as all do.
        let locked = |bytes: usize| format!("'v1.{}.' || {}", self.vault, self.hex(bytes / 2));
        // The last digits of an id are the record's number.
        let number = "(CAST(SUBSTR(id, 15) AS BIGINT) - 1000000000000000)";
        let like = |prefix: &str| format!("'{prefix}' || SUBSTR(id, 5)");
        let share = |of: u32, part: u32| format!("{number} % {of} < {part}");
        // What would be forgotten by the end does not come at all: room that it had would have been used again.
        let kept = |time: i64| format!("created_at >= {}", self.time_of(all) - time);
        let week = u32::try_from(WITH_HALTED / (YEAR / i64::from(self.yearly))).unwrap();
        let (under_way, with_halted) = (all.saturating_sub(UNDER_WAY.min(week)), all.saturating_sub(week));
        let state = format!(
            "CASE WHEN i > {under_way} THEN 'queued' WHEN i > {with_halted} AND i % 20 = 0 THEN 'halted' \
             WHEN i % 200 = 0 THEN 'failed' WHEN i % 200 = 1 THEN 'revoked' ELSE 'issued' END"
        );
        let (halted, sent) = (format!("{state} = 'halted'"), format!("{state} IN ('issued', 'revoked')"));
        let key = "'ea8d1408b85cf7e5b19380801ff0a4d0aeb7973af4a2354a179201b9dfb5d511'";
        let owner = "client || '/kyc/' || user_id";
        vec![
            many(
                "issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, reference, write_key, \
                 grantee, grant_id, recipient_key, public_notes, content_hash, valid_until, valid_by, waits_until, created_at, \
                 updated_at, sealed_at, issued_at, tx_hash, tx_height, was_sent, halt, files)",
                &format!(
                    "{}, CASE WHEN i % 100 = 0 THEN '{RARE}' ELSE '{CLIENT}' END, CASE WHEN i % 50 = 2 THEN 'personhood' ELSE 'kyc' END, \
                     {state}, CASE WHEN i % 10 < 3 THEN 'write_grant' ELSE 'inserter' END, {uuid}, {uuid}, {uuid}, {uuid}, \
                     'plus+liveness+email+phoneNumber', 'case-' || CAST(i AS TEXT), {key}, CASE WHEN i % 10 < 3 THEN {key} ELSE NULL END, \
                     CASE WHEN i % 10 < 3 THEN {uuid} ELSE NULL END, 'pjcEYKHxbPh5rIlxFnglYd7c2ida+INhhqy79yJbP1Q=', \
                     '{{\"id\":\"' || {uuid} || '\",\"type\":\"kyc\",\"level\":\"plus+liveness+email+phoneNumber\",\"status\":\"approved\",\"issuer\":\"Example KYC\"}}', \
                     {hash}, {at} + {DAY} * CAST(300 + i % 400 AS BIGINT), 'source', \
                     CASE WHEN {halted} THEN {at} + {} ELSE NULL END, {at}, {at} + 4000, {at}, \
                     CASE WHEN {sent} THEN {at} + 4000 ELSE NULL END, CASE WHEN {sent} THEN {hash} ELSE NULL END, \
                     CASE WHEN {sent} THEN CAST(i AS BIGINT) ELSE NULL END, 0, CASE WHEN {halted} THEN 'refused' ELSE NULL END, NULL",
                    self.ulid("iss_"),
                    168 * HOUR
                ),
            ),
            of_issuances(
                "idempotency (client, key_hash, fingerprint, subject, created_at)",
                &format!("client, {hash}, {hash}, id, created_at"),
                &kept(KEYS),
            ),
            of_issuances(
                "sealed_credential (issuance_id, content, encryptor_public_key, public_notes_signature, broader_signature)",
                &format!("id, {}, {}, {}, {}", self.hex(2000), self.hex(22), self.hex(44), self.hex(44)),
                "state IN ('queued', 'halted')",
            ),
            of_issuances(
                "job (id, work, subject, target, series, lane, state, due_at, attempts, created_at)",
                &format!(
                    "{}, 'write_credential', id, '', '', {key}, 'ready', created_at, 0, created_at",
                    like("job_")
                ),
                "state = 'queued'",
            ),
            of_issuances(
                "contact (issuance_id, client, locked, email_index, created_at)",
                &format!("id, client, {}, '3.' || {hash}, created_at", locked(212)),
                &share(2, 1),
            ),
            of_issuances(
                "profile (id, client, state, user_id, wallet_id, write_key, encryption_public_key, password_store, tx_hash, tx_height, \
                 was_sent, created_at, updated_at)",
                &format!(
                    "{}, client, 'created', user_id, {uuid}, {key}, recipient_key, 'user', {hash}, 1, 0, created_at, created_at + 4000",
                    like("prf_")
                ),
                &share(10, 6),
            ),
            of_issuances(
                "verification (id, client, source, external_id, state, delivery, user_id, reference, case_id, problems, heard_at, \
                 decided_at, made, issuance_id, version, created_at, updated_at)",
                &format!(
                    "{}, client, 'sumsub', {uuid}, CASE WHEN state = 'failed' THEN 'failed' ELSE 'issued' END, delivery, user_id, \
                     reference, {}, '', created_at, created_at, 1, id, 3, created_at, updated_at",
                    like("ver_"),
                    self.hex(12)
                ),
                &share(10, 4),
            ),
            of_issuances(
                "verification_issuance (issuance_id, verification_id, owner, created_at)",
                &format!("id, {}, client || '/sumsub/' || user_id, created_at", like("ver_")),
                &share(10, 4),
            ),
            of_issuances(
                "vendor_event (id, event, verification_id, case_id, received_at)",
                &format!("'sumsub/' || {hash}, 'approved', {}, {}, created_at", like("ver_"), self.hex(12)),
                &format!("{} AND {}", share(10, 4), kept(EVENTS)),
            ),
            of_issuances(
                "wallet_link (id, client, state, user_id, in_profile, for_credential, reference, wallet_index, attempts, expires_at, \
                 proven_at, proof_hash, created_at, updated_at)",
                &format!(
                    "{}, client, 'proven', user_id, 1, 0, reference, {hash}, 0, created_at + 900000, created_at, {hash}, created_at, created_at",
                    like("lnk_")
                ),
                &share(50, 1),
            ),
            of_issuances(
                "attribute (id, client, state, user_id, attribute_id, sensitive, write_key, tx_hash, tx_height, was_sent, created_at, updated_at)",
                &format!(
                    "{}, client, 'created', user_id, {uuid}, 'none', {key}, {hash}, 1, 0, created_at, created_at",
                    like("att_")
                ),
                &share(50, 1),
            ),
            of_issuances(
                "claim (id, client, hash, state, kind, delivery, user_id, issuance_id, grant_seconds, version, expires_at, due_at, \
                 created_at, updated_at, reference)",
                &format!(
                    "{}, client, {hash}, 'written', kind, delivery, user_id, id, 3600, 4, created_at + {}, created_at + {}, created_at, \
                     created_at, reference",
                    like("clm_"),
                    72 * HOUR,
                    33 * DAY
                ),
                &format!("{} AND {}", share(10, 3), kept(33 * DAY)),
            ),
            of_issuances(
                "person (hash, owner, locked, uses, created_at)",
                &format!(
                    "'3.' || SUBSTR(id, 5) || '{}', client || '/' || user_id, {}, 1, created_at",
                    "0".repeat(38),
                    locked(120)
                ),
                "kind = 'personhood'",
            ),
            of_issuances(
                "person_issuance (issuance_id, hash)",
                &format!("id, '3.' || SUBSTR(id, 5) || '{}'", "0".repeat(38)),
                "kind = 'personhood'",
            ),
            // Of thirty thousand, one asks to be erased; the records are gone.
            of_issuances(
                "erasure_case (id, client, state, origin, received_at, due_at, revokes, records, receipt, is_shared, version, created_at, updated_at)",
                &format!(
                    "{}, client, CASE WHEN {number} > {with_halted} THEN 'awaiting_decision' ELSE 'done' END, 'api', created_at, \
                     created_at + {}, 0, 2, CASE WHEN {number} > {with_halted} THEN NULL ELSE {} END, 0, 2, created_at, created_at",
                    like("era_"),
                    30 * DAY,
                    self.hex(1650)
                ),
                &share(30_000, 1),
            ),
            of_issuances(
                "event (id, client, kind, subject, body, created_at)",
                &format!(
                    "{}, client, 'issuance.' || state, id, '{{\"type\":\"issuance.issued\",\"data\":{{\"issuanceId\":\"' || id || '\",\"kind\":\"kyc\",\
                     \"credentialId\":\"' || original_id || '\",\"transactionHash\":\"' || tx_hash || '\"}}}}', updated_at",
                    like("evt_")
                ),
                &format!("state IN ('issued', 'revoked') AND {}", kept(EVENTS)),
            ),
            format!(
                "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, created_at, updated_at) \
                 SELECT 'ntc_' || SUBSTR(id, 5, 24) || days, id, client, {owner}, CAST(days AS BIGINT), valid_until, 'planned', \
                 valid_until - {DAY} * CAST(days AS BIGINT), 0, 0, created_at, created_at FROM issuance \
                 CROSS JOIN (SELECT '30' AS days UNION ALL SELECT '07' UNION ALL SELECT '01' UNION ALL SELECT '00') AS before_end \
                 WHERE created_at >= {from} AND created_at <= {to} AND state NOT IN ('failed') AND {}",
                share(2, 1)
            ),
        ]
    }

    /// What ends, is told and is forgotten meanwhile.
    fn time_goes_by(&self) -> Vec<String> {
        let now = self.time_of(self.records);
        let forgotten =
            |table: &str, at: &str, after: i64| format!("DELETE FROM {table} WHERE {at} < {}", now - after);
        vec![
            format!(
                "UPDATE issuance SET noticed = CASE WHEN valid_until <= {now} THEN 'expired' ELSE 'expiring' END \
                 WHERE state = 'issued' AND valid_until <= {}",
                now + 30 * DAY
            ),
            format!(
                "UPDATE notice SET state = CASE WHEN SUBSTR(issuance_id, 27) = '0000' THEN 'failed' ELSE 'sent' END, sent_at = due_at, \
                 attempts = 1, updated_at = due_at WHERE state = 'planned' AND due_at <= {}",
                now - HOUR
            ),
            "DELETE FROM mail_link".to_owned(),
            format!(
                "INSERT INTO mail_link (hash, issuance_id, purpose, created_at, expires_at) \
                 SELECT {}, issuance_id, 'unsubscribe', sent_at, sent_at + {YEAR} FROM notice WHERE state = 'sent'",
                self.hex(32)
            ),
            forgotten("event", "created_at", EVENTS),
            forgotten("vendor_event", "received_at", EVENTS),
            forgotten("idempotency", "created_at", KEYS),
            format!("DELETE FROM claim WHERE due_at < {now}"),
            "DELETE FROM daily".to_owned(),
            format!(
                "INSERT INTO daily (client, day, what, count) SELECT client, created_at / {DAY} * {DAY}, what, COUNT(*) FROM issuance \
                 CROSS JOIN (SELECT 'received' AS what UNION ALL SELECT 'issued') AS counted GROUP BY 1, 2, 3"
            ),
            "INSERT INTO daily (client, day, what, count) SELECT '*', day, what, SUM(count) FROM daily GROUP BY day, what".to_owned(),
        ]
    }
}

/// The numbers from one to another, as `i`.
fn series(first: u32, last: u32) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT CAST({first} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n"
    )
}
