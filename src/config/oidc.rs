//! The OpenID provider at which staff sign in to the console.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::{Host, Url};

use super::error::ConfigError;
use super::section::{Section, require, start_at};

/// The OpenID provider at which staff sign in, as `[openid]` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider's issuer identifier, to the letter (OpenID Connect Discovery 1.0, section 4).
    pub issuer: Url,
    /// The client as which the console is registered there.
    pub client_id: String,
    /// A file with that client's secret. Without one it is a public client, whose requests are held together by PKCE alone.
    #[serde(default)]
    pub client_secret: Option<PathBuf>,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim by which a member of staff is called in the console and on lists.
    #[serde(default = "name_claim")]
    pub name_claim: String,
    /// The claim that says what somebody may do: a text, or a list of texts. A path of names, with a `.` between them, leads into
    /// objects.
    #[serde(default = "role_claim")]
    pub role_claim: String,
    /// The values of that claim that mean the role of those who may look. The highest role that one of somebody's values gives is
    /// theirs; who has none of them does not come in.
    #[serde(default)]
    pub viewers: Vec<String>,
    /// Those of the role of those who may also decide about people's records.
    #[serde(default)]
    pub compliance: Vec<String>,
    /// Those of the role of those who may also manage keys and staff.
    #[serde(default)]
    pub admins: Vec<String>,
    /// How long the provider may take to answer, in seconds.
    #[serde(default = "seconds")]
    pub timeout: u64,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

fn name_claim() -> String {
    "preferred_username".to_owned()
}

fn role_claim() -> String {
    "groups".to_owned()
}

fn seconds() -> u64 {
    10
}

/// Whether what is sent to it is read by nobody else: TLS, or this machine.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => matches!(url.scheme(), "http" | "https"),
        Some(Host::Ipv6(address)) if address.is_loopback() => matches!(url.scheme(), "http" | "https"),
        Some(_) => url.scheme() == "https",
        None => false,
    }
}

impl Section for Oidc {
    fn paths(&mut self, folder: &Path) {
        if let Some(file) = &mut self.client_secret {
            start_at(folder, file);
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let is_bare = self.issuer.query().is_none() && self.issuer.fragment().is_none();
        let has_user = !self.issuer.username().is_empty() || self.issuer.password().is_some();
        require(
            is_private(&self.issuer) && is_bare && !has_user,
            "openid.issuer",
            "must be an https URL without query, fragment and user (http only on this machine's own address)",
        )?;
        require(!self.client_id.is_empty(), "openid.client_id", "must not be empty")?;
        let is_scope = |text: &String| {
            !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        };
        require(
            self.scopes.iter().all(is_scope),
            "openid.scopes",
            "must be scopes: printable ASCII without spaces, quotation marks and backslashes (RFC 6749, section 3.3)",
        )?;
        require(!self.name_claim.is_empty(), "openid.name_claim", "must not be empty")?;
        require(
            self.role_claim.split('.').all(|name| !name.is_empty()),
            "openid.role_claim",
            "must be a name, or names with a dot between them",
        )?;
        let mut values: Vec<_> =
            [&self.viewers, &self.compliance, &self.admins].into_iter().flatten().collect();
        require(
            !values.is_empty() && values.iter().all(|value| !value.is_empty()),
            "openid.admins",
            "must have a value, or one of openid.viewers and openid.compliance, and none that is empty: nobody could sign in",
        )?;
        values.sort();
        let all = values.len();
        values.dedup();
        require(
            values.len() == all,
            "openid.admins",
            "must share no value with openid.viewers and openid.compliance",
        )?;
        require((1..=60).contains(&self.timeout), "openid.timeout", "must be 1 to 60 seconds")
    }
}

impl Section for Option<Oidc> {
    fn paths(&mut self, folder: &Path) {
        if let Some(oidc) = self {
            oidc.paths(folder);
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.as_ref().map_or(Ok(()), Section::check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: [&str; 3] =
        ["client_id = \"console\"", "issuer = \"https://login.example.com\"", "admins = [\"ops\"]"];

    /// The least that is needed, with these lines in place of its own.
    fn oidc(lines: &str) -> Result<Oidc, toml::de::Error> {
        let is_other = |line: &&str| !lines.contains(line.split(" = ").next().unwrap());
        let least: Vec<_> = LEAST.into_iter().filter(is_other).collect();
        toml::from_str(&format!("{}\n{lines}", least.join("\n")))
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for fine in [
            "",
            "issuer = \"http://127.0.0.1:3000\"",
            "issuer = \"http://[::1]:3000/realm\"",
            "viewers = [\"a\"]",
        ] {
            oidc(fine).unwrap().check().unwrap();
        }
        for (setting, lines) in [
            ("issuer", "issuer = \"http://login.example.com\""),
            ("issuer", "issuer = \"https://login.example.com/?a=b\""),
            ("issuer", "issuer = \"https://me:secret@login.example.com/\""),
            ("issuer", "issuer = \"ftp://127.0.0.1/\""),
            ("issuer", "issuer = \"mailto:me@example.com\""),
            ("client_id", "client_id = \"\""),
            ("scopes", "scopes = [\"a b\"]"),
            ("name_claim", "name_claim = \"\""),
            ("role_claim", "role_claim = \"realm..roles\""),
            ("admins", "admins = []"),
            ("admins", "admins = [\"\"]"),
            ("admins", "admins = [\"ops\"]\nviewers = [\"ops\"]"),
            ("timeout", "timeout = 0"),
        ] {
            let error = oidc(lines).unwrap().check().unwrap_err().to_string();
            assert!(error.contains(&format!("openid.{setting} ")), "{lines}: {error}");
        }
        assert!(oidc("secret = \"x\"").is_err(), "an unknown setting");
    }
}
