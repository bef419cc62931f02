//! All files together.

use image::metadata::Orientation;
use zeroize::Zeroizing;

use crate::Format;
use crate::container;
use crate::decode::decode;
use crate::division::{Demand, divide};
use crate::file::{Budget, File, Fitted, Role};
use crate::ladder::{best, least, most};
use crate::limits::Limits;
use crate::picture::Picture;
use crate::refusal::{Refusal, Refused};

/// Makes files fit a budget together: the same result for the same files. They come back in their order, or everything that is wrong
/// with any of them does.
///
/// Every picture is decoded, so what comes back can be shown, and it is upright and without metadata. A picture that fits as it is
/// keeps its very pixels; others are written as JPEG. PDF files are taken as they are, with all that stands in them.
///
/// It takes up to [`Limits::max_memory`] while one is decoded, and of each 3 bytes for each pixel up to [`Limits::max_side`], until all are
/// done.
pub fn fit(files: Vec<File>, budget: &Budget<'_>, limits: &Limits) -> Result<Vec<Fitted>, Vec<Refused>> {
    let mut refused = Vec::new();
    let mut looked = Vec::with_capacity(files.len());
    for file in files {
        match look(file, budget, limits) {
            Ok(content) => looked.push(content),
            Err(one) => refused.push(one),
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut left = pdfs_taken(&looked, budget)?;
    let pdfs: Vec<_> = looked.iter().filter_map(Content::pdf).map(pdf_too_large).collect();
    let (mut done, mut pictures) = (Vec::new(), Vec::new());
    for (place, content) in looked.into_iter().enumerate() {
        match content {
            Content::Pdf(file) => done.push((place, as_it_is(file))),
            Content::Picture(picture) => pictures.push((place, picture)),
        }
    }
    // Faces before documents, which get what those leave; and first who needs little.
    pictures.sort_by_key(|(place, picture)| (picture.role, picture.most, *place));
    find_leasts(&mut pictures, left, budget, limits);
    check_leasts(&pictures, left, limits).map_err(|refused| {
        let all: usize = pictures.iter().map(|(_, picture)| picture.least).fold(0, usize::saturating_add);
        if all <= budget.total && !pdfs.is_empty() { pdfs } else { refused }
    })?;
    while !pictures.is_empty() {
        let shares = divide(left as u64, &demands(&pictures));
        let (place, picture) = pictures.remove(0);
        let share = shares.and_then(|shares| usize::try_from(*shares.first()?).ok());
        let min_width = picture.role.min_width(limits.min_width);
        let cannot = Refused { name: picture.name.clone(), refusal: Refusal::CannotFit { min_width } };
        let made = share.and_then(|share| picture.made(share, min_width, budget));
        let (fitted, cost) = made.ok_or_else(|| vec![cannot])?;
        left = left.saturating_sub(cost);
        done.push((place, fitted));
    }
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, fitted)| fitted).collect())
}

/// A file that was looked at.
enum Content {
    Pdf(File),
    Picture(Box<Looked>),
}

impl Content {
    fn pdf(&self) -> Option<&File> {
        match self {
            Self::Pdf(file) => Some(file),
            Self::Picture(_) => None,
        }
    }
}

/// A picture that can be shown.
struct Looked {
    name: String,
    role: Role,
    bytes_before: usize,
    /// The file without metadata, where it can be taken so; it costs `most`.
    as_it_is: Option<(Zeroizing<Vec<u8>>, Format)>,
    /// The size of that file's picture.
    size: (u32, u32),
    /// Upright, and no larger than is made.
    picture: Picture,
    /// What it costs at least. Until that is known: `most`.
    least: usize,
    /// What it costs as it is; or at most, where it has to be made anew.
    most: usize,
}

impl Looked {
    /// The best of it that costs no more than `share`, and what it costs.
    fn made(self, share: usize, min_width: u32, budget: &Budget<'_>) -> Option<(Fitted, usize)> {
        let Self { name, bytes_before, as_it_is, size, picture, most, .. } = self;
        if let (true, Some((bytes, format))) = (most <= share, as_it_is) {
            return Some((
                Fitted { name, bytes, format, bytes_before, size: Some(size), is_remade: false },
                most,
            ));
        }
        let made = best(&picture, share, min_width, budget)?;
        let (bytes, size) = (made.bytes, Some(made.size));
        Some((Fitted { name, bytes, format: Format::Jpeg, bytes_before, size, is_remade: true }, made.cost))
    }
}

