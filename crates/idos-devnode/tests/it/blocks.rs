//! Which transactions are accepted, and how they come into blocks.

use std::time::Duration;

use idos_client::Signer;
use idos_client::encoding::Value;
use idos_client::transaction::{Body, EXECUTE, Fee, Signed};
use idos_wallet::WalletType;
use serde_json::{Value as Json, json};

use crate::support::{World, done, id, sign, signed, signed_payload, wallet};

fn user(number: u128) -> Vec<Value<'static>> {
    vec![id(number).into(), "key".into(), "user".into()]
}

fn add_user(world: &World, number: u128, nonce: u64) -> Signed {
    signed(&world.issuer(), "add_user_as_inserter", vec![user(number)], nonce, world.node.chain_id())
}

async fn broadcast(world: &World, tx: &Signed, sync: u8) -> Result<Json, Json> {
    world.rpc("user.broadcast", json!({ "tx": tx, "sync": sync })).await
}

/// The `data` of a refused broadcast.
async fn refusal(world: &World, tx: &Signed) -> (i64, String) {
    let error = broadcast(world, tx, 1).await.unwrap_err();
    assert_eq!((&error["code"], &error["message"]), (&json!(-201), &json!("broadcast error")));
    assert_eq!(error["data"]["hash"], json!(tx.hash()));
    (error["data"]["code"].as_i64().unwrap(), error["data"]["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_nonce_must_be_the_next_one_and_failures_use_it_up() {
    let world = World::new().await;
    let issuer = world.issuer();
    let sender = world.issuer.public_key_hex();
    let wrong = |got: u64, expected: u64| {
        (4, format!("invalid nonce for account {sender}: got {got}, expected {expected}"))
    };
    assert_eq!(refusal(&world, &add_user(&world, 1, 0)).await, wrong(0, 1));
    assert_eq!(refusal(&world, &add_user(&world, 1, 2)).await, wrong(2, 1));
    assert_eq!(refusal(&world, &add_user(&world, 1, u64::MAX)).await, wrong(u64::MAX, 1));
    assert_eq!(world.next_nonce(&issuer).await, 1); // refusals do not use it up
    broadcast(&world, &add_user(&world, 1, 1), 1).await.unwrap();
    assert_eq!(refusal(&world, &add_user(&world, 2, 1)).await, wrong(1, 2));
    let failed = broadcast(&world, &add_user(&world, 1, 2), 1).await.unwrap();
    assert_eq!(done(&failed["result"]).code, 65535);
    assert_eq!(world.next_nonce(&issuer).await, 3);
}

#[tokio::test]
async fn accounts_are_told_apart_by_key_and_kind() {
    let world = World::new().await;
    let (evm, near) = (wallet(WalletType::Evm, 3), wallet(WalletType::Near, 3));
    for key in [evm, near] {
        let signer = Signer::Wallet(key);
        assert_eq!(world.next_nonce(&signer).await, 1);
        world.execute(&signer, "has_profile", vec!["a".into()]).await.succeeded();
        assert_eq!(world.next_nonce(&signer).await, 2);
    }
    // The same bytes as another type of key are another account, and an account never seen has no id.
    let identifier = hex::encode(wallet(WalletType::Evm, 3).sender());
    let account = async |key_type: &str| {
        let id = json!({ "identifier": identifier, "key_type": key_type });
        world.rpc("user.account", json!({ "id": id })).await.unwrap()
    };
    let known = json!({ "identifier": identifier, "key_type": "secp256k1" });
    assert_eq!(account("secp256k1").await, json!({ "id": known, "balance": "0", "nonce": 1 }));
    assert_eq!(account("ed25519").await, json!({ "balance": "0", "nonce": 0 }));
    let count = world.rpc("user.num_accounts", json!({})).await.unwrap();
    assert_eq!(count, json!({ "count": 2, "height": 2 }));
}

type Break = fn(&mut Signed);

#[tokio::test]
async fn chain_signature_size_and_type_are_checked_in_that_order() {
    let world = World::new().await;
    let issuer = world.issuer();
    let right = add_user(&world, 1, 9); // with a wrong nonce, which is found out last
    let mut tx = signed(&issuer, "add_user_as_inserter", vec![user(1)], 9, "another-chain");
    tx.signature.bytes = vec![0; 64];
    assert_eq!(refusal(&world, &tx).await, (5, "wrong chain ID: another-chain".to_owned()));

    let verify = "failed to verify the transaction: ";
    let breaks: [(Break, &str); 6] = [
        (|tx| tx.signature.bytes[0] ^= 1, ""),
        (|tx| tx.signature.signature_type = "Ed25519".to_owned(), ""),
        (|tx| tx.sender.truncate(31), ""),
        (|tx| tx.body.description.push(' '), ""),
        (|tx| tx.body.description = "x".repeat(201), "description is too long"),
        (|tx| tx.serialization = "direct".to_owned(), "invalid serialization type"),
    ];
    for (case, (change, message)) in breaks.into_iter().enumerate() {
        let mut tx = right.clone();
        change(&mut tx);
        let (code, text) = refusal(&world, &tx).await;
        assert_eq!((case, code), (case, 65535));
        assert!(text.starts_with(&format!("{verify}{message}")), "{text}");
    }
    assert_eq!(refusal(&world, &right).await.0, 4);

    // Without a chain id, the transaction is for any chain.
    let anywhere = signed(&issuer, "add_user_as_inserter", vec![user(1)], 1, "");
    assert_eq!(done(&broadcast(&world, &anywhere, 1).await.unwrap()["result"]).code, 0);
    let body = Body {
        description: String::new(),
        payload: vec![],
        payload_type: "transfer".to_owned(),
        fee: Fee::zero(),
        nonce: 2,
        chain_id: world.node.chain_id().to_owned(),
    };
    assert_eq!(refusal(&world, &sign(&issuer, body)).await, (2, "unknown payload type".to_owned()));
    assert_eq!(world.node.counts().await.unwrap().transactions, 1);
}

#[tokio::test]
async fn a_transaction_has_a_largest_size() {
    let world = World::new().await;
    let issuer = world.issuer();
    let value = "x".repeat(4 * 1024 * 1024);
    let attribute = |length: usize| vec![id(1).into(), id(1).into(), "k".into(), (&value[..length]).into()];
    let of = |length: usize| {
        signed(&issuer, "add_attribute_as_inserter", vec![attribute(length)], 1, world.node.chain_id())
    };
    let overhead = of(4_000_000).serialized_len() - 4_000_000;
    let largest = 4 * 1024 * 1024 - overhead;
    let too_large = of(largest + 1);
    assert_eq!(refusal(&world, &too_large).await, (65535, "transaction size limit exceeded".to_owned()));
    let fits = of(largest);
    assert_eq!(fits.serialized_len(), 4 * 1024 * 1024);
    assert_eq!(done(&broadcast(&world, &fits, 1).await.unwrap()["result"]).code, 65535); // there is no such user
}

#[tokio::test]
async fn the_same_transaction_is_taken_once() {
    let world = World::new().await;
    let tx = add_user(&world, 1, 1);
    let answer = broadcast(&world, &tx, 0).await.unwrap();
    assert_eq!(answer, json!({ "tx_hash": tx.hash() }));
    assert_eq!(refusal(&world, &tx).await, (65535, "transaction already exists".to_owned()));
    assert_eq!(world.node.counts().await.unwrap().transactions, 1);
}

#[tokio::test]
async fn a_transaction_is_found_by_its_hash() {
    let world = World::new().await;
    let query = async |hash: Json| world.rpc("user.tx_query", json!({ "tx_hash": hash })).await;
    let tx = add_user(&world, 1, 1);
    assert_eq!(
        query(json!(tx.hash())).await,
        Err(json!({ "code": -202, "message": "transaction not found" }))
    );
    broadcast(&world, &tx, 1).await.unwrap();
    let found = json!({
        "tx_hash": tx.hash(), "height": 1, "tx": tx, "tx_result": { "code": 0, "gas": 0 }
    });
    assert_eq!(query(json!(tx.hash())).await, Ok(found.clone()));
    assert_eq!(query(json!(tx.hash().to_string().to_uppercase())).await, Ok(found));
    let failed = add_user(&world, 1, 2);
    broadcast(&world, &failed, 1).await.unwrap();
    assert_eq!(query(json!(failed.hash())).await.unwrap()["tx_result"]["code"], 65535);
    for hash in [json!(""), json!("00"), json!(null), json!(1), json!("zz".repeat(32))] {
        assert_eq!(query(hash).await.unwrap_err()["code"], -32602);
    }
}

#[tokio::test]
async fn blocks_count_up_and_carry_the_time_of_the_clock() {
    let world = World::new().await;
    let genesis = world.dev().last_block().await;
    assert_eq!((genesis.height, genesis.timestamp), (0, world.now()));
    world.clock.advance(Duration::from_millis(1999));
    broadcast(&world, &add_user(&world, 1, 1), 1).await.unwrap();
    let first = world.dev().last_block().await;
    assert_eq!((first.height, first.timestamp), (1, genesis.timestamp + 1)); // whole seconds
    world.clock.set(crate::support::start() - Duration::from_hours(1));
    broadcast(&world, &add_user(&world, 2, 2), 1).await.unwrap();
    let second = world.dev().last_block().await;
    assert_eq!((second.height, second.timestamp), (2, first.timestamp)); // never back
    assert_ne!(first.hash, second.hash);
}

/// A node that makes blocks only when it is told to.
async fn without_blocks() -> World {
    World::with(|config| config.block_interval = Some(Duration::from_hours(1))).await
}

#[tokio::test]
async fn transactions_wait_in_the_mempool_with_pending_nonces() {
    let world = without_blocks().await;
    // The first tick of an interval is at once; let it pass.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let txs: Vec<Signed> = (1..=5).map(|n| add_user(&world, n.into(), n)).collect();
    for tx in &txs {
        assert_eq!(broadcast(&world, tx, 0).await, Ok(json!({ "tx_hash": tx.hash() })));
    }
    assert_eq!(refusal(&world, &txs[2]).await, (65535, "transaction already exists".to_owned()));
    let (code, message) = refusal(&world, &add_user(&world, 9, 1)).await;
    assert_eq!(code, 4);
    assert!(message.ends_with("got 1, expected 6"), "{message}");

    let waiting = world.rpc("user.tx_query", json!({ "tx_hash": txs[0].hash() })).await.unwrap();
    let expected = json!({ "tx_hash": txs[0].hash(), "height": -1, "tx": txs[0], "tx_result": null });
    assert_eq!(waiting, expected);
    let nonce = async |status: u8| {
        let id = json!({ "identifier": world.issuer.public_key_hex(), "key_type": "ed25519" });
        world.rpc("user.account", json!({ "id": id, "status": status })).await.unwrap()["nonce"].clone()
    };
    assert_eq!((nonce(0).await, nonce(1).await), (json!(0), json!(5)));

    let block = world.dev().make_block().await.unwrap().unwrap();
    assert_eq!(block.height, 1); // all in one block
    assert_eq!((nonce(0).await, nonce(1).await), (json!(5), json!(5)));
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.users, counts.transactions), (5, 5));
    assert_eq!(world.dev().make_block().await.unwrap(), None);
}

