//! `dev`: one command, and what it prints works.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli_deployment::{PATIENCE, Process, ask, http, pause, run};
use crate::support::{Folder, stdout};

const PORTS: [&str; 9] = [
    "dev",
    "--json",
    "--no-people",
    "--listen",
    "127.0.0.1:0",
    "--node-listen",
    "127.0.0.1:0",
    "--mailbox-listen",
    "127.0.0.1:0",
];

fn start(more: &[&str]) -> (Process, Value) {
    let process = Process::with_first_line(&[&PORTS[..], more].concat());
    let shown = serde_json::from_str(process.first_line.as_deref().unwrap()).unwrap();
    (process, shown)
}

/// Runs a line that was printed, in a shell.
fn shell(line: &Value) -> Value {
    let output =
        tokio::task::block_in_place(|| Command::new("sh").args(["-c", line.as_str().unwrap()]).output());
    let output = output.unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until all that was submitted is issued.
fn wait_until_issued(read: &Value, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let mut items = shell(read)["items"].as_array().unwrap().clone();
        // That of the sample claim, which waits for somebody with a wallet.
        items.retain(|item| item["state"] != "awaiting_profile");
        if items.len() == count && items.iter().all(|item| item["state"] == "issued") {
            return items;
        }
        assert!(start.elapsed() < PATIENCE, "{items:?}");
        pause();
    }
}

/// Waits until the verifications are as wanted. Gives them.
fn wait_for_verifications(shown: &Value, are_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let items = shell(&shown["curl"]["readVerifications"])["items"].as_array().unwrap().clone();
        if are_so(&items) {
            return items;
        }
        assert!(start.elapsed() < PATIENCE, "{items:?}");
        pause();
    }
}

