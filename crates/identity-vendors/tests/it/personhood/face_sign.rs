//! FaceSign.

use identity_vendors::personhood::{
    AttestationKey, Binding, Denial, DenialCode, FaceSign, InvalidKey, InvalidRelayKey, PersonSource,
    RelayKey, Step,
};
use identity_vendors::{Environment, Method, Moment, Secret};
use p521::elliptic_curve::rand_core::{self, CryptoRng, RngCore};
use serde_json::{Value, json};

use super::{Good, NOW, body, hash, header, no, person, signed};

const USER: &str = "6f1c1a4e-0000-4000-8000-000000000001";

fn source() -> FaceSign {
    let key = |name: &str| AttestationKey::from_pem(signed()[name].as_str().unwrap()).unwrap();
    FaceSign {
        group: "facesign-users".to_owned(),
        environment: Environment::Live,
        relay_token: Some(Secret::new("relay.jwt").unwrap()),
        min_match_level: 15,
        attestation_keys: vec![key("pem")],
        token_max_age: 600,
    }
}

pub(super) fn good() -> Good {
    Good {
        source: PersonSource::FaceSign(source()),
        proof: json!({"requestBlob": "AAAA"}),
        user: "",
        nonce: None,
        status: 201,
        answer: json!({
            "success": true, "responseBlob": "AAAA", "didError": false,
            "additionalSessionData": {"platform": "web", "deviceModel": "x", "userAgent": "y"},
            "result": {"livenessProven": true}, "userId": USER, "selfieImageId": null,
        }),
        free: &[
            "/requestBlob",
            "/responseBlob",
            "/additionalSessionData/platform",
            "/additionalSessionData/deviceModel",
            "/additionalSessionData/userAgent",
        ],
    }
}

fn token(source: FaceSign, name: &str) -> Result<Step, Denial> {
    let proof = json!({"userAttestmentToken": signed()[name]}).to_string();
    PersonSource::FaceSign(source).begin(proof.as_bytes(), &Binding { user: "", nonce: None }, NOW)
}

/// Randomness that is none.
struct Counting(u8);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(7);
            *byte = self.0;
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counting {}

