//! Secrets, and what they sign.

use std::time::Duration;

use idos_webhooks::{Headers, Message, Secret, Secrets, TOLERANCE, VerifyError};
use proptest::prelude::*;

/// The example that all reference libraries of Standard Webhooks test their `sign` with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const NOW: i64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

fn secrets() -> Secrets {
    Secrets::new(SECRET.parse().unwrap())
}

fn message() -> Message {
    Message::new(ID, NOW, BODY).unwrap()
}

fn verify(signature: &str) -> Result<(), VerifyError> {
    let headers = Headers { id: ID, timestamp: "1614265330", signature };
    secrets().verify(&headers, BODY.as_bytes(), NOW, TOLERANCE)
}

#[test]
fn the_example_of_the_reference_libraries_is_signed_alike() {
    assert_eq!(secrets().sign(&message()), SIGNATURE);
    assert_eq!(verify(SIGNATURE), Ok(()));
}

#[test]
fn two_secrets_give_two_signatures_and_either_verifies() {
    let other = Secrets::new(OTHER.parse().unwrap());
    let signature = other.clone().and(SECRET.parse().unwrap()).sign(&message());
    assert_eq!(signature, format!("{} {SIGNATURE}", other.sign(&message())));
    assert_eq!(verify(&signature), Ok(()));

    let headers = Headers { id: ID, timestamp: "1614265330", signature: SIGNATURE };
    let verify = |secrets: &Secrets| secrets.verify(&headers, BODY.as_bytes(), NOW, TOLERANCE);
    assert_eq!(verify(&other), Err(VerifyError::Signature));
    assert_eq!(verify(&other.and(SECRET.parse().unwrap())), Ok(()));
}

#[test]
fn other_schemes_and_wrong_signatures_beside_the_right_one_do_no_harm() {
    let beside =
        format!("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1a,hnO3 v2,x nonsense  {SIGNATURE} v1,");
    assert_eq!(verify(&beside), Ok(()));
}

#[test]
fn wrong_signatures_are_refused() {
    let wrong = [
        "",
        " ",
        "v1",
        "v1,",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OI=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", // the same bytes with a bit left over
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        "v1,g0hM9SsE",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ];
    for signature in wrong {
        assert_eq!(verify(signature), Err(VerifyError::Signature), "{signature}");
    }
}

#[test]
fn attempts_from_too_long_ago_and_from_the_future_are_refused() {
    let cases = [
        (NOW + 300, Ok(())),
        (NOW + 301, Err(VerifyError::TooOld)),
        (NOW - 300, Ok(())),
        (NOW - 301, Err(VerifyError::TooNew)),
        (i64::MAX, Err(VerifyError::TooOld)),
        (i64::MIN, Err(VerifyError::TooNew)),
    ];
    let headers = Headers { id: ID, timestamp: "1614265330", signature: SIGNATURE };
    for (now, expected) in cases {
        assert_eq!(secrets().verify(&headers, BODY.as_bytes(), now, TOLERANCE), expected, "{now}");
    }
    assert_eq!(secrets().verify(&headers, BODY.as_bytes(), NOW + 301, Duration::MAX), Ok(()));
}

#[test]
fn malformed_headers_are_refused() {
    let cases = [
        (ID, "", VerifyError::Timestamp),
        (ID, "hello", VerifyError::Timestamp),
        (ID, "1614265330.0", VerifyError::Timestamp),
        (ID, "99999999999999999999", VerifyError::Timestamp),
        ("", "1614265330", VerifyError::Id),
        ("msg.1", "1614265330", VerifyError::Id),
        ("msg_1", "1614265330", VerifyError::Signature),
    ];
    for (id, timestamp, expected) in cases {
        let headers = Headers { id, timestamp, signature: SIGNATURE };
        assert_eq!(
            secrets().verify(&headers, BODY.as_bytes(), NOW, TOLERANCE),
            Err(expected),
            "{id} {timestamp}"
        );
    }
}

#[test]
fn ids_that_could_be_taken_apart_otherwise_are_not_sent() {
    for id in ["", "a.b", "a b", "a\nb", "é", &"x".repeat(256)] {
        assert!(Message::new(id, NOW, BODY).is_err(), "{id}");
    }
    assert!(Message::new("x".repeat(255), NOW, BODY).is_ok());
}

