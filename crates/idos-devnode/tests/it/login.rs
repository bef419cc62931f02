//! The gateway: logins, sessions, and who may call what.

use std::time::Duration;

use idos_client::Signer;
use idos_wallet::{WalletKey, WalletType};
use serde_json::{Value as Json, json};

use crate::support::{Answer, World, base64, call_params, id, request, rpc, wallet};

/// A node with sessions, and hands that hold a cookie.
struct Gate {
    world: World,
}

impl Gate {
    async fn new() -> Self {
        Self { world: World::with(|config| config.require_sessions = true).await }
    }

    async fn post(&self, cookie: Option<&str>, method: &str, params: Json) -> Answer {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let headers: Vec<(&str, &str)> = cookie.map(|cookie| ("Cookie", cookie)).into_iter().collect();
        request(&self.world.node.url(), "POST", "/rpc/v1", &headers, body.as_bytes()).await.unwrap()
    }

    async fn offer(&self) -> Json {
        self.post(None, "kgw.authn_param", json!({})).await.json()["result"].clone()
    }

    async fn answer_offer(&self, signer: &Signer, offer: &Json, text: &str) -> Answer {
        let signature = json!({ "sig": base64(&signer.sign_here(text).unwrap()), "type": signer.signature_type().as_str() });
        let params = json!({
            "nonce": offer["nonce"], "sender": hex::encode(signer.sender()), "signature": signature
        });
        self.post(None, "kgw.authn", params).await
    }

    /// The cookie of a new session, as `Set-Cookie` gave it.
    async fn log_in(&self, signer: &Signer) -> String {
        log_in(&self.world, signer).await
    }

    /// The code of the error of a call, or 0.
    async fn call(&self, cookie: Option<&str>, signer: Option<&Signer>) -> i64 {
        let answer = self.post(cookie, "user.call", call_params(signer, "get_user", vec![])).await;
        assert_eq!(answer.status, 200);
        answer.json()["error"]["code"].as_i64().unwrap_or(0)
    }
}

/// The cookie of a new session, as `Set-Cookie` gave it.
pub(crate) async fn log_in(world: &World, signer: &Signer) -> String {
    log_in_at(&world.node.url(), signer).await
}

/// The same at the gateway with this URL.
pub(crate) async fn log_in_at(url: &str, signer: &Signer) -> String {
    let offer = rpc(url, "kgw.authn_param", json!({})).await.unwrap();
    let signature = json!({ "sig": base64(&signer.sign_here(&text(&offer)).unwrap()), "type": signer.signature_type().as_str() });
    let params =
        json!({ "nonce": offer["nonce"], "sender": hex::encode(signer.sender()), "signature": signature });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "kgw.authn", "params": params }).to_string();
    let answer = request(url, "POST", "/rpc/v1", &[], body.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.json()["result"].clone()), (200, json!({})));
    answer.header("set-cookie").unwrap().to_owned()
}

/// The text to sign, as the clients put it together.
fn text(offer: &Json) -> String {
    let member = |name: &str| offer[name].as_str().unwrap();
    format!(
        "{} wants you to sign in with your account:\n\n{}\n\nURI: {}\nVersion: 1\nChain ID: {}\nNonce: {}\n\
         Issue At: {}\nExpiration Time: {}\n",
        member("domain"),
        member("statement"),
        member("uri"),
        member("chain_id"),
        member("nonce"),
        member("issue_at"),
        member("expiration_time")
    )
}

#[tokio::test]
async fn an_offer_has_every_member_and_names_the_node_as_the_client_does() {
    let gate = Gate::new().await;
    let offer = gate.offer().await;
    let url = gate.world.node.url();
    assert_eq!(offer["domain"], json!(url));
    assert_eq!(offer["uri"], json!(format!("{url}/rpc/v1")));
    assert_eq!((&offer["version"], &offer["chain_id"]), (&json!("1"), &json!("idos-localdev")));
    assert_eq!(offer["issue_at"], "2026-01-02T03:04:05Z");
    assert_eq!(offer["expiration_time"], "2026-01-02T03:09:05Z");
    assert!(!offer["statement"].as_str().unwrap().trim().is_empty());
    assert_ne!(gate.offer().await["nonce"], offer["nonce"]);

    let body = br#"{"jsonrpc":"2.0","id":1,"method":"kgw.authn_param","params":{}}"#;
    for (host, domain) in [("localhost:8484", "http://localhost:8484"), ("bad host", url.as_str())] {
        let answer = request(&url, "POST", "/rpc/v1", &[("Host", host)], body).await.unwrap();
        if answer.status == 200 {
            assert_eq!(answer.json()["result"]["domain"], json!(domain));
        }
    }
}

#[tokio::test]
async fn signers_of_every_type_log_in_and_call() {
    let gate = Gate::new().await;
    let mut signers = vec![gate.world.issuer()];
    signers.extend(WalletType::ALL.into_iter().map(|wallet_type| Signer::Wallet(wallet(wallet_type, 3))));
    signers.push(Signer::Wallet(WalletKey::Xrpl(idos_wallet::XrplKey::secp256k1_from_seed([3; 32]))));
    for signer in signers {
        assert_eq!(gate.call(None, Some(&signer)).await, -901);
        let cookie = gate.log_in(&signer).await;
        assert_eq!(gate.call(Some(&cookie), Some(&signer)).await, 0);
    }
}

