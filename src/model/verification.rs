//! A verification: a person at a vendor of KYC results, on the way to a credential. What comes next is said by [`next`].

use idos_credential::Timestamp;
use uuid::Uuid;

use super::audit::Actor;
use super::event::EventKind;
use super::ids::{IssuanceId, VerificationId};
use super::issuance::Delivery;
use super::named::named;
use super::personal::LockedContact;

named! {
    /// Where a verification stands.
    State {
        /// The vendor has said nothing yet.
        Opened = "opened",
        /// The vendor has not decided.
        Pending = "pending",
        /// Approved: a credential is being made, or the user's id is missing.
        Approved = "approved",
        /// Approved, and a person has to see to it before there can be a credential.
        Halted = "halted",
        /// Declined. Nothing is kept but the fact.
        Declined = "declined",
        /// The credential is in the user's profile.
        Issued = "issued",
        /// The credential is marked as revoked.
        Revoked = "revoked",
        /// Over at the vendor without a decision.
        Ended = "ended",
        /// Over here without a credential.
        Failed = "failed",
        /// Forgotten on request.
        Erased = "erased",
    }
}

impl State {
    /// Whether nothing that a vendor says changes it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Failed | Self::Erased)
    }

    /// Whether it is over, and nothing was made of it: unless the vendor thinks again, nothing will be.
    #[must_use]
    pub fn is_over_without(self) -> bool {
        matches!(self, Self::Declined | Self::Ended | Self::Failed | Self::Erased)
    }
}

named! {
    /// Why a verification is where it is. The first six are a vendor's reasons to decline, as classes; the others are ours.
    Reason {
        /// Declined: the document.
        Document = "document",
        /// Declined: the face is not alive, or another one.
        Face = "face",
        /// Declined: a suspicion of fraud.
        Fraud = "fraud",
        /// Declined: a list of sanctions or the like.
        Watchlist = "watchlist",
        /// Declined: the proof of the address.
        Address = "address",
        /// Declined, and the vendor does not say why.
        Unspecified = "unspecified",
        /// The vendor begins anew: what it had approved holds no more.
        Reset = "reset",
        /// The user did not finish in time, or the result has run out.
        Expired = "expired",
        /// The vendor has deleted what it knew.
        Deleted = "deleted",
        /// The case was taken back.
        Withdrawn = "withdrawn",
        /// Approved, and nobody has said which idOS user it is.
        UserIdMissing = "user_id_missing",
        /// What was found out cannot be said in a credential.
        NotInSchema = "not_in_schema",
        /// Test data, which becomes no credential.
        SandboxResult = "sandbox_result",
        /// The checks that were done support another level than the configuration takes.
        LevelNotTaken = "level_not_taken",
        /// A file is none that can be shown, or cannot be read.
        FileUnusable = "file_unusable",
        /// The files together are more than the network takes.
        FilesTooLarge = "files_too_large",
        /// A rule of credentials is broken.
        Refused = "refused",
        /// The person is of a country whose people the consumer does not take.
        CountryBlocked = "country_blocked",
        /// The consumer that the credential is for has been struck off.
        ConsumerGone = "consumer_gone",
        /// The vendor has the case under somebody else.
        AnotherUser = "another_user",
        /// The case is about a company.
        NotAPerson = "not_a_person",
        /// The vendor knows no such case.
        CaseUnknown = "case_unknown",
        /// The vendor refuses our key.
        KeyRefused = "key_refused",
        /// The vendor answers in a way that is not documented.
        AnswerUnusable = "answer_unusable",
        /// The vendor cannot be asked.
        VendorUnavailable = "vendor_unavailable",
        /// Nothing came of it in time.
        NoResult = "no_result",
        /// The issuance has failed.
        IssuanceFailed = "issuance_failed",
    }
}

impl Reason {
    /// Whether it is a vendor's reason to decline somebody.
    #[must_use]
    pub fn is_decline(self) -> bool {
        matches!(
            self,
            Self::Document | Self::Face | Self::Fraud | Self::Watchlist | Self::Address | Self::Unspecified
        )
    }

