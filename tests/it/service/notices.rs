//! Notices: each once, on the person's morning, whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use idos_issuer::app::App;
use idos_issuer::clock::Clock;
use idos_issuer::flow::notices::{self, Claim};
use idos_issuer::flow::{contact, erase, revoke};
use idos_issuer::mail::{Mailer, Sent};
use idos_issuer::model::ids::{IssuanceId, random_uuid};
use idos_issuer::model::issuance::Issuance;
use idos_issuer::model::mail_link::StopReason;
use idos_issuer::model::notices::{Notice, NoticeCode, NoticeState, Settings};
use idos_issuer::model::personal::{Contact, ContactChange};
use idos_issuer::model::time::{DAY, HOUR, Timestamp};
use idos_issuer::store::Turn;
use rand::rngs::{OsRng, StdRng};
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;

use crate::support::service::{Backend, Stage, audit_holds, caller, issued_record};

/// A user, the end of the credential, and address and locale.
type Person = (Uuid, Timestamp, Option<(String, String)>);

/// Processes on one database, with one mail server that takes everything.
pub(super) struct Office {
    pub(super) stage: Stage,
    pub(super) sent: Sent,
    apps: Vec<Arc<App>>,
}

impl Office {
    pub(super) async fn open(backend: Backend, processes: usize, now: &str) -> Self {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(now.parse().unwrap());
        // The clock stands while many are sent.
        "[notices]\nper_domain = 60000\n".clone_into(&mut stage.settings);
        let mut office = Self { stage, sent: Sent::default(), apps: Vec::new() };
        for _ in 0..processes {
            let app = office.process().await;
            office.apps.push(app);
        }
        office
    }

    async fn process(&self) -> Arc<App> {
        let mailer = Mailer::memory_of("Example <a@b.example>", self.sent.clone()).unwrap();
        Arc::new(Arc::into_inner(self.stage.app().await).unwrap().with_mailer(mailer))
    }

    pub(super) async fn with_settings(&mut self, settings: &str) {
        settings.clone_into(&mut self.stage.settings);
        for place in 0..self.apps.len() {
            self.apps[place].store.close().await;
            self.apps[place] = self.process().await;
        }
    }

    pub(super) fn app(&self) -> &App {
        &self.apps[0]
    }

    pub(super) fn go_to(&self, moment: &str) {
        let moment: Timestamp = moment.parse().unwrap();
        self.stage.clock.advance_millis(moment.unix_millis() - self.stage.clock.now().unix_millis());
    }

    /// A credential that is in its user's profile already, whose notices are still to be planned.
    pub(super) async fn issued(
        &self,
        user: Uuid,
        valid_until: Timestamp,
        to: Option<(&str, &str)>,
    ) -> IssuanceId {
        self.issued_all(vec![(
            user,
            valid_until,
            to.map(|(email, locale)| (email.to_owned(), locale.to_owned())),
        )])
        .await
        .remove(0)
    }

    async fn issued_all(&self, all: Vec<Person>) -> Vec<IssuanceId> {
        let (app, now) = (self.app(), self.stage.clock.now());
        let mut made = Vec::new();
        let mut tx = app.store.begin().await.unwrap();
        for (user_id, valid_until, to) in all {
            let id = IssuanceId::new(now, &mut OsRng);
            let issuance = Issuance {
                user_id,
                valid_until: Some(valid_until),
                has_contact: to.is_some(),
                ..issued_record(app, &id, now)
            };
            tx.add_issuance(&issuance, None).await.unwrap();
            if let Some((email, locale)) = to {
                let contact = Contact { email: email.parse().unwrap(), locale: locale.parse().unwrap() };
                let locked = contact::lock(&app.vault, (id.as_str(), &issuance.client), &contact).unwrap();
                tx.keep_contact(&id, &locked, now).await.unwrap();
            }
            made.push(id);
        }
        tx.commit().await.unwrap();
        made
    }

