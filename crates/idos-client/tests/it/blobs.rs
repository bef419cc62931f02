//! The blob gateway: sessions, what is sent, what is believed.

use std::time::Duration;

use futures_util::stream;
use idos_client::actions::{Content, GetCredentialShared};
use idos_client::{Blob, BlobError, ContentPlace, Error, LoginError, ToUpload, Upload};
use idos_content_id::ContentId;
use serde_json::{Value as Json, json};
use uuid::{Uuid, uuid};

use crate::support::server::{Server, Step, health};
use crate::support::vectors::{KWIL, issuer, text};

const REQUEST: Uuid = uuid!("00000000-0000-4000-8000-00000000000a");
const UPLOAD: &str = "POST /blob/v1/requests/00000000-0000-4000-8000-00000000000a/upload";

fn parameters() -> Step {
    let mut parameters = KWIL["auth"]["kgw"]["param_response"].clone();
    parameters["domain"] = json!("");
    Step::result(&parameters)
}

fn welcome() -> Step {
    Step::result(&json!({})).with_header("set-cookie", text(&KWIL["auth"]["kgw"], "set_cookie"))
}

fn login() -> Vec<(&'static str, Step)> {
    vec![("kgw.authn_param", parameters()), ("kgw.authn", welcome())]
}

fn blob_of(bytes: &[u8]) -> Blob {
    Blob { id: ContentId::of(bytes).unwrap(), size: bytes.len() as u64 }
}

fn original() -> Vec<u8> {
    b"sealed for the user".to_vec()
}

fn copy() -> Vec<u8> {
    // More than a leaf.
    vec![7; 300_000]
}

/// Both contents, each in two pieces.
fn upload() -> Upload {
    let part = |bytes: Vec<u8>| {
        ToUpload::new(blob_of(&bytes), move || {
            let (first, second) = bytes.split_at(bytes.len() / 2);
            Box::pin(stream::iter([first.to_vec(), second.to_vec()].map(|piece| Ok(piece.into()))))
        })
    };
    Upload { request_id: REQUEST, original: Some(part(original())), copy: Some(part(copy())) }
}

fn taken(original: &Json, copy: &Json) -> Step {
    Step::json(
        200,
        &json!({"request_id": REQUEST, "original_cid": original, "copy_cid": copy, "quorum": {"any": 1}}),
    )
}

fn taken_well() -> Step {
    taken(&json!(blob_of(&original()).id.to_string()), &json!(blob_of(&copy()).id.to_string()))
}

async fn uploading(steps: Vec<(&'static str, Step)>) -> (Result<(), BlobError>, Server) {
    let server = Server::playing(steps).await;
    let outcome = server.client().await.upload(&issuer(), &upload()).await;
    (outcome, server)
}

#[tokio::test]
async fn both_contents_go_as_parts_of_a_form_in_a_session() {
    let mut steps = login();
    steps.push((UPLOAD, taken_well()));
    let (outcome, server) = uploading(steps).await;
    outcome.unwrap();
    let requests = server.requests();
    let sent = requests.last().unwrap();
    assert_eq!(sent.cookie.as_deref(), Some("kgw_session=c2Vzc2lvbg"));
    let (media_type, boundary) = sent.content_type.as_deref().unwrap().split_once("; boundary=").unwrap();
    assert_eq!(media_type, "multipart/form-data");
    let part = |name: &str, file: &str, bytes: &[u8]| {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n"
        );
        [head.as_bytes(), bytes, b"\r\n"].concat()
    };
    let whole = [
        part("original", "original.blob", &original()),
        part("copy", "copy.blob", &copy()),
        format!("--{boundary}--\r\n").into_bytes(),
    ];
    assert_eq!(sent.raw, whole.concat());
}

