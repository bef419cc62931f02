//! A provider's year in a database: what each look of the service, of its background work and of those who run it costs as the records
//! grow, and how much room they take.

use std::time::Instant;

use idos_issuer::app::App;
use idos_issuer::clock::Clock;
use idos_issuer::config::Config;
use idos_issuer::flow::{audit, look, sweep::sweep};
use idos_issuer::model::audit::{Actor, Answer, AuditAction, AuditEntry};
use idos_issuer::model::bulk_resume::MOST_COUNTED;
use idos_issuer::model::issuance::{Kind, State};
use idos_issuer::model::job::JobState;
use idos_issuer::model::notices::NoticeState;
use idos_issuer::model::staff::Reach;
use idos_issuer::store::Filter;
use serde::Serialize;
use uuid::Uuid;

use crate::delivered::{CLIENT, Filler, RARE, Sample};
use crate::deployment::{self, Backend, Site};
use crate::tell;

/// How often what is short is measured; of these the median is taken.
const TIMES: usize = 25;

/// Most of each kind that the report on retention counts.
const MOST: u32 = 1_000_000;

/// What was done, with so many records.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) database: Backend,
    pub(crate) records: u32,
    /// The most rows that it gave.
    pub(crate) gives: usize,
    /// The median.
    pub(crate) ms: f64,
    /// On PostgreSQL, how many pages were read, from memory or disk: the mean.
    pub(crate) pages: Option<i64>,
}

/// How much room a table or an index takes.
#[derive(Debug, Serialize)]
pub(crate) struct Size {
    pub(crate) name: String,
    pub(crate) database: Backend,
    pub(crate) records: u32,
    pub(crate) bytes: i64,
}

/// Fills a database up to each of these numbers of records, and measures each time.
pub(crate) async fn measure(site: &Site, backend: Backend, steps: &[u32]) -> (Vec<Row>, Vec<Size>) {
    let folder = site.new_folder("year");
    let database = site.database(backend, &folder).await;
    let url = &database.url;
    let store = database.store().await;
    store.close().await;
    let config = folder.join("config.toml");
    // Nobody answers there: nothing that is asked here asks the node.
    std::fs::write(&config, site.settings("http://127.0.0.1:9", url, &[0])).unwrap();
    let keys = site.keys(0);
    let most = steps.iter().max().copied().unwrap();
    let (mut rows, mut sizes) = (Vec::new(), Vec::new());
    // What settings have changed, which is all of them, is seen to while nothing is there.
    let app = App::build(Config::load_file_only(&config).unwrap(), Clock::System).await.unwrap();
    sweep(&app).await.unwrap();
    let vault = app.vault.key_id().to_owned();
    app.store.close().await;
    let mut filler = Filler::new(url, backend, (&keys, vault), most).await;
    for records in steps {
        let start = Instant::now();
        filler.grow(*records).await;
        tell(&format!("{backend:?}: {records} records after {:.0} s", start.elapsed().as_secs_f64()));
        sizes.extend(filler.sizes().await.into_iter().map(|(name, bytes)| Size {
            name,
            database: backend,
            records: *records,
            bytes,
        }));
        let clock = Clock::fixed(filler.moment(*records));
        let app = App::build(Config::load_file_only(&config).unwrap(), clock).await.unwrap();
        let mut year = Year { app: &app, filler: &mut filler, backend, records: *records, rows: &mut rows };
        year.all().await;
        app.store.close().await;
    }
    filler.close().await;
    database.remove().await;
    deployment::remove(&folder);
    (rows, sizes)
}

struct Year<'a, 'b> {
    app: &'a App,
    filler: &'a mut Filler<'b>,
    backend: Backend,
    records: u32,
    rows: &'a mut Vec<Row>,
}

impl Year<'_, '_> {
    async fn all(&mut self) {
        let samples = self.samples().await;
        self.lists(&samples).await;
        self.worker(&samples).await;
        self.sweep().await;
        self.console(&samples).await;
        self.operators().await;
    }