    /// Has all planned, as it would be at the first start with notices.
    pub(super) async fn plan_all(&self) {
        let mut tx = self.app().store.begin().await.unwrap();
        tx.record_anew("notice_settings", "none").await.unwrap();
        tx.commit().await.unwrap();
        notices::replan(self.app()).await.unwrap();
    }

    /// Sends all that is due, by all processes at once.
    pub(super) async fn send(&self) {
        let work = self.apps.iter().map(|app| {
            let app = Arc::clone(app);
            tokio::spawn(async move {
                loop {
                    match notices::claim(&app).await {
                        Ok(Claim::Letter(claimed)) => drop(claimed.send(&app).await.unwrap()),
                        Ok(Claim::Nothing | Claim::Enough) => break,
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        });
        for done in work.collect::<Vec<_>>() {
            done.await.unwrap();
        }
    }

    pub(super) async fn of(&self, id: &IssuanceId) -> Vec<(u32, NoticeState, Option<NoticeCode>)> {
        let all = self.app().store.notices_of(id).await.unwrap();
        all.iter().map(|notice| (notice.days, notice.state, notice.code)).collect()
    }

    pub(super) fn mails(&self) -> Vec<(String, String, String)> {
        let mails = self.sent.all().into_iter();
        mails.map(|mail| (mail.envelope.to, mail.rendered.subject, mail.rendered.text)).collect()
    }
}

pub(super) fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

pub(super) fn user() -> Uuid {
    random_uuid(&mut OsRng)
}

use NoticeState::{Dropped, Failed, Planned, Sending, Unclear};
const SENT: NoticeState = NoticeState::Sent;

on_both_databases! {
    async fn five_years_with_two_replicas_restarts_and_lost_turns(backend) {
        const LOCALES: &[&str] = &["en-GB", "pt-BR", "en-US", "ja-JP", "de", "es-419", "en-NZ", "pt-PT", "ne-NP"];
        let many: usize = std::env::var("IDOS_TEST_NOTICES").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
        let mut office = Office::open(backend, 2, "2027-01-01T00:00:00Z").await;
        office.with_settings("[notices]\nper_domain = 60000\nper_day = 1000000\n").await;
        let mut rng = StdRng::seed_from_u64(7);
        let start = office.stage.clock.now();
        let mut people = Vec::new();
        for number in 0..many {
            // Some have several; all ends within the five years, some within days.
            let person = format!("p{}@d{}.example", number * 4 / 5, number % 97);
            let locale = LOCALES[number * 4 / 5 % LOCALES.len()].to_owned();
            let end = start.plus_millis(rng.gen_range(HOUR..5 * 365 * DAY));
            people.push((user(), end, Some((person, locale))));
        }
        let mut ids = Vec::new();
        for part in people.chunks(1000) {
            ids.extend(office.issued_all(part.to_vec()).await);
        }
        office.plan_all().await;

        let (mut lost, mut steps, mut mails) = (0_u32, 0_u32, Vec::new());
        while let Some(due) = office.app().store.oldest_due_notice().await.unwrap() {
            let now = office.stage.clock.now();
            office.stage.clock.advance_millis((due.unix_millis() - now.unix_millis()).max(60_000));
            steps += 1;
            if steps.is_multiple_of(50) {
                // A process takes a turn, and is gone. Its turn runs out, and somebody else has it.
                if let Claim::Letter(_) = notices::claim(&office.apps[1]).await.unwrap() {
                    lost += 1;
                    office.apps[1].store.close().await;
                    office.apps[1] = office.process().await;
                    office.stage.clock.advance_millis(21 * 60_000);
                    office.send().await;
                }
            }
            office.send().await;
            mails.extend(office.sent.take());
            assert!(steps < 100_000);
        }
        assert!(lost > 0);

        let settings = Settings::default();
        // By the notice that a mail was sent for: how many credentials it tells of, and to whom.
        let mut wanted: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for (id, (_, end, to)) in ids.iter().zip(&people) {
            let (email, locale) = to.clone().unwrap();
            let zone = settings.zone_of(Some(&locale.parse().unwrap()));
            let there = office.app().store.notices_of(id).await.unwrap();
            let to_come = [0, 1, 7, 30].iter().filter(|days| settings.due(*end, **days, zone).unwrap() > start).count();
            assert_eq!(there.len(), to_come + usize::from(to_come < 4), "{there:?}");
            for notice in there {
                assert_eq!((notice.state, notice.code), (SENT, None), "{notice:?}");
                let (due, sent_at) = (settings.due(*end, notice.days, zone).unwrap(), notice.sent_at.unwrap());
                assert_eq!(settings.awake(sent_at, zone), sent_at, "at night: {notice:?}");
                let early = i64::from(notice.days.min(3)) * DAY;
                let latest = due.max(settings.awake(start, zone)).plus_millis(DAY / 2);
                assert!(sent_at >= due.plus_millis(-early) && sent_at <= latest, "{due} {notice:?}");
                let led = notice.said_with.unwrap_or(notice.id).to_string();
                let of = wanted.entry(led).or_insert((email.clone(), 0));
                assert_eq!(of.0, email);
                of.1 += 1;
            }
        }
        let said: BTreeMap<_, _> = mails
            .iter()
            .map(|mail| {
                let id = mail.message_id.as_str().split('@').next().unwrap().trim_matches('<').to_owned();
                let items = mail.rendered.text.lines().filter(|line| line.starts_with("* ")).count();
                (id, (mail.envelope.to.clone(), items))
            })
            .collect();
        assert_eq!(said.len(), mails.len(), "no mail twice");
        assert_eq!(said, wanted);
        audit_holds(&office.app().store).await;
    }

    async fn stopped_anywhere_before_data_it_is_sent_and_behind_it_it_is_not_sent_twice(backend) {
        let office = Office::open(backend, 1, "2027-03-01T00:00:00Z").await;
        let (mut unclear, mut again, mut polls, mut rounds) = (0, 0, 0, 0);
        loop {
            let id = office.issued(user(), at("2027-03-01T12:00:00Z"), Some(("a@b.example", "en"))).await;
            office.plan_all().await;
            office.go_to("2027-03-01T09:00:00Z");
            let before = office.mails().len();
            let Claim::Letter(claimed) = notices::claim(office.app()).await.unwrap() else { panic!() };
            assert_eq!(office.of(&id).await.last().unwrap().1, Sending);
            // The process is gone after so many steps.
            let mut sending = Box::pin(claimed.send(office.app()));
            let mut left = polls;
            let done = std::future::poll_fn(|context| {
                if left == 0 {
                    return std::task::Poll::Ready(false);
                }
                left -= 1;
                sending.as_mut().poll(context).map(|sent| sent.is_ok())
            })
            .await;
            drop(sending);
            office.stage.clock.advance_millis(21 * 60_000);
            office.send().await;
            let mails = office.mails().len() - before;
            let last = office.of(&id).await.last().copied().unwrap();
            match last {
                (_, NoticeState::Sent, None) => {
                    assert_eq!(mails, 1);
                    again += usize::from(!done);
                }
                (_, Unclear, Some(NoticeCode::OutcomeUnknown)) => {
                    assert!(mails <= 1 && !done);
                    unclear += 1;
                }
                other => panic!("{other:?}"),
            }
            office.go_to("2027-03-01T00:00:00Z");
            // What was counted in the time that is to come again.
            office.app().store.forget_mail_limits(at("2028-01-01T00:00:00Z")).await.unwrap();
            // How many steps there are is chance: a database that answers at once takes none.
            if !done {
                polls += 1;
            } else if again > 0 && unclear > 0 {
                break;
            } else {
                (polls, rounds) = (0, rounds + 1);
            }
            assert!(polls < 1000 && rounds < 100, "{again} {unclear}");
        }
    }

    async fn who_has_slept_through_the_turn_sends_nothing(backend) {
        let office = Office::open(backend, 2, "2027-03-01T00:00:00Z").await;
        let id = office.issued(user(), at("2027-03-01T12:00:00Z"), Some(("a@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-03-01T09:00:00Z");
        let Claim::Letter(claimed) = notices::claim(&office.apps[0]).await.unwrap() else { panic!() };
        office.stage.clock.advance_millis(21 * 60_000);
        let Claim::Letter(anew) = notices::claim(&office.apps[1]).await.unwrap() else { panic!() };
        assert!(claimed.send(&office.apps[0]).await.is_err());
        assert_eq!(office.mails().len(), 0);
        anew.send(&office.apps[1]).await.unwrap();
        assert_eq!(office.mails().len(), 1);
        assert_eq!(office.of(&id).await.last(), Some(&(0, SENT, None)));
    }

    async fn what_is_unclear_is_sent_again_by_hand_alone(backend) {
        let office = Office::open(backend, 1, "2027-03-01T00:00:00Z").await;
        let id = office.issued(user(), at("2027-03-01T12:00:00Z"), Some(("a@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-03-01T09:00:00Z");
        let Claim::Letter(_) = notices::claim(office.app()).await.unwrap() else { panic!() };
        let notice: Notice = office.app().store.notices_of(&id).await.unwrap().pop().unwrap();
        let mut tx = office.app().store.begin().await.unwrap();
        let turn = Turn { id: &notice.id, owner: &office.app().owner, attempts: notice.attempts };
        tx.begin_data(turn, office.stage.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..3 {
            office.stage.clock.advance_millis(21 * 60_000);
            office.send().await;
        }
        assert_eq!(office.of(&id).await.last(), Some(&(0, Unclear, Some(NoticeCode::OutcomeUnknown))));
        assert_eq!(office.mails().len(), 0);
        notices::resend(office.app(), &notice.id).await.unwrap();
        office.send().await;
        assert_eq!((office.of(&id).await.last(), office.mails().len()), (Some(&(0, SENT, None)), 1));
    }

    async fn late_only_the_nearest_is_sent_and_long_after_the_end_nothing(backend) {
        let office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let long = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("a@b.example", "en"))).await;
        let over = office.issued(user(), at("2027-03-01T12:00:00Z"), Some(("c@d.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-06-25T10:00:00Z");
        office.send().await;
        let planned = [(1, Planned, None), (0, Planned, None)];
        let late = [(30, Dropped, Some(NoticeCode::Late)), (7, SENT, None)];
        assert_eq!(office.of(&long).await, [late, planned].concat());
        let too_late = office.of(&over).await;
        assert!(too_late.iter().all(|(_, state, code)| *state == Dropped && *code == Some(NoticeCode::TooLate)), "{too_late:?}");
        assert_eq!(office.mails().len(), 1);
    }

    async fn one_mail_says_what_ends_together_of_one_person_and_one_client(backend) {
        let office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let to = Some(("ana@b.example", "en"));
        let first = office.issued(user(), at("2027-06-28T12:00:00Z"), to).await;
        let second = office.issued(user(), at("2027-06-30T12:00:00Z"), to).await;
        let apart = office.issued(user(), at("2027-07-20T12:00:00Z"), to).await;
        let other = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("eva@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-05-29T09:00:00Z");
        office.send().await;
        let mails = office.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].2.contains("28 June 2027") && mails[0].2.contains("30 June 2027"), "{mails:?}");
        let along = office.app().store.notices_of(&second).await.unwrap().remove(0);
        let led = office.app().store.notices_of(&first).await.unwrap().remove(0);
        assert_eq!((along.state, along.said_with, led.said_with), (SENT, Some(led.id), None));
        for id in [&apart, &other] {
            assert_eq!(office.of(id).await[0].1, Planned);
        }
        // On the day itself nobody is told that something has ended that has not.
        office.go_to("2027-06-28T09:00:00Z");
        office.send().await;
        assert_eq!(office.of(&first).await.last().unwrap().1, SENT);
        assert_eq!(office.of(&second).await.last().unwrap().1, Planned);
    }

    async fn one_that_came_later_and_ends_earlier_is_told_of_whatever_is_planned_anew(backend) {
        let office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let to = Some(("ana@b.example", "en"));
        let same = user();
        let long = office.issued(same, at("2028-06-01T12:00:00Z"), to).await;
        office.stage.clock.advance_millis(1);
        let short = office.issued(same, at("2027-06-01T12:00:00Z"), to).await;
        let change = |email: &str| ContactChange { email: Some(email.parse().unwrap()), locale: None };
        office.plan_all().await;
        // The settings have changed; then the contact of the long one.
        office.plan_all().await;
        contact::change(office.app(), &caller(), &long, change("eva@b.example")).await.unwrap();
        for id in [&long, &short] {
            let all = office.of(id).await;
            assert!(all.len() == 4 && all.iter().all(|(_, state, _)| *state == Planned), "{all:?}");
        }
        office.go_to("2027-05-02T12:00:00Z");
        office.send().await;
        assert_eq!(office.of(&short).await[0].1, SENT);
    }

    async fn what_is_superseded_revoked_or_erased_is_not_told(backend) {
        let office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let to = Some(("ana@b.example", "en"));
        let same = user();
        let older = office.issued(same, at("2027-06-01T12:00:00Z"), to).await;
        office.stage.clock.advance_millis(1);
        let newer = office.issued(same, at("2028-06-01T12:00:00Z"), to).await;
        let revoked = office.issued(user(), at("2027-06-01T12:00:00Z"), to).await;
        let erased = office.issued(user(), at("2027-06-01T12:00:00Z"), to).await;
        office.plan_all().await;
        revoke::request(office.app(), &caller(), &revoked).await.unwrap();
        erase::erase(office.app(), &caller(), &erased).await.unwrap();
        for (id, code) in [(&older, NoticeCode::Superseded), (&revoked, NoticeCode::Revoked), (&erased, NoticeCode::Erased)] {
            let all = office.of(id).await;
            assert_eq!(all.len(), 4);
            assert!(all.iter().all(|(_, state, why)| *state == Dropped && *why == Some(code)), "{all:?}");
        }
        office.plan_all().await;
        office.go_to("2027-06-01T10:00:00Z");
        office.send().await;
        assert_eq!(office.mails().len(), 0);
        assert_eq!(office.of(&newer).await[0].1, Planned);
    }

    async fn other_settings_and_contacts_move_what_is_planned_and_repeat_nothing(backend) {
        let mut office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let id = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("ana@b.example", "en"))).await;
        let nobody = office.issued(user(), at("2027-06-30T12:00:00Z"), None).await;
        office.plan_all().await;
        assert_eq!(office.of(&nobody).await, []);
        office.go_to("2027-06-01T09:00:00Z");
        office.send().await;
        assert_eq!(office.mails().len(), 1);

        office.with_settings("[notices]\ndays = [60, 14, 1]\n").await;
        notices::replan(office.app()).await.unwrap();
        let policy = Some(NoticeCode::Policy);
        let wanted = [(30, SENT, None), (14, Planned, None), (7, Dropped, policy), (1, Planned, None), (0, Dropped, policy)];
        assert_eq!(office.of(&id).await, wanted);
        office.with_settings("").await;
        notices::replan(office.app()).await.unwrap();
        assert_eq!(office.of(&id).await[2..], [(7, Planned, None), (1, Planned, None), (0, Planned, None)]);

        let due = async |place: usize| {
            office.app().store.notices_of(&id).await.unwrap()[place].due_at.to_seconds_text()
        };
        assert_eq!(due(2).await, "2027-06-23T09:00:00Z");
        let to_brazil = ContactChange { locale: Some("pt-BR".parse().unwrap()), ..ContactChange::default() };
        contact::change(office.app(), &caller(), &id, to_brazil.clone()).await.unwrap();
        assert_eq!(due(2).await, "2027-06-23T12:00:00Z");
        // A first contact plans what is left; without an address there is none.
        assert!(contact::change(office.app(), &caller(), &nobody, to_brazil).await.is_err());
        let address = ContactChange { email: Some("eva@b.example".parse().unwrap()), locale: None };
        contact::change(office.app(), &caller(), &nobody, address).await.unwrap();
        let late = [(30, Planned, None), (7, Planned, None), (1, Planned, None), (0, Planned, None)];
        assert_eq!(office.of(&nobody).await, late);
    }

    async fn an_address_that_is_none_is_left_alone_until_it_changes(backend) {
        let office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let id = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("ana@b.example", "en"))).await;
        let addressee = office.app().store.addressee(&id).await.unwrap().unwrap();
        let mut tx = office.app().store.begin().await.unwrap();
        let address = ("acme", addressee.email_index.as_str());
        tx.stop_mail(address, StopReason::Unreachable, office.stage.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        // Another credential for the same address.
        let later = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("Ana@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-06-01T09:00:00Z");
        office.send().await;
        for id in [&id, &later] {
            assert_eq!(office.of(id).await[0], (30, Dropped, Some(NoticeCode::Unreachable)));
        }
        let change = |email: &str| ContactChange { email: Some(email.parse().unwrap()), locale: None };
        contact::change(office.app(), &caller(), &id, change("ANA@b.example")).await.unwrap();
        office.send().await;
        assert_eq!(office.mails().len(), 0, "the same address in another spelling");
        contact::change(office.app(), &caller(), &id, change("ana@new.example")).await.unwrap();
        office.send().await;
        assert_eq!(office.mails().len(), 1);
        assert_eq!(office.of(&id).await[0], (30, SENT, None));
    }

    async fn no_more_go_out_than_a_day_and_a_domain_may_have(backend) {
        let mut office = Office::open(backend, 2, "2027-06-30T00:00:00Z").await;
        office.with_settings("[notices]\nper_domain = 2\nper_day = 7\n").await;
        let mut ids = Vec::new();
        for number in 0..10 {
            let to = format!("p{number}@{}.example", if number < 5 { "one" } else { "two" });
            ids.push(office.issued(user(), at("2027-06-30T12:00:00Z"), Some((&to, "en"))).await);
        }
        office.plan_all().await;
        office.go_to("2027-06-30T09:00:00Z");
        office.send().await;
        assert_eq!(office.mails().len(), 2, "one for each domain");
        for wanted in [4, 6, 7, 7] {
            office.stage.clock.advance_millis(30_000);
            office.send().await;
            assert_eq!(office.mails().len(), wanted);
        }
        office.go_to("2027-07-01T09:00:00Z");
        for _ in 0..4 {
            office.send().await;
            office.stage.clock.advance_millis(30_000);
        }
        assert_eq!(office.mails().len(), 10);
        for id in &ids {
            assert_eq!(office.of(id).await.last(), Some(&(0, SENT, None)));
        }
    }

    async fn what_is_cancelled_is_not_sent_nor_planned_anew(backend) {
        let office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
        let id = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("ana@b.example", "en"))).await;
        office.plan_all().await;
        let notice = office.app().store.notices_of(&id).await.unwrap().remove(0);
        let text = notices::text_of(office.app(), &notice.id).await.unwrap().text;
        assert!(text.contains("30 June 2027") && !text.contains("ana"), "{text}");
        notices::cancel(office.app(), &notice.id).await.unwrap();
        assert!(notices::cancel(office.app(), &notice.id).await.is_err());
        office.plan_all().await;
        assert_eq!(office.of(&id).await[0], (30, Dropped, Some(NoticeCode::Cancelled)));
        assert_eq!(office.of(&id).await[1].1, Planned);
        assert!(!office.of(&id).await.iter().any(|(_, state, _)| *state == Failed));
    }
}
