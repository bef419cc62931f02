//! What can be said of a foreign credential before anything is verified: what it is, and whether all that it needs
//! is known here.

use idos_credential::Timestamp;
use serde_json::Value;

use super::error::{ForeignError, Obstacle, Refusal};
use crate::did::{DidError, resolve_did_key};

const MODEL_1: &str = "https://www.w3.org/2018/credentials/v1";
const MODEL_2: &str = "https://www.w3.org/ns/credentials/v2";

/// Suites that ssi verifies with the features that are compiled in.
const SUITES: [&str; 3] = ["Ed25519Signature2018", "Ed25519Signature2020", "JsonWebSignature2020"];
const CRYPTOSUITES: [&str; 2] = ["eddsa-2022", "eddsa-rdfc-2022"];

/// Methods that are often met and whose documents have to be fetched: from a web site, a chain or a registry.
const WITH_NETWORK: [&str; 9] = ["web", "webvh", "tdw", "ion", "ethr", "ebsi", "cheqd", "indy", "plc"];

/// The text, or how it is encoded if it is none.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, Obstacle> {
    std::str::from_utf8(bytes).map_err(|_| match bytes.first() {
        // Tags 18 (COSE_Sign1, RFC 9052) and 61 (CWT, RFC 8392); an untagged array of four; a map (ISO 18013-5).
        Some(0xd2 | 0xd8 | 0x84 | 0xa0..=0xbf) => Obstacle::Cbor,
        _ => Obstacle::NotJson,
    })
}

/// What a text is that is no JSON.
pub(super) fn not_json(text: &str) -> Obstacle {
    let text = text.trim();
    let (token, disclosed) = text.split_once('~').map_or((text, false), |(token, _)| (token, true));
    let parts: Vec<_> = token.split('.').collect();
    let is_part = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    // Three parts are signed, five encrypted (RFC 7515, 7516). The first is base64url of `{"…`.
    let is_token = [3, 5].contains(&parts.len()) && parts.iter().all(is_part) && token.starts_with("ey");
    match (is_token, disclosed) {
        (true, true) => Obstacle::SdJwt,
        (true, false) => Obstacle::Jwt,
        _ => Obstacle::NotJson,
    }
}

/// The proofs of what is a credential of data model 1.1.
pub(super) fn proofs_of(document: &Value) -> Result<Vec<&Value>, ForeignError> {
    if let Some(text) = document.as_str() {
        return Err(match not_json(text) {
            Obstacle::NotJson => Obstacle::NotACredential,
            encoding => encoding,
        }
        .into());
    }
    let has = |name| document.get(name).is_some();
    if has("payload") && (has("signatures") || has("signature")) {
        return Err(Obstacle::Jwt.into()); // JWS in JSON, RFC 7515 section 7.2
    }
    let is_of_type =
        |name: &str| values(document.get("type").or_else(|| document.get("@type"))).any(|t| t == name);
    let enveloped = values(document.get("@context")).any(|context| context == MODEL_2)
        && is_of_type("EnvelopedVerifiableCredential");
    if !enveloped && !is_of_type("VerifiableCredential") {
        return Err(Obstacle::NotACredential.into());
    }
    let mut contexts = values(document.get("@context"));
    match contexts.next().and_then(Value::as_str) {
        Some(MODEL_1) => {}
        Some(MODEL_2) => return Err(Obstacle::DataModel2.into()),
        _ => return Err(Obstacle::DataModel.into()),
    }
    if contexts.any(|context| context == MODEL_2) {
        return Err(Obstacle::DataModel2.into());
    }
    for name in ["issuer", "issuanceDate", "credentialSubject"] {
        if document.get(name).is_none_or(Value::is_null) {
            return Err(Obstacle::Malformed(name).into());
        }
    }
    let proofs: Vec<_> = values(document.get("proof")).filter(|proof| !proof.is_null()).collect();
    if proofs.is_empty() { Err(Refusal::NoProof.into()) } else { Ok(proofs) }
}

