//! An issuance: a provider's result on its way to a credential in the user's profile.

use std::fmt;
use std::str::FromStr;

pub use idos_credential::Kind;
use uuid::Uuid;

use super::files::FileSizes;
use super::ids::IssuanceId;
pub use super::named::UnknownName;
use super::named::named;
use super::safety_net::Kept;
use super::time::Timestamp;
use super::validity::ValidBy;

named! {
    /// Where an issuance stands. "Expired" is none of these: it is `valid_until` compared with the clock.
    State {
        /// The user has no profile yet. The evidence is kept, locked, or the sealed credential is.
        AwaitingProfile = "awaiting_profile",
        /// Sealed; the user's write grant has not come yet.
        AwaitingGrant = "awaiting_grant",
        /// Sealed, and on its way to the node.
        Queued = "queued",
        /// Announced in the user's profile; its content is on its way to the blob gateway, where the network keeps contents.
        Uploading = "uploading",
        /// In the user's profile. Nothing of the content is left here.
        Issued = "issued",
        /// Stopped: a person has to do something and resume it.
        Halted = "halted",
        /// In the user's profile, and about to be marked as revoked.
        Revoking = "revoking",
        /// Marked as revoked in the user's profile.
        Revoked = "revoked",
        /// Over, without a credential: nobody brought what was missing in time. The content is gone.
        Failed = "failed",
        /// Forgotten on request. Only ids and times are left.
        Erased = "erased",
    }
}

named! {
    /// On whose authority the credential is written.
    Delivery {
        /// The issuer's own, as a permissioned inserter. There is no copy.
        Inserter = "inserter",
        /// The user's, by a delegated write grant. The grantee gets a copy.
        WriteGrant = "write_grant",
    }
}

impl Delivery {
    /// Whether a write grant must be there before anything is written.
    #[must_use]
    pub fn needs_grant(self) -> bool {
        match self {
            Self::Inserter => false,
            Self::WriteGrant => true,
        }
    }

    /// Whether a copy is written with the credential, for the grantee.
    #[must_use]
    pub fn has_copy(self) -> bool {
        self.needs_grant()
    }
}

named! {
    /// Why an issuance, a revocation, or the creation of a profile has stopped. `docs/operating.md` has a table of what
    /// causes each, whether it could have been refused at once, and what cures it.
    HaltCode {
        /// The write grant has run out.
        GrantExpired = "grant_expired",
        /// The node does not accept the grant's signature, or its times.
        GrantRefused = "grant_refused",
        /// The grant was used for something else.
        GrantUsed = "grant_used",
        /// The grant is there, and cannot be unlocked any more.
        GrantUnreadable = "grant_unreadable",
        /// The user's wallet of the grant belongs to no profile.
        OwnerUnknown = "owner_unknown",
        /// The user's profile is not there (any more).
        UserUnknown = "user_unknown",
        /// The user exists with another encryption key than was announced.
        OtherKey = "other_key",
        /// Nothing can be sealed for the encryption key that the user has.
        KeyUnusable = "key_unusable",
        /// The wallet belongs to another profile already.
        WalletTaken = "wallet_taken",
        /// The node does not accept the wallet's proof.
        WalletRefused = "wallet_refused",
        /// The network takes no credential from an inserter any more.
        WriteGrantNeeded = "write_grant_needed",
        /// The blob gateway does not take the content, or does not show it.
        UploadRefused = "upload_refused",
        /// One of our keys may not write: the network's owner has to make it a delegate of an inserter.
        NotAnInserter = "not_an_inserter",
        /// The key that sealed it is not in the configuration any more.
        KeyMissing = "key_missing",
        /// What is locked, or sealed, is there and cannot be read any more.
        Unreadable = "unreadable",
        /// The content is not there any more.
        ContentGone = "content_gone",
        /// Refused by the node for a reason that has no code of its own.
        Refused = "refused",
        /// Tried as often as is allowed.
        TooManyAttempts = "too_many_attempts",
        /// What was to be revoked is still not marked as revoked.
        NotRevoked = "not_revoked",
        /// It may have been delivered: the node could not be asked before its content had to go.
        OutcomeUnknown = "outcome_unknown",
    }
}

named! {
    /// What has stopped: with the code, that decides what can be done about it.
    Stopped {
        /// An issuance that waits to be resumed.
        Issuance = "issuance",
        /// The revocation of a credential, which is as valid as before.
        Revocation = "revocation",
        /// The creation of a profile that waits to be resumed.
        Profile = "profile",
        /// The addition of a wallet that waits to be resumed.
        Wallet = "wallet",
        /// The writing of an attribute that waits to be resumed.
        Attribute = "attribute",
        /// Any of these but a revocation, when its time was over: what was kept of it is gone.
        Over = "over",
    }
}

impl HaltCode {
    /// Whether another write grant of the user's may bring on what has stopped so.
    #[must_use]
    pub fn is_of_the_grant(self) -> bool {
        matches!(
            self,
            Self::GrantExpired
                | Self::GrantRefused
                | Self::GrantUsed
                | Self::GrantUnreadable
                | Self::OwnerUnknown
        )
    }

