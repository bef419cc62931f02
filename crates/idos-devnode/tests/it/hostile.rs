//! Hostile input: whatever is sent, the node answers as documented and goes on.

use idos_client::Signer;
use idos_client::encoding::ActionCall;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use crate::support::{World, base64, request, signed_payload};

/// Every error code that this node documents.
const CODES: [i64; 19] = [
    -32700, -32600, -32601, -32602, -201, -202, -300, -601, -700, -901, -902, -1001, -1002, -1003, -1004,
    -1006, -1007, -1008, -900,
];

struct Target {
    runtime: Runtime,
    world: World,
}

impl Target {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let world = runtime.block_on(World::with(|config| config.require_sessions = true));
        Self { runtime, world }
    }

    /// Sends a body and checks the answer; then the node must still be there.
    fn probe(&self, body: &[u8]) -> Json {
        self.runtime.block_on(async {
            let url = self.world.node.url();
            let answer = request(&url, "POST", "/rpc/v1", &[], body).await.expect("no answer");
            assert!(matches!(answer.status, 200 | 400 | 404), "status {}", answer.status);
            let json = answer.json();
            if let Some(code) = json["error"]["code"].as_i64() {
                assert!(CODES.contains(&code), "code {code}");
                // -700 and -900 are the node's own failures, which no input may cause.
                assert!(!matches!(code, -700 | -900 | -32603), "{json}");
            } else {
                assert!(!json["result"].is_null(), "{json}");
            }
            self.world.rpc("user.ping", json!({})).await.unwrap();
            json
        })
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,20}".prop_map(Json::from),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| base64(&bytes).into()),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| hex::encode(bytes).into()),
        Just(json!("ed25519")),
        Just(json!("execute")),
        Just(json!("concat")),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            proptest::collection::vec((member(), inner), 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Names that the methods read, so that random JSON gets somewhere.
fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "id",
            "identifier",
            "key_type",
            "status",
            "tx",
            "body",
            "payload",
            "signature",
            "sig",
            "type",
            "desc",
            "fee",
            "nonce",
            "chain_id",
            "sender",
            "serialization",
            "sync",
            "tx_hash",
            "auth_type",
            "challenge",
            "query",
            "params",
            "data",
            "$namespace",
            "account",
            "message",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ]
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "user.chain_info",
            "user.health",
            "user.version",
            "user.ping",
            "user.account",
            "user.num_accounts",
            "user.estimate_price",
            "user.tx_query",
            "user.broadcast",
            "user.call",
            "user.query",
            "user.authenticated_query",
            "user.challenge",
            "kgw.authn_param",
            "kgw.authn",
            "kgw.logout",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

#[test]
fn random_requests_are_answered_as_documented() {
    let target = Target::new();
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(method in method(), params in any_json())| {
        target.probe(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().as_bytes());
    });
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(whole in any_json(), bytes in proptest::collection::vec(any::<u8>(), 0..200))| {
        target.probe(whole.to_string().as_bytes());
        target.probe(&bytes);
    });
}

/// Payloads near to real ones: a call with bytes changed, cut off or put in.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let real = ActionCall::new("get_access_grants_granted", vec![1.into(), "text".into(), true.into()]);
    let real = real.encode().unwrap();
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..120),
        (0..real.len(), any::<u8>()).prop_map({
            let real = real.clone();
            move |(at, byte)| {
                let mut bytes = real.clone();
                bytes[at] = byte;
                bytes
            }
        }),
        (0..real.len(), proptest::collection::vec(any::<u8>(), 0..8)).prop_map(move |(at, more)| [
            &real[..at],
            &more
        ]
        .concat()),
    ]
}

#[test]
fn random_payloads_are_answered_as_documented() {
    let target = Target::new();
    let signer = Signer::from_seed(&[9; 32]);
    let nonce = std::cell::Cell::new(1);
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(payload in payload())| {
        let call = json!({ "body": { "payload": base64(&payload) }, "auth_type": "ed25519", "sender": "", "signature": "" });
        target.probe(json!({ "jsonrpc": "2.0", "id": 1, "method": "user.call", "params": call }).to_string().as_bytes());

        let tx = signed_payload(&signer, payload, nonce.get(), target.world.node.chain_id());
        let broadcast = json!({ "tx": tx, "sync": 1 });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "user.broadcast", "params": broadcast });
        let answer = target.probe(body.to_string().as_bytes());
        assert_eq!(answer["result"]["tx_hash"], json!(tx.hash()), "{answer}");
        nonce.set(nonce.get() + 1);
    });
}

#[test]
fn deep_and_wide_requests_are_refused() {
    let target = Target::new();
    let deep = "[".repeat(100_000);
    assert_eq!(target.probe(deep.as_bytes())["error"]["code"], -32700);
    let nested = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"user.ping","params":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    assert_eq!(target.probe(nested.as_bytes())["error"]["code"], -32700);
    let wide = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"user.account","params":[{}0]}}"#,
        "0,".repeat(1_000_000)
    );
    assert_eq!(target.probe(wide.as_bytes())["error"]["code"], -32602);
    let long_name = "x".repeat(1_000_000);
    let payload = ActionCall::new(&long_name, vec![]).encode().unwrap();
    let call = json!({ "body": { "payload": base64(&payload) }, "sender": "" });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "user.call", "params": call });
    let answer = target.probe(body.to_string().as_bytes());
    assert!(answer["error"]["message"].as_str().unwrap().len() < 300);
}
