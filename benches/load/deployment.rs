//! The binaries as their users run them: a node or a kwild network, and services with databases of their own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use idos_client::actions::{AddUserAsInserter, PasswordStore};
use idos_client::{Broadcast, Client, ClientConfig, Nonce, Signer};
use idos_credential::EncryptionSecret;
use idos_issuer::config::KeyFiles;
use idos_issuer::keys::Keys;
use idos_issuer::store::Store;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::chain::Chain;
use crate::process;

pub(crate) const ISSUER_URL: &str = "https://kyc.example.com/idos";
pub(crate) const ISSUER_NAME: &str = "Example KYC";

/// Write keys for services; one more writes by itself.
pub(crate) const KEYS: usize = 7;

/// Which database a service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
pub(crate) enum Backend {
    #[serde(rename = "SQLite")]
    Sqlite,
    #[serde(rename = "PostgreSQL")]
    Postgres,
}

/// Which `idos-issuer` it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Program {
    /// That of this build.
    This,
    /// One that is given, such as that of the release before.
    Other,
}

/// Programs, keys, and a folder that is gone afterwards.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    programs: PathBuf,
    /// Another `idos-issuer`, to be measured beside this one.
    other: Option<PathBuf>,
    postgres: url::Url,
    postgres_pid: Option<u32>,
    number: AtomicU32,
}

