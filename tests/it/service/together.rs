//! What comes at the same time is taken in in one transaction: all of it, or nothing of any of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use idos_issuer::app::App;
use idos_issuer::flow::intake::{self, IntakeError};
use idos_issuer::mail::{Mailer, Sent};
use idos_issuer::model::client::Idempotency;
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::notices::NoticeState;
use idos_issuer::model::personal::Contact;
use idos_issuer::model::submission::{Authority, SignedGrant};
use idos_issuer::store::StoreError;
use idos_wallet::WalletType;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::issuing::create_profile;
use crate::support::service::{
    Backend, Service, Stage, audit_holds, caller, fresh_key, signed_grant, submission, until,
};
use crate::support::{User, evidence};

/// Tables into which a submission is written.
const TABLES: [&str; 5] = ["idempotency", "issuance", "sealed_credential", "job", "audit"];

/// More than come together in one go, less than one transaction takes.
const MEMBERS: usize = 24;

async fn accept(app: &Arc<App>, user: &User, key: &Idempotency) -> Result<Issuance, IntakeError> {
    let submission = submission(user.id, Authority::Inserter);
    intake::accept(app, &caller(), key, submission).await.map(|accepted| accepted.record)
}

async fn connect(stage: &Stage) -> AnyConnection {
    AnyConnection::connect(&stage.database.url).await.unwrap()
}

async fn run(connection: &mut AnyConnection, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(connection).await.unwrap();
}

async fn counts(connection: &mut AnyConnection) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        let count = format!("SELECT COUNT(*) FROM {table}");
        let (count,): (i64,) =
            sqlx::query_as(AssertSqlSafe(count)).fetch_one(&mut *connection).await.unwrap();
        counts.push(count);
    }
    counts
}

/// Has every COMMIT fail that comes after an entry of the audit chain: all statements have gone well then.
fn no_commit(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => {
            "CREATE TABLE nobody (id INTEGER PRIMARY KEY);
             CREATE TABLE no_commit (id INTEGER REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER no_commit AFTER INSERT ON audit BEGIN INSERT INTO no_commit VALUES (1); END;"
        }
        Backend::Postgres => {
            "CREATE FUNCTION no_commit() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no commit'; END $$;
             CREATE CONSTRAINT TRIGGER no_commit AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION no_commit();"
        }
    }
}

fn commit_again(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "DROP TRIGGER no_commit; DROP TABLE no_commit; DROP TABLE nobody;",
        Backend::Postgres => "DROP TRIGGER no_commit ON audit; DROP FUNCTION no_commit();",
    }
}

fn ids(issuances: &[Issuance]) -> BTreeSet<String> {
    issuances.iter().map(|issuance| issuance.id.to_string()).collect()
}

