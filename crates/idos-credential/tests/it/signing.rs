//! Signing by a hand that is elsewhere: what is to be signed is a value, and only the right signature makes a credential.

use idos_credential::{
    AcceptedIssuer, EncryptionSecret, IssuerKey, PublicNotes, SealedCredential, SignedCredential, Suite,
    Unsigned, VerificationMethod, WriteKey, WrongSignature, verify,
};
use serde_json::Value;

use super::support::{Script, draft, key, moment, text, vectors};

fn issued(all: &Value) -> impl Iterator<Item = &Value> {
    all["vectors"].as_array().unwrap().iter().filter(|vector| draft(vector).is_ok())
}

fn prepared(all: &Value, vector: &Value) -> Unsigned {
    let public = key(all).verification_key();
    let method = VerificationMethod::of_url(text(&all["key"], "issuer"), public).unwrap();
    draft(vector).unwrap().prepare(&method, moment(text(vector, "clock")))
}

#[test]
fn a_key_elsewhere_signs_what_the_official_sdk_signs() {
    let all = vectors("sdk/credentials.json");
    let mut seen = 0;
    for vector in issued(&all) {
        let unsigned = prepared(&all, vector);
        assert_eq!(unsigned.method(), key(&all).method());
        let signature = key(&all).sign(unsigned.to_sign());
        let signed = unsigned.signed(&signature).unwrap();
        assert_eq!(
            signed.text(),
            draft(vector).unwrap().sign_with(&key(&all), moment(text(vector, "clock"))).text()
        );
        seen += 1;
    }
    assert!(seen > 3, "{seen} vectors");
}

#[test]
fn proofs_of_every_suite_are_verified_as_what_they_are() {
    let all = vectors("sdk/credentials.json");
    let vector = issued(&all).find(|vector| vector["kind"] == "KYC").unwrap();
    let (key, now) = (key(&all), moment(text(vector, "clock")));
    let accepted = [AcceptedIssuer::of(key.method().clone())];
    for suite in Suite::ALL {
        let unsigned = draft(vector).unwrap().prepare_by(suite, key.method(), now);
        let signature = key.sign(unsigned.to_sign());
        let signed = unsigned.signed(&signature).unwrap();
        let json: Value = serde_json::from_str(signed.text()).unwrap();
        assert_eq!(json["@context"][2], suite.context());
        assert_eq!(json["proof"]["type"], suite.proof_type());
        assert_eq!(verify(signed.text().as_bytes(), &accepted, now).map(drop), Ok(()), "{suite:?}");
        // A proof that says something else about itself, or stands under the context of another suite, is none.
        for (place, other) in [("created", "2001-01-01T00:00:00Z"), ("type", "JsonWebSignature2020")] {
            let mut spoiled = json.clone();
            spoiled["proof"][place] = other.into();
            assert!(verify(spoiled.to_string().as_bytes(), &accepted, now).is_err(), "{suite:?} {place}");
        }
        for other in Suite::ALL.into_iter().filter(|other| other.context() != suite.context()) {
            let moved = signed.text().replace(suite.context(), other.context());
            assert!(verify(moved.as_bytes(), &accepted, now).is_err(), "{suite:?} {other:?}");
        }
    }
}

#[test]
fn nothing_but_the_signature_of_the_key_makes_a_credential() {
    let all = vectors("sdk/credentials.json");
    let vector = issued(&all).next().unwrap();
    let unsigned = || prepared(&all, vector);
    let right = key(&all).sign(unsigned().to_sign());
    let other = IssuerKey::of_did_key(&[9; 32]).sign(unsigned().to_sign());
    let of_other_bytes = key(&all).sign(&[7; 64]);
    let mut spoiled = right;
    spoiled[63] ^= 1;
    for wrong in
        [&other[..], &of_other_bytes, &spoiled, &[0; 64], &right[..63], &[&right[..], &[0]].concat(), &[]]
    {
        assert_eq!(unsigned().signed(wrong).unwrap_err(), WrongSignature);
    }
    assert!(unsigned().signed(&right).is_ok());
    let shown = format!("{:?}", unsigned());
    assert!(!shown.contains("credentialSubject") && !shown.contains("Writer"), "{shown}");
}

