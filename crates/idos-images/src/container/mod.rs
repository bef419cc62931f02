//! The files around the pixels, read and written without decoding: what stands in them beside the picture is left out, and
//! nothing of the picture changes.
//!
//! What is kept is listed, and everything else is dropped, known or not: positions, serial numbers, thumbnails, previews and
//! whatever a camera appends behind the end.

mod jpeg;
mod png;
mod webp;

use image::metadata::Orientation;
use zeroize::Zeroizing;

use crate::Format;
use crate::refusal::Refusal;

/// A picture file without metadata, and what is to be known of it before it is decoded.
pub(crate) struct Container {
    /// The file, with nothing but the picture.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What its metadata said about how it is held.
    pub(crate) orientation: Orientation,
    /// How many bytes its decoder keeps for each pixel beside the result.
    pub(crate) kept_per_pixel: u64,
    /// How many pixels there may be at most, by how much data there is; nothing is known where it says nothing of that.
    pub(crate) most_pixels: Option<u64>,
}

/// Reads a picture's file.
pub(crate) fn read(format: Format, file: &[u8]) -> Result<Container, Refusal> {
    match format {
        Format::Jpeg => jpeg::read(file),
        Format::Png => png::read(file),
        Format::WebP => webp::read(file),
        Format::Heic => Err(Refusal::Heic),
        Format::Pdf => Err(Refusal::UnknownFormat),
    }
}

/// How a picture is held, by a block of EXIF: as it is where that says nothing.
fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}
