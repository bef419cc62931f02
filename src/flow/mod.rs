//! Verbs: what the issuer does. Each may run any number of times: what is done already is left alone.
//!
//! A verb looks, does, and remembers, in this order. What it remembers is one short transaction: the change of state,
//! the next piece of work, and the audit entry come together or not at all. No call goes out while one is open.

mod address;
pub mod admin;
mod agree;
pub mod api_keys;
pub mod attribute;
pub mod audit;
pub mod bounce;
pub mod by;
pub mod cases;
pub mod challenge;
pub mod claim;
mod claimed;
pub mod contact;
pub mod credential;
pub mod deliver;
pub mod erase;
pub mod erasure;
pub mod events;
pub mod files;
pub mod grant;
pub mod halted;
pub mod holder;
mod idempotency;
pub mod intake;
pub mod kept;
mod linkage;
pub mod login;
pub mod look;
pub mod mail_link;
mod moves;
pub mod network;
pub mod notices;
pub mod profile;
pub mod proof;
pub mod read_back;
mod records;
pub mod relay;
mod relayed;
pub mod restore;
pub mod resume;
pub mod revoke;
pub mod seal;
pub mod staff;
mod supersede;
pub mod sweep;
pub mod upload;
pub mod verification;
mod verified;
pub mod viewed;
pub mod visit;
pub mod wallet;
pub mod wallet_link;
pub mod withdraw;
mod work;

pub use agree::{Agreement, one_is_enough};

/// What was asked for, made now or before.
#[derive(Clone, Debug)]
pub struct Accepted<T> {
    /// The record.
    pub record: T,
    /// Whether an earlier request with the same key has made it.
    pub replayed: bool,
}
