//! Issuances: submit a result, see what becomes of it, resume, revoke, erase, read back.

mod problem;
pub(in crate::http) mod read;
mod view;

use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use idos_credential::contents;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::flow::{
    contact, erase as erasing, intake, kept, read_back as reading, restore as restoring, resume as resuming,
    revoke as revoking,
};
use crate::http::api::common::parse_id;
use crate::http::api::view::List;
use crate::http::kit::body::{self, JSON};
use crate::http::kit::idempotency::{accepted, idempotency_key};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::query::Query;
use crate::http::kit::shares::BodyPermit;
use crate::http::kit::state::Api;
use crate::http::kit::wait::until_settled;
use crate::http::kit::{json, multipart};
use crate::model::client::Idempotency;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, Kind, Reference, State as IssuanceState};
use crate::model::submission::Submission;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::Filter;
use read::Files;
use view::NoticeView;
pub(in crate::http::api) use view::{AuditView, IssuanceView};

const FORM: &str = "multipart/form-data";
const SUBMIT: &[u8] = b"POST /v1/issuances";
/// A submission as a body that is JSON as a whole.
const JSON_BODY: Given = Given { what: "body", fingerprint: &[SUBMIT, b"json"] };
/// A submission as a line of an import.
pub(in crate::http::api) const LINE: Given = Given { what: "line", fingerprint: &[b"POST /v1/imports"] };
const RESTORE: &[u8] = b"POST /v1/issuances/{id}/restore";

pub(in crate::http) async fn submit(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    // The permit is held until all is done: reading takes more memory than was sent.
    let (key, submission, _permit) = match body::essence(request.headers()).as_deref() {
        Some(JSON) => {
            let body = body::read(&api, request, api.app.http.max_body).await?;
            let (key, submission) = read_json(&api, caller.clone(), (key, JSON_BODY), body.bytes).await?;
            (key, submission, body.permit)
        }
        Some(FORM) => {
            let parts = multipart::read(&api, request).await?;
            read_parts(&api, caller.clone(), key, parts).await?
        }
        _ => {
            return Err(Problem::new(Code::UnsupportedMediaType)
                .because("The body must be application/json or multipart/form-data."));
        }
    };
    let made = intake::accept(&api.app, &caller, &key, submission).await?;
    let location = format!("/v1/issuances/{}", made.record.id);
    Ok(accepted(&location, made.replayed, IssuanceView::from(made.record)))
}

type Bytes = zeroize::Zeroizing<Vec<u8>>;

/// How a submission is given whose files are inside its JSON.
#[derive(Clone, Copy)]
pub(in crate::http::api) struct Given {
    /// What it is called.
    what: &'static str,
    /// What tells it from other requests, beside its bytes.
    fingerprint: &'static [&'static [u8]],
}

/// Reads a submission whose files are inside its JSON, with the key by which it is given once.
pub(in crate::http::api) async fn read_json(
    api: &Api,
    caller: Submitter,
    (key, given): (String, Given),
    mut bytes: Bytes,
) -> Result<(Idempotency, Submission), Problem> {
    let (shared, sent) = (api.clone(), bytes.len());
    let work = move || {
        let parts: Vec<_> = given.fingerprint.iter().copied().chain([bytes.as_slice()]).collect();
        let key = intake::idempotency(&shared.app, &caller, &key, &parts);
        let json = json::parse_of(given.what, &bytes)?;
        contents::wipe(&mut bytes);
        let files = Files { parts: None, max_file: shared.app.http.max_file };
        let kind = |name: &str| shared.app.kyc_versions.asked(&caller.tenant, name);
        Ok((key, read::submission(json, &files, &kind)?))
    };
    api.app.compute(sent, work).await
}

async fn read_parts(
    api: &Api,
    caller: Submitter,
    key: String,
    parts: multipart::Parts,
) -> Result<(Idempotency, Submission, BodyPermit), Problem> {
    let (shared, sent) = (api.clone(), parts.bytes());
    let work = move || {
        let multipart::Parts { submission, files, permit } = parts;
        // By their names, and so in one order; how the parts were put together says nothing.
        let mut content: Vec<&[u8]> = vec![SUBMIT, b"multipart", &submission];
        content.extend(files.iter().flat_map(|(name, file)| [name.as_bytes(), &file.bytes]));
        let key = intake::idempotency(&shared.app, &caller, &key, &content);
        let json = json::parse(&submission)?;
        let mut files = Files { parts: Some(files), max_file: shared.app.http.max_file };
        let kind = |name: &str| shared.app.kyc_versions.asked(&caller.tenant, name);
        let submission = read::submission(json, &files, &kind)?;
        for file in files.parts.iter_mut().flat_map(|parts| parts.values_mut()) {
            contents::wipe(&mut file.bytes);
        }
        Ok((key, submission, permit))
    };
    api.app.compute(sent, work).await
}

pub(in crate::http) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Listed { filter, by, cursor, limit } = listed(query.as_deref())?;
    let page = api.app.store.issuances(&caller.tenant, &filter, cursor.as_ref(), limit).await?;
    api.saw_list(&caller, "issuances", &by, page.items.len()).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(|issuance| issuance.id.to_string());
    let items = page.items.into_iter().map(IssuanceView::from).collect();
    Ok(Json(List { items, next_cursor }).into_response())
}

/// Which issuances are to be listed.
pub(in crate::http) struct Listed {
    filter: Filter,
    /// By which parameters.
    by: Vec<&'static str>,
    cursor: Option<IssuanceId>,
    pub(in crate::http) limit: u32,
}

