//! Receipts of erasures: what they say is bound to its name, and nothing of it can be changed.

use idos_credential::{
    AcceptedIssuer, ErasureReceipt, IssuerKey, Kind, RejectionKind, Timestamp, verify_with,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://kyc.example.com/idos";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn receipt() -> ErasureReceipt {
    ErasureReceipt {
        case: "era_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        received: at("2026-01-02T03:04:05Z"),
        erased: at("2026-01-20T00:00:00Z"),
        issuances: 2,
        verifications: 1,
        claims: 0,
        profiles: 1,
        wallets: 0,
        attributes: 3,
        wallet_links: 0,
        copies_removed: 1,
        copies_absent: 1,
        copies_left: 0,
        credentials: 1,
        credentials_revoked: 1,
        credentials_not_revoked: 0,
        credentials_unknown: 0,
        rows: 4,
        removes_by: "as \"users\" do".to_owned(),
        consumer_copies: 1,
        consumer_copies_locked_until: Some(at("2027-01-01T00:00:00Z")),
        consumer_copies_known_by: "the profile".to_owned(),
        confirmation: "sent".to_owned(),
    }
}

fn key() -> IssuerKey {
    IssuerKey::of_url(ISSUER, &[7; 32]).unwrap()
}

fn signed(receipt: &ErasureReceipt) -> String {
    let key = key();
    let unsigned = receipt.prepare(key.method(), at("2026-01-20T00:00:01Z"));
    let signature = key.sign(unsigned.to_sign());
    unsigned.signed(&signature).unwrap()
}

fn judged(text: &str) -> Result<idos_credential::VerifiedReceipt, RejectionKind> {
    let accepted = [AcceptedIssuer::of(key().method().clone())];
    ErasureReceipt::verify(text.as_bytes(), &accepted, at("2026-02-01T00:00:00Z")).map_err(|no| no.kind())
}

#[test]
fn what_was_signed_is_verified() {
    let verified = judged(&signed(&receipt())).unwrap();
    assert_eq!(verified.case, receipt().case);
    let says =
        |name: &str| verified.says.iter().find(|(there, _)| *there == name).map(|(_, says)| says.as_str());
    assert_eq!(says("attributes"), Some("3"));
    assert_eq!(says("consumerCopiesLockedUntil"), Some("2027-01-01T00:00:00Z"));
    let open = ErasureReceipt { consumer_copies_locked_until: None, ..receipt() };
    let verified = judged(&signed(&open)).unwrap();
    assert!(verified.says.iter().all(|(name, _)| *name != "consumerCopiesLockedUntil"));
}

#[test]
fn nothing_of_it_can_be_changed() {
    let text = signed(&receipt());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(judged(&document.to_string()).is_ok(), "the order of members says nothing");
    let subject = document["credentialSubject"].as_object().unwrap();
    for (name, value) in subject.iter().filter(|(name, _)| *name != "@context") {
        let mut changed = document.clone();
        changed["credentialSubject"][name] = match value {
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::String(text) if text.contains("T00:00:00Z") => json!("2026-01-21T00:00:00Z"),
            Value::String(text) if text.contains("T03:04:05Z") => json!("2026-01-01T03:04:05Z"),
            other => json!(format!("{}x", other.as_str().unwrap())),
        };
        assert_eq!(judged(&changed.to_string()), Err(RejectionKind::Signature), "{name}");
        changed["credentialSubject"].as_object_mut().unwrap().remove(name);
        let missing = if name == "consumerCopiesLockedUntil" {
            RejectionKind::Signature
        } else {
            RejectionKind::Malformed
        };
        assert_eq!(judged(&changed.to_string()), Err(missing), "{name}");
    }
    // Two that are the same number do not pass for each other.
    let swapped = text
        .replace("\"issuances\":2", "\"issuances\":1")
        .replace("\"verifications\":1", "\"verifications\":2");
    assert_eq!(judged(&swapped), Err(RejectionKind::Signature));
    for (from, to, no) in [
        ("\"issuances\":2", "\"issuances\":2.5", RejectionKind::Malformed),
        ("\"issuances\":2", "\"issuances\":-2", RejectionKind::Malformed),
        ("\"issuances\":2", "\"issuances\":\"2\"", RejectionKind::Malformed),
        ("\"confirmation\"", "\"person\":\"x\",\"confirmation\"", RejectionKind::Unknown),
        ("#confirmation\"", "#claims\"", RejectionKind::Unknown),
        ("urn:idos-issuer:erasure:era", "urn:idos-issuer:other:era", RejectionKind::Unknown),
        ("credentials/v1", "credentials/v2", RejectionKind::Unknown),
        ("\"VerifiableCredential\"", "\"VerifiableCredential\",\"Other\"", RejectionKind::Unknown),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(judged(&text.replacen(from, to, 1)), Err(no), "{to}");
    }
}

#[test]
fn it_is_no_credential_of_idos_nor_of_somebody_else() {
    let text = signed(&receipt());
    let accepted = [AcceptedIssuer::of(key().method().clone())];
    let now = at("2026-02-01T00:00:00Z");
    assert!(verify_with(Kind::ALL, text.as_bytes(), &accepted, now).is_err());
    let other = IssuerKey::of_url(ISSUER, &[8; 32]).unwrap();
    let of_other = [AcceptedIssuer::of(other.method().clone())];
    let no = ErasureReceipt::verify(text.as_bytes(), &of_other, now).unwrap_err();
    assert_eq!(no.kind(), RejectionKind::Signature);
    let elsewhere =
        [AcceptedIssuer::of(IssuerKey::of_url("https://other.example", &[7; 32]).unwrap().method().clone())];
    let no = ErasureReceipt::verify(text.as_bytes(), &elsewhere, now).unwrap_err();
    assert_eq!(no.kind(), RejectionKind::Issuer);
    let early = ErasureReceipt::verify(text.as_bytes(), &accepted, at("2026-01-19T00:00:00Z")).unwrap_err();
    assert_eq!(early.kind(), RejectionKind::NotYetValid);
    let unsigned = receipt().prepare(key().method(), now);
    assert!(unsigned.signed(&[0; 64]).is_err(), "what is no signature is not put in");
}
