//! Sealing against the SDK's bytes, and what must not open.

use idos_credential::encrypted::seal_row;
use idos_credential::sealing::{SealError, seal_bytes};
use idos_credential::{EncryptionSecret, PublicNotes, RecipientKey, WriteKey};
use serde_json::Value;

use crate::support::{Script, base64, draft, key, moment, text, unhex, vectors};

fn plaintext(vector: &Value) -> Vec<u8> {
    match vector["plaintext"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => base64(text(vector, "plaintext_base64")),
    }
}

#[test]
fn contents_are_those_of_the_sdk_for_the_same_keys_and_nonces() {
    for vector in vectors("sdk/encryption.json")["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        let plaintext = plaintext(vector);
        let recipient = RecipientKey::from_base64(text(vector, "recipient_public_key_base64")).unwrap();
        let drawn = [
            base64(text(vector, "sender_secret_key_base64")),
            hex::decode(text(vector, "nonce_hex")).unwrap(),
        ]
        .concat();
        let (content, encryptor) = seal_bytes(&plaintext, &recipient, &mut Script(drawn)).unwrap();
        assert_eq!(content, text(vector, "content_base64"), "{name}");
        assert_eq!(encryptor, text(vector, "sender_public_key_base64"), "{name}");

        let secret = EncryptionSecret::from_base64(text(vector, "recipient_secret_key_base64")).unwrap();
        assert_eq!(*secret.open(&content, &encryptor).unwrap(), plaintext, "{name}");
    }
}

#[test]
fn what_the_sdk_refuses_to_open_does_not_open() {
    for vector in vectors("sdk/encryption.json")["must_fail"].as_array().unwrap() {
        let name = text(vector, "name");
        match name {
            // The SDK seals to the all-zero key, so that everybody can read it. We do not.
            "recipient_public_key_all_zero_ACCEPTED_when_encrypting" => {
                assert_eq!(
                    RecipientKey::from_bytes([0; 32]).unwrap_err(),
                    SealError::LowOrder("recipient's public key")
                );
            }
            // Opens, but is no text: what credentials are is checked by whoever parses them.
            "plaintext_not_utf8" => {}
            _ => {
                let secret =
                    EncryptionSecret::from_base64(text(vector, "recipient_secret_key_base64")).unwrap();
                let opened =
                    secret.open(text(vector, "content_base64"), text(vector, "sender_public_key_base64"));
                assert!(opened.is_err(), "{name}");
            }
        }
    }
}

#[test]
fn rows_are_signed_as_by_the_sdk() {
    let mut rows = 0;
    for vector in vectors("sdk/insertable.json")["insertable"].as_array().unwrap() {
        let expected = &vector["result"];
        let writer = WriteKey::from_seed(&unhex(text(vector, "sign_seed_hex")));
        // The content is given, so seal anything and compare what does not depend on it: the notes' signature.
        let row = seal_row(
            b"",
            text(vector, "public_notes"),
            &EncryptionSecret::from_bytes([9; 32]).public(),
            &writer,
            &mut Script(vec![7; 56]),
        )
        .unwrap();
        assert_eq!(row.public_notes_signature(), text(expected, "public_notes_signature"));
        assert_eq!(writer.public_hex(), text(expected, "issuer_auth_public_key"));
        rows += 1;
    }
    assert_eq!(rows, 5);
}

