//! Who calls by a token that a consumer of the relay has signed: `Authorization: Bearer <JWT>`, made for asking (`api`).

use axum::http::HeaderMap;
use uuid::Uuid;

use super::api_key::key_text;
use super::limits::RateKey;
use super::problem::{Code, Location, Problem};
use super::shares::RequestPermit;
use super::state::Api;
use crate::flow::relay::{self, RelayError};
use crate::model::submitter::Submitter;

/// The consumer that calls, as handlers find it among the request's extensions.
#[derive(Clone, Copy)]
pub(crate) struct ConsumerId(pub(crate) Uuid);

/// Who calls with the token in these headers, with a permit for one of the consumer's requests. `from` is where the request comes from.
pub(crate) async fn holder(
    api: &Api,
    headers: &HeaderMap,
    from: &RateKey,
) -> Result<(Submitter, ConsumerId, RequestPermit), Problem> {
    const NAME: &str = "Authorization";
    // Where there is no relay, there is nothing to be authorized for.
    if !api.app.relay.enabled {
        api.rate_limits.count_unauthenticated(from)?;
        return Err(Problem::new(Code::NotFound));
    }
    api.rate_limits.check_lookup(from)?;
    let Some(text) = key_text(headers)? else {
        api.rate_limits.count_unauthenticated(from)?;
        return Err(Problem::new(Code::Unauthorized)
            .at(Location::Header(NAME), "is required: a token of the consumer's"));
    };
    match relay::authenticate(&api.app, &text).await {
        Ok((submitter, consumer)) => {
            let key = RateKey::Client(format!("relay/{consumer}")); // names of clients have no slash
            api.rate_limits.count_client(&key)?;
            let permit = api.request_slots.acquire(&key)?;
            Ok((submitter, ConsumerId(consumer), permit))
        }
        Err(RelayError::Token(fault)) => {
            api.rate_limits.count_unauthenticated(from)?;
            Err(Problem::new(Code::Unauthorized).at(Location::Header(NAME), fault.to_string()))
        }
        Err(RelayError::Store(error)) => Err(error.into()),
        Err(_) => Err(Problem::new(Code::NotFound)),
    }
}
