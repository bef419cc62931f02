//! Credentials of the official SDK: byte for byte ours, verified, and refused where they were changed.

use idos_credential::{IssuerKey, Kind, Rejection, verify, verify_with};

use crate::support::{accepted, draft, key, moment, text, unhex, vectors};

/// Credentials that our builder does not make on purpose.
const NOT_BUILT: &[(&str, &str)] = &[
    (
        "kyc_zero_files",
        "the JavaScript encoder damages a file that ends in a short group of zeros, and writes z, which its decoder misreads",
    ),
    ("no_validate_extra_lists", "members that are no texts, made with validation switched off"),
];

#[test]
fn credentials_are_byte_identical_to_those_of_the_sdk() {
    let all = vectors("sdk/credentials.json");
    let key = key(&all);
    let mut built = 0;
    for vector in all["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        if NOT_BUILT.iter().any(|(n, _)| *n == name) {
            continue;
        }
        let draft = draft(vector).unwrap_or_else(|e| panic!("{name}: {e}"));
        let signed = draft.sign_with(&key, moment(text(vector, "clock")));
        assert_eq!(signed.text(), text(vector, "vc_json"), "{name}");
        assert_eq!(signed.content_hash(), text(vector, "vc_json_sha256"), "{name}");
        built += 1;
    }
    assert_eq!(built, 24);
}

#[test]
fn files_with_zeros_are_the_only_difference_to_the_sdk() {
    let all = vectors("sdk/credentials.json");
    let vector = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "kyc_zero_files").unwrap();
    let ours = draft(vector).unwrap().sign_with(&key(&all), moment(text(vector, "clock")));
    let (ours, theirs): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(ours.text()).unwrap(), serde_json::from_str(text(vector, "vc_json")).unwrap());
    let mut different = Vec::new();
    for (name, value) in ours["credentialSubject"].as_object().unwrap() {
        let theirs = theirs["credentialSubject"][name].as_str().unwrap();
        let is_file = vector["input_subject"][name].get("$base64").is_some();
        let theirs = if is_file { theirs.replace('z', "!!!!!") } else { theirs.to_owned() };
        if theirs != *value {
            different.push(name.as_str());
            let file = crate::support::base64(text(&vector["input_subject"][name], "$base64"));
            assert_eq!(idos_credential::base85::decode(value.as_str().unwrap()).unwrap(), file);
        }
    }
    assert_eq!(different.len(), 1, "{different:?}");
}

#[test]
fn credentials_of_the_sdk_verify_as_they_do_there() {
    let all = vectors("sdk/credentials.json");
    let issuer = [accepted(&all["key"])];
    for vector in all["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        let verdict = verify(text(vector, "vc_json").as_bytes(), &issuer, moment(text(vector, "clock")));
        let expected = vector["verify_result"].as_bool().unwrap() && name != "no_validate_extra_lists";
        assert_eq!(verdict.is_ok(), expected, "{name}: {verdict:?}");
    }
}

