//! Who did what: entries that hang together by their hashes, and the issuer's signature that they were so.
//!
//! What an entry tells of somebody stands beside the chain's hash, which covers a commitment to it: it can be forgotten, and
//! the chain holds ([`ChainedEntry`]). That it was is an entry itself ([`LetGo`]), so that nobody can hide an act by it.
//!
//! Whoever can write into the database can also compute hashes, and so write the whole chain anew, or cut off its end. What
//! stands against that is signed: [`Checkpoint`]. What stands against cutting off checkpoints, too, is one of them that is
//! kept elsewhere: an anchor. [`Judge`] holds a chain against all of them.

mod chained;
mod checkpoint;
mod judge;
mod let_go;

use super::named::named;
use crate::model::time::Timestamp;

pub use chained::{ChainedEntry, Link, ToldEntry, commitment, hash, kind_of};
pub use checkpoint::{Checkpoint, CheckpointFault, Signature, SignedBy};
pub use judge::{Answer, Fault, Judge, Verdict, Witness};
pub use let_go::{LetGo, Places};

named! {
    /// What was done.
    AuditAction {
        /// A result was accepted.
        Received = "received",
        /// A credential was sealed, and its readable form forgotten.
        Sealed = "sealed",
        /// The user's write grant was accepted.
        GrantReceived = "grant_received",
        /// A transaction is about to be sent.
        Sending = "sending",
        /// A credential was found in a block, and its content is to be uploaded.
        Announced = "announced",
        /// The blob gateway has taken a content.
        Uploaded = "uploaded",
        /// A credential was found on the network with its content, and its sealed form forgotten.
        Issued = "issued",
        /// It stopped.
        Halted = "halted",
        /// A person brought it on again.
        Resumed = "resumed",
        /// It is over without a credential; content and grant are forgotten.
        Failed = "failed",
        /// Revocation was asked for.
        RevokeRequested = "revoke_requested",
        /// A credential was found revoked.
        Revoked = "revoked",
        /// A credential was found marked as superseded by another one.
        Superseded = "superseded",
        /// All but the record was forgotten on request, and which entries of the chain lost what they told of it. The only one that
        /// tells this, and the only one that is never let go itself.
        Erased = "erased",
        /// A profile was asked for.
        ProfileRequested = "profile_requested",
        /// A profile was found on the network, and the wallet's proof forgotten.
        ProfileCreated = "profile_created",
        /// A wallet was asked to be added to a profile.
        WalletRequested = "wallet_requested",
        /// An added wallet was found on the network, and its proof forgotten.
        WalletAdded = "wallet_added",
        /// An attribute was asked to be written into a profile.
        AttributeRequested = "attribute_requested",
        /// An attribute was written, and its key and value forgotten.
        AttributeAdded = "attribute_added",
        /// A challenge was made for a wallet that is to be linked.
        WalletLinkRequested = "wallet_link_requested",
        /// The holder of a wallet has answered its challenge.
        WalletLinkProven = "wallet_link_proven",
        /// A credential that lists the wallet of a link was asked for, and the wallet forgotten.
        WalletLinkUsed = "wallet_link_used",
        /// A credential was read back from the issuer's own copy.
        CopyRead = "copy_read",
        /// A signed credential is kept after delivery, locked.
        ContentKept = "content_kept",
        /// The phase is over in which it was kept, and the person is offered the choice.
        ChoiceOffered = "choice_offered",
        /// The person has chosen to have it kept on.
        KeptChosen = "kept_chosen",
        /// What was kept was deleted, for this reason.
        KeptDeleted = "kept_deleted",
        /// The credential that is kept is given again, by another issuance.
        Restored = "restored",
        /// A contact was looked for by address.
        ContactLookedUp = "contact_looked_up",
        /// Whom to write to was changed.
        ContactChanged = "contact_changed",
        /// A notice was sent, or is over in another way: its id, what became of it, and how many days before the end.
        NoticeSent = "notice_sent",
        /// A notice is to be sent once more.
        NoticeResent = "notice_resent",
        /// A notice that was planned is not to be sent.
        NoticeCancelled = "notice_cancelled",
        /// Nothing is sent to the address of a contact any more, for this reason.
        MailStopped = "mail_stopped",
        /// A link of a mail was traded for the ids of what it is about.
        RenewalRedeemed = "renewal_redeemed",
        /// An API key was made.
        KeyCreated = "key_created",
        /// An API key was revoked.
        KeyRevoked = "key_revoked",
        /// An event is to be told again.
        EventReplayed = "event_replayed",
        /// A job was put back to work by a person.
        JobRetried = "job_retried",
        /// What was locked under an old vault key is locked under the present one.
        Relocked = "relocked",
        /// Another signing key is recorded as the one that signs.
        SigningKeyAccepted = "signing_key_accepted",
        /// A verification at a vendor was opened.
        VerificationOpened = "verification_opened",
        /// A vendor has told of a verification, in a webhook that is acted on.
        VendorTold = "vendor_told",
        /// A vendor has approved, and that was fetched from it.
        VerificationApproved = "verification_approved",
        /// A vendor has declined.
        VerificationDeclined = "verification_declined",
        /// It is over at the vendor without a decision.
        VerificationEnded = "verification_ended",
        /// A vendor's approval holds no more, and what was made of it stays.
        ApprovalLost = "approval_lost",
        /// A vendor's approval holds no more, and what was made of it is taken back.
        Withdrawn = "withdrawn",
        /// A link was made by which a person has a credential brought into their profile.
        ClaimMade = "claim_made",
        /// The person who follows it was identified.
        ClaimIdentified = "claim_identified",
        /// An issuance was made for it.
        ClaimUsed = "claim_used",
        /// Its time was over, and nothing had come of it.
        ClaimExpired = "claim_expired",
        /// Somebody has looked at a record: the first time in an hour.
        RecordViewed = "record_viewed",
        /// Somebody has looked at a list: the first time in an hour. Of which records, by what they were chosen, and how many.
        RecordsListed = "records_listed",
        /// A consumer of the relay was registered.
        ConsumerAdded = "consumer_added",
        /// A consumer of the relay was struck off.
        ConsumerRemoved = "consumer_removed",
        /// A request to erase was received as a case.
        CaseOpened = "case_opened",
        /// Whoever asks has shown to be the person, or a client vouches for it.
        CaseIdentified = "case_identified",
        /// The link was sent to the recorded address by which the person shows who they are.
        CaseMailSent = "case_mail_sent",
        /// It was decided that a case is carried out.
        CaseDecided = "case_decided",
        /// Somebody else has approved.
        CaseApproved = "case_approved",
        /// The time of a case was extended.
        CaseExtended = "case_extended",
        /// A case was refused, by these grounds.
        CaseRefused = "case_refused",
        /// Whoever has asked does not want it any more.
        CaseWithdrawn = "case_withdrawn",
        /// A request to erase was carried out, and its receipt signed.
        CaseDone = "case_done",
        /// The time is over for which the law wanted the records of a case.
        CaseHoldOver = "case_hold_over",
        /// Somebody was invited to work at the console, or invited anew: nothing of what let them in before does.
        StaffInvited = "staff_invited",
        /// Somebody has followed their invitation, and chosen what lets them in.
        StaffAccepted = "staff_accepted",
        /// What somebody may do at the console was changed.
        StaffChanged = "staff_changed",
        /// Somebody works at the console no more, and their name is forgotten.
        StaffRemoved = "staff_removed",
        /// Somebody has signed in.
        StaffSignedIn = "staff_signed_in",
        /// A session, or all of somebody's, was ended.
        StaffSignedOut = "staff_signed_out",
        /// Somebody has chosen another password.
        StaffPasswordChanged = "staff_password_changed",
        /// Somebody has new codes for the case that theirs are lost.
        StaffCodesRenewed = "staff_codes_renewed",
        /// Something was proposed that takes two people, of this kind.
        ProposalMade = "proposal_made",
        /// Somebody else has approved it, and so it was done.
        ProposalApproved = "proposal_approved",
        /// Somebody else has turned it down, or whoever has proposed it has taken it back.
        ProposalDeclined = "proposal_declined",
        /// A person has opened their own page, and sees what is kept in this record: by what it is known who they are.
        VisitOpened = "visit_opened",
        /// A person has taken what is kept about them, in this record, as a file.
        OwnDataExported = "own_data_exported",
        /// The audit chain was given to somebody.
        AuditExported = "audit_exported",
    }
}