fn look(file: File, budget: &Budget<'_>, limits: &Limits) -> Result<Content, Refused> {
    let File { name, role, bytes } = file;
    match picture(&bytes, budget, limits) {
        Ok(None) => Ok(Content::Pdf(File { name, role, bytes })),
        Ok(Some(Decoded { as_it_is, size, picture, most })) => {
            let bytes_before = bytes.len();
            Ok(Content::Picture(Box::new(Looked {
                name,
                role,
                bytes_before,
                as_it_is,
                size,
                picture,
                least: most,
                most,
            })))
        }
        Err(refusal) => Err(Refused { name, refusal }),
    }
}

struct Decoded {
    as_it_is: Option<(Zeroizing<Vec<u8>>, Format)>,
    size: (u32, u32),
    picture: Picture,
    most: usize,
}

/// The picture in a file, if it is no PDF.
fn picture(file: &[u8], budget: &Budget<'_>, limits: &Limits) -> Result<Option<Decoded>, Refusal> {
    let format = Format::of(file).ok_or(Refusal::UnknownFormat)?;
    if format == Format::Pdf {
        return Ok(None);
    }
    let container = container::read(format, file)?;
    let decoded = decode(format, &container, limits)?;
    let size = (decoded.width(), decoded.height());
    let picture = no_larger(decoded, limits.max_side).ok_or(Refusal::Damaged)?.turned(container.orientation);
    let cost = (budget.cost)(&container.bytes);
    let is_upright = container.orientation == Orientation::NoTransforms;
    let most = if is_upright { cost } else { most(&picture, budget).ok_or(Refusal::Damaged)? };
    let as_it_is = is_upright.then_some((container.bytes, format));
    Ok(Some(Decoded { as_it_is, size, picture, most }))
}

/// The picture, with no side longer than `max_side`.
fn no_larger(picture: Picture, max_side: u32) -> Option<Picture> {
    let (width, height) = (picture.width(), picture.height());
    let longest = width.max(height);
    if longest <= max_side {
        return Some(picture);
    }
    let scale = |side: u32| {
        let side = u64::from(side) * u64::from(max_side) / u64::from(longest);
        u32::try_from(side).unwrap_or(max_side).max(1)
    };
    picture.scaled(scale(width), scale(height))
}

/// What is left when all PDF files are taken as they are.
fn pdfs_taken(looked: &[Content], budget: &Budget<'_>) -> Result<usize, Vec<Refused>> {
    let pdfs = || looked.iter().filter_map(Content::pdf);
    let all = pdfs().map(|file| (budget.cost)(&file.bytes)).fold(0, usize::saturating_add);
    budget.total.checked_sub(all).ok_or_else(|| pdfs().map(pdf_too_large).collect())
}

fn pdf_too_large(file: &File) -> Refused {
    Refused { name: file.name.clone(), refusal: Refusal::PdfTooLarge { bytes: file.bytes.len() } }
}

fn as_it_is(file: File) -> Fitted {
    let bytes_before = file.bytes.len();
    Fitted {
        name: file.name,
        bytes: file.bytes,
        format: Format::Pdf,
        bytes_before,
        size: None,
        is_remade: false,
    }
}

fn demands(pictures: &[(usize, Box<Looked>)]) -> Vec<Demand> {
    let demand = |picture: &Looked| Demand {
        least: picture.least as u64,
        most: picture.most as u64,
        weight: picture.role.weight(),
    };
    pictures.iter().map(|(_, picture)| demand(picture)).collect()
}

/// Finds out what pictures cost at least: of those that have to be made anew, and of all where not everything is kept.
fn find_leasts(pictures: &mut [(usize, Box<Looked>)], left: usize, budget: &Budget<'_>, limits: &Limits) {
    let all = pictures.iter().map(|(_, picture)| picture.most).fold(0, usize::saturating_add);
    for (_, picture) in pictures {
        let has_to = picture.as_it_is.is_none();
        if !has_to && all <= left {
            continue;
        }
        if let Some(least) = least(&picture.picture, picture.role.min_width(limits.min_width), budget) {
            picture.least = if has_to { least.cost } else { least.cost.min(picture.most) };
        }
    }
}

/// Refuses what would get less than it costs at least, if all were treated alike.
fn check_leasts(pictures: &[(usize, Box<Looked>)], left: usize, limits: &Limits) -> Result<(), Vec<Refused>> {
    let all = pictures.iter().map(|(_, picture)| picture.least).fold(0, usize::saturating_add);
    if all <= left {
        return Ok(());
    }
    let open: Vec<_> = demands(pictures).into_iter().map(|demand| Demand { least: 0, ..demand }).collect();
    let shares = divide(left as u64, &open).unwrap_or_default();
    let short = pictures.iter().zip(shares).filter(|((_, picture), share)| picture.least as u64 > *share);
    Err(short
        .map(|((_, picture), _)| Refused {
            name: picture.name.clone(),
            refusal: Refusal::CannotFit { min_width: picture.role.min_width(limits.min_width) },
        })
        .collect())
}
