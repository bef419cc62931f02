//! Several nodes of one network, of which one is of no use.

use std::time::Duration;

use idos_client::{Client, ClientConfig};
use idos_devnode::{DevNode, DevNodeConfig, Inserter};
use idos_issuer::model::issuance::State;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;

use crate::support::service::{Stage, submit, until};
use crate::support::{User, create_profile};

/// A node that makes no block by itself.
fn without_blocks() -> DevNodeConfig {
    DevNodeConfig { block_interval: Some(Duration::from_hours(1)), ..DevNodeConfig::default() }
}

on_both_databases! {
    async fn what_a_cut_off_node_has_taken_is_sent_to_another_one(backend) {
        let mut stage = Stage::with(backend, 1, without_blocks()).await;
        let keys = &stage.keys;
        let inserters = vec![Inserter::new("Example KYC", [keys.first().rows.public_hex()])];
        let other = DevNode::start(DevNodeConfig { inserters, ..DevNodeConfig::default() }).await.unwrap();
        stage.of_the_node = format!("fallback_urls = [\"{}\"]\nblock_patience_seconds = 1", other.url());

        let user = User::with(WalletType::Evm);
        let issuer = idos_client::Signer::from_seed(&keys.first().seed);
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
}
