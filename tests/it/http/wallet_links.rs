//! Wallets whose holders sign a challenge of ours, once.

use std::sync::Arc;

use idos_devnode::Fault;
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep;
use idos_issuer::model::client::Scope;
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::door::{Answer, Door, new_wallet, owner};
use crate::support::User;
use crate::support::service::{Stage, audit_holds, audit_names};

fn wanted(user: &User, wallet: &User) -> Value {
    json!({ "userId": user.id, "wallet": owner(wallet) })
}

/// A link, and the text that its wallet has to sign.
async fn link(door: &Door, wanted: &Value) -> (String, String) {
    let made = door.make("/v1/wallet-links", wanted).send().await.expect(201);
    let message = made.json()["challenge"]["message"].as_str().unwrap().to_owned();
    (made.header("location").unwrap().to_owned(), message)
}

fn signature(wallet: &User, message: &str) -> Value {
    json!({ "signature": wallet.wallet.sign_message(message, [3; 32]) })
}

async fn prove(door: &Door, place: &str, answer: &Value) -> Answer {
    door.post(format!("{place}/proof"), answer).send().await
}

/// How many wallets the node has of a user.
async fn wallets_of(door: &Door, user: &User) -> usize {
    let all = door.stage.node.wallets().await.unwrap();
    all.iter().filter(|wallet| wallet.user_id == user.id.to_string()).count()
}

