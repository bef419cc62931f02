//! What cannot be ended, asked about or read does not keep the rest from its turn.

use std::sync::Arc;

use idos_credential::Timestamp;
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep::sweep;
use idos_issuer::flow::{contact, intake};
use idos_issuer::model::event::EventKind;
use idos_issuer::model::issuance::{HaltCode, Issuance, State};
use idos_issuer::model::job::{JobState, Work};
use idos_issuer::model::lifecycle::{Cause, Next, Standing, next};
use idos_issuer::model::personal::{Contact, Locale};
use idos_issuer::model::submission::Authority;
use idos_issuer::store::{Filter, Halt};
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use zeroize::Zeroizing;

use super::issuing::create_profile;
use crate::support::User;
use crate::support::service::{Service, Stage, audit_holds, caller, fresh_key, submission, submit, until};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// An address at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

async fn execute(stage: &Stage, statement: &str) -> u64 {
    let mut connection = AnyConnection::connect(&stage.database.url).await.unwrap();
    let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
    let rows = statement.execute(&mut connection).await.unwrap().rows_affected();
    connection.close().await.unwrap();
    rows
}

/// A service on the same database whose node is away.
async fn without_node(stage: &Stage) -> Arc<App> {
    let mut config = stage.config();
    config.node.url = NOBODY.parse().unwrap();
    let store = idos_issuer::store::Store::connect(&stage.database.url, 4).await.unwrap();
    store.migrate().await.unwrap();
    let keys = crate::support::service::same_keys(&stage.keys);
    let vault = Vault::new(&[Zeroizing::new([7; 32])]).unwrap();
    Arc::new(App::wire(config, stage.clock.clone(), store, keys, vault).unwrap())
}

/// Submits with a contact.
async fn submit_for(app: &Arc<App>, user: &User, address: &str) -> Issuance {
    let contact = Contact { email: address.parse().unwrap(), locale: Locale::default() };
    let wanted = idos_issuer::model::submission::Submission {
        contact: Some(contact),
        ..submission(user.id, Authority::Inserter)
    };
    intake::accept(app, &caller(), &fresh_key(app), wanted).await.unwrap().record
}