#[tokio::test]
async fn a_session_that_has_ended_is_renewed_once() {
    for refusal in [
        Step::raw(401, "who are you?"),
        Step::json(200, &json!({"error": {"code": -901, "message": "session"}})),
        Step::json(403, &json!({"code": -901})),
    ] {
        let mut steps = login();
        steps.push((UPLOAD, refusal));
        steps.extend(login());
        steps.push((UPLOAD, taken_well()));
        let (outcome, server) = uploading(steps).await;
        outcome.unwrap();
        let requests = server.requests();
        assert_eq!(requests[2].raw.len(), requests[5].raw.len(), "the same is sent again");
    }
    let mut steps = login();
    steps.push((UPLOAD, Step::raw(401, "")));
    steps.extend(login());
    steps.push((UPLOAD, Step::raw(401, "")));
    let (outcome, server) = uploading(steps).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, BlobError::Client(Error::Login(LoginError::SessionNotAccepted))), "{error:?}");
    assert!(!error.is_final());
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn where_nobody_asks_for_a_session_none_is_sent() {
    let no_gateway = Step::error(-32601, "unknown method");
    let (outcome, server) = uploading(vec![("kgw.authn_param", no_gateway), (UPLOAD, taken_well())]).await;
    outcome.unwrap();
    assert_eq!(server.requests().last().unwrap().cookie, None);
}

