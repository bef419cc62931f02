//! What others do to somebody's records while these are erased, at the same moment: whatever it is, nothing is left behind, and what
//! comes too late for the case is whole.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idos_issuer::app::App;
use idos_issuer::flow::{contact, erase, events, intake, kept, mail_link, restore, resume, revoke};
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::mail_link::{Purpose, StopReason};
use idos_issuer::model::personal::{Contact, ContactChange};
use idos_issuer::model::submission::{Authority, Submission};
use idos_issuer::model::time::DAY;
use idos_wallet::WalletType;
use rand::Rng as _;
use rand::seq::SliceRandom as _;

use super::erasure::{EMAIL, Scene};
use super::issuing::create_profile;
use super::sharing::wait_for;
use crate::support::User;
use crate::support::service::{audit_holds, caller, fresh_key, submission, until};

/// Who do something all the while.
const HANDS: usize = 4;

/// People who are erased, one after the other.
const ROUNDS: usize = 5;

/// Ways in which records change, [`change`] has one for each number below this.
const WAYS: usize = 12;

/// What the hands work on.
struct Table {
    app: Arc<App>,
    user: User,
    /// Issuances of the user, the first and those that were made meanwhile.
    made: Mutex<Vec<IssuanceId>>,
    /// How often each way went well.
    went_well: [AtomicUsize; WAYS],
    is_over: AtomicBool,
}

impl Table {
    fn keep(&self, made: &Issuance) {
        self.made.lock().unwrap().push(made.id.clone());
    }

    fn any(&self) -> IssuanceId {
        let made = self.made.lock().unwrap();
        // Mostly the first, which has most to lose.
        if rand::thread_rng().gen_bool(0.6) {
            made[0].clone()
        } else {
            made.choose(&mut rand::thread_rng()).unwrap().clone()
        }
    }

    fn submission(&self) -> Submission {
        let contact = Contact { email: EMAIL.parse().unwrap(), locale: "de".parse().unwrap() };
        Submission { contact: Some(contact), ..submission(self.user.id, Authority::Inserter) }
    }

    /// Does something to one of the issuances. Whether it went well.
    async fn change(&self, way: usize) -> bool {
        let (app, caller, id) = (&self.app, caller(), self.any());
        let now = app.clock.now();
        match way {
            0 => match intake::accept(app, &caller, &fresh_key(app), self.submission()).await {
                Ok(made) => {
                    self.keep(&made.record);
                    true
                }
                Err(_) => false,
            },
            1 => {
                let renewal = Submission { renews: Some(id), ..self.submission() };
                let made = intake::accept(app, &caller, &fresh_key(app), renewal).await;
                made.inspect(|made| self.keep(&made.record)).is_ok()
            }
            2 => {
                let made =
                    restore::restore(app, &caller, &fresh_key(app), &id, (Authority::Inserter, None)).await;
                made.inspect(|made| self.keep(&made.record)).is_ok()
            }
            3 => resume::resume(app, &caller, &id, None).await.is_ok(),
            4 => revoke::request(app, &caller, &id).await.is_ok(),
            5 => {
                let email = if rand::random() { EMAIL } else { "other.quirxblat@example.com" };
                let change = ContactChange { email: Some(email.parse().unwrap()), locale: None };
                contact::change(app, &caller, &id, change).await.is_ok()
            }
            6 => {
                let mut tx = app.store.begin().await.unwrap();
                // A mail is being sent: it is the row of the notice that keeps an erasure waiting then, and here is none.
                if tx.hold_issuance(&id, State::Issued).await.is_err() {
                    return false;
                }
                let token = mail_link::make(app, &mut tx, Purpose::Unsubscribe, &[id], now).await.unwrap();
                tx.commit().await.unwrap();
                mail_link::unsubscribe(app, &token).await.is_ok()
            }
            7 => {
                let email = EMAIL.parse().unwrap();
                let told = mail_link::tell_unreachable(app, &caller, &email, StopReason::Complained).await;
                told.is_ok_and(|told| !told.is_empty())
            }
            8 => kept::choose(app, &caller, &id, now.plus_millis(DAY)).await.is_ok(),
            9 => kept::delete(app, &caller, &id).await.is_ok(),
            10 => {
                let page = app.store.events("acme", None, None, 20).await.unwrap();
                let Some(event) = page.items.choose(&mut rand::thread_rng()) else { return false };
                events::replay(app, &caller, &event.id).await.is_ok()
            }
            _ => erase::erase(app, &caller, &id).await.is_ok(),
        }
    }

