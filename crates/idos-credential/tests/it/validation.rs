//! What is accepted and refused when a credential is built.

use idos_credential::level::{self, Facts, Level};
use idos_credential::strict_json::Json;
use idos_credential::{CredentialFields, Draft, KycSubject};
use serde_json::Value;

use crate::support::{draft, key, moment, text, vectors};

/// Where we are stricter than the official SDK.
const STRICTER: &[(&str, &str)] = &[
    ("level_empty", "consumers cannot match it"),
    ("face_empty", "an empty id proves nobody"),
    (
        "address_overrides_flat_key",
        "a member of the flattened form beside an address: one of them is a mistake",
    ),
];

#[test]
fn input_is_accepted_and_refused_as_by_the_sdk() {
    let all = vectors("sdk/validation.json");
    let key = key(&vectors("sdk/credentials.json"));
    for vector in all["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        let stricter = STRICTER.iter().any(|(n, _)| *n == name);
        let expected = vector["result"]["ok"].as_bool().unwrap() && !stricter;
        match draft(vector) {
            Ok(draft) => {
                assert!(expected, "{name} must be refused");
                let signed = draft.sign_with(&key, moment(text(&all, "clock")));
                // The SDK keeps the caller's order of members; ours is fixed.
                let expected: Value =
                    serde_json::from_str(text(&vector["result"], "credentialSubject_json")).unwrap();
                let built: Value = serde_json::from_str(signed.text()).unwrap();
                assert_eq!(built["credentialSubject"], expected, "{name}");
            }
            Err(invalid) => {
                assert!(!expected, "{name} must be accepted: {invalid}");
                let Some(issues) = vector["result"]["issues"].as_array() else {
                    continue;
                };
                let fields: Vec<_> = invalid
                    .problems
                    .iter()
                    .map(|p| p.field.replace("credentialSubject", "").trim_start_matches('.').to_owned())
                    .collect();
                let paths: Vec<_> = issues.iter().map(|issue| text(issue, "path")).collect();
                assert_eq!(fields, paths, "{name}");
            }
        }
    }
}

#[test]
fn email_addresses_are_judged_as_by_the_sdk() {
    let all = vectors("sdk/validation.json");
    let ok = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "ok").unwrap();
    for row in all["emails"].as_array().unwrap() {
        let mut vector = ok.clone();
        vector["input_subject"]["email"] = row["email"].clone();
        assert_eq!(draft(&vector).is_ok(), row["valid"].as_bool().unwrap(), "{row}");
    }
}

#[test]
fn all_problems_are_named_and_no_value_is_repeated() {
    let json = Json::parse(
        br#"{"id":"Xyzzy 1","firstName":7,"gender":"Xyzzy","idDocumentCountry":"Xyzzy","nationality":"Xyzzy",
             "email":"Xyzzy","dateOfBirth":"Xyzzy","idDocumentDateOfIssue":null,"selfieFile":"Xyzzy","Xyzzy":1,
             "residentialAddress":{"street":"Xyzzy","country":"Xyzzy","Xyzzy":{}}}"#,
    )
    .unwrap();
    let invalid = KycSubject::read(&json, &mut |_| Err("must be a file")).unwrap_err();
    let fields: Vec<_> = invalid.problems.iter().map(|p| p.field.as_str()).collect();
    for field in [
        "firstName",
        "gender",
        "dateOfBirth",
        "idDocumentNumber",
        "idDocumentType",
        "idDocumentDateOfIssue",
        "idDocumentFrontFile",
        "selfieFile",
        "residentialAddress.city",
        "residentialAddress.proofCategory",
        "residentialAddress.proofFile",
        "residentialAddress",
        "",
    ] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    assert!(!invalid.to_string().contains("Xyzzy"));
}

#[test]
fn rules_of_values_name_the_path_of_the_input() {
    let all = vectors("sdk/credentials.json");
    let vector = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "kyc_plus").unwrap();
    let mut vector = vector.clone();
    vector["input_subject"]["residentialAddress"]["country"] = "Xyzzy".into();
    vector["input_subject"]["firstName"] = "x".repeat(9000).into();
    vector["input_subject"]["id"] = "Xyzzy".into();
    vector["input_fields"]["id"] = "Xyzzy".into();
    let invalid = draft(&vector).unwrap_err();
    let fields: Vec<_> = invalid.problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "id",
            "credentialSubject.id",
            "credentialSubject.firstName",
            "credentialSubject.residentialAddress.country"
        ]
    );
    assert!(!invalid.to_string().contains("Xyzzy"));
}

#[test]
fn levels_derive_as_by_the_sdk() {
    let all = vectors("sdk/levels.json");
    for row in all["derive_level"].as_array().unwrap() {
        let given = |name: &str| row[name].as_str().is_some_and(|text| !text.is_empty());
        let facts = Facts {
            address_proven: ["full", "no_street_country", "proofFile_empty_buffer"]
                .contains(&text(row, "address")),
            selfie: text(row, "selfie") != "absent",
            email: given("email"),
            phone_number: given("phoneNumber"),
        };
        assert_eq!(Level::from(facts).to_string(), text(row, "level"), "{row}");
    }
}

#[test]
fn levels_match_as_by_the_sdk() {
    let all = vectors("sdk/levels.json");
    let list = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    };
    for row in all["match_level_or_higher"].as_array().unwrap() {
        let add_ons = list(&row["required_addons"]);
        let add_ons: Vec<_> = add_ons.iter().map(String::as_str).collect();
        let verdict = level::satisfies(text(row, "current_level"), text(row, "level"), &add_ons);
        assert_eq!(verdict, row["result"].as_bool().unwrap(), "{row}");
    }
    for row in all["level_score"].as_array().unwrap() {
        assert_eq!(level::score(text(row, "level")) as u64, row["score"].as_u64().unwrap(), "{row}");
    }
    for row in all["pick_highest_matching_level"].as_array().unwrap() {
        let (levels, add_ons) = (list(&row["levels"]), list(&row["required_addons"]));
        let levels: Vec<_> = levels.iter().map(String::as_str).collect();
        let add_ons: Vec<_> = add_ons.iter().map(String::as_str).collect();
        let best = level::highest(&levels, text(row, "required_level"), &add_ons);
        assert_eq!(best, row["result"].as_str(), "{row}");
    }
}

#[test]
fn the_level_of_evidence_is_the_one_that_the_sdk_derives() {
    let all = vectors("sdk/credentials.json");
    for vector in all["vectors"].as_array().unwrap() {
        if vector["kind"] != "KYC" || vector["validate"] != true {
            continue;
        }
        let mut vector = vector.clone();
        let derived = text(&vector, "derived_level").to_owned();
        vector["input_fields"]["level"] = derived.clone().into();
        let draft = draft(&vector).unwrap();
        assert_eq!(draft.derived_level(), derived, "{}", text(&vector, "name"));
    }
}

#[test]
fn personhood_is_of_the_level_human() {
    let fields = CredentialFields {
        id: "https://face.example/credentials/1".into(),
        level: "plus".into(),
        issued: None,
        approved_at: None,
        expiration_date: None,
    };
    let subject = idos_credential::FaceSignSubject { face_sign_user_id: "1".into() };
    let invalid = Draft::new(fields, subject).unwrap_err();
    assert_eq!(invalid.to_string(), "level must be human");
}
