//! Sources: accounts with vendors of KYC results, whose approved people become credentials by themselves.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use identity_vendors::{FilesBase, Vendor};
use serde::Deserialize;
use url::Url;

use super::error::ConfigError;
use super::section::{Section, require, start_at};
use crate::model::submitter::is_plain_name;
use crate::model::verification::OnReset;

/// An account with a vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name: in the path of its webhooks, in logs and jobs.
    pub name: String,
    /// The vendor's name.
    pub vendor: String,
    /// The client whose records these are.
    pub client: String,
    /// Where the vendor's API is. The vendor's own address if it has exactly one.
    #[serde(default)]
    pub base_url: Option<Url>,
    /// Where the vendor issues access tokens, if it does.
    #[serde(default)]
    pub tokens_url: Option<Url>,
    /// Hosts that files may be fetched from beside the API.
    #[serde(default)]
    pub files: Vec<String>,
    /// A file with the API key, app token or client id.
    pub key: PathBuf,
    /// A file with what signs requests or goes with the key, at vendors with a second half.
    #[serde(default)]
    pub secret: Option<PathBuf>,
    /// Files with the webhook's secrets: two while one is being replaced.
    #[serde(default)]
    pub webhook_secrets: Vec<PathBuf>,
    /// Whether the account is the vendor's sandbox. Its results become no credentials.
    #[serde(default)]
    pub sandbox: bool,
    /// What becomes of a credential whose approval holds no more: `revoke`, `tell` or `ignore`.
    #[serde(default = "tell")]
    pub on_reset: String,
    /// The levels of which credentials are made; all if none is named.
    #[serde(default)]
    pub levels: Vec<String>,
    /// Which names are taken where the vendor has two scripts: `latin` or `native`.
    #[serde(default = "latin")]
    pub script: String,
    /// Whether the vendor's workflow has no decision step, so that what is complete is approved.
    #[serde(default)]
    pub completed_is_approved: bool,
    /// How long a verification waits for a result and for what is missing, in days.
    #[serde(default = "days")]
    pub wait_days: u32,
    /// The first pause before a vendor is asked that has said nothing, in seconds. Each further one is twice as long.
    #[serde(default = "pause")]
    pub poll_seconds: u32,
    /// How long the vendor may take to answer, in seconds.
    #[serde(default = "seconds")]
    pub timeout: u64,
    /// Requests that the vendor gets from one process at the same time.
    #[serde(default = "at_once")]
    pub at_once: usize,
}

fn tell() -> String {
    "tell".to_owned()
}

fn latin() -> String {
    "latin".to_owned()
}

fn days() -> u32 {
    30
}

fn pause() -> u32 {
    60
}

fn seconds() -> u64 {
    20
}

fn at_once() -> usize {
    4
}

impl Source {
    /// The vendor, as `check` has seen that there is one.
    #[must_use]
    pub fn vendor(&self) -> Option<Vendor> {
        Vendor::by_name(&self.vendor)
    }

    /// Where the vendor's API is, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> Option<Url> {
        match (&self.base_url, self.vendor().map(Vendor::bases)) {
            (Some(url), _) => Some(url.clone()),
            (None, Some([only])) => only.parse().ok(),
            _ => None,
        }
    }

    /// The rule for approvals that hold no more.
    #[must_use]
    pub fn rule(&self) -> Option<OnReset> {
        self.on_reset.parse().ok()
    }
}

/// Whether secrets may go there: over TLS, or to this machine.
fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    is_bare && url.password().is_none() && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

