//! Requests of people to have erased what is kept about them.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::case::{Hold, HoldStart, Term};
use crate::model::disclosure;
use crate::model::notices::Zone;

/// Requests of people to have erased what is kept about them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Erasure {
    /// By whose calendar days are counted: a time zone by its name in the IANA database.
    pub time_zone: String,
    /// Whether somebody else than who has decided has to approve.
    pub second_approver: bool,
    /// Whether credentials are revoked before they are forgotten.
    pub revoke: bool,
    /// How it is made sure that whoever asks is the person.
    pub identity: IdentityCheck,
    /// How many days before a request is due it is told.
    pub alert_days: u32,
    /// The law that wants records kept. None: nothing is held.
    pub hold: Option<HoldPolicy>,
}

/// How it is made sure that whoever asks is the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityCheck {
    /// The person shows it to this service.
    Required,
    /// The client may also say that it has checked it.
    ByClient,
}

/// A law that wants records kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldPolicy {
    /// The law, in its own name.
    pub basis: String,
    /// With what the time begins: `issued`, `revoked` or `ended`.
    pub start: String,
    /// How long it is, such as `5y`.
    pub term: String,
}

impl Default for Erasure {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            second_approver: false,
            revoke: false,
            identity: IdentityCheck::Required,
            alert_days: 7,
            hold: None,
        }
    }
}

impl Erasure {
    /// By whose calendar days are counted.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.time_zone.parse().unwrap_or_default()
    }

    /// Whether clients may vouch for who somebody is.
    #[must_use]
    pub fn clients_vouch(&self) -> bool {
        self.identity == IdentityCheck::ByClient
    }

    /// The law that wants records kept, once the settings are checked.
    #[must_use]
    pub fn hold(&self) -> Option<Hold> {
        let HoldPolicy { basis, start, term } = self.hold.as_ref()?;
        Some(Hold { basis: basis.clone(), start: start.parse().ok()?, term: term.parse().ok()? })
    }
}

impl Section for Erasure {
    fn check(&self) -> Result<(), ConfigError> {
        let is_zone = self.time_zone.parse::<Zone>().is_ok();
        require(is_zone, "erasure.time_zone", "must be a time zone such as Europe/Lisbon")?;
        require((1..=25).contains(&self.alert_days), "erasure.alert_days", "must be from 1 to 25")?;
        let Some(HoldPolicy { basis, start, term }) = &self.hold else { return Ok(()) };
        let is_law = (4..=200).contains(&basis.chars().count())
            && !basis.chars().any(char::is_control)
            && disclosure::in_setting(basis).is_none();
        require(
            is_law,
            "erasure.hold.basis",
            "must name a provision of law, on one line of at most 200 characters",
        )?;
        let is_start = start.parse::<HoldStart>().is_ok();
        require(is_start, "erasure.hold.start", "must be issued, revoked or ended")?;
        let is_term = term.parse::<Term>().is_ok();
        require(
            is_term,
            "erasure.hold.term",
            "must be a term such as 18m, 5y or 1y6m, of 1 month to 100 years",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{example_with, refused};
    use super::*;

    const HOLD: &str =
        "hold = { basis = \"Regulation (EU) 2024/1624, Art. 77\", start = \"ended\", term = \"5y\" }";

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("erasure.time_zone", "time_zone = \"UTC\"", "time_zone = \"Xyzzy/Lisbon\""),
            ("erasure.alert_days", "alert_days = 7", "alert_days = 0"),
            ("erasure.alert_days", "alert_days = 7", "alert_days = 26"),
            ("erasure.hold.basis", HOLD, "hold = { basis = \"\", start = \"ended\", term = \"5y\" }"),
            (
                "erasure.hold.basis",
                HOLD,
                "hold = { basis = \"xyzzy@Xyzzy.example\", start = \"ended\", term = \"5y\" }",
            ),
            ("erasure.hold.start", HOLD, "hold = { basis = \"Art. 77\", start = \"Xyzzy\", term = \"5y\" }"),
            ("erasure.hold.term", HOLD, "hold = { basis = \"Art. 77\", start = \"ended\", term = \"5551\" }"),
        ]);
    }

    #[test]
    fn a_hold_is_off_unless_it_is_wanted() {
        assert_eq!(Erasure::default().hold(), None);
        assert!(!Erasure::default().clients_vouch() && !Erasure::default().second_approver);
        let on = example_with("identity = \"required\"", "identity = \"by_client\"").erasure;
        assert!(on.clients_vouch());
        let hold = on.hold().unwrap();
        assert_eq!((hold.start, hold.term.to_string().as_str()), (HoldStart::Ended, "5y"));
    }
}