    /// What a person can do about it.
    #[must_use]
    pub fn cure(self) -> &'static str {
        match self {
            Self::UserIdMissing => "resume with the userId, once the user has an idOS profile",
            Self::NotInSchema => {
                "correct what is named at the vendor; its next webhook, or resuming, brings it on"
            }
            Self::SandboxResult => "use a live account of the vendor: test data becomes no credential",
            Self::LevelNotTaken => "have the vendor do more checks, or take the level in source.levels",
            Self::FileUnusable => {
                "have the files taken again at the vendor, in a format and size that can be shown, and resume"
            }
            Self::FilesTooLarge => {
                "have the files taken again at the vendor, of a smaller size, and resume; source.file_mode = \"fit\" has pictures made to fit"
            }
            Self::Refused => "correct the fields that are named at the vendor, and resume",
            Self::AnotherUser => "have the vendor's case begun with the externalId of this verification",
            Self::NotAPerson => "verify a person: companies have no credential",
            Self::CaseUnknown => "see whether the case is there, in this account of the vendor, and resume",
            Self::KeyRefused => {
                "put a valid key of the vendor into the configuration; it is then asked again by itself"
            }
            Self::AnswerUnusable => {
                "see the service's log; resume after an update of the service or of the vendor"
            }
            Self::VendorUnavailable => "wait: it is asked again by itself",
            Self::NoResult | Self::IssuanceFailed => "open another verification",
            Self::CountryBlocked => "nothing: the consumer takes nobody of this country",
            Self::ConsumerGone => "register the consumer anew, and have the person begin again",
            _ => "nothing: it is the vendor's decision",
        }
    }
}

named! {
    /// Who has to do something at the vendor.
    WaitsFor {
        /// The vendor's machines.
        Vendor = "vendor",
        /// A person who reviews it.
        Review = "review",
        /// The user.
        User = "user",
    }
}

named! {
    /// What becomes of a credential whose approval holds no more.
    OnReset {
        /// It is revoked.
        Revoke = "revoke",
        /// It stays, and an event tells of it.
        Tell = "tell",
        /// It stays.
        Ignore = "ignore",
    }
}

/// One thing that is in the way of a credential: a code and the name of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The code.
    pub code: String,
    /// The field, as the credential or the vendor's interface calls it.
    pub field: String,
}

impl Obstacle {
    /// As it is kept: a line for each.
    #[must_use]
    pub fn lines(all: &[Self]) -> String {
        all.iter().map(|one| format!("{} {}", one.code, one.field)).collect::<Vec<_>>().join("\n")
    }

    /// What [`lines`](Self::lines) gave.
    #[must_use]
    pub fn of_lines(text: &str) -> Vec<Self> {
        let split = |line: &str| {
            let (code, field) = line.split_once(' ').unwrap_or((line, ""));
            Self { code: code.to_owned(), field: field.to_owned() }
        };
        text.lines().map(split).collect()
    }
}

/// A verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Our id.
    pub id: VerificationId,
    /// Whose it is.
    pub client: String,
    /// The configured source.
    pub source: String,
    /// What the vendor knows the person by.
    pub external_id: Uuid,
    /// Where it stands.
    pub state: State,
    /// On whose authority the credential will be written.
    pub delivery: Delivery,
    /// The idOS user, once that is known.
    pub user_id: Option<Uuid>,
    /// The provider's reference.
    pub reference: Option<String>,
    /// Who gets the copy, if it is not the issuer: the caller's name on the network, and the encryption key.
    pub copy_for: Option<(String, String)>,
    /// Whom to write to, locked, as long as no issuance has it.
    pub locked_contact: Option<LockedContact>,
    /// The vendor's id of the case.
    pub case_id: Option<String>,
    /// What else finds the case at the vendor.
    pub case_scope: Option<String>,
    /// Whom the vendor waits for.
    pub waits_for: Option<WaitsFor>,
    /// Why it is where it is.
    pub reason: Option<Reason>,
    /// What is in the way.
    pub obstacles: Vec<Obstacle>,
    /// What a webhook said that is still to be acted on.
    pub heard: Option<String>,
    /// When that happened by the vendor's clock, in milliseconds since 1970.
    pub heard_at: Option<i64>,
    /// When the vendor decided what the present credential is made of.
    pub decided_at: Option<i64>,
    /// How many credentials were made of it.
    pub made: u32,
    /// The present issuance.
    pub issuance_id: Option<IssuanceId>,
    /// Counts the changes.
    pub version: i64,
    /// Until when it waits for what is missing.
    pub waits_until: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Verification {
    /// Who acts where the vendor has said something.
    #[must_use]
    pub fn vendor(&self) -> Actor {
        Actor::Source { client: self.client.clone(), source: self.source.clone() }
    }

    /// Whose credential it is, of which the newest alone holds: client, source and user. None has a NUL.
    #[must_use]
    pub fn owner(&self, user_id: Uuid) -> String {
        format!("{}/{}/{user_id}", self.client, self.source)
    }

    /// Whether a caller that waits for a result has to wait no longer for the vendor.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self.state {
            State::Opened | State::Pending => false,
            State::Approved => self.reason == Some(Reason::UserIdMissing),
            _ => true,
        }
    }
}

