//! The ways of an issuance, as they should go.

use idos_devnode::DevNodeConfig;
use idos_issuer::flow::{intake, profile, resume, revoke};
use idos_issuer::model::issuance::{Confirmation, HaltCode, State};
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;

use crate::support::service::{
    Stage, audit_holds, caller, fresh_key, have_profile, new_profile, signed_grant, submission, submit, until,
};
use crate::support::{User, owned};

pub(crate) async fn create_profile(stage: &Stage, user: &User) {
    let service = stage.service().await;
    have_profile(&service.app, user).await;
    service.stop().await;
}

on_both_databases! {
    async fn as_inserter(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;

        let issuance = submit(&service.app, &user, Authority::Inserter).await;
        assert_eq!(issuance.state, State::Queued);
        let issued = until(&service.app, &issuance.id, |i| i.state == State::Issued).await;
        assert!(issued.transaction.is_some());
        assert!(!service.app.store.has_sealed(&issuance.id).await.unwrap());

        let client = service.app.idos().await.unwrap();
        let text = owned(client, &user, issuance.ids.original).await.unwrap();
        assert!(std::str::from_utf8(&text).unwrap().contains("credentialSubject"));
        assert!(audit_holds(&service.app.store).await > 5);
        service.stop().await;
    }

    async fn by_write_grant_and_revoked(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Near);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;

        let grant = signed_grant(app, &user, -60, 3600).await;
        let authority = Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None };
        let issuance = submit(app, &user, authority).await;
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        let credentials = stage.node.credentials().await.unwrap();
        assert_eq!(credentials.len(), 2);

        revoke::request(app, &caller(), &issuance.id).await.unwrap();
        let revoked = until(app, &issuance.id, |i| i.state == State::Revoked).await;
        assert_eq!(revoked.confirmed_by, Some(Confirmation::ReadBack));
        service.stop().await;
    }

    async fn revoked_and_issued_again(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::FaceSign);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let issue = async || {
            let grant = signed_grant(app, &user, -60, 3600).await;
            let authority = Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None };
            let issuance = submit(app, &user, authority).await;
            until(app, &issuance.id, |i| i.state == State::Issued).await
        };
        let first = issue().await;
        revoke::request(app, &caller(), &first.id).await.unwrap();
        until(app, &first.id, |i| i.state == State::Revoked).await;
        let second = issue().await;

        // As whoever is shown them sees them: by the status in the notes of the originals.
        let rows = stage.node.credentials().await.unwrap();
        assert_eq!(rows.len(), 4, "two originals, each with its copy");
        for (issuance, status) in [(&first, "revoked"), (&second, "approved")] {
            let row = rows.iter().find(|row| row.id == issuance.ids.original.to_string()).unwrap();
            let notes: serde_json::Value = serde_json::from_str(&row.public_notes).unwrap();
            assert_eq!(notes["status"], status);
        }
        let client = app.idos().await.unwrap();
        for issuance in [&first, &second] {
            owned(client, &user, issuance.ids.original).await.unwrap();
        }
        service.stop().await;
    }

    async fn a_grant_that_comes_later(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;

        let issuance = submit(app, &user, Authority::WriteGrant { grant: None, copy_for: None }).await;
        assert_eq!(issuance.state, State::AwaitingGrant);
        let missing = resume::resume(app, &caller(), &issuance.id, None).await;
        assert!(matches!(missing, Err(resume::ResumeError::GrantNeeded(_))));
        let grant = signed_grant(app, &user, -60, 3600).await;
        resume::resume(app, &caller(), &issuance.id, Some(grant)).await.unwrap();
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        service.stop().await;
    }

    async fn a_profile_that_comes_later(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Xrpl);
        let service = stage.service().await;
        let app = &service.app;

        // Nobody knows the user's key yet: the evidence waits, locked.
        let unknown = submit(app, &user, Authority::Inserter).await;
        assert_eq!(unknown.state, State::AwaitingProfile);
        assert!(app.store.unsealed(&unknown.id).await.unwrap().unwrap().starts_with("v1."));
        // Asked for, the profile tells the key: the credential is sealed at once.
        profile::request(app, &caller(), &fresh_key(app), new_profile(&user)).await.unwrap();
        let known = submit(app, &user, Authority::Inserter).await;
        assert!(known.sealed_at.is_some());

        for id in [&unknown.id, &known.id] {
            until(app, id, |i| i.state == State::Issued).await;
            assert_eq!(app.store.unsealed(id).await.unwrap(), None);
        }
        service.stop().await;
    }

    async fn the_same_request_twice_is_one_issuance(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        let app = stage.app().await;
        let key = fresh_key(&app);
        let caller = caller();
        let ask = || intake::accept(&app, &caller, &key, submission(user.id, Authority::Inserter));
        let (one, other) = tokio::join!(ask(), ask());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.record.id, other.record.id);
        assert!(one.replayed != other.replayed);

        let mut changed = key.clone();
        changed.fingerprints[0] = "0".repeat(64);
        let reused = intake::accept(&app, &caller, &changed, submission(user.id, Authority::Inserter)).await;
        assert!(matches!(reused, Err(intake::IntakeError::KeyReused)));
    }

    async fn an_expired_grant_halts_and_a_new_one_resumes(backend) {
        let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
        let user = User::with(WalletType::Stellar);
        create_profile(&stage, &user).await;
        stage.clock = idos_issuer::clock::Clock::fixed(idos_issuer::clock::now());
        let app = stage.app().await;
        let grant = signed_grant(&app, &user, -60, 3600).await;
        let issuance = submit(&app, &user, Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }).await;
        assert_eq!(issuance.state, State::Queued);
        stage.clock.advance_millis(4_000_000);

        let service = crate::support::service::Service::start(app);
        let app = &service.app;
        let halted = until(app, &issuance.id, |i| i.state == State::Halted).await;
        assert_eq!(halted.halt, Some(HaltCode::GrantExpired));
        let none = resume::resume(app, &caller(), &issuance.id, None).await;
        assert!(matches!(none, Err(resume::ResumeError::GrantNeeded(HaltCode::GrantExpired))));
        let grant = signed_grant(app, &user, -4100, 3600).await;
        resume::resume(app, &caller(), &issuance.id, Some(grant)).await.unwrap();
        until(app, &issuance.id, |i| i.state == State::Issued).await;
        service.stop().await;
    }
}
