//! Where the keys are.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require, start_at};

/// Files that hold secrets, each readable by the owner alone. Relative paths start at the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFiles {
    /// Ed25519 key that signs credentials.
    pub signing: PathBuf,
    /// Ed25519 keys that write to the node: delegates of one inserter. The first is also the issuer's identity as a
    /// grantee. One path, or a list.
    #[serde(deserialize_with = "one_or_more")]
    pub write: Vec<PathBuf>,
    /// X25519 secret that opens the issuer's own copies.
    pub encryption: PathBuf,
    /// Keys that lock what is kept: the first locks, all of them unlock. One path, or a list. Commands that keep
    /// nothing need none.
    #[serde(default, deserialize_with = "one_or_more")]
    pub vault: Vec<PathBuf>,
}

impl KeyFiles {
    /// The files that `keys generate` makes in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            signing: folder.join("signing.key"),
            write: vec![folder.join("write.key")],
            encryption: folder.join("encryption.key"),
            vault: vec![folder.join("vault.key")],
        }
    }
}

impl Section for KeyFiles {
    fn paths(&mut self, folder: &Path) {
        let single = [&mut self.signing, &mut self.encryption];
        let lists = self.write.iter_mut().chain(&mut self.vault);
        single.into_iter().chain(lists).for_each(|path| start_at(folder, path));
    }

    fn check(&self) -> Result<(), ConfigError> {
        require(!self.write.is_empty(), "keys.write", "must name at least one file")
    }
}

/// One path, or a list of them.
fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(PathBuf),
        More(Vec<PathBuf>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(path) => vec![path],
        OneOrMore::More(paths) => paths,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{example_with, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[("keys.write", "write = \"keys/write.key\"", "write = []")]);
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let mut keys = example_with("vault = \"keys/vault.key\"", "vault = [\"new.key\", \"/old.key\"]").keys;
        keys.paths(Path::new("/etc/issuer"));
        assert_eq!(keys.signing, Path::new("/etc/issuer/keys/signing.key"));
        assert_eq!(keys.write, [Path::new("/etc/issuer/keys/write.key")]);
        assert_eq!(keys.encryption, Path::new("/etc/issuer/keys/encryption.key"));
        assert_eq!(keys.vault, [Path::new("/etc/issuer/new.key"), Path::new("/old.key")]);
    }
}
