//! `kill -9` at the members of a group: what many callers or many transactions come to is written in one transaction of the database, and
//! the process ends with some of it written and no COMMIT, or with the COMMIT done and nobody told.
//!
//! Where it stops is said by a trigger in the database, which is called for each row. There the service waits until it is killed: on
//! PostgreSQL for a lock, on SQLite in a query without an end, behind so many rows that what came before them is in the log of the file.

mod stops;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use idos_devnode::Schema;
use idos_issuer::store::Store;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tokio::task::JoinSet;

use self::stops::Stop;
use super::{Deployment, Running, body, commit_killer};
use crate::service::sharing::wait_for;
use crate::support::id;
use crate::support::service::{Backend, Database, audit_holds};
use crate::support::tables::issuances_by_state;

/// Members of a group that is stopped at each of them. As many as come together are in one only if one statement has so many rows.
const MEMBERS: i64 = 6;

/// Members of a larger one, for the same reason.
const MANY: i64 = 12;

/// How many are submitted before the background work is killed: more than it sends at once.
const TO_DELIVER: usize = 20;

/// How often it is tried to meet a group that is whole.
const TRIES: usize = 5;

/// Rows of a table that each submission adds, in the order in which they are written.
const EACH: [(&str, i64); 6] =
    [("idempotency", 1), ("issuance", 1), ("sealed_credential", 1), ("contact", 1), ("job", 1), ("audit", 2)];

/// What nothing may be half of.
const HALF_THERE: &[&str] = &[
    "SELECT id || ' ' || state FROM issuance WHERE NOT EXISTS (SELECT 1 FROM idempotency WHERE subject = id)",
    "SELECT id || ' ' || state FROM issuance WHERE (SELECT COUNT(*) FROM audit WHERE subject = id AND act = 'received') <> 1",
    "SELECT id || ' ' || state FROM issuance WHERE (SELECT COUNT(*) FROM audit WHERE subject = id AND act = 'sealed') \
     <> CASE WHEN sealed_at IS NULL THEN 0 ELSE 1 END",
    "SELECT id || ' ' || state FROM issuance WHERE (SELECT COUNT(*) FROM audit WHERE subject = id AND act = 'issued') \
     <> CASE state WHEN 'issued' THEN 1 ELSE 0 END",
    "SELECT id || ' ' || state FROM issuance WHERE (SELECT COUNT(*) FROM event WHERE subject = issuance.id) \
     <> CASE state WHEN 'issued' THEN 1 ELSE 0 END",
    "SELECT id || ' ' || state FROM issuance WHERE state = 'queued' \
     AND NOT EXISTS (SELECT 1 FROM sealed_credential WHERE issuance_id = issuance.id)",
    // Where the node was slow it waits, signed and locked.
    "SELECT id || ' ' || state FROM issuance WHERE state = 'awaiting_profile' \
     AND NOT EXISTS (SELECT 1 FROM unsealed_credential WHERE issuance_id = issuance.id)",
    "SELECT id || ' ' || state FROM issuance WHERE state <> 'issued' \
     AND NOT EXISTS (SELECT 1 FROM job WHERE subject = issuance.id)",
    "SELECT id || ' ' || state FROM issuance WHERE state = 'issued' \
     AND EXISTS (SELECT 1 FROM sealed_credential WHERE issuance_id = issuance.id)",
    "SELECT id || ' ' || state FROM issuance WHERE state = 'issued' \
     AND EXISTS (SELECT 1 FROM job WHERE subject = issuance.id AND lane IS NOT NULL)",
    "SELECT id || ' ' || state FROM job WHERE state = 'sent' \
     AND NOT EXISTS (SELECT 1 FROM audit WHERE subject = job.subject AND act = 'sending')",
    "SELECT subject FROM job WHERE lane IS NOT NULL AND NOT EXISTS (SELECT 1 FROM issuance WHERE id = subject)",
    "SELECT subject FROM idempotency WHERE NOT EXISTS (SELECT 1 FROM issuance WHERE id = subject)",
    "SELECT issuance_id FROM contact WHERE NOT EXISTS (SELECT 1 FROM issuance WHERE id = issuance_id)",
    "SELECT issuance_id FROM sealed_credential WHERE NOT EXISTS (SELECT 1 FROM issuance WHERE id = issuance_id)",
];

/// A request that is sent until it is answered.
struct Request {
    key: String,
    body: String,
    /// The issuance that an answer named.
    answered: Option<String>,
}

