//! Who calls by an API key: `Authorization: Bearer idos_<id>_<secret>`.
//!
//! Whatever is wrong with a key (unknown, wrong secret, expired, revoked), the answer is the same. Guessing is limited by
//! where it comes from, and those who have a key by who they are.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use zeroize::Zeroizing;

use super::limits::RateKey;
use super::problem::{self, Code, Fault, Problem};
use super::shares::RequestPermit;
use super::state::Api;
use crate::flow::api_keys;
use crate::model::client::Scope;
use crate::model::submitter::Submitter;

/// Who calls with the key in these headers, which must have the scope; with a permit for one of the client's requests. `from` is
/// where the request comes from.
pub(crate) async fn holder(
    api: &Api,
    headers: &HeaderMap,
    from: &RateKey,
    scope: Scope,
) -> Result<(Submitter, RequestPermit), Problem> {
    let mut found = None;
    if let Some(text) = key_text(headers)? {
        // A key that was good is looked up whatever else comes from there: many clients may come through one proxy, and
        // with one who guesses.
        let was_good = api.good_keys.has(&text);
        if !was_good {
            api.rate_limits.check_lookup(from)?;
        }
        found = api_keys::authenticate(&api.app.store, &text, api.app.clock.now()).await?;
        api.good_keys.note(&text, found.is_some());
    }
    let Some(api_keys::KeyHolder { submitter, scopes }) = found else {
        api.rate_limits.count_unauthenticated(from)?;
        return Err(Problem::new(Code::Unauthorized));
    };
    let client = RateKey::Client(submitter.tenant.clone());
    api.rate_limits.count_client(&client)?;
    let permit = api.request_slots.acquire(&client)?;
    if scopes.contains(&scope) { Ok((submitter, permit)) } else { Err(Problem::lacks(scope)) }
}

/// The text of the key that came with a request. Of two headers a proxy in front may have judged the other one.
pub(crate) fn key_text(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, Problem> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = all.next();
    if all.next().is_some() {
        let twice =
            Fault { location: problem::Location::Header("Authorization"), detail: "stands twice".into() };
        return Err(Problem { errors: vec![twice], ..Problem::new(Code::InvalidRequest) });
    }
    let key = header.and_then(|header| header.to_str().ok()).and_then(|text| text.split_once(' '));
    Ok(key
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| Zeroizing::new(text.trim().to_owned())))
}
