//! Attributes.

use idos_client::Signer;
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{World, id, null, wallet};

#[tokio::test]
async fn attributes_are_added_by_inserters_and_by_users() {
    let world = World::new().await;
    let (issuer, key) = (world.issuer(), wallet(WalletType::Evm, 3));
    let holder = Signer::Wallet(key.clone());
    let add = |number: u128| vec![id(number).into(), "k".into(), "v".into()];
    let add_for = |user: u128| vec![id(11).into(), id(user).into(), "key".into(), "välue 🖋".into()];

    world
        .execute(&holder, "add_attribute", add(10))
        .await
        .failed("null value in column \"user_id\" of relation \"user_attributes\" violates not-null constraint (SQLSTATE 23502)");
    world.user(id(1), &key).await;
    world.execute(&holder, "add_attribute_as_inserter", add_for(1)).await.failed("Unauthorized inserter");
    world.execute(&issuer, "add_attribute_as_inserter", add_for(9)).await.failed(
        "insert or update on table \"user_attributes\" violates foreign key constraint \
         \"user_attributes_user_id_fkey\" (SQLSTATE 23503)",
    );
    world.execute(&issuer, "add_attribute_as_inserter", add_for(1)).await.succeeded();
    world
        .execute(&issuer, "add_attribute_as_inserter", add_for(1))
        .await
        .failed("duplicate key value violates unique constraint \"user_attributes_pkey\" (SQLSTATE 23505)");
    world.execute(&holder, "add_attribute", add(10)).await.succeeded();

    assert_eq!(
        world.view(Some(&holder), "get_attributes", vec![]).await,
        Ok(vec![json!([id(10), id(1), "k", "v", null]), json!([id(11), id(1), "key", "välue 🖋", null]),])
    );
    assert_eq!(world.view(Some(&issuer), "get_attributes", vec![]).await, Ok(vec![]));
}

#[tokio::test]
async fn shared_attributes_cannot_be_edited_and_others_are_left_alone() {
    let world = World::new().await;
    let (key, other) = (wallet(WalletType::Evm, 3), wallet(WalletType::Evm, 4));
    world.user(id(1), &key).await;
    world.user(id(2), &other).await;
    let (holder, stranger) = (Signer::Wallet(key), Signer::Wallet(other));
    let add = vec![id(10).into(), "k".into(), "v".into()];
    world.execute(&holder, "add_attribute", add).await.succeeded();
    let share =
        |original: u128, copy: u128| vec![id(copy).into(), id(original).into(), "k".into(), "copy".into()];
    world.execute(&holder, "share_attribute", share(99, 11)).await.failed(
        "insert or update on table \"shared_user_attributes\" violates foreign key constraint \
         \"shared_user_attributes_original_id_fkey\" (SQLSTATE 23503)",
    );
    assert_eq!(world.node.counts().await.unwrap().attributes, 1); // the copy was rolled back
    world.execute(&holder, "share_attribute", share(10, 11)).await.succeeded();

    let edit = |number: u128| vec![id(number).into(), "k2".into(), "v2".into()];
    world.execute(&holder, "edit_attribute", edit(11)).await.failed("Can not edit shared attribute");
    world.execute(&stranger, "edit_attribute", edit(10)).await.succeeded(); // in silence
    world.execute(&stranger, "remove_attribute", vec![id(10).into()]).await.succeeded();
    let rows = world.view(Some(&holder), "get_attributes", vec![]).await.unwrap();
    assert_eq!(rows, [json!([id(10), id(1), "k", "v", null]), json!([id(11), id(1), "k", "copy", id(10)])]);

    world.execute(&holder, "edit_attribute", edit(10)).await.succeeded();
    let failed = world.execute(&holder, "edit_attribute", vec![id(10).into(), null(), "v".into()]).await;
    assert!(failed.log.contains("null value in column \"attribute_key\""), "{}", failed.log);
    world.execute(&holder, "remove_attribute", vec![id(10).into()]).await.succeeded();
    let rows = world.view(Some(&holder), "get_attributes", vec![]).await.unwrap();
    assert_eq!(rows, [json!([id(11), id(1), "k", "copy", null])]); // the link went with the original
}
