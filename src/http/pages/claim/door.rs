//! Who comes in by a link: whoever has it, from the page itself.

use axum::extract::Request;
use axum::http::HeaderMap;

use crate::flow::claim::{self, ClaimError};
use crate::http::kit::guard;
use crate::http::kit::limits::RateKey;
pub(in crate::http::pages) use crate::http::kit::origin::check as check_origin;
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::model::claim::Claim;
use crate::model::mail_link::LinkToken;

/// What is known of whoever comes in.
pub(in crate::http::pages) struct Visitor {
    pub(in crate::http::pages) headers: HeaderMap,
    pub(in crate::http::pages) address: RateKey,
}

impl Visitor {
    /// Of a request, before its body is read.
    pub(in crate::http::pages) fn of(request: &Request) -> Self {
        Self { headers: request.headers().clone(), address: guard::address(request) }
    }
}

/// Lets a request of the page in. Who tries links that there are not is counted for it.
pub(super) async fn enter(api: &Api, token: &str, visitor: &Visitor) -> Result<LinkToken, Problem> {
    check_origin(api, &visitor.headers)?;
    let found = match token.parse::<LinkToken>() {
        Ok(token) => claim::follow(&api.app, &token).await.map(|_| token),
        Err(_) => Err(ClaimError::Unknown),
    };
    found.map_err(|error| refused(api, visitor, error))
}

/// The same, where something is done for which the node is asked.
pub(super) async fn enter_to_act(api: &Api, token: &str, visitor: &Visitor) -> Result<Claim, Problem> {
    let token = enter(api, token, visitor).await?;
    let claim = follow(api, &token).await?;
    api.rate_limits.count_claim(claim.id.as_str())?;
    Ok(claim)
}

/// The claim that a token leads to.
pub(super) async fn follow(api: &Api, token: &LinkToken) -> Result<Claim, Problem> {
    Ok(claim::follow(&api.app, token).await?)
}

/// Counts whoever follows what is no link: tokens cannot be guessed, and trying must not be free.
pub(super) fn refused(api: &Api, visitor: &Visitor, error: ClaimError) -> Problem {
    if matches!(error, ClaimError::Unknown)
        && let Err(too_many) = api.rate_limits.count_unauthenticated(&visitor.address)
    {
        return too_many;
    }
    error.into()
}
