//! What of somebody who is erased is on the network: our own copy goes, a consumer's stays, and so does the user's credential, marked as
//! revoked. On the development node, and on kwild.

use std::collections::BTreeSet;

use idos_client::Signer;
use idos_issuer::model::issuance::State;
use idos_issuer::model::submission::{Authority, CopyFor};
use idos_wallet::WalletType;

use super::erasure::{Scene, by_grant, submit_for};
use super::issuing::create_profile;
use crate::support::service::{audit_holds, signed_grant_for, until};
use crate::support::{User, owned};

on_both_databases! {
    async fn our_copy_goes_and_what_is_the_users_stays(backend) {
        let scene = Scene::new(backend).await;
        let (user, consumer) = (User::with(WalletType::Near), User::with(WalletType::Evm));
        create_profile(&scene.stage, &user).await;
        let service = scene.service().await;
        let app = &service.app;
        let authority = by_grant(app, &user).await;
        let ours = submit_for(app, &user, authority).await;
        let grantee = Signer::from(consumer.wallet.clone()).caller();
        let grant = signed_grant_for(app, &user, &grantee, -60, 3600).await;
        let copy_for = Some(CopyFor { grantee, encryption_key: consumer.secret.public() });
        let authority = Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for };
        let theirs = submit_for(app, &user, authority).await;
        for issuance in [&ours, &theirs] {
            until(app, &issuance.id, |of| of.state == State::Issued).await;
        }
        let on_the_network = async || -> BTreeSet<String> {
            scene.stage.node.credentials().await.unwrap().into_iter().map(|row| row.id).collect()
        };
        let mut wanted: BTreeSet<_> = [ours.ids.original, ours.ids.copy, theirs.ids.original, theirs.ids.copy]
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(on_the_network().await, wanted);

        let case = scene.open(app, true, &[("issuance", ours.id.as_str())]).await;
        let receipt = scene.done(app, &case).await;
        for (member, count) in [
            ("issuances", "2"), ("profiles", "1"), ("issuerCopiesRemoved", "1"), ("issuerCopiesLeft", "0"), ("consumerCopies", "1"),
            ("userCredentialsRevoked", "2"), ("userCredentialsNotRevoked", "0"), ("userRows", "1"),
        ] {
            assert_eq!(receipt[member], count, "{member}");
        }
        wanted.remove(&ours.ids.copy.to_string());
        assert_eq!(on_the_network().await, wanted);
        let rows = scene.stage.node.credentials().await.unwrap();
        let client = app.idos().await.unwrap();
        for issuance in [&ours, &theirs] {
            let original = rows.iter().find(|row| row.id == issuance.ids.original.to_string()).unwrap();
            let notes: serde_json::Value = serde_json::from_str(&original.public_notes).unwrap();
            assert_eq!(notes["status"], "revoked");
            // And it can be read by its user, as before.
            owned(client, &user, issuance.ids.original).await.unwrap();
        }
        for issuance in [&ours, &theirs] {
            assert_eq!(app.store.remains_of(issuance.id.as_str()).await.unwrap(), Vec::<String>::new());
        }
        audit_holds(&app.store).await;
        service.stop().await;
    }
}
