//! A state file outlives the node that wrote it.

use idos_client::Signer;
use idos_devnode::{DevNodeConfig, Inserter, StartError, State};
use idos_wallet::WalletType;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::support::{Grant, World, call_params, id, signed, view_rows, wallet};

fn with_file(path: &std::path::Path) -> impl FnOnce(&mut DevNodeConfig) {
    let state = State::File(path.to_owned());
    move |config| config.state = state
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    let world = World::with(with_file(&file)).await;
    world.user(id(1), &wallet(WalletType::Evm, 3)).await;
    let failed = vec![id(1).into(), "key".into(), "user".into()];
    world.execute(&world.issuer(), "add_user_as_inserter", failed).await;
    let (counts, block) = (world.node.counts().await.unwrap(), world.dev().last_block().await);
    let transactions = world.node.transactions().await.unwrap();
    world.node.stop().await;

    let world = World::with(with_file(&file)).await;
    assert_eq!(world.node.counts().await.unwrap(), counts);
    assert_eq!(world.dev().last_block().await, block);
    assert_eq!(world.node.transactions().await.unwrap(), transactions);
    assert_eq!(world.next_nonce(&world.issuer()).await, 4);
    for transaction in &transactions {
        let found = world.rpc("user.tx_query", json!({ "tx_hash": transaction.hash })).await.unwrap();
        assert_eq!(found["height"], transaction.height);
        assert_eq!(found["tx_result"]["code"], transaction.code);
        assert!(found["tx"]["body"]["payload"].is_string());
    }
    let user = world.view(Some(&world.issuer()), "get_user_as_inserter", vec![id(1).into()]).await;
    assert_eq!(user.unwrap().len(), 1);
    // What was committed stays known, so that it is not written twice.
    let again = vec![id(1).into(), "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=".into(), "user".into()];
    let tx = signed(&world.issuer(), "add_user_as_inserter", vec![again], 1, world.node.chain_id());
    assert_eq!(json!(tx.hash()), json!(transactions[0].hash));
    let error = world.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap_err();
    assert_eq!(error["data"]["message"], "transaction already exists");
}

#[tokio::test]
async fn sessions_outlive_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    let sessions = |path: &std::path::Path| {
        let state = State::File(path.to_owned());
        move |config: &mut DevNodeConfig| {
            config.state = state;
            config.require_sessions = true;
        }
    };
    let world = World::with(sessions(&file)).await;
    let cookie = crate::login::log_in(&world, &world.issuer()).await;
    world.node.stop().await;

    let world = World::with(sessions(&file)).await;
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "user.call",
        "params": call_params(Some(&world.issuer()), "get_user", vec![]),
    });
    let headers = [("Cookie", cookie.as_str())];
    let (url, body) = (world.node.url(), body.to_string());
    let answer = crate::support::request(&url, "POST", "/rpc/v1", &headers, body.as_bytes()).await.unwrap();
    let mut json = answer.json();
    assert_eq!(view_rows(Ok(json["result"].take())), Ok(vec![]));
}

#[tokio::test]
async fn a_file_is_one_nodes_and_one_chains() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    let config = DevNodeConfig { state: State::File(file.clone()), ..DevNodeConfig::default() };
    let first = idos_devnode::DevNode::start(config.clone()).await.unwrap();
    assert!(matches!(idos_devnode::DevNode::start(config.clone()).await, Err(StartError::State(_))));
    first.stop().await;

    let other_chain = DevNodeConfig { chain_id: "another".to_owned(), ..config.clone() };
    assert!(matches!(idos_devnode::DevNode::start(other_chain).await, Err(StartError::OtherChain)));
    let garbage = folder.path().join("garbage");
    std::fs::write(&garbage, [b'x'; 5000]).unwrap();
    let garbage = DevNodeConfig { state: State::File(garbage), ..config };
    assert!(matches!(idos_devnode::DevNode::start(garbage).await, Err(StartError::State(_))));
}

#[tokio::test]
async fn delegates_of_the_configuration_are_added_to_those_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    World::with(with_file(&file)).await.node.stop().await;
    let late = idos_client::Signer::from_seed(&[9; 32]);
    let world = World::with(|config| {
        with_file(&file)(config);
        config.inserters = vec![Inserter::new(crate::support::ISSUER, [late.caller()])];
    })
    .await;
    let user = |number: u128| vec![id(number).into(), "key".into(), "user".into()];
    world.execute(&late, "add_user_as_inserter", user(1)).await.succeeded();
    world.execute(&world.issuer(), "add_user_as_inserter", user(2)).await.succeeded();
}

/// A file of before the next schema: contents had to be in the rows.
#[tokio::test]
async fn an_old_file_is_brought_up_to_date_with_all_that_it_holds() {
    const AS_IT_WAS: &str = "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;
        CREATE TABLE before (id TEXT NOT NULL, user_id TEXT NOT NULL, verifiable_credential_id TEXT,
            public_notes TEXT NOT NULL, content TEXT NOT NULL, encryptor_public_key TEXT NOT NULL,
            issuer_auth_public_key TEXT NOT NULL, inserter TEXT, issuer_fee TEXT NOT NULL DEFAULT '0',
            CONSTRAINT credentials_pkey PRIMARY KEY (id),
            CONSTRAINT credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE) STRICT;
        INSERT INTO before SELECT id, user_id, verifiable_credential_id, public_notes, content, encryptor_public_key,
            issuer_auth_public_key, inserter, issuer_fee FROM credentials;
        DROP TABLE credentials; ALTER TABLE before RENAME TO credentials;
        CREATE INDEX credentials_user_id ON credentials (user_id);";

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.sqlite");
    let key = wallet(WalletType::Evm, 3);
    let world = World::with(with_file(&file)).await;
    world.user(id(1), &key).await;
    let grant = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
    grant.write(&world, &world.issuer()).await.succeeded();
    let before = world.node.credentials().await.unwrap();
    world.node.stop().await;
    let mut db = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
    sqlx::raw_sql(AS_IT_WAS).execute(&mut db).await.unwrap();
    db.close().await.unwrap();

    for _ in 0..2 {
        let world = World::with(with_file(&file)).await;
        assert_eq!(world.node.credentials().await.unwrap(), before);
        world.node.stop().await;
    }
    // What goes with a row still goes with it.
    let world = World::with(with_file(&file)).await;
    let gone = vec![grant.original_id.into()];
    world.execute(&Signer::Wallet(key), "remove_credential", gone).await.succeeded();
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.credentials, counts.shared_credentials), (1, 0));
}
