//! Coming in by an OpenID provider, as a browser does; and what others would have come of it.

use std::collections::HashMap;

use idos_issuer::model::staff::Role;
use serde_json::{Value, json};

use super::browser::{AWAY, Answer, Browser, Office, SESSION};
use crate::oidc::{Sign, Told};
use crate::support::service::Backend;

/// A service whose staff sign in at this provider.
async fn office(backend: Backend, told: &Told) -> Office {
    let settings = format!(
        "[http]\npublic_url = \"https://issuer.example.com\"\n[console]\nenabled = true\n[openid]\nissuer = \"{}\"\n\
         client_id = \"console\"\nviewers = [\"look\"]\ncompliance = [\"decide\"]\nadmins = [\"ops\"]\n",
        told.base()
    );
    let office = Office::with(backend, &settings).await;
    says(told, &office, &json!({}));
    office
}

/// Has the provider say this of who signs in now, over what it says else.
fn says(told: &Told, office: &Office, claims: &Value) {
    let now = office.app.clock.now().unix_seconds();
    let mut all = json!({ "iat": now, "exp": now + 300, "auth_time": now });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    told.tell(|what| what.claims.clone_from(all.as_object().unwrap()));
}

/// Leaves for the provider. Gives what that was asked.
async fn leave(browser: &mut Browser<'_>, told: &Told, next: &str) -> HashMap<String, String> {
    let answer = browser.get(&format!("/console/sign-in/provider{next}")).await.expect(303);
    let there: url::Url = answer.header("location").unwrap().parse().unwrap();
    assert_eq!(there.as_str().split("/authorize?").next(), Some(told.base().as_str()));
    there.query_pairs().into_owned().collect()
}

/// Comes back from there.
async fn come_back(browser: &mut Browser<'_>, query: &str) -> Answer {
    browser.site = Some("cross-site");
    let answer = browser.get(&format!("/console/sign-in/return?{query}")).await;
    browser.site = Some("same-origin");
    answer
}

