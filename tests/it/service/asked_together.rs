//! What many ask at the same time is read once for all of them: each gets the answer to its own question, as it is after it has asked.

use std::sync::Arc;

use futures_util::future::join_all;
use idos_issuer::flow::api_keys;
use idos_issuer::flow::intake;
use idos_issuer::model::client::{Idempotency, Scope};
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;

use super::issuing::create_profile;
use crate::support::User;
use crate::support::service::{Stage, caller, fresh_key, submission};

/// More than one statement asks for.
const ASKERS: usize = 150;

on_both_databases! {
    async fn each_is_told_what_its_own_key_stands_for(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let keys: Vec<_> = (0..8).map(|_| fresh_key(&app)).collect();
        let mut made = Vec::new();
        for key in &keys {
            let submission = submission(user.id, Authority::Inserter);
            made.push(intake::accept(&app, &caller(), key, submission).await.unwrap().record.id.to_string());
        }
        let never_used = intake::idempotency(&app, &caller(), "never used", &[b"other content"]);
        let ask = async |number: usize| {
            let known = &keys[number % keys.len()];
            let unknown = &never_used;
            // As keys of the vault come and go: the request is known by one hash, and not by the other.
            let of = |first: &Idempotency, second: &Idempotency| Idempotency {
                key_hashes: [&first.key_hashes[..], &second.key_hashes[..]].concat(),
                fingerprints: [&first.fingerprints[..], &second.fingerprints[..]].concat(),
            };
            let tenant = caller().tenant;
            match number % 4 {
                0 => (app.store.claimed(&tenant, known).await.unwrap(), Some(true)),
                1 => (app.store.claimed(&tenant, &of(unknown, known)).await.unwrap(), Some(true)),
                2 => {
                    let other = Idempotency { fingerprints: unknown.fingerprints.clone(), ..known.clone() };
                    (app.store.claimed(&tenant, &other).await.unwrap(), Some(false))
                }
                _ => {
                    let found = app.store.claimed(&tenant, unknown).await.unwrap();
                    let of_another_client = app.store.claimed("stranger", known).await.unwrap();
                    assert_eq!(of_another_client, None);
                    (found, None)
                }
            }
        };
        for (number, (found, same)) in join_all((0..ASKERS).map(ask)).await.into_iter().enumerate() {
            assert_eq!(found, same.map(|same| (made[number % keys.len()].clone(), same)), "{number}");
        }
    }

    async fn a_key_that_is_revoked_opens_nothing_from_then_on_however_many_ask(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let now = app.clock.now();
        let (key, text) = api_keys::create(&app.store, "acme", &[Scope::ALL[0]], None, now).await.unwrap();
        let text = Arc::new(text);
        let open = || {
            let (app, text) = (Arc::clone(&app), Arc::clone(&text));
            async move { api_keys::authenticate(&app.store, &text, app.clock.now()).await.unwrap().is_some() }
        };
        assert!(join_all((0..ASKERS).map(|_| open())).await.into_iter().all(|is_open| is_open));

        // Those who asked before may be told either way; whoever asks afterwards must not get in with them.
        let before: Vec<_> = (0..ASKERS).map(|_| tokio::spawn(open())).collect();
        api_keys::revoke(&app.store, &key.id, now).await.unwrap();
        assert!(join_all((0..ASKERS).map(|_| open())).await.into_iter().all(|is_open| !is_open));
        for asked in before {
            asked.await.unwrap();
        }
    }

    async fn who_goes_away_while_others_wait_for_the_same_keeps_nobody_waiting(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let key = fresh_key(&app);
        for round in 0..20 {
            let ask = || {
                let (app, key) = (Arc::clone(&app), key.clone());
                tokio::spawn(async move { app.store.claimed(&caller().tenant, &key).await.unwrap() })
            };
            let asked: Vec<_> = (0..ASKERS).map(|_| ask()).collect();
            tokio::task::yield_now().await;
            // The first one, for whom the others wait, is among them.
            asked.iter().step_by(round + 1).for_each(tokio::task::JoinHandle::abort);
            for (number, asked) in asked.into_iter().enumerate() {
                match asked.await {
                    Ok(found) => assert_eq!(found, None),
                    Err(aborted) => assert!(aborted.is_cancelled() && number % (round + 1) == 0),
                }
            }
        }
    }
}
