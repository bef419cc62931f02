//! Tests through the doors of the crate.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod sending;
mod signatures;
mod support;
mod targets;