on_both_databases! {
    async fn somebody_comes_in_by_the_provider(backend) {
        let told = Told::start().await;
        let office = office(backend, &told).await;
        let mut browser = Browser::of(&office);
        let page = browser.get("/console/sign-in?next=/account").await.expect(200);
        assert!(page.text().contains("/console/sign-in/provider?next="), "{}", page.text());
        let asked = leave(&mut browser, &told, "?next=/account").await;
        assert_eq!(asked["redirect_uri"], "https://issuer.example.com/console/sign-in/return");
        let back = told.asked(&asked);
        come_back(&mut browser, &back).await.leads_to("/console/account");
        assert!(!browser.cookies.contains_key(AWAY));
        let page = browser.get("/console/account").await.expect(200);
        assert!(page.text().contains("ada"));
        let ada = office.app.store.staff_of_name("ada").await.unwrap().unwrap();
        assert_eq!(ada.role, Role::Compliance);
        // The way back leads in once: neither this browser nor another one comes in by it again.
        come_back(&mut browser.clone(), &back).await.expect(403);
        come_back(&mut Browser::of(&office), &back).await.expect(403);
        office.close().await;
    }

    /// Each is told apart in words, opens no session, and repeats nothing of what was sent.
    async fn what_the_provider_says_of_others_lets_nobody_in(backend) {
        let told = Told::start().await;
        let office = office(backend, &told).await;
        for (sign, claims, words) in [
            (Sign::WithKey, json!({ "aud": "Xyzzy" }), "does not hold"),
            (Sign::WithKey, json!({ "iss": "https://Xyzzy.example.com" }), "does not hold"),
            (Sign::WithKey, json!({ "nonce": "Xyzzy" }), "does not hold"),
            (Sign::WithKey, json!({ "exp": 7 }), "does not hold"),
            (Sign::WithAnother, json!({}), "does not hold"),
            (Sign::Not, json!({}), "does not hold"),
            (Sign::WithKey, json!({ "groups": ["Xyzzy"] }), "none of the roles"),
            (Sign::WithKey, json!({ "groups": null }), "none of the roles"),
        ] {
            says(&told, &office, &claims);
            told.tell(|what| what.sign = sign);
            let mut browser = Browser::of(&office);
            let asked = leave(&mut browser, &told, "").await;
            let back = told.asked(&asked);
            let answer = come_back(&mut browser, &back).await.expect(403);
            assert!(answer.text().contains(words) && !answer.text().contains("Xyzzy"), "{claims}: {}", answer.text());
            assert!(browser.session().is_none() && !browser.cookies.contains_key(AWAY), "{claims}");
        }
        assert!(office.app.store.staff_of_name("ada").await.unwrap().is_none(), "nobody was made");
        // What is in the query, and in it alone.
        for query in ["error=%3Cscript%3EXyzzy", "code=Xyzzy", "code=the-code&state=Xyzzy", "", "state=a&state=b&code=c"] {
            let mut browser = Browser::of(&office);
            leave(&mut browser, &told, "").await;
            let answer = come_back(&mut browser, query).await.expect(403);
            assert!(!answer.text().contains("Xyzzy") && browser.session().is_none(), "{query}");
        }
        office.close().await;
    }

    /// A sign-in is of the browser that began it: neither is another one let in by it, nor is one made to be in as somebody else.
    async fn a_sign_in_is_of_the_browser_that_began_it(backend) {
        let told = Told::start().await;
        let office = office(backend, &told).await;
        // Somebody sends the victim their own way back: by it the victim would be in as them, and type things there.
        let mut thief = Browser::of(&office);
        let asked = leave(&mut thief, &told, "").await;
        let back = told.asked(&asked);
        let mut victim = Browser::of(&office);
        come_back(&mut victim, &back).await.expect(403);
        leave(&mut victim, &told, "").await;
        come_back(&mut victim, &back).await.expect(403);
        assert!(victim.session().is_none());
        // A cookie that is none of ours, and one that is too old.
        let mut made_up = Browser::of(&office);
        made_up.cookies.insert(AWAY.to_owned(), "AAAA".to_owned());
        come_back(&mut made_up, &back).await.expect(403);
        let mut slow = thief.clone();
        office.pass_seconds(11 * 60);
        says(&told, &office, &json!({}));
        come_back(&mut slow, &back).await.expect(403);
        // A session that was planted is not the one in which somebody is afterwards, and does not become good.
        let mut planted = Browser::of(&office);
        planted.cookies.insert(SESSION.to_owned(), "A".repeat(43));
        let asked = leave(&mut planted, &told, "").await;
        let back = told.asked(&asked);
        come_back(&mut planted, &back).await.leads_to("/console");
        assert_ne!(planted.session().unwrap(), "A".repeat(43));
        let mut old = Browser::of(&office);
        old.cookies.insert(SESSION.to_owned(), "A".repeat(43));
        old.get("/console").await.expect(303);
        office.close().await;
    }

    async fn one_goes_on_from_the_provider_to_pages_of_ours_only(backend) {
        let told = Told::start().await;
        let office = office(backend, &told).await;
        for (next, leads_to) in [
            ("?next=/audit%3Fbefore%3D5", "/console/audit?before=5"),
            ("?next=//evil.example", "/console"),
            ("?next=https://evil.example", "/console"),
            ("?next=/%5Cevil.example", "/console"),
            ("?next=%0d%0aSet-Cookie:%20a=b", "/console"),
            ("?redirect_uri=https://evil.example", "/console"),
        ] {
            let mut browser = Browser::of(&office);
            let asked = leave(&mut browser, &told, next).await;
            assert_eq!(asked["redirect_uri"], "https://issuer.example.com/console/sign-in/return", "{next}");
            let back = told.asked(&asked);
            // What is added on the way back counts for nothing.
            come_back(&mut browser, &format!("{back}&next=/people")).await.leads_to(leads_to);
        }
        office.close().await;
    }

    /// Before what cannot be undone, who was known there from earlier has shown nothing anew.
    async fn showing_it_once_more_is_more_than_coming_back(backend) {
        let told = Told::start().await;
        let office = office(backend, &told).await;
        let mut browser = Browser::of(&office);
        let asked = leave(&mut browser, &told, "").await;
        let back = told.asked(&asked);
        come_back(&mut browser, &back).await.leads_to("/console");
        let first = browser.session().unwrap().to_owned();
        office.pass_seconds(20 * 60);
        let long_ago = office.app.clock.now().unix_seconds() - 20 * 60;
        says(&told, &office, &json!({ "auth_time": long_ago }));
        let asked = leave(&mut browser, &told, "?next=/account").await;
        assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
        let back = told.asked(&asked);
        come_back(&mut browser, &back).await.expect(403);
        says(&told, &office, &json!({}));
        let asked = leave(&mut browser, &told, "?next=/account").await;
        let back = told.asked(&asked);
        come_back(&mut browser, &back).await.leads_to("/console/account");
        assert_ne!(browser.session().unwrap(), first);
        let mut old = Browser::of(&office);
        old.cookies.insert(SESSION.to_owned(), first);
        old.get("/console").await.expect(303);
        office.close().await;
    }

    async fn whether_the_provider_works_is_shown(backend) {
        let told = Told::start().await;
        let office = office(backend, &told).await;
        let mut browser = Browser::of(&office);
        let asked = leave(&mut browser, &told, "").await;
        let back = told.asked(&asked);
        come_back(&mut browser, &back).await.leads_to("/console");
        let page = browser.get("/console/health").await.expect(200);
        assert!(page.text().contains("Sign-in of your organisation") && !page.text().contains("openid.issuer"), "{}", page.text());
        office.close().await;
    }
}
