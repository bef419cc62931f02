//! Tests through the doors of the crate.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod call_vectors;
mod properties;
mod sdk_vectors;
mod support;
mod transaction_vectors;
mod value_vectors;
