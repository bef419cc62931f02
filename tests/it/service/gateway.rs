//! A network that keeps contents at a blob gateway: announced, uploaded, seen, forgotten.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use idos_client::Signer;
use idos_client::actions::GetCredentialShared;
use idos_devnode::{DevNode, DevNodeConfig, Fault, Schema, State as NodeState, Switch};
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::intake::{self, IntakeError};
use idos_issuer::flow::resume::{self, ResumeError};
use idos_issuer::flow::sweep::sweep;
use idos_issuer::flow::{erase, read_back, revoke};
use idos_issuer::model::evidence::Evidence;
use idos_issuer::model::issuance::{Confirmation, HaltCode, Issuance, State, Stopped};
use idos_issuer::model::job::Work;
use idos_issuer::model::submission::{Authority, CopyFor};
use idos_issuer::model::time::HOUR;
use idos_issuer::store::WhoseContent;
use idos_localnet::AnyNode;
use idos_wallet::WalletType;
use rand::Rng as _;

use super::issuing::create_profile;
use crate::support::service::{
    Backend, Service, Stage, audit_holds, caller, fresh_key, have_profile, signed_grant, signed_grant_for,
    submission, submit, until,
};
use crate::support::{Folder, User, content_of, evidence_with, owned};

fn next() -> DevNodeConfig {
    DevNodeConfig { schema: Schema::Next, ..DevNodeConfig::default() }
}

async fn stage(backend: Backend) -> (Stage, User) {
    let stage = Stage::with(backend, 1, next()).await;
    let user = User::with(WalletType::Evm);
    create_profile(&stage, &user).await;
    (stage, user)
}

async fn by_grant(app: &App, user: &User) -> Authority {
    let grant = signed_grant(app, user, -60, 3600).await;
    Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }
}

async fn submit_with(app: &Arc<App>, user: &User, evidence: Evidence) -> Result<Issuance, IntakeError> {
    let submission = idos_issuer::model::submission::Submission {
        evidence: evidence.into(),
        ..submission(user.id, by_grant(app, user).await)
    };
    Ok(intake::accept(app, &caller(), &fresh_key(app), submission).await?.record)
}

/// The same with the copy for `consumer`.
async fn by_grant_for(app: &App, user: &User, consumer: &User) -> Authority {
    let grantee = Signer::from(consumer.wallet.clone()).caller();
    let grant = signed_grant_for(app, user, &grantee, -60, 3600).await;
    let copy_for = CopyFor { grantee, encryption_key: consumer.secret.public() };
    Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: Some(copy_for) }
}

/// The node's faults of the gateway, so often.
fn harm(stage: &Stage, fault: Fault, method: &str, times: u32) {
    let method = Some(method.to_owned());
    stage.dev().faults().set(Switch { fault, method, action: None, next: Some(times) });
}

