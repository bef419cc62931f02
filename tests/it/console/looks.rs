//! Pages of records: who sees which, what they show, and that nothing that is stored becomes a part of a page.

use idos_issuer::model::audit::{Actor, AuditAction, AuditEntry};
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::issuance::{HaltCode, Issuance, State};
use idos_issuer::model::staff::{Reach, Role};
use rand::rngs::OsRng;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::browser::Office;
use crate::support::service::issued_record;

/// Two records that have stopped, one of each client.
async fn stopped(office: &Office) -> [IssuanceId; 2] {
    let now = office.app.clock.now();
    let mut ids = Vec::new();
    for client in ["acme", "other"] {
        let id = IssuanceId::new(now, &mut OsRng);
        let issuance = Issuance {
            client: client.to_owned(),
            reference: Some(format!("case-of-{client}")),
            ..issued_record(&office.app, &id, now)
        };
        let mut tx = office.app.store.begin().await.unwrap();
        tx.add_issuance(&issuance, None).await.unwrap();
        tx.record(&AuditEntry::new(now, Actor::Service, AuditAction::Received, id.as_str())).await.unwrap();
        tx.commit().await.unwrap();
        ids.push(id);
    }
    run(office, "UPDATE issuance SET state = 'halted', halt = 'not_an_inserter'").await;
    ids.try_into().unwrap()
}

