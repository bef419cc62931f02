//! What comes back of reminders: people who follow their links, and mails that could not be delivered.

use idos_issuer::flow::bounce::{self, Heard};
use idos_issuer::flow::{contact, mail_link};
use idos_issuer::mail::Composed;
use idos_issuer::model::event::EventKind;
use idos_issuer::model::mail_link::{LinkToken, StopReason};
use idos_issuer::model::notices::{NoticeCode, NoticeState};
use idos_issuer::model::personal::ContactChange;

use super::keeping::kinds_of_events;
use super::notices::{Office, at, user};
use crate::support::Folder;
use crate::support::service::{Backend, audit_holds, caller};

const LINKS: &str = "[http]\npublic_url = \"https://issuer.example\"\n[renewal]\nurl = \"https://kyc.example/renew#{token}\"\n[notices]\nper_domain = 60000\n";

async fn office(backend: Backend) -> Office {
    let mut office = Office::open(backend, 1, "2027-01-01T00:00:00Z").await;
    office.with_settings(LINKS).await;
    office
}

/// The token behind this beginning of a link in the text.
fn token(text: &str, before: &str) -> LinkToken {
    let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("{before}: {text}"));
    rest.chars().take(43).collect::<String>().parse().unwrap()
}

/// A report about a mail, as a mail server makes it (RFC 3464).
fn report(mail: &Composed, action: &str, status: &str) -> Vec<u8> {
    let id = mail.message_id.as_str();
    format!(
        "From: MAILER-DAEMON@mail.example\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{id}>\r\n\r\n--b--\r\n",
        mail.envelope.to
    )
    .into_bytes()
}

