//! Tests through the doors of the crate, over the recorded payloads of each vendor (`tests/recorded/`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod account;
mod events;
mod files;
mod hostile;
mod personhood;
mod recorded;
mod results;
mod samples;
mod signatures;
mod subject;
