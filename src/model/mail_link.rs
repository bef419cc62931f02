//! Links in mails: what they are for, and the part of them that nobody can guess.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::named::named;

/// Bytes of a token: as many as an Ed25519 key has.
const BYTES: usize = 32;

named! {
    /// What a link of a mail is for.
    Purpose {
        /// To begin the renewal of a credential, on the provider's page.
        Renew = "renew",
        /// To get no reminders any more (RFC 8058).
        Unsubscribe = "unsubscribe",
    }
}

named! {
    /// Why nothing is sent to an address.
    StopReason {
        /// Its owner wants no reminders.
        Unsubscribed = "unsubscribed",
        /// Mail to it has come back for good.
        Unreachable = "unreachable",
        /// Its owner has called a mail spam.
        Complained = "complained",
    }
}

/// The part of a link that cannot be guessed: 256 random bits, as 43 characters of base64url (RFC 4648, section 5). Only its
/// hash is kept, and it is not shown.
#[derive(Clone)]
pub struct LinkToken(Zeroizing<[u8; BYTES]>);

impl LinkToken {
    /// A fresh one.
    #[must_use]
    pub fn new(rng: &mut dyn RngCore) -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        rng.fill_bytes(&mut *bytes);
        Self(bytes)
    }

    /// One of a keyed hash, 64 digits of hex, which nobody can guess without the key.
    #[must_use]
    pub fn of_keyed_hash(hash: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        hex::decode_to_slice(hash, &mut *bytes).ok()?;
        Some(Self(bytes))
    }

    /// As it stands in a link.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0))
    }

    /// What every form carries that the holder of this token sends, who has it in a cookie: nobody knows it who does not know the token,
    /// and it does not tell that.
    #[must_use]
    pub fn for_forms(&self) -> String {
        let mut hash = Sha256::new_with_prefix(b"idos-issuer form\0");
        hash.update(self.to_text().as_bytes());
        hex::encode(hash.finalize())
    }

    /// Whether a form carries it.
    #[must_use]
    pub fn has_sent(&self, form_token: &str) -> bool {
        bool::from(self.for_forms().as_bytes().ct_eq(form_token.as_bytes()))
    }

    /// By what it is kept: SHA-256 in lower-case hex.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(*self.0))
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(..)")
    }
}

/// The text is no token. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the token of a link: 43 characters of base64url")]
pub struct NotAToken;

impl FromStr for LinkToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes) {
            Ok(BYTES) => Ok(Self(bytes)),
            _ => Err(NotAToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_token_reads_back_and_is_not_shown() {
        let token = LinkToken::new(&mut StdRng::seed_from_u64(1));
        let text = token.to_text();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse::<LinkToken>().unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?}"), "LinkToken(..)");
        // One token has one spelling: the last character has two bits to spare.
        for wrong in ["", "a", &text[1..], &format!("{}=", *text), &format!("{}_", &text[..42])] {
            assert_eq!(wrong.parse::<LinkToken>().err(), Some(NotAToken), "{wrong}");
        }
    }
}
