//! The page on which people see what is kept about them.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};

/// The page on which people see what is kept about them, take it with them, and have it changed or erased.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonPage {
    /// Whether there is one, under `/me`.
    pub enabled: bool,
    /// How long the link in a mail works, in minutes.
    pub link_minutes: u32,
    /// How long a visit lasts, in minutes.
    pub visit_minutes: u32,
    /// How many mails with a link go to one address in an hour.
    pub mails_per_hour: u32,
}

impl Default for PersonPage {
    fn default() -> Self {
        Self { enabled: false, link_minutes: 60, visit_minutes: 30, mails_per_hour: 3 }
    }
}

impl Section for PersonPage {
    fn check(&self) -> Result<(), ConfigError> {
        require(
            (5..=1440).contains(&self.link_minutes),
            "person_page.link_minutes",
            "must be from 5 to 1440",
        )?;
        require(
            (5..=240).contains(&self.visit_minutes),
            "person_page.visit_minutes",
            "must be from 5 to 240",
        )?;
        require((1..=20).contains(&self.mails_per_hour), "person_page.mails_per_hour", "must be from 1 to 20")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("person_page.link_minutes", "link_minutes = 60", "link_minutes = 55512"),
            ("person_page.visit_minutes", "visit_minutes = 30", "visit_minutes = 0"),
            ("person_page.mails_per_hour", "mails_per_hour = 3", "mails_per_hour = 0"),
        ]);
    }
}
