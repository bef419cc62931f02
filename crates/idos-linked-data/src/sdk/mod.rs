//! The verdict of the official SDK: `@digitalbazaar/vc` with `ed25519-signature-2020` over JSON-LD in safe mode, in the
//! versions that `tests/interop/package.json` pins.
//!
//! For people who support consumers: it tells whether *their* software accepts a credential. The strict verifier
//! of `idos_credential` tells what to think of it.

mod contexts;
mod envelope;
mod javascript;
mod json_ld;

use idos_credential::{AcceptedIssuer, Rejection, Timestamp, VerificationKey, verify};
use serde_json::{Map, Value};

use self::contexts::DOCUMENTS;
use self::json_ld::Failure;

/// An issuer as consumers name it for the official SDK.
#[derive(Clone, Debug)]
pub struct SdkIssuer {
    /// `proof.verificationMethod`; `None` takes any.
    pub key_id: Option<String>,
    /// `issuer`; `None` takes any.
    pub controller: Option<String>,
    /// The key.
    pub key: VerificationKey,
}

/// What the official SDK says, and what the strict verifier says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SdkVerdict {
    /// The SDK accepts the credential. `overlooked` is why the strict verifier does not, if it does not.
    Accepted {
        /// Why the strict verifier refuses what the SDK accepts.
        overlooked: Option<Rejection>,
    },
    /// The SDK refuses the credential, for this reason.
    Refused(&'static str),
    /// What the SDK would say is not known here, for this reason.
    NotJudged(&'static str),
}

/// Why there is no acceptance.
#[derive(Clone, Copy)]
enum No {
    Refused(&'static str),
    NotJudged(&'static str),
}

const SUITE_CONTEXT: &str = idos_credential::proof::ed25519_2020::CONTEXT;
const NO_PROOF: &str = "no proof is of an accepted issuer, suite and purpose";
const TOO_LARGE: &str = "it is too large to be processed here";

/// Judges `credential`, a JSON text, as the official SDK would at the time `now`. Dates without a time zone, which the
/// SDK takes for local time, are taken for UTC.
#[must_use]
pub fn verify_as_sdk(credential: &str, issuers: &[SdkIssuer], now: Timestamp) -> SdkVerdict {
    match judge(credential, issuers, now) {
        Err(No::Refused(reason)) => SdkVerdict::Refused(reason),
        Err(No::NotJudged(reason)) => SdkVerdict::NotJudged(reason),
        Ok(()) => {
            SdkVerdict::Accepted { overlooked: verify(credential.as_bytes(), &strict(issuers), now).err() }
        }
    }
}

fn strict(issuers: &[SdkIssuer]) -> Vec<AcceptedIssuer> {
    let accepted = issuers.iter().filter_map(|issuer| match (&issuer.key_id, &issuer.controller) {
        (Some(id), Some(controller)) => {
            AcceptedIssuer::named(id.clone(), controller.clone(), issuer.key).ok()
        }
        _ => Some(AcceptedIssuer::any_name(issuer.key)),
    });
    accepted.collect()
}

fn judge(credential: &str, issuers: &[SdkIssuer], now: Timestamp) -> Result<(), No> {
    let mut document = javascript::parse_object(credential)?;
    envelope::check(&document, now).map_err(No::Refused)?;
    if crate::canonical::check_size(credential).is_err() {
        return Err(No::NotJudged(TOO_LARGE));
    }
    let proofs = match document.remove("proof") {
        Some(Value::Array(proofs)) => proofs,
        Some(proof) => vec![proof],
        None => return Err(No::Refused("it has no proof")),
    };
    let contexts = document.get("@context").cloned().unwrap_or_default();
    if !contexts.as_array().is_some_and(|contexts| contexts.iter().any(|context| context == SUITE_CONTEXT)) {
        return Err(No::Refused(NO_PROOF)); // the suite takes no proof then
    }
    let nquads = nquads(&Value::Object(document.clone()));

    let mut no = No::Refused(NO_PROOF);
    for issuer in issuers {
        let matching = proofs.iter().filter_map(|proof| matches(proof, issuer).transpose());
        // A method that is null is an error of the SDK before any proof is verified.
        let Ok(matching) = matching.collect::<Result<Vec<_>, _>>() else { continue };
        for proof in matching {
            match check_proof(proof, &contexts, nquads.as_deref().map_err(|no| *no), issuer) {
                Ok(()) if issuer.controller.as_deref().is_none_or(|c| issuer_is(&document, c)) => {
                    return Ok(());
                }
                Ok(()) => no = worse(no, No::Refused("the issuer is not the controller of the key")),
                Err(why) => no = worse(no, why),
            }
        }
    }
    Err(no)
}

/// Of two reasons the later, unless the earlier leaves it open.
fn worse(earlier: No, later: No) -> No {
    if matches!(earlier, No::NotJudged(_)) { earlier } else { later }
}

fn issuer_is(document: &Map<String, Value>, controller: &str) -> bool {
    let issuer = document.get("issuer");
    issuer.and_then(|i| i.as_str().or_else(|| i.get("id")?.as_str())) == Some(controller)
}

/// The proof, if suite, purpose and key id fit.
fn matches<'a>(proof: &'a Value, issuer: &SdkIssuer) -> Result<Option<&'a Map<String, Value>>, ()> {
    let Some(members) = proof.as_object() else { return Ok(None) };
    let is = |name: &str, value: &str| members.get(name).and_then(Value::as_str) == Some(value);
    if !is("proofPurpose", "assertionMethod") || !is("type", "Ed25519Signature2020") {
        return Ok(None);
    }
    let id = match members.get("verificationMethod") {
        Some(Value::Null) => return Err(()),
        Some(Value::Object(method)) => method.get("id").and_then(Value::as_str),
        method => method.and_then(Value::as_str),
    };
    let fits = id.is_some_and(|id| issuer.key_id.as_deref().is_none_or(|own| own == id));
    Ok(fits.then_some(members))
}

fn check_proof(
    proof: &Map<String, Value>,
    contexts: &Value,
    document: Result<&str, No>,
    issuer: &SdkIssuer,
) -> Result<(), No> {
    use sha2::{Digest as _, Sha256};

    let mut options = proof.clone();
    // The proof's own context counts, if it has one.
    options.entry("@context").or_insert_with(|| contexts.clone());
    for signature in ["jws", "signatureValue", "proofValue"] {
        options.remove(signature);
    }
    let options = nquads(&Value::Object(options))?;
    let document = document?;

    let value = proof.get("proofValue").and_then(Value::as_str).unwrap_or_default();
    let digits = value.strip_prefix('z').ok_or(No::Refused("its proofValue is not multibase"))?;
    let digits: String = digits.chars().filter(|c| !javascript::is_white_space(*c)).take(100).collect();
    let signature: [u8; 64] = bs58::decode(digits)
        .into_vec()
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(No::Refused("its proofValue is no signature"))?;
    let data = [Sha256::digest(options), Sha256::digest(document)].concat();
    if issuer.key.verifies(&data, &signature) { Ok(()) } else { Err(No::Refused("its signature is wrong")) }
}

fn nquads(document: &Value) -> Result<String, No> {
    json_ld::nquads(document, &DOCUMENTS).map_err(|failure| match failure {
        Failure::Refused => No::Refused("JSON-LD processing fails in safe mode"),
        Failure::Unknown => No::NotJudged(
            "it imports a context, uses __proto__ as a member, or has too many nodes without an id, or such that \
             look alike",
        ),
    })
}
