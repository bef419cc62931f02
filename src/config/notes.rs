//! What stands beside credentials, readable by everybody.

use std::fmt;

use idos_credential::Kind;
use serde::Deserialize;

use super::error::ConfigError;
use super::section::{PERSONAL, Section, require};
use crate::model::disclosure;
use crate::model::notes::{NoteTypes, NotesForm};

/// What the public notes of a credential say besides its id, its level, its status and the issuer's name.
#[derive(Clone, Debug)]
pub struct Notes {
    /// `kyc_type`, `personhood_type`: what credentials of each kind are called.
    pub types: NoteTypes,
    /// Whether they say which documents were checked: kind and expiry of the identity document, kind and date of the proof
    /// of address.
    pub documents: bool,
}

impl Default for Notes {
    fn default() -> Self {
        let NotesForm { types, documents, issuer_name: _ } = NotesForm::of("");
        Self { types, documents }
    }
}

/// A setting of [`Notes`].
enum NotesSetting {
    Type(Kind),
    Documents,
}

impl NotesSetting {
    const DOCUMENTS: &str = "documents";

    fn by_name(name: &str) -> Option<Self> {
        let kind = Kind::ISSUED.iter().find(|kind| NoteTypes::setting(**kind) == name);
        kind.map(|kind| Self::Type(*kind)).or_else(|| (name == Self::DOCUMENTS).then_some(Self::Documents))
    }

    /// As other structures say it.
    fn unknown(name: &str) -> String {
        let names = Kind::ISSUED.iter().map(|kind| NoteTypes::setting(*kind));
        let names: Vec<_> =
            names.chain([Self::DOCUMENTS.to_owned()]).map(|name| format!("`{name}`")).collect();
        format!("unknown field `{name}`, expected one of {}", names.join(", "))
    }
}

impl<'de> Deserialize<'de> for NotesSetting {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::by_name(&name).ok_or_else(|| serde::de::Error::custom(Self::unknown(&name)))
    }
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Notes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct Notes")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Notes, A::Error> {
                let mut notes = Notes::default();
                while let Some(setting) = map.next_key()? {
                    match setting {
                        NotesSetting::Type(kind) => notes.types = notes.types.with(kind, map.next_value()?),
                        NotesSetting::Documents => notes.documents = map.next_value()?,
                    }
                }
                Ok(notes)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

impl Notes {
    /// A name that is plain text of a reasonable length.
    fn is_name(name: &str) -> bool {
        (1..=64).contains(&name.len()) && !name.trim().is_empty() && !name.chars().any(char::is_control)
    }
}

impl Section for Notes {
    fn check(&self) -> Result<(), ConfigError> {
        const NAME: &str = "must have 1 to 64 bytes that are not all blank, without control characters";
        Kind::ISSUED.iter().try_for_each(|kind| {
            let setting = || format!("notes.{}", NoteTypes::setting(*kind));
            let name = self.types.of(*kind);
            require(Self::is_name(name), setting(), NAME)?;
            require(disclosure::in_setting(name).is_none(), setting(), PERSONAL)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("notes.kyc_type", "kyc_type = \"kyc\"", "kyc_type = \" \""),
            ("notes.kyc_type", "kyc_type = \"kyc\"", "kyc_type = \"KYC of Xyzzy@example.com\""),
            ("notes.edd_type", "edd_type = \"edd\"", "edd_type = \"call +351 912 345 678\""),
            ("notes.personhood_type", "personhood_type = \"pop\"", "personhood_type = \"Xyzzy\\u0000\""),
        ]);
    }
}
