//! The console: pages for those who work here.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};

/// The console: pages for those who work here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Whether there is one, under `/console`.
    pub enabled: bool,
    /// After how many minutes without a request a session ends.
    pub idle_minutes: u32,
    /// After how many hours a session ends, whatever happens in it.
    pub session_hours: u32,
    /// For how many minutes a code is good for what cannot be undone; then another one is asked for.
    pub step_up_minutes: u32,
    /// How long an invitation works, in hours.
    pub invitation_hours: u32,
    /// Whether what cannot be undone takes two people: erasures, and at the console whatever is done about staff and API keys.
    pub four_eyes: bool,
    /// Whether people sign in with a password and one-time codes of this service.
    pub local_accounts: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            enabled: false,
            idle_minutes: 30,
            session_hours: 12,
            step_up_minutes: 10,
            invitation_hours: 72,
            four_eyes: false,
            local_accounts: true,
        }
    }
}

impl Section for Console {
    fn check(&self) -> Result<(), ConfigError> {
        require((1..=1440).contains(&self.idle_minutes), "console.idle_minutes", "must be from 1 to 1440")?;
        require((1..=168).contains(&self.session_hours), "console.session_hours", "must be from 1 to 168")?;
        require(
            (1..=1440).contains(&self.step_up_minutes),
            "console.step_up_minutes",
            "must be from 1 to 1440",
        )?;
        require(
            (1..=720).contains(&self.invitation_hours),
            "console.invitation_hours",
            "must be from 1 to 720",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("console.idle_minutes", "idle_minutes = 30", "idle_minutes = 55512"),
            ("console.session_hours", "session_hours = 12", "session_hours = 0"),
            ("console.step_up_minutes", "step_up_minutes = 10", "step_up_minutes = 0"),
            ("console.invitation_hours", "invitation_hours = 72", "invitation_hours = 55512"),
        ]);
    }
}
