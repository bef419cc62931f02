//! The verdict of the official SDK: `@digitalbazaar/vc` with `ed25519-signature-2020` over JSON-LD in safe mode.
//!
//! For people who support consumers: it tells whether *their* software accepts a credential. The strict verifier
//! of `idos_credential` tells what to think of it.

use idos_credential::verify::CLOCK_SKEW_MILLIS;
use idos_credential::{AcceptedIssuer, Moment, Rejection, VerificationKey, verify};
use serde_json::{Map, Value};

use crate::canonical::{LinkedDataError, canonical, parse};
use crate::contexts::IdosLoader;

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
}

const SAFE_MODE: &str = "JSON-LD processing fails in safe mode";

/// Judges `credential`, a JSON text, as the official SDK would at the time `now`.
#[must_use]
pub fn verify_as_sdk(credential: &str, issuers: &[SdkIssuer], now: Moment) -> SdkVerdict {
    match judge(credential, issuers, now) {
        Err(reason) => SdkVerdict::Refused(reason),
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

fn judge(credential: &str, issuers: &[SdkIssuer], now: Moment) -> Result<(), &'static str> {
    let Ok(Value::Object(mut document)) = parse(credential) else {
        return Err("it is not a JSON object");
    };
    check_envelope(&document, now)?;
    let proofs = match document.remove("proof") {
        Some(Value::Array(proofs)) => proofs,
        Some(proof @ Value::Object(_)) => vec![proof],
        _ => return Err("it has no proof"),
    };
    let contexts = document.get("@context").cloned().unwrap_or_default();
    let document = nquads(&Value::Object(document.clone()))?;

    let mut reason = "no proof is of an accepted issuer, suite and purpose";
    for proof in &proofs {
        for issuer in issuers {
            let Some(options) = matching_options(proof, issuer, &contexts) else { continue };
            match check_proof(proof, &options, &document, issuer) {
                Ok(()) if issuer.controller.as_deref().is_none_or(|c| issuer_is(credential, c)) => {
                    return Ok(());
                }
                Ok(()) => reason = "the issuer is not the controller of the key",
                Err(why) => reason = why,
            }
        }
    }
    Err(reason)
}

/// The checks that the SDK makes before it looks at proofs.
fn check_envelope(document: &Map<String, Value>, now: Moment) -> Result<(), &'static str> {
    let first_context = match document.get("@context") {
        Some(Value::Array(contexts)) => contexts.first(),
        other => other,
    };
    if first_context.and_then(Value::as_str) != Some(idos_credential::terms::CONTEXTS[0]) {
        return Err("its first context is not that of W3C credentials");
    }
    let types = match document.get("type") {
        Some(Value::Array(types)) => types.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    if !types.iter().any(|t| t.as_str() == Some("VerifiableCredential")) {
        return Err("its type is not VerifiableCredential");
    }
    if document.get("credentialStatus").is_some() {
        return Err("it has a credentialStatus, which the SDK cannot check");
    }
    let subjects = match document.get("credentialSubject") {
        Some(Value::Array(subjects)) => subjects.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    if subjects.is_empty() || subjects.iter().any(|s| s.as_object().is_none_or(Map::is_empty)) {
        return Err("its credentialSubject makes no claim");
    }
    let date = |name: &str| {
        document.get(name).map(|date| date.as_str().and_then(|text| text.parse::<Moment>().ok()))
    };
    match date("issuanceDate") {
        None => return Err("it has no issuanceDate"),
        Some(None) => return Err("its issuanceDate is no date"),
        Some(Some(start)) if start.plus_millis(-CLOCK_SKEW_MILLIS) >= now => {
            return Err("it is not valid yet");
        }
        _ => {}
    }
    match date("expirationDate") {
        Some(None) => Err("its expirationDate is no date"),
        Some(Some(end)) if end.plus_millis(CLOCK_SKEW_MILLIS) <= now => Err("it has expired"),
        _ => Ok(()),
    }
}

fn issuer_is(credential: &str, controller: &str) -> bool {
    let document: Value = serde_json::from_str(credential).unwrap_or_default();
    let issuer = document.get("issuer");
    issuer.and_then(|i| i.as_str().or_else(|| i.get("id")?.as_str())) == Some(controller)
}

/// The proof options if suite, purpose and key id fit: the proof without its value, with the document's contexts.
fn matching_options(proof: &Value, issuer: &SdkIssuer, contexts: &Value) -> Option<Value> {
    let mut options = proof.as_object()?.clone();
    let text = |name: &str| proof.get(name).and_then(Value::as_str);
    let fits = text("type") == Some("Ed25519Signature2020")
        && text("proofPurpose") == Some("assertionMethod")
        && issuer.key_id.as_deref().is_none_or(|id| text("verificationMethod") == Some(id));
    options.remove("proofValue");
    options.insert("@context".to_owned(), contexts.clone());
    fits.then_some(Value::Object(options))
}

fn check_proof(
    proof: &Value,
    options: &Value,
    document: &str,
    issuer: &SdkIssuer,
) -> Result<(), &'static str> {
    use sha2::{Digest as _, Sha256};

    let value = proof.get("proofValue").and_then(Value::as_str).unwrap_or_default();
    let digits = value
        .strip_prefix('z')
        .filter(|digits| digits.len() <= 100)
        .ok_or("its proofValue is not multibase")?;
    let signature: [u8; 64] = bs58::decode(digits)
        .into_vec()
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or("its proofValue is no signature")?;
    let data = [Sha256::digest(nquads(options)?), Sha256::digest(document)].concat();
    if issuer.key.verifies(&data, &signature) { Ok(()) } else { Err("its signature is wrong") }
}

fn nquads(document: &Value) -> Result<String, &'static str> {
    let mut unmapped = Vec::new();
    collect_unmapped(document, false, &mut unmapped);
    if has_dropped_member(document, &unmapped) {
        return Err(SAFE_MODE);
    }
    if let Some(filled) = without_null(document) {
        // Safe mode refuses to drop a member without meaning; ssi drops it in silence when it is null.
        canonical(&filled, &IdosLoader::new()).map_err(|_| SAFE_MODE)?;
    }
    canonical(document, &IdosLoader::new()).map_err(|error| match error {
        LinkedDataError::Expansion => SAFE_MODE,
        LinkedDataError::Json => "it is not JSON",
        LinkedDataError::TooLarge => "it is too large to be processed",
    })
}

