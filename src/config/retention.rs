//! How long each kind of record is kept.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::retention::Periods;
use crate::model::safety_net::{AfterPhase, Phase, SafetyNet};
use crate::model::time::Timestamp;

/// How long each kind of record is kept, in hours unless the name says otherwise.
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
    /// Records, in months from the end of what they are about.
    pub records_months: u32,
    /// Whether content is kept after delivery: `none` or `safety_net`.
    pub phase: String,
    /// Until when the phase `safety_net` goes on: a date.
    pub safety_net_until: Option<String>,
    /// What becomes of what is kept when the phase ends: `ask` or `delete`.
    pub safety_net_after: String,
    /// How many days people have then to choose.
    pub safety_net_choice_days: u32,
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
            // The reason stands in docs/retention.md.
            records_months: 36,
            numbers_days: 1100,
            phase: Phase::None.as_str().to_owned(),
            safety_net_until: None,
            safety_net_after: AfterPhase::Ask.as_str().to_owned(),
            safety_net_choice_days: 90,
        }
    }
}

impl Retention {
    /// What is kept after delivery, once the settings are checked.
    #[must_use]
    pub fn safety_net(&self) -> SafetyNet {
        let is_on = self.phase.parse() == Ok(Phase::SafetyNet);
        let until = self.safety_net_until.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
        SafetyNet {
            until: until.filter(|_| is_on),
            after: self.safety_net_after.parse().unwrap_or(AfterPhase::Delete),
            choice_days: self.safety_net_choice_days,
        }
    }

    /// All periods, as the table of kinds names them.
    #[must_use]
    pub fn periods(&self, challenge_minutes: u32, link_days: u32) -> Periods {
        Periods {
            unsealed_hours: self.unsealed_hours,
            sealed_hours: self.sealed_hours,
            overdue_hours: self.overdue_hours,
            idempotency_hours: self.idempotency_hours,
            events_hours: self.events_hours,
            vendor_events_hours: self.vendor_events_hours,
            records_months: self.records_months,
            choice_days: self.safety_net_choice_days,
            challenge_minutes,
            link_days,
            numbers_days: self.numbers_days,
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
        require(
            (1..=120).contains(&self.records_months),
            "retention.records_months",
            "must be 1 to 120: nothing about a person is kept for ever",
        )?;
        let phase = self.phase.parse::<Phase>();
        require(phase.is_ok(), "retention.phase", "must be none or safety_net")?;
        let is_date = |text: &String| text.parse::<Timestamp>().is_ok();
        require(
            self.safety_net_until.iter().all(is_date),
            "retention.safety_net_until",
            "must be a date such as 2026-12-31, or a time in RFC 3339",
        )?;
        require(
            phase != Ok(Phase::SafetyNet) || self.safety_net_until.is_some(),
            "retention.safety_net_until",
            "is required with the phase safety_net: an introduction has an end",
        )?;
        let after = self.safety_net_after.parse::<AfterPhase>();
        require(after.is_ok(), "retention.safety_net_after", "must be ask or delete")?;
        require(
            (1..=365).contains(&self.safety_net_choice_days),
            "retention.safety_net_choice_days",
            "must be 1 to 365",
        )?;
        // The shortest span that is shown, and the day that is not over.
        require(self.numbers_days >= 31, "retention.numbers_days", "must be at least 31")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn an_introduction_has_an_end() {
        let phase = || Phase::SafetyNet.as_str().to_owned();
        let endless = Retention { phase: phase(), ..Retention::default() };
        let error = endless.check().unwrap_err().to_string();
        assert!(error.contains("the setting retention.safety_net_until is required"), "{error}");
        let until = Some("2027-12-31".to_owned());
        let set = Retention { phase: phase(), safety_net_until: until.clone(), ..Retention::default() };
        set.check().unwrap();
        assert_eq!(set.safety_net().until, "2027-12-31".parse().ok());
        // The date alone keeps nothing.
        let off = Retention { safety_net_until: until, ..Retention::default() };
        assert_eq!(off.safety_net().until, None);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("retention.unsealed_hours", "unsealed_hours = 24", "unsealed_hours = 0"),
            ("retention.sealed_hours", "\nsealed_hours = 168", "\nsealed_hours = 0"),
            ("retention.overdue_hours", "overdue_hours = 72", "overdue_hours = 0"),
            ("retention.idempotency_hours", "idempotency_hours = 48", "idempotency_hours = 1"),
            ("retention.events_hours", "\nevents_hours = 720", "\nevents_hours = 0"),
            ("retention.vendor_events_hours", "vendor_events_hours = 720", "vendor_events_hours = 167"),
            ("retention.records_months", "records_months = 36", "records_months = 0"),
            ("retention.records_months", "records_months = 36", "records_months = 121"),
            ("retention.phase", "phase = \"none\"", "phase = \"Xyzzy\""),
            (
                "retention.safety_net_until",
                "safety_net_until = \"2027-12-31\"",
                "safety_net_until = \"Xyzzy\"",
            ),
            ("retention.safety_net_after", "safety_net_after = \"ask\"", "safety_net_after = \"Xyzzy\""),
            ("retention.safety_net_choice_days", "safety_net_choice_days = 90", "safety_net_choice_days = 0"),
            (
                "retention.safety_net_choice_days",
                "safety_net_choice_days = 90",
                "safety_net_choice_days = 366",
            ),
            ("retention.numbers_days", "numbers_days = 1100", "numbers_days = 30"),
        ]);
    }
}
