//! What is not taken, by its code; and what would cost too much to find out.

use idos_images::{Budget, Limits, Refusal, fit};
use image::{DynamicImage, RgbImage};

use crate::pictures::{
    document, face, jpeg, jpeg_with, photo, png, png_chunk, png_with, progressive_jpeg, webp, webp_with,
};

fn refused(file: Vec<u8>) -> Refusal {
    refused_by(file, &Limits::default())
}

fn refused_by(file: Vec<u8>, limits: &Limits) -> Refusal {
    let mut all = fit(vec![document("a", file)], &Budget::bytes(1_200_000), limits).unwrap_err();
    assert_eq!((all.len(), all[0].name.as_str()), (1, "a"));
    all.remove(0).refusal
}

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    let heic = [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice(), &[0; 64]].concat();
    assert_eq!(refused(heic), Refusal::Heic);
    let avif = [b"\0\0\0\x18ftypavif\0\0\0\0mif1avif".as_slice(), &[0; 64]].concat();
    for file in [
        b"".as_slice(),
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM",
        b"\xff\xd8",
        b"RIFF\0\0\0\0WAVE",
        &avif,
    ] {
        assert_eq!(refused(file.to_vec()), Refusal::UnknownFormat, "{file:?}");
    }
}

#[test]
fn what_moves_is_refused() {
    let picture = photo(64, 48, 3);
    let plain = png(&DynamicImage::ImageRgb8(picture.clone()));
    assert_eq!(refused(png_with(&plain, &[(b"acTL", vec![0, 0, 0, 2, 0, 0, 0, 0])], b"")), Refusal::Animated);
    let moving = webp_with(&webp(&picture), (64, 48), &[(b"ANIM", vec![0; 6])], b"");
    assert_eq!(refused(moving), Refusal::Animated);
}

#[test]
fn what_is_cut_short_is_refused_wherever_it_is_cut() {
    let picture = photo(64, 48, 30);
    let whole = [
        jpeg(&picture, 90),
        progressive_jpeg(&picture),
        png(&DynamicImage::ImageRgb8(picture.clone())),
        webp(&picture),
    ];
    for file in whole {
        assert!(fit(vec![document("a", file.clone())], &Budget::bytes(100_000), &Limits::default()).is_ok());
        // The signature is longest in WebP.
        for end in (16..file.len() - 1).step_by(7).chain([file.len() - 1]) {
            assert_eq!(refused(file[..end].to_vec()), Refusal::Damaged, "{end} of {}", file.len());
        }
    }
}

