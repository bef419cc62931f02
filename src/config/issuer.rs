//! Who issues.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{PERSONAL, Section, require};
use crate::model::disclosure;

/// Who issues.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The name that users see in public notes.
    pub name: String,
    /// The issuer's URL, from which key id and controller are made. Without it the issuer is its `did:key`.
    pub url: Option<String>,
}

impl Section for Issuer {
    fn check(&self) -> Result<(), ConfigError> {
        require(!self.name.trim().is_empty(), "issuer.name", "must not be empty")?;
        require(
            self.name.len() <= 256 && !self.name.chars().any(char::is_control),
            "issuer.name",
            "must have at most 256 bytes, without control characters: all public notes carry it",
        )?;
        require(disclosure::in_setting(&self.name).is_none(), "issuer.name", PERSONAL)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        let long = format!("name = \"{}\"", "Xyzzy".repeat(52));
        refused(&[
            ("issuer.name", "name = \"Example KYC\"", "name = \" \""),
            ("issuer.name", "name = \"Example KYC\"", "name = \"Example\\u0000KYC\""),
            ("issuer.name", "name = \"Example KYC\"", "name = \"Example KYC, Xyzzy@example.com\""),
            ("issuer.name", "name = \"Example KYC\"", &long),
        ]);
    }
}
