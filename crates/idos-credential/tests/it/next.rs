//! Credentials of the official SDK's coming version: KYC of version 3 and enhanced due diligence, byte for byte ours, with the
//! levels and notes that it derives; and what it refuses, refused.

use idos_credential::strict_json::Json;
use idos_credential::{
    CredentialFields, Draft, EddSubject, FaceSignSubject, Invalid, Kind, KycV3Subject, Problem, PublicNotes,
    Rejection, RejectionKind, SignedCredential, verify,
};
use serde_json::{Value, json};

use crate::support::{accepted, key, moment, plain, read_file, text, vectors};

/// Sections are given one by one, in any order; members that a subject does not have stand beside them.
fn subject_of(input: &Value) -> Json {
    let mut members = input["subject"].as_object().unwrap().clone();
    for section in input["sections"].as_array().into_iter().flatten() {
        members.insert(section[0].as_str().unwrap().to_owned(), section[1].clone());
    }
    plain(&Value::Object(members))
}

/// What the official SDK derives where it is not given: the level, and the numbered one.
fn draft(vector: &Value) -> Result<Draft, Invalid> {
    let input = &vector["input"];
    let mut envelope = input["envelope"].clone();
    let subject = subject_of(input);
    let members = envelope.as_object_mut().unwrap();
    let kyc_level = members.remove("kycLevel").map(|level| u32::try_from(level.as_u64().unwrap()).unwrap());
    let is_given = members.contains_key("level");
    match text(vector, "class") {
        "KycV3" => {
            let subject = KycV3Subject::read_as_sdk(&subject, &mut read_file)?;
            if !is_given {
                members.insert("level".into(), subject.level().to_string().into());
            }
            Draft::kyc_v3_as_sdk(CredentialFields::read(&plain(&envelope))?, subject, kyc_level)
        }
        "EddV1" => {
            members.insert("level".into(), "edd".into());
            let subject = EddSubject::read(&subject, &mut read_file)?;
            Draft::edd_as_sdk(CredentialFields::read(&plain(&envelope))?, subject)
        }
        "FaceIdV1" => {
            members.insert("level".into(), "human".into());
            Draft::new(CredentialFields::read(&plain(&envelope))?, FaceSignSubject::read(&subject)?)
        }
        class => panic!("{class}"),
    }
}

fn all() -> Vec<(Value, Value)> {
    ["next/kyc_v3.json", "next/edd_v1.json"]
        .iter()
        .flat_map(|file| {
            let all = vectors(file);
            let list = all.get("vectors").and_then(Value::as_array).unwrap().clone();
            assert_eq!(all.get("count"), Some(&json!(list.len())), "{file}");
            list.into_iter().map(move |vector| (all.clone(), vector))
        })
        .collect()
}

fn signed(all: &Value, vector: &Value) -> SignedCredential {
    let name = text(vector, "name");
    let draft = draft(vector).unwrap_or_else(|invalid| panic!("{name}: {invalid}"));
    draft.sign_with(&key(all), moment(text(vector, "clock")))
}

#[test]
fn credentials_are_byte_identical_to_those_of_the_coming_sdk() {
    let all = all();
    assert_eq!(all.len(), 19);
    for (all, vector) in &all {
        let (name, signed) = (text(vector, "name"), signed(all, vector));
        let theirs = text(vector, "vc_json");
        if name == "face_id1" {
            // Issued in the form that today's consumers read: the context of its subject is a text.
            let ours = signed.text().replace("face-id-v1.json\",\"faceSign", "face-id-v1.json\"],\"faceSign");
            assert_eq!(ours.replace("\"@context\":\"", "\"@context\":[\""), theirs);
            continue;
        }
        assert_eq!(signed.text(), theirs, "{name}");
        assert_eq!(signed.content_hash(), text(vector, "vc_json_sha256"), "{name}");
    }
}

