//! Handlers, one for each operation: read, call one flow, show.

pub(super) mod contacts;
pub(super) mod events;
pub(super) mod halted;
pub(super) mod health;
pub(super) mod issuances;
pub(super) mod profiles;
pub(super) mod wallets;
pub(super) mod write_grants;
