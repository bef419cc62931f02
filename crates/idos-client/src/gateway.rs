//! The login at an idOS gateway (KGW): what the gateway wants signed, and whether to sign it.

use serde::Deserialize;

use crate::error::LoginError;

/// What `kgw.authn_param` answers. Absent members are empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginParameters {
    pub(crate) nonce: String,
    statement: String,
    issue_at: String,
    expiration_time: String,
    chain_id: String,
    domain: String,
    version: String,
    uri: String,
}

impl LoginParameters {
    /// The text to sign, for a client of `domain` (its base URL without a trailing slash) on `chain_id`.
    ///
    /// A gateway may leave domain, version and chain out, but not claim others than ours: somebody else's
    /// gateway could pass our signature on. Line breaks are refused, because with them a member could pose as
    /// other lines of the text.
    pub(crate) fn message(&self, domain: &str, chain_id: &str) -> Result<String, LoginError> {
        for (name, theirs, ours) in [
            ("domain", &self.domain, domain),
            ("version", &self.version, VERSION),
            ("chain_id", &self.chain_id, chain_id),
        ] {
            if !theirs.is_empty() && theirs != ours {
                return Err(LoginError::Mismatch(name));
            }
        }
        for (name, member, needed) in [
            ("nonce", &self.nonce, true),
            ("uri", &self.uri, true),
            ("issue_at", &self.issue_at, true),
            ("expiration_time", &self.expiration_time, false),
            ("statement", &self.statement, false),
        ] {
            if member.chars().any(char::is_control) || (needed && member.is_empty()) {
                return Err(LoginError::Malformed(name));
            }
        }

        let mut lines =
            vec![format!("{domain} wants you to sign in with your account:"), String::new()];
        if !self.statement.is_empty() {
            lines.push(self.statement.clone());
        }
        lines.push(String::new());
        lines.push(format!("URI: {}", self.uri));
        lines.push(format!("Version: {VERSION}"));
        lines.push(format!("Chain ID: {chain_id}"));
        lines.push(format!("Nonce: {}", self.nonce));
        lines.push(format!("Issue At: {}", self.issue_at));
        if !self.expiration_time.is_empty() {
            lines.push(format!("Expiration Time: {}", self.expiration_time));
        }
        lines.push(String::new());
        Ok(lines.join("\n"))
    }
}

const VERSION: &str = "1";

/// The session cookie among the `Set-Cookie` headers of an answer, as it is to be sent back: without attributes.
pub(crate) fn session_cookie<'a>(headers: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    const NAMES: [&str; 2] = ["kgw_session=", "__Host-kgw_session="];
    const MAX_LEN: usize = 4096;
    let cookies = headers.filter_map(|header| header.split(';').next()).map(str::trim);
    let cookies = cookies.filter(|cookie| cookie.len() <= MAX_LEN && cookie.contains('='));
    let named = cookies.clone().find(|cookie| NAMES.iter().any(|name| cookie.starts_with(name)));
    // The official client takes the first cookie, whatever its name.
    named.or_else(|| cookies.clone().next()).filter(|cookie| !cookie.ends_with('=') ).map(str::to_owned)
}

/// The text to sign for a view call in private mode.
pub(crate) fn private_call_message(action: &str, payload_digest: &str, challenge: &str) -> String {
    let namespace = crate::encoding::NAMESPACE;
    format!(
        "Kwil view call.\n\nNamespace: {namespace}\nMethod: {action}\nDigest: {payload_digest}\nChallenge: {challenge}\n"
    )
}
