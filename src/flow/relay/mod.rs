//! The relay: what consumers of upstream's hosted issuer call. A consumer sends a person here with a token that it has signed; the person
//! shows who they are by a wallet, is checked by a vendor, and signs the write grant whose copy is the consumer's.
//!
//! A token is somebody's word for which consumer, which level and whose account there, and no more: who the person is, a wallet and the
//! vendor say. It begins one claim, however often it is sent; and one person has one verification for each consumer and level.

mod consumers;
mod page;
mod start;

pub use consumers::{NewConsumer, authenticate, register, remove, status};
pub use page::{Check, Relayed, admit, admit_grant, look};
pub use start::start;

use super::claim::ClaimError;
use super::verification::OpeningError;
use crate::model::relay::TokenFault;
use crate::store::StoreError;

/// Why the relay does not do it.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// There is no such thing, or the relay is not enabled.
    #[error("there is no such thing")]
    Unknown,
    /// The relay is another client's.
    #[error("the relay is another client's")]
    NotYours,
    /// The token.
    #[error("the token {0}")]
    Token(#[from] TokenFault),
    /// The claim that it begins.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The verification.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
