//! A visit of a person to their own page: opened by the link of a mail or by a wallet, and over after a while.

use uuid::Uuid;

use super::ids::VisitId;
use super::named::named;
use super::personal::Email;
use super::time::Timestamp;

named! {
    /// By what it is known who somebody is.
    Way {
        /// By the link of a mail to their address.
        Mail = "mail",
        /// By a wallet of their idOS profile.
        Wallet = "wallet",
    }
}

/// Who visits.
#[derive(Clone, Debug)]
pub enum Visitor {
    /// Whoever reads the mail that goes to this address. They see what has this address, and no more: others may have the same idOS user
    /// known by another one.
    Address(Email),
    /// The idOS user whose wallet has signed. They see what names this user.
    User(Uuid),
}

/// A visit, as it is kept. What is not open yet waits for its link to be followed, or for a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Our id. It opens nothing.
    pub id: VisitId,
    /// By what it is known who it is.
    pub way: Way,
    /// Who it is, locked for this visit; `None` as long as no wallet has signed.
    pub locked: Option<String>,
    /// SHA-256 of the token in the link of its mail, in lower-case hex, until that is followed.
    pub link_hash: Option<String>,
    /// SHA-256 of the token in the browser's cookie; `None` as long as it is not open.
    pub hash: Option<String>,
    /// When it is over, or what opens it is no longer good.
    pub ends_at: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
}