    /// What a person can do about it, where this has stopped: never what would meet the same refusal again.
    #[must_use]
    pub fn cure(self, what: Stopped) -> &'static str {
        match (what, self) {
            (Stopped::Over, Self::NotAnInserter) => {
                "have the network's owner make every write key a delegate of one inserter, then ask for it again, with \
                 a new Idempotency-Key"
            }
            (Stopped::Over, Self::OutcomeUnknown) => {
                "see whether the user has the credential; if not, ask for it again, with a new Idempotency-Key"
            }
            (Stopped::Over, _) => "ask for it again, with a new Idempotency-Key: what was kept of it is gone",
            (Stopped::Revocation, Self::KeyMissing) => {
                "put the write key that sealed the credential back into the configuration, and revoke again"
            }
            (Stopped::Revocation, Self::NotAnInserter) => {
                "have the network's owner make every write key a delegate of one inserter, and revoke again"
            }
            (Stopped::Revocation, Self::NotRevoked) => {
                "revoke again; if that does not help, ask the node's operator"
            }
            (Stopped::Revocation, _) => {
                "see the node's words in the service's log, and to their cause; then revoke again"
            }

            (Stopped::Profile | Stopped::Wallet, Self::WalletTaken) => {
                "ask for it again, with another wallet of the user and a new Idempotency-Key: this one belongs to a \
                 profile, and if that is the user's own, nothing is left to do"
            }
            (Stopped::Profile | Stopped::Wallet, Self::WalletRefused) => {
                "have the user sign again, with this or another wallet, and ask for it again with a new Idempotency-Key"
            }
            (Stopped::Profile, Self::OtherKey) => {
                "ask for it again, with the encryption key that this user has or with another userId, and a new \
                 Idempotency-Key"
            }
            (Stopped::Profile | Stopped::Wallet | Stopped::Attribute, Self::Unreadable) => {
                "put the missing vault key back, and resume; if it is lost, ask for it again with a new Idempotency-Key"
            }
            (Stopped::Profile, Self::UserUnknown) => "resume: the user is then created once more",
            (Stopped::Wallet, Self::UserUnknown) => "have the user's profile created, and resume",
            (Stopped::Profile | Stopped::Wallet | Stopped::Attribute, Self::ContentGone) => {
                "ask for it again, with a new Idempotency-Key"
            }

            (Stopped::Attribute, Self::UserUnknown) => {
                "have the user's profile created, and ask for it again with a new Idempotency-Key: what was encrypted is for \
                 the key that the user had"
            }

            (_, Self::GrantExpired | Self::GrantRefused | Self::GrantUsed) => {
                "have the user sign a new write grant, and resume with it"
            }
            (_, Self::GrantUnreadable) => {
                "put the missing vault key back, and resume; or have the user sign a new write grant, and resume with it"
            }
            (_, Self::OwnerUnknown) => {
                "add the wallet that signed the grant to the user's profile, and resume; or resume with a write grant \
                 that a wallet of the profile has signed"
            }
            (_, Self::UserUnknown) => {
                "have the user's profile created with the encryption key that it had, and resume"
            }
            (_, Self::OtherKey) => {
                "submit again, with a new Idempotency-Key: the encryption key that the user has is then used"
            }
            (_, Self::WriteGrantNeeded) => {
                "submit again with a write grant of the user, and a new Idempotency-Key: the network takes nothing from \
                 inserters any more"
            }
            (_, Self::UploadRefused) => {
                "see the blob gateway's words in the service's log, and to their cause; then resume"
            }
            (_, Self::KeyUnusable) => "have the user's encryption key replaced on the network, and resume",
            (_, Self::Unreadable) => {
                "put the missing vault key back, and resume; if it is lost, submit again with a new Idempotency-Key"
            }
            (_, Self::ContentGone | Self::OutcomeUnknown) => "submit again, with a new Idempotency-Key",
            (_, Self::NotAnInserter) => {
                "have the network's owner make every write key a delegate of one inserter, and resume"
            }
            (_, Self::TooManyAttempts) => "see to the cause, which is in the service's log, and resume",
            (
                _,
                Self::Refused | Self::KeyMissing | Self::WalletTaken | Self::WalletRefused | Self::NotRevoked,
            ) => "see the node's words in the service's log, and to their cause; then resume",
        }
    }
}

named! {
    /// How it is known that a credential is marked as revoked.
    Confirmation {
        /// The notes were read back through a copy.
        ReadBack = "read_back",
        /// The transaction is in a block; there is no copy that we can read.
        Transaction = "transaction",
    }
}

/// The ids of a credential on the network, chosen at intake, so that trying again makes no second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The row that the user owns.
    pub original: Uuid,
    /// The copy's row.
    pub copy: Uuid,
    /// The public notes, by which the issuer edits them later.
    pub notes: Uuid,
}

/// A transaction that has been in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its hash, 64 hex digits.
    pub hash: String,
    /// The block. `None` if only the result was seen, e.g. by the credential's id.
    pub height: Option<u64>,
}

