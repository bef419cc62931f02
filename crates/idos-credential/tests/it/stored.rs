//! Sealed credentials that a store revives, and damaged rows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::{
    EncryptionSecret, Invalid, PublicNotes, SealedContent, SealedCredential, SealedRow, StoredCredential,
    StoredRow, WriteKey,
};

use crate::support::{draft, key, moment, text, vectors};

fn sealed(with_copy: bool) -> SealedCredential {
    let all = vectors("sdk/credentials.json");
    let mut of_all = all.get("vectors").unwrap().as_array().unwrap().iter();
    let vector = of_all.find(|vector| text(vector, "name") == "kyc_plus").unwrap();
    let signed = draft(vector).unwrap().sign_with(&key(&all), moment(text(vector, "clock")));
    let notes = PublicNotes::new("1", "KYC DATA", signed.level(), "approved", "A").unwrap();
    let [user, grantee] = [1, 2].map(|seed| EncryptionSecret::from_bytes([seed; 32]).public());
    let grantee = with_copy.then_some(&grantee);
    signed.seal_with(&notes, &user, grantee, &WriteKey::from_seed(&[3; 32]), &mut rand::rngs::OsRng).unwrap()
}

fn columns(invalid: &Invalid) -> Vec<&str> {
    invalid.problems.iter().map(|problem| problem.field.as_str()).collect()
}

/// Another value of the same form: its last byte differs.
fn changed(base64: &str) -> String {
    let mut bytes = STANDARD.decode(base64).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    STANDARD.encode(bytes)
}

#[test]
fn what_was_stored_is_revived() {
    for with_copy in [true, false] {
        let sealed = sealed(with_copy);
        let stored = StoredCredential::from(sealed.clone());
        assert_eq!(stored.copy.is_some(), with_copy);
        assert_eq!(&stored.original.content, sealed.original().content());
        assert_eq!(SealedCredential::from_stored(stored).unwrap(), sealed);

        let row = StoredRow::from(sealed.original().clone());
        assert_eq!(SealedRow::from_stored(row, sealed.issuer_auth_public_key()).unwrap(), *sealed.original());
    }
}

/// The content of a row that has it.
fn in_row(content: &mut SealedContent) -> &mut String {
    match content {
        SealedContent::InRow(text) => text,
        SealedContent::ByReference(_) => panic!("it is not in the row"),
    }
}

type Change = fn(&mut StoredCredential);

#[test]
fn a_damaged_column_is_named_and_not_shown() {
    let stored = StoredCredential::from(sealed(true));
    let changes: [(&str, Change); 20] = [
        ("content_hash", |s| s.content_hash.truncate(63)),
        ("content_hash", |s| s.content_hash = s.content_hash.replace(|_| true, "A")),
        ("content_hash", |s| s.content_hash.clear()),
        ("issuer_auth_public_key", |s| s.issuer_auth_public_key.truncate(62)),
        ("issuer_auth_public_key", |s| s.issuer_auth_public_key = "00".repeat(32)),
        ("issuer_auth_public_key", |s| {
            s.issuer_auth_public_key = WriteKey::from_seed(&[4; 32]).public_hex();
        }),
        ("original.content", |s| *in_row(&mut s.original.content) = changed(in_row(&mut s.original.content))),
        ("original.content", |s| in_row(&mut s.original.content).truncate(40)),
        ("original.content", |s| in_row(&mut s.original.content).push('!')),
        ("original.encryptor_public_key", |s| s.original.encryptor_public_key.truncate(40)),
        ("original.encryptor_public_key", |s| s.original.encryptor_public_key = STANDARD.encode([0; 32])),
        ("original.public_notes", |s| s.original.public_notes.push(' ')),
        ("original.public_notes_signature", |s| {
            s.original.public_notes_signature = changed(&s.original.public_notes_signature);
        }),
        ("original.public_notes_signature", |s| s.original.public_notes_signature.truncate(84)),
        ("original.broader_signature", |s| s.original.broader_signature.truncate(84)),
        ("copy.public_notes_signature", |s| {
            let copy = s.copy.as_mut().unwrap();
            copy.public_notes_signature = changed(&copy.public_notes_signature);
        }),
        ("copy.broader_signature", |s| s.copy.as_mut().unwrap().broader_signature.clear()),
        ("copy.encryptor_public_key", |s| s.copy.as_mut().unwrap().encryptor_public_key.push('=')),
        ("copy.content", |s| in_row(&mut s.copy.as_mut().unwrap().content).clear()),
        ("copy.content", |s| s.copy.as_mut().unwrap().content = s.original.content.clone()),
    ];
    for (number, (column, change)) in changes.into_iter().enumerate() {
        let mut damaged = stored.clone();
        change(&mut damaged);
        assert_ne!(damaged, stored, "{number}");
        let invalid = SealedCredential::from_stored(damaged.clone()).unwrap_err();
        assert_eq!(columns(&invalid), [column], "{number}");
        let shown = format!("{invalid} {invalid:?}");
        let content = damaged.original.content.in_row().unwrap();
        for value in [damaged.content_hash.as_str(), damaged.issuer_auth_public_key.as_str(), content] {
            assert!(value.is_empty() || !shown.contains(value), "{number}");
        }
    }
}

#[test]
fn a_broader_signature_that_does_not_hold_is_reported_with_the_content_that_it_covers() {
    let mut stored = StoredCredential::from(sealed(true));
    stored.original.broader_signature = changed(&stored.original.broader_signature);
    let invalid = SealedCredential::from_stored(stored).unwrap_err();
    assert_eq!(invalid.to_string(), "original.content is not what broader_signature covers");
}

#[test]
fn a_copy_has_no_notes_and_all_damage_is_reported() {
    let mut stored = StoredCredential::from(sealed(true));
    // The original is well signed, so only its place is wrong.
    stored.copy = Some(stored.original.clone());
    stored.content_hash.clear();
    let invalid = SealedCredential::from_stored(stored).unwrap_err();
    assert_eq!(columns(&invalid), ["content_hash", "copy.public_notes"]);
}

#[test]
fn a_row_is_revived_for_its_own_key_only() {
    let sealed = sealed(false);
    let row = StoredRow::from(sealed.original().clone());
    let other = WriteKey::from_seed(&[4; 32]).public_hex();
    let invalid = SealedRow::from_stored(row.clone(), &other).unwrap_err();
    assert_eq!(columns(&invalid), ["public_notes_signature"]);
    assert_eq!(columns(&SealedRow::from_stored(row, "").unwrap_err()), ["issuer_auth_public_key"]);
}
