//! Attributes: what is sensitive only the user can read, and what looks like personal data is not taken in the clear.

use idos_client::Signer;
use idos_client::actions::GetAttributes;
use idos_credential::sealing::SEALED_TEXT;
use idos_devnode::{Fault, Switch};
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use sqlx::Connection as _;
use uuid::Uuid;

use super::door::{Answer, Door, inserter, kyc, new_profile};
use crate::support::{User, id};

fn attribute(user: Uuid, key: &str, value: &str, sensitive: &str) -> Value {
    json!({ "userId": user, "key": key, "value": value, "sensitive": sensitive })
}

/// Asks until it is settled.
async fn settled(door: &Door, made: &Answer) -> Value {
    door.get(format!("{}?wait=30", made.header("location").unwrap())).send().await.expect(200).json()
}

/// What the user reads of their own attributes: id, key, value.
async fn of_user(door: &Door, user: &User) -> Vec<(String, String, String)> {
    let (client, holder) = (door.app.idos().await.unwrap(), Signer::from(user.wallet.clone()));
    let rows = client.call(&holder, &GetAttributes {}).await.unwrap();
    rows.into_iter().map(|row| (row.id.to_string(), row.attribute_key, row.value)).collect()
}

fn opened(user: &User, text: &str) -> String {
    String::from_utf8(user.secret.open_text(text).unwrap().to_vec()).unwrap()
}

