//! Addresses that can be none, wherever one comes in.

use idos_devnode::Fault;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Door, kyc, new_profile, owner};
use crate::support::User;
use crate::support::service::Backend;

const EVM: &str = "0x5309E35ff22052bD3290dA9799ae7B1B17Cf74Ff";

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_address_is_refused_before_any_network() {
    let door = Door::with(Backend::Sqlite, "").await;
    door.stage.dev().faults().until_cleared(Fault::Down);
    for (text, says) in [
        (format!("eip155:1:{EVM}"), "leave out all up to the last colon"),
        (format!(" {EVM}"), "blanks"),
        (format!("{EVM} "), "blanks"),
        ("alice\u{1b}.near".to_owned(), "control characters"),
        (EVM[2..].to_owned(), "has not the digits"),
        (EVM[2..].to_lowercase(), "has not the digits"),
        (EVM[..41].to_owned(), "has not the digits"),
        (EVM[..41].to_lowercase(), "has not the digits"),
        ("hello world".to_owned(), "blanks"),
        ("ed25519:DcA2MzgpJbrUATQLLceocVckhhAqrkingax4oJ9kZ847".to_owned(), "is a public key"),
        ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi".to_owned(), "checksum"),
        ("XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8yuPT7y4xaEHi".to_owned(), "X-address"),
        ("Alice.near".to_owned(), "is no address"),
    ] {
        let body = json!({ "address": text });
        let refused = door.post("/v1/profiles/lookup", &body).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/address"], "{text:?}");
        let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains(says) && detail.contains("40 hexadecimal digits (EVM)"),
            "{text:?}: {detail}"
        );
        assert!(!detail.contains(&text));
    }
    let nul = json!({ "address": format!("{EVM}\0") });
    let refused = door.post("/v1/profiles/lookup", &nul).send().await.problem(422, "invalid_fields");
    assert_eq!(refused.pointers(), ["/address"]);
    assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("NUL"));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_type_without_a_proof_is_known_and_refused() {
    let door = Door::with(Backend::Sqlite, "").await;
    let user = User::with(WalletType::FaceSign);
    // As such wallets are inserted: address and key are one key. The official SDK would take this for proven.
    let typed = |mut body: Value, name: &str, wallet_type: &str| {
        body[name]["type"] = json!(wallet_type);
        body
    };
    let grant = json!({ "owner": owner(&user) });
    for (path, name, body) in [
        ("/v1/profiles", "wallet", new_profile(&user)),
        ("/v1/wallets", "wallet", super::door::new_wallet(&user, &user)),
        ("/v1/wallets/challenge", "wallet", json!({ "userId": user.id, "wallet": owner(&user) })),
        ("/v1/wallet-links", "wallet", json!({ "userId": user.id, "wallet": owner(&user) })),
        ("/v1/write-grants", "owner", grant),
    ] {
        for (wallet_type, says) in
            [("MM", "no proof is defined for this wallet type"), ("Xyzzy", "must be EVM")]
        {
            let sent = door.make(path, &typed(body.clone(), name, wallet_type)).send().await;
            let refused = sent.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [format!("/{name}/type")], "{path}");
            let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(says), "{detail}");
        }
    }
    door.close().await;
}

on_both_databases! {
    async fn addresses_are_found_whatever_their_type(backend) {
        let door = Door::open(backend).await;
        for wallet_type in WalletType::ALL {
            let user = door.user(wallet_type).await;
            let address = user.wallet.address();
            let mut spellings = vec![address.clone()];
            if wallet_type == WalletType::Evm {
                spellings.extend([address.to_lowercase(), address.to_uppercase()]);
            }
            for spelling in spellings {
                let body = json!({ "address": spelling });
                let found = door.post("/v1/profiles/lookup", &body).send().await.expect(200);
                assert_eq!(found.json(), json!({ "exists": true }), "{wallet_type} {spelling}");
            }
        }
        for nobody in [EVM, "hello", "alice.near", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"] {
            let found = door.post("/v1/profiles/lookup", &json!({ "address": nobody })).send().await.expect(200);
            assert_eq!(found.json(), json!({ "exists": false }), "{nobody}");
        }
        door.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_address_of_a_known_type_is_named() {
    let door = Door::with(Backend::Sqlite, "").await;
    for (wallet_type, bad, says) in [
        (WalletType::Evm, &EVM[..41], "40 hexadecimal digits"),
        (WalletType::Near, "Alice.near", "NEAR account id"),
        (WalletType::Xrpl, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi", "checksum"),
        (WalletType::Stellar, "hello", "G… address"),
        (WalletType::FaceSign, "abc", "64 hexadecimal digits"),
    ] {
        let user = User::with(wallet_type);
        let check = |answer: super::door::Answer, pointer: &str| {
            let refused = answer.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [pointer], "{wallet_type}");
            let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(says) && !detail.contains(bad), "{detail}");
        };
        let mut profile = new_profile(&user);
        profile["wallet"]["address"] = json!(bad);
        check(door.make("/v1/profiles", &profile).send().await, "/wallet/address");

        let mut wrong = owner(&user);
        wrong["address"] = json!(bad);
        check(door.post("/v1/write-grants", &json!({ "owner": wrong })).send().await, "/owner/address");

        let offer =
            door.post("/v1/write-grants", &json!({ "owner": owner(&user) })).send().await.expect(200).json();
        let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
        let grant: Value = json!({ "grant": offer["grant"], "owner": wrong, "signature": signature });
        check(door.post("/v1/write-grants/check", &grant).send().await, "/owner/address");
        let submission = kyc(user.id, json!({ "by": "write_grant", "writeGrant": grant }));
        check(door.make("/v1/issuances", &submission).send().await, "/delivery/writeGrant/owner/address");
    }
    door.close().await;
}