/// Reads which issuances are to be listed.
pub(in crate::http) fn listed(query: Option<&str>) -> Result<Listed, Problem> {
    const NAMES: &[&str] = &["state", "kind", "reference", "createdFrom", "createdBefore", "cursor", "limit"];
    const TIME: &str = "must be a time such as 2026-01-02T03:04:05Z";
    let mut query = Query::of(query, NAMES)?;
    let filter = Filter {
        state: query.read::<IssuanceState>("state", "is not known"),
        kind: query.read::<Kind>("kind", "is not known"),
        reference: query
            .read::<Reference>("reference", "must have 1 to 128 of a-z, A-Z, 0-9, . _ : -")
            .map(Reference::into_string),
        created_from: query.read::<Timestamp>("createdFrom", TIME),
        created_before: query.read::<Timestamp>("createdBefore", TIME),
    };
    let cursor = query.read::<IssuanceId>("cursor", "must be the nextCursor of an earlier answer");
    let (limit, by) = (query.limit(), query.filters());
    query.end()?;
    Ok(Listed { filter, by, cursor, limit })
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let read = || async { own(&api, &caller, &parse_id(&id)?).await };
    let issuance =
        until_settled(&api, query.as_deref(), &id, read, |issuance| issuance.state.is_settled()).await?;
    api.saw(&caller, issuance.id.as_str()).await?;
    Ok(Json(IssuanceView::from(issuance)).into_response())
}

pub(in crate::http) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let grant = match body::read_json_if_any(&api, request).await? {
        Some(body) => read::resumption(&json::parse(&body.bytes)?)?,
        None => None,
    };
    let issuance = resuming::resume(&api.app, &caller, &parse_id(&id)?, grant).await?;
    Ok((StatusCode::ACCEPTED, Json(IssuanceView::from(issuance))).into_response())
}

pub(in crate::http) async fn revoke(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    let issuance = revoking::request(&api.app, &caller, &parse_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(IssuanceView::from(issuance))).into_response())
}

pub(in crate::http) async fn erase(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let issuance = erasing::erase(&api.app, &caller, &parse_id(&id)?).await?;
    Ok(Json(IssuanceView::from(issuance)).into_response())
}

pub(in crate::http) async fn delete_kept(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let issuance = kept::delete(&api.app, &caller, &parse_id(&id)?).await?;
    Ok(Json(IssuanceView::from(issuance)).into_response())
}

pub(in crate::http) async fn restore(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let id: IssuanceId = parse_id(&id)?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[RESTORE, id.as_str().as_bytes(), &body.bytes]);
    let by = read::restoration(&json::parse(&body.bytes)?)?;
    let made = restoring::restore(&api.app, &caller, &key, &id, by).await?;
    let location = format!("/v1/issuances/{}", made.record.id);
    Ok(accepted(&location, made.replayed, IssuanceView::from(made.record)))
}

pub(in crate::http) async fn keep_on(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let id: IssuanceId = parse_id(&id)?;
    let body = body::read_json(&api, request).await?;
    let until = read::choice(&json::parse(&body.bytes)?)?;
    let issuance = kept::choose(&api.app, &caller, &id, until).await?;
    Ok(Json(IssuanceView::from(issuance)).into_response())
}

/// What is said of a copy beside the credential itself, which is put in as it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CopyView {
    content_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_notes: Option<String>,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(in crate::http) async fn copy(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let copy = reading::issued_copy(&api.app, &caller, &parse_id(&id)?).await?;
    let view = CopyView {
        content_hash: copy.content_hash,
        public_notes: copy.public_notes,
        verified: copy.problem.is_none(),
        problem: copy.problem,
    };
    let rest = serde_json::to_vec(&view).unwrap_or_default(); // texts only
    let rest = rest.get(1..).unwrap_or_default();
    // Byte for byte as it was signed; what its numbers and the order of its members are is nobody's business here. All at
    // once, since a buffer that grows leaves its old places behind unwiped.
    let mut body = Zeroizing::new(Vec::with_capacity(copy.credential.len() + rest.len() + 32));
    body.extend_from_slice(b"{\"credential\":");
    body.extend_from_slice(&copy.credential);
    body.push(b',');
    body.extend_from_slice(rest);
    let media = [(CONTENT_TYPE, HeaderValue::from_static(JSON))];
    Ok((media, Body::from(axum::body::Bytes::from_owner(body))).into_response())
}

pub(in crate::http) async fn audit(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: IssuanceId = parse_id(&id)?;
    own(&api, &caller, &id).await?;
    api.saw(&caller, id.as_str()).await?;
    let entries = api.app.store.audit_of(id.as_str()).await?;
    let items = entries.into_iter().map(AuditView::from).collect();
    Ok(Json(List { items, next_cursor: None }).into_response())
}

pub(in crate::http) async fn notices(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: IssuanceId = parse_id(&id)?;
    own(&api, &caller, &id).await?;
    api.saw(&caller, id.as_str()).await?;
    let items = api.app.store.notices_of(&id).await?.into_iter().map(NoticeView::from).collect();
    Ok(Json(List { items, next_cursor: None }).into_response())
}

pub(in crate::http) async fn change_contact(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let id: IssuanceId = parse_id(&id)?;
    let body = body::read_json(&api, request).await?;
    let change = read::contact_change(&json::parse(&body.bytes)?)?;
    let issuance = contact::change(&api.app, &caller, &id, change).await?;
    Ok(Json(IssuanceView::from(issuance)).into_response())
}

/// The caller's issuance of this id; another client's is not there.
async fn own(api: &Api, caller: &Submitter, id: &IssuanceId) -> Result<Issuance, Problem> {
    let issuance = api.app.store.issuance_of(&caller.tenant, id).await?;
    issuance.ok_or_else(|| Problem::new(Code::NotFound))
}