named! {
    /// Whose looks at records are written down.
    Views {
        /// Those of people: the provider's own, and who has access to the command line.
        Staff = "staff",
        /// Those of programs, too.
        All = "all",
        /// Nobody's.
        None = "none",
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A client, by the API key that it used.
    Client {
        /// The client's name.
        client: String,
        /// The key's id.
        key: String,
    },
    /// A configured source, for a client.
    Source {
        /// The client's name.
        client: String,
        /// The source's name.
        source: String,
    },
    /// The person who follows the link of a claim, for a client.
    Claim {
        /// The client's name.
        client: String,
        /// The claim's id.
        claim: String,
    },
    /// A consumer of the relay, by a token that it has signed, for a client.
    Consumer {
        /// The client's name.
        client: String,
        /// The consumer's id.
        consumer: String,
    },
    /// Somebody who works at the console.
    Staff {
        /// Their id.
        staff: String,
    },
    /// The person whom a record is about, on their own page. Who that is is not written down.
    Person,
    /// The service itself.
    Service,
    /// Somebody with access to the command line.
    Operator,
}

impl Actor {
    /// How it is written down.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Client { client, key } => format!("client:{client}:{key}"),
            Self::Source { client, source } => format!("source:{client}:{source}"),
            Self::Claim { client, claim } => format!("claim:{client}:{claim}"),
            Self::Consumer { client, consumer } => format!("consumer:{client}:{consumer}"),
            Self::Staff { staff } => format!("staff:{staff}"),
            Self::Person => "person".to_owned(),
            Self::Service => "service".to_owned(),
            Self::Operator => "operator".to_owned(),
        }
    }
}

