//! Keys in all their spellings.

use idos_credential::key::{seed_to_jwk, seed_to_multibase};
use idos_credential::secret_key::{Curve, SecretKey, read_bytes};
use idos_credential::{AcceptedIssuer, IssuerKey, VerificationKey};
use idos_linked_data::{did_key_of, resolve_did_key};

use crate::input::text;

/// Keys in all their spellings: every spelling of a key that was read is that key, and a key that says what it is is
/// read as nothing else.
pub fn keys(data: &[u8]) {
    if let Some((bytes, _)) = data.split_first_chunk()
        && let Ok(key) = VerificationKey::from_bytes(bytes)
    {
        check_key(key);
    }
    let Some(text) = text(data) else { return };
    if let Ok(key) = VerificationKey::from_multibase(text) {
        assert_eq!(key.to_multibase(), text, "a key has one text");
        check_key(key);
    }
    if let Ok(key) = VerificationKey::from_jwk(text) {
        check_key(key);
    }
    let (signs, decrypts) = (SecretKey::read(Curve::Ed25519, text), SecretKey::read(Curve::X25519, text));
    if let Ok(key) = &signs {
        let seed = key.bytes();
        for spelled in [seed_to_multibase(seed).to_string(), seed_to_jwk(seed).to_string(), hex::encode(seed)]
        {
            assert_eq!(SecretKey::read(Curve::Ed25519, &spelled).as_ref().map(SecretKey::bytes), Ok(seed));
        }
        check_key(IssuerKey::of_did_key(seed).verification_key());
    }
    if let (Ok(signs), Ok(decrypts)) = (&signs, &decrypts) {
        assert_eq!(signs.bytes(), decrypts.bytes(), "32 bytes alone are the same for both");
        assert_eq!(signs.spelling(), decrypts.spelling());
    }
    if let Ok(bytes) = read_bytes(text) {
        assert_eq!(decrypts.as_ref().map(SecretKey::bytes), Ok(&*bytes), "and for what is of no curve");
    }
    // The names that go with a key: both makers of an issuer take the same ones.
    let seed = [7; 32];
    let key = IssuerKey::of_did_key(&seed).verification_key();
    assert_eq!(IssuerKey::of_url(text, &seed).is_ok(), AcceptedIssuer::of_url(text, key).is_ok());
}

fn check_key(key: VerificationKey) {
    assert_eq!(VerificationKey::from_multibase(&key.to_multibase()), Ok(key));
    assert_eq!(VerificationKey::from_jwk(&key.to_jwk()), Ok(key));
}

/// `did:key`: ssi and our own reader of keys agree.
pub fn did_key(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let without_fragment = text.split('#').next().unwrap_or_default();
    if let Ok(key) = resolve_did_key(text) {
        assert_eq!(did_key_of(key).as_deref(), Ok(key.to_did_key().as_str()));
    }
    if let Some(Ok(key)) = without_fragment.strip_prefix("did:key:").map(VerificationKey::from_multibase) {
        assert_eq!(resolve_did_key(without_fragment), Ok(key));
    }
}
