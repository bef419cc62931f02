//! How long credentials are valid: the earliest of what bounds them, and which it was.

use idos_wallet::WalletType;
use serde_json::json;

use super::door::{Door, inserter, kyc};
use crate::support::User;
use crate::support::service::Backend;

on_both_databases! {
    async fn a_credential_ends_at_the_earliest_of_what_bounds_it_and_says_which(backend) {
        let settings = "[validity]\nterm = \"5y\"\nlevels = { basic = \"18m\" }\n";
        let door = Door::with(backend, settings).await;
        let user = User::with(WalletType::Evm);
        let approved = door.app.clock.now();
        let months = |months: i32| approved.plus_months(months).unwrap().to_string();
        for (risk, expires, document, until, by) in [
            (None, None, None, months(18), "level"),
            (Some("standard"), Some(months(20)), None, months(18), "level"),
            (Some("low"), Some(months(17)), None, months(17), "source"),
            (Some("high"), Some(months(17)), None, months(12), "risk"),
            // Credentials of version 2 say nothing of the document's end by themselves.
            (Some("high"), None, Some(&months(3)[..10]), months(12), "risk"),
        ] {
            let mut wanted = kyc(user.id, inserter());
            let evidence = wanted["evidence"].as_object_mut().unwrap();
            evidence.remove("expiresAt");
            evidence.insert("approvedAt".to_owned(), json!(approved.to_string()));
            if let Some(risk) = risk {
                evidence.insert("risk".to_owned(), json!(risk));
            }
            if let Some(expires) = &expires {
                evidence.insert("expiresAt".to_owned(), json!(expires));
            }
            if let Some(document) = document {
                evidence["subject"]["idDocumentDateOfExpiry"] = json!(document);
            }
            let made = door.make("/v1/issuances", &wanted).send().await.expect(202).json();
            assert_eq!((&made["validUntil"], &made["validBy"]), (&json!(until), &json!(by)), "{risk:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_have_ended_is_refused_by_what_ends_it() {
    let door = Door::with(Backend::Sqlite, "").await;
    let user = User::with(WalletType::Evm);
    for (change, pointer) in [
        (json!({ "approvedAt": "2020-01-31T00:00:00Z", "risk": "high" }), "/evidence/approvedAt"),
        (json!({ "expiresAt": "2026-02-01" }), "/evidence/expiresAt"),
        (json!({ "risk": "Xyzzy" }), "/evidence/risk"),
        (json!({ "risk": 5551 }), "/evidence/risk"),
    ] {
        let mut wanted = kyc(user.id, inserter());
        wanted["evidence"].as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = door.make("/v1/issuances", &wanted).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{refused:?}");
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        assert!(!text.contains("Xyzzy") && !text.contains("5551"), "{text}");
    }
}
