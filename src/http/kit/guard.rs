//! Who may come in by a route, and as whom.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::limits::RateKey;
use super::problem::{Code, Problem};
use super::state::Api;
use super::{api_key, consumer, signed, wellformed};
use crate::model::client::Scope;

/// What guards a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: everybody may come in.
    Open,
    /// Holders of an API key with this scope.
    Scope(Scope),
    /// The vendor of the configured source that the path names, by its signature over the body.
    Source,
    /// A consumer of the relay, by a token that it has signed.
    Consumer,
}

/// Lets those through who may come in. Handlers find the [`Submitter`](crate::model::submitter::Submitter) among the
/// request's extensions.
pub(crate) async fn check(
    State((api, guard)): State<(Api, Guard)>,
    mut request: Request,
    next: Next,
) -> Response {
    let from = address(&request);
    let admitted = match guard {
        Guard::Open => return next.run(request).await,
        Guard::Scope(scope) => api_key::holder(&api, request.headers(), &from, scope).await,
        Guard::Consumer => {
            consumer::holder(&api, request.headers(), &from).await.map(|(submitter, id, permit)| {
                request.extensions_mut().insert(id);
                (submitter, permit)
            })
        }
        Guard::Source => match signed::sender(&api, request, &from).await {
            Ok((submitter, permit, bare)) => {
                request = bare;
                Ok((submitter, permit))
            }
            Err(problem) => return problem.into_response(),
        },
    };
    match admitted {
        Ok((submitter, _permit)) => {
            tracing::Span::current().record("client", submitter.tenant.as_str());
            // Names in paths are text, and what is none names nothing.
            if !wellformed::is_text(request.uri().path()) {
                return Problem::new(Code::NotFound).into_response();
            }
            request.extensions_mut().insert(submitter);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Where a request comes from, as `admit` has noted.
pub(crate) fn address(request: &Request) -> RateKey {
    let unknown = || RateKey::of_address(std::net::Ipv4Addr::UNSPECIFIED.into());
    request.extensions().get::<RateKey>().cloned().unwrap_or_else(unknown)
}
