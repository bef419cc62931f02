//! What a node would refuse, or could not keep, is refused before it is accepted; what a node takes is taken.

use idos_client::{GrantParties, GrantTime, WriteGrant};
use idos_devnode::Fault;
use idos_issuer::keys::{Key, WriteKey};
use idos_wallet::{WalletKey, WalletType};
use serde_json::{Value, json};

use super::door::{Door, inserter, kyc, new_profile, new_wallet, owner};
use crate::support::service::{Backend, Stage, audit_holds};
use crate::support::{User, id};

/// The places of all texts in `value`.
fn texts(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| texts(value, &format!("{at}/{name}"))).collect()
        }
        Value::String(_) => vec![at.to_owned()],
        _ => Vec::new(),
    }
}

/// A grant that is as `parties` makes it, signed by the user.
async fn signed(door: &Door, user: &User, parties: GrantParties) -> Value {
    let now = door.app.clock.now().unix_seconds();
    let time = |seconds| GrantTime::from_unix(now + seconds).unwrap();
    let grant = WriteGrant::new(id(), parties, time(-60), time(-60), time(3600)).unwrap();
    let client = door.app.idos().await.unwrap();
    let text = client.call_one(&door.app.identity(), &grant.message()).await.unwrap().unwrap();
    json!({
        "grant": {
            "id": grant.id, "owner": grant.owner, "grantee": grant.grantee, "issuerPublicKey": grant.issuer_public_key,
            "accessGrantTimelock": grant.access_grant_timelock.as_str(), "notBefore": grant.not_before().as_str(),
            "notAfter": grant.not_after().as_str()
        },
        "owner": owner(user),
        "signature": user.wallet.sign_message(&text, [7; 32]),
    })
}

fn parties(door: &Door, user: &User) -> GrantParties {
    let ours = door.app.identity().caller();
    GrantParties { owner: user.wallet.owner_identifier(), grantee: ours.clone(), issuer_public_key: ours }
}