/// The document with a text in the place of every null, if there is one. In a context, null has a meaning.
fn without_null(value: &Value) -> Option<Value> {
    fn fill(value: &mut Value, found: &mut bool) {
        match value {
            Value::Null => {
                *value = Value::from("");
                *found = true;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| fill(item, found)),
            Value::Object(members) => {
                members
                    .iter_mut()
                    .filter(|(name, _)| *name != "@context")
                    .for_each(|(_, value)| fill(value, found));
            }
            _ => {}
        }
    }
    let mut found = false;
    let mut filled = value.clone();
    fill(&mut filled, &mut found);
    found.then_some(filled)
}

/// The terms that inline contexts map to null.
fn collect_unmapped<'a>(value: &'a Value, in_context: bool, terms: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_unmapped(item, in_context, terms)),
        Value::Object(members) => {
            for (name, value) in members {
                if in_context && (value.is_null() || value.get("@id").is_some_and(Value::is_null)) {
                    terms.push(name);
                }
                collect_unmapped(value, in_context || name == "@context", terms);
            }
        }
        _ => {}
    }
}

/// Whether a member is dropped because its term is mapped to null: ssi does that in silence, the JavaScript
/// processor refuses to in safe mode.
fn has_dropped_member(value: &Value, unmapped: &[&str]) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_dropped_member(item, unmapped)),
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "@context").any(|(name, value)| {
                let no_types =
                    ["@type", "type"].contains(&name.as_str()) && value.as_array().is_some_and(Vec::is_empty);
                let dropped = unmapped.contains(&name.as_str()) && !value.is_null();
                no_types || dropped || has_dropped_member(value, unmapped)
            })
        }
        _ => false,
    }
}
