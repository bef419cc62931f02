//! What the public notes of an issuer's credentials have in common.

use std::collections::BTreeMap;

use idos_credential::Kind;

/// The form of public notes, which are readable by everybody. An id, a level and a status they always have.
#[derive(Clone, Debug)]
pub struct NotesForm {
    /// The issuer's name.
    pub issuer_name: String,
    /// What credentials are called.
    pub types: NoteTypes,
    /// Whether they say which documents were checked.
    pub documents: bool,
}

impl NotesForm {
    /// The usual form: the types that consumers filter by, and nothing of a document.
    #[must_use]
    pub fn of(issuer_name: &str) -> Self {
        Self { issuer_name: issuer_name.to_owned(), types: NoteTypes::default(), documents: false }
    }
}

/// What the credentials of each kind are called: `type` of their public notes. Consumers filter by it, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteTypes(BTreeMap<Kind, String>);

impl Default for NoteTypes {
    fn default() -> Self {
        Self(Kind::ISSUED.iter().map(|kind| (*kind, kind.notes_type().to_owned())).collect())
    }
}

impl NoteTypes {
    /// What credentials of `kind` are called.
    #[must_use]
    pub fn of(&self, kind: Kind) -> &str {
        self.0.get(&kind).map_or(kind.notes_type(), String::as_str)
    }

    /// The same, with another name for one kind.
    #[must_use]
    pub fn with(mut self, kind: Kind, name: String) -> Self {
        self.0.insert(kind, name);
        self
    }

    /// The setting that names credentials of `kind`, such as `kyc_type`.
    #[must_use]
    pub fn setting(kind: Kind) -> String {
        format!("{}_type", kind.as_str())
    }
}
