//! What others would have somebody do, or see.

use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Browser, Office, PASSWORD, SESSION};

on_both_databases! {
    async fn a_form_is_of_the_session_that_sends_it(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        let mut bert = office.person("bert", Role::Viewer, Reach::All).await;
        let token = anna.browser.get("/console").await.expect(200).form_token();
        let path = "/console/account/preferences";
        let foreign = bert.browser.get("/console").await.expect(200).form_token();
        assert_ne!(token, foreign);
        for wrong in [None, Some(""), Some("0"), Some(&foreign[..])] {
            let mut all = vec![("language", "de"), ("zone", "UTC")];
            all.extend(wrong.map(|token| ("form_token", token)));
            let answer = anna.browser.post(path, &all).await.expect(403);
            assert!(answer.text().contains("another session"), "{}", answer.text());
        }
        // From elsewhere, also with the right token.
        let right = [("form_token", token.as_str()), ("language", "de"), ("zone", "UTC")];
        for site in ["cross-site", "same-site", "none", "same-origin, cross-site"] {
            let mut elsewhere = anna.browser.clone();
            elsewhere.site = Some(site);
            elsewhere.post(path, &right).await.expect(400);
        }
        let mut without = anna.browser.clone();
        without.site = None;
        without.post(path, &right).await.expect(400);
        for (origin, status) in [("https://evil.example", 400), ("null", 400), ("http://issuer.evil.example", 400), ("http://issuer", 303)] {
            let mut named = without.clone();
            named.headers = vec![("Origin".to_owned(), origin.to_owned())];
            named.post(path, &right).await.expect(status);
        }
        // A field that stands twice is none.
        let mut other = anna.browser.clone();
        other.headers = vec![("Origin".to_owned(), "http://issuer".to_owned())];
        other.post(path, &[("form_token", &token), ("form_token", &token)]).await.expect(400);
        office.close().await;
    }

    async fn a_session_is_never_one_that_was_there_before(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        // Somebody has put a token into the browser.
        let planted = "A".repeat(43);
        let mut browser = Browser::of(&office);
        browser.cookies.insert(SESSION.to_owned(), planted.clone());
        browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        let half = browser.session().unwrap().to_owned();
        assert_ne!(half, planted);
        let token = browser.get("/console/sign-in/code").await.expect(200).form_token();
        let code = anna.code();
        browser.post("/console/sign-in/code", &[("form_token", &token), ("code", &code)]).await.expect(303);
        let full = browser.session().unwrap().to_owned();
        assert_ne!(full, half);
        for old in [&planted, &half] {
            let mut thief = Browser::of(&office);
            thief.cookies.insert(SESSION.to_owned(), old.clone());
            thief.get("/console").await.expect(303);
        }
        // A code given again changes it, too.
        office.pass_seconds(30);
        let code = anna.code();
        browser.submit("/console", "/console/confirm?next=/account", &[("code", &code)]).await.leads_to("/console/account");
        assert_ne!(browser.session().unwrap(), full);
        let mut thief = Browser::of(&office);
        thief.cookies.insert(SESSION.to_owned(), full);
        thief.get("/console").await.expect(303);
        // Two cookies by that name are none.
        let mut both = browser.clone();
        both.headers = vec![("Cookie".to_owned(), format!("{SESSION}={planted}"))];
        both.get("/console").await.expect(303);
        anna.browser.get("/console").await.expect(200);
        office.close().await;
    }

    async fn one_goes_on_to_pages_of_ours_only(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        for (next, leads_to) in [
            ("/account", "/console/account"),
            ("/audit%3Fbefore%3D5", "/console/audit?before=5"),
            ("//evil.example", "/console"),
            ("https://evil.example", "/console"),
            ("/%5Cevil.example", "/console"),
            ("/..//evil.example", "/console"),
            ("%0d%0aSet-Cookie:%20a=b", "/console"),
            ("javascript:alert(1)", "/console"),
        ] {
            // Who is in already, and who comes in.
            anna.browser.get(&format!("/console/sign-in?next={next}")).await.leads_to(leads_to);
            let code = anna.code();
            let token = anna.browser.get("/console").await.expect(200).form_token();
            let path = format!("/console/confirm?next={next}");
            anna.browser.post(&path, &[("form_token", &token), ("code", &code)]).await.leads_to(leads_to);
            office.pass_seconds(30);
        }
        let page = Browser::of(&office).get("/console/sign-in?next=https://evil.example").await.expect(200);
        assert!(!page.text().contains("evil"));
        // A link from another site brings no session: the page asks for itself once more, and then has one.
        let mut linked = Browser::of(&office);
        linked.site = Some("cross-site");
        let page = linked.get("/console/audit").await.expect(200);
        assert!(page.text().contains("http-equiv=\"refresh\" content=\"0\"") && page.all("set-cookie").is_empty());
        // What was asked for is come back to.
        let asked = Browser::of(&office).get("/console/audit?subject=iss_1").await;
        asked.leads_to("/console/sign-in?next=%2Faudit%3Fsubject%3Diss_1");
        office.close().await;
    }

    /// Whoever guesses waits longer and longer; what they guess at makes no difference, and its owner's browser is not kept out.
    async fn guessing_is_slow(backend) {
        let office = Office::open(backend).await;
        let mut anna = office.person("anna", Role::Viewer, Reach::All).await;
        let mut said = Vec::new();
        for name in ["anna", "nobody"] {
            let mut statuses = Vec::new();
            let mut pauses = Vec::new();
            for guess in 0..10 {
                let mut thief = Browser::of(&office);
                let answer = thief.post("/console/sign-in", &[("name", name), ("password", &format!("guess number {guess}"))]).await;
                statuses.push(answer.status);
                if answer.status == 429 {
                    let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
                    pauses.push(wait);
                    assert!(answer.text().contains("too many attempts"));
                    office.pass_seconds(wait);
                } else {
                    let text = answer.text();
                    let main = text.split("<main").nth(1).unwrap().split("<form").next().unwrap().to_owned();
                    said.push(main);
                }
            }
            assert_eq!(statuses[..5], [422; 5], "{name}");
            assert!(pauses.is_sorted() && pauses.len() >= 3 && pauses[pauses.len() - 1] >= 4, "{name}: {pauses:?}");
        }
        // The same is said of whom there is and of whom there is not.
        assert!(said.windows(2).all(|two| two[0] == two[1]), "{said:?}");
        // While a stranger has to wait, the right password does not help one who is not known...
        let mut stranger = Browser::of(&office);
        for _ in 0..3 {
            stranger.post("/console/sign-in", &[("name", "anna"), ("password", "another guess here")]).await;
        }
        stranger.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(429);
        // ... and anna's own browser is let in.
        anna.browser.cookies.remove(SESSION);
        anna.browser.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        // Nobody is kept out for good.
        office.pass_seconds(16 * 60);
        stranger.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        office.close().await;
    }

    async fn guessing_codes_is_slow(backend) {
        let office = Office::open(backend).await;
        let anna = office.person("anna", Role::Viewer, Reach::All).await;
        let right = anna.code();
        let mut thief = Browser::of(&office);
        thief.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        let token = thief.get("/console/sign-in/code").await.expect(200).form_token();
        let mut statuses = Vec::new();
        for guess in 0..8 {
            let code = format!("{:06}", (right.parse::<u32>().unwrap() + 17 + guess) % 1_000_000);
            statuses.push(thief.post("/console/sign-in/code", &[("form_token", &token), ("code", &code)]).await.status);
        }
        assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429, 429]);
        // Also with a session of another sign-in, and with the right one.
        let mut again = Browser::of(&office);
        again.post("/console/sign-in", &[("name", "anna"), ("password", PASSWORD)]).await.expect(303);
        let token = again.get("/console/sign-in/code").await.expect(200).form_token();
        again.post("/console/sign-in/code", &[("form_token", &token), ("code", &right)]).await.expect(429);
        office.close().await;
    }

    /// Many guesses at the same time are no more than one after the other.
    async fn guesses_at_once_are_counted_before_they_are_looked_at(backend) {
        let office = Office::open(backend).await;
        office.person("anna", Role::Viewer, Reach::All).await;
        let guesses = (0..12).map(|guess| {
            let mut thief = Browser::of(&office);
            async move {
                let password = format!("guess number {guess}");
                thief.post("/console/sign-in", &[("name", "anna"), ("password", &password)]).await.status
            }
        });
        let statuses = futures_util::future::join_all(guesses).await;
        let looked_at = statuses.iter().filter(|status| **status == 422).count();
        assert!(looked_at <= 6, "{statuses:?}");
        assert!(statuses.iter().all(|status| [422, 429, 503].contains(status)), "{statuses:?}");
        office.close().await;
    }

    async fn what_is_stored_is_text(backend) {
        let settings = "[console]\nenabled = true\n";
        let office = Office::with(backend, settings).await;
        let mut admin = office.person("admin", Role::Admin, Reach::All).await;
        let attack = "\"><script>alert('Xyzzy')</script>";
        let browser = &mut admin.browser;
        // What is typed comes back where it was refused.
        let answer = browser.submit("/console/api-keys", "/console/api-keys", &[("client", attack), ("scope", "events")]).await.expect(422);
        assert!(!answer.text().contains("<script") && answer.text().contains("&lt;script&gt;"), "{}", answer.text());
        let answer = browser.submit("/console/people", "/console/people", &[("name", attack), ("role", "viewer"), ("client", "*")]).await.expect(422);
        assert!(!answer.text().contains("<script"));
        let subject: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        let answer = browser.get(&format!("/console/audit?subject={subject}")).await.expect(200);
        assert!(!answer.text().contains("<script"));
        let answer = Browser::of(&office).get(&format!("/console/sign-in?next={subject}&lang={subject}")).await.expect(200);
        assert!(!answer.text().contains("<script") && !answer.text().contains("Xyzzy"));
        // What the chain holds was written by others.
        let mut tx = office.app.store.begin().await.unwrap();
        let entry = idos_issuer::model::audit::AuditEntry::new(office.app.clock.now(), idos_issuer::model::audit::Actor::Operator, idos_issuer::model::audit::AuditAction::Halted, attack);
        tx.record(&entry.detail(attack)).await.unwrap();
        tx.commit().await.unwrap();
        let answer = browser.get("/console/audit").await.expect(200);
        assert!(!answer.text().contains("<script") && answer.text().contains("&lt;script&gt;"));
        // What is said after something was done is said by us.
        for said in ["said.nothing", "<script>", "error.internal", "no.wrong"] {
            browser.cookies.insert("__Host-idos_console_said".to_owned(), said.to_owned());
            let answer = browser.get("/console").await.expect(200);
            assert!(!answer.text().contains("role=\"status\"") && !answer.text().contains("<script"), "{said}");
        }
        office.close().await;
    }
}
