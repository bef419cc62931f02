//! Who comes to their own page: by the cookie of a visit. What they send is from a form of that visit, sent by a page of ours.

use std::net::Ipv4Addr;

use axum::extract::Request;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::flow::visit::{self, Inside, VisitError};
use crate::http::kit::cookies;
use crate::http::kit::form::Form;
use crate::http::kit::guard;
use crate::http::kit::limits::RateKey;
use crate::http::kit::origin;
use crate::http::kit::problem::{Code, Location, Problem};
use crate::http::kit::staff::FORM_TOKEN;
use crate::http::kit::state::Api;
use crate::model::mail_link::LinkToken;

/// The cookie of a visit. Browsers take a name that begins so from this host alone, over TLS, for all of its paths.
const VISIT: &str = "__Host-idos_me";

/// The cookie with the name of what is said on the next page.
const SAID: &str = "__Host-idos_me_said";

/// How long that waits to be said, in seconds.
const SAID_FOR: u32 = 60;

/// Refuses everything where there is no such page.
pub(super) fn check_enabled(api: &Api, from: &RateKey) -> Result<(), Problem> {
    if api.app.person_page.enabled {
        return Ok(());
    }
    api.rate_limits.count_unauthenticated(from)?;
    Err(Problem::new(Code::NotFound))
}

/// Who is in the visit that the cookie names. Who tries cookies that there are not is counted for it.
pub(super) async fn inside(
    api: &Api,
    headers: &HeaderMap,
    from: &RateKey,
) -> Result<Option<Inside>, Problem> {
    let Some(text) = cookies::read(headers, VISIT) else { return Ok(None) };
    let found = match text.parse::<LinkToken>() {
        Ok(token) => {
            api.rate_limits.check_lookup(from)?;
            visit::find(&api.app, token).await?
        }
        Err(_) => None,
    };
    if found.is_none() {
        api.rate_limits.count_unauthenticated(from)?;
    }
    Ok(found)
}

/// What somebody sends without being in a visit: a form, from a page of ours.
pub(super) async fn form(api: &Api, request: Request) -> Result<Form, Problem> {
    check_enabled(api, &guard::address(&request))?;
    origin::check(api, request.headers())?;
    Form::of(api, request).await
}

/// What somebody sends who is in a visit: a form of that visit. `None` if the visit is over.
pub(super) async fn sent(api: &Api, request: Request) -> Result<Option<(Inside, Form)>, Problem> {
    let from = guard::address(&request);
    check_enabled(api, &from)?;
    origin::check(api, request.headers())?;
    let Some(me) = inside(api, request.headers(), &from).await? else { return Ok(None) };
    let form = Form::of(api, request).await?;
    let at =
        |detail| Err(Problem::new(Code::Forbidden).at(Location::Pointer(format!("/{FORM_TOKEN}")), detail));
    match form.maybe(FORM_TOKEN)? {
        Some(token) if me.token.has_sent(token) => Ok(Some((me, form))),
        Some(_) => at("is of another visit"),
        None => at("is required"),
    }
}

/// From where somebody asks, as it is counted.
pub(super) fn address(from: &RateKey) -> String {
    match from {
        RateKey::Address(address) => address.to_string(),
        RateKey::Client(_) => Ipv4Addr::UNSPECIFIED.to_string(),
    }
}

/// Gives a browser its visit, for as long as that lasts.
pub(super) fn with_visit(api: &Api, response: Response, me: &Inside) -> Response {
    let seconds = api.app.person_page.visit_minutes.saturating_mul(60);
    set(response, VISIT, &me.token.to_text(), seconds)
}

/// Takes it from a browser.
pub(super) fn without_visit(response: Response) -> Response {
    set(response, VISIT, "", 0)
}

/// Has something said on the next page, by the name of its words.
pub(super) fn saying(response: Response, words: &'static str) -> Response {
    set(response, SAID, words, SAID_FOR)
}

/// The name of what is to be said on this page.
pub(super) fn said(headers: &HeaderMap) -> Option<&str> {
    cookies::read(headers, SAID).filter(|name| name.starts_with("said."))
}

/// Has nothing said on the next page.
pub(super) fn unsay(response: Response) -> Response {
    set(response, SAID, "", 0)
}

fn set(mut response: Response, name: &str, value: &str, seconds: u32) -> Response {
    if let Some(cookie) = cookies::write(name, value, Some(seconds)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

impl From<VisitError> for Problem {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::NoLink => Self::new(Code::NotFound),
            VisitError::StaleText => Self::new(Code::InvalidFields).at(
                Location::Pointer("/nonce".to_owned()),
                "is too old, or not that of this wallet: have another text made to sign",
            ),
            VisitError::Signature(_) => Self::new(Code::InvalidFields)
                .at(Location::Pointer("/signature".to_owned()), "is not the wallet's over the text"),
            VisitError::NoProfile => {
                Self::new(Code::WrongWallet).because("The wallet belongs to no idOS profile.")
            }
            VisitError::Pause(seconds) => Self { retry_after: Some(seconds), ..Self::new(Code::RateLimited) },
            VisitError::Changed | VisitError::TooMany => Self::new(Code::StateConflict),
            VisitError::Node(error) => error.into(),
            error @ VisitError::Vault(_) => Self::fault(&error),
            VisitError::Store(error) => error.into(),
        }
    }
}

/// A header of text.
pub(super) fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
