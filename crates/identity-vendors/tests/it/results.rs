//! What becomes of cases, as the folders of recorded payloads expect it.

use identity_vendors::{ClaimedAddress, Claims, Finding, Gender, Identity, Outcome, Schema, Script, Shows};
use serde_json::{Value, json};

use crate::recorded::{Conversation, all};

fn claims(claims: &Claims) -> Value {
    let date = |date: Option<identity_vendors::Date>| json!(date.map(identity_vendors::Date::to_text));
    let gender = |gender| match gender {
        Gender::Male => "M",
        Gender::Female => "F",
        Gender::Other => "OTHER",
    };
    let address = |address: &ClaimedAddress| {
        json!({
            "street": address.street, "houseNumber": address.house_number, "additional": address.additional,
            "region": address.region, "city": address.city, "postalCode": address.postal_code,
            "country": address.country.as_str(),
            "proof": address.proof.as_ref().map(|proof| json!({"category": proof.category, "issued": date(proof.issued)})),
        })
    };
    let mut shown = json!({
        "level": claims.level.to_string(),
        "firstName": claims.first_name, "middleName": claims.middle_name, "familyName": claims.family_name,
        "gender": claims.gender.map(gender), "nationality": claims.nationality.map(identity_vendors::Alpha2::as_str),
        "stateless": claims.stateless, "dateOfBirth": claims.date_of_birth.to_text(),
        "placeOfBirth": claims.place_of_birth, "email": claims.email, "phoneNumber": claims.phone_number,
        "documentType": claims.document_type.as_str(), "documentCountry": claims.document_country.as_str(),
        "documentNumber": claims.document_number, "documentIssued": date(claims.document_issued),
        "documentExpires": date(claims.document_expires),
        "address": claims.address.as_ref().map(address),
        "back": claims.back.is_some(),
    });
    // What is not there is not written down.
    let members = shown.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null() && *value != json!(false));
    if let Some(address) = members.get_mut("address").and_then(Value::as_object_mut) {
        address.retain(|_, value| !value.is_null());
        if let Some(proof) = address.get_mut("proof").and_then(Value::as_object_mut) {
            proof.retain(|_, value| !value.is_null());
        }
    }
    shown
}

