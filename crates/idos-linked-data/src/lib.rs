//! Judges credentials by general JSON-LD: credentials of other makers and DIDs with [`ssi`], and what the official SDK
//! would say of a credential, by a processor that deviates from the recommendation where the SDK's does.
//!
//! `idos_credential` writes and reads the fixed idOS shapes without a JSON-LD processor. This crate is the second
//! opinion: it processes any contexts that it knows, never the network. It is a crate of its own so that ssi's
//! tree is compiled once and is no part of the path that issues.

mod canonical;
mod contexts;
mod did;
mod foreign;
mod nquads;
mod sdk;

pub use canonical::{LinkedDataError, canonical_nquads};
pub use did::{DidError, did_key_of, resolve_did_key};
pub use foreign::{ForeignError, Obstacle, Refusal, names_a_status, verify_foreign};
pub use sdk::{SdkIssuer, SdkVerdict, verify_as_sdk};
