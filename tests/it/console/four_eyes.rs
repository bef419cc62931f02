//! What takes two people: nobody does it alone, and what one has proposed another does.

use idos_issuer::flow::api_keys;
use idos_issuer::flow::staff::manage;
use idos_issuer::flow::sweep::sweep;
use idos_issuer::model::case::CaseState;
use idos_issuer::model::client::Scope;
use idos_issuer::model::staff::{Reach, Role};

use super::browser::{Browser, Office};
use super::cases::{CASES, act, case, open, page_of, record};
use super::looks::run;
use crate::support::service::audit_holds;

const SETTINGS: &str = "[console]\nenabled = true\nfour_eyes = true\n[erasure]\nidentity = \"by_client\"\n";
const APPROVALS: &str = "/console/approvals";

/// The ids of what is proposed, as somebody sees them.
async fn proposed(browser: &mut Browser<'_>) -> Vec<String> {
    let page = browser.get(APPROVALS).await.expect(200).text();
    page.split("/approvals/pro_").skip(1).map(|rest| format!("pro_{}", &rest[..26])).collect()
}

on_both_databases! {
    async fn an_erasure_takes_somebody_else(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (own, user) = record(&office, "acme", "case-1").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let mut bert = office.person("bert", Role::Compliance, Reach::Client("acme".to_owned())).await;
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        assert!(anna.browser.get(&format!("{CASES}/{id}/decide")).await.expect(200).text().contains("A second person has to approve"));
        act(&mut anna.browser, &id, "decide", &[]).await.leads_to(&page_of(&id));
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingApproval);
        // Who has decided is told to wait, and is not let approve, whatever they send.
        let page = anna.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(page.contains("It waits for a second person") && !page.contains("/approve\""), "{page}");
        anna.browser.get(&format!("{CASES}/{id}/approve")).await.expect(409);
        let seen = case(&office, &id).await.seen().to_string();
        let answer = anna.browser.submit("/console/account", &format!("{CASES}/{id}/approve"), &[("seen", &seen)]).await.expect(409);
        assert!(answer.text().contains("cannot approve as well"), "{}", answer.text());
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingApproval);
        assert!(office.app.store.issuance(&own).await.unwrap().is_some());
        // Each sees on the first page what waits for whom.
        let home = anna.browser.get("/console").await.expect(200).text();
        assert!(home.contains("Waits for somebody else</a></h2>\n    <p class=\"count\">1</p>"), "{home}");
        let home = bert.browser.get("/console").await.expect(200).text();
        assert!(home.contains("Waits for a second person</a></h2>\n    <p class=\"count\">1</p>"), "{home}");
        assert!(bert.browser.get(APPROVALS).await.expect(200).text().contains(id.as_str()));
        act(&mut bert.browser, &id, "approve", &[]).await.leads_to(&page_of(&id));
        let there = case(&office, &id).await;
        assert!(there.state == CaseState::CarryingOut && there.approved_at.is_some());
        assert!(!bert.browser.get(APPROVALS).await.expect(200).text().contains(id.as_str()));
        audit_holds(&office.app.store).await;
        office.close().await;
    }

    async fn staff_and_keys_take_somebody_else(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let now = office.app.clock.now();
        let (key, _) = api_keys::create(&office.app.store, "acme", &[Scope::Events], None, now).await.unwrap();
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        let mut bert = office.person("bert", Role::Admin, Reach::All).await;
        let mut of_acme = office.person("carla", Role::Admin, Reach::Client("acme".to_owned())).await;
        let viewer = office.person("dora", Role::Viewer, Reach::All).await;
        let dora = office.app.store.staff_of_name(&viewer.name).await.unwrap().unwrap().id;
        let (people, keys) = ("/console/people", "/console/api-keys");
        assert!(anna.browser.get(people).await.expect(200).text().contains("done when a second person approves"));
        // Each is proposed, and nothing is done by it.
        let page = anna.browser.submit(people, people, &[("name", "Emil"), ("role", "viewer"), ("client", "*")]).await.leads_to(people);
        assert!(page.header("set-cookie").unwrap().contains("said.proposed"));
        anna.browser.submit(people, people, &[("name", "emil"), ("role", "viewer"), ("client", "*")]).await.expect(409);
        anna.browser.submit(people, people, &[("name", "dora"), ("role", "viewer"), ("client", "*")]).await.expect(409);
        anna.browser.submit(people, &format!("{people}/{dora}/change"), &[("role", "admin"), ("client", "*")]).await.leads_to(people);
        anna.browser.submit(people, &format!("{people}/{dora}/reset"), &[]).await.leads_to(people);
        anna.browser.submit(people, &format!("{people}/{dora}/remove"), &[]).await.leads_to(people);
        anna.browser.submit(keys, keys, &[("client", "acme"), ("scope", "events"), ("days", "30")]).await.leads_to(keys);
        anna.browser.submit(keys, &format!("{keys}/{}/revoke", key.id), &[]).await.leads_to(keys);
        let there = office.app.store.staff(&dora).await.unwrap().unwrap();
        assert!(there.role == Role::Viewer && there.accepted_at.is_some());
        assert!(office.app.store.staff_of_name("emil").await.unwrap().is_none());
        assert!(office.app.store.api_keys().await.unwrap().iter().all(|key| key.revoked_at.is_none()));
        assert_eq!(office.app.store.api_keys().await.unwrap().len(), 1);
        // Nobody proposes away their own account.
        let own = office.app.store.staff_of_name("anna").await.unwrap().unwrap().id;
        anna.browser.submit(people, &format!("{people}/{own}/remove"), &[]).await.expect(409);
        // Who sees one client's sees proposals about that client's keys alone.
        let all = proposed(&mut bert.browser).await;
        assert_eq!((all.len(), proposed(&mut of_acme.browser).await.len()), (6, 2));
        for id in &all {
            let page = anna.browser.get(&format!("{APPROVALS}/{id}")).await.expect(200).text();
            assert!(page.contains("Somebody else has to approve") && !page.contains("/approve\""), "{page}");
            let answer = anna.browser.submit(APPROVALS, &format!("{APPROVALS}/{id}/approve"), &[]).await.expect(409);
            assert!(answer.text().contains("proposed it yourself"));
        }
        let find = async |browser: &mut Browser<'_>, words: &str| {
            for id in proposed(browser).await {
                if browser.get(&format!("{APPROVALS}/{id}")).await.expect(200).text().contains(&format!("id=\"what\">{words}</h2>")) {
                    return format!("{APPROVALS}/{id}");
                }
            }
            panic!("{words} is not proposed");
        };
        // Somebody else does it, once; what opens something is shown to them.
        let invite = find(&mut bert.browser, "Invite somebody").await;
        of_acme.browser.get(&invite).await.expect(404);
        of_acme.browser.submit(APPROVALS, &format!("{invite}/approve"), &[]).await.expect(404);
        of_acme.browser.submit(APPROVALS, &format!("{invite}/decline"), &[]).await.expect(404);
        let link = bert.browser.submit(&invite, &format!("{invite}/approve"), &[]).await.expect(200).between("class=\"secret\">", "<");
        Browser::of(&office).get(&link).await.expect(200);
        bert.browser.submit(APPROVALS, &format!("{invite}/approve"), &[]).await.expect(404);
        let of_key = find(&mut of_acme.browser, "Make an API key").await;
        let page = of_acme.browser.submit(&of_key, &format!("{of_key}/approve"), &[]).await.expect(200);
        assert!(page.text().contains("idos_key_"));
        let made = office.app.store.api_keys().await.unwrap().into_iter().find(|there| there.id != key.id).unwrap();
        assert_eq!((made.client.as_str(), made.scopes.as_slice(), made.expires_at.is_some()), ("acme", &[Scope::Events][..], true));
        let revoke = find(&mut bert.browser, "Revoke an API key").await;
        bert.browser.submit(&revoke, &format!("{revoke}/approve"), &[]).await.leads_to(APPROVALS);
        assert!(office.app.store.api_key(&key.id).await.unwrap().unwrap().revoked_at.is_some());
        let change = find(&mut bert.browser, "Change what somebody may do").await;
        bert.browser.submit(&change, &format!("{change}/approve"), &[]).await.leads_to(APPROVALS);
        assert_eq!(office.app.store.staff(&dora).await.unwrap().unwrap().role, Role::Admin);
        // It is turned down, and it is taken back.
        let reset = find(&mut bert.browser, "Invite somebody anew").await;
        bert.browser.submit(&reset, &format!("{reset}/decline"), &[]).await.leads_to(APPROVALS);
        let remove = find(&mut anna.browser, "Remove somebody").await;
        anna.browser.submit(&remove, &format!("{remove}/decline"), &[]).await.leads_to(APPROVALS);
        assert!(office.app.store.staff(&dora).await.unwrap().is_some() && proposed(&mut bert.browser).await.is_empty());
        let end = office.app.store.audit_end().await.unwrap().seq;
        let acts: Vec<_> = office.app.store.audit_page(0, end).await.unwrap().into_iter().map(|entry| (entry.act, entry.detail)).collect();
        let count = |act: &str| acts.iter().filter(|(there, _)| there == act).count();
        assert_eq!((count("proposal_made"), count("proposal_approved"), count("proposal_declined")), (6, 4, 2), "{acts:?}");
        assert!(!format!("{acts:?}").contains("emil"), "no name is in the chain");
        audit_holds(&office.app.store).await;
        office.close().await;
    }

    async fn what_nobody_may_propose_any_more_is_not_done(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        let mut bert = office.person("bert", Role::Admin, Reach::All).await;
        let own = office.app.store.staff_of_name("anna").await.unwrap().unwrap().id;
        let keys = "/console/api-keys";
        let evil = "\"><script>alert(1)</script>";
        anna.browser.submit(keys, keys, &[("client", evil), ("scope", "events")]).await.expect(422);
        anna.browser.submit(keys, keys, &[("client", "acme"), ("scope", "events")]).await.leads_to(keys);
        manage::change(&office.app.store, &office.by(), &own, Role::Viewer, Reach::All).await.unwrap();
        let path = format!("{APPROVALS}/{}", proposed(&mut bert.browser).await[0]);
        let answer = bert.browser.submit(&path, &format!("{path}/approve"), &[]).await.expect(409);
        assert!(answer.text().contains("may not do so any more"));
        assert!(office.app.store.api_keys().await.unwrap().is_empty());
        // It asks for a code that was given a short while ago.
        office.pass_seconds(11 * 60);
        let asked = bert.browser.submit(&path, &format!("{path}/approve"), &[]).await.expect(303);
        assert!(asked.header("location").unwrap().starts_with("/console/confirm?next="));
        // What is kept becomes no part of a page.
        run(&office, &format!("UPDATE proposal SET subject = '{evil}', proposed_by = '{own}'")).await;
        for path in [APPROVALS, &path] {
            let page = bert.browser.get(path).await.expect(200).text();
            assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
        }
        // After a week it is gone.
        office.pass_seconds(7 * 24 * 3600);
        bert.sign_in().await.leads_to("/console");
        bert.browser.get(&path).await.expect(404);
        sweep(&office.app).await.unwrap();
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        assert!(office.app.store.proposal(&id).await.unwrap().is_none());
        office.close().await;
    }
}
