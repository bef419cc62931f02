//! What is kept after delivery and when it goes, records that end, and that every kind of row has a period, a line in the documentation
//! and something that forgets it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use idos_devnode::{DevNodeConfig, Schema};
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::kept::KeptError;
use idos_issuer::flow::restore::{self, RestoreError};
use idos_issuer::flow::sweep::sweep;
use idos_issuer::flow::{audit, erase, intake, kept, read_back, revoke};
use idos_issuer::model::client::Idempotency;
use idos_issuer::model::event::EventKind;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::retention::KINDS;
use idos_issuer::model::safety_net::{NoChoice, Stage};
use idos_issuer::model::submission::{Authority, Given};
use idos_issuer::model::time::{DAY, Timestamp};
use idos_issuer::store::Store;
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use zeroize::Zeroizing;

use super::issuing::create_profile;
use super::keeping::kinds_of_events;
use crate::support::service::{
    Backend, Database, Service, Stage as Scene, audit_holds, caller, fresh_key, have_profile, signed_grant,
    submission, submit, until,
};
use crate::support::{User, evidence_with, owned};

/// In the phase, until so many days from now.
fn in_phase(scene: &Scene, days: i64, more: &str) -> String {
    let until = scene.clock.now().plus_millis(days * DAY);
    format!("[retention]\nphase = \"safety_net\"\nsafety_net_until = \"{until}\"\n{more}")
}

async fn in_the_phase(backend: Backend, days: i64, more: &str) -> (Scene, User) {
    let mut scene = Scene::new(backend).await;
    let user = User::with(WalletType::Evm);
    create_profile(&scene, &user).await;
    scene.clock = Clock::fixed(clock::now());
    scene.settings = in_phase(&scene, days, more);
    (scene, user)
}

async fn issue(app: &Arc<App>, user: &User, ends: Option<Timestamp>) -> Issuance {
    let mut wanted = submission(user.id, Authority::Inserter);
    let Given::Result(evidence) = &mut wanted.evidence else { panic!("a result was submitted") };
    evidence.expires_at = ends;
    let made = intake::accept(app, &caller(), &fresh_key(app), wanted).await.unwrap().record;
    until(app, &made.id, |issuance| issuance.state == State::Issued).await
}

/// What the audit chain says of an issuance from its delivery on.
async fn acts(app: &App, issuance: &Issuance) -> Vec<String> {
    let entries = app.store.audit_of(issuance.id.as_str()).await.unwrap();
    let shown = entries.into_iter().map(|entry| format!("{}:{}", entry.act, entry.detail));
    let after = shown.skip_while(|shown| !shown.starts_with("content_kept"));
    after.filter(|shown| !shown.starts_with("issued:")).collect()
}

/// Over months in which the background work signs nothing, since no time passes for it.
async fn the_chain_holds(app: &App) {
    audit::checkpoint_or_log(app).await;
    audit_holds(&app.store).await;
}

async fn rows(database: &Database, statement: &str) -> i64 {
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let row = sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    row.get::<i64, _>(0)
}

