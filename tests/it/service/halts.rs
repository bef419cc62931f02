//! What has stopped, and its cure: each is brought about, carried out as it is offered, and does help.

use idos_client::actions::AddUserAsInserter;
use idos_client::{Broadcast, Nonce};
use idos_credential::EncryptionSecret;
use idos_devnode::{Fault, Switch};
use idos_issuer::app::App;
use idos_issuer::flow::halted::{self, Wanted};
use idos_issuer::flow::wallet::RequestError;
use idos_issuer::flow::{profile, resume, revoke, wallet};
use idos_issuer::model::issuance::{HaltCode, Issuance, State, Stopped};
use idos_issuer::model::profile::{NewWallet, Profile, ProfileState, RecordId};
use idos_issuer::model::submission::Authority;
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use zeroize::Zeroizing;

use super::issuing::create_profile;
use crate::support::User;
use crate::support::service::{Service, Stage, caller, fresh_key, new_profile, signed_grant, submit, until};

/// Words of the node, by which it is known why it refuses.
const NO_INSERTER: &str = "ERROR: Unauthorized inserter";
const NO_USER: &str = "ERROR: insert or update on table \"wallets\" violates foreign key constraint \"wallets_user_id_fkey\" (SQLSTATE 23503)";
const OTHER: &str = "ERROR: signature is wrong";

/// Has the node refuse an action, in these words, so often.
fn refuse(stage: &Stage, action: &str, words: &str, times: u32) {
    stage.dev().faults().set(Switch {
        fault: Fault::Refuse {
            code: Some(-201),
            message: Some(words.to_owned()),
            // One of those that a node gives before it takes a transaction, so that nothing has to be looked up.
            transaction_code: Some(110),
        },
        method: Some("user.broadcast".to_owned()),
        action: Some(action.to_owned()),
        next: Some(times),
    });
}

fn by_grant(grant: idos_issuer::model::submission::SignedGrant) -> Authority {
    Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }
}

async fn until_halted(app: &App, issuance: &Issuance, code: HaltCode) {
    let settled = |i: &Issuance| matches!(i.state, State::Halted | State::Issued);
    let halted = until(app, &issuance.id, settled).await;
    assert_eq!((halted.state, halted.halt), (State::Halted, Some(code)));
    assert_eq!(halted.stopped(), Stopped::Issuance);
}

async fn until_issued(app: &App, issuance: &Issuance) {
    let settled = |i: &Issuance| matches!(i.state, State::Halted | State::Issued);
    let issued = until(app, &issuance.id, settled).await;
    assert_eq!((issued.state, issued.halt), (State::Issued, None));
}

