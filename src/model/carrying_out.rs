//! How an erasure is carried out: what comes next for a record of a case, whatever state it is in. Pure; [`next`] is asked by
//! `src/flow/erasure/`, before each step and again before the last one.
//!
//! What is on its way to the network is settled first: else nobody would know whether something of it is there.

use super::case::RecordKind;
use super::ids::CaseId;
use super::issuance::State;
use super::named::named;
use super::profile::ProfileState;
use super::time::Timestamp;

named! {
    /// How far a record of a case is.
    Step {
        /// It is to be settled.
        Listed = "listed",
        /// Nothing of it is on its way any more, and what had to come before is done: it can be forgotten.
        Ready = "ready",
        /// That it goes is to be told, and it is to be forgotten.
        Told = "told",
        /// It is forgotten.
        Forgotten = "forgotten",
    }
}

named! {
    /// How far a case is.
    Phase {
        /// Each record is brought to where it can be forgotten.
        Settling = "settling",
        /// The person is written to, as long as the address is there.
        Writing = "writing",
        /// The records are forgotten.
        Forgetting = "forgetting",
        /// The client is told by webhooks which records are gone.
        Telling = "telling",
        /// It is looked whether anything is left.
        Looking = "looking",
    }
}

named! {
    /// What became of the confirmation by mail.
    MailState {
        /// It is to be sent.
        Open = "open",
        /// It is being sent.
        Sending = "sending",
        /// The mail server has taken it.
        Sent = "sent",
        /// There is no address, or none that anything is sent to, or no mail server.
        None = "none",
        /// It was refused, or tried too often.
        Failed = "failed",
        /// Nobody knows whether it was sent: it is not sent again.
        Unclear = "unclear",
    }
}

named! {
    /// What has become of our own copy on the network.
    CopyState {
        /// A transaction that removes it is on its way.
        Removing = "removing",
        /// We have removed it.
        Removed = "removed",
        /// There was none, or it was gone.
        Absent = "absent",
        /// The copy is a consumer's, and not ours to remove.
        Others = "others",
        /// The write key that it was for is not configured: no other can remove it.
        KeyMissing = "key_missing",
        /// The network does not let us remove it, as where the user has removed the original.
        Refused = "refused",
        /// Nobody could say whether there is one: the network could not be asked for too long.
        Unknown = "unknown",
    }
}

impl CopyState {
    /// Whether nothing more can be done about it.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Removing | Self::KeyMissing)
    }

    /// Whether it is, as far as we know, still there and ours.
    #[must_use]
    pub fn is_left(self) -> bool {
        matches!(self, Self::Removing | Self::KeyMissing | Self::Refused | Self::Unknown)
    }
}

named! {
    /// What the user has of an issuance in their profile. It is theirs: nobody else can remove it.
    Kept {
        /// Nothing.
        Nothing = "nothing",
        /// A credential that holds.
        Credential = "credential",
        /// A credential that is marked as revoked or superseded.
        Revoked = "revoked",
        /// Perhaps one: the network could not be asked for too long.
        Unknown = "unknown",
        /// A wallet or an attribute, or the profile itself.
        Row = "row",
    }
}

named! {
    /// What could not be done before a record was forgotten.
    Undone {
        /// The credential could not be marked as revoked.
        NotRevoked = "not_revoked",
        /// Nobody could say whether the credential was delivered.
        OutcomeUnknown = "outcome_unknown",
    }
}

/// A case that is being carried out, as far as that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedCase {
    /// Our id.
    pub id: CaseId,
    /// Whose records these are.
    pub client: String,
    /// When the request came in.
    pub received_at: Timestamp,
    /// Whether credentials are revoked before they are forgotten.
    pub revokes: bool,
    /// How far it is.
    pub run: Run,
}

/// How far a case is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What is being done.
    pub phase: Phase,
    /// What became of the confirmation.
    pub mail: MailState,
    /// How often it was tried.
    pub mail_attempts: u32,
    /// When it is next tried.
    pub mail_due_at: Timestamp,
    /// Since when the mail server may have all of it.
    pub mail_data_at: Option<Timestamp>,
    /// When carrying out began.
    pub started_at: Timestamp,
}

/// A record of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRecord {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: String,
    /// How far it is.
    pub step: Step,
    /// The idOS user whose it is, if that is known.
    pub user_id: Option<String>,
    /// The copy on the network that we have removed, or are removing.
    pub copy_id: Option<String>,
    /// The write key that it is for.
    pub copy_key: Option<String>,
    /// What became of it; `None` if it was not looked for yet.
    pub copy: Option<CopyState>,
    /// What the user keeps.
    pub kept: Option<Kept>,
    /// What could not be done.
    pub undone: Option<Undone>,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not there (any more).
    Gone,
    /// An issuance.
    Issuance(IssuanceStanding),
    /// What is written into a profile: a profile, a wallet, an attribute.
    Adding {
        /// Its state.
        state: ProfileState,
        /// Whether no transaction of it can have reached a node.
        is_unsent: bool,
    },
    /// A record of which nothing goes to the network by itself: a verification, a claim, a link.
    Free,
}

