//! Who is responsible for the processing, as the record of processing activities says it.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};

/// Who is responsible (the controller of GDPR, Art. 4(7)), in texts for the record of processing activities. The service does nothing
/// else with them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Controller {
    /// Name of the controller.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// How it is reached.
    pub contact: Option<String>,
    /// The data protection officer, and how they are reached.
    pub dpo: Option<String>,
    /// Transfers to third countries, with the safeguards.
    pub transfers: Option<String>,
}

impl Section for Controller {
    fn check(&self) -> Result<(), ConfigError> {
        const LINE: &str = "must have 1 to 1000 characters, and no control characters";
        let is_line = |text: &String| {
            (1..=1000).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control)
        };
        for (name, text) in [
            ("controller.name", &self.name),
            ("controller.address", &self.address),
            ("controller.contact", &self.contact),
            ("controller.dpo", &self.dpo),
            ("controller.transfers", &self.transfers),
        ] {
            require(text.iter().all(is_line), name, LINE)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("controller.name", "name = \"Example KYC Ltd\"", "name = \" \""),
            (
                "controller.address",
                "address = \"1 Example Street, Example City\"",
                "address = \"Xyzzy\\u0000\"",
            ),
            ("controller.contact", "contact = \"privacy@kyc.example.com\"", "contact = \"\""),
            ("controller.dpo", "dpo = \"dpo@kyc.example.com\"", "dpo = \"\\n\""),
            ("controller.transfers", "transfers = \"none\"", "transfers = \"\""),
        ]);
    }
}
