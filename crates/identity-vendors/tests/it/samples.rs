//! Samples: what a vendor's door takes, and what changes nothing.

use identity_vendors::{
    Account, Canonical, CaseId, Environment, Event, Fault, Proof, Received, Secret, Untrusted,
};
use serde_json::json;

use crate::events::sign;
use crate::recorded::{NOW, Recorded, all};

const CASE: &str = "sample-0123456789abcdef";

fn case() -> CaseId {
    CaseId::new(CASE).unwrap()
}

/// Every way in which a vendor's account may be set up.
fn accounts(recorded: &Recorded) -> Vec<Account> {
    let ways = [json!({}), json!({ "allowSha1": true }), json!({ "environment": "sandbox" })];
    let canonical = Canonical::ALL.iter().map(|form| json!({ "canonical": form.name() }));
    ways.into_iter().chain(canonical).map(|changes| recorded.account(&changes)).collect()
}

#[test]
fn the_door_takes_it_and_nothing_changes() {
    for recorded in all() {
        let vendor = recorded.vendor;
        for account in accounts(&recorded) {
            let sample = vendor.sample(&account, &case(), NOW).unwrap();
            let headers: Vec<_> =
                sample.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let received = Received { headers: &headers, body: &sample.body, now: NOW };
            let authentic = vendor.authenticate(&account, &received).unwrap();
            let is_signed = recorded.cases["signing"].as_object().is_some_and(|headers| !headers.is_empty());
            assert_eq!(authentic.proof() == Proof::Signed, is_signed, "{}", vendor.name());
            assert_eq!(authentic.proof(), sample.proof, "{}", vendor.name());
            let notice = authentic.notice().unwrap();
            assert_eq!(notice.event, Event::Progress, "{}", vendor.name());
            let told = notice.case.unwrap();
            assert_eq!(told.id, case(), "{}", vendor.name());
            assert!(told.reference.is_none_or(|reference| reference.as_str() == CASE), "{}", vendor.name());
            assert!(notice.happened_at.is_none_or(|at| at.0 == NOW * 1000), "{}", vendor.name());
            assert!(notice.environment.is_none_or(|said| said == account.environment), "{}", vendor.name());
        }
    }
}

/// The headers are those that the vendor's documentation makes of the body, by an HMAC apart from the crate's.
#[test]
fn it_is_signed_as_the_vendor_signs() {
    for recorded in all() {
        let account = recorded.account(&json!({}));
        let sample = recorded.vendor.sample(&account, &case(), NOW).unwrap();
        let mut headers: Vec<_> =
            sample.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        assert_eq!(headers.remove(0), ("Content-Type".to_owned(), "application/json".to_owned()));
        headers.sort_unstable();
        let mut expected = sign(&recorded, &sample.body);
        expected.sort_unstable();
        assert_eq!(headers, expected, "{}", recorded.vendor.name());
    }
}

#[test]
fn changed_anywhere_it_is_not_taken() {
    for recorded in all() {
        let vendor = recorded.vendor;
        for account in accounts(&recorded) {
            let sample = vendor.sample(&account, &case(), NOW).unwrap();
            let headers: Vec<_> =
                sample.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let check = |body: &[u8], account: &Account| {
                let received = Received { headers: &headers, body, now: NOW };
                vendor.authenticate(account, &received).map(|authentic| authentic.proof())
            };
            if check(&sample.body, &account) == Ok(Proof::None) {
                continue;
            }
            for at in 0..sample.body.len() {
                let mut body = sample.body.clone();
                body[at] ^= 1;
                let result = check(&body, &account);
                assert!(
                    matches!(result, Err(Untrusted::Wrong(_))),
                    "{}, byte {at}: {result:?}",
                    vendor.name()
                );
            }
            let another =
                Account { webhook_secrets: vec![Secret::new("another").unwrap()], ..account.clone() };
            assert!(matches!(check(&sample.body, &another), Err(Untrusted::Wrong(_))), "{}", vendor.name());
        }
    }
}

#[test]
fn it_is_by_the_first_secret_and_none_is_named() {
    for recorded in all() {
        let account = recorded.account(&json!({}));
        let none = Account { webhook_secrets: Vec::new(), ..account.clone() };
        let two = Account {
            webhook_secrets: [&[Secret::new("next").unwrap()], account.webhook_secrets.as_slice()].concat(),
            environment: Environment::Live,
            ..account.clone()
        };
        let sample = |account: &Account| recorded.vendor.sample(account, &case(), NOW);
        let headers = |account: &Account| sample(account).unwrap().headers;
        if account.webhook_secrets.is_empty() {
            assert!(sample(&none).is_ok(), "{} signs nothing", recorded.vendor.name());
            continue;
        }
        assert_eq!(sample(&none).unwrap_err(), Fault::NoKey("webhook secret"));
        assert_ne!(headers(&two), headers(&account), "{}", recorded.vendor.name());
        let shown = format!("{:?}", sample(&account).unwrap());
        assert!(
            !shown.contains(CASE)
                && headers(&account).iter().all(|(_, value)| !shown.contains(value.as_str()))
        );
    }
}

/// A time that no clock has, and a key that no header holds, are no reason to panic.
#[test]
fn odd_times_and_keys_are_borne() {
    for recorded in all() {
        let mut account = recorded.account(&json!({}));
        for now in [i64::MIN, -1, 0, i64::MAX] {
            recorded.vendor.sample(&account, &case(), now).unwrap();
        }
        account.key = Secret::new("grün").unwrap();
        let made = recorded.vendor.sample(&account, &case(), NOW);
        let is_in_a_header = recorded.cases["signing"].get("X-AUTH-CLIENT").is_some();
        assert_eq!(made.is_err(), is_in_a_header, "{}", recorded.vendor.name());
    }
}
