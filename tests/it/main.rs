//! The service package through its doors: flows against a node that misbehaves, and the commands as people run
//! them.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

#[macro_use]
mod support;

mod cli_admin;
mod cli_database;
mod cli_deployment;
mod cli_dev;
mod cli_doctor;
mod cli_import;
mod cli_keys;
mod cli_notices;
mod cli_retention;
mod cli_secrets;
mod cli_serve;
mod cli_sources;
mod cli_traces;
mod commands;
mod console;
mod demo;
mod flows;
mod foreign;
mod http;
mod kills;
mod misbehaving;
mod oidc;
mod service;
mod validators;
