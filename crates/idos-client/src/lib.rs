#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`Client`] talks to a node or gateway: it asks [views](actions::View) and does [actions](actions::Action),
//!   logs in where a gateway wants it, and sorts every [`Error`] by what can be done about it ([`Class`]).
//! - [`Signer`] is who acts. [`WriteGrant`] is what a user signs so that an issuer may write.
//! - [`encoding`] and [`transaction`] are the bytes, in both directions, so that a node can be built on them.

pub mod actions;
mod blob;
mod client;
pub mod encoding;
mod error;
mod gateway;
mod grants;
mod message;
mod refusal;
mod signer;
pub mod transaction;

pub use blob::Blob;
pub use client::{
    Account, BlobError, Broadcast, Client, ClientConfig, ContentPlace, Fate, Health, Login, Mode, Nonce,
    Prepared, ToUpload, TxOutcome, TxState, TxStatus, TxTerms, UnsignedTransaction, Upload, Viewer,
};
pub use error::{Class, ConfigError, Conflict, Error, LoginError, Rejection, TransportError, Uncertainty};
pub use grants::{EmptyWindow, GrantParties, GrantTime, InvalidGrantTime, WriteGrant, access_grant_id};
pub use idos_wallet::{SignatureType, WalletType};
pub use message::NodeMessage;
pub use refusal::Refusal;
pub use signer::{Ed25519Signer, RemoteKey, SignError, Signer, Signing};
