//! From a file to pixels, within limits.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder};

use crate::Format;
use crate::container::Container;
use crate::limits::Limits;
use crate::picture::Picture;
use crate::refusal::Refusal;

/// Decodes a picture that was read by [`container::read`](crate::container::read). What its header says is believed only as far as
/// the limits go, and before anything is made room for.
pub(crate) fn decode(format: Format, container: &Container, limits: &Limits) -> Result<Picture, Refusal> {
    let data = Cursor::new(container.bytes.as_slice());
    match format {
        Format::Jpeg => take(JpegDecoder::new(data).map_err(damaged)?, container, limits),
        Format::Png => {
            let allowed = image_limits(limits);
            take(PngDecoder::with_limits(data, allowed).map_err(damaged)?, container, limits)
        }
        Format::WebP => take(WebPDecoder::new(data).map_err(damaged)?, container, limits),
        Format::Heic => Err(Refusal::Heic),
        Format::Pdf => Err(Refusal::UnknownFormat),
    }
}

fn take(mut decoder: impl ImageDecoder, container: &Container, limits: &Limits) -> Result<Picture, Refusal> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels {
        return Err(Refusal::TooManyPixels { pixels, limit: limits.max_pixels });
    }
    if pixels == 0 || container.most_pixels.is_some_and(|most| pixels > most) {
        return Err(Refusal::Damaged);
    }
    let color = decoder.color_type();
    let mut per_pixel = u64::from(color.bytes_per_pixel()) + container.kept_per_pixel;
    if !Picture::is_color(color) {
        per_pixel += Picture::MOST_BYTES_PER_PIXEL;
    }
    let bytes = pixels.saturating_mul(per_pixel);
    if bytes > limits.max_memory {
        return Err(Refusal::TooMuchMemory { bytes, limit: limits.max_memory });
    }
    // Its own limits count more coarsely than the estimate, which has been held already.
    decoder.set_limits(image_limits(limits)).map_err(damaged)?;
    Ok(Picture::of(DynamicImage::from_decoder(decoder).map_err(damaged)?))
}

fn image_limits(limits: &Limits) -> image::Limits {
    let mut all = image::Limits::no_limits();
    all.max_alloc = Some(limits.max_memory);
    all
}

/// What a decoder says may repeat what is in the file.
fn damaged(_: image::ImageError) -> Refusal {
    Refusal::Damaged
}
