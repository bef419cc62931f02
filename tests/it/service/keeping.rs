//! What is kept, for how long, and what is told: time limits, erasure, contacts, webhooks, keys that go.

use std::sync::Arc;
use std::time::Duration;

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep::sweep;
use idos_issuer::flow::wallet::RequestError;
use idos_issuer::flow::{contact, erase, events, intake, profile, resume, revoke};
use idos_issuer::model::event::EventKind;
use idos_issuer::model::evidence::Evidence;
use idos_issuer::model::issuance::{Confirmation, HaltCode, State};
use idos_issuer::model::job::JobState;
use idos_issuer::model::personal::{Contact, Locale};
use idos_issuer::model::submission::{Authority, Submission};
use idos_issuer::store::Sending;
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use idos_webhooks::{Headers, Secret, Secrets, TOLERANCE};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::issuing::create_profile;
use super::receiver::{Receiver, header};
use crate::support::service::{
    Service, Stage, audit_holds, caller, fresh_key, new_profile, signed_grant, submission, submit, until,
};
use crate::support::{Folder, User, evidence};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

pub(super) async fn kinds_of_events(app: &idos_issuer::app::App) -> Vec<EventKind> {
    let page = app.store.events("acme", None, None, 100).await.unwrap();
    page.items.iter().rev().map(|event| event.kind).collect()
}

