//! Nothing is left of what cameras and programs write beside the picture; and the picture is left as it is.

use idos_images::{Budget, Format, Limits, fit};
use image::DynamicImage;

use crate::pictures::{
    SECRET, document, exif, has, jpeg, jpeg_exif, jpeg_with, photo, png, png_with, progressive_jpeg, webp,
    webp_with,
};

fn secret(start: &[u8]) -> Vec<u8> {
    [start, SECRET].concat()
}

/// What a phone writes: positions, an extended description, profiles, previews, comments, and a film behind the end.
fn phone_jpeg(file: &[u8], orientation: u16) -> Vec<u8> {
    let thumbnail = [b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01".as_slice(), b"\xff\xff\xff", SECRET].concat();
    let segments = [
        (0xe0, thumbnail),
        (0xe0, secret(b"JFXX\0\x10")),
        jpeg_exif(orientation),
        (0xe1, secret(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta tiff:Orientation=\"6\">")),
        (0xe2, secret(b"ICC_PROFILE\0\x01\x01")),
        (0xe2, secret(b"MPF\0")),
        (0xed, secret(b"Photoshop 3.0\x008BIM")),
        (0xef, secret(b"")),
        (0xfe, secret(b"comment ")),
    ];
    let preview = [jpeg_with(file, &[jpeg_exif(1)], b""), secret(b"\0\0\0\x18ftypmp42")].concat();
    jpeg_with(file, &segments, &preview)
}

fn files(orientation: u16) -> Vec<(&'static str, Format, Vec<u8>)> {
    let picture = photo(120, 80, 20);
    let size = picture.dimensions();
    let block = exif(orientation);
    // A comment stands between two scans as well.
    let mut scans = progressive_jpeg(&picture);
    let second = scans.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    scans.splice(second..second, [b"\xff\xfe\0\x07".as_slice(), SECRET].concat());
    let (plain_png, plain_webp) = (png(&DynamicImage::ImageRgb8(picture.clone())), webp(&picture));
    let chunks: [(&[u8; 4], Vec<u8>); 5] = [
        (b"eXIf", block.clone()),
        (b"tEXt", secret(b"Comment\0")),
        (b"iTXt", secret(b"XML:com.adobe.xmp\0\0\0\0\0")),
        (b"tIME", vec![7, 0xe8, 1, 1, 1, 1, 1]),
        (b"prVt", secret(b"")),
    ];
    let riff: [(&[u8; 4], Vec<u8>); 4] =
        [(b"EXIF", block), (b"XMP ", secret(b"<x>")), (b"ICCP", secret(b"")), (b"odd ", secret(b""))];
    vec![
        ("baseline", Format::Jpeg, phone_jpeg(&jpeg(&picture, 90), orientation)),
        ("progressive", Format::Jpeg, phone_jpeg(&scans, orientation)),
        ("PNG", Format::Png, png_with(&plain_png, &chunks, SECRET)),
        ("WebP", Format::WebP, webp_with(&plain_webp, size, &riff, SECRET)),
    ]
}

#[test]
fn what_fits_keeps_its_very_pixels_and_nothing_else() {
    for (name, format, file) in files(1) {
        assert!(has(&file, SECRET), "{name}");
        let before = image::load_from_memory(&file).unwrap();
        let bytes = file.len();
        let fitted =
            fit(vec![document("a", file)], &Budget::bytes(1_000_000), &Limits::default()).unwrap().remove(0);
        assert_eq!((fitted.format, fitted.is_remade, fitted.bytes_before), (format, false, bytes), "{name}");
        for gone in [SECRET, b"Exif", b"EXIF", b"eXIf", b"GPS", b"ICC", b"xmp", b"ftyp"] {
            assert!(!has(&fitted.bytes, gone), "{name} has {}", String::from_utf8_lossy(gone));
        }
        let after = image::load_from_memory(&fitted.bytes).unwrap();
        assert_eq!(after, before, "{name}");
    }
}

#[test]
fn what_is_made_anew_has_nothing_of_it_either() {
    // It has to be turned; and then it has to be smaller.
    for (orientation, budget) in [(6, 1_000_000), (1, 2_000), (8, 2_000)] {
        for (name, _, file) in files(orientation) {
            let limits = Limits { min_width: 40, ..Limits::default() };
            let fitted = fit(vec![document("a", file)], &Budget::bytes(budget), &limits).unwrap().remove(0);
            assert!(fitted.is_remade && fitted.format == Format::Jpeg, "{name}");
            for gone in [SECRET, b"Exif", b"GPS", b"ICC"] {
                assert!(!has(&fitted.bytes, gone), "{name} {orientation}");
            }
        }
    }
}