/// What a vendor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing is decided.
    Undecided(WaitsFor),
    /// It begins anew.
    Reset,
    /// Approved, at this time of the vendor's (milliseconds since 1970), where it says when.
    Approved(Option<i64>),
    /// Declined.
    Declined(Reason),
    /// Over without a decision.
    Over(Reason),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing but what the state says.
    Nothing,
    /// Make a credential.
    Issue,
    /// Withdraw the credential, or what is on its way to be one.
    Withdraw,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where it goes.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// Whom the vendor waits for.
    pub waits_for: Option<WaitsFor>,
    /// What is to be done.
    pub act: Act,
    /// What is told.
    pub event: Option<EventKind>,
}

/// Where a verification stands, as far as it decides what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether there is a credential of it, or one on its way.
    pub is_made: bool,
    /// When the vendor decided what it is made of.
    pub decided_at: Option<i64>,
}

impl From<&Verification> for Standing {
    fn from(verification: &Verification) -> Self {
        Self {
            state: verification.state,
            reason: verification.reason,
            is_made: verification.issuance_id.is_some(),
            decided_at: verification.decided_at,
        }
    }
}

/// What comes next when the vendor says this; `None` if nothing changes.
#[must_use]
pub fn next(standing: Standing, heard: Heard, rule: OnReset) -> Option<Next> {
    if standing.state.is_final() {
        return None;
    }
    let place = |act| match heard {
        Heard::Undecided(who) => to(State::Pending, None, Some(who), act),
        Heard::Reset => to(State::Pending, Some(Reason::Reset), Some(WaitsFor::User), act),
        Heard::Approved(_) => to(State::Approved, None, None, Act::Issue),
        Heard::Declined(reason) => to(State::Declined, Some(reason), None, act),
        Heard::Over(reason) => to(State::Ended, Some(reason), None, act),
    };
    let next = match (heard, standing.is_made) {
        // The same decision once more, be it told or asked for, is nothing new.
        (Heard::Approved(at), true) => {
            let is_newer = matches!((at, standing.decided_at), (Some(at), Some(before)) if at > before);
            return is_newer.then(|| Next { state: standing.state, ..place(Act::Issue) });
        }
        (_, true) => match rule {
            OnReset::Revoke => Next { event: Some(EventKind::VerificationReset), ..place(Act::Withdraw) },
            OnReset::Tell => {
                let reason = place(Act::Nothing).reason.or(Some(Reason::Reset));
                let event = Some(EventKind::VerificationReset);
                Next { event, ..to(standing.state, reason, None, Act::Nothing) }
            }
            OnReset::Ignore => return None,
        },
        (_, false) => place(Act::Nothing),
    };
    let is_new = (next.state, next.reason) != (standing.state, standing.reason) || next.act != Act::Nothing;
    Some(if is_new { next } else { Next { event: None, ..next } })
}

