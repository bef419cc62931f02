//! World ID, version 4 of the API.

use identity_vendors::personhood::{DenialCode, PersonSource, WorldEnvironment, WorldId, WorldProtocol};
use identity_vendors::{CaseId, Environment, Method, Moment};
use serde_json::{Value, json};

use super::world_id_v2::{EMPTY, NULLIFIER, SIGNAL};
use super::{Good, NOW, body, changed, hash, header, no, person};

fn source(protocol: WorldProtocol, environment: WorldEnvironment) -> WorldId {
    WorldId {
        app: CaseId::new("rp_1234").unwrap(),
        action: "idos-pop".to_owned(),
        protocol,
        environment,
        levels: vec!["orb".to_owned()],
        issuer_schemas: vec![1, 9303],
        max_age: None,
        user_agent: "Example Issuer/1.0".to_owned(),
    }
}

pub(super) fn good() -> Good {
    Good {
        source: PersonSource::WorldId(source(WorldProtocol::V4, WorldEnvironment::Production)),
        proof: json!({
            "protocol_version": "4.0", "nonce": "0x01", "action": "idos-pop", "environment": "production",
            "responses": [{
                "identifier": "orb", "signal_hash": SIGNAL, "issuer_schema_id": 1, "nullifier": NULLIFIER,
                "expires_at_min": 1_798_859_045, "proof": ["0x1", "0x2", "0x3", "0x4", "0x5"],
            }],
        }),
        user: "test_signal",
        nonce: Some("0x1"),
        status: 200,
        answer: json!({
            "success": true, "action": "idos-pop", "nullifier": NULLIFIER, "created_at": "2026-01-02T03:04:05.000Z",
            "environment": "production", "protocol_version": "4.0",
            "results": [{"identifier": "orb", "success": true, "nullifier": NULLIFIER}],
            "message": "Proof verified successfully",
        }),
        free: &["/responses/0/identifier", "/results/0/identifier", "/message"],
    }
}

pub(super) fn good_v3() -> Good {
    let v4 = good();
    let mut proof = v4.proof.clone();
    proof["protocol_version"] = json!("3.0");
    proof["responses"] = json!([{
        "identifier": "orb", "signal_hash": SIGNAL, "nullifier": NULLIFIER, "merkle_root": "0x2264a6",
        "proof": format!("0x{}", "0a".repeat(256)),
    }]);
    Good {
        source: PersonSource::WorldId(source(WorldProtocol::V3, WorldEnvironment::Production)),
        proof,
        answer: changed(&v4.answer, "/protocol_version", json!("3.0")),
        free: &["/message"],
        ..v4
    }
}

#[test]
fn a_proof_is_sent_as_the_api_wants_it() {
    let question = good().question();
    assert_eq!((question.method, question.path.as_str()), (Method::Post, "/api/v4/verify/rp_1234"));
    assert_eq!(header(&question, "User-Agent"), Some("Example Issuer/1.0"));
    assert_eq!(body(&question), good().proof);
    let sent = body(&good_v3().question());
    assert_eq!(sent["responses"][0]["merkle_root"], format!("0x{:0>64}", "2264a6"));
    assert_eq!(sent["responses"][0]["nullifier"], NULLIFIER);
}

#[test]
fn a_person_is_what_the_api_says() {
    let found = good().person();
    assert_eq!((found.level.as_str(), found.environment), ("schema-1", Environment::Live));
    assert_eq!(found.issued_at, Some(Moment(NOW * 1000)));
    assert_eq!(found.expires, Some(Moment(1_798_859_045_000)));
    assert!(!found.seen_before);
    let again = good().answered("/message", json!("Proof verified successfully (nullifier reuse)"));
    assert!(person(again).seen_before);
    assert_eq!((good_v3().person().level.as_str(), good_v3().person().expires), ("orb", None));
}

/// The word of a proof of version 4.0 is proven by nobody.
#[test]
fn the_level_is_what_is_proven() {
    let good = Good { proof: changed(&good().proof, "/responses/0/issuer_schema_id", json!(11)), ..good() };
    assert_eq!(no(good.begin()), (DenialCode::LevelNotAccepted, "issuer_schema_id"));
}

