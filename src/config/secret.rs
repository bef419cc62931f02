//! Settings that are not shown.

use std::path::Path;

use serde::Deserialize;

use crate::secret_file::{self, SecretFileError};

/// A setting that is not shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// From a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// What a file with nothing else holds.
    pub(super) fn of_file(path: &Path) -> Result<Self, SecretFileError> {
        Ok(Self(secret_file::read(path)?))
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