#[test]
fn they_verify_and_their_levels_are_judged() {
    for (all, vector) in &all() {
        let name = text(vector, "name");
        let verdict = verify(
            text(vector, "vc_json").as_bytes(),
            &[accepted(&all["key"])],
            moment(text(vector, "clock")),
        );
        if name == "edd1_empty_section" {
            // Their issuer signs it, their reader refuses it.
            let Err(Rejection::Shape { field, .. }) = verdict else { panic!("{verdict:?}") };
            assert_eq!(field, "credentialSubject");
            continue;
        }
        let verified = verdict.unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let stated: Value = serde_json::from_str(text(vector, "vc_json")).unwrap();
        assert_eq!(verified.kyc_level.map(u64::from), stated["kycLevel"].as_u64(), "{name}");
        let (kind, supported) = match name {
            "face_id1" => (Kind::FaceSign, None),
            // Levels given by hand that the claims do not reach, and a section that counts and says nothing.
            "kyc3_given_level_kept" | "kyc3_edd_empty" => (Kind::KycV3, Some(false)),
            _ if text(vector, "class") == "EddV1" => (Kind::EddV1, Some(true)),
            _ => (Kind::KycV3, Some(true)),
        };
        assert_eq!((verified.kind, verified.level_supported), (kind, supported), "{name}");
    }
}

#[test]
fn levels_and_notes_are_those_that_the_sdk_derives() {
    for (all, vector) in &all() {
        let (name, derived) = (text(vector, "name"), &vector["derived"]);
        let draft = draft(vector).unwrap();
        assert_eq!(draft.derived_level(), text(derived, "level"), "{name}");
        let signed = signed(all, vector);
        let kind = if name == "face_id1" {
            "pop"
        } else if text(vector, "class") == "EddV1" {
            "edd"
        } else {
            "kyc"
        };
        let notes = PublicNotes::of(&signed, "1", kind, "approved", "An issuer").unwrap();
        let mut theirs: Value = serde_json::from_str(text(derived, "public_notes")).unwrap();
        let given_by_hand = name == "kyc3_given_level_kept";
        if given_by_hand {
            // Their notes say what is derived, ours what the credential says.
            theirs["level"] = "plus+liveness".into();
            theirs["kycLevel"] = 3.into();
        }
        // What ours always say besides, or consumers and the issuer itself would not find them again.
        for (member, value) in [("id", "1"), ("status", "approved"), ("issuer", "An issuer")] {
            theirs[member] = value.into();
        }
        let with_documents: Value =
            serde_json::from_str(notes.clone().with_documents(&signed).unwrap().text()).unwrap();
        assert_eq!(with_documents, theirs, "{name}");
        // Nothing of a document unless the operator wants it.
        for member in ["proofOfIdentity", "proofOfResidency"] {
            theirs.as_object_mut().unwrap().remove(member);
        }
        assert_eq!(serde_json::from_str::<Value>(notes.text()).unwrap(), theirs, "{name}");
        assert_eq!(
            serde_json::from_str::<Value>(notes.with_status("revoked").text()).unwrap()["kycLevel"],
            theirs["kycLevel"],
            "{name}"
        );
    }
}

/// Where the field of a refusal stands: of the SDK's message, such as `Invalid person: firstName: …`.
fn refused_field(vector: &Value) -> String {
    let message = text(vector, "message");
    let known = match text(vector, "name") {
        "no_document" => "credentialSubject.idDocument",
        "subject_id_not_uri" => "credentialSubject.id",
        "unknown_person_field" => "credentialSubject.person",
        "unknown_subject_field" => "credentialSubject",
        _ => "",
    };
    if !known.is_empty() || message.starts_with("Unexpected") {
        return known.to_owned();
    }
    let mut parts = message.strip_prefix("Invalid ").unwrap().split(": ");
    let (section, field) = (parts.next().unwrap(), parts.next().unwrap());
    match section {
        "envelope" => field.to_owned(),
        "subject" => format!("credentialSubject.{field}"),
        _ => format!("credentialSubject.{section}.{field}"),
    }
}

/// As an issuer builds: read strictly, then all rules.
fn build(vector: &Value) -> Result<(), Invalid> {
    let below = |invalid: Invalid| Invalid {
        problems: invalid
            .problems
            .into_iter()
            .map(|problem| {
                let dot = if problem.field.is_empty() { "" } else { "." };
                Problem::new(format!("credentialSubject{dot}{}", problem.field), problem.problem)
            })
            .collect(),
    };
    let input = vector.get("input").unwrap();
    let mut envelope = input.get("envelope").unwrap().clone();
    let members = envelope.as_object_mut().unwrap();
    members.insert("level".into(), "basic".into());
    let kyc_level = members.remove("kycLevel");
    let kyc_level = kyc_level.map(|level| u32::try_from(level.as_u64().unwrap()).unwrap());
    let fields = CredentialFields::read(&plain(&envelope))?;
    let subject = KycV3Subject::read_as_sdk(&subject_of(input), &mut read_file).map_err(below)?;
    Draft::kyc_v3_as_sdk(fields, subject, kyc_level).map(drop)
}

