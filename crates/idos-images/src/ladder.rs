//! How small a picture has to become.

use zeroize::Zeroizing;

use crate::file::Budget;
use crate::picture::Picture;

/// What is tried first at each width: text is clean at this quality, and more costs more than it shows.
const GOOD: u8 = 72;

/// Beyond, a picture grows and does not look better.
const BEST: u8 = 90;

/// The lowest, at the smallest width alone: print is still read, and edges are ragged.
const LOWEST: u8 = 40;

/// A JPEG picture.
pub(crate) struct Made {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) size: (u32, u32),
    pub(crate) cost: usize,
}

/// The least that is made of a picture: `min_width` wide, at the lowest quality.
pub(crate) fn least(picture: &Picture, min_width: u32, budget: &Budget<'_>) -> Option<Made> {
    let picture = at_width(picture, min_width.clamp(1, picture.width()))?;
    make(picture.as_ref(), LOWEST, budget)
}

/// What a picture costs at most when it is made: as wide as it is, at the best quality.
pub(crate) fn most(picture: &Picture, budget: &Budget<'_>) -> Option<usize> {
    make(picture, BEST, budget).map(|made| made.cost)
}

/// The best that is made of a picture for `share`: as wide as it can be at a good quality, then of a better quality where there is
/// room; at `min_width` of whatever quality fits. Nothing where nothing does.
pub(crate) fn best(picture: &Picture, share: usize, min_width: u32, budget: &Budget<'_>) -> Option<Made> {
    let min_width = min_width.clamp(1, picture.width());
    let mut width = picture.width();
    loop {
        let scaled = at_width(picture, width)?;
        let good = make(scaled.as_ref(), GOOD, budget)?;
        if good.cost <= share {
            return Some(highest(scaled.as_ref(), (GOOD, BEST), share, budget).unwrap_or(good));
        }
        if width == min_width {
            return highest(scaled.as_ref(), (LOWEST - 1, GOOD - 1), share, budget);
        }
        width = narrower(width, share, good.cost).max(min_width);
    }
}

/// The best of the qualities above `from` up to `to` that fits, if any does.
fn highest(picture: &Picture, (from, to): (u8, u8), share: usize, budget: &Budget<'_>) -> Option<Made> {
    let (mut low, mut high, mut found) = (from, to - 1, None);
    // Where there is room for all, it need not be looked for.
    if let Some(made) = make(picture, to, budget).filter(|made| made.cost <= share) {
        return Some(made);
    }
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        match make(picture, middle, budget) {
            Some(made) if made.cost <= share => {
                found = Some(made);
                low = middle;
            }
            _ => high = middle - 1,
        }
    }
    found
}

/// The next width to be tried: bytes go with the area, and a little less than that, so that it is seldom tried again.
fn narrower(width: u32, share: usize, cost: usize) -> u32 {
    let ratio = share.saturating_mul(1_000_000) / cost.max(1);
    let percent = (ratio.isqrt() / 10).clamp(40, 97);
    let percent = u64::try_from(percent).unwrap_or(97) - 1;
    u32::try_from(u64::from(width) * percent / 100).unwrap_or(width - 1).min(width - 1)
}

/// Either the picture itself, or one of its own.
enum Scaled<'p> {
    Same(&'p Picture),
    Other(Picture),
}

impl Scaled<'_> {
    fn as_ref(&self) -> &Picture {
        match self {
            Self::Same(picture) => picture,
            Self::Other(picture) => picture,
        }
    }
}

fn at_width(picture: &Picture, width: u32) -> Option<Scaled<'_>> {
    if width >= picture.width() {
        return Some(Scaled::Same(picture));
    }
    let height = u64::from(picture.height()) * u64::from(width) / u64::from(picture.width());
    let height = u32::try_from(height).ok()?.max(1);
    picture.scaled(width, height).map(Scaled::Other)
}

fn make(picture: &Picture, quality: u8, budget: &Budget<'_>) -> Option<Made> {
    let bytes = picture.to_jpeg(quality)?;
    let cost = (budget.cost)(&bytes);
    Some(Made { bytes, size: (picture.width(), picture.height()), cost })
}
