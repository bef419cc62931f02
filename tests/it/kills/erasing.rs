//! `kill -9` of the background work at each commit of an erasure: before the database has it, and when it has it and the process never
//! hears of that. What kills is `at_a_commit.c`, which is loaded into the real binary.
//!
//! Each person has a case of their own, so that one kill after the other meets an erasure that is whole. Whatever was killed when,
//! nothing is left but one receipt, and it says what that of an erasure says in which nothing was killed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use idos_credential::{AcceptedIssuer, ErasureReceipt};
use idos_devnode::Schema;
use idos_issuer::clock;
use idos_issuer::config::KeyFiles;
use idos_issuer::flow::api_keys;
use idos_issuer::keys::Keys;
use idos_issuer::model::client::Scope;
use idos_issuer::model::ids::CaseId;
use idos_issuer::store::Store;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use super::{Deployment, Running, body, commit_killer, grant};
use crate::http::door::new_profile;
use crate::service::receiver::Receiver;
use crate::service::sharing::{endpoints, wait_for};
use crate::support::service::{Backend, audit_holds};
use crate::support::tables::bytes;
use crate::support::{Folder, ISSUER_URL, User, id};

/// How many people have their records made at a time.
const PEOPLE: usize = 12;

/// Kills after which it is given up to meet each step.
const MOST_KILLS: usize = 400;

/// What a kill has to leave behind at least once: how far the case is with its mail, its records, and what goes to the network.
const STEPS: [&str; 15] = [
    "case settling, mail open",
    "case writing, mail open",
    "case writing, mail sending",
    "case writing, mail sent",
    "case forgetting, mail sent",
    "case telling, mail sent",
    "case looking, mail sent",
    "case done",
    "record listed",
    "record ready",
    "record told",
    "record forgotten",
    "copy removing",
    "copy removed",
    "issuance revoking",
];

struct Scene {
    deployment: Deployment,
    /// Answers requests, and does no work.
    _api: Running,
    client: reqwest::Client,
    store: Store,
    receiver: Receiver,
    mails: Folder,
    /// What is loaded into the process that is killed.
    library: String,
}

/// Somebody of whom there is a profile and a credential.
struct Person {
    user: User,
    records: BTreeSet<String>,
    /// Of the credential, on the network.
    original: String,
}

