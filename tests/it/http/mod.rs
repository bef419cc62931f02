//! The service through its HTTP door: a real listener, the real flows, a development node. Every answer is held against
//! `openapi.yaml`.

mod access;
mod addresses;
mod beforehand;
mod believable;
mod contract;
mod copies;
mod crowds;
mod door;
mod forms;
mod full_disk;
mod hostile;
mod idempotency;
mod limits;
mod oddities;
mod refusals;
mod spec;
mod spellings;
mod ways;
