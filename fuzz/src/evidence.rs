//! Evidence: what comes in as JSON is refused, or becomes a credential that verifies.

use idos_credential::strict_json::Json;
use idos_credential::{
    AcceptedIssuer, CredentialFields, Draft, EddSubject, FaceSignSubject, Invalid, IssuerKey, KycSubject,
    KycV3Subject, Rejection, SignedCredential, Timestamp, verify,
};
use idos_linked_data::{SdkIssuer, SdkVerdict, verify_as_sdk};
use sha2::{Digest as _, Sha256};

use crate::credentials::vector_time;

const ISSUER: &str = "https://issuer.example";
const SEED: [u8; 32] = [0x5a; 32];

/// Evidence as JSON: the members `fields`, `subject` (whose files are texts) and, if another than the usual, `now`.
///
/// Evidence that is taken makes a credential that the strict verifier takes, and that claims what it should.
pub fn evidence(data: &[u8]) {
    let Some(Issued { signed, level, now }) = issue(data) else { return };
    assert_eq!(signed.content_hash(), hex::encode(Sha256::digest(signed.text())));

    for issuer in [
        AcceptedIssuer::of_url(ISSUER, key().verification_key()).expect("a URL"),
        AcceptedIssuer::any_name(key().verification_key()),
    ] {
        match verify(signed.text().as_bytes(), &[issuer], now) {
            Ok(verified) => {
                assert_eq!(verified.id, signed.id());
                assert_eq!(verified.level, signed.level());
                assert_eq!(verified.issuer, key().controller());
                assert_eq!(verified.verification_method, key().id());
                assert_eq!(verified.expiration_date, signed.expiration_date());
                assert_eq!(verified.kyc_level.unwrap_or(0), signed.kyc_level().unwrap_or(0));
                if level == signed.level() {
                    // Levels of proofs of personhood are not derived.
                    assert_ne!(verified.level_supported, Some(false), "{}", signed.level());
                }
            }
            Err(Rejection::Expired) => assert!(is_over(&signed, now), "it has not expired"),
            Err(rejection) => panic!("what was issued does not verify: {rejection}"),
        }
    }
}

/// Evidence as JSON, as in [`evidence()`]: what is issued is accepted by the official SDK's rules, too.
///
/// These are two independent ways from a document to the bytes that are signed, one of them general JSON-LD.
pub fn issue_as_sdk(data: &[u8]) {
    let Some(Issued { signed, now, .. }) = issue(data) else { return };
    let issuer = SdkIssuer {
        key_id: Some(key().id().to_owned()),
        controller: Some(key().controller().to_owned()),
        key: key().verification_key(),
    };
    let verdict = verify_as_sdk(signed.text(), &[issuer], now);
    if !is_over(&signed, now) {
        assert_eq!(verdict, SdkVerdict::Accepted { overlooked: None });
    }
}

struct Issued {
    signed: SignedCredential,
    /// The level that the evidence supports.
    level: String,
    now: Timestamp,
}

fn issue(data: &[u8]) -> Option<Issued> {
    let json = Json::parse(data).ok()?;
    let draft = draft(&json).inspect_err(check_problems).ok()?;
    let now = json.member("now").and_then(Json::as_text).and_then(|text| text.parse().ok());
    let now = now.unwrap_or_else(vector_time);
    let level = draft.derived_level();
    Some(Issued { signed: draft.sign_with(&key(), now), level, now })
}

fn draft(json: &Json) -> Result<Draft, Invalid> {
    let part = |name| json.member(name).unwrap_or(&Json::Null);
    let fields = CredentialFields::read(part("fields"))?;
    let subject = part("subject");
    if subject.member("faceSignUserId").is_some() {
        return Draft::new(fields, FaceSignSubject::read(subject)?);
    }
    let read_file =
        &mut |json: &Json| json.as_text().map(|text| text.as_bytes().to_vec()).ok_or("must be a text");
    // Subjects in sections by the rules by which an issuer reads, others by those of the official SDK.
    if subject.member("person").is_some() {
        return Draft::new(fields, KycV3Subject::read(subject, read_file)?);
    }
    if subject.member("edd").is_some() {
        return Draft::new(fields, EddSubject::read(subject, read_file)?);
    }
    Draft::kyc_as_sdk(fields, KycSubject::read_as_sdk(subject, read_file)?)
}

fn check_problems(invalid: &Invalid) {
    assert!(!invalid.problems.is_empty(), "a refusal has a reason");
    assert!(invalid.problems.iter().all(|problem| !problem.problem.is_empty()));
}

fn key() -> IssuerKey {
    IssuerKey::of_url(ISSUER, &SEED).expect("a URL")
}

fn is_over(signed: &SignedCredential, now: Timestamp) -> bool {
    signed.expiration_date().is_some_and(|end| end < now)
}
