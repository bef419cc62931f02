//! WebP (RFC 9649): a RIFF file, which is a list of chunks, padded to even lengths.

use zeroize::Zeroizing;

use super::{Container, orientation};
use crate::refusal::Refusal;

/// What an extended file says of itself: there is an alpha channel. The flags of what is dropped are dropped too.
const HAS_ALPHA: u8 = 0x10;

/// Reads a file up to the length that its header says. What follows is dropped.
pub(super) fn read(file: &[u8]) -> Result<Container, Refusal> {
    let mut kept = Zeroizing::new(Vec::with_capacity(file.len()));
    let header = file.get(..12).filter(|header| header.starts_with(b"RIFF")).ok_or(Refusal::Damaged)?;
    let len = number(header.get(4..8)).ok_or(Refusal::Damaged)?;
    let end = len.checked_add(8).ok_or(Refusal::Damaged)?;
    let mut rest = file.get(12..end).ok_or(Refusal::Damaged)?;
    kept.extend_from_slice(header);
    let (mut exif, mut has_picture) = (None, false);
    while !rest.is_empty() {
        let name = rest.get(..4).ok_or(Refusal::Damaged)?;
        let len = number(rest.get(4..8)).ok_or(Refusal::Damaged)?;
        let body = len.checked_add(8).and_then(|end| rest.get(8..end)).ok_or(Refusal::Damaged)?;
        match name {
            b"ANIM" | b"ANMF" => return Err(Refusal::Animated),
            b"EXIF" if exif.is_none() => exif = Some(body),
            b"VP8X" => {
                let flags = body.first().ok_or(Refusal::Damaged)?;
                let plain = [&[flags & HAS_ALPHA], body.get(1..).unwrap_or_default()].concat();
                keep(&mut kept, name, &plain);
            }
            b"VP8 " | b"VP8L" | b"ALPH" => {
                has_picture |= name != b"ALPH";
                keep(&mut kept, name, body);
            }
            _ => {}
        }
        rest = rest.get(8 + len + len % 2..).unwrap_or_default();
    }
    let len = u32::try_from(kept.len() - 8).map_err(|_| Refusal::Damaged)?.to_le_bytes();
    for (place, byte) in kept.iter_mut().skip(4).zip(len) {
        *place = byte;
    }
    if !has_picture {
        return Err(Refusal::Damaged);
    }
    // Some writers put the marker of JPEG before the block.
    let exif = exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    // Planes of the lossy form, or the argument of each transform of the lossless one.
    Ok(Container { bytes: kept, orientation: orientation(exif), kept_per_pixel: 4, most_pixels: None })
}

fn number(bytes: Option<&[u8]>) -> Option<usize> {
    let (bytes, _) = bytes?.split_first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

fn keep(kept: &mut Vec<u8>, name: &[u8], body: &[u8]) {
    let Ok(len) = u32::try_from(body.len()) else { return };
    kept.extend_from_slice(name);
    kept.extend_from_slice(&len.to_le_bytes());
    kept.extend_from_slice(body);
    if body.len() % 2 == 1 {
        kept.push(0);
    }
}
