//! The JSON-RPC surface and the HTTP around it.

use serde_json::{Value as Json, json};

use crate::support::{Answer, World, base64, request};

async fn post(world: &World, body: &[u8]) -> Answer {
    request(&world.node.url(), "POST", "/rpc/v1", &[], body).await.unwrap()
}

fn body(method: &str, params: &Json) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string().into_bytes()
}

#[tokio::test]
async fn the_node_tells_what_clients_ask_at_the_start() {
    let world = World::new().await;
    world.execute(&world.issuer(), "has_profile", vec!["".into()]).await.succeeded(); // a block
    let info = world.rpc("user.chain_info", json!({})).await.unwrap();
    let (height, hash) = (info["block_height"].as_u64().unwrap(), info["block_hash"].as_str().unwrap());
    assert!(height > 0 && hash.len() == 64);
    assert_eq!(
        info,
        json!({ "chain_id": "idos-localdev", "block_height": height, "block_hash": hash, "gas": false })
    );
    if world.node.dev().is_some() {
        world.clock.advance(std::time::Duration::from_millis(1500));
    }
    let health = world.rpc("user.health", json!({})).await.unwrap();
    assert_eq!(
        health,
        json!({
            "chain_id": "idos-localdev", "block_height": height, "block_hash": hash, "gas": false,
            "healthy": true, "version": "0.2.0", "block_time": health["block_time"],
            "block_age": health["block_age"], "syncing": false, "height": height, "app_hash": health["app_hash"],
            "peer_count": 0, "mode": "open",
        })
    );
    let (time, age) = (health["block_time"].as_i64().unwrap(), health["block_age"].as_i64().unwrap());
    let now = world.clock.now().timestamp_millis();
    assert!((now - 2000..=now + 2000).contains(&(time + age)), "{time} + {age} is not about {now}");
    assert_eq!(health["app_hash"].as_str().unwrap().len(), 64);
    let version = world.rpc("user.version", json!({})).await.unwrap();
    assert_eq!((&version["service"], &version["api_ver"]), (&json!("user"), &json!("0.2.0")));
    assert_eq!(world.rpc("user.ping", json!({ "message": "ping" })).await, Ok(json!({ "message": "pong" })));
}

#[tokio::test]
async fn accounts_need_an_identifier() {
    let world = World::new().await;
    let missing = json!({ "code": -32602, "message": "missing account identifier" });
    for params in [
        json!({}),
        json!({ "id": null }),
        json!({ "id": {} }),
        json!({ "id": { "identifier": "", "key_type": "ed25519" } }),
    ] {
        assert_eq!(world.rpc("user.account", params).await, Err(missing.clone()));
    }
    for (id, code) in [
        (json!({ "identifier": "zz", "key_type": "ed25519" }), -32602),
        (json!({ "identifier": "ab", "key_type": "rsa" }), -500),
        (json!({ "identifier": "ab" }), -500),
        (json!("ab"), -32602),
    ] {
        let error = world.rpc("user.account", json!({ "id": id })).await.unwrap_err();
        assert_eq!(error["code"], code);
    }
}

