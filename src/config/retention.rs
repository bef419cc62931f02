//! How long each kind of record is kept.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};

/// How long each kind of record is kept, in hours where nothing else is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Signed credentials that wait, locked, to be sealed for the user.
    pub unsealed_hours: u32,
    /// Sealed credentials that wait for a write grant, or for somebody to resume them.
    pub sealed_hours: u32,
    /// How long after the end of that time a sealed credential goes that may have been delivered, if the node cannot be
    /// asked whether it was.
    pub overdue_hours: u32,
    /// `Idempotency-Key`s, with what was made for each.
    pub idempotency_hours: u32,
    /// Events, which can be sent again for as long.
    pub events_hours: u32,
    /// Ids of vendors' webhooks, by which a repetition is known.
    pub vendor_events_hours: u32,
    /// Numbers of days, in days: how often what happened.
    pub numbers_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            unsealed_hours: 24,
            sealed_hours: 24 * 7,
            overdue_hours: 24 * 3,
            idempotency_hours: 48,
            events_hours: 24 * 30,
            vendor_events_hours: 24 * 30,
            numbers_days: 1100,
        }
    }
}

impl Section for Retention {
    fn check(&self) -> Result<(), ConfigError> {
        require(self.unsealed_hours > 0, "retention.unsealed_hours", "must be at least 1")?;
        require(self.sealed_hours > 0, "retention.sealed_hours", "must be at least 1")?;
        require(self.overdue_hours > 0, "retention.overdue_hours", "must be at least 1")?;
        require(self.idempotency_hours >= 24, "retention.idempotency_hours", "must be at least 24")?;
        require(self.events_hours > 0, "retention.events_hours", "must be at least 1")?;
        // Vendors repeat a webhook for five days at the longest.
        require(self.vendor_events_hours >= 168, "retention.vendor_events_hours", "must be at least 168")?;
        // The shortest span that is shown, and the day that is not over.
        require(self.numbers_days >= 31, "retention.numbers_days", "must be at least 31")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("retention.unsealed_hours", "unsealed_hours = 24", "unsealed_hours = 0"),
            ("retention.sealed_hours", "\nsealed_hours = 168", "\nsealed_hours = 0"),
            ("retention.overdue_hours", "overdue_hours = 72", "overdue_hours = 0"),
            ("retention.idempotency_hours", "idempotency_hours = 48", "idempotency_hours = 1"),
            ("retention.events_hours", "\nevents_hours = 720", "\nevents_hours = 0"),
            ("retention.vendor_events_hours", "vendor_events_hours = 720", "vendor_events_hours = 167"),
            ("retention.numbers_days", "numbers_days = 1100", "numbers_days = 30"),
        ]);
    }
}
