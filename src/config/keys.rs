//! Where the keys are.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require, start_at};
use crate::model::time::Timestamp;

/// Files that hold secrets, each readable by the owner alone. Relative paths start at the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFiles {
    /// Ed25519 keys that sign credentials. Of those that are valid, the one that came last signs. One path, or a list.
    #[serde(deserialize_with = "one_or_more")]
    pub signing: Vec<KeyEntry>,
    /// Ed25519 keys that write to the node: delegates of one inserter. The first is also the issuer's identity as a
    /// grantee. One path, or a list.
    #[serde(deserialize_with = "one_or_more")]
    pub write: Vec<KeyEntry>,
    /// X25519 secret that opens the issuer's own copies.
    pub encryption: PathBuf,
    /// Keys that lock what is kept: the first locks, all of them unlock. One path, or a list. Commands that keep
    /// nothing need none.
    #[serde(default, deserialize_with = "one_or_more")]
    pub vault: Vec<PathBuf>,
}

/// A key of a list: its path, or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The file.
    pub file: PathBuf,
    /// Its name among the issuer's keys, which credentials have in the URL of their verification method.
    pub name: Option<String>,
    /// From when on it is used.
    pub valid_from: Option<Timestamp>,
    /// Until when it is used.
    pub valid_until: Option<Timestamp>,
}

impl KeyEntry {
    /// The name of a key that has none and comes first: the one that the official SDK gives its only key.
    pub const FIRST: &str = "1";

    /// Its name, if it stands at this place of its list, from 0 on: keys without a name are numbered.
    #[must_use]
    pub fn name_at(&self, place: usize) -> String {
        self.name.clone().unwrap_or_else(|| (place + 1).to_string())
    }
}

impl From<PathBuf> for KeyEntry {
    fn from(file: PathBuf) -> Self {
        Self { file, name: None, valid_from: None, valid_until: None }
    }
}

impl<'de> Deserialize<'de> for KeyEntry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            file: PathBuf,
            name: Option<String>,
            valid_from: Option<String>,
            valid_until: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Entry {
            File(PathBuf),
            Table(Table),
        }
        let time = |text: Option<String>| {
            text.map(|text| text.parse::<Timestamp>()).transpose().map_err(serde::de::Error::custom)
        };
        Ok(match Entry::deserialize(deserializer)? {
            Entry::File(file) => file.into(),
            Entry::Table(table) => Self {
                file: table.file,
                name: table.name,
                valid_from: time(table.valid_from)?,
                valid_until: time(table.valid_until)?,
            },
        })
    }
}

impl KeyFiles {
    /// The files that `keys generate` makes in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            signing: vec![folder.join("signing.key").into()],
            write: vec![folder.join("write.key").into()],
            encryption: folder.join("encryption.key"),
            vault: vec![folder.join("vault.key")],
        }
    }

    /// The files of the Ed25519 keys: those that sign credentials, and those that write.
    pub fn ed25519(&self) -> impl Iterator<Item = &PathBuf> {
        self.signing.iter().chain(&self.write).map(|entry| &entry.file)
    }

    /// All files: the Ed25519 keys, the encryption key and the vault keys.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.ed25519().chain([&self.encryption]).chain(&self.vault)
    }
}

impl Section for KeyFiles {
    fn paths(&mut self, folder: &Path) {
        let keys = self.signing.iter_mut().chain(&mut self.write).map(|entry| &mut entry.file);
        keys.chain([&mut self.encryption]).chain(&mut self.vault).for_each(|path| start_at(folder, path));
    }

    fn check(&self) -> Result<(), ConfigError> {
        let ends_after_it_begins = |entry: &KeyEntry| !matches!((entry.valid_from, entry.valid_until), (Some(from), Some(until)) if from >= until);
        for (setting, list) in [("keys.signing", &self.signing), ("keys.write", &self.write)] {
            require(!list.is_empty(), setting, "must name at least one file")?;
            let names: Vec<_> = list.iter().enumerate().map(|(place, entry)| entry.name_at(place)).collect();
            let is_name = |name: &String| {
                (1..=64).contains(&name.len())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
                    && !name.bytes().all(|b| b == b'.')
            };
            require(
                names.iter().all(is_name),
                setting,
                "must have names of 1 to 64 letters, digits, '.', '_' and '-'",
            )?;
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            require(distinct.len() == names.len(), setting, "must not have two keys of one name")?;
            require(
                list.iter().all(ends_after_it_begins),
                setting,
                "must have valid_from before valid_until",
            )?;
        }
        Ok(())
    }
}

/// One of something, or a list of them.
fn one_or_more<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore<T> {
        More(Vec<T>),
        One(T),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(list) => list,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{example_with, full_example, parse, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let signing = |new| ("keys.signing", "signing = \"keys/signing.key\"", new);
        refused(&[
            ("keys.write", "write = \"keys/write.key\"", "write = []"),
            signing("signing = []"),
            signing(r#"signing = ["a.key", { file = "b.key", name = "1" }]"#),
            signing(r#"signing = { file = "a.key", name = "Xyzzy/5551" }"#),
            signing(r#"signing = { file = "a.key", name = ".." }"#),
            signing(
                r#"signing = { file = "a", valid_from = "2026-01-02T00:00:00Z", valid_until = "2026-01-02T00:00:00Z" }"#,
            ),
        ]);
        for no in [r#"signing = { file = "a", valid_from = "yesterday" }"#, r#"signing = { name = "a" }"#] {
            let text = full_example().replacen("signing = \"keys/signing.key\"", no, 1);
            assert!(parse(&text).is_err(), "{no}");
        }
    }

    #[test]
    fn a_key_may_have_a_name_and_a_time() {
        let new =
            r#"signing = ["a.key", { file = "b.key", name = "2027", valid_from = "2027-01-01T00:00:00Z" }]"#;
        let keys = example_with("signing = \"keys/signing.key\"", new).keys;
        let names: Vec<_> = keys.signing.iter().enumerate().map(|(place, key)| key.name_at(place)).collect();
        assert_eq!(names, ["1", "2027"]);
        assert_eq!(keys.signing[0], PathBuf::from("a.key").into());
        assert_eq!(keys.signing[1].valid_from, Some("2027-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!((keys.signing[1].valid_until, keys.check().is_ok()), (None, true));
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let mut keys = example_with("vault = \"keys/vault.key\"", "vault = [\"new.key\", \"/old.key\"]").keys;
        keys.paths(Path::new("/etc/issuer"));
        assert_eq!(keys.signing, [PathBuf::from("/etc/issuer/keys/signing.key").into()]);
        assert_eq!(keys.write, [PathBuf::from("/etc/issuer/keys/write.key").into()]);
        assert_eq!(keys.encryption, Path::new("/etc/issuer/keys/encryption.key"));
        assert_eq!(keys.vault, [Path::new("/etc/issuer/new.key"), Path::new("/old.key")]);
    }
}
