//! Why a file is not taken.

/// Why a file is not taken. None repeats anything of the file but numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Its first bytes are of no kind that is known.
    #[error("must be a JPEG, PNG or WebP picture or a PDF file")]
    UnknownFormat,
    /// HEIC. The patents on HEVC aside, there is no decoder for it without unsafe foreign code or a copyleft licence.
    #[error("is HEIC, which cannot be made to fit: send it as JPEG")]
    Heic,
    /// It has several pictures.
    #[error("is animated: send one picture")]
    Animated,
    /// It ends too early, or what is in it is not what its header says.
    #[error("cannot be read as a picture: it is damaged or cut short")]
    Damaged,
    /// It has more pixels than are taken.
    #[error("has {pixels} pixels, and {limit} are taken")]
    TooManyPixels {
        /// Those of the header.
        pixels: u64,
        /// The most.
        limit: u64,
    },
    /// Decoding would take more memory than there may be.
    #[error(
        "would take {bytes} bytes of memory to decode, and {limit} are taken: send it with fewer pixels, or as a JPEG of one scan"
    )]
    TooMuchMemory {
        /// What it would take.
        bytes: u64,
        /// The most.
        limit: u64,
    },
    /// It is a JPEG in more passes than cameras and programs make: that costs time without bound, or is a form that decoders get wrong.
    #[error("has {scans} scans, and {limit} are taken: send it as a JPEG of one scan")]
    TooManyScans {
        /// How many.
        scans: usize,
        /// The most.
        limit: usize,
    },
    /// Even as small as it may become it does not fit.
    #[error(
        "cannot be made to fit: with the other files it has too little room at {min_width} pixels of width"
    )]
    CannotFit {
        /// The width below which it is not made.
        min_width: u32,
    },
    /// PDF files are taken as they are, and this does not fit.
    #[error("is a PDF file of {bytes} bytes, which leaves too little room: send a smaller one, or a picture")]
    PdfTooLarge {
        /// How many it has.
        bytes: usize,
    },
}

impl Refusal {
    /// The code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::Heic => "heic",
            Self::Animated => "animated",
            Self::Damaged => "damaged",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::TooMuchMemory { .. } => "too_much_memory",
            Self::TooManyScans { .. } => "too_many_scans",
            Self::CannotFit { .. } => "cannot_fit",
            Self::PdfTooLarge { .. } => "pdf_too_large",
        }
    }

    /// Whether a smaller file, or fewer others, would be taken; otherwise it is the wrong file.
    #[must_use]
    pub fn is_about_size(&self) -> bool {
        matches!(self, Self::CannotFit { .. } | Self::PdfTooLarge { .. })
    }
}

/// A file that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What the caller calls it.
    pub name: String,
    /// Why.
    pub refusal: Refusal,
}
