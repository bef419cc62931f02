//! Users: what inserters write, what users read.

use idos_client::Signer;
use idos_client::encoding::{Scalar, Value};
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{World, id, null, wallet};

const KEY: &str = "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=";

#[tokio::test]
async fn an_inserter_adds_a_user_and_reads_it() {
    let world = World::new().await;
    let issuer = world.issuer();
    assert_eq!(world.view(Some(&issuer), "get_user_as_inserter", vec![id(1).into()]).await, Ok(vec![]));
    world
        .execute(&issuer, "add_user_as_inserter", vec![id(1).into(), KEY.into(), "user".into()])
        .await
        .succeeded();
    assert_eq!(
        world.view(Some(&issuer), "get_user_as_inserter", vec![id(1).into()]).await,
        Ok(vec![json!([id(1), KEY, "user", "Example"])])
    );
    assert_eq!(world.node.users().await.unwrap()[0].inserter, "Example");
}

#[tokio::test]
async fn a_user_is_added_once_and_by_inserters_only() {
    let world = World::new().await;
    let (issuer, stranger) = (world.issuer(), Signer::from_seed(&[9; 32]));
    let arguments = || vec![id(1).into(), KEY.into(), "mpc".into()];
    world.execute(&stranger, "add_user_as_inserter", arguments()).await.failed("Unauthorized inserter");
    world.execute(&issuer, "add_user_as_inserter", arguments()).await.succeeded();
    world
        .execute(&issuer, "add_user_as_inserter", arguments())
        .await
        .failed("duplicate key value violates unique constraint \"users_pkey\" (SQLSTATE 23505)");

    let other_store = vec![id(2).into(), KEY.into(), "cloud".into()];
    world.execute(&issuer, "add_user_as_inserter", other_store).await.failed(
        "new row for relation \"users\" violates check constraint \"users_encryption_password_store_check\" \
         (SQLSTATE 23514)",
    );
    let nulls = vec![Value::Null(Scalar::Uuid), KEY.into(), "user".into()];
    world.execute(&issuer, "add_user_as_inserter", nulls).await.failed(
        "null value in column \"id\" of relation \"users\" violates not-null constraint (SQLSTATE 23502)",
    );
    let no_key = vec![id(2).into(), Value::UntypedNull, "user".into()];
    world.execute(&issuer, "add_user_as_inserter", no_key).await.failed(
        "null value in column \"recipient_encryption_public_key\" of relation \"users\" violates not-null \
         constraint (SQLSTATE 23502)",
    );
    assert_eq!(world.node.counts().await.unwrap().users, 1);
}

#[tokio::test]
async fn an_evm_key_is_no_inserter_because_its_caller_is_of_mixed_case() {
    let evm = wallet(WalletType::Evm, 3);
    let world = World::with(|config| {
        config.inserters.push(idos_devnode::Inserter::new("Evm", [evm.caller().as_str().to_owned()]));
    })
    .await;
    let arguments = vec![id(1).into(), KEY.into(), "user".into()];
    world
        .execute(&Signer::Wallet(evm), "add_user_as_inserter", arguments)
        .await
        .failed("Unauthorized inserter");
}

#[tokio::test]
async fn any_inserter_updates_any_user_and_an_unknown_one_is_passed_over() {
    let world = World::new().await;
    let issuer = world.issuer();
    world
        .execute(&issuer, "add_user_as_inserter", vec![id(1).into(), KEY.into(), "user".into()])
        .await
        .succeeded();
    let update = "update_user_pub_key_as_inserter";
    let stranger = Signer::from_seed(&[9; 32]);
    let arguments = |user: u128, store: &'static str| vec![id(user).into(), "new key".into(), store.into()];
    world.execute(&stranger, update, arguments(1, "mpc")).await.failed("Unauthorized inserter");
    world.execute(&issuer, update, arguments(2, "mpc")).await.succeeded();
    world.execute(&issuer, update, arguments(1, "mpc")).await.succeeded();
    let user = world.node.users().await.unwrap().remove(0);
    assert_eq!(
        (user.recipient_encryption_public_key.as_str(), user.encryption_password_store.as_str()),
        ("new key", "mpc")
    );
    let failed = world.execute(&issuer, update, arguments(1, "x")).await;
    assert!(failed.log.contains("users_encryption_password_store_check"), "{}", failed.log);
    let failed = world.execute(&issuer, update, vec![id(1).into(), null(), "user".into()]).await;
    assert!(failed.log.contains("recipient_encryption_public_key"), "{}", failed.log);
}

#[tokio::test]
async fn a_user_finds_itself_by_every_type_of_wallet() {
    let world = World::new().await;
    for (number, wallet_type) in (1..).zip(WalletType::ALL) {
        let key = wallet(wallet_type, number);
        world.user(id(number.into()), &key).await;
        let found = world.view(Some(&Signer::Wallet(key)), "get_user", vec![]).await;
        assert_eq!(found, Ok(vec![json!([id(number.into()), KEY, "user"])]), "{wallet_type}");
        if wallet_type == WalletType::Stellar {
            // The SDK's main line signs as plain Ed25519, whose caller is hexadecimal and no `G…` address.
            let plain = Signer::from_seed(&[number; 32]);
            assert_eq!(world.view(Some(&plain), "get_user", vec![]).await, Ok(vec![]));
        }
    }
    assert_eq!(world.view(None, "get_user", vec![]).await, Ok(vec![]));
    let stranger = Signer::from_seed(&[77; 32]);
    assert_eq!(world.view(Some(&stranger), "get_user", vec![]).await, Ok(vec![]));
    assert_eq!(
        world.view(Some(&stranger), "get_user_as_inserter", vec![id(1).into()]).await,
        Err("Unauthorized inserter".to_owned())
    );
}
