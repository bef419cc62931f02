//! Claims: what a credential says of its subject, before it is spelled out.

use crate::timestamp::Timestamp;
use crate::vocabulary::Term;

/// Largest file, in bytes. A node takes far less in one transaction; this only bounds memory.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// The value of a claim.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Date(Timestamp),
    File(&'a [u8]),
    Boolean(bool),
    Number(f64),
}

/// A claim that is made.
pub(crate) type Claim<'a> = (&'static Term, Value<'a>);

impl Value<'_> {
    /// Whether JavaScript takes it for something. A file is something even where it is empty.
    pub(crate) fn holds(self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Boolean(value) => value,
            Self::Date(_) | Self::File(_) | Self::Number(_) => true,
        }
    }
}