fn to(state: State, reason: Option<Reason>, waits_for: Option<WaitsFor>, act: Act) -> Next {
    let event = match state {
        State::Declined => Some(EventKind::VerificationDeclined),
        State::Ended => Some(EventKind::VerificationEnded),
        _ => None,
    };
    Next { state, reason, waits_for, act, event }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [OnReset; 3] = [OnReset::Revoke, OnReset::Tell, OnReset::Ignore];

    fn heard() -> Vec<Heard> {
        vec![
            Heard::Undecided(WaitsFor::Vendor),
            Heard::Undecided(WaitsFor::User),
            Heard::Reset,
            Heard::Approved(None),
            Heard::Approved(Some(5)),
            Heard::Approved(Some(6)),
            Heard::Declined(Reason::Document),
            Heard::Over(Reason::Deleted),
        ]
    }

    fn standings() -> impl Iterator<Item = Standing> {
        State::ALL.iter().flat_map(|state| {
            [(false, None), (true, None), (true, Some(5))].map(|(is_made, decided_at)| Standing {
                state: *state,
                reason: None,
                is_made,
                decided_at,
            })
        })
    }

    #[test]
    fn only_an_approval_makes_and_only_a_rule_withdraws() {
        let mut seen = 0;
        for standing in standings() {
            for heard in heard() {
                for rule in RULES {
                    let Some(next) = next(standing, heard, rule) else { continue };
                    let is_approval = matches!(heard, Heard::Approved(_));
                    assert_eq!(next.act == Act::Issue, is_approval, "{standing:?} {heard:?}");
                    let withdraws = !is_approval && standing.is_made && rule == OnReset::Revoke;
                    assert_eq!(next.act == Act::Withdraw, withdraws, "{standing:?} {heard:?} {rule:?}");
                    assert!(!standing.state.is_final());
                    seen += 1;
                }
            }
        }
        assert!(seen > 200, "{seen}");
    }

    #[test]
    fn one_decision_makes_one_credential_and_a_newer_one_another() {
        let made = Standing { state: State::Issued, reason: None, is_made: true, decided_at: Some(5) };
        for (at, is_new) in [(None, false), (Some(4), false), (Some(5), false), (Some(6), true)] {
            assert_eq!(next(made, Heard::Approved(at), OnReset::Tell).is_some(), is_new, "{at:?}");
        }
        let untimed = Standing { decided_at: None, ..made };
        assert_eq!(next(untimed, Heard::Approved(Some(6)), OnReset::Tell), None);
        // Withdrawn in between, any approval counts.
        let begun = Standing { state: State::Pending, is_made: false, ..made };
        assert_eq!(next(begun, Heard::Approved(None), OnReset::Tell).map(|next| next.act), Some(Act::Issue));
    }

    #[test]
    fn what_is_told_is_told_once() {
        let mut standing = Standing { state: State::Issued, reason: None, is_made: true, decided_at: None };
        let first = next(standing, Heard::Over(Reason::Deleted), OnReset::Tell).unwrap();
        assert_eq!((first.state, first.event), (State::Issued, Some(EventKind::VerificationReset)));
        standing.reason = first.reason;
        let again = next(standing, Heard::Over(Reason::Deleted), OnReset::Tell).unwrap();
        assert_eq!((again.state, again.event), (State::Issued, None));
        assert_eq!(next(standing, Heard::Over(Reason::Deleted), OnReset::Ignore), None);

        let mut standing = Standing { state: State::Pending, is_made: false, ..standing };
        let first = next(standing, Heard::Declined(Reason::Face), OnReset::Tell).unwrap();
        assert_eq!(first.event, Some(EventKind::VerificationDeclined));
        (standing.state, standing.reason) = (first.state, first.reason);
        assert_eq!(next(standing, Heard::Declined(Reason::Face), OnReset::Tell).unwrap().event, None);
    }

    #[test]
    fn obstacles_are_kept_as_lines() {
        let one = |code: &str, field: &str| Obstacle { code: code.to_owned(), field: field.to_owned() };
        let all = vec![one("stateless", "nationality"), one("front_missing", "idDocument.frontFile")];
        assert_eq!(Obstacle::of_lines(&Obstacle::lines(&all)), all);
        assert_eq!(Obstacle::of_lines(""), []);
    }
}
