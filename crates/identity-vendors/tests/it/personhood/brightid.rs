//! BrightID.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity_vendors::personhood::{BrightId, DenialCode, PersonSource};
use identity_vendors::{CaseId, Environment, Method, Moment};
use serde_json::{Value, json};

use super::{Good, changed, hash, no, signed};

/// When the answers of `signed.json` were made: five seconds before now.
const AT: i64 = 1_767_323_040;

fn source() -> BrightId {
    let key = signed()["bright"]["key"].as_str().unwrap().to_owned();
    BrightId {
        app: CaseId::new("idos").unwrap(),
        verification: "Meets.expirable".to_owned(),
        node_keys: vec![[1; 32], STANDARD.decode(key).unwrap().try_into().unwrap()],
        valid_for: 3600,
        ids_as_hex: false,
        environment: Environment::Live,
    }
}

pub(super) fn good() -> Good {
    let bright = &signed()["bright"];
    Good {
        source: PersonSource::BrightId(source()),
        proof: json!({"appUserId": "u1"}),
        user: "u1",
        nonce: None,
        status: 200,
        answer: json!({"data": [
            {"unique": false, "app": "idos", "appUserId": "u1", "verification": "Bitu", "verificationHash": "def",
             "timestamp": AT, "sig": ""},
            {"unique": true, "app": "idos", "appUserId": "u1", "verification": "Meets.expirable",
             "verificationHash": bright["hash"], "timestamp": AT, "sig": bright["sig"], "publicKey": bright["key"]},
        ]}),
        free: &[
            "/data/0/app",
            "/data/0/appUserId",
            "/data/0/verification",
            "/data/0/verificationHash",
            "/data/0/sig",
        ],
    }
}

#[test]
fn a_verification_is_asked_for_and_read() {
    let question = good().question();
    assert_eq!(question.method, Method::Get);
    let path = "/brightid/v6/verifications/idos/u1?signed=nacl&timestamp=seconds&includeHash=true";
    assert_eq!(question.path.as_str(), path);
    let found = good().person();
    assert_eq!((found.level.as_str(), found.environment), ("Meets.expirable", Environment::Live));
    assert_eq!(found.issued_at, Some(Moment(AT * 1000)));
    assert_eq!(found.expires, Some(Moment((AT + 3600) * 1000)));
    let without_key = good().answered("/data/1/publicKey", Value::Null);
    assert_eq!(hash(&super::person(without_key)), hash(&found));
}

#[test]
fn only_what_a_known_node_signed_counts() {
    let bright = &signed()["bright"];
    for signature in ["noHash", "otherApp", "otherUser", "milli", "noTime", "future", "hex"] {
        let step = good().answered("/data/1/sig", bright[signature].clone());
        assert_eq!(no(step), (DenialCode::SignatureWrong, "sig"), "{signature}");
    }
    for (signature, code) in [
        (json!(""), DenialCode::Malformed),
        (json!("AAAA"), DenialCode::Malformed),
        (json!({"r": "00", "s": "00", "v": 27}), DenialCode::Malformed),
        (Value::Null, DenialCode::Missing),
        (json!(STANDARD.encode([0; 64])), DenialCode::SignatureWrong),
    ] {
        assert_eq!(no(good().answered("/data/1/sig", signature)), (code, "sig"));
    }
    let other_key = good().answered("/data/1/publicKey", json!(STANDARD.encode([2; 32])));
    assert_eq!(no(other_key), (DenialCode::SignatureWrong, "publicKey"));
    let mut nobody = source();
    nobody.node_keys.truncate(1);
    let nobody = Good { source: PersonSource::BrightId(nobody), ..good() };
    assert_eq!(
        no(nobody.finish(&changed(&good().answer, "/data/1/publicKey", Value::Null))).0,
        DenialCode::SignatureWrong
    );
}