#[tokio::test]
async fn errors_have_the_nodes_http_statuses() {
    let world = World::new().await;
    for (body, status, code, id) in [
        (b"not json".to_vec(), 400, -32700, json!(-1)),
        (b"[]".to_vec(), 400, -32700, json!(-1)),
        (b"\xff\xfe".to_vec(), 400, -32700, json!(-1)),
        (br#"{"jsonrpc":"2.0","method":"user.ping"}"#.to_vec(), 400, -32600, json!(null)),
        (br#"{"jsonrpc":"1.0","id":7,"method":"user.ping"}"#.to_vec(), 400, -32600, json!(7)),
        (br#"{"jsonrpc":"2.0","id":0,"method":"user.ping"}"#.to_vec(), 400, -32600, json!(0)),
        (body("user.nonsense", &json!({})), 404, -32601, json!(7)),
        (br#"{"jsonrpc":"2.0","id":7}"#.to_vec(), 404, -32601, json!(7)),
        (body("user.account", &json!([1])), 400, -32602, json!(7)),
        (body("user.account", &json!({})), 400, -32602, json!(7)),
        (body("user.tx_query", &json!({ "tx_hash": "00".repeat(32) })), 200, -202, json!(7)),
    ] {
        let answer = post(&world, &body).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        let json = answer.json();
        assert_eq!((&json["error"]["code"], &json["id"]), (&json!(code), &id));
        assert_eq!(json.get("result"), None);
    }
    let answer = post(&world, &body("user.ping", &json!(null))).await;
    assert_eq!((answer.status, answer.json()["id"].clone()), (200, json!(7)));
}

#[tokio::test]
async fn a_request_has_a_largest_size_and_one_method() {
    let world = World::new().await;
    let pad = |size: usize| {
        let mut body = body("user.ping", &json!({}));
        body.resize(size, b' ');
        body
    };
    assert_eq!(post(&world, &pad(6_000_000)).await.status, 200);
    // The rest of a larger one is not read, so the answer may get lost with the connection.
    if let Ok(answer) = request(&world.node.url(), "POST", "/rpc/v1", &[], &pad(6_000_001)).await {
        assert_eq!(answer.status, 400);
        assert_eq!(answer.body, b"error reading request body\n");
    }
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(request(&world.node.url(), method, "/rpc/v1", &[], b"").await.unwrap().status, 405);
    }
    assert_eq!(request(&world.node.url(), "POST", "/", &[], b"").await.unwrap().status, 404);
}

#[tokio::test]
async fn browsers_are_let_in_with_their_cookies() {
    let world = World::new().await;
    let origin = [("Origin", "http://localhost:5173")];
    for (method, path, body) in [
        ("OPTIONS", "/rpc/v1", vec![]),
        ("POST", "/rpc/v1", body("user.ping", &json!({}))),
        ("POST", "/rpc/v1", b"x".to_vec()),
        ("GET", "/api/v1/health", vec![]),
    ] {
        let answer = request(&world.node.url(), method, path, &origin, &body).await.unwrap();
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, OPTIONS"));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("Content-Type"));
    }
    let answer = request(&world.node.url(), "OPTIONS", "/rpc/v1", &origin, b"").await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[tokio::test]
async fn health_is_also_a_plain_page() {
    let world = World::new().await;
    let get = async |path: &str| request(&world.node.url(), "GET", path, &[], b"").await.unwrap();
    let all = get("/api/v1/health").await;
    assert_eq!(all.status, 200);
    assert_eq!((&all.json()["kwil_alive"], &all.json()["healthy"]), (&json!(true), &json!(true)));
    let user = get("/api/v1/health/user").await;
    let (mut one, mut other) = (user.json(), all.json()["services"]["user"].clone());
    for health in [&mut one, &mut other] {
        assert!(health["block_age"].take().is_i64()); // it grows
    }
    assert_eq!(one, other);
    assert_eq!(user.json()["mode"], "open");
}

#[tokio::test]
async fn prices_are_given_for_drafts_full_of_nulls() {
    let world = World::new().await;
    let draft = json!({
        "signature": { "sig": null, "type": "secp256k1_ep" },
        "body": { "desc": "", "payload": "AAAE", "type": "execute", "fee": null, "nonce": null, "chain_id": "" },
        "sender": world.issuer.public_key_hex(), "serialization": "concat",
    });
    let free = Ok(json!({ "price": "0" }));
    assert_eq!(world.rpc("user.estimate_price", json!({ "tx": draft })).await, free);
    assert_eq!(world.rpc("user.estimate_price", json!({ "tx": { "body": {} } })).await, free);
    // kwild falls over drafts without body, and answers nothing with status 500.
    for tx in [json!("x"), json!({ "body": { "payload": "not base64" } })] {
        assert_eq!(world.rpc("user.estimate_price", json!({ "tx": tx })).await.unwrap_err()["code"], -32602);
    }
}

#[tokio::test]
async fn views_that_find_nothing_answer_nulls_and_failures_hide_in_a_success() {
    let world = World::new().await;
    let call = |payload: &[u8]| {
        let body = json!({ "payload": base64(payload) });
        json!({ "body": body, "auth_type": "ed25519", "sender": world.issuer.public_key_hex(), "signature": "" })
    };
    let encode =
        |action, arguments| idos_client::encoding::ActionCall::new(action, arguments).encode().unwrap();
    let nothing = json!({ "column_names": null, "column_types": null, "values": null });
    assert_eq!(
        world.rpc("user.call", call(&encode("get_user", vec![]))).await,
        Ok(json!({ "query_result": nothing, "logs": "", "error": null }))
    );
    let stranger = json!({ "body": { "payload": base64(&encode("get_user_as_inserter", vec![crate::support::id(1).into()])) } });
    assert_eq!(
        world.rpc("user.call", stranger).await,
        Ok(json!({ "query_result": nothing, "logs": "", "error": "Unauthorized inserter" }))
    );
    assert_eq!(
        world.rpc("user.call", call(&encode("has_profile", vec!["a".into()]))).await,
        Ok(json!({
            "query_result": {
                "column_names": ["has_profile"],
                "column_types": [{ "name": "bool", "is_array": false, "metadata": [0, 0] }],
                "values": [[false]],
            },
            "logs": "", "error": null,
        }))
    );
    let balance = world
        .rpc("user.call", call(&encode("check_balance", vec!["a".into(), "IDOS".into()])))
        .await
        .unwrap();
    assert_eq!(
        balance["query_result"]["column_types"],
        json!([{ "name": "numeric", "is_array": false, "metadata": [78, 0] }])
    );
}

#[tokio::test]
async fn unreadable_calls_and_impossible_callers_are_errors() {
    let world = World::new().await;
    let good = idos_client::encoding::ActionCall::new("get_user", vec![]).encode().unwrap();
    let call = async |payload: &[u8], auth_type: &str, sender: &str| {
        let params = json!({
            "body": { "payload": base64(payload) }, "auth_type": auth_type, "sender": sender, "signature": ""
        });
        world.rpc("user.call", params).await
    };
    let error = call(b"\0\0\x04", "ed25519", "").await.unwrap_err();
    assert_eq!(error["code"], -32602);
    assert!(error["message"].as_str().unwrap().starts_with("failed to convert action call: "), "{error}");
    let mut argument =
        idos_client::encoding::ActionCall::new("has_profile", vec!["a".into()]).encode().unwrap();
    argument.pop();
    let error = call(&argument, "ed25519", "").await.unwrap_err();
    assert!(error["message"].as_str().unwrap().starts_with("failed to convert action call: "), "{error}");
    // Before the eight bytes of an integer comes the mark that there is one.
    let mut argument =
        idos_client::encoding::ActionCall::new("has_profile", vec![1.into()]).encode().unwrap();
    let mark = argument.len() - 9;
    argument[mark] = 2;
    let error = call(&argument, "ed25519", "").await.unwrap_err();
    assert!(error["message"].as_str().unwrap().starts_with("failed to decode argument: "), "{error}");
    for (auth_type, sender) in [("rsa", "ab"), ("ed25519", "ab"), ("secp256k1_ep", "ab"), ("nep413", "ab")] {
        let error = call(&good, auth_type, sender).await.unwrap_err();
        assert_eq!(error["code"], -601);
        assert!(error["message"].as_str().unwrap().starts_with("failed to get caller: "), "{error}");
    }
    assert_eq!(call(&good, "ed25519", "zz").await.unwrap_err()["code"], -32602);
    assert!(call(&good, "", "ab").await.is_ok()); // without auth type nobody is asked who it is
    assert_eq!(
        world.rpc("user.call", json!({ "body": { "payload": "%" } })).await.unwrap_err()["code"],
        -32602
    );
}

#[tokio::test]
async fn nobody_may_select() {
    let world = World::new().await;
    // Not even from the list of actions, because the right that counts is that to `main`.
    for query in ["SELECT * FROM users", "SELECT * FROM info.actions WHERE namespace = 'main'", "SELECT 1"] {
        let refused = world.rpc("user.query", json!({ "query": query, "params": {} })).await.unwrap_err();
        let message = "user does not have privilege SELECT on namespace \"main\"";
        assert_eq!(refused, json!({ "code": -300, "message": message }), "{query}");
    }
}
