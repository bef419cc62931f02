//! Human Passport.

use identity_vendors::personhood::{DenialCode, HumanPassport, PersonSource, Score};
use identity_vendors::{Environment, Method, Moment, Secret};
use serde_json::{Value, json};

use super::{Good, changed, hash, header, no};

const WALLET: &str = "0x52908400098527886e0f7030069857d2e4169ee7";

fn source(scorer: i64, threshold: &str) -> PersonSource {
    PersonSource::HumanPassport(HumanPassport {
        scorer,
        environment: Environment::Live,
        key: Secret::new("api-key").unwrap(),
        action: "idos-pop".to_owned(),
        threshold: Score::read(threshold).unwrap(),
    })
}

pub(super) fn good() -> Good {
    Good {
        source: source(335, "20"),
        proof: json!({"address": WALLET}),
        user: "0x52908400098527886E0F7030069857D2E4169EE7",
        nonce: None,
        status: 200,
        answer: json!({
            "address": WALLET, "score": "27.12300", "passing_score": true,
            "last_score_timestamp": "2026-01-02T03:04:05.000000+00:00",
            "expiration_timestamp": "2026-04-02T03:04:05.000000+00:00", "threshold": "20.00000", "error": null,
            "stamps": {"Google": {"score": "1.23000", "dedup": false, "expiration_date": "2026-04-02T03:04:05.000000+00:00"}},
            "linked_score": {"address": "0x0000000000000000000000000000000000000001", "score": "99.00000"},
            "points_data": null, "possible_points_data": null,
        }),
        free: &[
            "/threshold",
            "/stamps/Google/score",
            "/stamps/Google/expiration_date",
            "/linked_score/address",
            "/linked_score/score",
        ],
    }
}

#[test]
fn a_score_is_asked_for_and_read() {
    let question = good().question();
    assert_eq!(
        (question.method, question.path.as_str()),
        (Method::Get, &*format!("/v2/stamps/335/score/{WALLET}"))
    );
    assert_eq!(header(&question, "X-API-KEY"), Some("api-key"));
    assert!(question.body.is_empty());
    let found = good().person();
    assert_eq!((found.level.as_str(), found.score), ("score", Some(Score(2_712_300))));
    assert_eq!(found.environment, Environment::Live);
    assert_eq!(found.issued_at, Some(Moment(1_767_323_045_000)));
    assert_eq!(found.expires, Some(Moment(1_775_099_045_000)));
}

#[test]
fn one_wallet_is_one_however_it_is_spelled() {
    let upper = format!("0x{}", WALLET[2..].to_ascii_uppercase());
    let spelled = Good {
        proof: changed(&good().proof, "/address", json!(upper)),
        answer: changed(&good().answer, "/address", json!(upper)),
        ..good()
    };
    assert_eq!(spelled.question().path, good().question().path);
    assert_eq!(hash(&spelled.person()), hash(&good().person()));
}

#[test]
fn each_no_is_named() {
    for (value, code) in [
        (Value::Null, DenialCode::Missing),
        (json!("0x12"), DenialCode::Malformed),
        (json!(WALLET[2..]), DenialCode::Malformed),
        (json!(format!("{WALLET}?a=b")), DenialCode::Malformed),
        (json!(format!(" {WALLET}")), DenialCode::Malformed),
        (json!("0x52908400098527886e0f7030069857d2e4169ee8"), DenialCode::OtherUser),
    ] {
        assert_eq!(no(good().brought("/address", value)), (code, "address"));
    }
    assert_eq!(no(Good { user: "", ..good() }.begin()), (DenialCode::OtherUser, "address"));
    for (pointer, value, code, field) in [
        ("/address", json!("0x52908400098527886e0f7030069857d2e4169ee8"), DenialCode::OtherProof, "address"),
        ("/address", Value::Null, DenialCode::Missing, "address"),
        ("/score", json!("19.99999"), DenialCode::ScoreTooLow, "score"),
        ("/score", json!("0"), DenialCode::ScoreTooLow, "score"),
        ("/score", json!(27.123), DenialCode::Malformed, "score"),
        ("/score", json!("-27"), DenialCode::Malformed, "score"),
        ("/score", json!("2.7e1"), DenialCode::Malformed, "score"),
        ("/score", json!("NaN"), DenialCode::Malformed, "score"),
        ("/score", Value::Null, DenialCode::Missing, "score"),
        ("/passing_score", json!(false), DenialCode::ScoreTooLow, "passing_score"),
        ("/passing_score", json!("true"), DenialCode::Malformed, "passing_score"),
        ("/passing_score", Value::Null, DenialCode::Missing, "passing_score"),
        (
            "/expiration_timestamp",
            json!("2026-01-02T03:04:05.000000+00:00"),
            DenialCode::Expired,
            "expiration_timestamp",
        ),
        ("/expiration_timestamp", json!("2026-04-02"), DenialCode::Malformed, "expiration_timestamp"),
        ("/expiration_timestamp", Value::Null, DenialCode::Missing, "expiration_timestamp"),
        ("/last_score_timestamp", json!("now"), DenialCode::Malformed, "last_score_timestamp"),
        ("/error", json!("said"), DenialCode::Refused, "error"),
    ] {
        assert_eq!(no(good().answered(pointer, value)), (code, field), "{pointer}");
    }
    for (status, code, field) in [
        (400, DenialCode::NotConfigured, "scorer"),
        (401, DenialCode::KeyRefused, "the answer"),
        (403, DenialCode::KeyRefused, "the answer"),
        (404, DenialCode::NotYet, "score"),
        (422, DenialCode::NotConfigured, "scorer"),
        (429, DenialCode::Limited, "the answer"),
        (500, DenialCode::Unavailable, "the answer"),
    ] {
        assert_eq!(no(good().finish_with(status, br#"{"detail":"said"}"#)), (code, field), "{status}");
    }
}

#[test]
fn the_threshold_is_the_callers() {
    for (threshold, is_enough) in [("27.123", true), ("27.12301", false)] {
        let good = Good { source: source(335, threshold), ..good() };
        assert_eq!(good.finish(&good.answer).is_ok(), is_enough);
    }
}

#[test]
fn the_demonstration_is_test_data() {
    let demo = Good { source: source(-22, "20"), ..good() };
    assert_eq!(demo.person().environment, Environment::Sandbox);
}
