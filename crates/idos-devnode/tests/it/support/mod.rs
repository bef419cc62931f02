//! What the tests share: a node with an issuer and a user, and hands to write, read and break things.

mod http;
mod material;

use std::time::Duration;

use chrono::{DateTime, Utc};
use idos_client::encoding::{ActionCall, ActionExecution, Scalar, Value};
use idos_client::transaction::{Body, CONCAT, EXECUTE, Fee, Signature, Signed};
use idos_client::{Ed25519Signer, Signer};
use idos_devnode::{Clock, DevNode, DevNodeConfig, Inserter, Schema};
use idos_localnet::AnyNode;
use idos_wallet::{WalletKey, WalletType};
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub(crate) use http::{Answer, Cut, request};
pub(crate) use material::{Content, Grant, GrantedNames, Named, copy_of, form, named, sealed};

/// The time that the tests' clocks begin at: 2026-01-02T03:04:05Z.
pub(crate) const START: i64 = 1_767_323_045;
/// The seed of the owner of the database, in tests that need one.
const OWNER: [u8; 32] = [8; 32];
/// The name of the tests' inserter.
pub(crate) const ISSUER: &str = "Example";

/// How long, in seconds, tests lock what they then wait for.
pub(crate) const LOCK: i64 = 10;

/// A node, its clock, and those who use it.
pub(crate) struct World {
    pub(crate) node: AnyNode,
    /// The development node's time. kwild's is the system's.
    pub(crate) clock: Clock,
    pub(crate) issuer: Ed25519Signer,
}

/// That a moment has come.
pub(crate) struct Come {
    exactly: bool,
}

impl Come {
    /// Whether it is that very second, for the node.
    pub(crate) fn exactly(&self) -> bool {
        self.exactly
    }
}

/// What a transaction came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Done {
    pub(crate) code: i64,
    pub(crate) log: String,
}

impl World {
    /// A node with a fixed clock, without sessions, and with one inserter.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, changed. A kwild heeds what `AnyNode::start` says.
    pub(crate) async fn with(change: impl FnOnce(&mut DevNodeConfig)) -> Self {
        let (config, clock, issuer) = Self::plan(change);
        Self { node: AnyNode::start(config).await.unwrap(), clock, issuer }
    }

    /// The same with the next schema.
    pub(crate) async fn next() -> Self {
        Self::with(|config| config.schema = Schema::Next).await
    }

    /// The same at the beginning of its chain: nobody has sent a transaction.
    pub(crate) async fn fresh() -> Self {
        let (config, clock, issuer) = Self::plan(|_| {});
        Self { node: AnyNode::start_fresh(config).await.unwrap(), clock, issuer }
    }

    fn plan(change: impl FnOnce(&mut DevNodeConfig)) -> (DevNodeConfig, Clock, Ed25519Signer) {
        crate::log::install();
        let is_kwild = AnyNode::is_kwild_wanted().unwrap();
        let clock = if is_kwild { Clock::system() } else { Clock::fixed(start()) };
        let issuer = Ed25519Signer::from_seed(&seed());
        let mut config = DevNodeConfig {
            inserters: vec![Inserter::new(ISSUER, [issuer.public_key_hex()])],
            require_sessions: false,
            clock: clock.clone(),
            ..DevNodeConfig::default()
        };
        change(&mut config);
        (config, clock, issuer)
    }

    /// A node with an owner.
    pub(crate) async fn with_owner() -> Self {
        Self::with(|config| config.owner = Some(Signer::from_seed(&OWNER).caller())).await
    }

    /// The owner of a node that has one. kwild always does.
    pub(crate) fn owner(&self) -> Signer {
        self.node.kwild().map_or_else(|| Signer::from_seed(&OWNER), idos_localnet::Localnet::owner)
    }

    /// The node, for a test of what only the development node has.
    pub(crate) fn dev(&self) -> &DevNode {
        self.node.dev().expect("this test is about the development node alone")
    }

    /// Lets time pass until this moment, in unix seconds. On kwild it has passed for views, too, when this returns.
    pub(crate) async fn pass_to(&self, moment: i64) -> Come {
        let seconds = u64::try_from(moment - self.now()).unwrap_or_default();
        if self.node.dev().is_some() {
            self.clock.advance(Duration::from_secs(seconds));
            return Come { exactly: true };
        }
        tokio::time::sleep(Duration::from_secs(seconds + 1)).await;
        // A view's time is that of the last block.
        self.execute(&self.issuer(), "has_profile", vec!["".into()]).await.succeeded();
        Come { exactly: false }
    }