#[test]
fn each_no_is_named() {
    for (value, code) in [
        (Value::Null, DenialCode::Missing),
        (json!("u2"), DenialCode::OtherUser),
        (json!("U1"), DenialCode::OtherUser),
        (json!("u1/../u2"), DenialCode::Malformed),
        (json!("u1?"), DenialCode::Malformed),
        (json!(""), DenialCode::Malformed),
        (json!("u".repeat(129)), DenialCode::Malformed),
    ] {
        assert_eq!(no(good().brought("/appUserId", value)), (code, "appUserId"));
    }
    for (pointer, value, code, field) in [
        ("/data", Value::Null, DenialCode::Missing, "data"),
        ("/data", json!("u1"), DenialCode::Malformed, "data"),
        ("/data", json!([]), DenialCode::NotConfigured, "verification"),
        ("/data/0/verification", json!("Meets.expirable"), DenialCode::Malformed, "verification"),
        ("/data/1/unique", json!(false), DenialCode::NotYet, "unique"),
        ("/data/1/unique", json!("true"), DenialCode::Malformed, "unique"),
        ("/data/1/app", json!("other"), DenialCode::OtherApp, "app"),
        ("/data/1/appUserId", json!("u2"), DenialCode::OtherUser, "appUserId"),
        ("/data/1/verificationHash", json!("abc"), DenialCode::OtherProof, "verificationHash"),
        ("/data/1/verificationHash", Value::Null, DenialCode::Missing, "verificationHash"),
        ("/data/1/timestamp", Value::Null, DenialCode::Missing, "timestamp"),
        ("/data/1/timestamp", json!(AT * 1000), DenialCode::Malformed, "timestamp"),
        ("/data/1/timestamp", json!(AT + 1), DenialCode::SignatureWrong, "sig"),
    ] {
        assert_eq!(no(good().answered(pointer, value)), (code, field), "{pointer}");
    }
    for (number, code) in [
        (3, DenialCode::NotYet),
        (4, DenialCode::NotYet),
        (6, DenialCode::NotConfigured),
        (7, DenialCode::NotConfigured),
        (10, DenialCode::UnknownToSource),
        (61, DenialCode::UnknownToSource),
        (12, DenialCode::OtherApp),
        (64, DenialCode::OtherApp),
        (67, DenialCode::Malformed),
        (999, DenialCode::Refused),
    ] {
        let answer = json!({"error": true, "errorNum": number, "errorMessage": "said"}).to_string();
        assert_eq!(no(good().finish_with(404, answer.as_bytes())), (code, "errorNum"), "{number}");
    }
    assert_eq!(no(good().finish_with(404, b"{}")), (DenialCode::Missing, "errorNum"));
}

#[test]
fn an_answer_is_good_for_its_span_and_no_longer() {
    let body = good().answer.to_string();
    let answer = identity_vendors::Answer { status: 200, headers: &[], body: body.as_bytes() };
    let at = |now| good().source.finish(&good().question(), &answer, now);
    assert!(at(AT + 3599).is_ok() && at(AT - 300).is_ok());
    assert_eq!(no(at(AT + 3600)), (DenialCode::Expired, "timestamp"));
    assert_eq!(no(at(AT - 301)), (DenialCode::TooNew, "timestamp"));
    // Where a verification is good for ever, its time is that of the answer.
    let forever = PersonSource::BrightId(BrightId { valid_for: 0, ..source() });
    let at = |now| forever.finish(&good().question(), &answer, now);
    assert_eq!(super::person(at(AT + 299)).expires, None);
    assert_eq!(no(at(AT + 300)), (DenialCode::Expired, "timestamp"));
}

#[test]
fn addresses_have_no_upper_and_lower_case() {
    let bright = &signed()["bright"];
    let lower = "0x52908400098527886e0f7030069857d2e4169ee7";
    let mut answer = changed(&good().answer, "/data/1/appUserId", json!(lower));
    answer["data"][1]["sig"] = bright["hex"].clone();
    let hashes = [lower, "0x52908400098527886E0F7030069857D2E4169EE7"].map(|spelling| {
        let spelled = Good {
            source: PersonSource::BrightId(BrightId { ids_as_hex: true, ..source() }),
            proof: json!({"appUserId": spelling}),
            user: "0x52908400098527886E0F7030069857D2E4169EE7",
            answer: answer.clone(),
            ..good()
        };
        hash(&spelled.person())
    });
    assert_eq!(hashes[0], hashes[1]);
}