/// The record of an issuance: all that remains after delivery, besides the contact. Nothing in it is readable about
/// a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// Our id.
    pub id: IssuanceId,
    /// The client that submitted it; nobody else sees it.
    pub client: String,
    /// What the credential is about.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// On whose authority it is written.
    pub delivery: Delivery,
    /// The user's idOS id.
    pub user_id: Uuid,
    /// The credential's ids.
    pub ids: Ids,
    /// The level that the evidence supports, such as `plus+liveness`.
    pub level: String,
    /// The provider's reference.
    pub reference: Option<String>,
    /// The write key that seals and sends: lower-case hex.
    pub write_key: String,
    /// Who gets the copy, as its `@caller`; `None` without a copy.
    pub grantee: Option<String>,
    /// The user's encryption key that it is sealed for: base64.
    pub recipient_key: Option<String>,
    /// The public notes as they were first written: JSON.
    pub public_notes: Option<String>,
    /// SHA-256 of the unsealed credential: lower-case hex.
    pub content_hash: Option<String>,
    /// When the credential ends.
    pub valid_until: Option<Timestamp>,
    /// What ends it then.
    pub valid_by: Option<ValidBy>,
    /// Until when what is missing must have come.
    pub waits_until: Option<Timestamp>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was sealed.
    pub sealed_at: Option<Timestamp>,
    /// When it was found in a block.
    pub issued_at: Option<Timestamp>,
    /// The transaction that wrote it.
    pub transaction: Option<Transaction>,
    /// Whether a transaction that writes it may have reached a node, before its work was made anew.
    pub was_sent: bool,
    /// When it was found in a block that announces a content which is then uploaded.
    pub announced_at: Option<Timestamp>,
    /// Why it has stopped, its revocation has, or why it is over.
    pub halt: Option<HaltCode>,
    /// When revocation was asked for.
    pub revoke_requested_at: Option<Timestamp>,
    /// When it was found revoked.
    pub revoked_at: Option<Timestamp>,
    /// How that is known.
    pub confirmed_by: Option<Confirmation>,
    /// Whether there is a contact.
    pub has_contact: bool,
    /// What became of its files, where they were made to fit.
    pub files: Vec<FileSizes>,
    /// The issuance whose credential this one takes the place of.
    pub renews: Option<IssuanceId>,
    /// The issuance that has taken the place of this one.
    pub superseded_by: Option<IssuanceId>,
    /// What is kept of its content after delivery.
    pub kept: Option<Kept>,
}

impl Issuance {
    /// What the code in `halt` is about.
    #[must_use]
    pub fn stopped(&self) -> Stopped {
        match self.state {
            State::Issued | State::Revoking | State::Revoked => Stopped::Revocation,
            State::Failed | State::Erased => Stopped::Over,
            _ => Stopped::Issuance,
        }
    }
}

impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hash)
    }
}

/// The provider's own name for a case. Letters, digits and `._:-`, at most 128: it is stored and shown as it is, so
/// that an e-mail address does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for Reference {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let fits = (1..=128).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
        if fits && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err("must have 1 to 128 letters, digits or any of ._:- (it is stored readable; no personal data)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        for code in HaltCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
        assert_eq!("Issued".parse::<State>(), Err(UnknownName));
    }

    #[test]
    fn what_is_over_or_would_be_refused_again_is_not_to_be_resumed() {
        for code in HaltCode::ALL {
            assert!(!code.cure(Stopped::Over).contains("resume"), "{code}");
            assert!(!code.cure(Stopped::Revocation).contains("resume"), "{code}");
        }
        for (code, what) in [
            (HaltCode::OtherKey, Stopped::Issuance),
            (HaltCode::ContentGone, Stopped::Issuance),
            (HaltCode::OtherKey, Stopped::Profile),
            (HaltCode::WalletTaken, Stopped::Profile),
            (HaltCode::WalletTaken, Stopped::Wallet),
            (HaltCode::WalletRefused, Stopped::Profile),
            (HaltCode::WalletRefused, Stopped::Wallet),
            (HaltCode::ContentGone, Stopped::Wallet),
            (HaltCode::ContentGone, Stopped::Attribute),
            (HaltCode::UserUnknown, Stopped::Attribute),
        ] {
            assert!(!code.cure(what).contains("resume"), "{code} of a {what}");
        }
    }

    #[test]
    fn the_manual_has_a_row_for_each_code() {
        let manual =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating.md")).unwrap();
        let table = manual.split("### Halt codes").nth(1).unwrap();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let codes: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
        let known: Vec<_> = HaltCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes, known);
        for row in rows {
            // Code, what stops so, cause, whether the door could have seen it, and the cure.
            assert_eq!(row.len(), 5, "{row:?}");
            assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
            for what in row[1].split(", ") {
                assert!(what.parse::<Stopped>().is_ok_and(|what| what != Stopped::Over), "{row:?}");
            }
        }
    }

    #[test]
    fn a_reference_is_no_address() {
        assert!("case-2026.11:7_A".parse::<Reference>().is_ok());
        for text in ["", "a@b.example", "Jürgen", "a b", &"x".repeat(129)] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
