//! A signed credential: its exact text, and what it hashes to.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::strict_json::Json;
use crate::timestamp::Timestamp;

/// A credential with its proof, as the JSON text that users get. The text is wiped on drop.
pub struct SignedCredential {
    pub(crate) text: Zeroizing<String>,
    pub(crate) content_hash: [u8; 32],
    pub(crate) id: String,
    pub(crate) level: String,
    pub(crate) expiration_date: Option<Timestamp>,
}

impl fmt::Debug for SignedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCredential").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SignedCredential {
    /// The JSON text, byte for byte as it is sealed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text: what idOS calls `content_hash`, in lower-case hex.
    #[must_use]
    pub fn content_hash(&self) -> String {
        hex::encode(self.content_hash)
    }

    /// The credential's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The level that it claims.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.level
    }

    /// When it ends.
    #[must_use]
    pub fn expiration_date(&self) -> Option<Timestamp> {
        self.expiration_date
    }

    /// Revives a credential whose text had to wait, locked, before it could be sealed. For the service's store only; the
    /// text must be one that [`text`](Self::text) gave, since no signature is checked here. `None` if it cannot be.
    #[must_use]
    pub fn from_stored(text: Zeroizing<String>) -> Option<Self> {
        let json = Json::parse(text.as_bytes()).ok()?;
        let member = |name: &str| json.member(name).and_then(Json::as_text);
        let (id, level) = (member("id")?.to_owned(), member("level")?.to_owned());
        let expiration_date = match member("expirationDate") {
            Some(date) => Some(date.parse().ok()?),
            None => None,
        };
        drop(json);
        Some(Self { content_hash: Sha256::digest(text.as_bytes()).into(), text, id, level, expiration_date })
    }
}
