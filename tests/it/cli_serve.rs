//! `serve` and `worker` as processes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_issuer::model::ids::IssuanceId;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use crate::cli_deployment::{Deployment, PATIENCE, ask, http, pause, run};
use crate::support::{MESSAGE, User, example, id, stderr};

/// The example's evidence as the API takes it.
pub(crate) fn evidence() -> Value {
    let text = std::fs::read_to_string(example("kyc-result.json")).unwrap();
    let mut evidence: Value = serde_json::from_str(&text).unwrap();
    let file = |name: &str| json!({ "base64": STANDARD.encode(std::fs::read(example(name)).unwrap()) });
    evidence["subject"]["idDocumentFrontFile"] = file("passport.jpg");
    evidence["subject"]["selfieFile"] = file("selfie.jpg");
    evidence["subject"]["residentialAddress"]["proofFile"] = file("utility-bill.png");
    evidence
}

pub(crate) async fn post(url: &str, key: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = http()
        .post(format!("{url}{path}"))
        .bearer_auth(key)
        .header("content-type", "application/json")
        .header("idempotency-key", id().to_string())
        .body(body.to_string());
    let (status, text) = ask(request).await;
    (status, serde_json::from_str(&text).unwrap())
}

pub(crate) fn api_key(deployment: &Deployment) -> String {
    let made = deployment.good_json(&["apikey", "create", "--client", "acme", "--json"]);
    made["key"].as_str().unwrap().to_owned()
}

/// Submits evidence for a user who is not there, with a contact. Nobody works on it.
pub(crate) async fn submit_with_contact(deployment: &Deployment, email: &str) -> IssuanceId {
    let key = api_key(deployment);
    let serve = deployment.start(&["serve", "--no-worker"]);
    let body = json!({
        "userId": id(), "kind": "kyc", "evidence": evidence(), "delivery": { "by": "inserter" },
        "contact": { "email": email },
    });
    let (status, issuance) = post(&serve.url(), &key, "/v1/issuances", &body).await;
    assert_eq!(status, 202, "{issuance}");
    assert_eq!(serve.stop().0, Some(0));
    issuance["id"].as_str().unwrap().parse().unwrap()
}

