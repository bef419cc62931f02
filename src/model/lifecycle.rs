//! What comes next for an issuance: the only place that knows. [`next`] is told where an issuance stands and what has
//! happened, and says where it goes, until when it waits there, what is forgotten and what is told.

use super::event::EventKind;
use super::issuance::{Issuance, State};
use super::job::Work;
use super::profile::ProfileState;
use super::time::HOUR;
use super::time::Timestamp;

/// The shortest time, in milliseconds, in which somebody can resume what has stopped before it was sealed.
const SHORTEST_HALT: i64 = HOUR;

impl State {
    /// The only moves there are. `docs/architecture.md` has them as a table.
    pub const MOVES: &[(Self, Self)] = &[
        (Self::AwaitingProfile, Self::AwaitingGrant),
        (Self::AwaitingProfile, Self::Queued),
        (Self::AwaitingProfile, Self::Halted),
        (Self::AwaitingProfile, Self::Failed),
        (Self::AwaitingProfile, Self::Erased),
        (Self::AwaitingGrant, Self::Queued),
        (Self::AwaitingGrant, Self::Failed),
        (Self::AwaitingGrant, Self::Erased),
        (Self::Queued, Self::Uploading),
        (Self::Queued, Self::Issued),
        (Self::Queued, Self::Halted),
        (Self::Queued, Self::Erased),
        (Self::Uploading, Self::Issued),
        (Self::Uploading, Self::Halted),
        (Self::Uploading, Self::Erased),
        (Self::Issued, Self::Revoking),
        (Self::Issued, Self::Erased),
        (Self::Halted, Self::AwaitingProfile),
        (Self::Halted, Self::Queued),
        (Self::Halted, Self::Uploading),
        (Self::Halted, Self::Issued),
        (Self::Halted, Self::Failed),
        (Self::Halted, Self::Erased),
        (Self::Revoking, Self::Revoked),
        (Self::Revoking, Self::Issued),
        (Self::Revoked, Self::Erased),
        (Self::Failed, Self::Erased),
    ];

    /// Whether nothing more happens by itself or can be brought on.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Issued | Self::Revoked | Self::Failed | Self::Erased)
    }

    /// Whether a caller that waits for a result has to wait no longer.
    #[must_use]
    pub fn is_settled(self) -> bool {
        self.is_final() || self.is_resumable()
    }

    /// Whether it waits for somebody to resume it.
    #[must_use]
    pub fn is_resumable(self) -> bool {
        matches!(self, Self::Halted | Self::AwaitingGrant)
    }

    /// The work that ends this state; `None` if it does not end by work.
    #[must_use]
    pub fn work(self) -> Option<Work> {
        match self {
            Self::AwaitingProfile => Some(Work::Seal),
            Self::Queued => Some(Work::WriteCredential),
            Self::Uploading => Some(Work::UploadContent),
            Self::Revoking => Some(Work::EditNotes),
            Self::AwaitingGrant
            | Self::Issued
            | Self::Halted
            | Self::Revoked
            | Self::Failed
            | Self::Erased => None,
        }
    }
}

impl ProfileState {
    /// The only moves of a profile that is created, or of a wallet that is added.
    pub const MOVES: &[(Self, Self)] = &[
        (Self::Pending, Self::Created),
        (Self::Pending, Self::Halted),
        (Self::Halted, Self::Pending),
        (Self::Halted, Self::Failed),
    ];
}

/// How long each kind of content is kept, in hours (section `[retention]` of the configuration).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Signed credentials that are not sealed yet.
    pub unsealed_hours: u32,
    /// Sealed ones that wait.
    pub sealed_hours: u32,
}

/// Where an issuance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// Whether its credential is sealed, so that nobody can read it here, whatever they unlock.
    pub is_sealed: bool,
    /// Whether its credential is announced on the network, and only its content has to follow.
    pub is_announced: bool,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// Until when it waits where it stands.
    pub waits_until: Option<Timestamp>,
}

