//! What fitting takes in memory, at its peak: `cargo run --release -p idos-images --example memory`. Linux alone.
//!
//! Each kind is made by one process and made to fit by another, of which the kernel says how much it has had at most (`VmHWM` in
//! `/proc/self/status`); what it had before it read the files is taken off.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an example shows something"
)]

#[path = "../tests/it/pictures.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod pictures;

use std::process::Command;

use idos_images::{Budget, Limits, fit};
use image::DynamicImage;

use pictures::{document, face, jpeg, jpeg_exif, jpeg_with, photo, png, progressive_jpeg, webp};

/// What is made to fit: how it is called, width and height, how many files, and how many bytes they may have.
const CASES: [(&str, u32, u32, usize, usize); 11] = [
    ("JPEG, kept", 4032, 3024, 1, 100_000_000),
    ("JPEG", 4032, 3024, 1, 400_000),
    ("JPEG on its side", 4032, 3024, 1, 400_000),
    ("progressive JPEG", 4032, 3024, 1, 400_000),
    ("PNG", 4032, 3024, 1, 400_000),
    ("WebP, lossless", 4032, 3024, 1, 400_000),
    ("JPEG", 8160, 6120, 1, 400_000),
    ("JPEG on its side", 8160, 6120, 1, 400_000),
    ("progressive JPEG", 6000, 4500, 1, 400_000),
    ("JPEG", 4032, 3024, 3, 1_200_000),
    ("JPEG", 8160, 6120, 3, 1_200_000),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["make", case, path] => make(case.parse().unwrap(), path),
        ["fit", case, path] => measure(case.parse().unwrap(), path),
        _ => all(),
    }
}

fn all() {
    let (me, path) = (
        std::env::current_exe().unwrap(),
        std::env::temp_dir().join(format!("memory-{}", std::process::id())),
    );
    println!("| what | megapixels | files | MB each | at the peak, MB |\n| --- | --- | --- | --- | --- |");
    for (number, (name, width, height, files, _)) in CASES.iter().enumerate() {
        let run =
            |what: &str| Command::new(&me).args([what, &number.to_string()]).arg(&path).output().unwrap();
        assert!(run("make").status.success());
        let size = path.metadata().unwrap().len();
        let measured = run("fit");
        assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
        let peak = String::from_utf8(measured.stdout).unwrap();
        let tenths = |bytes: u64| format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10);
        let pixels = u64::from(*width) * u64::from(*height) / 1_000_000;
        println!(
            "| {name} | {pixels} | {files} | {} | {} |",
            tenths(size),
            tenths(peak.trim().parse().unwrap())
        );
    }
    std::fs::remove_file(&path).unwrap();
}

fn make(case: usize, path: &str) {
    let (name, width, height, ..) = *CASES.get(case).unwrap();
    let photo = photo(width, height, 40);
    let file = match name {
        "JPEG on its side" => jpeg_with(&jpeg(&photo, 90), &[jpeg_exif(6)], b""),
        "progressive JPEG" => progressive_jpeg(&photo),
        "PNG" => png(&DynamicImage::ImageRgb8(photo)),
        "WebP, lossless" => webp(&photo),
        _ => jpeg(&photo, 90),
    };
    std::fs::write(path, file).unwrap();
}

fn measure(case: usize, path: &str) {
    let (_, _, _, count, budget) = *CASES.get(case).unwrap();
    let before = peak();
    let read = |n: usize| {
        let bytes = std::fs::read(path).unwrap();
        if n == 2 { face("c", bytes) } else { document("a", bytes) }
    };
    let files = (0..count).map(read).collect();
    fit(files, &Budget::bytes(budget), &Limits::default()).unwrap();
    println!("{}", peak() - before);
}

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}
