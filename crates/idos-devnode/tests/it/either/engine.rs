//! What the engine checks before an action runs, and that a transaction happens as a whole or not at all.

use idos_client::Signer;
use idos_client::encoding::{ActionCall, ActionExecution, Array, Numeric, Scalar, Value};
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{World, base64, done, id, signed_payload, view_rows, wallet};

#[tokio::test]
async fn number_and_types_of_arguments_are_checked_before_anything_else() {
    let world = World::new().await;
    let stranger = Signer::from_seed(&[9; 32]);
    let cases: Vec<(&str, Vec<Value<'_>>, &str)> = vec![
        (
            "no_such_action",
            vec![],
            "unknown action: action \"no_such_action\" does not exist in namespace \"main\"",
        ),
        (
            "add_user_as_inserter",
            vec![id(1).into()],
            "action invocation error: action \"add_user_as_inserter\" expected 3 arguments, but got 1",
        ),
        (
            "add_user_as_inserter",
            vec![id(1).to_string().into(), "a".into(), "b".into()],
            "type error: action \"add_user_as_inserter\" expected argument 1 to be of type uuid, but got text",
        ),
        (
            "edit_public_notes_as_issuer",
            vec![id(1).into(), "b".into()],
            "type error: action \"edit_public_notes_as_issuer\" expected argument 1 to be of type text, but got uuid",
        ),
        (
            "remove_wallet",
            vec![Value::Bool(true)],
            "type error: action \"remove_wallet\" expected argument 1 to be of type uuid, but got bool",
        ),
        (
            "remove_wallet",
            vec![Value::Array(Array::new(Scalar::Uuid, vec![id(1).into()]).unwrap())],
            "type error: action \"remove_wallet\" expected argument 1 to be of type uuid, but got uuid[]",
        ),
        (
            "action_costing_idos_token",
            vec![Value::Numeric(Numeric::new("1.2", 6, 2).unwrap())],
            "type error: action \"action_costing_idos_token\" expected argument 1 to be of type numeric(78,0), but \
             got numeric(6,2)",
        ),
        // Types come before who may call: the private and the owner-only ones, too.
        (
            "add_inserter_as_owner",
            vec!["a".into(), "b".into()],
            "type error: action \"add_inserter_as_owner\" expected argument 1 to be of type uuid, but got text",
        ),
        (
            "capture_gas",
            vec![],
            "action invocation error: action \"capture_gas\" expected 1 arguments, but got 0",
        ),
        ("get_inserter", vec![], "action is private: action get_inserter is private"),
    ];
    for (action, arguments, message) in cases {
        world.execute(&stranger, action, arguments).await.failed(message);
    }
}

#[tokio::test]
async fn a_null_of_any_type_fits_any_parameter_and_names_are_of_any_case() {
    let world = World::new().await;
    for null in [Value::UntypedNull, Value::Null(Scalar::Text), Value::Null(Scalar::Bool)] {
        let rows = world.view(Some(&world.issuer()), "Get_User_As_Inserter", vec![null]).await;
        assert_eq!(rows, Ok(vec![]));
    }
    let named = |namespace, action| ActionCall { namespace, action, arguments: vec!["0xab".into()] };
    let call = async |call: ActionCall<'_>| {
        let payload = base64(&call.encode().unwrap());
        let params =
            json!({ "body": { "payload": payload }, "auth_type": "ed25519", "sender": "", "signature": "" });
        view_rows(world.rpc("user.call", params).await)
    };
    assert_eq!(call(named("MAIN", "HAS_PROFILE")).await, Ok(vec![json!([false])]));
    assert_eq!(call(named("", "has_profile")).await, Ok(vec![json!([false])]));
    let nowhere = Err("-300: namespace \"nowhere\" does not exist".to_owned());
    assert_eq!(call(named("Nowhere", "has_profile")).await, nowhere);
    for namespace in ["idos", "info"] {
        let unknown = format!(
            "-300: unknown action: action \"has_profile\" does not exist in namespace \"{namespace}\""
        );
        assert_eq!(call(named(namespace, "has_profile")).await, Err(unknown));
    }
}

