//! Renewals: what the link of a reminder was about.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;

use super::issuances::IssuanceView;
use crate::flow::mail_link::{self, LinkError};
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::mail_link::LinkToken;
use crate::model::submitter::Submitter;

pub(super) const REDEMPTION: &[&str] = &["token"];

#[derive(Serialize)]
struct RenewalView {
    issuances: Vec<IssuanceView>,
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        let code = match error {
            LinkError::Unknown => Code::NotFound,
            LinkError::Expired => Code::LinkExpired,
            LinkError::Used => Code::LinkUsed,
            LinkError::Store(error) => return error.into(),
        };
        Self::new(code)
    }
}

pub(in crate::http) async fn redeem(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let token = read(&json::parse(&body.bytes)?)?;
    let issuances = mail_link::redeem(&api.app, &caller, &token).await?;
    Ok(Json(RenewalView { issuances: issuances.into_iter().map(Into::into).collect() }).into_response())
}

/// Reads which link is followed.
pub(in crate::http) fn read(json: &json::Json) -> Result<LinkToken, Problem> {
    let mut faults = Faults::default();
    let token = Object::of(json, "", REDEMPTION, &mut faults).and_then(|object| {
        object.read("token", &mut faults, "must be the token of a link: 43 characters of base64url")
    });
    faults.into_result(token)
}
