//! Rows that name their contents, for a network that keeps contents at a blob gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use idos_content_id::{ContentId, MAX_CONTENT};
use idos_credential::encrypted::NotesSigned;
use idos_credential::sealing::SealError;
use idos_credential::{
    Blobs, EncryptionSecret, PublicNotes, SealedContent, SealedCredential, SealedRow, SignedCredential,
    StoredCredential, WriteKey,
};

use crate::support::{draft, key, moment, text, vectors};

fn user() -> EncryptionSecret {
    EncryptionSecret::from_bytes([1; 32])
}

fn grantee() -> EncryptionSecret {
    EncryptionSecret::from_bytes([2; 32])
}

fn writer() -> WriteKey {
    WriteKey::from_seed(&[3; 32])
}

fn signed() -> SignedCredential {
    let all = vectors("sdk/credentials.json");
    let vector =
        all.get("vectors").unwrap().as_array().unwrap().iter().find(|v| v["name"] == "kyc_plus").unwrap();
    draft(vector).unwrap().sign_with(&key(&all), moment(text(vector, "clock")))
}

fn by_reference() -> SealedCredential {
    let signed = signed();
    let notes = PublicNotes::new("1", "kyc", signed.level(), "approved", "A").unwrap();
    let writer = writer();
    let encrypted = signed
        .encrypt(
            &notes,
            &user().public(),
            Some(&grantee().public()),
            writer.verification_key(),
            &mut rand::rngs::OsRng,
        )
        .unwrap()
        .by_reference()
        .unwrap();
    let notes: Vec<_> = encrypted.to_sign().into_iter().map(|message| writer.sign(message)).collect();
    sign_rows(encrypted.signed(&notes).unwrap())
}

fn sign_rows(rows: NotesSigned) -> SealedCredential {
    let signatures: Vec<_> = rows.to_sign().into_iter().map(|message| writer().sign(message)).collect();
    rows.signed(&signatures).unwrap()
}

/// By nothing of ours but the key: the notes' signature, and then the broader one over it and `rest`.
fn check_signatures(row: &SealedRow, rest: &[u8]) {
    let bytes: [u8; 32] = hex::decode(writer().public_hex()).unwrap().try_into().unwrap();
    let key = VerifyingKey::from_bytes(&bytes).unwrap();
    let signature = |text: &str| Signature::from_slice(&STANDARD.decode(text).unwrap()).unwrap();
    let of_notes = signature(row.public_notes_signature());
    key.verify_strict(row.public_notes().as_bytes(), &of_notes).unwrap();
    let message = [&of_notes.to_bytes()[..], rest].concat();
    key.verify_strict(&message, &signature(row.broader_signature())).unwrap();
}

#[test]
fn the_broader_signature_covers_the_uri_and_the_content_is_apart() {
    let mut sealed = by_reference();
    let blobs = sealed.take_blobs().unwrap();
    assert_eq!(sealed.take_blobs(), None, "they are there once");
    let copy = sealed.copy().unwrap();
    for (row, blob, reader) in
        [(sealed.original(), &blobs.original, user()), (copy, blobs.copy.as_ref().unwrap(), grantee())]
    {
        let reference = row.content().reference().unwrap();
        assert_eq!(row.content().in_row(), None);
        assert_eq!(reference.id, ContentId::of(blob).unwrap());
        assert_eq!(reference.size, blob.len() as u64);
        assert!(reference.uri().starts_with("ipfs://bafkrei"));
        check_signatures(row, reference.uri().as_bytes());
        let opened = reader.open_bytes(blob.clone(), row.encryptor_public_key()).unwrap();
        assert_eq!(&opened[..], signed().text().as_bytes());
    }
}

#[test]
fn what_is_sealed_for_one_place_is_signed_anew_for_the_other() {
    let mut named = by_reference();
    let blobs = named.take_blobs().unwrap();
    let in_rows = sign_rows(NotesSigned::again(named.clone(), &blobs, false).unwrap());
    for (row, blob) in
        [(in_rows.original(), &blobs.original), (in_rows.copy().unwrap(), blobs.copy.as_ref().unwrap())]
    {
        assert_eq!(row.content().in_row().unwrap(), STANDARD.encode(blob));
        check_signatures(row, blob);
    }
    assert_eq!(in_rows.content_hash(), named.content_hash());
    assert_eq!(in_rows.original().public_notes_signature(), named.original().public_notes_signature());

    let mut back = sign_rows(NotesSigned::again(in_rows, &blobs, true).unwrap());
    assert_eq!(back.take_blobs().unwrap(), blobs);
    assert_eq!(back, named);

    let no_copy = Blobs { copy: None, ..blobs };
    let invalid = NotesSigned::again(named, &no_copy, false).unwrap_err();
    assert_eq!(invalid.problems[0].field, "copy");
}

type Change = fn(&mut StoredCredential);

#[test]
fn what_is_stored_by_reference_is_revived_and_damage_found() {
    let mut sealed = by_reference();
    let _ = sealed.take_blobs();
    let stored = StoredCredential::from(sealed.clone());
    assert_eq!(SealedCredential::from_stored(stored.clone()).unwrap(), sealed);

    let changes: [(&str, Change); 3] = [
        ("original.content", |stored| {
            stored.original.content = stored.copy.as_ref().unwrap().content.clone();
        }),
        ("original.content", |stored| {
            if let SealedContent::ByReference(reference) = &mut stored.original.content {
                reference.size = 39;
            }
        }),
        ("copy.content", |stored| {
            stored.copy.as_mut().unwrap().content = SealedContent::InRow(STANDARD.encode([7; 40]));
        }),
    ];
    for (column, change) in changes {
        let mut damaged = stored.clone();
        change(&mut damaged);
        let invalid = SealedCredential::from_stored(damaged).unwrap_err();
        assert!(invalid.problems[0].field.starts_with(column), "{invalid}");
    }
}

#[test]
fn no_more_is_named_than_a_gateway_takes() {
    let most = usize::try_from(MAX_CONTENT).unwrap();
    let mut sealed = by_reference();
    let blobs = sealed.take_blobs().unwrap();
    for (size, fits) in [(most, true), (most + 1, false)] {
        let blobs = Blobs { original: vec![0; size], ..blobs.clone() };
        assert_eq!(NotesSigned::again(sealed.clone(), &blobs, true).is_ok(), fits);
    }
    assert_eq!(SealError::TooLong.to_string(), "the content is too long to be sealed");
}
