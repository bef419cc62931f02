//! The program `idos-devnode`: what it prints, what it takes, and that a killed one has lost nothing.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use idos_client::{Ed25519Signer, Signer};
use serde_json::{Value as Json, json};

use crate::support::{done, id, next_nonce, rpc, signed};

/// The program, killed with its test.
struct Program {
    child: Child,
    ready: Json,
}

fn start(arguments: &[&str]) -> Program {
    let mut child = Command::new(env!("CARGO_BIN_EXE_idos-devnode"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line);
    if ready.is_err() {
        child.kill().unwrap();
    }
    Program { child, ready: ready.expect("it ended before it was ready") }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Program {
    fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    async fn add_user(&self, signer: &Signer, number: u128) {
        let nonce = next_nonce(self.url(), signer).await;
        let arguments = vec![id(number).into(), "key".into(), "user".into()];
        let chain_id = self.ready["chain_id"].as_str().unwrap();
        let tx = signed(signer, "add_user_as_inserter", vec![arguments], nonce, chain_id);
        let answer = rpc(self.url(), "user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap();
        done(&answer["result"]).succeeded();
    }
}

fn state(file: &Path, delegate: &str) -> Vec<String> {
    ["--inserter", "Prog", "--delegate", delegate, "--state", file.to_str().unwrap(), "--chain-id", "c"]
        .map(str::to_owned)
        .to_vec()
}

#[tokio::test]
async fn a_killed_node_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Ed25519Signer::from_seed(&[5; 32]);
    let arguments = state(&folder.path().join("node.sqlite"), &issuer.public_key_hex());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let issuer = Signer::Ed25519(issuer);

    for round in 1..=3 {
        let mut program = start(&arguments);
        assert_eq!(next_nonce(program.url(), &issuer).await, u64::try_from(round).unwrap());
        program.add_user(&issuer, round).await;
        program.child.kill().unwrap(); // SIGKILL, right after the answer
        program.child.wait().unwrap();
    }
    let program = start(&arguments);
    assert_eq!(rpc(program.url(), "user.chain_info", json!({})).await.unwrap()["block_height"], 3);
}

#[tokio::test]
async fn it_says_loudly_what_it_is_not_and_stops_when_told() {
    let mut program = start(&["--private", "--no-sessions", "--block-interval", "50"]);
    let health = rpc(program.url(), "user.health", json!({})).await.unwrap();
    assert_eq!((&health["mode"], &health["chain_id"]), (&json!("private"), &json!("idos-localdev")));

    let pid = program.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut log = String::new();
    program.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(program.child.wait().unwrap().success());
    assert!(log.contains("THIS IS NO idOS NODE"), "{log}");
    assert!(log.contains("nobody can write"), "{log}");
}

#[tokio::test]
async fn it_gives_up_waiting_for_a_block_as_soon_as_it_is_told_to() {
    let issuer = Ed25519Signer::from_seed(&[5; 32]);
    let delegate = issuer.public_key_hex();
    let program = start(&["--delegate", &delegate, "--block-interval", "3600000", "--commit-wait", "50"]);
    // The first block is made at once.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let arguments = vec![id(1).into(), "key".into(), "user".into()];
    let tx = signed(&Signer::Ed25519(issuer), "add_user_as_inserter", vec![arguments], 1, "idos-localdev");
    let error = rpc(program.url(), "user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap_err();
    assert_eq!(error["data"]["code"], 10);
}

#[test]
fn it_refuses_to_be_reached_from_outside() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_idos-devnode")).args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback only"));
}
