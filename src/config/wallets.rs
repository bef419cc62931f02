//! Proofs that wallets are their users'.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};

/// Proofs that wallets are their users'.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wallets {
    /// Whether what a wallet signs must be a challenge of this service. Any message will do otherwise.
    pub require_challenge: bool,
    /// How long a challenge can be answered, in minutes.
    pub challenge_minutes: u32,
}

impl Default for Wallets {
    fn default() -> Self {
        Self { require_challenge: false, challenge_minutes: 30 }
    }
}

impl Section for Wallets {
    fn check(&self) -> Result<(), ConfigError> {
        let is_fit = (1..=1440).contains(&self.challenge_minutes);
        require(is_fit, "wallets.challenge_minutes", "must be from 1 to 1440")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[("wallets.challenge_minutes", "challenge_minutes = 30", "challenge_minutes = 1441")]);
    }
}
