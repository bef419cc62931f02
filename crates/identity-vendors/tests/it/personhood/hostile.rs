//! All sources alike: answers that are not what was asked for, and what is shown of them.

use identity_vendors::Answer;
use identity_vendors::personhood::{DenialCode, LARGEST_PERSON_ANSWER, LARGEST_PROOF, Step};
use serde_json::{Value, json};

use super::{Good, NOW, brightid, changed, face_sign, hash, human_passport, no, world_id, world_id_v2};

const WORD: &str = "Zq7xKw9vJ4hY2mNbTr5d";

fn all() -> Vec<Good> {
    vec![
        brightid::good(),
        face_sign::good(),
        human_passport::good(),
        world_id::good(),
        world_id::good_v3(),
        world_id_v2::good(),
    ]
}

/// The pointers of all that is in there.
fn places(json: &Value) -> Vec<String> {
    fn walk(json: &Value, at: &str, found: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match json {
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (name, value) in children {
            let at = format!("{at}/{name}");
            found.push(at.clone());
            walk(value, &at, found);
        }
    }
    let mut found = Vec::new();
    walk(json, "", &mut found);
    found
}

#[test]
fn a_status_or_a_page_says_what_is_wrong() {
    for good in all() {
        for (status, code) in [
            (301, DenialCode::Redirected),
            (302, DenialCode::Redirected),
            (401, DenialCode::KeyRefused),
            (403, DenialCode::KeyRefused),
            (408, DenialCode::Unavailable),
            (429, DenialCode::Limited),
            (500, DenialCode::Unavailable),
            (503, DenialCode::Unavailable),
        ] {
            let denial = good.finish_with(status, good.answer.to_string().as_bytes()).unwrap_err();
            assert_eq!((denial.code, denial.field), (code, "the answer"), "{}", good.source.name());
            assert_eq!(denial.is_worth_retrying(), matches!(status, 408 | 429 | 500 | 503));
        }
        for status in [200, 201, 400, 404] {
            for page in ["<!DOCTYPE html><html><body>Sign in</body></html>", "", "\u{feff}{}"] {
                let denial = good.finish_with(status, page.as_bytes()).unwrap_err();
                assert_eq!((denial.code, denial.field), (DenialCode::NotJson, "the answer"));
                assert!(denial.is_worth_retrying());
            }
            for other in ["[1]", "\"text\"", "1", "null"] {
                assert_eq!(
                    no(good.finish_with(status, other.as_bytes())),
                    (DenialCode::Malformed, "the answer")
                );
            }
        }
        let large = vec![b' '; LARGEST_PERSON_ANSWER + 1];
        assert_eq!(no(good.finish_with(200, &large)), (DenialCode::TooLarge, "the answer"));
    }
}

#[test]
fn what_is_cut_is_nobody() {
    for good in all() {
        let answer = good.answer.to_string();
        let question = good.question();
        for end in 0..answer.len() {
            let cut = Answer { status: good.status, headers: &[], body: &answer.as_bytes()[..end] };
            assert_eq!(no(good.source.finish(&question, &cut, NOW)), (DenialCode::NotJson, "the answer"));
        }
        let proof = good.proof.to_string();
        let binding = identity_vendors::personhood::Binding { user: good.user, nonce: good.nonce };
        for end in 0..proof.len() {
            let denial = good.source.begin(&proof.as_bytes()[..end], &binding, NOW).unwrap_err();
            assert_eq!((denial.code, denial.field), (DenialCode::NotJson, "the proof"));
            assert!(!denial.is_worth_retrying());
        }
        let large = vec![b' '; LARGEST_PROOF + 1];
        assert_eq!(no(good.source.begin(&large, &binding, NOW)), (DenialCode::TooLarge, "the proof"));
    }
}

/// With another text in one place after the other, there is a no that does not repeat it, but where the text decides nothing.
#[test]
fn texts_that_count_cannot_be_changed_and_are_not_repeated() {
    for good in all() {
        for place in places(&good.proof) {
            let Some(text) = good.proof.pointer(&place).and_then(Value::as_str) else { continue };
            let step = good.brought(&place, json!(format!("{text}{WORD}")));
            assert_silent(&good, &place, step);
        }
        for place in places(&good.answer) {
            let Some(text) = good.answer.pointer(&place).and_then(Value::as_str) else { continue };
            let step = good.answered(&place, json!(format!("{text}{WORD}")));
            assert_silent(&good, &place, step);
        }
    }
}

fn assert_silent(good: &Good, place: &str, step: Result<Step, identity_vendors::personhood::Denial>) {
    let name = good.source.name();
    match step {
        Ok(step) => {
            assert!(good.free.contains(&place), "{name} takes anything at {place}");
            assert!(!format!("{step:?}").contains(WORD), "{name} repeats {place}");
        }
        Err(denial) => {
            assert!(!good.free.contains(&place), "{name} refuses {place}: {denial}");
            assert!(!format!("{denial} {denial:?}").contains(WORD), "{name} repeats {place}");
        }
    }
}

/// With anything in any place, it is the same person or a no, and never another person.
#[test]
fn nothing_in_any_place_makes_another_person() {
    let anything = [
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5),
        json!("x"),
        json!([]),
        json!({}),
        json!([[]]),
    ];
    for good in all() {
        let one = hash(&good.person());
        for place in places(&good.answer) {
            for value in &anything {
                if let Ok(Step::Done(person)) = good.answered(&place, value.clone()) {
                    assert_eq!(hash(&person), one, "{} at {place}", good.source.name());
                }
            }
        }
        for place in places(&good.proof) {
            for value in &anything {
                if let Ok(Step::Ask(question)) = good.brought(&place, value.clone()) {
                    let answer = good.answer.to_string();
                    let answer = Answer { status: good.status, headers: &[], body: answer.as_bytes() };
                    if let Ok(Step::Done(person)) = good.source.finish(&question, &answer, NOW) {
                        assert_eq!(hash(&person), one, "{} at {place}", good.source.name());
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_of_a_person_or_a_key_is_shown() {
    for good in all() {
        let shown =
            format!("{:?} {:?} {:?} {:?}", good.source, good.question(), good.person(), good.person().id);
        for hidden in [
            world_id_v2::NULLIFIER,
            "52908400098527886e0f7030069857d2e4169ee7",
            "u1",
            "6f1c1a4e",
            "AAAA",
            "api-key",
            "relay.jwt",
        ] {
            assert!(!shown.contains(hidden), "{}: {hidden} in {shown}", good.source.name());
        }
    }
}

/// The answer to one person's question is none to another's.
#[test]
fn an_answer_is_of_nobody_else() {
    let good = human_passport::good();
    let other = Good {
        proof: json!({"address": "0x52908400098527886e0f7030069857d2e4169ee8"}),
        user: "0x52908400098527886e0f7030069857d2e4169ee8",
        ..human_passport::good()
    };
    assert_eq!(no(other.finish(&good.answer)), (DenialCode::OtherProof, "address"));
    let other = Good { proof: json!({"appUserId": "u2"}), user: "u2", ..brightid::good() };
    assert_eq!(no(other.finish(&brightid::good().answer)), (DenialCode::OtherUser, "appUserId"));
    let other = Good {
        proof: changed(&world_id::good().proof, "/responses/0/nullifier", json!("0x77")),
        ..world_id::good()
    };
    assert_eq!(no(other.finish(&world_id::good().answer)), (DenialCode::OtherProof, "nullifier"));
}

#[test]
fn each_source_is_in_the_readme() {
    let readme = include_str!("../../../README.md");
    for good in all() {
        assert!(readme.contains(&format!("\n| `{}` |", good.source.name())), "{}", good.source.name());
    }
}

#[test]
fn codes_and_names_are_each_one() {
    let mut codes: Vec<_> = DenialCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), DenialCode::ALL.len());
    let with_subject: Vec<_> =
        all().iter().filter(|good| good.source.has_subject()).map(|good| good.source.name()).collect();
    assert_eq!(with_subject, ["face_sign"]);
}
