//! Sending transactions.

use std::sync::{Arc, Mutex};

use idos_client::actions::{
    Action, AddAttributeAsInserter, AddUserAsInserter, PasswordStore, RemoveCredential,
    UpsertCredentialAsInserter,
};
use idos_client::transaction::{Draft, Fee, Signed};
use idos_client::{
    Broadcast, Class, Client, ClientConfig, Ed25519Signer, Error, Nonce, RemoteKey, SignError, Signer,
    Signing, TxOutcome, TxTerms, UnsignedTransaction, WalletType,
};
use idos_wallet::WalletKey;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::support::server::{Request, Server, Step, account, chain_info, not_found, wrong_nonce};
use crate::support::vectors::{issuer, text, vector};

fn written(hash: &str) -> Step {
    Step::result(&json!({"tx_hash": hash, "result": {"code": 0, "gas": 0}}))
}

fn remove() -> RemoveCredential {
    RemoveCredential { id: "00000000-0000-4000-8000-000000000003".parse().unwrap() }
}

#[tokio::test]
async fn an_execution_is_the_captured_one() {
    let vector = vector("add_user_as_inserter");
    let hash = text(vector, "tx_hash");
    let steps = vec![("user.account", account(6)), ("user.broadcast", written(hash))];
    let server = Server::playing(steps).await;
    let inputs = &vector["inputs"];
    let action = AddUserAsInserter {
        id: text(inputs, "id").parse().unwrap(),
        recipient_encryption_public_key: text(inputs, "recipient_encryption_public_key"),
        encryption_password_store: PasswordStore::User,
    };

    let outcome =
        server.client().await.execute(&issuer(), &action, Nonce::Next, Broadcast::Wait).await.unwrap();

    assert_eq!(outcome, TxOutcome { hash: hash.parse().unwrap(), nonce: 7, committed: true });
    let requests = server.requests();
    let asked = &vector["rpc_trace"][2]["request"]["params"];
    assert_eq!(requests[0].params()["id"], asked["id"]);
    assert_eq!(requests[0].params()["status"], 1, "what waits in the mempool counts");
    assert_eq!(*requests[1].params(), vector["broadcast_params"]);
    assert_ne!(requests[1].body["id"], 0);
    assert_eq!(requests[1].body["jsonrpc"], "2.0");
}

#[tokio::test]
async fn an_execution_need_not_wait_for_a_block() {
    let vector = vector("remove_credential/explicit-nonce-async");
    let accepted = Step::result(&json!({"tx_hash": text(vector, "tx_hash")}));
    let server = Server::playing(vec![("user.broadcast", accepted)]).await;
    let client = server.client().await;

    let outcome = client.execute(&issuer(), &remove(), Nonce::Exactly(77), Broadcast::Accept).await.unwrap();

    assert_eq!(
        outcome,
        TxOutcome { hash: text(vector, "tx_hash").parse().unwrap(), nonce: 77, committed: false }
    );
    let params = server.requests()[0].params().clone();
    assert_eq!(params["tx"], vector["broadcast_params"]["tx"]);
    assert_eq!(params["sync"], 0);
}

#[tokio::test]
async fn an_unknown_account_begins_with_one() {
    let unknown = Step::result(&json!({"balance": "0", "nonce": 0}));
    let server = Server::playing(vec![("user.account", unknown)]).await;
    let prepared = server.client().await.prepare(&issuer(), &remove(), Nonce::Next).await.unwrap();
    assert_eq!(prepared.nonce(), 1);
}

#[tokio::test]
async fn hash_and_nonce_are_known_before_anything_is_sent() {
    let vector = vector("remove_credential/explicit-nonce-async");
    let server = Server::playing(Vec::new()).await;
    let prepared = server.client().await.prepare(&issuer(), &remove(), Nonce::Exactly(77)).await.unwrap();

    assert_eq!(prepared.hash().to_string(), text(vector, "tx_hash"));
    assert_eq!(prepared.nonce(), 77);
    assert_eq!(server.methods(), [""; 0]);
    let kept: Json = serde_json::from_slice(prepared.transaction_json()).unwrap();
    assert_eq!(kept, vector["broadcast_params"]["tx"]);
    let request: Json = serde_json::from_slice(prepared.request()).unwrap();
    assert_eq!(request["params"], json!({"tx": kept, "sync": 1}));
}

