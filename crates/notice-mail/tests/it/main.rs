//! Mails, from what is told to the bytes that are sent.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail loudly")]

mod composing;
mod dkim;
mod rendering;
mod support;
