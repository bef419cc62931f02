//! `Ed25519Signature2020`: the suite of the official SDK.

use super::{Definition, Options};
use crate::iri::{self, Place};
use crate::nquads::{self, BLANK};

/// The JSON-LD context of the suite.
pub const CONTEXT: &str = "https://w3id.org/security/suites/ed25519-2020/v1";

pub(super) static DEFINITION: Definition = Definition {
    context: CONTEXT,
    proof_type: "Ed25519Signature2020",
    cryptosuite: None,
    must_be: "must be Ed25519Signature2020",
    canonical_options,
};

/// The proof options always are these four lines, in this order.
fn canonical_options(options: &Options<'_>) -> String {
    format!(
        "{BLANK} <http://purl.org/dc/terms/created> \"{}\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n\
         {BLANK} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/security#Ed25519Signature2020> .\n\
         {BLANK} <https://w3id.org/security#proofPurpose> <https://w3id.org/security#assertionMethod> .\n\
         {BLANK} <https://w3id.org/security#verificationMethod> {} .\n",
        nquads::escape_literal(options.created),
        iri::to_term(options.verification_method, Place::Proof),
    )
}