#[tokio::test]
async fn several_actions_make_one_transaction() {
    let vector = vector("two-calls-in-one-tx");
    let actions = ["3", "4"].map(|last| RemoveCredential {
        id: format!("00000000-0000-4000-8000-00000000000{last}").parse().unwrap(),
    });
    let terms = TxTerms { chain_id: "idos-localdev", nonce: 7, fee: Fee::zero() };
    let prepared =
        UnsignedTransaction::new(&issuer(), &actions, terms).unwrap().sign(&issuer()).await.unwrap();
    let tx: Signed = serde_json::from_slice(prepared.transaction_json()).unwrap();
    assert_eq!(hex::encode(tx.body.payload), text(vector, "payload_hex"));
}

/// A key of somebody else's, who may be away.
struct Elsewhere {
    key: Ed25519Signer,
    is_away: bool,
}

impl RemoteKey for Elsewhere {
    fn public_key(&self) -> [u8; 32] {
        self.key.public_key()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.is_away {
                return Err(SignError { key: self.key.public_key_hex(), source: "it is away".into() });
            }
            Ok(self.key.sign(message))
        })
    }
}

#[tokio::test]
async fn a_key_may_sign_elsewhere() {
    let Signer::Ed25519(key) = issuer() else { panic!("the issuer has a plain key") };
    let server = Server::playing(Vec::new()).await;
    let client = server.client().await;
    let elsewhere = |is_away| Signer::Remote(Arc::new(Elsewhere { key: key.clone(), is_away }));
    assert_eq!(
        (elsewhere(false).caller(), elsewhere(false).sender()),
        (issuer().caller(), issuer().sender())
    );
    let here = client.prepare(&issuer(), &remove(), Nonce::Exactly(7)).await.unwrap();
    let there = client.prepare(&elsewhere(false), &remove(), Nonce::Exactly(7)).await.unwrap();
    assert_eq!(there, here);

    let error =
        client.execute(&elsewhere(true), &remove(), Nonce::Exactly(7), Broadcast::Wait).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(error.to_string(), format!("the key {} did not sign", key.public_key_hex()));
    // The question of connecting and no other.
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn networks_with_fees_are_asked_for_the_price() {
    let info = json!({"chain_id": "idos-localdev", "block_height": 1, "gas": true});
    let steps = vec![
        ("user.chain_info", Step::result(&info)),
        ("user.estimate_price", Step::result(&json!({"price": "2000000000000000"}))),
        ("user.account", account(6)),
    ];
    let server = Server::playing_without_connect(steps).await;
    let prepared = server.client().await.prepare(&issuer(), &remove(), Nonce::Next).await.unwrap();

    let tx: Signed = serde_json::from_slice(prepared.transaction_json()).unwrap();
    assert_eq!(tx.body.fee.as_str(), "2000000000000000");
    let draft: Draft = serde_json::from_value(server.requests()[0].params()["tx"].clone()).unwrap();
    assert_eq!(draft.body.payload.unwrap(), tx.body.payload);
}

#[tokio::test]
async fn what_a_node_does_not_take_is_not_sent() {
    let server = Server::playing(Vec::new()).await;
    let client = server.client().await;
    let write = |content: &str| {
        let action = UpsertCredentialAsInserter {
            id: Uuid::nil(),
            user_id: Uuid::nil(),
            issuer_auth_public_key: "",
            encryptor_public_key: "",
            content,
            public_notes: "",
            public_notes_signature: "",
            broader_signature: "",
        };
        let terms = TxTerms { chain_id: client.chain_id(), nonce: 1, fee: Fee::zero() };
        let unsigned = UnsignedTransaction::new(&issuer(), &[action], terms)?;
        let signature = issuer().sign_here(&unsigned.sign_text()).unwrap();
        unsigned.signed(signature)
    };
    let around = write("").unwrap();
    let around: Signed = serde_json::from_slice(around.transaction_json()).unwrap();
    // Three lengths grow by three bytes each when the payload does not fit their short forms any more.
    let room = 4 * 1024 * 1024 - around.serialized_len() - 4;

    let largest = write(&"x".repeat(room)).unwrap();
    let largest: Signed = serde_json::from_slice(largest.transaction_json()).unwrap();
    assert_eq!(largest.serialized_len(), 4 * 1024 * 1024);
    let error = write(&"x".repeat(room + 1)).unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { what: "transaction", size: 4_194_305, limit: 4_194_304 }),
        "{error:?}"
    );
    assert_eq!(error.class(), Class::Refused);
    assert!(write(&"x".repeat(20_000_000)).is_err());
    assert_eq!(server.methods(), [""; 0]);
}

