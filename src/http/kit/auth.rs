//! Who is calling: an API key in `Authorization: Bearer idos_<id>_<secret>`.
//!
//! Whatever is wrong with a key (unknown, wrong secret, expired, revoked), the answer is the same. Guessing is limited by
//! where it comes from, and those who have a key by who they are.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use zeroize::Zeroizing;

use super::limits::Asker;
use super::problem::{self, Code, Fault, Problem};
use super::shares::Place;
use super::state::Api;
use super::wellformed;
use crate::flow::api_keys;
use crate::model::client::{Caller, Scope};

/// What a route is for, and so who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Holders of a key with this scope.
    Scope(Scope),
}

/// Lets those through who may call.
pub(crate) async fn check(
    State((api, access)): State<(Api, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Access::Scope(scope) = access else { return next.run(request).await };
    let (text, from) = (key_text(request.headers()), address(&request));
    match caller(&api, text, from, scope).await {
        Ok((caller, _place)) => {
            tracing::Span::current().record("client", caller.client.as_str());
            // Names in paths are text, and what is none names nothing.
            if !wellformed::is_text(request.uri().path()) {
                return Problem::new(Code::NotFound).into_response();
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// The text of the key that came with a request. Of two headers a proxy in front may have judged the other one.
pub(crate) fn key_text(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, Problem> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = all.next();
    if all.next().is_some() {
        let twice = Fault { place: problem::Place::Header("Authorization"), detail: "stands twice".into() };
        return Err(Problem { errors: vec![twice], ..Problem::new(Code::InvalidRequest) });
    }
    let key = header.and_then(|header| header.to_str().ok()).and_then(|text| text.split_once(' '));
    Ok(key
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| Zeroizing::new(text.trim().to_owned())))
}

/// Who calls, with a place among the client's requests.
async fn caller(
    api: &Api,
    text: Result<Option<Zeroizing<String>>, Problem>,
    from: Asker,
    scope: Scope,
) -> Result<(Caller, Place), Problem> {
    let mut found = None;
    if let Some(text) = text? {
        // A key that was good is looked up whatever else comes from there: many clients may come through one proxy, and
        // with one who guesses.
        let was_good = api.good_keys.has(&text);
        if !was_good {
            api.rates.open(&from)?;
        }
        found = api_keys::authenticate(&api.app.store, &text, api.app.clock.now()).await?;
        api.good_keys.note(&text, found.is_some());
    }
    let Some(caller) = found else {
        api.rates.stranger(&from)?;
        return Err(Problem::new(Code::Unauthorized));
    };
    let client = Asker::Client(caller.client.clone());
    api.rates.client(&client)?;
    let place = api.requests.place(&client)?;
    if caller.scopes.contains(&scope) { Ok((caller, place)) } else { Err(Problem::lacks(scope)) }
}

/// Where a request comes from, as `admit` has noted.
pub(crate) fn address(request: &Request) -> Asker {
    let nowhere = || Asker::peer(std::net::Ipv4Addr::UNSPECIFIED.into());
    request.extensions().get::<Asker>().cloned().unwrap_or_else(nowhere)
}