/// What is due later, because it failed, is done now.
async fn hurry(app: &App, issuance: &Issuance) {
    let mut tx = app.store.begin().await.unwrap();
    for work in [Work::Seal, Work::WriteCredential, Work::UploadContent] {
        tx.bring_forward(work, issuance.id.as_str(), app.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn until_settled(app: &App, issuance: &Issuance) -> Issuance {
    for _ in 0..1200 {
        let now = app.store.issuance(&issuance.id).await.unwrap().unwrap();
        if now.state.is_settled() {
            return now;
        }
        hurry(app, issuance).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let jobs = app.store.jobs(None, 10).await.unwrap();
    panic!("not settled: {:?}\n{jobs:#?}", app.store.issuance(&issuance.id).await.unwrap());
}

/// In the user's profile, readable by the user and by the issuer, and here forgotten.
async fn assert_delivered(stage: &Stage, app: &Arc<App>, user: &User, issued: &Issuance) {
    assert_eq!((issued.state, issued.halt), (State::Issued, None));
    assert!(issued.transaction.is_some());
    let client = app.idos().await.unwrap();
    let text = owned(client, user, issued.ids.original).await.unwrap();
    assert!(std::str::from_utf8(&text).unwrap().contains("credentialSubject"));
    let copy = read_back::issued_copy(app, &caller(), &issued.id).await.unwrap();
    assert_eq!((&*copy.credential, copy.problem), (&*text, None));
    assert_forgotten(app, issued).await;
    if stage.node.dev().is_some() {
        assert!(stage.dev().blobs().await.unwrap().iter().all(|blob| blob.is_named));
    }
}

async fn assert_forgotten(app: &App, issuance: &Issuance) {
    assert!(!app.store.has_sealed(&issuance.id).await.unwrap());
    assert!(!app.store.has_grant(&issuance.id).await.unwrap());
    for whose in [WhoseContent::Original, WhoseContent::Copy] {
        assert_eq!(app.store.sealed_part(&issuance.id, whose, 0).await.unwrap(), None);
    }
    assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
}

on_both_databases! {
    async fn by_write_grant_and_revoked(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, by_grant(app, &user).await).await;
        assert_eq!(issuance.state, State::Queued);
        let issued = until_settled(app, &issuance).await;
        assert_delivered(&stage, app, &user, &issued).await;
        assert_eq!(stage.node.credentials().await.unwrap().len(), 2);

        revoke::request(app, &caller(), &issuance.id).await.unwrap();
        let revoked = until(app, &issuance.id, |i| i.state == State::Revoked).await;
        assert_eq!(revoked.confirmed_by, Some(Confirmation::ReadBack));
        assert!(audit_holds(&app.store).await > 5);
        service.stop().await;
    }

    async fn as_large_as_the_gateway_takes(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let with = |bytes: usize| evidence_with(user.id, bytes);
        // Ascii85 makes 5/4 of it. The example's own files have 84 kB, and the rest of the credential is small.
        let most = 20 * 1024 * 1024 / 5 * 4 - 100 * 1024;
        let issuance = submit_with(app, &user, with(most)).await.unwrap();
        let issued = until_settled(app, &issuance).await;
        assert_delivered(&stage, app, &user, &issued).await;
        let error = submit_with(app, &user, with(most + 20 * 1024)).await.unwrap_err();
        assert!(matches!(error, IntakeError::TooLarge(_)), "{error}");
        assert!(error.to_string().contains("the blob gateway takes 20971520"), "{error}");
        service.stop().await;
    }

    async fn no_inserter_writes_any_more(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let submit_as_inserter = async || {
            let submission = submission(user.id, Authority::Inserter);
            intake::accept(app, &caller(), &fresh_key(app), submission).await
        };
        let Err(IntakeError::Invalid(invalid)) = submit_as_inserter().await else { panic!("it was taken") };
        assert_eq!(invalid.problems[0].field, "delivery.by");
        assert!(invalid.to_string().contains("write grant"), "{invalid}");
        service.stop().await;

        // A node that cannot be asked refuses nothing. What waits then says why it stops.
        stage.dev().faults().until_cleared(Fault::Down);
        let service = stage.service().await;
        let app = &service.app;
        let submission = submission(user.id, Authority::Inserter);
        let accepted = intake::accept(app, &caller(), &fresh_key(app), submission).await.unwrap();
        assert_eq!(accepted.record.state, State::AwaitingProfile);
        stage.dev().faults().clear();
        let stopped = until_settled(app, &accepted.record).await;
        assert_eq!((stopped.state, stopped.halt), (State::Halted, Some(HaltCode::WriteGrantNeeded)));
        assert!(HaltCode::WriteGrantNeeded.cure(Stopped::Issuance).contains("submit again"));
        service.stop().await;
    }

    async fn whatever_the_gateway_does_it_arrives_once(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let refuse = |status| Fault::Answer { status, body: "not now".to_owned() };
        for (fault, method, times) in [
            (Fault::LoseUpload, "blob.upload", 1),
            (Fault::EndSession, "blob.upload", 1),
            (Fault::EndSession, "blob.fetch", 1),
            (Fault::HangUpAfterCommit, "blob.upload", 2),
            (Fault::LoseAnswer, "blob.upload", 1),
            (Fault::AnswerTwice, "blob.upload", 1),
            (Fault::Quorum { count: None }, "blob.upload", 1),
            (Fault::Quorum { count: Some(0) }, "blob.upload", 1),
            (Fault::RateLimited { retry_after: 1 }, "blob.upload", 2),
            (Fault::RateLimited { retry_after: 1 }, "blob.fetch", 1),
            (Fault::HideBlob, "blob.fetch", 3),
            (Fault::OtherBytes, "blob.fetch", 1),
            (Fault::Down, "blob.upload", 2),
            (Fault::Down, "blob.fetch", 1),
            (refuse(404), "blob.upload", 2),
            (refuse(503), "blob.upload", 2),
            (refuse(502), "blob.fetch", 2),
            (Fault::HangUpAfterCommit, "user.broadcast", 1),
        ] {
            harm(&stage, fault.clone(), method, times);
            let issuance = submit(app, &user, by_grant(app, &user).await).await;
            let issued = until_settled(app, &issuance).await;
            assert_eq!((issued.state, issued.halt), (State::Issued, None), "{fault:?} at {method}");
            stage.dev().faults().clear();
            assert_delivered(&stage, app, &user, &issued).await;
        }
        service.stop().await;
    }

    async fn what_is_refused_for_good_halts_and_is_resumed(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        for fault in [
            Fault::Answer { status: 403, body: "not yours".to_owned() },
            Fault::Answer { status: 413, body: "too large".to_owned() },
        ] {
            stage.dev().faults().set(Switch {
                fault,
                method: Some("blob.upload".to_owned()),
                action: None,
                next: None,
            });
            let issuance = submit(app, &user, by_grant(app, &user).await).await;
            let halted = until_settled(app, &issuance).await;
            assert_eq!((halted.state, halted.halt), (State::Halted, Some(HaltCode::UploadRefused)));
            assert!(halted.announced_at.is_some() && halted.waits_until.is_some());
            assert!(app.store.has_sealed(&issuance.id).await.unwrap(), "nothing is lost");
            // Another grant would be for nothing.
            let grant = signed_grant(app, &user, -60, 3600).await;
            let refused = resume::resume(app, &caller(), &issuance.id, Some(grant)).await;
            assert!(matches!(refused, Err(ResumeError::NoGrantWanted)));

            stage.dev().faults().clear();
            assert!(HaltCode::UploadRefused.cure(Stopped::Issuance).contains("resume"));
            let resumed = resume::resume(app, &caller(), &issuance.id, None).await.unwrap();
            assert!(matches!(resumed.state, State::Uploading | State::Issued));
            let issued = until_settled(app, &issuance).await;
            assert_delivered(&stage, app, &user, &issued).await;
        }
        service.stop().await;
    }

    async fn what_is_erased_on_its_way_leaves_nothing_here(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        stage.dev().faults().set(Switch {
            fault: Fault::Down,
            method: Some("blob.upload".to_owned()),
            action: None,
            next: None,
        });
        let issuance = submit(app, &user, by_grant(app, &user).await).await;
        until(app, &issuance.id, |i| i.state == State::Uploading).await;
        let refused = revoke::request(app, &caller(), &issuance.id).await;
        assert!(matches!(refused, Err(revoke::RevokeError::Conflict(State::Uploading))));
        erase::erase(app, &caller(), &issuance.id).await.unwrap();
        stage.dev().faults().clear();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(app.store.issuance(&issuance.id).await.unwrap().unwrap().state, State::Erased);
        assert_forgotten(app, &issuance).await;
        assert_eq!(stage.dev().blobs().await.unwrap(), [], "and nothing came to the gateway");
        service.stop().await;
    }

    async fn what_nobody_resumes_is_forgotten_here(backend) {
        let mut stage = Stage::with(backend, 1, next()).await;
        stage.clock = Clock::fixed(clock::now());
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        harm(&stage, Fault::Answer { status: 403, body: "no".to_owned() }, "blob.upload", 1);
        let issuance = submit(app, &user, by_grant(app, &user).await).await;
        let halted = until(app, &issuance.id, |i| i.state == State::Halted).await;
        assert_eq!(halted.halt, Some(HaltCode::UploadRefused));
        stage.clock.advance_millis(167 * HOUR);
        sweep(app).await.unwrap();
        assert_eq!(app.store.issuance(&issuance.id).await.unwrap().unwrap().state, State::Halted);
        stage.clock.advance_millis(2 * HOUR);
        sweep(app).await.unwrap();
        let over = app.store.issuance(&issuance.id).await.unwrap().unwrap();
        assert_eq!((over.state, over.halt), (State::Failed, Some(HaltCode::UploadRefused)));
        assert_forgotten(app, &issuance).await;
        service.stop().await;
    }

    async fn a_copy_for_somebody_else_is_theirs_to_read(backend) {
        let (stage, user) = stage(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let consumer = User::with(WalletType::Evm);
        // It is not for us to read back; an upload that got lost is repeated all the same.
        for (fault, times) in [(None, 0), (Some(Fault::LoseUpload), 1)] {
            if let Some(fault) = fault {
                harm(&stage, fault, "blob.upload", times);
            }
            let issuance = submit(app, &user, by_grant_for(app, &user, &consumer).await).await;
            let issued = until_settled(app, &issuance).await;
            assert_eq!((issued.state, issued.halt), (State::Issued, None));
            assert_forgotten(app, &issued).await;

            let client = app.idos().await.unwrap();
            let reader = Signer::from(consumer.wallet.clone());
            let view = GetCredentialShared { id: issued.ids.copy };
            let row = client.call_one(&reader, &view).await.unwrap().unwrap();
            let content = content_of(client, &reader, row.content).await;
            let opened = consumer.secret.open_bytes(content, &row.encryptor_public_key).unwrap();
            assert_eq!(*opened, *owned(client, &user, issued.ids.original).await.unwrap());
        }

        // What is refused was not taken, whether or not we may see it.
        harm(&stage, Fault::Answer { status: 403, body: "no".to_owned() }, "blob.upload", 1);
        let issuance = submit(app, &user, by_grant_for(app, &user, &consumer).await).await;
        let halted = until_settled(app, &issuance).await;
        assert_eq!((halted.state, halted.halt), (State::Halted, Some(HaltCode::UploadRefused)));
        assert!(app.store.sealed_part(&issuance.id, WhoseContent::Copy, 0).await.unwrap().is_some());
        // Nor was it where the gateway shows us nothing: it is believed when it has taken it twice.
        stage.dev().faults().set(Switch {
            fault: Fault::HideBlob,
            method: Some("blob.fetch".to_owned()),
            action: None,
            next: None,
        });
        resume::resume(app, &caller(), &issuance.id, None).await.unwrap();
        let issued = until_settled(app, &issuance).await;
        assert_eq!((issued.state, issued.halt), (State::Issued, None));
        service.stop().await;
    }

    async fn nothing_is_forgotten_before_as_many_nodes_show_it_as_are_wanted(backend) {
        let (mut stage, user) = stage(backend).await;
        let other = DevNode::start(next()).await.unwrap();
        stage.of_the_node = format!("fallback_urls = [\"{}\"]\nmust_agree = 2", other.url());
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, by_grant(app, &user).await).await;
        until(app, &issuance.id, |i| i.state == State::Uploading).await;
        for _ in 0..20 {
            hurry(app, &issuance).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let waits = app.store.issuance(&issuance.id).await.unwrap().unwrap();
        assert_eq!(waits.state, State::Uploading, "the other node knows nothing of it");
        assert!(app.store.has_sealed(&issuance.id).await.unwrap());
        assert!(app.store.sealed_part(&issuance.id, WhoseContent::Copy, 0).await.unwrap().is_some());
        service.stop().await;
        other.stop().await;
    }

    async fn killed_anywhere_it_goes_on(backend) {
        let node = DevNodeConfig { block_interval: Some(Duration::from_millis(60)), ..next() };
        let mut stage = Stage::with(backend, 1, node).await;
        "[delivery]\nlease_seconds = 5\nin_flight = 16\n".clone_into(&mut stage.settings);
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let mut asked = Vec::new();
        let faults = [
            Fault::LoseUpload,
            Fault::HangUpAfterCommit,
            Fault::EndSession,
            Fault::LoseAnswer,
            Fault::Delay { ms: 60 },
        ];
        for round in 0..30 {
            let service = stage.service().await;
            let app = &service.app;
            stage.dev().faults().clear();
            let authority = by_grant(app, &user).await;
            harm(&stage, faults[round % faults.len()].clone(), "blob.upload", 1);
            asked.push(submit(app, &user, authority).await);
            let moment = rand::thread_rng().gen_range(0..250);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            service.kill().await;
        }
        stage.dev().faults().clear();
        let service = stage.service().await;
        let app = &service.app;
        let mut expected = BTreeSet::new();
        for issuance in &asked {
            let issued = until_settled(app, issuance).await;
            assert_eq!((issued.state, issued.halt), (State::Issued, None), "{issued:?}");
            expected.extend([issued.ids.original, issued.ids.copy].map(|id| id.to_string()));
        }
        for issuance in &asked {
            let issued = app.store.issuance(&issuance.id).await.unwrap().unwrap();
            assert_delivered(&stage, app, &user, &issued).await;
        }
        let rows: Vec<_> = stage.node.credentials().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(rows.len(), 2 * asked.len());
        assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), expected, "nothing that nobody asked for");
        assert_eq!(stage.dev().blobs().await.unwrap().len(), 2 * asked.len());
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn a_network_that_moves_to_the_gateway_takes_along_what_waits(backend) {
        let folder = Folder::new();
        let file = std::path::PathBuf::from(folder.path("node.db"));
        let config = DevNodeConfig { state: NodeState::File(file.clone()), ..DevNodeConfig::default() };
        let mut stage = Stage::with(backend, 1, config).await;
        if stage.node.dev().is_none() {
            return; // kwild keeps no state between two networks of a test
        }
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, Authority::WriteGrant { grant: None, copy_for: None }).await;
        assert_eq!(issuance.state, State::AwaitingGrant);
        assert_eq!(app.store.uploads(&issuance.id).await.unwrap(), None, "sealed to go into its row");
        service.stop().await;

        let listen: SocketAddr = stage.node.url().trim_start_matches("http://").parse().unwrap();
        let moved = DevNodeConfig { listen, state: NodeState::File(file), ..next() };
        let old = std::mem::replace(&mut stage.node, AnyNode::start(DevNodeConfig::default()).await.unwrap());
        old.stop().await;
        let spare = std::mem::replace(&mut stage.node, AnyNode::start(moved).await.unwrap());
        spare.stop().await;

        let service = stage.service().await;
        let app = &service.app;
        let grant = signed_grant(app, &user, -60, 3600).await;
        resume::resume(app, &caller(), &issuance.id, Some(grant)).await.unwrap();
        let issued = until_settled(app, &issuance).await;
        assert_delivered(&stage, app, &user, &issued).await;
        service.stop().await;
    }
}

/// A network that has both ways has moved on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_with_both_ways_gets_contents_at_the_gateway() {
    let node = DevNodeConfig { schema: Schema::Transition, ..DevNodeConfig::default() };
    let stage = Stage::with(Backend::Sqlite, 1, node).await;
    let user = User::with(WalletType::Near);
    let service: Service = stage.service().await;
    have_profile(&service.app, &user).await;
    let app = &service.app;
    let issuance = submit(app, &user, by_grant(app, &user).await).await;
    let issued = until_settled(app, &issuance).await;
    assert_delivered(&stage, app, &user, &issued).await;
    assert_eq!(stage.dev().blobs().await.unwrap().len(), 2);
    service.stop().await;
}
