//! Requests to erase what is kept about a person, as cases: who may bring one on, and until when it is to be answered.
//!
//! A case names nobody. What it is about are the ids of records, in a table of their own, until it is over.

mod deadline;
mod deeds;
mod hold;
mod moves;

pub use deadline::{Clocks, Due, EXTENDED_MONTHS, MONTHS, Urgency};
pub use deeds::{CaseDeed, NotSeen, Seen, Setup};
pub use hold::{Hold, HoldStart, Term};
pub use moves::{NoCaseMove, Rules, Step};

use std::str::FromStr;

use uuid::Uuid;

use super::disclosure::{self, Disclosed};
use super::ids::{
    AttributeId, CaseId, ClaimId, IssuanceId, ProfileId, VerificationId, WalletId, WalletLinkId,
};
use super::named::named;
use super::time::Timestamp;

/// The most records that one case is about. What belongs to one person is a handful; more is a reference that stands for many people.
pub const MOST_RECORDS: usize = 1000;

named! {
    /// Where a case stands.
    CaseState {
        /// Whoever asks has not shown to be the person.
        AwaitingIdentity = "awaiting_identity",
        /// Somebody has to decide.
        AwaitingDecision = "awaiting_decision",
        /// It is decided, and somebody else has to approve.
        AwaitingApproval = "awaiting_approval",
        /// It is decided, and the law wants the records kept until a day.
        Held = "held",
        /// What is kept is being erased.
        CarryingOut = "carrying_out",
        /// Nothing is left but that there was a case.
        Done = "done",
        /// It was refused, with grounds.
        Refused = "refused",
        /// Whoever has asked does not want it any more.
        Withdrawn = "withdrawn",
    }
}

named! {
    /// Who has asked.
    CaseOrigin {
        /// Staff, at the console or on the command line.
        Staff = "staff",
        /// A client, over the API.
        Api = "api",
        /// The person.
        Person = "person",
    }
}

named! {
    /// By what it is known that whoever asks is the person.
    Identity {
        /// The client has checked it, and vouches for it.
        Client = "client",
        /// A wallet of the person's idOS profile has signed.
        Wallet = "wallet",
        /// The link of a mail to the recorded address was followed, and confirmed.
        Mail = "mail",
    }
}

named! {
    /// Why a case takes longer (GDPR, Art. 12(3)).
    ExtensionReason {
        /// It is complex.
        Complexity = "complexity",
        /// There are many requests.
        NumberOfRequests = "number_of_requests",
    }
}

named! {
    /// Why a case is refused.
    Grounds {
        /// Manifestly unfounded (GDPR, Art. 12(5)).
        ManifestlyUnfounded = "manifestly_unfounded",
        /// Excessive, such as by being repeated (GDPR, Art. 12(5)).
        Excessive = "excessive",
        /// The law wants it kept (GDPR, Art. 17(3)(b)).
        LegalObligation = "legal_obligation",
        /// It is needed for legal claims (GDPR, Art. 17(3)(e)).
        LegalClaims = "legal_claims",
        /// Whoever asks has not shown to be the person (GDPR, Art. 12(2) and (6)).
        NotIdentified = "not_identified",
        /// Another provision, which is named.
        Other = "other",
    }
}

named! {
    /// What a record of a case is.
    RecordKind {
        /// An issuance.
        Issuance = "issuance",
        /// A verification.
        Verification = "verification",
        /// A claim.
        Claim = "claim",
        /// The record of a profile.
        Profile = "profile",
        /// The record of an added wallet.
        Wallet = "wallet",
        /// The record of an attribute.
        Attribute = "attribute",
        /// A link of a wallet.
        WalletLink = "wallet_link",
    }
}

impl RecordKind {
    /// The kind of the record that this is an id of.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        fn is<T: FromStr>(id: &str) -> bool {
            id.parse::<T>().is_ok()
        }
        [
            (is::<IssuanceId>(id), Self::Issuance),
            (is::<VerificationId>(id), Self::Verification),
            (is::<ClaimId>(id), Self::Claim),
            (is::<ProfileId>(id), Self::Profile),
            (is::<WalletId>(id), Self::Wallet),
            (is::<AttributeId>(id), Self::Attribute),
            (is::<WalletLinkId>(id), Self::WalletLink),
        ]
        .into_iter()
        .find_map(|(is_it, kind)| is_it.then_some(kind))
    }
}

/// A record that a case is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseRecord {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: String,
    /// The idOS user that it names, if it names one.
    pub user_id: Option<Uuid>,
}

