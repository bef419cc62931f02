//! What callers usually do, from beginning to end.

use std::time::{Duration, Instant};

use idos_issuer::model::audit::AuditAction;
use idos_wallet::WalletType;
use serde_json::json;

use super::door::{Door, Form, inserter, kyc, kyc_in_parts, owner};
use crate::support::service::{Backend, audit_holds, audit_names};
use crate::support::{User, example};

on_both_databases! {
    async fn from_nothing_to_a_revoked_and_erased_credential(backend) {
        let door = Door::open(backend).await;
        let user = User::with(WalletType::Near);
        let by_address = json!({ "address": user.wallet.address() });
        let by_user = json!({ "userId": user.id });
        for body in [&by_address, &by_user] {
            let found = door.post("/v1/profiles/lookup", body).send().await.expect(200);
            assert_eq!(found.json(), json!({ "exists": false }));
        }
        door.create_profile(&user).await;
        let found = door.post("/v1/profiles/lookup", &by_address).send().await.expect(200);
        assert_eq!(found.json(), json!({ "exists": true }));
        let found = door.post("/v1/profiles/lookup", &by_user).send().await.expect(200).json();
        assert_eq!(found["encryptionPublicKey"], user.secret.public().to_base64());
        assert_eq!((&found["userId"], &found["passwordStore"]), (&json!(user.id), &json!("user")));

        let wanted = json!({ "owner": owner(&user), "validForSeconds": 3600, "lockedUntil": "2027-01-01T00:00:00Z" });
        let offer = door.post("/v1/write-grants", &wanted).send().await.expect(200).json();
        assert_eq!(offer["grant"]["accessGrantTimelock"], "2027-01-01T00:00:00Z");
        let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
        let grant = json!({ "grant": offer["grant"], "owner": owner(&user), "signature": signature });
        let checked = door.post("/v1/write-grants/check", &grant).send().await.expect(200).json();
        assert_eq!(checked, json!({ "valid": true, "usableUntil": offer["grant"]["notAfter"] }));

        let mut submission = kyc_in_parts(user.id, json!({ "by": "write_grant", "writeGrant": grant }));
        submission["contact"] = json!({ "email": "Ana@Example.com", "locale": "pt" });
        submission["reference"] = json!("case-7");
        let form = Form::new("x")
            .part("submission", "application/json", submission.to_string())
            .part("passport", "image/jpeg", std::fs::read(example("passport.jpg")).unwrap())
            .part("selfie", "image/jpeg", std::fs::read(example("selfie.jpg")).unwrap());
        let media = form.media();
        let made = door
            .call("POST", "/v1/issuances")
            .idempotent("submission-1")
            .body(&media, form.end())
            .send()
            .await
            .expect(202);
        assert_eq!(made.json()["state"], "queued");
        assert_eq!(made.json()["level"], "basic+liveness+email");
        assert!(made.header("idempotency-replayed").is_none());
        let place = made.header("location").unwrap().to_owned();
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(place, format!("/v1/issuances/{id}"));

        let issued = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
        assert_eq!(issued["state"], "issued", "{issued:#}");
        assert!(issued["transaction"]["hash"].is_string() && issued["copyId"].is_string());
        assert_eq!((&issued["hasContact"], &issued["reference"]), (&json!(true), &json!("case-7")));
        assert_eq!(issued["validUntil"], "2040-01-20T00:00:00.000Z");
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 2);

        for query in ["", "?state=issued&kind=kyc&reference=case-7&limit=1", "?createdFrom=2020-01-01T00:00:00Z"] {
            let list = door.get(format!("/v1/issuances{query}")).send().await.expect(200).json();
            assert_eq!(list, json!({ "items": [issued] }), "{query}");
        }
        for query in ["?state=failed", "?kind=personhood", "?reference=other", "?createdBefore=2020-01-01T00:00:00Z"] {
            let list = door.get(format!("/v1/issuances{query}")).send().await.expect(200).json();
            assert_eq!(list, json!({ "items": [] }), "{query}");
        }
        let found = door.post("/v1/contacts/lookup", &json!({ "email": "ana@example.com" })).send().await.expect(200);
        assert_eq!(found.json(), json!({ "issuances": [id] }));
        let none = door.post("/v1/contacts/lookup", &json!({ "email": "eva@example.com" })).send().await.expect(200);
        assert_eq!(none.json(), json!({ "issuances": [] }));

        let events = door.get("/v1/events?type=issuance.issued").send().await.expect(200).json();
        let event = &events["items"][0];
        assert_eq!(event["data"]["issuanceId"], json!(id), "{events:#}");
        let again = format!("/v1/events/{}/replay", event["id"].as_str().unwrap());
        assert_eq!(door.call("POST", again).send().await.expect(202).json(), *event);

        door.call("POST", format!("{place}/revoke")).send().await.expect(202);
        let revoked = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
        assert_eq!(revoked["state"], "revoked", "{revoked:#}");
        assert_eq!(revoked["revocation"]["confirmedBy"], "read_back");
        let again = door.post(format!("{place}/revoke"), &json!({})).send().await.expect(202);
        assert_eq!(again.json()["state"], "revoked");

        let trail = door.get(format!("{place}/audit")).send().await.expect(200).json();
        let acts: Vec<_> = trail["items"].as_array().unwrap().iter().map(|entry| entry["act"].clone()).collect();
        for act in [AuditAction::Received, AuditAction::Sealed, AuditAction::Issued, AuditAction::EventReplayed, AuditAction::RevokeRequested, AuditAction::Revoked] {
            assert!(acts.contains(&json!(act.as_str())), "{act} is not in {acts:?}");
        }

        for _ in 0..2 {
            let erased = door.delete(&place).send().await.expect(200).json();
            assert_eq!((&erased["state"], &erased["hasContact"]), (&json!("erased"), &json!(false)));
            assert_eq!(erased.get("reference"), None);
            // What was done about it is written down still, and nobody can say that it was done about this one.
            let trail = door.get(format!("{place}/audit")).send().await.expect(200).json();
            assert_eq!(trail, json!({ "items": [] }));
            assert!(!audit_names(&door.app.store, &id).await);
        }
        let none = door.post("/v1/contacts/lookup", &json!({ "email": "ana@example.com" })).send().await.expect(200);
        assert_eq!(none.json(), json!({ "issuances": [] }));
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn lists_go_on_where_they_stopped(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        let mut made = Vec::new();
        for _ in 0..5 {
            let issuance = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202).json();
            assert_eq!(issuance["state"], "awaiting_profile");
            made.insert(0, issuance["id"].clone());
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for rest in [2, 1, 0] {
            let list = door.get(format!("/v1/issuances?limit=2{cursor}")).send().await.expect(200).json();
            seen.extend(list["items"].as_array().unwrap().iter().map(|issuance| issuance["id"].clone()));
            assert_eq!(list.get("nextCursor").is_some(), rest > 0);
            cursor = format!("&cursor={}", list["nextCursor"].as_str().unwrap_or_default());
        }
        assert_eq!(seen, made);
        door.close().await;
    }

    async fn what_waits_for_a_grant_is_resumed_with_it(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let personhood = json!({
            "userId": user.id, "kind": "personhood", "delivery": { "by": "write_grant" },
            "evidence": { "approvedAt": "2026-01-20", "subject": { "faceSignUserId": "5cf8c0a7" } }
        });
        let made = door.make("/v1/issuances", &personhood).send().await.expect(202);
        let place = made.header("location").unwrap().to_owned();
        let waiting = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
        assert_eq!((&waiting["state"], &waiting["kind"]), (&json!("awaiting_grant"), &json!("personhood")));
        assert!(waiting["waitsUntil"].is_string());

        let resume = format!("{place}/resume");
        let missing = door.call("POST", &resume).send().await.problem(422, "invalid_fields");
        assert_eq!(missing.pointers(), ["/writeGrant"]);
        door.post(format!("{place}/revoke"), &json!({})).send().await.problem(409, "state_conflict");

        let offer = door.post("/v1/write-grants", &json!({ "owner": owner(&user) })).send().await.expect(200).json();
        let mut grant = json!({ "grant": offer["grant"], "owner": owner(&user), "signature": "0x00" });
        let wrong = door.post(&resume, &json!({ "writeGrant": grant })).send().await.problem(422, "invalid_fields");
        assert_eq!(wrong.pointers(), ["/writeGrant/signature"]);
        grant["signature"] = json!(user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]));
        door.post(&resume, &json!({ "writeGrant": grant })).send().await.expect(202);
        let issued = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
        assert_eq!(issued["state"], "issued", "{issued:#}");
        door.post(&resume, &json!({})).send().await.problem(409, "state_conflict");
        door.close().await;
    }

    async fn who_waits_hears_of_a_change_at_once_and_is_let_go_in_time(backend) {
        let door = Door::open(backend).await;
        let user = User::with(WalletType::Evm);
        let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202);
        let place = made.header("location").unwrap().to_owned();

        let started = Instant::now();
        let still = door.get(format!("{place}?wait=1")).send().await.expect(200).json();
        assert_eq!(still["state"], "awaiting_profile");
        assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&started.elapsed()));

        // Erasing is a change that this process makes.
        let waiting = door.get(format!("{place}?wait=60")).send();
        let erasing = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            door.delete(&place).send().await.expect(200);
            Instant::now()
        };
        let (heard, erased) = tokio::join!(async { (waiting.await, Instant::now()) }, erasing);
        assert_eq!(heard.0.expect(200).json()["state"], "erased");
        assert!(heard.1 < erased + Duration::from_millis(800), "before it would look by itself");
        door.close().await;
    }

    async fn who_waits_is_answered_when_the_service_stops(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202);
        let waiting = door.get(format!("{}?wait=60", made.header("location").unwrap())).send();
        let stopping = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            door.stop();
        };
        let started = Instant::now();
        let (answer, ()) = tokio::join!(waiting, stopping);
        assert_eq!(answer.expect(200).json()["state"], "awaiting_profile");
        assert!(started.elapsed() < Duration::from_secs(10));
        door.close().await;
    }
}

