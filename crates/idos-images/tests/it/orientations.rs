//! However a camera was held, the picture is upright.

use idos_images::{Budget, Limits, fit};
use image::{DynamicImage, Rgb, RgbImage};

use crate::pictures::{document, exif, jpeg, jpeg_exif, jpeg_with, png, png_with, webp, webp_with};

const WIDTH: u32 = 96;
const HEIGHT: u32 = 64;

/// By the table of EXIF (CIPA DC-008, section 4.6.5.1.6): which corners of the scene are the corners of the stored picture, for each
/// orientation: upper left, upper right, lower left, lower right. The scene has A and B above, C and D below.
const STORED: [(u16, &[u8; 4]); 10] = [
    (0, b"ABCD"), // none
    (1, b"ABCD"),
    (2, b"BADC"),
    (3, b"DCBA"),
    (4, b"CDAB"),
    (5, b"ACBD"),
    (6, b"BDAC"),
    (7, b"DBCA"),
    (8, b"CADB"),
    (9, b"ABCD"), // none
];

fn color(corner: u8) -> [u8; 3] {
    match corner {
        b'A' => [220, 20, 20],
        b'B' => [20, 200, 20],
        b'C' => [20, 20, 220],
        _ => [230, 230, 230],
    }
}

fn corners(width: u32, height: u32, corners: [u8; 4]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(color(corners[usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2)]))
    })
}

fn check(file: Vec<u8>, what: &str) {
    let limits = Limits { min_width: 16, ..Limits::default() };
    let fitted = fit(vec![document("a", file)], &Budget::bytes(100_000), &limits).unwrap().remove(0);
    assert_eq!(fitted.size, Some((WIDTH, HEIGHT)), "{what}");
    let shown = image::load_from_memory(&fitted.bytes).unwrap().to_rgb8();
    assert_eq!(shown.dimensions(), (WIDTH, HEIGHT), "{what}");
    for (corner, x, y) in [(b'A', 10, 10), (b'B', 85, 10), (b'C', 10, 53), (b'D', 85, 53)] {
        let (there, expected) = (shown.get_pixel(x, y).0, color(corner));
        let is_near = there.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 24);
        assert!(is_near, "{what}: {} is {there:?}", char::from(corner));
    }
}

#[test]
fn every_orientation_is_made_upright_in_every_format() {
    for (orientation, stored) in STORED {
        let is_on_its_side = (5..=8).contains(&orientation);
        let (width, height) = if is_on_its_side { (HEIGHT, WIDTH) } else { (WIDTH, HEIGHT) };
        let stored = corners(width, height, *stored);
        let block = exif(orientation);
        check(jpeg_with(&jpeg(&stored, 95), &[jpeg_exif(orientation)], b""), &format!("JPEG {orientation}"));
        let plain = png(&DynamicImage::ImageRgb8(stored.clone()));
        check(png_with(&plain, &[(b"eXIf", block.clone())], b""), &format!("PNG {orientation}"));
        let plain = webp(&stored);
        check(webp_with(&plain, (width, height), &[(b"EXIF", block)], b""), &format!("WebP {orientation}"));
    }
}
