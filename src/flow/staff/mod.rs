//! Staff: invited, let in, and let out again.
//!
//! Whoever comes in has shown a password and a one-time code. What is guessed is slowed down (`pace`) by account and by address, in the
//! database, so that it counts for all replicas together; nobody is locked out for good, and a browser that has come in before is counted
//! apart from all others, so that those who guess do not keep out whom they guess at. An account that there is not costs as much, and is
//! answered the same.

pub mod account;
mod codes;
pub mod device;
pub mod invitation;
pub mod manage;
pub(super) mod pace;
mod password;
pub mod proposals;
pub mod provider;
pub mod sample;
pub mod session;
pub mod sign_in;
mod start;

pub use session::SignedIn;

use crate::model::staff::WeakPassword;
use crate::oidc::OidcError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// Name, password or code are not right; which is not said.
    #[error("that is not right")]
    Wrong,
    /// There were too many attempts. The same may be tried after so many seconds.
    #[error("there were too many attempts")]
    Pause(u64),
    /// Too many passwords are being looked at at the moment.
    #[error("too many sign in at the moment")]
    Busy,
    /// A password that is not taken.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// There is no such invitation, or it was followed.
    #[error("there is no such invitation")]
    NoInvitation,
    /// Its time is over.
    #[error("the invitation has expired")]
    InvitationExpired,
    /// A name that is none.
    #[error("the name must have 1 to 64 of a-z, 0-9, . _ -")]
    Name,
    /// The name is somebody's.
    #[error("there is somebody of this name already")]
    Taken,
    /// There is nobody of this id or name, or no such session.
    #[error("there is nobody of this name")]
    NotFound,
    /// Nobody does this to themselves: there would be nobody left to undo it.
    #[error("this is not done to oneself")]
    Oneself,
    /// A code is asked for again before this is done.
    #[error("a one-time code is asked for again")]
    StepUp,
    /// The OpenID provider, or what it says.
    #[error(transparent)]
    Provider(#[from] OidcError),
    /// What is locked here cannot be unlocked.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
