//! The relay: what consumers of upstream's hosted issuer call, under the same addresses.

use serde::Deserialize;
use url::Url;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::submitter::is_plain_name;

/// What stands in the address of a page for the person's reference at the vendor.
const EXTERNAL_ID: &str = "{externalId}";

/// What consumers of upstream's hosted issuer call, under the same addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relay {
    /// Whether it is there at all.
    pub enabled: bool,
    /// The client whose records come of it.
    pub client: Option<String>,
    /// What is done for each level that consumers ask for.
    pub journey: Vec<Journey>,
}

/// What is done for a level.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// The level, without `+idos`.
    pub level: String,
    /// The name of the source whose vendor decides.
    pub source: String,
    /// The provider's page on which the vendor's check runs, with `{externalId}` where the person's reference belongs.
    pub page: String,
}

impl Relay {
    /// What is done for this level.
    #[must_use]
    pub fn journey(&self, level: &str) -> Option<&Journey> {
        self.journey.iter().find(|journey| journey.level == level)
    }
}

impl Journey {
    /// The page, for the person whom the vendor knows by this reference.
    #[must_use]
    pub fn page_for(&self, external_id: &str) -> String {
        self.page.replace(EXTERNAL_ID, external_id)
    }
}

impl Section for Relay {
    fn check(&self) -> Result<(), ConfigError> {
        let is_page = |journey: &Journey| {
            let filled = |id| journey.page_for(id).parse::<Url>();
            let (Ok(one), Ok(other)) = (filled("a"), filled("b")) else { return false };
            // Not in the host: what is there would be looked up, and would lead elsewhere.
            let is_bare = one.scheme() == "https"
                && one.username().is_empty()
                && one.password().is_none()
                && one.has_host();
            is_bare && one.origin() == other.origin() && journey.page.matches(EXTERNAL_ID).count() == 1
        };
        let is_level = |level: &str| {
            (1..=64).contains(&level.len())
                && level
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+_-".contains(&byte))
                && !level.ends_with("+idos")
        };
        require(
            self.client.as_deref().is_none_or(is_plain_name),
            "relay.client",
            "must be the name of a client",
        )?;
        require(
            self.journey.iter().all(|journey| is_level(&journey.level)),
            "relay.journey.level",
            "must be a level such as plus+liveness, without +idos",
        )?;
        let is_alone = |(at, journey): (usize, &Journey)| {
            self.journey.iter().skip(at.saturating_add(1)).all(|other| other.level != journey.level)
        };
        require(
            self.journey.iter().enumerate().all(is_alone),
            "relay.journey.level",
            "must be different for each journey",
        )?;
        require(
            self.journey.iter().all(|journey| is_plain_name(&journey.source)),
            "relay.journey.source",
            "must be the name of a source",
        )?;
        require(
            self.journey.iter().all(is_page),
            "relay.journey.page",
            "must be https:// with {externalId} once, in the path, the query or the fragment",
        )?;
        if !self.enabled {
            return Ok(());
        }
        require(self.client.is_some(), "relay.client", "is required where the relay is enabled")?;
        require(!self.journey.is_empty(), "relay.journey", "must have an entry where the relay is enabled")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let page = "page = \"https://kyc.example.com/check?case={externalId}\"";
        let level = "level = \"plus+liveness\"";
        refused(&[
            (
                "relay.client",
                "client = \"onboarding\"\n# For each level",
                "client = \"Xyzzy\"\n# For each level",
            ),
            ("relay.journey.page", page, "page = \"https://Xyzzy.example/check\""),
            ("relay.journey.page", page, "page = \"https://{externalId}.Xyzzy.example/\""),
            ("relay.journey.page", page, "page = \"https://a@Xyzzy.example/{externalId}\""),
            ("relay.journey.page", page, "page = \"http://Xyzzy.example/{externalId}\""),
            ("relay.journey.page", page, "page = \"javascript:Xyzzy({externalId})\""),
            ("relay.journey.page", page, "page = \"https://Xyzzy.example/{externalId}/{externalId}\""),
            ("relay.journey.level", level, "level = \"Xyzzy\""),
            ("relay.journey.level", level, "level = \"plus+liveness+idos\""),
            ("relay.journey.source", "source = \"sumsub\", page", "source = \"Xyzzy\", page"),
        ]);
    }

    #[test]
    fn enabled_it_says_whose_it_is_and_what_is_done() {
        let journey = Journey {
            level: "plus+liveness".to_owned(),
            source: "kyc".to_owned(),
            page: "https://a.example/{externalId}#x".to_owned(),
        };
        assert_eq!(journey.page_for("7"), "https://a.example/7#x");
        let relay = Relay { enabled: true, client: Some("acme".to_owned()), journey: vec![journey.clone()] };
        relay.check().unwrap();
        assert!(relay.journey("plus+liveness").is_some() && relay.journey("plus").is_none());
        for wrong in [
            Relay { client: None, ..relay.clone() },
            Relay { journey: Vec::new(), ..relay.clone() },
            Relay { journey: vec![journey.clone(), journey], ..relay },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