fn by_grant(user: &User, grant: &Value) -> Value {
    kyc(user.id, json!({ "by": "write_grant", "writeGrant": grant }))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_with_a_nul_is_taken() {
    let door = Door::with(Backend::Sqlite, "[http]\nrequests_per_second = 10000\nburst = 10000").await;
    for wallet_type in WalletType::ALL {
        let user = User::with(wallet_type);
        let grant = signed(&door, &user, parties(&door, &user)).await;
        let mut with_evm_key = new_profile(&user);
        with_evm_key["wallet"]["publicKey"] = json!(user.wallet.public_key().unwrap_or("0x04".to_owned()));
        let mut grant_owner_with_key = grant.clone();
        grant_owner_with_key["owner"]["publicKey"] = with_evm_key["wallet"]["publicKey"].clone();
        let key = user.secret.public().to_base64();
        let copy_for = json!({ "grantee": "a".repeat(64), "encryptionPublicKey": key });
        let delivery =
            json!({ "by": "write_grant", "writeGrant": grant_owner_with_key, "copyFor": copy_for });
        for (path, body, below) in [
            ("/v1/profiles", with_evm_key, ""),
            ("/v1/wallets", new_wallet(&user, &user), ""),
            ("/v1/profiles/lookup", json!({ "address": user.wallet.address() }), ""),
            ("/v1/write-grants", json!({ "owner": owner(&user), "grantee": "a".repeat(64) }), ""),
            ("/v1/write-grants/check", grant_owner_with_key, ""),
            ("/v1/issuances", kyc(user.id, delivery), "/delivery"),
        ] {
            for pointer in texts(&body, "").into_iter().filter(|pointer| pointer.starts_with(below)) {
                let mut wrong = body.clone();
                let there = wrong.pointer(&pointer).unwrap().as_str().unwrap().to_owned();
                for text in [format!("{there}\0"), format!("\0{there}"), "a\0b".to_owned(), "\0".to_owned()] {
                    *wrong.pointer_mut(&pointer).unwrap() = json!(text);
                    let refused = door.make(path, &wrong).send().await.problem(422, "invalid_fields");
                    assert_eq!(refused.pointers(), [pointer.as_str()], "{wallet_type} {path} {refused:?}");
                }
            }
        }
    }
    for case in
        [include_str!("cases/nul-in-evm-public-key.json"), include_str!("cases/nul-in-wallet-message.json")]
    {
        let case: Value = serde_json::from_str(case).unwrap();
        door.make("/v1/profiles", &case).send().await.problem(422, "invalid_fields");
    }
    // What is no Unicode does not come so far.
    for body in [r#"{"address":"\ud800"}"#, r#"{"address":"\udc00a"}"#] {
        let call = door.call("POST", "/v1/profiles/lookup").body("application/json", body);
        call.send().await.problem(400, "invalid_request");
    }
    let call =
        door.call("POST", "/v1/profiles/lookup").body("application/json", *b"{\"address\":\"\xed\xa0\x80\"}");
    call.send().await.problem(400, "invalid_request");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_texts_reach_the_network_and_an_evm_key_does_not() {
    let door = Door::open(Backend::Sqlite).await;
    for message in
        ["\u{1}\u{7f}\r\n\t", "\u{fffe}\u{ffff}\u{10ffff}", "\\u0000 %00 \\0", "日本語 🖋", "\u{fffd}"]
    {
        let user = User::with(WalletType::Evm);
        let mut profile = new_profile(&user);
        profile["wallet"]["message"] = json!(message);
        profile["wallet"]["signature"] = json!(user.wallet.sign_message(message, [1; 32]));
        profile["wallet"]["publicKey"] = json!("anything");
        let made = door.make("/v1/profiles", &profile).send().await.expect(202);
        let place = format!("{}?wait=30", made.header("location").unwrap());
        assert_eq!(door.get(place).send().await.expect(200).json()["state"], "created", "{message:?}");
        let wallets = door.stage.node.wallets().await.unwrap();
        let wallet = wallets.iter().find(|wallet| wallet.user_id == user.id.to_string()).unwrap();
        assert_eq!(wallet.public_key, None);
    }
    door.close().await;
}

on_both_databases! {
    async fn users_and_wallets_that_are_there_are_seen(backend) {
        let door = Door::open(backend).await;
        for wallet_type in WalletType::ALL {
            let user = door.user(wallet_type).await;
            // Another key for the same user.
            let other = User { secret: User::with(wallet_type).secret, ..User::like(&User::with(wallet_type)) };
            let other = User { id: user.id, ..other };
            let refused = door.make("/v1/profiles", &new_profile(&other)).send().await.problem(409, "already_there");
            assert_eq!(refused.pointers(), ["/encryptionPublicKey"]);
            // The same wallet for another user, or for the same one once more.
            let mut thief = User::with(wallet_type);
            thief.wallet = user.wallet.clone();
            if wallet_type == WalletType::Near {
                continue;
            }
            for (path, body) in [
                ("/v1/profiles", new_profile(&thief)),
                ("/v1/profiles", new_profile(&user)),
                ("/v1/wallets", new_wallet(&user, &user)),
            ] {
                let refused = door.make(path, &body).send().await.problem(409, "already_there");
                assert_eq!(refused.pointers(), ["/wallet/address"], "{wallet_type}");
            }
        }
        let nobody = User::with(WalletType::Evm);
        let refused = door.make("/v1/wallets", &new_wallet(&nobody, &nobody)).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/userId"]);
        door.close().await;
    }

    async fn wallets_on_their_way_are_seen(backend) {
        let door = Door::with(backend, "").await;
        for wallet_type in WalletType::ALL {
            let user = User::with(wallet_type);
            let first = door.make("/v1/profiles", &new_profile(&user)).send().await.expect(202).json();
            let again = door.make("/v1/profiles", &new_profile(&user)).send().await.expect(202);
            assert_eq!((again.json(), again.header("idempotency-replayed")), (first.clone(), Some("true")));
            let mut thief = User::with(wallet_type);
            thief.wallet = user.wallet.clone();
            for (path, body) in [("/v1/profiles", new_profile(&thief)), ("/v1/wallets", new_wallet(&user, &user))] {
                let refused = door.make(path, &body).send().await.problem(409, "already_there");
                assert_eq!(refused.pointers(), ["/wallet/address"], "{wallet_type}");
            }
            // A further wallet may be asked for while the profile is on its way.
            let further = User::with(wallet_type);
            let added = door.make("/v1/wallets", &new_wallet(&user, &further)).send().await.expect(202).json();
            let again = door.make("/v1/wallets", &new_wallet(&user, &further)).send().await.expect(202).json();
            assert_eq!(added["id"], again["id"]);
        }
        let door = door.working();
        for _ in 0..400 {
            if door.app.store.jobs(None, 100).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(door.stage.node.wallets().await.unwrap().len(), 10);
        door.close().await;
    }

    async fn a_wallet_is_added_and_can_be_used(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        for wallet_type in WalletType::ALL {
            let further = User { id: user.id, ..User::with(wallet_type) };
            let body = new_wallet(&user, &further);
            let made = door.make("/v1/wallets", &body).send().await.expect(202);
            let place = made.header("location").unwrap().to_owned();
            let shown = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
            assert_eq!((&shown["state"], &shown["userId"]), (&json!("created"), &json!(user.id)), "{shown:#}");
            assert!(shown["transaction"]["hash"].is_string());
            door.call("POST", format!("{place}/resume")).send().await.problem(409, "state_conflict");
            let stranger = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
            door.get(&place).key(&stranger).send().await.problem(404, "not_found");
            door.get(place.replace("wallets/wal_", "profiles/prf_")).send().await.problem(404, "not_found");

            // What it signs holds for the user.
            let grant = signed(&door, &further, parties(&door, &further)).await;
            let made = door.make("/v1/issuances", &by_grant(&user, &grant)).send().await.expect(202);
            let place = format!("{}?wait=30", made.header("location").unwrap());
            assert_eq!(door.get(place).send().await.expect(200).json()["state"], "issued", "{wallet_type}");
        }
        audit_holds(&door.app.store).await;
        // The same key with another wallet is another request.
        let call = |body: Value| door.post("/v1/wallets", &body).idempotent("one");
        let (one, two) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        call(new_wallet(&user, &one)).send().await.expect(202);
        let again = call(new_wallet(&user, &one)).send().await.expect(202);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        call(new_wallet(&user, &two)).send().await.problem(422, "idempotency_key_reused");
        door.close().await;
    }

    async fn whose_a_grant_is_and_whether_it_is_used_is_seen(backend) {
        let door = Door::open(backend).await;
        let owner_at = "/delivery/writeGrant/owner/address";
        for wallet_type in WalletType::ALL.into_iter().filter(|kind| *kind != WalletType::Near) {
            let user = door.user(wallet_type).await;
            let stranger = User::with(wallet_type);
            let grant = signed(&door, &stranger, parties(&door, &stranger)).await;
            // The user is there, and the wallet is nobody's; the wallet is somebody's, and the user is not there.
            let refused = door.make("/v1/issuances", &by_grant(&user, &grant)).send().await;
            assert_eq!(refused.problem(422, "invalid_fields").pointers(), [owner_at], "{wallet_type}");
            let grant = signed(&door, &user, parties(&door, &user)).await;
            let refused = door.make("/v1/issuances", &by_grant(&stranger, &grant)).send().await;
            assert_eq!(refused.problem(422, "invalid_fields").pointers(), [owner_at], "{wallet_type}");
        }

        let user = door.user(WalletType::Evm).await;
        let grant = signed(&door, &user, parties(&door, &user)).await;
        let made = door.make("/v1/issuances", &by_grant(&user, &grant)).send().await.expect(202);
        let place = made.header("location").unwrap().to_owned();
        let at_id = ["/delivery/writeGrant/grant/id"];
        let refused = door.make("/v1/issuances", &by_grant(&user, &grant)).send().await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), at_id);
        assert_eq!(door.get(format!("{place}?wait=30")).send().await.json()["state"], "issued");
        door.delete(&place).send().await.expect(200);
        let refused = door.make("/v1/issuances", &by_grant(&user, &grant)).send().await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), at_id);
        let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202);
        let resume = format!("{}/resume", waiting.header("location").unwrap());
        let refused = door.post(resume, &json!({ "writeGrant": grant })).send().await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/writeGrant/grant/id"]);

        // One that was never used is free again.
        let nobody = User::with(WalletType::Evm);
        let grant = signed(&door, &nobody, parties(&door, &nobody)).await;
        for _ in 0..2 {
            let made = door.make("/v1/issuances", &by_grant(&nobody, &grant)).send().await.expect(202);
            door.make("/v1/issuances", &by_grant(&nobody, &grant)).send().await.problem(422, "invalid_fields");
            door.delete(made.header("location").unwrap()).send().await.expect(200);
        }
        door.close().await;
    }

    async fn what_may_not_write_takes_nothing_in(backend) {
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        crate::service::create_profile(&stage, &user).await;
        stage.keys.write.push(WriteKey::new(Key::from_seed(&rand::random())));
        stage.keys.write.swap(0, 1);
        stage.keys.write.truncate(1);
        let door = Door::on(stage).await;
        let stranger = User::with(WalletType::Evm);
        for (path, body) in [
            ("/v1/issuances", kyc(user.id, inserter())),
            ("/v1/issuances", kyc(stranger.id, inserter())),
            ("/v1/profiles", new_profile(&stranger)),
            ("/v1/wallets", new_wallet(&user, &stranger)),
        ] {
            let refused = door.make(path, &body).send().await.problem(503, "not_ready");
            assert!(refused.json()["detail"].as_str().unwrap().contains("no delegate"), "{refused:?}");
        }
        assert_eq!(door.app.store.jobs(None, 10).await.unwrap(), []);
        door.close().await;
    }

    async fn while_the_node_is_away_all_that_is_well_formed_waits(backend) {
        let door = Door::with(backend, "").await;
        let users: Vec<_> = WalletType::ALL.into_iter().map(User::with).collect();
        let mut grants = Vec::new();
        for user in &users {
            grants.push(signed(&door, user, parties(&door, user)).await);
        }
        door.stage.dev().faults().until_cleared(Fault::Down);
        for (user, grant) in users.iter().zip(&grants) {
            for (pointer, value, place) in [
                ("/signature", json!("a"), "/signature"),
                ("/signature", json!("0x00"), "/signature"),
                ("/owner/address", json!("a b"), "/owner/address"),
                ("/grant/grantee", json!("alice.near"), "/grant/grantee"),
                ("/grant/issuerPublicKey", json!("00"), "/grant/issuerPublicKey"),
                ("/grant/id", json!("0"), "/grant/id"),
            ] {
                let mut wrong = grant.clone();
                *wrong.pointer_mut(pointer).unwrap() = value;
                let refused = door.make("/v1/issuances", &by_grant(user, &wrong)).send().await;
                let refused = refused.problem(422, "invalid_fields");
                let place = format!("/delivery/writeGrant{place}");
                assert_eq!(refused.pointers(), [place], "{} {pointer}", user.wallet.wallet_type());
            }
            door.make("/v1/issuances", &by_grant(user, grant)).send().await.expect(202);
            door.make("/v1/profiles", &new_profile(user)).send().await.expect(202);
            let further = User::with(user.wallet.wallet_type());
            door.make("/v1/wallets", &new_wallet(user, &further)).send().await.expect(202);
        }
        // And comes to the user when the node is back.
        door.stage.dev().faults().clear();
        let door = door.working();
        for _ in 0..1200 {
            let counts = door.stage.node.counts().await.unwrap();
            if counts.credentials == 10 && door.stage.node.wallets().await.unwrap().len() == 10 {
                return door.close().await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{:?}", door.app.store.jobs(None, 20).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_hold_as_software_of_idos_writes_them() {
    let door = Door::open(Backend::Sqlite).await;
    let user = door.user(WalletType::Evm).await;
    let ours = door.app.identity().caller();
    let mixed: String =
        ours.chars().enumerate().map(|(n, c)| if n % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect();
    for spelling in [ours.to_uppercase(), mixed] {
        for (grantee, issuer_public_key) in [
            (ours.clone(), spelling.clone()),
            (spelling.clone(), ours.clone()),
            (spelling.clone(), spelling.clone()),
        ] {
            let parties = GrantParties {
                grantee: grantee.clone(),
                issuer_public_key: issuer_public_key.clone(),
                ..parties(&door, &user)
            };
            let grant = signed(&door, &user, parties).await;
            door.post("/v1/write-grants/check", &grant).send().await.expect(200);
            let made = door.make("/v1/issuances", &by_grant(&user, &grant)).send().await.expect(202);
            let place = format!("{}?wait=30", made.header("location").unwrap());
            // The node makes the signed text again: it held, so what it got was the same to the letter.
            assert_eq!(door.get(place).send().await.expect(200).json()["state"], "issued");
            let last = door.stage.node.access_grants().await.unwrap().pop().unwrap();
            assert_eq!(last.grantee, grantee);
        }
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_for_whoever_can_sign() {
    let door = Door::open(Backend::Sqlite).await;
    let user = door.user(WalletType::Evm).await;
    for wallet_type in WalletType::ALL {
        let consumer = User::with(wallet_type);
        let grantee = String::from(consumer.wallet.caller());
        let wanted = json!({ "owner": owner(&user), "grantee": grantee });
        let offer = door.post("/v1/write-grants", &wanted).send().await.expect(200).json();
        assert_eq!(offer["grant"]["grantee"], grantee);
        let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
        let grant = json!({ "grant": offer["grant"], "owner": owner(&user), "signature": signature });
        let key = consumer.secret.public().to_base64();
        let delivery = json!({
            "by": "write_grant", "writeGrant": grant,
            "copyFor": { "grantee": grantee, "encryptionPublicKey": key }
        });
        let made = door.make("/v1/issuances", &kyc(user.id, delivery)).send().await.expect(202);
        let place = format!("{}?wait=30", made.header("location").unwrap());
        let issued = door.get(place).send().await.expect(200).json();
        assert_eq!(issued["state"], "issued", "{wallet_type}");
        // The consumer reads it.
        let copy = issued["copyId"].as_str().unwrap().parse().unwrap();
        let view = idos_client::actions::GetCredentialShared { id: copy };
        let client = door.app.idos().await.unwrap();
        let signer = idos_client::Signer::Wallet(consumer.wallet.clone());
        let row = client.call_one(&signer, &view).await.unwrap().unwrap();
        let content = crate::support::content_of(client, &signer, row.content).await;
        consumer.secret.open_bytes(content, &row.encryptor_public_key).unwrap();
    }
    let near = WalletKey::from_seed(WalletType::Near, [3; 32]);
    for grantee in ["alice.near", "r", "rrrrrrrrrrrrrrrrrrrrrhoLvT0", &near.address()[1..], "G", "ed25519:1"]
    {
        let wanted = json!({ "owner": owner(&user), "grantee": grantee });
        let refused = door.post("/v1/write-grants", &wanted).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/grantee"]);
        let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(
            ["Ed25519", "EVM", "XRPL", "NEAR", "Stellar"].iter().all(|form| detail.contains(form)),
            "{detail}"
        );
    }
    door.close().await;
}
