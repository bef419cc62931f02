//! Wallets: the proofs of all five types, what is unique, and what a user may remove.

use idos_client::Signer;
use idos_client::encoding::{Scalar, Value};
use idos_wallet::{WalletKey, WalletType};
use serde_json::{Value as Json, json};

use crate::support::{World, id, null, vectors, wallet, wallet_arguments};

const UPSERT: &str = "upsert_wallet_as_inserter";

async fn with_user() -> World {
    let world = World::new().await;
    let user = vec![id(1).into(), "key".into(), "user".into()];
    world.execute(&world.issuer(), "add_user_as_inserter", user).await.succeeded();
    world
}

fn with<'a>(mut arguments: Vec<Value<'a>>, position: usize, value: impl Into<Value<'a>>) -> Vec<Value<'a>> {
    arguments[position] = value.into();
    arguments
}

#[tokio::test]
async fn a_proof_of_each_type_is_taken_and_a_broken_one_not() {
    let world = with_user().await;
    for (number, wallet_type) in (1..).zip(WalletType::ALL) {
        let key = wallet(wallet_type, number);
        let arguments = || wallet_arguments(id(number.into()), id(1), &key);
        let signature = key.sign_message("another message", [7; 32]);
        let broken = [
            with(arguments(), 5, "another message"),
            with(arguments(), 6, signature),
            with(arguments(), 6, "not a signature"),
            with(arguments(), 6, null()),
            with(arguments(), 2, wallet(wallet_type, 99).address()),
            with(arguments(), 2, Value::UntypedNull),
            with(arguments(), 3, wallet(wallet_type, 99).public_key().unwrap_or_default()),
            with(arguments(), 4, null()),
            with(arguments(), 5, ""),
        ];
        let is_evm = wallet_type == WalletType::Evm;
        let named_near = wallet_type == WalletType::Near;
        for (case, broken) in broken.into_iter().enumerate() {
            // An EVM public key is not looked at.
            if case != 6 || !is_evm {
                world.execute(&world.issuer(), UPSERT, broken).await.failed("wallet is invalid");
            }
        }
        if named_near {
            // A named account cannot be derived from the key, so its holder may claim any.
            let alice = with(arguments(), 2, "alice.near");
            world.execute(&world.issuer(), UPSERT, alice).await.succeeded();
        }
        if !is_evm {
            let keyless = with(arguments(), 3, null());
            world.execute(&world.issuer(), UPSERT, keyless).await.failed("wallet is invalid");
        }
        world.execute(&world.issuer(), UPSERT, arguments()).await.succeeded();
    }
    assert_eq!(world.node.counts().await.unwrap().wallets, 5);
}

#[tokio::test]
async fn the_proofs_of_the_javascript_sdk_are_taken() {
    let world = with_user().await;
    let vectors = vectors();
    let proofs = &vectors["wallet_proofs"];
    let text = |wallet: &str, member: &str| proofs[wallet][member].as_str().unwrap_or_default().to_owned();
    let proof = |wallet: &str, wallet_type: &str| {
        [
            text(wallet, "address"),
            text(wallet, "public_key"),
            wallet_type.to_owned(),
            text(wallet, "message"),
            text(wallet, "signature"),
        ]
    };
    let mut near = proof("near", "NEAR");
    near[0] = text("near", "address_example");
    near[4] = text("near", "signature_field");
    let mut stellar = proof("stellar", "Stellar");
    stellar[1] = text("stellar", "raw_public_key_hex");
    stellar[4] = text("stellar", "raw_ed25519_signature_hex");
    let mut stellar_sep53 = stellar.clone();
    stellar_sep53[1] = text("stellar", "address");
    stellar_sep53[4] = text("stellar", "sep53_signature_hex");

    let all = [
        proof("evm", "EVM"),
        near,
        proof("xrpl_ed25519", "XRPL"),
        proof("xrpl_secp256k1", "XRPL"),
        stellar_sep53,
        stellar,
    ];
    for (number, [address, public_key, wallet_type, message, signature]) in (1..).zip(all) {
        let public_key = Some(public_key).filter(|key| !key.is_empty());
        let number = if number == 6 { 5 } else { number }; // the same wallet with the other digest
        let arguments: Vec<Value<'_>> = vec![
            id(number).into(),
            id(1).into(),
            address.into(),
            public_key.map_or(Value::Null(Scalar::Text), Value::from),
            wallet_type.into(),
            message.into(),
            signature.into(),
        ];
        world.execute(&world.issuer(), UPSERT, arguments).await.succeeded();
    }
    let [address, public_key, wallet_type, message, signature] = proof("facesign", "FaceSign");
    let arguments: Vec<Value<'_>> = vec![
        id(6).into(),
        id(1).into(),
        address.into(),
        public_key.into(),
        wallet_type.into(),
        message.into(),
        signature.into(),
    ];
    // The vectors' Stellar and FaceSign wallets are of one key, which Stellar was given in hexadecimal last.
    world
        .execute(&world.issuer(), UPSERT, arguments)
        .await
        .failed("wallet public key already exists in idos");
    assert_eq!(world.node.counts().await.unwrap().wallets, 5);
}

