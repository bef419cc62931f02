//! Visits of people to their own page: they see what is kept about them, take it with them, and have it changed or erased.
//!
//! Somebody comes in by the link of a mail to their address, or by a wallet of their idOS profile. By mail they see what has this address;
//! by a wallet what names their idOS user. Neither opens what the other would: who reads a mailbox is not known to be an idOS user, and
//! others may have their mail sent to the same address.
//!
//! Nothing is told apart by what is answered to whoever asks for a link: whether there is anything about an address is looked at in the
//! background, and only its mailbox hears of it.

mod ask;
mod change;
mod erase;
mod export;
mod open;
mod own;
mod records;

use idos_wallet::InvalidProof;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use ask::{ask, send};
pub use change::{end_safety_net, reminders, speak};
pub use erase::erase;
pub use export::{export, masked};
pub use open::{can_open, meet, open, sign};
pub use own::{Contact, OwnCase, OwnRecord, Until, Viewer, own};

use super::cases::CaseError;
use super::contact::ChangeError;
use super::kept::KeptError;
use super::staff::StaffError;
use crate::app::{App, NodeError};
use crate::model::ids::VisitId;
use crate::model::mail_link::LinkToken;
use crate::model::submitter::{Origin, Submitter};
use crate::model::visit::{Visit, Visitor};
use crate::store::StoreError;
use crate::vault::{self, Locked, VaultError};

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// What was to open a visit opens none: there is no such link, its time is over, or it was followed before.
    #[error("there is no such link, or it was followed before")]
    NoLink,
    /// The text that a wallet has signed is not what was offered, its time is over, or it was answered before.
    #[error(
        "the text is too old, or not the one for this wallet, or was answered before: have another text made to sign"
    )]
    StaleText,
    /// The wallet has not signed it.
    #[error("the signature is refused: {0}")]
    Signature(InvalidProof),
    /// The wallet belongs to no idOS profile.
    #[error("the wallet belongs to no idOS profile")]
    NoProfile,
    /// Too much was asked for from one address. The same may be tried after so many seconds.
    #[error("there were too many requests")]
    Pause(u64),
    /// It has changed meanwhile: to be looked at again.
    #[error("it has changed meanwhile")]
    Changed,
    /// More belongs to it than to one person.
    #[error("more records belong to it than to one person")]
    TooMany,
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StaffError> for VisitError {
    /// What counts guesses counts these, too.
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Pause(seconds) => Self::Pause(seconds),
            StaffError::Store(error) => Self::Store(error),
            _ => Self::Changed,
        }
    }
}

impl From<ChangeError> for VisitError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Vault(error) => Self::Vault(error),
            ChangeError::Store(error) => Self::Store(error),
            ChangeError::NotFound
            | ChangeError::Conflict(_)
            | ChangeError::NoContact
            | ChangeError::Unreadable => Self::Changed,
        }
    }
}

impl From<KeptError> for VisitError {
    fn from(error: KeptError) -> Self {
        match error {
            KeptError::Store(error) => Self::Store(error),
            _ => Self::Changed,
        }
    }
}

impl From<CaseError> for VisitError {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::TooMany => Self::TooMany,
            CaseError::Node(error) => Self::Node(error),
            CaseError::Store(error) => Self::Store(error),
            _ => Self::Changed,
        }
    }
}

/// Somebody in a visit that is open.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The visit.
    pub visit: Visit,
    /// Who it is.
    pub visitor: Visitor,
    /// What their browser has for it.
    pub token: LinkToken,
}

/// Who is in the visit of this token, if there is one that goes on.
pub async fn find(app: &App, token: LinkToken) -> Result<Option<Inside>, StoreError> {
    let visit = app.store.visit_of_cookie(&token.hash()).await?;
    let Some(visit) = visit.filter(|visit| visit.ends_at > app.clock.now()) else { return Ok(None) };
    Ok(visitor_of(app, &visit).map(|visitor| Inside { visit, visitor, token }))
}

/// Ends the visit. Doing it again changes nothing.
pub async fn leave(app: &App, me: &Inside) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.end_visit(&me.visit.id).await?;
    tx.commit().await?;
    app.store.forget_traces().await
}

/// Who visits; nobody, if it is not known yet, or no key of the vault opens it.
fn visitor_of(app: &App, visit: &Visit) -> Option<Visitor> {
    app.vault.unlock_record::<Visitor>(visit.id.as_str(), visit.locked.as_deref()?).ok()
}

fn lock(app: &App, id: &VisitId, visitor: &Visitor) -> Result<String, VaultError> {
    app.vault.lock_record(id.as_str(), visitor, &mut rand::rngs::OsRng)
}

/// A person, as whoever asks for something about a client's records.
fn person_of(client: &str) -> Submitter {
    Submitter { tenant: client.to_owned(), origin: Origin::Person }
}

/// Who visits, as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Address(String),
    User(String),
}

impl Locked for Visitor {
    const PLACE: &'static str = "visit";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        vault::to_json(&match self {
            Self::Address(email) => Kept::Address(email.expose().to_owned()),
            Self::User(user_id) => Kept::User(user_id.to_string()),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let kept: Kept = vault::from_json(bytes)?;
        match &kept {
            Kept::Address(text) => text.parse().map(Self::Address).map_err(|_| VaultError::Damaged),
            Kept::User(text) => Uuid::parse_str(text).map(Self::User).map_err(|_| VaultError::Damaged),
        }
    }
}
