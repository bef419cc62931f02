//! The fault switches, from code and over HTTP.

use std::time::{Duration, Instant};

use idos_devnode::{Fault, Switch};
use serde_json::{Value as Json, json};

use crate::support::{Answer, Cut, World, done, id, request, signed};

async fn send(world: &World, method: &str, params: Json) -> Result<Answer, Cut> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    request(&world.node.url(), "POST", "/rpc/v1", &[], body.as_bytes()).await
}

/// Broadcasts the addition of a user: the answer's JSON, or nothing if the connection was cut.
async fn add_user(world: &World, number: u128, sync: u8) -> Result<Json, Cut> {
    let nonce = world.next_nonce(&world.issuer()).await;
    let arguments = vec![id(number).into(), "key".into(), "user".into()];
    let tx = signed(&world.issuer(), "add_user_as_inserter", vec![arguments], nonce, world.node.chain_id());
    send(world, "user.broadcast", json!({ "tx": tx, "sync": sync })).await.map(|answer| answer.json())
}

async fn users(world: &World) -> i64 {
    world.node.counts().await.unwrap().users
}

#[tokio::test]
async fn refuse_does_nothing_and_answers_an_error() {
    let world = World::new().await;
    world.dev().faults().next(1, Fault::Refuse { code: None, message: None, transaction_code: None });
    let refused = json!({ "code": -700, "message": "refused by a fault switch" });
    assert_eq!(world.rpc("user.ping", json!({})).await, Err(refused));
    let refuse = |code, transaction_code| Switch {
        fault: Fault::Refuse { code, message: None, transaction_code },
        method: Some("user.broadcast".to_owned()),
        action: None,
        next: Some(1),
    };
    world.dev().faults().set(refuse(None, None));
    let answer = add_user(&world, 1, 1).await.unwrap();
    assert_eq!(answer["error"]["code"], -201);
    assert_eq!(answer["error"]["data"], json!({ "code": 11, "message": "mempool is full" }));
    world.dev().faults().set(refuse(None, Some(201)));
    assert_eq!(add_user(&world, 1, 1).await.unwrap()["error"]["data"]["code"], 201);
    world.dev().faults().set(refuse(Some(-32001), None));
    assert_eq!(add_user(&world, 1, 1).await.unwrap()["error"]["code"], -32001);
    assert_eq!((users(&world).await, world.next_nonce(&world.issuer()).await), (0, 1));
    assert_eq!(done(&add_user(&world, 1, 1).await.unwrap()["result"]["result"]).code, 0);
}

#[tokio::test]
async fn answer_does_nothing_and_answers_as_it_is_told() {
    let world = World::new().await;
    world.dev().faults().set(Switch {
        fault: Fault::Answer { status: 403, body: "<html>".to_owned() },
        method: Some("user.broadcast".to_owned()),
        action: None,
        next: Some(1),
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "user.broadcast", "params": {} }).to_string();
    let answer = request(&world.node.url(), "POST", "/rpc/v1", &[], body.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (403, b"<html>".as_slice()));
    assert_eq!(users(&world).await, 0);
    assert_eq!(done(&add_user(&world, 1, 1).await.unwrap()["result"]["result"]).code, 0);
}

#[tokio::test]
async fn delay_waits_first() {
    let world = World::new().await;
    world.dev().faults().next(1, Fault::Delay { ms: 300 });
    let begun = Instant::now();
    world.rpc("user.ping", json!({})).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let begun = Instant::now();
    world.rpc("user.ping", json!({})).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(300));
}

#[tokio::test]
async fn hang_up_after_commit_leaves_a_committed_transaction_and_no_answer() {
    let world = World::new().await;
    for (number, sync) in [(1, 1), (2, 0)] {
        world.dev().faults().next(1, Fault::HangUpAfterCommit);
        assert!(add_user(&world, number, sync).await.is_err());
        assert_eq!(users(&world).await, i64::try_from(number).unwrap());
    }
    assert_eq!(world.next_nonce(&world.issuer()).await, 3);
    add_user(&world, 3, 1).await.unwrap();
}

#[tokio::test]
async fn hang_up_after_commit_waits_for_the_block() {
    let world = World::with(|config| config.block_interval = Some(Duration::from_millis(100))).await;
    world.dev().faults().next(1, Fault::HangUpAfterCommit);
    assert!(add_user(&world, 1, 0).await.is_err());
    assert_eq!(users(&world).await, 1);
}

