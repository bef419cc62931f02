//! Wallets that are contracts: their chain is asked. What the questions and answers mean is held against an EVM in
//! `tests/interop/tests/contracts.test.js`; here a stand-in says what an endpoint says.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::door::{Answer, Door, inserter};
use crate::support::service::{Backend, Stage};
use crate::support::{User, owned};

const SAFE: &str = "0xba32858eA15Ad4A729d3aCA3c2ed5E3363Bc16f6";
const MAGIC: &str = "0x1626ba7e00000000000000000000000000000000000000000000000000000000";

/// What the stand-in says, and what it was asked.
struct Endpoint {
    chain: Mutex<Value>,
    call: Mutex<(u16, String)>,
    asked: Mutex<Vec<Value>>,
}

impl Endpoint {
    async fn start() -> (Arc<Self>, String) {
        let endpoint = Arc::new(Self {
            chain: Mutex::new(json!("0x89")),
            call: Mutex::new((200, String::new())),
            asked: Mutex::default(),
        });
        let router = Router::new().route("/key-Xyzzy", post(answer)).with_state(Arc::clone(&endpoint));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/key-Xyzzy", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (endpoint, url)
    }

    fn says(&self, answer: &Value) {
        *self.call.lock().unwrap() = (200, answer.to_string());
    }
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, body: Bytes) -> (StatusCode, String) {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let is_chain = asked["method"] == "eth_chainId";
    endpoint.asked.lock().unwrap().push(asked);
    if is_chain {
        let chain = endpoint.chain.lock().unwrap().clone();
        return (StatusCode::OK, json!({ "jsonrpc": "2.0", "id": 1, "result": chain }).to_string());
    }
    let (status, body) = endpoint.call.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), body)
}

fn result(result: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result })
}

fn failed(code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": message } })
}

fn wanted(user: &User, chain: &str) -> Value {
    json!({ "userId": user.id, "wallet": { "type": "EVM", "address": SAFE, "chain": chain }, "inProfile": false })
}

async fn opened(backend: Backend, url: &str) -> Door {
    let mut stage = Stage::new(backend).await;
    stage.settings = format!("[[wallets.evm_rpc]]\nchain = \"eip155:137\"\nurl = \"{url}\"\n");
    Door::on(stage).await
}

async fn link(door: &Door, user: &User) -> (String, String) {
    let made = door.make("/v1/wallet-links", &wanted(user, "eip155:137")).send().await.expect(201);
    let message = made.json()["challenge"]["message"].as_str().unwrap().to_owned();
    (made.header("location").unwrap().to_owned(), message)
}

async fn prove(door: &Door, place: &str, signature: &str) -> Answer {
    door.post(format!("{place}/proof"), &json!({ "signature": signature })).send().await
}

