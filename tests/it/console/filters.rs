//! What is typed into the filters of lists, by whoever is in, and invitations that are looked at by programs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use idos_issuer::flow::api_keys;
use idos_issuer::model::client::Scope;
use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Browser, Office, PASSWORD};
use crate::http::attacks::STATEMENTS;
use crate::support::tables::contents;

/// The pages with a filter. Which filters there are stands in the pages.
const PAGES: &[&str] = &[
    "issuances",
    "verifications",
    "events",
    "notices",
    "numbers",
    "mails",
    "audit",
    "halted",
    "search",
    "people",
];

on_both_databases! {
    async fn no_filter_of_a_list_is_a_part_of_a_statement(backend) {
        let office = Office::with(backend, "[console]\nenabled = true\n[http]\nrequests_per_second = 10000\nburst = 10000\n").await;
        let now = office.app.clock.now();
        let (other, _) = api_keys::create(&office.app.store, "other", &[Scope::Events], None, now).await.unwrap();
        let mut anna = office.person("anna", Role::Admin, Reach::Client("acme".to_owned())).await;
        let before = contents(&office.stage.database.url).await;
        let mut tried = BTreeSet::new();
        for page in PAGES {
            let path = format!("/console/{page}");
            let shown = anna.browser.get(&path).await;
            let text = if shown.status == 200 { shown.text() } else { String::new() };
            let of_form = text.split("<form method=\"get\"").nth(1).map(|rest| rest.split("</form>").next().unwrap());
            let names = of_form.into_iter().flat_map(|form| form.split("name=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
            // Those by which lists go on, as well.
            let names: BTreeSet<_> = names.chain(["before", "after", "client", "subject"].map(str::to_owned)).collect();
            for name in names {
                for statement in STATEMENTS {
                    let value: String = url::form_urlencoded::byte_serialize(statement.as_bytes()).collect();
                    let target = format!("{path}?{name}={value}");
                    let start = Instant::now();
                    let answer = anna.browser.get(&target).await;
                    assert!(start.elapsed() < Duration::from_secs(10), "{target}");
                    assert!([200, 303, 400, 403, 404, 422].contains(&answer.status), "{target}: {}", answer.status);
                    assert!(!answer.text().contains(other.id.as_str()), "{target}");
                    tried.insert((page, name.clone()));
                }
            }
        }
        assert!(tried.len() > 40, "{tried:?}");
        for statement in STATEMENTS {
            let answer = anna.browser.submit("/console/search", "/console/search", &[("text", statement)]).await;
            assert!([200, 422].contains(&answer.status), "{statement}: {}", answer.status);
        }
        // Nothing but what was written down of looking, and when the session was seen.
        let after = contents(&office.stage.database.url).await;
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        for (table, rows) in &before {
            if !["audit", "audit_head", "audit_view", "staff_session", "recorded"].contains(&table.as_str()) {
                assert_eq!(&after[table], rows, "{table}");
            }
        }
        assert!(before["audit"].iter().all(|row| after["audit"].contains(row)));
        office.close().await;
    }

    async fn an_invitation_is_not_used_up_by_those_who_look(backend) {
        let office = Office::with(backend, "[console]\nenabled = true\n[http]\nrequests_per_second = 10000\nburst = 10000\n").await;
        let link = office.invite("anna", Role::Viewer, Reach::All).await;
        let before = contents(&office.stage.database.url).await;
        for headers in [
            &[][..],
            &[("User-Agent", "Mozilla/5.0 (compatible; Linkscanner/1.0)")],
            &[("Sec-Purpose", "prefetch;prerender")],
            &[("X-HTTP-Method-Override", "POST")],
        ] {
            for (method, site) in [("GET", None), ("GET", Some("cross-site")), ("GET", Some("none"))] {
                let mut browser = Browser::of(&office);
                browser.site = site;
                browser.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                browser.send(method, &link, None).await.expect(200);
            }
        }
        assert_eq!(contents(&office.stage.database.url).await, before);
        let mut anna = Browser::of(&office);
        anna.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.expect(303);
        office.close().await;
    }
}
