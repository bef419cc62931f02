//! Private mode: a node without gateway, whose view calls are signed over a challenge.

use std::time::Duration;

use idos_client::actions::GetUserAsInserter;
use idos_client::encoding::ActionCall;
use idos_client::transaction::payload_digest;
use idos_client::{Client, ClientConfig, Signer};
use serde_json::{Value as Json, json};

use crate::support::{World, base64, id, vectors};

async fn private() -> World {
    World::with(|config| {
        config.private_mode = true;
        config.require_sessions = true;
    })
    .await
}

async fn challenge(world: &World) -> Vec<u8> {
    let answer = world.rpc("user.challenge", json!({})).await.unwrap();
    hex::decode(answer["challenge"].as_str().unwrap()).unwrap()
}

/// The params of a call that is signed over `challenge`.
fn signed_call(signer: &Signer, challenge: &[u8]) -> Json {
    let payload = ActionCall::new("get_user_as_inserter", vec![id(1).into()]).encode().unwrap();
    let text = format!(
        "Kwil view call.\n\nNamespace: main\nMethod: get_user_as_inserter\nDigest: {}\nChallenge: {}\n",
        payload_digest(&payload),
        hex::encode(challenge)
    );
    json!({
        "body": { "payload": base64(&payload), "challenge": base64(challenge) },
        "auth_type": signer.signature_type().as_str(),
        "sender": hex::encode(signer.sender()),
        "signature": base64(&signer.sign_here(&text).unwrap()),
    })
}

async fn code(world: &World, params: Json) -> i64 {
    world.rpc("user.call", params).await.err().map_or(0, |error| error["code"].as_i64().unwrap())
}

#[tokio::test]
async fn a_call_is_signed_over_a_challenge_that_works_once() {
    let world = private().await;
    assert_eq!(world.rpc("user.health", json!({})).await.unwrap()["mode"], "private");
    let issuer = world.issuer();
    let given = challenge(&world).await;
    assert_eq!(code(&world, signed_call(&issuer, &given)).await, 0);
    assert_eq!(code(&world, signed_call(&issuer, &given)).await, -1001);
    assert_eq!(code(&world, signed_call(&issuer, &[7; 32])).await, -1001);
    assert_eq!(code(&world, signed_call(&issuer, &[7; 31])).await, -1002);

    let given = challenge(&world).await;
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(code(&world, signed_call(&issuer, &given)).await, -1003);

    let mut forged = signed_call(&issuer, &challenge(&world).await);
    forged["sender"] = json!(Signer::from_seed(&[9; 32]).caller());
    assert_eq!(code(&world, forged).await, -1004);
    let mut unsigned = signed_call(&issuer, &challenge(&world).await);
    unsigned["signature"] = json!("");
    assert_eq!(code(&world, unsigned).await, -1001);
    let mut anonymous = signed_call(&issuer, &challenge(&world).await);
    anonymous["sender"] = json!("");
    assert_eq!(code(&world, anonymous).await, -1001);
}

#[tokio::test]
async fn the_text_is_the_javascript_clients() {
    let vectors = vectors();
    let all = vectors["vectors"].as_array().unwrap();
    let captured = all.iter().find(|vector| vector["id"] == "private-mode/has_profile").unwrap();
    // Nobody can make our node give out the captured challenge, so the signature is compared with our own text's.
    let params = &captured["call_params"];
    let decode = |text: &Json| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap()
    };
    let text = format!(
        "Kwil view call.\n\nNamespace: main\nMethod: has_profile\nDigest: {}\nChallenge: {}\n",
        payload_digest(&decode(&params["body"]["payload"])),
        hex::encode(decode(&params["body"]["challenge"]))
    );
    let issuer = Signer::from_seed(&crate::support::seed());
    assert_eq!(params["signature"], json!(base64(&issuer.sign_here(&text).unwrap())));
}

#[tokio::test]
async fn there_are_no_queries_and_no_gateway_in_private_mode() {
    let world = private().await;
    let query = json!({ "query": "SELECT * FROM info.actions", "params": {} });
    assert_eq!(world.rpc("user.query", query).await.unwrap_err()["code"], -1007);
    for method in ["kgw.authn_param", "kgw.authn", "kgw.logout"] {
        assert_eq!(world.rpc(method, json!({})).await.unwrap_err()["code"], -32601);
    }
}

#[tokio::test]
async fn challenges_are_not_given_out_without_end() {
    let world = private().await;
    for _ in 0..60 {
        challenge(&world).await;
    }
    assert_eq!(world.rpc("user.challenge", json!({})).await.unwrap_err()["code"], -1006);
    world.clock.advance(Duration::from_secs(1));
    challenge(&world).await;
}

#[tokio::test]
async fn the_client_signs_its_calls_in_private_mode() {
    let world = private().await;
    let client = Client::connect(ClientConfig::new(world.node.url().parse().unwrap())).await.unwrap();
    let user = client.call_one(&world.issuer(), &GetUserAsInserter { id: id(1) }).await.unwrap();
    assert_eq!(user, None);
}
