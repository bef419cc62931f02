//! What becomes of transactions that wait when their node loses them, or has lost touch: a node never has one without
//! those before it. That kwild does so is nowhere promised; senders with many under way count on less.

use std::time::Duration;

use idos_client::actions::{AddUserAsInserter, PasswordStore};
use idos_client::{Broadcast, Client, Error, Nonce, Prepared, TxState};

use crate::support::{client, id, issuer, network_with, until};

/// Three nodes that share few cores with others may be slow.
const PATIENCE: Duration = Duration::from_mins(3);

/// Signs the addition of a user.
async fn prepare(client: &Client, user: u128, nonce: u64) -> Prepared {
    let action = AddUserAsInserter {
        id: id(user),
        recipient_encryption_public_key: "key",
        encryption_password_store: PasswordStore::User,
    };
    client.prepare(&issuer(), &action, Nonce::Exactly(nonce)).await.unwrap()
}

/// Has a node take it, without waiting for its block.
async fn send(client: &Client, prepared: &Prepared) -> Result<(), Error> {
    client.broadcast(prepared, Broadcast::Accept).await.map(drop)
}

async fn state(client: &Client, prepared: &Prepared) -> Option<TxState> {
    client.transaction(prepared.hash()).await.unwrap().map(|status| status.state)
}

async fn succeeds(client: &Client, prepared: &Prepared) {
    client.confirm(prepared.hash(), PATIENCE).await.unwrap();
}

#[tokio::test]
async fn who_loses_a_transaction_takes_none_that_is_behind_it() {
    // Time for all that comes before the block.
    let network = network_with(|config| {
        config.propose_timeout = Duration::from_secs(10);
        config.inserters.clear();
    })
    .await;
    let client = client(&network.url()).await;
    let mut waiting = Vec::new();
    for nonce in 1..=3 {
        let prepared = prepare(&client, u128::from(nonce), nonce).await;
        send(&client, &prepared).await.unwrap();
        waiting.push(prepared);
    }
    assert_eq!(client.pending_account(&issuer()).await.unwrap().nonce, 3);
    network.kill(0).await.unwrap();
    network.start_again(0).await.unwrap();

    assert_eq!(client.pending_account(&issuer()).await.unwrap().nonce, 0);
    for prepared in &waiting {
        assert_eq!(state(&client, prepared).await, None);
    }
    // Until it knows that there is no block that it lacks, it takes none for that reason.
    until("the node has caught up", PATIENCE, async || {
        let error = send(&client, &waiting[1]).await.unwrap_err();
        !error.to_string().contains("node is catching up")
    })
    .await;
    for behind in &waiting[1..] {
        let error = send(&client, behind).await.unwrap_err();
        assert_eq!((error.is_wrong_nonce(), error.expected_nonce()), (true, Some(1)), "{error}");
        assert!(matches!(error, Error::Rejected(_)), "in no mempool, and so in no block: {error:?}");
    }
    for prepared in &waiting {
        send(&client, prepared).await.unwrap();
        assert!(state(&client, prepared).await.is_some());
    }
}

#[tokio::test]
async fn what_a_node_took_while_it_was_cut_off_is_written_later_if_its_nonce_is_still_the_next_one() {
    let network = network_with(|config| {
        config.validators = 3;
        config.empty_block_timeout = Duration::from_secs(2);
    })
    .await;
    let (leader, lone) = (client(&network.urls()[0]).await, client(&network.urls()[2]).await);
    network.cut_off(2).await.unwrap();
    let mut waiting = Vec::new();
    for nonce in 1..=3 {
        let prepared = prepare(&lone, u128::from(nonce), nonce).await;
        send(&lone, &prepared).await.unwrap();
        waiting.push(prepared);
    }
    // Elsewhere nobody knows them, and so nobody takes what comes after them.
    for behind in &waiting[1..] {
        let error = send(&leader, behind).await.unwrap_err();
        assert_eq!((error.is_wrong_nonce(), error.expected_nonce()), (true, Some(1)), "{error}");
    }
    let other = prepare(&leader, 9, 1).await;
    send(&leader, &other).await.unwrap();
    succeeds(&leader, &other).await;

    network.reconnect(2).await.unwrap();
    // What has lost its nonce is forgotten when the block arrives; what is behind it is as good as before.
    until("the block arrives", PATIENCE, async || state(&lone, &other).await.is_some()).await;
    for behind in &waiting[1..] {
        succeeds(&leader, behind).await;
        // The others may have a block sooner.
        succeeds(&lone, behind).await;
    }
    assert_eq!((state(&leader, &waiting[0]).await, state(&lone, &waiting[0]).await), (None, None));
    let mut rows = network.rows(2).await.unwrap();
    until("the rows are there", PATIENCE, async || rows.counts().await.unwrap().users == 3).await;
}
