#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`fit()`] does it all: it takes [`File`]s and a [`Budget`], and gives a [`Fitted`] for each, or a [`Refused`] for each that
//!   cannot be had.
//! - [`Format`] tells by its first bytes what a file is.
//! - [`Limits`] bound pixels, memory and how small a picture becomes.

mod container;
mod decode;
mod division;
mod file;
mod fit;
mod ladder;
mod limits;
mod picture;
mod refusal;

pub use file::{Budget, File, Fitted, Role};
pub use fit::fit;
pub use idos_file_type::FileType as Format;
pub use limits::Limits;
pub use refusal::{Refusal, Refused};
