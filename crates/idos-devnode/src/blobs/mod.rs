//! The blob gateway's part: the contents of the next schema, each under its identifier.
//!
//! It knows nothing of actions, blocks, sessions or JSON-RPC. Whoever serves requests reads an [`Upload`] from the body,
//! compares it with the [`Request`] that a transaction has made, and keeps it; contents lie in a table of a `SQLite`
//! database that the functions are handed, so it can stand before any node.
//!
//! The real gateway's rules are not public. These are the strict side of what clients allow for: nothing is taken before
//! there are rows that name it, nothing that they do not name, and all of a request at once. The same again gets the same
//! answer.

mod store;
mod upload;

pub use idos_content_id::ContentId;
pub use store::{Kept, all, clear, content, keep, prepare};
pub use upload::{Refusal, Upload};

/// A content, as a row names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Named {
    /// What its bytes must have.
    pub id: ContentId,
    /// How many bytes there must be.
    pub size: u64,
}

/// What a transaction has said will be brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// The part `original`, if there is to be one.
    pub original: Option<Named>,
    /// The part `copy`, if there is to be one.
    pub copy: Option<Named>,
}

impl Named {
    /// From the columns `content_uri` and `content_size` of a row. `None` where they name nothing.
    #[must_use]
    pub fn read(uri: Option<&str>, size: Option<i64>) -> Option<Self> {
        Some(Self { id: ContentId::from_uri(uri?).ok()?, size: u64::try_from(size?).ok()? })
    }
}

impl Request {
    /// Whether nothing is waited for any more: the rows are gone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.original.is_none() && self.copy.is_none()
    }
}
