//! The OpenID provider at which staff sign in to the console.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::{Host, Url};

use super::error::ConfigError;
use super::section::{Section, require, start_at};

/// The OpenID provider at which staff sign in, as `[console.oidc]` has it.
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
    /// Which of its values mean which role.
    pub roles: RoleValues,
    /// How long the provider may take to answer, in seconds.
    #[serde(default = "seconds")]
    pub timeout: u64,
}

/// Values of the claim, by the role that they give. The highest role that one of somebody's values gives is theirs; who has none
/// of them does not come in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleValues {
    /// Who may look.
    pub viewer: Vec<String>,
    /// Who may also decide about people's records.
    pub compliance: Vec<String>,
    /// Who may also manage keys and staff.
    pub admin: Vec<String>,
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
            "console.oidc.issuer",
            "must be an https URL without query, fragment and user (http only on this machine's own address)",
        )?;
        require(!self.client_id.is_empty(), "console.oidc.client_id", "must not be empty")?;
        let is_scope = |text: &String| {
            !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        };
        require(
            self.scopes.iter().all(is_scope),
            "console.oidc.scopes",
            "must be scopes: printable ASCII without spaces, quotation marks and backslashes (RFC 6749, section 3.3)",
        )?;
        require(!self.name_claim.is_empty(), "console.oidc.name_claim", "must not be empty")?;
        require(
            self.role_claim.split('.').all(|name| !name.is_empty()),
            "console.oidc.role_claim",
            "must be a name, or names with a dot between them",
        )?;
        let RoleValues { viewer, compliance, admin } = &self.roles;
        let mut values: Vec<_> = [viewer, compliance, admin].into_iter().flatten().collect();
        require(
            !values.is_empty() && values.iter().all(|value| !value.is_empty()),
            "console.oidc.roles",
            "must name at least one value of the claim, and none that is empty: nobody could sign in",
        )?;
        values.sort();
        let all = values.len();
        values.dedup();
        require(values.len() == all, "console.oidc.roles", "must give each value one role")?;
        require((1..=60).contains(&self.timeout), "console.oidc.timeout", "must be 1 to 60 seconds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oidc(change: &str) -> Result<Oidc, toml::de::Error> {
        let base = "client_id = \"console\"\nissuer = \"https://login.example.com\"\n";
        let without: String = base
            .lines()
            .filter(|line| !change.starts_with(line.split(' ').next().unwrap()))
            .map(|line| format!("{line}\n"))
            .collect();
        let roles = if change.contains("[roles]") { "" } else { "[roles]\nadmin = [\"ops\"]\n" };
        toml::from_str(&format!("{without}{change}\n{roles}"))
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        assert!(oidc("").unwrap().check().is_ok());
        assert!(oidc("issuer = \"http://127.0.0.1:3000\"").unwrap().check().is_ok());
        assert!(oidc("issuer = \"http://[::1]:3000/realm\"").unwrap().check().is_ok());
        for (setting, change) in [
            ("issuer", "issuer = \"http://login.example.com\""),
            ("issuer", "issuer = \"https://login.example.com/?a=b\""),
            ("issuer", "issuer = \"https://me:secret@login.example.com/\""),
            ("issuer", "issuer = \"ftp://127.0.0.1/\""),
            ("issuer", "issuer = \"mailto:me@example.com\""),
            ("client_id", "client_id = \"\""),
            ("scopes", "scopes = [\"a b\"]"),
            ("name_claim", "name_claim = \"\""),
            ("role_claim", "role_claim = \"realm..roles\""),
            ("roles", "[roles]"),
            ("roles", "[roles]\nadmin = [\"\"]"),
            ("roles", "[roles]\nadmin = [\"ops\"]\nviewer = [\"ops\"]"),
            ("timeout", "timeout = 0"),
        ] {
            let error = oidc(change).unwrap().check().unwrap_err().to_string();
            assert!(error.contains(&format!("console.oidc.{setting} ")), "{change}: {error}");
        }
        assert!(oidc("secret = \"x\"").is_err(), "an unknown setting");
    }
}
