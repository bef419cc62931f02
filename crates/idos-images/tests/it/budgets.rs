//! Files fit together, and fairly.

use idos_images::{Budget, Fitted, Format, Limits, fit};
use image::DynamicImage;

use crate::pictures::{document, face, jpeg, jpeg_exif, jpeg_with, photo, png};

fn total(fitted: &[Fitted]) -> usize {
    fitted.iter().map(|file| file.bytes.len()).sum()
}

#[test]
fn photos_of_a_phone_fit_a_credential() {
    let large = jpeg(&photo(4032, 3024, 40), 90);
    assert!((4_000_000..10_000_000).contains(&large.len()), "{}", large.len());
    let on_its_side = jpeg_with(&large, &[jpeg_exif(6)], b"");
    let files = || {
        vec![
            document("front", large.clone()),
            document("back", on_its_side.clone()),
            face("selfie", large.clone()),
        ]
    };
    let limits = Limits::default();
    let fitted = fit(files(), &Budget::bytes(1_200_000), &limits).unwrap();
    assert_eq!(fitted.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["front", "back", "selfie"]);
    assert!(total(&fitted) <= 1_200_000, "{}", total(&fitted));
    assert!(total(&fitted) >= 1_000_000, "it is used: {}", total(&fitted));
    for file in &fitted {
        let shown = image::load_from_memory(&file.bytes).unwrap();
        assert_eq!(file.size, Some((shown.width(), shown.height())));
        assert!(file.is_remade && file.bytes_before >= large.len());
        let min = if file.name == "selfie" { 500 } else { 1000 };
        assert!(shown.width() >= min && shown.width() < 4032, "{} {}", file.name, shown.width());
    }
    let (front, back, selfie) = (&fitted[0], &fitted[1], &fitted[2]);
    assert!(front.bytes.len() > 2 * selfie.bytes.len(), "people read documents");
    assert!(back.size.unwrap().1 > back.size.unwrap().0, "it stands");
    // What is made is the picture that came, and not only of its size.
    let small =
        |bytes: &[u8]| image::load_from_memory(bytes).unwrap().thumbnail_exact(16, 12).to_rgb8().into_raw();
    let (before, after) = (small(&large), small(&front.bytes));
    assert!(before.iter().zip(&after).all(|(a, b)| a.abs_diff(*b) < 16), "{before:?} {after:?}");
    let again = fit(files(), &Budget::bytes(1_200_000), &limits).unwrap();
    assert!(fitted.iter().zip(&again).all(|(one, other)| one.bytes == other.bytes), "the same for the same");
}

#[test]
fn who_needs_little_keeps_it_and_leaves_the_rest() {
    let small = jpeg(&photo(600, 400, 5), 80);
    let large = jpeg(&photo(2400, 1800, 40), 90);
    let alone = |budget: usize| {
        let fitted = fit(vec![document("large", large.clone())], &Budget::bytes(budget), &Limits::default());
        fitted.unwrap().remove(0)
    };
    let files = vec![document("large", large.clone()), document("small", small.clone())];
    let fitted = fit(files, &Budget::bytes(600_000), &Limits::default()).unwrap();
    assert!(!fitted[1].is_remade);
    assert_eq!(fitted[0].bytes, alone(600_000 - fitted[1].bytes.len()).bytes);
    // With room for all, all keep their pixels.
    let files = vec![document("large", large.clone()), document("small", small)];
    let fitted = fit(files, &Budget::bytes(10_000_000), &Limits::default()).unwrap();
    assert!(fitted.iter().all(|file| !file.is_remade));
}

#[test]
fn a_pdf_passes_as_it_is_and_takes_its_part() {
    let pdf = [b"%PDF-1.7\n".as_slice(), &vec![7; 300_000]].concat();
    let large = jpeg(&photo(2400, 1800, 40), 90);
    let files = vec![document("proof", pdf.clone()), document("front", large)];
    let fitted = fit(files, &Budget::bytes(700_000), &Limits::default()).unwrap();
    assert_eq!((&*fitted[0].bytes, fitted[0].format, fitted[0].size), (&pdf, Format::Pdf, None));
    assert!(fitted[1].bytes.len() <= 400_000 && fitted[1].bytes.len() > 300_000, "{}", fitted[1].bytes.len());
}

#[test]
fn what_a_file_costs_is_the_callers_affair() {
    let large = jpeg(&photo(2000, 1500, 40), 90);
    let cost = |bytes: &[u8]| bytes.len() * 5 / 4 + usize::from(bytes[bytes.len() / 2] / 2);
    let budget = Budget { total: 500_000, cost: &cost };
    let fitted = fit(vec![document("a", large)], &budget, &Limits::default()).unwrap();
    let spent = cost(&fitted[0].bytes);
    assert!(spent <= 500_000 && spent > 400_000, "{spent}");
}

#[test]
fn every_kind_of_pixel_is_shown_on_white() {
    let grey = DynamicImage::ImageLuma8(DynamicImage::ImageRgb8(photo(300, 200, 10)).to_luma8());
    let mut clear = DynamicImage::ImageRgb8(photo(300, 200, 10)).to_rgba8();
    for pixel in clear.pixels_mut().take(300 * 20) {
        pixel.0 = [0, 0, 0, 0];
    }
    let clear = DynamicImage::ImageRgba8(clear);
    let kinds = [
        grey.clone(),
        DynamicImage::ImageLumaA8(grey.to_luma_alpha8()),
        DynamicImage::ImageLuma16(grey.to_luma16()),
        DynamicImage::ImageRgb16(grey.to_rgb16()),
        DynamicImage::ImageRgba16(clear.to_rgba16()),
        clear,
    ];
    for (place, picture) in kinds.into_iter().enumerate() {
        let limits = Limits { min_width: 100, ..Limits::default() };
        let fitted =
            fit(vec![document("a", png(&picture))], &Budget::bytes(6000), &limits).unwrap().remove(0);
        assert!(fitted.is_remade && fitted.bytes.len() <= 6000, "{place}");
        let shown = image::load_from_memory(&fitted.bytes).unwrap();
        assert_eq!(shown.color().has_color(), picture.color().has_color(), "{place}");
        if picture.color().has_color() && picture.color().has_alpha() {
            assert!(shown.to_luma8().get_pixel(shown.width() / 2, 2).0[0] > 235, "{place}");
        }
    }
}