#[test]
fn a_sealed_credential_is_the_one_that_the_sdk_inserts() {
    let all = vectors("sdk/insertable.json");
    let credentials = vectors("sdk/credentials.json");
    for vector in all["create_credentials_by_dwg"].as_array().unwrap() {
        let inputs = &vector["kwil_execute_call"]["inputs"];
        let name = text(vector, "plaintext_vc").trim_start_matches("vc/").trim_end_matches(".json");
        let credential =
            credentials["vectors"].as_array().unwrap().iter().find(|v| v["name"] == name).unwrap();
        let signed =
            draft(credential).unwrap().sign_with(&key(&credentials), moment(text(credential, "clock")));

        let drawn = &vector["prng_draw_order"];
        let drawn = [
            base64(text(drawn, "original_ephemeral_secret_key_base64")),
            hex::decode(text(drawn, "original_nonce_hex")).unwrap(),
            base64(text(drawn, "copy_ephemeral_secret_key_base64")),
            hex::decode(text(drawn, "copy_nonce_hex")).unwrap(),
        ]
        .concat();
        let writer = WriteKey::from_seed(&unhex(text(vector, "sign_seed_hex")));
        let user = RecipientKey::from_base64(text(vector, "user_public_key_base64")).unwrap();
        let grantee = match vector["consumer_public_key_base64"].as_str() {
            Some(key) => RecipientKey::from_base64(key).unwrap(),
            None => EncryptionSecret::from_base64(text(vector, "issuer_encryption_secret_key_base64"))
                .unwrap()
                .public(),
        };
        let hash = signed.content_hash();
        // Their notes have no id, which ours must have: seal the rows by themselves.
        let mut rng = Script(drawn);
        let original =
            seal_row(signed.text().as_bytes(), text(vector, "public_notes"), &user, &writer, &mut rng)
                .unwrap();
        let copy = seal_row(signed.text().as_bytes(), "", &grantee, &writer, &mut rng).unwrap();

        assert_eq!(hash, text(inputs, "content_hash"));
        assert_eq!(writer.public_hex(), text(inputs, "issuer_auth_public_key"));
        for (prefix, row) in [("original", &original), ("copy", &copy)] {
            assert_eq!(
                row.content().in_row().unwrap_or_default(),
                text(inputs, &format!("{prefix}_content"))
            );
            assert_eq!(row.encryptor_public_key(), text(inputs, &format!("{prefix}_encryptor_public_key")));
            assert_eq!(
                row.public_notes_signature(),
                text(inputs, &format!("{prefix}_public_notes_signature"))
            );
            assert_eq!(row.broader_signature(), text(inputs, &format!("{prefix}_broader_signature")));
        }
    }
}

#[test]
fn the_wire_examples_come_out_again() {
    let all = vectors("kwil.json");
    let (keys, example) = (&all["keys"], &all["encryption"]);
    let writer = WriteKey::from_seed(&unhex(text(keys, "issuer_signing_seed_hex")));
    for part in ["original", "copy"] {
        let expected = &example[part];
        let ephemeral = text(keys, &format!("{}_secret_hex", text(expected, "ephemeral_secret")));
        let drawn =
            [hex::decode(ephemeral).unwrap(), hex::decode(text(expected, "nonce_hex")).unwrap()].concat();
        let recipient = RecipientKey::from_base64(text(expected, "recipient_public_base64")).unwrap();
        let row = seal_row(
            text(example, "plaintext").as_bytes(),
            text(expected, "public_notes"),
            &recipient,
            &writer,
            &mut Script(drawn),
        )
        .unwrap();
        assert_eq!(row.content().in_row().unwrap_or_default(), text(expected, "content_base64"));
        assert_eq!(row.encryptor_public_key(), text(expected, "encryptor_public_key"));
        assert_eq!(row.public_notes_signature(), text(expected, "public_notes_signature"));
        assert_eq!(row.broader_signature(), text(expected, "broader_signature"));
    }
}

