//! The service beside a node that misbehaves once: each wish ends in exactly one record on the network, or in a "no" that says
//! what is so. What it does again and again is in `tests/it/service/crashes.rs`.

use idos_devnode::{Fault, Switch};
use idos_issuer::flow::profile;
use idos_issuer::flow::wallet::RequestError;
use idos_issuer::model::issuance::State;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;

use crate::support::User;
use crate::support::service::{
    Backend, Service, Stage, caller, fresh_key, have_profile, new_profile, signed_grant, submit, until,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_is_written_once_even_if_the_node_hangs_up_after_committing() {
    let stage = Stage::new(Backend::Sqlite).await;
    let service = stage.service().await;
    let app = &service.app;
    let user = User::with(WalletType::Evm);
    stage.dev().faults().next(1, Fault::HangUpAfterCommit);
    have_profile(app, &user).await;
    let grant = signed_grant(app, &user, -60, 3600).await;

    stage.dev().faults().next(1, Fault::HangUpAfterCommit);
    let authority = Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None };
    let issuance = submit(app, &user, authority).await;
    let issued = until(app, &issuance.id, |issuance| issuance.state.is_settled()).await;
    assert_eq!(issued.state, State::Issued, "{issued:?}");
    assert!(issued.transaction.is_some(), "the outcome was looked up by the transaction's hash");
    assert!(stage.dev().faults().active().is_empty(), "it did hang up");
    let counts = stage.node.counts().await.unwrap();
    assert_eq!((counts.users, counts.wallets, counts.credentials), (1, 1, 2));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_is_completed_by_the_next_try() {
    let stage = Stage::new(Backend::Sqlite).await;
    let service = stage.service().await;
    let user = User::with(WalletType::Near);
    // The user is added, and then the node goes away.
    stage.dev().faults().set(Switch {
        fault: Fault::Refuse { code: None, message: None, transaction_code: Some(200) },
        method: Some("user.broadcast".into()),
        action: Some("upsert_wallet_as_inserter".into()),
        next: Some(1),
    });
    have_profile(&service.app, &user).await;
    assert!(stage.dev().faults().active().is_empty(), "it was refused once");
    let counts = stage.node.counts().await.unwrap();
    assert_eq!((counts.users, counts.wallets), (1, 1));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_wallet_proof_is_refused_before_anything_is_asked() {
    let stage = Stage::new(Backend::Sqlite).await;
    let app = stage.app().await;
    let (user, thief) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
    stage.dev().faults().until_cleared(Fault::Down);
    let mut new = new_profile(&user);
    new.wallet.signature = new_profile(&thief).wallet.signature;
    let refused = profile::request(&app, &caller(), &fresh_key(&app), new).await;
    assert!(matches!(refused, Err(RequestError::Wallet(_))), "{refused:?}");
    app.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_down_is_worth_another_try_and_wrote_nothing() {
    let stage = Stage::new(Backend::Sqlite).await;
    let user = User::with(WalletType::Stellar);
    let service = stage.service().await;
    have_profile(&service.app, &user).await;
    service.stop().await;

    let app = stage.app().await;
    stage.dev().faults().until_cleared(Fault::Down);
    // Whoever the user is, it cannot be known: what was brought waits, locked.
    let issuance = submit(&app, &user, Authority::Inserter).await;
    assert_eq!(issuance.state, State::AwaitingProfile);
    let service = Service::start(app);
    assert_eq!(stage.node.counts().await.unwrap().credentials, 0);
    stage.dev().faults().clear();
    let issued = until(&service.app, &issuance.id, |issuance| issuance.state.is_settled()).await;
    assert_eq!(issued.state, State::Issued, "{issued:?}");
    assert_eq!(stage.node.counts().await.unwrap().credentials, 1);
    service.stop().await;
}
