//! Answers one JSON request a line on standard input with one JSON line on standard output, so that this crate's
//! verdicts can be held against those of the official SDK's own libraries. See `tests/interop/`.
//!
//! | `op` | members | answer |
//! |---|---|---|
//! | `as-sdk` | `credential`, `issuers` (each with `publicKeyMultibase`, `id`, `controller`), `at` | `verified` (null: not known), `reason` |
//! | `nquads` | `document` | `nquads` |
//!
//! Failures answer `error`.

#![expect(clippy::print_stdout, reason = "answers go to standard output")]

use std::error::Error;
use std::io::BufRead as _;

use idos_credential::VerificationKey;
use idos_linked_data::{SdkIssuer, SdkVerdict, canonical_nquads, verify_as_sdk};
use serde_json::{Value, json};

type Answer = Result<Value, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let answer =
            answer(&serde_json::from_str(&line?)?).unwrap_or_else(|e| json!({ "error": e.to_string() }));
        println!("{answer}");
    }
    Ok(())
}

fn answer(request: &Value) -> Answer {
    match text(request, "op")? {
        "as-sdk" => judge(request),
        "nquads" => Ok(json!({ "nquads": canonical_nquads(text(request, "document")?)? })),
        _ => Err("op is not known".into()),
    }
}

fn judge(request: &Value) -> Answer {
    let mut issuers = Vec::new();
    for issuer in request["issuers"].as_array().ok_or("issuers must be a list")? {
        issuers.push(SdkIssuer {
            key_id: Some(text(issuer, "id")?.to_owned()),
            controller: Some(text(issuer, "controller")?.to_owned()),
            key: VerificationKey::from_multibase(text(issuer, "publicKeyMultibase")?)?,
        });
    }
    Ok(match verify_as_sdk(text(request, "credential")?, &issuers, text(request, "at")?.parse()?) {
        SdkVerdict::Accepted { .. } => json!({ "verified": true }),
        SdkVerdict::Refused(reason) => json!({ "verified": false, "reason": reason }),
        SdkVerdict::NotJudged(reason) => json!({ "verified": null, "reason": reason }),
    })
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, Box<dyn Error>> {
    value.get(member).and_then(Value::as_str).ok_or_else(|| format!("{member} must be a text").into())
}
