//! Requests to erase: opened, decided and carried out by those who may, on pages that say what will happen.

use futures_util::FutureExt as _;
use idos_issuer::flow::cases::{self, NewCase, Whose};
use idos_issuer::flow::erasure;
use idos_issuer::model::case::{Case, CaseOrigin, CaseState, Identity};
use idos_issuer::model::ids::{CaseId, IssuanceId};
use idos_issuer::model::issuance::{Issuance, State};
use idos_issuer::model::staff::{Reach, Role};
use idos_issuer::model::submitter::{Origin, Submitter};
use rand::rngs::OsRng;
use uuid::Uuid;

use super::browser::{Answer, Browser, Office};
use super::looks::run;
use crate::support::service::{audit_holds, issued_record};

const SETTINGS: &str = "[console]\nenabled = true\n[erasure]\nidentity = \"by_client\"\nalert_days = 7\n";

pub(super) const CASES: &str = "/console/cases";

/// An issuance of a client's that is over, with this reference. Gives it and its user.
pub(super) async fn record(office: &Office, client: &str, reference: &str) -> (IssuanceId, Uuid) {
    let now = office.app.clock.now();
    let id = IssuanceId::new(now, &mut OsRng);
    let issuance = Issuance {
        client: client.to_owned(),
        state: State::Failed,
        issued_at: None,
        reference: Some(reference.to_owned()),
        ..issued_record(&office.app, &id, now)
    };
    let mut tx = office.app.store.begin().await.unwrap();
    tx.add_issuance(&issuance, None).await.unwrap();
    tx.commit().await.unwrap();
    (id, issuance.user_id)
}

/// Opens a case by the form, vouched for. Gives its id.
pub(super) async fn open(browser: &mut Browser<'_>, client: &str, by: &str, text: &str) -> CaseId {
    let page = browser.get(&format!("{CASES}/new")).await.expect(200);
    let (token, once) = (page.form_token(), page.between("name=\"once\" value=\"", "\""));
    let fields = [
        ("form_token", token.as_str()),
        ("once", &once),
        ("client", client),
        ("by", by),
        ("text", text),
        ("vouched", "yes"),
    ];
    let answer = browser.post(CASES, &fields).await.expect(303);
    let path = answer.header("location").unwrap().to_owned();
    path.rsplit('/').next().unwrap().parse().unwrap_or_else(|_| panic!("{path}"))
}

pub(super) fn page_of(case: &CaseId) -> String {
    format!("{CASES}/{case}")
}

/// Goes to the page of a deed, and sends its form.
pub(super) async fn act(
    browser: &mut Browser<'_>,
    case: &CaseId,
    deed: &str,
    more: &[(&str, &str)],
) -> Answer {
    let path = format!("{CASES}/{case}/{deed}");
    let page = browser.get(&path).await.expect(200);
    send(browser, &path, &page, more).await
}

/// Sends the form of a page that was opened before.
async fn send(browser: &mut Browser<'_>, path: &str, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let (token, seen) = (page.form_token(), page.between("name=\"seen\" value=\"", "\""));
    let mut fields = vec![("form_token", token.as_str()), ("seen", seen.as_str())];
    fields.extend_from_slice(more);
    browser.post(path, &fields).await
}

/// Sends the form by which a case is opened.
async fn send_new(browser: &mut Browser<'_>, fields: Vec<(String, String)>) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(CASES, &fields).await
}

pub(super) async fn case(office: &Office, id: &CaseId) -> Case {
    office.app.store.case(id).await.unwrap().unwrap()
}

async fn acts(office: &Office, id: &CaseId) -> Vec<(String, String)> {
    let trail = office.app.store.audit_of(id.as_str()).await.unwrap();
    trail
        .into_iter()
        .filter(|entry| entry.act != "record_viewed")
        .map(|entry| (entry.act, entry.actor))
        .collect()
}

