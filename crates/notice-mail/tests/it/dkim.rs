use notice_mail::{DkimError, DkimKey, MessageId, Post, Signer, compose};

use super::support::{brand, sample, templates};

/// The key of RFC 8463, A.2, as OpenSSL would write it.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

fn signer() -> Signer {
    Signer::new("Example.com", "mail", DkimKey::from_pem(ED25519.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_reminder_is_signed_with_what_one_click_needs() {
    let rendered = templates().render(&sample("expiring"), "en", &brand()).unwrap();
    let post = Post {
        from: &"Example <kyc@mail.example.com>".parse().unwrap(),
        reply_to: None,
        return_path: None,
        to: &"a@b.example".parse().unwrap(),
        message_id: &MessageId::new("n1", "example.com").unwrap(),
        date: "2031-01-30T08:00:05Z".parse().unwrap(),
    };
    let message = String::from_utf8(compose(&rendered, &post, Some(&signer())).unwrap().bytes).unwrap();
    let unsigned = String::from_utf8(compose(&rendered, &post, None).unwrap().bytes).unwrap();
    assert!(
        message.ends_with(&unsigned) && message.starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"),
        "{message}"
    );
    let header = message.strip_suffix(&unsigned).unwrap().replace("\r\n", "").replace(['\t', ' '], "");
    let names: Vec<_> = header.split("h=").nth(1).unwrap().split(';').next().unwrap().split(':').collect();
    for name in ["from", "to", "subject", "date"] {
        assert_eq!(names.iter().filter(|n| **n == name).count(), 2, "{name}: {names:?}");
    }
    for name in ["list-unsubscribe", "list-unsubscribe-post", "message-id", "auto-submitted", "content-type"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(header.contains("d=example.com;s=mail;t=1927526405;"), "{header}");
}

#[test]
fn what_is_no_key_and_no_domain_is_said() {
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\nWHl6enk=\n-----END {kind}-----\n");
    for text in [
        "",
        "Xyzzy",
        &pem("PRIVATE KEY"),
        &pem("RSA PRIVATE KEY"),
        &pem("EC PRIVATE KEY"),
        &pem("PUBLIC KEY"),
    ] {
        let error = DkimKey::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(error, DkimError::Key);
        assert!(!error.to_string().contains("Xyzzy"));
    }
    let key = || DkimKey::from_pem(ED25519.as_bytes()).unwrap();
    for domain in ["", "com", "a b.example", "a;b.example", "example.com\r\n", "-a.example", "bücher.example"]
    {
        assert_eq!(Signer::new(domain, "mail", key()).unwrap_err(), DkimError::Domain, "{domain:?}");
    }
    for selector in ["", "a b", "a;", "a..b", "ä"] {
        assert_eq!(
            Signer::new("example.com", selector, key()).unwrap_err(),
            DkimError::Selector,
            "{selector:?}"
        );
    }
    for (domain, counts) in
        [("example.com", true), ("mail.Example.com", true), ("badexample.com", false), ("com", false)]
    {
        assert_eq!(signer().is_for(domain), counts, "{domain}");
    }
    assert!(!format!("{:?}", signer()).contains("nWGxne"));
}