on_both_databases! {
    async fn all_that_come_at_once_are_there_once_and_are_delivered(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let before = audit_holds(&app.store).await;
        let keys: Vec<_> = (0..MEMBERS).map(|_| fresh_key(&app)).collect();
        let accepted = join_all(keys.iter().map(|key| accept(&app, &user, key))).await;
        let accepted: Vec<_> = accepted.into_iter().map(Result::unwrap).collect();
        assert_eq!(ids(&accepted).len(), MEMBERS);
        for issuance in &accepted {
            assert_eq!(app.store.issuance(&issuance.id).await.unwrap().as_ref(), Some(issuance));
            assert!(app.store.has_sealed(&issuance.id).await.unwrap());
        }
        // Two for each: received, and sealed.
        let members = i64::try_from(MEMBERS).unwrap();
        assert_eq!(audit_holds(&app.store).await, before + 2 * members);

        let service = Service::start(app);
        for issuance in &accepted {
            until(&service.app, &issuance.id, |issuance| issuance.state == State::Issued).await;
            assert!(!service.app.store.has_sealed(&issuance.id).await.unwrap());
        }
        assert_eq!(service.app.store.jobs(None, 10).await.unwrap(), []);
        // Sending, and issued.
        assert_eq!(audit_holds(&service.app.store).await, before + 4 * members);
        service.stop().await;
    }

    async fn if_it_is_not_on_the_disk_nothing_of_any_member_has_happened(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let mut connection = connect(&stage).await;
        let before = counts(&mut connection).await;
        let keys: Vec<_> = (0..MEMBERS).map(|_| fresh_key(&app)).collect();
        run(&mut connection, no_commit(backend)).await;
        for outcome in join_all(keys.iter().map(|key| accept(&app, &user, key))).await {
            assert!(matches!(outcome, Err(IntakeError::Store(_))), "{outcome:?}");
        }
        assert_eq!(counts(&mut connection).await, before);

        // The same again, once it can be: each is there once.
        run(&mut connection, commit_again(backend)).await;
        let accepted = join_all(keys.iter().map(|key| accept(&app, &user, key))).await;
        let accepted: Vec<_> = accepted.into_iter().map(Result::unwrap).collect();
        assert_eq!(ids(&accepted).len(), MEMBERS);
        let members = i64::try_from(MEMBERS).unwrap();
        let now: Vec<_> = before.iter().zip([1, 1, 1, 1, 2]).map(|(then, each)| then + each * members).collect();
        assert_eq!(counts(&mut connection).await, now);
        audit_holds(&app.store).await;
    }

    async fn one_that_cannot_be_taken_in_keeps_no_other_from_it(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let twice = fresh_key(&app);
        let other = Idempotency { fingerprints: fresh_fingerprint(&app), ..twice.clone() };
        let mut keys: Vec<_> = (0..MEMBERS).map(|_| fresh_key(&app)).collect();
        keys.splice(2..2, [twice.clone(), twice.clone(), other]);
        let mut accepted = Vec::new();
        let mut refused = 0;
        for outcome in join_all(keys.iter().map(|key| accept(&app, &user, key))).await {
            match outcome {
                Ok(issuance) => accepted.push(issuance),
                Err(IntakeError::KeyReused) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        // Whichever of the two requests with one key came first, the other one was refused, or answered with its issuance.
        assert_eq!(ids(&accepted).len(), MEMBERS + 1);
        assert!((1..=2).contains(&refused), "{refused}");
        audit_holds(&app.store).await;
    }

    async fn one_grant_serves_one_of_those_that_come_at_once(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let grant = signed_grant(&app, &user, -60, 3600).await;
        let by_grant = || {
            let SignedGrant { grant, owner, signature } = &grant;
            let grant = SignedGrant { grant: grant.clone(), owner: owner.clone(), signature: signature.clone() };
            submission(user.id, Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None })
        };
        let keys: Vec<_> = (0..8).map(|_| fresh_key(&app)).collect();
        let (as_caller, others) = (caller(), join_all(keys.iter().map(|key| accept(&app, &user, key))));
        let twice = [fresh_key(&app), fresh_key(&app)];
        let by_grant = join_all(twice.iter().map(|key| intake::accept(&app, &as_caller, key, by_grant())));
        let (others, by_grant) = tokio::join!(others, by_grant);
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        assert_eq!(by_grant.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{by_grant:?}");
        assert!(by_grant.iter().all(|outcome| !matches!(outcome, Err(IntakeError::Store(_)))), "{by_grant:?}");
        audit_holds(&app.store).await;
    }

    async fn nobody_is_told_of_the_end_of_what_another_one_of_the_same_block_replaces(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let mailer = Mailer::memory_of("Example <a@b.example>", Sent::default()).unwrap();
        let app = Arc::new(Arc::into_inner(stage.app().await).unwrap().with_mailer(mailer));
        // What a lane finds first is remembered by itself, and what is behind it together. So somebody else's comes first.
        let other = User::with(WalletType::Evm);
        create_profile(&stage, &other).await;
        let first = accept(&app, &other, &fresh_key(&app)).await.unwrap();
        let mut all = Vec::new();
        for years in 1..=3 {
            let mut submission = submission(user.id, Authority::Inserter);
            let mut evidence = evidence(user.id);
            evidence.expires_at = Some(app.clock.now().plus_months(12 * years).unwrap());
            submission.evidence = evidence.into();
            if years == 1 {
                submission.contact = Some(Contact { email: "ana@b.example".parse().unwrap(), locale: "en".parse().unwrap() });
            }
            let accepted = intake::accept(&app, &caller(), &fresh_key(&app), submission).await.unwrap();
            all.push(accepted.record.id);
        }
        let service = Service::start(app);
        for id in all.iter().chain([&first.id]) {
            until(&service.app, id, |issuance| issuance.state == State::Issued).await;
        }
        let entries = service.app.store.audit_page(0, i64::MAX).await.unwrap();
        let issued = entries.iter().filter(|entry| entry.act == "issued" && entry.subject != first.id.as_str());
        assert_eq!(issued.map(|entry| entry.at).collect::<BTreeSet<_>>().len(), 1, "in one transaction");
        let notices = service.app.store.notices_of(&all[0]).await.unwrap();
        assert!(!notices.is_empty(), "nothing was planned that could be dropped");
        assert!(notices.iter().all(|notice| notice.state == NoticeState::Dropped), "{notices:?}");
        service.stop().await;
    }

    async fn a_caller_who_goes_away_takes_nobody_with_it(backend) {
        let stage = Stage::new(backend).await;
        let user = Arc::new(User::with(WalletType::Evm));
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let mut connection = connect(&stage).await;
        let before = counts(&mut connection).await;
        let keys: Vec<_> = (0..MEMBERS).map(|_| fresh_key(&app)).collect();
        let callers: Vec<_> = keys
            .iter()
            .map(|key| {
                let (app, user, key) = (Arc::clone(&app), Arc::clone(&user), key.clone());
                tokio::spawn(async move { accept(&app, &user, &key).await })
            })
            .collect();
        // At moments that differ: when it is being sealed, gathered, written, answered.
        for (number, caller) in callers.iter().enumerate() {
            if number % 3 == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                caller.abort();
            }
        }
        for (number, caller) in callers.into_iter().enumerate() {
            match caller.await {
                Ok(outcome) => assert!(outcome.is_ok(), "{outcome:?}"),
                Err(aborted) => assert!(aborted.is_cancelled() && number % 3 == 0),
            }
        }
        let accepted = join_all(keys.iter().map(|key| accept(&app, &user, key))).await;
        let accepted: Vec<_> = accepted.into_iter().map(Result::unwrap).collect();
        assert_eq!(ids(&accepted).len(), MEMBERS);
        let now = counts(&mut connection).await;
        let added: Vec<_> = now.iter().zip(&before).map(|(now, then)| now - then).collect();
        let members = i64::try_from(MEMBERS).unwrap();
        assert_eq!(added, [members, members, members, members, 2 * members]);
        audit_holds(&app.store).await;
    }

    async fn a_transaction_that_is_dropped_or_broken_off_leaves_nothing_and_keeps_nobody_waiting(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        for number in 0..40 {
            let mut tx = app.store.begin().await.unwrap();
            tx.record_anew("dropped", &number.to_string()).await.unwrap();
            if number % 2 == 0 {
                drop(tx);
            } else {
                let broken_off = tokio::time::timeout(std::time::Duration::ZERO, tx.commit()).await;
                // Whether it was on the disk by then is not known; but all of it or nothing.
                drop(broken_off);
            }
            let mut tx = app.store.begin().await.unwrap();
            tx.record_anew("kept", &number.to_string()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(app.store.recorded("kept").await.unwrap(), Some(number.to_string()));
        }
        let dropped = app.store.recorded("dropped").await.unwrap();
        assert!(dropped.is_none_or(|number| number.parse::<u32>().unwrap() % 2 == 1));
        // Nothing is left begun: a statement that waits for no lock goes through at once, many times as often as there are connections.
        for _ in 0..30 {
            let mut tx = app.store.begin().await.unwrap();
            let refused = tx.revoke_api_key(&"key_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(), app.clock.now()).await;
            assert!(matches!(refused, Err(StoreError::Stale)));
        }
    }
}

/// What another request with the same key would have.
fn fresh_fingerprint(app: &App) -> Vec<String> {
    intake::idempotency(app, &caller(), "other", &[b"other content"]).fingerprints
}
