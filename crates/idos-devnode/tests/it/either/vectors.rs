//! Requests that the real JavaScript client made, played to the node.

use idos_client::encoding::ActionExecution;
use idos_wallet::SignatureType;
use serde_json::{Value as Json, json};

use crate::support::{World, base64, done, signed_payload, vectors, view_rows};

fn all() -> Vec<Json> {
    vectors()["vectors"].as_array().unwrap().clone()
}

fn payload_of_80_kb() -> Vec<u8> {
    let id = uuid::uuid!("00000000-0000-4000-8000-000000000007");
    let user = uuid::uuid!("9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11");
    let value = "A".repeat(81_920);
    let arguments = vec![id.into(), user.into(), "big".into(), value.into()];
    ActionExecution::once("add_attribute_as_inserter", arguments).encode().unwrap()
}

/// On kwild, whose accounts cannot be told their nonce, each is refused for its nonce, which comes after its form and
/// its signature, and under its hash.
#[tokio::test]
async fn every_captured_transaction_is_known_by_its_hash() {
    let mut played = 0;
    let mut world = World::fresh().await;
    for vector in all().iter().filter(|vector| vector["kind"] == "execute") {
        let name = vector["id"].as_str().unwrap();
        if vector["js_error"].is_object() || vector["js_error"].is_string() {
            continue; // the client refused to make this one
        }
        let mut params = vector["broadcast_params"].clone();
        if name == "add_attribute_as_inserter/80kB-text" {
            // The body is left out of the vectors.
            params["tx"]["body"] = json!({
                "desc": vector["description"], "payload": base64(&payload_of_80_kb()), "type": "execute",
                "fee": "0", "nonce": 7, "chain_id": "idos-localdev",
            });
        }
        played += 1;
        if world.node.dev().is_none() {
            let refused = world.rpc("user.broadcast", params).await.unwrap_err();
            let data = &refused["data"];
            assert_eq!((&data["code"], &data["hash"]), (&json!(4), &vector["tx_hash"]), "{name}: {refused}");
            continue;
        }
        world = World::new().await; // two of them are the same transaction
        let tx = params["tx"].clone();
        let kind: SignatureType = tx["signature"]["type"].as_str().unwrap().parse().unwrap();
        let sender = hex::decode(tx["sender"].as_str().unwrap()).unwrap();
        let nonce = tx["body"]["nonce"].as_u64().unwrap();
        world.dev().set_nonce(kind, &sender, nonce - 1).await.unwrap();

        let answer =
            world.rpc("user.broadcast", params).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer["tx_hash"], vector["tx_hash"], "{name}");
        let found = world.rpc("user.tx_query", json!({ "tx_hash": vector["tx_hash"] })).await.unwrap();
        assert_eq!(found["tx"], tx, "{name}");
        if name.starts_with("value") {
            let expected = "unknown action: action \"x\" does not exist in namespace \"main\"";
            done(&answer["result"]).failed(expected);
        }
    }
    assert_eq!(played, 41);
}

#[tokio::test]
async fn captured_writes_do_what_they_say() {
    let world = World::new().await;
    let vectors = all();
    let issuer = world.issuer();
    let play = async |name: &str| {
        let vector = vectors.iter().find(|vector| vector["id"] == name).unwrap();
        let payload = hex::decode(vector["payload_hex"].as_str().unwrap()).unwrap();
        let tx = signed_payload(&issuer, payload, world.next_nonce(&issuer).await, world.node.chain_id());
        let answer = world.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap();
        done(&answer["result"])
    };
    play("add_user_as_inserter").await.succeeded();
    play("upsert_wallet_as_inserter/evm-null-public-key").await.succeeded();
    play("upsert_credential_as_inserter").await.succeeded();
    play("add_attribute_as_inserter").await.succeeded();
    play("add_attribute_as_inserter/unicode").await;
    play("edit_public_notes_as_issuer").await.succeeded();
    // Its write grant has a dummy signature.
    let failed = play("create_credentials_by_dwg").await;
    if world.node.dev().is_some() {
        failed.failed("verify owner failed");
    } else {
        // kwild's time is today's.
        failed.failed("this write grant can only be used after dwg_not_before and before dwg_not_after");
    }
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.users, counts.wallets, counts.credentials), (1, 1, 1));
}

#[tokio::test]
async fn every_captured_call_is_answered() {
    let world = World::new().await;
    let mut played = 0;
    for vector in all().iter().filter(|vector| vector["kind"] == "call") {
        let name = vector["id"].as_str().unwrap();
        let answer = world.rpc("user.call", vector["call_params"].clone()).await;
        let rows = view_rows(answer);
        match name.split('/').next().unwrap() {
            "has_profile" | "private-mode" => assert_eq!(rows, Ok(vec![json!([false])]), "{name}"),
            "get_access_grants_granted_count" => assert_eq!(rows, Ok(vec![json!(["0"])]), "{name}"),
            _ => assert_eq!(rows, Ok(vec![]), "{name}"),
        }
        played += 1;
    }
    assert_eq!(played, 11);
}

/// What the client needs of every answer: status 200, a truthy result, and here the same members.
#[tokio::test]
async fn captured_conversations_go_the_same_way() {
    let world = World::fresh().await;
    for _ in 0..6 {
        world.execute(&world.issuer(), "has_profile", vec!["".into()]).await.succeeded();
    }
    let vectors = vectors();
    let mut traces: Vec<&Json> = vec![&vectors["auth"]["chain_info_trace"][0]];
    traces.extend([&vectors["auth"]["ping_trace"], &vectors["auth"]["account_trace"]]);
    let first = &vectors["vectors"].as_array().unwrap()[0];
    traces.extend(first["rpc_trace"].as_array().unwrap());
    for trace in traces {
        let request = &trace["request"];
        let method = request["method"].as_str().unwrap();
        let result = world.rpc(method, request["params"].clone()).await.unwrap();
        let captured = &trace["response"]["result"];
        let members = |json: &Json| -> Vec<String> { json.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(members(&result), members(captured), "{method}");
        if matches!(method, "user.account" | "user.ping" | "user.estimate_price" | "user.broadcast") {
            assert_eq!(&result, captured, "{method}");
        }
    }
}