#[test]
fn what_the_sdk_does_not_build_is_not_built_and_the_field_is_named() {
    let all = vectors("next/refused.json");
    let vectors = all["build"].as_array().unwrap();
    assert_eq!(vectors.len(), 32);
    for vector in vectors {
        let name = text(vector, "name");
        if name == "birth_date_text_in_section" {
            // A date is a text in JSON, as an issuer's clients send it: only what is not there is missed.
            let missed = build(vector).unwrap_err();
            assert_eq!(missed.to_string(), "credentialSubject.idDocument is required");
            continue;
        }
        let is_expected = vector["accepted"] == true;
        match build(vector) {
            Ok(()) => assert!(is_expected, "{name} must be refused"),
            Err(invalid) => {
                assert!(!is_expected, "{name}: {invalid}");
                let field = refused_field(vector);
                // Most inputs end with the section that is refused, so the rest of the subject is missing.
                let is_rest = |at: &str| {
                    vector["stage"] == "build"
                        && ["credentialSubject.person", "credentialSubject.idDocument"].contains(&at)
                        && field != at
                };
                let fields: Vec<_> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
                let fields: Vec<_> = fields.into_iter().filter(|at| !is_rest(at)).collect();
                assert_eq!(fields, [field.as_str()], "{name}");
            }
        }
    }
}

/// What their reader takes and ours does not, or refuses where ours needs not, and why.
const STRICTER: &[(&str, &str)] = &[
    ("proof_damaged", "a proof is looked at"),
    ("subject_context_two", "contexts are exactly those that issuers write"),
    ("envelope_context_v1", "the envelope of another version gives approvedAt another meaning"),
    ("unknown_envelope_field", "a member that is dropped is a member that somebody else reads"),
    ("file_bad_characters", "such a file has no bytes"),
    ("date_feb_30", "there is no such day"),
    ("null_optional", "nothing is said by leaving it out"),
    ("edd_kyc_level", "a member that is dropped is a member that somebody else reads"),
];

#[test]
fn what_the_sdk_does_not_read_is_refused_for_its_shape() {
    let all = vectors("next/refused.json");
    let vectors = all["parse"].as_array().unwrap();
    assert_eq!(vectors.len(), 29);
    for vector in vectors {
        let name = text(vector, "name");
        let verdict = verify(
            text(vector, "credential_json").as_bytes(),
            &[accepted(&all["key"])],
            moment("2026-08-10T12:34:56Z"),
        );
        let is_shape = matches!(
            verdict.as_ref().map_err(Rejection::kind),
            Err(RejectionKind::Malformed | RejectionKind::Unknown)
        );
        let stricter = STRICTER.iter().any(|(stricter, _)| *stricter == name);
        let expected = vector["accepted"] != true || stricter;
        assert_eq!(is_shape, expected, "{name}: {verdict:?}");
        if ["unchanged", "subject_context_text", "level_lies"].contains(&name) {
            // The level is signed, so only the first two are what was signed.
            assert_eq!(verdict.is_ok(), name != "level_lies", "{name}: {verdict:?}");
        }
    }
}

#[test]
fn a_credential_of_one_kind_cannot_be_passed_off_as_another() {
    let next = vectors("next/kyc_v3.json");
    let issuers = [accepted(&next["key"])];
    for vector in next["vectors"].as_array().unwrap() {
        let now = moment(text(vector, "clock"));
        for (from, to) in [
            ("subject-v3.json", "subject-v2.json"),
            ("subject-v3.json", "subject-v1.json"),
            ("subject-v3.json", "subject-edd-v1.json"),
            ("credentials-v2.json", "credentials-v1.json"),
        ] {
            let changed = text(vector, "vc_json").replace(from, to);
            assert!(idos_credential::verify_with(Kind::ALL, changed.as_bytes(), &issuers, now).is_err());
        }
    }
}

