//! What a webhook says: that something happened. What happened is asked for.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::account::Environment;
use crate::case::Case;
use crate::date::Moment;

/// What happened to a case. Webhooks arrive late, twice and in any order, so none of them is a result: whoever hears of
/// an approval asks for it ([`crate::Inquiry`]), and hears then what holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It goes on; there is nothing to ask for.
    Progress,
    /// Something that may have changed the result: ask for it.
    Changed,
    /// Approved: ask for it.
    Approved,
    /// Declined.
    Declined,
    /// The user may try again.
    Retry,
    /// A person looks at it.
    Review,
    /// The result holds no more, and the case begins anew.
    Reset,
    /// The vendor has deleted or redacted what it knew.
    Deleted,
    /// The case was taken back.
    Withdrawn,
    /// The user did not finish in time, or the result has come to its end.
    Expired,
    /// Of a kind that this crate does not know, or that has nothing to do with results. It is acknowledged.
    Unknown,
}

impl Event {
    /// `progress`, `changed` and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Changed => "changed",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Retry => "retry",
            Self::Review => "review",
            Self::Reset => "reset",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// Whether there may be a result to ask for.
    #[must_use]
    pub fn is_worth_asking(self) -> bool {
        matches!(self, Self::Changed | Self::Approved)
    }
}

/// A webhook, read.
#[derive(Clone, Debug)]
pub struct Notice {
    /// What happened.
    pub event: Event,
    /// To which case. None only where the event is unknown.
    pub case: Option<Case>,
    /// What a repetition has again: the vendor's id of the event, or a hash of the body at vendors without one.
    pub delivery: DeliveryId,
    /// When it happened, where the vendor says so: of two events, the later one holds.
    pub happened_at: Option<Moment>,
    /// Where the vendor says so.
    pub environment: Option<Environment>,
}

impl Notice {
    /// Whether this one holds against another one about the same case that arrived before it. What was deleted stays so.
    /// Otherwise the later one holds, by the vendor's times where it tells them, else by arrival.
    #[must_use]
    pub fn holds_against(&self, earlier: &Self) -> bool {
        match (self.event, earlier.event) {
            (_, Event::Unknown) | (Event::Deleted, _) => true,
            (Event::Unknown, _) | (_, Event::Deleted) => false,
            _ => match (self.happened_at, earlier.happened_at) {
                (Some(this), Some(other)) => this >= other,
                _ => true,
            },
        }
    }
}

/// What tells a repetition from something new. Keep it with the vendor's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// At most 150 visible characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The vendor's own id; one that is no id is hashed.
    pub(crate) fn of_event(id: Option<&str>, body: &[u8]) -> Self {
        match id {
            Some(id) if (1..=128).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_graphic()) => {
                Self(format!("id:{id}"))
            }
            Some(id) => Self(format!("idhash:{}", hex::encode(Sha256::digest(id.as_bytes())))),
            None => Self(format!("body:{}", hex::encode(Sha256::digest(body)))),
        }
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an adapter reads of a webhook.
pub(crate) struct Told {
    pub(crate) event: Event,
    pub(crate) case: Option<Case>,
    pub(crate) id: Option<String>,
    pub(crate) happened_at: Option<Moment>,
    pub(crate) environment: Option<Environment>,
}

impl Told {
    /// Of a kind that is not known: nothing of it is read.
    pub(crate) fn unknown() -> Self {
        Self { event: Event::Unknown, case: None, id: None, happened_at: None, environment: None }
    }

    /// About a case.
    pub(crate) fn of(event: Event, case: Case) -> Self {
        Self { event, case: Some(case), id: None, happened_at: None, environment: None }
    }
}
