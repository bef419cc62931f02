//! Traces: they arrive at a collector, carry on the caller's trace, and tell nothing about anybody.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::routing::post as route;
use serde_json::{Value, json};

use crate::cli_deployment::{Deployment, ask, http};
use crate::cli_serve::{api_key, evidence, post};
use crate::support::{MESSAGE, User, id};

/// A collector that keeps all bodies that are posted to it.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&taken);
    let router = axum::Router::new().route(
        "/v1/traces",
        route(async move |body: Bytes| {
            keep.lock().unwrap().extend_from_slice(&body);
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, taken)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// All texts in a JSON value, longer than what could be there by chance.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() > 4 => found.push(text.chars().take(200).collect()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn spans_arrive_and_tell_nothing_about_anybody() {
    let deployment = Deployment::migrated().await;
    let key = api_key(&deployment);
    let (endpoint, taken) = collector().await;
    deployment.configure(&format!("[telemetry]\notlp_endpoint = \"{endpoint}\"\n"));
    let serve = deployment.start(&["serve"]);
    let url = serve.url();

    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traced = http()
        .get(format!("{url}/livez"))
        .header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"));
    assert_eq!(ask(traced).await.0, 200);

    let user = User::with(idos_wallet::WalletType::Evm);
    let (address, _, signature) = user.proof();
    let profile = json!({
        "userId": user.id, "encryptionPublicKey": user.secret.public().to_base64(), "passwordStore": "user",
        "wallet": { "type": "EVM", "address": address, "message": MESSAGE, "signature": signature },
    });
    assert_eq!(post(&url, &key, "/v1/profiles", &profile).await.0, 202);
    let issuance = json!({
        "userId": user.id, "kind": "kyc", "evidence": evidence(), "delivery": { "by": "inserter" },
        "contact": { "email": "rare.word@user.example" },
    });
    assert_eq!(post(&url, &key, "/v1/issuances", &issuance).await.0, 202);
    let lookup = json!({ "address": "0xRareWordRareWordRareWordRareWordRareWord" });
    post(&url, &key, "/v1/profiles/lookup", &lookup).await;
    let broken = json!({ "userId": id(), "kind": "kyc", "evidence": { "RareWordMember": "RareWordValue" } });
    assert_eq!(post(&url, &key, "/v1/issuances", &broken).await.0, 422);
    let (code, _, said) = serve.stop();
    assert_eq!(code, Some(0), "{said}");

    let bytes = taken.lock().unwrap().clone();
    for part in ["idos-issuer", "GET /livez", "POST /v1/profiles", "POST /v1/issuances"] {
        assert!(contains(&bytes, part.as_bytes()), "{part} is not among {} bytes: {said}", bytes.len());
    }
    assert!(contains(&bytes, &hex::decode(trace_id).unwrap()), "the caller's trace goes on");

    let mut private = Vec::new();
    for value in [
        &issuance["evidence"]["subject"],
        &issuance["contact"],
        &profile["wallet"],
        &lookup,
        &broken["evidence"],
    ] {
        texts(value, &mut private);
    }
    private.extend(["RareWord".to_owned(), key]);
    assert!(private.len() > 20);
    for text in private {
        assert!(!contains(&bytes, text.as_bytes()), "{text} is in a trace");
        assert!(!said.contains(&text), "{text} is in the log");
    }
}
