//! Notices: what somebody is told by mail before a credential ends, and on the day. When each is due, which are left where it is
//! late, and what is said together. `docs/notices.md` has the rules.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use idos_credential::Kind;
use sha2::{Digest as _, Sha256};

use super::ids::{IssuanceId, NoticeId};
use super::named::named;
use super::personal::Locale;
use super::regions;
use super::time::{DAY, Timestamp};

/// How long after the end a notice may still be sent that was held up, in milliseconds: a week.
pub const LATEST: i64 = 7 * DAY;

named! {
    /// Where a notice stands.
    NoticeState {
        /// It will be sent when it is due.
        Planned = "planned",
        /// It is about to be sent, or is being sent: the mail server may have heard of it.
        Sending = "sending",
        /// The mail server has taken it, or the mail that says it along with another.
        Sent = "sent",
        /// It is not sent: there is nothing to say any more.
        Dropped = "dropped",
        /// It could not be sent.
        Failed = "failed",
        /// It may have been sent: the mail server had all of it and has not answered. It is not sent again by itself.
        Unclear = "unclear",
    }
}

named! {
    /// What somebody does about a notice by hand.
    NoticeDeed {
        /// Has it sent once more.
        Resend = "resend",
        /// Has it not sent.
        Cancel = "cancel",
    }
}

named! {
    /// Why a notice was not sent.
    NoticeCode {
        /// A nearer one was due as well.
        Late = "late",
        /// The credential had ended more than a week ago.
        TooLate = "too_late",
        /// The credential is revoked, or about to be.
        Revoked = "revoked",
        /// The same person has a newer credential of this kind, which ends later.
        Superseded = "superseded",
        /// The issuance was forgotten on request.
        Erased = "erased",
        /// The settings do not have it any more.
        Policy = "policy",
        /// There is nobody to write to.
        NoContact = "no_contact",
        /// The address does not exist, as its mail server says. It is written to again when it changes.
        Unreachable = "unreachable",
        /// The person wants no reminders.
        RemindersOff = "reminders_off",
        /// An operator has cancelled it.
        Cancelled = "cancelled",
        /// The contact cannot be unlocked, or no mail can be written of it.
        Unreadable = "unreadable",
        /// The mail server refuses it for good.
        Refused = "refused",
        /// Tried as often as is allowed.
        TooManyAttempts = "too_many_attempts",
        /// The mail server had all of it, and what it made of it is not known.
        OutcomeUnknown = "outcome_unknown",
        /// The last try did not get through: it is tried again.
        TryAgain = "try_again",
    }
}

/// A notice. Nothing in it is about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Our id.
    pub id: NoticeId,
    /// The issuance whose credential ends.
    pub issuance_id: IssuanceId,
    /// Whose it is.
    pub client: String,
    /// How many days before the end; 0 is the day itself.
    pub days: u32,
    /// Where it stands.
    pub state: NoticeState,
    /// When it is to be sent, or tried again.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// The notice whose mail said it along.
    pub said_with: Option<NoticeId>,
    /// Why it is not sent, or was not the last time.
    pub code: Option<NoticeCode>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// Since when the mail server may have all of it.
    pub data_at: Option<Timestamp>,
    /// Whether its turn at the domain has come.
    pub is_paced: bool,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Notice {
    /// What can be done about it by hand, as it stands.
    #[must_use]
    pub fn deeds(&self) -> &'static [NoticeDeed] {
        match self.state {
            NoticeState::Planned => &[NoticeDeed::Cancel],
            NoticeState::Sending => &[],
            NoticeState::Sent | NoticeState::Dropped | NoticeState::Failed | NoticeState::Unclear => {
                &[NoticeDeed::Resend]
            }
        }
    }

    /// How it looks now, to be held against how it looks when somebody acts on it: a text that stands in forms.
    #[must_use]
    pub fn seen(&self) -> String {
        format!("{}.{}", self.state, self.updated_at.unix_millis())
    }
}

