//! What goes in, and what comes out.

use std::fmt;

use zeroize::Zeroizing;

use crate::Format;

/// What a picture shows, which says how much of the budget it needs to stay useful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A face: recognised at half of the width, and gets a third of the share.
    Face,
    /// A document, which people have to read.
    Document,
}

impl Role {
    /// The share of one, against those of the others.
    pub(crate) fn weight(self) -> u64 {
        match self {
            Self::Face => 1,
            Self::Document => 3,
        }
    }

    /// The width below which it is not made, where documents have `min_width`.
    pub(crate) fn min_width(self, min_width: u32) -> u32 {
        match self {
            Self::Face => min_width / 2,
            Self::Document => min_width,
        }
    }
}

/// A file that is to fit.
///
/// Wiped on drop; its `Debug` says nothing of its bytes.
pub struct File {
    /// What the caller calls it. It comes back with the result, and is not looked at.
    pub name: String,
    /// What it shows.
    pub role: Role,
    /// The file.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("role", &self.role)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// A file that fits.
///
/// Wiped on drop; its `Debug` says nothing of its bytes.
pub struct Fitted {
    /// What the caller calls it.
    pub name: String,
    /// The file: without metadata, unless it is a PDF.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What it is now.
    pub format: Format,
    /// How many bytes it had.
    pub bytes_before: usize,
    /// Width and height of the upright picture in pixels; nothing of a PDF.
    pub size: Option<(u32, u32)>,
    /// Whether the picture is another one: turned, or encoded anew. If not, its pixels are those that came.
    pub is_remade: bool,
}

impl fmt::Debug for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fitted")
            .field("format", &self.format)
            .field("bytes_before", &self.bytes_before)
            .field("bytes", &self.bytes.len())
            .field("size", &self.size)
            .field("is_remade", &self.is_remade)
            .finish_non_exhaustive()
    }
}

/// What all files together may cost.
#[derive(Clone, Copy)]
pub struct Budget<'c> {
    /// The most.
    pub total: usize,
    /// What a file costs where it goes, such as its length in another encoding. The same for the same bytes.
    pub cost: &'c (dyn Fn(&[u8]) -> usize + Sync),
}

impl Budget<'static> {
    /// A number of bytes, each of which costs one.
    #[must_use]
    pub fn bytes(total: usize) -> Self {
        Self { total, cost: &|bytes| bytes.len() }
    }
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("total", &self.total).finish_non_exhaustive()
    }
}