/// The provision of law by which a case is refused: 1 to 200 characters on one line that say nothing about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalBasis(String);

/// Why a text is no legal basis. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABasis {
    /// It is too long, empty, or has other lines.
    #[error("must have 1 to 200 characters on one line")]
    Form,
    /// It says something about a person.
    #[error("must name a provision of law, and looks like {}", .0.phrase())]
    Personal(Disclosed),
}

impl LegalBasis {
    /// Reads one, at a time by which dates are ones of birth.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, NotABasis> {
        let fits = (1..=200).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if !fits {
            return Err(NotABasis::Form);
        }
        match disclosure::in_text(text, now) {
            Some(found) => Err(NotABasis::Personal(found)),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A case. Nothing in it is about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Our id.
    pub id: CaseId,
    /// The client whose records these are.
    pub client: String,
    /// Where it stands.
    pub state: CaseState,
    /// Who has asked.
    pub origin: CaseOrigin,
    /// When the request was received.
    pub received_at: Timestamp,
    /// The end of the day by which it is to be answered.
    pub due_at: Timestamp,
    /// Whether credentials are revoked before they are forgotten.
    pub revokes: bool,
    /// How many records it is about.
    pub records: u32,
    /// Whether the records were found under several idOS users, so that somebody has to say whose are meant.
    pub is_shared: bool,
    /// By what it is known that whoever asks is the person.
    pub identity: Option<Identity>,
    /// Since when that is known.
    pub identified_at: Option<Timestamp>,
    /// Who has decided, as the audit chain names them.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When somebody else has approved.
    pub approved_at: Option<Timestamp>,
    /// When it was extended, and why.
    pub extended: Option<(Timestamp, ExtensionReason)>,
    /// The law that wants it held, and until when.
    pub held: Option<(String, Timestamp)>,
    /// Why it was refused, and by which provision.
    pub refusal: Option<(Grounds, Option<String>)>,
    /// When it was told that it is due soon.
    pub alerted_at: Option<Timestamp>,
    /// The signed receipt, when it is done.
    pub receipt: Option<String>,
    /// Counts every change: who writes has seen the one before.
    pub version: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a step changes of a case besides its records.
impl Case {
    /// The same after a step at this moment, if there is such a step from where it stands.
    pub fn after(self, step: &Step, rules: Rules, now: Timestamp) -> Result<Self, NoCaseMove> {
        let state = moves::next(self.state, step, rules)?;
        let mut case = Self { state, updated_at: now, ..self };
        match step {
            Step::Identified(identity) => (case.identity, case.identified_at) = (Some(*identity), Some(now)),
            Step::Decided { by, hold } => {
                (case.decided_by, case.decided_at) = (Some(by.clone()), Some(now));
                case.held.clone_from(hold);
            }
            Step::Approved { hold } => {
                case.approved_at = Some(now);
                case.held.clone_from(hold);
            }
            Step::Refused(grounds, basis) => {
                case.refusal = Some((*grounds, basis.as_ref().map(|basis| basis.as_str().to_owned())));
            }
            Step::HoldOver | Step::Withdrawn | Step::CarriedOut => {}
        }
        Ok(case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_is_of() {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let prefixes = ["iss_", "ver_", "clm_", "prf_", "wal_", "att_", "lnk_"];
        for (prefix, kind) in prefixes.into_iter().zip(RecordKind::ALL) {
            assert_eq!(RecordKind::of_id(&format!("{prefix}{id}")), Some(*kind));
        }
        for none in ["", id, "iss_", &format!("era_{id}"), &format!("job_{id}")] {
            assert_eq!(RecordKind::of_id(none), None, "{none}");
        }
    }

    #[test]
    fn a_basis_is_law_and_not_a_person() {
        let now = Timestamp::from_unix_millis(1_790_000_000_000).unwrap();
        for law in ["Regulation (EU) 2024/1624, Art. 77(1)", "§ 147 AO", "GDPR, Art. 17(3)(a)"] {
            assert_eq!(LegalBasis::read(law, now).unwrap().as_str(), law);
        }
        for form in ["", " § 147 AO", "a\nb", &"x".repeat(201)] {
            assert_eq!(LegalBasis::read(form, now), Err(NotABasis::Form), "{form:?}");
        }
        for person in ["Art. 17(3), asked for by ana@example.com", "born 1990-02-14", "+351 912 345 678"] {
            let refused = LegalBasis::read(person, now).unwrap_err();
            assert!(
                matches!(refused, NotABasis::Personal(_)) && !refused.to_string().contains("example"),
                "{person}"
            );
        }
    }
}
