//! Texts of our own for wallets to sign.

use idos_issuer::clock::{self, Clock};
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Door, new_profile, new_wallet, owner};
use crate::support::User;
use crate::support::service::Stage;

const REQUIRED: &str = "[wallets]\nrequire_challenge = true\nchallenge_minutes = 10\n";

/// The text for this user to sign with this wallet.
async fn challenge(door: &Door, user: &User, wallet: &User) -> String {
    let wanted = json!({ "userId": user.id, "wallet": owner(wallet) });
    let offered = door.post("/v1/wallets/challenge", &wanted).send().await.expect(200).json();
    offered["message"].as_str().unwrap().to_owned()
}

/// The body with a wallet's proof over another message.
fn signed(mut body: Value, wallet: &User, message: &str) -> Value {
    body["wallet"]["message"] = json!(message);
    body["wallet"]["signature"] = json!(wallet.wallet.sign_message(message, [3; 32]));
    body
}

on_both_databases! {
    async fn a_challenge_is_for_one_user_one_wallet_one_client_and_a_time(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        REQUIRED.clone_into(&mut stage.settings);
        let door = Door::on(stage).await;
        for wallet_type in WalletType::ALL {
            let (user, other) = (User::with(wallet_type), User::with(wallet_type));
            // Any message proves who held the wallet, and is not enough here.
            let answer = door.make("/v1/profiles", &new_profile(&user)).send().await.problem(422, "invalid_fields");
            assert_eq!(answer.pointers(), ["/wallet/message"]);
            assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().contains("/v1/wallets/challenge"));

            let message = challenge(&door, &user, &user).await;
            assert!(message.contains("Example KYC") && message.contains(&user.wallet.address()), "{message}");
            let mut of_other = new_profile(&other);
            of_other["wallet"] = new_profile(&user)["wallet"].clone();
            let altered = message.replace("Valid until: 20", "Valid until: 30");
            assert_ne!(altered, message);
            let no_mac = message.rsplit_once('.').unwrap().0.to_owned();
            for (body, text, says) in [
                (of_other, message.clone(), "another user"),
                (new_profile(&user), challenge(&door, &user, &other).await, "another wallet"),
                (new_profile(&user), altered, "as this client was given it"),
                (new_profile(&user), format!("{no_mac}."), "as this client was given it"),
                (new_profile(&user), no_mac, "as this client was given it"),
                (new_profile(&user), format!("{message} "), "as this client was given it"),
                (new_profile(&user), format!("x{message}"), "as this client was given it"),
            ] {
                let body = signed(body, &user, &text);
                let answer = door.make("/v1/profiles", &body).send().await.problem(422, "invalid_fields");
                assert_eq!(answer.pointers(), ["/wallet/message"]);
                let detail = answer.json()["errors"][0]["detail"].to_string();
                assert!(detail.contains(says), "{detail} instead of {says}");
            }
            // Another client has not been given it.
            let stranger = door.key_of("other", Scope::ALL).await;
            let right = signed(new_profile(&user), &user, &message);
            door.make("/v1/profiles", &right).key(&stranger).send().await.problem(422, "invalid_fields");

            door.make("/v1/profiles", &right).send().await.expect(202);
        }

        let (user, late) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        let message = challenge(&door, &user, &late).await;
        door.stage.clock.advance_millis(11 * 60_000);
        let answer = door.make("/v1/wallets", &signed(new_wallet(&user, &late), &late, &message)).send().await;
        let answer = answer.problem(422, "invalid_fields");
        assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().contains("time is over"));

        for (body, pointer) in [
            (json!({ "userId": user.id }), "/wallet"),
            (json!({ "userId": "x", "wallet": owner(&user) }), "/userId"),
            (json!({ "userId": user.id, "wallet": { "type": "EVM", "address": "x" } }), "/wallet/address"),
        ] {
            let answer = door.post("/v1/wallets/challenge", &body).send().await.problem(422, "invalid_fields");
            assert_eq!(answer.pointers(), [pointer]);
        }
        door.close().await;
    }

    async fn where_none_is_required_one_that_is_given_must_be_right(backend) {
        let door = Door::with(backend, "").await;
        let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        let message = challenge(&door, &other, &user).await;
        let body = signed(new_profile(&user), &user, &message);
        door.make("/v1/profiles", &body).send().await.problem(422, "invalid_fields");
        door.make("/v1/profiles", &new_profile(&user)).send().await.expect(202);
        door.close().await;
    }
}