/// Where an issuance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct IssuanceStanding {
    /// Its state.
    pub state: State,
    /// Whether no transaction that writes it can have reached a node.
    pub is_unsent: bool,
    /// Whether its row is on the network, as far as is known; `None` if that is to be asked.
    pub is_there: Option<bool>,
    /// Whether its revocation was asked for, and has stopped.
    pub revocation_stopped: bool,
    /// Whether a mail about it is being sent at the moment.
    pub is_mailed: bool,
    /// Whether a copy was to be written with it.
    pub has_copy: bool,
}

/// What comes next for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Its outcome is waited for: why.
    Wait(&'static str),
    /// The network is asked whether its credential was delivered after all.
    Ask,
    /// Its credential is revoked.
    Revoke,
    /// Our copy is looked for, and removed.
    RemoveCopy,
    /// It can be forgotten.
    Forget {
        /// What the user keeps of it.
        kept: Kept,
        /// What could not be done.
        undone: Option<Undone>,
    },
}

/// What comes next for a record that stands so. `copy` is what has become of our copy; `is_late` whether what others have to
/// see to has been waited for long enough (`retention.overdue_hours`). The same for the same arguments.
#[must_use]
pub fn next(standing: Standing, revokes: bool, copy: Option<CopyState>, is_late: bool) -> Next {
    match standing {
        Standing::Gone | Standing::Free if copy == Some(CopyState::Removing) => {
            Next::Wait("our copy is being removed")
        }
        Standing::Gone | Standing::Free => forget(Kept::Nothing, None),
        Standing::Adding { state: ProfileState::Pending, is_unsent: false } => Next::Wait("it is on its way"),
        Standing::Adding { state, is_unsent } => {
            let is_there = state == ProfileState::Created;
            let kept = if is_there { Kept::Row } else { Kept::Nothing };
            let may_be = !is_there && !is_unsent;
            forget(if may_be { Kept::Unknown } else { kept }, None)
        }
        Standing::Issuance(issuance) => next_of_issuance(issuance, revokes, copy, is_late),
    }
}

fn forget(kept: Kept, undone: Option<Undone>) -> Next {
    Next::Forget { kept, undone }
}

fn next_of_issuance(of: IssuanceStanding, revokes: bool, copy: Option<CopyState>, is_late: bool) -> Next {
    if of.is_mailed {
        return Next::Wait("a mail about it is being sent");
    }
    let (kept, undone) = match of.state {
        State::Queued if !of.is_unsent => return Next::Wait("it is on its way"),
        State::Uploading => return Next::Wait("its content is on its way"),
        State::Revoking => return Next::Wait("its revocation is on its way"),
        State::Issued if revokes && !of.revocation_stopped => return Next::Revoke,
        State::Issued if revokes && !is_late => {
            return Next::Wait("its revocation has stopped, and somebody has to see to it");
        }
        State::Issued => (Kept::Credential, revokes.then_some(Undone::NotRevoked)),
        State::Revoked => (Kept::Revoked, None),
        State::AwaitingProfile
        | State::AwaitingGrant
        | State::Queued
        | State::Halted
        | State::Failed
        | State::Erased => match of.is_there {
            Some(true) => (Kept::Credential, revokes.then_some(Undone::NotRevoked)),
            Some(false) => (Kept::Nothing, None),
            None if of.is_unsent => (Kept::Nothing, None),
            None if is_late => (Kept::Unknown, Some(Undone::OutcomeUnknown)),
            None => return Next::Ask,
        },
    };
    let is_nowhere = kept == Kept::Nothing || !of.has_copy;
    match copy {
        _ if is_nowhere => forget(kept, undone),
        None => Next::RemoveCopy,
        Some(CopyState::Removing) => Next::Wait("our copy is being removed"),
        Some(CopyState::KeyMissing) if !is_late => Next::RemoveCopy,
        Some(_) => forget(kept, undone),
    }
}