async fn settled(app: &App, id: &RecordId) -> Profile {
    for _ in 0..1200 {
        let profile = app.store.profile(id).await.unwrap().unwrap();
        if profile.state != ProfileState::Pending {
            return profile;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it stays pending");
}

async fn state_of(app: &App, id: &RecordId) -> (ProfileState, Option<HaltCode>) {
    let profile = settled(app, id).await;
    (profile.state, profile.halt)
}

async fn ask(app: &App, user: &User) -> RecordId {
    let asked = profile::request(app, &caller(), &fresh_key(app), new_profile(user)).await.unwrap();
    assert!(!asked.replayed);
    asked.record.id
}

fn new_wallet(user: &User, wallet: &User) -> NewWallet {
    NewWallet { user_id: user.id, wallet: new_profile(wallet).wallet }
}

async fn add(app: &App, user: &User, wallet: &User) -> RecordId {
    let new = new_wallet(user, wallet);
    let asked = wallet::request(app, &caller(), &fresh_key(app), new).await.unwrap();
    assert!(!asked.replayed);
    asked.record.id
}

on_both_databases! {
    async fn an_issuance_is_cured_by_what_is_offered(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;

        // By the inserter: resume.
        for (words, code) in [
            (NO_INSERTER, HaltCode::NotAnInserter),
            (NO_USER, HaltCode::UserUnknown),
            (OTHER, HaltCode::Refused),
        ] {
            refuse(&stage, "upsert_credential_as_inserter", words, 1);
            let issuance = submit(app, &user, Authority::Inserter).await;
            until_halted(app, &issuance, code).await;
            assert!(code.cure(Stopped::Issuance).contains("resume"), "{code}");
            resume::resume(app, &caller(), &issuance.id, None).await.unwrap();
            until_issued(app, &issuance).await;
        }

        // By a grant: resume, where need is with a new one.
        for (words, times, code, takes_a_grant) in [
            ("ERROR: verify owner failed", 1, HaltCode::GrantRefused, true),
            ("ERROR: duplicate key value violates unique constraint \"consumed_write_grants_pkey\" (SQLSTATE 23505)", 3,
                HaltCode::GrantUsed, true),
            ("ERROR: dwg_owner not found", 1, HaltCode::OwnerUnknown, false),
            ("ERROR: credentials issuer must be an issuer of delegated write grant", 1, HaltCode::NotAnInserter, false),
        ] {
            refuse(&stage, "create_credentials_by_dwg", words, times);
            let grant = signed_grant(app, &user, -60, 3600).await;
            let issuance = submit(app, &user, by_grant(grant)).await;
            until_halted(app, &issuance, code).await;
            let without = resume::resume(app, &caller(), &issuance.id, None).await;
            if takes_a_grant {
                assert!(code.cure(Stopped::Issuance).contains("a new write grant"), "{code}");
                assert!(matches!(without, Err(resume::ResumeError::GrantNeeded(why)) if why == code), "{without:?}");
                let new = signed_grant(app, &user, -60, 3600).await;
                resume::resume(app, &caller(), &issuance.id, Some(new)).await.unwrap();
            } else {
                without.unwrap();
            }
            until_issued(app, &issuance).await;
        }

        // The time of the node's blocks is not ours: that passes.
        let words = "ERROR: this write grant can only be used after dwg_not_before and before dwg_not_after";
        refuse(&stage, "create_credentials_by_dwg", words, 1);
        let grant = signed_grant(app, &user, -60, 3600).await;
        let issuance = submit(app, &user, by_grant(grant)).await;
        until_issued(app, &issuance).await;

        // A revocation: revoke again.
        refuse(&stage, "edit_public_notes_as_issuer", OTHER, 1);
        revoke::request(app, &caller(), &issuance.id).await.unwrap();
        let halted = until(app, &issuance.id, |i| i.halt.is_some()).await;
        assert_eq!((halted.state, halted.halt, halted.stopped()), (State::Issued, Some(HaltCode::Refused), Stopped::Revocation));
        assert!(resume::resume(app, &caller(), &issuance.id, None).await.is_err());
        revoke::request(app, &caller(), &issuance.id).await.unwrap();
        until(app, &issuance.id, |i| i.state == State::Revoked && i.halt.is_none()).await;
        service.stop().await;
    }

    async fn an_owner_whose_wallet_is_added_is_known(backend) {
        let stage = Stage::new(backend).await;
        let (user, further) = (User::with(WalletType::Evm), User::with(WalletType::Near));
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        // Nobody can see beforehand whose NEAR wallet it is.
        let grant = signed_grant(app, &further, -60, 3600).await;
        let issuance = submit(app, &user, by_grant(grant)).await;
        until_halted(app, &issuance, HaltCode::OwnerUnknown).await;
        let added = add(app, &user, &further).await;
        assert_eq!(state_of(app, &added).await, (ProfileState::Created, None));
        resume::resume(app, &caller(), &issuance.id, None).await.unwrap();
        until_issued(app, &issuance).await;

        // A wallet that is on its way is waited for, and so is a profile.
        let another = User::with(WalletType::Near);
        let grant = signed_grant(app, &another, -60, 3600).await;
        stage.dev().faults().set(Switch {
            fault: Fault::Delay { ms: 1500 },
            method: Some("user.broadcast".to_owned()),
            action: Some("upsert_wallet_as_inserter".to_owned()),
            next: Some(1),
        });
        add(app, &user, &another).await;
        let issuance = submit(app, &user, by_grant(grant)).await;
        until_issued(app, &issuance).await;
        service.stop().await;
    }

    async fn a_profile_is_cured_by_what_is_offered(backend) {
        let stage = Stage::new(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let taken = "ERROR: wallet address already exists in idos";
        let (add_user, add_wallet) = ("add_user_as_inserter", "upsert_wallet_as_inserter");
        for (action, words, times, code) in [
            (add_user, NO_INSERTER, 1, HaltCode::NotAnInserter),
            (add_user, OTHER, 1, HaltCode::Refused),
            (add_wallet, NO_INSERTER, 1, HaltCode::NotAnInserter),
            (add_wallet, NO_USER, 1, HaltCode::UserUnknown),
            (add_wallet, "ERROR: wallet is invalid", 1, HaltCode::WalletRefused),
            (add_wallet, taken, 3, HaltCode::WalletTaken),
        ] {
            refuse(&stage, action, words, times);
            let user = User::with(WalletType::Evm);
            let id = ask(app, &user).await;
            assert_eq!(state_of(app, &id).await, (ProfileState::Halted, Some(code)));
            if code.cure(Stopped::Profile).contains("resume") {
                wallet::resume(app, &caller(), &id).await.unwrap();
                assert_eq!(state_of(app, &id).await, (ProfileState::Created, None), "{action}: {code}");
                continue;
            }
            // Asked for again, and not answered with what has stopped.
            let mut again = User::like(&user);
            if code == HaltCode::WalletTaken {
                again.wallet = User::with(WalletType::Evm).wallet;
            }
            let new = ask(app, &again).await;
            assert_eq!(state_of(app, &new).await, (ProfileState::Created, None), "{code}");
            // What had stopped is over, and nobody is to see to it any more.
            let old = app.store.profile(&id).await.unwrap().unwrap();
            assert_eq!((old.state, old.halt, old.stopped()), (ProfileState::Failed, Some(code), Stopped::Over));
            assert_eq!(app.store.locked_wallet(&id).await.unwrap(), None);
        }
        assert_eq!(app.store.jobs(None, 10).await.unwrap(), []);
        service.stop().await;
    }

    async fn a_user_with_another_key_is_cured_by_the_users_own(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        let mistaken = User { secret: EncryptionSecret::from_bytes([9; 32]), ..User::like(&user) };
        let app = stage.app().await;
        let id = ask(&app, &mistaken).await;
        // Sealed for the announced key.
        let issuance = submit(&app, &mistaken, Authority::Inserter).await;
        assert!(issuance.sealed_at.is_some());
        let (client, signer) = (app.idos().await.unwrap(), app.identity());
        let key = user.secret.public().to_base64();
        let create = AddUserAsInserter {
            id: user.id,
            recipient_encryption_public_key: &key,
            encryption_password_store: idos_client::actions::PasswordStore::User,
        };
        client.execute(&signer, &create, Nonce::Next, Broadcast::Wait).await.unwrap();
        let service = Service::start(app);
        let app = &service.app;
        assert_eq!(state_of(app, &id).await, (ProfileState::Halted, Some(HaltCode::OtherKey)));
        until_halted(app, &issuance, HaltCode::OtherKey).await;

        // The mistaken one is refused at once from now on; the user's own is taken.
        let refused = profile::request(app, &caller(), &fresh_key(app), new_profile(&mistaken)).await;
        assert!(matches!(refused, Err(RequestError::UserExists)));
        let new = ask(app, &user).await;
        assert_eq!(state_of(app, &new).await, (ProfileState::Created, None));
        let again = submit(app, &user, Authority::Inserter).await;
        assert_eq!(again.recipient_key, Some(key));
        until_issued(app, &again).await;
        service.stop().await;
    }

    async fn a_wallet_is_cured_by_what_is_offered(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        for (words, times, code) in [
            (NO_INSERTER, 1, HaltCode::NotAnInserter),
            (NO_USER, 1, HaltCode::UserUnknown),
            (OTHER, 1, HaltCode::Refused),
            ("ERROR: wallet is invalid", 1, HaltCode::WalletRefused),
            ("ERROR: wallet public key already exists in idos", 3, HaltCode::WalletTaken),
        ] {
            refuse(&stage, "upsert_wallet_as_inserter", words, times);
            let further = User::with(WalletType::Stellar);
            let id = add(app, &user, &further).await;
            assert_eq!(state_of(app, &id).await, (ProfileState::Halted, Some(code)));
            if code.cure(Stopped::Wallet).contains("resume") {
                wallet::resume(app, &caller(), &id).await.unwrap();
                assert_eq!(state_of(app, &id).await, (ProfileState::Created, None));
                let again = wallet::resume(app, &caller(), &id).await;
                assert!(matches!(again, Err(wallet::ResumeError::Conflict(ProfileState::Created))));
            } else {
                let other = User::with(WalletType::Stellar);
                let wallet = if code == HaltCode::WalletTaken { &other } else { &further };
                let new = add(app, &user, wallet).await;
                assert_eq!(state_of(app, &new).await, (ProfileState::Created, None), "{code}");
            }
        }
        let wallets = stage.node.wallets().await.unwrap();
        assert_eq!(wallets.iter().filter(|wallet| wallet.user_id == user.id.to_string()).count(), 6);
        service.stop().await;
    }

    async fn what_is_locked_under_a_missing_key_is_cured_by_that_key(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        let app = stage.app().await;
        let waiting = submit(&app, &user, Authority::Inserter).await;
        let id = ask(&app, &user).await;
        // By somebody else's vault key nothing opens.
        let other = Service::start(stage.app_with(Vault::new(&[Zeroizing::new([8; 32])]).unwrap()).await);
        assert_eq!(state_of(&app, &id).await, (ProfileState::Halted, Some(HaltCode::Unreadable)));
        until_halted(&app, &waiting, HaltCode::Unreadable).await;
        other.stop().await;

        let service = Service::start(app);
        let app = &service.app;
        wallet::resume(app, &caller(), &id).await.unwrap();
        assert_eq!(state_of(app, &id).await, (ProfileState::Created, None));
        resume::resume(app, &caller(), &waiting.id, None).await.unwrap();
        until_issued(app, &waiting).await;
        service.stop().await;

        // A grant that does not open can be replaced.
        let app = stage.app().await;
        let grant = signed_grant(&app, &user, -60, 3600).await;
        let issuance = submit(&app, &user, by_grant(grant)).await;
        let other = Service::start(stage.app_with(Vault::new(&[Zeroizing::new([8; 32])]).unwrap()).await);
        until_halted(&other.app, &issuance, HaltCode::GrantUnreadable).await;
        let new = signed_grant(&other.app, &user, -60, 3600).await;
        resume::resume(&other.app, &caller(), &issuance.id, Some(new)).await.unwrap();
        until_issued(&other.app, &issuance).await;
        other.stop().await;
    }

    async fn a_grant_that_somebody_else_has_used_is_cured_by_a_new_one(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let grant = signed_grant(app, &user, -60, 3600).await;
        let mut elsewhere = Stage::new(backend).await;
        elsewhere.of_the_node = format!("fallback_urls = [\"{}\"]", stage.node.url());
        // The other service has the same keys and node, and a database of its own.
        elsewhere.keys = crate::support::service::same_keys(&stage.keys);
        let other_node = std::mem::replace(&mut elsewhere.node, stage.node);
        let first = elsewhere.service().await;
        let again = idos_issuer::model::submission::SignedGrant {
            grant: grant.grant.clone(),
            owner: grant.owner.clone(),
            signature: grant.signature.clone(),
        };
        let issuance = submit(&first.app, &user, by_grant(again)).await;
        until_issued(&first.app, &issuance).await;
        first.stop().await;

        let issuance = submit(app, &user, by_grant(grant)).await;
        until_halted(app, &issuance, HaltCode::GrantUsed).await;
        let new = signed_grant(app, &user, -60, 3600).await;
        resume::resume(app, &caller(), &issuance.id, Some(new)).await.unwrap();
        until_issued(app, &issuance).await;
        service.stop().await;
        drop(other_node);
    }

    async fn all_that_has_met_the_same_is_brought_on_by_an_operator(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let issued = submit(app, &user, Authority::Inserter).await;
        until_issued(app, &issued).await;

        for action in [
            "upsert_credential_as_inserter",
            "edit_public_notes_as_issuer",
            "add_user_as_inserter",
            "upsert_wallet_as_inserter",
        ] {
            refuse(&stage, action, NO_INSERTER, 1);
        }
        let issuance = submit(app, &user, Authority::Inserter).await;
        until_halted(app, &issuance, HaltCode::NotAnInserter).await;
        revoke::request(app, &caller(), &issued.id).await.unwrap();
        until(app, &issued.id, |i| i.halt.is_some()).await;
        let profile = ask(app, &User::with(WalletType::Evm)).await;
        let wallet = add(app, &user, &User::with(WalletType::Stellar)).await;
        for id in [&profile, &wallet] {
            assert_eq!(state_of(app, id).await, (ProfileState::Halted, Some(HaltCode::NotAnInserter)));
        }
        refuse(&stage, "upsert_credential_as_inserter", OTHER, 1);
        let other = submit(app, &user, Authority::Inserter).await;
        until_halted(app, &other, HaltCode::Refused).await;

        let wanted = Wanted { code: Some(HaltCode::NotAnInserter), ..Wanted::default() };
        let found = halted::find(&app.store, &wanted).await.unwrap();
        let mut kinds: Vec<_> = found.iter().map(halted::Halted::what).collect();
        kinds.sort_by_key(|what| what.as_str());
        assert_eq!(kinds, [Stopped::Issuance, Stopped::Profile, Stopped::Revocation, Stopped::Wallet]);
        let of_others = Wanted { client: Some("other".to_owned()), ..wanted };
        assert!(halted::find(&app.store, &of_others).await.unwrap().is_empty());
        for one in found {
            halted::resume(app, one).await.unwrap();
        }
        until_issued(app, &issuance).await;
        until(app, &issued.id, |i| i.state == State::Revoked).await;
        for id in [&profile, &wallet] {
            assert_eq!(state_of(app, id).await, (ProfileState::Created, None));
        }
        let left = halted::find(&app.store, &Wanted::default()).await.unwrap();
        assert_eq!(left.iter().map(halted::Halted::id).collect::<Vec<_>>(), [other.id.as_str()]);
        let acts = app.store.audit_of(issuance.id.as_str()).await.unwrap();
        assert!(acts.iter().any(|entry| entry.act == "resumed" && entry.actor == "operator"));
        service.stop().await;
    }
}
