//! Pixels: eight bits of grey, or of red, green and blue. Scaled, turned, and written as JPEG.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, GenericImageView as _, GrayImage, ImageBuffer, Pixel, RgbImage};
use jpeg_encoder::{Encoder, SamplingFactor};
use zeroize::{Zeroize as _, Zeroizing};

/// A picture. Wiped on drop.
pub(crate) struct Picture(DynamicImage);

impl Drop for Picture {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0));
    }
}

impl Picture {
    /// Bytes that a pixel has here at most.
    pub(crate) const MOST_BYTES_PER_PIXEL: u64 = 3;

    /// Whether a decoder's pixels are taken as they are.
    pub(crate) fn is_color(color: ColorType) -> bool {
        matches!(color, ColorType::L8 | ColorType::Rgb8)
    }

    /// Of any decoder's pixels; what can be seen through is put on white, pixel by pixel, so that no third copy is there.
    pub(crate) fn of(decoded: DynamicImage) -> Self {
        if Self::is_color(decoded.color()) {
            return Self(decoded);
        }
        let picture = match (decoded.color().has_color(), decoded.color().has_alpha()) {
            (true, _) => DynamicImage::ImageRgb8(on_white(&decoded, image::Rgb)),
            (false, true) => DynamicImage::ImageLuma8(on_white(&decoded, |[grey, ..]| image::Luma([grey]))),
            (false, false) => DynamicImage::ImageLuma8(decoded.to_luma8()),
        };
        wipe(decoded);
        Self(picture)
    }

    pub(crate) fn width(&self) -> u32 {
        self.0.width()
    }

    pub(crate) fn height(&self) -> u32 {
        self.0.height()
    }

    /// The same, as it is held.
    pub(crate) fn turned(mut self, orientation: Orientation) -> Self {
        if orientation == Orientation::NoTransforms {
            return self;
        }
        self.0.apply_orientation(orientation);
        self
    }

    /// The same at another size, or nothing where that cannot be. Pixels are mixed as they are written, not by their light:
    /// dark text on light ground stays darker so.
    pub(crate) fn scaled(&self, width: u32, height: u32) -> Option<Self> {
        let (kind, bytes) = match &self.0 {
            DynamicImage::ImageLuma8(grey) => (PixelType::U8, grey.as_raw()),
            DynamicImage::ImageRgb8(rgb) => (PixelType::U8x3, rgb.as_raw()),
            _ => return None,
        };
        let source = ImageRef::new(self.width(), self.height(), bytes, kind).ok()?;
        let mut scaled = Image::new(width, height, kind);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        let mut resizer = Resizer::new();
        resizer.resize(&source, &mut scaled, &options).ok()?;
        let pixels = scaled.into_vec();
        Some(Self(match kind {
            PixelType::U8 => DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, pixels)?),
            _ => DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, pixels)?),
        }))
    }

    /// As a progressive JPEG of this quality (1 to 100), with nothing but the picture in it; nothing where it is too large for one.
    pub(crate) fn to_jpeg(&self, quality: u8) -> Option<Zeroizing<Vec<u8>>> {
        let (color, bytes) = match &self.0 {
            DynamicImage::ImageLuma8(grey) => (jpeg_encoder::ColorType::Luma, grey.as_raw()),
            DynamicImage::ImageRgb8(rgb) => (jpeg_encoder::ColorType::Rgb, rgb.as_raw()),
            _ => return None,
        };
        let (width, height) = (u16::try_from(self.width()).ok()?, u16::try_from(self.height()).ok()?);
        let mut jpeg = Zeroizing::new(Vec::with_capacity(bytes.len() / 8));
        let mut encoder = Encoder::new(&mut *jpeg, quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        // A sixth smaller than a baseline file with the tables of the standard. Baseline with tables of its own would be written in
        // a scan for each component, which decoders get wrong (see `container/jpeg.rs`).
        encoder.set_progressive(true);
        encoder.set_optimized_huffman_tables(true);
        encoder.encode(bytes, width, height, color).ok()?;
        Some(jpeg)
    }
}

fn on_white<P: Pixel<Subpixel = u8>>(
    decoded: &DynamicImage,
    pixel: impl Fn([u8; 3]) -> P,
) -> ImageBuffer<P, Vec<u8>> {
    ImageBuffer::from_fn(decoded.width(), decoded.height(), |x, y| {
        let [red, green, blue, alpha] = decoded.get_pixel(x, y).0;
        let mix = |color: u8| {
            let light = u16::from(color) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
        };
        pixel([mix(red), mix(green), mix(blue)])
    })
}

fn wipe(picture: DynamicImage) {
    match picture {
        DynamicImage::ImageLuma8(image) => image.into_raw().zeroize(),
        DynamicImage::ImageLumaA8(image) => image.into_raw().zeroize(),
        DynamicImage::ImageRgb8(image) => image.into_raw().zeroize(),
        DynamicImage::ImageRgba8(image) => image.into_raw().zeroize(),
        DynamicImage::ImageLuma16(image) => image.into_raw().zeroize(),
        DynamicImage::ImageLumaA16(image) => image.into_raw().zeroize(),
        DynamicImage::ImageRgb16(image) => image.into_raw().zeroize(),
        DynamicImage::ImageRgba16(image) => image.into_raw().zeroize(),
        // No decoder here makes others.
        _ => {}
    }
}