async fn halt(app: &App, issuance: &Issuance, until: Timestamp) {
    let mut tx = app.store.begin().await.unwrap();
    let now = app.clock.now();
    let stopped = next(&Standing::from(issuance), Cause::Stopped, app.limits(), now).unwrap();
    let stopped = Next { waits_until: Some(until), ..stopped };
    let halt = Halt { code: Some(HaltCode::NotAnInserter), was_sent: true };
    tx.mark_stopped(&issuance.id, issuance.state, &stopped, halt, now).await.unwrap();
    tx.drop_jobs(issuance.id.as_str()).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases! {
    async fn with_the_node_away_all_that_needs_none_is_ended_and_the_rest_at_the_last_limit(backend) {
        let mut stage = Stage::new(backend).await;
        let (there, absent) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        create_profile(&stage, &there).await;
        stage.clock = Clock::fixed(clock::now());
        let app = stage.app().await;
        // More than are read in one go, and all of them before the one that waits for a profile.
        let sealed = submit_for(&app, &there, "sealed@example.com").await;
        halt(&app, &sealed, stage.clock.now()).await;
        for number in 0..250 {
            let copy = format!("iss_0000000000000000000000{:04}", 1000 + number);
            execute(&stage, &format!(
                "INSERT INTO issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, \
                 write_key, waits_until, created_at, updated_at, sealed_at, halt, was_sent) SELECT '{copy}', client, kind, state, \
                 delivery, user_id, original_id, copy_id, notes_id, level, write_key, waits_until - 1000, created_at, \
                 updated_at, sealed_at, halt, was_sent FROM issuance WHERE id = '{}'", sealed.id)).await;
        }
        let waiting = submit_for(&app, &absent, "waiting@example.com").await;
        assert_eq!(waiting.state, State::AwaitingProfile);
        app.store.close().await;

        let app = without_node(&stage).await;
        stage.clock.advance_millis(25 * HOUR);
        sweep(&app).await.unwrap();
        let ended = app.store.issuance(&waiting.id).await.unwrap().unwrap();
        assert_eq!(ended.state, State::Failed);
        assert_eq!(app.store.unsealed(&waiting.id).await.unwrap(), None);
        assert_eq!(app.store.locked_contact(&waiting.id).await.unwrap(), None);
        let kept = app.store.issuance(&sealed.id).await.unwrap().unwrap();
        assert_eq!(kept.state, State::Halted, "it may have been delivered: the node has to be asked first");
        assert!(app.store.has_sealed(&sealed.id).await.unwrap());

        // 72 hours after the end of its time.
        stage.clock.advance_millis(46 * HOUR);
        sweep(&app).await.unwrap();
        assert!(app.store.has_sealed(&sealed.id).await.unwrap());
        stage.clock.advance_millis(2 * HOUR);
        sweep(&app).await.unwrap();
        let ended = app.store.issuance(&sealed.id).await.unwrap().unwrap();
        assert_eq!((ended.state, ended.halt), (State::Failed, Some(HaltCode::OutcomeUnknown)));
        assert!(!app.store.has_sealed(&sealed.id).await.unwrap());
        assert_eq!(app.store.locked_contact(&sealed.id).await.unwrap(), None);
        let told = app.store.events("acme", Some(EventKind::Failed), None, 1).await.unwrap().items.remove(0);
        assert!(told.body.contains("outcome_unknown"), "{}", told.body);
        let details: Vec<_> =
            app.store.audit_of(sealed.id.as_str()).await.unwrap().into_iter().map(|entry| entry.detail).collect();
        assert_eq!(details.last().map(String::as_str), Some("outcome_unknown"));
        let failed = Filter { state: Some(State::Failed), ..Filter::default() };
        assert_eq!(app.store.issuances("acme", &failed, None, 300).await.unwrap().items.len(), 252);
        app.store.close().await;
    }

    async fn a_record_that_cannot_be_read_is_passed_over(backend) {
        let mut stage = Stage::new(backend).await;
        let absent = User::with(WalletType::Evm);
        stage.clock = Clock::fixed(clock::now());
        let app = stage.app().await;
        let odd = submit_for(&app, &absent, "odd@example.com").await;
        stage.clock.advance_millis(1000);
        let others = [submit(&app, &absent, Authority::Inserter).await, submit(&app, &absent, Authority::Inserter).await];
        // As a newer program would have it.
        execute(&stage, &format!("UPDATE issuance SET halt = 'moon_phase' WHERE id = '{}'", odd.id)).await;

        let all = app.store.issuances("acme", &Filter::default(), None, 100).await.unwrap();
        assert_eq!(all.items.len(), 2);
        // Pages are as long as they were asked to be.
        let page = app.store.issuances("acme", &Filter::default(), None, 2).await.unwrap();
        assert_eq!((page.items.len(), page.has_more), (2, false));
        assert_eq!(app.store.awaiting_profile(absent.id).await.unwrap().len(), 2);

        stage.clock.advance_millis(25 * HOUR);
        sweep(&app).await.unwrap();
        for other in &others {
            assert_eq!(app.store.issuance(&other.id).await.unwrap().unwrap().state, State::Failed);
        }
        assert!(app.store.unsealed(&odd.id).await.unwrap().is_some(), "a newer program sees to it");
        // If that does not come, its content goes all the same, and the record stays as it is.
        stage.clock.advance_millis(3 * DAY);
        sweep(&app).await.unwrap();
        sweep(&app).await.unwrap();
        assert_eq!(app.store.unsealed(&odd.id).await.unwrap(), None);
        assert_eq!(app.store.locked_contact(&odd.id).await.unwrap(), None);
        let entries = app.store.audit_of(odd.id.as_str()).await.unwrap();
        assert_eq!(entries.iter().filter(|entry| entry.detail == "record_not_readable").count(), 1);
        let unchanged = format!(
            "UPDATE issuance SET halt = halt WHERE id = '{}' AND halt = 'moon_phase' AND state = 'awaiting_profile'",
            odd.id
        );
        assert_eq!(execute(&stage, &unchanged).await, 1);
        audit_holds(&app.store).await;
        app.store.close().await;
    }

    async fn work_that_is_not_known_keeps_no_other_from_being_done(backend) {
        let stage = Stage::new(backend).await;
        let (there, later) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        create_profile(&stage, &there).await;
        let app = stage.app().await;
        let odd = submit(&app, &there, Authority::Inserter).await;
        let lane = &odd.write_key;
        // In front of all others: kinds of work and states of mind of a newer program, with and without a lane.
        for number in 0..40 {
            let lane = if number % 2 == 0 { "NULL".to_owned() } else { format!("'{lane}'") };
            execute(&stage, &format!(
                "INSERT INTO job (id, work, subject, target, series, lane, state, due_at, attempts, created_at) VALUES \
                 ('job_0000000000000000000000{:04}', 'read_tea_leaves', 'x{number}', '', '', {lane}, 'ready', 1, 7, 1)",
                1000 + number)).await;
        }
        // A record in the lane that cannot be read.
        execute(&stage, &format!("UPDATE issuance SET kind = 'membership' WHERE id = '{}'", odd.id)).await;
        let good = submit(&app, &there, Authority::Inserter).await;
        let waiting = submit(&app, &later, Authority::Inserter).await;
        assert_eq!(app.store.jobs(None, 10).await.unwrap().len(), 3);
        assert_eq!(app.store.due_in_lane(lane, app.clock.now(), 2).await.unwrap().len(), 2);

        let service = Service::start(Arc::clone(&app));
        until(&app, &good.id, |i| i.state == State::Issued).await;
        create_profile(&stage, &later).await;
        for _ in 0..3 {
            let mut tx = app.store.begin().await.unwrap();
            tx.bring_forward(Work::Seal, waiting.id.as_str(), app.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        until(&app, &waiting.id, |i| i.state == State::Issued).await;
        let untouched = "UPDATE job SET attempts = 7 WHERE work = 'read_tea_leaves' AND attempts = 7 AND due_at = 1 \
                         AND lease_owner IS NULL AND state = 'ready'";
        assert_eq!(execute(&stage, untouched).await, 40);
        let left = app.store.jobs(Some(JobState::Ready), 10).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].subject.as_str(), left[0].reason.as_deref()), (odd.id.as_str(), Some("its record cannot be read")));

        // The program that can read it comes.
        execute(&stage, &format!("UPDATE issuance SET kind = 'kyc' WHERE id = '{}'", odd.id)).await;
        let mut tx = app.store.begin().await.unwrap();
        tx.bring_forward(Work::WriteCredential, odd.id.as_str(), app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        until(&app, &odd.id, |i| i.state == State::Issued).await;
        service.stop().await;
    }

    async fn a_contact_that_cannot_be_unlocked_keeps_no_other_from_being_relocked(backend) {
        let stage = Stage::new(backend).await;
        let absent = User::with(WalletType::Evm);
        let app = stage.app().await;
        let mut all = Vec::new();
        for number in 0..3 {
            all.push(submit_for(&app, &absent, &format!("a{number}@example.com")).await);
        }
        execute(&stage, &format!("UPDATE contact SET locked = 'v1.aaaaaaaa.x' WHERE issuance_id = '{}'", all[0].id)).await;
        let rotated = stage.app_with(Vault::new(&[Zeroizing::new([8; 32]), Zeroizing::new([7; 32])]).unwrap()).await;
        let left = contact::relock_all(&rotated).await;
        assert!(matches!(left, Err(contact::RelockError::Left { left: 1, relocked: 2 })), "{left:?}");
        let missing = rotated.store.locked_records(|key| rotated.vault.key_ids().any(|id| id == key)).await.unwrap();
        assert_eq!(missing.len(), 1);
        assert_eq!((missing[0].table, missing[0].key_id.as_str(), missing[0].count), ("contact", "aaaaaaaa", 1));
        app.store.close().await;
        rotated.store.close().await;
    }

    async fn an_api_key_with_a_scope_of_a_newer_program_has_those_that_are_known(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        execute(&stage, "INSERT INTO api_key (id, client, hash, scopes, created_at) VALUES \
             ('key_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'acme', 'h', 'issuances:read prophecies:write', 1)").await;
        let keys = app.store.api_keys().await.unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].scopes.len(), 1);
        app.store.close().await;
    }

    async fn lists_give_what_is_asked_for_page_by_page(backend) {
        let mut stage = Stage::new(backend).await;
        let absent = User::with(WalletType::Evm);
        stage.clock = Clock::fixed(clock::now());
        let app = stage.app().await;
        let mut ids = Vec::new();
        for number in 0..5 {
            let reference = Some(if number % 2 == 0 { "even" } else { "odd" }.parse().unwrap());
            let wanted = idos_issuer::model::submission::Submission {
                reference,
                renews: None,
                ..submission(absent.id, Authority::Inserter)
            };
            ids.push((stage.clock.now(), intake::accept(&app, &caller(), &fresh_key(&app), wanted).await.unwrap().record.id));
            stage.clock.advance_millis(10);
        }
        let list = async |filter: Filter| {
            let (mut found, mut cursor) = (Vec::new(), None);
            loop {
                let page = app.store.issuances("acme", &filter, cursor.as_ref(), 2).await.unwrap();
                found.extend(page.items.iter().map(|issuance| issuance.id.clone()));
                if !page.has_more {
                    return found;
                }
                cursor = found.last().cloned();
            }
        };
        let of = |numbers: &[usize]| numbers.iter().map(|number| ids[*number].1.clone()).collect::<Vec<_>>();
        let reference = |text: &str| Some(text.to_owned());
        assert_eq!(list(Filter::default()).await, of(&[4, 3, 2, 1, 0]));
        assert_eq!(list(Filter { reference: reference("even"), ..Filter::default() }).await, of(&[4, 2, 0]));
        assert_eq!(list(Filter { reference: reference("none"), ..Filter::default() }).await, of(&[]));
        let waiting = Filter { state: Some(State::AwaitingProfile), ..Filter::default() };
        assert_eq!(list(waiting.clone()).await, of(&[4, 3, 2, 1, 0]));
        assert_eq!(list(Filter { reference: reference("odd"), ..waiting.clone() }).await, of(&[3, 1]));
        let span = Filter { created_from: Some(ids[1].0), created_before: Some(ids[4].0), ..waiting };
        assert_eq!(list(span.clone()).await, of(&[3, 2, 1]));
        let kind = Some(idos_issuer::model::issuance::Kind::KycV2);
        assert_eq!(list(Filter { kind, ..span.clone() }).await, of(&[3, 2, 1]));
        assert_eq!(list(Filter { state: Some(State::Queued), ..span }).await, of(&[]));
        assert!(app.store.issuances("acme/kyc", &Filter::default(), None, 9).await.unwrap().items.is_empty());
        app.store.close().await;
    }
}
