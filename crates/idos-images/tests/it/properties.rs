//! Whatever comes.

use idos_images::{Budget, Limits, fit};
use image::DynamicImage;
use proptest::prelude::*;

use crate::pictures::{
    SECRET, document, exif, face, has, jpeg, jpeg_exif, jpeg_with, photo, png, png_with, webp, webp_with,
};

fn picture() -> impl Strategy<Value = (Vec<u8>, u32)> {
    (1..300_u32, 1..300_u32, 0..120_u32, 0..4_u8, 1..=8_u16).prop_map(
        |(width, height, noise, format, orientation)| {
            let picture = photo(width, height, noise);
            let block = exif(orientation);
            let file = match format {
                0 => jpeg_with(&jpeg(&picture, 90), &[jpeg_exif(orientation)], SECRET),
                1 => png_with(&png(&DynamicImage::ImageRgb8(picture)), &[(b"eXIf", block)], SECRET),
                2 => webp_with(&webp(&picture), (width, height), &[(b"EXIF", block)], SECRET),
                _ => jpeg_with(&jpeg(&picture, 30), &[jpeg_exif(orientation)], b""),
            };
            (file, if orientation > 4 { height } else { width })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_comes_back_fits_and_shows(pictures in prop::collection::vec(picture(), 1..4), budget in 500..60_000_usize) {
        let limits = Limits { min_width: 100, ..Limits::default() };
        let widths: Vec<_> = pictures.iter().map(|(_, width)| *width).collect();
        let files: Vec<_> = pictures
            .into_iter()
            .enumerate()
            .map(|(n, (file, _))| if n == 0 { face("0", file) } else { document(&n.to_string(), file) })
            .collect();
        match fit(files, &Budget::bytes(budget), &limits) {
            Ok(fitted) => {
                prop_assert!(fitted.iter().map(|file| file.bytes.len()).sum::<usize>() <= budget);
                for (n, (file, width)) in fitted.iter().zip(widths).enumerate() {
                    prop_assert_eq!(&file.name, &n.to_string());
                    prop_assert!(!has(&file.bytes, SECRET) && !has(&file.bytes, b"Exif") && !has(&file.bytes, b"EXIF"));
                    let shown = image::load_from_memory(&file.bytes).unwrap();
                    prop_assert_eq!(file.size, Some((shown.width(), shown.height())));
                    let least = width.min(if n == 0 { 50 } else { 100 });
                    prop_assert!((least..=width).contains(&shown.width()));
                }
            }
            Err(refused) => prop_assert!(!refused.is_empty() && refused.iter().all(|one| one.refusal.is_about_size())),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(start in 0..5_usize, rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 5] = [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
            b"RIFF\x60\0\0\0WEBPVP8 ",
            b"RIFF\x60\0\0\0WEBPVP8X\x0a\0\0\0",
            b"",
        ];
        let file = [starts[start], &rest].concat();
        let _ = fit(vec![document("a", file)], &Budget::bytes(10_000), &Limits::default());
    }

    #[test]
    fn a_byte_that_is_changed_makes_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>(), format in 0..3_u8) {
        let picture = photo(40, 30, 30);
        let mut file = match format {
            0 => jpeg(&picture, 80),
            1 => png(&DynamicImage::ImageRgb8(picture)),
            _ => webp(&picture),
        };
        let at = at.index(file.len());
        file[at] = byte;
        let limits = Limits { max_pixels: 4_000_000, ..Limits::default() };
        if let Ok(fitted) = fit(vec![document("a", file)], &Budget::bytes(100_000), &limits) {
            prop_assert!(image::load_from_memory(&fitted[0].bytes).is_ok());
        }
    }
}
