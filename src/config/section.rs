//! What every section of the configuration answers.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use url::Url;

use super::environment::Environment;
use super::error::ConfigError;

/// A section: its settings with their defaults, and what is done with them before anybody uses them.
pub(super) trait Section {
    /// Has relative paths start at `folder`, which is the configuration file's.
    fn paths(&mut self, _folder: &Path) {}

    /// Takes what the environment says, which wins, and reads the files that hold a setting.
    fn environment(&mut self, _environment: &Environment<'_>) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Refuses what cannot be meant: the first such setting, by name, and never with its value.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// Refuses `setting`, with what it must be, unless a rule holds.
pub(super) fn require(
    holds: bool,
    setting: impl Into<Cow<'static, str>>,
    problem: &'static str,
) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::Nonsense(setting.into(), problem)) }
}

/// What a setting must be that everybody can read on the network.
pub(super) const PERSONAL: &str = "must not look like an e-mail address, a phone number, the number of a document or account, or a \
                                   date of birth: it stands in public notes, for everybody to read";

/// Has a relative path start at `folder`.
pub(super) fn start_at(folder: &Path, path: &mut PathBuf) {
    *path = folder.join(&*path);
}

/// Whether a URL can be asked over HTTP.
pub(super) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
