//! Values at their edges come back as they went in, and the bytes of a transaction are the ones that were hashed.

use idos_client::transaction::Signed;
use idos_client::{Signer, access_grant_id};
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{Grant, World, copy_of, id, null, sealed, wallet};

#[tokio::test]
async fn texts_of_every_kind_come_back_as_they_are() {
    let world = World::new().await;
    let (issuer, key) = (world.issuer(), wallet(WalletType::Evm, 3));
    world.user(id(1), &key).await;
    let texts = [
        "",
        " ",
        "null",
        "a\nb\r\n\tc",
        "'; DROP TABLE users; --",
        r#""\u0000" \x00 \\ $1 $id @caller"#,
        "\u{1}\u{7f}\u{80}\u{feff}\u{200b}",
        "Ünïcödé 你好 🖋👩‍👩‍👧 \u{10ffff}",
        &"é".repeat(100_000),
    ];
    let calls = (10..)
        .zip(texts)
        .map(|(number, text)| vec![id(number).into(), id(1).into(), "k".into(), text.into()]);
    world.execute_all(&issuer, "add_attribute_as_inserter", calls.collect()).await.succeeded();
    let rows = world.view(Some(&Signer::Wallet(key)), "get_attributes", vec![]).await.unwrap();
    let expected: Vec<_> =
        (10..).zip(texts).map(|(number, text)| json!([id(number), id(1), "k", text, null])).collect();
    assert_eq!(rows, expected);

    for missing in [2, 3] {
        let mut arguments = vec![id(30).into(), id(1).into(), "k".into(), "v".into()];
        arguments[missing] = null();
        let failed = world.execute(&issuer, "add_attribute_as_inserter", arguments).await;
        assert!(failed.log.contains("violates not-null constraint (SQLSTATE 23502)"), "{}", failed.log);
    }
}

#[tokio::test]
async fn integers_may_be_negative_and_as_large_as_they_get() {
    let world = World::new().await;
    let key = wallet(WalletType::Evm, 3);
    world.user(id(1), &key).await;
    let holder = Signer::Wallet(key);
    let content = sealed(&world.issuer, b"mine", "{}");
    let copy = copy_of(&world.issuer, b"theirs");
    let add = vec![
        id(10).into(),
        content.issuer_key.as_str().into(),
        content.encryptor_key.as_str().into(),
        content.content.as_str().into(),
        content.notes.as_str().into(),
        content.notes_signature.as_str().into(),
        content.broader_signature.as_str().into(),
    ];
    world.execute(&holder, "add_credential", add).await.succeeded();
    for (number, locked_until) in (11..).zip([-1, i64::MIN, -4_294_967_296, i64::MAX]) {
        let share = vec![
            id(number).into(),
            id(10).into(),
            copy.notes.as_str().into(),
            copy.notes_signature.as_str().into(),
            copy.broader_signature.as_str().into(),
            copy.content.as_str().into(),
            "the hash".into(),
            copy.encryptor_key.as_str().into(),
            copy.issuer_key.as_str().into(),
            "Somebody".into(),
            locked_until.into(),
        ];
        world.execute(&holder, "share_credential", share).await.succeeded();
        let grant = access_grant_id("Somebody", id(number), locked_until);
        let rows = world.view(Some(&holder), "get_access_grants_owned", vec![]).await.unwrap();
        let row = rows.iter().find(|row| row[3] == json!(id(number))).unwrap();
        assert_eq!((&row[0], &row[4]), (&json!(grant), &json!(locked_until.to_string())));
        let locked = world.view(Some(&holder), "has_locked_access_grants", vec![id(number).into()]).await;
        assert_eq!(locked, Ok(vec![json!([locked_until > 0])]));
    }
}

#[tokio::test]
async fn a_megabyte_of_content_is_written_with_its_copy_and_read() {
    let world = World::new().await;
    let key = wallet(WalletType::Near, 3);
    world.user(id(1), &key).await;
    let megabyte: Vec<u8> = (0..1_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let mut grant = Grant::draft(&world, &key, 1);
    grant.original = sealed(&world.issuer, &megabyte, &grant.original.notes);
    grant.copy = copy_of(&world.issuer, &megabyte[1..]);
    let grant = grant.signed_by(&world, &key).await;
    grant.write(&world, &world.issuer()).await.succeeded();

    let read = async |signer: &Signer, view, id: uuid::Uuid| {
        world.view(Some(signer), view, vec![id.into()]).await.unwrap()[0][3].clone()
    };
    let holder = Signer::Wallet(key);
    let original = read(&holder, "get_credential_owned", grant.original_id).await;
    assert!(original == json!(grant.original.content), "the original came back otherwise");
    let copy = read(&world.issuer(), "get_credential_shared", grant.copy_id).await;
    assert!(copy == json!(grant.copy.content), "the copy came back otherwise");
}

/// What the node stores is what was sent, to the byte: its own hash of what it gives back is ours.
#[tokio::test]
async fn a_transaction_comes_back_with_the_bytes_that_were_hashed() {
    let world = World::new().await;
    let (evm, near) = (wallet(WalletType::Evm, 3), wallet(WalletType::Near, 4));
    let (xrpl, stellar) = (wallet(WalletType::Xrpl, 5), wallet(WalletType::Stellar, 6));
    let wallets = [evm, near, xrpl, stellar].into_iter().map(Signer::Wallet);
    for signer in std::iter::once(world.issuer()).chain(wallets) {
        let nonce = world.next_nonce(&signer).await;
        let call = vec!["0xab".into()];
        let sent = crate::support::signed(&signer, "has_profile", vec![call], nonce, world.node.chain_id());
        let answer = world.rpc("user.broadcast", json!({ "tx": sent, "sync": 1 })).await.unwrap();
        assert_eq!(answer, json!({ "tx_hash": sent.hash(), "result": { "code": 0, "gas": 0 } }));
        let found = world.rpc("user.tx_query", json!({ "tx_hash": sent.hash() })).await.unwrap();
        let theirs: Signed = serde_json::from_value(found["tx"].clone()).unwrap();
        assert_eq!(theirs.serialize(), sent.serialize());
        assert_eq!((&found["tx_hash"], &found["tx_result"]["code"]), (&json!(sent.hash()), &json!(0)));
        assert!(found["height"].as_i64().unwrap() > 0);
    }
}