on_both_databases! {
    async fn without_a_phase_nothing_is_kept(backend) {
        let (mut scene, user) = in_the_phase(backend, 30, "").await;
        scene.settings = String::new();
        let service = scene.service().await;
        let issuance = issue(&service.app, &user, None).await;
        assert_eq!(issuance.kept, None);
        assert_eq!(rows(&scene.database, "SELECT COUNT(*) FROM kept_content").await, 0);
        service.stop().await;
    }

    async fn what_is_kept_is_the_credential_and_goes_on_request(backend) {
        let (scene, user) = in_the_phase(backend, 30, "").await;
        let service = scene.service().await;
        let app = &service.app;
        let issuance = issue(app, &user, None).await;
        let kept = issuance.kept.unwrap();
        assert_eq!((kept.stage, kept.until), (Stage::Kept, scene.clock.now().plus_millis(30 * DAY)));
        assert!(!app.store.has_sealed(&issuance.id).await.unwrap(), "what was on its way is forgotten");
        let (_, locked) = app.store.locked_content(&issuance.id).await.unwrap().unwrap();
        let place = format!("kept_content/{}", issuance.id);
        let credential = app.vault.unlock(&place, &locked).unwrap();
        let hash = <sha2::Sha256 as sha2::Digest>::digest(&*credential);
        assert_eq!(Some(hex::encode(hash)), issuance.content_hash, "the very bytes that were sealed");

        // Another vault key locks it anew.
        let new = || Zeroizing::new([8; 32]);
        let rotated = scene.app_with(Vault::new(&[new(), Zeroizing::new([7; 32])]).unwrap()).await;
        assert_eq!(kept::relock_all(&rotated).await.unwrap(), 1);
        assert_eq!(kept::relock_all(&rotated).await.unwrap(), 0);
        let (_, locked) = rotated.store.locked_content(&issuance.id).await.unwrap().unwrap();
        assert_eq!(*Vault::new(&[new()]).unwrap().unlock(&place, &locked).unwrap(), *credential);

        let mut stranger = caller();
        "other".clone_into(&mut stranger.tenant);
        assert!(matches!(kept::delete(app, &stranger, &issuance.id).await, Err(KeptError::NotFound)));
        for _ in 0..2 {
            let left = kept::delete(app, &caller(), &issuance.id).await.unwrap();
            assert_eq!((left.state, left.kept), (State::Issued, None));
        }
        assert_eq!(app.store.locked_content(&issuance.id).await.unwrap(), None);
        let said = acts(app, &issuance).await;
        assert_eq!(said[0], "content_kept:safety_net");
        assert_eq!(said.last().unwrap(), "kept_deleted:asked");
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn what_waits_for_a_profile_is_kept_from_its_delivery_on(backend) {
        let mut scene = Scene::new(backend).await;
        scene.settings = in_phase(&scene, 30, "");
        let service = scene.service().await;
        let app = &service.app;
        let user = User::with(WalletType::Evm);
        let issuance = submit(app, &user, Authority::Inserter).await;
        assert_eq!(app.store.locked_content(&issuance.id).await.unwrap(), None, "it lies locked in one place");
        have_profile(app, &user).await;
        let issued = until(app, &issuance.id, |issuance| issuance.state == State::Issued).await;
        assert_eq!(issued.kept.unwrap().stage, Stage::Kept);
        service.stop().await;
    }

    async fn what_fails_or_is_not_wanted_on_its_way_is_not_kept(backend) {
        let (scene, user) = in_the_phase(backend, 30, "").await;
        let app = scene.app().await;
        let (erased, unwanted) = (submit(&app, &user, Authority::Inserter).await, submit(&app, &user, Authority::Inserter).await);
        let waiting = app.store.locked_content(&erased.id).await.unwrap().unwrap().0;
        assert_eq!((waiting.stage, erased.kept), (Stage::Waiting, None), "it is not told before it counts");
        erase::erase(&app, &caller(), &erased.id).await.unwrap();
        kept::delete(&app, &caller(), &unwanted.id).await.unwrap();
        assert_eq!(rows(&scene.database, "SELECT COUNT(*) FROM kept_content").await, 0);
        let service = Service::start(app);
        let issued = until(&service.app, &unwanted.id, |issuance| issuance.state == State::Issued).await;
        assert_eq!(issued.kept, None);
        service.stop().await;
    }

    async fn it_goes_with_its_credential(backend) {
        let (scene, user) = in_the_phase(backend, 30, "").await;
        let service = scene.service().await;
        let app = &service.app;
        let soon = scene.clock.now().plus_millis(3 * DAY);
        let (revoked, erased, ended) =
            (issue(app, &user, None).await, issue(app, &user, None).await, issue(app, &user, Some(soon)).await);
        assert_eq!(ended.kept.unwrap().until, soon, "from then on there is nothing to give again");
        revoke::request(app, &caller(), &revoked.id).await.unwrap();
        until(app, &revoked.id, |issuance| issuance.state == State::Revoked).await;
        erase::erase(app, &caller(), &erased.id).await.unwrap();
        scene.clock.advance_millis(3 * DAY);
        sweep(app).await.unwrap();
        for (issuance, why) in [(&revoked, "revoked"), (&erased, "erased"), (&ended, "credential_ended")] {
            assert_eq!(app.store.locked_content(&issuance.id).await.unwrap(), None, "{why}");
            let said = acts(app, issuance).await;
            // Of what is erased the audit chain names nothing any more.
            let is_said = said.contains(&format!("kept_deleted:{why}"));
            assert!(if why == "erased" { said.is_empty() } else { is_said }, "{why}: {said:?}");
        }
        assert!(!kinds_of_events(app).await.contains(&EventKind::SafetyNetEnded), "nobody is asked about these");
        service.stop().await;
    }

    async fn the_end_of_the_phase_offers_the_choice_and_what_nobody_chooses_for_goes(backend) {
        let (mut scene, user) = in_the_phase(backend, 30, "").await;
        let service = scene.service().await;
        let app = &service.app;
        let (silent, keeps, leaves) =
            (issue(app, &user, None).await, issue(app, &user, None).await, issue(app, &user, None).await);
        let later = scene.clock.now().plus_millis(200 * DAY);
        let early = kept::choose(app, &caller(), &keeps.id, later).await;
        assert!(matches!(early, Err(KeptError::NoChoice(NoChoice::NotYet))), "{early:?}");
        service.stop().await;

        // The setting alone ends it.
        scene.settings = String::new();
        let service = scene.service().await;
        let app = &service.app;
        let new = issue(app, &user, None).await;
        assert_eq!(new.kept, None);
        for _ in 0..3 {
            sweep(app).await.unwrap();
        }
        let offered = app.store.issuance(&silent.id).await.unwrap().unwrap().kept.unwrap();
        assert_eq!((offered.stage, offered.until), (Stage::Offered, scene.clock.now().plus_millis(90 * DAY)));
        let ends = kinds_of_events(app).await.into_iter().filter(|kind| *kind == EventKind::SafetyNetEnded);
        assert_eq!(ends.count(), 1, "a client is told once, however many it is about");

        for (until, expected) in [
            (scene.clock.now(), NoChoice::Past),
            (scene.clock.now().plus_millis(800 * DAY), NoChoice::TooFar),
        ] {
            let refused = kept::choose(app, &caller(), &keeps.id, until).await;
            assert!(matches!(refused, Err(KeptError::NoChoice(no)) if no == expected), "{refused:?}");
        }
        let chosen = kept::choose(app, &caller(), &keeps.id, later).await.unwrap();
        assert_eq!(chosen.kept.map(|kept| (kept.stage, kept.until)), Some((Stage::Chosen, later)));
        kept::delete(app, &caller(), &leaves.id).await.unwrap();
        let nothing = kept::choose(app, &caller(), &leaves.id, later).await;
        assert!(matches!(nothing, Err(KeptError::NothingKept)));

        scene.clock.advance_millis(89 * DAY);
        sweep(app).await.unwrap();
        assert!(app.store.locked_content(&silent.id).await.unwrap().is_some());
        scene.clock.advance_millis(DAY);
        sweep(app).await.unwrap();
        assert_eq!(app.store.locked_content(&silent.id).await.unwrap(), None, "nobody has answered");
        assert!(app.store.locked_content(&keeps.id).await.unwrap().is_some());
        scene.clock.advance_millis(111 * DAY);
        sweep(app).await.unwrap();
        assert_eq!(rows(&scene.database, "SELECT COUNT(*) FROM kept_content").await, 0);
        assert_eq!(acts(app, &silent).await[1..], ["choice_offered:", "kept_deleted:not_answered"]);
        assert_eq!(acts(app, &keeps).await[1..], ["choice_offered:", "kept_chosen:", "kept_deleted:time_over"]);
        assert_eq!(acts(app, &leaves).await[1..], ["choice_offered:", "kept_deleted:asked"]);
        the_chain_holds(app).await;
        service.stop().await;
    }

    async fn what_is_kept_is_given_again(backend) {
        let (scene, user) = in_the_phase(backend, 30, "").await;
        let service = scene.service().await;
        let app = &service.app;
        let issuance = issue(app, &user, None).await;
        let again = async |key: &Idempotency, id: &IssuanceId| {
            restore::restore(app, &caller(), key, id, (Authority::Inserter, None)).await
        };
        let key = fresh_key(app);
        let made = again(&key, &issuance.id).await.unwrap();
        let repeated = again(&key, &issuance.id).await.unwrap();
        assert_eq!((made.replayed, repeated.replayed, &repeated.record.id), (false, true, &made.record.id));
        let restored = until(app, &made.record.id, |issuance| issuance.state == State::Issued).await;
        assert_eq!(restored.kept, None, "it is kept once");
        assert_eq!(restored.content_hash, issuance.content_hash, "the same credential");
        assert_ne!(restored.ids.original, issuance.ids.original, "in a row of its own");
        assert_eq!(scene.node.credentials().await.unwrap().len(), 2);
        let old = app.store.issuance(&issuance.id).await.unwrap().unwrap();
        assert_eq!((old.state, old.kept), (State::Issued, issuance.kept));
        assert!(acts(app, &issuance).await.contains(&format!("restored:{}", restored.id)));

        let never = again(&fresh_key(app), &restored.id).await;
        assert!(matches!(never, Err(RestoreError::NothingKept)), "{never:?}");
        kept::delete(app, &caller(), &issuance.id).await.unwrap();
        let gone = again(&fresh_key(app), &issuance.id).await;
        assert!(matches!(gone, Err(RestoreError::NothingKept)), "{gone:?}");
        let mut stranger = caller();
        "other".clone_into(&mut stranger.tenant);
        let by = (Authority::Inserter, None);
        let hidden = restore::restore(app, &stranger, &fresh_key(app), &issuance.id, by).await;
        assert!(matches!(hidden, Err(RestoreError::NotFound)), "{hidden:?}");
        erase::erase(app, &caller(), &issuance.id).await.unwrap();
        let over = again(&fresh_key(app), &issuance.id).await;
        assert!(matches!(over, Err(RestoreError::Conflict(State::Erased))), "{over:?}");
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn large_contents_are_kept_and_given_again_by_a_write_grant(backend) {
        let node = DevNodeConfig { schema: Schema::Next, ..DevNodeConfig::default() };
        let mut scene = Scene::with(backend, 1, node).await;
        let user = User::with(WalletType::Evm);
        create_profile(&scene, &user).await;
        scene.settings = in_phase(&scene, 30, "");
        let service = scene.service().await;
        let app = &service.app;
        let by = async || {
            let grant = signed_grant(app, &user, -60, 3600).await;
            Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }
        };
        let mut wanted = submission(user.id, by().await);
        wanted.evidence = Given::Result(evidence_with(user.id, 6_000_000));
        let made = intake::accept(app, &caller(), &fresh_key(app), wanted).await.unwrap().record;
        let issued = until(app, &made.id, |issuance| issuance.state == State::Issued).await;
        assert!(issued.announced_at.is_some() && issued.kept.is_some(), "its content went to the blob gateway");
        let key = fresh_key(app);
        let again = restore::restore(app, &caller(), &key, &issued.id, (by().await, None)).await.unwrap();
        let restored = until(app, &again.record.id, |issuance| issuance.state == State::Issued).await;
        let client = app.idos().await.unwrap();
        let first = owned(client, &user, issued.ids.original).await.unwrap();
        let second = owned(client, &user, restored.ids.original).await.unwrap();
        assert!(first.len() > 6_000_000 && *first == *second, "the user has it twice, byte for byte");
        let copy = read_back::issued_copy(app, &caller(), &restored.id).await.unwrap();
        assert_eq!((copy.problem, *copy.credential == *first), (None, true), "and consumers believe it");
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn by_its_date_the_phase_ends_as_well(backend) {
        let (mut scene, user) = in_the_phase(backend, 30, "safety_net_after = \"delete\"\n").await;
        let service = scene.service().await;
        let (one, other) = (issue(&service.app, &user, None).await, issue(&service.app, &user, None).await);
        service.stop().await;
        // Shortened: what was promised to be kept for longer is not. Set to go on: what was promised to go goes.
        for (days, left) in [(10, 10), (60, 10)] {
            scene.settings = in_phase(&scene, days, "safety_net_after = \"delete\"\n");
            let app = scene.app().await;
            sweep(&app).await.unwrap();
            let kept = app.store.issuance(&one.id).await.unwrap().unwrap().kept.unwrap();
            assert_eq!(kept.until, scene.clock.now().plus_millis(left * DAY));
        }
        scene.clock.advance_millis(10 * DAY);
        let app = scene.app().await;
        sweep(&app).await.unwrap();
        for issuance in [&one, &other] {
            assert_eq!(app.store.locked_content(&issuance.id).await.unwrap(), None);
            assert_eq!(acts(&app, issuance).await[1..], ["kept_deleted:phase_over"]);
        }
        assert!(!kinds_of_events(&app).await.contains(&EventKind::SafetyNetEnded), "nobody is asked");
    }

    async fn a_phase_that_goes_on_for_too_long_is_refused(backend) {
        let mut scene = Scene::new(backend).await;
        scene.settings = in_phase(&scene, 740, "");
        let store = Store::connect(&scene.database.url, 1).await.unwrap();
        let keys = crate::support::service::same_keys(&scene.keys);
        let vault = Vault::new(&[Zeroizing::new([7; 32])]).unwrap();
        let refused = App::wire(scene.config(), scene.clock.clone(), store, keys, vault);
        let text = refused.err().unwrap().to_string();
        assert!(text.contains("retention.safety_net_until"), "{text}");
    }

    async fn records_end(backend) {
        let (mut scene, user) = in_the_phase(backend, 30, "").await;
        "[retention]\nrecords_months = 12\n".clone_into(&mut scene.settings);
        let service = scene.service().await;
        let app = &service.app;
        let end = scene.clock.now().plus_millis(40 * DAY);
        let (endless, ending, erased) =
            (issue(app, &user, None).await, issue(app, &user, Some(end)).await, issue(app, &user, None).await);
        let another = User::with(WalletType::Evm);
        have_profile(app, &another).await;
        erase::erase(app, &caller(), &erased.id).await.unwrap();
        let is_there = async |issuance: &Issuance| app.store.issuance(&issuance.id).await.unwrap().is_some();

        scene.clock.advance_millis(360 * DAY);
        sweep(app).await.unwrap();
        for issuance in [&endless, &ending, &erased] {
            assert!(is_there(issuance).await);
        }
        scene.clock.advance_millis(10 * DAY);
        sweep(app).await.unwrap();
        assert!(!is_there(&endless).await && !is_there(&erased).await, "twelve months after the last change");
        assert!(is_there(&ending).await, "its credential has ended forty days later");
        for table in ["profile", "wallet_link", "attribute"] {
            assert_eq!(rows(&scene.database, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        scene.clock.advance_millis(40 * DAY);
        sweep(app).await.unwrap();
        assert!(!is_there(&ending).await);
        // Nothing that belongs to them is left, but the events, which have a time of their own, and the chain.
        for table in ["issuance", "notice", "contact", "mail_link", "kept_content", "sealed_credential"] {
            assert_eq!(rows(&scene.database, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        assert!(app.store.audit_of(ending.id.as_str()).await.unwrap().is_empty(), "the chain has let go of it");
        assert!(kinds_of_events(app).await.contains(&EventKind::Erased), "the client is told");
        the_chain_holds(app).await;
        sweep(app).await.unwrap();
        service.stop().await;
    }

    /// A column that nobody has thought about is one that stays for ever.
    async fn every_column_has_a_period(backend) {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 1).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        let statement = match backend {
            Backend::Sqlite => {
                "SELECT m.name AS t, c.name AS c FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            }
            Backend::Postgres => {
                "SELECT CAST(table_name AS TEXT) AS t, CAST(column_name AS TEXT) AS c FROM information_schema.columns \
                 WHERE table_schema = 'public'"
            }
        };
        let found = sqlx::query(statement).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let mut schema: BTreeSet<(String, String)> =
            found.iter().map(|row| (row.get::<String, _>("t"), row.get::<String, _>("c"))).collect();
        // What the migrations themselves keep: their numbers and hashes.
        schema.retain(|(table, _)| table != "_sqlx_migrations");
        let mut times_named = BTreeMap::new();
        for kind in KINDS {
            for column in kind.columns {
                *times_named.entry((kind.table.to_owned(), (*column).to_owned())).or_insert(0) += 1;
            }
        }
        let names: BTreeSet<_> = times_named.keys().cloned().collect();
        let missing: Vec<_> = schema.difference(&names).collect();
        assert!(missing.is_empty(), "nobody has said how long these are kept: {missing:?}");
        let gone: Vec<_> = names.difference(&schema).collect();
        assert!(gone.is_empty(), "there are no such columns: {gone:?}");
        assert!(times_named.values().all(|times| *times == 1), "{times_named:?}");
    }
}

#[test]
fn every_kind_stands_in_the_documentation_with_what_forgets_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/retention.md")).unwrap();
    let table = text.split("| what | table | how | how long |").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines: Vec<_> = table.lines().skip(2).map(str::to_owned).collect();
    let wanted: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            let owners: Vec<_> =
                kind.owners.iter().map(|(file, name)| format!("`{name}` in `{file}`")).collect();
            format!(
                "| {} | `{}` | {} | {} | {} |",
                kind.what,
                kind.place(),
                kind.how(),
                kind.long,
                owners.join("; ")
            )
        })
        .collect();
    for (line, wanted) in lines.iter().zip(&wanted) {
        assert_eq!(line, wanted);
    }
    assert_eq!(lines.len(), wanted.len());
    for (file, name) in KINDS.iter().flat_map(|kind| kind.owners) {
        let code = std::fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("there is no {file}"));
        let is_there = [format!("fn {name}("), format!("fn {name}<")].iter().any(|text| code.contains(text));
        assert!(is_there, "{file} has no function {name}");
    }
}
