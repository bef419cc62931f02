//! How an answer becomes a response, or a connection that is closed.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Answer;
use super::server::HangUp;
use crate::jsonrpc;
use crate::shared::Shared;

/// The response for an answer; a silent one ends when the node does.
pub(super) async fn respond(node: &Shared, answer: Answer) -> Response {
    match answer {
        Answer::Json(status, body, set_cookie) => jsonrpc::respond(status, &body, set_cookie),
        Answer::Raw(status, body) => {
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Answer::TooMany(seconds) => {
            let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, retry_after, "too many requests\n").into_response()
        }
        Answer::HangUp => hang_up(),
        Answer::Silence => {
            node.stopped().await;
            hang_up()
        }
    }
}

/// A response that the server does not send: it closes the connection instead.
fn hang_up() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(HangUp);
    response
}