impl From<&Issuance> for Standing {
    fn from(issuance: &Issuance) -> Self {
        Self {
            state: issuance.state,
            is_sealed: issuance.sealed_at.is_some(),
            is_announced: issuance.announced_at.is_some(),
            created_at: issuance.created_at,
            waits_until: issuance.waits_until,
        }
    }
}

/// What there is of what the delivery of a credential needs besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The user, with all that the credential needs, can be counted on to be on the network.
    pub user: bool,
    /// The right to write: an inserter always has it, others by a write grant that is there.
    pub right: bool,
}

/// What has happened to an issuance, or is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is known what there is of what its delivery needs: it has been sealed, or somebody resumes it.
    Looked(Found),
    /// Its credential was found on the network, and the content that it names has to follow.
    Announced,
    /// Its credential was found on the network, with its content.
    Written,
    /// Its work has stopped.
    Stopped,
    /// Nobody has brought what was missing in time.
    Overdue,
    /// Its credential is to be revoked.
    RevocationAsked,
    /// Its credential was found revoked.
    Revoked,
    /// Its credential was found marked as superseded by another one.
    Superseded,
    /// Its revocation has stopped: the credential is as valid as before.
    RevocationStopped,
    /// It is to be forgotten.
    Erased,
}

/// What is forgotten in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgets {
    /// Nothing.
    Nothing,
    /// The signed credential that was readable, if it was unlocked.
    Unsealed,
    /// The credential, sealed or not, and the write grant.
    Content,
    /// These, and whom to write to.
    ContentAndContact,
    /// All of it but ids and times: also the events, and what the provider calls it.
    Everything,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where it goes.
    pub state: State,
    /// Until when it waits there; `None` if nothing is waited for, or work ends it.
    pub waits_until: Option<Timestamp>,
    /// What is forgotten with it.
    pub forgets: Forgets,
    /// What is told.
    pub event: Option<EventKind>,
}

/// There is no such move: somebody was faster, or it is asked for what cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no move from {from} to {to}")]
pub struct NoMove {
    /// The name of the state in which it is.
    pub from: &'static str,
    /// The name of the one in which it would have been.
    pub to: &'static str,
}

impl NoMove {
    /// Refuses a move of an issuance that is none.
    pub fn check(from: State, to: State) -> Result<(), Self> {
        let is_move = State::MOVES.contains(&(from, to));
        if is_move { Ok(()) } else { Err(Self { from: from.as_str(), to: to.as_str() }) }
    }

    /// Refuses a move of a profile that is none.
    pub fn check_profile(from: ProfileState, to: ProfileState) -> Result<(), Self> {
        let is_move = ProfileState::MOVES.contains(&(from, to));
        if is_move { Ok(()) } else { Err(Self { from: from.as_str(), to: to.as_str() }) }
    }
}

/// Where an issuance begins that is submitted now. Nothing is told of it.
#[must_use]
pub fn begin(is_sealed: bool, found: Found, limits: Limits, now: Timestamp) -> Next {
    place(is_sealed, found, limits, unsealed_until(limits, now), now)
}

/// What comes next for an issuance that stands so, when this has happened. The same for the same arguments.
pub fn next(standing: &Standing, cause: Cause, limits: Limits, now: Timestamp) -> Result<Next, NoMove> {
    let next = match cause {
        // It has the user and the grant behind it.
        Cause::Looked(_) if standing.is_announced => to(State::Uploading, Forgets::Unsealed, None),
        Cause::Looked(found) => {
            // To be looked at again does not make what can be read wait longer.
            let unsealed = standing.waits_until.unwrap_or(unsealed_until(limits, standing.created_at));
            place(standing.is_sealed, found, limits, unsealed, now)
        }
        Cause::Announced => to(State::Uploading, Forgets::Nothing, None),
        Cause::Written => to(State::Issued, Forgets::Content, Some(EventKind::Issued)),
        Cause::Stopped => Next {
            waits_until: Some(resumable_until(standing, limits, now)),
            ..to(State::Halted, Forgets::Nothing, Some(EventKind::Halted))
        },
        Cause::Overdue => to(State::Failed, Forgets::ContentAndContact, Some(EventKind::Failed)),
        Cause::RevocationAsked => to(State::Revoking, Forgets::Nothing, None),
        Cause::Revoked => to(State::Revoked, Forgets::Nothing, Some(EventKind::Revoked)),
        Cause::Superseded => to(State::Revoked, Forgets::Nothing, Some(EventKind::Superseded)),
        Cause::RevocationStopped => to(State::Issued, Forgets::Nothing, Some(EventKind::Halted)),
        Cause::Erased => to(State::Erased, Forgets::Everything, Some(EventKind::Erased)),
    };
    let from = standing.state;
    // Two causes lead to `issued`: only what was about to be revoked comes back to where it was.
    let is_return = (from == State::Revoking) == (cause == Cause::RevocationStopped);
    if next.state == State::Issued && !is_return {
        return Err(NoMove { from: from.as_str(), to: next.state.as_str() });
    }
    NoMove::check(from, next.state)?;
    Ok(next)
}

