//! The service through its HTTP door: a real listener, the real flows, a development node. Every answer is held against
//! `openapi.yaml`.

mod access;
mod addresses;
mod attributes;
mod beforehand;
mod believable;
mod challenges;
mod claims;
mod contacts;
mod contract;
mod contract_wallets;
mod copies;
mod crowds;
mod door;
mod fitting;
mod forms;
pub(crate) mod full_disk;
mod halted;
mod hostile;
mod idempotency;
mod limits;
mod links;
mod notices;
mod oddities;
pub(crate) mod persons;
pub(crate) mod recorded;
mod refusals;
mod relay;
mod signed_requests;
mod spec;
mod spellings;
mod validity;
mod vendors;
pub(crate) mod verifications;
mod version_3;
mod wallet_links;
mod ways;