impl Scene {
    async fn new(backend: Backend) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let (receiver, mails) = (Receiver::start(&[]).await, Folder::new());
        let settings = |folder: &Folder| {
            format!(
                "[erasure]\nidentity = \"by_client\"\nrevoke = true\n\
                 [mail]\ntransport = \"folder\"\nfolder = \"{}\"\nfrom = \"Example <a@b.example>\"\n{}",
                mails.path(""),
                endpoints(folder, &[("cases", &receiver.url)])
            )
        };
        let mut deployment = Deployment::with(backend, Schema::Current, &[], settings).await;
        let library = commit_killer(&deployment.folder);
        let api = deployment.start(&["serve", "--no-worker"], &[]);
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let alive = format!("{}/livez", deployment.url);
        wait_for("the service answers", async || client.get(&alive).send().await.is_ok()).await;
        let store = Store::connect(&deployment.database.url, 4).await.unwrap();
        // One that may erase, which must be asked for.
        let (_, key) = api_keys::create(&store, "acme", Scope::ALL, None, clock::now()).await.unwrap();
        deployment.key = key.to_string();
        Self { deployment, _api: api, client, store, receiver, mails, library }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.deployment.url);
        let request = self.client.post(url).header("Idempotency-Key", id().to_string()).json(body);
        let answer = request.bearer_auth(&self.deployment.key).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn until(&self, path: &str, state: &str) -> Value {
        let url = format!("{}{path}", self.deployment.url);
        let mut shown = Value::Null;
        wait_for(path, async || {
            let answer = self.client.get(&url).bearer_auth(&self.deployment.key).send().await.unwrap();
            shown = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            shown["state"] == state
        })
        .await;
        shown
    }

    async fn query(&self, statement: &str) -> Vec<String> {
        let mut connection = AnyConnection::connect(&self.deployment.database.url).await.unwrap();
        let rows = sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// As when the leases of who was killed have run out, and what was put off is due.
    async fn let_time_pass(&self) {
        let mut connection = AnyConnection::connect(&self.deployment.database.url).await.unwrap();
        for statement in [
            "UPDATE lane SET lease_until = 0",
            "UPDATE job SET lease_until = 0 WHERE lease_until IS NOT NULL",
            "UPDATE job SET due_at = 0 WHERE state = 'ready'",
            "UPDATE recurring SET due_at = 0 WHERE name = 'sweep'",
        ] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    }

    async fn person(&self) -> Person {
        let user = User::with(WalletType::Evm);
        let profile = self.post("/v1/profiles", &new_profile(&user)).await;
        let profile = profile["id"].as_str().unwrap().to_owned();
        self.until(&format!("/v1/profiles/{profile}"), "created").await;
        let delivery = grant(&self.deployment, &user, &self.client, &AtomicBool::new(false)).await.unwrap();
        let mut submission = body(&user, &delivery);
        submission["contact"] = json!({ "email": format!("{}@example.com", user.id) });
        submission["reference"] = json!(user.id);
        let issuance = self.post("/v1/issuances", &submission).await["id"].as_str().unwrap().to_owned();
        self.until(&format!("/v1/issuances/{issuance}"), "issued").await;
        let original = self.store.issuance(&issuance.parse().unwrap()).await.unwrap().unwrap().ids.original;
        Person { user, records: BTreeSet::from([profile, issuance]), original: original.to_string() }
    }

    async fn people(&self) -> Vec<Person> {
        let work = self.deployment.start(&["worker"], &[]);
        let people = futures_util::future::join_all((0..PEOPLE).map(|_| self.person())).await;
        // What is told of them does not come between.
        wait_for("all is told", async || self.store.jobs(None, 1).await.unwrap().is_empty()).await;
        drop(work);
        self.let_time_pass().await;
        people
    }

    /// Decides that somebody is to be forgotten. Nobody works on it yet.
    async fn decide(&self, person: &Person) -> CaseId {
        let asked = json!({ "user": { "userId": person.user.id }, "identity": { "checkedBy": "client" } });
        let case = self.post("/v1/erasure-cases", &asked).await;
        let id = case["id"].as_str().unwrap().to_owned();
        let listed =
            case["records"].as_array().unwrap().iter().map(|of| of["id"].as_str().unwrap().to_owned());
        assert_eq!(listed.collect::<BTreeSet<_>>(), person.records);
        let decided = self.post(&format!("/v1/erasure-cases/{id}/decide"), &json!({})).await;
        assert_eq!(decided["state"], "carrying_out");
        id.parse().unwrap()
    }

    async fn is_done(&self, case: &CaseId) -> bool {
        self.query(&format!("SELECT state FROM erasure_case WHERE id = '{case}'")).await == ["done"]
    }

    /// Works until it is killed at its nth commit, or until the case is done. Gives whether it was killed.
    async fn work_until_killed(&self, case: &CaseId, commit: usize, side: &str) -> bool {
        let number = commit.to_string();
        let variables =
            [("LD_PRELOAD", self.library.as_str()), ("KILL_AT_COMMIT", &number), ("KILL_SIDE", side)];
        let mut work = self.deployment.start(&["worker"], &variables);
        let start = Instant::now();
        loop {
            if let Some(status) = work.0.try_wait().unwrap() {
                assert_eq!(status.signal(), Some(9), "{status}\n{}", self.deployment.log());
                return true;
            }
            if self.is_done(case).await {
                return false;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "{case}\n{}", self.deployment.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where all stands: each of [`STEPS`] that holds, and others.
    async fn standing(&self, case: &CaseId) -> Vec<String> {
        let of_case = format!("WHERE case_id = '{case}'");
        let mut standing = Vec::new();
        for query in [
            format!("SELECT 'case ' || phase || ', mail ' || mail FROM erasure_run {of_case}"),
            format!("SELECT 'case ' || state FROM erasure_case WHERE id = '{case}'"),
            format!("SELECT 'record ' || step FROM erasure_record {of_case}"),
            format!("SELECT 'copy ' || copy FROM erasure_record {of_case} AND copy IS NOT NULL"),
            format!(
                "SELECT 'issuance ' || state FROM issuance \
                 WHERE id IN (SELECT record_id FROM erasure_record {of_case})"
            ),
        ] {
            standing.extend(self.query(&query).await);
        }
        standing
    }

    async fn finish(&self, case: &CaseId) {
        self.let_time_pass().await;
        let work = self.deployment.start(&["worker"], &[]);
        let start = Instant::now();
        while !self.is_done(case).await {
            let log = || self.deployment.log();
            assert!(start.elapsed() < Duration::from_mins(1), "{:?}\n{}", self.standing(case).await, log());
            self.let_time_pass_for(case).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(work);
        self.let_time_pass().await;
    }

    /// What a case has put off is due.
    async fn let_time_pass_for(&self, case: &CaseId) {
        let mut connection = AnyConnection::connect(&self.deployment.database.url).await.unwrap();
        if self.deployment.database.url.starts_with("sqlite:") {
            // The worker writes again and again, and SQLite lets nobody in by turn.
            sqlx::query("PRAGMA busy_timeout = 60000").execute(&mut connection).await.unwrap();
        }
        let statement = format!("UPDATE job SET due_at = 0 WHERE subject = '{case}' AND state = 'ready'");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// That nothing is left of somebody but a receipt. Gives what that says, but for its times and the mail.
    async fn assert_forgotten(
        &self,
        person: &Person,
        case: &CaseId,
        keys: &Keys,
    ) -> BTreeMap<String, String> {
        for record in &person.records {
            assert_eq!(self.store.remains_of(record).await.unwrap(), Vec::<String>::new(), "{record}");
        }
        let user = person.user.id;
        for table in ["issuance", "profile"] {
            let rows = self.query(&format!("SELECT id FROM {table} WHERE user_id = '{user}'")).await;
            assert_eq!(rows, Vec::<String>::new(), "{table}");
        }
        for table in ["erasure_run", "erasure_record"] {
            let rows = self.query(&format!("SELECT case_id FROM {table} WHERE case_id = '{case}'")).await;
            assert_eq!(rows, Vec::<String>::new(), "{table}");
        }
        let receipt = self.query(&format!("SELECT receipt FROM erasure_case WHERE id = '{case}'")).await;
        let key = keys.signing_at(clock::now()).unwrap();
        let accepted = [AcceptedIssuer::of(key.method.clone())];
        let receipt = ErasureReceipt::verify(receipt[0].as_bytes(), &accepted, clock::now()).unwrap();
        assert_eq!(receipt.case, case.as_str());
        let done = self
            .query(&format!("SELECT act FROM audit WHERE subject = '{case}' AND act = 'case_done'"))
            .await;
        assert_eq!(done.len(), 1);
        // At most one mail, and where it is not known whether there was one, the receipt says so.
        let mails = std::fs::read_dir(&self.mails.0).unwrap().filter(|file| {
            let name = file.as_ref().unwrap().file_name().into_string().unwrap();
            name.contains(case.as_str())
                && std::path::Path::new(&name).extension().is_some_and(|end| end == "eml")
        });
        let says: BTreeMap<_, _> =
            receipt.says.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let confirmation = says["confirmation"].as_str();
        let may_be = if confirmation == "sent" { 1..=1 } else { 0..=1 };
        assert!(may_be.contains(&mails.count()) && ["sent", "unclear"].contains(&confirmation), "{says:?}");
        let varies = |name: &str| ["received", "erased", "confirmation"].contains(&name);
        says.into_iter().filter(|(name, _)| !varies(name)).collect()
    }
}

on_both_databases! {
    async fn killed_at_each_commit_of_an_erasure(backend) {
        let scene = Scene::new(backend).await;
        let folder = scene.deployment.folder.path("keys");
        let keys = Keys::load(&KeyFiles::in_folder(folder.as_ref()), Some(ISSUER_URL)).unwrap();
        let (mut people, mut cases) = (Vec::new(), BTreeSet::new());
        let (mut users, mut originals) = (BTreeSet::new(), BTreeSet::new());
        let (mut met, mut receipts, mut was_whole) = (BTreeSet::new(), BTreeSet::new(), false);
        let (mut kills, mut commit, mut is_after) = (0, 1, false);
        let is_met = |met: &BTreeSet<String>| STEPS.iter().all(|step| met.contains(*step));
        while !was_whole || !is_met(&met) {
            if people.is_empty() {
                people = scene.people().await;
            }
            let person: Person = people.pop().unwrap();
            let case = scene.decide(&person).await;
            let was_killed = scene.work_until_killed(&case, commit, if is_after { "after" } else { "before" }).await;
            met.extend(scene.standing(&case).await);
            scene.finish(&case).await;
            receipts.insert(scene.assert_forgotten(&person, &case, &keys).await);
            users.insert(person.user.id.to_string());
            originals.insert(person.original);
            cases.insert(case);
            if was_killed {
                kills += 1;
                (commit, is_after) = (commit + usize::from(is_after), !is_after);
            } else {
                // All of its commits have been met. What else commits in the same process comes between now and then, and may have been
                // met in place of one.
                (was_whole, commit) = (true, 1);
            }
            let missing: Vec<_> = STEPS.iter().filter(|step| !met.contains(**step)).collect();
            assert!(kills < MOST_KILLS, "not met: {missing:?}");
        }
        assert!(kills >= 2 * STEPS.len(), "{kills} kills");
        // Whatever was killed, it comes to the same.
        assert_eq!(receipts.len(), 1, "{receipts:#?}");
        let says = receipts.first().unwrap();
        for member in ["issuances", "profiles", "issuerCopiesRemoved", "userCredentialsRevoked", "userRows"] {
            assert_eq!(says[member], "1", "{member}");
        }
        assert_eq!((says["issuerCopiesLeft"].as_str(), says["userCredentialsNotRevoked"].as_str()), ("0", "0"));
        let left = scene.deployment.node.credentials().await.unwrap();
        let waiting: BTreeSet<_> = people.iter().map(|person| person.original.clone()).collect();
        for original in &originals {
            let row = left.iter().find(|row| row.id == *original).unwrap();
            assert!(row.public_notes.contains("revoked"));
        }
        // Of those who are left there are two each, of the others the user's alone.
        assert_eq!(left.len(), originals.len() + 2 * waiting.len());
        let told: Vec<_> = scene.receiver.got().into_iter().filter(|of| of.contains("record.erased")).collect();
        assert!(told.len() >= cases.len());
        let receipts = scene.query("SELECT id FROM erasure_case WHERE state = 'done' AND receipt IS NOT NULL").await;
        assert_eq!(receipts.len(), cases.len());
        audit_holds(&scene.store).await;
        // Nor is anything left in the files: the next sweep empties the log that whoever was killed has left.
        scene.let_time_pass().await;
        let work = scene.deployment.start(&["worker"], &[]);
        wait_for("nothing is left in the files", async || {
            let bytes = bytes(&scene.deployment.database).await;
            users.iter().all(|user| memchr::memmem::find(&bytes, user.as_bytes()).is_none())
        })
        .await;
        drop(work);
        scene.store.close().await;
    }
}
