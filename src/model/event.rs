//! What the outside is told.

use super::ids::EventId;
use super::named::named;
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
        /// A credential is marked as superseded: another one has taken its place.
        Superseded = "issuance.superseded",
        /// A credential ends soon.
        Expiring = "issuance.expiring",
        /// A credential has ended.
        Expired = "issuance.expired",
        /// An issuance has been forgotten.
        Erased = "issuance.erased",
        /// The phase is over in which content was kept after delivery, and people have the choice.
        SafetyNetEnded = "safety_net.ended",
        /// Nothing is sent to the address of a contact any more: mail comes back, or its owner has called it spam.
        ContactUnreachable = "contact.unreachable",
        /// The owner of a contact's address wants no reminders any more.
        ContactUnsubscribed = "contact.unsubscribed",
        /// A vendor has approved a person.
        VerificationApproved = "verification.approved",
        /// A vendor has declined a person.
        VerificationDeclined = "verification.declined",
        /// What a vendor approved is a credential in the user's profile.
        VerificationIssued = "verification.issued",
        /// What a vendor approved cannot become a credential before somebody has seen to it.
        VerificationHalted = "verification.halted",
        /// An approval, of which a credential was made or is being made, holds no more.
        VerificationReset = "verification.reset",
        /// A verification is over without an answer: taken back, deleted at the vendor, or run out there.
        VerificationEnded = "verification.ended",
        /// A verification is over without a credential: something was missing for too long.
        VerificationFailed = "verification.failed",
        /// A wallet that was proven is in the user's profile.
        WalletLinked = "wallet.linked",
        /// A wallet that was proven is not in the user's profile: it has stopped on its way, and can be resumed.
        WalletHalted = "wallet.halted",
        /// A wallet that was proven will not be in the user's profile.
        WalletFailed = "wallet.failed",
        /// The person who follows a claim's link is known by a profile of idOS.
        ClaimIdentified = "claim.identified",
        /// The person has signed the write grant.
        ClaimGranted = "claim.granted",
        /// The credential of a claim is in the person's profile.
        ClaimWritten = "claim.written",
        /// A claim is over: its issuance is, without a credential.
        ClaimFailed = "claim.failed",
        /// A claim is over: its link's time is, and nothing came of it.
        ClaimExpired = "claim.expired",
        /// Whoever asks to have their records erased has shown to be the person.
        CaseIdentified = "erasure_case.identified",
        /// A request to erase is due soon.
        CaseDueSoon = "erasure_case.due_soon",
        /// Records were forgotten because somebody has asked for it.
        RecordErased = "record.erased",
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
    /// The id of the issuance, verification, claim, wallet link or case, or `safety_net`.
    pub subject: String,
    /// The JSON that webhooks carry.
    pub body: String,
    /// When it happened.
    pub created_at: Timestamp,
}