    async fn work(&self) {
        while !self.is_over.load(Ordering::Relaxed) {
            let way = rand::thread_rng().gen_range(0..WAYS);
            // Not so many new ones that nothing else is done, and seldom what leaves little to be done afterwards.
            let often = if way < 3 {
                0.3
            } else if [4, 9, 11].contains(&way) {
                0.1
            } else {
                1.0
            };
            if !rand::thread_rng().gen_bool(often) {
                continue;
            }
            if self.change(way).await {
                self.went_well[way].fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }
}

/// That nothing anywhere names what is gone.
async fn assert_unnamed(scene: &Scene, app: &App, gone: &BTreeSet<IssuanceId>) {
    for id in gone {
        assert_eq!(app.store.remains_of(id.as_str()).await.unwrap(), Vec::<String>::new(), "{id}");
        let entries =
            scene.texts(&format!("SELECT act FROM audit WHERE subject = '{id}' OR also = '{id}'")).await;
        assert_eq!(entries, Vec::<String>::new(), "{id}");
    }
}

on_both_databases! {
    async fn whatever_is_done_at_the_same_moment_leaves_nothing_behind(backend) {
        let mut scene = Scene::new(backend).await;
        let net = idos_issuer::clock::now().plus_millis(300 * DAY);
        let net = format!("[retention]\nphase = \"safety_net\"\nsafety_net_until = \"{net}\"\n");
        scene.stage.settings.push_str(&net);
        let service = scene.service().await;
        let app = &service.app;
        let mut went_well = [0; WAYS];
        for round in 0..ROUNDS {
            let user = User::with(WalletType::Evm);
            create_profile(&scene.stage, &user).await;
            let table = Arc::new(Table {
                app: Arc::clone(app),
                user,
                made: Mutex::default(),
                went_well: Default::default(),
                is_over: AtomicBool::new(false),
            });
            let first = intake::accept(app, &caller(), &fresh_key(app), table.submission()).await.unwrap().record;
            table.keep(&first);
            until(app, &first.id, |of| of.state == State::Issued && of.kept.is_some()).await;
            let hands: Vec<_> = (0..HANDS)
                .map(|_| {
                    let table = Arc::clone(&table);
                    tokio::spawn(async move { table.work().await })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(150)).await;
            let case = scene.open(app, round % 2 == 0, &[("issuance", first.id.as_str())]).await;
            // They go on until all that was there is gone, and some time longer.
            let start = std::time::Instant::now();
            while app.store.issuance(&first.id).await.unwrap().is_some() {
                assert!(start.elapsed() < Duration::from_mins(3), "it is not forgotten");
                scene.is_done(app, &case).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            table.is_over.store(true, Ordering::Relaxed);
            for hand in hands {
                hand.await.unwrap();
            }
            scene.done(app, &case).await;

            let made = table.made.lock().unwrap().clone();
            let (mut gone, mut left) = (BTreeSet::new(), Vec::new());
            for id in made {
                match app.store.issuance(&id).await.unwrap() {
                    None => assert!(gone.insert(id)),
                    Some(_) => left.push(id),
                }
            }
            assert!(gone.contains(&first.id));
            assert_unnamed(&scene, app, &gone).await;
            // What came too late is something new, and whole.
            for id in &left {
                let settles = |of: &Issuance| matches!(of.state, State::Issued | State::Revoked | State::Erased);
                until(app, id, settles).await;
            }
            if !left.is_empty() {
                let listed: Vec<_> = left.iter().map(|id| ("issuance", id.as_str())).collect();
                let case = scene.open(app, false, &listed).await;
                scene.done(app, &case).await;
                gone.extend(left);
            }
            assert_unnamed(&scene, app, &gone).await;
            for table in ["issuance", "contact", "kept_content", "mail_stop", "mail_link", "notice", "event"] {
                assert_eq!(scene.rows(table).await.trim(), "", "{table}");
            }
            let user = format!("user:{}", table.user.id);
            let entries = scene.texts(&format!("SELECT act FROM audit WHERE subject = '{user}' OR also = '{user}'")).await;
            assert_eq!(entries, Vec::<String>::new());
            for (sum, count) in went_well.iter_mut().zip(&table.went_well) {
                *sum += count.load(Ordering::Relaxed);
            }
        }
        wait_for("nothing is to be done", async || app.store.jobs(None, 10).await.unwrap().is_empty()).await;
        audit_holds(&app.store).await;
        // Ways that a record is open to as long as it is there; how many of the others went well is a matter of moments.
        let missing: Vec<_> = [0, 5, 6, 7].into_iter().filter(|way| went_well[*way] == 0).collect();
        assert!(missing.is_empty(), "{went_well:?}");
        service.stop().await;
    }
}
