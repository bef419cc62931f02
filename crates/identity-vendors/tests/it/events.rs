//! What webhooks say.

use identity_vendors::{Event, Proof, Received, Vendor};
use serde_json::{Value, json};

use crate::recorded::{NOW, Recorded, all, leaves, patch};

/// A webhook of the vendor, signed as the folder's `signing` says.
fn notice(
    recorded: &Recorded,
    body: &[u8],
    changes: &Value,
) -> Result<identity_vendors::Notice, identity_vendors::Fault> {
    let account = recorded.account(changes);
    let headers = sign(recorded, body);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let received = Received { headers: &headers, body, now: NOW };
    recorded.vendor.authenticate(&account, &received).expect("it is signed").notice()
}

/// The headers that the vendor would send, with its first secret: `{hmac}` over the body, `{hmac_time}` over the time, a full
/// stop and the body, `{time}`.
pub(crate) fn sign(recorded: &Recorded, body: &[u8]) -> Vec<(String, String)> {
    let secret = recorded.cases["account"]["webhookSecrets"][0].as_str().unwrap_or_default().as_bytes();
    let hmac = |parts: &[&[u8]]| {
        // HMAC written out (RFC 2104), so that the crate is not tested against itself.
        use sha2::{Digest as _, Sha256};
        let mut key = [0_u8; 64];
        key[..secret.len()].copy_from_slice(secret);
        let pad = |with: u8| key.map(|byte| byte ^ with);
        let mut inner = Sha256::new();
        inner.update(pad(0x36));
        for part in parts {
            inner.update(part);
        }
        hex::encode(Sha256::new().chain_update(pad(0x5c)).chain_update(inner.finalize()).finalize())
    };
    let time = NOW.to_string();
    let headers = recorded.cases["signing"].as_object().into_iter().flatten();
    let fill = |text: &Value| {
        let text = text.as_str().unwrap();
        text.replace("{time}", &time)
            .replace("{hmac}", &hmac(&[body]))
            .replace("{hmac_time}", &hmac(&[time.as_bytes(), b".", body]))
    };
    headers.map(|(name, text)| (name.clone(), fill(text))).collect()
}

#[test]
fn every_event_says_what_happened_and_to_which_case() {
    for recorded in all() {
        for of in recorded.list("events") {
            let what = format!("{}: {}", recorded.vendor.name(), of["name"]);
            let told = notice(&recorded, &recorded.body(&of), &of["account"]);
            if let Some(fault) = of["fault"].as_str() {
                assert_eq!(format!("{:?}", told.unwrap_err()), fault, "{what}");
                continue;
            }
            let told = told.unwrap_or_else(|fault| panic!("{what}: {fault}"));
            assert_eq!(told.event.as_str(), of["is"], "{what}");
            let case = told.case.as_ref();
            assert_eq!(json!(case.map(|case| case.id.as_str())), of["case"]["id"], "{what}");
            assert_eq!(
                json!(case.and_then(|case| case.scope.as_ref()).map(identity_vendors::CaseId::as_str)),
                of["case"]["scope"],
                "{what}"
            );
            let reference =
                case.and_then(|case| case.reference.as_ref()).map(identity_vendors::Reference::as_str);
            assert_eq!(json!(reference), of["case"]["reference"], "{what}");
            assert_eq!(
                json!(told.environment.map(identity_vendors::Environment::as_str)),
                of["environment"],
                "{what}"
            );
            assert_eq!(json!(told.happened_at.map(|at| at.0)), of["happenedAt"], "{what}");
            if let Some(id) = of["delivery"].as_str() {
                assert_eq!(told.delivery.as_str(), id, "{what}");
            }
        }
    }
}

#[test]
fn a_repetition_is_known_and_another_one_is_not() {
    for recorded in all() {
        let events = recorded.list("events");
        let known = events.iter().filter(|of| of["fault"].is_null() && of["is"] != "unknown");
        let mut seen = std::collections::BTreeSet::new();
        for of in known {
            let body = recorded.body(of);
            let first = notice(&recorded, &body, &of["account"]).unwrap().delivery;
            let again = notice(&recorded, &body, &of["account"]).unwrap().delivery;
            assert_eq!(first, again);
            let is_visible = first.as_str().bytes().all(|c| c.is_ascii_graphic());
            assert!(is_visible && first.as_str().len() <= 150);
            seen.insert(first);
        }
        assert!(seen.len() > 1, "{}", recorded.vendor.name());
    }
}

