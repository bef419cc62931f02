//! PNG (W3C): a signature and a list of chunks, each with its length before and a checksum behind it.

use zeroize::Zeroizing;

use super::{Container, orientation};
use crate::refusal::Refusal;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The picture, and how its numbers are meant. Profiles of colours are dropped: they name devices and people.
const KEPT: [&[u8]; 8] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM"];

/// Reads a file up to its last chunk. What follows is dropped.
pub(super) fn read(file: &[u8]) -> Result<Container, Refusal> {
    let mut kept = Zeroizing::new(Vec::with_capacity(file.len()));
    let mut exif = None;
    let mut rest = file.strip_prefix(SIGNATURE).ok_or(Refusal::Damaged)?;
    kept.extend_from_slice(SIGNATURE);
    loop {
        let (len, _) = rest.split_first_chunk::<4>().ok_or(Refusal::Damaged)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| Refusal::Damaged)?;
        let whole = len.checked_add(12).ok_or(Refusal::Damaged)?;
        let chunk;
        (chunk, rest) = rest.split_at_checked(whole).ok_or(Refusal::Damaged)?;
        let name = chunk.get(4..8).unwrap_or_default();
        match name {
            b"acTL" => return Err(Refusal::Animated),
            b"eXIf" if exif.is_none() => exif = chunk.get(8..8 + len),
            _ if KEPT.contains(&name) => kept.extend_from_slice(chunk),
            _ => {}
        }
        if name == b"IEND" {
            break;
        }
    }
    Ok(Container { bytes: kept, orientation: orientation(exif), kept_per_pixel: 0, most_pixels: None })
}
