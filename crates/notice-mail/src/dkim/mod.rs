//! DKIM signatures (RFC 6376): by RSA (RFC 8301) or Ed25519 (RFC 8463), over SHA-256, in relaxed canonical form.
//!
//! The library that composes mails could sign them, but only by an RSA implementation whose timing tells of the key
//! (RUSTSEC-2023-0071). What is left to do beside a signature is a page.

mod canonical;
mod key;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

pub use self::key::DkimKey;

/// Signs mails for a domain.
pub struct Signer {
    domain: String,
    selector: String,
    key: DkimKey,
}

/// Why there is no signature, or no signer. Repeats nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// No key in a form that is read.
    #[error("the key must be a private key in PEM: of RSA with 2048 to 8192 bits, or of Ed25519")]
    Key,
    /// No domain.
    #[error("the domain must be one, in ASCII, such as example.com")]
    Domain,
    /// No selector.
    #[error("the selector must be letters, digits and hyphens, in parts that dots divide")]
    Selector,
    /// The key does not sign.
    #[error("the key does not sign")]
    Signing,
    /// What is to be signed has no headers and a body.
    #[error("it is no message")]
    Message,
}

/// The headers that are signed where they are there. Those in the first group are signed once more than they are there, so that
/// none can be added: a second `Subject` or `From` would be shown in place of the first (RFC 6376, 8.15).
const SEALED: [&str; 5] = ["from", "to", "subject", "date", "reply-to"];
const SIGNED: [&str; 8] = [
    "message-id",
    "mime-version",
    "content-type",
    "content-language",
    "content-transfer-encoding",
    "auto-submitted",
    // A receiver that offers one click demands that both are signed (RFC 8058, 4).
    "list-unsubscribe",
    "list-unsubscribe-post",
];

impl Signer {
    /// For a domain, whose public key is at `SELECTOR._domainkey.DOMAIN`.
    pub fn new(domain: &str, selector: &str, key: DkimKey) -> Result<Self, DkimError> {
        let is_label = |text: &str| {
            matches!(text.len(), 1..=63)
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !text.starts_with('-')
                && !text.ends_with('-')
        };
        let are_labels = |text: &str| text.split('.').all(is_label) && text.len() <= 200;
        if !(are_labels(domain) && domain.contains('.')) {
            Err(DkimError::Domain)
        } else if !are_labels(selector) {
            Err(DkimError::Selector)
        } else {
            Ok(Self { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), key })
        }
    }

    /// Whether receivers count its signatures for mails of this sender: it is of the sender's domain, or one above it (RFC 7489, 3.1.1).
    #[must_use]
    pub fn is_for(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        domain == self.domain || domain.ends_with(&format!(".{}", self.domain))
    }

    /// The header, with its end of line, which goes before a message whose lines end with CR LF. `time` is in seconds since 1970.
    pub(crate) fn sign(&self, message: &[u8], time: u64) -> Result<String, DkimError> {
        let (headers, body) = canonical::split(message).ok_or(DkimError::Message)?;
        let body_hash = STANDARD.encode(Sha256::digest(canonical::body(body)));
        let mut names = Vec::new();
        let mut signed = String::new();
        for name in SEALED.iter().chain(&SIGNED) {
            let found = canonical::header(headers, name);
            if let Some(header) = &found {
                names.push(*name);
                signed.push_str(header);
            }
            if SEALED.contains(name) {
                names.push(name);
            }
        }
        let start = format!(
            "v=1; a={}; c=relaxed/relaxed; d={}; s={};\r\n\tt={time}; h={};\r\n\tbh={body_hash};\r\n\tb=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            names.join(":\r\n\t "),
        );
        // Of the signature itself the header has nothing while it is signed, nor its end of line (RFC 6376, 3.7).
        let own = canonical::relaxed("dkim-signature", &start);
        signed.push_str(own.trim_end_matches("\r\n"));
        let signature = STANDARD.encode(self.key.sign(signed.as_bytes())?);
        let lines: Vec<_> = signature.as_bytes().chunks(72).map(String::from_utf8_lossy).collect();
        Ok(format!("DKIM-Signature: {start}{}\r\n", lines.join("\r\n\t ")))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}, {}, {})", self.domain, self.selector, self.key.algorithm())
    }
}
