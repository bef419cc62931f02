//! What is refused, how, and where the finger points.

use idos_devnode::Fault;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Answer, Door, inserter, kyc, new_profile, owner};
use crate::support::User;
use crate::support::service::Backend;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_a_submission_is_said_at_once() {
    let door = Door::with(Backend::Sqlite, "").await;
    let submission = json!({
        "userId": "Xyzzy", "kind": "kyc", "Xyzzy": 1,
        "evidence": {
            "approvedAt": "Xyzzy", "expiresAt": 7,
            "subject": {
                "firstName": 7, "dateOfBirth": "Xyzzy", "idDocumentCountry": "PT", "idDocumentType": "Xyzzy",
                "idDocumentFrontFile": { "base64": "Xyzzy" }, "selfieFile": { "part": "Xyzzy" },
                "residentialAddress": { "street": "Xyzzy", "Xyzzy": 1 }
            }
        },
        "delivery": {
            "by": "write_grant", "copyFor": { "grantee": "Xyzzy" },
            "writeGrant": { "grant": { "id": "Xyzzy", "notBefore": "2026-01-02" }, "owner": { "type": "NEAR" } }
        },
        "contact": { "email": "Xyzzy", "locale": "Xyzzy" },
        "reference": "Xyzzy@example.com"
    });
    let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
    assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"), "{refused:?}");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    pointers.dedup();
    let (subject, grant) = ("/evidence/subject", "/delivery/writeGrant");
    let mut expected = vec![
        String::new(),
        "/contact/email".into(),
        "/contact/locale".into(),
        "/delivery/copyFor/encryptionPublicKey".into(),
        "/delivery/copyFor/grantee".into(),
        "/evidence/approvedAt".into(),
        "/evidence/expiresAt".into(),
        "/reference".into(),
        "/userId".into(),
    ];
    for name in ["id", "owner", "grantee", "issuerPublicKey", "accessGrantTimelock", "notBefore", "notAfter"]
    {
        expected.push(format!("{grant}/grant/{name}"));
    }
    for name in ["owner/address", "owner/publicKey", "signature"] {
        expected.push(format!("{grant}/{name}"));
    }
    for name in [
        "firstName",
        "dateOfBirth",
        "idDocumentNumber",
        "idDocumentType",
        "idDocumentFrontFile",
        "selfieFile",
        "residentialAddress",
        "residentialAddress/city",
        "residentialAddress/country",
        "residentialAddress/proofCategory",
        "residentialAddress/proofFile",
    ] {
        expected.push(format!("{subject}/{name}"));
    }
    expected.sort_unstable();
    assert_eq!(pointers, expected, "{refused:?}");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_fields_are_pointed_at_too() {
    let door = Door::with(Backend::Sqlite, "").await;
    let user = User::with(WalletType::Evm);
    let with = |pointer: &str, value: Value| {
        let mut submission = kyc(user.id, inserter());
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        submission.pointer_mut(parent).unwrap()[name] = value;
        submission
    };
    for (pointer, value, place) in [
        ("/evidence/subject/idDocumentCountry", json!("PRT"), "/evidence/subject/idDocumentCountry"),
        ("/evidence/subject/email", json!("no"), "/evidence/subject/email"),
        ("/evidence/subject/id", json!("uuid:1"), "/evidence/subject/id"),
        ("/evidence/approvedAt", json!("2090-01-01"), "/evidence/approvedAt"),
        ("/evidence/expiresAt", json!("2020-01-01"), "/evidence/expiresAt"),
        ("/delivery/by", json!("me"), "/delivery/by"),
        ("/delivery/writeGrant", json!({}), "/delivery"),
        ("/kind", json!("kyc2"), "/kind"),
        ("/userId", json!("9f51b3b2-4cbe-1c2b-8ea3-0b0c1b2f1a11"), "/userId"),
        ("/userId", json!("9f51b3b24cbe4c2b8ea30b0c1b2f1a11"), "/userId"),
    ] {
        let refused =
            door.make("/v1/issuances", &with(pointer, value)).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), [place]);
    }
    let mut personhood = kyc(user.id, inserter());
    personhood["kind"] = json!("personhood");
    personhood["evidence"]["subject"] = json!({ "faceSignUserId": "" });
    let refused = door.make("/v1/issuances", &personhood).send().await.problem(422, "invalid_fields");
    assert_eq!(refused.pointers(), ["/evidence/subject/faceSignUserId"]);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_not_proven_is_refused_before_any_network() {
    let door = Door::with(Backend::Sqlite, "").await;
    door.stage.dev().faults().until_cleared(Fault::Down);
    for wallet_type in WalletType::ALL {
        let user = User::with(wallet_type);
        door.make("/v1/profiles", &new_profile(&user)).send().await.expect(202);
        let with = |name: &str, value: Value| {
            let mut profile = new_profile(&user);
            profile["wallet"][name] = value;
            profile
        };
        let message = door.make("/v1/profiles", &with("message", json!("another text"))).send().await;
        assert_eq!(message.problem(422, "invalid_fields").pointers(), ["/wallet/signature"], "{wallet_type}");
        let signature = door.make("/v1/profiles", &with("signature", json!("Xyzzy"))).send().await;
        assert_eq!(signature.clone().problem(422, "invalid_fields").pointers(), ["/wallet/signature"]);
        assert!(!String::from_utf8_lossy(&signature.body).contains("Xyzzy"));
        if wallet_type != WalletType::Evm {
            let mut keyless = new_profile(&user);
            keyless["wallet"].as_object_mut().unwrap().remove("publicKey");
            let keyless = door.make("/v1/profiles", &keyless).send().await.problem(422, "invalid_fields");
            assert_eq!(keyless.pointers(), ["/wallet/publicKey"]);
        }
    }
    let user = User::with(WalletType::Evm);
    let mut profile = new_profile(&user);
    profile["encryptionPublicKey"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    profile["passwordStore"] = json!("elsewhere");
    let refused = door.make("/v1/profiles", &profile).send().await.problem(422, "invalid_fields");
    assert_eq!(refused.pointers(), ["/encryptionPublicKey", "/passwordStore"]);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_does_not_hold_is_pointed_at() {
    let door = Door::with(Backend::Sqlite, "").await;
    let user = User::with(WalletType::Evm);
    let offer =
        door.post("/v1/write-grants", &json!({ "owner": owner(&user) })).send().await.expect(200).json();
    let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
    let grant = json!({ "grant": offer["grant"], "owner": owner(&user), "signature": signature });
    let stranger = User::with(WalletType::Evm);
    for (pointer, value, place) in [
        ("/grant/notAfter", json!("2026-01-01T00:00:00Z"), "/grant/notAfter"),
        ("/grant/notBefore", json!("2099-01-01T00:00:00Z"), "/grant/notAfter"),
        ("/grant/issuerPublicKey", json!("00"), "/grant/issuerPublicKey"),
        ("/grant/owner", json!(stranger.wallet.address()), "/grant/owner"),
        ("/grant/id", json!(crate::support::id()), "/signature"),
        ("/grant/accessGrantTimelock", json!("2026-01-01T00:00:00z"), "/grant/accessGrantTimelock"),
        ("/signature", json!("0x00"), "/signature"),
        ("/owner/type", json!("evm"), "/owner/type"),
    ] {
        let mut wrong = grant.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let refused = door.post("/v1/write-grants/check", &wrong).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), [place], "{pointer}");
        let delivery = json!({ "by": "write_grant", "writeGrant": wrong });
        let submission = kyc(crate::support::id(), delivery);
        let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), [format!("/delivery/writeGrant{place}")]);
    }
    for (name, value) in [
        ("validForSeconds", json!(299)),
        ("validForSeconds", json!(2_592_001)),
        ("validForSeconds", json!(300.5)),
        ("validForSeconds", json!("300")),
        ("validForSeconds", json!(-300)),
        ("lockedUntil", json!("soon")),
        ("grantee", json!("ABC")),
        ("owner", json!({})),
    ] {
        let mut wanted = json!({ "owner": owner(&user) });
        wanted[name] = value;
        let refused = door.post("/v1/write-grants", &wanted).send().await.problem(422, "invalid_fields");
        assert!(refused.pointers()[0].starts_with(&format!("/{name}")), "{refused:?}");
    }
    let whole = json!({ "owner": owner(&user), "validForSeconds": 300.0 });
    door.post("/v1/write-grants", &whole).send().await.expect(200);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_read_strictly() {
    let door = Door::with(Backend::Sqlite, "").await;
    for (query, parameter) in [
        ("state=Issued", "state"),
        ("kind=", "kind"),
        ("reference=a%20b", "reference"),
        ("createdFrom=yesterday", "createdFrom"),
        ("createdBefore=2026-13-01", "createdBefore"),
        ("cursor=iss_1", "cursor"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=1&limit=2", "limit"),
    ] {
        let refused = door.get(format!("/v1/issuances?{query}")).send().await.problem(400, "invalid_request");
        assert_eq!(refused.json()["errors"][0]["parameter"], parameter, "{query}");
    }
    for wait in ["-1", "601", "1.5", "x", ""] {
        let path = format!("/v1/issuances/iss_01ARZ3NDEKTSV4RRFFQ69G5FAV?wait={wait}");
        door.get(path).send().await.problem(400, "invalid_request");
    }
    let refused = door.get("/v1/events?type=other&limit=x").send().await.problem(400, "invalid_request");
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 2);
    let unknown = door.get("/v1/events?Xyzzy=1").send().await.problem(400, "invalid_request");
    assert!(!String::from_utf8_lossy(&unknown.body).contains("Xyzzy"));
    for id in ["x", "iss_", "prf_01ARZ3NDEKTSV4RRFFQ69G5FAV", "iss_01ARZ3NDEKTSV4RRFFQ69G5FA%00", "%C3%A9"] {
        door.get(format!("/v1/issuances/{id}")).send().await.problem(404, "not_found");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_are_not_there() {
    let door = Door::with(Backend::Sqlite, "").await;
    for path in ["/", "/v1", "/v1/issuances/", "/V1/issuances", "/v1/issuances/a/b/c", "/v1/%2e%2e/livez"] {
        door.get(path).send().await.problem(404, "not_found");
    }
    for (method, path, allowed) in [
        ("PUT", "/v1/issuances", "GET,HEAD,POST"),
        ("GET", "/v1/profiles", "POST"),
        ("OPTIONS", "/v1/issuances", "GET,HEAD,POST"),
        ("TRACE", "/livez", "GET,HEAD"),
        ("XYZZY", "/v1/issuances/iss_1", "GET,HEAD,DELETE"),
    ] {
        let refused = door.call(method, path).send().await.problem(405, "method_not_allowed");
        let mut there: Vec<_> = refused.header("allow").unwrap().split(',').collect();
        let mut wanted: Vec<_> = allowed.split(',').collect();
        there.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(there, wanted, "{method} {path}");
    }
    let head = door.call("HEAD", "/v1/issuances").send().await.expect(200);
    assert!(head.body.is_empty());
    let head = door.call("HEAD", "/v1/issuances").key("").send().await.expect(401);
    assert!(head.body.is_empty());
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids_are_the_callers_if_they_are_plain() {
    let door = Door::with(Backend::Sqlite, "").await;
    let own = "a.B-9_".to_owned() + &"x".repeat(58);
    let answer = door.get("/livez").header("X-Request-Id", &own).send().await;
    assert_eq!(answer.header("x-request-id"), Some(own.as_str()));
    for id in ["", "a b", "a\"b", &"x".repeat(65), "\u{e9}"] {
        let answer = door.get("/livez").header("X-Request-Id", id).send().await;
        assert_eq!(answer.header("x-request-id").map(str::len), Some(32), "{id}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_away_or_refuses_is_told_apart() {
    let door = Door::with(Backend::Sqlite, "").await;
    let wanted = json!({ "address": "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1" });
    door.post("/v1/profiles/lookup", &wanted).send().await.expect(200);
    door.get("/readyz").send().await.expect(200);
    door.stage.dev().faults().until_cleared(Fault::Down);
    let away = door.post("/v1/profiles/lookup", &wanted).send().await.problem(503, "node_unavailable");
    assert_eq!(away.header("retry-after"), Some("5"));
    tokio::time::sleep(std::time::Duration::from_millis(3100)).await;
    let broken = door.get("/readyz").send().await.problem(503, "not_ready");
    assert_eq!(broken.json()["detail"], "What does not work: the idOS node.");
    door.get("/livez").send().await.expect(200);

    door.stage.dev().faults().clear();
    let refuse = Fault::Refuse { code: Some(-32602), message: None, transaction_code: None };
    door.stage.dev().faults().until_cleared(refuse);
    door.post("/v1/profiles/lookup", &wanted).send().await.problem(502, "node_refused");
    door.close().await;
}

on_both_databases! {
    async fn without_its_database_the_service_says_so(backend) {
        let door = Door::with(backend, "").await;
        door.app.store.close().await;
        let failed = door.get("/v1/issuances").send().await.problem(503, "not_ready");
        let detail = "The database does not answer, or takes nothing in.";
        assert_eq!(failed.json()["detail"], detail, "the cause is for the log");
        assert!(failed.header("retry-after").is_some(), "{failed:?}");
        let broken = door.get("/readyz").send().await.problem(503, "not_ready");
        assert!(broken.json()["detail"].as_str().unwrap().contains("the database"));
        door.get("/livez").send().await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_can_have_an_address_of_their_own() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let router = idos_issuer::http::metrics_router(recorder.handle());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(idos_issuer::http::serve_router(router, listener, std::future::pending()));
    metrics::with_local_recorder(&recorder, || metrics::counter!("example_total").increment(1));
    let door = Door::with(Backend::Sqlite, "").await;
    let mut elsewhere = door;
    elsewhere.address = address;
    let bytes = elsewhere.get("/metrics").bytes();
    let answer = Answer::parse(&elsewhere.raw(&bytes).await);
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8_lossy(&answer.body).contains("example_total 1"));
    server.abort();
    elsewhere.close().await;
}