#[tokio::test]
async fn the_checks_come_in_the_schemas_order() {
    let world = with_user().await;
    let stranger = Signer::from_seed(&[9; 32]);
    let xrpl = wallet(WalletType::Xrpl, 3);
    world.execute(&world.issuer(), UPSERT, wallet_arguments(id(1), id(1), &xrpl)).await.succeeded();

    // All of it is wrong; each repair uncovers the next error.
    let mut arguments = with(wallet_arguments(id(2), id(77), &xrpl), 4, "xrpl");
    arguments[6] = "not a signature".into();
    world.execute(&stranger, UPSERT, arguments.clone()).await.failed("unsupported wallet type");
    arguments[4] = "XRPL".into();
    world.execute(&stranger, UPSERT, arguments).await.failed("wallet is invalid");
    let arguments = wallet_arguments(id(2), id(77), &xrpl);
    world.execute(&stranger, UPSERT, arguments).await.failed("wallet public key already exists in idos");
    let arguments = wallet_arguments(id(2), id(77), &wallet(WalletType::Xrpl, 4));
    world.execute(&stranger, UPSERT, arguments.clone()).await.failed("Unauthorized inserter");
    world.execute(&world.issuer(), UPSERT, arguments).await.failed(
        "insert or update on table \"wallets\" violates foreign key constraint \"wallets_user_id_fkey\" \
         (SQLSTATE 23503)",
    );
}

#[tokio::test]
async fn an_address_is_taken_in_any_case_for_evm_and_a_wallet_can_be_replaced() {
    let world = with_user().await;
    let issuer = world.issuer();
    let key = wallet(WalletType::Evm, 3);
    world.execute(&issuer, UPSERT, wallet_arguments(id(1), id(1), &key)).await.succeeded();
    let lower = with(wallet_arguments(id(2), id(1), &key), 2, key.address().to_lowercase());
    world.execute(&issuer, UPSERT, lower.clone()).await.failed("wallet address already exists in idos");

    // The same row may be written again, and given to another user.
    let user = vec![id(2).into(), "key".into(), "user".into()];
    world.execute(&issuer, "add_user_as_inserter", user).await.succeeded();
    let mut moved = with(with(lower, 0, id(1)), 1, id(2));
    moved[3] = "".into();
    world.execute(&issuer, UPSERT, moved).await.succeeded();
    let row = world.node.wallets().await.unwrap().remove(0);
    assert_eq!(row.user_id, id(2).to_string());
    assert_eq!(row.address, key.address().to_lowercase());
    assert_eq!(row.public_key.as_deref(), Some("")); // kept as given here, unlike by add_wallet
    assert_eq!(row.inserter.as_deref(), Some("Example"));

    let no_id =
        with(wallet_arguments(id(3), id(1), &wallet(WalletType::Evm, 4)), 0, Value::Null(Scalar::Uuid));
    let failed = world.execute(&issuer, UPSERT, no_id).await;
    assert!(failed.log.contains("null value in column \"id\" of relation \"wallets\""), "{}", failed.log);
}

#[tokio::test]
async fn near_wallets_are_unique_by_key_and_not_by_address() {
    let world = with_user().await;
    let (one, other) = (wallet(WalletType::Near, 3), wallet(WalletType::Near, 4));
    let named = |number, key: &WalletKey| with(wallet_arguments(id(number), id(1), key), 2, "alice.near");
    world.execute(&world.issuer(), UPSERT, named(1, &one)).await.succeeded();
    world.execute(&world.issuer(), UPSERT, named(2, &other)).await.succeeded();
    world
        .execute(&world.issuer(), UPSERT, named(3, &other))
        .await
        .failed("wallet public key already exists in idos");
}

