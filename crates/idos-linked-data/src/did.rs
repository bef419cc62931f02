//! DIDs by ssi's methods.

use idos_credential::VerificationKey;
use ssi::JWK;
use ssi::dids::{DIDKey, DIDResolver as _, DIDURL};

/// Why a DID gives no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Not a `did:key` that can be resolved.
    #[error("is not a did:key that can be resolved")]
    NotResolved,
    /// Resolved, but without an Ed25519 key for assertions.
    #[error("has no Ed25519 key for assertions")]
    NoKey,
}

/// The `did:key` of an Ed25519 key, by ssi's method.
pub fn did_key_of(key: VerificationKey) -> Result<String, DidError> {
    let jwk: JWK = serde_json::from_str(&key.to_jwk()).map_err(|_| DidError::NoKey)?;
    DIDKey::generate(&jwk).map(|did| did.to_string()).map_err(|_| DidError::NoKey)
}

/// The Ed25519 key of a `did:key` (with or without fragment): the one that its document lists for assertions.
pub fn resolve_did_key(did: &str) -> Result<VerificationKey, DidError> {
    let did = DIDURL::new(did).map_err(|_| DidError::NotResolved)?.did();
    if did.method_name() != "key" {
        return Err(DidError::NotResolved);
    }
    let output = futures_executor::block_on(DIDKey.resolve(did)).map_err(|_| DidError::NotResolved)?;
    let document = serde_json::to_value(&*output.document).map_err(|_| DidError::NoKey)?;
    let asserting = document.get("assertionMethod").and_then(|list| list.get(0)).cloned().unwrap_or_default();
    let methods =
        document.get("verificationMethod").and_then(|list| list.as_array()).cloned().unwrap_or_default();
    let method = methods.into_iter().find(|method| method.get("id") == Some(&asserting)).unwrap_or(asserting);
    if let Some(multibase) = method.get("publicKeyMultibase").and_then(|key| key.as_str()) {
        return VerificationKey::from_multibase(multibase).map_err(|_| DidError::NoKey);
    }
    let jwk = method.get("publicKeyJwk").ok_or(DidError::NoKey)?;
    VerificationKey::from_jwk(&jwk.to_string()).map_err(|_| DidError::NoKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use idos_credential::IssuerKey;

    #[test]
    fn ssi_and_the_credential_crate_name_a_key_alike() {
        for seed in 0..20 {
            let key = IssuerKey::of_did_key(&[seed; 32]);
            let did = did_key_of(key.verification_key()).unwrap();
            assert_eq!(did, key.verification_key().to_did_key());
            assert_eq!(did, key.controller());
            assert_eq!(resolve_did_key(&did), Ok(key.verification_key()));
            assert_eq!(resolve_did_key(key.id()), Ok(key.verification_key()));
        }
    }

    #[test]
    fn other_dids_are_refused() {
        for did in [
            "",
            "did:key:",
            "did:key:zabc",
            "did:web:example.com",
            "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
        ] {
            assert!(resolve_did_key(did).is_err(), "{did}");
        }
    }
}
