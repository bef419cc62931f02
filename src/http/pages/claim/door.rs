//! Who comes in by a link: whoever has it, from the page itself.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue};
use axum::http::header::{HOST, ORIGIN};

use crate::flow::claim::{self, ClaimError};
use crate::http::kit::guard;
use crate::http::kit::limits::RateKey;
use crate::http::kit::problem::{Code, Location, Problem};
use crate::http::kit::state::Api;
use crate::model::claim::Claim;
use crate::model::mail_link::LinkToken;

/// What is known of whoever comes in.
pub(super) struct Visitor {
    headers: HeaderMap,
    address: RateKey,
}

impl Visitor {
    /// Of a request, before its body is read.
    pub(super) fn of(request: &Request) -> Self {
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

/// What the page itself sends, browsers say to be of the same origin (Fetch Metadata); those that do not say that name the origin.
fn check_origin(api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
    const SITE: &str = "Sec-Fetch-Site";
    let no = |name, detail| Err(Problem::new(Code::InvalidRequest).at(Location::Header(name), detail));
    if let Some(site) = headers.get(SITE) {
        if site.as_bytes() == b"same-origin" {
            return Ok(());
        }
        return no(SITE, "must be same-origin: the page alone may ask for this");
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_ours = text(ORIGIN).is_some_and(|origin| {
        if let Some(public) = &api.app.http.public_url {
            return origin == public.origin().ascii_serialization();
        }
        // Where nobody has said what we are called, it is what we are called here.
        let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        named.is_some() && named == text(HOST)
    });
    if is_ours { Ok(()) } else { no("Origin", "must be that of the page: the page alone may ask for this") }
}