/// Notes are what consumers filter by: with an id and a status always, and of documents only what the operator asked for.
/// Whether a credential was sealed in the request or waited for the profile, its notes are the same.
#[tokio::test(flavor = "multi_thread")]
async fn public_notes_say_what_the_operator_wants() {
    let usual = Door::open(Backend::Sqlite).await;
    let settings = "[notes]\nkyc_type = \"KYC DATA\"\npersonhood_type = \"PoP\"\ndocuments = true\n";
    let talkative = Door::with(Backend::Sqlite, settings).await.working();
    for (door, types, documents) in [(&usual, ["kyc", "pop"], false), (&talkative, ["KYC DATA", "PoP"], true)]
    {
        let (there, late) = (door.user(WalletType::Evm).await, User::with(WalletType::Near));
        let mut waits = Vec::new();
        for user in [&there, &late] {
            let mut result = kyc(user.id, inserter());
            result["evidence"]["subject"]["idDocumentDateOfExpiry"] = json!("2031-02-03");
            let mut person = kyc(user.id, inserter());
            person["kind"] = json!("personhood");
            person["evidence"]["subject"] = json!({ "faceSignUserId": "5cf8c0a7" });
            for submission in [result, person] {
                let made = door.make("/v1/issuances", &submission).send().await.expect(202);
                waits.push(made.header("location").unwrap().to_owned());
            }
        }
        door.create_profile(&late).await;
        for place in waits {
            let until = Instant::now() + Duration::from_mins(1);
            while door.get(format!("{place}?wait=5")).send().await.expect(200).json()["state"] != "issued" {
                assert!(Instant::now() < until);
            }
        }
        let rows = door.stage.node.credentials().await.unwrap();
        assert_eq!(rows.len(), 4);
        for row in rows {
            let notes: serde_json::Value = serde_json::from_str(&row.public_notes).unwrap();
            assert_eq!(notes["status"], "approved", "{notes}");
            assert_eq!(notes["id"].as_str().unwrap().len(), 36, "{notes}");
            let is_kyc = notes["level"] != "human";
            assert_eq!(notes["type"], types[usize::from(!is_kyc)], "{notes}");
            if documents && is_kyc {
                let identity = json!({ "type": "PASSPORT", "dateOfExpiry": "2031-02-03T00:00:00.000Z" });
                assert_eq!(notes["proofOfIdentity"], identity);
            } else {
                assert_eq!(notes.as_object().unwrap().len(), 5, "{notes}");
                assert!(!row.public_notes.contains("PASSPORT"), "{notes}");
            }
        }
    }
    usual.close().await;
    talkative.close().await;
}
