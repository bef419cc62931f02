#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`Mail`] is what is told: credentials that expire, or have expired. There is no room in it for anything about a person.
//! - [`Templates`] makes a [`Rendered`] of it, in one of its [languages](Templates::languages), for a [`Brand`].
//! - [`compose()`] makes the bytes that are sent, with all headers, signed by a [`Signer`] if there is one.

mod address;
mod brand;
mod compose;
mod dkim;
mod fault;
mod language;
mod mail;
mod templates;
mod words;

pub use address::{NoSender, NotSendable, Recipient, Sender};
pub use brand::{Brand, LARGEST_LOGO, Logo, Name, NoLogo, NoName};
pub use compose::{ComposeError, Composed, Envelope, MessageId, NoMessageId, Post, compose};
pub use dkim::{DkimError, DkimKey, Signer};
pub use fault::Fault;
pub use language::{Direction, Language, NoLanguage};
pub use mail::{Item, Link, Mail, NoLink};
pub use templates::{LOGO, Rendered, Templates};
