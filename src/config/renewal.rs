//! Renewal: where the link of a reminder leads.

use serde::Deserialize;
use url::Url;

use super::error::ConfigError;
use super::section::{Section, require};

/// What stands in the address for the token.
const TOKEN: &str = "{token}";

/// Where the link of a reminder leads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Renewal {
    /// The provider's page, with `{token}` where the token belongs. Without it, reminders have no link.
    pub url: Option<String>,
    /// How long a link works, in days.
    pub link_days: u32,
    /// Whether a link works once.
    pub once: bool,
}

impl Default for Renewal {
    fn default() -> Self {
        Self { url: None, link_days: 90, once: true }
    }
}

impl Renewal {
    /// The link with this token, if there is a page.
    #[must_use]
    pub fn link(&self, token: &str) -> Option<String> {
        self.url.as_ref().map(|url| url.replace(TOKEN, token))
    }
}

impl Section for Renewal {
    fn check(&self) -> Result<(), ConfigError> {
        let is_page = |text: &str| {
            let filled = |token| text.replace(TOKEN, token).parse::<Url>();
            let (Ok(one), Ok(other)) = (filled("a"), filled("b")) else { return false };
            // Not in the host: a name that nobody else has would be looked up.
            let is_bare = one.scheme() == "https" && one.username().is_empty() && one.has_host();
            is_bare && one.origin() == other.origin() && text.matches(TOKEN).count() == 1
        };
        require(
            self.url.as_deref().is_none_or(is_page),
            "renewal.url",
            "must be https:// with {token} once, in the path, the query or the fragment",
        )?;
        require((1..=3650).contains(&self.link_days), "renewal.link_days", "must be between 1 and 3650")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let url = "url = \"https://kyc.example.com/renew#{token}\"";
        refused(&[
            ("renewal.url", url, "url = \"Xyzzy\""),
            ("renewal.url", url, "url = \"https://Xyzzy.example/renew\""),
            ("renewal.url", url, "url = \"https://{token}.Xyzzy.example/renew\""),
            ("renewal.url", url, "url = \"http://Xyzzy.example/{token}\""),
            ("renewal.url", url, "url = \"https://Xyzzy.example/{token}/{token}\""),
            ("renewal.link_days", "link_days = 90", "link_days = 0"),
        ]);
    }

    #[test]
    fn the_token_goes_where_it_belongs() {
        for (url, link) in [
            ("https://a.example/renew/{token}", "https://a.example/renew/T"),
            ("https://a.example/renew?t={token}", "https://a.example/renew?t=T"),
            ("https://a.example/renew#{token}", "https://a.example/renew#T"),
        ] {
            let renewal = Renewal { url: Some(url.to_owned()), ..Renewal::default() };
            renewal.check().unwrap();
            assert_eq!(renewal.link("T").as_deref(), Some(link));
        }
        assert_eq!(Renewal::default().link("T"), None);
    }
}
