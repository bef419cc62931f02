//! Claims: links by which people have credentials brought into their profiles, and the page that they lead to.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::error::ConfigError;
use super::http::is_here;
use super::section::{Section, require, start_at};

/// The largest file of a logo, in bytes.
const LARGEST_LOGO: u64 = 256 * 1024;

/// Links by which people have credentials brought into their profiles, and the page that they lead to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    /// How long a link works, in hours, where a request does not say.
    pub link_hours: u32,
    /// How long a write grant is valid that the page offers, in seconds, where a request does not say.
    pub grant_seconds: u32,
    /// The provider's logo, a PNG, JPEG or WebP file. The page shows the name alone without one.
    pub logo: Option<PathBuf>,
    /// Where the provider is on the web, for the page to say whose it is.
    pub provider_url: Option<Url>,
    /// Origins whose pages may show the page in a frame, such as `https://kyc.example.com`. None: nobody may.
    pub frame_ancestors: Vec<Origin>,
    /// What addresses begin with that the page may lead back to.
    pub return_urls: Vec<Url>,
    /// The enclave that keeps passwords for users who want that. Without it, the page has no such choice.
    pub enclave_url: Option<Url>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            link_hours: 72,
            grant_seconds: 3600,
            logo: None,
            provider_url: None,
            frame_ancestors: Vec::new(),
            return_urls: Vec::new(),
            enclave_url: None,
        }
    }
}

/// An origin of the web: scheme, host and port, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(String);

impl Origin {
    /// As headers have it.
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        const NONE: &str = "is no origin: https:// and a host";
        let url: Url = text.parse().map_err(|_| NONE)?;
        let origin = url.origin().ascii_serialization();
        // What else stands there would not be looked at by browsers, or would open more than was meant.
        let is_bare = text.trim_end_matches('/') == origin && !origin.contains(['*', ';', ',', ' ']);
        if is_bare && is_for_people(&url) { Ok(Self(origin)) } else { Err(NONE) }
    }
}

/// Whether people may be sent there: by TLS, or on this machine.
fn is_for_people(url: &Url) -> bool {
    let is_safe = (url.scheme() == "https" && url.has_host()) || is_here(url);
    is_safe && url.username().is_empty() && url.password().is_none()
}

impl Claims {
    /// The origins whose pages may show the page in a frame, as headers have them.
    #[must_use]
    pub fn frames(&self) -> Vec<&str> {
        self.frame_ancestors.iter().map(Origin::as_str).collect()
    }

    /// Whether the page may lead back there: to an address that begins with one of those that are configured. They are compared as
    /// addresses, not as texts: `https://a.example` does not stand for `https://a.example.evil.example`.
    #[must_use]
    pub fn may_lead_back_to(&self, url: &Url) -> bool {
        let is_below = |path: &str, base: &str| {
            path.strip_prefix(base)
                .is_some_and(|rest| rest.is_empty() || base.ends_with('/') || rest.starts_with('/'))
        };
        is_for_people(url)
            && self
                .return_urls
                .iter()
                .any(|base| base.origin() == url.origin() && is_below(url.path(), base.path()))
    }
}

impl Section for Claims {
    fn paths(&mut self, folder: &Path) {
        if let Some(logo) = &mut self.logo {
            start_at(folder, logo);
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        require((1..=24 * 365).contains(&self.link_hours), "claims.link_hours", "must be from 1 to 8760")?;
        require(
            (300..=604_800).contains(&self.grant_seconds),
            "claims.grant_seconds",
            "must be from 300 to 604800",
        )?;
        let all_for_people = |mut urls: std::slice::Iter<'_, Url>| urls.all(is_for_people);
        require(
            all_for_people(self.return_urls.iter())
                && self.return_urls.iter().all(|url| url.query().is_none() && url.fragment().is_none()),
            "claims.return_urls",
            "must be https:// with a host, and a path at most",
        )?;
        for (url, setting) in
            [(&self.enclave_url, "claims.enclave_url"), (&self.provider_url, "claims.provider_url")]
        {
            require(url.as_ref().is_none_or(is_for_people), setting, "must be https:// with a host")?;
        }
        Ok(())
    }
}

impl Claims {
    /// The bytes of the logo's file, if one is configured.
    pub fn read_logo(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let Some(path) = &self.logo else { return Ok(None) };
        let unreadable = |error| ConfigError::Unreadable(path.clone(), error);
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        require(length <= LARGEST_LOGO, "claims.logo", "must name a file of at most 256 KiB")?;
        std::fs::read(path).map(Some).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("claims.link_hours", "link_hours = 72", "link_hours = 0"),
            ("claims.grant_seconds", "grant_seconds = 3600", "grant_seconds = 1"),
            ("claims.return_urls", "https://kyc.example.com/done", "http://Xyzzy.example.com/done"),
            ("claims.return_urls", "https://kyc.example.com/done", "https://Xyzzy.example.com/?a"),
            ("claims.enclave_url", "https://enclave.idos.network", "javascript:Xyzzy"),
            ("claims.provider_url", "https://kyc.example.com\"", "http://Xyzzy.example.com\""),
        ]);
    }

    #[test]
    fn the_page_leads_back_to_what_is_below_a_configured_address_only() {
        let claims = Claims {
            return_urls: ["https://a.example/done", "https://b.example/app/"]
                .map(|url| url.parse().unwrap())
                .to_vec(),
            ..Claims::default()
        };
        let may = |url: &str| claims.may_lead_back_to(&url.parse().unwrap());
        for url in
            ["https://a.example/done", "https://a.example/done/x?case=1#y", "https://a.example:443/done?x"]
        {
            assert!(may(url), "{url}");
        }
        assert!(may("https://b.example/app/x") && !may("https://b.example/application"));
        for url in [
            "https://a.example.evil.example/done",
            "https://a.example@evil.example/done",
            "https://user@a.example/done",
            "https://a.example/doner",
            "https://a.example/done/../else",
            "https://a.example/done/%2e%2e/else",
            "https://a.example:8443/done",
            "http://a.example/done",
            "javascript:alert(1)//https://a.example/done",
            "data:text/html,https://a.example/done",
            "https:\\\\evil.example\\done",
        ] {
            assert!(!may(url), "{url}");
        }
    }

    #[test]
    fn an_origin_is_nothing_else() {
        let read = |text: &str| Origin::try_from(text.to_owned()).map(|origin| origin.0);
        assert_eq!(read("https://a.example").unwrap(), "https://a.example");
        assert_eq!(read("https://a.example:8443/").unwrap(), "https://a.example:8443");
        for wrong in [
            "",
            "*",
            "https://*",
            "https://*.a.example",
            "https://a.example; script-src *",
            "http://a.example",
            "https://a.example/x",
            "https://A.example",
            "javascript:1",
            "https://a.example https://b.example",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
