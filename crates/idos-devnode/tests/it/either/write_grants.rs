//! Delegated write grants: credentials that an issuer writes because the user has signed for it.

use idos_client::{Ed25519Signer, Signer, access_grant_id};
use idos_wallet::{WalletKey, WalletType};
use serde_json::json;

use crate::support::{Grant, World, copy_of, id, null, sealed, time, wallet};

async fn with_holder(wallet_type: WalletType) -> (World, WalletKey) {
    let world = World::new().await;
    let key = wallet(wallet_type, 3);
    world.user(id(1), &key).await;
    (world, key)
}

const WINDOW: &str = "this write grant can only be used after dwg_not_before and before dwg_not_after";

#[tokio::test]
async fn holders_of_every_type_of_wallet_grant_and_get_a_credential_and_its_copy() {
    for wallet_type in WalletType::ALL {
        let (world, key) = with_holder(wallet_type).await;
        let grant = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
        grant.write(&world, &world.issuer()).await.succeeded();

        let rows = world.node.credentials().await.unwrap();
        let of = |id: uuid::Uuid| rows.iter().find(|row| row.id == id.to_string()).unwrap();
        let (original, copy) = (of(grant.original_id), of(grant.copy_id));
        let grant_id = grant.id.to_string();
        assert_eq!(original.user_id, id(1).to_string());
        assert_eq!(original.verifiable_credential_id, Some(id(901).to_string()));
        assert_eq!((&copy.public_notes, &copy.verifiable_credential_id), (&String::new(), &None));
        // The inserter is the grant, not the issuer's name.
        assert_eq!((original.inserter.as_ref(), copy.inserter.as_ref()), (Some(&grant_id), Some(&grant_id)));

        let access = world.node.access_grants().await.unwrap();
        assert_eq!(access.len(), 1);
        assert_eq!(access[0].id, access_grant_id(&grant.grantee, grant.copy_id, 0).to_string());
        assert_eq!((access[0].data_id.clone(), access[0].locked_until), (grant.copy_id.to_string(), 0));
        assert_eq!(
            (access[0].inserter_type.as_str(), &access[0].inserter_id),
            ("delegated_write_grant", &grant_id)
        );
        let counts = world.node.counts().await.unwrap();
        assert_eq!((counts.shared_credentials, counts.consumed_write_grants), (1, 1));
    }
}

#[tokio::test]
async fn anybody_may_relay_a_valid_set() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let grant = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
    grant.write(&world, &Signer::Wallet(wallet(WalletType::Near, 88))).await.succeeded();
}

/// All of it is wrong; each repair uncovers the next error, in the schema's order.
#[tokio::test]
async fn the_checks_come_in_the_schemas_order() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let right = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
    let mut grant = right.clone();
    grant.original.issuer_key = "ab".repeat(32);
    grant.owner = wallet(WalletType::Evm, 66).address();
    grant.timelock = "soon".to_owned();
    grant.not_before = time(world.now() + 1000);
    grant.not_after = time(world.now() + 500);
    grant.signature = "0x00".to_owned();
    grant.original.broader_signature = "x".to_owned();
    grant.copy.broader_signature = "x".to_owned();

    let issuer = world.issuer();
    grant
        .write(&world, &issuer)
        .await
        .failed("credentials issuer must be an issuer of delegated write grant");
    grant.original.issuer_key = right.original.issuer_key.to_uppercase(); // the case does not matter here
    grant.issuer_key = "ab".repeat(32);
    grant
        .write(&world, &issuer)
        .await
        .failed("credentials issuer must be an issuer of delegated write grant");
    grant.issuer_key.clone_from(&right.issuer_key);
    grant.write(&world, &issuer).await.failed("dwg_owner not found");
    grant.owner = key.address().to_lowercase(); // EVM owners are found in any case
    grant
        .write(&world, &issuer)
        .await
        .failed("parse_date: the time must be of the form yyyy-mm-ddThh:mm:ssZ");
    grant.timelock.clone_from(&right.timelock);
    grant.write(&world, &issuer).await.failed("dwg_not_before must be before dwg_not_after");
    grant.not_after = time(world.now() + 2000);
    grant.write(&world, &issuer).await.failed(WINDOW);
    grant.not_before.clone_from(&right.not_before);
    grant.not_after.clone_from(&right.not_after);
    grant.write(&world, &issuer).await.failed("verify owner failed");
    grant.signature.clone_from(&right.signature);
    // The owner's case is part of the signed text, though.
    grant.write(&world, &issuer).await.failed("verify owner failed");
    grant.owner.clone_from(&right.owner);
    grant.write(&world, &issuer).await.failed("an original credential signature is wrong");
    grant.original.broader_signature.clone_from(&right.original.broader_signature);
    grant.write(&world, &issuer).await.failed("a copy credential signature is wrong");
    grant.copy = right.copy.clone();
    assert_eq!(world.node.counts().await.unwrap().credentials, 0);
    grant.write(&world, &issuer).await.succeeded();
}

