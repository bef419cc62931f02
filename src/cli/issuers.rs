//! Which issuers are accepted, as command lines name them: by keys, and by a URL or a `did:key`.

use idos_credential::{AcceptedIssuer, VerificationKey};

/// The keys that are given, and that of a `did:key`.
pub(super) fn keys(given: &[String], issuer: Option<&str>) -> Result<Vec<VerificationKey>, String> {
    let mut keys = Vec::new();
    for text in given {
        let text = text.trim();
        let key = if text.starts_with('{') {
            VerificationKey::from_jwk(text)
        } else {
            VerificationKey::from_multibase(text)
        };
        keys.push(key.map_err(|problem| format!("--key {problem}"))?);
    }
    if let Some(did) = did(issuer) {
        let key = key_of_did(did).ok_or("--issuer is not the did:key of an Ed25519 key")?;
        if !keys.is_empty() && !keys.contains(&key) {
            return Err("--key is not the key of the did:key in --issuer".to_owned());
        }
        keys = vec![key];
    }
    if keys.is_empty() {
        return Err("--issuer is a URL and does not tell the key: give --key too".to_owned());
    }
    Ok(keys)
}

/// Whoever is accepted: under any name that goes with a key, where no issuer is named.
pub(super) fn accepted(given: &[String], issuer: Option<&str>) -> Result<Vec<AcceptedIssuer>, String> {
    let accept = |key| match (issuer, did(issuer)) {
        (None, _) => Ok(AcceptedIssuer::any_name(key)),
        (Some(_), Some(_)) => Ok(AcceptedIssuer::of_did_key(key)),
        (Some(url), None) => {
            AcceptedIssuer::of_url(url, key).map_err(|problem| format!("--issuer {problem}"))
        }
    };
    keys(given, issuer)?.into_iter().map(accept).collect()
}

fn did(issuer: Option<&str>) -> Option<&str> {
    issuer.filter(|issuer| issuer.starts_with("did:"))
}

/// The key of a `did:key` (did:key method, section Format), with or without a fragment.
fn key_of_did(did: &str) -> Option<VerificationKey> {
    let without_fragment = did.split('#').next()?;
    VerificationKey::from_multibase(without_fragment.strip_prefix("did:key:")?).ok()
}
