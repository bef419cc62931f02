use notice_mail::{Composed, MessageId, NoMessageId, Post, Recipient, Rendered, Sender, Signer, compose};
use proptest::prelude::*;

use super::support::{brand, sample, templates};

fn rendered(name: &str, locale: &str) -> Rendered {
    templates().render(&sample(name), locale, &brand()).unwrap()
}

fn post_of(rendered: &Rendered, from: &str, to: &str, signer: Option<&Signer>) -> Composed {
    let (from, to): (Sender, Recipient) = (from.parse().unwrap(), to.parse().unwrap());
    let message_id = MessageId::new("01J.notice-1", "kyc.example.com").unwrap();
    let reply_to = "Help <help@example.com>".parse().unwrap();
    let date = "2031-01-30T08:00:05.5Z".parse().unwrap();
    let post = Post {
        from: &from,
        reply_to: Some(&reply_to),
        return_path: None,
        to: &to,
        message_id: &message_id,
        date,
    };
    compose(rendered, &post, signer).unwrap()
}

fn composed(name: &str) -> String {
    String::from_utf8(
        post_of(&rendered(name, "de"), "Example KYC <kyc@example.com>", "c@d.example", None).bytes,
    )
    .unwrap()
}

/// The headers, unfolded.
fn headers(message: &str) -> Vec<(String, String)> {
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n")
        .map(|line| line.split_once(": ").unwrap())
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}

#[test]
fn a_reminder_has_the_headers_of_one() {
    let message = composed("expiring");
    let headers = headers(&message);
    let value = |name: &str| {
        let values: Vec<_> =
            headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect();
        assert_eq!(values.len(), 1, "{name}: {message}");
        values[0]
    };
    assert_eq!(value("From"), "\"Example KYC\" <kyc@example.com>");
    assert_eq!(value("Reply-To"), "Help <help@example.com>");
    assert_eq!(value("To"), "c@d.example");
    assert_eq!(value("Date"), "Thu, 30 Jan 2031 08:00:05 +0000");
    assert_eq!(value("Message-ID"), "<01J.notice-1@kyc.example.com>");
    assert_eq!(value("Auto-Submitted"), "auto-generated");
    assert_eq!(value("Content-Language"), "de");
    assert_eq!(value("List-Unsubscribe"), "<https://kyc.example.com/n/0123456789abcdefghjkmnpqrs>");
    assert_eq!(value("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!(value("MIME-Version"), "1.0");
    assert!(value("Content-Type").starts_with("multipart/alternative; boundary=\"=_"));
    assert!(message.contains("Content-ID: <logo>") && message.contains("multipart/related"));
    assert_eq!(message, composed("expiring"), "the same mail has the same bytes");
}

#[test]
fn what_is_no_reminder_cannot_be_ordered_off() {
    let message = composed("test");
    assert!(!message.contains("List-Unsubscribe"), "{message}");
}

#[test]
fn lines_are_short_and_in_ascii() {
    for name in ["expiring", "expired", "identify", "access", "erased", "test"] {
        let message = composed(name);
        assert!(message.is_ascii() && !message.contains('\0'));
        for line in message.split("\r\n") {
            assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{name}: {line}");
        }
    }
}

#[test]
fn what_would_be_another_header_is_none() {
    for left in ["", "a b", "a\r\nX: y", "<a>", "a@b", "a..b", ".a", "ä"] {
        assert_eq!(MessageId::new(left, "example.com"), Err(NoMessageId), "{left:?}");
        assert_eq!(MessageId::new("a", left), Err(NoMessageId), "{left:?}");
    }
    let mut mail = rendered("test", "en");
    mail.subject = "a\r\nBcc: e@f.example\r\n\r\nbody".to_owned();
    let message = String::from_utf8(post_of(&mail, "A <a@b.example>", "c@d.example", None).bytes).unwrap();
    assert!(!message.contains("\nBcc") && !message.contains("\nbody"), "{message}");
}

#[test]
fn nothing_shows_addresses() {
    let composed = post_of(&rendered("test", "en"), "A <Xyzzy@b.example>", "Xyzzy@d.example", None);
    assert_eq!(
        (composed.envelope.from.as_str(), composed.envelope.to.as_str()),
        ("Xyzzy@b.example", "Xyzzy@d.example")
    );
    assert!(!format!("{composed:?} {:?}", composed.envelope).contains("Xyzzy"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the parts are, there are the headers that there should be, and no others.
    #[test]
    fn headers_are_those_of_any_other_mail(
        subject in ".*", name in "[^<>\"@,;:\\\\]{1,40}", text in "(.|\n|\r){0,200}", html in "(.|\n|\r){0,200}",
    ) {
        let usual: Vec<_> = headers(&composed("expiring")).into_iter().map(|(name, _)| name).collect();
        let Ok(_) = format!("{name} <a@b.example>").parse::<Sender>() else { return Ok(()) };
        let mut mail = rendered("expiring", "de");
        (mail.subject, mail.text, mail.html) = (subject, text, html);
        let message = post_of(&mail, &format!("{name} <a@b.example>"), "c@d.example", None).bytes;
        prop_assert!(message.is_ascii());
        let message = String::from_utf8(message).unwrap();
        let there: Vec<_> = headers(&message).into_iter().map(|(name, _)| name).collect();
        prop_assert_eq!(there, usual);
        prop_assert!(message.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    }
}