    /// How long, in seconds, after it was sent a transaction may be executed.
    pub(crate) fn slack(&self) -> i64 {
        if self.node.dev().is_some() { 0 } else { 60 }
    }

    pub(crate) fn issuer(&self) -> Signer {
        Signer::Ed25519(self.issuer.clone())
    }

    /// A JSON-RPC request: the result, or the error.
    pub(crate) async fn rpc(&self, method: &str, params: Json) -> Result<Json, Json> {
        rpc(&self.node.url(), method, params).await
    }

    /// The nonce for the signer's next transaction.
    pub(crate) async fn next_nonce(&self, signer: &Signer) -> u64 {
        next_nonce(&self.node.url(), signer).await
    }

    /// Signs and sends one call of an action, and waits for its block.
    pub(crate) async fn execute(&self, signer: &Signer, action: &str, arguments: Vec<Value<'_>>) -> Done {
        self.execute_all(signer, action, vec![arguments]).await
    }

    /// Several calls in one transaction.
    pub(crate) async fn execute_all(
        &self,
        signer: &Signer,
        action: &str,
        calls: Vec<Vec<Value<'_>>>,
    ) -> Done {
        let nonce = self.next_nonce(signer).await;
        let tx = signed(signer, action, calls, nonce, self.node.chain_id());
        let answer = self.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap();
        assert_eq!(answer["tx_hash"], json!(tx.hash()));
        done(&answer["result"])
    }

    /// Brings contents to the blob gateway, each under the name of its part.
    pub(crate) async fn upload(&self, request_id: Uuid, parts: &[(&str, &[u8])]) -> Answer {
        let session = self.session().await;
        let session: Vec<_> = session.iter().map(|session| ("Cookie", session.as_str())).collect();
        self.upload_with(&session, request_id, parts).await.unwrap()
    }

    /// The same with headers.
    pub(crate) async fn upload_with(
        &self,
        headers: &[(&str, &str)],
        request_id: Uuid,
        parts: &[(&str, &[u8])],
    ) -> Result<Answer, Cut> {
        let (content_type, body) = form(parts);
        let path = format!("/blob/v1/requests/{request_id}/upload");
        let headers = [&[("Content-Type", content_type)], headers].concat();
        request(&self.blob_url(), "POST", &path, &headers, &body).await
    }

    /// Fetches a content from the blob gateway.
    pub(crate) async fn fetch(&self, cid: &str) -> Answer {
        let session = self.session().await;
        let session: Vec<_> = session.iter().map(|session| ("Cookie", session.as_str())).collect();
        request(&self.blob_url(), "GET", &format!("/blob/v1/ipfs/{cid}"), &session, b"").await.unwrap()
    }

    /// The cookie of a session of the issuer's, where the blob gateway asks for one: before kwild, it always does.
    async fn session(&self) -> Option<String> {
        self.node.kwild()?;
        Some(crate::login::log_in_at(&self.blob_url(), &self.issuer()).await)
    }

    /// Where the blob gateway is: before kwild, never in it.
    fn blob_url(&self) -> String {
        self.node.kwild().map_or_else(|| self.node.url(), idos_localnet::Localnet::url)
    }

    /// Calls a view as `signer`, who is not asked for a proof: its rows, each a JSON array.
    ///
    /// An error is either the member `error` of a success, or `code: message` of a JSON-RPC error.
    pub(crate) async fn view(
        &self,
        signer: Option<&Signer>,
        action: &str,
        arguments: Vec<Value<'_>>,
    ) -> Result<Vec<Json>, String> {
        view_rows(self.rpc("user.call", call_params(signer, action, arguments)).await)
    }

    /// Adds a user, and a wallet of the given type for it.
    pub(crate) async fn user(&self, id: Uuid, key: &WalletKey) {
        let user = vec![id.into(), "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=".into(), "user".into()];
        self.execute(&self.issuer(), "add_user_as_inserter", user).await.succeeded();
        let wallet = wallet_arguments(Uuid::from_u128(id.as_u128() + 0x1000), id, key);
        self.execute(&self.issuer(), "upsert_wallet_as_inserter", wallet).await.succeeded();
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn succeeded(&self) {
        assert_eq!((self.code, self.log.as_str()), (0, ""));
    }

    /// That it failed with exactly this, behind `ERROR: `.
    #[track_caller]
    pub(crate) fn failed(&self, message: &str) {
        assert_eq!((self.code, self.log.as_str()), (65535, format!("ERROR: {message}").as_str()));
    }
}

pub(crate) async fn rpc(url: &str, method: &str, params: Json) -> Result<Json, Json> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer = request(url, "POST", "/rpc/v1", &[], body.to_string().as_bytes()).await.unwrap();
    let mut json = answer.json();
    assert_eq!(json["jsonrpc"], "2.0");
    match json["error"].take() {
        Json::Null => Ok(json["result"].take()),
        error => Err(error),
    }
}

