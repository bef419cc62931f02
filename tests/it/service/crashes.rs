//! Crashes, faults and several replicas: every accepted issuance ends in exactly one credential, or visibly without.
//!
//! The same with the real binary and `kill -9` is in `tests/it/kills/mod.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use idos_devnode::{DevNodeConfig, Mix, RandomFaults};
use idos_issuer::app::App;
use idos_issuer::flow::profile;
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::job::JobState;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;
use rand::Rng as _;

use super::issuing::create_profile;
use crate::support::User;
use crate::support::service::{
    Backend, Service, Stage, audit_holds, caller, fresh_key, new_profile, signed_grant, submit,
};

/// All that a node can do to a sender, often.
pub(super) fn all_faults(seed: u64) -> RandomFaults {
    let broadcast = Mix {
        refuse: 5,
        delay: 5,
        delay_ms: 30,
        hang_up_after_commit: 8,
        wrong_nonce: 8,
        drop_transaction: 4,
        lose_mempool: 2,
        down: 3,
        down_ms: 100,
        ..Mix::default()
    };
    let look_up =
        Mix { refuse: 4, delay: 4, delay_ms: 30, hang_up_after_commit: 4, down: 2, ..Mix::default() };
    RandomFaults { seed, broadcast, look_up, view: Mix { refuse: 4, down: 2, ..Mix::default() } }
}

pub(super) async fn stage(backend: Backend, keys: usize) -> Stage {
    let node = DevNodeConfig { block_interval: Some(Duration::from_millis(60)), ..DevNodeConfig::default() };
    let mut stage = Stage::with(backend, keys, node).await;
    "[delivery]\nlease_seconds = 5\nin_flight = 16\n".clone_into(&mut stage.settings);
    stage
}

/// Waits until nothing moves any more, with the faults switched off.
async fn until_settled(stage: &Stage, app: &App, ids: &[Issuance]) -> Vec<Issuance> {
    stage.dev().faults().clear();
    let mut left = Vec::new();
    for _ in 0..1200 {
        left.clear();
        let mut all = Vec::new();
        for issuance in ids {
            let now = app.store.issuance(&issuance.id).await.unwrap().unwrap();
            if !now.state.is_settled() {
                left.push(format!("{} {}", now.id, now.state));
            }
            all.push(now);
        }
        // What is due much later, because it failed often, is done now.
        for job in app.store.jobs(Some(JobState::Ready), 1000).await.unwrap() {
            if job.attempts > 0 {
                let mut tx = app.store.begin().await.unwrap();
                tx.bring_forward(job.work, &job.subject, app.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        if left.is_empty() {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let jobs = app.store.jobs(None, 100).await.unwrap();
    panic!("not settled: {left:?}\n{jobs:#?}");
}

/// What must hold in the end, whatever happened.
async fn assert_exactly_once(stage: &Stage, app: &App, issuances: &[Issuance]) {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for credential in stage.node.credentials().await.unwrap() {
        *rows.entry(credential.id).or_default() += 1;
    }
    let mut expected = BTreeSet::new();
    for issuance in issuances {
        let is_there = rows.contains_key(&issuance.ids.original.to_string());
        assert_eq!(issuance.state, State::Issued, "{issuance:?}");
        assert!(is_there, "{issuance:?}");
        expected.insert(issuance.ids.original.to_string());
        if issuance.grantee.is_some() {
            expected.insert(issuance.ids.copy.to_string());
        }
        assert!(!app.store.has_sealed(&issuance.id).await.unwrap());
        assert!(!app.store.has_grant(&issuance.id).await.unwrap());
        assert_eq!(app.store.unsealed(&issuance.id).await.unwrap(), None);
    }
    assert!(rows.values().all(|count| *count == 1));
    assert_eq!(rows.into_keys().collect::<BTreeSet<_>>(), expected, "nothing that nobody asked for");
    audit_holds(&app.store).await;
    assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
}

on_both_databases! {
    async fn faults_of_the_node_lose_and_double_nothing(backend) {
        let stage = stage(backend, 1).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        stage.dev().faults().set_random(all_faults(11));

        let mut asked = Vec::new();
        for _ in 0..25 {
            asked.push(submit(&service.app, &user, Authority::Inserter).await);
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let ended = until_settled(&stage, &service.app, &asked).await;
        assert_exactly_once(&stage, &service.app, &ended).await;
        service.stop().await;
    }

    async fn stopped_anywhere_it_goes_on(backend) {
        let stage = stage(backend, 1).await;
        let users = [User::with(WalletType::Evm), User::with(WalletType::FaceSign)];
        create_profile(&stage, &users[0]).await;
        let mut asked = Vec::new();
        for round in 0..30_u64 {
            stage.dev().faults().set_random(all_faults(round));
            let service = stage.service().await;
            let app = &service.app;
            if round == 3 {
                profile::request(app, &caller(), &fresh_key(app), new_profile(&users[1])).await.unwrap();
            }
            stage.dev().faults().clear();
            let grant = signed_grant(app, &users[0], -60, 3600).await;
            stage.dev().faults().set_random(all_faults(round));
            let authority = Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None };
            asked.push(submit(app, &users[0], authority).await);
            asked.push(submit(app, &users[1], Authority::Inserter).await);
            let moment = rand::thread_rng().gen_range(0..120);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            service.kill().await;
        }
        let service = stage.service().await;
        let ended = until_settled(&stage, &service.app, &asked).await;
        assert_exactly_once(&stage, &service.app, &ended).await;
        service.stop().await;
    }
}

/// Replicas on one PostgreSQL with several lanes, killed and started again in turn.
async fn replicas(count: usize) {
    let stage = stage(Backend::Postgres, 3).await;
    let user = User::with(WalletType::Evm);
    create_profile(&stage, &user).await;
    stage.dev().faults().set_random(all_faults(5));
    let mut services: Vec<Option<Service>> = Vec::new();
    for _ in 0..count {
        services.push(Some(stage.service().await));
    }
    let mut asked = Vec::new();
    for round in 0..(6 * count) {
        let place = round % count;
        for _ in 0..3 {
            let by = services[(place + 1) % count].as_ref().unwrap();
            asked.push(submit(&by.app, &user, Authority::Inserter).await);
        }
        let moment = rand::thread_rng().gen_range(0..150);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        services[place].take().unwrap().kill().await;
        services[place] = Some(stage.service().await);
    }
    let app: Arc<App> = Arc::clone(&services[0].as_ref().unwrap().app);
    let ended = until_settled(&stage, &app, &asked).await;
    assert_exactly_once(&stage, &app, &ended).await;
    for service in services.into_iter().flatten() {
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_killed_in_turn() {
    replicas(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_replicas_killed_in_turn() {
    replicas(4).await;
}