#[tokio::test]
async fn a_block_holds_six_mebibytes() {
    let world = without_blocks().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let issuer = world.issuer();
    let value = "x".repeat(2_500_000);
    for nonce in 1..=3 {
        let arguments = vec![id(nonce.into()).into(), id(1).into(), "k".into(), value.as_str().into()];
        let tx = signed(&issuer, "add_attribute_as_inserter", vec![arguments], nonce, world.node.chain_id());
        broadcast(&world, &tx, 0).await.unwrap();
    }
    for (height, transactions) in [(1, 2), (2, 3)] {
        assert_eq!(world.dev().make_block().await.unwrap().unwrap().height, height);
        assert_eq!(world.node.counts().await.unwrap().transactions, transactions);
    }
}

#[tokio::test]
async fn a_slow_block_is_code_10_and_the_transaction_may_still_come() {
    let world = World::with(|config| {
        config.block_interval = Some(Duration::from_hours(1));
        config.commit_wait = Duration::from_millis(100);
    })
    .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let tx = add_user(&world, 1, 1);
    assert_eq!(
        refusal(&world, &tx).await,
        (10, "timed out waiting for tx to be included in a block".to_owned())
    );
    assert_eq!(world.node.counts().await.unwrap().users, 0);
    world.dev().make_block().await.unwrap();
    assert_eq!(world.node.counts().await.unwrap().users, 1);
}

