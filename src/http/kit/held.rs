//! Answers that hold something until they are written.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

/// The body of an answer, with what is held until all of it has been given on, or nobody wants it any more.
pub(crate) struct HeldBody<H> {
    body: Body,
    #[expect(dead_code, reason = "given back when dropped")]
    held: H,
}

impl<H> HeldBody<H> {
    pub(crate) fn new(body: Body, held: H) -> Self {
        Self { body, held }
    }
}

impl<H: Unpin> hyper::body::Body for HeldBody<H> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