fn has_ended(verification: &Value) -> bool {
    ["issued", "declined", "halted"].iter().any(|state| verification["state"] == *state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_lines_that_are_printed_work() {
    let (process, shown) = start(&["--block-time", "0.2"]);
    let submitted = shell(&shown["curl"]["submit"]);
    assert_eq!(submitted["userId"], shown["samples"]["userWithProfile"]["userId"], "{submitted}");
    let by_grant = shell(&shown["curl"]["submitByGrant"]);
    assert!(by_grant["copyId"].is_string(), "{by_grant}");
    let profile = shell(&shown["curl"]["createProfile"]);
    assert_eq!(profile["userId"], shown["samples"]["userWithoutProfile"]["userId"], "{profile}");

    let items = wait_until_issued(&shown["curl"]["read"], 2);
    assert!(
        items.iter().any(|item| item["id"] == submitted["id"] && item["transaction"]["hash"].is_string())
    );
    assert_eq!(
        shell(&shown["curl"]["submit"])["id"],
        submitted["id"],
        "the same request again is the same issuance"
    );

    // What a vendor approves becomes a credential by itself, and what it declines does not: at each of them.
    let vendors = shown["vendors"].as_object().unwrap();
    assert_eq!(vendors.keys().collect::<Vec<_>>(), ["sumsub", "veriff"]);
    for lines in vendors.values() {
        for line in ["approveNow", "declineNow"] {
            assert_eq!(shell(&lines[line]), json!({ "told": true, "status": 200 }));
        }
    }
    let ended = wait_for_verifications(&shown, |of| of.len() == 4 && of.iter().all(has_ended));
    for (name, lines) in vendors {
        let mut states: Vec<_> =
            ended.iter().filter(|of| of["source"] == *name).map(|of| &of["state"]).collect();
        states.sort_unstable_by_key(ToString::to_string);
        assert_eq!(states, ["declined", "issued"], "{name}");
        // The same in two steps, and a second thought.
        let opened = shell(&lines["open"]);
        let decide = |what: &str| {
            let line = lines[what].as_str().unwrap();
            let line = line.replace("EXTERNAL_ID", opened["externalId"].as_str().unwrap());
            assert_eq!(shell(&Value::from(line))["status"], 200);
            wait_for_verifications(&shown, |of| {
                let found = of.iter().find(|of| of["id"] == opened["id"]).unwrap();
                let wanted = if what == "approve" { "issued" } else { "declined" };
                found["state"] == wanted
            });
        };
        decide("decline");
        decide("approve");
    }
    // Nobody else is told anything by a vendor, nor does it hear one who does not sign.
    for (name, of) in [("sumsub", "/resources/applicants/a/one"), ("veriff", "/v1/sessions/a/decision")] {
        let url = vendors[name]["url"].as_str().unwrap();
        assert_eq!(ask(http().get(format!("{url}{of}"))).await.0, 401, "{name}");
    }

    let mailbox = shown["mailboxUrl"].as_str().unwrap();
    for (path, has) in [
        ("", "<a href=\"/0\">Demo KYC: test message</a>"),
        ("/0", "<iframe sandbox=\"\" src=\"/0/html\""),
        ("/0/html", "<html lang=\"en\" dir=\"ltr\">"),
        ("/0/raw", "Auto-Submitted: auto-generated"),
    ] {
        let (status, page) = ask(http().get(format!("{mailbox}{path}"))).await;
        assert_eq!(status, 200, "{path}");
        assert!(page.contains(has), "{path}: {page}");
    }
    assert_eq!(ask(http().get(format!("{mailbox}/1"))).await.0, 404);

    // Other commands work on its folder.
    let config = shown["config"].as_str().unwrap();
    let doctor = run(&["--config", config, "doctor"]);
    assert!(doctor.status.success(), "{}", stdout(&doctor));
    assert!(run(&["--config", config, "healthcheck"]).status.success());
    for name in vendors.keys() {
        let tried =
            run(&["--config", config, "sources", "test", name, "--url", shown["url"].as_str().unwrap()]);
        assert!(tried.status.success(), "{}", stdout(&tried));
    }

    let folder = shown["data"].as_str().unwrap().to_owned();
    let (code, took, said) = process.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(!std::path::Path::new(&folder).exists(), "nothing is left behind");
    assert!(!said.contains(&shown["apiKey"].as_str().unwrap()[40..]), "{said}");
}

/// Upstream's next version: what is issued lies at the node's blob gateway, and nothing lies there that no row names.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_next_the_lines_work_too_and_contents_lie_at_the_gateway() {
    let (process, shown) = start(&["--next"]);
    assert_eq!((&shown["schema"], &shown["curl"]["submit"]), (&Value::from("next"), &Value::Null));
    let by_grant = shell(&shown["curl"]["submitByGrant"]);
    shell(&shown["curl"]["createProfile"]);
    wait_until_issued(&shown["curl"]["read"], 1);

    let node = shown["nodeUrl"].as_str().unwrap();
    let look = async |what: &str| {
        let (status, text) = ask(http().get(format!("{node}/dev/{what}"))).await;
        assert_eq!(status, 200);
        serde_json::from_str::<Value>(&text).unwrap()[what].as_array().unwrap().clone()
    };
    let rows = look("credentials").await;
    assert!(rows.iter().any(|row| row["id"] == by_grant["copyId"]), "{rows:?}");
    assert!(rows.iter().all(|row| row["uploaded"] == true), "{rows:?}");
    let contents = look("blobs").await;
    assert_eq!((rows.len(), contents.len()), (2, 2));
    assert!(contents.iter().all(|content| content["named"] == true), "{contents:?}");
    let config = shown["config"].as_str().unwrap();
    let doctor = run(&["--config", config, "doctor"]);
    assert!(doctor.status.success(), "{}", stdout(&doctor));
    assert_eq!(process.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_in_a_folder_of_ones_own_is_taken_up_again() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let data = folder.path("it's mine");
    let (process, first) = start(&["--data", &data]);
    let submitted = shell(&first["curl"]["submit"]);
    wait_until_issued(&first["curl"]["read"], 1);
    assert_eq!(process.stop().0, Some(0));
    for (name, mode) in
        [("", 0o700), ("api.key", 0o600), ("keys/signing.key", 0o600), ("keys/vault.key", 0o600)]
    {
        let path = std::path::Path::new(&data).join(name);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{name}");
    }

    let (process, second) = start(&["--data", &data]);
    assert_eq!(second["apiKey"], first["apiKey"]);
    shell(&second["curl"]["submit"]);
    let items = wait_until_issued(&second["curl"]["read"], 2);
    assert!(items.iter().any(|item| item["id"] == submitted["id"]), "the node and the database go on");
    assert_eq!(process.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_stays_on_this_machine_and_makes_its_own_configuration() {
    assert_eq!(run(&["dev", "--listen", "0.0.0.0:0"]).status.code(), Some(2));
    assert_eq!(run(&["dev", "--mailbox-listen", "0.0.0.0:0"]).status.code(), Some(2));
    assert_eq!(run(&["--config", "config.toml", "dev"]).status.code(), Some(2));
    assert_eq!(run(&["dev", "--block-time", "0"]).status.code(), Some(2));
    assert_eq!(run(&["dev", "--validators", "3"]).status.code(), Some(2));
    assert_eq!(run(&["dev", "--kwild", "--validators", "0"]).status.code(), Some(2));
    assert_eq!(run(&["dev", "--kwild", "--block-time", "0.4"]).status.code(), Some(2));
}

mod people;

mod on_kwild {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn the_lines_that_are_printed_work_beside_three_validators() {
        let (process, shown) = start(&["--kwild", "--validators", "3"]);
        assert_eq!(shown["node"], "kwild");
        let config = std::fs::read_to_string(shown["config"].as_str().unwrap()).unwrap();
        let settings: toml::Table = config.parse().unwrap();
        assert_eq!(settings["node"]["fallback_urls"].as_array().unwrap().len(), 2);
        let submitted = shell(&shown["curl"]["submit"]);
        let by_grant = shell(&shown["curl"]["submitByGrant"]);
        shell(&shown["curl"]["createProfile"]);
        let items = wait_until_issued(&shown["curl"]["read"], 2);
        for id in [&submitted["id"], &by_grant["id"]] {
            let item = items.iter().find(|item| item["id"] == *id).unwrap();
            assert!(item["transaction"]["height"].as_u64().unwrap() > 0);
        }
        let config = shown["config"].as_str().unwrap();
        let doctor = run(&["--config", config, "doctor"]);
        assert!(doctor.status.success(), "{}", stdout(&doctor));
        let folder = shown["data"].as_str().unwrap().to_owned();
        let (code, _, said) = process.stop();
        assert_eq!(code, Some(0), "{said}");
        assert!(!std::path::Path::new(&folder).exists(), "nothing is left behind");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_network_in_a_folder_is_taken_up_again() {
        let folder = Folder::new();
        let data = folder.path("mine");
        let (process, first) = start(&["--kwild", "--data", &data]);
        let submitted = shell(&first["curl"]["submit"]);
        wait_until_issued(&first["curl"]["read"], 1);
        assert_eq!(process.stop().0, Some(0));
        let (process, second) = start(&["--kwild", "--data", &data]);
        shell(&second["curl"]["submit"]);
        let items = wait_until_issued(&second["curl"]["read"], 2);
        assert!(items.iter().any(|item| item["id"] == submitted["id"]), "the network goes on");
        assert_eq!(process.stop().0, Some(0));
    }
}