fn to(state: State, forgets: Forgets, event: Option<EventKind>) -> Next {
    Next { state, waits_until: None, forgets, event }
}

/// Where an issuance belongs by what is there. `unsealed` is until when what can be read may wait.
fn place(is_sealed: bool, found: Found, limits: Limits, unsealed: Timestamp, now: Timestamp) -> Next {
    let (state, waits_until) = match (is_sealed, found.user, found.right) {
        (false, ..) => (State::AwaitingProfile, Some(unsealed)),
        (true, false, _) => (State::AwaitingProfile, Some(sealed_until(limits, now))),
        (true, true, false) => (State::AwaitingGrant, Some(sealed_until(limits, now))),
        (true, true, true) => (State::Queued, None),
    };
    let forgets = if is_sealed { Forgets::Unsealed } else { Forgets::Nothing };
    Next { waits_until, ..to(state, forgets, None) }
}

fn unsealed_until(limits: Limits, from: Timestamp) -> Timestamp {
    from.plus_millis(i64::from(limits.unsealed_hours) * HOUR)
}

/// Until when what is sealed, or locked to be sent, waits from now on.
#[must_use]
pub fn sealed_until(limits: Limits, now: Timestamp) -> Timestamp {
    now.plus_millis(i64::from(limits.sealed_hours) * HOUR)
}

