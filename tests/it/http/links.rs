//! Links in mails: unsubscribing and renewing; and addresses that cannot be reached.

use idos_issuer::flow::mail_link;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::mail_link::{LinkToken, Purpose, StopReason};
use idos_issuer::model::time::{DAY, Timestamp};
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Door, inserter, kyc};
use crate::support::User;
use crate::support::service::Stage;

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const FORM: &str = "application/x-www-form-urlencoded";

/// An issuance of the user's with this contact.
async fn issue_to(door: &Door, user: &User, email: &str) -> IssuanceId {
    let mut body: Value = kyc(user.id, inserter());
    body["contact"] = json!({ "email": email, "locale": "pt" });
    let made = door.make("/v1/issuances", &body).send().await.expect(202).json();
    let id = made["id"].as_str().unwrap();
    let shown = door.get(format!("/v1/issuances/{id}?wait=30")).send().await.expect(200).json();
    assert_eq!(shown["state"], "issued");
    id.parse().unwrap()
}

async fn link(door: &Door, purpose: Purpose, issuances: &[IssuanceId]) -> LinkToken {
    let mut tx = door.app.store.begin().await.unwrap();
    let token = mail_link::make(&door.app, &mut tx, purpose, issuances, door.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    token
}

async fn stops(door: &Door, email: &str) -> Vec<StopReason> {
    mail_link::stops(&door.app, "acme", &email.parse().unwrap()).await.unwrap()
}

async fn kinds_of_events(door: &Door) -> Vec<String> {
    let listed = door.get("/v1/events").send().await.expect(200).json();
    let mut kinds: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.retain(|kind| kind.starts_with("contact."));
    kinds
}

fn redemption(token: &LinkToken) -> Value {
    json!({ "token": *token.to_text() })
}

on_both_databases! {
    async fn one_click_stops_reminders_and_looking_does_not(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let email = "rare.word@mail.example";
        let first = issue_to(&door, &user, email).await;
        let second = issue_to(&door, &user, "Rare.Word@MAIL.example").await;
        let other = issue_to(&door, &user, "other@mail.example").await;
        let token = link(&door, Purpose::Unsubscribe, &[first.clone(), second]).await;
        let path = format!("/unsubscribe/{}", *token.to_text());

        // What looks at links in mails changes nothing, however it looks.
        for language in ["", "de", "fr", "es", "pt-BR"] {
            let page = door.get(&path).without("Authorization").header("Accept-Language", language).send().await.expect(200);
            assert!(page.header("content-type").unwrap().starts_with("text/html"));
            let html = String::from_utf8(page.body.clone()).unwrap();
            let tag = language.split('-').next().filter(|tag| !tag.is_empty()).unwrap_or("en");
            assert!(html.contains(&format!("<html lang=\"{tag}\">")) && html.contains("<button>"), "{html}");
            assert!(!html.contains("rare") && page.header("set-cookie").is_none() && page.header("location").is_none());
            assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        }
        door.call("POST", &path).body(FORM, "a=b").send().await.problem(400, "invalid_request");
        assert_eq!(stops(&door, email).await, []);

        // As a mail provider does it: without a cookie, a sign-in or a redirect; in either encoding; again.
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for (media, body) in [(FORM, ONE_CLICK), ("multipart/form-data; boundary=x", multipart), (FORM, ONE_CLICK)] {
            let done = door.call("POST", &path).without("Authorization").body(media, body).send().await.expect(200);
            assert!(done.header("location").is_none() && !String::from_utf8_lossy(&done.body).contains("<button"));
        }
        assert_eq!(stops(&door, email).await, [StopReason::Unsubscribed]);
        assert_eq!(stops(&door, "other@mail.example").await, []);
        assert_eq!(kinds_of_events(&door).await, ["contact.unsubscribed", "contact.unsubscribed"]);
        let audit = door.get(format!("/v1/issuances/{first}/audit")).send().await.expect(200).json();
        assert!(audit["items"].as_array().unwrap().iter().any(|entry| entry["act"] == "mail_stopped"
            && entry["detail"] == "unsubscribed" && entry["actor"] == "service"));

        // A link for something else, one that is none, and one that was cut off.
        let renew = link(&door, Purpose::Renew, &[other]).await;
        let none = LinkToken::new(&mut rand::rngs::OsRng).to_text();
        for wrong in [renew.to_text().to_string(), none.to_string(), none[1..].to_owned(), "x".to_owned()] {
            let path = format!("/unsubscribe/{wrong}");
            let page = door.get(&path).send().await.expect(404);
            assert!(page.header("content-type").unwrap().starts_with("text/html"));
            door.call("POST", &path).body(FORM, ONE_CLICK).send().await.expect(404);
        }
        assert_eq!(stops(&door, "other@mail.example").await, []);
        door.close().await;
    }

    async fn a_renewal_link_is_traded_once_and_by_its_client_alone(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = idos_issuer::clock::Clock::fixed(idos_issuer::clock::now());
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let first = issue_to(&door, &user, "a@mail.example").await;
        let second = issue_to(&door, &user, "a@mail.example").await;
        let token = link(&door, Purpose::Renew, &[first.clone(), second.clone()]).await;
        let redeem = || door.post("/v1/renewals/redeem", &redemption(&token));

        let stranger = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        redeem().key(&stranger).send().await.problem(404, "not_found");
        let traded = redeem().send().await.expect(200).json();
        let mut ids: Vec<_> = traded["issuances"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
        let mut wanted = [second.as_str(), first.as_str()];
        ids.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(ids, wanted);
        // The answer may get lost, or the page be loaded again.
        redeem().send().await.expect(200);
        door.stage.clock.advance_millis(15 * 60_000);
        redeem().send().await.problem(410, "link_used");

        let late = link(&door, Purpose::Renew, std::slice::from_ref(&first)).await;
        door.stage.clock.advance_millis(90 * DAY);
        let redeem = door.post("/v1/renewals/redeem", &redemption(&late));
        redeem.send().await.problem(410, "link_expired");
        for wrong in [json!({}), json!({ "token": "Xyzzy" }), json!({ "token": 1 }), json!({ "token": *late.to_text(), "a": 1 })] {
            let refused = door.post("/v1/renewals/redeem", &wrong).send().await.problem(422, "invalid_fields");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        let unsubscribe = link(&door, Purpose::Unsubscribe, std::slice::from_ref(&first)).await;
        door.post("/v1/renewals/redeem", &redemption(&unsubscribe)).send().await.problem(404, "not_found");

        // Whose is forgotten has no link any more; nor has what is over.
        let token = link(&door, Purpose::Renew, std::slice::from_ref(&first)).await;
        door.delete(format!("/v1/issuances/{first}")).send().await.expect(200);
        door.post("/v1/renewals/redeem", &redemption(&token)).send().await.problem(404, "not_found");
        let end: Timestamp = door.app.clock.now().plus_millis(91 * DAY);
        let token = link(&door, Purpose::Renew, std::slice::from_ref(&second)).await;
        assert!(door.app.store.forget_links_before(end).await.unwrap() >= 1);
        door.post("/v1/renewals/redeem", &redemption(&token)).send().await.problem(404, "not_found");
        door.close().await;
    }

    async fn an_address_that_cannot_be_reached_is_told_of_and_forgotten_with_its_last_contact(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let first = issue_to(&door, &user, "rare.word@mail.example").await;
        let second = issue_to(&door, &user, "rare.word@mail.example").await;
        let tell = |email: &str, reason: &str| {
            door.post("/v1/contacts/unreachable", &json!({ "email": email, "reason": reason }))
        };
        let told = tell("RARE.word@mail.example", "unreachable").send().await.expect(200).json();
        assert_eq!(told["issuances"], json!([second.as_str(), first.as_str()]));
        tell("rare.word@mail.example", "unreachable").send().await.expect(200);
        assert_eq!(kinds_of_events(&door).await, ["contact.unreachable", "contact.unreachable"]);
        tell("rare.word@mail.example", "complained").send().await.expect(200);
        assert_eq!(stops(&door, "rare.word@mail.example").await, [StopReason::Unreachable, StopReason::Complained]);
        let nobody = tell("nobody@mail.example", "unreachable").send().await.expect(200).json();
        assert_eq!(nobody["issuances"], json!([]));
        assert_eq!(stops(&door, "nobody@mail.example").await, []);
        for (email, reason) in [("Xyzzy", "unreachable"), ("a@b.example", "unsubscribed"), ("a@b.example", "Xyzzy")] {
            let refused = tell(email, reason).send().await.problem(422, "invalid_fields");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        // Another client knows nothing of it.
        let stranger = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        let theirs = tell("rare.word@mail.example", "unreachable").key(&stranger).send().await.expect(200).json();
        assert_eq!(theirs["issuances"], json!([]));

        door.delete(format!("/v1/issuances/{first}")).send().await.expect(200);
        assert_eq!(stops(&door, "rare.word@mail.example").await.len(), 2);
        door.delete(format!("/v1/issuances/{second}")).send().await.expect(200);
        assert_eq!(stops(&door, "rare.word@mail.example").await, []);
        door.close().await;
    }
}
