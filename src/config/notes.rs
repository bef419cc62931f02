//! What stands beside credentials, readable by everybody.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::notes::NotesForm;

/// What the public notes of a credential say besides its id, its level, its status and the issuer's name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notes {
    /// What KYC credentials are called. Consumers filter by it, letter by letter.
    pub kyc_type: String,
    /// What proofs of personhood are called.
    pub personhood_type: String,
    /// Whether they say which documents were checked: kind and expiry of the identity document, kind and date of the proof
    /// of address.
    pub documents: bool,
}

impl Default for Notes {
    fn default() -> Self {
        let NotesForm { kyc_type, personhood_type, documents, issuer_name: _ } = NotesForm::of("");
        Self { kyc_type, personhood_type, documents }
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
        require(Self::is_name(&self.kyc_type), "notes.kyc_type", NAME)?;
        require(Self::is_name(&self.personhood_type), "notes.personhood_type", NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("notes.kyc_type", "kyc_type = \"kyc\"", "kyc_type = \" \""),
            ("notes.personhood_type", "personhood_type = \"pop\"", "personhood_type = \"Xyzzy\\u0000\""),
        ]);
    }
}