/// Until when what stops now can be resumed.
fn resumable_until(standing: &Standing, limits: Limits, now: Timestamp) -> Timestamp {
    if standing.is_sealed {
        sealed_until(limits, now)
    } else {
        // What can be read, if it is unlocked, waits no longer than it would have waited anyway.
        unsealed_until(limits, standing.created_at).max(now.plus_millis(SHORTEST_HALT))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const LIMITS: Limits = Limits { unsealed_hours: 24, sealed_hours: 168 };

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_unix_millis(hours * HOUR).unwrap()
    }

    const CREATED: i64 = 1000;
    const NOW: i64 = 1010;

    fn causes() -> Vec<Cause> {
        let mut all = vec![
            Cause::Announced,
            Cause::Written,
            Cause::Stopped,
            Cause::Overdue,
            Cause::RevocationAsked,
            Cause::Revoked,
            Cause::Superseded,
            Cause::RevocationStopped,
            Cause::Erased,
        ];
        for user in [false, true] {
            all.extend([false, true].map(|right| Cause::Looked(Found { user, right })));
        }
        all
    }

    /// Every question that can be asked, with its answer.
    fn all() -> Vec<(Standing, Cause, Result<Next, NoMove>)> {
        let mut all = Vec::new();
        for state in State::ALL {
            for is_sealed in [false, true] {
                for waits_until in [None, Some(at(1005)), Some(at(1020))] {
                    let standing = Standing {
                        state: *state,
                        is_sealed,
                        is_announced: false,
                        created_at: at(CREATED),
                        waits_until,
                    };
                    for cause in causes() {
                        all.push((standing, cause, next(&standing, cause, LIMITS, at(NOW))));
                    }
                }
            }
        }
        all
    }

    #[test]
    fn every_move_has_a_cause_and_every_cause_moves_as_it_may() {
        let mut made = BTreeSet::new();
        for (standing, cause, answer) in all() {
            match answer {
                Ok(next) => {
                    made.insert((standing.state, next.state));
                    assert!(State::MOVES.contains(&(standing.state, next.state)), "{standing:?} {cause:?}");
                }
                Err(no) => assert_eq!(no.from, standing.state.as_str()),
            }
        }
        assert_eq!(made, State::MOVES.iter().copied().collect());
    }

    /// By the state, and by what has happened: which state comes next.
    #[test]
    fn this_is_the_way_of_an_issuance() {
        use State::*;
        let looked = |user, right| Cause::Looked(Found { user, right });
        let may: &[(Cause, &[State], State)] = &[
            (looked(false, false), &[Halted], AwaitingProfile),
            (looked(false, true), &[Halted], AwaitingProfile),
            (looked(true, false), &[AwaitingProfile], AwaitingGrant),
            (looked(true, true), &[AwaitingProfile, AwaitingGrant, Halted], Queued),
            (Cause::Announced, &[Queued, Halted], Uploading),
            (Cause::Written, &[Queued, Uploading, Halted], Issued),
            (Cause::Stopped, &[AwaitingProfile, Queued, Uploading], Halted),
            (Cause::Overdue, &[AwaitingProfile, AwaitingGrant, Halted], Failed),
            (Cause::RevocationAsked, &[Issued], Revoking),
            (Cause::Revoked, &[Revoking], Revoked),
            (Cause::Superseded, &[Revoking], Revoked),
            (Cause::RevocationStopped, &[Revoking], Issued),
            (
                Cause::Erased,
                &[AwaitingProfile, AwaitingGrant, Queued, Uploading, Issued, Halted, Revoked, Failed],
                Erased,
            ),
        ];
        assert_eq!(may.len(), causes().len());
        for (standing, cause, answer) in all().into_iter().filter(|(standing, ..)| standing.is_sealed) {
            let (_, from, to) = may.iter().find(|(known, ..)| *known == cause).unwrap();
            let wanted = from.contains(&standing.state).then_some(*to);
            assert_eq!(answer.ok().map(|next| next.state), wanted, "{standing:?} {cause:?}");
        }
        // What is not sealed is not written, whatever else is there.
        for (standing, cause, answer) in all().into_iter().filter(|(standing, ..)| !standing.is_sealed) {
            if let (Cause::Looked(_), Ok(next)) = (cause, answer) {
                assert_eq!((standing.state, next.state), (Halted, AwaitingProfile));
            }
        }
    }

    #[test]
    fn what_is_announced_takes_nothing_but_its_content() {
        for state in State::ALL {
            let standing = Standing {
                state: *state,
                is_sealed: true,
                is_announced: true,
                created_at: at(CREATED),
                waits_until: None,
            };
            for user in [false, true] {
                let looked = next(&standing, Cause::Looked(Found { user, right: false }), LIMITS, at(NOW));
                let wanted = (*state == State::Halted || *state == State::Queued).then_some(State::Uploading);
                assert_eq!(looked.ok().map(|next| next.state), wanted, "{state}");
            }
        }
    }

    #[test]
    fn what_is_waited_for_has_an_end_and_nothing_else_does() {
        for (standing, cause, answer) in all() {
            let Ok(next) = answer else { continue };
            let waits = matches!(next.state, State::AwaitingProfile | State::AwaitingGrant | State::Halted);
            assert_eq!(next.waits_until.is_some(), waits, "{standing:?} {cause:?}");
            let Some(until) = next.waits_until else { continue };
            let wanted = match (standing.is_sealed, next.state, standing.waits_until) {
                (true, ..) => at(NOW + 168),
                (false, State::AwaitingProfile, Some(before)) => before,
                (false, ..) => at(CREATED + 24),
            };
            assert_eq!(until, wanted, "{standing:?} {cause:?}");
        }
        // Somebody has an hour at least.
        let late = Standing {
            state: State::AwaitingProfile,
            is_sealed: false,
            is_announced: false,
            created_at: at(CREATED),
            waits_until: None,
        };
        let stopped = next(&late, Cause::Stopped, LIMITS, at(CREATED + 23).plus_millis(HOUR / 2)).unwrap();
        assert_eq!(stopped.waits_until, Some(at(CREATED + 24).plus_millis(HOUR / 2)));
    }

    #[test]
    fn what_is_forgotten_and_told_goes_by_what_has_happened() {
        for (standing, cause, answer) in all() {
            let Ok(next) = answer else { continue };
            let wanted = match cause {
                Cause::Looked(_) if standing.is_sealed => (Forgets::Unsealed, None),
                Cause::Looked(_) | Cause::Announced | Cause::RevocationAsked => (Forgets::Nothing, None),
                Cause::Written => (Forgets::Content, Some(EventKind::Issued)),
                Cause::Stopped | Cause::RevocationStopped => (Forgets::Nothing, Some(EventKind::Halted)),
                Cause::Overdue => (Forgets::ContentAndContact, Some(EventKind::Failed)),
                Cause::Revoked => (Forgets::Nothing, Some(EventKind::Revoked)),
                Cause::Superseded => (Forgets::Nothing, Some(EventKind::Superseded)),
                Cause::Erased => (Forgets::Everything, Some(EventKind::Erased)),
            };
            assert_eq!((next.forgets, next.event), wanted, "{standing:?} {cause:?}");
        }
    }

    #[test]
    fn where_it_begins_goes_by_what_is_there() {
        for (is_sealed, user, right, state, hours) in [
            (false, false, false, State::AwaitingProfile, Some(24)),
            (false, false, true, State::AwaitingProfile, Some(24)),
            (false, true, false, State::AwaitingProfile, Some(24)),
            (false, true, true, State::AwaitingProfile, Some(24)),
            (true, false, false, State::AwaitingProfile, Some(168)),
            (true, false, true, State::AwaitingProfile, Some(168)),
            (true, true, false, State::AwaitingGrant, Some(168)),
            (true, true, true, State::Queued, None),
        ] {
            let next = begin(is_sealed, Found { user, right }, LIMITS, at(NOW));
            assert_eq!((next.state, next.waits_until), (state, hours.map(|hours| at(NOW + hours))));
            assert_eq!(next.event, None);
        }
    }

    #[test]
    fn what_rests_has_no_work_and_what_does_not_has() {
        for state in State::ALL {
            assert_eq!(state.work().is_none(), state.is_settled(), "{state}");
        }
    }

    #[test]
    fn every_state_is_reached_and_the_erased_is_the_end() {
        for state in State::ALL {
            let is_start = matches!(state, State::AwaitingProfile | State::AwaitingGrant | State::Queued);
            assert!(is_start || State::MOVES.iter().any(|(_, to)| to == state), "{state}");
        }
        assert!(State::MOVES.iter().all(|(from, _)| *from != State::Erased));
    }

    #[test]
    fn the_documents_have_the_same_moves() {
        let issuances = State::MOVES.iter().map(|(from, to)| (from.as_str(), to.as_str()));
        assert_eq!(documented("| from | to |"), by_state(issuances));
        let profiles = ProfileState::MOVES.iter().map(|(from, to)| (from.as_str(), to.as_str()));
        assert_eq!(documented("| profile, wallet or attribute: from | to |"), by_state(profiles));
    }

    type Moves = BTreeMap<String, BTreeSet<String>>;

    fn by_state(moves: impl Iterator<Item = (&'static str, &'static str)>) -> Moves {
        let mut all = Moves::new();
        for (from, to) in moves {
            all.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
        all
    }

    /// The moves of the table that begins so.
    fn documented(head: &str) -> Moves {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/architecture.md"));
        let table = text.split(head).nth(1).unwrap();
        let mut all = Moves::new();
        for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let mut names = row.split('`').skip(1).step_by(2).map(str::to_owned);
            let from = names.next().unwrap();
            assert!(all.insert(from, names.collect()).is_none(), "{row}");
        }
        all
    }
}
