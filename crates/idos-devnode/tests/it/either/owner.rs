//! What only the owner of the database may do.

use idos_client::Signer;
use idos_client::encoding::Value;

use crate::support::{World, id};

#[tokio::test]
async fn the_owner_makes_inserters() {
    let world = World::with_owner().await;
    let owner = world.owner();
    let new = Signer::from_seed(&[9; 32]);
    let user = |number: u128| vec![id(number).into(), "key".into(), "user".into()];

    let add = vec![id(50).into(), "New".into()];
    world.execute(&owner, "add_inserter_as_owner", add.clone()).await.succeeded();
    world
        .execute(&owner, "add_inserter_as_owner", add)
        .await
        .failed("duplicate key value violates unique constraint \"inserters_pkey\" (SQLSTATE 23505)");
    world
        .execute(&owner, "add_inserter_as_owner", vec![id(51).into(), "New".into()])
        .await
        .failed("duplicate key value violates unique constraint \"inserters_name_key\" (SQLSTATE 23505)");

    let delegate = |inserter: u128| vec![new.caller().to_uppercase().into(), id(inserter).into()];
    world.execute(&owner, "add_delegate_as_owner", delegate(99)).await.failed(
        "insert or update on table \"delegates\" violates foreign key constraint \"delegates_inserter_id_fkey\" \
         (SQLSTATE 23503)",
    );
    world.execute(&new, "add_user_as_inserter", user(1)).await.failed("Unauthorized inserter");
    world.execute(&owner, "add_delegate_as_owner", delegate(50)).await.succeeded();
    world.execute(&new, "add_user_as_inserter", user(1)).await.succeeded();
    world
        .execute(&owner, "add_delegate_as_owner", delegate(50))
        .await
        .failed("duplicate key value violates unique constraint \"delegates_pkey\" (SQLSTATE 23505)");

    // Added in lower case, but looked for as given.
    let address = new.caller();
    world.execute(&owner, "delete_delegate_as_owner", vec![address.to_uppercase().into()]).await.succeeded();
    world.execute(&new, "add_user_as_inserter", user(2)).await.succeeded();
    world.execute(&owner, "delete_delegate_as_owner", vec![address.into()]).await.succeeded();
    world.execute(&new, "add_user_as_inserter", user(3)).await.failed("Unauthorized inserter");

    world.execute(&owner, "add_delegate_as_owner", delegate(50)).await.succeeded();
    world.execute(&owner, "delete_inserter_as_owner", vec![id(50).into()]).await.succeeded();
    world.execute(&new, "add_user_as_inserter", user(3)).await.failed("Unauthorized inserter");
    let withdrawal = |token: &'static str| vec![token.into(), "0xab".into()];
    world.execute(&owner, "request_balance_withdrawal", withdrawal("IDOS")).await.succeeded();
    world.execute(&owner, "request_balance_withdrawal", withdrawal("x")).await.failed("invalid token");
}

/// Actions that only the owner may call, with arguments that fit.
fn owners() -> Vec<(&'static str, Vec<Value<'static>>)> {
    vec![
        ("add_inserter_as_owner", vec![id(50).into(), "New".into()]),
        ("delete_inserter_as_owner", vec![id(50).into()]),
        ("add_delegate_as_owner", vec!["ab".into(), id(50).into()]),
        ("delete_delegate_as_owner", vec!["ab".into()]),
        ("request_balance_withdrawal", vec!["IDOS".into(), "0xab".into()]),
    ]
}

#[tokio::test]
async fn nobody_else_does_what_the_owner_may() {
    // On the development node, there is an owner in one of them only.
    for world in [World::with_owner().await, World::new().await] {
        for (action, arguments) in owners() {
            world
                .execute(&world.issuer(), action, arguments)
                .await
                .failed(&format!("action is owner-only: action {action} can only be executed by the owner"));
        }
    }
}
