//! Proofs of personhood, for open verifications. The answer comes at once: a person, the one reason why not, or "not yet".

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json as JsonBody};
use identity_vendors::personhood::{Denial, DenialCode, LARGEST_PROOF};
use idos_credential::strict_json::Json;
use serde::Serialize;
use zeroize::Zeroizing;

use super::common::{conflict, parse_id};
use super::profiles::read::wallet_claim;
use super::verifications::VerificationView;
use crate::flow::proof::{self, Proof, ProofError, Proven};
use crate::http::kit::body;
use crate::http::kit::json::{self, Faults, Object};
use crate::http::kit::problem::{Code, Location, Problem};
use crate::http::kit::state::Api;
use crate::model::submitter::Submitter;

pub(super) const PROOF: &[&str] = &["proof", "userId", "wallet", "nonce"];

/// The largest body: the largest proof, and room for all else.
const MAX_BODY: usize = LARGEST_PROOF + body::MAX_BODY_WITHOUT_FILES;

/// What is said of a nonce that is none.
const NONCE: &str = "must be a text of 1 to 256 characters";

/// What goes to the user's device.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContinueView<'a> {
    response_blob: &'a str,
}

pub(in crate::http) async fn prove(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json_of(&api, request, MAX_BODY).await?;
    let proof = read(&json::parse(&body.bytes)?, body.bytes.len())?;
    match proof::prove(&api.app, &caller, &parse_id(&id)?, proof).await? {
        Proven::Person(of) => {
            Ok((StatusCode::ACCEPTED, JsonBody(VerificationView::of(*of, None))).into_response())
        }
        Proven::Continue(blob) => Ok(JsonBody(ContinueView { response_blob: &blob }).into_response()),
    }
}

/// Reads what a user brings. The wallet's proof is verified.
fn read(json: &Json, len: usize) -> Result<Proof, Problem> {
    let mut faults = Faults::default();
    let proof = Object::of(json, "", PROOF, &mut faults).and_then(|object| {
        let proof = object.required("proof", &mut faults);
        if proof.is_some_and(|proof| !matches!(proof, Json::Object(_))) {
            faults.add("/proof", "must be an object, as the source's own library gives it");
        }
        let user_id = object.get("userId").map(|_| object.user_id("userId", &mut faults));
        let wallet = object.get("wallet").map(|json| wallet_claim(json, &mut faults));
        let is_nonce = |text: &str| (1..=256).contains(&text.len()).then(|| text.to_owned());
        let nonce = object.optional("nonce", &mut faults, NONCE, is_nonce);
        Some(Proof { json: text(proof?, len), user_id: user_id.flatten(), wallet: wallet.flatten(), nonce })
    });
    faults.into_result(proof)
}

/// What was read, as text again. `len` is that of what it was read from: it does not become longer but for some numbers.
fn text(json: &Json, len: usize) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(len));
    write(json, &mut text);
    text
}

fn write(json: &Json, to: &mut Vec<u8>) {
    let mut separate = false;
    let mut comma = |to: &mut Vec<u8>| {
        if std::mem::replace(&mut separate, true) {
            to.push(b',');
        }
    };
    match json {
        Json::Null => to.extend_from_slice(b"null"),
        Json::Bool(is) => to.extend_from_slice(if *is { b"true" } else { b"false" }),
        // As many digits as tell it from its neighbours, and none of an exponent.
        Json::Number(number) => to.extend_from_slice(number.to_string().as_bytes()),
        Json::Text(text) => quote(text, to),
        Json::List(items) => {
            to.push(b'[');
            for item in items {
                comma(to);
                write(item, to);
            }
            to.push(b']');
        }
        Json::Object(members) => {
            to.push(b'{');
            for (name, value) in members {
                comma(to);
                quote(name, to);
                to.push(b':');
                write(value, to);
            }
            to.push(b'}');
        }
    }
}

fn quote(text: &str, to: &mut Vec<u8>) {
    // Writing into memory does not fail.
    let _ = serde_json::to_writer(to, text);
}

/// Where the proof is wrong: the member of that name, where it is one of the proof's own.
fn unfit(denial: Denial) -> Problem {
    let pointer =
        if denial.field.contains(' ') { "/proof".to_owned() } else { format!("/proof/{}", denial.field) };
    let detail = format!("is not taken ({}): {}", denial.code.as_str(), denial.code.advice());
    Problem::new(Code::InvalidFields).at(Location::Pointer(pointer), detail)
}

/// What the source says of it.
fn denied(denial: Denial) -> Problem {
    if denial.code == DenialCode::AlreadyUsed {
        return already_used();
    }
    Problem::new(Code::ProofRefused).at(
        Location::Pointer("/proof".to_owned()),
        format!("is refused ({}, {}): {}", denial.code.as_str(), denial.field, denial.code.advice()),
    )
}

fn already_used() -> Problem {
    Problem::new(Code::AlreadyUsed).because(
        "This person has a credential by this source already, for another user: one person, one credential.",
    )
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::NotFound => Self::new(Code::NotFound),
            ProofError::NotOfPersons => conflict(
                "The verification is at a vendor, or its source is not configured any more: it takes no proof.",
            ),
            ProofError::Conflict(state) => {
                conflict(format!("The verification is {state}, and takes no proof any more."))
            }
            ProofError::Invalid(invalid) => Self::invalid("", invalid),
            ProofError::Challenge(error) => Self::new(Code::InvalidFields)
                .at(Location::Pointer("/wallet/message".to_owned()), error.to_string()),
            ProofError::Unfit(denial) => unfit(denial),
            ProofError::Denied(denial) => denied(denial),
            ProofError::TestData => Self::new(Code::ProofRefused).at(
                Location::Pointer("/proof".to_owned()),
                "is refused (sandbox_result): it is of test data, which becomes no credential",
            ),
            ProofError::AlreadyUsed => already_used(),
            ProofError::Away(come_again) => {
                let problem = Self::new(Code::SourceUnavailable)
                    .because("The source does not answer. Nothing of the proof was kept: send it again.");
                match come_again {
                    Some(pause) => Self { retry_after: Some(pause.as_secs().clamp(1, 3600)), ..problem },
                    None => problem,
                }
            }
            ProofError::Unusable(denial) => {
                tracing::error!("The answer of a source of personhood cannot be used: {denial}");
                Self::new(Code::SourceUnusable)
                    .because(format!("The source does not answer as it must: {}.", denial.code.as_str()))
            }
            ProofError::Store(error) => error.into(),
            error @ ProofError::Vault(_) => Self::fault(&error),
            ProofError::Intake(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the source reads is what was sent.
    #[test]
    fn what_was_read_is_written_as_it_was() {
        for sent in [
            r#"{"a":"","b":[1,-2,9007199254740991,0.5,true,false,null],"c":{"d":["é","\"","\\","\n"]},"e":{}}"#,
            r#"{"expires_at_min":9999999999,"issuer_schema_id":18014398509481984}"#,
        ] {
            let written = text(&Json::parse(sent.as_bytes()).unwrap(), sent.len());
            let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
            let (sent, written) = (read(sent.as_bytes()), read(&written));
            assert_eq!(sent["b"], written["b"]);
            assert_eq!(sent["c"], written["c"]);
            assert_eq!(sent["expires_at_min"], written["expires_at_min"]);
        }
    }
}