#[test]
fn one_person_is_one_by_whichever_version_of_the_api() {
    let one = hash(&super::world_id_v2::good().person());
    assert_eq!(hash(&good_v3().person()), one);
    for spelling in
        [NULLIFIER[2..].to_ascii_uppercase(), format!("0x{}", NULLIFIER[2..].trim_start_matches('0'))]
    {
        let spelled =
            Good { proof: changed(&good().proof, "/responses/0/nullifier", json!(spelling)), ..good() };
        assert_eq!(hash(&spelled.person()), hash(&good().person()));
    }
    let mut elsewhere = source(WorldProtocol::V4, WorldEnvironment::Production);
    elsewhere.action = "other".to_owned();
    let elsewhere = Good {
        source: PersonSource::WorldId(elsewhere),
        proof: changed(&good().proof, "/action", json!("other")),
        answer: changed(&good().answer, "/action", json!("other")),
        ..good()
    };
    assert_ne!(hash(&elsewhere.person()), hash(&good().person()));
}

#[test]
fn each_no_is_named() {
    let two = json!([good().proof["responses"][0], good().proof["responses"][0]]);
    for (pointer, value, code, field) in [
        ("/protocol_version", json!("3.0"), DenialCode::OtherProtocol, "protocol_version"),
        ("/protocol_version", Value::Null, DenialCode::Missing, "protocol_version"),
        ("/nonce", json!("0x02"), DenialCode::OtherRequest, "nonce"),
        ("/nonce", Value::Null, DenialCode::Missing, "nonce"),
        ("/action", json!("other"), DenialCode::OtherAction, "action"),
        ("/action", Value::Null, DenialCode::Missing, "action"),
        ("/session_id", json!("s"), DenialCode::Malformed, "session_id"),
        ("/environment", json!("staging"), DenialCode::OtherEnvironment, "environment"),
        ("/environment", json!("sandbox"), DenialCode::OtherEnvironment, "environment"),
        ("/responses", json!([]), DenialCode::Missing, "responses"),
        ("/responses", json!({}), DenialCode::Malformed, "responses"),
        ("/responses", two, DenialCode::Malformed, "responses"),
        ("/responses/0/identifier", Value::Null, DenialCode::Missing, "identifier"),
        ("/responses/0/signal_hash", json!("0x0"), DenialCode::OtherUser, "signal_hash"),
        ("/responses/0/signal_hash", json!(EMPTY), DenialCode::OtherUser, "signal_hash"),
        ("/responses/0/issuer_schema_id", json!(-1), DenialCode::Malformed, "issuer_schema_id"),
        ("/responses/0/issuer_schema_id", json!("1"), DenialCode::Malformed, "issuer_schema_id"),
        ("/responses/0/issuer_schema_id", Value::Null, DenialCode::Missing, "issuer_schema_id"),
        ("/responses/0/nullifier", Value::Null, DenialCode::Missing, "nullifier"),
        ("/responses/0/nullifier", json!("0x0"), DenialCode::Malformed, "nullifier"),
        ("/responses/0/expires_at_min", json!(NOW - 1), DenialCode::Expired, "expires_at_min"),
        ("/responses/0/expires_at_min", json!(0), DenialCode::Malformed, "expires_at_min"),
        (
            "/responses/0/expires_at_min",
            json!(1_798_859_045_000_i64),
            DenialCode::Malformed,
            "expires_at_min",
        ),
        ("/responses/0/expires_at_min", Value::Null, DenialCode::Missing, "expires_at_min"),
        ("/responses/0/proof", json!(["0x1", "0x2", "0x3", "0x4"]), DenialCode::Malformed, "proof"),
        ("/responses/0/proof", json!(["0x1", "0x2", "0x3", "0x4", "5"]), DenialCode::Malformed, "proof"),
        ("/responses/0/proof", json!("0x1"), DenialCode::Malformed, "proof"),
        ("/responses/0/proof", Value::Null, DenialCode::Missing, "proof"),
    ] {
        assert_eq!(no(good().brought(pointer, value)), (code, field), "{pointer}");
    }
    assert_eq!(no(Good { nonce: None, ..good() }.begin()), (DenialCode::NotConfigured, "nonce"));
    assert!(Good { nonce: None, ..good_v3() }.begin().is_ok());
    for (pointer, value, code, field) in [
        ("/success", json!(false), DenialCode::Malformed, "success"),
        ("/action", json!("other"), DenialCode::OtherAction, "action"),
        ("/environment", json!("staging"), DenialCode::OtherEnvironment, "environment"),
        ("/environment", Value::Null, DenialCode::Missing, "environment"),
        ("/protocol_version", json!("3.0"), DenialCode::OtherProtocol, "protocol_version"),
        ("/nullifier", json!("0x1234"), DenialCode::OtherProof, "nullifier"),
        ("/nullifier", Value::Null, DenialCode::Missing, "nullifier"),
        ("/results", json!([]), DenialCode::Malformed, "results"),
        ("/results/0/success", json!(false), DenialCode::Malformed, "results"),
        ("/results/0/nullifier", json!("0x1234"), DenialCode::OtherProof, "nullifier"),
    ] {
        assert_eq!(no(good().answered(pointer, value)), (code, field), "{pointer}");
    }
    let other = good_v3().answered("/results/0/identifier", json!("device"));
    assert_eq!(no(other), (DenialCode::OtherProof, "identifier"));
}

