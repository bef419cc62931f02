//! Until when a request is to be answered: within a month of its receipt, which may be extended once by two further months (GDPR,
//! Art. 12(3)).
//!
//! Months are those of the calendar. The day of the receipt is not counted, and the month ends with the last hour of the same day of
//! the next month, or with its last day, where it has no such day (Regulation (EEC, Euratom) No 1182/71, Art. 3(1) and (2)(c)). That a
//! term which ends on a holiday or a weekend ends on the next working day (Art. 3(4)) is left out: holidays are different everywhere, and
//! the earlier day is never too late.

use chrono::{Days, Months, NaiveDate};

use crate::model::named::named;
use crate::model::notices::Zone;
use crate::model::time::Timestamp;

/// Months in which a request is to be answered.
pub const MONTHS: u32 = 1;

/// The same of one that was extended, counted from its receipt as well.
pub const EXTENDED_MONTHS: u32 = 3;

named! {
    /// How near the end of a case's time is.
    Urgency {
        /// It is past.
        Overdue = "overdue",
        /// It is within the days of `erasure.alert_days`.
        Soon = "soon",
        /// It is further away.
        InTime = "in_time",
    }
}

/// A day by which a request is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The day.
    pub on: NaiveDate,
    /// Its last millisecond.
    pub at: Timestamp,
}

impl Due {
    /// The day that is so many months behind the receipt, by the calendar of a zone.
    #[must_use]
    pub fn after(received_at: Timestamp, months: u32, zone: Zone) -> Self {
        let received = zone.day(received_at);
        Self::on(received.checked_add_months(Months::new(months)).unwrap_or(received), zone)
    }

    /// The end of a day.
    #[must_use]
    pub fn on(day: NaiveDate, zone: Zone) -> Self {
        Self { on: day, at: zone.end_of(day) }
    }

    /// How many days there still are, by the calendar of a zone: 0 on the day itself, less than 0 behind it.
    #[must_use]
    pub fn days_left(self, now: Timestamp, zone: Zone) -> i64 {
        (self.on - zone.day(now)).num_days()
    }

    /// How near it is; `soon` is so many days before.
    #[must_use]
    pub fn urgency(self, now: Timestamp, zone: Zone, soon: u32) -> Urgency {
        match self.days_left(now, zone) {
            ..0 => Urgency::Overdue,
            days if days <= i64::from(soon) => Urgency::Soon,
            _ => Urgency::InTime,
        }
    }
}

/// Both clocks of a request. It is disputed whether the time stands still while whoever asks has not shown to be the person, so both are
/// told, and the service goes by the one that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The clock that does not stand still.
    pub due: Due,
    /// The one that does: as many days later as the identity was waited for. Moves on each day as long as it is.
    pub due_with_pause: Due,
}

