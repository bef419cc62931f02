//! How long a content may be, and in how long pieces it is hashed.

/// The longest content, in bytes: what the gateway's clients take, and as many leaves as one level holds.
pub const MAX_CONTENT: u64 = 20 * 1024 * 1024;

/// How long every leaf but the last one is, in bytes.
pub const LEAF: usize = 262_144;

/// The content has more than [`MAX_CONTENT`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is longer than 20 MiB")]
pub struct TooLong;