impl Actor {
    /// Who it is that was written down so; nobody that this program knows, if it is none of that.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':').map(str::to_owned);
        Some(match (parts.next()?.as_str(), parts.next(), parts.next()) {
            ("person", None, None) => Self::Person,
            ("service", None, None) => Self::Service,
            ("operator", None, None) => Self::Operator,
            ("staff", Some(staff), None) => Self::Staff { staff },
            ("client", Some(client), Some(key)) => Self::Client { client, key },
            ("source", Some(client), Some(source)) => Self::Source { client, source },
            ("claim", Some(client), Some(claim)) => Self::Claim { client, claim },
            ("consumer", Some(client), Some(consumer)) => Self::Consumer { client, consumer },
            _ => return None,
        })
    }
}

/// Something that was done, before it has its place in the chain.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What.
    pub act: AuditAction,
    /// To what: an id.
    pub subject: String,
    /// A transaction's or content's hash, a code, a count; or another record's id, or `user:` and a user's, and nothing else then: it
    /// can be forgotten apart from the rest. Nothing about a person.
    pub detail: String,
}

impl AuditEntry {
    /// What `actor` has done to `subject`, which is an id. There is nothing more to say of it, unless [`detail`](Self::detail) does.
    #[must_use]
    pub fn new(at: Timestamp, actor: Actor, act: AuditAction, subject: impl AsRef<str>) -> Self {
        Self { at, actor, act, subject: subject.as_ref().to_owned(), detail: String::new() }
    }

    /// With more to say. Nothing about a person.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_it_is_read_as_it_is_written() {
        let (client, own) = ("acme".to_owned(), "x".to_owned());
        for actor in [
            Actor::Client { client: client.clone(), key: own.clone() },
            Actor::Source { client: client.clone(), source: own.clone() },
            Actor::Claim { client: client.clone(), claim: own.clone() },
            Actor::Consumer { client, consumer: own },
            Actor::Staff { staff: "stf_1".to_owned() },
            Actor::Person,
            Actor::Service,
            Actor::Operator,
        ] {
            assert_eq!(Actor::of_text(&actor.to_text()), Some(actor));
        }
        for text in ["", "somebody", "service:x", "client:acme", "operator:"] {
            assert_eq!(Actor::of_text(text), None, "{text}");
        }
    }
}
