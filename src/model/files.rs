//! What is done with the files of a result.

use serde::{Deserialize, Serialize};

/// What is done with files that are too large together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// They are refused, and others are taken as they are.
    Refuse,
    /// Pictures are made to fit, and lose all metadata, whether they are too large or not.
    Fit,
}

/// The text names no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not known")]
pub struct UnknownMode;

impl FileMode {
    /// The name, as the API and the configuration write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Fit => "fit",
        }
    }
}

impl std::str::FromStr for FileMode {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        [Self::Refuse, Self::Fit].into_iter().find(|mode| mode.as_str() == name).ok_or(UnknownMode)
    }
}

/// What became of a file. Nothing of it is about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSizes {
    /// Its member in the subject, such as `idDocument.frontFile`.
    pub field: String,
    /// Bytes that came.
    pub bytes_before: u64,
    /// Bytes that the credential has.
    pub bytes_after: u64,
    /// The picture's width in pixels; nothing of a PDF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}
