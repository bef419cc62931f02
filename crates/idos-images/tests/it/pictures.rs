//! Pictures to try with, made here: their files with whatever cameras put into them.

use std::io::Cursor;

use idos_images::{File, Role};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageFormat, Rgb, RgbImage};

/// What stands in all metadata here, and must stand in no result.
pub(crate) const SECRET: &[u8] = b"Xyzzy";

/// A photo of a document: light that falls off, lines of print, and the noise of a sensor.
pub(crate) fn photo(width: u32, height: u32, noise: u32) -> RgbImage {
    let mut state = 0x9e37_79b9_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let light = 150 + 90 * x / width - 60 * y / height;
        let is_print = (y / 12) % 3 == 0 && (x / 5 + (y / 36) * 7) % 3 != 0;
        let value = |tint: u32| {
            let base = if is_print { 40 } else { light + tint };
            u8::try_from((base + state % (noise + 1)).min(255)).unwrap()
        };
        Rgb([value(10), value(5), value(0)])
    })
}

pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let (width, height) = (u16::try_from(picture.width()).unwrap(), u16::try_from(picture.height()).unwrap());
    let encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    encoder.encode(picture.as_raw(), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

pub(crate) fn progressive_jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    let (width, height) = (u16::try_from(picture.width()).unwrap(), u16::try_from(picture.height()).unwrap());
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 85);
    encoder.set_progressive(true);
    encoder.encode(picture.as_raw(), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

pub(crate) fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

pub(crate) fn webp(picture: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut file);
    encoder.encode(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    file
}

/// A block of EXIF, with the orientation, who made the camera, and a position.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x03".to_vec();
    block.extend([0x01, 0x0f, 0, 2, 0, 0, 0, 6, 0, 0, 0, 50]); // Make, behind
    block.extend([&[0x01, 0x12, 0, 3, 0, 0, 0, 1], &orientation.to_be_bytes()[..], &[0, 0]].concat());
    block.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 56]); // GPS, behind
    block.extend([0, 0, 0, 0]);
    block.extend(b"Xyzzy\0");
    block.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0Xyzzy");
    block
}

/// The same JPEG with segments behind its first marker, and bytes behind its end.
pub(crate) fn jpeg_with(file: &[u8], segments: &[(u8, Vec<u8>)], behind: &[u8]) -> Vec<u8> {
    let mut made = file[..2].to_vec();
    for (marker, content) in segments {
        made.extend([0xff, *marker]);
        made.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        made.extend(content);
    }
    made.extend(&file[2..]);
    made.extend(behind);
    made
}

pub(crate) fn jpeg_exif(orientation: u16) -> (u8, Vec<u8>) {
    (0xe1, [b"Exif\0\0".as_slice(), &exif(orientation)].concat())
}

/// The same PNG with chunks behind its header, and bytes behind its end.
pub(crate) fn png_with(file: &[u8], chunks: &[(&[u8; 4], Vec<u8>)], behind: &[u8]) -> Vec<u8> {
    let mut made = file[..33].to_vec();
    for (name, content) in chunks {
        made.extend(png_chunk(**name, content));
    }
    made.extend(&file[33..]);
    made.extend(behind);
    made
}

pub(crate) fn png_chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), content].concat();
    let mut crc = u32::MAX;
    for byte in &named {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let len = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&len, named.as_slice(), &(!crc).to_be_bytes()].concat()
}

/// The same WebP in its extended form, with chunks behind the picture, and bytes behind the end.
pub(crate) fn webp_with(
    file: &[u8],
    (width, height): (u32, u32),
    chunks: &[(&[u8; 4], Vec<u8>)],
    behind: &[u8],
) -> Vec<u8> {
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let len = u32::try_from(content.len()).unwrap().to_le_bytes();
        let padding: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
        [name.as_slice(), &len, content, padding].concat()
    };
    let mut body = b"WEBP".to_vec();
    let sides = [(width - 1).to_le_bytes(), (height - 1).to_le_bytes()];
    // It has a profile, EXIF and XMP.
    let header = [&[0x2c, 0, 0, 0], &sides[0][..3], &sides[1][..3]].concat();
    body.extend(chunk(b"VP8X", &header));
    body.extend(&file[12..]);
    for (name, content) in chunks {
        body.extend(chunk(name, content));
    }
    [b"RIFF".as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), &body, behind].concat()
}

pub(crate) fn document(name: &str, bytes: Vec<u8>) -> File {
    File { name: name.to_owned(), role: Role::Document, bytes: bytes.into() }
}

pub(crate) fn face(name: &str, bytes: Vec<u8>) -> File {
    File { name: name.to_owned(), role: Role::Face, bytes: bytes.into() }
}

pub(crate) fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
