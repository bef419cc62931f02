//! Who submits: with an API key and without one.

use idos_issuer::flow::{erase, intake};
use idos_issuer::model::issuance::State;
use idos_issuer::model::submission::Authority;
use idos_issuer::model::submitter::{Origin, Submitter};
use idos_wallet::WalletType;

use super::create_profile;
use crate::support::User;
use crate::support::service::{Stage, audit_holds, caller, submission, until};

on_both_databases! {
    /// A vendor calls its results as it likes, so its names and the client's may be the same, and mean different things.
    async fn a_source_and_an_operator_submit_without_an_api_key(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let tenant = caller().tenant;
        let of = |origin| Submitter { tenant: tenant.clone(), origin };
        let vendor = of(Origin::Source("vendor".parse().unwrap()));

        let mut made = Vec::new();
        for (submitter, actor) in [
            (caller(), format!("client:{tenant}:key_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            (vendor.clone(), format!("source:{tenant}:vendor")),
            (of(Origin::Source("other".parse().unwrap())), format!("source:{tenant}:other")),
            (of(Origin::Operator), "operator".to_owned()),
        ] {
            let key = intake::idempotency(app, &submitter, "result-1", &[b"content"]);
            let submit = || intake::accept(app, &submitter, &key, submission(user.id, Authority::Inserter));
            let first = submit().await.unwrap();
            let again = submit().await.unwrap();
            assert!(!first.replayed && again.replayed && again.record.id == first.record.id, "{actor}");
            assert_eq!(first.record.client, tenant);
            let entries = app.store.audit_of(first.record.id.as_str()).await.unwrap();
            assert_eq!((entries[0].act.as_str(), &entries[0].actor), ("received", &actor));
            made.push(first.record.id);
        }
        let ids: std::collections::HashSet<_> = made.iter().collect();
        assert_eq!(ids.len(), 4, "one for each who submits");
        let key = intake::idempotency(app, &vendor, "result-1", &[b"other content"]);
        let reused = intake::accept(app, &vendor, &key, submission(user.id, Authority::Inserter)).await;
        assert!(matches!(reused, Err(intake::IntakeError::KeyReused)));

        // The records are the tenant's, whoever brought them in, and nobody else's.
        let stranger = Submitter { tenant: "other".to_owned(), ..vendor };
        for id in &made {
            until(app, id, |issuance| issuance.state == State::Issued).await;
            assert!(matches!(erase::erase(app, &stranger, id).await, Err(erase::EraseError::NotFound)));
            erase::erase(app, &caller(), id).await.unwrap();
        }
        audit_holds(&app.store).await;
        service.stop().await;
    }
}
