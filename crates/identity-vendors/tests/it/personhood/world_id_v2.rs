//! World ID, version 2 of the API.

use identity_vendors::personhood::{DenialCode, PersonSource, WorldIdV2};
use identity_vendors::{CaseId, Environment, Method, Moment};
use serde_json::{Value, json};

use super::{Good, body, changed, hash, header, no, person};

/// The hash of the signal `test_signal`, as IDKit's tests have it.
pub(super) const SIGNAL: &str = "0x00c1636e0a961a3045054c4d61374422c31a95846b8442f0927ad2ff1d6112ed";
pub(super) const EMPTY: &str = "0x00c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a4";
pub(super) const NULLIFIER: &str = "0x0ab4c3d2e1f00112233445566778899aabbccddeeff00112233445566778899a";

pub(super) fn source(app: &str, environment: Environment) -> WorldIdV2 {
    WorldIdV2 {
        app: CaseId::new(app).unwrap(),
        action: "idos-pop".to_owned(),
        environment,
        levels: vec!["orb".to_owned(), "document".to_owned()],
        max_age: Some(7200),
        user_agent: "Example Issuer/1.0".to_owned(),
    }
}

pub(super) fn good() -> Good {
    Good {
        source: PersonSource::WorldIdV2(source("app_1234", Environment::Live)),
        proof: json!({
            "nullifier_hash": NULLIFIER,
            "merkle_root": "0x2264a66d162d7893e12ea8e3c072c51e785bc085ad655f64c10c1a61e00f0bc2",
            "proof": format!("0x{}", "0a".repeat(256)),
            "verification_level": "orb",
            "action": "idos-pop",
            "signal_hash": SIGNAL,
        }),
        user: "test_signal",
        nonce: None,
        status: 200,
        answer: json!({
            "uses": 1, "success": true, "action": "idos-pop", "max_uses": 1, "nullifier_hash": NULLIFIER,
            "created_at": "2026-01-02T03:04:00.000Z", "verification_level": "orb", "message": "Proof verified successfully",
        }),
        free: &["/uses", "/max_uses", "/message"],
    }
}

#[test]
fn a_proof_is_sent_as_the_api_wants_it() {
    let question = good().question();
    assert_eq!((question.method, question.path.as_str()), (Method::Post, "/api/v2/verify/app_1234"));
    assert_eq!(header(&question, "User-Agent"), Some("Example Issuer/1.0"));
    assert_eq!(header(&question, "Content-Type"), Some("application/json"));
    let mut sent = good().proof;
    sent["max_age"] = json!(7200);
    assert_eq!(body(&question), sent);
}

#[test]
fn a_person_is_what_the_api_says() {
    let found = good().person();
    assert_eq!((found.level.as_str(), found.environment), ("orb", Environment::Live));
    assert_eq!((found.issued_at, found.expires), (Some(Moment(1_767_323_040_000)), None));
    assert!(!found.seen_before && found.face_sign_user_id().is_none());
    assert!(person(good().answered("/uses", json!(2))).seen_before);
}

#[test]
fn one_person_is_one_however_it_is_spelled() {
    let one = hash(&good().person());
    let digits = &NULLIFIER[2..];
    for spelling in [
        digits.to_owned(),
        digits.to_ascii_uppercase(),
        format!("0x{}", digits.to_ascii_uppercase()),
        format!("0x{}", digits.trim_start_matches('0')),
        format!("0x00000000{digits}"),
        format!("000{digits}"),
    ] {
        let spelled = Good { proof: changed(&good().proof, "/nullifier_hash", json!(spelling)), ..good() };
        assert_eq!(body(&spelled.question())["nullifier_hash"], NULLIFIER, "{spelling}");
        assert_eq!(hash(&spelled.person()), one, "{spelling}");
        assert_eq!(hash(&person(good().answered("/nullifier_hash", json!(spelling)))), one, "{spelling}");
    }
    // The same number plus the field's order, which a verifier that reduces takes for the same.
    let plus_order = "0x3b191245c321a13bdb848b0ce8f9e1f7d3f0b62769a971a367163aea5778899b";
    assert_eq!(
        no(good().brought("/nullifier_hash", json!(plus_order))),
        (DenialCode::Malformed, "nullifier_hash")
    );
    let other = good().answered("/nullifier_hash", json!("0x1234"));
    assert_eq!(no(other), (DenialCode::OtherProof, "nullifier_hash"));
}

#[test]
fn a_proof_is_one_users() {
    for signal in [EMPTY, "0x0", "0x1"] {
        let step = good().brought("/signal_hash", json!(signal));
        assert_eq!(no(step), (DenialCode::OtherUser, "signal_hash"), "{signal}");
    }
    assert_eq!(no(good().brought("/signal_hash", Value::Null)), (DenialCode::OtherUser, "signal_hash"));
    let other = Good { user: "test_signal2", ..good() };
    assert_eq!(no(other.begin()), (DenialCode::OtherUser, "signal_hash"));
    for nobody in ["", "0x", "0xabc"] {
        assert_eq!(
            no(Good { user: nobody, ..good() }.begin()),
            (DenialCode::NotConfigured, "signal"),
            "{nobody}"
        );
    }
    // As bytes and as the text that they are, IDKit says the same.
    let hello = json!("0x001c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36dea");
    for user in ["hello", "0x68656c6c6f"] {
        let good = Good { user, proof: changed(&good().proof, "/signal_hash", hello.clone()), ..good() };
        assert!(good.begin().is_ok(), "{user}");
    }
}

