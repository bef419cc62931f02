//! Keys in all their spellings.

use idos_credential::key::{read_seed, seed_to_jwk, seed_to_multibase};
use idos_credential::{AcceptedIssuer, IssuerKey, VerificationKey};
use idos_linked_data::{did_key_of, resolve_did_key};

use crate::input::text;

/// Keys as multibase, JSON Web Key, hex or raw bytes: every spelling of a key that was read is that key.
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
    if let Ok(seed) = read_seed(text) {
        assert_eq!(read_seed(&hex::encode(*seed)).as_deref(), Ok(&*seed));
        assert_eq!(read_seed(&seed_to_multibase(&seed)).as_deref(), Ok(&*seed));
        assert_eq!(read_seed(&seed_to_jwk(&seed)).as_deref(), Ok(&*seed));
        check_key(IssuerKey::of_did_key(&seed).verification_key());
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