/// What was told of a link, oldest first.
async fn told(door: &Door, place: &str) -> Vec<String> {
    let id = place.rsplit('/').next().unwrap();
    let events = door.get("/v1/events?limit=200").send().await.expect(200).json();
    let of_link = |event: &&Value| event["data"]["linkId"] == id;
    let mut told: Vec<_> = events["items"].as_array().unwrap().iter().filter(of_link).cloned().collect();
    told.reverse();
    told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// A service that was wired otherwise, where one has stood before.
async fn reopened(stage: Stage, app: Arc<App>) -> Door {
    Door::of(stage, app).await.working()
}

on_both_databases! {
    async fn a_wallet_of_each_type_is_linked_once(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        for (number, wallet_type) in WalletType::ALL.into_iter().enumerate() {
            let wallet = User::with(wallet_type);
            let mut body = wanted(&user, &wallet);
            body["reference"] = json!(format!("case-{number}"));
            // Many wallets tell their key with the signature only.
            body["wallet"].as_object_mut().unwrap().remove("publicKey");
            let made = door.post("/v1/wallet-links", &body).idempotent(&format!("k{number}")).send().await.expect(201);
            let place = made.header("location").unwrap().to_owned();
            let message = made.json()["challenge"]["message"].as_str().unwrap().to_owned();
            for part in ["Example KYC", "Purpose: link this wallet", "Issuer: https://", "Valid until: "] {
                assert!(message.contains(part), "{message}");
            }
            assert!(message.contains(&user.id.to_string()) && message.contains(&wallet.wallet.address()), "{message}");
            let again = door.post("/v1/wallet-links", &body).idempotent(&format!("k{number}")).send().await.expect(201);
            assert_eq!((again.json(), again.header("idempotency-replayed")), (made.json(), Some("true")));
            let shown = door.get(&place).send().await.expect(200).json();
            assert_eq!((&shown["state"], &shown["challenge"]), (&json!("challenged"), &Value::Null));

            let mut answer = signature(&wallet, &message);
            if let Some(key) = wallet.wallet.public_key() {
                let keyless = prove(&door, &place, &answer).await.problem(422, "invalid_fields");
                assert_eq!(keyless.pointers(), ["/publicKey"], "{wallet_type}");
                let stranger = User::with(wallet_type).wallet.public_key().unwrap();
                answer["publicKey"] = json!(stranger);
                let strange = prove(&door, &place, &answer).await.problem(422, "invalid_fields");
                assert_eq!(strange.pointers(), ["/publicKey"], "{wallet_type}");
                answer["publicKey"] = json!(key);
            }
            let proven = prove(&door, &place, &answer).await.expect(200).json();
            assert!(["writing", "linked"].contains(&proven["state"].as_str().unwrap()), "{proven}");
            let linked = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
            assert_eq!(linked["state"], "linked", "{linked}");
            assert!(linked["transaction"]["hash"].is_string() && linked["provenAt"].is_string(), "{linked}");
            let record = linked["walletId"].as_str().unwrap();
            assert_eq!(door.get(format!("/v1/wallets/{record}")).send().await.expect(200).json()["state"], "created");
            // The same proof again is the same; another signature is not taken.
            assert_eq!(prove(&door, &place, &answer).await.expect(200).json()["state"], "linked");
            let other = json!({ "signature": wallet.wallet.sign_message("another text", [4; 32]) });
            prove(&door, &place, &other).await.problem(409, "state_conflict");
            let replayed = door.post("/v1/wallet-links", &body).idempotent(&format!("k{number}")).send().await.expect(201);
            assert_eq!(replayed.json()["challenge"], Value::Null);
            assert_eq!(wallets_of(&door, &user).await, number + 2, "{wallet_type}");
            assert_eq!(told(&door, &place).await, ["wallet.linked"]);
        }
        let list = door.get(format!("/v1/wallet-links?userId={}&limit=2", user.id)).send().await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        let rest = format!("/v1/wallet-links?userId={}&cursor={}", user.id, list["nextCursor"].as_str().unwrap());
        assert_eq!(door.get(rest).send().await.expect(200).json()["items"].as_array().unwrap().len(), 3);
        let by_case = door.get("/v1/wallet-links?reference=case-3").send().await.expect(200).json();
        assert_eq!(by_case["items"].as_array().unwrap().len(), 1);
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_wallet_that_a_link_has_brought_is_linked_again_and_not_written_again(backend) {
        let door = Door::open(backend).await;
        let (user, other) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        for wallet_type in WalletType::ALL {
            let wallet = User::with(wallet_type);
            let mut records = Vec::new();
            for _ in 0..2 {
                let (place, message) = link(&door, &wanted(&user, &wallet)).await;
                prove(&door, &place, &signature(&wallet, &message)).await.expect(200);
                let linked = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
                assert_eq!(linked["state"], "linked");
                assert_eq!(told(&door, &place).await, ["wallet.linked"]);
                records.push(linked["walletId"].clone());
            }
            assert_eq!(records[0], records[1], "{wallet_type}");
            // It is not somebody else's, and nobody signs for nothing. The node does not know NEAR's wallets by their keys.
            let refused = door.make("/v1/wallet-links", &wanted(&other, &wallet)).send().await;
            if wallet_type == WalletType::Near {
                let refused = refused.expect(201);
                let message = refused.json()["challenge"]["message"].as_str().unwrap().to_owned();
                let place = refused.header("location").unwrap().to_owned();
                prove(&door, &place, &signature(&wallet, &message)).await.expect(200);
                let halted = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
                assert_eq!((&halted["state"], &halted["halt"]["code"]), (&json!("halted"), &json!("wallet_taken")));
                assert_eq!(told(&door, &place).await, ["wallet.halted"]);
                // Whoever asks for it again ends what has stopped.
                let (anew, message) = link(&door, &wanted(&other, &wallet)).await;
                prove(&door, &anew, &signature(&wallet, &message)).await.expect(200);
                door.get(format!("{anew}?wait=30")).send().await.expect(200);
                assert_eq!(door.get(&place).send().await.expect(200).json()["state"], "failed");
                assert_eq!(told(&door, &place).await, ["wallet.halted", "wallet.failed"]);
            } else {
                assert_eq!(refused.problem(409, "already_there").pointers(), ["/wallet/address"], "{wallet_type}");
            }
        }
        // The first wallet of a profile was brought by no link: whose it is, the node does not tell.
        door.make("/v1/wallet-links", &wanted(&user, &user)).send().await.problem(409, "already_there");
        let nobody = User::with(WalletType::Evm);
        let refused = door.make("/v1/wallet-links", &wanted(&nobody, &nobody)).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/userId"]);
        door.close().await;
    }

    async fn what_was_signed_for_one_link_is_good_for_nothing_else(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let door = Door::on(stage).await.working();
        let (user, other) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        for wallet_type in WalletType::ALL {
            let wallet = User::with(wallet_type);
            let (place, message) = link(&door, &wanted(&user, &wallet)).await;
            let signed = signature(&wallet, &message);
            // Another user's link, another link of the same, another wallet's.
            let stranger = User::with(wallet_type);
            for body in [wanted(&other, &wallet), wanted(&user, &wallet), wanted(&user, &stranger)] {
                let (elsewhere, _) = link(&door, &body).await;
                let refused = prove(&door, &elsewhere, &signed).await.problem(422, "invalid_fields");
                assert_eq!(refused.pointers(), ["/signature"], "{wallet_type}");
            }
            // Another client, which has not been given it.
            let key = door.key_of("other", Scope::ALL).await;
            door.post(format!("{place}/proof"), &signed).key(&key).send().await.problem(404, "not_found");
            // Another way in, which would not use it up.
            let mut body = new_wallet(&user, &wallet);
            body["wallet"]["message"] = json!(message);
            body["wallet"]["signature"] = signed["signature"].clone();
            let refused = door.make("/v1/wallets", &body).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/wallet/message"]);
            assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("another purpose"));
            // And what was signed for that way is not good here.
            let offered = door.post("/v1/wallets/challenge", &wanted(&user, &wallet)).send().await.expect(200).json();
            let loose = signature(&wallet, offered["message"].as_str().unwrap());
            prove(&door, &place, &loose).await.problem(422, "invalid_fields");
            prove(&door, &place, &signed).await.expect(200);
        }
        door.close().await;
    }

    async fn other_issuers_and_deployments_take_nothing(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let door = Door::on(stage).await.working();
        let (user, wallet) = (door.user(WalletType::Evm).await, User::with(WalletType::Evm));
        let (place, message) = link(&door, &wanted(&user, &wallet)).await;
        let signed = signature(&wallet, &message);
        let offered = door.post("/v1/wallets/challenge", &wanted(&user, &wallet)).send().await.expect(200).json();
        let stage = door.leave().await;

        // The same database under another name of the issuer: the text names one that is not there any more.
        let url = crate::support::ISSUER_URL;
        let mut config = stage.config();
        config.issuer.url = Some(format!("{url}-other"));
        let app = stage.app_of(config, Vault::new(&[Zeroizing::new([7; 32])]).unwrap()).await;
        let door = reopened(stage, app).await;
        let refused = prove(&door, &place, &signed).await.problem(409, "state_conflict");
        assert!(refused.json()["detail"].as_str().unwrap().contains("of another issuer"), "{refused:?}");
        let mut body = new_wallet(&user, &wallet);
        body["wallet"]["message"] = offered["message"].clone();
        body["wallet"]["signature"] = signature(&wallet, offered["message"].as_str().unwrap())["signature"].clone();
        let refused = door.make("/v1/wallets", &body).send().await.problem(422, "invalid_fields");
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("of another issuer"));
        let stage = door.leave().await;

        // Another vault key: another deployment, whatever it is called.
        let app = stage.app_with(Vault::new(&[Zeroizing::new([8; 32])]).unwrap()).await;
        let door = reopened(stage, app).await;
        let refused = door.make("/v1/wallets", &body).send().await.problem(422, "invalid_fields");
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("as this client was given it"));
        prove(&door, &place, &signed).await.problem(500, "internal");
        door.close().await;
    }

    async fn a_challenge_ends_by_time_and_by_wrong_signatures(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        "[wallets]\nchallenge_minutes = 10\n".clone_into(&mut stage.settings);
        let door = Door::on(stage).await.working();
        let (user, wallet) = (door.user(WalletType::Evm).await, User::with(WalletType::Xrpl));
        let (late, message) = link(&door, &wanted(&user, &wallet)).await;
        let (tried, text) = link(&door, &wanted(&user, &wallet)).await;
        for _ in 0..10 {
            let wrong = prove(&door, &tried, &signature(&wallet, "another text")).await.problem(422, "invalid_fields");
            assert_eq!(wrong.pointers(), ["/signature"]);
        }
        // What cannot be a signature at all costs nothing.
        let refused = prove(&door, &tried, &signature(&wallet, &text)).await.problem(409, "state_conflict");
        assert!(refused.json()["detail"].as_str().unwrap().contains("wrong signatures"));
        assert_eq!(door.get(&tried).send().await.expect(200).json()["state"], "refused");
        for _ in 0..12 {
            prove(&door, &late, &json!({ "signature": "Xyzzy" })).await.problem(422, "invalid_fields");
        }
        door.stage.clock.advance_millis(11 * 60_000);
        let refused = prove(&door, &late, &signature(&wallet, &message)).await.problem(409, "state_conflict");
        assert!(refused.json()["detail"].as_str().unwrap().contains("time of the challenge is over"));
        for swept in [false, true] {
            if swept {
                sweep::sweep(&door.app).await.unwrap();
            }
            assert_eq!(door.get(&late).send().await.expect(200).json()["state"], "expired");
            let id = late.rsplit('/').next().unwrap().parse().unwrap();
            assert_eq!(door.app.store.locked_link(&id).await.unwrap().is_some(), !swept);
        }
        prove(&door, &late, &signature(&wallet, &message)).await.problem(409, "state_conflict");
        assert_eq!(wallets_of(&door, &user).await, 1);
        door.close().await;
    }

    async fn two_answers_at_once_are_one(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        for wallet_type in [WalletType::Stellar, WalletType::Evm] {
            let wallet = User::with(wallet_type);
            let (place, message) = link(&door, &wanted(&user, &wallet)).await;
            // Two links of the same wallet at once, too.
            let (twin, other_message) = link(&door, &wanted(&user, &wallet)).await;
            let (signed, other) = (signature(&wallet, &message), signature(&wallet, &other_message));
            let answers = tokio::join!(
                prove(&door, &place, &signed),
                prove(&door, &place, &signed),
                prove(&door, &twin, &other),
                prove(&door, &place, &signed),
            );
            for answer in [answers.0, answers.1, answers.2, answers.3] {
                answer.expect(200);
            }
            for place in [&place, &twin] {
                let linked = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
                assert_eq!(linked["state"], "linked");
                assert_eq!(told(&door, place).await, ["wallet.linked"]);
            }
        }
        assert_eq!(wallets_of(&door, &user).await, 3);
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn what_is_proven_is_written_after_a_crash_and_while_the_node_is_away(backend) {
        let door = Door::open(backend).await;
        let (user, wallet) = (door.user(WalletType::Evm).await, User::with(WalletType::FaceSign));
        let (place, message) = link(&door, &wanted(&user, &wallet)).await;
        door.stage.dev().faults().until_cleared(Fault::Down);
        let signed = signature(&wallet, &message);
        assert_eq!(prove(&door, &place, &signed).await.expect(200).json()["state"], "writing");
        let stage = door.crash().await;
        stage.dev().faults().clear();
        let door = Door::on(stage).await.working();
        let linked = door.get(format!("{place}?wait=60")).send().await.expect(200).json();
        assert_eq!(linked["state"], "linked", "{linked}");
        assert_eq!(prove(&door, &place, &signed).await.expect(200).json()["state"], "linked");
        assert_eq!(wallets_of(&door, &user).await, 2);
        door.close().await;
    }

    async fn a_wallet_that_is_only_proven_is_written_nowhere(backend) {
        let door = Door::open(backend).await;
        let (user, wallet) = (User::with(WalletType::Evm), User::with(WalletType::Stellar));
        let mut body = wanted(&user, &wallet);
        body["inProfile"] = json!("no");
        let refused = door.make("/v1/wallet-links", &body).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/inProfile"]);
        body["inProfile"] = json!(false);
        let (place, message) = link(&door, &body).await;
        let proven = prove(&door, &place, &signature(&wallet, &message)).await.expect(200).json();
        assert_eq!(proven["state"], "proven");
        assert!(proven["provenAt"].is_string() && proven["walletId"].is_null(), "{proven}");
        assert_eq!(wallets_of(&door, &user).await, 0);
        let id = place.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(door.app.store.locked_link(&id).await.unwrap(), None);

        // Forgotten on request, and once.
        let key = door.key_of("other", Scope::ALL).await;
        door.delete(&place).key(&key).send().await.problem(404, "not_found");
        for _ in 0..2 {
            let erased = door.delete(&place).send().await.expect(200).json();
            assert_eq!((&erased["state"], &erased["userId"]), (&json!("erased"), &Value::Null));
            assert!(!audit_names(&door.app.store, place.rsplit('/').next().unwrap()).await);
        }
        prove(&door, &place, &signature(&wallet, &message)).await.problem(409, "state_conflict");
        let list = door.get(format!("/v1/wallet-links?userId={}", user.id)).send().await.expect(200).json();
        assert_eq!(list, json!({ "items": [] }));
        for query in ["userId=x", "reference=a%20b", "cursor=lnk_1", "limit=0", "state=linked"] {
            door.get(format!("/v1/wallet-links?{query}")).send().await.problem(400, "invalid_request");
        }
        door.close().await;
    }
}
