//! A credential that is written and lacks its signature: what is to be signed is a value, so that the key that signs may be
//! anywhere.

use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::envelope::CredentialFields;
use crate::error::WrongSignature;
use crate::proof::{Options, Suite};
use crate::seed_key::IssuerKey;
use crate::signed::SignedCredential;
use crate::verification_method::VerificationMethod;
use crate::writer::Writer;

/// A credential that only lacks the signature of its proof. Wiped on drop; `Debug` shows nothing of the text.
pub struct Unsigned {
    /// The document, open at its end: the proof follows.
    pub(crate) document: Writer,
    pub(crate) suite: Suite,
    pub(crate) to_sign: [u8; 64],
    pub(crate) method: VerificationMethod,
    pub(crate) created: String,
    pub(crate) fields: CredentialFields,
    pub(crate) kyc_level: Option<u32>,
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsigned").field("id", &self.fields.id).finish_non_exhaustive()
    }
}

impl Unsigned {
    /// The exact bytes to be signed (`hashData` of Data Integrity): hashes, from which nothing can be read.
    #[must_use]
    pub fn to_sign(&self) -> &[u8] {
        &self.to_sign
    }

    /// The most bytes that the signed text has. What is not written yet is the proof, which has few texts beside what is its
    /// method's.
    #[must_use]
    pub fn most_text(&self) -> usize {
        const PROOF: usize = 1024;
        self.document.written().len() + self.method.id().len() + PROOF
    }

    /// Whose signature it needs.
    #[must_use]
    pub fn method(&self) -> &VerificationMethod {
        &self.method
    }

    /// Puts `signature` in, if it is that of the verification method's key over [`to_sign`](Self::to_sign): a hand that
    /// signs elsewhere may answer nonsense, and nothing that does not verify may leave.
    pub fn signed(self, signature: &[u8]) -> Result<SignedCredential, WrongSignature> {
        let signature = signature.try_into().map_err(|_| WrongSignature)?;
        if self.method.key().verifies(&self.to_sign, signature) {
            Ok(self.complete(signature))
        } else {
            Err(WrongSignature)
        }
    }

    /// Signs with a key that is at hand. It is that of the verification method.
    pub(crate) fn sign_with(self, key: &IssuerKey) -> SignedCredential {
        let signature = key.sign(&self.to_sign);
        self.complete(&signature)
    }

    fn complete(self, signature: &[u8; 64]) -> SignedCredential {
        let Self { document: mut out, suite, method, created, fields, kyc_level, .. } = self;
        suite.write(&mut out, &Options { created: &created, verification_method: method.id() }, signature);
        out.close();
        let text = Zeroizing::new(out.into_text());
        SignedCredential {
            content_hash: Sha256::digest(text.as_bytes()).into(),
            text,
            id: fields.id,
            level: fields.level,
            kyc_level,
            expiration_date: fields.expiration_date,
        }
    }
}
