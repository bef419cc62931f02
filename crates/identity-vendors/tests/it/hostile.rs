//! Answers that are not what was asked for.

use identity_vendors::{Answer, Fault, Inquiry, LARGEST_ANSWER, Reference, Step};
use serde_json::json;

use crate::recorded::{NOW, all, leaves, patch};

#[test]
fn a_web_page_is_no_answer_at_any_place() {
    for recorded in all() {
        for conversation in recorded.approved() {
            for at in 0..conversation.requests().len() {
                for page in ["<!DOCTYPE html><html><body>Sign in</body></html>", "", "\u{feff}{}"] {
                    let found = conversation.run_with(&mut |n, _| (n == at).then(|| (200, page.into())));
                    assert_eq!(found.unwrap_err(), Fault::NotJson, "{} at {at}", conversation.name);
                }
                for other in ["[1]", "\"text\"", "1", "null"] {
                    let found = conversation.run_with(&mut |n, _| (n == at).then(|| (200, other.into())));
                    assert!(
                        matches!(found.unwrap_err(), Fault::Malformed(_) | Fault::Missing(_)),
                        "{} at {at}",
                        conversation.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_status_says_what_is_wrong() {
    for recorded in all() {
        let conversation = recorded.approved().swap_remove(0);
        for at in 0..conversation.requests().len() {
            for (status, fault) in [
                (301, Fault::Redirected),
                (302, Fault::Redirected),
                (400, Fault::Status(400)),
                (401, Fault::Denied),
                (403, Fault::Denied),
                (404, Fault::NotFound),
                (410, Fault::NotFound),
                (429, Fault::Limited),
                (500, Fault::Unavailable),
                (503, Fault::Unavailable),
            ] {
                let found = conversation.run_with(&mut |n, _| (n == at).then(|| (status, b"{}".to_vec())));
                assert_eq!(found.unwrap_err(), fault);
                assert_eq!(fault.is_worth_retrying(), matches!(status, 429 | 500 | 503));
            }
            let large = vec![b' '; LARGEST_ANSWER + 1];
            let found = conversation.run_with(&mut |n, _| (n == at).then(|| (200, large.clone())));
            assert_eq!(found.unwrap_err(), Fault::TooLarge);
        }
    }
}

/// After a fault, the same question is asked again, and the conversation goes on.
#[test]
fn a_question_is_open_until_it_is_answered() {
    for recorded in all() {
        let conversation = recorded.approved().swap_remove(0);
        let mut inquiry = Inquiry::new(conversation.vendor, &conversation.account, conversation.case.clone());
        assert_eq!(inquiry.answer(&Answer { status: 200, headers: &[], body: b"{}" }), Err(Fault::NotAsked));
        let mut asked = 0;
        let finding = loop {
            let first = match inquiry.next(NOW).unwrap() {
                Step::Done(finding) => break finding,
                Step::Ask(request) => request,
            };
            asked += 1;
            let fault = inquiry.answer(&Answer { status: 503, headers: &[], body: b"" }).unwrap_err();
            assert_eq!(fault, Fault::Unavailable);
            let Step::Ask(again) = inquiry.next(NOW).unwrap() else { panic!() };
            assert_eq!((&again.path, &again.headers), (&first.path, &first.headers));
            let (status, body) = conversation.answer_to(&again);
            inquiry.answer(&Answer { status, headers: &[], body: &body }).unwrap();
        };
        assert_eq!(finding.outcome.as_str(), "approved");
        assert_eq!(asked, conversation.requests().len());
    }
}

/// A list that never ends is not read for ever.
#[test]
fn a_case_takes_so_many_requests_and_no_more() {
    let recorded = all().into_iter().find(|recorded| recorded.vendor.name() == "complycube").unwrap();
    let conversation = recorded.approved().swap_remove(0);
    let mut asked = 0;
    let found = conversation.run_with(&mut |_, request| {
        asked += 1;
        let page = request.path.split("&page=").nth(1)?.split('&').next()?.parse::<u32>().ok()?;
        Some((200, serde_json::to_vec(&json!({"page": page, "items": [], "hasMore": true})).unwrap()))
    });
    assert_eq!(found.unwrap_err(), Fault::TooMany);
    assert_eq!(asked, 64);
}

/// Each id by which an answer says what it is about: `ids` in the recorded cases.
#[test]
fn an_answer_about_another_case_is_refused() {
    for recorded in all() {
        let mut tried = 0;
        for conversation in recorded.approved() {
            for (ask, pointers) in conversation.expected["ids"].as_object().into_iter().flatten() {
                for pointer in pointers.as_array().unwrap() {
                    let mut other = conversation.clone();
                    patch(other.answers.get_mut(ask).unwrap(), pointer.as_str().unwrap(), json!("another"))
                        .unwrap();
                    let fault = other.run().unwrap_err();
                    assert!(
                        matches!(fault, Fault::AnotherCase(_)),
                        "{} {pointer}: {fault:?}",
                        conversation.name
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 0, "{} tells no ids", recorded.vendor.name());
    }
}

#[test]
fn a_case_of_another_user_is_refused() {
    for recorded in all() {
        for conversation in recorded.approved() {
            let reference = conversation.run().unwrap().case.reference;
            // A check by itself knows no user (Onfido): whose it is, whoever began it knows.
            if reference.is_none() {
                assert_eq!(recorded.vendor.name(), "onfido");
                continue;
            }
            for (known, is_ok) in [(reference, true), (Some(Reference::new("somebody else").unwrap()), false)]
            {
                let mut of = conversation.clone();
                of.case.reference = known;
                match of.run() {
                    Ok(_) => assert!(is_ok, "{}", conversation.name),
                    Err(fault) => {
                        assert!(
                            !is_ok && matches!(fault, Fault::AnotherUser(_)),
                            "{}: {fault:?}",
                            conversation.name
                        );
                    }
                }
            }
        }
    }
}

/// Whatever stands in whatever place of whatever answer: nothing panics, and nothing of it is shown by an error, a finding
/// or a refusal.
#[test]
fn what_is_wrong_is_named_and_never_repeated() {
    const WORD: &str = "Zq7xKw9vJ4hY2mNbTr5d";
    for recorded in all() {
        let conversation = recorded.approved().swap_remove(0);
        for (ask, answer) in &conversation.answers {
            for pointer in leaves(answer) {
                let values = [
                    json!(WORD),
                    json!(format!("<{WORD}\n>")),
                    json!(format!("https://x.example/{WORD}")),
                    json!(-1),
                    json!(true),
                    json!([WORD]),
                    json!({WORD: WORD}),
                    json!("$remove"),
                ];
                for value in values {
                    let mut other = conversation.clone();
                    patch(other.answers.get_mut(ask).unwrap(), &pointer, value.clone()).unwrap();
                    // A question that is not recorded is an answer to something else than what was asked; it is none here.
                    let found = other.run_with(&mut |_, request| {
                        let ask = format!("{} {}", request.method.as_str(), *request.path);
                        (!other.answers.contains_key(&ask)).then(|| (404, Vec::new()))
                    });
                    let shown = match &found {
                        Err(fault) => format!("{fault} {fault:?}"),
                        Ok(finding) => {
                            let mut shown = vec![format!("{finding:?}")];
                            if let identity_vendors::Outcome::Approved(person) = &finding.outcome {
                                for schema in [identity_vendors::Schema::V2, identity_vendors::Schema::V3] {
                                    match person.claims(schema, identity_vendors::Script::Native) {
                                        Ok(claims) => shown.push(format!("{claims:?}")),
                                        Err(refusals) => {
                                            for refusal in refusals {
                                                shown.push(format!("{refusal} {refusal:?}"));
                                            }
                                        }
                                    }
                                }
                            }
                            shown.concat()
                        }
                    };
                    assert!(!shown.contains(WORD), "{} {pointer} {value}: {shown}", recorded.vendor.name());
                }
            }
        }
    }
}
