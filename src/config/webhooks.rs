//! Webhooks: to which endpoints events are sent, and how.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConfigError;
use super::secret::Secret;
use super::section::{Section, require, start_at};
use crate::model::event::EventKind;

/// An endpoint to which events are sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its name, in logs and jobs.
    pub name: String,
    /// Where. Not shown: it may hold a secret.
    pub url: Secret,
    /// Files with the secrets (`whsec_…`) that sign: two while one is being replaced.
    pub secrets: Vec<PathBuf>,
    /// The client whose events are sent; every client's if none is named.
    #[serde(default)]
    pub client: Option<String>,
    /// The kinds of events that are sent; all if none is named.
    #[serde(default)]
    pub events: Vec<String>,
}

/// How webhooks are sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookPolicy {
    /// Whether addresses of private networks and of this machine may be called.
    pub allow_private: bool,
    /// Whether they may be called without TLS.
    pub allow_http: bool,
    /// How long a receiver may take, in seconds.
    pub timeout: u64,
    /// Requests that one endpoint gets from one process at the same time.
    pub at_once: usize,
}

impl Default for WebhookPolicy {
    fn default() -> Self {
        Self { allow_private: false, allow_http: false, timeout: 20, at_once: 4 }
    }
}

impl Section for Vec<Webhook> {
    fn paths(&mut self, folder: &Path) {
        self.iter_mut().flat_map(|webhook| &mut webhook.secrets).for_each(|path| start_at(folder, path));
    }

    fn check(&self) -> Result<(), ConfigError> {
        let names: HashSet<_> = self.iter().map(|webhook| &webhook.name).collect();
        require(names.len() == self.len(), "webhooks.name", "must be different for each webhook")?;
        require(self.iter().all(|webhook| !webhook.name.is_empty()), "webhooks.name", "must not be empty")?;
        require(
            self.iter().all(|webhook| (1..=2).contains(&webhook.secrets.len())),
            "webhooks.secrets",
            "must name one file, or two while a secret is being replaced",
        )?;
        let mut kinds = self.iter().flat_map(|webhook| &webhook.events);
        require(
            kinds.all(|name| name.parse::<EventKind>().is_ok()),
            "webhooks.events",
            "names a kind of event that there is not",
        )
    }
}

impl Section for WebhookPolicy {
    fn check(&self) -> Result<(), ConfigError> {
        require(self.timeout > 0, "webhook_policy.timeout", "must be at least 1")?;
        require(self.at_once > 0, "webhook_policy.at_once", "must be at least 1")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{full_example, parse, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let secrets = "secrets = [\"keys/webhook-case-system.secret\"]";
        let twice = "name = \"case-system\"\nurl = \"https://Xyzzy\"\nsecrets = [\"a\"]\n[[webhooks]]\nname = \"case-system\"";
        refused(&[
            ("webhooks.name", "name = \"case-system\"", "name = \"\""),
            ("webhooks.name", "name = \"case-system\"", twice),
            ("webhooks.secrets", secrets, "secrets = []"),
            ("webhooks.secrets", secrets, "secrets = [\"Xyzzy\", \"b\", \"c\"]"),
            ("webhooks.events", "issuance.issued", "issuance.Xyzzy"),
            ("webhook_policy.timeout", "\ntimeout = 20", "\ntimeout = 0"),
            ("webhook_policy.at_once", "at_once = 4", "at_once = 0"),
        ]);
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let mut webhooks = parse(&full_example()).unwrap().webhooks;
        webhooks.paths(Path::new("/etc/issuer"));
        assert_eq!(webhooks[0].secrets, [Path::new("/etc/issuer/keys/webhook-case-system.secret")]);
    }
}