/// A time zone by its name in the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl FromStr for Zone {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        text.parse().map(Self).map_err(|_| "must be a time zone such as Europe/Lisbon")
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Zone {
    /// The zone of the country that a locale names.
    #[must_use]
    pub fn of_locale(locale: &Locale) -> Option<Self> {
        locale.region().and_then(regions::zone_of).map(Self)
    }

    /// The day of a moment; before the calendar's beginning, its first day.
    #[must_use]
    pub fn day(self, moment: Timestamp) -> NaiveDate {
        self.local(moment).map(|local| local.date_naive()).unwrap_or_default()
    }

    /// The last millisecond of a day.
    #[must_use]
    pub fn end_of(self, day: NaiveDate) -> Timestamp {
        let next = day.succ_opt().and_then(|next| self.moment(next, 0));
        next.map_or(Timestamp::EPOCH, |next| next.plus_millis(-1))
    }

    /// The first millisecond of a day.
    #[must_use]
    pub fn start_of(self, day: NaiveDate) -> Timestamp {
        self.moment(day, 0).unwrap_or(Timestamp::EPOCH)
    }

    fn local(self, moment: Timestamp) -> Option<chrono::DateTime<Tz>> {
        match self.0.timestamp_millis_opt(moment.unix_millis()) {
            LocalResult::Single(local) => Some(local),
            LocalResult::Ambiguous(..) | LocalResult::None => None,
        }
    }

    /// The moment of a local time. Of two (clocks go back), the first; where there is none (they go forward), the first behind
    /// it.
    fn moment(self, date: NaiveDate, hour: u32) -> Option<Timestamp> {
        /// A whole day may be missing, where a country has moved across the date line.
        const LONGEST_GAP: i64 = 4 * 25;
        let wanted = date.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
        (0..=LONGEST_GAP).find_map(|quarters| {
            let local = wanted.checked_add_signed(TimeDelta::minutes(15 * quarters))?;
            let moment = self.0.from_local_datetime(&local).earliest()?;
            Timestamp::from_unix_millis(moment.timestamp_millis()).ok()
        })
    }
}

/// Hours in which nobody is written to, by the clock of who is written to. Empty if both are the same; may go past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The hour in which they begin.
    pub from: u32,
    /// The hour with which they end.
    pub until: u32,
}

impl Quiet {
    /// Whether an hour is one of them.
    #[must_use]
    pub fn has(self, hour: u32) -> bool {
        if self.from <= self.until {
            (self.from..self.until).contains(&hour)
        } else {
            hour >= self.from || hour < self.until
        }
    }
}

/// What is told, and when (section `[notices]` of the configuration).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many days before the end.
    pub days: Vec<u32>,
    /// The same for kinds of credentials.
    pub days_of: BTreeMap<String, Vec<u32>>,
    /// The hour of the person's morning.
    pub hour: u32,
    /// When nobody is written to.
    pub quiet: Quiet,
    /// The time zone of those whose locale names no country.
    pub zone: Zone,
    /// Whether the country of a locale says the time zone.
    pub zone_by_country: bool,
    /// How many days apart credentials of one person may end to be told of in one mail.
    pub together_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            days: vec![30, 7, 1, 0],
            days_of: BTreeMap::new(),
            hour: 9,
            quiet: Quiet { from: 20, until: 8 },
            zone: Zone::default(),
            zone_by_country: true,
            together_days: 3,
        }
    }
}

/// What is known of an issuance's notices when they are planned.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Days of those that are planned.
    pub planned: &'a [u32],
    /// Days of those that were said, or tried to be: nothing that is farther from the end is said after them.
    pub said: &'a [u32],
    /// Days of those that somebody has cancelled, or a nearer one has replaced.
    pub passed_over: &'a [u32],
}

