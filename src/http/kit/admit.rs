//! What is asked of every request before anything else of it is looked at: where it comes from, and whether as much as
//! that may come from there.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::limits::Asker;
use super::peer::{Peer, origin};
use super::state::Api;

/// Lets a request in, and notes its address for whoever counts further.
pub(crate) async fn admit(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let peer =
        request.extensions().get::<Peer>().map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    let address = Asker::peer(origin(peer, request.headers(), &api.app.http.trusted_proxies));
    if let Err(problem) = api.rates.address(&address) {
        return problem.into_response();
    }
    let _place = match api.requests.place(&address) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(address);
    next.run(request).await
}