fn refusals(person: &Identity, schema: Schema) -> Value {
    match person.claims(schema, Script::Latin) {
        Ok(_) => json!([]),
        Err(refusals) => {
            refusals.iter().map(|refusal| format!("{} {}", refusal.code.as_str(), refusal.field)).collect()
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    value
}

fn check(conversation: &Conversation) {
    let what = format!("{}: {}", conversation.vendor.name(), conversation.name);
    let expected = &conversation.expected;
    let found = conversation.run();
    if let Some(fault) = expected["fault"].as_str() {
        assert_eq!(format!("{:?}", found.expect_err(&what)), fault, "{what}");
        return;
    }
    let Finding { case, environment, decided_at, outcome } =
        found.unwrap_or_else(|fault| panic!("{what}: {fault}"));
    assert_eq!(outcome.as_str(), expected["is"], "{what}");
    assert_eq!(case.id, conversation.case.id);
    for (name, value) in [
        ("environment", json!(environment.as_str())),
        ("reference", json!(case.reference.as_ref().map(identity_vendors::Reference::as_str))),
        ("decidedAt", json!(decided_at.map(|at| at.0))),
    ] {
        if !expected[name].is_null() {
            assert_eq!(value, expected[name], "{what}: {name}");
        }
    }
    let person = match outcome {
        Outcome::Approved(person) => person,
        Outcome::Declined(decline) => {
            assert_eq!(decline.as_str(), expected["why"], "{what}");
            return;
        }
        Outcome::NotYet(wait) => {
            assert_eq!(wait.as_str(), expected["why"], "{what}");
            return;
        }
        Outcome::Expired | Outcome::Deleted | Outcome::Withdrawn => return,
    };
    if expected["refusals"].is_object() {
        for (name, schema) in [("v2", Schema::V2), ("v3", Schema::V3)] {
            if !expected["refusals"][name].is_null() {
                assert_eq!(refusals(&person, schema), expected["refusals"][name], "{what}: {name}");
            }
        }
        return;
    }
    let v2 = person.claims(Schema::V2, Script::Latin);
    let v2 = v2.unwrap_or_else(|refusals| panic!("{what}: {refusals:?}"));
    assert_eq!(claims(&v2), without_nulls(&expected["claims"]), "{what}");
}

#[test]
fn every_recorded_conversation_comes_to_what_is_expected() {
    for recorded in all() {
        for conversation in recorded.conversations() {
            check(&conversation);
        }
    }
}

/// Version 3 can say less of countries and more of people; what version 2 takes of a person with a nationality, it takes too.
#[test]
fn version_three_takes_who_has_a_nationality() {
    for recorded in all() {
        for conversation in recorded.approved() {
            let Ok(Finding { outcome: Outcome::Approved(person), .. }) = conversation.run() else { panic!() };
            let v2 = person.claims(Schema::V2, Script::Latin).unwrap();
            let in_three = person.claims(Schema::V3, Script::Latin);
            let is_kosovar =
                [v2.nationality, Some(v2.document_country)].contains(&Some(identity_vendors::Alpha2::KOSOVO));
            if v2.nationality.is_some() && !is_kosovar {
                let in_three = in_three.unwrap_or_else(|r| panic!("{}: {r:?}", conversation.name));
                assert_eq!(in_three.level, v2.level);
            }
        }
    }
}

#[test]
fn the_level_is_never_higher_than_the_checks() {
    for recorded in all() {
        for conversation in recorded.approved() {
            let Ok(Finding { outcome: Outcome::Approved(person), .. }) = conversation.run() else { panic!() };
            let level = person.claims(Schema::V2, Script::Latin).unwrap().level;
            let checks = person.checks;
            assert!(checks.document, "{}", conversation.name);
            assert!(!level.plus || checks.address, "{}", conversation.name);
            assert!(!level.liveness || checks.liveness, "{}", conversation.name);
            assert!(!level.email || checks.email, "{}", conversation.name);
            assert!(!level.phone_number || checks.phone, "{}", conversation.name);
            // Taking checks away takes the level down, and without that of the document there is none.
            for take in 0..6 {
                let mut less = (*person).clone();
                match take {
                    0 => less.checks.document = false,
                    1 => less.checks.liveness = false,
                    2 => less.checks.address = false,
                    3 => less.checks.email = false,
                    4 => less.checks.phone = false,
                    _ => less.media.retain(|media| media.shows != Shows::AddressProof),
                }
                match (take, less.claims(Schema::V2, Script::Latin)) {
                    (0, Err(refusals)) => assert_eq!(refusals[0].code.as_str(), "document_not_checked"),
                    (0, Ok(_)) => panic!("{}", conversation.name),
                    (1, Ok(claims)) => assert!(!claims.level.liveness),
                    (2, Ok(claims)) => assert!(!claims.level.plus && claims.address.is_none()),
                    (3, Ok(claims)) => assert!(!claims.level.email && claims.email.is_none()),
                    (4, Ok(claims)) => assert!(!claims.level.phone_number && claims.phone_number.is_none()),
                    (5, Ok(claims)) => assert!(!claims.level.plus),
                    (5, Err(refusals)) => assert_eq!(refusals[0].code.as_str(), "address_proof_missing"),
                    (_, Err(refusals)) => panic!("{refusals:?}"),
                    (_, Ok(_)) => unreachable!(),
                }
            }
        }
    }
}

/// The account chooses the script, and gets one set of names.
#[test]
fn names_are_of_one_script() {
    let sumsub = all().into_iter().find(|recorded| recorded.vendor.name() == "sumsub").unwrap();
    let Ok(Finding { outcome: Outcome::Approved(person), .. }) = sumsub.approved()[0].run() else { panic!() };
    let names = |person: &Identity, script| {
        let claims = person.claims(Schema::V2, script).unwrap();
        (claims.first_name.clone().unwrap(), claims.family_name.clone().unwrap())
    };
    let pair = |first: &str, family: &str| (first.to_owned(), family.to_owned());
    assert_eq!(names(&person, Script::Latin), pair("ERIKA", "MUSTERMANN"));
    assert_eq!(names(&person, Script::Native), pair("Эрика", "Мустерманн"));
    let mut half = (*person).clone();
    half.native.first = None;
    assert_eq!(names(&half, Script::Native), pair("ERIKA", "MUSTERMANN"));
}

/// What holds personal data is wiped: the compiler says so.
#[test]
fn personal_data_is_wiped_on_drop() {
    fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
    is_wiped::<Identity>();
    is_wiped::<Claims>();
    is_wiped::<ClaimedAddress>();
    is_wiped::<identity_vendors::ClaimedProof>();
    is_wiped::<identity_vendors::Name>();
    is_wiped::<identity_vendors::Document>();
    is_wiped::<identity_vendors::Address>();
    is_wiped::<identity_vendors::AddressProof>();
}

/// Sandbox wherever account or data say so; live only where neither does.
#[test]
fn test_data_never_becomes_live() {
    for recorded in all() {
        for conversation in recorded.approved() {
            let mut sandbox = conversation.clone();
            sandbox.account.environment = identity_vendors::Environment::Sandbox;
            assert_eq!(sandbox.run().unwrap().environment, identity_vendors::Environment::Sandbox);
        }
    }
}

#[test]
fn every_refusal_has_a_code_and_an_advice_of_its_own() {
    let all = identity_vendors::RefusalCode::ALL;
    for (n, code) in all.iter().enumerate() {
        assert!(code.as_str().bytes().all(|c| c.is_ascii_lowercase() || c == b'_'));
        assert!(code.advice().ends_with('.') && code.advice().len() > 20);
        let others = all.iter().skip(n + 1);
        assert!(
            others.clone().all(|other| other.as_str() != code.as_str() && other.advice() != code.advice())
        );
    }
}
