//! What people are told by mail before their credentials end.

use std::collections::BTreeMap;

use idos_credential::Kind;
use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::notices::{Quiet, Settings, Zone};

/// When people are told that their credentials end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    /// How many days before the end; 0 is the day itself.
    pub days: Vec<u32>,
    /// The same for kinds of credentials.
    pub days_of: BTreeMap<String, Vec<u32>>,
    /// The hour of the person's morning.
    pub hour: u32,
    /// The hour in which the quiet hours begin.
    pub quiet_from: u32,
    /// The hour with which they end.
    pub quiet_until: u32,
    /// The time zone of those whose locale names no country.
    pub zone: String,
    /// Whether the country of a locale says the time zone.
    pub zone_by_country: bool,
    /// How many days apart credentials of one person may end to be told of in one mail.
    pub together_days: u32,
    /// Mails that go to one domain in a minute.
    pub per_domain: u32,
    /// Mails that go out in a day.
    pub per_day: u32,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            days: vec![30, 7, 1, 0],
            days_of: BTreeMap::new(),
            hour: 9,
            quiet_from: 20,
            quiet_until: 8,
            zone: "UTC".to_owned(),
            zone_by_country: true,
            together_days: 3,
            per_domain: 60,
            per_day: 20_000,
        }
    }
}

impl Notices {
    /// The same as they are used, once they are checked.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            days: self.days.clone(),
            days_of: self.days_of.clone(),
            hour: self.hour,
            quiet: self.quiet(),
            zone: self.zone.parse().unwrap_or_default(),
            zone_by_country: self.zone_by_country,
            together_days: self.together_days,
        }
    }

    fn quiet(&self) -> Quiet {
        Quiet { from: self.quiet_from, until: self.quiet_until }
    }
}

impl Section for Notices {
    fn check(&self) -> Result<(), ConfigError> {
        const DAYS: &str = "must be at most 10 numbers of days, each at most 366";
        let are_days = |days: &Vec<u32>| days.len() <= 10 && days.iter().all(|days| *days <= 366);
        require(are_days(&self.days), "notices.days", DAYS)?;
        require(self.days_of.values().all(are_days), "notices.days_of", DAYS)?;
        let is_kind = |name: &String| name.parse::<Kind>().is_ok();
        require(
            self.days_of.keys().all(is_kind),
            "notices.days_of",
            "must have kinds of credentials, such as kyc",
        )?;
        let is_hour = |hour: u32| hour < 24;
        require(is_hour(self.quiet_from), "notices.quiet_from", "must be an hour: 0 to 23")?;
        require(is_hour(self.quiet_until), "notices.quiet_until", "must be an hour: 0 to 23")?;
        require(
            is_hour(self.hour) && !self.quiet().has(self.hour),
            "notices.hour",
            "must be an hour, 0 to 23, that is none of the quiet ones",
        )?;
        let zone = "must be a time zone such as Europe/Lisbon";
        require(self.zone.parse::<Zone>().is_ok(), "notices.zone", zone)?;
        require(self.together_days <= 30, "notices.together_days", "must be at most 30")?;
        require((1..=60_000).contains(&self.per_domain), "notices.per_domain", "must be 1 to 60000")?;
        require(self.per_day > 0, "notices.per_day", "must be at least 1")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("notices.days", "days = [30, 7, 1, 0]", "days = [5551]"),
            ("notices.days_of", "{ personhood = [7, 0] }", "{ Xyzzy = [7, 0] }"),
            ("notices.days_of", "{ personhood = [7, 0] }", "{ personhood = [5551] }"),
            ("notices.hour", "\nhour = 9", "\nhour = 24"),
            ("notices.hour", "\nhour = 9", "\nhour = 21"),
            ("notices.quiet_from", "quiet_from = 20", "quiet_from = 5551"),
            ("notices.quiet_until", "quiet_until = 8", "quiet_until = 24"),
            ("notices.zone", "zone = \"UTC\"", "zone = \"Xyzzy\""),
            ("notices.together_days", "together_days = 3", "together_days = 5551"),
            ("notices.per_domain", "per_domain = 60", "per_domain = 0"),
            ("notices.per_day", "per_day = 20000", "per_day = 0"),
        ]);
    }

    #[test]
    fn the_defaults_are_those_of_the_plans() {
        assert_eq!(Notices::default().settings(), Settings::default());
        assert!(Notices::default().check().is_ok());
    }
}
