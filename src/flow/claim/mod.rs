//! Claims: a link leads one person to a page where they show by a wallet who they are, or have a profile made, and sign the write
//! grant. What they do there is done here, for the client that made the link.
//!
//! Looking changes nothing, since programs look at links. All that a browser says is checked as if anybody had said it: whoever has the
//! link may be somebody else than the person it was made for, and what a wallet has signed says who holds that wallet.

mod erase;
mod grant;
mod login;
mod make;
mod overdue;
mod page;
mod person;

use idos_credential::{Invalid, Problem};
use idos_wallet::InvalidProof;

pub use erase::erase;
pub use grant::{offer, sign};
pub(super) use make::make_by;
pub use make::{Made, make};
pub(super) use overdue::end_overdue;
pub use page::{Look, follow, look};
pub(super) use person::owner_indexes;
pub use person::{Next, create_profile, meet, sign_in};

use super::resume::ResumeError;
use super::wallet::RequestError;
use crate::app::NodeError;
use crate::model::claim::Claim;
use crate::model::submitter::{Origin, Submitter};
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why something is not done for a claim.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// There is none, or it is another client's, or was erased.
    #[error("there is no such claim")]
    Unknown,
    /// Its link's time is over.
    #[error("the link has expired")]
    Expired,
    /// It stands elsewhere, or nothing can be done about it yet.
    #[error("{0}")]
    Conflict(&'static str),
    /// The wallet is not the one that it has to be.
    #[error("{0}")]
    WrongWallet(&'static str),
    /// A field.
    #[error("it is refused: {0}")]
    Invalid(#[from] Invalid),
    /// A signature is none of the wallet over what it was to sign.
    #[error("the signature is refused: {0}")]
    Signature(InvalidProof),
    /// It is not known where people reach the service.
    #[error("http.public_url is not set, so that there is no page to lead to")]
    NoPage,
    /// The profile is not created.
    #[error(transparent)]
    Profile(#[from] RequestError),
    /// The issuance does not go on.
    #[error(transparent)]
    Resume(#[from] ResumeError),
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

impl From<idos_client::Error> for ClaimError {
    fn from(error: idos_client::Error) -> Self {
        Self::Node(error.into())
    }
}

fn invalid(field: &str, problem: &'static str) -> ClaimError {
    ClaimError::Invalid(Problem::new(field, problem).into())
}

/// On whose behalf the person acts.
fn submitter(claim: &Claim) -> Submitter {
    Submitter { tenant: claim.client.clone(), origin: Origin::Claim(claim.id.clone()) }
}
