//! The crate against what the official JavaScript SDK produced, and against itself with random input.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod by_reference;
mod codecs;
mod credentials;
mod linkage;
mod next;
mod plausible;
mod properties;
mod receipt;
mod sealing;
mod secret_keys;
mod signing;
mod stored;
mod support;
mod validation;
