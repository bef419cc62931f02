//! What pages show, and under which headers.

use idos_issuer::http::{CONSOLE_ROUTES, Guard};
use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Browser, Office, PASSWORD};

on_both_databases! {
    async fn every_page_may_load_nothing_from_elsewhere(backend) {
        let office = Office::open(backend).await;
        let mut admin = office.person("admin", Role::Admin, Reach::All).await;
        let pages = CONSOLE_ROUTES.iter().filter(|route| route.method == "GET" && route.guard != Guard::Console && !route.path.contains('{'));
        let mut seen = 0;
        for path in pages.map(|route| route.path) {
            for (language, tag) in [("de", "lang=\"de\""), ("en", "lang=\"en\""), ("fr, de;q=0.5", "lang=\"de\""), ("ja", "lang=\"en\"")] {
                let mut browser = admin.browser.clone();
                browser.headers = vec![("Accept-Language".to_owned(), language.to_owned())];
                let answer = browser.get(path).await.expect(200);
                assert!(answer.text().contains(tag), "{path} {language}");
                let policy = answer.header("content-security-policy").unwrap();
                assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("script") && !policy.contains("unsafe"));
                assert!(policy.contains("form-action 'self'; frame-ancestors 'none'; base-uri 'none'"));
                assert_eq!(answer.header("x-frame-options"), Some("DENY"));
                assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                assert!(!answer.text().contains("<script") && !answer.text().contains("http://") && !answer.text().contains("javascript:"));
                seen += 1;
            }
        }
        assert!(seen >= 24, "{seen}");
        let style = admin.browser.get("/console").await.expect(200).between("rel=\"stylesheet\" href=\"", "\"");
        let answer = Browser::of(&office).get(&style).await.expect(200);
        assert!(answer.header("cache-control").unwrap().contains("immutable"));
        assert_eq!(answer.header("content-type"), Some("text/css; charset=utf-8"));
        admin.browser.get("/console/assets/style.0.css").await.expect(404);
        office.close().await;
    }

    async fn an_admin_invites_and_takes_away(backend) {
        let office = Office::open(backend).await;
        let mut admin = office.person("admin", Role::Admin, Reach::All).await;
        let here = "/console/people";
        let page = admin.browser.submit(here, here, &[("name", "carla"), ("role", "compliance"), ("client", "acme")]).await.expect(200);
        let link = page.between("class=\"secret\">", "<");
        Browser::of(&office).get(&link).await.expect(200);
        admin.browser.submit(here, here, &[("name", "carla"), ("role", "viewer"), ("client", "*")]).await.expect(409);
        let carla = office.app.store.staff_of_name("carla").await.unwrap().unwrap();
        assert_eq!((carla.role, carla.reach), (Role::Compliance, Reach::Client("acme".to_owned())));
        admin.browser.submit(here, &format!("{here}/{}/change", carla.id), &[("role", "viewer"), ("client", "*")]).await.leads_to(here);
        assert_eq!(office.app.store.staff(&carla.id).await.unwrap().unwrap().role, Role::Viewer);
        // Nobody takes their own role away.
        let own = office.app.store.staff_of_name("admin").await.unwrap().unwrap();
        for act in ["change", "reset", "remove"] {
            let fields = [("role", "viewer"), ("client", "*")];
            admin.browser.submit(here, &format!("{here}/{}/{act}", own.id), &fields).await.expect(409);
        }
        admin.browser.submit(here, &format!("{here}/{}/remove", carla.id), &[]).await.leads_to(here);
        assert!(office.app.store.staff(&carla.id).await.unwrap().is_none());
        Browser::of(&office).get(&link).await.expect(404);
        // What cannot be undone asks for a code that was given a short while ago.
        office.pass_seconds(11 * 60);
        let answer = admin.browser.submit(here, here, &[("name", "dora"), ("role", "viewer"), ("client", "*")]).await;
        answer.leads_to("/console/confirm?next=%2Fpeople");
        let code = admin.code();
        admin.browser.submit("/console/confirm", "/console/confirm?next=%2Fpeople", &[("code", &code)]).await.leads_to(here);
        admin.browser.submit(here, here, &[("name", "dora"), ("role", "viewer"), ("client", "*")]).await.expect(200);
        office.close().await;
    }

    async fn the_chain_is_read_and_taken_along(backend) {
        let office = Office::open(backend).await;
        let mut auditor = office.person("auditor", Role::Compliance, Reach::All).await;
        for number in 0..60 {
            office.invite(&format!("person-{number}"), Role::Viewer, Reach::All).await;
        }
        let page = auditor.browser.get("/console/audit").await.expect(200).text();
        let entries = |page: &str| page.matches("<tr>").count() - 1;
        assert_eq!(entries(&page), 50);
        let older = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let page = auditor.browser.get(&older).await.expect(200).text();
        let end = office.app.store.audit_end().await.unwrap().seq;
        assert_eq!(i64::try_from(entries(&page)).unwrap(), end - 50);
        let subject = office.app.store.staff_of_name("person-7").await.unwrap().unwrap().id;
        let page = auditor.browser.get(&format!("/console/audit?subject={subject}")).await.expect(200).text();
        assert_eq!(entries(&page), 1);
        let taken = auditor.browser.submit("/console/audit", "/console/audit/export", &[]).await.expect(200);
        assert!(taken.header("content-disposition").unwrap().starts_with("attachment"));
        let text = taken.text();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("{\"seq\"")).collect();
        assert_eq!(i64::try_from(lines.len()).unwrap(), end + 1, "that it was taken is in it");
        assert!(lines.last().unwrap().contains("audit_exported"));
        office.close().await;
    }

    async fn language_and_time_are_chosen(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        let here = "/console/account";
        anna.browser.submit(here, "/console/account/preferences", &[("language", "de"), ("zone", "Asia/Tokyo")]).await.leads_to(here);
        let page = anna.browser.get(here).await.expect(200).text();
        assert!(page.contains("Gespeichert.") && page.contains(" JST</time>") && page.contains("Mein Konto"), "{page}");
        assert!(!anna.browser.get(here).await.expect(200).text().contains("Gespeichert."), "it is said once");
        for (language, zone) in [("xx", "UTC"), ("de", "Moon/Crater")] {
            anna.browser.submit(here, "/console/account/preferences", &[("language", language), ("zone", zone)]).await.expect(422);
        }
        // New recovery codes take the place of the old ones.
        let page = anna.browser.submit(here, "/console/account/recovery-codes", &[]).await.expect(200);
        assert_eq!(page.text().matches("class=\"secret\">").count(), 10);
        assert!(!page.text().contains(&anna.recovery[0]));
        let mut browser = Browser::of(&office);
        browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        let token = browser.get("/console/sign-in/code").await.expect(200).form_token();
        browser.post("/console/sign-in/code", &[("form_token", &token), ("code", &anna.recovery[0])]).await.expect(422);
        office.close().await;
    }
}
