//! What an account is made of.

use identity_vendors::{CaseId, Fault, FilesBase, Inquiry, Reference, Secret};

use crate::recorded::{NOW, all};

#[test]
fn secrets_are_texts_and_show_themselves_to_nobody() {
    for text in ["a", "whsec_x", "with a blank", "grün"] {
        let secret = Secret::new(text).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
    for text in ["", " ", "a\n", " a", "a\u{0}b", "a\r\n"] {
        let error = Secret::new(text).unwrap_err();
        assert!(error.to_string().contains("line's end"));
    }
}

/// A key that no header can hold is refused before a request is made of it.
#[test]
fn keys_that_fit_into_no_header_are_refused() {
    for recorded in all() {
        let conversation = recorded.approved().swap_remove(0);
        let mut account = conversation.account.clone();
        account.key = Secret::new("grün").unwrap();
        account.token = Some(Secret::new("grün").unwrap());
        let mut inquiry = Inquiry::new(conversation.vendor, &account, conversation.case.clone());
        let fits = inquiry.next(NOW);
        // One vendor's key is encoded.
        let is_encoded = conversation.vendor.name() == "idenfy";
        assert!(
            is_encoded || fits.unwrap_err() == Fault::NoKey("key that fits into a header"),
            "{}",
            conversation.name
        );
    }
}

/// Vendors that issue access tokens are asked for them elsewhere than for results, and never with the token before.
#[test]
fn access_tokens_are_asked_for_where_there_are_some() {
    for recorded in all() {
        let conversation = recorded.approved().swap_remove(0);
        let account = &conversation.account;
        let asked = recorded.vendor.token_request(account).unwrap();
        assert_eq!(asked.is_some(), account.token.is_some(), "{}", recorded.vendor.name());
        let Some(request) = asked else { continue };
        assert_eq!(request.base, identity_vendors::Base::Tokens);
        let without = identity_vendors::Account { token: None, ..account.clone() };
        let again = recorded.vendor.token_request(&without).unwrap().unwrap();
        assert_eq!(
            (&*again.path, &again.headers, &*again.body),
            (&*request.path, &request.headers, &*request.body)
        );
        let mut inquiry = Inquiry::new(recorded.vendor, &without, conversation.case.clone());
        assert_eq!(inquiry.next(NOW).unwrap_err(), Fault::NoKey("access token"));
        let bad = identity_vendors::Account { user_agent: "a\r\nb: c".to_owned(), ..account.clone() };
        assert!(recorded.vendor.token_request(&bad).is_err());
    }
}

#[test]
fn what_is_no_access_token_is_named() {
    let take = |status, body: &str| {
        let answer = identity_vendors::Answer { status, headers: &[], body: body.as_bytes() };
        identity_vendors::Vendor::ALL[0]
            .token(&answer)
            .map(|(token, seconds)| (format!("{token:?}"), seconds))
    };
    let good = r#"{"access_token":"eyJ.test","expires_in":3600,"token_type":"Bearer"}"#;
    assert_eq!(take(200, good), Ok(("Secret(..)".to_owned(), 3600)));
    for (status, body, fault) in [
        (401, good, Fault::Denied),
        (200, "<html>", Fault::NotJson),
        (200, "{}", Fault::Missing("token_type")),
        (200, r#"{"access_token":"a","expires_in":1,"token_type":"mac"}"#, Fault::Malformed("token_type")),
        (200, r#"{"expires_in":1,"token_type":"bearer"}"#, Fault::Missing("access_token")),
        (
            200,
            r#"{"access_token":"a\nb","expires_in":1,"token_type":"bearer"}"#,
            Fault::Malformed("access_token"),
        ),
        (200, r#"{"access_token":"a","token_type":"bearer"}"#, Fault::Missing("expires_in")),
        (
            200,
            r#"{"access_token":"a","expires_in":-1,"token_type":"bearer"}"#,
            Fault::Malformed("expires_in"),
        ),
        (
            200,
            r#"{"access_token":"a","expires_in":"1","token_type":"bearer"}"#,
            Fault::Malformed("expires_in"),
        ),
    ] {
        assert_eq!(take(status, body), Err(fault), "{body}");
    }
}

#[test]
fn places_for_files_are_hosts() {
    for text in [
        "https://files.withpersona.com",
        "https://files.withpersona.com/",
        "https://127.0.0.1:8443",
        "https://FILES.example",
    ] {
        let base = FilesBase::new(text).unwrap();
        assert!(base.as_url().starts_with("https://") && !base.as_url().ends_with('/'));
    }
    for text in [
        "http://files.example",
        "https://files.example/a",
        "https://files.example?a",
        "https://a@files.example",
        "https://",
        "files.example",
        "data:,",
        "",
    ] {
        FilesBase::new(text).unwrap_err();
    }
}

#[test]
fn ids_stand_in_paths_as_they_are() {
    for text in ["a", "68a7d46b8a6f58bf219053c6", "inq_Test-1", &"a".repeat(128)] {
        assert_eq!(CaseId::new(text).unwrap().as_str(), text);
    }
    for text in ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "ä", "a;b", "a\n", &"a".repeat(129)] {
        CaseId::new(text).unwrap_err();
    }
    for text in ["", "a\nb", "\u{0}", &"a".repeat(513)] {
        Reference::new(text).unwrap_err();
    }
    assert_eq!(Reference::new("ana@b.example").unwrap().as_str(), "ana@b.example");
}

/// A setting that does nothing was meant for another vendor.
#[test]
fn settings_that_do_nothing_are_named() {
    let mut used = Vec::new();
    for recorded in all() {
        for (setting, value) in [
            ("allowSha1", serde_json::json!(true)),
            ("canonical", serde_json::json!("text")),
            ("completedIsApproved", serde_json::json!(true)),
        ] {
            let account = recorded.account(&serde_json::json!({ setting: value }));
            match recorded.vendor.idle_settings(&account).as_slice() {
                [] => used.push((recorded.vendor.name(), setting)),
                [name] => assert_eq!(name.replace('_', ""), setting.to_lowercase()),
                more => panic!("{more:?}"),
            }
        }
        assert!(recorded.vendor.idle_settings(&recorded.account(&serde_json::Value::Null)).is_empty());
    }
    assert_eq!(used, [("didit", "canonical"), ("persona", "completedIsApproved"), ("sumsub", "allowSha1")]);
}
