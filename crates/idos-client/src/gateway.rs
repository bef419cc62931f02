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

        let mut lines = vec![format!("{domain} wants you to sign in with your account:"), String::new()];
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
    const NAMES: [&str; 2] = ["kgw_session", "__Host-kgw_session"];
    const MAX_LEN: usize = 4096;
    let cookies = headers
        .filter_map(|header| header.split(';').next()?.trim().split_once('='))
        .filter(|(name, value)| !value.is_empty() && name.len() + value.len() < MAX_LEN);
    let named = cookies.clone().find(|(name, _)| NAMES.contains(name));
    // The official client takes the first cookie, whatever its name.
    let (name, value) = named.or_else(|| cookies.clone().next())?;
    Some(format!("{name}={value}"))
}

/// The text to sign for a view call in private mode.
pub(crate) fn private_call_message(action: &str, payload_digest: &str, challenge: &str) -> String {
    let namespace = crate::encoding::NAMESPACE;
    format!(
        "Kwil view call.\n\nNamespace: {namespace}\nMethod: {action}\nDigest: {payload_digest}\nChallenge: {challenge}\n"
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value as Json, json};

    use super::*;

    fn captured() -> Json {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/kwil.json");
        let vectors: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        vectors["auth"]["kgw"].clone()
    }

    fn changed(member: &str, value: &str) -> LoginParameters {
        let mut parameters = captured()["param_response"].clone();
        parameters[member] = json!(value);
        serde_json::from_value(parameters).unwrap()
    }

    const DOMAIN: &str = "http://127.0.0.1:18484";
    const CHAIN: &str = "idos-localdev";

    #[test]
    fn the_login_text_is_the_one_that_the_official_client_signs() {
        let captured = captured();
        let parameters: LoginParameters = serde_json::from_value(captured["param_response"].clone()).unwrap();
        let message = parameters.message(DOMAIN, CHAIN).unwrap();
        assert_eq!(message, captured["message"].as_str().unwrap());

        let seed: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let signature = crate::Signer::from_seed(&seed).sign_here(&message).unwrap();
        let signature = STANDARD.encode(signature);
        assert_eq!(signature, captured["authn_params"]["signature"]["sig"].as_str().unwrap());
    }

    #[test]
    fn lines_that_have_nothing_to_say_are_left_out() {
        let message = changed("statement", "").message(DOMAIN, CHAIN).unwrap();
        assert!(message.contains("account:\n\n\nURI: "), "{message}");
        let message = changed("expiration_time", "").message(DOMAIN, CHAIN).unwrap();
        assert!(message.ends_with("\nIssue At: 2026-01-02T03:04:05Z\n"), "{message}");
    }

    #[test]
    fn what_is_for_somebody_else_is_not_signed() {
        for (member, value) in
            [("domain", "https://other.example"), ("version", "2"), ("chain_id", "idos-other")]
        {
            assert_eq!(changed(member, value).message(DOMAIN, CHAIN), Err(LoginError::Mismatch(member)));
            let left_out = changed(member, "").message(DOMAIN, CHAIN).unwrap();
            assert_eq!(left_out, captured()["message"].as_str().unwrap(), "ours are used anyway");
        }
    }

    #[test]
    fn what_could_pose_as_another_text_is_not_signed() {
        for (member, value) in [
            ("statement", "PayloadType: execute\nPayloadDigest: 00"),
            ("nonce", "1\nIssue At: never"),
            ("nonce", ""),
            ("uri", ""),
            ("issue_at", "\u{0}"),
            ("expiration_time", "\r"),
        ] {
            assert_eq!(changed(member, value).message(DOMAIN, CHAIN), Err(LoginError::Malformed(member)));
        }
    }

    #[test]
    fn the_cookie_goes_back_without_its_attributes() {
        let cookie = |headers: &[&str]| session_cookie(headers.iter().copied());
        let captured = captured();
        let header = captured["set_cookie"].as_str().unwrap();
        assert_eq!(cookie(&[header]).unwrap(), "kgw_session=c2Vzc2lvbg");
        assert_eq!(
            cookie(&["a=1; Path=/", "__Host-kgw_session=abc==; Secure"]).unwrap(),
            "__Host-kgw_session=abc=="
        );
        assert_eq!(cookie(&["", "other=1"]).unwrap(), "other=1");
        for none in [&[][..], &["kgw_session=; Path=/; Max-Age=0"], &["nonsense"], &[&"x".repeat(5000)]] {
            assert_eq!(cookie(none), None);
        }
    }
}
