//! Flows against a node that misbehaves: each ends in exactly one credential, or in an error that says what is so.

use idos_client::Class;
use idos_devnode::Fault;
use idos_issuer::flow::credential::{IssueError, write_by_grant};
use idos_issuer::flow::profile::{self, ProfileError};
use idos_wallet::WalletType;

use crate::support::{User, World, ids};

#[tokio::test]
async fn a_credential_is_written_once_even_if_the_node_hangs_up_after_committing() {
    let world = World::start().await;
    let user = User::with(WalletType::Evm);
    world.dev().faults().next(1, Fault::HangUpAfterCommit);
    world.create_profile(&user).await.unwrap();
    let (grant, signature) = world.grant(&user, 0, 3600).await;
    let ids = ids();
    let sealed = world.seal(&user, ids);

    world.dev().faults().next(1, Fault::HangUpAfterCommit);
    let receipt =
        write_by_grant(&world.client, &world.issuer, &sealed, ids, &grant, &signature).await.unwrap();
    assert!(receipt.is_some(), "the outcome was looked up by the transaction's hash");
    let again = write_by_grant(&world.client, &world.issuer, &sealed, ids, &grant, &signature).await.unwrap();
    assert_eq!(again, None, "the second try finds the first one's work");
    assert_eq!(world.node.counts().await.unwrap().credentials, 2);
}

#[tokio::test]
async fn a_profile_is_completed_by_the_next_try() {
    let world = World::start().await;
    let user = User::with(WalletType::Near);
    // The user is added, and then the node goes away.
    world.dev().faults().set(idos_devnode::Switch {
        fault: Fault::Refuse { code: None, message: None, transaction_code: Some(200) },
        method: Some("user.broadcast".into()),
        action: Some("upsert_wallet_as_inserter".into()),
        next: Some(1),
    });
    let error = world.create_profile(&user).await.unwrap_err();
    assert!(matches!(&error, ProfileError::Node(e) if e.class() == Class::Retry), "{error:?}");
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.users, counts.wallets), (1, 0));

    world.create_profile(&user).await.unwrap();
    world.create_profile(&user).await.unwrap();
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.users, counts.wallets), (1, 1));
}

#[tokio::test]
async fn a_wrong_wallet_proof_is_refused_before_anything_is_sent() {
    let world = World::start().await;
    let user = User::with(WalletType::Evm);
    let thief = User { wallet: User::with(WalletType::Evm).wallet, ..User::with(WalletType::Evm) };
    world.dev().faults().until_cleared(Fault::Down);
    let (address, signature) = (user.wallet.address(), thief.wallet.sign_message("x", [0; 32]));
    let new = profile::ProfileToCreate {
        user_id: user.id,
        encryption_key: &user.secret.public(),
        password_store: idos_client::actions::PasswordStore::User,
        wallet_id: user.wallet_id,
        wallet: idos_wallet::OwnershipProof {
            wallet_type: WalletType::Evm,
            address: &address,
            public_key: None,
            message: "x",
            signature: &signature,
        },
    };
    let error = profile::create(&world.client, &world.issuer, &new).await.unwrap_err();
    assert!(matches!(error, ProfileError::Wallet(_)), "{error:?}");
}

#[tokio::test]
async fn a_node_that_is_down_is_worth_another_try_and_wrote_nothing() {
    let world = World::start().await;
    let user = User::with(WalletType::Stellar);
    world.create_profile(&user).await.unwrap();
    let (grant, signature) = world.grant(&user, 0, 3600).await;
    let ids = ids();
    let sealed = world.seal(&user, ids);
    world.dev().faults().until_cleared(Fault::Down);
    let error =
        write_by_grant(&world.client, &world.issuer, &sealed, ids, &grant, &signature).await.unwrap_err();
    assert!(matches!(&error, IssueError::Node(e) if e.class() == Class::Retry), "{error:?}");
    world.dev().faults().clear();
    assert_eq!(world.node.counts().await.unwrap().credentials, 0);
    write_by_grant(&world.client, &world.issuer, &sealed, ids, &grant, &signature).await.unwrap();
    assert_eq!(world.node.counts().await.unwrap().credentials, 2);
}
