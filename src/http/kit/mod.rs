//! What every entry point over HTTP needs: connections, limits, bodies and how they are read, who calls, and what a refusal
//! looks like. Nothing here knows a resource.

pub(crate) mod accept_language;
pub(crate) mod admit;
pub(crate) mod api_key;
pub(crate) mod body;
pub(crate) mod connections;
pub(crate) mod consumer;
pub(crate) mod cookies;
pub(crate) mod form;
pub(crate) mod good_keys;
pub(crate) mod guard;
pub(crate) mod held;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod lines;
pub(crate) mod multipart;
pub(crate) mod observe;
pub(crate) mod origin;
pub(crate) mod peer;
pub(crate) mod phrases;
pub mod problem;
pub(crate) mod query;
pub(crate) mod readiness;
pub(crate) mod route;
pub(crate) mod serve;
pub(crate) mod shares;
pub(crate) mod signed;
pub(crate) mod socket;
pub(crate) mod staff;
pub(crate) mod state;
pub(crate) mod turns;
pub(crate) mod unread;
pub(crate) mod viewed;
pub(crate) mod wait;
pub(crate) mod wellformed;
