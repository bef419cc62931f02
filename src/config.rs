//! Configuration: one TOML file and a few environment variables, which win.
//!
//! The only reader of the environment. `config.example.toml` lists every setting.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

/// What a deployment settles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The idOS node.
    pub node: Node,
    /// Who issues.
    pub issuer: Issuer,
    /// Where the keys are.
    pub keys: KeyFiles,
}

/// The idOS node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Base URL, such as `https://nodes.playground.idos.network`. `IDOS_NODE_URL` wins.
    pub url: Url,
}

/// Who issues.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The name that users see in public notes.
    pub name: String,
    /// The issuer's URL, from which key id and controller are made. Without it the issuer is its `did:key`.
    pub url: Option<String>,
}

/// Files that hold secrets, each readable by the owner alone. Relative paths start at the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFiles {
    /// Ed25519 key that signs credentials.
    pub signing: PathBuf,
    /// Ed25519 key that writes to the node: a delegate of an inserter.
    pub write: PathBuf,
    /// X25519 secret that opens the issuer's own copies.
    pub encryption: PathBuf,
}

impl KeyFiles {
    /// The files that `keys generate` makes in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            signing: folder.join("signing.key"),
            write: folder.join("write.key"),
            encryption: folder.join("encryption.key"),
        }
    }
}

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
}

const NODE_URL: &str = "IDOS_NODE_URL";

impl Config {
    /// Reads `path`, then the environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable(path.to_owned(), e))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| before.matches('\n').count() + 1);
            ConfigError::Invalid {
                path: path.to_owned(),
                line: line.map(|line| format!(", line {line}")).unwrap_or_default(),
                problem: names_only(error.message()),
            }
        })?;
        if let Some(url) = variable(NODE_URL) {
            config.node.url = url.parse().map_err(|_| ConfigError::NotAUrl(NODE_URL))?;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in [&mut config.keys.signing, &mut config.keys.write, &mut config.keys.encryption] {
            *file = folder.join(&*file);
        }
        Ok(config)
    }
}

/// A parser's message, if all that it repeats are names of settings.
fn names_only(message: &str) -> String {
    let names = ["unknown field ", "missing field ", "duplicate key"];
    if names.iter().any(|start| message.starts_with(start)) {
        message.to_owned()
    } else {
        "is not TOML, or a setting has a value of a wrong kind".to_owned()
    }
}

/// What to log: `RUST_LOG`, or warnings.
#[must_use]
pub fn log_filter() -> String {
    variable("RUST_LOG").unwrap_or_else(|| "warn".to_owned())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_complete_and_true() {
        let config: Config = toml::from_str(include_str!("../config.example.toml")).unwrap();
        assert_eq!(config.node.url.as_str(), "https://nodes.playground.idos.network/");
        assert!(config.issuer.url.is_some());
    }

    #[test]
    fn mistakes_are_named() {
        let folder = std::env::temp_dir().join(format!("idos-issuer-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config.toml");
        std::fs::write(&path, "[node]\nurl = \"https://a.example\"\nsecret = \"Xyzzy\"\n").unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("unknown field"), "{error}");
        assert!(!error.contains("Xyzzy"));
        for wrong in ["url = \"Xyzzy\"", "url = 5551234", "url = Xyzzy"] {
            std::fs::write(&path, format!("[node]\n{wrong}\n")).unwrap();
            let error = Config::load(&path).unwrap_err().to_string();
            assert!(
                error.contains("line 2") && !error.contains("Xyzzy") && !error.contains("5551234"),
                "{error}"
            );
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
