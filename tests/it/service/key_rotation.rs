//! Several signing keys, of which one is valid at a time.

use idos_credential::{Timestamp, VerificationMethod};
use idos_issuer::clock;
use idos_issuer::flow::intake::{self, IntakeError};
use idos_issuer::flow::read_back;
use idos_issuer::keys::{Key, SigningKey, Validity};
use idos_issuer::model::issuance::State;
use idos_issuer::model::submission::Authority;
use idos_wallet::WalletType;
use serde_json::Value;

use crate::support::service::{
    Stage, caller, fresh_key, have_profile, signed_grant, submission, submit, until,
};
use crate::support::{ISSUER_URL, User};

fn yesterday() -> Timestamp {
    clock::now().plus_millis(-86_400_000)
}

on_both_databases! {
    async fn what_each_key_signed_is_read_back_and_without_a_key_nothing_is_taken_in(backend) {
        let mut stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        let mut issued = Vec::new();
        for with_successor in [false, true] {
            if with_successor {
                stage.keys.signing[0].validity.until = Some(yesterday());
                let key = Key::from_seed(&rand::random());
                let (id, controller) = (format!("{ISSUER_URL}/keys/2027"), format!("{ISSUER_URL}/issuers/1"));
                let method = VerificationMethod::new(id, controller, key.public()).unwrap();
                let validity = Validity { from: Some(yesterday()), until: None };
                stage.keys.signing.push(SigningKey { method, validity, key });
            }
            let service = stage.service().await;
            if !with_successor {
                have_profile(&service.app, &user).await;
            }
            let grant = Some(Box::new(signed_grant(&service.app, &user, -60, 3600).await));
            let issuance = submit(&service.app, &user, Authority::WriteGrant { grant, copy_for: None }).await;
            issued.push(until(&service.app, &issuance.id, |i| i.state == State::Issued).await.id);
            service.stop().await;
        }

        let service = stage.service().await;
        for (id, name) in issued.iter().zip(["1", "2027"]) {
            let copy = read_back::issued_copy(&service.app, &caller(), id).await.unwrap();
            assert_eq!(copy.problem, None);
            let credential: Value = serde_json::from_slice(&copy.credential).unwrap();
            assert_eq!(credential["proof"]["verificationMethod"], format!("{ISSUER_URL}/keys/{name}"));
            assert_eq!(credential["issuer"], format!("{ISSUER_URL}/issuers/1"));
        }
        service.stop().await;

        stage.keys.signing[1].validity.until = Some(yesterday().plus_millis(1));
        let service = stage.service().await;
        let (key, asked) = (fresh_key(&service.app), || submission(user.id, Authority::Inserter));
        let refused = intake::accept(&service.app, &caller(), &key, asked()).await;
        assert!(matches!(refused, Err(IntakeError::NoSigningKey(_))), "{refused:?}");
        // The same request goes well when there is a key again.
        service.stop().await;
        stage.keys.signing[1].validity.until = None;
        let service = stage.service().await;
        assert!(!intake::accept(&service.app, &caller(), &key, asked()).await.unwrap().replayed);
        service.stop().await;
    }
}
