//! A deployment as an operator makes it: a folder with a configuration and keys, a node beside it, and the binary.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use idos_devnode::{DevNode, DevNodeConfig, Inserter};
use idos_issuer::keys::Keys;
use serde_json::Value;

use crate::support::service::{Backend, Database};
use crate::support::{Folder, ISSUER_URL, stderr, stdout};

/// How long anything may take that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Deployment {
    pub(crate) folder: Folder,
    pub(crate) node: DevNode,
    extra: String,
    /// Its database, where that is none in its folder.
    elsewhere: Option<Database>,
}

impl Deployment {
    /// With fresh keys, whose write key may write; and no database yet.
    pub(crate) async fn new() -> Self {
        Self::with_clock(idos_devnode::Clock::system()).await
    }

    /// The same beside a node with its own time.
    pub(crate) async fn with_clock(clock: idos_devnode::Clock) -> Self {
        Self::with_node(DevNodeConfig { clock, ..DevNodeConfig::default() }).await
    }

    /// The same with such a node, which knows its inserter.
    pub(crate) async fn with_node(node: DevNodeConfig) -> Self {
        let folder = Folder::new();
        let made = run(&["keys", "generate", "--folder", &folder.path("keys"), "--json"]);
        assert!(made.status.success(), "{}", stderr(&made));
        let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
        let key = made["write"]["publicKey"].as_str().unwrap().to_owned();
        let inserters = vec![Inserter::new("Example KYC", [key])];
        let node = DevNode::start(DevNodeConfig { inserters, ..node }).await.unwrap();
        let deployment = Self { folder, node, extra: String::new(), elsewhere: None };
        deployment.configure("");
        deployment
    }

    /// The same with its database.
    pub(crate) async fn migrated() -> Self {
        let deployment = Self::new().await;
        deployment.good(&["migrate", "--create"]);
        deployment
    }

    /// The same with a database of either kind.
    pub(crate) async fn migrated_on(backend: Backend) -> Self {
        let mut deployment = Self::new().await;
        if backend == Backend::Postgres {
            deployment.elsewhere = Some(Database::new(backend).await);
            deployment.configure("");
        }
        deployment.good(&["migrate", "--create"]);
        deployment
    }

    /// Writes the configuration, with `extra` at its end.
    pub(crate) fn configure(&self, extra: &str) {
        self.configure_with(r#"write = "keys/write.key""#, r#"vault = "keys/vault.key""#, extra);
    }

    pub(crate) fn configure_with(&self, write: &str, vault: &str, extra: &str) {
        let text = format!(
            "[node]\nurl = \"{}\"\n[issuer]\nname = \"Example KYC\"\nurl = \"{ISSUER_URL}\"\n\
             [keys]\nsigning = \"keys/signing.key\"\nencryption = \"keys/encryption.key\"\n{write}\n{vault}\n\
             [database]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n{}{extra}",
            self.node.url(),
            self.elsewhere.as_ref().map_or("sqlite://issuer.db", |database| database.url.as_str()),
            self.extra
        );
        self.folder.write("config.toml", text);
    }

    pub(crate) fn config(&self) -> String {
        self.folder.path("config.toml")
    }

    pub(crate) fn database(&self) -> String {
        match &self.elsewhere {
            Some(database) => database.url.clone(),
            None => format!("sqlite://{}", self.folder.path("issuer.db")),
        }
    }

    pub(crate) fn keys(&self) -> Keys {
        let files = idos_issuer::config::KeyFiles::in_folder(self.folder.0.join("keys").as_path());
        Keys::load(&files, Some(ISSUER_URL)).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(&[&["--config", &self.config()], arguments].concat())
    }

    /// Runs a command that must go well. Gives what it says.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    pub(crate) fn good_json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.good(arguments)).unwrap()
    }

    /// Starts a command that stays, and waits until it says that it is there.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        let config = self.config();
        let all = [&["--config", &config], arguments].concat();
        if arguments[0] == "worker" {
            return Process::start(&all, |said| said.contains("Doing background work"));
        }
        Process::serving(&all)
    }
}

/// Runs the binary, with nothing in its environment that the tests do not know of.
pub(crate) fn run(arguments: &[&str]) -> Output {
    tokio::task::block_in_place(|| command(arguments).output().unwrap())
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idos-issuer"));
    command.args(arguments).env("RUST_LOG", "info");
    for (name, _) in std::env::vars() {
        if name.starts_with("IDOS_") || name.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
}

/// A command that stays; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    pub(crate) first_line: Option<String>,
}

impl Process {
    fn start(arguments: &[&str], is_ready: impl Fn(&str) -> bool) -> Self {
        let mut process = Self::spawn(arguments, Stdio::null());
        process.wait_for(is_ready);
        process
    }

    /// Starts a command and waits until it takes requests.
    pub(crate) fn serving(arguments: &[&str]) -> Self {
        Self::start(arguments, |said| said.contains("Serving at "))
    }

    /// Starts a command and waits for its first line on standard output.
    pub(crate) fn with_first_line(arguments: &[&str]) -> Self {
        let mut process = Self::spawn(arguments, Stdio::piped());
        let mut line = String::new();
        let mut stdout = BufReader::new(process.child.stdout.take().unwrap());
        tokio::task::block_in_place(|| stdout.read_line(&mut line)).unwrap();
        assert!(!line.is_empty(), "{}", process.said());
        process.first_line = Some(line);
        process
    }

    fn spawn(arguments: &[&str], stdout: Stdio) -> Self {
        let mut child =
            command(arguments).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (stderr, heard) = (child.stderr.take().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { child, said, first_line: None }
    }

    fn wait_for(&mut self, is_ready: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !is_ready(&self.said()) {
            assert!(start.elapsed() < PATIENCE, "not ready: {}", self.said());
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended: {}", self.said());
            pause();
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has written to its log.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Where it serves.
    pub(crate) fn url(&self) -> String {
        let said = self.said();
        let rest = said.split("Serving at ").nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Tells it to stop and waits. Gives the exit code and how long that took.
    pub(crate) fn stop(mut self) -> (Option<i32>, Duration, String) {
        let start = Instant::now();
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), start.elapsed(), self.said());
            }
            pause();
        }
        panic!("it does not end: {}", self.said());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn pause() {
    tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(30)));
}

/// One request. Gives the status and the body.
pub(crate) async fn ask(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

pub(crate) fn http() -> reqwest::Client {
    idos_issuer::outbound::client(PATIENCE).unwrap()
}
