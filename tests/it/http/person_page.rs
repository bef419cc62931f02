//! A person's own page: who comes in, what they see, and what they change. A browser that keeps cookies goes through it.

use std::collections::BTreeMap;
use std::sync::Arc;

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::staff::manage::{self, By};
use idos_issuer::flow::sweep::sweep;
use idos_issuer::flow::viewed::{self, Viewed};
use idos_issuer::mail::{Mailer, Sent};
use idos_issuer::model::audit::Actor;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::staff::{Reach, Role};
use idos_issuer::model::time::DAY;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use sqlx::Connection as _;

use super::door::{Answer, Door, inserter, kyc, owner};
use crate::support::User;
use crate::support::service::{Backend, Stage, audit_holds, audit_names};

const SETTINGS: &str = "[person_page]\nenabled = true\n[http]\npublic_url = \"https://issuer.example/kyc\"\n";

/// A service with the page, whose mails are kept in memory, and whose clock stands still.
async fn open_house(backend: Backend, settings: &str) -> (Door, Sent) {
    let mut stage = Stage::new(backend).await;
    stage.clock = Clock::fixed(clock::now());
    stage.settings = format!("{SETTINGS}{settings}");
    let sent = Sent::default();
    let mailer = Mailer::memory_of("Example <a@b.example>", sent.clone()).unwrap();
    let app = Arc::into_inner(stage.app().await).unwrap().with_mailer(mailer);
    (Door::of(stage, Arc::new(app)).await.working(), sent)
}

/// A browser: it keeps cookies, sends forms with the token of the page, and says where they come from.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
    /// The page that it shows.
    page: String,
}

