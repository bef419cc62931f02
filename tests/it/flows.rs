//! The main job and what must be refused, on either node.

use idos_client::{Class, Signer};
use idos_credential::{AcceptedIssuer, verify};
use idos_issuer::clock;
use idos_issuer::flow::credential::{IssueError, write_by_grant};
use idos_issuer::flow::profile::{self, ProfileError};
use idos_issuer::flow::read_back;
use idos_wallet::WalletType;

use crate::support::{ISSUER_URL, User, World, ids};

#[tokio::test]
async fn users_of_all_five_wallets_get_and_read_their_credential() {
    let world = World::start().await;
    for wallet_type in WalletType::ALL {
        let user = User::with(wallet_type);
        world.create_profile(&user).await.unwrap_or_else(|e| panic!("{wallet_type}: {e}"));
        assert!(profile::exists(&world.client, &world.issuer, &user.wallet.address()).await.unwrap());

        let (grant, signature) = world.grant(&user, 0, 3600).await;
        let ids = ids();
        let sealed = world.seal(&user, ids);
        let receipt =
            write_by_grant(&world.client, &world.issuer, &sealed, ids, &grant, &signature).await.unwrap();
        assert!(receipt.is_some());

        let as_user = Signer::from(user.wallet.clone());
        let mine = read_back::owned(&world.client, &as_user, &user.secret, ids.original).await.unwrap();
        let issuer = AcceptedIssuer::of_url(ISSUER_URL, world.keys.signing.verification_key()).unwrap();
        let verified = verify(&mine, &[issuer], clock::now()).unwrap();
        assert_eq!(verified.level_supported, Some(true));
        let (copy_id, copy) =
            read_back::copy_of(&world.client, &world.issuer, &world.keys.encryption, sealed.content_hash())
                .await
                .unwrap();
        assert_eq!((copy_id, &copy), (ids.copy, &mine), "{wallet_type}");
    }
    assert_eq!(world.node.counts().await.unwrap().credentials, 10);
}

#[tokio::test]
async fn a_user_with_another_key_is_not_touched() {
    let world = World::start().await;
    let user = User::with(WalletType::Evm);
    world.create_profile(&user).await.unwrap();
    let other = User { id: user.id, ..User::with(WalletType::Evm) };
    let error = world.create_profile(&other).await.unwrap_err();
    assert!(matches!(error, ProfileError::OtherKey), "{error:?}");
    assert_eq!(world.node.counts().await.unwrap().wallets, 1);
}

#[tokio::test]
async fn grants_that_are_over_used_or_forged_write_nothing() {
    let world = World::start().await;
    let user = User::with(WalletType::Xrpl);
    world.create_profile(&user).await.unwrap();

    let (expired, signature) = world.grant(&user, -7200, -3600).await;
    let one = ids();
    let sealed = world.seal(&user, one);
    let error =
        write_by_grant(&world.client, &world.issuer, &sealed, one, &expired, &signature).await.unwrap_err();
    assert_refused(&error, "this write grant can only be used after dwg_not_before and before dwg_not_after");

    let (grant, _) = world.grant(&user, 0, 3600).await;
    let forged = User::with(WalletType::Xrpl).wallet.sign_message("something else", [0; 32]);
    let error =
        write_by_grant(&world.client, &world.issuer, &sealed, one, &grant, &forged).await.unwrap_err();
    assert_refused(&error, "verify owner failed");
    assert_eq!(world.node.counts().await.unwrap().credentials, 0);

    let (grant, signature) = world.grant(&user, 0, 3600).await;
    write_by_grant(&world.client, &world.issuer, &sealed, one, &grant, &signature).await.unwrap();
    let two = ids();
    let second = world.seal(&user, two);
    let error =
        write_by_grant(&world.client, &world.issuer, &second, two, &grant, &signature).await.unwrap_err();
    assert!(matches!(&error, IssueError::Node(e) if e.conflict().is_some()), "{error:?}");
    assert_eq!(world.node.counts().await.unwrap().credentials, 2);
}

fn assert_refused(error: &IssueError, message: &str) {
    let IssueError::Node(error) = error else { panic!("{error:?}") };
    assert_eq!(error.class(), Class::Refused);
    assert!(error.node_message().is_some_and(|m| m.contains(message)), "{error:?}");
}

#[tokio::test]
async fn others_do_not_read() {
    let world = World::start().await;
    let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
    world.create_profile(&user).await.unwrap();
    world.create_profile(&other).await.unwrap();
    let (grant, signature) = world.grant(&user, 0, 3600).await;
    let ids = ids();
    let sealed = world.seal(&user, ids);
    write_by_grant(&world.client, &world.issuer, &sealed, ids, &grant, &signature).await.unwrap();

    let stranger = Signer::from(other.wallet.clone());
    let nothing = read_back::owned(&world.client, &stranger, &other.secret, ids.original).await;
    assert!(matches!(nothing, Err(read_back::ReadError::NotFound)));
    let nothing = read_back::copy_of(&world.client, &stranger, &other.secret, sealed.content_hash()).await;
    assert!(matches!(nothing, Err(read_back::ReadError::NotFound)));
}