on_both_databases! {
    async fn a_reminder_has_links_to_renew_and_to_unsubscribe(backend) {
        let office = office(backend).await;
        let app = office.app();
        let end = at("2027-06-30T12:00:00Z");
        // Two of one person, told of in one mail; and somebody else.
        let first = office.issued(user(), end, Some(("ana@b.example", "pt"))).await;
        let second = office.issued(user(), end, Some(("Ana@b.example", "pt"))).await;
        let other = office.issued(user(), end, Some(("eva@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-05-31T12:00:00Z");
        office.send().await;
        let mails = office.sent.take();
        assert_eq!(mails.len(), 2);
        let mail = mails.iter().find(|mail| mail.envelope.to.eq_ignore_ascii_case("ana@b.example")).unwrap();
        let text = &mail.rendered.text;
        let whole = String::from_utf8_lossy(&mail.bytes).replace("\r\n ", " ");
        let unsubscribe = token(text, "https://issuer.example/unsubscribe/");
        assert!(whole.contains(&format!("List-Unsubscribe: <https://issuer.example/unsubscribe/{}>", *unsubscribe.to_text())), "{whole}");
        assert!(whole.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));

        let traded = mail_link::redeem(app, &caller(), &token(text, "https://kyc.example/renew#")).await.unwrap();
        let mut ids: Vec<_> = traded.into_iter().map(|issuance| issuance.id).collect();
        let mut wanted = vec![first.clone(), second.clone()];
        ids.sort();
        wanted.sort();
        assert_eq!(ids, wanted);

        mail_link::unsubscribe(app, &unsubscribe).await.unwrap();
        office.go_to("2027-06-23T12:00:00Z");
        office.send().await;
        let mails = office.sent.take();
        assert_eq!(mails.iter().map(|mail| mail.envelope.to.as_str()).collect::<Vec<_>>(), ["eva@b.example"]);
        for id in [&first, &second] {
            assert_eq!(office.of(id).await[1], (7, NoticeState::Dropped, Some(NoticeCode::RemindersOff)));
        }
        assert_eq!(office.of(&other).await[1].1, NoticeState::Sent);
        audit_holds(&app.store).await;
    }

    async fn a_mail_that_came_back_for_good_is_the_last_one(backend) {
        let office = office(backend).await;
        let app = office.app();
        let end = at("2027-06-30T12:00:00Z");
        let lost = office.issued(user(), end, Some(("lost@b.example", "en"))).await;
        let full = office.issued(user(), end, Some(("full@b.example", "en"))).await;
        let moved = office.issued(user(), end, Some(("before@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-05-31T12:00:00Z");
        office.send().await;
        let mails = office.sent.take();
        let to = |who: &str| mails.iter().find(|mail| mail.envelope.to.starts_with(who)).unwrap();

        assert_eq!(bounce::hear(app, &report(to("full"), "failed", "5.2.2")).await.unwrap(), Heard::Passed);
        assert_eq!(bounce::hear(app, &report(to("lost"), "delayed", "4.4.1")).await.unwrap(), Heard::Passed);
        let dead = report(to("lost"), "failed", "5.1.1");
        for _ in 0..2 {
            assert_eq!(bounce::hear(app, &dead).await.unwrap(), Heard::Stopped(StopReason::Unreachable));
        }
        // Whose address has changed meanwhile is not stopped by what became of the old one.
        let change = ContactChange { email: Some("after@b.example".parse().unwrap()), locale: None };
        office.stage.clock.advance_millis(60_000);
        contact::change(app, &caller(), &moved, change).await.unwrap();
        assert_eq!(bounce::hear(app, &report(to("before"), "failed", "5.1.1")).await.unwrap(), Heard::Outdated);
        let strange = String::from_utf8(dead.clone()).unwrap().replace("ntc_", "abc_");
        assert_eq!(bounce::hear(app, strange.as_bytes()).await.unwrap(), Heard::NotOurs);
        assert_eq!(bounce::hear(app, b"Subject: I am away\r\n\r\nUntil Monday.").await.unwrap(), Heard::NoReport);
        let kinds: Vec<_> = kinds_of_events(app).await.into_iter().map(EventKind::as_str).collect();
        assert_eq!(kinds, ["contact.unreachable"]);

        office.go_to("2027-06-23T12:00:00Z");
        office.send().await;
        let mut to: Vec<_> = office.sent.take().into_iter().map(|mail| mail.envelope.to).collect();
        to.sort();
        assert_eq!(to, ["after@b.example", "full@b.example"]);
        assert_eq!(office.of(&lost).await[1], (7, NoticeState::Dropped, Some(NoticeCode::Unreachable)));
        assert_eq!(office.of(&full).await[1].1, NoticeState::Sent);
        // Corrected, it is written to again.
        let change = ContactChange { email: Some("found@b.example".parse().unwrap()), locale: None };
        contact::change(app, &caller(), &lost, change).await.unwrap();
        office.go_to("2027-06-29T12:00:00Z");
        office.send().await;
        assert!(office.sent.take().iter().any(|mail| mail.envelope.to == "found@b.example"));
        audit_holds(&app.store).await;
    }

    async fn reports_in_the_folder_are_read_by_the_worker(backend) {
        let (folder, outbox) = (Folder::new(), Folder::new());
        let mut office = office(backend).await;
        let settings = format!(
            "{LINKS}[mail]\ntransport = \"folder\"\nfrom = \"a@b.example\"\nfolder = \"{}\"\nbounces = \"{}\"\n",
            outbox.path(""),
            folder.path("")
        );
        office.with_settings(&settings).await;
        let id = office.issued(user(), at("2027-06-30T12:00:00Z"), Some(("lost@b.example", "en"))).await;
        office.plan_all().await;
        office.go_to("2027-05-31T12:00:00Z");
        office.send().await;
        let mail = office.sent.take().remove(0);
        folder.write("report", report(&mail, "failed", "5.1.1"));
        folder.write(".part", "not there yet");
        let stop = tokio_util::sync::CancellationToken::new();
        let app = office.stage.app().await;
        let work = tokio::spawn(idos_issuer::worker::run(std::sync::Arc::clone(&app), stop.clone()));
        let email = "lost@b.example".parse().unwrap();
        for _ in 0..600 {
            if !mail_link::stops(&app, "acme", &email).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(mail_link::stops(&app, "acme", &email).await.unwrap(), [StopReason::Unreachable]);
        for _ in 0..600 {
            if !folder.0.join("report").exists() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert!(!folder.0.join("report").exists());
        assert!(folder.0.join(".part").exists());
        assert_eq!(office.of(&id).await[0].1, NoticeState::Sent);
        stop.cancel();
        work.await.unwrap();
    }
}
