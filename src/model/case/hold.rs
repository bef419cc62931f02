//! Legal holds: a law that wants records kept for a time which begins with an event, and ends in deletion.
//!
//! The duties to keep (Directive (EU) 2015/849, Art. 40(1); Regulation (EU) 2024/1624, Art. 77) bind who is obliged by them, which an
//! issuer is not by itself. So there is none unless a deployment says which law it is.

pub use crate::model::validity::Term;

use crate::model::issuance::{Issuance, State};
use crate::model::named::named;
use crate::model::time::Timestamp;

named! {
    /// With what the time of a hold begins.
    HoldStart {
        /// With the credential's issuance.
        Issued = "issued",
        /// With its revocation.
        Revoked = "revoked",
        /// With its end: its revocation, or the end of its validity.
        Ended = "ended",
    }
}

/// A law that wants records kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The law, in its own name.
    pub basis: String,
    /// With what the time begins.
    pub start: HoldStart,
    /// How long it is.
    pub term: Term,
}

/// What a hold can begin with, of one issuance.
#[derive(Clone, Copy, Debug, Default)]
struct Events {
    issued_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

impl Hold {
    /// Until when a case is held: until the last of its issuances is not. `None` if none is, at this moment.
    #[must_use]
    pub fn of_case(
        &self,
        issuances: &[Issuance],
        received_at: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        // Of what is erased, nothing is left that a law could want.
        let kept = issuances.iter().filter(|issuance| issuance.state != State::Erased);
        let events = kept.map(|issuance| Events {
            issued_at: issuance.issued_at,
            revoked_at: issuance.revoked_at,
            valid_until: issuance.valid_until,
        });
        let until = events.filter_map(|events| self.until(events, received_at)).max();
        until.filter(|until| *until > now)
    }

    /// Until when an issuance is held; `None` if it never became a credential. Where the time has not begun and no day is known on which it
    /// will, it begins with the receipt of the request: every hold ends.
    fn until(&self, events: Events, received_at: Timestamp) -> Option<Timestamp> {
        let issued_at = events.issued_at?;
        let start = match self.start {
            HoldStart::Issued => Some(issued_at),
            HoldStart::Revoked => events.revoked_at,
            HoldStart::Ended => match (events.revoked_at, events.valid_until) {
                (Some(revoked), Some(end)) => Some(revoked.min(end)),
                (revoked, end) => revoked.or(end),
            },
        };
        Some(self.term.after(start.unwrap_or(received_at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_hold_ends() {
        let (issued, revoked, end) = ("2026-01-31T10:00:00Z", "2026-03-01T10:00:00Z", "2027-01-31T00:00:00Z");
        let received = moment("2026-05-05T05:00:00Z");
        let hold = |start| Hold { basis: "Art. 77".to_owned(), start, term: "5y".parse().unwrap() };
        let events = |is_revoked: bool, has_end: bool| Events {
            issued_at: Some(moment(issued)),
            revoked_at: is_revoked.then(|| moment(revoked)),
            valid_until: has_end.then(|| moment(end)),
        };
        for (start, is_revoked, has_end, until) in [
            (HoldStart::Issued, false, false, "2031-01-31T10:00:00Z"),
            (HoldStart::Revoked, true, true, "2031-03-01T10:00:00Z"),
            (HoldStart::Revoked, false, true, "2031-05-05T05:00:00Z"),
            (HoldStart::Ended, true, true, "2031-03-01T10:00:00Z"),
            (HoldStart::Ended, false, true, "2032-01-31T00:00:00Z"),
            (HoldStart::Ended, false, false, "2031-05-05T05:00:00Z"),
        ] {
            let found = hold(start).until(events(is_revoked, has_end), received);
            assert_eq!(found, Some(moment(until)), "{start} {is_revoked} {has_end}");
        }
        for start in HoldStart::ALL {
            assert_eq!(hold(*start).until(Events::default(), received), None, "never a credential");
        }
        assert_eq!(hold(HoldStart::Issued).of_case(&[], received, received), None);
    }
}