on_both_databases! {
    async fn a_case_goes_its_way_to_the_receipt(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (own, user) = record(&office, "acme", "case-1").await;
        let (other, _) = record(&office, "acme", "case-2").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        // From what a search has found: the form has what was looked for.
        let found = anna.browser.submit("/console/search", "/console/search", &[("text", &user.to_string())]).await.expect(200);
        assert!(found.text().contains("action=\"/console/cases/new\""), "{}", found.text());
        let form = anna.browser.submit("/console/search", &format!("{CASES}/new"), &[("by", "user"), ("text", &user.to_string())]).await.expect(200);
        assert!(form.text().contains(&format!("value=\"{user}\"")) && form.text().contains("<option value=\"user\" selected>"));
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let there = case(&office, &id).await;
        assert_eq!((there.state, there.records, there.client.as_str()), (CaseState::AwaitingDecision, 1, "acme"));
        let page = anna.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(page.contains(own.as_str()) && !page.contains(other.as_str()) && page.contains(&user.to_string()), "{page}");
        assert!(page.contains("The case is open.") && page.contains("days left"));
        assert!(anna.browser.get(CASES).await.expect(200).text().contains(id.as_str()));
        let found = anna.browser.submit("/console/search", "/console/search", &[("text", id.as_str())]).await;
        found.leads_to(&page_of(&id));
        assert!(anna.browser.get("/console").await.expect(200).text().contains("/cases?state=awaiting_decision"));
        let shown = anna.browser.get(&format!("/console/records/{own}")).await.expect(200).text();
        assert!(shown.contains(id.as_str()));

        // What will happen is said first.
        let confirm = anna.browser.get(&format!("{CASES}/{id}/decide")).await.expect(200).text();
        assert!(confirm.contains("All 1 records are erased for good") && confirm.contains("cannot be stopped"), "{confirm}");
        act(&mut anna.browser, &id, "decide", &[]).await.leads_to(&page_of(&id));
        assert_eq!(case(&office, &id).await.state, CaseState::CarryingOut);
        let page = anna.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(page.contains("class=\"way\"") && page.contains("<progress value=\"0\" max=\"1\">") && !page.contains("/decide\""), "{page}");
        anna.browser.get(&format!("{CASES}/{id}/receipt")).await.expect(404);

        for _ in 0..5 {
            for job in office.app.store.jobs_about(id.as_str()).await.unwrap() {
                erasure::carry_out(&office.app, &job).await.unwrap();
            }
            office.pass_seconds(3600);
        }
        assert_eq!(case(&office, &id).await.state, CaseState::Done);
        anna.sign_in().await.leads_to("/console");
        let page = anna.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(page.contains("Issuances erased") && !page.contains(own.as_str()) && !page.contains(&user.to_string()), "{page}");
        let receipt = anna.browser.get(&format!("{CASES}/{id}/receipt")).await.expect(200);
        assert!(receipt.header("content-disposition").unwrap().starts_with("attachment"));
        let receipt: serde_json::Value = serde_json::from_str(&receipt.text()).unwrap();
        assert_eq!(receipt["credentialSubject"]["issuances"].to_string().trim_matches('"'), "1");
        assert!(office.app.store.issuance(&own).await.unwrap().is_none());
        assert!(office.app.store.issuance(&other).await.unwrap().is_some());
        // It is in the list of those that are over, and not among the open ones.
        assert!(!anna.browser.get(CASES).await.expect(200).text().contains(id.as_str()));
        assert!(anna.browser.get(&format!("{CASES}?state=done")).await.expect(200).text().contains(id.as_str()));
        let by_staff = acts(&office, &id).await;
        assert!(by_staff.iter().any(|(act, actor)| act == "case_decided" && actor.starts_with("staff:stf_")), "{by_staff:?}");
        audit_holds(&office.app.store).await;
        office.close().await;
    }

    async fn who_may_not_act_does_not_and_who_may_not_see_does_not(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        record(&office, "other", "case-2").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let mut viewer = office.person("viewer", Role::Viewer, Reach::Client("acme".to_owned())).await;
        let mut stranger = office.person("stranger", Role::Admin, Reach::Client("other".to_owned())).await;
        let page = viewer.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(!page.contains("class=\"deeds\""), "{page}");
        assert!(!viewer.browser.get(CASES).await.expect(200).text().contains("/cases/new"));
        viewer.browser.get(&format!("{CASES}/new")).await.expect(403);
        let seen = case(&office, &id).await.seen().to_string();
        for deed in ["mail", "vouch", "decide", "approve", "extend", "refuse", "withdraw"] {
            let path = format!("{CASES}/{id}/{deed}");
            let fields = [("seen", seen.as_str()), ("grounds", "excessive"), ("reason", "complexity")];
            viewer.browser.get(&path).await.expect(403);
            viewer.browser.submit("/console/account", &path, &fields).await.expect(403);
            // To whom the case is not, it is not there.
            stranger.browser.get(&path).await.expect(404);
            stranger.browser.submit("/console/account", &path, &fields).await.expect(404);
        }
        for path in [page_of(&id), format!("{CASES}/{id}/receipt"), format!("{CASES}/{id}/nonsense"), format!("{CASES}/x")] {
            stranger.browser.get(&path).await.expect(404);
        }
        assert!(!stranger.browser.get(CASES).await.expect(200).text().contains(id.as_str()));
        let found = stranger.browser.submit("/console/search", "/console/search", &[("text", id.as_str())]).await.expect(200);
        assert!(found.text().contains("Nothing was found"));
        // Nobody opens one for another client.
        let page = stranger.browser.get(&format!("{CASES}/new")).await.expect(200);
        let (token, once) = (page.form_token(), page.between("name=\"once\" value=\"", "\""));
        let fields = [("form_token", token.as_str()), ("once", &once), ("client", "acme"), ("by", "user"), ("text", &user.to_string())];
        let opened = stranger.browser.post(CASES, &fields).await.expect(303).header("location").unwrap().to_owned();
        let opened = case(&office, &opened.rsplit('/').next().unwrap().parse().unwrap()).await;
        assert_eq!((opened.client.as_str(), opened.records), ("other", 0));
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingDecision);
        // Without the token of the session, nothing is done.
        let path = format!("{CASES}/{id}/withdraw");
        anna.browser.post(&path, &[("seen", &seen)]).await.expect(403);
        let mut elsewhere = anna.browser.clone();
        elsewhere.site = Some("cross-site");
        elsewhere.post(&path, &[("seen", &seen)]).await.expect(400);
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingDecision);
        office.close().await;
    }

    async fn who_waits_for_a_case_is_woken_by_deeds_about_it_alone(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        let (_, other) = record(&office, "acme", "case-2").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let another = open(&mut anna.browser, "acme", "user", &other.to_string()).await;
        let watch = |id: &CaseId| {
            let mut watch = office.app.store.news().watch();
            assert!(watch.add(id.as_str()));
            watch
        };
        let watches = [watch(&id), watch(&another)];
        let told = || watches.iter().map(|watch| watch.changed().now_or_never().is_some()).collect::<Vec<_>>();
        // Looking is written down, and changes nothing.
        anna.browser.get(&page_of(&id)).await.expect(200);
        assert_eq!(told(), [false, false]);
        act(&mut anna.browser, &id, "extend", &[("reason", "complexity")]).await.leads_to(&page_of(&id));
        assert_eq!(told(), [true, false]);
        act(&mut anna.browser, &another, "withdraw", &[]).await.leads_to(&page_of(&another));
        assert_eq!(told(), [false, true]);
        office.close().await;
    }

    async fn what_has_moved_on_is_told_and_nothing_is_half_done(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let mut bert = office.person("bert", Role::Compliance, Reach::All).await;
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let path = format!("{CASES}/{id}/decide");
        let page = anna.browser.get(&path).await.expect(200);
        // Somebody extends it meanwhile: it may still be decided, but it looks otherwise.
        office.pass_seconds(1);
        act(&mut bert.browser, &id, "extend", &[("reason", "nonsense")]).await.expect(422);
        act(&mut bert.browser, &id, "extend", &[("reason", "complexity")]).await.leads_to(&page_of(&id));
        let answer = send(&mut anna.browser, &path, &page, &[]).await.expect(409);
        assert!(answer.text().contains("changed meanwhile"), "{}", answer.text());
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingDecision);
        bert.browser.get(&format!("{CASES}/{id}/extend")).await.expect(409);
        // Sent twice, it is done once.
        let page = anna.browser.get(&path).await.expect(200);
        send(&mut anna.browser, &path, &page, &[]).await.leads_to(&page_of(&id));
        let again = send(&mut anna.browser, &path, &page, &[]).await.expect(409);
        assert!(again.text().contains("changed meanwhile"));
        let decided = acts(&office, &id).await.iter().filter(|(act, _)| act == "case_decided").count();
        assert_eq!((decided, office.app.store.jobs_about(id.as_str()).await.unwrap().len()), (1, 1));
        // A form that is none of that page.
        for seen in ["", "x", "awaiting_decision.1"] {
            let status = if seen == "awaiting_decision.1" { 409 } else { 400 };
            anna.browser.submit("/console/account", &format!("{CASES}/{id}/withdraw"), &[("seen", seen)]).await.expect(status);
        }
        assert_eq!(case(&office, &id).await.state, CaseState::CarryingOut);
        // All of it asks for a code that was given a short while ago, before anything is typed.
        office.pass_seconds(11 * 60);
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let asked = format!("/console/confirm?next=%2Fcases%2F{id}%2Fwithdraw");
        anna.browser.get(&format!("{CASES}/{id}/withdraw")).await.leads_to(&asked);
        let seen = case(&office, &id).await.seen().to_string();
        anna.browser.submit("/console/account", &format!("{CASES}/{id}/withdraw"), &[("seen", &seen)]).await.leads_to(&asked);
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingDecision);
        office.close().await;
    }

    async fn a_form_that_is_sent_twice_opens_one_case(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let page = anna.browser.get(&format!("{CASES}/new")).await.expect(200);
        let (token, once, user) = (page.form_token(), page.between("name=\"once\" value=\"", "\""), user.to_string());
        let with = |more: [(&'static str, &str); 4]| {
            let mut all = vec![("form_token".to_owned(), token.clone()), ("once".to_owned(), once.clone())];
            all.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
            all
        };
        // What is not taken is said, and opens none.
        for (by, text, received, words) in [
            ("email", "Xyzzy", "", "no e-mail address"),
            ("user", "Xyzzy", "", "no id of an idOS user"),
            ("reference", "Xyz zy", "", "A reference has"),
            ("wallet", "Xyzzy", "", "no address of this type"),
            ("nonsense", "Xyzzy", "", "what you know the person by"),
            ("user", &user, "2999-01-01", "must not be in the future"),
            ("user", &user, "yesterday", "must not be in the future"),
            ("user", &user, "1999-01-01", "must not be in the future"),
        ] {
            let answer = send_new(&mut anna.browser, with([("client", "acme"), ("by", by), ("text", text), ("received", received)])).await.expect(422);
            assert!(answer.text().contains(words), "{by} {received}: {}", answer.text());
        }
        for client in ["", "nobody", "*", "\"><script>"] {
            let answer = send_new(&mut anna.browser, with([("client", client), ("by", "user"), ("text", &user), ("received", "")])).await.expect(422);
            assert!(answer.text().contains("Choose a client") && !answer.text().contains("<script"));
        }
        let fields = with([("client", "acme"), ("by", "user"), ("text", &user), ("received", "")]);
        let first = send_new(&mut anna.browser, fields.clone()).await.expect(303).header("location").unwrap().to_owned();
        send_new(&mut anna.browser, fields).await.leads_to(&first);
        // The same form with something else in it is refused.
        let other = with([("client", "acme"), ("by", "reference"), ("text", "case-1"), ("received", "")]);
        assert!(send_new(&mut anna.browser, other).await.expect(409).text().contains("was sent before"));
        let list = anna.browser.get(CASES).await.expect(200).text();
        assert_eq!(list.matches("/cases/era_").count(), 1, "{list}");
        // By what somebody is known is kept nowhere.
        let end = office.app.store.audit_end().await.unwrap().seq;
        let chain = format!("{:?}", office.app.store.audit_page(0, end).await.unwrap());
        assert!(chain.contains("case_opened") && !chain.contains(&user));
        office.close().await;
    }

    async fn refusing_takes_grounds_and_choosing_takes_a_choice(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (own, user) = record(&office, "acme", "shared").await;
        let (theirs, _) = record(&office, "acme", "shared").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::Client("acme".to_owned())).await;
        let id = open(&mut anna.browser, "", "reference", "shared").await;
        let page = anna.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(page.contains(own.as_str()) && page.contains(theirs.as_str()) && page.contains("several people"));
        let answer = act(&mut anna.browser, &id, "decide", &[]).await.expect(422);
        assert!(answer.text().contains("Say whose records are meant"));
        for wrong in [("user", "Xyzzy"), ("user", "7f2b1c3a-5d7e-4c1a-9b1e-0123456789ab"), ("record", own.as_str())] {
            let answer = act(&mut anna.browser, &id, "decide", &[wrong]).await;
            assert!([409, 422].contains(&answer.status), "{wrong:?}");
        }
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingDecision);
        act(&mut anna.browser, &id, "decide", &[("user", &user.to_string())]).await.leads_to(&page_of(&id));
        let listed = office.app.store.case_records(&id).await.unwrap();
        assert!(listed.len() == 1 && listed[0].1 == own.as_str(), "{listed:?}");

        let id = open(&mut anna.browser, "", "reference", "shared").await;
        for (grounds, basis) in [("", ""), ("nonsense", ""), ("other", ""), ("other", "asked for by ana@example.com"), ("not_identified", "")] {
            let answer = act(&mut anna.browser, &id, "refuse", &[("grounds", grounds), ("basis", basis)]).await;
            assert!([409, 422].contains(&answer.status), "{grounds}: {}", answer.status);
        }
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingDecision);
        act(&mut anna.browser, &id, "refuse", &[("grounds", "other"), ("basis", "§ 147 AO")]).await.leads_to(&page_of(&id));
        let there = case(&office, &id).await;
        assert_eq!((there.state, office.app.store.case_records(&id).await.unwrap().len()), (CaseState::Refused, 0));
        assert!(anna.browser.get(&page_of(&id)).await.expect(200).text().contains("§ 147 AO"));

        let id = open(&mut anna.browser, "", "reference", "shared").await;
        act(&mut anna.browser, &id, "withdraw", &[]).await.leads_to(&page_of(&id));
        assert_eq!(case(&office, &id).await.state, CaseState::Withdrawn);
        // Without mail, and to an address that there is not, none is sent.
        anna.browser.get(&format!("{CASES}/{id}/mail")).await.expect(409);
        office.close().await;
    }

    async fn what_a_law_wants_is_said_before_and_held_after(backend) {
        let hold = "hold = { basis = \"Regulation (EU) 2024/1624, Art. 77\", start = \"issued\", term = \"5y\" }\n";
        let office = Office::with(backend, &format!("{SETTINGS}{hold}")).await;
        let (own, user) = record(&office, "acme", "case-1").await;
        run(&office, &format!("UPDATE issuance SET issued_at = {} WHERE id = '{own}'", office.app.clock.now().unix_millis())).await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let page = anna.browser.get(&format!("{CASES}/{id}/decide")).await.expect(200).text();
        assert!(page.contains("A law wants the records kept") && page.contains("Art. 77") && !page.contains("cannot be stopped"), "{page}");
        act(&mut anna.browser, &id, "decide", &[]).await.leads_to(&page_of(&id));
        assert_eq!(case(&office, &id).await.state, CaseState::Held);
        let page = anna.browser.get(&page_of(&id)).await.expect(200).text();
        assert!(page.contains("held by law") && page.contains("Art. 77") && page.contains("/withdraw\"") && !page.contains("/refuse\""), "{page}");
        assert!(anna.browser.get(&format!("{CASES}?state=held")).await.expect(200).text().contains(id.as_str()));
        office.close().await;
    }

    async fn the_identity_is_asked_for_by_mail_or_vouched_for(backend) {
        let folder = crate::support::Folder::new();
        let mail = format!("[http]\npublic_url = \"https://issuer.example\"\n[mail]\nfrom = \"KYC <kyc@example.com>\"\ntransport = \"folder\"\nfolder = \"{}\"\n", folder.path("."));
        let office = Office::with(backend, &format!("{SETTINGS}{mail}")).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        let mut anna = office.person("anna", Role::Compliance, Reach::All).await;
        let page = anna.browser.get(&format!("{CASES}/new")).await.expect(200);
        let (token, once) = (page.form_token(), page.between("name=\"once\" value=\"", "\""));
        let fields = [("form_token", token.as_str()), ("once", &once), ("client", "acme"), ("by", "user"), ("text", &user.to_string())];
        let opened = anna.browser.post(CASES, &fields).await.expect(303).header("location").unwrap().to_owned();
        let id: CaseId = opened.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(case(&office, &id).await.state, CaseState::AwaitingIdentity);
        anna.browser.get(&format!("{CASES}/{id}/decide")).await.expect(409);
        // Its records have no address.
        let answer = act(&mut anna.browser, &id, "mail", &[]).await.expect(409);
        assert!(answer.text().contains("None of the records has an address"), "{}", answer.text());
        office.pass_seconds(1);
        act(&mut anna.browser, &id, "vouch", &[]).await.leads_to(&page_of(&id));
        let there = case(&office, &id).await;
        assert!(there.state == CaseState::AwaitingDecision && there.identified_at.is_some());
        office.close().await;
    }

    async fn lists_are_filtered_and_their_parts_lead_to_each_other(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        record(&office, "other", "case-2").await;
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        let mut ids = Vec::new();
        for number in 0..120 {
            let client = if number % 40 == 39 { "other" } else { "acme" };
            let caller = Submitter { tenant: client.to_owned(), origin: Origin::Operator };
            let new = NewCase { whose: Whose::User(user), received_at: None, identity: Some(Identity::Client), origin: CaseOrigin::Staff };
            ids.push(cases::open(&office.app, &caller, None, new).await.unwrap().record.case.id);
        }
        let day = 86_400_000;
        let now = office.app.clock.now().unix_millis();
        for (number, id) in ids.iter().enumerate() {
            // Three are overdue, four are due soon, and the others later and later.
            let due = now + day * match number { 0..3 => -2, 3..7 => 3, _ => 20 + i64::try_from(number).unwrap() };
            run(&office, &format!("UPDATE erasure_case SET due_at = {due} WHERE id = '{id}'")).await;
        }
        let on = |page: &str| page.matches("/cases/era_").count();
        let mut all = Vec::new();
        let mut path = CASES.to_owned();
        for rows in [50, 50, 20] {
            let page = anna.browser.get(&path).await.expect(200).text();
            assert_eq!(on(&page), rows, "{path}");
            all.extend(page.split("/cases/era_").skip(1).map(|rest| format!("era_{}", &rest[..26])));
            match page.split("rel=\"next\" href=\"").nth(1) {
                Some(rest) => path = rest.split('"').next().unwrap().replace("&amp;", "&"),
                None => assert_eq!(rows, 20),
            }
        }
        let mut expected: Vec<_> = ids.iter().map(ToString::to_string).collect();
        expected[..3].sort();
        expected[3..7].sort();
        assert_eq!(all, expected, "the first to be due comes first");
        let last = anna.browser.get(&path).await.expect(200).text();
        let back = last.split("rel=\"prev\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        assert!(anna.browser.get(&back).await.expect(200).text().contains(&expected[50]));
        for (query, rows) in [("due=overdue", 3), ("due=soon", 7), ("client=other", 3), ("state=awaiting_decision&due=soon", 7),
            ("state=held", 0), ("state=done", 0), ("state=awaiting_decision&client=other", 3), ("state=&due=&client=", 50)] {
            assert_eq!(on(&anna.browser.get(&format!("{CASES}?{query}")).await.expect(200).text()), rows, "{query}");
        }
        let home = anna.browser.get("/console").await.expect(200).text();
        assert!(home.contains("/cases?due=overdue\">Overdue requests to erase</a></h2>\n    <p class=\"count\">3</p>"), "{home}");
        for attack in ["'", "' OR '1'='1", "x'; DROP TABLE erasure_case; --", "%", "_", "*", "<script>"] {
            let text: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
            for name in ["state", "due", "client", "at"].into_iter().filter(|name| (*name, attack) != ("client", "_")) {
                anna.browser.get(&format!("{CASES}?{name}={text}")).await.expect(404);
            }
        }
        office.close().await;
    }

    async fn nothing_that_a_case_holds_becomes_a_part_of_a_page(backend) {
        let office = Office::with(backend, SETTINGS).await;
        let (_, user) = record(&office, "acme", "case-1").await;
        let mut anna = office.person("anna", Role::Admin, Reach::All).await;
        let id = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        let carried = open(&mut anna.browser, "acme", "user", &user.to_string()).await;
        act(&mut anna.browser, &carried, "decide", &[]).await.expect(303);
        // As if all that holds such texts back had failed.
        let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
        for statement in [
            format!("UPDATE erasure_case SET client = '{evil}', hold_basis = '{evil}', held_until = 9, decided_by = '{evil}', grounds = 'other', grounds_basis = '{evil}', \
                     receipt = '{{\"credentialSubject\":{{\"issuances\":\"{}\",\"confirmation\":\"{}\"}}}}'", evil.replace('"', "\\\""), evil.replace('"', "\\\"")),
            format!("UPDATE erasure_record SET record_id = '{evil}'"),
            format!("UPDATE job SET reason = '{evil}'"),
        ] {
            run(&office, &statement).await;
        }
        let mut tx = office.app.store.begin().await.unwrap();
        let entry = idos_issuer::model::audit::AuditEntry::new(office.app.clock.now(), idos_issuer::model::audit::Actor::Operator, idos_issuer::model::audit::AuditAction::CaseDecided, id.as_str());
        tx.record(&entry.detail(evil)).await.unwrap();
        tx.commit().await.unwrap();
        let mut shown = 0;
        for path in [CASES.to_owned(), page_of(&id), page_of(&carried), format!("{CASES}/{id}/refuse"), format!("{CASES}/{id}/decide")] {
            let page = anna.browser.get(&path).await.expect(200).text();
            assert!(!page.contains("<script") && !page.contains("<img src=x"), "{path}: {page}");
            shown += page.matches("&lt;script&gt;").count();
        }
        assert!(shown > 12, "{shown}");
        // What is typed comes back as text.
        let page = anna.browser.get(&format!("{CASES}/new")).await.expect(200);
        let (token, once) = (page.form_token(), page.between("name=\"once\" value=\"", "\""));
        for name in ["text", "by", "wallet_type", "received", "client"] {
            let fields = [("form_token", token.as_str()), ("once", once.as_str()), (name, evil)];
            let page = anna.browser.post(&format!("{CASES}/new"), &fields).await.expect(200).text();
            assert!(!page.contains("<script"), "{name}");
        }
        office.close().await;
    }
}
