//! The service through its HTTP door: a real listener, the real flows, a development node. Every answer is held against
//! `openapi.yaml`.

mod access;
mod beforehand;
mod contract;
mod copies;
mod door;
mod hostile;
mod idempotency;
mod limits;
mod refusals;
mod spec;
mod ways;