impl Site {
    /// Makes the folder and the keys.
    pub(crate) fn new(other: Option<PathBuf>) -> Self {
        let programs = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let postgres: url::Url = std::env::var("IDOS_TEST_POSTGRES_URL").unwrap().parse().unwrap();
        let folder = std::env::temp_dir().join(format!("idos-load-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let postgres_pid = process::postgres_at(postgres.port().unwrap_or(5432));
        let site = Self { folder, programs, other, postgres, postgres_pid, number: AtomicU32::new(0) };
        for number in 0..=KEYS {
            site.run(
                Program::This,
                &["keys", "generate", "--folder", &site.key_folder(number).display().to_string()],
            );
        }
        site
    }

    /// A folder of its own for something.
    pub(crate) fn new_folder(&self, what: &str) -> PathBuf {
        let folder = self.folder.join(format!("{what}{}", self.number.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// An empty database: in this folder, or on the server.
    pub(crate) async fn database(&self, backend: Backend, folder: &Path) -> Database {
        match backend {
            Backend::Sqlite => {
                Database { url: format!("sqlite://{}", folder.join("issuer.db").display()), server: None }
            }
            Backend::Postgres => {
                let number = self.number.fetch_add(1, Ordering::Relaxed);
                let name = format!("load{}_{number}", std::process::id());
                execute(&self.postgres, &format!("CREATE DATABASE {name}")).await;
                let mut url = self.postgres.clone();
                url.set_path(&name);
                Database { url: url.to_string(), server: Some((self.postgres.clone(), name)) }
            }
        }
    }

    fn key_folder(&self, number: usize) -> PathBuf {
        self.folder.join(format!("keys{number}"))
    }

    /// Keys of which number `write` is the one that writes.
    pub(crate) fn keys(&self, write: usize) -> Keys {
        let mut files = KeyFiles::in_folder(&self.key_folder(0));
        files.write = vec![self.key_folder(write).join("write.key").into()];
        Keys::load(&files, Some(ISSUER_URL)).unwrap()
    }

    /// Settings of a service with these of the write keys.
    pub(crate) fn settings(&self, node_url: &str, database_url: &str, write: &[usize]) -> String {
        let path = |path: PathBuf| format!("\"{}\"", path.display());
        let first = |name: &str| path(self.key_folder(0).join(name));
        let write: Vec<_> =
            write.iter().map(|number| path(self.key_folder(*number).join("write.key"))).collect();
        format!(
            "[node]\nurl = \"{node_url}\"\n[issuer]\nname = \"{ISSUER_NAME}\"\nurl = \"{ISSUER_URL}\"\n\
             [keys]\nsigning = {}\nwrite = [{}]\nencryption = {}\nvault = {}\n[database]\nurl = \"{database_url}\"\n",
            first("signing.key"),
            write.join(", "),
            first("encryption.key"),
            first("vault.key"),
        )
    }

    pub(crate) fn signer(&self, write: usize) -> Signer {
        self.keys(write).first().signer()
    }

    /// Which programs are to be compared.
    pub(crate) fn to_compare(&self) -> Vec<Program> {
        let other = self.other.as_ref().map(|_| Program::Other);
        other.into_iter().chain([Program::This]).collect()
    }

    pub(crate) fn program(&self, name: &str) -> Command {
        Self::command(self.programs.join(name))
    }

    fn issuer(&self, which: Program) -> Command {
        match (which, &self.other) {
            (Program::Other, Some(path)) => Self::command(path.clone()),
            _ => self.program("idos-issuer"),
        }
    }

    fn command(path: PathBuf) -> Command {
        let mut command = Command::new(path);
        for variable in
            ["IDOS_NODE_URL", "IDOS_ISSUER_DATABASE_URL", "IDOS_ISSUER_DATABASE_URL_FILE", "RUST_LOG"]
        {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, which: Program, arguments: &[&str]) -> Vec<u8> {
        let output = self.issuer(which).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Processor time of the PostgreSQL server, if it runs here.
    pub(crate) fn postgres_cpu(&self) -> Duration {
        self.postgres_pid.map(process::cpu_of_family).unwrap_or_default()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A database of the benchmark's own.
pub(crate) struct Database {
    pub(crate) url: String,
    /// The server and the database's name there.
    server: Option<(url::Url, String)>,
}

impl Database {
    /// A store on it, with the schema.
    pub(crate) async fn store(&self) -> Store {
        let store = Store::create(&self.url, 4).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Gone; one in a folder goes with the folder.
    pub(crate) async fn remove(self) {
        if let Some((server, name)) = self.server {
            execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

/// A process that ends with its handle.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A development node, or a kwild network of one validator, with one user, to whom all keys may write.
pub(crate) struct Node {
    /// The development node; of a kwild network, the program that holds it together, which is its gateway, too.
    pub(crate) process: Running,
    /// Where clients reach it.
    pub(crate) url: String,
    /// There for a kwild network.
    pub(crate) kwild: Option<Kwild>,
    pub(crate) user: Uuid,
    pub(crate) user_secret: EncryptionSecret,
}

/// What is behind the gateway of a kwild network.
pub(crate) struct Kwild {
    /// The validator's process.
    pub(crate) pid: u32,
    /// Its PostgreSQL server's process.
    pub(crate) postgres: u32,
    /// Where the validator itself listens.
    pub(crate) url: String,
    /// What the validator says.
    pub(crate) log: PathBuf,
}

impl Node {
    /// A development node that makes a block every `block`.
    pub(crate) async fn start(site: &Site, block: Duration) -> Self {
        let mut command = site.program("idos-devnode");
        command.args(["--block-interval", &block.as_millis().to_string()]);
        Self::run(site, command, |_, _| None).await
    }

    /// A kwild network that gathers transactions for `block` before it makes a block of them.
    pub(crate) async fn start_kwild(site: &Site, block: Duration) -> Self {
        let mut command = site.program("idos-localnet");
        command.args(["--block-time", &block.as_millis().to_string()]);
        Self::run(site, command, |process, ready| {
            let folder = Path::new(ready["folder"].as_str().unwrap());
            Some(Kwild {
                pid: process::child(process.pid(), "idos-kwild").unwrap(),
                postgres: process::child(process.pid(), "postgres").unwrap(),
                url: ready["node_urls"][0].as_str().unwrap().to_owned(),
                log: folder.join("validator0/log"),
            })
        })
        .await
    }

    async fn run(
        site: &Site,
        mut command: Command,
        behind: impl FnOnce(&Running, &Value) -> Option<Kwild>,
    ) -> Self {
        use std::io::BufRead as _;

        command.args(["--inserter", ISSUER_NAME]);
        for number in 0..=KEYS {
            command.args(["--delegate", &site.keys(number).first().public_hex()]);
        }
        let mut child =
            command.env("RUST_LOG", "error").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let process = Running(child);
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        let kwild = behind(&process, &ready);
        let client = Client::connect(ClientConfig::new(url.parse().unwrap())).await.unwrap();
        let user = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let user_secret = EncryptionSecret::from_bytes(rand::random());
        let action = AddUserAsInserter {
            id: user,
            recipient_encryption_public_key: &user_secret.public().to_base64(),
            encryption_password_store: PasswordStore::User,
        };
        client.execute(&site.signer(KEYS), &action, Nonce::Next, Broadcast::Wait).await.unwrap();
        Self { process, url, kwild, user, user_secret }
    }

    /// Leaves nothing waiting for a block: the development node forgets it, kwild needs time for it.
    pub(crate) async fn clear_mempool(&self) {
        if let Some(kwild) = &self.kwild {
            return Chain::at(&kwild.url).wait_until_empty().await;
        }
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.delete(format!("{}/dev/mempool", self.url)).send().await.unwrap().error_for_status().unwrap();
    }
}

/// How a service is to run.
pub(crate) struct Setup<'a> {
    pub(crate) node_url: &'a str,
    pub(crate) backend: Backend,
    /// Numbers of its write keys.
    pub(crate) write: &'a [usize],
    pub(crate) in_flight: u32,
    pub(crate) body_timeout: u32,
    pub(crate) with_worker: bool,
    pub(crate) program: Program,
    /// What it logs, in the form of `RUST_LOG`; as it is meant to if it does not matter.
    pub(crate) logs: Option<&'a str>,
}

/// `idos-issuer serve` with a fresh database.
pub(crate) struct Service {
    pub(crate) process: Running,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) port: u16,
    config: String,
    folder: PathBuf,
    database: Database,
    program: Program,
}

impl Service {
    pub(crate) async fn start(site: &Site, setup: &Setup<'_>) -> Self {
        let folder = site.new_folder("service");
        let database = site.database(setup.backend, &folder).await;
        let database_url = &database.url;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = format!(
            "{}[http]\nlisten = \"127.0.0.1:{port}\"\nrequests_per_second = 1000000\nburst = 1000000\n\
             clients_per_address = 0\nshare_per_client = 100\nshare_per_address = 100\n\
             body_timeout = {}\n[delivery]\nin_flight = {}\n",
            site.settings(setup.node_url, database_url, setup.write),
            setup.body_timeout,
            setup.in_flight,
        );
        let config = folder.join("config.toml");
        std::fs::write(&config, text).unwrap();
        let config = config.display().to_string();
        site.run(setup.program, &["--config", &config, "migrate", "--create"]);
        let made =
            site.run(setup.program, &["--config", &config, "apikey", "create", "--client", "acme", "--json"]);
        let made: Value = serde_json::from_slice(&made).unwrap();
        let process = serve(site, setup.program, (&config, &folder), (setup.with_worker, setup.logs));
        let url = format!("http://127.0.0.1:{port}");
        let key = made["key"].as_str().unwrap().to_owned();
        let service = Self { process, url, key, port, config, folder, database, program: setup.program };
        service.wait_until_ready().await;
        service
    }

    /// Ends it and starts it again, this time with its worker.
    pub(crate) async fn begin_to_deliver(&mut self, site: &Site) {
        self.process.end();
        self.process = serve(site, self.program, (&self.config, &self.folder), (true, None));
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&self) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let start = Instant::now();
        loop {
            let answer = client.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "the service does not start: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has logged.
    pub(crate) fn whole_log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        self.whole_log().lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// Ends it, and what it has kept.
    pub(crate) async fn stop(self) {
        let Self { process, folder, database, .. } = self;
        drop(process);
        remove(&folder);
        database.remove().await;
    }
}

fn serve(
    site: &Site,
    program: Program,
    (config, folder): (&str, &Path),
    (with_worker, logs): (bool, Option<&str>),
) -> Running {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = site.issuer(program);
    command.args(["--config", config, "serve"]);
    if !with_worker {
        command.arg("--no-worker");
    }
    if let Some(logs) = logs {
        command.arg("--json-logs").env("RUST_LOG", logs);
    }
    Running(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

pub(crate) fn remove(folder: &Path) {
    std::fs::remove_dir_all(folder).unwrap();
}

async fn execute(server: &url::Url, statement: &str) {
    use sqlx::Connection as _;

    let mut connection = sqlx::AnyConnection::connect(server.as_str()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
