//! Speaks to an idOS node: Kwil encoding, signed transactions, typed idOS actions.
//!
//! - [`encoding`] and [`transaction`] are the bytes, in both directions, so that a node can be built on them.

pub mod actions;
pub mod encoding;
mod grants;
mod signer;
pub mod transaction;

pub use grants::{
    CLOCK_SKEW, EmptyWindow, GrantParties, GrantTime, InvalidGrantTime, WriteGrant, access_grant_id,
};
pub use signer::{Ed25519Signer, Signer};
/// Why the caller's earlier write is in the way.
pub enum Conflict {
    /// x
    WriteGrantUsed,
}