#[test]
fn headers_that_lie_are_found_out() {
    // 8000 by 6000 pixels, and data for 64 by 48.
    let mut file = jpeg(&photo(64, 48, 30), 90);
    let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    file.splice(frame + 5..frame + 9, [0x17, 0x70, 0x1f, 0x40]);
    assert_eq!(refused(file), Refusal::Damaged);

    let plain = png(&DynamicImage::ImageRgb8(photo(64, 48, 30)));
    let mut header = plain[16..29].to_vec();
    header.splice(..8, [0, 0, 0x1f, 0x40, 0, 0, 0x17, 0x70]);
    let lying = [&plain[..8], &png_chunk(*b"IHDR", &header), &plain[33..]].concat();
    assert_eq!(refused(lying), Refusal::Damaged);

    // A length that leads beyond the end, and one that is shorter than itself.
    assert_eq!(refused(jpeg_with(b"\xff\xd8\xff\xe1\xff\xff\0", &[], b"")), Refusal::Damaged);
    assert_eq!(refused(b"\xff\xd8\xff\xe1\0\x01\xff\xd9".to_vec()), Refusal::Damaged);
    assert_eq!(refused(b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff".to_vec()), Refusal::Damaged);
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT".to_vec()), Refusal::Damaged);
}

#[test]
fn bombs_are_told_by_their_headers() {
    let bomb = |width: u32, height: u32, depth: u8, color: u8| {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
        let data = png_chunk(*b"IDAT", &vec![0; 100_000]);
        [b"\x89PNG\r\n\x1a\n".as_slice(), &png_chunk(*b"IHDR", &header), &data, &png_chunk(*b"IEND", b"")]
            .concat()
    };
    let limit = Limits::default().max_pixels;
    assert_eq!(refused(bomb(30_000, 30_000, 8, 2)), Refusal::TooManyPixels { pixels: 900_000_000, limit });
    assert!(matches!(
        refused(bomb(0x7fff_ffff, 0x7fff_ffff, 1, 0)),
        Refusal::TooManyPixels { .. } | Refusal::Damaged
    ));
    assert!(matches!(refused(bomb(8000, 6000, 16, 6)), Refusal::TooMuchMemory { bytes: 528_000_000, .. }));
    assert!(matches!(refused(bomb(0, 6000, 8, 2)), Refusal::Damaged));

    // The coefficients of a progressive picture are kept until its end; those of others are not.
    let picture = photo(400, 300, 10);
    let limits = Limits { max_memory: 400 * 300 * 6, ..Limits::default() };
    assert!(fit(vec![document("a", jpeg(&picture, 90))], &Budget::bytes(1_000_000), &limits).is_ok());
    assert!(matches!(refused_by(progressive_jpeg(&picture), &limits), Refusal::TooMuchMemory { .. }));
    let limits = Limits { max_pixels: 119_999, ..Limits::default() };
    for file in [jpeg(&picture, 90), png(&DynamicImage::ImageRgb8(picture.clone())), webp(&picture)] {
        assert_eq!(refused_by(file, &limits), Refusal::TooManyPixels { pixels: 120_000, limit: 119_999 });
    }
}

#[test]
fn more_scans_than_anybody_makes_are_refused() {
    let mut file = progressive_jpeg(&photo(64, 48, 3));
    let end = file.len() - 2;
    let last = file.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let scan = file[last..end].to_vec();
    for _ in 0..40 {
        file.splice(end..end, scan.iter().copied());
    }
    assert!(matches!(refused(file), Refusal::TooManyScans { scans: 41.., limit: 32 }));

    let (picture, mut file) = (photo(64, 48, 3), Vec::new());
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 80);
    encoder.set_optimized_huffman_tables(true);
    encoder.encode(picture.as_raw(), 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
    assert_eq!(refused(file), Refusal::TooManyScans { scans: 3, limit: 1 });
}

#[test]
fn what_cannot_fit_says_which_and_why() {
    let large = jpeg(&photo(2000, 1500, 60), 90);
    let files = || vec![document("front", large.clone()), face("selfie", large.clone())];
    let all = fit(files(), &Budget::bytes(20_000), &Limits::default()).unwrap_err();
    let codes: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.refusal)).collect();
    assert_eq!(
        codes,
        [
            ("selfie", Refusal::CannotFit { min_width: 500 }),
            ("front", Refusal::CannotFit { min_width: 1000 }),
        ]
    );
    // With a PDF that takes the room, it is the PDF.
    let pdf = [b"%PDF-1.7\n".as_slice(), &vec![7; 980_000]].concat();
    let bytes = pdf.len();
    let mut with = files();
    with.push(document("proof", pdf));
    let all = fit(with, &Budget::bytes(1_000_000), &Limits::default()).unwrap_err();
    assert_eq!(
        all.iter().map(|one| (one.name.as_str(), one.refusal)).collect::<Vec<_>>(),
        [("proof", Refusal::PdfTooLarge { bytes }),]
    );
    let pdf = [b"%PDF-1.7\n".as_slice(), &vec![7; 1_300_000]].concat();
    assert!(matches!(refused(pdf), Refusal::PdfTooLarge { .. }));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_repeats_nothing() {
    let files = vec![
        document("a", b"Xyzzy".to_vec()),
        document("b", jpeg(&RgbImage::new(8, 8), 90)[..100].to_vec()),
        document("c", jpeg(&photo(64, 48, 3), 90)),
    ];
    let all = fit(files, &Budget::bytes(1_200_000), &Limits::default()).unwrap_err();
    assert_eq!(all.iter().map(|one| one.refusal.code()).collect::<Vec<_>>(), ["unknown_format", "damaged"]);
    assert!(!format!("{all:?}").contains("Xyzzy"));
}