/// In whatever order they arrive, and however often, the same one holds.
#[test]
fn the_order_of_arrival_does_not_matter() {
    let recorded = all().into_iter().find(|recorded| recorded.vendor.name() == "persona").unwrap();
    let told = |name: &str, at: &str| {
        let body = json!({"data": {"id": format!("evt_{name}"), "attributes": {
            "name": format!("inquiry.{name}"), "created-at": at, "payload": {"data": {"id": "inq_1"}}}}});
        notice(&recorded, &serde_json::to_vec(&body).unwrap(), &Value::Null).unwrap()
    };
    let early = [told("completed", "2026-01-02T03:00:00Z"), told("approved", "2026-01-02T03:04:00Z")];
    let late = [told("redacted", "2026-01-01T00:00:00Z"), told("teleported", "2027-01-01T00:00:00Z")];
    let holding = |order: &[usize], all: &[&identity_vendors::Notice]| {
        let mut held = all[order[0]];
        for n in order {
            if all[*n].holds_against(held) {
                held = all[*n];
            }
        }
        held.event
    };
    for order in [[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]] {
        assert_eq!(holding(&order, &[&early[0], &early[1]]), Event::Approved, "{order:?}");
        assert_eq!(holding(&order, &[&early[1], &late[0]]), Event::Deleted, "{order:?}");
        assert_eq!(holding(&order, &[&early[1], &late[1]]), Event::Approved, "{order:?}");
    }
}

/// A vendor may say new things any day. They are acknowledged, and nothing of them is read.
#[test]
fn unknown_events_are_acknowledged() {
    for recorded in all() {
        let unknown: Vec<_> =
            recorded.list("events").into_iter().filter(|of| of["is"] == "unknown").collect();
        assert!(!unknown.is_empty(), "{} has no unknown event", recorded.vendor.name());
        for of in unknown {
            let told = notice(&recorded, &recorded.body(&of), &of["account"]).unwrap();
            assert!(told.event == Event::Unknown && told.case.is_none() && !told.event.is_worth_asking());
        }
    }
}

#[test]
fn what_is_no_json_is_named_so() {
    for recorded in all() {
        for body in ["<!DOCTYPE html><html></html>", "", "\u{feff}{}", "{\"a\":", "a=b&c=d"] {
            let body = if recorded.vendor.name() == "didit" { continue } else { body };
            let fault = notice(&recorded, body.as_bytes(), &Value::Null).unwrap_err();
            assert_eq!(format!("{fault:?}"), "NotJson", "{}: {body}", recorded.vendor.name());
        }
    }
}

/// Whatever is replaced by whatever, nothing panics, and nothing of it is repeated.
#[test]
fn a_webhook_with_something_else_in_it_is_read_or_refused_without_repeating_it() {
    const WORD: &str = "Zq7xKw9vJ4hY2mNbTr5d <\n>";
    for recorded in all() {
        for of in recorded.list("events").iter().filter(|of| of["body"].is_object()) {
            for pointer in leaves(&of["body"]) {
                for value in
                    [json!(WORD), json!(-1), json!(true), json!(null), json!([]), json!({}), json!("$remove")]
                {
                    let mut body = of["body"].clone();
                    patch(&mut body, &pointer, value).unwrap();
                    let body = serde_json::to_vec(&body).unwrap();
                    let headers = sign(&recorded, &body);
                    let headers: Vec<(&str, &str)> =
                        headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                    let account = recorded.account(&of["account"]);
                    let received = Received { headers: &headers, body: &body, now: NOW };
                    let Ok(authentic) = recorded.vendor.authenticate(&account, &received) else { continue };
                    match authentic.notice() {
                        Ok(told) => {
                            assert!(!format!("{told:?}").contains("Zq7xKw9v"), "{pointer}");
                            assert!(
                                authentic.proof() == Proof::Signed
                                    || matches!(
                                        told.event,
                                        Event::Changed | Event::Unknown | Event::Progress
                                    )
                            );
                        }
                        Err(fault) => {
                            assert!(!format!("{fault:?} {fault}").contains("Zq7xKw9v"), "{pointer}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn vendors_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> = Vendor::ALL.iter().map(|vendor| vendor.name()).collect();
    assert_eq!(names.len(), Vendor::ALL.len());
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::by_name(vendor.name()), Some(*vendor));
        assert!(vendor.name().bytes().all(|c| c.is_ascii_lowercase()));
        assert!(vendor.bases().iter().all(|base| base.starts_with("https://") && !base.ends_with('/')));
    }
    assert_eq!(Vendor::by_name("nobody"), None);
}

/// Both tables of the README have a row for each vendor, and no other.
#[test]
fn the_readme_has_every_vendor() {
    let readme = include_str!("../../README.md");
    let rows = |table: usize| -> Vec<&str> {
        let tables: Vec<_> = readme.split("| vendor |").skip(1).collect();
        let table = tables[table].split("\n\n").next().unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        rows.collect()
    };
    let names: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.name()).collect();
    assert_eq!(rows(0), names);
    assert_eq!(rows(1), names);
}