#[tokio::test]
async fn profiles_are_found_by_address_only() {
    let world = World::new().await;
    let (evm, near) = (wallet(WalletType::Evm, 3), wallet(WalletType::Near, 4));
    world.user(id(1), &evm).await;
    world.user(id(2), &near).await;
    for (address, found) in [
        (evm.address(), true),
        (evm.address().to_uppercase(), true),
        (near.address(), true),
        (near.public_key().unwrap(), false),
        (wallet(WalletType::Evm, 5).address(), false),
        (String::new(), false),
    ] {
        let rows = world.view(None, "has_profile", vec![address.clone().into()]).await;
        assert_eq!(rows, Ok(vec![json!([found])]), "{address}");
    }
    assert_eq!(world.view(None, "has_profile", vec![null()]).await, Ok(vec![json!([false])]));
}

#[tokio::test]
async fn users_add_wallets_themselves() {
    let world = World::new().await;
    let (evm, xrpl) = (wallet(WalletType::Evm, 3), wallet(WalletType::Xrpl, 4));
    let holder = Signer::Wallet(evm.clone());
    let own = |number, key: &WalletKey| {
        let mut arguments = wallet_arguments(id(number), id(1), key);
        arguments.remove(1);
        arguments
    };
    world
        .execute(&holder, "add_wallet", own(7, &xrpl))
        .await
        .failed("null value in column \"user_id\" of relation \"wallets\" violates not-null constraint (SQLSTATE 23502)");
    world.user(id(1), &evm).await;
    world
        .execute(&holder, "add_wallet", with(own(7, &xrpl), 3, "Xrpl"))
        .await
        .failed("unsupported wallet type");
    world.execute(&holder, "add_wallet", with(own(7, &xrpl), 4, "x")).await.failed("wallet is invalid");
    world.execute(&holder, "add_wallet", own(7, &xrpl)).await.succeeded();
    world
        .execute(&holder, "add_wallet", own(8, &xrpl))
        .await
        .failed("wallet public key already exists in idos");
    world.execute(&holder, "add_wallet", own(9, &evm)).await.failed("wallet address already exists in idos");
    let other = with(own(8, &wallet(WalletType::Evm, 5)), 2, "");
    world.execute(&holder, "add_wallet", other).await.succeeded();

    let rows = world.view(Some(&holder), "get_wallets", vec![]).await.unwrap();
    let of = |number: u128| rows.iter().find(|row| row[0] == json!(id(number))).unwrap();
    assert_eq!(rows.len(), 3);
    let message = "Sign this message to prove you own this wallet";
    assert_eq!(
        *of(7),
        json!([
            id(7),
            id(1),
            xrpl.address(),
            xrpl.public_key(),
            "XRPL",
            message,
            xrpl.sign_message(message, [7; 32]),
            null_json()
        ])
    );
    assert_eq!(of(8)[3], Json::Null); // an empty public key becomes null here
    assert_eq!(world.view(None, "get_wallets", vec![]).await, Ok(vec![]));
}

#[tokio::test]
async fn the_wallet_one_is_connected_with_stays() {
    let world = World::new().await;
    let (evm, xrpl) = (wallet(WalletType::Evm, 3), wallet(WalletType::Xrpl, 4));
    world.user(id(1), &evm).await;
    let evm_row = id(1).as_u128() + 0x1000;
    let arguments = wallet_arguments(id(7), id(1), &xrpl);
    world.execute(&world.issuer(), UPSERT, arguments).await.succeeded();
    world.user(id(2), &wallet(WalletType::Evm, 5)).await;

    let holder = Signer::Wallet(evm);
    world.execute(&holder, "remove_wallet", vec![uuid::Uuid::from_u128(evm_row).into()]).await.failed(
        "You can not delete a wallet you are connected with. To delete this wallet you have to connect other wallet.",
    );
    let of_another = uuid::Uuid::from_u128(id(2).as_u128() + 0x1000);
    world.execute(&holder, "remove_wallet", vec![of_another.into()]).await.succeeded();
    assert_eq!(world.node.counts().await.unwrap().wallets, 3); // in silence, nothing was removed
    world.execute(&holder, "remove_wallet", vec![id(7).into()]).await.succeeded();
    assert_eq!(world.node.counts().await.unwrap().wallets, 2);
}

fn null_json() -> Json {
    Json::Null
}
