//! Requests that are answered before their bodies have been read.
//!
//! What is left of such a body would have to be read before the next request on the connection, so the connection
//! ends with the answer, and the answer says so (RFC 9112, 9.3). Bodies are read by nobody meanwhile: who waits for
//! `100 Continue` is not told to go on.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderValue};
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// A body that tells when it has been read to its end.
pub(crate) struct TrackedBody {
    body: Incoming,
    ended: BodyEnd,
}

/// Whether a body has been read to its end.
#[derive(Clone)]
pub(crate) struct BodyEnd(Arc<AtomicBool>);

impl TrackedBody {
    /// A body, and what tells of its end.
    pub(crate) fn new(body: Incoming) -> (Self, BodyEnd) {
        let ended = BodyEnd(Arc::new(AtomicBool::new(body.is_end_stream())));
        (Self { body, ended: ended.clone() }, ended)
    }
}

impl BodyEnd {
    /// Says in an answer that the connection ends with it, if the body has not been read.
    pub(crate) fn close_unless_read(&self, answer: &mut HeaderMap) {
        if !self.0.load(Ordering::Relaxed) {
            answer.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl Body for TrackedBody {
    type Data = <Incoming as Body>::Data;
    type Error = <Incoming as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.ended.0.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