on_both_databases! {
    async fn a_contract_is_asked_and_its_answer_counts(backend) {
        let (endpoint, url) = Endpoint::start().await;
        let door = opened(backend, &url).await;
        let user = User::with(WalletType::Evm);
        let (place, message) = link(&door, &user).await;
        assert!(message.contains(&format!("Wallet: EVM {SAFE} on eip155:137")), "{message}");

        for no in [
            result("0xffffffff00000000000000000000000000000000000000000000000000000000"),
            result("0x0000000000000000000000000000000000000000000000000000000000000001"),
            failed(3, "execution reverted: GS026"),
            failed(-32000, "VM Exception while processing transaction: revert"),
        ] {
            endpoint.says(&no);
            let refused = prove(&door, &place, "0xabcd").await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/signature"], "{no}");
            assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("not this wallet's"));
        }
        endpoint.says(&result("0x"));
        let refused = prove(&door, &place, "0xabcd").await.problem(422, "invalid_fields");
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("no contract"), "{refused:?}");
        let refused = prove(&door, &place, "abcd").await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/signature"]);

        // What is no answer uses nothing up, and says nothing.
        for (status, body) in [
            (429, String::new()),
            (503, failed(-32005, "limit exceeded").to_string()),
            (200, failed(-32601, "the method does not exist").to_string()),
            (200, "<html>".to_owned()),
            (200, json!({ "jsonrpc": "2.0", "id": 1 }).to_string()),
            (200, json!({ "jsonrpc": "2.0", "id": 1, "result": 7 }).to_string()),
            (302, String::new()),
        ] {
            *endpoint.call.lock().unwrap() = (status, body);
            for _ in 0..3 {
                prove(&door, &place, "0xabcd").await.problem(503, "chain_unavailable");
            }
        }
        endpoint.says(&result(MAGIC));
        for other in [json!("0x1"), json!("137"), json!(null)] {
            *endpoint.chain.lock().unwrap() = other;
            prove(&door, &place, "0xabcd").await.problem(503, "chain_unavailable");
        }
        *endpoint.chain.lock().unwrap() = json!("0x89");
        let proven = prove(&door, &place, "0xabcd").await.expect(200).json();
        assert_eq!((&proven["state"], &proven["walletId"]), (&json!("proven"), &Value::Null));
        assert_eq!(prove(&door, &place, "0xabcd").await.expect(200).json()["state"], "proven");
        prove(&door, &place, "0xabce").await.problem(409, "state_conflict");

        let asked = endpoint.asked.lock().unwrap().clone();
        let last = asked.iter().rfind(|asked| asked["method"] == "eth_call").unwrap();
        assert_eq!((&last["params"][0]["to"], &last["params"][1]), (&json!(SAFE), &json!("latest")));
        let expected = idos_wallet::ContractCall::new(SAFE, &message, "0xabcd").unwrap();
        assert_eq!(last["params"][0]["data"], expected.data());
        assert!(!format!("{:?}", door.stage.config().wallets).contains("Xyzzy"));
        door.close().await;
    }

    async fn a_contract_has_to_be_on_a_chain_that_is_asked_and_stays_out_of_profiles(backend) {
        let (_, url) = Endpoint::start().await;
        let door = opened(backend, &url).await;
        let user = User::with(WalletType::Evm);
        for (pointer, value, place) in [
            ("/wallet/chain", json!("eip155:1"), "/wallet/chain"),
            ("/wallet/chain", json!("137"), "/wallet/chain"),
            ("/wallet/chain", json!("solana:mainnet"), "/wallet/chain"),
            ("/wallet/chain", json!(137), "/wallet/chain"),
            ("/inProfile", json!(true), "/inProfile"),
        ] {
            let mut body = wanted(&user, "eip155:137");
            *body.pointer_mut(pointer).unwrap() = value;
            let refused = door.make("/v1/wallet-links", &body).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [place], "{body}");
        }
        let stellar = User::with(WalletType::Stellar);
        let mut body = wanted(&user, "eip155:137");
        body["wallet"] = json!({ "type": "Stellar", "address": stellar.wallet.address(), "chain": "eip155:137" });
        let refused = door.make("/v1/wallet-links", &body).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/wallet/chain"]);

        // An endpoint that is not there any more when the answer comes.
        let (place, _) = link(&door, &user).await;
        let mut stage = door.leave().await;
        stage.settings.clear();
        let door = Door::on(stage).await;
        let refused = prove(&door, &place, "0xabcd").await.problem(503, "chain_unavailable");
        assert!(refused.json()["detail"].as_str().unwrap().contains("no endpoint is configured"), "{refused:?}");
        door.close().await;
    }

    async fn a_contract_is_listed_in_a_credential_on_its_chain(backend) {
        let (endpoint, url) = Endpoint::start().await;
        let door = opened(backend, &url).await.working();
        let user = door.user(WalletType::Evm).await;
        let mut body = wanted(&user, "eip155:137");
        body["forCredential"] = json!(true);
        // However the address is spelled, the credential has one spelling.
        body["wallet"]["address"] = json!(SAFE.to_lowercase());
        let made = door.make("/v1/wallet-links", &body).send().await.expect(201).json();
        let place = format!("/v1/wallet-links/{}", made["id"].as_str().unwrap());
        endpoint.says(&result(MAGIC));
        let proven = prove(&door, &place, "0xabcd").await.expect(200).json();
        let submission = json!({ "userId": user.id, "kind": "wallet_linkage", "evidence": { "links": [made["id"]] }, "delivery": inserter() });
        let made = door.make("/v1/issuances", &submission).send().await.expect(202);
        let issued = door.get(format!("{}?wait=60", made.header("location").unwrap())).send().await.expect(200).json();
        assert_eq!(issued["state"], "issued", "{issued:#}");
        let id = issued["credentialId"].as_str().unwrap().parse().unwrap();
        let text = owned(door.app.idos().await.unwrap(), &user, id).await.unwrap();
        let credential: Value = serde_json::from_slice(&text).unwrap();
        let time = format!("{}Z", &proven["provenAt"].as_str().unwrap()[..19]);
        let expected = json!([{ "id": format!("eip155:137:{SAFE}"), "provenAt": time }]);
        assert_eq!(credential["credentialSubject"]["wallets"], expected);
        door.close().await;
    }

    async fn a_contract_that_says_no_too_often_ends_the_link(backend) {
        let (endpoint, url) = Endpoint::start().await;
        let door = opened(backend, &url).await;
        let (place, _) = link(&door, &User::with(WalletType::Evm)).await;
        endpoint.says(&failed(3, "execution reverted"));
        for _ in 0..10 {
            prove(&door, &place, "0xabcd").await.problem(422, "invalid_fields");
        }
        endpoint.says(&result(MAGIC));
        prove(&door, &place, "0xabcd").await.problem(409, "state_conflict");
        assert_eq!(door.get(&place).send().await.expect(200).json()["state"], "refused");
        door.close().await;
    }
}
