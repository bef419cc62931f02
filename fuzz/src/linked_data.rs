//! General JSON-LD by ssi. Slow: every document loads its contexts.

use idos_credential::{AcceptedIssuer, verify};
use idos_linked_data::{SdkIssuer, SdkVerdict, canonical_nquads, verify_as_sdk, verify_foreign};
use serde_json::Value;

use crate::credentials::{vector_key, vector_time};
use crate::input::text;

/// The official SDK's verdict: what the strict verifier accepts, it accepts as well.
pub fn as_sdk(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let key = vector_key();
    let issuer = SdkIssuer { key_id: None, controller: None, key };
    let strict = verify(data, &[AcceptedIssuer::any_name(key)], vector_time());
    let expected_or_refused = match verify_as_sdk(text, &[issuer], vector_time()) {
        SdkVerdict::Accepted { overlooked } => overlooked == strict.err(),
        SdkVerdict::Refused(_) | SdkVerdict::NotJudged(_) => strict.is_err(),
    };
    assert!(expected_or_refused, "the strict verifier accepts what the SDK refuses");
}

/// Canonical N-Quads: lines in their order, each once; the order of members does not matter.
pub fn nquads(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(quads) = canonical_nquads(text) else { return };
    let lines: Vec<Vec<u16>> =
        quads.split_inclusive('\n').map(|line| line.encode_utf16().collect()).collect();
    assert!(lines.is_sorted_by(|a, b| a < b), "lines are sorted by UTF-16, and none stands twice");
    assert!(quads.split_inclusive('\n').all(|line| line.ends_with(" .\n")));

    if let Ok(document) = serde_json::from_str::<Value>(text) {
        assert_eq!(canonical_nquads(&document.to_string()), Ok(quads));
    }
}

/// Credentials of other makers: whatever comes, there is a verdict.
pub fn foreign_credential(data: &[u8]) {
    let Some(text) = text(data) else { return };
    assert_eq!(verify_foreign(text, vector_time()), verify_foreign(text, vector_time()));
}
