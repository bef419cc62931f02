//! Who saw which record is written down: once for each who looks, record and hour.

use std::sync::Arc;

use idos_issuer::app::App;
use idos_issuer::clock::Clock;
use idos_issuer::flow::sweep;
use idos_issuer::flow::viewed::{Viewed, saw};
use idos_issuer::model::audit::{Actor, ChainedEntry};
use idos_issuer::model::time::HOUR;
use idos_wallet::WalletType;
use serde_json::json;

use super::door::{Door, inserter, kyc};
use crate::support::service::{Backend, Stage, audit_holds, audit_names};

/// What was looked at, as it is written down: by whom, what, and more. But for the profile, at which the test has looked.
async fn looks(app: &App) -> Vec<(String, String, String)> {
    let entries = app.store.audit_page(0, i64::MAX).await.unwrap().into_iter().map(ChainedEntry::told);
    let looks = entries.filter(|entry| {
        ["record_viewed", "records_listed"].contains(&entry.act.as_str())
            && !entry.subject.starts_with("prf_")
    });
    looks.map(|entry| (entry.actor, entry.subject, entry.detail)).collect()
}

async fn rows_of_looks(stage: &Stage) -> i64 {
    use sqlx::Connection as _;

    let mut connection = sqlx::AnyConnection::connect(&stage.database.url).await.unwrap();
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM audit_view").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

fn staff(id: &str) -> Actor {
    Actor::Staff { staff: id.to_owned() }
}

async fn door(backend: Backend, settings: &str) -> Door {
    let mut stage = Stage::new(backend).await;
    // In the middle of an hour, so that a test that takes its time stays in it.
    let now = idos_issuer::clock::now();
    let into_the_hour = HOUR / 2 - now.unix_millis().rem_euclid(HOUR);
    stage.clock = Clock::fixed(now.plus_millis(into_the_hour));
    settings.clone_into(&mut stage.settings);
    Door::on(stage).await.working()
}

on_both_databases! {
    async fn who_looks_at_a_record_is_written_down_once_an_hour(backend) {
        let door = door(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202).json();
        let id = made["id"].as_str().unwrap();
        // Programs read their own records all day; that is written down where it is asked for.
        door.get(format!("/v1/issuances/{id}")).send().await.expect(200);
        assert_eq!(looks(&door.app).await, []);

        // Another process of the same service.
        let other: Arc<App> = door.stage.app().await;
        for app in [&door.app, &door.app, &other] {
            saw(app, &staff("stf_1"), Viewed::Record(id)).await.unwrap();
            let list = Viewed::List { of: "issuances", by: &["state", "reference"], found: 7 };
            saw(app, &staff("stf_1"), list).await.unwrap();
        }
        saw(&other, &staff("stf_2"), Viewed::Record(id)).await.unwrap();
        saw(&other, &staff("stf_2"), Viewed::List { of: "issuances", by: &[], found: 0 }).await.unwrap();
        let text = |(one, two, three): (&str, &str, &str)| (one.to_owned(), two.to_owned(), three.to_owned());
        let first = [
            ("staff:stf_1", id, ""),
            ("staff:stf_1", "issuances", "found:7 by:state,reference"),
            ("staff:stf_2", id, ""),
            ("staff:stf_2", "issuances", "found:0"),
        ]
        .map(text);
        assert_eq!(looks(&door.app).await, first);
        // Of all who look at the same time, one is written down.
        let all = (0..20).map(|number| {
            let app = if number % 2 == 0 { &door.app } else { &other };
            async move { saw(app, &staff("stf_3"), Viewed::Record(id)).await }
        });
        for saw in futures_util::future::join_all(all).await {
            saw.unwrap();
        }
        assert_eq!(looks(&door.app).await.len(), 5);

        // The next hour, in which the sweep forgets who has looked in the one before.
        assert_eq!(rows_of_looks(&door.stage).await, 5);
        door.stage.clock.advance_millis(HOUR);
        let _ = sweep::sweep(&door.app).await;
        assert_eq!(rows_of_looks(&door.stage).await, 0);
        saw(&door.app, &staff("stf_1"), Viewed::Record(id)).await.unwrap();
        assert_eq!(looks(&door.app).await[5], text(("staff:stf_1", id, "")));

        // What was never there is not named.
        saw(&door.app, &staff("stf_1"), Viewed::Record("iss_01ARZ3NDEKTSV4RRFFQ69G5FAV")).await.unwrap();
        assert_eq!((looks(&door.app).await.len(), rows_of_looks(&door.stage).await), (6, 1));
        audit_holds(&door.app.store).await;
        other.store.close().await;
        door.close().await;
    }

    async fn programs_are_written_down_where_that_is_wanted(backend) {
        let door = door(backend, "[audit]\nviews = \"all\"\n").await;
        let user = door.user(WalletType::Evm).await;
        let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202).json();
        let place = format!("/v1/issuances/{}", made["id"].as_str().unwrap());
        let id = made["id"].as_str().unwrap();
        for _ in 0..2 {
            for target in ["?wait=30", "", "/audit", "/notices"] {
                door.get(format!("{place}{target}")).send().await.expect(200);
            }
            for list in ["issuances?reference=Xyzzy&limit=3", "issuances", "verifications", "wallet-links", "events"] {
                door.get(format!("/v1/{list}")).send().await.expect(200);
            }
        }
        let case = door.make("/v1/erasure-cases", &json!({ "user": { "userId": user.id } })).send().await.expect(201).json();
        let case = case["id"].as_str().unwrap();
        for target in [format!("/{case}"), "?state=awaiting_identity".to_owned(), String::new()] {
            for _ in 0..2 {
                door.get(format!("/v1/erasure-cases{target}")).send().await.expect(200);
            }
        }
        // What is not shown was not seen.
        door.get("/v1/erasure-cases/era_01ARZ3NDEKTSV4RRFFQ69G5FAV").send().await.problem(404, "not_found");
        door.get("/v1/issuances/iss_01ARZ3NDEKTSV4RRFFQ69G5FAV").send().await.problem(404, "not_found");
        door.get("/v1/issuances?state=x").send().await.problem(400, "invalid_request");
        let written = looks(&door.app).await;
        assert!(written.iter().all(|(actor, ..)| actor.starts_with("client:acme:key_")), "{written:?}");
        let what: Vec<_> = written.iter().map(|(_, subject, detail)| (subject.as_str(), detail.as_str())).collect();
        assert_eq!(what[0], (id, ""));
        assert_eq!(what[1..], [
            ("issuances", "found:0 by:reference"),
            ("issuances", "found:1"),
            ("verifications", "found:0"),
            ("wallet_links", "found:0"),
            ("events", what[5].1),
            (case, ""),
            ("erasure_cases", "found:1 by:state"),
            ("erasure_cases", "found:1"),
        ]);

        // Erased: who has looked is written down still, and not at what; nor is it named by who looks now.
        door.delete(&place).send().await.expect(200);
        assert!(!audit_names(&door.app.store, id).await);
        assert_eq!(looks(&door.app).await[0], (written[0].0.clone(), String::new(), String::new()));
        for target in ["", "/audit", "/notices"] {
            door.get(format!("{place}{target}")).send().await.expect(200);
        }
        saw(&door.app, &staff("stf_1"), Viewed::Record(id)).await.unwrap();
        assert!(!audit_names(&door.app.store, id).await);
        assert_eq!(looks(&door.app).await.len(), 9);
        assert_eq!(rows_of_looks(&door.stage).await, 9, "of the lists, the case and the profile");
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn nobody_is_written_down_where_that_is_wanted(backend) {
        let door = door(backend, "[audit]\nviews = \"none\"\n").await;
        let user = door.user(WalletType::Evm).await;
        let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202).json();
        let id = made["id"].as_str().unwrap();
        door.get(format!("/v1/issuances/{id}")).send().await.expect(200);
        saw(&door.app, &staff("stf_1"), Viewed::Record(id)).await.unwrap();
        assert_eq!(looks(&door.app).await, []);
        door.close().await;
    }
}