/// The largest transaction that fits a node's limits, over a real connection.
#[tokio::test]
async fn a_large_transaction_arrives_whole() {
    let server = Server::answering(|request| match request.method() {
        "user.chain_info" => chain_info(),
        _ => written_as(&serde_json::from_value(request.params()["tx"].clone()).unwrap()),
    })
    .await;
    let client = server.client().await;
    let value = "x".repeat(4_190_000);
    let action =
        AddAttributeAsInserter { id: Uuid::nil(), user_id: Uuid::nil(), attribute_key: "k", value: &value };
    for broadcast in [Broadcast::Wait, Broadcast::Accept] {
        let prepared = client.prepare(&issuer(), &action, Nonce::Exactly(1)).await.unwrap();
        assert!(prepared.request().len() < 6_000_000);
        let outcome = client.broadcast(&prepared, broadcast).await.unwrap();
        assert_eq!(outcome.hash, prepared.hash(), "the hash of what arrived is the hash of what was sent");
    }
}

#[tokio::test]
async fn every_wallet_finds_its_account() {
    for (wallet_type, key_type) in [
        (WalletType::Evm, "secp256k1"),
        (WalletType::Near, "ed25519"),
        (WalletType::Xrpl, "ed25519"),
        (WalletType::Stellar, "ed25519"),
        (WalletType::FaceSign, "ed25519"),
    ] {
        let server = Server::playing(vec![("user.account", account(3))]).await;
        let signer = Signer::from(WalletKey::from_seed(wallet_type, [5; 32]));
        let found = server.client().await.account(&signer).await.unwrap();
        assert_eq!((found.nonce, found.balance), (3, Fee::zero()));
        let identifier = hex::encode(signer.sender());
        let expected = json!({"id": {"identifier": identifier, "key_type": key_type}, "status": 0});
        assert_eq!(*server.requests()[0].params(), expected, "{wallet_type}");
    }
}

/// A node that counts nonces as the real one does.
async fn counting_node(first_answers: Vec<u64>) -> (Server, Arc<Mutex<Vec<u64>>>) {
    let written = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&written);
    let mut stale = first_answers.into_iter();
    let server = Server::answering(move |request| {
        let mut seen = seen.lock().unwrap();
        let last = seen.len() as u64;
        match request.method() {
            "user.chain_info" => chain_info(),
            "user.account" => account(stale.next().unwrap_or(last)),
            "user.tx_query" => not_found(),
            _ => {
                let tx: Signed = serde_json::from_value(request.params()["tx"].clone()).unwrap();
                if tx.body.nonce == last + 1 {
                    seen.push(tx.body.nonce);
                    written_as(&tx)
                } else {
                    wrong_nonce()
                }
            }
        }
    })
    .await;
    (server, written)
}

fn written_as(tx: &Signed) -> Step {
    self::written(&tx.hash().to_string())
}