#[test]
fn each_no_is_named() {
    for (pointer, value, code, field) in [
        ("/action", json!("other"), DenialCode::OtherAction, "action"),
        ("/verification_level", json!("device"), DenialCode::LevelNotAccepted, "verification_level"),
        ("/verification_level", json!("Orb"), DenialCode::Malformed, "verification_level"),
        ("/verification_level", Value::Null, DenialCode::Missing, "verification_level"),
        ("/nullifier_hash", Value::Null, DenialCode::Missing, "nullifier_hash"),
        ("/nullifier_hash", json!(""), DenialCode::Malformed, "nullifier_hash"),
        ("/nullifier_hash", json!("0x0"), DenialCode::Malformed, "nullifier_hash"),
        ("/nullifier_hash", json!(4660), DenialCode::Malformed, "nullifier_hash"),
        ("/merkle_root", Value::Null, DenialCode::Missing, "merkle_root"),
        ("/merkle_root", json!("root"), DenialCode::Malformed, "merkle_root"),
        ("/proof", Value::Null, DenialCode::Missing, "proof"),
        ("/proof", json!("0x12"), DenialCode::Malformed, "proof"),
        ("/proof", json!("0a".repeat(257)), DenialCode::Malformed, "proof"),
        ("/proof", json!(["0x1"]), DenialCode::Malformed, "proof"),
        ("/proof", json!("[[\"0x1\",\"0x2\"]]"), DenialCode::Malformed, "proof"),
        (
            "/proof",
            json!("[[\"0x1\",\"0x2\"],[[\"0x1\",\"0x2\"],[\"0x1\"]],[\"0x1\",\"0x2\"]]"),
            DenialCode::Malformed,
            "proof",
        ),
        ("/signal_hash", json!("test_signal"), DenialCode::Malformed, "signal_hash"),
    ] {
        assert_eq!(no(good().brought(pointer, value)), (code, field), "{pointer}");
    }
    let nested = json!("[[\"0x1\",\"0x2\"],[[\"0x3\",\"0x4\"],[\"0x5\",\"0x6\"]],[\"0x7\",\"0x8\"]]");
    assert!(good().brought("/proof", nested).is_ok());
    let decimal = "[[\"1\",\"2\"],[[\"3\",\"4\"],[\"5\",\"6\"]],[\"7\",\"8\"]]";
    assert!(good().brought("/proof", json!(decimal)).is_ok());
    for other in ["", "-8", "8.0", "x", &"8".repeat(79)] {
        let step = good().brought("/proof", json!(decimal.replace('8', other)));
        assert_eq!(no(step), (DenialCode::Malformed, "proof"), "{other}");
    }
    for (pointer, value, code, field) in [
        ("/success", json!(false), DenialCode::Malformed, "success"),
        ("/success", Value::Null, DenialCode::Missing, "success"),
        ("/action", json!("other"), DenialCode::OtherAction, "action"),
        ("/action", Value::Null, DenialCode::Missing, "action"),
        ("/nullifier_hash", Value::Null, DenialCode::Missing, "nullifier_hash"),
        ("/verification_level", json!("device"), DenialCode::OtherProof, "verification_level"),
        ("/created_at", json!("yesterday"), DenialCode::Malformed, "created_at"),
    ] {
        assert_eq!(no(good().answered(pointer, value)), (code, field), "{pointer}");
    }
}

#[test]
fn each_code_of_the_portal_is_a_class() {
    for (code, class) in [
        ("already_verified", DenialCode::AlreadyUsed),
        ("exceeded_max_verifications", DenialCode::AlreadyUsed),
        ("max_verifications_reached", DenialCode::AlreadyUsed),
        ("invalid_proof", DenialCode::ProofWrong),
        ("invalid_merkle_root", DenialCode::NotYet),
        ("root_too_old", DenialCode::Expired),
        ("invalid_action", DenialCode::OtherAction),
        ("action_inactive", DenialCode::OtherAction),
        ("not_found", DenialCode::OtherApp),
        ("prover_error", DenialCode::Unavailable),
        ("verification_error", DenialCode::Refused),
        ("generic_error", DenialCode::Refused),
        ("of tomorrow", DenialCode::Refused),
    ] {
        let answer = json!({"code": code, "detail": "said", "attribute": null}).to_string();
        for status in [400, 404] {
            assert_eq!(no(good().finish_with(status, answer.as_bytes())), (class, "code"), "{code}");
        }
    }
    assert_eq!(no(good().finish_with(400, b"{}")), (DenialCode::Missing, "code"));
    assert_eq!(no(good().finish_with(402, b"{}")), (DenialCode::UnexpectedStatus, "the answer"));
}

#[test]
fn test_data_is_no_person() {
    for (app, said) in [("app_staging_1", Environment::Live), ("app_1", Environment::Sandbox)] {
        let good = Good { source: PersonSource::WorldIdV2(source(app, said)), ..good() };
        assert_eq!(good.person().environment, Environment::Sandbox, "{app}");
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let live = || source("app_1", Environment::Live);
    for (wrong, field) in [
        (WorldIdV2 { action: String::new(), ..live() }, "action"),
        (WorldIdV2 { levels: vec!["Orb".to_owned()], ..live() }, "levels"),
        (WorldIdV2 { max_age: Some(3599), ..live() }, "max_age"),
        (WorldIdV2 { max_age: Some(604_801), ..live() }, "max_age"),
        (WorldIdV2 { user_agent: "a\nb".to_owned(), ..live() }, "user_agent"),
    ] {
        let good = Good { source: PersonSource::WorldIdV2(wrong), ..good() };
        assert_eq!(no(good.begin()), (DenialCode::NotConfigured, field));
    }
}
