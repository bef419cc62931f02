//! KYC of version 3 and enhanced due diligence, from the request to the credential that a user holds.

use idos_credential::{AcceptedIssuer, Kind, verify};
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Answer, Door, Form, inserter, jpeg, kyc};
use crate::support::service::Backend;
use crate::support::{User, owned};

fn file() -> Value {
    json!({ "base64": "/9j/4AAQSkZJRg==" })
}

fn kyc_v3(user: &User) -> Value {
    json!({
        "userId": user.id,
        "kind": "kyc_v3",
        "evidence": {
            "approvedAt": "2026-01-20T09:30:00Z",
            "subject": {
                "person": {
                    "firstName": "Ana", "familyName": "Exemplo", "dateOfBirth": "1990-02-14", "nationality": "PT",
                    "refugeeStatus": false
                },
                "idDocument": {
                    "type": "PASSPORT", "number": "SP1", "country": "PT", "dateOfExpiry": "2041-01-20", "frontFile": file()
                },
                "contact": { "email": "ana@example.com" },
                "biometric": { "selfieFile": file(), "selfieMatch": 98.5 },
                "residentialAddress": {
                    "verified": true, "street": "Rua do Exemplo", "city": "Lisboa", "country": "PT",
                    "proofCategory": "UTILITY_BILL", "proofFile": file()
                },
                "sourceOfWealth": { "type": "SALARY", "sourceOfWealthProofFile": file() },
                "onboarding": {
                    "intendedUse": "INVESTING", "employmentStatus": "EMPLOYED",
                    "expectedMonthlyTransactionCount": "LESS_THAN_5",
                    "expectedMonthlyTransactionVolume": "LESS_THAN_500",
                    "expectedMonthlyTransactionVolumeCurrency": "EUR"
                }
            }
        },
        "delivery": inserter()
    })
}

fn edd(user: &User) -> Value {
    json!({
        "userId": user.id,
        "kind": "edd",
        "evidence": {
            "approvedAt": "2026-01-20T09:30:00Z",
            "subject": { "edd": { "occupation": "HEALTHCARE", "sourceOfFundsProofFile": file() } }
        },
        "delivery": inserter()
    })
}

/// What became of it: the issuance, the credential as the user reads it, the notes as everybody does.
async fn issued(door: &Door, user: &User, accepted: Answer) -> (Value, Value, Value) {
    let location = accepted.expect(202).header("location").unwrap().to_owned();
    let shown = door.get(format!("{location}?wait=30")).send().await.expect(200).json();
    assert_eq!(shown["state"], "issued", "{shown}");
    let id = shown["credentialId"].as_str().unwrap();
    let text = owned(door.app.idos().await.unwrap(), user, id.parse().unwrap()).await.unwrap();
    let now = door.app.clock.now();
    let issuer = AcceptedIssuer::of(door.app.keys.signing_at(now).unwrap().method.clone());
    let verified = verify(&text, &[issuer], now).unwrap();
    assert_eq!(verified.kind.as_str(), shown["kind"]);
    assert_eq!(
        (verified.level.as_str(), verified.level_supported),
        (shown["level"].as_str().unwrap(), Some(true))
    );
    let rows = door.stage.node.credentials().await.unwrap();
    let row = rows.iter().find(|row| row.id == id).unwrap();
    let notes = serde_json::from_str(&row.public_notes).unwrap();
    (shown, serde_json::from_slice(&text).unwrap(), notes)
}