impl Section for Vec<Source> {
    fn paths(&mut self, folder: &Path) {
        for source in self {
            start_at(folder, &mut source.key);
            source
                .secret
                .iter_mut()
                .chain(&mut source.webhook_secrets)
                .for_each(|path| start_at(folder, path));
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        const URL: &str = "must be https:// and a host, without a user, a query or a fragment (http:// for this machine alone)";
        let names: HashSet<_> = self.iter().map(|source| &source.name).collect();
        require(names.len() == self.len(), "source.name", "must be different for each source")?;
        for source in self {
            require(is_plain_name(&source.name), "source.name", "must have 1 to 64 of a-z, 0-9, . _ -")?;
            require(is_plain_name(&source.client), "source.client", "must have 1 to 64 of a-z, 0-9, . _ -")?;
            require(source.vendor().is_some(), "source.vendor", "names a vendor that is not known")?;
            require(
                source.base().is_some(),
                "source.base_url",
                "must be given: this vendor has several addresses, or one for each customer",
            )?;
            require(source.base().is_none_or(|url| is_safe(&url)), "source.base_url", URL)?;
            require(source.tokens_url.as_ref().is_none_or(is_safe), "source.tokens_url", URL)?;
            require(
                source.files.iter().all(|host| FilesBase::new(host).is_ok()),
                "source.files",
                "must have addresses such as https://files.example.com, without a path",
            )?;
            require(
                source.webhook_secrets.len() <= 2,
                "source.webhook_secrets",
                "must name one file, or two while a secret is being replaced",
            )?;
            require(source.rule().is_some(), "source.on_reset", "must be revoke, tell or ignore")?;
            require(
                ["latin", "native"].contains(&source.script.as_str()),
                "source.script",
                "must be latin or native",
            )?;
            require(
                source.levels.iter().all(|level| level.starts_with("basic") || level.starts_with("plus")),
                "source.levels",
                "must have levels such as basic+liveness",
            )?;
            require(
                (1..=3650).contains(&source.wait_days),
                "source.wait_days",
                "must be between 1 and 3650",
            )?;
            require(source.poll_seconds > 0, "source.poll_seconds", "must be at least 1")?;
            require(source.timeout > 0, "source.timeout", "must be at least 1")?;
            require(source.at_once > 0, "source.at_once", "must be at least 1")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{full_example, parse, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("source.name", "name = \"sumsub\"", "name = \"Xyzzy\""),
            ("source.client", "client = \"onboarding\"\n# Where the", "client = \"Xyzzy\"\n# Where the"),
            ("source.vendor", "vendor = \"sumsub\"", "vendor = \"Xyzzy\""),
            ("source.base_url", "https://api.sumsub.com", "http://Xyzzy.example"),
            ("source.base_url", "https://api.sumsub.com", "https://Xyzzy:b@a.example"),
            ("source.tokens_url", "https://auth.example.com", "ftp://Xyzzy.example"),
            ("source.files", "https://files.example.com", "https://Xyzzy.example/path"),
            ("source.on_reset", "on_reset = \"tell\"", "on_reset = \"Xyzzy\""),
            ("source.script", "script = \"latin\"", "script = \"Xyzzy\""),
            ("source.levels", "\"basic+liveness\"", "\"Xyzzy\""),
            ("source.wait_days", "wait_days = 30", "wait_days = 0"),
            ("source.poll_seconds", "poll_seconds = 60", "poll_seconds = 0"),
            ("source.at_once", "at_once = 4\n\n# Mails", "at_once = 0\n\n# Mails"),
        ]);
    }

    #[test]
    fn secrets_go_over_tls_or_to_this_machine() {
        for (url, is) in [
            ("https://api.example.com", true),
            ("https://api.example.com/v3", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost:1", true),
            ("http://api.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("https://a:b@api.example.com", false),
            ("https://api.example.com?a=b", false),
        ] {
            assert_eq!(is_safe(&url.parse().unwrap()), is, "{url}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let mut sources = parse(&full_example()).unwrap().source;
        sources.paths(Path::new("/etc/issuer"));
        assert_eq!(sources[0].key, Path::new("/etc/issuer/keys/sumsub.key"));
        assert_eq!(sources[0].webhook_secrets, [Path::new("/etc/issuer/keys/sumsub-webhook.secret")]);
        assert_eq!(sources[0].secret.as_deref(), Some(Path::new("/etc/issuer/keys/sumsub.secret")));
    }
}