pub(super) async fn run(office: &Office, statement: &str) {
    let mut connection = AnyConnection::connect(&office.stage.database.url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

on_both_databases! {
    async fn one_clients_staff_see_one_clients_records(backend) {
        let office = Office::open(backend).await;
        let [own, other] = stopped(&office).await;
        let mut anna = office.person("anna", Role::Compliance, Reach::Client("acme".to_owned())).await;
        let mut all = office.person("all", Role::Compliance, Reach::All).await;
        for (path, both) in [("/console/issuances", true), ("/console/issuances?state=halted&kind=kyc", true)] {
            let page = anna.browser.get(path).await.expect(200).text();
            assert!(page.contains(own.as_str()) && !page.contains(other.as_str()), "{path}");
            let page = all.browser.get(path).await.expect(200).text();
            assert!(page.contains(own.as_str()) && page.contains(other.as_str()) == both, "{path}");
        }
        let page = all.browser.get("/console/issuances?client=other").await.expect(200).text();
        assert!(!page.contains(own.as_str()) && page.contains(other.as_str()));
        for path in ["issuances?client=other", "issuances?client=*", "numbers?client=other", "halted?client=other",
            "issuances?state=nonsense", "issuances?at=x", "numbers?days=31", "notices?state=x", "events?at=o.1.%3Cb%3E"] {
            anna.browser.get(&format!("/console/{path}")).await.expect(404);
        }
        anna.browser.get(&format!("/console/records/{own}")).await.expect(200);
        for id in [other.as_str(), "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV", "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"] {
            anna.browser.get(&format!("/console/records/{id}")).await.expect(404);
        }
        // What was shown is written down; what was not, is not.
        let seen = office.app.store.audit_of(own.as_str()).await.unwrap();
        assert_eq!(seen.iter().filter(|entry| entry.act == "record_viewed" && entry.actor.starts_with("staff:stf_")).count(), 1);
        let end = office.app.store.audit_end().await.unwrap().seq;
        let chain = office.app.store.audit_page(0, end).await.unwrap();
        let lists: Vec<_> = chain.iter().filter(|entry| entry.act == "records_listed").collect();
        let by_two = |found: &str| {
            let filters = ["state", "kind"];
            lists.iter().any(|entry| entry.detail.starts_with(found) && filters.iter().all(|name| entry.detail.contains(name)))
        };
        assert!(by_two("found:1 by:") && by_two("found:2 by:"), "{lists:?}");
        assert!(lists.iter().all(|entry| entry.actor.starts_with("staff:stf_") && !entry.detail.contains("halted")));
        let not_seen = office.app.store.audit_of(other.as_str()).await.unwrap();
        assert!(not_seen.iter().all(|entry| entry.act == "received"), "{not_seen:?}");

        let groups = anna.browser.get("/console/halted").await.expect(200).text();
        assert!(groups.contains("not_an_inserter") && !groups.contains(">other<"), "{groups}");
        let foreign = [("client", "other"), ("what", "issuance"), ("code", "not_an_inserter")];
        anna.browser.submit("/console/halted", "/console/halted/resume", &foreign).await.leads_to("/console/halted");
        assert!(office.app.store.bulk_resumes(10).await.unwrap().is_empty());
        anna.browser.submit("/console/halted", &format!("/console/records/{other}/resume"), &[]).await.expect(404);
        let page = anna.browser.get("/console/halted/other/issuance/not_an_inserter").await.expect(200).text();
        assert!(!page.contains(other.as_str()));
        office.close().await;
    }

    async fn a_search_finds_and_leaves_no_trace_of_its_text(backend) {
        let office = Office::open(backend).await;
        let [own, other] = stopped(&office).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::Client("acme".to_owned())).await;
        let here = "/console/search";
        let find = [("text", own.as_str())];
        anna.browser.submit(here, here, &find).await.leads_to(&format!("/console/records/{own}"));
        let page = anna.browser.submit(here, here, &[("text", " case-of-acme ")]).await.expect(200).text();
        assert!(page.contains(own.as_str()));
        for text in [other.as_str(), "case-of-other", "two words", "", "ada@example.com"] {
            let page = anna.browser.submit(here, here, &[("text", text)]).await.expect(200).text();
            assert!(!page.contains("/records/"), "{text}");
        }
        let user = office.app.store.issuance(&own).await.unwrap().unwrap().user_id.to_string();
        let page = anna.browser.submit(here, here, &[("text", &user)]).await.expect(200).text();
        assert!(page.contains(own.as_str()));
        let end = office.app.store.audit_end().await.unwrap().seq;
        let chain = format!("{:?}", office.app.store.audit_page(0, end).await.unwrap());
        assert!(chain.contains("contact_looked_up") && !chain.contains("example.com") && !chain.contains("case-of"));
        // By its address, nothing is searched for.
        anna.browser.get("/console/search?text=case-of-acme").await.expect(200);
        assert!(!anna.browser.get("/console/search?text=case-of-acme").await.expect(200).text().contains(own.as_str()));
        office.close().await;
    }

    async fn what_has_stopped_is_brought_on_by_those_who_may(backend) {
        let office = Office::open(backend).await;
        let [own, _] = stopped(&office).await;
        let mut viewer = office.person("viewer", Role::Viewer, Reach::All).await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let reason = [("client", "acme"), ("what", "issuance"), ("code", "not_an_inserter")];
        let page = viewer.browser.get("/console/halted").await.expect(200).text();
        assert!(page.contains(">acme<") && page.contains(">other<") && !page.contains("/halted/resume"));
        viewer.browser.submit("/console/account", "/console/halted/resume", &reason).await.expect(403);
        viewer.browser.submit("/console/account", &format!("/console/records/{own}/resume"), &[]).await.expect(403);
        anna.browser.submit("/console/halted", "/console/halted/resume", &reason).await.leads_to("/console/halted");
        let page = anna.browser.get("/console/halted").await.expect(200).text();
        assert!(page.contains("<progress value=\"0\" max=\"1\">"), "{page}");
        // Again: it runs already.
        anna.browser.submit("/console/halted", "/console/halted/resume", &reason).await.leads_to("/console/halted");
        let bulk = office.app.store.bulk_resumes(10).await.unwrap();
        assert_eq!(bulk.len(), 1);
        assert!(bulk[0].actor.starts_with("staff:stf_"));
        let end = format!("/console/resumptions/{}/end", bulk[0].id);
        viewer.browser.submit("/console/account", &end, &[]).await.expect(403);
        anna.browser.submit("/console/halted", &end, &[]).await.leads_to("/console/halted");
        anna.browser.submit("/console/halted", &end, &[]).await.expect(404);
        // Its content is gone, so that it stays.
        let here = format!("/console/records/{own}");
        anna.browser.submit(&here, &format!("{here}/resume"), &[]).await.leads_to(&here);
        let there = office.app.store.issuance(&own).await.unwrap().unwrap();
        assert_eq!((there.state, there.halt), (State::Halted, Some(HaltCode::NotAnInserter)));
        for wrong in [("what", "nonsense"), ("code", "nonsense")] {
            let mut fields = reason;
            fields.iter_mut().filter(|(name, _)| *name == wrong.0).for_each(|field| *field = wrong);
            anna.browser.submit("/console/halted", "/console/halted/resume", &fields).await.expect(404);
        }
        office.close().await;
    }

    async fn nothing_that_is_stored_becomes_a_part_of_a_page(backend) {
        let office = Office::open(backend).await;
        let [own, other] = stopped(&office).await;
        // As if all that holds such texts back had failed.
        let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
        let uuid = "00000000-0000-4000-8000-000000000001";
        for statement in [
            format!("UPDATE issuance SET reference = '{evil}', level = '{evil}', grantee = '{evil}', content_hash = '{evil}', tx_hash = '{evil}', write_key = '{evil}'"),
            format!("UPDATE issuance SET client = '{evil}' WHERE id = '{other}'"),
            format!(
                "INSERT INTO verification (id, client, source, external_id, state, delivery, user_id, reference, problems, made, version, \
                 case_id, created_at, updated_at, code) VALUES ('ver_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'acme', '{evil}', '{uuid}', 'halted', \
                 'inserter', '{uuid}', '{evil}', '{evil} {evil}', 1, 1, '{evil}', 1, 1, 'not_in_schema')"
            ),
            format!(
                "INSERT INTO event (id, client, kind, subject, body, created_at) VALUES ('evt_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'acme', \
                 'issuance.halted', '{own}', '{evil}', 1)"
            ),
            format!(
                "INSERT INTO job (id, work, subject, target, series, state, due_at, attempts, reason, created_at) VALUES \
                 ('job_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'send_webhook', 'evt_01ARZ3NDEKTSV4RRFFQ69G5FAV', '{evil}', '', 'halted', 1, 9, '{evil}', 1)"
            ),
            format!(
                "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, created_at, updated_at) \
                 VALUES ('ntc_01ARZ3NDEKTSV4RRFFQ69G5FAV', '{own}', 'acme', '{evil}', 1, 9, 'planned', 9, 0, 0, 1, 1)"
            ),
            format!("INSERT INTO daily (client, day, what, count) VALUES ('{evil}', 0, '{evil}', 1)"),
            format!(
                "INSERT INTO bulk_resume (id, client, what, code, state, actor, total, resumed, remaining, place_at, place_id, created_at, \
                 updated_at) VALUES ('blk_01ARZ3NDEKTSV4RRFFQ69G5FAV', '{evil}', 'issuance', 'refused', 'done', '{evil}', 1, 1, 0, 1, '', 1, 1)"
            ),
        ] {
            run(&office, &statement).await;
        }
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        let mut shown = 0;
        for path in ["issuances", "verifications", "notices", "events", "halted", "numbers", "numbers?days=365",
            "records/ver_01ARZ3NDEKTSV4RRFFQ69G5FAV", &format!("records/{own}"), &format!("records/{other}"),
            "halted/acme/issuance/not_an_inserter"] {
            let page = anna.browser.get(&format!("/console/{path}")).await.expect(200).text();
            assert!(!page.contains("<script") && !page.contains("<img src=x"), "{path}: {page}");
            shown += page.matches("&lt;script&gt;").count();
        }
        assert!(shown > 15, "{shown}");
        for text in [evil, "ada\"><script>@example.com", "x' OR '1' = '1"] {
            let page = anna.browser.submit("/console/search", "/console/search", &[("text", text)]).await.expect(200).text();
            assert!(!page.contains("<script"), "{page}");
        }
        office.close().await;
    }

    async fn numbers_are_drawn_and_stand_in_a_table(backend) {
        let office = Office::open(backend).await;
        let day = office.app.clock.now().unix_millis() / 86_400_000 * 86_400_000;
        run(&office, &format!(
            "INSERT INTO daily (client, day, what, count) VALUES ('*', {day}, 'issued', 41), ('acme', {day}, 'issued', 40), ('*', {day}, 'declined', 3)"
        )).await;
        let mut all = office.person("all", Role::Viewer, Reach::All).await;
        let mut acme = office.person("acme", Role::Viewer, Reach::Client("acme".to_owned())).await;
        let page = all.browser.get("/console/numbers").await.expect(200).text();
        assert_eq!(page.matches("<svg class=\"chart\"").count(), 3);
        assert_eq!(page.matches("<rect class=\"bar").count(), 2);
        assert!(page.contains(">41</td>") && page.contains("Issued: 41;"), "{page}");
        let page = acme.browser.get("/console/numbers?days=90").await.expect(200).text();
        assert!(page.contains(">40</td>") && !page.contains(">41</td>"));
        assert!(page.contains("<polyline"));
        office.close().await;
    }

    async fn mails_are_shown_in_a_frame_that_may_do_nothing(backend) {
        let folder = crate::support::Folder::new();
        let mail = format!("[console]\nenabled = true\n[mail]\nfrom = \"KYC <kyc@example.com>\"\ntransport = \"folder\"\nfolder = \"{}\"\n", folder.path("."));
        let office = Office::with(backend, &mail).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::Client("acme".to_owned())).await;
        let page = anna.browser.get("/console/mails").await.expect(200);
        assert!(page.header("content-security-policy").unwrap().contains("; frame-src 'self'"));
        assert!(page.text().contains("<iframe class=\"mail\"") && page.text().contains("/mails/expiring/"));
        for language in ["en", "de"] {
            let mail = anna.browser.get(&format!("/console/mails/expired/{language}")).await.expect(200);
            assert!(mail.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox;"));
            assert_eq!(mail.header("x-frame-options"), Some("SAMEORIGIN"));
            assert!(mail.text().contains("<html"));
        }
        for path in ["mails/expired/xx", "mails/nonsense/en", "mails?mail=nonsense", "mails?language=xx"] {
            anna.browser.get(&format!("/console/{path}")).await.expect(404);
        }
        // No other page may frame anything.
        assert!(!anna.browser.get("/console/notices").await.expect(200).header("content-security-policy").unwrap().contains("frame-src"));
        office.close().await;
    }
}