#[test]
fn secrets_are_read_strictly() {
    let text = |bytes: &str| format!("whsec_{bytes}");
    for good in [text(&"A".repeat(32)), text(&"/+8A".repeat(21)), text(&"A".repeat(84))] {
        assert_eq!(*good.parse::<Secret>().unwrap().to_text(), good);
    }
    let longest = text(&format!("{}AA==", "A".repeat(84)));
    assert_eq!(*longest.parse::<Secret>().unwrap().to_text(), longest);

    let bad = [
        String::new(),
        "whsec_".into(),
        "A".repeat(32),
        format!("whsk_{}", "A".repeat(32)),
        format!("WHSEC_{}", "A".repeat(32)),
        text(&"A".repeat(28)),                    // 21 bytes
        text(&format!("{}AA=", "A".repeat(28))),  // 23 bytes
        text(&format!("{}AA=", "A".repeat(84))),  // 65 bytes, wrongly padded
        text(&format!("{}AAA=", "A".repeat(84))), // 65 bytes
        text(&format!("{}AA", "A".repeat(32))),   // no padding
        text(&format!("{}AB==", "A".repeat(32))), // bits left over
        text(&"-_8A".repeat(8)),                  // the alphabet of URLs
        text(&format!(" {}", "A".repeat(32))),
        text(&format!("{}\n", "A".repeat(32))),
    ];
    for text in bad {
        assert!(text.parse::<Secret>().is_err(), "{text}");
    }
}

#[test]
fn nothing_shows_a_secret_or_a_body() {
    let secrets = secrets().and(OTHER.parse().unwrap());
    assert_eq!(format!("{secrets:?}"), "Secrets { current: Secret(..), outgoing: Some(Secret(..)) }");
    assert!(!format!("{:?}", message()).contains("2432232314"));
    let error = "whsec_c2VjcmV0".parse::<Secret>().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
}

#[test]
fn new_secrets_are_32_bytes_from_the_rng_that_is_given() {
    let mut rng = rand_core::OsRng;
    let (one, other) = (Secret::generate(&mut rng), Secret::generate(&mut rng));
    assert_ne!(one.to_text(), other.to_text());
    assert_eq!(one.to_text().len(), "whsec_".len() + 44);
    assert_eq!(one.to_text().parse::<Secret>().unwrap().to_text(), one.to_text());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        id in "[!-\\-/-~]{1,40}", timestamp in any::<i64>(), body in prop::collection::vec(any::<u8>(), 0..200),
        flip in any::<prop::sample::Index>(),
    ) {
        let message = Message::new(id.as_str(), timestamp, body.clone()).unwrap();
        let signature = secrets().sign(&message);
        let text = timestamp.to_string();
        let headers = Headers { id: &id, timestamp: &text, signature: &signature };
        let verify = |headers: &Headers<'_>, body: &[u8]| {
            secrets().verify(headers, body, timestamp, Duration::ZERO)
        };
        prop_assert_eq!(verify(&headers, &body), Ok(()));

        let mut longer = body.clone();
        longer.push(b'.');
        prop_assert_eq!(verify(&headers, &longer), Err(VerifyError::Signature));
        if !body.is_empty() {
            let mut altered = body.clone();
            *flip.get_mut(&mut altered) ^= 1;
            prop_assert_eq!(verify(&headers, &altered), Err(VerifyError::Signature));
        }
        let other = format!("{id}x");
        let altered = Headers { id: &other, ..headers };
        prop_assert_eq!(verify(&altered, &body), Err(VerifyError::Signature));
    }

    #[test]
    fn secrets_survive_their_text(bytes in prop::collection::vec(any::<u8>(), 24..=64)) {
        use base64::Engine as _;
        let text = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(bytes));
        prop_assert_eq!(&*text.parse::<Secret>().unwrap().to_text(), &text);
    }

    #[test]
    fn reading_foreign_headers_never_fails_otherwise(id in ".*", timestamp in ".*", signature in ".*") {
        let headers = Headers { id: &id, timestamp: &timestamp, signature: &signature };
        let verdict = secrets().verify(&headers, b"[]", NOW, TOLERANCE);
        prop_assert!(verdict.is_err());
    }
}