    /// Records that are spread over all, most of them of the large client, and issued.
    async fn samples(&mut self) -> Vec<Sample> {
        let mut samples = Vec::new();
        let mut number = 3;
        while samples.len() < TIMES {
            number = 3 + (number + self.records / 30) % (self.records - 3);
            samples.extend(self.filler.sample(number).await);
        }
        samples
    }

    /// What the API and the pages with lists ask for.
    async fn lists(&mut self, samples: &[Sample]) {
        let store = &self.app.store;
        let list = async |client: &str, filter: Filter, from: Option<&Sample>| {
            let from = from.map(|sample| sample.id.parse().unwrap());
            store.issuances(client, &filter, from.as_ref(), 100).await.unwrap().items.len()
        };
        let of = |at: usize| &samples[at];
        let state = |state| Filter { state: Some(state), ..Filter::default() };
        let both = |kind, state| Filter { kind: Some(kind), state: Some(state), ..Filter::default() };
        self.take("one issuance", async |at| {
            usize::from(store.issuance(&of(at).id.parse().unwrap()).await.unwrap().is_some())
        })
        .await;
        self.take("the first hundred issuances", async |_| list(CLIENT, Filter::default(), None).await).await;
        self.take("a hundred in the middle", async |at| list(CLIENT, Filter::default(), Some(of(at))).await)
            .await;
        self.take("a hundred that are halted", async |_| list(CLIENT, state(State::Halted), None).await)
            .await;
        self.take("those of a client with few, halted", async |_| {
            list(RARE, state(State::Halted), None).await
        })
        .await;
        self.take("those in a state that none is in", async |_| {
            list(CLIENT, state(State::Erased), None).await
        })
        .await;
        self.take("a hundred of a kind in a state", async |_| {
            list(CLIENT, both(Kind::FaceSign, State::Issued), None).await
        })
        .await;
        self.take("those with a reference", async |at| {
            list(CLIENT, Filter { reference: Some(of(at).reference.clone()), ..Filter::default() }, None)
                .await
        })
        .await;
        self.take("the last hundred events", async |_| {
            store.events(CLIENT, None, None, 100).await.unwrap().items.len()
        })
        .await;
        let index = self.filler.text("SELECT MIN(email_index) FROM contact WHERE client = 'acme'").await;
        self.take("issuances of a contact", async |_| {
            store.issuances_of_contact(CLIENT, std::slice::from_ref(&index)).await.unwrap().len()
        })
        .await;
        self.take("the audit entries of an issuance", async |at| {
            store.audit_of(&of(at).id).await.unwrap().len()
        })
        .await;
    }

    /// What the background work asks for, most of it every second.
    async fn worker(&mut self, samples: &[Sample]) {
        let (store, now) = (&self.app.store, self.app.clock.now());
        let lanes = store.lanes_with_work().await.unwrap();
        let lane = lanes.first().unwrap();
        let user = |at: usize| Uuid::parse_str(&samples[at].user_id).unwrap();
        self.take("lanes with work", async |_| store.lanes_with_work().await.unwrap().len()).await;
        self.take("what is due in a lane, 64 of them", async |_| {
            store.due_in_lane(lane, now, 64).await.unwrap().len()
        })
        .await;
        self.take("what is in flight", async |_| store.in_flight(lane).await.unwrap().len()).await;
        self.take("queues with work", async |_| store.queues_with_work().await.unwrap().len()).await;
        self.take("since when the oldest work has been due", async |_| {
            usize::from(store.oldest_due().await.unwrap().is_some())
        })
        .await;
        self.take("who waits for a profile", async |at| {
            store.awaiting_profile(user(at)).await.unwrap().len()
        })
        .await;
        self.take("notices that are due, 16 of them", async |_| {
            store.due_notices(now, None, 16).await.unwrap().items.len()
        })
        .await;
        self.take("turns of notices whose holder is gone", async |_| {
            usize::from(store.has_lost_turns(now, now).await.unwrap())
        })
        .await;
        let entry = AuditEntry::new(now, Actor::Service, AuditAction::Relocked, "vault");
        self.take("an audit entry, with its transaction", async |_| {
            let mut tx = store.begin().await.unwrap();
            tx.record(&entry).await.unwrap();
            tx.commit().await.unwrap();
            1
        })
        .await;
    }

