//! Background work: every kind of it, by ids only.

use rand::RngCore;

use super::ids::JobId;
use super::named::named;
use super::time::Timestamp;

named! {
    /// Every kind of work. What it is about is named by the job's subject.
    Work {
        /// Tell the node about a user (subject: profile). Has a lane.
        AddUser = "add_user",
        /// Tell the node about the user's wallet (subject: profile). Has a lane.
        AddWallet = "add_wallet",
        /// Write an attribute (subject: attribute). Has a lane.
        AddAttribute = "add_attribute",
        /// Write a sealed credential (subject: issuance). Has a lane.
        WriteCredential = "write_credential",
        /// Upload the contents that a transaction has announced (subject: issuance).
        UploadContent = "upload_content",
        /// Mark a credential as revoked (subject: issuance). Has a lane.
        EditNotes = "edit_notes",
        /// Seal what has waited for the user's profile (subject: issuance).
        Seal = "seal",
        /// Tell a webhook endpoint about an event (subject: event, target: endpoint).
        SendWebhook = "send_webhook",
        /// Ask a vendor what became of a person (subject: verification, or a webhook of which none is known; target: source).
        FetchResult = "fetch_result",
        /// Bring on all that has stopped for one reason (subject: bulk resume).
        ResumeAll = "resume_all",
        /// Withdraw what holds no more: an approval was taken back, or a newer credential replaces it (subject: issuance).
        Withdraw = "withdraw",
        /// Remove the issuer's own copy of a credential that is being erased (subject: issuance). Has a lane.
        RescindCopy = "rescind_copy",
        /// Carry an erasure out (subject: its case).
        Erase = "erase",
        /// Send the link to their own page to a person who has asked for it (subject: visit).
        SendLink = "send_link",
    }
}

impl Work {
    /// Whether only the write key can do it for which it was made: notes are edited by the key that signed them.
    #[must_use]
    pub fn needs_its_key(self) -> bool {
        match self {
            // Only its grantee can remove a copy.
            Self::EditNotes | Self::RescindCopy => true,
            Self::AddUser
            | Self::AddWallet
            | Self::AddAttribute
            | Self::WriteCredential
            | Self::UploadContent
            | Self::Seal
            | Self::SendWebhook
            | Self::FetchResult
            | Self::ResumeAll
            | Self::Withdraw
            | Self::Erase
            | Self::SendLink => false,
        }
    }

    /// Whether what it brings about is a credential in its user's profile.
    #[must_use]
    pub fn writes_credential(self) -> bool {
        self == Self::WriteCredential
    }

    /// Whether some node may show us its effect, so that it is worth to look again for what is said to be there already. Attributes
    /// are shown to their users alone.
    #[must_use]
    pub fn may_be_seen(self) -> bool {
        match self {
            Self::AddAttribute => false,
            Self::AddUser
            | Self::AddWallet
            | Self::WriteCredential
            | Self::EditNotes
            | Self::UploadContent
            | Self::Seal
            | Self::SendWebhook
            | Self::FetchResult
            | Self::ResumeAll
            | Self::Withdraw
            | Self::RescindCopy
            | Self::Erase
            | Self::SendLink => true,
        }
    }
}

named! {
    /// Where a job stands. What is done is no job any more.
    JobState {
        /// To be done when it is due.
        Ready = "ready",
        /// Its transaction is recorded, and has been sent or is about to be.
        Sent = "sent",
        /// Given up, as only webhooks are: a person has to retry it. What else stops is a record, and its job is gone.
        Halted = "halted",
    }
}

/// One piece of background work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Our id.
    pub id: JobId,
    /// What to do.
    pub work: Work,
    /// What it is about: the id of an issuance, a profile, an attribute or an event.
    pub subject: String,
    /// For whom, where one subject makes several jobs: the name of a webhook endpoint. Else empty.
    pub target: String,
    /// What of the same target is done in the order in which it was made: the id of an issuance. Else empty.
    pub series: String,
    /// The write key whose lane it goes by: lower-case hex.
    pub lane: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// When it is next to be done.
    pub due_at: Timestamp,
    /// How often it has been tried.
    pub attempts: u32,
    /// The nonce of its transaction.
    pub nonce: Option<u64>,
    /// The hash of its transaction.
    pub tx_hash: Option<String>,
    /// When its transaction was recorded.
    pub sent_at: Option<Timestamp>,
    /// Why it is where it is: a code, or a phrase without values.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Job {
    /// Whether a transaction of it may have reached a node.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.lane.is_some() && self.attempts > 0
    }

    /// Work on `subject` that is to be done at once, and by no lane.
    #[must_use]
    pub fn new(work: Work, subject: &str, now: Timestamp, rng: &mut dyn RngCore) -> Self {
        Self {
            id: JobId::new(now, rng),
            work,
            subject: subject.to_owned(),
            target: String::new(),
            series: String::new(),
            lane: None,
            state: JobState::Ready,
            due_at: now,
            attempts: 0,
            nonce: None,
            tx_hash: None,
            sent_at: None,
            reason: None,
            created_at: now,
        }
    }
}

/// Work without a lane that is done by itself: slow or failing work in one queue keeps none in another from its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The kind of work.
    pub work: Work,
    /// For whom: the name of a webhook endpoint. Else empty.
    pub target: String,
}

impl Queue {
    /// The queue of a kind of work that has no target.
    #[must_use]
    pub fn of(work: Work) -> Self {
        Self { work, target: String::new() }
    }

    /// The name under which jobs are found, such as `send_webhook/cases`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.work, self.target)
    }
}