#[tokio::test(flavor = "multi_thread")]
async fn version_3_is_issued_and_ends_with_the_document() {
    let door = Door::open(Backend::Sqlite).await;
    let user = door.user(WalletType::Evm).await;
    let accepted = door.make("/v1/issuances", &kyc_v3(&user)).send().await;
    let (shown, credential, notes) = issued(&door, &user, accepted).await;

    assert_eq!(
        (shown["kind"].as_str(), shown["level"].as_str()),
        (Some("kyc_v3"), Some("plus+liveness+email+sow+onboarding"))
    );
    assert_eq!(shown["validUntil"], "2041-01-20T00:00:00.000Z");
    assert_eq!(
        (&credential["kycLevel"], &credential["expirationDate"]),
        (&json!(3), &json!("2041-01-20T00:00:00.000Z"))
    );
    let subject = &credential["credentialSubject"];
    assert_eq!(subject["id"], format!("uuid:{}", user.id));
    assert_eq!(subject["personNationality"], "PT");
    assert_eq!(
        (&subject["biometricSelfieMatch"], &subject["personRefugeeStatus"]),
        (&json!(98.5), &json!(false))
    );
    assert!(subject["sourceOfWealthSourceOfWealthProofFile"].as_str().unwrap().starts_with("<~"));
    // What everybody reads: enough to be found, and nothing of a document.
    assert_eq!(notes["id"], shown["publicNotesId"]);
    assert_eq!(notes["kycLevel"], 3);
    let members: Vec<_> = notes.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["id", "issuer", "kycLevel", "level", "status", "type"]);
    assert_eq!((&notes["type"], &notes["status"]), (&json!("kyc"), &json!("approved")));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_as_parts_and_documents_stand_in_notes_where_they_are_wanted() {
    let door = Door::with(Backend::Sqlite, "[notes]\ndocuments = true\n").await.working();
    let user = door.user(WalletType::Evm).await;
    let mut submission = kyc_v3(&user);
    let subject = &mut submission["evidence"]["subject"];
    subject["idDocument"]["frontFile"] = json!({ "part": "passport" });
    subject["biometric"]["selfieFile"] = json!({ "part": "selfie" });
    subject["residentialAddress"]["proofDateOfIssue"] = json!("2025-12-01");
    let form = Form::new("XyZ")
        .part("submission", "application/json", submission.to_string())
        .part("passport", "image/jpeg", jpeg("passport"))
        .part("selfie", "image/jpeg", jpeg("selfie"));
    let media = form.media();
    let accepted = door.make("/v1/issuances", &json!(null)).body(&media, form.end()).send().await;
    let (_, credential, notes) = issued(&door, &user, accepted).await;
    let selfie = credential["credentialSubject"]["biometricSelfieFile"].as_str().unwrap();
    assert_eq!(idos_credential::base85::decode(selfie).unwrap(), jpeg("selfie"));
    assert_eq!(
        notes["proofOfIdentity"],
        json!({ "type": "PASSPORT", "dateOfExpiry": "2041-01-20T00:00:00.000Z" })
    );
    assert_eq!(
        notes["proofOfResidency"],
        json!({ "category": "UTILITY_BILL", "dateOfIssue": "2025-12-01T00:00:00.000Z" })
    );
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn due_diligence_is_issued_without_an_end() {
    let door = Door::open(Backend::Sqlite).await;
    let user = door.user(WalletType::Evm).await;
    let accepted = door.make("/v1/issuances", &edd(&user)).send().await;
    let (shown, credential, notes) = issued(&door, &user, accepted).await;
    assert_eq!((shown["kind"].as_str(), shown["level"].as_str()), (Some("edd"), Some("edd")));
    assert!(shown.get("validUntil").is_none());
    let members: Vec<_> = credential.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "@context",
            "approvedAt",
            "credentialSubject",
            "id",
            "issuanceDate",
            "issuer",
            "level",
            "proof",
            "type"
        ]
    );
    assert_eq!(
        (&notes["type"], &notes["level"], &notes["kycLevel"]),
        (&json!("edd"), &json!("edd"), &Value::Null)
    );

    let mut ending = edd(&user);
    ending["evidence"]["expiresAt"] = json!("2030-01-01");
    let refused = door.make("/v1/issuances", &ending).send().await.problem(422, "invalid_fields");
    assert_eq!(refused.pointers(), ["/evidence/expiresAt"]);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_pointed_at_in_its_section_and_all_at_once() {
    let door = Door::with(Backend::Sqlite, "[http]\nburst = 10000\n").await;
    let user = User::with(WalletType::Evm);
    for (at, value) in [
        ("/subject/person/nationality", json!("XK")),
        ("/subject/person/nationality", json!("UK")),
        ("/subject/person/gender", json!("Xyzzy")),
        ("/subject/person/dateOfBirth", json!("1990-02-14T12:00:00Z")),
        ("/subject/person/stateless", json!("Xyzzy")),
        ("/subject/person/ssn", json!("Xyzzy")),
        ("/subject/idDocument/country", json!("XK")),
        ("/subject/idDocument/type", json!("Xyzzy")),
        ("/subject/idDocument/number", json!("x".repeat(256))),
        ("/subject/idDocument/frontFile", json!("Xyzzy")),
        ("/subject/idDocument/frontFile", json!({ "part": "Xyzzy" })),
        ("/subject/idDocument/frontFile", json!({ "base64": "WHl6enk=" })),
        ("/subject/idDocument/dateOfExpiry", json!("2026-01-21")),
        ("/subject/contact/email", json!("Xyzzy")),
        ("/subject/contact/phoneNumber", json!("Xyzzy")),
        ("/subject/biometric/selfieMatch", json!(101)),
        ("/subject/biometric/selfieMatch", json!("Xyzzy")),
        ("/subject/residentialAddress/verified", json!(null)),
        ("/subject/residentialAddress/country", json!("ZZ")),
        ("/subject/sourceOfWealth/type", json!("Xyzzy")),
        ("/subject/onboarding/intendedUse", json!(7)),
        ("/subject/screening", json!([])),
        ("/subject/edd", json!({})),
        ("/subject/contact", json!({})),
        ("/subject", json!({ "firstName": "Xyzzy" })),
    ] {
        let mut submission = kyc_v3(&user);
        let (parent, name) = at.rsplit_once('/').unwrap();
        submission["evidence"].pointer_mut(parent).unwrap()[name] = value.clone();
        let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
        assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"), "{refused:?}");
        let expected = match at {
            "/subject" => vec![
                at.to_owned(),
                "/subject/id".into(),
                "/subject/person".into(),
                "/subject/idDocument".into(),
            ],
            at => vec![at.to_owned()],
        };
        let expected: Vec<_> =
            expected.iter().map(|at| format!("/evidence{at}")).filter(|at| !at.ends_with("/id")).collect();
        assert_eq!(refused.pointers(), expected, "{value}");
    }
    // A member that is not known is told of at its section; so is what is missing, and what cannot be read, together.
    let mut submission = kyc_v3(&user);
    let subject = &mut submission["evidence"]["subject"];
    subject["person"]["Xyzzy"] = json!(1);
    subject["person"].as_object_mut().unwrap().remove("dateOfBirth");
    subject["residentialAddress"].as_object_mut().unwrap().remove("proofFile");
    subject["onboarding"].as_object_mut().unwrap().remove("employmentStatus");
    subject["sourceOfWealth"]["yearlyGrossIncome"] = json!("LESS_THAN_20000");
    let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
    assert_eq!(
        refused.pointers(),
        [
            "/evidence/subject/person",
            "/evidence/subject/person/dateOfBirth",
            "/evidence/subject/residentialAddress/proofFile",
            "/evidence/subject/sourceOfWealth/yearlyGrossIncomeCurrency",
            "/evidence/subject/onboarding/employmentStatus"
        ]
    );
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_over_ends_no_credential() {
    let door = Door::with(Backend::Sqlite, "").await;
    let user = User::with(WalletType::Evm);
    let mut submission = kyc_v3(&user);
    submission["evidence"]["subject"]["idDocument"]["dateOfExpiry"] = json!("2026-01-21");
    let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
    assert_eq!(refused.pointers(), ["/evidence/subject/idDocument/dateOfExpiry"]);
    // Nobody makes it end later than the document.
    submission["evidence"]["expiresAt"] = json!("2040-01-01");
    let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
    assert_eq!(refused.pointers(), ["/evidence/subject/idDocument/dateOfExpiry"]);
    // But whoever issued the document may have extended it.
    submission["evidence"]["subject"]["idDocument"]["extendedValidUntil"] = json!("2039-01-01");
    let accepted = door.make("/v1/issuances", &submission).send().await.expect(202).json();
    assert_eq!(accepted["validUntil"], "2039-01-01T00:00:00.000Z");
    assert_eq!(accepted["validBy"], "document");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kyc_means_is_set_for_each_client_and_either_can_be_asked_for() {
    let settings = "[credentials]\nkyc_version_of = { acme = 3 }\n";
    let door = Door::with(Backend::Sqlite, settings).await;
    let other = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
    let (user, kinds) = (User::with(WalletType::Evm), |answer: Answer| answer.json()["kind"].clone());
    let asked = |kind: &str, body: &dyn Fn(&User) -> Value| {
        let mut submission = body(&user);
        submission["kind"] = json!(kind);
        submission
    };
    let flat = |user: &User| kyc(user.id, inserter());
    let (own, key) = (door.key.clone(), &other);
    for (key, kind, body, expected) in [
        (&own, "kyc", &kyc_v3 as &dyn Fn(&User) -> Value, "kyc_v3"),
        (&own, "kyc_v2", &flat, "kyc"),
        (&own, "kyc_v3", &kyc_v3, "kyc_v3"),
        (key, "kyc", &flat, "kyc"),
        (key, "kyc_v2", &flat, "kyc"),
        (key, "kyc_v3", &kyc_v3, "kyc_v3"),
    ] {
        let answer = door.make("/v1/issuances", &asked(kind, body)).key(key).send().await.expect(202);
        assert_eq!(kinds(answer), expected, "{kind}");
    }
    // The other version's evidence is told of by what is missing.
    let refused =
        door.make("/v1/issuances", &asked("kyc", &flat)).send().await.problem(422, "invalid_fields");
    let missing = ["/evidence/subject", "/evidence/subject/person", "/evidence/subject/idDocument"];
    assert_eq!(refused.pointers(), missing);
    let unknown =
        door.make("/v1/issuances", &asked("kyc_v1", &flat)).send().await.problem(422, "invalid_fields");
    assert_eq!(unknown.pointers(), ["/kind"]);

    // What is asked for in lists is what it has become.
    for (kind, count) in [("kyc", 1), ("kyc_v3", 2)] {
        let listed = door.get(format!("/v1/issuances?kind={kind}")).send().await.expect(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{kind}");
    }
    assert_eq!(Kind::of_kyc_version(3).unwrap().as_str(), "kyc_v3");
    door.close().await;
}
