//! What is slow, greedy, or asked for many times at once keeps nobody else from their turn, and is done once.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use idos_credential::Timestamp;
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::wallet::RequestError;
use idos_issuer::flow::{events, profile, revoke, wallet};
use idos_issuer::model::event::Event;
use idos_issuer::model::event::EventKind;
use idos_issuer::model::ids::{EventId, JobId};
use idos_issuer::model::issuance::State;
use idos_issuer::model::job::{Job, JobState, Work};
use idos_issuer::model::profile::NewWallet;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;
use rand::rngs::OsRng;
use serde_json::Value;

use super::issuing::create_profile;
use super::receiver::{Receiver, hanging, header};
use crate::support::service::{Service, Stage, caller, fresh_key, new_profile, submit, until};
use crate::support::{Folder, User};

const HOUR: i64 = 3_600_000;

/// Settings with these endpoints of webhooks, which may be on this machine.
pub(crate) fn endpoints(folder: &Folder, urls: &[(&str, &str)]) -> String {
    let secret = folder.path("webhook.secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut settings = "[webhook_policy]\nallow_private = true\nallow_http = true\ntimeout = 20\n".to_owned();
    for (name, url) in urls {
        let _ =
            write!(settings, "[[webhooks]]\nname = \"{name}\"\nurl = \"{url}\"\nsecrets = [\"{secret}\"]\n");
    }
    settings
}

pub(crate) async fn wait_for(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within a minute: {what}");
}

/// The type of each event that a receiver got, in order.
fn types(receiver: &Receiver) -> Vec<String> {
    let body = |request: String| -> Value {
        serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    receiver.got().into_iter().map(|request| body(request)["type"].as_str().unwrap().to_owned()).collect()
}

/// An event that is told nobody yet.
async fn event(app: &App) -> Event {
    let now = app.clock.now();
    let event = Event {
        id: EventId::new(now, &mut OsRng),
        client: "acme".to_owned(),
        kind: EventKind::Issued,
        subject: "iss_01J00000000000000000000000".to_owned(),
        body: "{}".to_owned(),
        created_at: now,
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.add_event(&event).await.unwrap();
    tx.commit().await.unwrap();
    event
}

on_both_databases! {
    async fn a_receiver_that_hangs_keeps_only_itself_waiting(backend) {
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let (folder, good) = (Folder::new(), Receiver::start(&[]).await);
        stage.settings = endpoints(&folder, &[("hanging", &hanging().await), ("good", &good.url)]);
        let app = stage.app().await;
        // Much for the one that hangs, and all of it before anything else.
        for number in 0..40 {
            let event = event(&app).await;
            let work = Job::new(Work::SendWebhook, event.id.as_str(), app.clock.now(), &mut OsRng);
            let mut tx = app.store.begin().await.unwrap();
            tx.enqueue(&Job { target: "hanging".to_owned(), series: format!("s{number}"), ..work }).await.unwrap();
            tx.commit().await.unwrap();
        }
        // It waits for a profile that comes, and so has to be sealed in the background.
        let late = User::with(WalletType::Evm);
        let waiting = submit(&app, &late, Authority::Inserter).await;
        assert_eq!(waiting.state, State::AwaitingProfile);
        create_profile(&stage, &late).await;

        let service = Service::start(app);
        let begun = std::time::Instant::now();
        until(&service.app, &waiting.id, |i| i.state == State::Issued).await;
        wait_for("the event arrives", async || types(&good) == ["issuance.issued"]).await;
        // Far less than one attempt at the one that hangs may take, of which there are forty.
        assert!(begun.elapsed() < Duration::from_secs(18), "{:?}", begun.elapsed());
        service.kill().await;
    }

    async fn events_of_one_issuance_arrive_in_their_order(backend) {
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let (folder, receiver) = (Folder::new(), Receiver::start(&[500, 404]).await);
        stage.settings = endpoints(&folder, &[("cases", &receiver.url)]);
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, Authority::Inserter).await;
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        revoke::request(app, &caller(), &issuance.id).await.unwrap();
        until(app, &issuance.id, |i| i.state == State::Revoked).await;
        // Another issuance does not wait for this one.
        wait_for("two failures", async || receiver.got().len() >= 2).await;
        let other = submit(app, &user, Authority::Inserter).await;
        until(app, &other.id, |i| i.state == State::Issued).await;
        wait_for("all has arrived", async || receiver.got().len() >= 5).await;
        let issued = "issuance.issued";
        let got = types(&receiver);
        assert_eq!(got.iter().filter(|kind| *kind == "issuance.revoked").count(), 1, "{got:?}");
        assert_eq!(got.last().map(String::as_str), Some("issuance.revoked"), "{got:?}");
        assert_eq!(got[..4], [issued, issued, issued, issued], "twice refused, once taken, and the other one's");
        service.stop().await;
    }

    async fn who_does_not_answer_is_let_be_and_nothing_is_lost(backend) {
        let mut stage = Stage::new(backend).await;
        let (folder, receiver) = (Folder::new(), Receiver::start(&[503; 8]).await);
        stage.settings = endpoints(&folder, &[("cases", &receiver.url)]);
        let app = stage.app().await;
        for number in 0..30 {
            let event = event(&app).await;
            let work = Job::new(Work::SendWebhook, event.id.as_str(), app.clock.now(), &mut OsRng);
            let mut tx = app.store.begin().await.unwrap();
            tx.enqueue(&Job { target: "cases".to_owned(), series: format!("s{number}"), ..work }).await.unwrap();
            tx.commit().await.unwrap();
        }
        let service = Service::start(app);
        wait_for("it has failed", async || receiver.got().len() >= 5).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let tried = receiver.got().len();
        assert!(tried <= 8, "let be after five failures, and what was under way then: {tried}");
        wait_for("all is told", async || service.app.store.jobs(None, 50).await.unwrap().is_empty()).await;
        let mut ids: Vec<_> =
            receiver.got().iter().map(|request| header(request, "webhook-id").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 30);
        service.stop().await;
    }

    async fn what_waits_for_an_endpoint_that_is_no_more_is_dropped_in_time(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let app = stage.app().await;
        let told = event(&app).await;
        let work = Job::new(Work::SendWebhook, told.id.as_str(), app.clock.now(), &mut OsRng);
        let mut tx = app.store.begin().await.unwrap();
        tx.enqueue(&Job { target: "gone".to_owned(), ..work }).await.unwrap();
        tx.commit().await.unwrap();
        events::forget_endpoints(&app).await.unwrap();
        assert_eq!(app.store.jobs(None, 10).await.unwrap().len(), 1, "another replica may know it");
        stage.clock.advance_millis(2 * HOUR);
        events::forget_endpoints(&app).await.unwrap();
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
    }

    async fn an_event_is_told_again_once_however_often_that_is_asked_for(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let (folder, receiver) = (Folder::new(), Receiver::start(&[]).await);
        stage.settings = endpoints(&folder, &[("cases", &receiver.url)]);
        let app = stage.app().await;
        let told = event(&app).await;
        let all = (0..20).map(|_| async { events::replay(&app, &caller(), &told.id).await });
        for answer in futures_util::future::join_all(all).await {
            assert_eq!(answer.unwrap().id, told.id);
        }
        let replayed = async || {
            let all = app.store.audit_of(&told.subject).await.unwrap();
            all.iter().filter(|entry| entry.act == "event_replayed").count()
        };
        assert_eq!(replayed().await, 1);
        let service = Service::start(std::sync::Arc::clone(&app));
        wait_for("it is told", async || app.store.jobs(None, 10).await.unwrap().is_empty()).await;
        let refused = events::replay(&app, &caller(), &told.id).await;
        assert!(matches!(refused, Err(events::ReplayError::TooSoon)), "{refused:?}");
        stage.clock.advance_millis(events::TELL_AGAIN);
        events::replay(&app, &caller(), &told.id).await.unwrap();
        wait_for("it is told again", async || receiver.got().len() == 2).await;
        assert_eq!((replayed().await, receiver.got().len()), (2, 2));
        service.stop().await;
    }

    async fn of_many_that_ask_for_the_same_at_once_one_is_heard(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let user = User::with(WalletType::Evm);
        let all = (0..10).map(|_| async {
            let new = new_profile(&user);
            profile::request(&app, &caller(), &fresh_key(&app), new).await
        });
        let answers: Vec<_> = futures_util::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
        assert!(answers.iter().all(|answer| answer.record.id == answers[0].record.id));
        assert_eq!(app.store.profiles_under_way(user.id).await.unwrap().len(), 1);

        // The same wallet, for two users.
        let (one, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        let further = User::with(WalletType::Evm);
        for user in [&one, &other] {
            create_profile(&stage, user).await;
        }
        let all = (0..10).map(|number| {
            let (app, user) = (&app, if number % 2 == 0 { &one } else { &other });
            let new = NewWallet { user_id: user.id, wallet: new_profile(&further).wallet };
            async move { wallet::request(app, &caller(), &fresh_key(app), new).await }
        });
        let answers = futures_util::future::join_all(all).await;
        let made: Vec<_> = answers.iter().flatten().filter(|answer| !answer.replayed).collect();
        assert_eq!(made.len(), 1);
        for answer in &answers {
            match answer {
                Ok(answer) => assert_eq!(answer.record.id, made[0].record.id),
                Err(error) => assert!(matches!(error, RequestError::WalletUnderWay), "{error:?}"),
            }
        }
    }

    async fn a_lease_of_a_clock_that_ran_ahead_lasts_no_longer_than_a_lease(backend) {
        let mut stage = Stage::new(backend).await;
        "[delivery]\nlease_seconds = 5\n".clone_into(&mut stage.settings);
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        // A process whose clock was an hour ahead took the lane and a job, and is no more.
        let ahead = |millis: i64| -> Timestamp { app.clock.now().plus_millis(millis) };
        let lane = app.keys.first().public_hex();
        app.store.take_lane(&lane, "gone", (ahead(HOUR), ahead(HOUR + 5_000)), None).await.unwrap().unwrap();
        let waiting = submit(&app, &User::with(WalletType::Evm), Authority::Inserter).await;
        assert_eq!(waiting.state, State::AwaitingProfile);
        let queue = idos_issuer::model::job::Queue::of(Work::Seal);
        let taken = app.store.lease_job(&queue, "gone", ahead(HOUR), ahead(HOUR + 5_000)).await.unwrap();
        let taken: JobId = taken.unwrap().id;

        let service = Service::start(app);
        let app = &service.app;
        wait_for("the job is taken", async || {
            let job = app.store.job(&taken).await.unwrap().unwrap();
            job.attempts > 1 && job.state == JobState::Ready
        })
        .await;
        let begun = std::time::Instant::now();
        let issuance = submit(app, &user, Authority::Inserter).await;
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
        service.stop().await;
    }
}