#[tokio::test]
async fn a_grant_is_usable_in_its_window_and_65_seconds_before() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let now = world.now();
    let issuer = world.issuer();
    let slack = world.slack();
    for (number, (from, until, usable)) in (1..).zip([
        (now + 66 + slack, now + 200, false),
        (now + 65, now + 200, true),
        (now - 100, now - 1, false),
        (now - 100, now + slack, true),
    ]) {
        let mut grant = Grant::draft(&world, &key, number);
        (grant.not_before, grant.not_after) = (time(from), time(until));
        let grant = grant.signed_by(&world, &key).await;
        let done = grant.write(&world, &issuer).await;
        if usable { done.succeeded() } else { done.failed(WINDOW) }
    }

    let mut grant = Grant::draft(&world, &key, 9);
    grant.not_after = time(now + 10);
    let grant = grant.signed_by(&world, &key).await;
    world.pass_to(now + 11).await;
    grant.write(&world, &issuer).await.failed(WINDOW);
}

#[tokio::test]
async fn a_grant_is_used_once_and_a_failed_use_leaves_nothing() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let issuer = world.issuer();
    let grant = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
    grant.write(&world, &issuer).await.succeeded();
    let before = world.node.counts().await.unwrap();

    let mut again = grant.clone();
    again
        .write(&world, &issuer)
        .await
        .failed("duplicate key value violates unique constraint \"credentials_pkey\" (SQLSTATE 23505)");
    // With other rows, everything is written before the used grant is found out, and then all is rolled back.
    (again.original_id, again.copy_id) = (id(701), id(702));
    again.write(&world, &issuer).await.failed(
        "duplicate key value violates unique constraint \"consumed_write_grants_pkey\" (SQLSTATE 23505)",
    );
    again.copy_id = again.original_id;
    again
        .write(&world, &issuer)
        .await
        .failed("duplicate key value violates unique constraint \"credentials_pkey\" (SQLSTATE 23505)");
    let after = world.node.counts().await.unwrap();
    assert_eq!(after.transactions, before.transactions + 3);
    assert_eq!(idos_devnode::Counts { transactions: before.transactions, ..after }, before);
}

type Bend = fn(&mut Grant, &WalletKey, &str, &World);

/// Each part of the text is bound by the signature.
#[tokio::test]
async fn a_grant_cannot_be_bent() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let other = wallet(WalletType::Evm, 4);
    world.user(id(2), &other).await;
    let colleague = Ed25519Signer::from_seed(&[45; 32]);
    let inserter = idos_devnode::Inserter::new(crate::support::ISSUER, [colleague.public_key_hex()]);
    world.node.add_inserter(&inserter).await.unwrap();
    let right = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;

    let bends: [Bend; 8] = [
        |grant, other, _, _| grant.owner = other.address(),
        |grant, _, _, _| grant.grantee = grant.grantee.to_uppercase(),
        |grant, _, colleague, _| colleague.clone_into(&mut grant.issuer_key),
        |grant, _, _, _| grant.id = id(77),
        |grant, _, _, world| grant.timelock = time(world.now()),
        |grant, _, _, world| grant.not_before = time(world.now() - 1),
        |grant, _, _, world| grant.not_after = time(world.now() + 1),
        |grant, _, _, _| grant.signature = grant.signature.replace("0x", "0x00"),
    ];
    for (case, bend) in bends.into_iter().enumerate() {
        let mut grant = right.clone();
        bend(&mut grant, &other, &colleague.public_key_hex(), &world);
        let done = grant.write(&world, &world.issuer()).await;
        assert_eq!((case, done.log.as_str()), (case, "ERROR: verify owner failed"));
    }

    // What it does not bind: which of the inserter's keys signs the credential, and the content.
    let mut grant = right.clone();
    grant.original = sealed(&colleague, b"other content", "{}");
    grant.copy = copy_of(&colleague, b"other content");
    grant.write(&world, &world.issuer()).await.succeeded();
}