impl Browser {
    async fn send(&mut self, door: &Door, method: &str, path: &str, body: Option<String>) -> Answer {
        let mut call =
            door.call(method, path).without("Authorization").header("Sec-Fetch-Site", "same-origin");
        if !self.cookies.is_empty() {
            let all: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            call = call.header("Cookie", &all.join("; "));
        }
        if let Some(body) = body {
            call = call.body("application/x-www-form-urlencoded", body);
        }
        let answer = call.send().await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.all("set-cookie") {
            assert!(cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="), "{cookie}");
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-idos_me") && !rest.contains("Domain"), "{cookie}");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if answer.header("content-type").is_some_and(|media| media.starts_with("text/html")) {
            // Slashes are escaped, too.
            self.page = String::from_utf8(answer.body.clone()).unwrap().replace("&#x2f;", "/");
        }
    }

    async fn get(&mut self, door: &Door, path: &str) -> Answer {
        self.send(door, "GET", path, None).await
    }

    async fn form(&mut self, door: &Door, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(door, "POST", path, Some(body)).await
    }

    /// A form of the page that it shows.
    async fn press(&mut self, door: &Door, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.get(door, "/me").await.expect(200);
        let token = self.token();
        let mut all = vec![("form_token", token.as_str())];
        all.extend_from_slice(fields);
        self.form(door, path, &all).await
    }

    fn token(&self) -> String {
        let (_, rest) = self.page.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Asks for a link.
    async fn ask(&mut self, door: &Door, email: &str) -> Answer {
        self.form(door, "/me", &[("email", email)]).await
    }

    /// Comes in by a mail.
    async fn by_mail(door: &Door, sent: &Sent, email: &str) -> Self {
        let mut browser = Self::default();
        let before = sent.all().len();
        browser.ask(door, email).await.expect(200);
        let path = link_behind(sent, before).await;
        let opened = browser.form(door, &path, &[]).await.expect(303);
        assert_eq!(opened.header("location"), Some("/kyc/me"));
        browser.get(door, "/me").await.expect(200);
        browser
    }

    /// Comes in by a wallet.
    async fn by_wallet(door: &Door, user: &User) -> Self {
        let mut browser = Self::default();
        let (body, _) = signed(door, user).await;
        browser.sign(door, &body).await.expect(204);
        browser.get(door, "/me").await.expect(200);
        browser
    }

    async fn sign(&mut self, door: &Door, body: &Value) -> Answer {
        let call = door.post("/me/wallet/sign-in", body).without("Authorization");
        let answer = call.header("Sec-Fetch-Site", "same-origin").send().await;
        self.keep(&answer);
        answer
    }

    fn sees(&self, text: &str) -> bool {
        self.page.contains(text)
    }
}

/// What a wallet signs, and the text.
async fn signed(door: &Door, user: &User) -> (Value, String) {
    let met = door
        .post("/me/wallet", &json!({ "wallet": owner(user) }))
        .without("Authorization")
        .header("Sec-Fetch-Site", "same-origin")
        .send()
        .await
        .expect(200)
        .json();
    let message = met["message"].as_str().unwrap().to_owned();
    let signature = user.wallet.sign_message(&message, [3; 32]);
    (json!({ "wallet": owner(user), "nonce": met["nonce"], "signature": signature }), message)
}

/// The path of the link in the first mail behind so many.
async fn link_behind(sent: &Sent, before: usize) -> String {
    for _ in 0..600 {
        if let Some(mail) = sent.all().get(before) {
            let text = mail.rendered.text.clone();
            let link = text.split_whitespace().find(|word| word.contains("/me/link/")).unwrap().to_owned();
            return link.strip_prefix("https://issuer.example/kyc").unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no mail was sent");
}

/// Waits until nobody's asking is looked at any more.
async fn until_looked(door: &Door) {
    for _ in 0..600 {
        if door.app.store.jobs(None, 1000).await.unwrap().iter().all(|job| job.work.as_str() != "send_link") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("somebody's asking is still looked at");
}

/// An issuance for a user who has a profile, delivered.
async fn issued(door: &Door, key: &str, user: &User, email: &str, reference: &str) -> String {
    let mut submission = kyc(user.id, inserter());
    submission["contact"] = json!({ "email": email, "locale": "fr" });
    submission["reference"] = json!(reference);
    let made = door.make("/v1/issuances", &submission).key(key).send().await.expect(202).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let shown = door.get(format!("/v1/issuances/{id}?wait=30")).key(key).send().await.expect(200).json();
    assert_eq!(shown["state"], "issued", "{shown}");
    id
}

/// What was written down about a record by the person.
async fn acts(door: &Door, id: &str) -> Vec<String> {
    let entries = door.app.store.audit_of(id).await.unwrap();
    let own = entries.into_iter().filter(|entry| entry.actor == "person");
    own.map(|entry| format!("{}:{}", entry.act, entry.detail)).collect()
}

on_both_databases! {
    async fn whoever_asks_is_answered_the_same_and_only_a_mailbox_hears_of_it(backend) {
        let (door, sent) = open_house(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        issued(&door, &door.key, &user, "Ana@example.com", "a").await;
        let mut browser = Browser::default();
        let known = browser.ask(&door, "ana@EXAMPLE.com").await.expect(200);
        let path = link_behind(&sent, 0).await;
        let unknown = browser.ask(&door, "nobody@example.com").await.expect(200);
        until_looked(&door).await;
        let without_id = |answer: &Answer| {
            let headers = answer.headers().iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
            (answer.body.clone(), headers.cloned().collect::<Vec<_>>())
        };
        assert_eq!(without_id(&known), without_id(&unknown));
        let mails = sent.all();
        assert_eq!(mails.len(), 1);
        // To the address as it is recorded, in the language that is recorded.
        assert_eq!(mails[0].envelope.to, "Ana@example.com");
        assert!(mails[0].rendered.subject.ends_with("votre lien vers vos données"), "{}", mails[0].rendered.subject);
        // What was asked for somebody of whom there is nothing is forgotten.
        let rows = door.app.store.census(10, |_| i64::MAX).await.unwrap();
        let visits = rows.iter().find(|count| count.place == "visit").unwrap();
        assert_eq!(visits.rows, 1);

        // Looking at the link does nothing, however often; and nobody learns of it by a referrer.
        for _ in 0..3 {
            let page = browser.get(&door, &path).await.expect(200);
            assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
            assert!(browser.sees("Open my page") && !browser.sees("example.com"), "{}", browser.page);
            assert_eq!(page.header("set-cookie"), None);
        }
        // Once, and from a page of ours.
        let elsewhere = door.call("POST", &path).without("Authorization").header("Sec-Fetch-Site", "cross-site");
        let refused = elsewhere.body("application/x-www-form-urlencoded", "a=b").send().await.expect(400);
        assert_eq!(refused.header("set-cookie"), None);
        browser.form(&door, &path, &[]).await.expect(303);
        let first = browser.cookies.clone();
        let mut other = Browser::default();
        other.form(&door, &path, &[]).await.expect(404);
        other.get(&door, &path).await.expect(404);
        assert_eq!(other.cookies.len(), 0);
        for wrong in ["/me/link/x", &format!("/me/link/{}", "A".repeat(43))] {
            other.get(&door, wrong).await.expect(404);
            other.form(&door, wrong, &[]).await.expect(404);
        }
        // A cookie that somebody has put into a browser before is not the one of its visit; and the visit before ends.
        let path = { browser.ask(&door, "ana@example.com").await.expect(200); link_behind(&sent, 1).await };
        browser.form(&door, &path, &[]).await.expect(303);
        assert_ne!(first, browser.cookies);
        let mut before = Browser { cookies: first, page: String::new() };
        before.get(&door, "/me").await.expect(200);
        assert!(before.sees("Send me a link"));
        // No more than three mails in an hour; nobody is told.
        browser.ask(&door, "ana@example.com").await.expect(200);
        link_behind(&sent, 2).await;
        browser.ask(&door, "ana@example.com").await.expect(200);
        until_looked(&door).await;
        assert_eq!(sent.all().len(), 3);
        door.app.clock.advance_millis(3_600_000);
        browser.ask(&door, "ana@example.com").await.expect(200);
        link_behind(&sent, 3).await;
        // What is no address is said so; and nothing of it comes back.
        let wrong = browser.ask(&door, "Xyzzy <b>").await.expect(422);
        assert!(!String::from_utf8_lossy(&wrong.body).contains("Xyzzy") && browser.sees("This is no e-mail address."));
        // Too many requests from one place have to wait.
        let mut answers = Vec::new();
        for _ in 0..30 {
            answers.push(browser.ask(&door, "nobody@example.com").await.status);
        }
        assert_eq!(answers.last(), Some(&429));
        until_looked(&door).await;
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_visit_ends(backend) {
        let (door, sent) = open_house(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let id = issued(&door, &door.key, &user, "ana@example.com", "a").await;
        let mut browser = Browser::by_mail(&door, &sent, "ana@example.com").await;
        assert!(browser.sees(&id));
        let token = browser.token();
        // Left by hand.
        let kept = browser.cookies.clone();
        browser.press(&door, "/me/leave", &[]).await.expect(200);
        assert!(browser.sees("You have left your page") && browser.cookies.is_empty());
        let mut thief = Browser { cookies: kept, page: String::new() };
        thief.get(&door, "/me").await.expect(200);
        assert!(!thief.sees(&id));
        thief.form(&door, "/me/export", &[("form_token", &token)]).await.expect(410);
        // By its time.
        let mut browser = Browser::by_mail(&door, &sent, "ana@example.com").await;
        door.app.clock.advance_millis(30 * 60_000 + 1);
        let token = browser.token();
        browser.form(&door, "/me/export", &[("form_token", &token)]).await.expect(410);
        assert!(browser.sees("Your visit is over"));
        browser.get(&door, "/me").await.expect(200);
        assert!(!browser.sees(&id));
        // A link whose time is over.
        browser.ask(&door, "ana@example.com").await.expect(200);
        let path = link_behind(&sent, 2).await;
        door.app.clock.advance_millis(60 * 60_000 + 1);
        browser.form(&door, &path, &[]).await.expect(404);
        sweep(&door.app).await.unwrap();
        let rows = door.app.store.census(10, |_| i64::MAX).await.unwrap();
        for place in ["visit", "visit_record"] {
            assert_eq!(rows.iter().find(|count| count.place == place).unwrap().rows, 0, "{place}");
        }
        door.close().await;
    }

    async fn nobody_sees_what_is_about_others(backend) {
        let (door, sent) = open_house(backend, "").await;
        let (ana, rui) = (door.user(WalletType::Evm).await, door.user(WalletType::Near).await);
        let other_key = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        let family = issued(&door, &door.key, &ana, "family@example.com", "a").await;
        let own = issued(&door, &door.key, &ana, "ana@example.com", "b").await;
        let of_rui = issued(&door, &other_key, &rui, "family@example.com", "c").await;
        // At the same client, another one has her mail sent there, too.
        issued(&door, &door.key, &rui, "family@example.com", "d").await;
        // The mailbox opens what has its address, at any client; not what the same users have under another one.
        let browser = Browser::by_mail(&door, &sent, "family@example.com").await;
        assert!(browser.sees(&family) && browser.sees(&of_rui) && !browser.sees(&own), "{}", browser.page);
        assert!(!browser.sees(&ana.id.to_string()) && !browser.sees("prf_"), "{}", browser.page);
        assert!(browser.sees("f•••@example.com") && !browser.sees("family@"));
        // The wallet opens what names its user, and nobody else's.
        let mut browser = Browser::by_wallet(&door, &ana).await;
        assert!(browser.sees(&family) && browser.sees(&own) && browser.sees("prf_") && !browser.sees(&of_rui));
        let file = browser.press(&door, "/me/export", &[]).await.expect(200);
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"my-data.json\""));
        let text = String::from_utf8(file.body.clone()).unwrap();
        for others in [of_rui.as_str(), &rui.id.to_string(), "family@example.com", "ana@example.com"] {
            assert!(!text.contains(others), "{others}: {text}");
        }
        // Reminders to an address that others have as well are for its mailbox to order off.
        let off = browser.press(&door, "/me/reminders", &[("reminders", "off")]).await.expect(303);
        assert_eq!(off.header("location"), Some("/kyc/me"));
        browser.get(&door, "/me").await.expect(200);
        assert!(browser.sees("Others have their mail sent to the same address"));
        let addressee = |id: &str| { let id: IssuanceId = id.parse().unwrap(); let store = door.app.store.clone(); async move { store.addressee(&id).await.unwrap().unwrap().reminders_off } };
        assert_eq!((addressee(&family).await, addressee(&of_rui).await, addressee(&own).await), (false, false, true));
        // A wallet without a profile, a signature by another one, and the same once more.
        let stranger = User::with(WalletType::Evm);
        let (body, _) = signed(&door, &stranger).await;
        Browser::default().sign(&door, &body).await.problem(409, "wrong_wallet");
        let (mut body, message) = signed(&door, &ana).await;
        let good = body["signature"].clone();
        body["signature"] = json!(stranger.wallet.sign_message(&message, [3; 32]));
        assert_eq!(Browser::default().sign(&door, &body).await.problem(422, "invalid_fields").pointers(), ["/signature"]);
        body["signature"] = good;
        Browser::default().sign(&door, &body).await.expect(204);
        assert_eq!(Browser::default().sign(&door, &body).await.problem(422, "invalid_fields").pointers(), ["/nonce"]);
        let (late, _) = signed(&door, &ana).await;
        door.app.clock.advance_millis(10 * 60_000 + 1);
        Browser::default().sign(&door, &late).await.problem(422, "invalid_fields");
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn forms_are_of_the_visit_that_sends_them(backend) {
        let (door, sent) = open_house(backend, "").await;
        let (ana, rui) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        let id = issued(&door, &door.key, &ana, "ana@example.com", "a").await;
        issued(&door, &door.key, &rui, "rui@example.com", "b").await;
        let mut browser = Browser::by_mail(&door, &sent, "ana@example.com").await;
        let other = Browser::by_mail(&door, &sent, "rui@example.com").await;
        let (own, others) = (browser.token(), other.token());
        assert_ne!(own, others);
        for path in ["export", "reminders", "language", "safety-net", "erase", "leave"] {
            let path = format!("/me/{path}");
            let fields = [("reminders", "off"), ("language", "de"), ("sure", "yes")];
            browser.form(&door, &path, &fields).await.expect(403);
            let mut with = fields.to_vec();
            with.push(("form_token", &others));
            browser.form(&door, &path, &with).await.expect(403);
            // From elsewhere, with the cookie and the right token.
            let cookie = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).next().unwrap();
            let call = door.call("POST", &path).without("Authorization").header("Sec-Fetch-Site", "cross-site");
            let body = format!("form_token={own}&reminders=off&language=de&sure=yes");
            call.header("Cookie", &cookie).body("application/x-www-form-urlencoded", body).send().await.expect(400);
            // Without a visit there is nothing to do it to.
            Browser::default().form(&door, &path, &[("form_token", &own)]).await.expect(410);
        }
        let issuance = door.app.store.issuance(&id.parse().unwrap()).await.unwrap().unwrap();
        assert!(issuance.kept.is_none() && !door.app.store.addressee(&issuance.id).await.unwrap().unwrap().reminders_off);
        assert_eq!(acts(&door, &id).await, ["visit_opened:mail"]);
        browser.get(&door, "/me").await.expect(200);
        assert!(browser.sees(&id), "the visit goes on");
        door.close().await;
    }

    async fn people_change_what_is_theirs(backend) {
        let end = clock::now().plus_millis(30 * DAY);
        let net = format!("[retention]\nphase = \"safety_net\"\nsafety_net_until = \"{end}\"\n");
        let (door, sent) = open_house(backend, &net).await;
        let user = door.user(WalletType::Evm).await;
        let id = issued(&door, &door.key, &user, "ana@example.com", "case-1").await;
        let issuance: IssuanceId = id.parse().unwrap();
        let store = &door.app.store;
        // Staff have looked at it.
        let by = By::operator(door.app.clock.now(), 72);
        let (staff, _) = manage::add(store, &by, "kim-somebody", Role::Compliance, Reach::All).await.unwrap();
        viewed::saw(&door.app, &staff.actor(), Viewed::Record(&id)).await.unwrap();
        viewed::saw(&door.app, &Actor::Operator, Viewed::Record(&id)).await.unwrap();

        // Whatever stands in the database is text.
        let hurt = "Case <script>alert(1)</script>&\"'";
        let mut connection = sqlx::AnyConnection::connect(&door.stage.database.url).await.unwrap();
        let hostile = "UPDATE issuance SET reference = $1, level = $1, public_notes = $1 WHERE id = $2";
        sqlx::query(hostile).bind(hurt).bind(&id).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let mut browser = Browser::by_mail(&door, &sent, "ana@example.com").await;
        for seen in ["Identity verification", "In your profile", "staff (compliance): 1", "who runs the service: 1", "a•••@example.com", "Kept, encrypted, until"] {
            assert!(browser.sees(seen), "{seen}: {}", browser.page);
        }
        for hidden in ["<script>alert", "kim-somebody", "ana@example", staff.id.as_str(), "Exemplo"] {
            assert!(!browser.sees(hidden), "{hidden}: {}", browser.page);
        }
        assert!(browser.sees("Case &lt;script&gt;alert(1)&lt;/script&gt;"), "{}", browser.page);
        let file = browser.press(&door, "/me/export", &[]).await.expect(200);
        let data = file.json();
        let text = data.to_string();
        assert!(!text.contains("kim-somebody") && !text.contains(staff.id.as_str()) && !text.contains("Exemplo"), "{text}");
        let shown = data["records"].as_array().unwrap().iter().find(|record| record["id"] == json!(id)).unwrap();
        assert_eq!((&data["version"], &data["identifiedBy"], &shown["contact"]["email"]), (&json!(1), &json!("mail"), &json!("ana@example.com")));
        assert_eq!((&shown["data"]["kind"], &shown["state"], &shown["keptContent"]["stage"]), (&json!("kyc"), &json!("issued"), &json!("safety_net")));
        assert_eq!(shown["views"], json!([{ "by": "staff:compliance", "hours": 1 }, { "by": "operator", "hours": 1 }]));
        assert_eq!(shown["data"]["reference"], hurt);

        // Reminders off, and on again: what is to come is planned anew.
        let planned = async || {
            let notices = store.notices_of(&issuance).await.unwrap();
            notices.iter().filter(|notice| notice.state.as_str() == "planned").count()
        };
        assert!(planned().await > 0);
        browser.press(&door, "/me/reminders", &[("reminders", "off")]).await.expect(303);
        assert!(store.addressee(&issuance).await.unwrap().unwrap().reminders_off);
        browser.get(&door, "/me").await.expect(200);
        assert!(browser.sees("You will get no more reminders.") && browser.sees("Remind me again"));
        browser.get(&door, "/me").await.expect(200);
        assert!(!browser.sees("You will get no more reminders."), "it is said once");
        browser.press(&door, "/me/reminders", &[("reminders", "on")]).await.expect(303);
        assert!(!store.addressee(&issuance).await.unwrap().unwrap().reminders_off && planned().await > 0);
        browser.press(&door, "/me/reminders", &[("reminders", "Xyzzy")]).await.expect(400);
        // The language of mails; the address stays.
        browser.press(&door, "/me/language", &[("language", "de")]).await.expect(303);
        let kept: idos_issuer::model::personal::Contact = door.app.vault.unlock_record(&id, &store.locked_contact(&issuance).await.unwrap().unwrap()).unwrap();
        assert_eq!((kept.locale.as_str(), kept.email.expose()), ("de", "ana@example.com"));
        browser.press(&door, "/me/language", &[("language", "Xyzzy")]).await.expect(400);
        // The safety net.
        assert!(store.locked_content(&issuance).await.unwrap().is_some());
        for _ in 0..2 {
            browser.press(&door, "/me/safety-net", &[]).await.expect(303);
            assert_eq!(store.locked_content(&issuance).await.unwrap(), None);
        }
        browser.get(&door, "/me").await.expect(200);
        assert!(!browser.sees("End my safety net") && browser.sees("it is in your idOS profile alone"));
        assert_eq!(acts(&door, &id).await, [
            "visit_opened:mail", "own_data_exported:", "mail_stopped:unsubscribed", "contact_changed:reminders_on", "contact_changed:", "kept_deleted:asked",
        ]);
        // In any language.
        for (language, words) in [("de", "Was über"), ("fr", "Ce qui est conservé à votre sujet"), ("es", "Lo que se conserva sobre usted"), ("pt", "O que é conservado sobre si")] {
            let page = browser.get(&door, &format!("/me?lang={language}")).await.expect(200);
            assert_eq!(page.header("content-language"), Some(language));
            assert!(browser.sees(words), "{}", browser.page);
        }
        audit_holds(store).await;
        door.close().await;
    }

    async fn all_is_erased_that_somebody_asks_to_have_erased(backend) {
        let (door, sent) = open_house(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let id = issued(&door, &door.key, &user, "ana@example.com", "a").await;
        let mut browser = Browser::by_mail(&door, &sent, "ana@example.com").await;
        browser.press(&door, "/me/erase", &[]).await.expect(303);
        browser.get(&door, "/me").await.expect(200);
        assert!(browser.sees("Nothing was done: tick the box"));
        let list = async || door.get("/v1/erasure-cases").send().await.expect(200).json()["items"].as_array().unwrap().clone();
        assert_eq!(list().await.len(), 0);
        for _ in 0..2 {
            browser.press(&door, "/me/erase", &[("sure", "yes")]).await.expect(303);
            let cases = list().await;
            assert_eq!(cases.len(), 1, "who asks twice has asked once");
            assert_eq!((&cases[0]["state"], &cases[0]["origin"], &cases[0]["identity"]["by"]), (&json!("awaiting_decision"), &json!("person"), &json!("mail")));
        }
        let case = list().await[0]["id"].as_str().unwrap().to_owned();
        browser.get(&door, "/me").await.expect(200);
        let due = list().await[0]["due"]["on"].as_str().unwrap().to_owned();
        assert!(browser.sees(&case) && browser.sees(&due) && browser.sees("It is being examined."), "{}", browser.page);
        assert!(!browser.sees("name=\"sure\""));

        // It is refused, with grounds, which the person sees; and may ask again.
        let refusal = json!({ "grounds": "legal_obligation", "basis": "Law 1, § <2>" });
        door.post(format!("/v1/erasure-cases/{case}/refuse"), &refusal).send().await.expect(200);
        let mut browser = Browser::by_wallet(&door, &user).await;
        assert!(browser.sees("It was refused: the law wants the records kept. (Law 1, § &lt;2&gt;)") && browser.sees("court"), "{}", browser.page);
        browser.press(&door, "/me/erase", &[("sure", "yes")]).await.expect(303);
        let cases = list().await;
        let open = cases.iter().find(|one| one["state"] == "awaiting_decision").unwrap();
        assert_eq!(open["identity"]["by"], "wallet");
        let case = open["id"].as_str().unwrap().to_owned();

        // Somebody looks at it within the hour; and it is carried out.
        viewed::saw(&door.app, &Actor::Operator, Viewed::Record(&id)).await.unwrap();
        door.post(format!("/v1/erasure-cases/{case}/decide"), &json!({})).send().await.expect(200);
        let mut state = Value::Null;
        for _ in 0..600 {
            state = door.get(format!("/v1/erasure-cases/{case}")).send().await.expect(200).json()["state"].clone();
            if state == "done" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(state, "done");
        // The visit has ended; another one sees nothing; the mailbox hears of nothing.
        browser.get(&door, "/me").await.expect(200);
        assert!(browser.sees("Send me a link"));
        let after = Browser::by_wallet(&door, &user).await;
        assert!(after.sees("Nothing is kept about you here.") && !after.sees(&id), "{}", after.page);
        let mails = sent.all().len();
        Browser::default().ask(&door, "ana@example.com").await.expect(200);
        until_looked(&door).await;
        assert_eq!(sent.all().len(), mails);
        let store = &door.app.store;
        assert!(!audit_names(store, &id).await && store.remains_of(&id).await.unwrap().is_empty());
        let rows = store.census(10, |_| i64::MAX).await.unwrap();
        for place in ["asked_erasure", "visit_record"] {
            assert_eq!(rows.iter().find(|count| count.place == place).unwrap().rows, 0, "{place}");
        }
        audit_holds(store).await;
        door.close().await;
    }

    async fn where_records_have_several_addresses_a_mailbox_does_not_show_who_asks(backend) {
        let (door, sent) = open_house(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        issued(&door, &door.key, &user, "ana@example.com", "a").await;
        issued(&door, &door.key, &user, "office@example.com", "b").await;
        let mut browser = Browser::by_mail(&door, &sent, "office@example.com").await;
        browser.press(&door, "/me/erase", &[("sure", "yes")]).await.expect(303);
        browser.get(&door, "/me").await.expect(200);
        assert!(browser.sees("It waits until you show who you are"), "{}", browser.page);
        // The wallet shows it, of the same case.
        let mut browser = Browser::by_wallet(&door, &user).await;
        browser.press(&door, "/me/erase", &[("sure", "yes")]).await.expect(303);
        let list = door.get("/v1/erasure-cases").send().await.expect(200).json();
        let cases = list["items"].as_array().unwrap();
        assert_eq!((cases.len(), &cases[0]["state"], &cases[0]["identity"]["by"]), (1, &json!("awaiting_decision"), &json!("wallet")));
        door.close().await;
    }

    async fn where_it_is_off_there_is_nothing(backend) {
        let door = Door::with(backend, "").await;
        let mut browser = Browser::default();
        for path in ["/me", "/me?lang=de", "/me/link/x"] {
            browser.get(&door, path).await.problem(404, "not_found");
        }
        for path in ["/me", "/me/link/x", "/me/export", "/me/reminders", "/me/language", "/me/safety-net", "/me/erase", "/me/leave"] {
            browser.form(&door, path, &[("email", "ana@example.com")]).await.problem(404, "not_found");
        }
        door.close().await;
    }
}
