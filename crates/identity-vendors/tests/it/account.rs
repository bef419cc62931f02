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