/// The key was made by OpenSSL. What is signed with it is believed by its public half, and has no subject.
#[test]
fn tokens_for_the_relay_are_signed() {
    let text = |name: &str| signed()[name].as_str().unwrap().to_owned();
    let key = RelayKey::from_pem(&text("relayPem")).unwrap();
    let source = FaceSign { relay_token: key.token(NOW, &mut Counting(0)), ..source() };
    let question = Good { source: PersonSource::FaceSign(source.clone()), ..good() }.question();
    let token = header(&question, "Authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    let proof = json!({"userAttestmentToken": token}).to_string();
    let believed = |name: &str| {
        let attestation_keys = vec![AttestationKey::from_pem(&text(name)).unwrap()];
        let source = PersonSource::FaceSign(FaceSign { attestation_keys, ..source.clone() });
        no(source.begin(proof.as_bytes(), &Binding { user: "", nonce: None }, NOW))
    };
    assert_eq!(believed("relayPublicPem"), (DenialCode::Missing, "sub"));
    assert_eq!(believed("pem"), (DenialCode::SignatureWrong, "userAttestmentToken"));
    for text in ["", "Xyzzy", text("pem").as_str()] {
        assert_eq!(RelayKey::from_pem(text).err(), Some(InvalidRelayKey));
    }
    assert_eq!(format!("{key:?}"), "RelayKey(..)");
}

#[test]
fn a_scan_is_relayed() {
    let question = good().question();
    assert_eq!((question.method, question.path.as_str()), (Method::Post, "/relay/uniqueness"));
    assert_eq!(header(&question, "Authorization"), Some("Bearer relay.jwt"));
    assert_eq!(
        body(&question),
        json!({
            "requestBlob": "AAAA", "groupName": "facesign-users", "minMatchLevel": 15, "onboardFaceSign": false,
            "storeSelfie": false,
        })
    );
    let found = good().person();
    assert_eq!((found.level.as_str(), found.face_sign_user_id()), ("uniqueness", Some(USER)));
    assert_eq!((found.expires, found.issued_at), (None, None));
    assert!(good().source.has_subject());
}

#[test]
fn a_session_that_goes_on_goes_to_the_device() {
    let step = good().finish_with(200, br#"{"responseBlob":"BBBB","sessionStart":true,"launchId":"l"}"#);
    let Step::Continue(blob) = step.unwrap() else { panic!() };
    assert_eq!(blob.as_str(), "BBBB");
    assert_eq!(no(good().finish_with(200, b"{}")), (DenialCode::Missing, "responseBlob"));
}

#[test]
fn a_token_counts_by_its_signature() {
    let found = person(token(source(), "good"));
    assert_eq!((found.level.as_str(), found.face_sign_user_id()), ("attestation", Some(USER)));
    assert_eq!(found.issued_at, Some(Moment((NOW - 120) * 1000)));
    // The same face, by the other way, and however its id is spelled.
    assert_eq!(hash(&found), hash(&good().person()));
    assert_eq!(hash(&person(token(source(), "upper"))), hash(&found));
    for (name, code, field) in [
        ("otherKey", DenialCode::SignatureWrong, "userAttestmentToken"),
        ("none", DenialCode::SignatureWrong, "alg"),
        ("noneSigned", DenialCode::SignatureWrong, "alg"),
        ("es256", DenialCode::SignatureWrong, "alg"),
        ("fresh", DenialCode::TooNew, "iat"),
        ("old", DenialCode::Expired, "iat"),
        ("expired", DenialCode::Expired, "exp"),
        ("noSub", DenialCode::Missing, "sub"),
        ("notUuid", DenialCode::Malformed, "sub"),
        ("noIat", DenialCode::Missing, "iat"),
        ("iatText", DenialCode::Malformed, "iat"),
    ] {
        assert_eq!(no(token(source(), name)), (code, field), "{name}");
    }
    // A minute old, it opens nobody's keys any more.
    assert!(token(source(), "aMinute").is_ok());
    let two =
        ["otherPem", "pem"].map(|name| AttestationKey::from_pem(signed()[name].as_str().unwrap()).unwrap());
    assert!(token(FaceSign { attestation_keys: two.to_vec(), ..source() }, "otherKey").is_ok());
}

#[test]
fn a_token_that_is_changed_anywhere_is_refused() {
    let token = signed()["good"].as_str().unwrap().to_owned();
    let source = PersonSource::FaceSign(source());
    let begin = |token: &str| {
        let proof = json!({"userAttestmentToken": token}).to_string();
        source.begin(proof.as_bytes(), &Binding { user: "", nonce: None }, NOW)
    };
    assert!(begin(&token).is_ok());
    // Each verification on this curve takes its time: every fifth place.
    for at in (0..token.len()).step_by(5) {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        assert!(begin(&format!("{}{other}{}", &token[..at], &token[at + 1..])).is_err(), "{at}");
        assert!(begin(&token[..at]).is_err(), "{at}");
    }
    for other in [
        format!("{token}."),
        format!(".{token}"),
        format!("{token}A"),
        format!("{token}="),
        format!("{token}\n"),
    ] {
        assert!(begin(&other).is_err());
    }
}

#[test]
fn each_no_is_named() {
    for (proof, code, field) in [
        (json!({}), DenialCode::Missing, "requestBlob"),
        (json!({"requestBlob": 1}), DenialCode::Malformed, "requestBlob"),
        (json!({"requestBlob": ""}), DenialCode::Malformed, "requestBlob"),
        (
            json!({"requestBlob": "AAAA", "userAttestmentToken": "a.b.c"}),
            DenialCode::Malformed,
            "userAttestmentToken",
        ),
        (json!({"userAttestmentToken": "a.b"}), DenialCode::Malformed, "userAttestmentToken"),
        (json!({"userAttestmentToken": "A".repeat(5000)}), DenialCode::Malformed, "userAttestmentToken"),
    ] {
        assert_eq!(no(good().begin_with(&proof)), (code, field), "{proof}");
    }
    for (pointer, value, code, field) in [
        ("/success", json!(false), DenialCode::NotYet, "success"),
        ("/success", Value::Null, DenialCode::Missing, "success"),
        ("/didError", json!(true), DenialCode::NotYet, "didError"),
        ("/didError", Value::Null, DenialCode::Missing, "didError"),
        ("/result", Value::Null, DenialCode::Missing, "result"),
        ("/result/livenessProven", json!(false), DenialCode::NotYet, "livenessProven"),
        ("/result/livenessProven", json!(1), DenialCode::Malformed, "livenessProven"),
        ("/userId", Value::Null, DenialCode::Missing, "userId"),
        ("/userId", json!("u1"), DenialCode::Malformed, "userId"),
    ] {
        assert_eq!(no(good().answered(pointer, value)), (code, field), "{pointer}");
    }
    for (status, code, field) in [
        (400, DenialCode::NotYet, "errorMessage"),
        (401, DenialCode::KeyRefused, "the answer"),
        (409, DenialCode::SeveralPersons, "the answer"),
        (418, DenialCode::UnexpectedStatus, "the answer"),
        (500, DenialCode::Unavailable, "the answer"),
        (503, DenialCode::Unavailable, "the answer"),
    ] {
        assert_eq!(no(good().finish_with(status, br#"{"errorMessage":"said"}"#)), (code, field), "{status}");
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let begin = |source: FaceSign| no(Good { source: PersonSource::FaceSign(source), ..good() }.begin());
    for (wrong, field) in [
        (FaceSign { group: String::new(), ..source() }, "group"),
        (FaceSign { relay_token: None, ..source() }, "relay_token"),
        (FaceSign { min_match_level: 11, ..source() }, "min_match_level"),
        (FaceSign { min_match_level: 16, ..source() }, "min_match_level"),
    ] {
        assert_eq!(begin(wrong), (DenialCode::NotConfigured, field));
    }
    for (wrong, field) in [
        (FaceSign { attestation_keys: Vec::new(), ..source() }, "attestation_keys"),
        (FaceSign { token_max_age: 60, ..source() }, "token_max_age"),
    ] {
        assert_eq!(no(token(wrong, "good")), (DenialCode::NotConfigured, field));
    }
    for pem in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        assert_eq!(AttestationKey::from_pem(pem).unwrap_err(), InvalidKey);
    }
}

/// What idOS' credential of this source takes.
#[test]
fn the_id_is_a_subject() {
    let user = good().person().face_sign_user_id().unwrap().to_owned();
    let subject = idos_credential::FaceSignSubject { face_sign_user_id: user };
    assert_eq!(subject.check(), Ok(()));
}
