//! Delivery to the node.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};

/// Delivery to the node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Transactions that one write key may have in flight. 1 is one at a time.
    pub in_flight: u32,
    /// Bytes of transactions that one write key may have in flight.
    pub in_flight_bytes: usize,
    /// How long a process holds a lane, or a job, without a sign of life, in seconds.
    pub lease_seconds: u32,
    /// Tries before a person has to see to it.
    pub max_attempts: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { in_flight: 256, in_flight_bytes: 24 * 1024 * 1024, lease_seconds: 30, max_attempts: 40 }
    }
}

impl Section for Delivery {
    fn check(&self) -> Result<(), ConfigError> {
        require((1..=4096).contains(&self.in_flight), "delivery.in_flight", "must be from 1 to 4096")?;
        require(
            self.in_flight_bytes >= 4 * 1024 * 1024,
            "delivery.in_flight_bytes",
            "must be at least 4194304, the size of one transaction",
        )?;
        require(
            (5..=3600).contains(&self.lease_seconds),
            "delivery.lease_seconds",
            "must be from 5 to 3600",
        )?;
        require(self.max_attempts > 0, "delivery.max_attempts", "must be at least 1")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("delivery.in_flight", "in_flight = 256", "in_flight = 0"),
            ("delivery.in_flight_bytes", "in_flight_bytes = 25165824", "in_flight_bytes = 55512"),
            ("delivery.lease_seconds", "lease_seconds = 30", "lease_seconds = 1"),
            ("delivery.max_attempts", "max_attempts = 40", "max_attempts = 0"),
        ]);
    }
}