#[test]
fn values_are_bound_by_type_and_a_number_by_its_value() {
    let next = vectors("next/kyc_v3.json");
    let vector = next["vectors"].as_array().unwrap().iter().find(|v| v["name"] == "kyc3_full").unwrap();
    let (issuers, now) = ([accepted(&next["key"])], moment(text(vector, "clock")));
    let changed = |from: &str, to: &str| {
        let text = text(vector, "vc_json");
        assert!(text.contains(from), "{from}");
        verify(text.replace(from, to).as_bytes(), &issuers, now)
    };
    for (from, to) in [
        ("97.25", "97.26"),
        ("\"kycLevel\":3", "\"kycLevel\":2"),
        ("\"personStateless\":false", "\"personStateless\":true,\"x\":false"),
        ("\"personStateless\":false", "\"personStateless\":\"false\""),
        ("\"kycLevel\":3,", ""),
        ("\"biometricSelfieMatch\":0.98", "\"biometricSelfieMatch\":\"9.8E-1\""),
    ] {
        assert!(changed(from, to).is_err(), "{from}");
    }
    // Another spelling of the same number is the same statement.
    assert!(changed("97.25", "9.725e1").is_ok());
    assert!(changed("\"kycLevel\":3", "\"kycLevel\":3.0").is_ok());
}

#[expect(clippy::unnecessary_wraps, reason = "this is how files are read")]
fn jpeg(_: &Json) -> Result<Vec<u8>, &'static str> {
    Ok(b"\xff\xd8\xff\xe0 an image".to_vec())
}

/// Evidence that is believed, with everything in it.
fn believable() -> Value {
    json!({
        "id": "uuid:6fcb7e0e-4b1a-4a2b-9a53-1c9b1d0a7b02",
        "person": {
            "firstName": "John", "familyName": "Lennon", "gender": "M", "nationality": "GB",
            "secondNationality": "US", "dateOfBirth": "1980-10-09", "placeOfBirth": "Liverpool",
            "stateless": false, "nationalIdNumber": "N1", "taxIdIssuingCountry": "GB", "ssn": "123-45-6789",
        },
        "idDocument": {
            "type": "PASSPORT", "number": "P12345678", "country": "GB", "dateOfIssue": "2020-05-06",
            "dateOfExpiry": "2035-05-05", "extendedValidUntil": "2036-05-05", "frontFile": {}, "mrzLine1": "P<GBR",
        },
        "contact": { "email": "john@example.com", "phoneNumber": "+441511234567" },
        "biometric": { "selfieFile": {}, "selfieMatch": 0.98 },
        "residentialAddress": {
            "verified": true, "street": "Menlove Avenue", "city": "Liverpool", "country": "GB",
            "proofCategory": "UTILITY_BILL", "proofDateOfIssue": "2026-06-30", "proofFile": {}, "ipCountry": "DE",
        },
        "screening": {
            "sanctionsCheckResult": "CLEAR", "sanctionsConfidenceScore": 97.25, "pepCheckResult": "NOT_CHECKED",
        },
        "edd": { "occupation": "RETAIL", "sourceOfFundsCategory": "salary", "sourceOfFundsProofFile": {} },
        "sourceOfWealth": {
            "type": "SALARY", "yearlyGrossIncome": "FROM_50001_TO_60000", "yearlyGrossIncomeCurrency": "GBP",
            "sourceOfWealthProofFile": {},
        },
        "onboarding": {
            "intendedUse": "TRADING", "employmentStatus": "EMPLOYED",
            "expectedMonthlyTransactionCount": "LESS_THAN_5", "expectedMonthlyTransactionVolume": "LESS_THAN_500",
            "expectedMonthlyTransactionVolumeCurrency": "EUR",
        },
    })
}

fn checked(evidence: &Value) -> Result<KycV3Subject, Invalid> {
    let subject = KycV3Subject::read(&plain(evidence), &mut jpeg)?;
    subject.check(Some(moment("2026-08-02")))?;
    Ok(subject)
}

fn fields_of(evidence: &Value) -> Vec<String> {
    match checked(evidence) {
        Ok(_) => Vec::new(),
        Err(invalid) => {
            assert!(!invalid.to_string().contains("Xyzzy"), "{invalid}");
            invalid.problems.into_iter().map(|problem| problem.field).collect()
        }
    }
}

#[test]
fn believable_evidence_becomes_a_credential_that_ends_with_the_document() {
    let subject = checked(&believable()).unwrap();
    let level = subject.level().to_string();
    assert_eq!(level, "plus+liveness+email+phoneNumber+edd+sow+screening+onboarding");
    let fields = CredentialFields {
        id: "https://issuer.example/credentials/1".into(),
        level,
        issued: Some(moment("2026-08-02")),
        approved_at: Some(moment("2026-08-02")),
        expiration_date: None,
    };
    let all = vectors("next/kyc_v3.json");
    let signed = Draft::new(fields, subject).unwrap().sign_with(&key(&all), moment("2026-08-03"));
    assert_eq!((signed.kyc_level(), signed.expiration_date()), (Some(3), Some(moment("2035-05-05"))));
    let issuers = [accepted(&all["key"])];
    let verified = verify(signed.text().as_bytes(), &issuers, moment("2026-08-03")).unwrap();
    assert_eq!((verified.kyc_level, verified.level_supported), (Some(3), Some(true)));
    let revived = SignedCredential::from_stored(signed.text().to_owned().into()).unwrap();
    assert_eq!((revived.kyc_level(), revived.level()), (signed.kyc_level(), signed.level()));
}