#[tokio::test]
async fn an_identifier_that_is_told_has_to_be_ours() {
    let (ours, other) = (json!(blob_of(&original()).id.to_string()), json!(blob_of(b"other").id.to_string()));
    for (step, is_fine) in [
        (taken(&ours, &Json::Null), true),
        (Step::json(201, &json!({})), true),
        (taken(&other, &Json::Null), false),
        (taken(&ours, &other), false),
        (taken(&json!("nonsense"), &Json::Null), false),
        (Step::json(200, &json!({"request_id": Uuid::nil()})), false),
    ] {
        let mut steps = login();
        steps.push((UPLOAD, step));
        let (outcome, _server) = uploading(steps).await;
        assert_eq!(outcome.is_ok(), is_fine, "{outcome:?}");
        if let Err(error) = outcome {
            assert!(matches!(error, BlobError::OtherContent) && error.is_final(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_no_is_told_apart_from_not_now() {
    for (step, is_final, wait) in [
        (Step::raw(400, "bad"), true, None),
        (Step::raw(403, "not yours"), true, None),
        (Step::raw(413, "too large"), true, None),
        (Step::raw(422, "no"), true, None),
        (Step::raw(404, "no such request"), false, None),
        (Step::raw(409, "busy"), false, None),
        (Step::raw(429, "slow").with_header("retry-after", "7"), false, Some(7)),
        (Step::raw(500, "oops"), false, None),
        (Step::raw(503, "no quorum").with_header("retry-after", "3"), false, Some(3)),
        (Step::raw(302, ""), false, None),
    ] {
        let mut steps = login();
        steps.push((UPLOAD, step));
        let (outcome, _server) = uploading(steps).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, BlobError::Gateway { .. }), "{error:?}");
        assert_eq!(
            (error.is_final(), error.retry_after()),
            (is_final, wait.map(Duration::from_secs)),
            "{error}"
        );
    }
    for step in [Step::HangUp, Step::HalfAnswer, Step::raw(200, "<html>"), Step::Endless(100_000)] {
        let mut steps = login();
        steps.push((UPLOAD, step));
        let (outcome, _server) = uploading(steps).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, BlobError::Client(_)) && !error.is_final(), "{error:?}");
    }
}

async fn fetching(blob: Blob, step: Step) -> Result<Vec<u8>, BlobError> {
    let path: &'static str = Box::leak(format!("GET /blob/v1/ipfs/{}", blob.id).into_boxed_str());
    let mut steps = login();
    steps.push((path, step.clone()));
    steps.push((path, step));
    let server = Server::playing(steps).await;
    let client = server.client().await;
    let fetched = client.fetch(&issuer(), blob).await;
    let checked = client.check_blob(&issuer(), blob).await;
    assert_eq!(fetched.is_ok(), checked.is_ok(), "{fetched:?} {checked:?}");
    fetched
}

fn bytes(status: u16, body: &[u8]) -> Step {
    Step::Answer { status, headers: Vec::new(), body: body.to_vec() }
}

#[tokio::test]
async fn what_is_fetched_is_what_the_identifier_says() {
    for content in [original(), copy(), Vec::new()] {
        assert_eq!(fetching(blob_of(&content), bytes(200, &content)).await.unwrap(), content);
    }
    let blob = blob_of(&copy());
    let mut other = copy();
    other[150_000] ^= 1;
    let longer = [copy(), vec![0]].concat();
    for altered in [&other[..], &copy()[1..], &longer] {
        let error = fetching(blob, bytes(200, altered)).await.unwrap_err();
        assert!(matches!(error, BlobError::Altered) && !error.is_final(), "{error:?}");
    }
    // The same bytes, and another size than the row says.
    let of_other_size = Blob { size: 299_999, ..blob };
    assert!(matches!(fetching(of_other_size, bytes(200, &copy())).await, Err(BlobError::Altered)));
    assert!(matches!(fetching(blob, Step::Endless(300_001)).await, Err(BlobError::Altered)));
    assert!(matches!(fetching(blob, bytes(404, b"")).await, Err(BlobError::NotThere)));
    assert!(matches!(fetching(blob, bytes(403, b"no")).await, Err(BlobError::Gateway { status: 403, .. })));
    let too_long = Blob { size: 20 * 1024 * 1024 + 1, ..blob };
    let server = Server::playing(login()).await;
    let error = server.client().await.fetch(&issuer(), too_long).await.unwrap_err();
    assert!(matches!(error, BlobError::TooLong) && error.is_final(), "{error:?}");
}

#[tokio::test]
async fn a_row_has_its_content_or_names_it() {
    let blob = blob_of(&copy());
    let row = async |content: Json, uri: Json, size: Json| {
        let columns = [
            "id",
            "user_id",
            "public_notes",
            "content",
            "content_uri",
            "content_size",
            "encryptor_public_key",
            "issuer_auth_public_key",
            "inserter_type",
            "inserter_id",
        ];
        let values = json!([REQUEST, REQUEST, "{}", content, uri, size, "bb", "aa", "dwg", "grant"]);
        let table = json!({"query_result": {"column_names": columns, "values": [values]}, "error": null});
        let steps = vec![("user.health", health("open")), ("user.call", Step::result(&table))];
        let server = Server::playing(steps).await;
        server.client().await.call_one(&issuer(), &GetCredentialShared { id: REQUEST }).await
    };
    let (uri, size) = (json!(blob.id.uri()), json!("300000"));
    let named = row(Json::Null, uri.clone(), size.clone()).await.unwrap().unwrap();
    assert!(named.content == Content::AtGateway(blob));
    assert_eq!(named.inserter.0.as_deref(), Some("grant"));
    let old = row(json!("sealed"), Json::Null, Json::Null).await.unwrap().unwrap();
    assert_eq!(old.content.in_row(), Some("sealed"));
    for (uri, size) in [
        (json!("https://evil.example/x"), size.clone()),
        (json!("ipfs://Qm"), size.clone()),
        (Json::Null, size),
        (uri.clone(), json!("0")),
        (uri.clone(), json!("-1")),
        (uri, Json::Null),
    ] {
        let error = row(Json::Null, uri, size).await.unwrap_err();
        assert!(matches!(error, Error::MalformedRow { view: "get_credential_shared", .. }), "{error:?}");
    }
}

#[tokio::test]
async fn the_actions_of_the_schema_say_where_contents_go() {
    let unknown = || {
        Step::result(&json!({"error": "unknown action: action \"x\" does not exist in namespace \"main\""}))
    };
    let mutates = || {
        Step::result(&json!({
            "error": "connection is read-only and cannot mutate state: action \"x\" requires a writer connection"
        }))
    };
    for (steps, place) in [
        (vec![mutates()], Some(ContentPlace::Gateway)),
        (vec![unknown(), mutates()], Some(ContentPlace::Row)),
        (vec![unknown(), unknown()], None),
    ] {
        let steps = steps.into_iter().map(|step| ("user.call", step));
        let server =
            Server::playing([("user.health", health("open"))].into_iter().chain(steps).collect()).await;
        let found = server.client().await.content_place(&issuer()).await;
        assert_eq!(found.ok(), place);
    }
}
