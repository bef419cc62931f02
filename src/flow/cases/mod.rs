//! Requests to erase what is kept about a person, as cases: opened for all records of one person, decided by staff once it is known that
//! whoever asks is the person, and carried out when nothing stands against it (docs/erasure.md).
//!
//! A case names nobody: by what a person was looked for is not kept, and what was found are ids of records.

mod decide;
mod find;
mod identity;
mod look;
mod mail;
mod open;
mod staff;
mod step;
mod sweep;

pub use decide::{Choice, approve, decide, extend, extended_until, refuse, withdraw};
pub use find::Whose;
pub use identity::{Answer, offer, recognise, sign, vouch};
pub use look::{Candidate, Shown, look, show};
pub use mail::{can_confirm, confirm, send};
pub use open::{NewCase, open};
pub use staff::{Outlook, Progress, Story, of_client, on_behalf, outlook, story, takes_two, time_left};
pub(super) use sweep::{end_holds, tell_of_due};

use idos_wallet::InvalidProof;

use super::idempotency::ReplayError;
use crate::app::{App, NodeError};
use crate::model::case::{MOST_RECORDS, NoCaseMove, Rules};
use crate::store::StoreError;

/// What is wanted of every case. That it takes two people is one rule with two settings: `erasure.second_approver` for cases alone, and
/// `console.four_eyes` for whatever cannot be undone.
fn rules(app: &App) -> Rules {
    Rules { second_approver: app.erasure.second_approver || app.console.four_eyes }
}

/// Why something is not done about a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The caller has no such case.
    #[error("there is no such case")]
    NotFound,
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// It stands elsewhere.
    #[error(transparent)]
    Move(#[from] NoCaseMove),
    /// It looks otherwise than when somebody made up their mind.
    #[error("the case has changed meanwhile")]
    Changed,
    /// So much belongs to no single person.
    #[error("more than {MOST_RECORDS} records belong to it: have the case opened for one idOS user")]
    TooMany,
    /// The receipt of the request lies in the future, or too far back.
    #[error("must not be in the future, nor more than a year ago")]
    ReceivedAt,
    /// The deployment wants the person to show it themselves.
    #[error("the person has to show it: erasure.identity is not by_client")]
    NotVouched,
    /// The records were found under several people.
    #[error("the records belong to several people: say whose are meant")]
    Choose,
    /// Something was chosen that is not there to be chosen; this member has it.
    #[error("{0} names something that is none of the case's candidates")]
    NotACandidate(&'static str),
    /// It was extended before.
    #[error("the case has been extended already, and is extended once")]
    Extended,
    /// It cannot be extended any more.
    #[error("the first month is over, in which a case can be extended")]
    TooLate,
    /// Whoever has decided does not approve.
    #[error("whoever has decided cannot approve as well")]
    SameDecider,
    /// Grounds that are a provision of law need it.
    #[error("basis is required with these grounds")]
    NoBasis,
    /// The wallet is somebody else's.
    #[error("{0}")]
    WrongWallet(&'static str),
    /// What was signed is not what was offered.
    #[error("the text is too old, or not that of this case and this wallet: have another text made to sign")]
    StaleText,
    /// The wallet has not signed it.
    #[error("the signature is refused: {0}")]
    Signature(InvalidProof),
    /// No mail can be sent from here.
    #[error("no mail can be sent: it takes [mail] and http.public_url")]
    NoMail,
    /// None of its records has an address.
    #[error("none of the case's records has an address to write to")]
    NoAddress,
    /// Its records have several addresses, so that none is known to be the person's.
    #[error("the case's records have several addresses")]
    SeveralAddresses,
    /// A mail was sent a moment ago.
    #[error("a mail was sent less than five minutes ago")]
    TooSoon,
    /// The mail server has not taken it.
    #[error("the mail server has not taken the mail")]
    MailRefused,
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReplayError> for CaseError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused => Self::KeyReused,
            ReplayError::Store(error) => Self::Store(error),
        }
    }
}
