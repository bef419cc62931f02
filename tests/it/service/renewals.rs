//! A credential that takes the place of another one.

use idos_issuer::flow::intake::{self, IntakeError};
use idos_issuer::flow::{erase, revoke};
use idos_issuer::model::event::EventKind;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::submission::{Authority, Submission};
use idos_issuer::model::submitter::Submitter;

use std::sync::Arc;

use idos_issuer::app::App;
use idos_wallet::WalletType;

use super::create_profile;
use super::keeping::kinds_of_events;
use crate::support::User;
use crate::support::service::{Stage, audit_holds, caller, fresh_key, submission, submit, until};

async fn renew(
    app: &Arc<App>,
    by: &Submitter,
    user: &User,
    renews: &IssuanceId,
) -> Result<Issuance, IntakeError> {
    let wanted = Submission { renews: Some(renews.clone()), ..submission(user.id, Authority::Inserter) };
    Ok(intake::accept(app, by, &fresh_key(app), wanted).await?.record)
}

/// What is said of the member, if that is what is refused.
fn refusal(answer: Result<Issuance, IntakeError>) -> String {
    match answer {
        Err(IntakeError::Invalid(invalid)) if invalid.problems[0].field == "renews" => {
            invalid.problems[0].problem.to_string()
        }
        other => panic!("{other:?}"),
    }
}

on_both_databases! {
    async fn what_is_renewed_is_marked_as_superseded_once_the_new_one_is_there(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let old = submit(app, &user, Authority::Inserter).await;
        until(app, &old.id, |i| i.state == State::Issued).await;
        let new = renew(app, &caller(), &user, &old.id).await.unwrap();
        assert_eq!(new.renews.as_ref(), Some(&old.id));
        until(app, &new.id, |i| i.state == State::Issued).await;
        let before = until(app, &old.id, |i| i.state == State::Revoked).await;
        assert_eq!(before.superseded_by.as_ref(), Some(&new.id));

        let mut status: Vec<_> = stage.node.credentials().await.unwrap().into_iter().map(|row| {
            let notes: serde_json::Value = serde_json::from_str(&row.public_notes).unwrap();
            (row.id == old.ids.original.to_string(), notes["status"].as_str().unwrap().to_owned())
        }).collect();
        status.sort();
        assert_eq!(status, [(false, "approved".to_owned()), (true, "superseded".to_owned())]);
        assert_eq!(kinds_of_events(app).await, [EventKind::Issued, EventKind::Issued, EventKind::Superseded]);

        assert_eq!(refusal(renew(app, &caller(), &user, &old.id).await), "has no credential that holds: submit without it");
        // The chain goes on from the newest.
        let third = renew(app, &caller(), &user, &new.id).await.unwrap();
        until(app, &third.id, |i| i.state == State::Issued).await;
        until(app, &new.id, |i| i.state == State::Revoked).await;
        // What is forgotten says no more what it had to do with others.
        let erased = erase::erase(app, &caller(), &new.id).await.unwrap();
        assert_eq!((erased.renews, erased.superseded_by), (None, None));
        audit_holds(&app.store).await;
        service.stop().await;
    }

    async fn only_what_holds_and_is_the_callers_and_the_users_is_renewed_and_once(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let other = User::with(WalletType::Evm);
        create_profile(&stage, &other).await;
        let service = stage.service().await;
        let app = &service.app;
        let old = submit(app, &user, Authority::Inserter).await;
        until(app, &old.id, |i| i.state == State::Issued).await;

        let unknown: IssuanceId = "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(refusal(renew(app, &caller(), &user, &unknown).await), "names no issuance of yours");
        let stranger = Submitter { tenant: "other".to_owned(), ..caller() };
        assert_eq!(refusal(renew(app, &stranger, &user, &old.id).await), "names no issuance of yours");
        assert_eq!(
            refusal(renew(app, &caller(), &other, &old.id).await),
            "is the issuance of another user than userId"
        );

        // Of many at the same time, one is taken.
        let by = caller();
        let all = futures_util::future::join_all((0..6).map(|_| renew(app, &by, &user, &old.id))).await;
        let (taken, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
        assert_eq!(taken.len(), 1);
        for answer in refused {
            assert!(
                ["is being renewed, or has been, by another issuance", "has no credential that holds: submit without it"]
                    .contains(&refusal(answer).as_str())
            );
        }
        let new = taken.into_iter().next().unwrap().unwrap();
        until(app, &new.id, |i| i.state == State::Issued).await;
        until(app, &old.id, |i| i.state == State::Revoked).await;
        // A revoked one is not renewed, and is no superseded one.
        revoke::request(app, &caller(), &new.id).await.unwrap();
        let revoked = until(app, &new.id, |i| i.state == State::Revoked).await;
        assert_eq!(revoked.superseded_by, None);
        assert_eq!(refusal(renew(app, &caller(), &user, &new.id).await), "has no credential that holds: submit without it");
        service.stop().await;
    }

    async fn a_renewal_that_comes_to_nothing_leaves_the_old_one_and_room_for_another(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let old = submit(app, &user, Authority::Inserter).await;
        until(app, &old.id, |i| i.state == State::Issued).await;
        // It waits for a write grant that never comes.
        let waits = Submission {
            renews: Some(old.id.clone()),
            ..submission(user.id, Authority::WriteGrant { grant: None, copy_for: None })
        };
        let waits = intake::accept(app, &caller(), &fresh_key(app), waits).await.unwrap().record;
        assert_eq!(
            refusal(renew(app, &caller(), &user, &old.id).await),
            "is being renewed, or has been, by another issuance"
        );
        erase::erase(app, &caller(), &waits.id).await.unwrap();
        assert_eq!(app.store.issuance(&old.id).await.unwrap().unwrap().state, State::Issued);
        let new = renew(app, &caller(), &user, &old.id).await.unwrap();
        until(app, &new.id, |i| i.state == State::Issued).await;
        until(app, &old.id, |i| i.state == State::Revoked).await;
        service.stop().await;
    }
}
