//! Several nodes of one network, of which one is of no use.

use std::time::{Duration, Instant};

use idos_client::actions::{AddUserAsInserter, PasswordStore};
use idos_client::{Broadcast, Client, ClientConfig, Nonce};
use idos_devnode::{DevNode, DevNodeConfig, Fault, Inserter, Switch};
use idos_issuer::model::issuance::State;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;

use crate::support::service::{Backend, Stage, submit, until};
use crate::support::{User, create_profile, id};

/// A node that makes no block by itself.
fn without_blocks() -> DevNodeConfig {
    DevNodeConfig { block_interval: Some(Duration::from_hours(1)), ..DevNodeConfig::default() }
}

/// The key of another inserter, who keeps a node alive.
const SOMEBODY: [u8; 32] = [5; 32];

/// Two nodes that have nothing to do with each other, and the same user with a profile on both.
async fn two_nodes(backend: Backend, patience: u32) -> (Stage, DevNode, User) {
    let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
    let keys = &stage.keys;
    let somebody = idos_client::Signer::from_seed(&SOMEBODY).caller();
    let inserters = vec![
        Inserter::new("Example KYC", [keys.first().public_hex()]),
        Inserter::new("Somebody", [somebody]),
    ];
    let other = DevNode::start(DevNodeConfig { inserters, ..DevNodeConfig::default() }).await.unwrap();
    stage.of_the_node = format!("fallback_urls = [\"{}\"]\nblock_patience_seconds = {patience}", other.url());
    let user = User::with(WalletType::Evm);
    let issuer = keys.first().signer();
    for url in [stage.node.url(), other.url()] {
        let client = Client::connect(ClientConfig::new(url.parse().unwrap())).await.unwrap();
        create_profile(&client, &issuer, &user).await.unwrap();
    }
    (stage, other, user)
}

