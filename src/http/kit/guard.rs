//! Who may come in by a route, and as whom.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::limits::RateKey;
use super::problem::{Code, Problem};
use super::state::Api;
use super::{api_key, consumer, signed, staff, wellformed};
use crate::model::client::Scope;
use crate::model::staff::Role;

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
    /// Nothing, for pages of the console; and no such page is there where the console is not on.
    Console,
    /// Those who work here in this role, or in one that may do more, in a session of the console. Whatever they send is from a form of that
    /// session.
    Staff(Role),
    /// The same, of those who see the records of all clients.
    StaffOfAll(Role),
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
        Guard::Console | Guard::Staff(_) | Guard::StaffOfAll(_) => {
            let wanted = match guard {
                Guard::Staff(role) => Some((role, false)),
                Guard::StaffOfAll(role) => Some((role, true)),
                _ => None,
            };
            return match staff::admit(&api, request, &from, wanted).await {
                Ok((request, _permit)) => next.run(request).await,
                Err(problem) => problem.into_response(),
            };
        }
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