type Sent = JoinSet<(usize, Option<String>)>;

struct Scene {
    backend: Backend,
    deployment: Deployment,
    client: reqwest::Client,
    store: Store,
    /// What is loaded into a process that is to be killed at a commit.
    library: String,
    health: String,
    requests: Vec<Request>,
}

async fn run(connection: &mut AnyConnection, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(connection).await.unwrap();
}

impl Scene {
    async fn new(backend: Backend) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let settings = |folder: &crate::support::Folder| {
            std::fs::create_dir(folder.path("mails")).unwrap();
            format!(
                "[mail]\ntransport = \"folder\"\nfolder = \"{}\"\nfrom = \"Example <a@b.example>\"\n",
                folder.path("mails")
            )
        };
        let deployment = Deployment::with(backend, Schema::Current, &[], settings).await;
        let library = commit_killer(&deployment.folder);
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        let store = Store::connect(&deployment.database.url, 2).await.unwrap();
        let health = String::new();
        let scene = Self { backend, deployment, client, store, library, health, requests: Vec::new() };
        let mut connection = scene.connect().await;
        let forever = match backend {
            Backend::Sqlite => {
                "CREATE TABLE stopped (content TEXT);
                 CREATE VIEW forever AS WITH RECURSIVE one (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one) SELECT n FROM one;"
            }
            Backend::Postgres => "",
        };
        run(&mut connection, forever).await;
        // That a key is used is noted now and then: not here, where nobody is to write but those who are taken in.
        run(&mut connection, "UPDATE api_key SET used_at = 4102444800000").await;
        connection.close().await.unwrap();
        scene
    }

    fn database(&self) -> &Database {
        &self.deployment.database
    }

    async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.database().url).await.unwrap()
    }

    async fn query(&self, statement: &str) -> Vec<String> {
        let mut connection = self.connect().await;
        let rows: Vec<(String,)> =
            sqlx::query_as(AssertSqlSafe(statement.to_owned())).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }

    async fn count(&self, of: &str) -> i64 {
        self.query(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM {of}")).await[0].parse().unwrap()
    }

    async fn serve(&mut self, variables: &[(&str, &str)]) -> Running {
        for _ in 0..TRIES {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            self.health = format!("127.0.0.1:{port}");
            let health = ("IDOS_ISSUER_HTTP_HEALTH_LISTEN", self.health.as_str());
            let mut serving =
                self.deployment.start(&["serve", "--no-worker"], &[&[health], variables].concat());
            let (mut has_ended, live) = (false, format!("http://{}/livez", self.health));
            wait_for("the service answers", async || {
                has_ended = serving.0.try_wait().unwrap().is_some();
                has_ended || self.client.get(&live).send().await.is_ok()
            })
            .await;
            if !has_ended {
                return serving;
            }
            // Another program was faster to take a port.
        }
        panic!("it does not start:\n{}", self.deployment.log());
    }

    /// As when the lease of who was killed has run out, and what was put off is due.
    async fn let_time_pass(&self) {
        let mut connection = self.connect().await;
        run(
            &mut connection,
            "UPDATE lane SET lease_until = 0; UPDATE job SET due_at = 0 WHERE state = 'ready';",
        )
        .await;
        connection.close().await.unwrap();
    }

    fn new_request(&mut self, has_contact: bool) -> usize {
        let user = &self.deployment.user;
        let mut body = body(user, &json!({ "by": "inserter" }));
        if has_contact {
            body["contact"] = json!({ "email": format!("{}@example.com", user.id) });
        }
        self.requests.push(Request { key: id().to_string(), body: body.to_string(), answered: None });
        self.requests.len() - 1
    }

    /// Sends a request. The task gives which one it is, and what it was answered if it was.
    fn send(&self, sent: &mut Sent, number: usize) {
        let Request { key, body, .. } = &self.requests[number];
        let request = self
            .client
            .post(format!("{}/v1/issuances", self.deployment.url))
            .bearer_auth(&self.deployment.key)
            .header("Idempotency-Key", key)
            .header("Content-Type", "application/json")
            .body(body.clone());
        sent.spawn(async move {
            let Ok(answer) = request.send().await else { return (number, None) };
            let status = answer.status();
            // An answer that is cut off is none.
            let Ok(text) = answer.text().await else { return (number, None) };
            assert_eq!(status, 202, "{text}");
            let issuance: Value = serde_json::from_str(&text).unwrap();
            (number, Some(issuance["id"].as_str().unwrap().to_owned()))
        });
    }

    /// Takes down what was answered by now, which is what was answered before. Gives the number of answers.
    fn take_down(&mut self, (number, id): (usize, Option<String>)) -> i64 {
        let Some(id) = id else { return 0 };
        let before = self.requests[number].answered.replace(id.clone());
        assert!(before.is_none_or(|before| before == id), "a request has made two issuances");
        1
    }

    /// How many wait to be taken in, or are being taken in.
    async fn under_way(&self) -> i64 {
        let answer = self.client.get(format!("http://{}/metrics", self.health)).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("intake_under_way "));
        line.map_or(0, |number| number.parse().unwrap())
    }

    /// While nobody can write, sends one request, which is taken in by itself, and so many others, which come together behind it.
    async fn send_a_group(&mut self, members: i64, have_contacts: bool) -> Sent {
        let mut sent = JoinSet::new();
        let first = self.new_request(have_contacts);
        self.send(&mut sent, first);
        wait_for("the first one is being taken in", async || self.under_way().await == 1).await;
        for _ in 0..members {
            let another = self.new_request(have_contacts);
            self.send(&mut sent, another);
        }
        // Nobody waits for ever for others to let go of the database: if that takes too long, it is tried again.
        let start = Instant::now();
        while self.under_way().await != 1 + members && start.elapsed() < Duration::from_secs(8) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sent
    }

    /// How many rows there are of each kind that a submission adds.
    async fn counts(&self) -> Vec<i64> {
        let mut counts = Vec::new();
        for (table, _) in EACH {
            counts.push(self.count(table).await);
        }
        counts
    }

    /// That of each submission all is there, or nothing. Gives how many are there that were not `before`.
    async fn assert_whole(&self, before: &[i64], have_contacts: bool) -> i64 {
        for query in HALF_THERE {
            assert_eq!(self.query(query).await, Vec::<String>::new(), "{query}");
        }
        let now = self.counts().await;
        let added: Vec<_> = now.iter().zip(before).map(|(now, before)| now - before).collect();
        let issuances = added[1];
        let contacts = if have_contacts { issuances } else { 0 };
        assert_eq!((added[0], added[3]), (issuances, contacts), "keys and contacts of requests");
        audit_holds(&self.store).await;
        issuances
    }

    /// A group comes, is killed at this row of this table, and comes again.
    async fn kill_at_member(&mut self, mut serving: Running, members: i64, table: &str, row: i64) -> Running {
        let have_contacts = table == "contact";
        for _ in 0..TRIES {
            // What a process writes once, when it first speaks to the node, is written by then.
            self.submit(1).await;
            let before = self.counts().await;
            let (place, _) = EACH.iter().enumerate().find(|(_, (name, _))| *name == table).unwrap();
            let rows = before[place] + EACH[place].1 + row;
            let mut condition = format!("(SELECT COUNT(*) FROM {table}) = {rows}");
            if place > 1 {
                // All of them are in this transaction.
                let issuances = before[1] + 1 + members;
                condition = format!("{condition} AND (SELECT COUNT(*) FROM issuance) = {issuances}");
            }
            let stop = Stop::new(format!("INSERT ON {table}"), condition);
            self.stop_at(&stop).await;
            let (closed, hold) = (self.close_the_place().await, self.hold().await);
            let mut sent = self.send_a_group(members, have_contacts).await;
            hold.release().await;
            let mut answered = 0;
            let mut outcomes = Vec::new();
            let is_met = self
                .until_it_stops(&stop, async || {
                    while let Some(outcome) = sent.try_join_next() {
                        outcomes.push(outcome.unwrap());
                    }
                    sent.is_empty()
                })
                .await;
            drop(serving);
            closed.close().await.unwrap();
            self.until_it_has_ended().await;
            self.go_on(&stop).await;
            outcomes.extend(sent.join_all().await);
            for outcome in outcomes {
                answered += self.take_down(outcome);
            }
            let there = self.assert_whole(&before, have_contacts).await;
            assert!(answered <= there, "{answered} were answered, and {there} are there");
            serving = self.serve(&[]).await;
            self.send_again(&before, members, have_contacts).await;
            // The first one alone was through.
            if is_met && there == 1 {
                return serving;
            }
            assert!(!is_met || there <= 1 + row, "{table}, {row}");
        }
        panic!("they did not come together: {table}, {row}\n{}", self.deployment.log());
    }

    /// The same at its COMMIT: before it, or when all is on the disk and nobody was told.
    async fn kill_at_commit(&mut self, mut serving: Running, members: i64, side: &str) -> Running {
        let (since, mut met) = (self.deployment.folder.path("since"), Vec::new());
        for _ in 0..TRIES {
            drop(serving);
            let library = self.library.clone();
            let variables = [
                ("LD_PRELOAD", library.as_str()),
                ("KILL_AT_COMMIT", "2"),
                ("KILL_SIDE", side),
                ("KILL_SINCE", &since),
            ];
            let mut killed = self.serve(&variables).await;
            // What a process writes once, when it first speaks to the node, is written by then.
            self.submit(1).await;
            let before = self.counts().await;
            // On SQLite what is in the log counts for whoever opens it anew, and not for who has it open all the while.
            self.store.close().await;
            let hold = self.hold().await;
            let sent = self.send_a_group(members, false).await;
            std::fs::write(&since, "").unwrap();
            hold.release().await;
            let mut answered = 0;
            for outcome in sent.join_all().await {
                answered += self.take_down(outcome);
            }
            let status = if answered == 1 + members { None } else { Some(killed.0.wait().unwrap()) };
            std::fs::remove_file(&since).unwrap();
            drop(killed);
            self.store = Store::connect(&self.database().url, 2).await.unwrap();
            self.until_it_has_ended().await;
            let there = self.assert_whole(&before, false).await;
            assert!(answered <= there, "{answered} were answered, and {there} are there");
            serving = self.serve(&[]).await;
            self.send_again(&before, members, false).await;
            let wanted = if side == "after" { 1 + members } else { 1 };
            met.push((there, answered));
            if there == wanted && answered <= 1 {
                assert_eq!(status.unwrap().signal(), Some(9));
                return serving;
            }
        }
        panic!("they did not come together: {side} the COMMIT, {met:?}");
    }

    /// Whoever was sent is sent again, twice: there is one of each.
    async fn send_again(&mut self, before: &[i64], members: i64, have_contacts: bool) {
        let count = usize::try_from(1 + members).unwrap();
        for _ in 0..2 {
            let mut sent = JoinSet::new();
            for number in self.requests.len() - count..self.requests.len() {
                self.send(&mut sent, number);
            }
            let mut answered = 0;
            for outcome in sent.join_all().await {
                answered += self.take_down(outcome);
            }
            assert_eq!(answered, 1 + members);
        }
        assert_eq!(self.assert_whole(before, have_contacts).await, 1 + members);
    }

    /// In the end each request has its one credential, in the user's profile and nowhere else.
    async fn assert_all_delivered(&self) {
        self.let_time_pass().await;
        let work = self.deployment.start(&["worker"], &[]);
        let start = Instant::now();
        loop {
            let counts = issuances_by_state(&self.database().url).await;
            if counts.iter().all(|(state, _)| state == "issued") {
                break;
            }
            self.let_time_pass_for_jobs().await;
            assert!(start.elapsed() < Duration::from_mins(2), "{counts:?}\n{}", self.deployment.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(work);
        let answered: BTreeSet<_> =
            self.requests.iter().map(|request| request.answered.clone().unwrap()).collect();
        assert_eq!(answered.len(), self.requests.len(), "one issuance was given to two requests");
        let mut expected = BTreeSet::new();
        for id in &answered {
            let issuance = self.store.issuance(&id.parse().unwrap()).await.unwrap().unwrap();
            expected.insert(issuance.ids.original.to_string());
            if issuance.delivery.has_copy() {
                expected.insert(issuance.ids.copy.to_string());
            }
        }
        let there: Vec<_> =
            self.deployment.node.credentials().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(there.len(), expected.len(), "lost or doubled");
        assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(self.count("issuance").await, i64::try_from(answered.len()).unwrap());
        for query in HALF_THERE {
            assert_eq!(self.query(query).await, Vec::<String>::new(), "{query}");
        }
        audit_holds(&self.store).await;
    }

    async fn let_time_pass_for_jobs(&self) {
        let mut connection = self.connect().await;
        run(&mut connection, "UPDATE job SET due_at = 0 WHERE state = 'ready'").await;
        connection.close().await.unwrap();
    }

    /// So many are submitted, of which some have a contact.
    async fn submit(&mut self, count: usize) {
        let mut sent = JoinSet::new();
        for number in 0..count {
            let request = self.new_request(number % 4 == 0);
            self.send(&mut sent, request);
        }
        for outcome in sent.join_all().await {
            assert_eq!(self.take_down(outcome), 1);
        }
    }

    /// The background work begins, and is killed at a place. Gives whether it has come there.
    async fn kill_the_work(&self, stop: &Stop) -> bool {
        self.let_time_pass().await;
        self.stop_at(stop).await;
        let closed = self.close_the_place().await;
        let work = self.deployment.start(&["worker"], &[]);
        let is_met = self.until_it_stops(stop, async || self.count("job").await == 0).await;
        drop(work);
        closed.close().await.unwrap();
        self.until_it_has_ended().await;
        self.go_on(stop).await;
        for query in HALF_THERE {
            assert_eq!(self.query(query).await, Vec::<String>::new(), "{query}");
        }
        audit_holds(&self.store).await;
        is_met
    }
}

on_both_databases! {
    async fn killed_at_each_member_of_what_is_taken_in_together(backend) {
        let mut scene = Scene::new(backend).await;
        let mut serving = scene.serve(&[]).await;
        // Contacts are written one after the other, so that each has a statement of its own; all else is written together.
        for row in 0..MEMBERS {
            serving = scene.kill_at_member(serving, MEMBERS, "contact", row).await;
        }
        for (table, row) in [
            ("idempotency", MEMBERS - 1),
            ("issuance", MEMBERS - 1),
            ("sealed_credential", MEMBERS - 1),
            ("job", 0),
            ("job", MEMBERS - 1),
            ("audit", 2 * MEMBERS - 1),
        ] {
            serving = scene.kill_at_member(serving, MEMBERS, table, row).await;
        }
        for (table, row) in [("contact", 0), ("contact", MANY - 1), ("audit", 2 * MANY - 1)] {
            serving = scene.kill_at_member(serving, MANY, table, row).await;
        }
        for side in ["before", "after"] {
            serving = scene.kill_at_commit(serving, MEMBERS, side).await;
        }
        drop(serving);
        scene.assert_all_delivered().await;
    }

    async fn killed_at_members_of_what_a_lane_remembers_together(backend) {
        let mut scene = Scene::new(backend).await;
        let serving = scene.serve(&[]).await;
        scene.submit(TO_DELIVER).await;

        // None of them is sent unless all are known.
        for row in [0, 1, 8, 15] {
            let condition = format!(
                "NEW.state = 'sent' AND OLD.state = 'ready' AND (SELECT COUNT(*) FROM job WHERE state = 'sent') = {row}"
            );
            assert!(scene.kill_the_work(&Stop::new("UPDATE ON job", condition)).await, "{row}");
            assert_eq!(scene.count("job WHERE state = 'sent'").await, 0);
            assert_eq!(scene.count("audit WHERE act = 'sending'").await, 0);
        }
        assert_eq!(scene.deployment.node.credentials().await.unwrap().len(), 0);

        // What is found written is remembered of all that are found, or of none. Those that are remembered together are so as of one time.
        for (before, is_one, others) in [
            (
                "UPDATE ON issuance",
                "NEW.state = 'issued' AND OLD.state = 'queued'",
                "issuance WHERE issued_at = NEW.issued_at",
            ),
            ("INSERT ON event", "NEW.kind = 'issuance.issued'", "event WHERE created_at = NEW.created_at"),
            (
                "DELETE ON job",
                "OLD.state = 'sent'",
                "issuance JOIN job ON job.subject = issuance.id WHERE issuance.state = 'issued'",
            ),
            ("INSERT ON audit", "NEW.act = 'issued'", "audit WHERE act = 'issued' AND at = NEW.at"),
        ] {
            let condition = format!("{is_one} AND (SELECT COUNT(*) FROM {others}) = 2");
            let mut tries = 0;
            while !scene.kill_the_work(&Stop::new(before, condition.as_str())).await {
                tries += 1;
                assert!(tries < TRIES, "no three were remembered together: {before}");
                scene.submit(TO_DELIVER).await;
            }
            // What was sent before the kill is looked up by itself.
            scene.submit(TO_DELIVER).await;
        }
        drop(serving);
        scene.assert_all_delivered().await;
    }
}
