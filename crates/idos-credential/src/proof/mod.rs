//! Proof suites: how a credential is hashed, and how its proof is written and read. Each suite is a file here, which says
//! all that is its own; this file lists them, and nothing outside this folder asks which suite it is.

pub mod ed25519_2020;

use sha2::{Digest as _, Sha256};

use crate::nquads::{self, Quad};
use crate::rejection::{Members, Rejection, malformed, unknown};
use crate::strict_json::Json;
use crate::writer::Writer;

/// A suite by which proofs are made and verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suite {
    /// `Ed25519Signature2020`: what consumers of idOS verify.
    #[default]
    Ed25519Signature2020,
}

impl Suite {
    /// All that are verified. The default one is issued.
    pub const ALL: [Self; 1] = [Self::Ed25519Signature2020];

    fn definition(self) -> &'static Definition {
        match self {
            Self::Ed25519Signature2020 => &ed25519_2020::DEFINITION,
        }
    }

    /// The JSON-LD context that a credential with such a proof names last.
    #[must_use]
    pub fn context(self) -> &'static str {
        self.definition().context
    }

    /// `proof.type`.
    #[must_use]
    pub fn proof_type(self) -> &'static str {
        self.definition().proof_type
    }

    /// The bytes to be signed: the hash of the canonical proof options, then that of the canonical document (Data Integrity,
    /// `hashData`; the suites that canonicalize RDF have it alike).
    pub(crate) fn to_sign(self, options: &Options<'_>, document: Vec<Quad<'_>>) -> [u8; 64] {
        let mut data = [0; 64];
        let (of_options, of_document) = data.split_at_mut(32);
        of_options.copy_from_slice(&Sha256::digest((self.definition().canonical_options)(options)));
        of_document.copy_from_slice(&nquads::hash(document));
        data
    }

    /// Writes the member `proof`.
    pub(crate) fn write(self, out: &mut Writer, options: &Options<'_>, signature: &[u8; 64]) {
        let definition = self.definition();
        out.name("proof");
        out.open();
        out.text("type", definition.proof_type);
        if let Some(cryptosuite) = definition.cryptosuite {
            out.text("cryptosuite", cryptosuite);
        }
        out.text("created", options.created);
        out.text("verificationMethod", options.verification_method);
        out.text("proofPurpose", PURPOSE);
        out.text("proofValue", &format!("z{}", bs58::encode(signature).into_string()));
        out.close();
    }
}

const PURPOSE: &str = "assertionMethod";

/// What is a suite's own.
struct Definition {
    /// The context that its proofs need.
    context: &'static str,
    /// `proof.type`
    proof_type: &'static str,
    /// `proof.cryptosuite`, where proofs of this type have one.
    cryptosuite: Option<&'static str>,
    /// What is said where a proof is of no suite that the credential's contexts allow, and this is the first of them.
    must_be: &'static str,
    /// The canonical N-Quads of the proof options.
    canonical_options: fn(&Options<'_>) -> String,
}

/// What a proof says besides its value. Its purpose is always `assertionMethod`.
#[derive(Clone, Copy)]
pub(crate) struct Options<'a> {
    pub(crate) created: &'a str,
    pub(crate) verification_method: &'a str,
}

/// A proof, as it was read.
pub(crate) struct Proof<'a> {
    pub(crate) suite: Suite,
    pub(crate) options: Options<'a>,
    pub(crate) signature: [u8; 64],
}

impl<'a> Proof<'a> {
    /// Reads a proof of one of `suites`.
    pub(crate) fn read(json: &'a Json, suites: &[Suite]) -> Result<Self, Rejection> {
        let mut members = Members::of(json, "proof")?;
        let proof_type = members.text("type")?;
        let cryptosuite = members.get("cryptosuite").and_then(Json::as_text);
        let is_meant = |suite: &&Suite| {
            let definition = suite.definition();
            definition.proof_type == proof_type
                && definition.cryptosuite.is_none_or(|own| Some(own) == cryptosuite)
        };
        let Some(suite) = suites.iter().find(is_meant) else {
            let first = suites.first().copied().unwrap_or_default();
            return unknown(members.path("type"), first.definition().must_be);
        };
        if suite.definition().cryptosuite.is_some() {
            members.text("cryptosuite")?;
        }
        if members.text("proofPurpose")? != PURPOSE {
            return unknown(members.path("proofPurpose"), "must be assertionMethod");
        }
        let created = members.required_date("created")?;
        let verification_method = members.uri("verificationMethod")?;
        let proof_value = members.text("proofValue")?;
        members.end()?;

        let signature = proof_value
            .strip_prefix('z')
            .filter(|digits| digits.len() <= 100)
            .and_then(|digits| bs58::decode(digits).into_vec().ok())
            .and_then(|bytes| bytes.try_into().ok());
        match signature {
            Some(signature) => {
                Ok(Self { suite: *suite, options: Options { created, verification_method }, signature })
            }
            None => malformed("proof.proofValue", "must be 64 bytes in multibase base58btc"),
        }
    }
}
