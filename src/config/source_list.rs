//! `[[source]]`: accounts with vendors, and sources of personhood. Which of the two one is, is said by its setting `personhood`.

use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::error::ConfigError;
use super::persons::PersonSource;
use super::section::{Section, require};
use super::sources::Source;

/// All sources. Read as a list, those that are vendors.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Accounts with vendors of KYC results.
    pub vendors: Vec<Source>,
    /// Sources of personhood.
    pub persons: Vec<PersonSource>,
}

impl Deref for Sources {
    type Target = Vec<Source>;

    fn deref(&self) -> &Vec<Source> {
        &self.vendors
    }
}

impl DerefMut for Sources {
    fn deref_mut(&mut self) -> &mut Vec<Source> {
        &mut self.vendors
    }
}

impl<'s> IntoIterator for &'s Sources {
    type Item = &'s Source;
    type IntoIter = std::slice::Iter<'s, Source>;

    fn into_iter(self) -> Self::IntoIter {
        self.vendors.iter()
    }
}

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sources = Self::default();
        for table in Vec::<toml::Table>::deserialize(deserializer)? {
            if table.contains_key("personhood") {
                sources.persons.push(read(table)?);
            } else {
                sources.vendors.push(read(table)?);
            }
        }
        Ok(sources)
    }
}

/// A message of the parser's names settings and never values, as far as it is shown (`names_only`).
fn read<'de, T: Deserialize<'de>, E: serde::de::Error>(table: toml::Table) -> Result<T, E> {
    table.try_into().map_err(|error| E::custom(error.message()))
}

impl Section for Sources {
    fn paths(&mut self, folder: &Path) {
        self.vendors.paths(folder);
        self.persons.iter_mut().for_each(|source| source.paths(folder));
    }

    fn check(&self) -> Result<(), ConfigError> {
        let names = self.vendors.iter().map(|source| &source.name);
        let names: HashSet<_> = names.chain(self.persons.iter().map(|source| &source.name)).collect();
        let count = self.vendors.len() + self.persons.len();
        require(names.len() == count, "source.name", "must be different for each source")?;
        self.vendors.check()?;
        self.persons.iter().try_for_each(PersonSource::check)
    }
}
