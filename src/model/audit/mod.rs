//! Who did what: entries that hang together by their hashes, and the issuer's signature that they were so.
//!
//! Whoever can write into the database can also compute hashes, and so write the whole chain anew, or cut off its end. What
//! stands against that is signed: [`Checkpoint`]. What stands against cutting off checkpoints, too, is one of them that is
//! kept elsewhere: an anchor. [`Judge`] holds a chain against all of them.

mod checkpoint;
mod judge;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::named::named;
use crate::model::time::Timestamp;

pub use checkpoint::{Checkpoint, CheckpointFault, Signature, SignedBy};
pub use judge::{Answer, Fault, Judge, Verdict, Witness};

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
        /// All but the record was forgotten on request.
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
        /// A consumer of the relay was registered.
        ConsumerAdded = "consumer_added",
        /// A consumer of the relay was struck off.
        ConsumerRemoved = "consumer_removed",
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
            Self::Service => "service".to_owned(),
            Self::Operator => "operator".to_owned(),
        }
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
    /// A transaction's or content's hash, a code, a count. Nothing about a person.
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

/// An entry in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainedEntry {
    /// Its place, from 1 on, without gaps.
    pub seq: i64,
    /// When: milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// What.
    pub act: String,
    /// To what.
    pub subject: String,
    /// More.
    pub detail: String,
    /// The hash of the entry before; empty for the first.
    pub previous: String,
    /// The hash of this entry.
    pub hash: String,
}

#[derive(Serialize)]
struct Hashed<'a>(i64, i64, &'a str, &'a str, &'a str, &'a str, &'a str);

/// The hash of an entry in its place: SHA-256, in lower-case hex, of the JSON array of place, time, actor, act, subject,
/// detail and the previous hash. Anybody can compute it; what only the issuer can is a [`Checkpoint`].
#[must_use]
pub fn hash(entry: &ChainedEntry) -> String {
    let ChainedEntry { seq, at, actor, act, subject, detail, previous, hash: _ } = entry;
    let json =
        serde_json::to_vec(&Hashed(*seq, *at, actor, act, subject, detail, previous)).unwrap_or_default();
    hex::encode(Sha256::digest(json))
}

/// A place in the chain, from which it is followed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The last entry so far; 0 before the first.
    pub seq: i64,
    /// Its hash; empty before the first.
    pub hash: String,
}

impl Link {
    /// Goes on to `entry`, if it is the next one. The place where it is not is the error.
    pub fn follow(&mut self, entry: &ChainedEntry) -> Result<(), i64> {
        let next = self.seq.saturating_add(1);
        if entry.seq != next || entry.previous != self.hash || hash(entry) != entry.hash {
            return Err(next);
        }
        self.seq = next;
        self.hash.clone_from(&entry.hash);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_every_entry_is_in_its_hash() {
        let mut first = ChainedEntry {
            seq: 1,
            at: 2,
            actor: "client:acme:key_1".to_owned(),
            act: "received".to_owned(),
            subject: "iss_1".to_owned(),
            detail: String::new(),
            previous: String::new(),
            hash: String::new(),
        };
        first.hash = hash(&first);
        assert_eq!(Link::default().follow(&first), Ok(()));
        let changes: [fn(&mut ChainedEntry); 8] = [
            |entry| entry.seq = 2,
            |entry| entry.at = 3,
            |entry| entry.actor = "service".to_owned(),
            |entry| entry.act = "sealed".to_owned(),
            |entry| entry.subject.push('1'),
            |entry| entry.detail.push('x'),
            |entry| entry.previous.push('0'),
            |entry| entry.hash.push('0'),
        ];
        for (place, change) in changes.iter().enumerate() {
            let mut entry = first.clone();
            change(&mut entry);
            assert_eq!(Link::default().follow(&entry), Err(1), "change {place}");
        }
        // What moves from one column into the next.
        let moved =
            ChainedEntry { actor: "client:acme:key_1r".to_owned(), act: "eceived".to_owned(), ..first };
        assert_eq!(Link::default().follow(&moved), Err(1));
    }
}
