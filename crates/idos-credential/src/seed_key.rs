//! Keys whose seed is at hand. Credentials are built and sealed without them ([`crate::Draft::prepare`],
//! [`crate::SignedCredential::encrypt`]).

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

use crate::key::{KeyError, VerificationKey, public, statement};
use crate::verification_method::VerificationMethod;

/// The key that signs credentials, with its names. Wiped on drop; `Debug` shows no secret.
#[derive(Clone)]
pub struct IssuerKey {
    method: VerificationMethod,
    key: SigningKey,
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl IssuerKey {
    /// The key of an issuer with a URL: see [`VerificationMethod::of_url`].
    pub fn of_url(issuer: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let (key, public) = pair(seed);
        Ok(Self { method: VerificationMethod::of_url(issuer, public)?, key })
    }

    /// The key of an issuer that is its `did:key`.
    #[must_use]
    pub fn of_did_key(seed: &[u8; 32]) -> Self {
        let (key, public) = pair(seed);
        Self { method: VerificationMethod::of_did_key(public), key }
    }

    /// A key with names of its own.
    pub fn named(id: String, controller: String, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let (key, public) = pair(seed);
        Ok(Self { method: VerificationMethod::new(id, controller, public)?, key })
    }

    /// What others know of it.
    #[must_use]
    pub fn method(&self) -> &VerificationMethod {
        &self.method
    }

    /// The key's id: `proof.verificationMethod`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.method.id()
    }

    /// Whose key it is: the credential's `issuer`.
    #[must_use]
    pub fn controller(&self) -> &str {
        self.method.controller()
    }

    /// The public half.
    #[must_use]
    pub fn verification_key(&self) -> VerificationKey {
        self.method.key()
    }

    /// Signs bytes, such as those of [`crate::Unsigned::to_sign`].
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// Signs what the issuer states about its own records: [`crate::key::STATEMENT`], and then `text`. What the proof of a credential
    /// signs is 64 bytes, and this is longer: the one is never taken for the other.
    #[must_use]
    pub fn sign_statement(&self, text: &str) -> [u8; 64] {
        self.sign(statement(text).as_bytes())
    }
}

/// The key that writes to an idOS node and signs the rows of credentials: Ed25519, known by its lower-case hex.
#[derive(Clone)]
pub struct WriteKey {
    key: SigningKey,
    /// Every copy has empty public notes, and Ed25519 signs the same text always alike: one signature serves all.
    over_nothing: [u8; 64],
}

impl fmt::Debug for WriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteKey({})", self.public_hex())
    }
}

impl WriteKey {
    /// From the seed of RFC 8032.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { over_nothing: key.sign(b"").to_bytes(), key }
    }

    /// What the node calls `issuer_auth_public_key`.
    #[must_use]
    pub fn public_hex(&self) -> String {
        hex::encode(self.key.verifying_key().as_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn verification_key(&self) -> VerificationKey {
        public(&self.key)
    }

    /// Signs bytes, such as those of [`crate::Encrypted::to_sign`].
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        if message.is_empty() { self.over_nothing } else { self.key.sign(message).to_bytes() }
    }
}

fn pair(seed: &[u8; 32]) -> (SigningKey, VerificationKey) {
    let key = SigningKey::from_bytes(seed);
    let public = public(&key);
    (key, public)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{STATEMENT, seed_to_jwk, seed_to_multibase};
    use crate::secret_key::{Curve, SecretKey};

    #[test]
    fn spellings_of_one_key_agree() {
        let seed = [7; 32];
        for text in [seed_to_multibase(&seed), seed_to_jwk(&seed)] {
            assert_eq!(SecretKey::read(Curve::Ed25519, &text).unwrap().bytes(), &seed);
        }

        let key = IssuerKey::of_did_key(&seed).verification_key();
        assert_eq!(VerificationKey::from_multibase(&key.to_multibase()), Ok(key));
        assert_eq!(VerificationKey::from_jwk(&key.to_jwk()), Ok(key));
    }

    #[test]
    fn statements_are_signed_as_statements_only() {
        let key = IssuerKey::of_did_key(&[7; 32]);
        let public = key.verification_key();
        let signature = key.sign_statement("entry 1\n");
        assert!(public.verifies_statement("entry 1\n", &signature));
        assert!(public.verifies(format!("{STATEMENT}entry 1\n").as_bytes(), &signature));
        assert!(!public.verifies_statement("entry 2\n", &signature));
        assert!(!public.verifies(b"entry 1\n", &signature));
        assert!(!public.verifies_statement("entry 1\n", &key.sign(&[b'e'; 64])));
    }
}
