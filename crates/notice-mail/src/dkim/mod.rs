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

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};

    use super::*;

    /// The message of RFC 8463, A.3, with both signatures.
    const MESSAGE: &str = "\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r
 d=football.example.com; i=@football.example.com;\r
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r
 subject : date : message-id : from : subject : date;\r
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r
 d=football.example.com; i=@football.example.com;\r
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r
 date : message-id : from : subject : date;\r
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r
From: Joe SixPack <joe@football.example.com>\r
To: Suzie Q <suzie@shopping.example.net>\r
Subject: Is dinner ready?\r
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r
Message-ID: <20030712040037.46341.5F8J@football.example.com>\r
\r
Hi.\r
\r
We lost the game.  Are you hungry yet?\r
\r
Joe.\r
";
    /// RFC 8463, A.2, and RFC 8032, 7.1: the private half, in the form of PKCS #8; and the public one, as in DNS.
    const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const ED25519_PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    /// RFC 8463, A.2: the public key as in DNS, of 1024 bits.
    const RSA_PUBLIC: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\
        Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTI\
        KT+l/K4w3QIDAQAB";

    /// The example's signature of this suite: the value of `bh`, what was signed, in the canonical form that is made here, and the
    /// signature.
    fn example(suite: &str) -> (String, String, Vec<u8>) {
        let (headers, _) = canonical::split(MESSAGE.as_bytes()).unwrap();
        let own = headers.split("DKIM-Signature:").find(|header| header.contains(suite)).unwrap();
        let own = own.split("\r\nFrom:").next().unwrap();
        let tag = |name: &str| {
            let is_it = |part: &&str| part.trim_start().starts_with(&format!("{name}="));
            let part = own.split(';').find(is_it).unwrap();
            part.trim_start()[name.len() + 1..].replace(['\r', '\n', ' '], "")
        };
        let mut signed = String::new();
        let mut names = Vec::new();
        for name in tag("h").split(':') {
            // What stands there once more than the header does is nothing.
            if !names.contains(&name.to_owned()) {
                signed.push_str(&canonical::header(headers, name).unwrap());
            }
            names.push(name.to_owned());
        }
        let unsigned = &own[..own.find(" b=").unwrap() + 3];
        signed.push_str(canonical::relaxed("dkim-signature", unsigned).trim_end_matches("\r\n"));
        (tag("bh"), signed, STANDARD.decode(tag("b")).unwrap())
    }

    #[test]
    fn the_examples_of_rfc_8463_are_signatures_over_what_would_be_signed_here() {
        let (_, body) = canonical::split(MESSAGE.as_bytes()).unwrap();
        let hash = STANDARD.encode(Sha256::digest(canonical::body(body)));

        let (body_hash, signed, signature) = example("ed25519-sha256");
        assert_eq!(hash, body_hash);
        let public = UnparsedPublicKey::new(&ED25519, STANDARD.decode(ED25519_PUBLIC).unwrap());
        public.verify(&Sha256::digest(&signed), &signature).unwrap();
        // Of this suite, the same key makes the same signature.
        let key = DkimKey::from_pem(ED25519_KEY.as_bytes()).unwrap();
        assert_eq!(key.sign(signed.as_bytes()).unwrap(), signature);

        let (body_hash, signed, signature) = example("rsa-sha256");
        assert_eq!(hash, body_hash);
        // In DNS a key says what it is for; what follows that is the key (RFC 8017, A.1.1).
        let public = STANDARD.decode(RSA_PUBLIC).unwrap().split_off(22);
        let public = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, public);
        public.verify(signed.as_bytes(), &signature).unwrap();
        public.verify(signed.replace("dinner", "supper").as_bytes(), &signature).unwrap_err();
    }

    #[test]
    fn what_is_signed_here_is_signed_as_in_the_example() {
        let key = DkimKey::from_pem(ED25519_KEY.as_bytes()).unwrap();
        let by = Signer::new("football.example.com", "brisbane", key).unwrap();
        let bare = &MESSAGE[MESSAGE.find("From: ").unwrap()..];
        let header = by.sign(bare.as_bytes(), 1_528_637_909).unwrap();
        assert_eq!(header, by.sign(bare.as_bytes(), 1_528_637_909).unwrap());
        let flat = header.replace(['\r', '\n', '\t', ' '], "");
        assert!(
            flat.contains(
                "a=ed25519-sha256;c=relaxed/relaxed;d=football.example.com;s=brisbane;t=1528637909;"
            ),
            "{flat}"
        );
        assert!(flat.contains("h=from:from:to:to:subject:subject:date:date:reply-to:message-id;"), "{flat}");
        assert!(flat.contains("bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;b="), "{flat}");

        // Signed is what a receiver puts together (RFC 6376, 3.7).
        let (headers, _) = canonical::split(bare.as_bytes()).unwrap();
        let names = ["from", "to", "subject", "date", "message-id"];
        let mut signed: String = names.iter().map(|name| canonical::header(headers, name).unwrap()).collect();
        let (unsigned, signature) = header.split_once("\tb=").unwrap();
        let own = unsigned.split_once(':').unwrap().1;
        signed.push_str(canonical::relaxed("dkim-signature", &format!("{own} b=")).trim_end_matches("\r\n"));
        let signature = STANDARD.decode(signature.replace(['\r', '\n', '\t', ' '], "")).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, STANDARD.decode(ED25519_PUBLIC).unwrap());
        public.verify(&Sha256::digest(&signed), &signature).unwrap();
    }
}