#[test]
fn notes_say_of_documents_what_the_coming_sdk_says() {
    let all = vectors("sdk/credentials.json");
    let with = |name: &str| {
        let vector = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == name).unwrap();
        let signed = draft(vector).unwrap().sign_with(&key(&all), moment(text(vector, "clock")));
        let notes = PublicNotes::new("1", "kyc", signed.level(), "approved", "{A}").unwrap();
        let notes = notes.with_documents(&signed).unwrap();
        assert_eq!(notes.with_status("revoked").id(), "1");
        serde_json::from_str::<serde_json::Value>(notes.text()).unwrap()
    };
    let plus = with("kyc_plus");
    assert_eq!(plus["issuer"], "{A}");
    assert_eq!(
        plus["proofOfIdentity"],
        serde_json::json!({ "type": "PASSPORT", "dateOfExpiry": "2035-05-05T23:59:59.999Z" })
    );
    assert_eq!(plus["proofOfResidency"]["category"], "UTILITY_BILL");
    let minimal = with("kyc_basic_minimal");
    assert!(minimal["proofOfIdentity"].get("dateOfExpiry").is_none());
    assert!(minimal.get("proofOfResidency").is_none());
    assert!(with("face_id").get("proofOfIdentity").is_none());
}

#[test]
fn a_credential_is_sealed_for_two_with_notes_of_its_own_level() {
    let all = vectors("sdk/credentials.json");
    let vector = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "kyc_plus").unwrap();
    let sign = || draft(vector).unwrap().sign_with(&key(&all), moment(text(vector, "clock")));
    let (user, issuer) = (EncryptionSecret::from_bytes([1; 32]), EncryptionSecret::from_bytes([2; 32]));
    let writer = WriteKey::from_seed(&[3; 32]);
    let mut rng = rand::rngs::OsRng;

    let wrong = PublicNotes::new("1", "KYC DATA", "basic", "approved", "A").unwrap();
    let refused = sign().seal_with(&wrong, &user.public(), None, &writer, &mut rng).unwrap_err();
    assert_eq!(refused, SealError::Level);

    let notes = PublicNotes::new("1", "KYC DATA", sign().level(), "approved", "A").unwrap();
    let sealed = sign().seal_with(&notes, &user.public(), Some(&issuer.public()), &writer, &mut rng).unwrap();
    let copy = sealed.copy().unwrap();
    assert_ne!(copy.encryptor_public_key(), sealed.original().encryptor_public_key());
    assert_eq!(copy.public_notes(), "");
    let plaintext = text(vector, "vc_json").as_bytes();
    assert_eq!(
        *user
            .open(
                sealed.original().content().in_row().unwrap_or_default(),
                sealed.original().encryptor_public_key()
            )
            .unwrap(),
        plaintext
    );
    assert_eq!(
        *issuer.open(copy.content().in_row().unwrap_or_default(), copy.encryptor_public_key()).unwrap(),
        plaintext
    );
    assert!(
        issuer
            .open(
                sealed.original().content().in_row().unwrap_or_default(),
                sealed.original().encryptor_public_key()
            )
            .is_err()
    );
}

#[test]
fn keys_that_make_the_shared_secret_predictable_are_refused() {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::montgomery::MontgomeryPoint;

    let is_predictable = |bytes: [u8; 32]| MontgomeryPoint(bytes).mul_clamped([0x55; 32]).0 == [0; 32];
    let mut low_order: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.to_montgomery().0).collect();
    // Other encodings of the same points: not reduced modulo p, and with the bit that X25519 ignores.
    for last in 0xda..=0xff_u8 {
        for first in [0xd9, 0xda, 0xdb, 0xec, 0xed, 0xee, 0xef] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (first, last);
            low_order.push(bytes);
        }
    }
    for bytes in low_order.clone() {
        let mut high = bytes;
        high[31] ^= 0x80;
        low_order.push(high);
    }
    let mut refused = 0;
    for bytes in low_order {
        assert_eq!(RecipientKey::from_bytes(bytes).is_err(), is_predictable(bytes), "{}", hex::encode(bytes));
        refused += usize::from(is_predictable(bytes));
    }
    assert!(refused >= 16, "{refused}");
    for text in ["", "AAAA", "not base64!", &"A".repeat(10_000)] {
        assert_eq!(RecipientKey::from_base64(text).unwrap_err(), SealError::Key("recipient's public key"));
    }
}
