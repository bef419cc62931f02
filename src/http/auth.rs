//! Who is calling: an API key in `Authorization: Bearer idos_<id>_<secret>`.
//!
//! Whatever is wrong with a key (unknown, wrong secret, expired, revoked), the answer is the same.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use zeroize::Zeroizing;

use super::limits::Asker;
use super::problem::{Code, Fault, Place, Problem};
use super::{Api, Peer};
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
pub(super) async fn check(
    State((api, access)): State<(Api, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Access::Scope(scope) = access {
        let text = match key_text(request.headers()) {
            Ok(text) => text,
            Err(problem) => return problem.into_response(),
        };
        match caller(&api, text, asker(&request), scope).await {
            Ok(caller) => {
                tracing::Span::current().record("client", caller.client.as_str());
                request.extensions_mut().insert(caller);
            }
            Err(problem) => return problem.into_response(),
        }
    }
    next.run(request).await
}

/// The text of the key that came with a request. Of two headers a proxy in front may have judged the other one.
pub(super) fn key_text(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, Problem> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = all.next();
    if all.next().is_some() {
        let twice = Fault { place: Place::Header("Authorization"), detail: "stands twice".into() };
        return Err(Problem { errors: vec![twice], ..Problem::new(Code::InvalidRequest) });
    }
    let key = header.and_then(|header| header.to_str().ok()).and_then(|text| text.split_once(' '));
    Ok(key
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| Zeroizing::new(text.trim().to_owned())))
}

async fn caller(
    api: &Api,
    text: Option<Zeroizing<String>>,
    asker: Asker,
    scope: Scope,
) -> Result<Caller, Problem> {
    let found = match text {
        Some(text) => api_keys::authenticate(&api.app.store, &text, api.app.clock.now()).await?,
        None => None,
    };
    let Some(caller) = found else {
        // Guessing is limited by where it comes from. Those who have a key are limited by who they are: many of them
        // may come through one proxy.
        api.rates.count(&asker)?;
        return Err(Problem::new(Code::Unauthorized));
    };
    api.rates.count(&Asker::Client(caller.client.clone()))?;
    if caller.scopes.contains(&scope) { Ok(caller) } else { Err(Problem::lacks(scope)) }
}

/// Where an unknown caller comes from.
pub(super) fn asker(request: &Request) -> Asker {
    let peer =
        request.extensions().get::<Peer>().map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    Asker::peer(peer)
}
