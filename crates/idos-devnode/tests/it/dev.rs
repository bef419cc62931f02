//! `/dev/`: what tests in other processes switch and see.

use std::time::Duration;

use idos_devnode::RandomFaults;
use idos_wallet::WalletType;
use serde_json::{Value as Json, json};

use crate::support::{Content, World, id, request, sealed, signed, wallet};

async fn dev(world: &World, method: &str, path: &str, body: &Json) -> (u16, Json) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let path = format!("/dev/{path}");
    let answer = request(&world.node.url(), method, &path, &[], body.as_bytes()).await.unwrap();
    (answer.status, answer.json())
}

async fn get(world: &World, path: &str) -> Json {
    let (status, json) = dev(world, "GET", path, &Json::Null).await;
    assert_eq!(status, 200);
    json
}

#[tokio::test]
async fn users_and_credentials_are_listed_without_contents() {
    let world = World::new().await;
    assert_eq!(get(&world, "users").await, json!({ "users": [] }));
    assert_eq!(get(&world, "credentials").await, json!({ "credentials": [] }));
    world.user(id(1), &wallet(WalletType::Evm, 3)).await;
    let Content { issuer_key, encryptor_key, content, notes, notes_signature, broader_signature } =
        sealed(&world.issuer, b"for the user", r#"{"id":"vc"}"#);
    let shown = content.clone();
    let arguments = vec![
        id(3).into(),
        id(1).into(),
        issuer_key.into(),
        encryptor_key.into(),
        content.into(),
        notes.into(),
        notes_signature.into(),
        broader_signature.into(),
    ];
    world.execute(&world.issuer(), "upsert_credential_as_inserter", arguments).await.succeeded();

    assert_eq!(get(&world, "users").await, json!({ "users": [{ "id": id(1), "inserter": "Example" }] }));
    let credentials = get(&world, "credentials").await;
    let expected = json!({
        "id": id(3), "user_id": id(1), "inserter": "Example", "verifiable_credential_id": "vc"
    });
    assert_eq!(credentials, json!({ "credentials": [expected] }));
    assert!(!credentials.to_string().contains(&shown));
    let transactions = get(&world, "transactions").await;
    let last = transactions["transactions"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["action"], &last["code"]), (&json!("upsert_credential_as_inserter"), &json!(0)));
    assert_eq!(last["caller"], world.issuer.public_key_hex());
}

#[tokio::test]
async fn the_mempool_is_seen_and_lost() {
    let world = World::with(|config| config.block_interval = Some(Duration::from_hours(1))).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let arguments = vec![id(1).into(), "key".into(), "user".into()];
    let tx = signed(&world.issuer(), "add_user_as_inserter", vec![arguments], 1, world.node.chain_id());
    world.rpc("user.broadcast", json!({ "tx": tx, "sync": 0 })).await.unwrap();
    assert_eq!(get(&world, "mempool").await, json!({ "transactions": [tx.hash()] }));
    assert_eq!(dev(&world, "DELETE", "mempool", &Json::Null).await, (200, json!({ "lost": 1 })));
    assert_eq!(get(&world, "mempool").await, json!({ "transactions": [] }));
}

#[tokio::test]
async fn random_faults_are_set_seen_and_ended() {
    let world = World::new().await;
    let random = json!({ "seed": 3, "view": { "refuse": 100 }, "look_up": { "down": 1, "down_ms": 9 } });
    let (status, active) = dev(&world, "POST", "faults", &json!({ "random": random })).await;
    assert_eq!((status, &active["switches"]), (200, &json!([])));
    assert_eq!(serde_json::from_value::<RandomFaults>(active["random"].clone()).unwrap().seed, 3);
    assert_eq!(
        (&active["random"]["view"]["refuse"], &active["random"]["view"]["down"]),
        (&json!(100), &json!(0))
    );
    let refused = Err("-700: refused by a fault switch".to_owned());
    assert_eq!(world.view(None, "get_user", vec![]).await, refused);
    world.rpc("user.ping", json!({})).await.unwrap();

    for wrong in [
        json!({ "random": null }),
        json!({ "random": { "seed": "x" } }),
        json!({ "random": {}, "fault": "down" }),
        json!({ "random": { "view": { "refuse": 101 } } }),
    ] {
        assert_eq!(dev(&world, "POST", "faults", &wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(get(&world, "faults").await, active, "slips change nothing");
    assert_eq!(dev(&world, "DELETE", "faults", &Json::Null).await, (200, json!({ "switches": [] })));
    assert_eq!(world.view(None, "get_user", vec![]).await, Ok(vec![]));
}

/// A page in a developer's browser may send such requests, and must not see or change anything.
#[tokio::test]
async fn web_pages_see_nothing() {
    let world = World::new().await;
    let origin = [("Origin", "https://page.example")];
    for path in ["/dev/users", "/dev/credentials", "/dev/transactions", "/dev/mempool", "/dev/faults"] {
        let answer = request(&world.node.url(), "GET", path, &origin, b"").await.unwrap();
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn the_switches_are_not_for_web_pages() {
    let world = World::new().await;
    let origin = [("Origin", "http://localhost:5173")];
    let answer = request(&world.node.url(), "GET", "/dev/faults", &origin, b"").await.unwrap();
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let text = [("Content-Type", "text/plain")];
    let answer =
        request(&world.node.url(), "POST", "/dev/faults", &text, br#"{"fault":"down"}"#).await.unwrap();
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn a_node_listens_on_loopback_unless_told_otherwise() {
    let config = idos_devnode::DevNodeConfig {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..idos_devnode::DevNodeConfig::default()
    };
    let refused = idos_devnode::DevNode::start(config.clone()).await;
    assert!(matches!(refused, Err(idos_devnode::StartError::NotLoopback)));
    let config = idos_devnode::DevNodeConfig { allow_non_loopback: true, ..config };
    idos_devnode::DevNode::start(config).await.unwrap().stop().await;

    let world = World::new().await;
    let taken = idos_devnode::DevNodeConfig {
        listen: world.node.url().strip_prefix("http://").unwrap().parse().unwrap(),
        ..idos_devnode::DevNodeConfig::default()
    };
    assert!(matches!(
        idos_devnode::DevNode::start(taken).await,
        Err(idos_devnode::StartError::Listen { .. })
    ));
}
