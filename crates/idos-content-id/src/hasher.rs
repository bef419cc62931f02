//! The identifier of bytes as they come.

use sha2::{Digest, Sha256};

use crate::block;
use crate::id::{Codec, ContentId};
use crate::limits::{LEAF, MAX_CONTENT, TooLong};

/// Computes a [`ContentId`] of bytes as they come, in whatever pieces. It keeps 32 bytes for each leaf, and no content.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    leaves: Vec<[u8; 32]>,
    /// The leaf that is being filled, and how many bytes it has.
    leaf: Sha256,
    filled: usize,
    length: u64,
}

impl Hasher {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes. What goes beyond [`MAX_CONTENT`] is counted and not hashed: [`Hasher::finish`] refuses it.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len() as u64);
        if self.length > MAX_CONTENT {
            return;
        }
        while !bytes.is_empty() {
            // A full leaf is closed only when something follows: a content that fills its last leaf has no empty one after it.
            if self.filled == LEAF {
                self.leaves.push(self.leaf.finalize_reset().into());
                self.filled = 0;
            }
            let (now, later) = bytes.split_at(bytes.len().min(LEAF - self.filled));
            self.leaf.update(now);
            self.filled += now.len();
            bytes = later;
        }
    }

    /// The identifier, and how many bytes there were.
    ///
    /// # Errors
    ///
    /// There were more than [`MAX_CONTENT`].
    pub fn finish(mut self) -> Result<(ContentId, u64), TooLong> {
        if self.length > MAX_CONTENT {
            return Err(TooLong);
        }
        let last = self.leaf.finalize().into();
        if self.leaves.is_empty() {
            return Ok((ContentId::new(Codec::Raw, last), self.length));
        }
        self.leaves.push(last);
        let root = block::root(&self.leaves, self.length);
        Ok((ContentId::new(Codec::DagPb, Sha256::digest(root).into()), self.length))
    }
}

impl ContentId {
    /// The identifier of a whole content.
    ///
    /// # Errors
    ///
    /// It is longer than [`MAX_CONTENT`].
    pub fn of(content: &[u8]) -> Result<Self, TooLong> {
        let mut hasher = Hasher::new();
        hasher.update(content);
        Ok(hasher.finish()?.0)
    }
}