#[tokio::test]
async fn lose_answer_leaves_the_client_waiting() {
    let world = World::new().await;
    world.dev().faults().next(1, Fault::LoseAnswer);
    let answer = tokio::time::timeout(Duration::from_millis(500), add_user(&world, 1, 1)).await;
    assert!(answer.is_err(), "there was an answer, or the connection was closed");
    assert_eq!(users(&world).await, 1);
    // A node that stops does not wait for those it has not answered.
    world.dev().faults().next(1, Fault::LoseAnswer);
    let waiting = tokio::time::timeout(Duration::from_millis(200), add_user(&world, 2, 1)).await;
    assert!(waiting.is_err());
    let begun = Instant::now();
    world.node.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn wrong_nonce_refuses_a_right_one_or_tells_a_wrong_one() {
    let world = World::new().await;
    world.dev().faults().next(1, Fault::WrongNonce);
    let answer = add_user(&world, 1, 1).await.unwrap();
    assert_eq!(answer["error"]["data"]["code"], 4);
    let message = answer["error"]["data"]["message"].as_str().unwrap();
    assert!(message.ends_with("got 1, expected 2"), "{message}");
    assert_eq!(users(&world).await, 0);

    world.dev().faults().set(Switch {
        fault: Fault::WrongNonce,
        method: Some("user.account".to_owned()),
        action: None,
        next: Some(1),
    });
    let answer = add_user(&world, 1, 1).await.unwrap(); // asks for the nonce first, and believes it
    assert_eq!(answer["error"]["data"]["code"], 4);
    assert_eq!(done(&add_user(&world, 1, 1).await.unwrap()["result"]["result"]).code, 0);
}

#[tokio::test]
async fn a_node_that_is_down_answers_nothing_but_its_switches() {
    let world = World::new().await;
    let url = world.node.url();
    world.dev().faults().until_cleared(Fault::Down);
    assert!(send(&world, "user.ping", json!({})).await.is_err());
    assert!(send(&world, "user.nonsense", json!({})).await.is_err());
    assert!(request(&url, "POST", "/rpc/v1", &[], b"not json").await.is_err());
    assert!(request(&url, "GET", "/api/v1/health", &[], b"").await.is_err());
    let active = request(&url, "GET", "/dev/faults", &[], b"").await.unwrap();
    assert_eq!(active.json(), json!({ "switches": [{ "fault": "down" }] }));
    world.dev().faults().clear();
    assert!(send(&world, "user.ping", json!({})).await.is_ok());
}

#[tokio::test]
async fn switches_are_set_and_seen_over_http() {
    let world = World::new().await;
    let url = world.node.url();
    let set = async |switch: Json| {
        request(&url, "POST", "/dev/faults", &[], switch.to_string().as_bytes()).await.unwrap()
    };
    let switch = json!({ "fault": "refuse", "method": "user.call", "action": "has_profile", "next": 2 });
    assert_eq!(set(switch.clone()).await.json(), json!({ "switches": [switch] }));
    assert_eq!(world.view(None, "get_user", vec![]).await, Ok(vec![]));
    let refused = Err("-700: refused by a fault switch".to_owned());
    assert_eq!(world.view(None, "has_profile", vec!["a".into()]).await, refused);
    assert_eq!(world.dev().faults().active()[0].next, Some(1));
    assert_eq!(world.view(None, "has_profile", vec!["a".into()]).await, refused);
    assert_eq!(world.view(None, "has_profile", vec!["a".into()]).await, Ok(vec![json!([false])]));

    // By action of a broadcast, too.
    set(json!({ "fault": "hang_up_after_commit", "action": "update_user_pub_key_as_inserter" })).await;
    assert!(add_user(&world, 1, 1).await.is_ok());
    world.dev().faults().set(Switch {
        fault: Fault::HangUpAfterCommit,
        method: None,
        action: Some("add_user_as_inserter".to_owned()),
        next: None,
    });
    assert!(add_user(&world, 2, 1).await.is_err());
    let cleared = request(&url, "DELETE", "/dev/faults", &[], b"").await.unwrap();
    assert_eq!(cleared.json(), json!({ "switches": [] }));

    for wrong in [json!({}), json!({ "fault": "x" }), json!({ "fault": "delay" }), json!([])] {
        assert_eq!(set(wrong).await.status, 400);
    }
    assert!(world.dev().faults().active().is_empty());
}