async fn rows(door: &Door, statement: &str) -> Vec<Option<String>> {
    let mut connection = sqlx::AnyConnection::connect(&door.stage.database.url).await.unwrap();
    let rows: Vec<(Option<String>,)> =
        sqlx::query_as(sqlx::AssertSqlSafe(statement.to_owned())).fetch_all(&mut connection).await.unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

on_both_databases! {
    async fn what_is_sensitive_is_for_the_user_alone(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let cases = [
            ("memberTier", "gold", "none"),
            ("contactEmail", "ana@example.com", "value"),
            ("dateOfBirth", "1990-02-14", "key_and_value"),
            ("größe", "１７５ ✓", "key_and_value"),
        ];
        let mut made = Vec::new();
        for (key, value, sensitive) in cases {
            let answer = door.make("/v1/attributes", &attribute(user.id, key, value, sensitive)).send().await.expect(202);
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!text.contains(value) && !text.contains(key), "{text}");
            let shown = settled(&door, &answer).await;
            assert_eq!((&shown["state"], &shown["sensitive"]), (&json!("created"), &json!(sensitive)));
            assert!(shown["transaction"]["hash"].is_string());
            made.push(shown);
        }
        let there = of_user(&door, &user).await;
        assert_eq!(there.len(), cases.len());
        for ((key, value, sensitive), shown) in cases.iter().zip(&made) {
            let (_, their_key, their_value) = there.iter().find(|(id, ..)| *id == shown["attributeId"]).unwrap();
            assert_eq!(their_key.starts_with(SEALED_TEXT), *sensitive == "key_and_value");
            assert_eq!(their_value.starts_with(SEALED_TEXT), *sensitive != "none");
            let read = |text: &str| if text.starts_with(SEALED_TEXT) { opened(&user, text) } else { text.to_owned() };
            assert_eq!((read(their_key).as_str(), read(their_value).as_str()), (*key, *value));
        }
        // Nothing of them is kept, not even locked.
        assert_eq!(rows(&door, "SELECT locked FROM attribute").await, vec![None; cases.len()]);
        // Nobody else's, and not by every key.
        let location = format!("/v1/attributes/{}", made[0]["id"].as_str().unwrap());
        let other = door.key_of("other", Scope::ALL).await;
        door.get(&location).key(&other).send().await.problem(404, "not_found");
        door.call("POST", format!("{location}/resume")).key(&other).send().await.problem(404, "not_found");
        door.call("POST", format!("{location}/resume")).send().await.problem(409, "state_conflict");
        let reader = door.key_of("acme", &[Scope::ProfilesRead, Scope::WalletsWrite]).await;
        door.get(&location).key(&reader).send().await.expect(200);
        let new = attribute(user.id, "a", "b", "none");
        door.make("/v1/attributes", &new).key(&reader).send().await.problem(403, "forbidden");
        door.close().await;
    }

    async fn the_same_request_is_one_attribute(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Near).await;
        let new = attribute(user.id, "contactEmail", "ana@example.com", "value");
        let first = door.post("/v1/attributes", &new).idempotent("one").send().await.expect(202);
        let again = door.post("/v1/attributes", &new).idempotent("one").send().await.expect(202);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.json()["id"], again.json()["id"]);
        let other = attribute(user.id, "contactEmail", "eva@example.com", "value");
        door.post("/v1/attributes", &other).idempotent("one").send().await.problem(422, "idempotency_key_reused");
        door.post("/v1/attributes", &new).send().await.problem(400, "idempotency_key_missing");
        assert_eq!(settled(&door, &first).await["state"], "created");
        assert_eq!(of_user(&door, &user).await.len(), 1);
        door.close().await;
    }

    async fn what_looks_like_a_person_is_not_taken_in_the_clear(backend) {
        let door = Door::with(backend, "[http]\nrequests_per_second = 10000\nburst = 10000").await;
        let user = User::with(WalletType::Evm);
        crate::support::create_profile(door.app.idos().await.unwrap(), &door.app.keys.first().signer(), &user).await.unwrap();
        for (key, value, what) in [
            ("note", "ana@example.com", "an e-mail address"),
            ("note", "call +351 912 345 678", "a phone number"),
            ("note", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "a document number"),
            ("note", "L01X00T47", "a document number"),
            ("note", "DE89 3704 0044 0532 0130 00", "the number of a bank account or card"),
            ("note", "1990-02-14", "a date of birth"),
            ("note", "{\"mail\":\"ana\\u0040example.com\"}", "an e-mail address"),
            ("firstName", "Ana", "a person's name"),
            ("user_phone", "912345678", "a phone number"),
            ("street", "Rua Augusta 1", "a postal address"),
        ] {
            for sensitive in ["none"] {
                let refused = door.make("/v1/attributes", &attribute(user.id, key, value, sensitive)).send().await
                    .problem(422, "invalid_fields");
                assert_eq!(refused.pointers(), ["/value"], "{value}");
                let text = String::from_utf8_lossy(&refused.body).into_owned();
                assert!(text.contains(what) && !text.contains(value), "{text}");
            }
            for sensitive in ["value", "key_and_value"] {
                door.make("/v1/attributes", &attribute(user.id, key, value, sensitive)).send().await.expect(202);
            }
        }
        for sensitive in ["none", "value"] {
            let refused = door.make("/v1/attributes", &attribute(user.id, "of ana@example.com", "gold", sensitive)).send().await
                .problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/key"]);
        }
        door.make("/v1/attributes", &attribute(user.id, "of ana@example.com", "gold", "key_and_value")).send().await.expect(202);
        // Whatever waits is locked.
        let kept = rows(&door, "SELECT locked FROM attribute").await;
        assert_eq!(kept.len(), 21);
        assert!(kept.iter().all(|locked| locked.as_ref().is_some_and(|locked| locked.starts_with("v1."))));
        let malformed = json!({ "userId": "x", "key": "", "value": "x".repeat(16_385), "sensitive": "maybe", "more": 1 });
        let refused = door.make("/v1/attributes", &malformed).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["", "/userId", "/key", "/value", "/sensitive"]);
        door.close().await;
    }

    async fn who_has_no_profile_gets_none(backend) {
        let door = Door::with(backend, "").await;
        let new = |user| attribute(user, "tier", "gold", "value");
        let refused = door.make("/v1/attributes", &new(id())).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/userId"]);
        // On its way: the same again is taken later.
        let user = User::with(WalletType::Evm);
        let profile = door.make("/v1/profiles", &new_profile(&user)).send().await.expect(202);
        let not_yet = door.post("/v1/attributes", &new(user.id)).idempotent("one").send().await.problem(409, "state_conflict");
        assert_eq!(not_yet.pointers(), ["/userId"]);
        let door = door.working();
        door.get(format!("{}?wait=30", profile.header("location").unwrap())).send().await.expect(200);
        let made = door.post("/v1/attributes", &new(user.id)).idempotent("one").send().await.expect(202);
        assert_eq!(settled(&door, &made).await["state"], "created");
        // Without the node nothing can be encrypted; what is not to be waits for it.
        door.stage.dev().faults().set(Switch {
            fault: Fault::Down,
            method: None,
            action: None,
            next: None,
        });
        let away = door.make("/v1/attributes", &new(user.id)).send().await.problem(503, "node_unavailable");
        assert!(away.header("retry-after").is_some());
        let made = door.make("/v1/attributes", &attribute(user.id, "tier", "gold", "none")).send().await.expect(202);
        door.stage.dev().faults().clear();
        assert_eq!(settled(&door, &made).await["state"], "created");
        door.close().await;
    }

    async fn one_that_has_stopped_is_brought_on(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let refuse = |next| door.stage.dev().faults().set(Switch {
            fault: Fault::Refuse { code: Some(-201), message: Some("ERROR: Unauthorized inserter".to_owned()), transaction_code: Some(110) },
            method: Some("user.broadcast".to_owned()),
            action: Some("add_attribute_as_inserter".to_owned()),
            next: Some(next),
        });
        refuse(2);
        let mut made = Vec::new();
        for value in ["gold", "silver"] {
            let answer = door.make("/v1/attributes", &attribute(user.id, "tier", value, "value")).send().await.expect(202);
            let halted = settled(&door, &answer).await;
            assert_eq!((&halted["state"], &halted["halt"]["code"]), (&json!("halted"), &json!("not_an_inserter")));
            assert!(halted["halt"]["cure"].as_str().unwrap().contains("resume"));
            made.push(answer);
        }
        let location = made[0].header("location").unwrap();
        door.call("POST", format!("{location}/resume")).send().await.expect(202);
        assert_eq!(settled(&door, &made[0]).await["state"], "created");
        let wanted = json!({ "code": "not_an_inserter" });
        let resumed = door.post("/v1/attributes/resume", &wanted).send().await.expect(200).json();
        assert_eq!(resumed, json!({ "resumed": 1, "left": 0, "more": false }));
        assert_eq!(settled(&door, &made[1]).await["state"], "created");
        let mut values: Vec<_> = of_user(&door, &user).await.iter().map(|(_, _, value)| opened(&user, value)).collect();
        values.sort();
        assert_eq!(values, ["gold", "silver"]);
        door.close().await;
    }

    async fn whatever_else_everybody_reads_says_nothing_either(backend) {
        let door = Door::with(backend, "[notes]\ndocuments = true\n").await;
        let mut submission = kyc(id(), inserter());
        let subject = &mut submission["evidence"]["subject"];
        subject["residentialAddress"] = json!({
            "street": "Rua Augusta", "houseNumber": "1", "city": "Lisboa", "postalCode": "1100-048", "country": "PT",
            "proofCategory": "UTILITY_BILL", "proofDateOfIssue": "2026-01-02", "proofFile": { "base64": "/9j/4AAQSkZJRg==" },
        });
        door.make("/v1/issuances", &submission).send().await.expect(202);
        submission["evidence"]["subject"]["residentialAddress"]["proofCategory"] = json!("bill of ana@example.com");
        let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/evidence/subject/residentialAddress/proofCategory"]);
        assert!(!String::from_utf8_lossy(&refused.body).contains("ana@"));

        // What a wallet has signed is kept on the network, too.
        let user = User::with(WalletType::Evm);
        for (message, is_taken) in [("I am ana@example.com", false), ("Call me: +351 912 345 678", false), ("I own this", true)] {
            let mut profile = new_profile(&user);
            profile["wallet"]["message"] = json!(message);
            profile["wallet"]["signature"] = json!(user.wallet.sign_message(message, [9; 32]));
            let answer = door.make("/v1/profiles", &profile).send().await;
            if is_taken {
                answer.expect(202);
            } else {
                assert_eq!(answer.problem(422, "invalid_fields").pointers(), ["/wallet/message"]);
            }
        }
        door.close().await;
    }
}
