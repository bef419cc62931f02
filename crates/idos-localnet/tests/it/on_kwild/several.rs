//! Networks of three validators.

use std::time::Duration;

use idos_localnet::Localnet;

use crate::support::{add_user, client, network_with, until};

/// Long enough for three nodes that share two processors with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

async fn three() -> Localnet {
    network_with(|config| {
        config.validators = 3;
        // So that one that has missed something asks soon.
        config.empty_block_timeout = Duration::from_secs(2);
    })
    .await
}

/// How many users a validator has in its database.
async fn users(network: &Localnet, number: usize) -> i64 {
    network.rows(number).await.unwrap().counts().await.unwrap().users
}

async fn has_users(network: &Localnet, number: usize, count: i64) {
    let what = format!("validator {number} has {count} users");
    until(&what, PATIENCE, async || users(network, number).await == count).await;
}

#[tokio::test]
async fn what_one_takes_all_have() {
    let network = three().await;
    assert_eq!(network.urls().len(), 3);
    for (number, url) in network.urls().iter().enumerate() {
        add_user(&client(url).await, number as u128).await.unwrap();
    }
    for number in 0..3 {
        has_users(&network, number, 3).await;
    }
    network.stop().await;
}

#[tokio::test]
async fn two_of_three_go_on_without_one_that_is_down_and_it_catches_up() {
    let network = three().await;
    let client = client(&network.url()).await;
    network.kill(2).await.unwrap();
    add_user(&client, 1).await.unwrap();
    network.start_again(2).await.unwrap();
    has_users(&network, 2, 1).await;

    network.freeze(1).await.unwrap();
    add_user(&client, 2).await.unwrap();
    assert_eq!(users(&network, 1).await, 1);
    network.thaw(1).await.unwrap();
    has_users(&network, 1, 2).await;
}

#[tokio::test]
async fn one_that_is_cut_off_knows_nothing_new_until_it_is_back() {
    let network = three().await;
    let leader = client(&network.url()).await;
    network.cut_off(2).await.unwrap();
    let before = network.height(2).await.unwrap();
    add_user(&leader, 1).await.unwrap();
    has_users(&network, 1, 1).await;
    // The others go on, for longer than it takes a lost peer to come back.
    let ahead = before.unwrap() + 4;
    until("four more blocks", PATIENCE, async || network.height(0).await.unwrap() > Some(ahead)).await;
    assert_eq!(users(&network, 2).await, 0);
    assert_eq!(network.height(2).await.unwrap(), before);

    network.reconnect(2).await.unwrap();
    has_users(&network, 2, 1).await;
}

#[tokio::test]
async fn without_the_others_the_leader_makes_no_block_and_nothing_is_lost() {
    let network = three().await;
    let leader = client(&network.url()).await;
    network.cut_off(0).await.unwrap();
    let lone = add_user(&leader, 1).await.unwrap_err();
    assert!(matches!(lone, idos_client::Error::OutcomeUnknown { .. }), "{lone}");
    for number in 0..3 {
        assert_eq!(users(&network, number).await, 0);
    }
    network.reconnect(0).await.unwrap();
    for number in 0..3 {
        has_users(&network, number, 1).await;
    }
}
