//! `kill -9` of the real binary at random moments, under load, with a node that misbehaves.
//!
//! Clients submit all the while, and repeat what was not answered under the same `Idempotency-Key`. In the end there is
//! exactly one credential for each request, the audit chain holds, and no content is left.

mod erasing;
mod groups;
mod imports;
mod sources;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_devnode::{DevNodeConfig, Fault, Inserter, Mix, RandomFaults, Schema};
use idos_issuer::config::KeyFiles;
use idos_issuer::keys::Keys;
use idos_issuer::store::{Store, WhoseContent};
use idos_localnet::AnyNode;
use idos_wallet::WalletType;
use rand::Rng as _;
use serde_json::{Value, json};

use crate::support::service::{Backend, Database, audit_holds};
use crate::support::tables::issuances_by_state;
use crate::support::{Folder, ISSUER_URL, User, World, example, id, run};

/// How often the service is killed, on each database.
const KILLS: usize = 200;

/// The same where contents go to a blob gateway.
const KILLS_AT_THE_GATEWAY: usize = 60;

/// Clients that submit all the while: so many that what they send is taken in together.
const CLIENTS: usize = 8;

/// The service. Dropped, it is killed: also where a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Builds what is loaded into a process that is to be killed at a commit, and gives its path.
fn commit_killer(folder: &Folder) -> String {
    let library = folder.path("at_a_commit.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/kills/at_a_commit.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o", &library, source, "-ldl"]).status();
    assert!(built.unwrap().success());
    library
}

struct Deployment {
    folder: Folder,
    config: String,
    url: String,
    database: Database,
    node: AnyNode,
    user: User,
    key: String,
    schema: Schema,
}

impl Deployment {
    async fn new(backend: Backend, schema: Schema) -> Self {
        Self::with(backend, schema, &[], |_| String::new()).await
    }

    /// With profiles of these people as well, and with more settings.
    async fn with(
        backend: Backend,
        schema: Schema,
        people: &[User],
        settings: impl FnOnce(&Folder) -> String,
    ) -> Self {
        let folder = Folder::new();
        let keys_folder = folder.path("keys");
        assert!(run(&["keys", "generate", "--folder", &keys_folder]).status.success());
        let keys = Keys::load(&KeyFiles::in_folder(keys_folder.as_ref()), Some(ISSUER_URL)).unwrap();
        let inserters = vec![Inserter::new("Example KYC", [keys.first().public_hex()])];
        let block_interval = Some(Duration::from_millis(100));
        let node = DevNodeConfig { inserters, block_interval, schema, ..DevNodeConfig::default() };
        let world = World::with(&keys, node).await;
        let user = User::with(WalletType::Evm);
        for person in people.iter().chain([&user]) {
            world.create_profile(person).await.unwrap();
        }

        let database = Database::new(backend).await;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.write(
            "config.toml",
            format!(
                "[node]\nurl = \"{}\"\n[issuer]\nname = \"Example KYC\"\nurl = \"{ISSUER_URL}\"\n\
                 [keys]\nsigning = \"keys/signing.key\"\nwrite = \"keys/write.key\"\n\
                 encryption = \"keys/encryption.key\"\nvault = \"keys/vault.key\"\n\
                 [database]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\nrequests_per_second = 1000\n\
                 [delivery]\nlease_seconds = 5\n{}",
                world.node.url(),
                database.url,
                settings(&folder),
            ),
        );
        let made = run(&["--config", &config, "migrate", "--create"]);
        assert!(made.status.success(), "{made:?}");
        let made = run(&["--config", &config, "apikey", "create", "--client", "acme", "--json"]);
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let key = made["key"].as_str().unwrap().to_owned();
        let url = format!("http://127.0.0.1:{port}");
        Self { folder, config, url, database, node: world.node, user, key, schema }
    }

    fn serve(&self) -> Running {
        self.start(&["serve"], &[])
    }

    /// Starts the program with these arguments and variables.
    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_idos-issuer"))
            .args(["--config", &self.config])
            .args(arguments)
            .env_remove("IDOS_NODE_URL")
            .envs(variables.iter().copied())
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Running(child)
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path("log")).unwrap();
        log.lines().rev().take(60).collect::<Vec<_>>().join("\n")
    }
}

