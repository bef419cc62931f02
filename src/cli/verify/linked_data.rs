//! What needs a processor of general JSON-LD, which is most of what a build of this program takes: its Cargo feature is
//! `linked-data`.

use idos_credential::verification_method::names_of_url;
use idos_credential::{VerificationKey, VerificationMethod};
use idos_linked_data::{ForeignError, SdkIssuer, SdkVerdict, names_a_status, verify_as_sdk, verify_foreign};

use super::answer::Answer;
use crate::model::time::Timestamp;

/// Under which names the official SDK is told that a key signs: those of a URL's issuer, those of the key's did:key, or any.
/// That SDK does not ask whether a name is a URI.
fn sdk_issuer(issuer: Option<&str>, key: VerificationKey) -> SdkIssuer {
    let names = issuer.map(|issuer| {
        if issuer.starts_with("did:") {
            let method = VerificationMethod::of_did_key(key);
            (method.id().to_owned(), method.controller().to_owned())
        } else {
            names_of_url(issuer)
        }
    });
    let (key_id, controller) = names.unzip();
    SdkIssuer { key_id, controller, key }
}

/// Judges as the official SDK would.
pub(super) fn as_sdk(
    text: &[u8],
    issuer: Option<&str>,
    keys: Vec<VerificationKey>,
    now: Timestamp,
) -> Answer {
    let issuers: Vec<_> = keys.into_iter().map(|key| sdk_issuer(issuer, key)).collect();
    let Ok(text) = std::str::from_utf8(text) else {
        return Answer::no("malformed", "the official SDK refuses it: it is not UTF-8".to_owned());
    };
    match verify_as_sdk(text, &issuers, now) {
        SdkVerdict::Refused(reason) => Answer::no("sdk", format!("the official SDK refuses it: {reason}")),
        SdkVerdict::NotJudged(reason) => {
            Answer::none("unknown", format!("what the official SDK would say is not known: {reason}"))
        }
        SdkVerdict::Accepted { overlooked } => {
            Answer::overlooking(overlooked.map(|rejection| rejection.to_string()))
        }
    }
}

/// Judges a credential of another maker.
pub(super) fn foreign(text: &[u8], now: Timestamp) -> Answer {
    match verify_foreign(text, now) {
        Ok(()) if names_a_status(text) => {
            Answer::noted("credentialStatus names where revocations are published, which was not asked")
        }
        Ok(()) => Answer::yes(),
        Err(ForeignError::Refused(refusal)) => Answer::no("wrong", refusal.to_string()),
        Err(ForeignError::NotJudged(obstacle)) => {
            Answer::none(if obstacle.is_malformed() { "malformed" } else { "unknown" }, obstacle.to_string())
        }
    }
}