on_both_databases! {
    async fn evidence_that_waits_too_long_is_forgotten(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let app = stage.app().await;
        let user = User::with(WalletType::Evm);
        let issuance = submit(&app, &user, Authority::Inserter).await;
        assert_eq!(issuance.state, State::AwaitingProfile);
        stage.clock.advance_millis(23 * HOUR);
        sweep(&app).await.unwrap();
        assert!(app.store.unsealed(&issuance.id).await.unwrap().is_some());
        stage.clock.advance_millis(2 * HOUR);
        sweep(&app).await.unwrap();
        let failed = app.store.issuance(&issuance.id).await.unwrap().unwrap();
        assert_eq!(failed.state, State::Failed);
        assert_eq!(app.store.unsealed(&issuance.id).await.unwrap(), None);
        assert_eq!(kinds_of_events(&app).await, [EventKind::Failed]);
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        let resumed = resume::resume(&app, &caller(), &issuance.id, None).await;
        assert!(matches!(resumed, Err(resume::ResumeError::Conflict(State::Failed))));
    }

    async fn it_is_told_once_that_a_credential_ends(backend) {
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        stage.clock = Clock::fixed(clock::now());
        let service = stage.service().await;
        let app = &service.app;
        let end = stage.clock.now().plus_millis(40 * DAY);
        let evidence = Evidence { expires_at: Some(end), ..evidence(user.id) };
        let wanted = Submission { evidence: evidence.into(), ..submission(user.id, Authority::Inserter) };
        let issuance = intake::accept(app, &caller(), &fresh_key(app), wanted).await.unwrap().record;
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        for (days, expected) in [(5, 0), (6, 1), (1, 1), (28, 2), (10, 2)] {
            stage.clock.advance_millis(days * DAY);
            sweep(app).await.unwrap();
            sweep(app).await.unwrap();
            let told = [EventKind::Expiring, EventKind::Expired];
            // Events are themselves forgotten after 30 days, so they are counted as they come.
            let events = kinds_of_events(app).await;
            let count = events.iter().filter(|kind| told.contains(kind)).count();
            assert!(count <= expected, "{events:?}");
            if (days, expected) == (6, 1) {
                assert!(events.contains(&EventKind::Expiring));
            }
            if (days, expected) == (28, 2) {
                assert!(events.contains(&EventKind::Expired));
            }
        }
        service.stop().await;
    }

    async fn events_that_nobody_could_be_told_are_forgotten_in_time(backend) {
        let folder = Folder::new();
        let secret = folder.write("hook", Secret::generate(&mut OsRng).to_text().as_bytes());
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut stage = Stage::new(backend).await;
        // Nobody listens there, so the webhook halts.
        stage.settings = format!(
            "[[webhooks]]\nname = \"cases\"\nurl = \"https://127.0.0.1:1/\"\nsecrets = [\"{secret}\"]\n\
             [webhook_policy]\nallow_private = true\n[delivery]\nmax_attempts = 1\n"
        );
        stage.clock = Clock::fixed(clock::now());
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &User::with(WalletType::Evm), Authority::Inserter).await;
        stage.clock.advance_millis(25 * HOUR);
        sweep(app).await.unwrap();
        until(app, &issuance.id, |i| i.state == State::Failed).await;
        for _ in 0..200 {
            if !app.store.jobs(Some(JobState::Halted), 10).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(app.store.jobs(Some(JobState::Halted), 10).await.unwrap().len(), 1);
        stage.clock.advance_millis(31 * DAY);
        sweep(app).await.unwrap();
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        assert_eq!(kinds_of_events(app).await, []);
        service.stop().await;
    }

    async fn contacts_are_found_by_hash_relocked_and_erased(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let address: idos_issuer::model::personal::Email = "Rare.Word@mail.example".parse().unwrap();
        let mut wanted = submission(user.id, Authority::Inserter);
        wanted.contact = Some(Contact { email: address.clone(), locale: Locale::default() });
        let issuance = intake::accept(app, &caller(), &fresh_key(app), wanted).await.unwrap().record;
        until(app, &issuance.id, |i| i.state == State::Issued && i.has_contact).await;
        let locked = app.store.locked_contact(&issuance.id).await.unwrap().unwrap();
        assert!(!locked.to_lowercase().contains("rare"));

        let other_case = "rare.word@MAIL.example".parse().unwrap();
        assert_eq!(contact::look_up(app, &caller(), &other_case).await.unwrap().issuances, std::slice::from_ref(&issuance.id));

        // A new vault key comes first; the old one still unlocks until all is locked anew.
        let new_key = || Zeroizing::new([8; 32]);
        let rotated = stage.app_with(Vault::new(&[new_key(), Zeroizing::new([7; 32])]).unwrap()).await;
        assert_eq!(contact::look_up(&rotated, &caller(), &address).await.unwrap().issuances, std::slice::from_ref(&issuance.id));
        assert_eq!(contact::relock_all(&rotated).await.unwrap(), 1);
        assert_eq!(contact::relock_all(&rotated).await.unwrap(), 0);
        let new_only = stage.app_with(Vault::new(&[new_key()]).unwrap()).await;
        let locked = new_only.store.locked_contact(&issuance.id).await.unwrap().unwrap();
        let unlocked: Contact = new_only.vault.unlock_record(issuance.id.as_str(), &locked).unwrap();
        assert_eq!(unlocked.email.expose(), address.expose());
        assert_eq!(contact::look_up(&new_only, &caller(), &address).await.unwrap().issuances, std::slice::from_ref(&issuance.id));

        let erased = erase::erase(app, &caller(), &issuance.id).await.unwrap();
        assert_eq!((erased.state, erased.has_contact, erased.reference), (State::Erased, false, None));
        assert!(erased.content_hash.is_some(), "the proof that there was one");
        assert_eq!(contact::look_up(&new_only, &caller(), &address).await.unwrap().issuances, []);
        assert_eq!(erase::erase(app, &caller(), &issuance.id).await.unwrap().state, State::Erased);
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn as_inserter_a_revocation_is_known_by_its_transaction(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, Authority::Inserter).await;
        let early = revoke::request(app, &caller(), &issuance.id).await;
        assert!(early.is_err() || early.unwrap().state == State::Revoking);
        until(app, &issuance.id, |i| matches!(i.state, State::Issued | State::Revoked)).await;
        revoke::request(app, &caller(), &issuance.id).await.unwrap();
        let revoked = until(app, &issuance.id, |i| i.state == State::Revoked).await;
        assert_eq!(revoked.confirmed_by, Some(Confirmation::Transaction));
        let notes = stage.node.credentials().await.unwrap().remove(0).public_notes;
        assert!(notes.contains("\"status\":\"revoked\""), "{notes}");
        assert_eq!(kinds_of_events(app).await, [EventKind::Issued, EventKind::Revoked]);
        service.stop().await;
    }

    async fn what_was_for_a_key_that_is_gone_goes_by_another_lane(backend) {
        let stage = Stage::with(backend, 2, idos_devnode::DevNodeConfig::default()).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let mut left = stage.app().await;
        let mut asked = Vec::new();
        for _ in 0..12 {
            asked.push(submit(&left, &user, Authority::Inserter).await);
        }
        assert!(asked.iter().any(|i| i.write_key != asked[0].write_key), "both keys have work");
        let gone = stage.keys.write[1].key.public_hex();
        Arc::get_mut(&mut Arc::get_mut(&mut left).unwrap().keys).unwrap().write.truncate(1);
        let service = Service::start(left);
        for issuance in &asked {
            until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
        }
        // An edit needs the very key that sealed.
        let orphan = asked.iter().find(|i| i.write_key == gone).unwrap();
        let refused = revoke::request(&service.app, &caller(), &orphan.id).await;
        assert!(matches!(refused, Err(revoke::RevokeError::KeyMissing)));
        service.stop().await;

        let service = stage.service().await;
        revoke::request(&service.app, &caller(), &orphan.id).await.unwrap();
        until(&service.app, &orphan.id, |i| i.state == State::Revoked).await;
        service.stop().await;
    }

    async fn what_is_sealed_for_another_key_than_the_users_is_not_delivered(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        let other = User { secret: idos_credential::EncryptionSecret::from_bytes([9; 32]), ..User::like(&user) };
        let app = stage.app().await;
        // Announced with one key, and created by somebody else with another.
        profile::request(&app, &caller(), &fresh_key(&app), new_profile(&user)).await.unwrap();
        let twice = profile::request(&app, &caller(), &fresh_key(&app), new_profile(&user)).await.unwrap();
        assert!(twice.replayed, "one profile, however often it is asked for");
        let changed = profile::request(&app, &caller(), &fresh_key(&app), new_profile(&other)).await;
        assert!(matches!(changed, Err(RequestError::OtherKey)));
        let issuance = submit(&app, &user, Authority::Inserter).await;
        assert!(issuance.sealed_at.is_some());
        let (client, signer) = (app.idos().await.unwrap(), app.identity());
        let key = other.secret.public().to_base64();
        let add = idos_client::actions::AddUserAsInserter {
            id: user.id,
            recipient_encryption_public_key: &key,
            encryption_password_store: idos_client::actions::PasswordStore::User,
        };
        client.execute(&signer, &add, idos_client::Nonce::Next, idos_client::Broadcast::Wait).await.unwrap();

        let service = Service::start(app);
        let halted = until(&service.app, &issuance.id, |i| i.state == State::Halted).await;
        assert_eq!(halted.halt, Some(HaltCode::OtherKey));
        assert_eq!(stage.node.credentials().await.unwrap().len(), 0);
        service.stop().await;
    }

    async fn replicas_amid_a_rotation_of_the_vault_key_know_each_others_requests(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        let keys = [[7; 32], [8; 32]].map(Zeroizing::new);
        let vaults = [vec![0], vec![0, 1], vec![1, 0], vec![1]];
        let mut ids = std::collections::BTreeSet::new();
        for order in vaults {
            let vault = Vault::new(&order.iter().map(|n| keys[*n].clone()).collect::<Vec<_>>()).unwrap();
            let replica = stage.app_with(vault).await;
            // The first and the last have no key in common.
            let name = if ids.is_empty() || order != [1] { "one" } else { "two" };
            let key = intake::idempotency(&replica, &caller(), name, &[b"same"]);
            let wanted = submission(user.id, Authority::Inserter);
            let accepted = intake::accept(&replica, &caller(), &key, wanted).await.unwrap();
            if name == "one" {
                ids.insert(accepted.record.id);
            }
        }
        assert_eq!(ids.len(), 1);
    }

    async fn an_issuance_that_is_queued_can_be_erased_until_it_is_sent(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let app = stage.app().await;
        let issuance = submit(&app, &user, Authority::Inserter).await;
        assert_eq!(issuance.state, State::Queued);
        assert_eq!(erase::erase(&app, &caller(), &issuance.id).await.unwrap().state, State::Erased);
        assert_eq!(kinds_of_events(&app).await, [EventKind::Erased]);
        assert!(!app.store.has_sealed(&issuance.id).await.unwrap());
    }

    async fn webhooks_are_signed_retried_and_told_again(backend) {
        let folder = Folder::new();
        let secrets = [Secret::generate(&mut OsRng), Secret::generate(&mut OsRng)];
        let files = [0, 1].map(|n| folder.write(&format!("hook{n}"), secrets[n].to_text().as_bytes()));
        for file in &files {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(file, mode).unwrap();
        }
        let receiver = Receiver::start(&[500, 302]).await;
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        stage.settings = format!(
            "[[webhooks]]\nname = \"cases\"\nurl = \"{}\"\nsecrets = [\"{}\", \"{}\"]\nevents = [\"issuance.issued\"]\n\
             [webhook_policy]\nallow_private = true\nallow_http = true\n",
            receiver.url, files[0], files[1],
        );
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, Authority::Inserter).await;
        for _ in 0..200 {
            if receiver.got().len() >= 3 {
                break;
            }
            for job in app.store.jobs(None, 10).await.unwrap() {
                let mut tx = app.store.begin().await.unwrap();
                tx.bring_forward(job.work, &job.subject, app.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let got = receiver.got();
        assert_eq!(got.len(), 3, "an error, a redirect, and then it is taken");
        let (head, body) = got[2].split_once("\r\n\r\n").unwrap();
        let headers = Headers {
            id: header(head, "webhook-id"),
            timestamp: header(head, "webhook-timestamp"),
            signature: header(head, "webhook-signature"),
        };
        let now = app.clock.now().unix_seconds();
        for secret in secrets {
            Secrets::new(secret).verify(&headers, body.as_bytes(), now, TOLERANCE).unwrap();
        }
        let told: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(told["type"], "issuance.issued");
        assert_eq!(told["data"]["issuanceId"], issuance.id.as_str());
        assert!(!body.contains(&user.wallet.address()));

        let event = app.store.events("acme", None, None, 1).await.unwrap().items.remove(0);
        events::replay(app, &caller(), &event.id).await.unwrap();
        for _ in 0..100 {
            if receiver.got().len() == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let again = receiver.got().pop().unwrap();
        assert_eq!(header(&again, "webhook-id"), event.id.as_str(), "receivers know it by its id");
        service.stop().await;
    }

    async fn a_halted_issuance_that_is_there_after_all_is_not_failed(backend) {
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        stage.clock = Clock::fixed(clock::now());
        let app = stage.app().await;
        let grant = signed_grant(&app, &user, -60, 3600).await;
        let issuance = submit(&app, &user, Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }).await;
        // Its transaction gets into a block, and nobody here learns of it before the grant has run out.
        let job = app.store.jobs(None, 10).await.unwrap().remove(0);
        let client = app.idos().await.unwrap();
        let signer = app.identity();
        let nonce = client.account(&signer).await.unwrap().nonce + 1;
        let tx_signer = idos_issuer::flow::deliver::TxSigner { client, signer: &signer, nonce, attempt: 1 };
        let plan = idos_issuer::flow::deliver::prepare(&app, &job, &tx_signer, false).await.unwrap();
        let idos_issuer::flow::deliver::Plan::Send(prepared) = plan else { panic!("nothing to send") };
        let sending = Sending { job: &job, nonce, tx_hash: prepared.hash().to_string() };
        let mut tx = app.store.begin().await.unwrap();
        tx.record_sending(&sending, stage.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        client.broadcast(&prepared, idos_client::Broadcast::Wait).await.unwrap();
        let job = app.store.job(&job.id).await.unwrap().unwrap();
        let lease = {
            let until = stage.clock.now().plus_millis(30_000);
            app.store.take_lane(&issuance.write_key, "test", (stage.clock.now(), until), None).await.unwrap().unwrap()
        };
        idos_issuer::flow::deliver::halt_in_lane(&app, &lease, &job, idos_issuer::flow::deliver::Stop::new(HaltCode::GrantExpired, "a test")).await.unwrap();
        assert_eq!(app.store.issuance(&issuance.id).await.unwrap().unwrap().state, State::Halted);

        stage.clock.advance_millis(8 * DAY);
        sweep(&app).await.unwrap();
        let found = app.store.issuance(&issuance.id).await.unwrap().unwrap();
        assert_eq!(found.state, State::Issued);
        assert!(!app.store.has_sealed(&issuance.id).await.unwrap());
    }

    async fn what_was_never_sent_is_erased_at_once(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let by_grant = |grant| Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None };

        // A grant that begins in six days, when the lane has seen to it.
        let service = stage.service().await;
        let app = &service.app;
        let grant = signed_grant(app, &user, 6 * 86_400, 7 * 86_400).await;
        let issuance = submit(app, &user, by_grant(grant)).await;
        let mut jobs = app.store.jobs(None, 10).await.unwrap();
        while jobs[0].reason.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            jobs = app.store.jobs(None, 10).await.unwrap();
        }
        assert_eq!(erase::erase(app, &caller(), &issuance.id).await.unwrap().state, State::Erased);
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        service.stop().await;

        // One that stopped before it was sent, and has been resumed.
        let app = stage.app().await;
        let grant = signed_grant(&app, &user, -60, 3600).await;
        let issuance = submit(&app, &user, by_grant(grant)).await;
        let other = Service::start(stage.app_with(Vault::new(&[Zeroizing::new([8; 32])]).unwrap()).await);
        until(&other.app, &issuance.id, |i| i.halt == Some(HaltCode::GrantUnreadable)).await;
        other.stop().await;
        let resumed = resume::resume(&app, &caller(), &issuance.id, None).await.unwrap();
        assert_eq!((resumed.state, resumed.was_sent), (State::Queued, false));
        assert_eq!(erase::erase(&app, &caller(), &issuance.id).await.unwrap().state, State::Erased);

        // One that has been sent and refused may be there all the same: by another way than ours.
        stage.dev().faults().set(idos_devnode::Switch {
            fault: idos_devnode::Fault::Refuse {
                code: Some(-201),
                message: Some("ERROR: Unauthorized inserter".to_owned()),
                transaction_code: Some(110),
            },
            method: Some("user.broadcast".to_owned()),
            action: None,
            next: Some(1),
        });
        let service = stage.service().await;
        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        until(&service.app, &issuance.id, |i| i.state == State::Halted).await;
        service.stop().await;
        let resumed = resume::resume(&app, &caller(), &issuance.id, None).await.unwrap();
        assert_eq!((resumed.state, resumed.was_sent), (State::Queued, true));
        let refused = erase::erase(&app, &caller(), &issuance.id).await;
        assert!(matches!(refused, Err(erase::EraseError::Conflict(State::Queued))), "{refused:?}");
        // To put the job back does not make it one that was never tried.
        let job = app.store.jobs(None, 10).await.unwrap().remove(0);
        resume::retry_job(&app, &job.id).await.unwrap();
        assert!(erase::erase(&app, &caller(), &issuance.id).await.is_err());
        app.store.close().await;
    }
}
