//! The idOS issuer: brings a provider's verified users into idOS.
//!
//! | module | what it holds |
//! |---|---|
//! | [`model`] | nouns: issuances, profiles, submissions, jobs, events, audit entries, ids |
//! | [`store`] | memory: all SQL, one text for SQLite and PostgreSQL |
//! | [`flow`] | verbs: accept, seal, deliver, add, resume, revoke, erase, tell, sweep |
//! | [`http`] | an entry point: the HTTP API |
//! | [`worker`] | an entry point: background work |
//! | [`cli`] | an entry point: the commands |
//! | [`app`] | what wires it |
//! | [`clock`] | the time |
//! | [`cores`] | work that keeps a core busy, and whose comes first |
//! | [`config`] | all settings, a file for each section |
//! | [`keys`], [`secret_file`] | keys, and how files with secrets are read |
//! | [`vault`] | what locks what waits and what is kept |
//! | [`mail`], [`outbound`] | mails, and HTTP to others |
//! | [`source`] | an account with a vendor of KYC results, and requests to it |
//! | [`person_source`] | a source of personhood, and questions to it |
//! | [`oidc`] | the OpenID provider at which staff sign in |
//! | [`evm_rpc`] | endpoints of chains, asked whether a contract wallet takes a signature as its own |
//! | [`telemetry`] | logs, traces and metrics |
//!
//! Arrows go one way; `tests/architecture.rs` holds the rules. See `docs/architecture.md`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cores;
pub mod evm_rpc;
pub mod flow;
pub mod http;
pub mod keys;
pub mod mail;
pub mod model;
pub mod oidc;
pub mod outbound;
pub mod person_source;
pub mod secret_file;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod worker;
