//! What names a content at the blob gateway.

use idos_content_id::ContentId;

/// A content at the blob gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Blob {
    /// Its identifier.
    pub id: ContentId,
    /// Its bytes.
    pub size: u64,
}