/// A write grant that the user has signed, got from a service that may be away.
async fn grant(
    deployment: &Deployment,
    user: &User,
    client: &reqwest::Client,
    stop: &AtomicBool,
) -> Option<Value> {
    let url = format!("{}/v1/write-grants", deployment.url);
    let owner = json!({ "type": "EVM", "address": user.wallet.address() });
    let ask = json!({ "owner": owner, "validForSeconds": 3600 });
    while !stop.load(Ordering::Relaxed) {
        let asked = client.post(&url).bearer_auth(&deployment.key).json(&ask).send().await;
        if let Ok(answer) = asked
            && answer.status().is_success()
            && let Ok(text) = answer.text().await
        {
            let offered: Value = serde_json::from_str(&text).unwrap();
            let signature = user.wallet.sign_message(offered["message"].as_str().unwrap(), [7; 32]);
            let signed = json!({ "grant": offered["grant"], "owner": owner, "signature": signature });
            return Some(json!({ "by": "write_grant", "writeGrant": signed }));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// Small evidence, to be sent as it is.
fn body(user: &User, delivery: &Value) -> Value {
    let text = std::fs::read_to_string(example("kyc-result.json")).unwrap();
    let mut evidence: Value = serde_json::from_str(&text).unwrap();
    let file = json!({ "base64": STANDARD.encode([0xff, 0xd8, 0xff, 1, 2, 3]) });
    let subject = evidence["subject"].as_object_mut().unwrap();
    for (name, value) in subject.iter_mut() {
        if name.ends_with("File") {
            *value = file.clone();
        }
    }
    if let Some(address) = subject.get_mut("residentialAddress") {
        address["proofFile"] = file;
    }
    evidence["expiresAt"] = json!("2040-01-01");
    json!({ "userId": user.id, "kind": "kyc", "evidence": evidence, "delivery": delivery })
}

/// Submits until `stop`, each request until it is answered. Gives the ids.
async fn submit_all_the_while(
    deployment: &Deployment,
    stop: &AtomicBool,
    answered: &AtomicUsize,
    strange: &Mutex<Vec<String>>,
) -> BTreeSet<String> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let mut ids = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        let delivery = match deployment.schema {
            Schema::Current => Some(json!({ "by": "inserter" })),
            Schema::Next | Schema::Transition => grant(deployment, &deployment.user, &client, stop).await,
        };
        let Some(delivery) = delivery else { break };
        let body = body(&deployment.user, &delivery).to_string();
        let key = id().to_string();
        loop {
            let answer = client
                .post(format!("{}/v1/issuances", deployment.url))
                .bearer_auth(&deployment.key)
                .header("Idempotency-Key", &key)
                .header("Content-Type", "application/json")
                .body(body.clone())
                .send()
                .await;
            match answer {
                Ok(answer) if answer.status() == 202 => {
                    // An answer that is cut off is none.
                    let Ok(text) = answer.text().await else { continue };
                    let issuance: Value = serde_json::from_str(&text).unwrap();
                    ids.insert(issuance["id"].as_str().unwrap().to_owned());
                    answered.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Ok(answer) if answer.status() == 503 => tokio::time::sleep(Duration::from_millis(50)).await,
                Ok(answer) => {
                    let text = format!("{} {}", answer.status(), answer.text().await.unwrap_or_default());
                    strange.lock().unwrap().push(text);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    ids
}

fn faults(seed: u64) -> RandomFaults {
    let broadcast = Mix {
        refuse: 3,
        delay: 5,
        delay_ms: 50,
        hang_up_after_commit: 5,
        wrong_nonce: 4,
        drop_transaction: 2,
        lose_mempool: 1,
        down: 1,
        down_ms: 200,
        ..Mix::default()
    };
    let look_up =
        Mix { refuse: 3, delay: 3, delay_ms: 50, hang_up_after_commit: 3, down: 1, ..Mix::default() };
    RandomFaults { seed, broadcast, look_up, view: look_up }
}

/// What a blob gateway may do to an upload.
fn harm_an_upload(deployment: &Deployment, round: usize) {
    let faults = [
        Fault::LoseUpload,
        Fault::HangUpAfterCommit,
        Fault::EndSession,
        Fault::LoseAnswer,
        Fault::Delay { ms: 200 },
        Fault::Answer { status: 503, body: "not now".to_owned() },
    ];
    let (fault, method) = (faults[round % faults.len()].clone(), Some("blob.upload".to_owned()));
    let switch = idos_devnode::Switch { fault, method, action: None, next: Some(1) };
    deployment.node.dev().unwrap().faults().set(switch);
}

async fn killed_all_the_while(backend: Backend, schema: Schema, kills: usize) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let deployment = Arc::new(Deployment::new(backend, schema).await);
    deployment.node.dev().unwrap().faults().set_random(faults(3));
    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let strange = Arc::new(Mutex::new(Vec::new()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (deployment, stop) = (Arc::clone(&deployment), Arc::clone(&stop));
            let (answered, strange) = (Arc::clone(&answered), Arc::clone(&strange));
            tokio::spawn(async move { submit_all_the_while(&deployment, &stop, &answered, &strange).await })
        })
        .collect();

    for round in 0..kills {
        if schema.has_blobs() {
            harm_an_upload(&deployment, round);
        }
        let service = deployment.serve();
        // Often while it starts, mostly while it works.
        let moment = rand::thread_rng().gen_range(20..900);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        drop(service);
    }
    assert!(
        answered.load(Ordering::Relaxed) > kills / 4,
        "nearly nothing was accepted:\n{}",
        deployment.log()
    );

    deployment.node.dev().unwrap().faults().clear();
    let _service = deployment.serve();
    stop.store(true, Ordering::Relaxed);
    let mut ids = BTreeSet::new();
    for client in clients {
        let theirs = client.await.unwrap();
        let expected = ids.len() + theirs.len();
        ids.extend(theirs);
        assert_eq!(ids.len(), expected, "one issuance was given to two requests");
    }
    assert_eq!(*strange.lock().unwrap(), Vec::<String>::new());

    let store = Store::connect(&deployment.database.url, 4).await.unwrap();
    let start = Instant::now();
    loop {
        let counts = issuances_by_state(&deployment.database.url).await;
        if counts.iter().all(|(state, _)| state == "issued") {
            break;
        }
        // Jobs that failed often are due much later; here nobody has the time.
        for job in store.jobs(None, 1000).await.unwrap() {
            let mut tx = store.begin().await.unwrap();
            tx.bring_forward(job.work, &job.subject, idos_issuer::clock::now()).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert!(start.elapsed() < Duration::from_mins(2), "{counts:?}\n{}", deployment.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let mut expected = BTreeSet::new();
    for id in &ids {
        let id = id.parse().unwrap();
        let issuance = store.issuance(&id).await.unwrap().unwrap();
        expected.insert(issuance.ids.original.to_string());
        if issuance.delivery.has_copy() {
            expected.insert(issuance.ids.copy.to_string());
        }
        assert_eq!(store.sealed_part(&id, WhoseContent::Original, 0).await.unwrap(), None);
        assert!(!store.has_sealed(&id).await.unwrap());
        assert_eq!(store.unsealed(&id).await.unwrap(), None);
    }
    let there: Vec<_> = deployment.node.credentials().await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(there.len(), expected.len(), "lost or doubled");
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), expected);
    let blobs = deployment.node.dev().unwrap().blobs().await.unwrap();
    assert!(blobs.iter().all(|blob| blob.is_named));
    assert_eq!(blobs.len(), if schema.has_blobs() { 2 * ids.len() } else { 0 });
    audit_holds(&store).await;
    assert_eq!(store.jobs(None, 10).await.unwrap(), []);
    store.close().await;
}

on_both_databases! {
    async fn killed_two_hundred_times(backend) {
        killed_all_the_while(backend, Schema::Current, KILLS).await;
    }

    async fn killed_while_contents_go_to_the_gateway(backend) {
        killed_all_the_while(backend, Schema::Next, KILLS_AT_THE_GATEWAY).await;
    }
}
