//! Where a consumer of upstream's relay sends a person: `GET /kyc?token=…` is the page of claims, which sends the token back to have a claim
//! begun with it. Looking at the link changes nothing.

use axum::Json as JsonBody;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use idos_credential::strict_json::Json;
use serde::Serialize;

use super::claim::START;
use super::claim::door::{Visitor, check_origin};
use super::claim::shell::{self, Place};
use crate::flow::relay::{self, RelayError};
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::personal::Personal;
use crate::model::relay::LONGEST_TOKEN;

/// The page. It shows nothing of the token, and has not looked at it.
pub(in crate::http) async fn show(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    if !api.app.relay.enabled {
        return Err(Problem::new(Code::NotFound));
    }
    let language = shell::language(query.as_deref(), request.headers(), None);
    shell::answer(&api.app, language, Place::Start)
}

#[derive(Serialize)]
struct Started {
    /// The part of the claim's link that cannot be guessed.
    claim: String,
}

/// Begins a claim.
pub(in crate::http) async fn start(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    if !api.app.relay.enabled {
        return Err(Problem::new(Code::NotFound));
    }
    let visitor = Visitor::of(&request);
    check_origin(&api, &visitor.headers)?;
    let body = body::read_json(&api, request).await?;
    let token = read(&json::parse(&body.bytes)?)?;
    match relay::start(&api.app, token.expose()).await {
        Ok(claim) => Ok(JsonBody(Started { claim: claim.to_string() }).into_response()),
        Err(error) => {
            // Whoever tries tokens is counted for it.
            if matches!(error, RelayError::Token(_)) {
                api.rate_limits.count_unauthenticated(&visitor.address)?;
            }
            Err(error.into())
        }
    }
}

fn read(json: &Json) -> Result<Personal<String>, Problem> {
    let mut faults = Faults::default();
    let token = Object::of(json, "", START, &mut faults)
        .and_then(|object| object.text("token", LONGEST_TOKEN, &mut faults))
        .map(Personal::new);
    faults.into_result(token)
}
