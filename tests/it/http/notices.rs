//! Notices and contacts over HTTP.

use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Door, inserter, kyc};

on_both_databases! {
    async fn a_contact_is_given_later_and_changed_and_notices_move_with_it(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202);
        let place = made.header("location").unwrap().to_owned();
        let issued = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
        assert_eq!((&issued["state"], &issued["hasContact"]), (&json!("issued"), &json!(false)));
        let notices = async || door.get(format!("{place}/notices")).send().await.expect(200).json();
        let change = async |body: Value| {
            door.call("PATCH", format!("{place}/contact")).body("application/json", body.to_string()).send().await
        };
        assert_eq!(notices().await, json!({ "items": [] }));

        change(json!({ "locale": "pt-BR" })).await.problem(422, "invalid_fields");
        for (body, pointer) in [
            (json!({}), ""),
            (json!({ "email": "Xyzzy" }), "/email"),
            (json!({ "locale": "Xyzzy" }), "/locale"),
            (json!({ "email": null }), "/email"),
            (json!({ "email": "a@b.example", "other": 1 }), ""),
        ] {
            let refused = change(body).await.problem(422, "invalid_fields");
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }

        let changed = change(json!({ "email": "ana@example.com", "locale": "en-GB" })).await.expect(200).json();
        assert_eq!(changed["hasContact"], true);
        let planned = notices().await;
        let days: Vec<_> = planned["items"].as_array().unwrap().iter().map(|it| it["days"].clone()).collect();
        assert_eq!(days, [30, 7, 1, 0]);
        assert_eq!(planned["items"][3]["dueAt"], "2040-01-20T09:00:00.000Z");
        change(json!({ "locale": "pt-BR" })).await.expect(200);
        assert_eq!(notices().await["items"][3]["dueAt"], "2040-01-19T12:00:00.000Z");
        let found = door.post("/v1/contacts/lookup", &json!({ "email": "Ana@example.com" })).send().await.expect(200);
        assert_eq!(found.json()["issuances"].as_array().unwrap().len(), 1);
        change(json!({ "email": "eva@example.com" })).await.expect(200);
        let found = door.post("/v1/contacts/lookup", &json!({ "email": "ana@example.com" })).send().await.expect(200);
        assert_eq!(found.json(), json!({ "issuances": [] }));

        // Nobody else's, and none that is forgotten.
        let other = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        door.get(format!("{place}/notices")).key(&other).send().await.problem(404, "not_found");
        door.delete(&place).send().await.expect(200);
        change(json!({ "email": "eva@example.com" })).await.problem(409, "state_conflict");
        let dropped = notices().await;
        for notice in dropped["items"].as_array().unwrap() {
            assert_eq!((&notice["state"], &notice["code"]), (&json!("dropped"), &json!("erased")));
        }
        door.close().await;
    }
}
