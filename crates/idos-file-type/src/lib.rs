#![doc = include_str!("../README.md")]

/// A kind of file that people can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// ITU-T T.81.
    Jpeg,
    /// W3C PNG.
    Png,
    /// RFC 9649.
    WebP,
    /// ISO/IEC 23008-12, of HEVC.
    Heic,
    /// ISO 32000.
    Pdf,
}

impl FileType {
    /// By the signatures of WHATWG MIME Sniffing (sections 6.1 and 7.1), and the brands of HEIC (ISO/IEC 23008-12, annex B).
    /// Neither names nor declared types count.
    #[must_use]
    pub fn of(file: &[u8]) -> Option<Self> {
        if file.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if file.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if file.starts_with(b"RIFF") && file.get(8..14) == Some(b"WEBPVP") {
            Some(Self::WebP)
        } else if file.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else {
            is_heic(file).then_some(Self::Heic)
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Heic => "image/heic",
            Self::Pdf => "application/pdf",
        }
    }
}

/// A box `ftyp` at the beginning that names a brand of HEIC, as the major one or as one it is compatible with.
fn is_heic(file: &[u8]) -> bool {
    const BRANDS: [&[u8]; 6] = [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"];
    let Some((size, rest)) = file.split_first_chunk::<4>() else { return false };
    let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
    let Some(brands) = rest.strip_prefix(b"ftyp") else { return false };
    let brands = brands.get(..size.saturating_sub(8)).unwrap_or(brands);
    // The second of them is a version, which is no brand.
    brands.chunks_exact(4).enumerate().any(|(n, brand)| n != 1 && BRANDS.contains(&brand))
}