#[tokio::test]
async fn a_call_with_a_sender_needs_a_session_of_that_sender() {
    let gate = Gate::new().await;
    let (issuer, other) = (gate.world.issuer(), Signer::from_seed(&[9; 32]));
    assert_eq!(gate.call(None, None).await, 0); // who does not say who it is passes
    assert_eq!(gate.call(None, Some(&issuer)).await, -901);
    let cookie = gate.log_in(&issuer).await;
    assert!(cookie.starts_with("kgw_session="), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=3600"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"));

    // The JavaScript client on Node sends all of it back; browsers send the first part.
    let token = cookie.split(';').next().unwrap();
    for sent in [cookie.as_str(), token, &format!("other=1; {token}")] {
        assert_eq!(gate.call(Some(sent), Some(&issuer)).await, 0);
    }
    assert_eq!(gate.call(Some(token), Some(&other)).await, -901);
    assert_eq!(gate.call(Some(&token[..token.len() - 1]), Some(&issuer)).await, -901);
    assert_eq!(gate.call(Some("kgw_session="), Some(&issuer)).await, -901);

    // The same key as another kind of account is somebody else.
    let mut params = call_params(Some(&issuer), "get_user", vec![]);
    params["auth_type"] = json!("nep413");
    let answer = gate.post(Some(token), "user.call", params).await;
    assert_eq!(answer.json()["error"]["code"], -901);
}

#[tokio::test]
async fn sessions_end_by_time_and_by_logout() {
    let gate = Gate::new().await;
    let issuer = gate.world.issuer();
    let cookie = gate.log_in(&issuer).await;
    gate.world.clock.advance(Duration::from_hours(1));
    assert_eq!(gate.call(Some(&cookie), Some(&issuer)).await, 0);
    gate.world.clock.advance(Duration::from_secs(1));
    assert_eq!(gate.call(Some(&cookie), Some(&issuer)).await, -901);

    let cookie = gate.log_in(&issuer).await;
    let answer = gate.post(Some(&cookie), "kgw.logout", json!({ "account": "" })).await;
    assert_eq!(answer.json()["result"], json!({}));
    assert!(answer.header("set-cookie").unwrap().starts_with("kgw_session=;"));
    assert_eq!(gate.call(Some(&cookie), Some(&issuer)).await, -901);
    let answer = gate.post(None, "kgw.logout", json!({})).await; // nobody to log out
    assert_eq!(answer.json()["result"], json!({}));
}

#[tokio::test]
async fn a_login_holds_once_for_its_text_and_not_for_long() {
    let gate = Gate::new().await;
    let issuer = gate.world.issuer();
    let code = |answer: &Answer| answer.json()["error"]["code"].as_i64().unwrap_or(0);

    let offer = gate.offer().await;
    let wrong = gate.answer_offer(&issuer, &offer, "another text").await;
    assert_eq!((code(&wrong), wrong.header("set-cookie")), (-902, None));
    // The nonce went with the attempt.
    assert_eq!(code(&gate.answer_offer(&issuer, &offer, &text(&offer)).await), -902);

    let offer = gate.offer().await;
    assert_eq!(code(&gate.answer_offer(&issuer, &offer, &text(&offer)).await), 0);
    assert_eq!(code(&gate.answer_offer(&issuer, &offer, &text(&offer)).await), -902);

    let offer = gate.offer().await;
    gate.world.clock.advance(Duration::from_secs(301));
    assert_eq!(code(&gate.answer_offer(&issuer, &offer, &text(&offer)).await), -902);
    let offer = json!({ "nonce": "unknown" });
    assert_eq!(code(&gate.answer_offer(&issuer, &offer, "x").await), -902);

    let offer = gate.offer().await;
    let authn = async |sender: Json, sig: Json, kind: Json| {
        let signature = json!({ "sig": sig, "type": kind });
        code(
            &gate
                .post(
                    None,
                    "kgw.authn",
                    json!({ "nonce": offer["nonce"], "sender": sender, "signature": signature }),
                )
                .await,
        )
    };
    assert_eq!(authn(json!("zz"), json!(""), json!("ed25519")).await, -32602);
    assert_eq!(authn(json!(""), json!("%"), json!("ed25519")).await, -32602);
    assert_eq!(authn(json!(null), json!(""), json!("ed25519")).await, -32602);
    assert_eq!(authn(json!(""), json!(""), json!("rsa")).await, -902);
}

#[tokio::test]
async fn what_is_not_a_view_needs_no_session() {
    let gate = Gate::new().await;
    let world = &gate.world;
    let user = vec![id(1).into(), "key".into(), "user".into()];
    world.execute(&world.issuer(), "add_user_as_inserter", user).await.succeeded();
    for method in ["user.chain_info", "user.health", "user.ping", "user.version"] {
        world.rpc(method, json!({})).await.unwrap();
    }
}