/// How long until a case is looked at again that has begun so long ago, in milliseconds: a twentieth of the time, between half
/// a second and ten minutes.
#[must_use]
pub fn look_again(since: i64) -> i64 {
    (since / 20).clamp(500, 600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuance(state: State) -> IssuanceStanding {
        IssuanceStanding {
            state,
            is_unsent: false,
            is_there: None,
            revocation_stopped: false,
            is_mailed: false,
            has_copy: true,
        }
    }

    /// All ways in which a record can stand.
    fn all() -> Vec<Standing> {
        let mut all = vec![Standing::Gone, Standing::Free];
        for bits in 0..16_u8 {
            let has = |bit: u8| bits & (1 << bit) != 0;
            for is_there in [None, Some(false), Some(true)] {
                for state in State::ALL {
                    all.push(Standing::Issuance(IssuanceStanding {
                        state: *state,
                        is_unsent: has(0),
                        is_there,
                        revocation_stopped: has(1),
                        is_mailed: has(2),
                        has_copy: has(3),
                    }));
                }
            }
        }
        for state in ProfileState::ALL {
            all.extend([true, false].map(|is_unsent| Standing::Adding { state: *state, is_unsent }));
        }
        all
    }

    fn is_on_its_way(standing: Standing) -> bool {
        match standing {
            Standing::Issuance(of) => {
                matches!(of.state, State::Uploading | State::Revoking)
                    || (of.state == State::Queued && !of.is_unsent)
                    || of.is_mailed
            }
            Standing::Adding { state, is_unsent } => state == ProfileState::Pending && !is_unsent,
            Standing::Gone | Standing::Free => false,
        }
    }

    #[test]
    fn what_is_on_its_way_is_settled_first_and_all_else_ends() {
        let copies = [None].into_iter().chain(CopyState::ALL.iter().copied().map(Some));
        for copy in copies {
            for standing in all() {
                for revokes in [false, true] {
                    for is_late in [false, true] {
                        let next = next(standing, revokes, copy, is_late);
                        let told = format!("{standing:?} {revokes} {copy:?} {is_late}: {next:?}");
                        if is_on_its_way(standing) {
                            assert!(matches!(next, Next::Wait(_)), "{told}");
                        }
                        // However long something is away, what nobody works on is forgotten in the end.
                        let waits_for_us = copy == Some(CopyState::Removing)
                            || (copy.is_none() && next == Next::RemoveCopy)
                            || next == Next::Revoke;
                        if is_late && !is_on_its_way(standing) && !waits_for_us {
                            assert!(matches!(next, Next::Forget { .. }), "{told}");
                        }
                        if let Next::Forget { kept, .. } = next
                            && let Standing::Issuance(of) = standing
                            && of.has_copy
                            && kept != Kept::Nothing
                        {
                            assert!(copy.is_some_and(|copy| copy != CopyState::Removing), "{told}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn credentials_are_revoked_first_where_that_is_wanted() {
        let issued = Standing::Issuance(issuance(State::Issued));
        assert_eq!(next(issued, true, None, false), Next::Revoke);
        assert_eq!(next(issued, false, None, false), Next::RemoveCopy);
        let revoked = Standing::Issuance(issuance(State::Revoked));
        assert_eq!(next(revoked, true, None, false), Next::RemoveCopy);
        assert_eq!(next(revoked, true, Some(CopyState::Removed), false), forget(Kept::Revoked, None));
        let stopped =
            Standing::Issuance(IssuanceStanding { revocation_stopped: true, ..issuance(State::Issued) });
        assert!(matches!(next(stopped, true, None, false), Next::Wait(_)));
        let undone = Some(Undone::NotRevoked);
        assert_eq!(next(stopped, true, Some(CopyState::Absent), true), forget(Kept::Credential, undone));
        assert_eq!(next(stopped, false, Some(CopyState::Absent), false), forget(Kept::Credential, None));
    }

    #[test]
    fn what_has_halted_is_asked_for() {
        let halted = issuance(State::Halted);
        assert_eq!(next(Standing::Issuance(halted), false, None, false), Next::Ask);
        let unsent = IssuanceStanding { is_unsent: true, ..halted };
        assert_eq!(next(Standing::Issuance(unsent), false, None, false), forget(Kept::Nothing, None));
        let gone = IssuanceStanding { is_there: Some(false), ..halted };
        assert_eq!(next(Standing::Issuance(gone), false, None, false), forget(Kept::Nothing, None));
        let there = IssuanceStanding { is_there: Some(true), ..halted };
        assert_eq!(next(Standing::Issuance(there), false, None, false), Next::RemoveCopy);
        let late = next(Standing::Issuance(halted), false, Some(CopyState::Absent), true);
        assert_eq!(late, forget(Kept::Unknown, Some(Undone::OutcomeUnknown)));
    }

    #[test]
    fn it_is_looked_often_at_first() {
        assert_eq!(look_again(0), 500);
        assert_eq!(look_again(60_000), 3_000);
        assert_eq!(look_again(i64::MAX), 600_000);
    }
}