    /// What the sweep does each minute, when little is to be done.
    async fn sweep(&mut self) {
        let app = self.app;
        let (store, now) = (&app.store, app.clock.now());
        let before = |hours: i64| now.plus_millis(-3_600_000 * hours);
        self.take("sweep: what is overdue", async |_| {
            store.overdue(before(1), None, 200).await.unwrap().items.len()
        })
        .await;
        self.take("sweep: keys that are old", async |_| {
            usize::try_from(store.forget_claims_before(before(49)).await.unwrap()).unwrap()
        })
        .await;
        self.take("sweep: events that are old", async |_| {
            usize::try_from(store.forget_events_before(before(721)).await.unwrap()).unwrap()
        })
        .await;
        self.take("sweep: credentials that have ended", async |_| {
            store.ended(now, None, 200).await.unwrap().items.len()
        })
        .await;
        self.take("sweep: credentials that end soon", async |_| {
            store.ending(now, now.plus_millis(30 * 86_400_000), None, 200).await.unwrap().items.len()
        })
        .await;
        self.take("sweep: records whose time is over", async |_| {
            store.ended_issuances(before(36 * 730), None, 200).await.unwrap().len()
        })
        .await;
        self.take("sweep: work that got lost", async |_| {
            store.without_work(None, 200).await.unwrap().items.len()
        })
        .await;
        self.take_few("sweep: all of it, the first time", async |_| {
            sweep(app).await.unwrap();
            0
        })
        .await;
        self.take_few("sweep: all of it", async |_| {
            sweep(app).await.unwrap();
            0
        })
        .await;
    }

    /// What the pages of the console ask for.
    async fn console(&mut self, samples: &[Sample]) {
        let (app, store) = (self.app, &self.app.store);
        let actor = Actor::Operator;
        let find = async |text: &str| look::search(app, &actor, &Reach::All, text).await.unwrap().hits.len();
        self.take("console: tiles of the first page", async |_| {
            look::waiting(app, &Reach::All, &actor).await.unwrap();
            let mut count = store.stopped(None, 100).await.unwrap().items.len();
            count += store.stopped_profiles(None, None, 100).await.unwrap().items.len();
            count += store.jobs(Some(JobState::Halted), 100).await.unwrap().len();
            for state in [NoticeState::Failed, NoticeState::Unclear] {
                count += store.notices_in(state, None, 100).await.unwrap().items.len();
            }
            count
        })
        .await;
        self.take("console: search by id", async |at| find(&samples[at].id).await).await;
        self.take("console: search by user", async |at| find(&samples[at].user_id).await).await;
        self.take("console: search by credential", async |at| find(&samples[at].original_id).await).await;
        self.take("console: search by transaction", async |at| find(&samples[at].tx_hash).await).await;
        self.take("console: search by reference", async |at| find(&samples[at].reference).await).await;
        self.take("console: a record", async |at| {
            let id = samples[at].id.parse().unwrap();
            look::record(app, &Reach::All, &id).await.unwrap().unwrap().timeline.len()
        })
        .await;
        self.take("console: issuances of all", async |_| {
            look::issuances(app, &Reach::All, &Filter::default(), None).await.unwrap().rows.len()
        })
        .await;
        self.take("console: verifications of all", async |_| {
            look::verifications(app, &Reach::All, (None, None), None).await.unwrap().rows.len()
        })
        .await;
        self.take("console: notices that were sent", async |_| {
            look::notices(app, &Reach::All, NoticeState::Sent, None).await.unwrap().rows.len()
        })
        .await;
        self.take("console: events that were not told", async |_| {
            look::events_not_told(app, &Reach::All, None).await.unwrap().rows.len()
        })
        .await;
        self.take("console: what has stopped, by reason", async |_| {
            look::halts(app, &Reach::All).await.unwrap().groups.len()
        })
        .await;
        self.take("console: numbers of 30 days", async |_| {
            look::numbers(app, &Reach::All, 30).await.unwrap().days.len()
        })
        .await;
        self.take("console: the last page of the audit chain", async |_| {
            let end = store.audit_end().await.unwrap().seq;
            store.audit_page(end - 50, end).await.unwrap().len()
        })
        .await;
        self.take("console: what the chain tells of one thing", async |_| {
            store.audit_end_of("vault", 500).await.unwrap().len()
        })
        .await;
    }

