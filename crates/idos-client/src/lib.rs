//! Speaks to an idOS node: Kwil encoding, signed transactions, typed idOS actions.
//!
//! - [`Client`] talks to a node or gateway: it asks [views](actions::View) and does [actions](actions::Action),
//!   logs in where a gateway wants it, and sorts every [`Error`] by what can be done about it ([`Class`]).
//! - [`Signer`] is who acts. [`WriteGrant`] is what a user signs so that an issuer may write.
//! - [`encoding`] and [`transaction`] are the bytes, in both directions, so that a node can be built on them.
//!
//! ```no_run
//! # async fn example(seed: [u8; 32]) -> Result<(), Box<dyn std::error::Error>> {
//! use idos_client::actions::{EditPublicNotesAsIssuer, HasProfile};
//! use idos_client::{Broadcast, Client, ClientConfig, Nonce, Signer, Viewer};
//!
//! let client = Client::connect(ClientConfig::new("https://nodes.playground.idos.network".parse()?)).await?;
//! let known = client.call_one(Viewer::Anonymous, &HasProfile { address: "0x…" }).await?;
//! assert_eq!(known, Some(true));
//!
//! let issuer = Signer::from_seed(&seed);
//! let notes = EditPublicNotesAsIssuer { public_notes_id: "…", public_notes: r#"{"id":"…","status":"revoked"}"# };
//! let prepared = client.prepare(&issuer, &notes, Nonce::Next).await?;
//! // Record prepared.hash() here: it is what a lost answer is looked up by.
//! let outcome = client.broadcast(&prepared, Broadcast::Wait).await?;
//! assert!(outcome.committed);
//! # Ok(())
//! # }
//! ```

pub mod actions;
mod client;
pub mod encoding;
mod error;
mod gateway;
mod grants;
mod message;
mod refusal;
mod signer;
pub mod transaction;

pub use client::{
    Account, Broadcast, Client, ClientConfig, Fate, Health, Mode, Nonce, NotPrepared, Prepared, Terms,
    TxOutcome, TxState, TxStatus, Viewer,
};
pub use error::{Class, ConfigError, Conflict, Error, LoginError, Rejection, TransportError, Uncertainty};
pub use grants::{
    CLOCK_SKEW, EmptyWindow, GrantParties, GrantTime, InvalidGrantTime, WriteGrant, access_grant_id,
};
pub use idos_wallet::{SignatureType, WalletType};
pub use message::NodeMessage;
pub use refusal::Refusal;
pub use signer::{Ed25519Signer, Signer};