pub(crate) async fn next_nonce(url: &str, signer: &Signer) -> u64 {
    let key_type = if signer.sender().len() == 20 { "secp256k1" } else { "ed25519" };
    let id = json!({ "identifier": hex::encode(signer.sender()), "key_type": key_type });
    let account = rpc(url, "user.account", json!({ "id": id, "status": 1 })).await.unwrap();
    account["nonce"].as_u64().unwrap() + 1
}

/// A signed transaction.
pub(crate) fn signed(
    signer: &Signer,
    action: &str,
    calls: Vec<Vec<Value<'_>>>,
    nonce: u64,
    chain_id: &str,
) -> Signed {
    let payload = ActionExecution { namespace: "main", action, calls }.encode().unwrap();
    signed_payload(signer, payload, nonce, chain_id)
}

pub(crate) fn signed_payload(signer: &Signer, payload: Vec<u8>, nonce: u64, chain_id: &str) -> Signed {
    let body = Body {
        description: "a test".to_owned(),
        payload,
        payload_type: EXECUTE.to_owned(),
        fee: Fee::zero(),
        nonce,
        chain_id: chain_id.to_owned(),
    };
    sign(signer, body)
}

pub(crate) fn sign(signer: &Signer, body: Body) -> Signed {
    Signed {
        signature: Signature {
            bytes: signer.sign_here(&body.sign_text()).unwrap(),
            signature_type: signer.signature_type().as_str().to_owned(),
        },
        sender: signer.sender(),
        serialization: CONCAT.to_owned(),
        body,
    }
}

/// The params of `user.call`.
pub(crate) fn call_params(signer: Option<&Signer>, action: &str, arguments: Vec<Value<'_>>) -> Json {
    let payload = base64(&ActionCall::new(action, arguments).encode().unwrap());
    let (auth_type, sender) = match signer {
        Some(signer) => (signer.signature_type().as_str(), hex::encode(signer.sender())),
        None => ("secp256k1_ep", String::new()), // as the JavaScript client has it
    };
    json!({ "body": { "payload": payload }, "auth_type": auth_type, "sender": sender, "signature": "" })
}

pub(crate) fn view_rows(answer: Result<Json, Json>) -> Result<Vec<Json>, String> {
    match answer {
        Ok(result) => match result["error"].as_str() {
            Some(error) => {
                assert_eq!(result["query_result"]["values"], Json::Null);
                Err(error.to_owned())
            }
            None => Ok(result["query_result"]["values"].as_array().cloned().unwrap_or_default()),
        },
        Err(error) => Err(format!("{}: {}", error["code"], error["message"].as_str().unwrap())),
    }
}

pub(crate) fn done(result: &Json) -> Done {
    assert_eq!(result["gas"], 0);
    let log = result["log"].as_str().unwrap_or_default().to_owned();
    Done { code: result["code"].as_i64().unwrap(), log }
}

/// The arguments of `upsert_wallet_as_inserter` with a proof that holds.
pub(crate) fn wallet_arguments(id: Uuid, user: Uuid, key: &WalletKey) -> Vec<Value<'static>> {
    let message = "Sign this message to prove you own this wallet";
    vec![
        id.into(),
        user.into(),
        key.address().into(),
        key.public_key().map_or(Value::Null(Scalar::Text), Value::from),
        key.wallet_type().as_str().into(),
        message.into(),
        key.sign_message(message, [7; 32]).into(),
    ]
}

/// The key of a wallet of this type; different seeds give different keys.
pub(crate) fn wallet(wallet_type: WalletType, seed: u8) -> WalletKey {
    WalletKey::from_seed(wallet_type, [seed; 32])
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x9f51_b3b2_4cbe_4c2b_8ea3_0000_0000_0000 + number)
}

pub(crate) fn null() -> Value<'static> {
    Value::Null(Scalar::Text)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(START, 0).unwrap()
}

/// A moment as grants write it.
pub(crate) fn time(unix: i64) -> String {
    DateTime::from_timestamp(unix, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The vectors' issuer: 00, 01, 02, …
pub(crate) fn seed() -> [u8; 32] {
    std::array::from_fn(|n| u8::try_from(n).unwrap())
}

/// The vectors that were captured from the JavaScript client.
pub(crate) fn vectors() -> Json {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/kwil.json"));
    serde_json::from_str(text).unwrap()
}
