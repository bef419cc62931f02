//! The session gateway.

use idos_client::Signer;
use serde_json::{Value as Json, json};

use crate::support::{Answer, issuer, network, network_with, post, request};

/// The params of a call of `get_user`, which anybody may make.
fn call(signer: Option<&Signer>) -> Json {
    // Version 0, namespace main, action get_user, no arguments.
    let payload = "AAAEAAAAbWFpbggAAABnZXRfdXNlcgAA";
    match signer {
        Some(signer) => json!({
            "body": { "payload": payload },
            "auth_type": signer.signature_type().as_str(),
            "sender": hex::encode(signer.sender()),
            "signature": "",
        }),
        None => {
            json!({ "body": { "payload": payload }, "auth_type": "secp256k1_ep", "sender": "", "signature": "" })
        }
    }
}

fn code(answer: &Answer) -> i64 {
    answer.json()["error"]["code"].as_i64().unwrap_or(0)
}

/// A session's cookie.
async fn log_in(url: &str, signer: &Signer) -> String {
    let offer = post(url, &[], "kgw.authn_param", json!({})).await.json()["result"].clone();
    let member = |name: &str| offer[name].as_str().unwrap();
    assert_eq!((member("domain"), member("chain_id")), (url, "idos-localnet"));
    let text = format!(
        "{} wants you to sign in with your account:\n\n{}\n\nURI: {}\nVersion: 1\nChain ID: {}\nNonce: {}\n\
         Issue At: {}\nExpiration Time: {}\n",
        member("domain"),
        member("statement"),
        member("uri"),
        member("chain_id"),
        member("nonce"),
        member("issue_at"),
        member("expiration_time")
    );
    let sig = base64(&signer.sign_here(&text).unwrap());
    let params = json!({
        "nonce": offer["nonce"],
        "sender": hex::encode(signer.sender()),
        "signature": { "sig": sig, "type": signer.signature_type().as_str() },
    });
    let answer = post(url, &[], "kgw.authn", params).await;
    assert_eq!((answer.status, answer.json()["result"].clone()), (200, json!({})));
    answer.header("set-cookie").unwrap().to_owned()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_call_with_a_sender_needs_a_session_of_that_sender() {
    let network = network().await;
    let url = network.url();
    let (issuer, other) = (issuer(), Signer::from_seed(&[9; 32]));
    let ask = async |cookie: &str, signer: Option<&Signer>| {
        let answer = post(&url, &[("Cookie", cookie)], "user.call", call(signer)).await;
        assert_eq!(answer.status, 200);
        code(&answer)
    };
    assert_eq!(ask("", None).await, 0);
    assert_eq!(ask("", Some(&issuer)).await, -901);
    let cookie = log_in(&url, &issuer).await;
    assert_eq!(ask(&cookie, Some(&issuer)).await, 0);
    assert_eq!(ask(&cookie, Some(&other)).await, -901);
    assert_eq!(network.counts().await.unwrap().sessions, 1);

    // The node itself does not care.
    let bare = network.node_url(0).unwrap();
    assert_eq!(code(&post(bare, &[], "user.call", call(Some(&issuer))).await), 0);

    // The node is lenient about the case of names; the gateway must not be deceived by that.
    let params = call(Some(&issuer)).to_string();
    for (disguised, refusal) in [
        (
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"user.ping","Method":"user.call","params":{params}}}"#
            ),
            -32600,
        ),
        (
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"user.call","params":{}}}"#,
                params.replace("sender", "Sender")
            ),
            -32602,
        ),
    ] {
        assert_eq!(code(&request(bare, "POST", "/rpc/v1", &[], disguised.as_bytes()).await.unwrap()), 0);
        let answer = request(&url, "POST", "/rpc/v1", &[], disguised.as_bytes()).await.unwrap();
        assert_eq!(code(&answer), refusal, "{disguised}");
    }

    let answer = post(&url, &[("Cookie", &cookie)], "kgw.logout", json!({ "account": "" })).await;
    assert!(answer.header("set-cookie").unwrap().starts_with("kgw_session=;"));
    assert_eq!(ask(&cookie, Some(&issuer)).await, -901);
}

#[tokio::test]
async fn without_sessions_anybody_may_claim_to_be_anybody() {
    let network = network_with(|config| config.require_sessions = false).await;
    assert_eq!(code(&post(&network.url(), &[], "user.call", call(Some(&issuer()))).await), 0);
}

#[tokio::test]
async fn everything_else_is_the_nodes_word_byte_for_byte() {
    let network = network().await;
    let (gateway, node) = (network.url(), network.node_url(0).unwrap());
    let origin = [("Origin", "http://app.example")];
    let bodies: [&[u8]; 6] = [
        br#"{"jsonrpc":"2.0","id":1,"method":"user.version","params":{}}"#,
        br#"{"jsonrpc":"2.0","id":"a","method":"user.ping","params":{"message":"x"}}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"user.nothing","params":{}}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"user.tx_query","params":{"tx_hash":"zz"}}"#,
        br#"{"jsonrpc":"1.0"}"#,
        b"no JSON",
    ];
    for body in bodies {
        let ours = request(&gateway, "POST", "/rpc/v1", &origin, body).await.unwrap();
        let theirs = request(node, "POST", "/rpc/v1", &origin, body).await.unwrap();
        let what = String::from_utf8_lossy(body);
        assert_eq!((ours.status, &ours.body), (theirs.status, &theirs.body), "{what}");
        for name in ["content-type", "access-control-allow-origin", "access-control-allow-credentials"] {
            assert_eq!(ours.header(name), theirs.header(name), "{what}: {name}");
        }
    }
    for (method, path) in
        [("GET", "/rpc/v1"), ("OPTIONS", "/rpc/v1"), ("GET", "/api/v1/health"), ("GET", "/x")]
    {
        let ours = request(&gateway, method, path, &origin, b"").await.unwrap();
        let theirs = request(node, method, path, &origin, b"").await.unwrap();
        assert_eq!(ours.status, theirs.status, "{method} {path}");
        assert_eq!(ours.header("access-control-allow-origin"), theirs.header("access-control-allow-origin"));
    }
    let login = post(&gateway, &origin, "kgw.authn_param", json!({})).await;
    assert_eq!(login.header("access-control-allow-origin"), Some("http://app.example"));

    let too_large = request(&gateway, "POST", "/rpc/v1", &[], &vec![b' '; 6_000_001]).await.unwrap();
    assert_eq!(too_large.status, 400);
}

#[tokio::test]
async fn a_node_that_is_down_is_a_bad_gateway() {
    let network = network().await;
    network.kill(0).await.unwrap();
    let answer = post(&network.url(), &[("Origin", "http://a")], "user.chain_info", json!({})).await;
    assert_eq!((answer.status, code(&answer)), (502, -900));
    assert_eq!(answer.json()["id"], 1);
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://a"));
    // Logging in does not need the node.
    log_in(&network.url(), &issuer()).await;
}
