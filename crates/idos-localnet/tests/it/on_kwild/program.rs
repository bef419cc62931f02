//! The program `idos-localnet`: what it prints, and that nothing is left of it, however it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{add_user, client, issuer, until};

const PATIENCE: Duration = Duration::from_secs(30);

/// The program, killed with its test.
struct Running {
    child: Child,
    ready: Json,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .args(["--delegate", &issuer().caller()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line);
        let mut log = String::new();
        if ready.is_err() {
            child.kill().unwrap();
            child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        }
        Self { child, ready: ready.expect(&log) }
    }

    fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from(self.ready["folder"].as_str().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_idos-localnet"))
}

/// The ids of the processes that run in this folder, or were told of it. It may be gone already, which the system says
/// behind its name.
fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap();
    let ids =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id: &u32| {
        let place = fs::read_link(format!("/proc/{id}/cwd")).unwrap_or_default();
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        place.to_string_lossy().starts_with(folder) || String::from_utf8_lossy(&command).contains(folder)
    })
    .collect()
}

#[tokio::test]
async fn it_says_where_it_is_and_leaves_nothing_when_it_is_told_to_stop() {
    let mut running = Running::start(&mut program());
    add_user(&client(running.url()).await, 1).await.unwrap();
    let folder = running.folder();
    // PostgreSQL and its helpers, and the validator.
    assert!(processes_of(&folder).len() > 2);

    let id = running.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let mut log = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(running.child.wait().unwrap().success(), "{log}");
    assert!(log.contains("THIS IS NOT idOS"), "{log}");
    assert!(!folder.exists());
    assert!(processes_of(&folder).is_empty());
}

#[tokio::test]
async fn nothing_is_left_of_it_when_it_is_killed() {
    let mut running = Running::start(&mut program());
    let folder = running.folder();
    running.child.kill().unwrap(); // SIGKILL
    running.child.wait().unwrap();
    until("its programs are gone", PATIENCE, async || processes_of(&folder).is_empty()).await;
    until("its folder is gone", PATIENCE, async || !folder.exists()).await;
}

/// Where the tests run as root, PostgreSQL runs as somebody else, and the whole runs without being root, too. Elsewhere
/// every test is without root.
#[tokio::test]
async fn it_runs_as_root_and_as_nobody() {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        let running = Running::start(&mut program());
        add_user(&client(running.url()).await, 1).await.unwrap();
        return;
    }
    let running = Running::start(&mut program());
    // Of one that has ended meanwhile, nobody.
    let user_of = |id: u32| fs::metadata(format!("/proc/{id}")).ok().map(|process| process.uid());
    let servers = processes_of(&running.folder().join("postgres0"));
    assert!(!servers.is_empty());
    for id in servers {
        assert_ne!(user_of(id), Some(0));
    }

    // Everything is copied to where that user may go.
    let open =
        tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir();
    let open = open.unwrap();
    let copy = |from: &Path, to: &str| {
        let to = open.path().join(to);
        assert!(Command::new("cp").args(["-r", "--"]).args([from, &to]).status().unwrap().success());
        to
    };
    let copied = copy(Path::new(env!("CARGO_BIN_EXE_idos-localnet")), "idos-localnet");
    let tools = copy(&tools(), "tools");
    let mut nobody = Command::new("setpriv");
    nobody
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .arg(copied)
        .env("IDOS_KWILD_TOOLS", tools)
        .current_dir("/");
    let running = Running::start(&mut nobody);
    add_user(&client(running.url()).await, 1).await.unwrap();
}

#[tokio::test]
async fn root_may_keep_the_programs_where_nobody_else_may_go() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return; // there is nobody else
    }
    let closed = tempfile::tempdir().unwrap(); // 0700
    let tools_there = closed.path().join("tools");
    let status = Command::new("cp").args(["-r", "--"]).args([&tools(), &tools_there]).status().unwrap();
    assert!(status.success());
    let running = Running::start(program().env("IDOS_KWILD_TOOLS", tools_there));
    add_user(&client(running.url()).await, 1).await.unwrap();
}

/// The tools that these tests run with.
fn tools() -> PathBuf {
    let named = ["IDOS_KWILD_TOOLS", "CARGO_TARGET_DIR"].map(std::env::var_os);
    match named {
        [Some(tools), _] => tools.into(),
        [None, Some(target)] => Path::new(&target).join("kwild"),
        [None, None] => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/kwild"),
    }
}