    /// What the commands of whoever runs it ask for, each once.
    async fn operators(&mut self) {
        let (app, store) = (self.app, &self.app.store);
        let now = app.clock.now().unix_millis();
        self.take_few("retention report", async |_| {
            store.census(MOST, |_| now - 3 * 365 * 86_400_000).await.unwrap().len()
        })
        .await;
        self.take_few("doctor: what has stopped", async |_| {
            let groups = store.stopped_groups().await.unwrap();
            let jobs = store.jobs(Some(JobState::Halted), MOST_COUNTED + 1).await.unwrap();
            groups.iter().map(|group| group.count as usize).sum::<usize>() + jobs.len()
        })
        .await;
        self.take_few("doctor: under which keys is locked", async |_| {
            store.locked_records(|key| app.vault.key_ids().any(|id| id == key)).await.unwrap().len()
        })
        .await;
        let known = app.keys.signing_public();
        self.take_few("audit verify", async |_| {
            let verdict = audit::verify(store, known.clone(), Vec::new()).await.unwrap();
            assert_eq!(verdict.answer(), Answer::Holds, "{:?}", verdict.faults);
            usize::try_from(verdict.entries).unwrap()
        })
        .await;
        if self.backend == Backend::Sqlite {
            self.take_few("what is left of rows overwritten, for the first case after a start", async |_| {
                store.clear_gaps().await.unwrap();
                0
            })
            .await;
            store.probe_write(self.app.clock.now()).await.unwrap();
            self.take_few("the same, for another one", async |_| {
                store.clear_gaps().await.unwrap();
                0
            })
            .await;
        }
    }

    async fn take(&mut self, what: &'static str, ask: impl AsyncFn(usize) -> usize) {
        self.measure(what, TIMES, ask).await;
    }

    /// The same of what takes long.
    async fn take_few(&mut self, what: &'static str, ask: impl AsyncFn(usize) -> usize) {
        self.measure(what, 1, ask).await;
    }

    async fn measure(&mut self, what: &'static str, count: usize, ask: impl AsyncFn(usize) -> usize) {
        tell(what);
        if count > 1 {
            // What a connection has to learn about tables and plans, it learns once.
            ask(0).await;
        }
        let before = self.pages().await;
        let (mut times, mut gives) = (Vec::new(), 0);
        for at in 0..count {
            let start = Instant::now();
            gives = gives.max(ask(at).await);
            times.push(start.elapsed());
        }
        let read = self.pages().await.zip(before).map(|(now, before)| now - before);
        times.sort_unstable();
        let ms = times[times.len() / 2].as_secs_f64() * 1000.0;
        let pages = read.map(|read| read / i64::try_from(count).unwrap());
        self.rows.push(Row { what, database: self.backend, records: self.records, gives, ms, pages });
    }

    /// PostgreSQL's processes tell what they have read once a second, when they are asked something.
    async fn pages(&mut self) -> Option<i64> {
        if self.backend == Backend::Sqlite {
            return None;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        self.app.store.ping().await.unwrap();
        Some(self.filler.pages().await)
    }
}
