//! JPEG (ITU-T T.81): a list of segments, some with coded data behind them.

use zeroize::Zeroizing;

use super::{Container, orientation};
use crate::refusal::Refusal;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP14: u8 = 0xee;

/// Programs make ten (mozjpeg) or so of a progressive picture; each passes over the whole of it.
const MAX_SCANS: usize = 32;

/// Others have one, of all components. zune-jpeg 0.5.15 gets those wrong that have a scan for each component and fewer lines of colour
/// than of light, and says nothing.
const MAX_SCANS_OF_OTHERS: usize = 1;

const EXIF: &[u8] = b"Exif\0\0";

/// Reads a file up to its end marker. What follows, such as further pictures (CIPA DC-007) or a film, is dropped.
pub(super) fn read(file: &[u8]) -> Result<Container, Refusal> {
    let mut kept = Zeroizing::new(Vec::with_capacity(file.len()));
    let (mut exif, mut scans, mut coded, mut progressive) = (None, 0, 0, false);
    let mut rest = file.strip_prefix(&[0xff, SOI]).ok_or(Refusal::Damaged)?;
    kept.extend_from_slice(&[0xff, SOI]);
    loop {
        let marker;
        (marker, rest) = next_marker(rest)?;
        if marker == EOI {
            kept.extend_from_slice(&[0xff, EOI]);
            break;
        }
        // Markers without a segment, which say nothing here.
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            continue;
        }
        let segment;
        (segment, rest) = split_segment(rest)?;
        match marker {
            APP0 => keep(&mut kept, marker, without_thumbnail(segment).as_deref()),
            APP1 if exif.is_none() => exif = segment.strip_prefix(EXIF),
            // How the colours are coded.
            APP14 => keep(&mut kept, marker, segment.get(..12).filter(|start| start.starts_with(b"Adobe"))),
            SOS => {
                scans += 1;
                keep(&mut kept, marker, Some(segment));
                let data = rest.get(..coded_len(rest)).unwrap_or(rest);
                rest = rest.get(data.len()..).unwrap_or_default();
                kept.extend_from_slice(data);
                coded += data.len() as u64;
            }
            // Frames, tables, restart intervals.
            0xc0..=0xcf | 0xdb..=0xdf if marker != 0xc8 => {
                progressive |= marker == 0xc2;
                keep(&mut kept, marker, Some(segment));
            }
            _ => {}
        }
    }
    let limit = if progressive { MAX_SCANS } else { MAX_SCANS_OF_OTHERS };
    if scans > limit {
        return Err(Refusal::TooManyScans { scans, limit });
    }
    Ok(Container {
        bytes: kept,
        orientation: orientation(exif),
        // The coefficients of three components, of two bytes each, until the last scan was read.
        kept_per_pixel: if progressive { 6 } else { 0 },
        // A block of 64 pixels takes a bit at least.
        most_pixels: Some(coded.saturating_mul(8 * 64)),
    })
}

/// The marker that comes next, and what follows it. Any number of 0xff may stand before one (section B.1.1.2).
fn next_marker(rest: &[u8]) -> Result<(u8, &[u8]), Refusal> {
    let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
    match rest.get(fill..) {
        Some([marker, rest @ ..]) if fill > 0 && *marker != 0 => Ok((*marker, rest)),
        _ => Err(Refusal::Damaged),
    }
}

/// What is in a segment, and what follows it.
fn split_segment(rest: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let (len, rest) = rest.split_first_chunk::<2>().ok_or(Refusal::Damaged)?;
    let len = usize::from(u16::from_be_bytes(*len)).checked_sub(2).ok_or(Refusal::Damaged)?;
    rest.split_at_checked(len).ok_or(Refusal::Damaged)
}

fn keep(kept: &mut Vec<u8>, marker: u8, segment: Option<&[u8]>) {
    let Some(segment) = segment else { return };
    // It came out of one, so it is not longer.
    let len = u16::try_from(segment.len() + 2).unwrap_or(u16::MAX);
    kept.extend_from_slice(&[0xff, marker]);
    kept.extend_from_slice(&len.to_be_bytes());
    kept.extend_from_slice(segment);
}

/// The header of JFIF (ITU-T T.871), whose last two bytes are the size of a thumbnail that follows.
fn without_thumbnail(segment: &[u8]) -> Option<Vec<u8>> {
    let start = segment.get(..12).filter(|start| start.starts_with(b"JFIF\0"))?;
    Some([start, &[0, 0]].concat())
}

/// How long the coded data is: up to a marker that is no restart marker.
fn coded_len(rest: &[u8]) -> usize {
    let is_end = |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(next, 0 | 0xd0..=0xd7 | 0xff));
    rest.windows(2).position(is_end).unwrap_or(rest.len())
}