#[tokio::test]
async fn a_grant_signed_by_another_wallet_of_the_user_is_not_the_owners() {
    let (world, key) = with_holder(WalletType::Xrpl).await;
    let second = wallet(WalletType::Xrpl, 4);
    let arguments = crate::support::wallet_arguments(id(8), id(1), &second);
    world.execute(&world.issuer(), "upsert_wallet_as_inserter", arguments).await.succeeded();
    let grant = Grant::draft(&world, &key, 1).signed_by(&world, &second).await;
    grant.write(&world, &world.issuer()).await.failed("verify owner failed");
    let mut named = Grant::draft(&world, &second, 1);
    named.owner = second.public_key().unwrap(); // XRPL owners are addresses
    let named = named.signed_by(&world, &second).await;
    named.write(&world, &world.issuer()).await.failed("dwg_owner not found");
}

#[tokio::test]
async fn a_lock_in_the_future_locks_the_copy() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let mut grant = Grant::draft(&world, &key, 1);
    let locked_until = world.now() + 3600;
    grant.timelock = time(locked_until);
    let grant = grant.signed_by(&world, &key).await;
    grant.write(&world, &world.issuer()).await.succeeded();
    let access = world.node.access_grants().await.unwrap().remove(0);
    assert_eq!(access.locked_until, locked_until);
    assert_eq!(access.id, access_grant_id(&grant.grantee, grant.copy_id, locked_until).to_string());
}

#[tokio::test]
async fn the_text_is_given_for_sound_times_and_nothing_else_is_checked() {
    let (world, key) = with_holder(WalletType::Evm).await;
    let grant = Grant { owner: "nobody".to_owned(), ..Grant::draft(&world, &key, 1) };
    let text = grant.text(&world).await.unwrap();
    assert_eq!(text.lines().next(), Some("operation: delegatedWriteGrant"));
    assert!(text.contains(&format!("\nconsumer: {}\n", grant.grantee)));

    let of = |change: fn(&mut Grant)| {
        let mut grant = grant.clone();
        change(&mut grant);
        grant
    };
    let malformed = Err("-300: parse_date: the time must be of the form yyyy-mm-ddThh:mm:ssZ".to_owned());
    assert_eq!(of(|grant| grant.timelock = "2026-01-02T03:04:05.000Z".into()).text(&world).await, malformed);
    assert_eq!(of(|grant| grant.not_before = "2026-01-02".into()).text(&world).await, malformed);
    let no_window = of(|grant| grant.not_after.clone_from(&grant.not_before));
    assert_eq!(
        no_window.text(&world).await,
        Err("not_usable_before must be before not_usable_after".to_owned())
    );
    let arguments = vec!["a".into(), "b".into(), "c".into(), id(1).into(), null(), "d".into(), "e".into()];
    assert_eq!(
        world.view(None, "dwg_message", arguments).await,
        Err("-300: extension implementation error: extension method \"parse_date\" expected argument 1 to be \
             non-null, but got null"
            .to_owned())
    );
}

#[tokio::test]
async fn the_copy_is_read_by_its_grantee_until_it_is_rescinded() {
    let (world, key) = with_holder(WalletType::Near).await;
    let issuer = world.issuer();
    let grant = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
    grant.write(&world, &issuer).await.succeeded();
    let copy = || vec![grant.copy_id.into()];

    assert_eq!(
        world.view(Some(&issuer), "get_credential_shared", copy()).await,
        Ok(vec![json!([
            grant.copy_id,
            id(1),
            grant.original.notes,
            grant.copy.content,
            grant.copy.encryptor_key,
            grant.original.issuer_key,
            grant.id.to_string()
        ])])
    );
    let hash = || vec![grant.content_hash.as_str().into()];
    assert_eq!(
        world.view(Some(&issuer), "get_sibling_credential_id", hash()).await,
        Ok(vec![json!([grant.copy_id])])
    );
    let holder = Signer::Wallet(key);
    assert_eq!(world.view(Some(&holder), "get_sibling_credential_id", hash()).await, Ok(vec![]));
    let shared = "get_credential_shared";
    assert_eq!(
        world.view(Some(&holder), shared, copy()).await,
        Err("the credential is not shared with the caller".to_owned())
    );
    assert_eq!(
        world.view(Some(&issuer), shared, vec![id(99).into()]).await,
        Err("the credential does not exist".to_owned())
    );

    let rescind = "rescind_shared_credential";
    let cannot = "can not find the credential shared to you";
    world.execute(&holder, rescind, copy()).await.failed(cannot);
    world.execute(&issuer, rescind, vec![grant.original_id.into()]).await.failed(cannot);
    world.execute(&issuer, rescind, copy()).await.succeeded();
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.credentials, counts.access_grants, counts.shared_credentials), (1, 0, 0));
    assert_eq!(counts.consumed_write_grants, 1); // the grant stays used
    grant
        .write(&world, &issuer)
        .await
        .failed("duplicate key value violates unique constraint \"credentials_pkey\" (SQLSTATE 23505)");
}
