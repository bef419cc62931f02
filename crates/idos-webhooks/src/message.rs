//! What is sent.

use std::fmt;

use bytes::Bytes;

/// The longest id, in bytes: ours, so that no server refuses the header.
const LONGEST_ID: usize = 255;

/// Why an id cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook id must be 1 to 255 visible ASCII characters without a full stop")]
pub struct InvalidId;

/// One attempt to tell of one event.
#[derive(Clone)]
pub struct Message {
    id: String,
    timestamp: i64,
    body: Bytes,
}

impl Message {
    /// - `id`: of the event, the same in every attempt, so that a receiver can drop what it knows already.
    /// - `timestamp`: of this attempt, in seconds since 1970. Receivers refuse what is minutes old, so a new attempt
    ///   needs a new one.
    /// - `body`: JSON text, signed and sent as it is.
    pub fn new(id: impl Into<String>, timestamp: i64, body: impl Into<Bytes>) -> Result<Self, InvalidId> {
        let id = id.into();
        if is_id(&id) { Ok(Self { id, timestamp, body: body.into() }) } else { Err(InvalidId) }
    }

    /// Of the event.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Of this attempt, in seconds since 1970.
    #[must_use]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// JSON text.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// Leaves out the body, which may be personal.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// Full stops separate what is signed; one within an id could move text between the parts.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic() && c != b'.')
}
