//! `kill -9` of the service and of `import` itself, while a file goes in.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use idos_devnode::Schema;
use idos_issuer::store::Store;
use rand::Rng as _;
use serde_json::Value;

use super::Deployment;
use crate::cli_import::line;
use crate::support::service::audit_holds;
use crate::support::tables::issuances_by_state;

/// Lines of the file, of which every tenth is none.
const LINES: usize = 3000;

/// How often something is killed, at least: so often, and up to four times that where the file takes so long.
const KILLS: usize = 3;

fn start(deployment: &Deployment, file: &str) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(deployment.folder.path("import.log"))
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_idos-issuer"))
        .args(["import", file, "--url", &deployment.url, "--json", "--attempts", "1000"])
        .env("IDOS_ISSUER_API_KEY", &deployment.key)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap()
}

on_both_databases! {
    async fn a_file_goes_in_once_whoever_is_killed(backend) {
        rustls::crypto::ring::default_provider().install_default().ok();
        let deployment = Deployment::new(backend, Schema::Current).await;
        let lines: String = (1..=LINES).map(|number| if number % 10 == 0 { "{}".to_owned() } else { line() } + "\n").collect();
        let file = deployment.folder.write("people.ndjson", lines);
        let began = Instant::now();
        let mut kills = 0;
        let mut import = start(&deployment, &file);
        let mut service = deployment.serve();
        loop {
            let moment = rand::thread_rng().gen_range(300..1500);
            let until = Instant::now() + Duration::from_millis(moment);
            while Instant::now() < until && import.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if import.try_wait().unwrap().is_some() {
                break;
            }
            assert!(began.elapsed() < Duration::from_mins(6), "it does not come to its end:\n{}", deployment.log());
            // Towards the end it is let go on.
            if kills >= 4 * KILLS {
                continue;
            }
            kills += 1;
            if kills % 3 == 0 {
                import.kill().unwrap();
                import.wait().unwrap();
                import = start(&deployment, &file);
            } else {
                drop(service);
                service = deployment.serve();
            }
        }
        let output = import.wait_with_output().unwrap();
        let log = std::fs::read_to_string(deployment.folder.path("import.log")).unwrap();
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(kills >= KILLS, "it was over before anything was killed");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&said["refused"], &said["failed"]), (&Value::from(LINES / 10), &Value::from(0)), "{log}");
        let taken = said["accepted"].as_u64().unwrap() + said["replayed"].as_u64().unwrap();
        assert_eq!(taken, (LINES - LINES / 10) as u64);
        let refused = std::fs::read_to_string(format!("{file}.refused.ndjson")).unwrap();
        let numbers: Vec<_> = refused
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
            .collect();
        let expected: Vec<_> = (1..=LINES as u64).filter(|number| number % 10 == 0).collect();
        assert_eq!(numbers, expected, "each once, and in order");
        drop(service);
        let store = Store::connect(&deployment.database.url, 4).await.unwrap();
        let counts = issuances_by_state(&deployment.database.url).await;
        let made: i64 = counts.iter().map(|(_, count)| count).sum();
        assert_eq!(usize::try_from(made).unwrap(), LINES - LINES / 10, "lost or doubled");
        audit_holds(&store).await;
        store.close().await;
    }
}
