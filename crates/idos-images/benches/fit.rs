//! What fitting costs, for each picture.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss, reason = "a benchmark")]

#[path = "../tests/it/pictures.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod pictures;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use idos_images::{Budget, Limits, fit};
use image::DynamicImage;

use pictures::{document, face, jpeg, jpeg_exif, jpeg_with, photo, png, progressive_jpeg, webp};

fn all(c: &mut Criterion) {
    let photo = photo(4032, 3024, 40);
    let large = jpeg(&photo, 90);
    let kinds = [
        ("12 megapixels, JPEG", large.clone()),
        ("12 megapixels, JPEG on its side", jpeg_with(&large, &[jpeg_exif(6)], b"")),
        ("12 megapixels, progressive JPEG", progressive_jpeg(&photo)),
        ("12 megapixels, PNG", png(&DynamicImage::ImageRgb8(photo.clone()))),
        ("12 megapixels, WebP", webp(&photo)),
    ];
    let mut group = c.benchmark_group("fit");
    group.sample_size(10);
    for (name, file) in &kinds {
        for (what, budget) in [("kept", 100_000_000), ("to 400 kB", 400_000)] {
            let name = format!("{name} of {:.1} MB, {what}", file.len() as f64 / 1e6);
            group.bench_function(name, |b| {
                let files = || vec![document("a", file.clone())];
                b.iter_batched(
                    files,
                    |files| fit(files, &Budget::bytes(budget), &Limits::default()).unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.bench_function("front, back and selfie to 1.2 MB", |b| {
        let files = || {
            vec![
                document("front", large.clone()),
                document("back", large.clone()),
                face("selfie", large.clone()),
            ]
        };
        b.iter_batched(
            files,
            |files| fit(files, &Budget::bytes(1_200_000), &Limits::default()).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
