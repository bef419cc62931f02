//! Mails, from what is told to the bytes that are sent.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

mod composing;
mod dkim;
mod rendering;
mod support;
