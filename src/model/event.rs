//! What the outside is told.

use super::ids::EventId;
use super::issuance::named;
use super::time::Timestamp;

named! {
    /// What has happened.
    EventKind {
        /// A credential is in the user's profile.
        Issued = "issuance.issued",
        /// An issuance has stopped, and can be resumed.
        Halted = "issuance.halted",
        /// An issuance is over, without a credential.
        Failed = "issuance.failed",
        /// A credential is marked as revoked.
        Revoked = "issuance.revoked",
        /// A credential ends soon.
        Expiring = "issuance.expiring",
        /// A credential has ended.
        Expired = "issuance.expired",
        /// An issuance has been forgotten.
        Erased = "issuance.erased",
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Our id, and the `webhook-id`.
    pub id: EventId,
    /// Whose it is.
    pub client: String,
    /// What has happened.
    pub kind: EventKind,
    /// The issuance's id.
    pub subject: String,
    /// The JSON that webhooks carry.
    pub body: String,
    /// When it happened.
    pub created_at: Timestamp,
}