#[tokio::test]
async fn one_signers_transactions_go_one_after_the_other() {
    let (server, written) = counting_node(Vec::new()).await;
    let client = server.client().await;
    let signer = issuer();
    let write =
        || async { client.execute(&signer, &remove(), Nonce::Next, Broadcast::Wait).await.unwrap().nonce };

    let nonces: [u64; 6] = tokio::join!(write(), write(), write(), write(), write(), write()).into();

    assert_eq!(*written.lock().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(nonces.iter().sum::<u64>(), 21);
    assert_eq!(server.methods().len(), 12, "no nonce was tried twice");
}

#[tokio::test]
async fn a_nonce_that_somebody_else_used_is_replaced() {
    let (server, written) = counting_node(vec![7, 9]).await;
    let client = server.client().await;
    let outcome = client.execute(&issuer(), &remove(), Nonce::Next, Broadcast::Wait).await.unwrap();
    assert_eq!(outcome.nonce, 1);
    assert_eq!(*written.lock().unwrap(), [1]);
    let refused = ["user.account", "user.broadcast", "user.tx_query"];
    assert_eq!(server.methods(), [&refused[..], &refused, &refused[..2]].concat());
}

#[tokio::test]
async fn a_nonce_is_not_replaced_for_ever_and_not_against_the_callers_will() {
    let (server, _) = counting_node(vec![7, 9, 11]).await;
    let error =
        server.client().await.execute(&issuer(), &remove(), Nonce::Next, Broadcast::Wait).await.unwrap_err();
    assert!(matches!(&error, Error::Rejected(rejection) if rejection.code == 4), "{error:?}");
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(server.methods().len(), 9, "each was looked up, the last one as well");

    let (server, _) = counting_node(Vec::new()).await;
    let nonce = Nonce::Exactly(8);
    let error =
        server.client().await.execute(&issuer(), &remove(), nonce, Broadcast::Wait).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(server.methods(), ["user.broadcast", "user.tx_query"], "looked up, and not signed again");
    assert!(error.is_wrong_nonce());
}

#[tokio::test]
async fn a_node_that_is_away_does_not_keep_a_transaction_from_the_next_one() {
    let vector = vector("remove_credential/explicit-nonce-async");
    let first = Server::playing(Vec::new()).await;
    let second = Server::playing(vec![("user.broadcast", written(text(vector, "tx_hash")))]).await;
    let config = ClientConfig { urls: vec![first.url.clone(), second.url.clone()], ..first.config() };
    let client = Client::connect(config).await.unwrap();
    let prepared = client.prepare(&issuer(), &remove(), Nonce::Exactly(77)).await.unwrap();
    first.stop().await;

    let outcome = client.broadcast(&prepared, Broadcast::Wait).await.unwrap();

    assert!(outcome.committed);
    assert_eq!(second.methods(), ["user.broadcast"]);
}

/// What a node says that lags behind: nothing is written, and nothing is known.
fn lagging(request: &Request) -> Step {
    match request.method() {
        "user.chain_info" => chain_info(),
        "user.account" => account(0),
        "user.tx_query" => not_found(),
        _ => wrong_nonce(),
    }
}

/// A client of two nodes: the first goes away after it was asked for the network, and is back, lagging, as soon as
/// the second has answered a broadcast with `refusal`. That one answers look-ups with `look_up`.
async fn of_two_nodes(refusal: Step, look_up: Step) -> (Client, Server, Arc<Mutex<Option<Server>>>) {
    let first = Server::playing(Vec::new()).await;
    let back = Arc::new(Mutex::new(None));
    let (mut answers, url, returned) = ((Some(refusal), Some(look_up)), first.url.clone(), Arc::clone(&back));
    let second = Server::answering(move |request| match request.method() {
        "user.chain_info" => chain_info(),
        "user.broadcast" => {
            *returned.lock().unwrap() = Some(Server::back_at(&url, lagging));
            answers.0.take().unwrap_or(Step::HangUp)
        }
        "user.tx_query" => answers.1.take().unwrap_or(Step::HangUp),
        "user.account" => account(6),
        method => Step::error(-1, method),
    })
    .await;
    let config = ClientConfig { urls: vec![first.url.clone(), second.url.clone()], ..first.config() };
    let client = Client::connect(config).await.unwrap();
    first.stop().await;
    (client, second, back)
}

#[tokio::test]
async fn a_node_that_refused_a_transaction_is_asked_first_from_then_on() {
    let full = json!({"code": 11, "message": "mempool is full"});
    let full = json!({"code": -201, "message": "broadcast error", "data": full});
    for step in [
        Step::json(200, &json!({"jsonrpc": "2.0", "id": 1, "error": full})),
        Step::error(-32602, "bad params"),
        Step::HangUp,
    ] {
        let shown = format!("{step:?}");
        let (client, second, first) = of_two_nodes(step, Step::HangUp).await;
        let prepared = client.prepare(&issuer(), &remove(), Nonce::Exactly(7)).await.unwrap();
        client.broadcast(&prepared, Broadcast::Wait).await.unwrap_err();
        assert_eq!(client.pending_account(&issuer()).await.unwrap().nonce, 6, "{shown}");
        assert_eq!(second.methods(), ["user.broadcast", "user.account"]);
        assert_eq!(first.lock().unwrap().as_ref().unwrap().methods(), [""; 0]);
    }
}

#[tokio::test]
async fn a_lagging_node_cannot_have_a_transaction_signed_twice() {
    let written = || {
        let result = json!({"code": 0, "gas": 0});
        Step::result(&json!({"tx_hash": "ab".repeat(32), "height": 9, "tx": null, "tx_result": result}))
    };
    for (look_up, is_known) in [(written(), true), (Step::HangUp, false), (Step::raw(503, ""), false)] {
        let (client, second, first) = of_two_nodes(wrong_nonce(), look_up).await;
        let outcome = client.execute(&issuer(), &remove(), Nonce::Exactly(7), Broadcast::Wait).await;
        match outcome {
            Ok(outcome) => assert!(is_known && outcome.committed),
            Err(error) => assert!(!is_known && matches!(error.class(), Class::Unknown { .. }), "{error:?}"),
        }
        assert_eq!(second.methods(), ["user.broadcast", "user.tx_query"]);
        assert_eq!(first.lock().unwrap().as_ref().unwrap().methods(), [""; 0], "it does not know");
    }
}

#[tokio::test]
async fn nothing_is_asked_for_a_transaction_with_a_given_nonce() {
    let server = Server::playing(Vec::new()).await;
    let client = server.client().await;
    server.stop().await;
    let prepared = client.prepare(&issuer(), &remove(), Nonce::Exactly(77)).await.unwrap();
    assert_eq!(prepared.nonce(), 77);
    let error = client.prepare(&issuer(), &remove(), Nonce::Next).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn arguments_are_not_in_debug_texts() {
    let action = AddAttributeAsInserter {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        attribute_key: "given-name",
        value: "Zoë",
    };
    let terms = TxTerms { chain_id: "x", nonce: 1, fee: Fee::zero() };
    let unsigned = UnsignedTransaction::new(&issuer(), std::slice::from_ref(&action), terms).unwrap();
    let prepared = unsigned.clone().sign(&issuer()).await.unwrap();
    let tx: Signed = serde_json::from_slice(prepared.transaction_json()).unwrap();
    for shown in [
        format!("{action:?}"),
        format!("{unsigned:?}"),
        format!("{prepared:?}"),
        format!("{tx:?}"),
        format!("{:?}", action.arguments()),
    ] {
        assert!(!shown.contains("Zoë") && !shown.contains("given"), "{shown}");
    }
    assert!(format!("{action:?}").contains("00000000-0000-0000-0000-000000000000"));
}

/// A worker spawns these.
#[tokio::test]
async fn futures_can_move_between_threads() {
    fn movable<T: Send>(future: T) -> T {
        future
    }
    let server =
        Server::playing(vec![("user.account", account(0)), ("user.broadcast", written(&"00".repeat(32)))])
            .await;
    let client = server.client().await;
    let (signer, action) = (issuer(), remove());
    movable(client.execute(&signer, &action, Nonce::Next, Broadcast::Wait)).await.unwrap();
    drop(movable(client.call(&signer, &idos_client::actions::GetUser {})));
}