fn signed(all: &Value) -> SignedCredential {
    let vector = issued(all).next().unwrap();
    draft(vector).unwrap().sign_with(&key(all), moment(text(vector, "clock")))
}

fn drawn() -> Script {
    Script((0..112).collect())
}

/// Encrypted for a user and a grantee, and signed in two rounds by `round`.
fn sealed(
    all: &Value,
    writer: &WriteKey,
    mut round: impl FnMut(usize, Vec<&[u8]>) -> Vec<Vec<u8>>,
) -> Result<SealedCredential, WrongSignature> {
    let signed = signed(all);
    let notes = PublicNotes::new("1", "kyc", signed.level(), "approved", "Example KYC").unwrap();
    let [user, grantee] = [1, 2].map(|byte| EncryptionSecret::from_bytes([byte; 32]).public());
    let encrypted =
        signed.encrypt(&notes, &user, Some(&grantee), writer.verification_key(), &mut drawn()).unwrap();
    let signatures = round(0, encrypted.to_sign());
    let notes_signed = encrypted.signed(&signatures)?;
    let signatures = round(1, notes_signed.to_sign());
    notes_signed.signed(&signatures)
}

#[test]
fn rows_are_signed_elsewhere_as_they_are_here() {
    let all = vectors("sdk/credentials.json");
    let writer = WriteKey::from_seed(&[3; 32]);
    let by_hand = |_, messages: Vec<&[u8]>| messages.into_iter().map(|m| writer.sign(m).to_vec()).collect();
    let signed = signed(&all);
    let notes = PublicNotes::new("1", "kyc", signed.level(), "approved", "Example KYC").unwrap();
    let [user, grantee] = [1, 2].map(|byte| EncryptionSecret::from_bytes([byte; 32]).public());
    let here = signed.seal_with(&notes, &user, Some(&grantee), &writer, &mut drawn()).unwrap();
    assert_eq!(sealed(&all, &writer, by_hand).unwrap(), here);
}

/// The rows in one piece, by a key that is at hand, after the notes were signed elsewhere.
#[test]
fn rows_are_signed_by_the_write_key_that_is_at_hand_and_by_no_other() {
    let all = vectors("sdk/credentials.json");
    let writer = WriteKey::from_seed(&[3; 32]);
    for by_reference in [false, true] {
        let notes_signed = || {
            let signed = signed(&all);
            let notes = PublicNotes::new("1", "kyc", signed.level(), "approved", "Example KYC").unwrap();
            let [user, grantee] = [1, 2].map(|byte| EncryptionSecret::from_bytes([byte; 32]).public());
            let writer_key = writer.verification_key();
            let encrypted = signed.encrypt(&notes, &user, Some(&grantee), writer_key, &mut drawn()).unwrap();
            let encrypted = if by_reference { encrypted.by_reference().unwrap() } else { encrypted };
            let signatures: Vec<_> = encrypted.to_sign().into_iter().map(|m| writer.sign(m)).collect();
            encrypted.signed(&signatures).unwrap()
        };
        let rows = notes_signed();
        let signatures: Vec<_> = rows.to_sign().into_iter().map(|m| writer.sign(m)).collect();
        assert_eq!(notes_signed().sign_with(&writer).unwrap(), rows.signed(&signatures).unwrap());
        let other = WriteKey::from_seed(&[4; 32]);
        assert_eq!(notes_signed().sign_with(&other).unwrap_err(), WrongSignature);
    }
}

#[test]
fn a_row_takes_no_other_signature() {
    let all = vectors("sdk/credentials.json");
    let writer = WriteKey::from_seed(&[3; 32]);
    let other = WriteKey::from_seed(&[4; 32]);
    for round in [0, 1] {
        for spoil in 0..6 {
            let outcome = sealed(&all, &writer, |now, messages| {
                let mut right: Vec<_> = messages.iter().map(|m| writer.sign(m).to_vec()).collect();
                if now == round {
                    match spoil {
                        0 => right[0] = other.sign(messages[0]).to_vec(),
                        1 => right[1] = other.sign(messages[1]).to_vec(),
                        2 => right.swap(0, 1),
                        3 => right.truncate(1),
                        4 => right.push(right[0].clone()),
                        _ => right[1].truncate(63),
                    }
                }
                right
            });
            assert_eq!(outcome.unwrap_err(), WrongSignature, "round {round}, {spoil}");
        }
    }
}
