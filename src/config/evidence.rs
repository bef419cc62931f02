//! What is done with results.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::files::FileMode;

/// What is done with results.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// What is done with files where a request does not say: `refuse` or `fit`.
    pub files: String,
    /// The width in pixels below which no picture of a document is scaled; faces have half of it.
    pub min_width: u32,
    /// The most pixels that a picture may have.
    pub max_pixels: u64,
    /// The most bytes of memory that decoding one picture may take.
    pub max_decode_memory: u64,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            files: FileMode::Refuse.as_str().to_owned(),
            min_width: 1000,
            max_pixels: 52_000_000,
            max_decode_memory: 400_000_000,
        }
    }
}

impl Evidence {
    /// What is done with files where a request does not say.
    #[must_use]
    pub fn file_mode(&self) -> FileMode {
        self.files.parse().unwrap_or(FileMode::Refuse)
    }
}

impl Section for Evidence {
    fn check(&self) -> Result<(), ConfigError> {
        require(self.files.parse::<FileMode>().is_ok(), "evidence.files", "must be refuse or fit")?;
        require((100..=3000).contains(&self.min_width), "evidence.min_width", "must be from 100 to 3000")?;
        require(
            (1_000_000..=500_000_000).contains(&self.max_pixels),
            "evidence.max_pixels",
            "must be from 1000000 to 500000000",
        )?;
        require(
            (10_000_000..=8_000_000_000).contains(&self.max_decode_memory),
            "evidence.max_decode_memory",
            "must be from 10000000 to 8000000000",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("evidence.files", "files = \"refuse\"", "files = \"Xyzzy\""),
            ("evidence.min_width", "min_width = 1000", "min_width = 99"),
            ("evidence.max_pixels", "max_pixels = 52000000", "max_pixels = 1"),
            ("evidence.max_decode_memory", "max_decode_memory = 400000000", "max_decode_memory = 1"),
        ]);
    }
}
