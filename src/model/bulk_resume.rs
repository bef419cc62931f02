//! What has stopped for one reason, brought on in bulk by the background work.

use super::ids::BulkResumeId;
use super::issuance::{HaltCode, Stopped};
use super::named::named;
use super::time::Timestamp;

/// As many records are counted as there may be, and no more: what is at this number may be more.
pub const MOST_COUNTED: u32 = 1000;

named! {
    /// Where it stands.
    BulkState {
        /// Records are brought on, one after the other.
        Running = "running",
        /// All were tried.
        Done = "done",
        /// Somebody has ended it before that.
        Stopped = "stopped",
    }
}

/// A reason for which something of a client's has stopped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Whose it is.
    pub client: String,
    /// What has stopped.
    pub what: Stopped,
    /// Why.
    pub code: HaltCode,
}

/// How much has stopped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The reason.
    pub reason: Reason,
    /// How many records; no more than one more than [`MOST_COUNTED`] are counted.
    pub count: u32,
    /// Since when the first of them has been so.
    pub oldest: Timestamp,
}

/// What is brought on in bulk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkResume {
    /// Our id.
    pub id: BulkResumeId,
    /// What is brought on.
    pub reason: Reason,
    /// Where it stands.
    pub state: BulkState,
    /// By whose word, as the audit chain has it.
    pub actor: String,
    /// How many there were at the beginning; no more than one more than [`MOST_COUNTED`] are counted.
    pub total: u32,
    /// How many go on.
    pub resumed: u32,
    /// How many do not. Each says by itself why.
    pub remaining: u32,
    /// Behind which it goes on: since when the last one had stopped, and its id.
    pub place: (i64, String),
    /// When it was asked for. What stops later is not brought on by it.
    pub created_at: Timestamp,
    /// When it last got on.
    pub updated_at: Timestamp,
}
