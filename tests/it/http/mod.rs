//! The service through its HTTP door: a real listener, the real flows, a development node. Every answer is held against
//! `openapi.yaml`.

mod access;
mod addresses;
mod beforehand;
mod believable;
mod challenges;
mod contract;
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
mod notices;
mod oddities;
mod refusals;
mod spec;
mod spellings;
mod validity;
pub(crate) mod verifications;
mod version_3;
mod ways;
