//! Tests through the doors of the crate.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

mod blobs;
mod broadcasts;
mod call_vectors;
mod calls;
mod deliveries;
mod lookups;
mod outcomes;
mod properties;
mod rows;
mod schema;
mod sdk_vectors;
mod sessions;
mod support;
mod transaction_vectors;
mod value_vectors;
