//! Who calls by a signature over the body: the vendor of a configured source. The body is authenticated as the bytes that came, before
//! anything of it is read.

use std::sync::Arc;

use axum::extract::Request;
use identity_vendors::{Fault, Notice, Proof, Received, Untrusted};

use super::body;
use super::limits::RateKey;
use super::problem::{Code, Location, Problem};
use super::shares::RequestPermit;
use super::state::Api;
use crate::model::submitter::Submitter;
use crate::source::Source;

/// The largest webhook that is read, in bytes. Vendors' have some kilobytes; one sends the whole result along.
const LARGEST: usize = 1024 * 1024;

/// What a vendor has told, as handlers find it among the request's extensions.
#[derive(Clone)]
pub(crate) struct Told {
    /// The source.
    pub(crate) source: Arc<Source>,
    /// What its vendor said, or why it cannot be read.
    pub(crate) notice: Result<Notice, Fault>,
    /// How far it can be believed.
    pub(crate) proof: Proof,
}

/// The vendor that has sent this request, a permit for it, and the request without its body.
pub(crate) async fn sender(
    api: &Api,
    request: Request,
    from: &RateKey,
) -> Result<(Submitter, RequestPermit, Request), Problem> {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    let Some(source) = api.app.source(name).cloned() else {
        api.rate_limits.count_unauthenticated(from)?;
        return Err(Problem::new(Code::NotFound));
    };
    // Names of clients have no slash.
    let key = RateKey::Client(format!("source/{}", source.name));
    let permit = api.request_slots.acquire(&key)?;
    let (parts, content) = request.into_parts();
    let mut whole = Request::from_parts(parts.clone(), content);
    *whole.extensions_mut() = parts.extensions.clone();
    let bytes = body::read(api, whole, api.app.http.max_body.min(LARGEST)).await?.bytes;
    let headers: Vec<_> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let received = Received { headers: &headers, body: &bytes, now: api.app.clock.now().unix_seconds() };
    let (notice, proof) = match source.vendor.authenticate(&source.account, &received) {
        Ok(authentic) => (authentic.notice(), authentic.proof()),
        Err(reason) => {
            api.rate_limits.count_unauthenticated(from)?;
            metrics::counter!("vendor_webhooks_refused_total", "source" => source.name.to_string())
                .increment(1);
            tracing::warn!(source = %source.name, "A webhook is not believed: {reason}");
            return Err(unsigned(reason));
        }
    };
    api.rate_limits.count_client(&key)?;
    let submitter = source.submitter();
    let mut bare = Request::from_parts(parts, axum::body::Body::empty());
    bare.extensions_mut().insert(Told { source, notice, proof });
    Ok((submitter, permit, bare))
}

/// Which "no": the header, and what is wrong with it.
fn unsigned(reason: Untrusted) -> Problem {
    let problem = Problem::new(Code::NotSigned).because(format!("The webhook is not believed: {reason}."));
    match reason {
        Untrusted::Missing(header)
        | Untrusted::Repeated(header)
        | Untrusted::Malformed(header)
        | Untrusted::Algorithm(header)
        | Untrusted::Wrong(header)
        | Untrusted::OtherTime(header) => problem.at(Location::Header(header), "does not prove who sent it"),
        _ => problem,
    }
}
