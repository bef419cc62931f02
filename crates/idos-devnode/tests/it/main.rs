//! The node from outside: every test speaks to it over HTTP, with real keys and real signatures.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets something else than it expects fails loudly"
)]

mod attributes;
mod binary;
mod blocks;
mod dev;
mod engine;
mod faults;
mod gas;
mod grants;
mod holder;
mod hostile;
mod issuing;
mod log;
mod login;
mod owner;
mod pipeline;
mod private;
mod refusals;
mod restart;
mod rpc;
mod support;
mod users;
mod vectors;
mod wallets;
mod with_client;
mod write_grants;
