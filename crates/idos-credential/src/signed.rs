//! A signed credential: its exact text, and what it hashes to.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::envelope;
use crate::kind::Kind;
use crate::strict_json::Json;
use crate::timestamp::Timestamp;

/// A credential with its proof, as the JSON text that users get. The text is wiped on drop.
pub struct SignedCredential {
    pub(crate) text: Zeroizing<String>,
    pub(crate) content_hash: [u8; 32],
    pub(crate) id: String,
    pub(crate) level: String,
    pub(crate) kyc_level: Option<u32>,
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

    /// The numbered level that it claims, 0 where it claims none; `None` for kinds without numbers.
    #[must_use]
    pub fn kyc_level(&self) -> Option<u32> {
        self.kyc_level
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
        let has_kyc_level = json.member("credentialSubject").and_then(Kind::of_subject)?.has_kyc_level();
        let kyc_level = if has_kyc_level { Some(envelope::stated_kyc_level(&json)?) } else { None };
        drop(json);
        let content_hash = Sha256::digest(text.as_bytes()).into();
        Some(Self { text, content_hash, id, level, kyc_level, expiration_date })
    }
}