/// Two nodes that have nothing to do with each other and make blocks only when told to, and the same user with a profile on both.
async fn two_quiet_nodes(backend: Backend) -> (Stage, DevNode, User) {
    let mut stage = Stage::with(backend, 1, without_blocks()).await;
    let inserters = vec![Inserter::new("Example KYC", [stage.keys.first().public_hex()])];
    let other = DevNode::start(DevNodeConfig { inserters, ..without_blocks() }).await.unwrap();
    stage.of_the_node = format!("fallback_urls = [\"{}\"]\nblock_patience_seconds = 1", other.url());
    let user = User::with(WalletType::Evm);
    for node in [stage.dev(), &other] {
        let client = Client::connect(ClientConfig::new(node.url().parse().unwrap())).await.unwrap();
        let issuer = stage.keys.first().signer();
        let making_blocks = async {
            loop {
                node.make_block().await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            made = create_profile(&client, &issuer, &user) => made.unwrap(),
            () = making_blocks => unreachable!(),
        }
    }
    (stage, other, user)
}

on_both_databases! {
    async fn what_a_cut_off_node_has_taken_is_sent_to_another_one(backend) {
        let mut stage = Stage::with(backend, 1, without_blocks()).await;
        let keys = &stage.keys;
        let inserters = vec![Inserter::new("Example KYC", [keys.first().public_hex()])];
        let other = DevNode::start(DevNodeConfig { inserters, ..DevNodeConfig::default() }).await.unwrap();
        stage.of_the_node = format!("fallback_urls = [\"{}\"]\nblock_patience_seconds = 1", other.url());

        let user = User::with(WalletType::Evm);
        let issuer = keys.first().signer();
        for url in [stage.node.url(), other.url()] {
            let client = Client::connect(ClientConfig::new(url.parse().unwrap())).await.unwrap();
            let creating = create_profile(&client, &issuer, &user);
            let making_blocks = async {
                loop {
                    stage.dev().make_block().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::select! {
                created = creating => created.unwrap(),
                () = making_blocks => {}
            }
        }

        let service = stage.service().await;
        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        let done = until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
        assert!(done.transaction.unwrap().height.is_some());
        assert_eq!(other.credentials().await.unwrap().len(), 1);
        assert_eq!(stage.dev().pending().await.len(), 1, "the first node had it, and has it still");
        service.stop().await;
    }

    async fn a_node_is_seldom_asked_for_transactions_that_wait_for_their_block(backend) {
        const WAITING: u32 = 4;
        let stage = Stage::with(backend, 1, without_blocks()).await;
        let user = User::with(WalletType::Evm);
        let making_blocks = async {
            loop {
                stage.dev().make_block().await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let client = Client::connect(ClientConfig::new(stage.node.url().parse().unwrap())).await.unwrap();
        let issuer = stage.keys.first().signer();
        tokio::select! {
            made = create_profile(&client, &issuer, &user) => made.unwrap(),
            () = making_blocks => unreachable!(),
        }
        let service = stage.service().await;
        // A fault that does nothing counts.
        let faults = stage.dev().faults();
        let method = Some("user.tx_query".to_owned());
        faults.set(Switch { fault: Fault::Delay { ms: 0 }, method, action: None, next: Some(u32::MAX) });
        let asked = || u32::MAX - faults.active().first().unwrap().next.unwrap();
        let begin = Instant::now();
        let mut all = Vec::new();
        for _ in 0..WAITING {
            all.push(submit(&service.app, &user, Authority::Inserter).await);
        }
        while stage.dev().pending().await.len() < WAITING as usize {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(4_500)).await;
        // For the first one, after three seconds each.
        let meanwhile = asked();
        assert!(u64::from(meanwhile) <= begin.elapsed().as_secs() / 3, "{meanwhile}");
        stage.dev().make_block().await.unwrap();
        for issuance in &all {
            until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
        }
        assert!(asked() >= meanwhile + WAITING);
        service.stop().await;
    }

    async fn a_nonce_that_a_cut_off_node_has_given_to_something_else_holds_nothing_up(backend) {
        let (stage, other, user) = two_quiet_nodes(backend).await;
        // What an earlier process has sent to a node that is cut off: it takes the next nonce there, for ever.
        let url = stage.node.url().parse().unwrap();
        let client = Client::connect(ClientConfig::new(url)).await.unwrap();
        let key = user.secret.public().to_base64();
        let add = AddUserAsInserter {
            id: id(),
            recipient_encryption_public_key: &key,
            encryption_password_store: PasswordStore::User,
        };
        client.execute(&stage.keys.first().signer(), &add, Nonce::Next, Broadcast::Accept).await.unwrap();

        let service = stage.service().await;
        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        // From the first node to the second, which makes no blocks yet, and back.
        for wanted in [1, 0] {
            for _ in 0..600 {
                if service.app.idos().await.unwrap().preferred_node() == wanted {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(service.app.idos().await.unwrap().preferred_node(), wanted);
        }
        let living = async {
            loop {
                other.make_block().await.unwrap();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            _ = until(&service.app, &issuance.id, |i| i.state == State::Issued) => {}
            () = living => unreachable!(),
        }
        assert_eq!(other.credentials().await.unwrap().len(), 1);
        service.stop().await;
    }

    async fn a_node_that_lies_costs_no_content(backend) {
        let (stage, other, user) = two_nodes(backend, 2).await;
        // It takes what it is sent, says that it is in a block, and has not got it.
        let lies = stage.dev().faults();
        let answer = |body: &str| Fault::Answer { status: 200, body: format!(r#"{{"jsonrpc":"2.0","id":1,"result":{body}}}"#) };
        let lie = |fault, method: &str, action: Option<&str>| {
            lies.set(Switch { fault, method: Some(method.to_owned()), action: action.map(str::to_owned), next: None });
        };
        lie(Fault::DropTransaction, "user.broadcast", None);
        lie(answer(r#"{"height":7,"tx_result":{"code":0,"log":""}}"#), "user.tx_query", None);
        lie(answer(r#"{"id":null,"balance":"0","nonce":99}"#), "user.account", None);
        let yes = answer(r#"{"query_result":{"column_names":["credential_exist"],"values":[[true]]}}"#);
        lie(yes, "user.call", Some("credential_exist_as_inserter"));

        let service = stage.service().await;
        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        let told = until(&service.app, &issuance.id, |i| i.transaction.is_some()).await;
        assert_eq!(told.state, State::Queued, "one node says it is written, and another one does not show it");
        assert!(service.app.store.has_sealed(&issuance.id).await.unwrap());
        assert_eq!(other.credentials().await.unwrap().len(), 0);

        // In the end it is written by way of the other one, which lives: kwild makes a block now and then, whatever comes.
        let living = async {
            let client = Client::connect(ClientConfig::new(other.url().parse().unwrap())).await.unwrap();
            let somebody = idos_client::Signer::from_seed(&SOMEBODY);
            loop {
                let key = user.secret.public().to_base64();
                let add = AddUserAsInserter {
                    id: id(),
                    recipient_encryption_public_key: &key,
                    encryption_password_store: PasswordStore::User,
                };
                client.execute(&somebody, &add, Nonce::Next, Broadcast::Wait).await.unwrap();
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let done = tokio::select! {
            done = until(&service.app, &issuance.id, |i| i.state == State::Issued) => done,
            () = living => unreachable!(),
        };
        assert_eq!(other.credentials().await.unwrap().len(), 1);
        assert_ne!(done.transaction, told.transaction, "what the liar told gives way");
        assert!(!service.app.store.has_sealed(&issuance.id).await.unwrap());
        service.stop().await;
    }

    async fn where_no_other_node_answers_one_is_believed_unless_more_are_wanted(backend) {
        let (mut stage, other, user) = two_nodes(backend, 1).await;
        other.faults().until_cleared(Fault::Down);
        let service = stage.service().await;
        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        let done = until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
        assert!(done.transaction.unwrap().height.is_some(), "what the first one told is kept");
        service.stop().await;

        stage.of_the_node += "\nmust_agree = 2";
        let service = stage.service().await;
        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        until(&service.app, &issuance.id, |i| i.transaction.is_some()).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        let waits = service.app.store.issuance(&issuance.id).await.unwrap().unwrap();
        assert_eq!(waits.state, State::Queued);
        assert!(service.app.store.has_sealed(&issuance.id).await.unwrap());
        service.stop().await;
    }

    async fn a_node_that_lets_questions_wait_is_not_asked_for_each_credential(backend) {
        let (stage, other, user) = two_nodes(backend, 1).await;
        let lost = Switch { fault: Fault::LoseAnswer, method: Some("*".to_owned()), action: None, next: Some(1000) };
        other.faults().set(lost);
        let service = stage.service().await;
        let mut asked = Vec::new();
        for _ in 0..12 {
            asked.push(submit(&service.app, &user, Authority::Inserter).await);
        }
        for issuance in &asked {
            until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
        }
        let left = other.faults().active()[0].next.unwrap();
        // One question to each lane, and those of connecting.
        assert!((991..1000).contains(&left), "it was asked {} times", 1000 - left);
        service.stop().await;
    }
}
