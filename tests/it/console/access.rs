//! Who may go where.

use idos_issuer::flow::api_keys;
use idos_issuer::flow::staff::{StaffError, sample};
use idos_issuer::http::{CONSOLE_ROUTES, Guard};
use idos_issuer::model::client::Scope;
use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Browser, Office};

/// A path of a route, with something in the place of its parameters.
fn path(route: &str) -> String {
    let route = route.replace("{client}", "acme").replace("{what}", "x").replace("{code}", "x");
    let route = route.replace("{name}", "test").replace("{language}", "en");
    route
        .replace("{id}", "stf_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .replace("{token}", "AAAA")
        .replace("{file}", "style.css")
}

on_both_databases! {
    async fn each_page_refuses_each_lesser_role(backend) {
        let office = Office::open(backend).await;
        let mut people = Vec::new();
        for role in Role::ALL {
            for reach in [Reach::All, Reach::Client("acme".to_owned())] {
                let name = format!("{role}-{}", if reach == Reach::All { "all" } else { "acme" });
                let person = office.person(&name, *role, reach.clone()).await;
                people.push((*role, reach, person.browser));
            }
        }
        let mut refused = 0;
        for route in CONSOLE_ROUTES {
            let (least, of_all) = match route.guard {
                Guard::Staff(role) => (role, false),
                Guard::StaffOfAll(role) => (role, true),
                Guard::Console => continue,
                other => panic!("{}: {other:?} is none of the console", route.path),
            };
            // Nobody.
            let nobody = Browser::of(&office).send(route.method, &path(route.path), Some(String::new())).await;
            let nobody = nobody.expect(303);
            assert!(nobody.header("location").unwrap().starts_with("/console/sign-in"), "{}", route.path);
            for (role, reach, browser) in &people {
                let mut browser = browser.clone();
                let may = *role >= least && (!of_all || *reach == Reach::All);
                if may && route.method == "POST" {
                    // Without the token of the session, it changes nothing.
                    let answer = browser.post(&path(route.path), &[]).await;
                    assert_eq!(answer.status, 403, "{} {}", route.method, route.path);
                    continue;
                }
                let answer = browser.send(route.method, &path(route.path), Some(String::new())).await;
                // What is not there is nothing, for those who may.
                let is_of_one = route.path.contains('{');
                let status = if !may { 403 } else if is_of_one { 404 } else { 200 };
                assert_eq!(answer.status, status, "{} {} as {role} of {reach}: {}", route.method, route.path, answer.text());
                refused += u32::from(!may);
            }
        }
        assert!(refused > 30, "{refused}");
        office.close().await;
    }

    /// Who sees one client's keys sees no others, makes none for others, and revokes none of others.
    async fn one_clients_admin_is_one_clients(backend) {
        let office = Office::open(backend).await;
        let now = office.app.clock.now();
        let (own, _) = api_keys::create(&office.app.store, "acme", &[Scope::Events], None, now).await.unwrap();
        let (other, _) = api_keys::create(&office.app.store, "other", &[Scope::Events], None, now).await.unwrap();
        let mut admin = office.person("admin", Role::Admin, Reach::Client("acme".to_owned())).await;
        let page = admin.browser.get("/console/api-keys").await.expect(200);
        assert!(page.text().contains(own.id.as_str()) && !page.text().contains(other.id.as_str()));
        let browser = &mut admin.browser;
        let here = "/console/api-keys";
        let made = browser.submit(here, here, &[("client", "acme"), ("scope", "events"), ("days", "")]).await.expect(200);
        assert!(made.text().contains("idos_key_"));
        browser.submit(here, here, &[("client", "other"), ("scope", "events")]).await.expect(403);
        browser.submit(here, &format!("{here}/{}/revoke", other.id), &[]).await.expect(404);
        browser.submit(here, &format!("{here}/{}/revoke", own.id), &[]).await.leads_to(here);
        assert!(office.app.store.api_key(&other.id).await.unwrap().unwrap().revoked_at.is_none());
        let entry = office.app.store.audit_of(own.id.as_str()).await.unwrap().pop().unwrap();
        assert!(entry.actor.starts_with("staff:stf_") && entry.act == "key_revoked", "{entry:?}");
        office.close().await;
    }

    async fn where_there_is_no_console_there_is_nothing(backend) {
        let office = Office::with(backend, "").await;
        for route in CONSOLE_ROUTES {
            let answer = Browser::of(&office).send(route.method, &path(route.path), Some(String::new())).await;
            assert_eq!(answer.status, 404, "{}", route.path);
            assert!(answer.header("content-type").unwrap().starts_with("application/problem+json"));
        }
        office.close().await;
    }

    /// The door of a development service is in no other: neither its paths nor what is behind them.
    async fn there_are_no_sample_staff(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        for role in Role::ALL {
            let fields = [("role", role.as_str())];
            for browser in [&mut anna.browser, &mut Browser::of(&office)] {
                browser.get("/console/sample-staff").await.expect(404);
                browser.post("/console/sample-staff", &fields).await.expect(404);
            }
            assert!(matches!(sample::come_in(&office.app, *role).await, Err(StaffError::NotFound)));
        }
        assert_eq!(office.app.store.all_staff().await.unwrap().len(), 1);
        office.close().await;
    }
}
