//! Clients: the keys by which they call, and what they may do.

use super::ids::ApiKeyId;
use super::named::named;
use super::time::Timestamp;

named! {
    /// What an API key may be used for.
    Scope {
        /// Look profiles up.
        ProfilesRead = "profiles:read",
        /// Create profiles.
        ProfilesWrite = "profiles:write",
        /// Add wallets to profiles. Whoever holds a wallet of a profile can act as its user.
        WalletsWrite = "wallets:write",
        /// Write attributes into profiles. What is written in the clear stays so.
        AttributesWrite = "attributes:write",
        /// Make and check write grants.
        Grants = "grants",
        /// Read issuances.
        IssuancesRead = "issuances:read",
        /// Read back what was issued: all that a credential says about a person.
        CopiesRead = "copies:read",
        /// Submit and resume issuances.
        IssuancesWrite = "issuances:write",
        /// Revoke credentials.
        Revoke = "issuances:revoke",
        /// Forget issuances on request, and find them by contact.
        Erase = "issuances:erase",
        /// Say that addresses cannot be reached.
        ContactsWrite = "contacts:write",
        /// Make links by which people have credentials brought into their profiles, and see what becomes of them.
        Claims = "claims",
        /// Register consumers of the relay, and strike them off.
        Relay = "relay:write",
        /// Read events, and have them told again.
        Events = "events",
    }
}

/// A key by which a client calls. The key's text is `idos_<id>_<secret>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is. Several keys of one client see the same records, so that a key can be replaced while both hold.
    pub client: String,
    /// SHA-256 of the secret: lower-case hex.
    pub hash: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it can be used at this moment.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What makes a request the same as an earlier one: keyed hashes of its `Idempotency-Key` and of its content, one of
/// each for each vault key, the present one's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Of the `Idempotency-Key`.
    pub key_hashes: Vec<String>,
    /// Of the content.
    pub fingerprints: Vec<String>,
}