#[test]
fn every_rule_of_version_3_names_its_field() {
    assert_eq!(fields_of(&believable()), Vec::<String>::new());
    for (section, field, wrong, named) in [
        ("person", "nationality", json!("XK"), "person.nationality"),
        ("person", "secondNationality", json!("UK"), "person.secondNationality"),
        ("person", "taxIdIssuingCountry", json!("gb"), "person.taxIdIssuingCountry"),
        ("person", "taxResidenceCountry", json!("XK"), "person.taxResidenceCountry"),
        ("idDocument", "country", json!("XK"), "idDocument.country"),
        ("residentialAddress", "country", json!("GBR"), "residentialAddress.country"),
        ("residentialAddress", "ipCountry", json!("EU"), "residentialAddress.ipCountry"),
        ("person", "gender", json!("Xyzzy"), "person.gender"),
        ("person", "firstName", json!("  "), "person.firstName"),
        ("person", "motherName", json!("7"), "person.motherName"),
        ("person", "dateOfBirth", json!("1980-10-09T12:00:00Z"), "person.dateOfBirth"),
        ("person", "ssn", json!("000-12-3456"), "person.ssn"),
        ("person", "stateless", json!("true"), "person.stateless"),
        ("person", "stateless", json!(true), "person.stateless"),
        ("person", "Xyzzy", json!(1), "person"),
        ("idDocument", "type", json!("Xyzzy"), "idDocument.type"),
        ("idDocument", "number", json!("x".repeat(256)), "idDocument.number"),
        ("idDocument", "mrzLine1", json!("x".repeat(256)), "idDocument.mrzLine1"),
        ("idDocument", "extendedValidUntil", json!("2035-05-04"), "idDocument.extendedValidUntil"),
        ("idDocument", "dateOfIssue", json!("2026-09-02"), "idDocument.dateOfIssue"),
        ("contact", "email", json!("Xyzzy"), "contact.email"),
        ("contact", "email", json!(format!("{}@example.com", "x".repeat(65))), "contact.email"),
        ("contact", "email", json!("john@example-.com"), "contact.email"),
        ("contact", "phoneNumber", json!("0151"), "contact.phoneNumber"),
        ("biometric", "selfieMatch", json!(123_456_789.5), "biometric.selfieMatch"),
        ("biometric", "selfieMatch", json!("0.98"), "biometric.selfieMatch"),
        ("screening", "sanctionsConfidenceScore", json!(100.1), "screening.sanctionsConfidenceScore"),
        ("screening", "pepConfidenceScore", json!(-1), "screening.pepConfidenceScore"),
        ("screening", "sanctionsCheckResult", json!("HIT"), "screening.sanctionsCheckResult"),
        ("screening", "pepCheckResult", json!("Xyzzy"), "screening.pepCheckResult"),
        ("edd", "occupation", json!("Xyzzy"), "edd.occupation"),
        ("edd", "sourceOfFundsCategory", json!("7"), "edd.sourceOfFundsCategory"),
        ("sourceOfWealth", "type", json!("Xyzzy"), "sourceOfWealth.type"),
        (
            "sourceOfWealth",
            "yearlyGrossIncome",
            json!("FROM_20000_TO_30000"),
            "sourceOfWealth.yearlyGrossIncome",
        ),
        (
            "sourceOfWealth",
            "yearlyGrossIncomeCurrency",
            json!("JPY"),
            "sourceOfWealth.yearlyGrossIncomeCurrency",
        ),
        ("onboarding", "intendedUse", json!("Xyzzy"), "onboarding.intendedUse"),
        ("onboarding", "employmentStatus", json!(null), "onboarding.employmentStatus"),
    ] {
        let mut evidence = believable();
        evidence[section][field] = wrong;
        assert_eq!(fields_of(&evidence), [named], "{section} {field}");
    }
}