impl Settings {
    /// What these settings are: another text, other plans.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { days, days_of, hour, quiet: _, zone, zone_by_country, together_days: _ } = self;
        let text = format!("1 {days:?} {days_of:?} {hour} {zone} {zone_by_country}");
        hex::encode(Sha256::digest(text))
    }

    /// The zone of somebody.
    #[must_use]
    pub fn zone_of(&self, locale: Option<&Locale>) -> Zone {
        locale.filter(|_| self.zone_by_country).and_then(Zone::of_locale).unwrap_or(self.zone)
    }

    fn days_of(&self, kind: Kind) -> &[u32] {
        self.days_of.get(kind.as_str()).unwrap_or(&self.days)
    }

    /// When a notice is due: on the morning so many days before the day on which the credential ends, by the person's calendar.
    #[must_use]
    pub fn due(&self, valid_until: Timestamp, days: u32, zone: Zone) -> Option<Timestamp> {
        let day = zone.local(valid_until)?.date_naive().checked_sub_days(Days::new(days.into()))?;
        zone.moment(day, self.hour)
    }

    /// What is to be planned for a credential of `kind`: days, and when each is due. Of those whose time has come already, the
    /// nearest is left, and due at once. Of a credential that has ended nothing begins to be told.
    #[must_use]
    pub fn plan(
        &self,
        kind: Kind,
        valid_until: Timestamp,
        zone: Zone,
        now: Timestamp,
        known: Known<'_>,
    ) -> Vec<(u32, Timestamp)> {
        // What is nearer was said already.
        let nearest_said = known.said.iter().copied().min().unwrap_or(u32::MAX);
        let mut all: Vec<_> = self
            .days_of(kind)
            .iter()
            .filter(|days| **days < nearest_said)
            .filter_map(|days| Some((*days, self.due(valid_until, *days, zone)?)))
            .collect();
        all.sort_unstable();
        all.dedup();
        let is_late = |due: Timestamp| due <= now;
        let nearest_late = all.iter().find(|(_, due)| is_late(*due)).map(|(days, _)| *days);
        // Nothing farther is said in the place of one that was passed over.
        all.into_iter()
            .filter(|(days, _)| !known.passed_over.contains(days))
            .filter_map(|(days, due)| {
                if !is_late(due) {
                    return Some((days, due));
                }
                let has_begun = now < valid_until
                    || (known.planned.contains(&days) && now < valid_until.plus_millis(LATEST));
                (nearest_late == Some(days) && has_begun).then(|| (days, self.awake(now, zone)))
            })
            .collect()
    }

    /// The first moment from `now` on at which somebody may be written to.
    #[must_use]
    pub fn awake(&self, now: Timestamp, zone: Zone) -> Timestamp {
        let Some(local) = zone.local(now) else { return now };
        if !self.quiet.has(local.hour()) {
            return now;
        }
        let today = local.date_naive();
        [Some(today), today.succ_opt()]
            .into_iter()
            .flatten()
            .filter_map(|day| zone.moment(day, self.quiet.until))
            .find(|end| *end > now)
            .unwrap_or(now)
    }

    /// Until when notices of one person, so many days before the end, are due that are said along with one that is due at
    /// `due`. What has not ended yet is never told of as if it had: there they must be of the same day.
    #[must_use]
    pub fn together_until(&self, due: Timestamp, days: u32) -> Timestamp {
        due.plus_millis(i64::from(self.together_days.min(days)) * DAY)
    }
}

/// How long a notice waits that did not get through, for the `attempts`th time, in milliseconds: five minutes, doubling, at most
/// four hours. Mail servers that let strangers wait (greylisting) want some minutes at least.
#[must_use]
pub fn pause(attempts: u32) -> i64 {
    const FIRST: i64 = 5 * 60_000;
    FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(4 * 60 * 60_000)
}

