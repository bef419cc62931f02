//! Keys that sign.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::DkimError;

/// A private key.
pub struct DkimKey(Kind);

enum Kind {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl DkimKey {
    /// Of PEM, as OpenSSL writes it: `openssl genpkey -algorithm ed25519`, or `-algorithm rsa -pkeyopt rsa_keygen_bits:2048`.
    pub fn from_pem(pem: &[u8]) -> Result<Self, DkimError> {
        let kind = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| DkimError::Key)? {
            PrivateKeyDer::Pkcs1(key) => {
                Kind::Rsa(Box::new(RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(|_| DkimError::Key)?))
            }
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                // OpenSSL writes the private half alone, which is enough.
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(key) => Kind::Ed25519(key),
                    Err(_) => Kind::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(|_| DkimError::Key)?)),
                }
            }
            _ => return Err(DkimError::Key),
        };
        Ok(Self(kind))
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match &self.0 {
            Kind::Rsa(_) => "rsa-sha256",
            Kind::Ed25519(_) => "ed25519-sha256",
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, DkimError> {
        match &self.0 {
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // Randomness blinds the computation; the signature is the same each time.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| DkimError::Signing)?;
                Ok(signature)
            }
            // RFC 8463, 3: what is signed is the hash.
            Kind::Ed25519(key) => Ok(key.sign(&Sha256::digest(message)).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKey({})", self.algorithm())
    }
}
