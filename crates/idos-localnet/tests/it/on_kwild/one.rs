//! A network of one validator.

use std::path::Path;
use std::time::Duration;

use idos_client::Viewer;
use idos_client::actions::{GetUserAsInserter, HasProfile};
use idos_localnet::{Inserter, Localnet, LocalnetConfig, StartError};

use crate::support::{ISSUER, add_user, client, id, inserters, issuer, network, network_with, until};

#[tokio::test]
async fn an_inserter_writes_and_reads_through_the_gateway() {
    let network = network().await;
    let client = client(&network.url()).await;
    assert_eq!(client.chain_id(), "idos-localnet");
    let health = client.health().await.unwrap();
    assert!(health.healthy && health.block_height > 0);

    let written = add_user(&client, 1).await.unwrap();
    assert!(written.committed);
    let view = GetUserAsInserter { id: id(1) };
    let user = client.call_one(&issuer(), &view).await.unwrap().unwrap();
    assert_eq!((user.id, user.inserter.as_str()), (id(1), ISSUER));
    let known = client.call_one(Viewer::Anonymous, &HasProfile { address: "0x0" }).await.unwrap();
    assert_eq!(known, Some(false));

    let counts = network.counts().await.unwrap();
    assert_eq!((counts.users, counts.wallets, counts.credentials, counts.sessions), (1, 0, 0, 1));
    let mut rows = network.rows(0).await.unwrap();
    let users = rows.users().await.unwrap();
    assert_eq!((users[0].id.clone(), users[0].inserter.as_str()), (id(1).to_string(), ISSUER));
    assert!(rows.wallets().await.unwrap().is_empty());
    assert!(rows.credentials().await.unwrap().is_empty());
    assert!(rows.access_grants().await.unwrap().is_empty());

    let transactions = rows.transactions().await.unwrap();
    assert_eq!(i64::try_from(transactions.len()).unwrap(), counts.transactions);
    let actions: Vec<_> = transactions.iter().map(|tx| tx.action.as_str()).collect();
    assert_eq!(actions, ["add_inserter_as_owner", "add_delegate_as_owner", "add_user_as_inserter"]);
    let last = transactions.last().unwrap();
    assert_eq!((last.hash.clone(), last.caller.clone()), (written.hash.to_string(), issuer().caller()));
    assert_eq!((last.code, last.log.as_str()), (0, ""));
    network.stop().await;
}

#[tokio::test]
async fn a_killed_validator_has_lost_nothing() {
    let network = network().await;
    let client = client(&network.url()).await;
    for number in 1..=2 {
        add_user(&client, number).await.unwrap();
        network.kill(0).await.unwrap();
        assert!(!network.is_running(0).await.unwrap());
        assert_eq!(network.height(0).await.unwrap(), None);
        assert!(client.health().await.is_err());
        network.start_again(0).await.unwrap();
    }
    network.stop_validator(0).await.unwrap();
    network.start_again(0).await.unwrap();
    add_user(&client, 3).await.unwrap();
    assert_eq!(network.counts().await.unwrap().users, 3);
}

#[tokio::test]
async fn a_validator_waits_for_its_port() {
    let network = network().await;
    let address = network.node_url(0).unwrap().strip_prefix("http://").unwrap().to_owned();
    network.kill(0).await.unwrap();
    let stranger = tokio::net::TcpListener::bind(address).await.unwrap();
    let leave = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(stranger);
    };
    let (started, ()) = tokio::join!(network.start_again(0), leave);
    started.unwrap();
    assert!(network.height(0).await.unwrap().unwrap() > 0);
}

#[tokio::test]
async fn a_frozen_validator_is_silent_until_it_thaws() {
    let network = network().await;
    let client = client(&network.url()).await;
    network.freeze(0).await.unwrap();
    assert!(network.is_running(0).await.unwrap());
    let asked = tokio::time::timeout(Duration::from_secs(2), client.health()).await;
    assert!(asked.is_err(), "it answers: {asked:?}");
    network.thaw(0).await.unwrap();
    add_user(&client, 1).await.unwrap();
    // One that is frozen can be ended, too.
    network.freeze(0).await.unwrap();
    network.stop().await;
}

#[tokio::test]
async fn inserters_are_added_once_and_delegates_move() {
    let network = network().await;
    let before = network.counts().await.unwrap().transactions;
    network.add_inserter(&inserters()[0]).await.unwrap();
    assert_eq!(network.counts().await.unwrap().transactions, before);

    // The key of the first inserter acts for another one now.
    network.add_inserter(&Inserter::new("Other", [issuer().caller().to_uppercase()])).await.unwrap();
    assert_eq!(network.counts().await.unwrap().transactions, before + 3);
    let client = client(&network.url()).await;
    add_user(&client, 1).await.unwrap();
    let users = network.rows(0).await.unwrap().users().await.unwrap();
    assert_eq!(users[0].inserter, "Other");

    let transactions = network.rows(0).await.unwrap().transactions().await.unwrap();
    assert_eq!(transactions[0].caller, network.owner().caller());
}

#[tokio::test]
async fn a_kept_folder_goes_on_and_a_temporary_one_goes_away() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("kept");
    let kept = |config: &mut LocalnetConfig| config.folder = Some(folder.clone());
    let network = network_with(kept).await;
    add_user(&client(&network.url()).await, 1).await.unwrap();
    let owner = network.owner().caller();
    network.stop().await;

    let network = network_with(kept).await;
    assert_eq!(network.owner().caller(), owner);
    add_user(&client(&network.url()).await, 2).await.unwrap();
    let counts = network.counts().await.unwrap();
    assert_eq!((counts.users, counts.transactions), (2, 4));
    drop(network); // in no good order
    let network = network_with(kept).await;
    assert_eq!(network.counts().await.unwrap().users, 2);
    drop(network);

    for (config, what) in [
        (LocalnetConfig { chain_id: "other".to_owned(), ..LocalnetConfig::default() }, "another chain id"),
        (LocalnetConfig { validators: 2, ..LocalnetConfig::default() }, "1 validators"),
    ] {
        let error =
            Localnet::start(LocalnetConfig { folder: Some(folder.clone()), ..config }).await.unwrap_err();
        assert!(matches!(&error, StartError::OtherNetwork { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }

    let network = crate::support::network().await;
    let temporary = network.folder().to_owned();
    assert!(temporary.exists());
    drop(network);
    until("the folder is gone", Duration::from_secs(20), async || !Path::new(&temporary).exists()).await;
}
