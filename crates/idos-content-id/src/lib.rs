#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`ContentId`] is the identifier: its text, its URI, and the strict way back.
//! - [`Hasher`] computes it of bytes as they come.

mod block;
mod hasher;
mod id;
mod limits;

pub use hasher::Hasher;
pub use id::{ContentId, ParseError};
pub use limits::{LEAF, MAX_CONTENT, TooLong};
