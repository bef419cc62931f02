//! Attributes: each is written once, whatever is lost, and what waits too long is forgotten. Nobody but the user can see whether one
//! is there.

use std::collections::BTreeMap;
use std::time::Duration;

use idos_client::actions::{AddAttributeAsInserter, GetAttributes};
use idos_client::{Broadcast, Nonce, Signer};
use idos_devnode::{Fault, Switch};
use idos_issuer::app::App;
use idos_issuer::clock::Clock;
use idos_issuer::flow::{attribute, sweep};
use idos_issuer::model::attribute::{Attribute, NewAttribute, Sensitive};
use idos_issuer::model::issuance::{HaltCode, Stopped};
use idos_issuer::model::job::JobState;
use idos_issuer::model::personal::Personal;
use idos_issuer::model::profile::ProfileState;
use idos_wallet::WalletType;
use rand::Rng as _;
use sqlx::Connection as _;

use super::crashes::{all_faults, stage};
use super::issuing::create_profile;
use crate::support::User;
use crate::support::service::{Stage, audit_holds, caller, fresh_key};

async fn write(app: &App, user: &User, value: &str, sensitive: Sensitive) -> Attribute {
    let new = NewAttribute {
        user_id: user.id,
        key: Personal::new("tier".to_owned()),
        value: Personal::new(value.to_owned()),
        sensitive,
    };
    attribute::request(app, &caller(), &fresh_key(app), new).await.unwrap().record
}

async fn until_settled(app: &App, attribute: &Attribute) -> Attribute {
    for _ in 0..1200 {
        let now = app.store.attribute(&attribute.id).await.unwrap().unwrap();
        if now.state != ProfileState::Pending {
            return now;
        }
        // What is due much later, because it failed often, is done now.
        for job in app.store.jobs(Some(JobState::Ready), 1000).await.unwrap() {
            if job.attempts > 0 {
                let mut tx = app.store.begin().await.unwrap();
                tx.bring_forward(job.work, &job.subject, app.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it stays pending: {:?}", app.store.jobs(None, 10).await.unwrap());
}

/// How often each row is there, with its value.
async fn there(app: &App, user: &User) -> BTreeMap<String, Vec<String>> {
    let holder = Signer::from(user.wallet.clone());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in app.idos().await.unwrap().call(&holder, &GetAttributes {}).await.unwrap() {
        found.entry(row.id.to_string()).or_default().push(row.value);
    }
    found
}

on_both_databases! {
    async fn stopped_anywhere_each_is_written_once(backend) {
        let stage = stage(backend, 1).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let mut asked = Vec::new();
        for round in 0..15_u64 {
            stage.dev().faults().clear();
            let service = stage.service().await;
            let app = &service.app;
            stage.dev().faults().set_random(all_faults(100 + round));
            for number in 0..2 {
                // Accepted whether or not the node can be asked.
                let value = format!("{round}/{number}");
                asked.push((write(app, &user, &value, Sensitive::None).await, value));
            }
            let moment = rand::thread_rng().gen_range(0..150);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            service.kill().await;
        }
        stage.dev().faults().clear();
        let service = stage.service().await;
        let app = &service.app;
        for (attribute, _) in &asked {
            let ended = until_settled(app, attribute).await;
            assert_eq!((ended.state, ended.halt), (ProfileState::Created, None));
            assert_eq!(app.store.locked_attribute(&attribute.id).await.unwrap(), None);
        }
        let there = there(app, &user).await;
        assert_eq!(there.len(), asked.len(), "nothing that nobody asked for");
        for (attribute, value) in &asked {
            assert_eq!(there[&attribute.attribute_id.to_string()], [value.as_str()]);
        }
        audit_holds(&app.store).await;
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        service.stop().await;
    }

    async fn what_an_earlier_transaction_has_written_is_known_by_the_refusal(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let (client, signer) = (app.idos().await.unwrap(), app.keys.first().signer());
        let mut made = Vec::new();
        for value in ["sent", "not sent"] {
            let attribute = write(&app, &user, value, Sensitive::Value).await;
            // By a transaction that this service has forgotten.
            let action = AddAttributeAsInserter {
                id: attribute.attribute_id, user_id: user.id, attribute_key: "tier", value,
            };
            client.execute(&signer, &action, Nonce::Next, Broadcast::Wait).await.unwrap();
            made.push(attribute);
        }
        let mut connection = sqlx::AnyConnection::connect(&stage.database.url).await.unwrap();
        let statement = format!("UPDATE attribute SET was_sent = 1 WHERE id = '{}'", made[0].id);
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();

        let service = crate::support::service::Service::start(app);
        let app = &service.app;
        let ended = until_settled(app, &made[0]).await;
        assert_eq!((ended.state, ended.halt), (ProfileState::Created, None));
        // One that was never sent is not ours: a person looks. Then it is known that one was.
        let halted = until_settled(app, &made[1]).await;
        assert_eq!((halted.state, halted.halt, halted.stopped()), (ProfileState::Halted, Some(HaltCode::Refused), Stopped::Attribute));
        attribute::resume(app, &caller(), &made[1].id).await.unwrap();
        let ended = until_settled(app, &made[1]).await;
        assert_eq!((ended.state, ended.halt), (ProfileState::Created, None));
        assert_eq!(there(app, &user).await.len(), 2);
        service.stop().await;
    }

    async fn what_waits_too_long_is_forgotten(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(idos_issuer::clock::now());
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        stage.dev().faults().set(Switch {
            fault: Fault::Refuse {
                code: Some(-201), message: Some("ERROR: insert or update on table \"user_attributes\" violates foreign key constraint \"user_attributes_user_id_fkey\" (SQLSTATE 23503)".to_owned()),
                transaction_code: Some(110),
            },
            method: Some("user.broadcast".to_owned()),
            action: Some("add_attribute_as_inserter".to_owned()),
            next: Some(1),
        });
        let attribute = write(app, &user, "gold", Sensitive::KeyAndValue).await;
        let halted = until_settled(app, &attribute).await;
        assert_eq!((halted.state, halted.halt), (ProfileState::Halted, Some(HaltCode::UserUnknown)));
        sweep::sweep(app).await.unwrap();
        assert!(app.store.locked_attribute(&attribute.id).await.unwrap().is_some());
        stage.clock.advance_millis(169 * 3_600_000);
        sweep::sweep(app).await.unwrap();
        let failed = app.store.attribute(&attribute.id).await.unwrap().unwrap();
        assert_eq!((failed.state, failed.halt, failed.stopped()), (ProfileState::Failed, Some(HaltCode::UserUnknown), Stopped::Over));
        assert_eq!(app.store.locked_attribute(&attribute.id).await.unwrap(), None);
        assert!(matches!(attribute::resume(app, &caller(), &attribute.id).await, Err(attribute::ResumeError::Conflict(ProfileState::Failed))));
        service.stop().await;
    }
}
