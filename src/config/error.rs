//! Why there is no configuration.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::model::server_url::UrlFault;
use crate::secret_file::SecretFileError;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {0} cannot be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is not TOML, or has a setting that is missing, unknown or of a wrong type.
    #[error("the configuration {path}{line}: {problem}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// `, line 3`, where that is known.
        line: String,
        /// What is wrong; names settings, not values.
        problem: String,
    },
    /// An environment variable that is no URL.
    #[error("the environment variable {0} must be a URL")]
    NotAUrl(&'static str),
    /// An environment variable that is no address.
    #[error("the environment variable {0} must be an address such as 127.0.0.1:8080")]
    NotAnAddress(&'static str),
    /// A file with a setting that is secret.
    #[error(transparent)]
    SecretFile(#[from] SecretFileError),
    /// A URL with user and password that is none.
    #[error("the setting {0} {1}")]
    ServerUrl(&'static str, #[source] UrlFault),
    /// A setting that makes no sense.
    #[error("the setting {0} {1}")]
    Nonsense(Cow<'static, str>, &'static str),
}
