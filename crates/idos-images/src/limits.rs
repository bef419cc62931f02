//! What bounds the work.

/// What bounds memory and time, and how small a picture becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels that a picture may have, by what its header says.
    pub max_pixels: u64,
    /// The most bytes that decoding one picture may take: its pixels, and what its decoder keeps of it meanwhile.
    pub max_memory: u64,
    /// The longest side, in pixels, of a picture that is made anew.
    pub max_side: u32,
    /// The width of the upright picture, in pixels, below which no document is scaled; faces have half of it. What comes narrower
    /// keeps its width.
    pub min_width: u32,
}

impl Default for Limits {
    /// The largest photos that phones make in their usual modes (50 megapixels) are taken; at 1000 pixels the small print of an
    /// identity card that fills the picture has about 300 dots per inch.
    fn default() -> Self {
        Self { max_pixels: 52_000_000, max_memory: 400_000_000, max_side: 3000, min_width: 1000 }
    }
}