#[test]
fn credentials_made_by_the_client_package_verify_too() {
    let all = &vectors("kwil.json")["credentials"]["vc"];
    let key =
        IssuerKey::of_url("https://issuer.example", &unhex(text(&all["issuer_key"], "seed_hex"))).unwrap();
    assert_eq!(key.id(), text(&all["issuer_key"], "id"));
    assert_eq!(key.controller(), text(&all["issuer_key"], "controller"));
    assert_eq!(key.verification_key().to_multibase(), text(&all["issuer_key"], "publicKeyMultibase"));
    let mut seen = 0;
    for (name, vector) in all.as_object().unwrap() {
        let Some(signed) = vector.get("signed") else {
            continue;
        };
        let signed =
            if signed.is_string() { signed.as_str().unwrap().to_owned() } else { signed.to_string() };
        let verdict = verify(signed.as_bytes(), &[accepted(&all["issuer_key"])], moment("2026-11-01"));
        assert!(verdict.is_ok(), "{name}: {verdict:?}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn every_changed_credential_is_refused() {
    let all = vectors("sdk/credentials_tampered.json");
    let tampered = all["vectors"].as_array().unwrap();
    assert_eq!(tampered.len(), 49);
    for vector in tampered {
        let issuers: Vec<_> = vector["issuers"].as_array().unwrap().iter().map(accepted).collect();
        let verdict = verify(text(vector, "vc_json").as_bytes(), &issuers, moment(text(vector, "clock")));
        assert!(verdict.is_err(), "{}", text(vector, "name"));
    }
}

/// What the official SDK accepts: whether we do, and why.
const MALLEABLE: &[(&str, bool, &str)] = &[
    ("untouched", true, "a control"),
    ("expired_within_300s_clock_skew", true, "clocks differ"),
    ("several_issuers_one_right", true, "a control"),
    ("M_swap_firstName_familyName", true, "the proof does not bind values to fields"),
    ("M_swap_idDocumentFrontFile_selfieFile", true, "the proof does not bind values to fields"),
    ("M_swap_nationality_residentialAddressCountry", true, "the proof does not bind values to fields"),
    ("M_rename_firstName_to_maidenName_and_back", true, "the proof does not bind values to fields"),
    (
        "M_drop_field_with_duplicate_value",
        false,
        "a required member is missing; an optional one could be dropped",
    ),
    ("M_key_order_reversed", true, "the order of members says nothing"),
    ("M_idDocumentType_moved_to_gender", false, "gender must be M, F or OTHER"),
    ("M_value_array_repeated", false, "values are texts"),
    ("M_subject_context_inline_rename", false, "contexts are names"),
    ("M_subject_array_of_one", false, "a subject is an object"),
    ("M_proof_array_with_bogus_second", false, "a proof is an object"),
    ("M_issuer_object", false, "an issuer is a text"),
    ("M_level_moved_to_array", false, "a level is a text"),
    ("M_root_inline_context_full_iri_alias", false, "contexts are names"),
    ("M_compact_iri_key", false, "members are known"),
    ("F_firstName_aliased_to_index", false, "contexts are names"),
    ("F_container_index_map", false, "contexts are names"),
    ("F_nest_alias", false, "contexts are names"),
    ("F_subject_swap_via_two_subjects", false, "a subject is an object"),
];

#[test]
fn forgeries_that_the_sdk_accepts_are_refused_where_the_proof_allows_it() {
    let all = vectors("sdk/credentials_malleable.json");
    for vector in all["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        let (_, expected, why) =
            MALLEABLE.iter().find(|(n, ..)| *n == name).unwrap_or_else(|| panic!("{name} is judged"));
        let issuers: Vec<_> = vector["issuers"].as_array().unwrap().iter().map(accepted).collect();
        let verdict = verify(text(vector, "vc_json").as_bytes(), &issuers, moment(text(vector, "clock")));
        assert_eq!(verdict.is_ok(), *expected, "{name} ({why}): {verdict:?}");
    }
}

#[test]
fn the_proof_does_not_bind_fields_but_the_content_hash_does() {
    let all = vectors("sdk/credentials.json");
    let vector = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "kyc_basic").unwrap();
    let original = text(vector, "vc_json");
    let swapped = original
        .replace("\"firstName\":\"John\"", "\"firstName\":\"Lennon\"")
        .replace("\"familyName\":\"Lennon\"", "\"familyName\":\"John\"");
    assert_ne!(swapped, original);
    let verdict = verify(swapped.as_bytes(), &[accepted(&all["key"])], moment(text(vector, "clock")));
    assert!(verdict.is_ok(), "a swap of two names is not seen: {verdict:?}");
}

/// The proof does not cover the name of the subject's context, and the old context has weaker rules.
#[test]
fn a_credential_cannot_be_passed_off_as_an_old_one() {
    let all = vectors("sdk/credentials.json");
    let vector = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "kyc_plus").unwrap();
    let (issuers, now) = ([accepted(&all["key"])], moment(text(vector, "clock")));
    let old =
        text(vector, "vc_json").replace("idos-credential-subject-v2.json", "idos-credential-subject-v1.json");
    assert_eq!(old.len(), text(vector, "vc_json").len());
    let refused = verify(old.as_bytes(), &issuers, now).unwrap_err();
    assert!(matches!(refused, Rejection::Shape { field, .. } if field == "credentialSubject.@context"));

    // Who asks for old ones gets them, with every value still under the rule of its field.
    assert!(verify_with(Kind::ALL, old.as_bytes(), &issuers, now).is_ok());
    let moved = old
        .replace("\"gender\":\"M\"", "\"gender\":\"PASSPORT\"")
        .replace("\"idDocumentType\":\"PASSPORT\"", "\"idDocumentType\":\"M\"");
    let refused = verify_with(Kind::ALL, moved.as_bytes(), &issuers, now).unwrap_err();
    assert!(
        matches!(refused, Rejection::Shape { field, .. } if field == "credentialSubject.gender" || field == "credentialSubject.idDocumentType")
    );
}

#[test]
fn a_slash_after_the_issuers_url_does_not_count() {
    let key = IssuerKey::of_url("https://issuer.example/", &[1; 32]).unwrap();
    assert_eq!(
        (key.id(), key.controller()),
        ("https://issuer.example/keys/1", "https://issuer.example/issuers/1")
    );
}