/// The items of a list, or the one value that stands for a list of one.
fn values(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    match value {
        Some(Value::Array(items)) => items.iter(),
        Some(one) => std::slice::from_ref(one).iter(),
        None => [].iter(),
    }
}

/// Whether every context by address is known, wherever it stands.
pub(super) fn check_contexts(value: &Value, knows: &dyn Fn(&str) -> bool) -> Result<(), Obstacle> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check_contexts(item, knows)),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            let mut contexts = values(Some(value)).filter_map(Value::as_str);
            if (name == "@context" || name == "@import") && contexts.any(|url| !knows(url)) {
                return Err(Obstacle::Context);
            }
            check_contexts(value, knows)
        }),
        _ => Ok(()),
    }
}

/// The issuer's name.
pub(super) fn issuer_of(document: &Value) -> Result<&str, Obstacle> {
    let issuer = document.get("issuer").unwrap_or(&Value::Null);
    issuer.as_str().or_else(|| issuer.get("id")?.as_str()).ok_or(Obstacle::Malformed("issuer"))
}

/// Whether the proof is of a kind that can be verified, by a key of the issuer's, for asserting.
pub(super) fn check_proof(proof: &Value, issuer: &str) -> Result<(), ForeignError> {
    let text = |name: &str| proof.get(name).and_then(Value::as_str);
    if !proof.is_object() {
        return Err(Obstacle::Malformed("proof").into());
    }
    match text("type").ok_or(Obstacle::Malformed("proof.type"))? {
        "DataIntegrityProof" => {
            let cryptosuite = text("cryptosuite").ok_or(Obstacle::Malformed("proof.cryptosuite"))?;
            if !CRYPTOSUITES.contains(&cryptosuite) {
                return Err(Obstacle::Cryptosuite.into());
            }
        }
        suite if !SUITES.contains(&suite) => return Err(Obstacle::Suite.into()),
        _ => {}
    }
    if proof.get("previousProof").is_some() {
        return Err(Obstacle::Chain.into());
    }
    let method = text("verificationMethod").ok_or_else(|| match proof.get("verificationMethod") {
        Some(Value::Object(_)) => Obstacle::KeyWithoutDid,
        _ => Obstacle::Malformed("proof.verificationMethod"),
    })?;
    let did = check_did(method, Obstacle::KeyWithoutDid)?;
    if check_did(issuer, Obstacle::IssuerWithoutDid)? != did {
        return Err(Refusal::NotTheIssuer.into());
    }
    if text("proofPurpose").ok_or(Obstacle::Malformed("proof.proofPurpose"))? != "assertionMethod" {
        return Err(Refusal::Purpose.into());
    }
    // Ed25519Signature2018 and JsonWebSignature2020 write a detached JWS.
    if text("proofValue").or_else(|| text("jws")).is_none() {
        return Err(Refusal::Signature.into());
    }
    Ok(())
}

/// The DID of a DID URL, if it is a `did:key` of a kind that is supported.
fn check_did(url: &str, otherwise: Obstacle) -> Result<&str, Obstacle> {
    let did = url.split(['#', '?', '/']).next().unwrap_or_default();
    let Some((method, _)) = did.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else {
        return Err(otherwise);
    };
    if method != "key" {
        return Err(if WITH_NETWORK.contains(&method) { Obstacle::DidNetwork } else { Obstacle::DidMethod });
    }
    match resolve_did_key(did) {
        Ok(_) => Ok(did),
        Err(DidError::NotResolved) => Err(Obstacle::DidMalformed),
        Err(DidError::NoKey) => Err(Obstacle::Key),
    }
}

/// Whether the proof's own end has come.
pub(super) fn check_end(proof: &Value, now: Timestamp) -> Result<(), ForeignError> {
    match proof.get("expires").map(|end| end.as_str().and_then(|text| text.parse::<Timestamp>().ok())) {
        Some(None) => Err(Obstacle::Malformed("proof.expires").into()),
        Some(Some(end)) if end <= now => Err(Refusal::ProofExpired.into()),
        None | Some(Some(_)) => Ok(()),
    }
}
