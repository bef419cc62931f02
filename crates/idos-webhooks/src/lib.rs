#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`Secrets`] sign a [`Message`] and verify what was received. No I/O, no clock.
//! - [`Targets`] say which URLs and addresses are taken; [`SpecialRange`] is the table of addresses that are not.
//!   No I/O either.
//! - [`Sender`] makes one attempt and says what came of it ([`SendError`]). When to try again is the caller's
//!   affair; [`SendError::is_worth_retrying`] and [`SendError::retry_after`] help.
//!
//! What no table can know: addresses that are public and yet lead inside, such as a NAT64 prefix of one's own
//! (RFC 6052, section 2.2) or an inner host behind a public address. A firewall around the sender is the second
//! fence that the specification asks for.

mod address;
mod message;
mod retry_after;
mod secret;
mod sender;
mod signature;
mod target;

pub use address::SpecialRange;
pub use message::{InvalidId, Message};
pub use retry_after::LONGEST_WAIT;
#[doc(hidden)]
pub use retry_after::parse as parse_retry_after;
pub use secret::{InvalidSecret, Secret};
pub use sender::{Addresses, ConfigError, Delivered, Names, SendError, Sender, SenderConfig, SystemNames};
pub use signature::{Headers, Secrets, TOLERANCE, VerifyError};
pub use target::{Refusal, Targets};