#[tokio::test]
async fn many_may_be_in_flight() {
    let world = World::with(|config| config.block_interval = Some(Duration::from_millis(20))).await;
    let signers: Vec<Signer> = (0..6).map(|n| Signer::from_seed(&[100 + n; 32])).collect();
    let url = world.node.url();
    let chain_id = world.node.chain_id().to_owned();
    let mut tasks = tokio::task::JoinSet::new();
    for signer in signers.clone() {
        let (url, chain_id) = (url.clone(), chain_id.clone());
        tasks.spawn(async move {
            for nonce in 1..=10 {
                let payload = idos_client::encoding::ActionExecution::once("has_profile", vec!["a".into()]);
                let tx = signed_payload(&signer, payload.encode().unwrap(), nonce, &chain_id);
                let sync = u8::from(nonce % 5 == 0);
                let params = json!({ "tx": tx, "sync": sync });
                let answer = crate::support::rpc(&url, "user.broadcast", params).await.unwrap();
                assert_eq!(answer["result"].is_null(), sync == 0);
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    for signer in &signers {
        assert_eq!(world.next_nonce(signer).await, 11);
    }
    let transactions = world.node.transactions().await.unwrap();
    assert_eq!(transactions.len(), 60);
    assert!(transactions.iter().all(|tx| tx.code == 0));
    let heights = transactions.last().unwrap().height;
    assert!(heights < 60, "{heights} blocks are one for each transaction");
}

#[tokio::test]
async fn a_missing_fee_is_zero_and_leading_zeros_do_not_count() {
    let world = World::new().await;
    for (nonce, fee) in [(1, json!(null)), (2, json!("")), (3, json!("000"))] {
        let mut tx = json!(add_user(&world, nonce.into(), nonce));
        tx["body"]["fee"] = fee;
        let answer = world.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap();
        assert_eq!(done(&answer["result"]).code, 0);
    }
    let mut tx = json!(add_user(&world, 4, 4));
    for fee in [json!("-1"), json!("1.5"), json!("x"), json!(0), json!("9".repeat(79)), json!({ "a": 1 })] {
        tx["body"]["fee"] = fee;
        let error = world.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap_err();
        assert_eq!(error["code"], -32602);
    }
    assert_eq!(EXECUTE, tx["body"]["type"]);
}
