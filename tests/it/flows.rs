//! The main job and what must be refused, through the service, on either node: and what comes of it for whoever reads it.

use std::sync::Arc;

use idos_client::Signer;
use idos_client::actions::GetSiblingCredentialId;
use idos_credential::{AcceptedIssuer, verify};
use idos_issuer::app::App;
use idos_issuer::clock;
use idos_issuer::flow::intake;
use idos_issuer::flow::intake::IntakeError;
use idos_issuer::flow::read_back::{self, CopyError};
use idos_issuer::flow::wallet::RequestError;
use idos_issuer::flow::{network, profile};
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::personal::Personal;
use idos_issuer::model::submission::{Authority, SignedGrant};
use idos_issuer::model::submitter::Submitter;
use idos_wallet::WalletType;

use crate::support::service::{
    Backend, Stage, caller, fresh_key, have_profile, new_profile, signed_grant, submission, submit, until,
};
use crate::support::{ISSUER_URL, User, owned};

fn by_grant(grant: SignedGrant) -> Authority {
    Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }
}

/// Submits with a fresh grant, and waits for the credential.
async fn issue(app: &Arc<App>, user: &User) -> Issuance {
    let grant = signed_grant(app, user, -60, 3600).await;
    let issuance = submit(app, user, by_grant(grant)).await;
    let settled = until(app, &issuance.id, |issuance| issuance.state.is_settled()).await;
    assert_eq!(settled.state, State::Issued, "{settled:?}");
    settled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_all_five_wallets_get_and_read_their_credential() {
    let stage = Stage::new(Backend::Sqlite).await;
    let service = stage.service().await;
    let app = &service.app;
    let client = app.idos().await.unwrap();
    for wallet_type in WalletType::ALL {
        let user = User::with(wallet_type);
        have_profile(app, &user).await;
        assert!(network::exists(client, &app.identity(), &user.wallet.address()).await.unwrap());
        let issued = issue(app, &user).await;

        let mine = owned(client, &user, issued.ids.original).await.unwrap();
        let known = AcceptedIssuer::of_url(ISSUER_URL, app.keys.signing[0].method.key()).unwrap();
        let verified = verify(&mine, &[known], clock::now()).unwrap();
        assert_eq!(verified.level_supported, Some(true));
        let copy = read_back::issued_copy(app, &caller(), &issued.id).await.unwrap();
        assert_eq!((&copy.credential, &copy.problem), (&mine, &None), "{wallet_type}");
    }
    assert_eq!(stage.node.counts().await.unwrap().credentials, 10);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_another_key_is_not_touched() {
    let stage = Stage::new(Backend::Sqlite).await;
    let service = stage.service().await;
    let app = &service.app;
    let user = User::with(WalletType::Evm);
    have_profile(app, &user).await;
    let other = User { id: user.id, ..User::with(WalletType::Evm) };
    let refused = profile::request(app, &caller(), &fresh_key(app), new_profile(&other)).await;
    assert!(matches!(refused, Err(RequestError::UserExists)), "{refused:?}");
    assert_eq!(stage.node.counts().await.unwrap().wallets, 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_that_are_over_used_or_forged_write_nothing() {
    let stage = Stage::new(Backend::Sqlite).await;
    let service = stage.service().await;
    let app = &service.app;
    let user = User::with(WalletType::Xrpl);
    have_profile(app, &user).await;

    let over = signed_grant(app, &user, -7200, -3600).await;
    assert_eq!(refused_fields(app, &user, over).await, ["delivery.writeGrant.grant.notAfter"]);
    let forged = SignedGrant {
        signature: Personal::new(User::with(WalletType::Xrpl).wallet.sign_message("something else", [0; 32])),
        ..signed_grant(app, &user, -60, 3600).await
    };
    assert_eq!(refused_fields(app, &user, forged).await, ["delivery.writeGrant.signature"]);
    assert_eq!(stage.node.counts().await.unwrap().credentials, 0);

    let grant = signed_grant(app, &user, -60, 3600).await;
    let again = SignedGrant {
        grant: grant.grant.clone(),
        owner: grant.owner.clone(),
        signature: Personal::new(grant.signature.expose().clone()),
    };
    let issuance = submit(app, &user, by_grant(grant)).await;
    until(app, &issuance.id, |issuance| issuance.state == State::Issued).await;
    assert_eq!(refused_fields(app, &user, again).await, ["delivery.writeGrant.grant.id"]);
    assert_eq!(stage.node.counts().await.unwrap().credentials, 2);
    service.stop().await;
}

/// The fields for which a submission with this grant is refused.
async fn refused_fields(app: &Arc<App>, user: &User, grant: SignedGrant) -> Vec<String> {
    let submission = submission(user.id, by_grant(grant));
    match intake::accept(app, &caller(), &fresh_key(app), submission).await {
        Err(IntakeError::Invalid(invalid)) => {
            invalid.problems.into_iter().map(|problem| problem.field).collect()
        }
        other => panic!("{:?}", other.map(|accepted| accepted.record)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_do_not_read() {
    let stage = Stage::new(Backend::Sqlite).await;
    let service = stage.service().await;
    let app = &service.app;
    let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
    have_profile(app, &user).await;
    have_profile(app, &other).await;
    let issued = issue(app, &user).await;

    let client = app.idos().await.unwrap();
    assert!(owned(client, &user, issued.ids.original).await.is_some());
    assert!(owned(client, &other, issued.ids.original).await.is_none());
    let content_hash = issued.content_hash.as_deref().unwrap();
    let stranger = Signer::from(other.wallet.clone());
    let copy = client.call_one(&stranger, &GetSiblingCredentialId { content_hash }).await.unwrap();
    assert_eq!(copy, None);
    let elsewhere = Submitter { tenant: "other".to_owned(), ..caller() };
    let nothing = read_back::issued_copy(app, &elsewhere, &issued.id).await;
    assert!(matches!(nothing, Err(CopyError::NotFound)));
    service.stop().await;
}
