//! Ascii85, key spellings and user keys against the SDK's.

use idos_credential::secret_key::{Curve, SecretKey, SecretKeyError};
use idos_credential::user_key::{DerivationError, Strength, derive};
use idos_credential::{VerificationKey, base85, key};

use crate::support::{base64, text, unhex, vectors};

/// Groups of zeros spelled out, as consumers' library reads them without a trick.
fn spelled_out(text: &str) -> String {
    text.replace('z', "!!!!!")
}

#[test]
fn files_are_spelled_as_by_the_sdk_unless_it_damages_them() {
    let all = vectors("sdk/base85.json");
    for vector in all["vectors"].as_array().unwrap() {
        let (name, bytes) = (text(vector, "name"), base64(text(vector, "input_base64")));
        let damaged = !vector["sdk_roundtrips"].as_bool().unwrap();
        assert_eq!(damaged, name.ends_with("_BUG"), "{name}");
        assert_eq!(base85::encode(&bytes) == spelled_out(text(vector, "encoded")), !damaged, "{name}");
        assert_eq!(base85::decode(&base85::encode(&bytes)).unwrap(), bytes, "{name}");
        if !damaged {
            assert_eq!(base85::decode(text(vector, "encoded")).unwrap(), bytes, "{name}");
        }
    }
    for vector in vectors("kwil.json")["credentials"]["base85"].as_array().unwrap() {
        let bytes = hex::decode(text(vector, "input_hex")).unwrap();
        let damaged = vector["decode_after_z_expansion_hex"] != vector["input_hex"];
        assert_eq!(base85::encode(&bytes) == spelled_out(text(vector, "encoded")), !damaged, "{vector}");
    }
}

#[test]
fn texts_that_are_not_ascii85_are_refused() {
    let all = vectors("sdk/base85.json");
    for vector in all["decode_only"].as_array().unwrap() {
        // The SDK's decoder lets unknown characters, stray `z` and cut groups pass; this one does not.
        let expected = match text(vector, "name") {
            "only_delimiters" => Some(vec![]),
            "with_newline" => Some(b"Hell".to_vec()),
            _ => None,
        };
        assert_eq!(base85::decode(text(vector, "encoded")).ok(), expected, "{vector}");
    }
    assert_eq!(base85::decode("<~"), Err(base85::DecodeError::NotFramed));
    assert_eq!(base85::decode("<~>"), Err(base85::DecodeError::NotFramed));
    assert_eq!(base85::decode("<~s8W-!~>").unwrap(), [0xff; 4]);
}

#[test]
fn user_keys_derive_as_in_the_sdk() {
    let all = vectors("sdk/key_derivation.json");
    for vector in all["vectors"].as_array().unwrap() {
        assert_eq!(vector["N"], 16384);
        let secret = derive(text(vector, "password"), text(vector, "salt"), Strength::Current).unwrap();
        assert_eq!(secret.public().to_base64(), text(vector, "box_public_key_base64"), "{vector}");
    }
    for vector in all["invalid_salts"].as_array().unwrap() {
        let refused = derive("password", text(vector, "salt"), Strength::Current).unwrap_err();
        assert_eq!(refused, DerivationError::UserId, "{vector}");
    }
    assert_eq!(
        derive(&"x".repeat(5000), "3a4b5c6d-1e2f-4a3b-9c8d-7e6f5a4b3c2d", Strength::Legacy).unwrap_err(),
        DerivationError::Password
    );
}

#[test]
fn old_user_keys_derive_too() {
    let keys = &vectors("kwil.json")["keys"];
    for (strength, member) in
        [(Strength::Current, "user_box_public_base64"), (Strength::Legacy, "legacy_user_box_public_base64")]
    {
        let secret = derive(text(keys, "user_password"), text(keys, "user_id_salt"), strength).unwrap();
        assert_eq!(secret.public().to_base64(), text(keys, member));
    }
}

#[test]
fn keys_read_and_write_as_in_the_sdk() {
    let all = vectors("sdk/credentials.json");
    let (public, private) =
        (text(&all["key"], "publicKeyMultibase"), text(&all["key"], "privateKeyMultibase"));
    let seed = unhex(text(&all["key"], "seed_hex"));
    assert_eq!(*SecretKey::read(Curve::Ed25519, private).unwrap().bytes(), seed);
    assert_eq!(*key::seed_to_multibase(&seed), private);
    assert_eq!(crate::support::key(&all).verification_key().to_multibase(), public);
    assert_eq!(VerificationKey::from_multibase(public).unwrap().to_did_key(), format!("did:key:{public}"));

    // A changed public half does not pass unnoticed.
    let mut raw = bs58::decode(&private[1..]).into_vec().unwrap();
    *raw.last_mut().unwrap() ^= 1;
    let changed = format!("z{}", bs58::encode(raw).into_string());
    assert_eq!(SecretKey::read(Curve::Ed25519, &changed), Err(SecretKeyError::SecondHalf));
}