#[tokio::test]
async fn view_calls_change_nothing_and_transactions_may_run_views() {
    let world = World::new().await;
    let attribute = || vec![id(1).into(), "k".into(), "v".into()];
    assert_eq!(
        world.view(Some(&world.issuer()), "add_attribute", attribute()).await,
        Err("-300: connection is read-only and cannot mutate state: action \"add_attribute\" requires a writer \
             connection"
            .to_owned())
    );
    // Read-only comes before private.
    assert!(
        world
            .view(None, "create_access_grant", vec![Value::UntypedNull; 6])
            .await
            .unwrap_err()
            .starts_with("-300: connection is read-only")
    );
    assert_eq!(
        world.view(None, "credential_exist", vec![id(1).into()]).await,
        Err("-300: action is private: action credential_exist is private".to_owned())
    );
    assert_eq!(
        world.view(None, "x", vec![]).await,
        Err("-300: unknown action: action \"x\" does not exist in namespace \"main\"".to_owned())
    );
    world.execute(&world.issuer(), "has_profile", vec!["0xab".into()]).await.succeeded();
    world
        .execute(&Signer::from_seed(&[9; 32]), "get_user_as_inserter", vec![id(1).into()])
        .await
        .failed("Unauthorized inserter");
}

#[tokio::test]
async fn the_calls_of_one_transaction_happen_all_or_not_at_all() {
    let world = World::new().await;
    let issuer = world.issuer();
    let user = |number: u128| vec![id(number).into(), "key".into(), "user".into()];
    let before = world.node.transactions().await.unwrap().len();
    let twice = vec![user(1), user(2), user(1)];
    world
        .execute_all(&issuer, "add_user_as_inserter", twice)
        .await
        .failed("duplicate key value violates unique constraint \"users_pkey\" (SQLSTATE 23505)");
    assert_eq!(world.node.counts().await.unwrap().users, 0);
    world.execute_all(&issuer, "add_user_as_inserter", vec![user(1), user(2)]).await.succeeded();
    assert_eq!(world.node.counts().await.unwrap().users, 2);
    assert_eq!(world.node.transactions().await.unwrap().len(), before + 2);
}

#[tokio::test]
async fn a_transaction_without_calls_runs_once_without_arguments() {
    let world = World::new().await;
    let key = wallet(WalletType::Evm, 3);
    world.user(id(1), &key).await;
    let holder = Signer::Wallet(key);
    world.execute_all(&holder, "action_costing_gas", vec![]).await.succeeded();
    let left = world.view(Some(&holder), "get_allowance", vec![]).await;
    assert_eq!(left, Ok(vec![json!(["98800000000000000000"])]));
    world
        .execute_all(&holder, "remove_wallet", vec![])
        .await
        .failed("action invocation error: action \"remove_wallet\" expected 1 arguments, but got 0");
}

#[tokio::test]
async fn an_unreadable_payload_uses_up_its_nonce() {
    let world = World::new().await;
    let issuer = world.issuer();
    let readable = ActionExecution::once("has_profile", vec!["0xab".into()]).encode().unwrap();
    for payload in [vec![], vec![1], readable[..readable.len() - 1].to_vec()] {
        let nonce = world.next_nonce(&issuer).await;
        let tx = signed_payload(&issuer, payload, nonce, world.node.chain_id());
        let answer = world.rpc("user.broadcast", json!({ "tx": tx, "sync": 1 })).await.unwrap();
        let done = done(&answer["result"]);
        assert_eq!(done.code, 1);
        assert!(done.log.starts_with("ERROR: "), "{}", done.log);
        assert_eq!(world.next_nonce(&issuer).await, nonce + 1);
        assert!(world.node.transactions().await.unwrap().last().unwrap().action.is_empty());
    }
}
