//! Coming in: passwords, codes, sessions and their ends.

use idos_issuer::flow::staff::manage;
use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Browser, Office, PASSWORD};
use crate::support::service::{Backend, audit_holds};

on_both_databases! {
    async fn somebody_is_invited_and_comes_in(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        // They are in at once, and see who they are.
        let home = anna.browser.get("/console").await.expect(200);
        assert!(home.text().contains("anna") && home.text().contains("What needs you today"), "{}", home.text());
        // The invitation works once.
        let link = office.invite("bert", Role::Viewer, Reach::All).await;
        let mut browser = Browser::of(&office);
        browser.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.leads_to(&link);
        browser.post(&link, &[("code", "000000")]).await.expect(422);
        anna.sign_in().await.leads_to("/console");
        anna.browser.get("/console/account").await.expect(200);
        // A name is typed in any case.
        let mut browser = Browser::of(&office);
        browser.post("/console/sign-in", &[("name", " Anna "), ("password", PASSWORD)]).await.leads_to("/console/sign-in/code?next=");
        let acts: Vec<_> = office.app.store.audit_page(0, 100).await.unwrap().into_iter().map(|entry| (entry.act, entry.actor)).collect();
        let id = office.app.store.staff_of_name("anna").await.unwrap().unwrap().id;
        for (act, actor) in [("staff_invited", "operator".to_owned()), ("staff_accepted", format!("staff:{id}")), ("staff_signed_in", format!("staff:{id}"))] {
            assert!(acts.contains(&(act.to_owned(), actor)), "{acts:?}");
        }
        audit_holds(&office.app.store).await;
        office.close().await;
    }

    async fn a_password_alone_opens_nothing(backend) {
        let office = Office::open(backend).await;
        let anna = office.person("anna", Role::Admin, Reach::All).await;
        let mut half = Browser::of(&office);
        half.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        for path in ["/console", "/console/account", "/console/people", "/console/confirm"] {
            let mut half = half.clone();
            assert!(half.get(path).await.expect(303).header("location").unwrap().starts_with("/console/sign-in"), "{path}");
        }
        // It is for a short while alone.
        let page = half.get("/console/sign-in/code").await.expect(200);
        office.pass_seconds(301);
        let code = anna.code();
        half.post("/console/sign-in/code", &[("form_token", &page.form_token()), ("code", &code)]).await.leads_to("/console/sign-in");
        office.close().await;
    }

    async fn a_code_works_once(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        let code = anna.code();
        let mut browsers = [Browser::of(&office), Browser::of(&office)];
        for (number, browser) in browsers.iter_mut().enumerate() {
            browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
            let token = browser.get("/console/sign-in/code").await.expect(200).form_token();
            let answer = browser.post("/console/sign-in/code", &[("form_token", &token), ("code", &code)]).await;
            assert_eq!(answer.status, if number == 0 { 303 } else { 422 });
        }
        // A recovery code does, too, however it is typed; and is gone then.
        let recovery = anna.recovery[0].to_lowercase().replace('-', " ");
        for status in [303, 422] {
            let mut browser = Browser::of(&office);
            browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
            let token = browser.get("/console/sign-in/code").await.expect(200).form_token();
            browser.post("/console/sign-in/code", &[("form_token", &token), ("code", &recovery)]).await.expect(status);
        }
        // Codes of one step early or late work, others do not.
        office.pass_seconds(30);
        anna.sign_in().await.leads_to("/console");
        let late = anna.code();
        office.pass_seconds(90);
        let mut browser = Browser::of(&office);
        browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        let token = browser.get("/console/sign-in/code").await.expect(200).form_token();
        browser.post("/console/sign-in/code", &[("form_token", &token), ("code", &late)]).await.expect(422);
        office.close().await;
    }

    async fn sessions_end(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        // By itself, where nothing is asked for.
        office.pass_seconds(29 * 60);
        anna.browser.get("/console").await.expect(200);
        office.pass_seconds(29 * 60);
        anna.browser.get("/console").await.expect(200);
        office.pass_seconds(31 * 60);
        anna.browser.get("/console").await.expect(303);
        // In the end, whatever is asked for.
        anna.sign_in().await.expect(303);
        for _ in 0..48 {
            office.pass_seconds(15 * 60);
            anna.browser.get("/console").await;
        }
        anna.browser.get("/console").await.expect(303);
        // By hand: one, and all.
        anna.sign_in().await.expect(303);
        let mut first = anna.browser.clone();
        anna.sign_in().await.expect(303);
        let mut second = anna.browser.clone();
        first.submit("/console", "/console/sign-out", &[]).await.leads_to("/console/sign-in");
        first.get("/console").await.expect(303);
        let mut copied = second.clone();
        second.submit("/console/account", "/console/account/sessions/end-all", &[]).await.leads_to("/console/sign-in");
        copied.get("/console").await.expect(303);
        // By an admin.
        anna.sign_in().await.expect(303);
        let id = office.app.store.staff_of_name("anna").await.unwrap().unwrap().id;
        manage::change(&office.app.store, &office.by(), &id, Role::Compliance, Reach::All).await.unwrap();
        anna.browser.get("/console").await.expect(303);
        anna.sign_in().await.expect(303);
        let mut in_use = anna.browser.clone();
        manage::remove(&office.app.store, &office.by(), &id).await.unwrap();
        in_use.get("/console").await.expect(303);
        assert!(office.app.store.staff_of_name("anna").await.unwrap().is_none());
        // What has ended is forgotten.
        office.pass_seconds(13 * 3600);
        office.app.store.forget_sessions_before(office.app.clock.now()).await.unwrap();
        assert!(office.app.store.sessions_of_staff(&id).await.unwrap().is_empty());
        office.close().await;
    }

    async fn a_password_is_changed(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        let mut other = anna.browser.clone();
        anna.sign_in().await.expect(303);
        let before = anna.browser.session().unwrap().to_owned();
        let path = "/console/account/password";
        let new = "five other words in a row";
        for (fields, words) in [
            ([("old", "wrong wrong wrong"), ("password", new), ("again", new)], "That is not right"),
            ([("old", PASSWORD), ("password", new), ("again", "something else")], "not the same"),
            ([("old", PASSWORD), ("password", "short"), ("again", "short")], "12 to 128"),
            ([("old", PASSWORD), ("password", "xx anna 12345678"), ("again", "xx anna 12345678")], "login name"),
        ] {
            let answer = anna.browser.submit("/console/account", path, &fields).await.expect(422);
            assert!(answer.text().contains(words), "{words}");
            assert!(!answer.text().contains("xx anna") && !answer.text().contains(new));
        }
        anna.browser.submit("/console/account", path, &[("old", PASSWORD), ("password", new), ("again", new)]).await.leads_to("/console/account");
        // The session goes on under another token, and all others have ended.
        assert_ne!(anna.browser.session().unwrap(), before);
        anna.browser.get("/console").await.expect(200);
        other.get("/console").await.expect(303);
        let mut browser = Browser::of(&office);
        browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(422);
        browser.post("/console/sign-in", &[("name", "anna"), ("password", new)]).await.expect(303);
        office.close().await;
    }

    async fn who_is_reset_begins_anew(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        let id = office.app.store.staff_of_name("anna").await.unwrap().unwrap().id;
        manage::reset(&office.app.store, &office.by(), &id).await.unwrap();
        anna.browser.get("/console").await.expect(303);
        let mut browser = Browser::of(&office);
        browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(422);
        assert_eq!(office.app.store.count_recovery_codes(&id).await.unwrap(), 0);
        // An invitation ends.
        let link = office.invite("bert", Role::Viewer, Reach::All).await;
        Browser::of(&office).get(&link).await.expect(200);
        office.pass_seconds(72 * 3600);
        Browser::of(&office).get(&link).await.expect(410);
        Browser::of(&office).get("/console/invitation/AAAA").await.expect(404);
        office.close().await;
    }
}

/// The secrets of codes are locked anew with the vault's key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vault_keys_are_rotated() {
    use idos_issuer::vault::Vault;
    use zeroize::Zeroizing;

    let office = Office::open(Backend::Sqlite).await;
    let anna = office.person("anna", Role::Viewer, Reach::All).await;
    let secret = anna.secret.clone();
    let stage = office.close().await;
    let keys = |all: &[u8]| {
        Vault::new(&all.iter().map(|key| Zeroizing::new([*key; 32])).collect::<Vec<_>>()).unwrap()
    };
    let app = stage.app_with(keys(&[8, 7])).await;
    assert_eq!(manage::relock_all(&app).await.unwrap(), 1);
    assert_eq!(manage::relock_all(&app).await.unwrap(), 0);
    app.store.close().await;
    let app = stage.app_with(keys(&[8])).await;
    let staff = app.store.staff_of_name("anna").await.unwrap().unwrap();
    let setup = idos_issuer::flow::staff::invitation::setup(&app, &staff).unwrap().unwrap();
    assert_eq!(*setup.secret.expose(), secret);
    app.store.close().await;
}
