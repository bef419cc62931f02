//! The idOS issuer: brings a provider's verified users into idOS.
//!
//! | module | what it holds |
//! |---|---|
//! | [`model`] | nouns: evidence as providers hand it in |
//! | [`flow`] | verbs: create a profile, issue a credential, read one back |
//! | [`cli`] | doors: the commands |
//! | [`config`], [`keys`], [`secret_file`], [`clock`] | tools |
//!
//! Arrows go one way; `tests/architecture.rs` holds the rules. See `docs/architecture.md`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod flow;
pub mod http;
pub mod keys;
pub mod mail;
pub mod model;
pub mod outbound;
pub mod secret_file;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod worker;