fn new_profile(user: &User) -> Value {
    let (address, _, signature) = user.proof();
    json!({
        "userId": user.id,
        "encryptionPublicKey": user.secret.public().to_base64(),
        "passwordStore": "user",
        "wallet": { "type": "EVM", "address": address, "message": MESSAGE, "signature": signature },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_does_what_a_server_without_one_takes_in() {
    let deployment = Deployment::migrated().await;
    let key = api_key(&deployment);
    let serve = deployment.start(&["serve", "--no-worker"]);
    let url = serve.url();
    assert_eq!(ask(http().get(format!("{url}/livez"))).await.0, 200);

    let user = User::with(WalletType::Evm);
    let (status, profile) = post(&url, &key, "/v1/profiles", &new_profile(&user)).await;
    assert_eq!(status, 202, "{profile}");
    let place = format!("{url}/v1/profiles/{}", profile["id"].as_str().unwrap());
    let state = async |wait: &str| {
        let (_, text) = ask(http().get(format!("{place}{wait}")).bearer_auth(&key)).await;
        serde_json::from_str::<Value>(&text).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("?wait=1").await, "pending", "nobody works");

    let worker = deployment.start(&["worker"]);
    let start = std::time::Instant::now();
    while state("").await != "created" {
        assert!(start.elapsed() < PATIENCE, "{}", worker.said());
        pause();
    }
    assert_eq!(deployment.node.users().await.unwrap().len(), 1);

    for (name, process) in [("worker", worker), ("serve", serve)] {
        let (code, took, said) = process.stop();
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(took < Duration::from_secs(5), "{name} took {took:?}: {said}");
    }
    // The lane was given back: the next worker need not wait for a lease to run out.
    let store = idos_issuer::store::Store::connect(&deployment.database(), 2).await.unwrap();
    let lane = deployment.keys().first().public_hex();
    let now = idos_issuer::clock::now();
    assert!(store.take_lane(&lane, "test", (now, now), None).await.unwrap().is_some());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_under_way_are_answered_when_a_server_is_stopped() {
    let deployment = Deployment::migrated().await;
    let key = api_key(&deployment);
    let serve = deployment.start(&["serve", "--no-worker"]);
    let url = serve.url();
    let (_, profile) = post(&url, &key, "/v1/profiles", &new_profile(&User::with(WalletType::Evm))).await;
    let place = format!("{url}/v1/profiles/{}?wait=30", profile["id"].as_str().unwrap());
    let waiting = tokio::spawn(ask(http().get(place).bearer_auth(&key)));
    tokio::time::sleep(Duration::from_millis(500)).await;

    let (code, took, said) = serve.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let (status, profile) = waiting.await.unwrap();
    assert_eq!(status, 200, "{profile}");
    assert!(profile.contains(r#""state":"pending""#), "{profile}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_health_check_asks_the_service_of_the_configuration() {
    let deployment = Deployment::migrated().await;
    let serve = deployment.start(&["serve"]);
    let url = serve.url();
    assert!(run(&["healthcheck", &format!("{url}/livez")]).status.success());

    let listen = url.trim_start_matches("http://");
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    deployment.folder.write("config.toml", text.replace("127.0.0.1:0", listen));
    deployment.good(&["healthcheck"]);
    serve.stop();
    assert_eq!(deployment.run(&["healthcheck"]).status.code(), Some(1));
}

/// An address that a process has said.
fn said(process: &crate::cli_deployment::Process, before: &str) -> String {
    let said = process.said();
    let address = said.split(before).nth(1).unwrap_or_else(|| panic!("{said}"));
    address.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn health_and_metrics_are_served_apart_from_the_api() {
    let deployment = Deployment::migrated().await;
    let serve = deployment.start(&["serve", "--no-worker"]);
    let url = serve.url();
    let health = said(&serve, "Serving health at ");
    assert_ne!(health, format!("{url}/livez"));
    let base = health.trim_end_matches("/livez").to_owned();
    for path in ["/livez", "/readyz"] {
        assert_eq!(ask(http().get(format!("{base}{path}"))).await.0, 200, "{path}");
    }
    let (status, text) = ask(http().get(format!("{base}/metrics"))).await;
    assert!(status == 200 && text.contains("http_connections_total{"), "{text}");
    assert_eq!(ask(http().get(format!("{base}/v1/issuances"))).await.0, 404);
    assert_eq!(ask(http().get(format!("{url}/metrics"))).await.0, 404);

    // A worker stands beside it, with the same configuration.
    let worker = deployment.start(&["worker"]);
    let start = std::time::Instant::now();
    while !worker.said().contains("Doing background work") {
        assert!(start.elapsed() < PATIENCE, "{}", worker.said());
        pause();
    }
    assert!(!worker.said().contains("Serving health"), "{}", worker.said());
    worker.stop();

    // Where it is named, it must be had.
    let taken = base.trim_start_matches("http://");
    deployment.configure(&format!("health_listen = \"{taken}\"\n"));
    deployment.good(&["healthcheck"]);
    let refused = deployment.run(&["worker"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains(taken), "{}", stderr(&refused));
    serve.stop();
    assert_eq!(deployment.run(&["healthcheck"]).status.code(), Some(1));
    let worker = deployment.start(&["worker"]);
    let start = std::time::Instant::now();
    while !worker.said().contains("Doing background work") {
        assert!(start.elapsed() < PATIENCE, "{}", worker.said());
        pause();
    }
    deployment.good(&["healthcheck"]);
    worker.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn metrics_have_an_address_of_their_own_if_that_is_wanted() {
    let deployment = Deployment::migrated().await;
    deployment.configure("metrics_listen = \"127.0.0.1:0\"\n");
    let serve = deployment.start(&["serve"]);
    let said = serve.said();
    let metrics = said.split("Serving metrics at ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(ask(http().get(format!("{}/livez", serve.url()))).await.0, 200);
    let (status, text) = ask(http().get(metrics)).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("http_requests_total{") && text.contains("http_request_duration_seconds_bucket{"),
        "{text}"
    );
    assert_eq!(ask(http().get(format!("{}/metrics", serve.url()))).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logs_are_json_if_that_is_wanted() {
    let deployment = Deployment::migrated().await;
    let serve = deployment.start(&["serve", "--json-logs"]);
    for line in serve.said().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert!(
            entry["timestamp"].is_string() && entry["level"].is_string() && entry["message"].is_string(),
            "{line}"
        );
    }
    assert!(!serve.said().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_start_that_cannot_be_is_refused_with_its_reason() {
    let deployment = Deployment::migrated().await;
    let none = run(&["serve"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("--config"), "{}", stderr(&none));

    deployment.configure("max_wait = 55512\n");
    let nonsense = deployment.run(&["serve"]);
    assert_eq!(nonsense.status.code(), Some(2));
    let said = stderr(&nonsense);
    assert!(said.contains("http.max_wait") && !said.contains("55512"), "{said}");

    deployment.configure_with(r#"write = "keys/write.key""#, "", "");
    let no_vault = deployment.run(&["serve"]);
    assert_eq!(no_vault.status.code(), Some(2));
    assert!(stderr(&no_vault).contains("keys.vault"), "{}", stderr(&no_vault));
}
