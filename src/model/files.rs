//! What is done with the files of a result.

use serde::{Deserialize, Serialize};

use super::issuance::named;

named! {
    /// What is done with files that are too large together.
    FileMode {
        /// They are refused, and others are taken as they are.
        Refuse = "refuse",
        /// Pictures are made to fit, and lose all metadata, whether they are too large or not.
        Fit = "fit",
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