#[test]
fn an_answer_that_comes_late_is_expired() {
    let good = Good { proof: changed(&good().proof, "/responses/0/expires_at_min", json!(NOW)), ..good() };
    let answer = good.answer.to_string();
    let answer = identity_vendors::Answer { status: 200, headers: &[], body: answer.as_bytes() };
    assert!(good.source.finish(&good.question(), &answer, NOW).is_ok());
    let late = good.source.finish(&good.question(), &answer, NOW + 1);
    assert_eq!(no(late), (DenialCode::Expired, "expires_at_min"));
}

#[test]
fn each_code_of_the_portal_is_a_class() {
    for (code, class) in [
        ("outdated_nullifier", DenialCode::Expired),
        ("nullifier_from_future", DenialCode::TooNew),
        ("invalid_root", DenialCode::NotYet),
        ("invalid_credential_issuer", DenialCode::LevelNotAccepted),
        ("unrecognized_credential_issuer", DenialCode::LevelNotAccepted),
        ("invalid_proof", DenialCode::ProofWrong),
        ("invalid_public_input", DenialCode::ProofWrong),
        ("verification_failed", DenialCode::ProofWrong),
        ("generic_error", DenialCode::Refused),
        ("invalid_merkle_root", DenialCode::NotYet),
        ("root_too_old", DenialCode::Expired),
        ("prover_error", DenialCode::Unavailable),
        ("invalid_format", DenialCode::ProofWrong),
    ] {
        let result = json!({"identifier": "orb", "success": false, "code": code, "detail": "said"});
        let answer = json!({"success": false, "code": "all_verifications_failed", "detail": "All", "results": [result]});
        let step = good().finish_with(400, answer.to_string().as_bytes());
        assert_eq!(no(step), (class, "results.code"), "{code}");
    }
    for (code, status, class) in [
        ("invalid_request", 400, DenialCode::Malformed),
        ("app_not_migrated", 400, DenialCode::NotConfigured),
        ("rp_not_active", 400, DenialCode::NotConfigured),
        ("configuration_error", 400, DenialCode::NotConfigured),
        ("environment_mismatch", 400, DenialCode::OtherEnvironment),
        ("not_found", 404, DenialCode::OtherApp),
    ] {
        let answer =
            json!({"code": code, "detail": "said", "attribute": null, "app_id": "app_1"}).to_string();
        assert_eq!(no(good().finish_with(status, answer.as_bytes())), (class, "code"), "{code}");
    }
    let answer = br#"{"success":false,"code":"all_verifications_failed","results":[]}"#;
    assert_eq!(no(good().finish_with(400, answer)), (DenialCode::ProofWrong, "results.code"));
}

#[test]
fn test_data_is_no_person() {
    for (environment, name) in
        [(WorldEnvironment::Staging, "staging"), (WorldEnvironment::Sandbox, "sandbox")]
    {
        let good = Good {
            source: PersonSource::WorldId(source(WorldProtocol::V4, environment)),
            proof: changed(&good().proof, "/environment", json!(name)),
            answer: changed(&good().answer, "/environment", json!(name)),
            ..good()
        };
        assert_eq!(good.person().environment, Environment::Sandbox);
        assert_eq!(
            no(good.brought("/environment", Value::Null)),
            (DenialCode::OtherEnvironment, "environment")
        );
    }
}