/// How often a notice is tried: two days at the longest.
pub const MOST_ATTEMPTS: u32 = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn kyc() -> Kind {
        Kind::default()
    }

    fn plan(zone: Zone, end: &str, now: &str) -> Vec<(u32, String)> {
        let planned = Settings::default().plan(kyc(), at(end), zone, at(now), Known::default());
        planned.into_iter().map(|(days, due)| (days, due.to_seconds_text())).collect()
    }

    fn texts(all: &[(u32, &str)]) -> Vec<(u32, String)> {
        all.iter().map(|(days, due)| (*days, (*due).to_owned())).collect()
    }

    #[test]
    fn notices_are_due_on_the_persons_morning_whatever_its_clocks_do() {
        // Clocks go forward on the 29th of March 2026 and back on the 25th of October.
        assert_eq!(
            plan(zone("Europe/Lisbon"), "2026-04-05T12:00:00Z", "2026-01-01"),
            texts(&[
                (0, "2026-04-05T08:00:00Z"),
                (1, "2026-04-04T08:00:00Z"),
                (7, "2026-03-29T08:00:00Z"),
                (30, "2026-03-06T09:00:00Z"),
            ])
        );
        // The day is that of the person's calendar.
        assert_eq!(
            plan(zone("America/Los_Angeles"), "2026-03-01T00:00:00Z", "2026-02-20"),
            texts(&[
                (0, "2026-02-28T17:00:00Z"),
                (1, "2026-02-27T17:00:00Z"),
                (7, "2026-02-21T17:00:00Z"),
                (30, "2026-02-20T00:00:00Z")
            ])
        );
        assert_eq!(
            plan(zone("Asia/Kathmandu"), "2028-03-01T00:00:00Z", "2028-01-01")[1],
            (1, "2028-02-29T03:15:00Z".to_owned())
        );
    }

    #[test]
    fn a_morning_that_there_is_not_is_the_next_one_that_there_is() {
        // Samoa had no 30th of December 2011.
        let settings = Settings::default();
        let due = settings.due(at("2011-12-31T12:00:00Z"), 2, zone("Pacific/Apia")).unwrap();
        assert_eq!(due.to_seconds_text(), "2011-12-30T10:00:00Z");
        let early = Settings { hour: 2, ..settings };
        let due = early.due(at("2026-03-29T12:00:00Z"), 0, zone("Europe/Berlin")).unwrap();
        assert_eq!(due.to_seconds_text(), "2026-03-29T01:00:00Z");
        let twice = early.due(at("2026-10-25T12:00:00Z"), 0, zone("Europe/Berlin")).unwrap();
        assert_eq!(twice.to_seconds_text(), "2026-10-25T00:00:00Z");
    }

    #[test]
    fn found_late_only_the_nearest_is_left_and_waits_for_the_morning() {
        assert_eq!(
            plan(Zone::default(), "2026-06-30T12:00:00Z", "2026-06-26T10:00:00Z"),
            texts(&[(0, "2026-06-30T09:00:00Z"), (1, "2026-06-29T09:00:00Z"), (7, "2026-06-26T10:00:00Z")])
        );
        let at_night = plan(Zone::default(), "2026-06-30T12:00:00Z", "2026-06-26T22:00:00Z");
        assert_eq!(at_night[2], (7, "2026-06-27T08:00:00Z".to_owned()));
        assert_eq!(plan(Zone::default(), "2026-06-30T12:00:00Z", "2026-06-30T11:00:00Z").len(), 1);
        assert_eq!(plan(Zone::default(), "2026-06-30T12:00:00Z", "2026-06-30T12:00:00Z"), []);
        // Ended at midnight, and told of on the morning of that day.
        assert_eq!(
            plan(Zone::default(), "2026-06-30T00:00:00Z", "2026-06-30T03:00:00Z"),
            texts(&[(0, "2026-06-30T09:00:00Z")])
        );
    }

    #[test]
    fn what_was_said_is_not_said_again_nor_what_is_farther() {
        let settings = Settings::default();
        let (end, now) = (at("2026-06-30T12:00:00Z"), at("2026-06-24"));
        let days = |known| -> Vec<u32> {
            settings.plan(kyc(), end, Zone::default(), now, known).iter().map(|(days, _)| *days).collect()
        };
        assert_eq!(days(Known { said: &[30, 7], ..Known::default() }), [0, 1]);
        assert_eq!(days(Known { planned: &[0, 1], said: &[30], passed_over: &[] }), [0, 1, 7]);
        assert_eq!(days(Known { said: &[0], ..Known::default() }), [] as [u32; 0]);
        assert_eq!(days(Known { passed_over: &[0], ..Known::default() }), [1, 7]);
        // What is planned stays planned behind the end, for a week.
        let known = Known { planned: &[0], ..Known::default() };
        let after = |now| settings.plan(kyc(), end, Zone::default(), at(now), known);
        assert_eq!(after("2026-07-03T10:00:00Z").len(), 1);
        assert_eq!(after("2026-07-08T10:00:00Z"), []);
    }

    #[test]
    fn kinds_have_their_own_days_and_other_settings_another_fingerprint() {
        let days_of = BTreeMap::from([(kyc().as_str().to_owned(), vec![2])]);
        let settings = Settings { days_of, ..Settings::default() };
        let planned =
            settings.plan(kyc(), at("2026-06-30"), Zone::default(), at("2026-01-01"), Known::default());
        assert_eq!(planned.len(), 1);
        assert_ne!(settings.fingerprint(), Settings::default().fingerprint());
        let elsewhere = Settings { zone: zone("Europe/Lisbon"), ..Settings::default() };
        assert_ne!(elsewhere.fingerprint(), Settings::default().fingerprint());
    }

    #[test]
    fn a_country_says_the_zone_and_a_language_does_not() {
        let settings = Settings { zone: zone("Europe/Lisbon"), ..Settings::default() };
        let of = |tag: &str| settings.zone_of(Some(&tag.parse().unwrap())).to_string();
        assert_eq!(of("pt-BR"), "America/Sao_Paulo");
        assert_eq!(of("zh-Hant-TW"), "Asia/Taipei");
        for tag in ["pt", "es-419", "sr-Latn"] {
            assert_eq!(of(tag), "Europe/Lisbon", "{tag}");
        }
        let fixed = Settings { zone_by_country: false, ..settings };
        assert_eq!(fixed.zone_of(Some(&"pt-BR".parse().unwrap())).to_string(), "Europe/Lisbon");
    }

    #[test]
    fn what_is_said_together_has_not_ended_before_it_is_said() {
        let settings = Settings::default();
        let due = at("2026-06-01");
        for (days, until) in [(30, "2026-06-04"), (7, "2026-06-04"), (1, "2026-06-02"), (0, "2026-06-01")] {
            assert_eq!(settings.together_until(due, days), at(until));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In any zone, at any time: on the right day of the person's calendar, at the hour, or just behind a gap of the clocks.
        #[test]
        fn due_is_the_right_day_at_the_hour(
            place in 0..chrono_tz::TZ_VARIANTS.len(),
            end in 946_684_800_i64..4_102_444_800,
            days in 0_u32..60,
            hour in 0_u32..24,
        ) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[place]);
            let end = Timestamp::from_unix_millis(end * 1000).unwrap();
            let settings = Settings { hour, ..Settings::default() };
            let due = zone.local(settings.due(end, days, zone).unwrap()).unwrap();
            let wanted = zone.local(end).unwrap().date_naive() - Days::new(days.into());
            let wanted = wanted.and_hms_opt(hour, 0, 0).unwrap();
            let behind = due.naive_local() - wanted;
            prop_assert!(behind >= TimeDelta::zero() && behind <= TimeDelta::days(1), "{behind}");
            if behind > TimeDelta::zero() {
                prop_assert!(matches!(zone.0.from_local_datetime(&wanted), LocalResult::None), "{due}");
            }
        }

        /// Whenever: each is planned at most once, at most one at once, none in quiet hours, and the nearer the later.
        #[test]
        fn plans_are_in_order_and_leave_nights_alone(
            place in 0..chrono_tz::TZ_VARIANTS.len(),
            end in 946_684_800_i64..4_102_444_800,
            before in -864_000_i64..5_184_000,
        ) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[place]);
            let moment = |seconds: i64| Timestamp::from_unix_millis(seconds * 1000).unwrap();
            let (end, now) = (moment(end), moment(end - before));
            let settings = Settings::default();
            let planned = settings.plan(kyc(), end, zone, now, Known::default());
            prop_assert!(planned.is_sorted_by(|(days, due), (more, earlier)| days < more && due >= earlier));
            prop_assert!(planned.iter().all(|(_, due)| *due >= now));
            let own = |days: u32| settings.due(end, days, zone).unwrap();
            prop_assert!(planned.iter().filter(|(days, due)| own(*days) != *due).count() <= 1);
            for (_, due) in &planned {
                prop_assert!(!settings.quiet.has(zone.local(*due).unwrap().hour()), "{due}");
            }
            // All whose time is to come are there.
            for days in settings.days.iter().filter(|days| own(**days) > now) {
                prop_assert!(planned.contains(&(*days, own(*days))));
            }
        }

        #[test]
        fn awake_is_the_end_of_the_quiet_hours(
            place in 0..chrono_tz::TZ_VARIANTS.len(),
            now in 946_684_800_i64..4_102_444_800,
            from in 0_u32..24,
            until in 0_u32..24,
        ) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[place]);
            let now = Timestamp::from_unix_millis(now * 1000).unwrap();
            let settings = Settings { quiet: Quiet { from, until }, ..Settings::default() };
            let awake = settings.awake(now, zone);
            let hour = zone.local(now).unwrap().hour();
            prop_assert_eq!(awake > now, settings.quiet.has(hour));
            prop_assert!(awake.unix_millis() - now.unix_millis() <= 49 * 3_600_000);
        }
    }
}
