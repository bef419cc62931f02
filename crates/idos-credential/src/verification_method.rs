//! Who signs, as others know it: a verification method of the Verifiable Credentials Data Model.
//!
//! It is a value, and holds no secret: what is signed names it, whoever holds the secret half of its key.

use crate::iri;
use crate::key::{KeyError, VerificationKey};

/// A public key with its id and its controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationMethod {
    id: String,
    controller: String,
    key: VerificationKey,
}

impl VerificationMethod {
    /// `key` under the id `id`, of `controller`: absolute URIs, which credentials name as `proof.verificationMethod` and
    /// `issuer`.
    pub fn new(id: String, controller: String, key: VerificationKey) -> Result<Self, KeyError> {
        iri::check(&id).map_err(|_| KeyError::Uri)?;
        iri::check(&controller).map_err(|_| KeyError::Uri)?;
        Ok(Self { id, controller, key })
    }

    /// The one key of an issuer with a URL, by the convention of the official SDK: its id is `<issuer>/keys/1`, and its
    /// controller `<issuer>/issuers/1`. A slash at the end of the URL does not count.
    pub fn of_url(issuer: &str, key: VerificationKey) -> Result<Self, KeyError> {
        let (id, controller) = names_of_url(issuer);
        Self::new(id, controller, key)
    }

    /// The key of an issuer that is its `did:key` (did:key method, section Format).
    #[must_use]
    pub fn of_did_key(key: VerificationKey) -> Self {
        let controller = key.to_did_key();
        Self { id: format!("{controller}#{}", key.to_multibase()), controller, key }
    }

    /// `proof.verificationMethod`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose key it is: the credential's `issuer`.
    #[must_use]
    pub fn controller(&self) -> &str {
        &self.controller
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> VerificationKey {
        self.key
    }
}

/// Id and controller of the one key of an issuer with a URL, as [`VerificationMethod::of_url`] makes them, whether they are
/// absolute URIs or not.
#[must_use]
pub fn names_of_url(issuer: &str) -> (String, String) {
    let issuer = issuer.trim_end_matches('/');
    (format!("{issuer}/keys/1"), format!("{issuer}/issuers/1"))
}
