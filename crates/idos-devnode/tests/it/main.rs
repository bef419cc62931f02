//! The node from outside: every test speaks to it over HTTP, with real keys and real signatures.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets something else than it expects fails loudly"
)]

mod binary;
mod blobs;
mod blocks;
mod dev;
mod either;
mod faults;
mod hostile;
mod log;
mod login;
mod pipeline;
mod private;
mod restart;
mod support;
