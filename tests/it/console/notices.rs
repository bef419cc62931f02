//! Notices: sent again and not sent, by hand, on pages that say what will happen.

use idos_issuer::model::notices::NoticeState;
use idos_issuer::model::staff::{Reach, Role};

use super::browser::Office;
use super::looks::run;
use crate::support::service::issued_record;

const FAILED: &str = "ntc_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const PLANNED: &str = "ntc_01ARZ3NDEKTSV4RRFFQ69G5FAW";

on_both_databases! {
    async fn a_notice_is_sent_again_or_not_sent_by_those_who_may(backend) {
        let office = Office::open(backend).await;
        let now = office.app.clock.now();
        let id = idos_issuer::model::ids::IssuanceId::new(now, &mut rand::rngs::OsRng);
        let client = issued_record(&office.app, &id, now).client;
        let mut tx = office.app.store.begin().await.unwrap();
        tx.add_issuance(&issued_record(&office.app, &id, now), None).await.unwrap();
        tx.commit().await.unwrap();
        for (notice, days, state) in [(FAILED, 30, "failed"), (PLANNED, 7, "planned")] {
            run(&office, &format!(
                "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, created_at, updated_at) \
                 VALUES ('{notice}', '{id}', '{client}', 'o', {days}, 9, '{state}', {}, 0, 0, 1, 1)", now.unix_millis() + 86_400_000
            )).await;
        }
        let mut anna = office.person("anna", Role::Compliance, Reach::Client(client.clone())).await;
        let mut viewer = office.person("viewer", Role::Viewer, Reach::All).await;
        let mut stranger = office.person("stranger", Role::Admin, Reach::Client("somebody-else".to_owned())).await;
        let state = async |id: &str| office.app.store.notice(&id.parse().unwrap()).await.unwrap().unwrap().state;
        for (list, notice, deed) in [("failed", FAILED, "resend"), ("planned", PLANNED, "cancel")] {
            let path = format!("/console/notices/{notice}/{deed}");
            let list = format!("/console/notices?state={list}");
            assert!(anna.browser.get(&list).await.expect(200).text().contains(&path));
            assert!(anna.browser.get(&format!("/console/records/{id}")).await.expect(200).text().contains(&path));
            assert!(!viewer.browser.get(&list).await.expect(200).text().contains(&path));
            let before = state(notice).await;
            let page = anna.browser.get(&path).await.expect(200);
            let seen = page.between("name=\"seen\" value=\"", "\"");
            viewer.browser.get(&path).await.expect(403);
            viewer.browser.submit("/console/account", &path, &[("seen", &seen)]).await.expect(403);
            stranger.browser.get(&path).await.expect(404);
            stranger.browser.submit("/console/account", &path, &[("seen", &seen)]).await.expect(404);
            anna.browser.post(&path, &[("seen", &seen)]).await.expect(403);
            anna.browser.submit("/console/account", &path, &[("seen", "x")]).await.expect(409);
            assert_eq!(state(notice).await, before);
            office.pass_seconds(1);
            anna.browser.submit("/console/account", &path, &[("seen", &seen)]).await.leads_to("/console/notices");
            // Sent twice, it is done once.
            let again = anna.browser.submit("/console/account", &path, &[("seen", &seen)]).await.expect(409);
            assert!(again.text().contains("changed meanwhile"), "{}", again.text());
        }
        assert_eq!((state(FAILED).await, state(PLANNED).await), (NoticeState::Planned, NoticeState::Dropped));
        let acts: Vec<_> = office.app.store.audit_of(id.as_str()).await.unwrap().into_iter().filter(|entry| entry.act.starts_with("notice_")).collect();
        assert_eq!(acts.iter().map(|entry| entry.act.as_str()).collect::<Vec<_>>(), ["notice_resent", "notice_cancelled"]);
        assert!(acts.iter().all(|entry| entry.actor.starts_with("staff:stf_")));
        for path in [format!("/console/notices/{FAILED}/nonsense"), "/console/notices/ntc_01ARZ3NDEKTSV4RRFFQ69G5FAX/resend".to_owned(), "/console/notices/x/resend".to_owned()] {
            anna.browser.get(&path).await.expect(404);
        }
        office.close().await;
    }
}
