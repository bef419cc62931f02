//! What is asked of every request before anything else of it is looked at: where it comes from, and whether as much as
//! that may come from there.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::limits::RateKey;
use super::peer::{Peer, origin};
use super::state::Api;

/// Lets a request in, and notes its address for whoever counts further.
pub(crate) async fn admit(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let peer =
        request.extensions().get::<Peer>().map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    let address = RateKey::of_address(origin(peer, request.headers(), &api.app.http.trusted_proxies));
    if let Err(problem) = api.rate_limits.count_address(&address) {
        return problem.into_response();
    }
    let _permit = match api.request_slots.acquire(&address) {
        Ok(permit) => permit,
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(address);
    next.run(request).await
}