impl Clocks {
    /// The clocks of a request that is due at the end of a day. `asked_at` is when the identity was asked for, and `shown_at` when it was
    /// shown, or now.
    #[must_use]
    pub fn of(due_at: Timestamp, asked_at: Timestamp, shown_at: Timestamp, zone: Zone) -> Self {
        let due = Due { on: zone.day(due_at), at: due_at };
        let days = (zone.day(shown_at) - zone.day(asked_at)).num_days().max(0).unsigned_abs();
        let paused = due.on.checked_add_days(Days::new(days)).unwrap_or(due.on);
        Self { due, due_with_pause: Due::on(paused, zone) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;
    use proptest::prelude::*;

    use super::*;
    use crate::model::time::DAY;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_one_of_the_calendar() {
        let utc = zone("UTC");
        for (received, one, three) in [
            ("2026-01-31T23:59:59Z", "2026-02-28", "2026-04-30"),
            ("2028-01-31T00:00:00Z", "2028-02-29", "2028-04-30"),
            ("2026-01-30T12:00:00Z", "2026-02-28", "2026-04-30"),
            ("2026-02-28T12:00:00Z", "2026-03-28", "2026-05-28"),
            ("2026-03-31T12:00:00Z", "2026-04-30", "2026-06-30"),
            ("2026-11-30T12:00:00Z", "2026-12-30", "2027-02-28"),
            ("2026-12-31T12:00:00Z", "2027-01-31", "2027-03-31"),
            ("2026-07-15T00:00:00Z", "2026-08-15", "2026-10-15"),
        ] {
            let due = |months| Due::after(moment(received), months, utc).on.to_string();
            assert_eq!((due(MONTHS).as_str(), due(EXTENDED_MONTHS).as_str()), (one, three), "{received}");
        }
    }

    #[test]
    fn a_day_is_one_of_the_zone() {
        // Half past eleven in the evening in Lisbon is the next day in Tokyo.
        let received = moment("2026-06-30T22:30:00Z");
        for (name, on, at) in [
            ("UTC", "2026-07-30", "2026-07-30T23:59:59.999Z"),
            ("Europe/Lisbon", "2026-07-30", "2026-07-30T22:59:59.999Z"),
            ("Asia/Tokyo", "2026-08-01", "2026-08-01T14:59:59.999Z"),
            ("America/Los_Angeles", "2026-07-30", "2026-07-31T06:59:59.999Z"),
        ] {
            let due = Due::after(received, MONTHS, zone(name));
            assert_eq!((due.on.to_string().as_str(), due.at), (on, moment(at)), "{name}");
        }
        // The clocks go forward between the two.
        let due = Due::after(moment("2026-02-28T12:00:00Z"), MONTHS, zone("Europe/Berlin"));
        assert_eq!(due.at, moment("2026-03-28T22:59:59.999Z"));
        let due = Due::after(moment("2026-03-01T12:00:00Z"), MONTHS, zone("Europe/Berlin"));
        assert_eq!(due.at, moment("2026-04-01T21:59:59.999Z"));
    }

    #[test]
    fn the_clock_with_a_pause_is_later_by_the_days_of_waiting() {
        let utc = zone("UTC");
        let due = Due::after(moment("2026-01-31T10:00:00Z"), MONTHS, utc);
        let clocks = |shown| Clocks::of(due.at, moment("2026-02-01T23:00:00Z"), moment(shown), utc);
        assert_eq!(clocks("2026-02-01T23:30:00Z").due_with_pause, due);
        assert_eq!(clocks("2026-02-02T00:30:00Z").due_with_pause.on.to_string(), "2026-03-01");
        assert_eq!(clocks("2026-02-11T00:30:00Z").due_with_pause.at, moment("2026-03-10T23:59:59.999Z"));
        assert_eq!(clocks("2026-01-01T00:30:00Z").due_with_pause, due, "a clock that went back");
    }

    #[test]
    fn days_are_counted_to_the_day_itself() {
        let tokyo = zone("Asia/Tokyo");
        let due = Due::after(moment("2026-01-10T10:00:00Z"), MONTHS, tokyo);
        assert_eq!(due.on.to_string(), "2026-02-10");
        for (now, days, urgency) in [
            ("2026-01-10T14:59:59Z", 31, Urgency::InTime),
            ("2026-02-02T14:59:59Z", 8, Urgency::InTime),
            // The next day has begun in Tokyo.
            ("2026-02-02T15:00:00Z", 7, Urgency::Soon),
            ("2026-02-10T14:59:59Z", 0, Urgency::Soon),
            ("2026-02-10T15:00:00Z", -1, Urgency::Overdue),
        ] {
            assert_eq!(due.days_left(moment(now), tokyo), days, "{now}");
            assert_eq!(due.urgency(moment(now), tokyo, 7), urgency, "{now}");
        }
    }

    proptest! {
        #[test]
        fn a_due_day_is_the_same_day_or_the_last_of_its_month(
            millis in 0_i64..4_102_444_800_000,
            months in 1_u32..=3,
            name in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
        ) {
            let zone = zone(name);
            let received = Timestamp::from_unix_millis(millis).unwrap();
            let day = zone.day(received);
            let due = Due::after(received, months, zone);
            // So many months later, whatever the year.
            let number = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
            prop_assert_eq!(number(due.on) - number(day), i64::from(months));
            let is_last = due.on.succ_opt().unwrap().month() != due.on.month();
            prop_assert!(due.on.day() == day.day() || (due.on.day() < day.day() && is_last));
            // Its end is on it, and what follows is not; and it is more than 27 days away.
            prop_assert_eq!(zone.day(due.at), due.on);
            prop_assert!(zone.day(due.at.plus_millis(1)) > due.on);
            prop_assert!(due.at.unix_millis() - millis > 27 * DAY);
        }

        #[test]
        fn later_requests_are_not_due_earlier(a in 0_i64..4_102_444_800_000, b in 0_i64..4_102_444_800_000) {
            let due = |millis| Due::after(Timestamp::from_unix_millis(millis).unwrap(), MONTHS, zone("Europe/Berlin")).at;
            prop_assert!(due(a.min(b)) <= due(a.max(b)));
        }
    }
}