#[test]
fn what_is_missing_or_contradicts_is_named_at_once() {
    let mut evidence = believable();
    evidence["person"]["dateOfBirth"] = "2027-01-01".into();
    assert_eq!(
        fields_of(&evidence),
        ["person.dateOfBirth", "idDocument.dateOfIssue", "residentialAddress.proofDateOfIssue"],
        "both sides of a contradiction are told"
    );
    for (section, field, named) in [
        ("person", "dateOfBirth", "person.dateOfBirth"),
        ("idDocument", "frontFile", "idDocument.frontFile"),
        ("biometric", "selfieFile", "biometric.selfieFile"),
        ("residentialAddress", "verified", "residentialAddress.verified"),
        ("residentialAddress", "street", "residentialAddress.street"),
        ("residentialAddress", "proofFile", "residentialAddress.proofFile"),
        ("residentialAddress", "proofCategory", "residentialAddress.proofCategory"),
        ("screening", "pepCheckResult", "screening.pepCheckResult"),
        ("sourceOfWealth", "type", "sourceOfWealth.type"),
        ("sourceOfWealth", "yearlyGrossIncomeCurrency", "sourceOfWealth.yearlyGrossIncomeCurrency"),
        ("onboarding", "employmentStatus", "onboarding.employmentStatus"),
    ] {
        let mut evidence = believable();
        evidence[section].as_object_mut().unwrap().remove(field);
        assert_eq!(fields_of(&evidence), [named], "{section} {field}");
    }
    for section in ["person", "idDocument"] {
        let mut evidence = believable();
        evidence.as_object_mut().unwrap().remove(section);
        assert_eq!(fields_of(&evidence), [section]);
    }
    for section in ["contact", "edd"] {
        let mut evidence = believable();
        evidence[section] = json!({});
        assert_eq!(fields_of(&evidence), [section], "an empty section says nothing");
        evidence[section] = json!([]);
        assert_eq!(fields_of(&evidence), [section]);
    }
    let mut evidence = believable();
    evidence["person"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name == "dateOfBirth" || name == "stateless");
    assert_eq!(fields_of(&evidence), ["person.firstName", "person.nationality"]);
    evidence["person"]["stateless"] = true.into();
    assert_eq!(fields_of(&evidence), ["person.firstName"]);
    evidence["Xyzzy"] = 1.into();
    evidence["biometric"]["selfieMatch"] = "Xyzzy".into();
    evidence["person"]["gender"] = "Xyzzy".into();
    assert_eq!(
        fields_of(&evidence),
        ["biometric.selfieMatch", "", "person.firstName", "person.gender"],
        "all is said at once"
    );
}

#[test]
fn an_address_that_nobody_proved_raises_no_level() {
    let mut evidence = believable();
    evidence["residentialAddress"]["verified"] = false.into();
    let subject = checked(&evidence).unwrap();
    assert!(subject.level().to_string().starts_with("basic+"));
    assert_eq!(idos_credential::Subject::from(subject).kyc_level(), Some(1));
}

#[test]
fn due_diligence_is_a_credential_of_its_own() {
    let all = vectors("next/edd_v1.json");
    let read = |edd: Value| {
        let subject = json!({ "id": "uuid:6fcb7e0e-4b1a-4a2b-9a53-1c9b1d0a7b02", "edd": edd });
        let subject = EddSubject::read(&plain(&subject), &mut jpeg)?;
        subject.check()?;
        Ok::<_, Invalid>(subject)
    };
    let fields = |level: &str, end: Option<&str>| CredentialFields {
        id: "https://issuer.example/credentials/1".into(),
        level: level.into(),
        issued: None,
        approved_at: Some(moment("2026-08-02")),
        expiration_date: end.map(moment),
    };
    let subject = read(json!({ "occupation": "RETAIL", "sourceOfFundsProofFile": {} })).unwrap();
    let refused = Draft::new(fields("plus", Some("2027-01-01")), subject.clone()).unwrap_err();
    let named: Vec<_> = refused.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(named, ["expirationDate", "level"]);
    let signed =
        Draft::new(fields("edd", None), subject).unwrap().sign_with(&key(&all), moment("2026-08-03"));
    let verified = verify(signed.text().as_bytes(), &[accepted(&all["key"])], moment("2026-08-03")).unwrap();
    assert_eq!((verified.kind, verified.kyc_level, signed.kyc_level()), (Kind::EddV1, None, None));
    assert_eq!(read(json!({})).unwrap_err().problems[0].field, "edd");
    assert_eq!(read(json!({ "Xyzzy": 1 })).unwrap_err().to_string(), "edd has a member that is not known");
}
