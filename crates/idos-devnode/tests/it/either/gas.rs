//! Gas, fees and the empty token bridges.

use idos_client::Signer;
use idos_client::encoding::{Numeric, Scalar, Value};
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{World, id, null, sealed, wallet};

const NO_BALANCE: &str = "no wallet with balance found";

#[tokio::test]
async fn only_the_demonstration_costs_gas() {
    let world = World::new().await;
    let (evm, near) = (wallet(WalletType::Evm, 3), wallet(WalletType::Near, 4));
    world.user(id(1), &evm).await;
    let holder = Signer::Wallet(evm);
    let allowance = |amount: &str| Ok(vec![json!([amount])]);
    assert_eq!(world.view(Some(&holder), "get_allowance", vec![]).await, allowance("100000000000000000000"));
    let attribute = vec![id(9).into(), "k".into(), "v".into()];
    world.execute(&holder, "add_attribute", attribute).await.succeeded();
    assert_eq!(world.view(Some(&holder), "get_allowance", vec![]).await, allowance("100000000000000000000"));
    world.execute(&holder, "action_costing_gas", vec![]).await.succeeded();
    assert_eq!(world.view(Some(&holder), "get_allowance", vec![]).await, allowance("98800000000000000000"));

    // Strangers have no allowance, and NEAR users are strangers here unless their address is their caller.
    world.execute(&world.issuer(), "action_costing_gas", vec![]).await.failed(NO_BALANCE);
    world.user(id(2), &near).await;
    world.execute(&Signer::Wallet(near), "action_costing_gas", vec![]).await.failed(NO_BALANCE);
    assert_eq!(world.view(Some(&world.issuer()), "get_allowance", vec![]).await, Ok(vec![]));
}

#[tokio::test]
async fn an_allowance_runs_out_and_stays_as_it_was() {
    let world = World::new().await;
    let key = wallet(WalletType::FaceSign, 3);
    world.user(id(1), &key).await;
    let holder = Signer::Wallet(key);
    // 83 times 1.2 of 100; in one transaction, 84 are too many and none of them counts.
    world.execute_all(&holder, "action_costing_gas", vec![vec![]; 84]).await.failed(NO_BALANCE);
    world.execute_all(&holder, "action_costing_gas", vec![vec![]; 83]).await.succeeded();
    world.execute(&holder, "action_costing_gas", vec![]).await.failed(NO_BALANCE);
    let left = world.view(Some(&holder), "get_allowance", vec![]).await;
    assert_eq!(left, Ok(vec![json!(["400000000000000000"])]));
}

#[tokio::test]
async fn the_bridges_are_empty() {
    let world = World::new().await;
    let (evm, xrpl) = (wallet(WalletType::Evm, 3), wallet(WalletType::Xrpl, 4));
    world.user(id(1), &evm).await;
    world.user(id(2), &xrpl).await;
    let (issuer, evm, xrpl) = (world.issuer(), Signer::Wallet(evm), Signer::Wallet(xrpl));
    let invalid = || Err("invalid token".to_owned());

    let balance = |token: &'static str| vec!["0xab".into(), token.into()];
    assert_eq!(world.view(None, "check_balance", balance("IDOS")).await, Ok(vec![json!(["0"])]));
    assert_eq!(world.view(None, "check_balance", balance("USDC")).await, Ok(vec![json!(["0"])]));
    assert_eq!(world.view(None, "check_balance", balance("idos")).await, invalid());
    assert_eq!(world.view(None, "check_balance", vec!["0xab".into(), null()]).await, invalid());

    let none = Ok(vec![json!([null])]);
    let wallet_with = "get_wallet_with_balance";
    assert_eq!(world.view(Some(&evm), wallet_with, vec!["IDOS".into()]).await, none);
    assert_eq!(world.view(Some(&evm), wallet_with, vec!["x".into()]).await, invalid());
    assert_eq!(world.view(Some(&issuer), wallet_with, vec!["x".into()]).await, invalid());
    assert_eq!(world.view(Some(&xrpl), wallet_with, vec!["x".into()]).await, none); // no address to look at

    world.execute(&evm, "request_withdrawal", vec!["x".into()]).await.failed("invalid token");
    world.execute(&evm, "request_withdrawal", vec!["USDC".into()]).await.failed(NO_BALANCE);
    world.execute(&xrpl, "request_withdrawal", vec!["x".into()]).await.failed(NO_BALANCE);
    let amount = Value::Numeric(Numeric::new("1", 78, 0).unwrap());
    world.execute(&evm, "action_costing_idos_token", vec![amount]).await.failed(NO_BALANCE);
    world.execute(&evm, "action_costing_fee", vec![id(1).into()]).await.failed(NO_BALANCE);
    // The JavaScript SDK sends the amount as an integer, which the engine refuses.
    world.execute(&evm, "action_costing_idos_token", vec![1.into()]).await.failed(
        "type error: action \"action_costing_idos_token\" expected argument 1 to be of type numeric(78,0), but \
         got int8",
    );
}

#[tokio::test]
async fn credentials_have_no_fee() {
    let world = World::new().await;
    world.user(id(1), &wallet(WalletType::Evm, 3)).await;
    assert_eq!(
        world.view(None, "get_issuer_fee", vec![id(9).into()]).await,
        Err("credential not found".to_owned())
    );
    let content = sealed(&world.issuer, b"content", "");
    let arguments = vec![
        id(9).into(),
        id(1).into(),
        content.issuer_key.as_str().into(),
        content.encryptor_key.as_str().into(),
        content.content.as_str().into(),
        content.notes.as_str().into(),
        content.notes_signature.as_str().into(),
        content.broader_signature.as_str().into(),
    ];
    world.execute(&world.issuer(), "upsert_credential_as_inserter", arguments).await.succeeded();
    assert_eq!(world.view(None, "get_issuer_fee", vec![id(9).into()]).await, Ok(vec![json!(["0"])]));
    assert_eq!(
        world.view(None, "get_issuer_fee", vec![Value::Null(Scalar::Uuid)]).await,
        Err("credential not found".to_owned())
    );
}
