//! What a consumer would not believe is not signed.

use idos_credential::strict_json::Json;
use idos_credential::{CredentialFields, Draft, FaceSignSubject, IssuerKey, KycSubject, Timestamp};
use serde_json::{Value, json};

use crate::support::moment;

const APPROVED_AT: &str = "2026-11-20T09:30:00Z";

fn evidence() -> Value {
    json!({
        "id": "uuid:9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11",
        "firstName": "Ana",
        "familyName": "Exemplo",
        "dateOfBirth": "1990-02-03",
        "idDocumentCountry": "PT",
        "idDocumentNumber": "X1",
        "idDocumentType": "PASSPORT",
        "idDocumentDateOfIssue": "2020-01-02",
        "idDocumentDateOfExpiry": "2030-01-02",
        "idDocumentFrontFile": "\u{ff}\u{d8}\u{ff}\u{e0}",
        "selfieFile": "\u{ff}\u{d8}\u{ff}\u{e0}",
        "residentialAddress": {
            "street": "Rua do Exemplo",
            "city": "Lisboa",
            "country": "PT",
            "proofCategory": "UTILITY_BILL",
            "proofDateOfIssue": "2026-10-01",
            "proofFile": "%PDF-1.7",
        },
    })
}

/// Files are texts here, of which each character is a byte.
fn read(evidence: &Value) -> Result<KycSubject, idos_credential::Invalid> {
    let json = Json::parse(evidence.to_string().as_bytes()).unwrap();
    let mut file = |json: &Json| {
        let text = json.as_text().ok_or("must be a text")?;
        Ok(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect())
    };
    KycSubject::read(&json, &mut file)
}

/// The problems of the evidence with other values at these places.
fn problems(changes: &[(&str, Value)]) -> Vec<String> {
    let mut evidence = evidence();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = evidence.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            parent.remove(name);
        } else {
            parent.insert(name.to_owned(), value.clone());
        }
    }
    let checked = read(&evidence).and_then(|subject| subject.check(Some(moment(APPROVED_AT))));
    checked.map_or_else(
        |invalid| invalid.problems.iter().map(|p| format!("{} {}", p.field, p.problem)).collect(),
        |()| Vec::new(),
    )
}

#[track_caller]
fn refused(pointer: &str, value: impl Into<Value>, field: &str, phrase: &str) {
    let value = value.into();
    let problems = problems(&[(pointer, value.clone())]);
    let found = problems.iter().any(|p| p.starts_with(&format!("{field} ")) && p.contains(phrase));
    assert!(found, "{pointer} = {value}: {problems:?}");
    assert_eq!(problems.len(), 1, "{pointer} = {value}: {problems:?}");
}

#[test]
fn what_is_plausible_is_taken() {
    assert_eq!(problems(&[]), Vec::<String>::new());
    for (pointer, value) in [
        ("/firstName", json!("李")),
        ("/firstName", json!("O'Neil-Smith Jr.")),
        ("/familyName", Value::Null),
        ("/idDocumentNumber", json!("AB-12 34/5")),
        ("/nationality", json!("XK")),
        ("/ssn", json!("123456789")),
        ("/phoneNumber", json!("+351912345678")),
        ("/email", json!("ana.exemplo+kyc@sub.example.pt")),
        ("/dateOfBirth", json!("1990-02-03T00:00:00.000Z")),
        ("/dateOfBirth", json!("1897-01-01")),
        // A day that has begun in the east.
        ("/idDocumentDateOfIssue", json!("2026-11-21")),
        // Whether an expired document is good enough is the provider's policy.
        ("/idDocumentDateOfExpiry", json!("2024-01-01")),
        ("/idDocumentDateOfExpiry", json!("9999-12-31")),
        ("/residentialAddress/additionalAddressInfo", json!("2nd floor\nat the back")),
    ] {
        assert_eq!(problems(&[(pointer, value.clone())]), Vec::<String>::new(), "{pointer} = {value}");
    }
}

#[test]
fn calendar_dates_have_no_time_of_day() {
    for (pointer, field) in [
        ("/dateOfBirth", "dateOfBirth"),
        ("/idDocumentDateOfIssue", "idDocumentDateOfIssue"),
        ("/idDocumentDateOfExpiry", "idDocumentDateOfExpiry"),
        ("/residentialAddress/proofDateOfIssue", "residentialAddress.proofDateOfIssue"),
    ] {
        for date in [
            "2000-01-01T00:00:00+02:00",
            "2000-01-01T22:00:00-02:00",
            "2000-01-01T12:00:00Z",
            "2016-12-31T23:59:60Z",
            "+010000-01-01T00:00:00Z",
            "1990-02-30",
        ] {
            refused(pointer, date, field, "must be a calendar date");
        }
    }
    // A subject that is not read from text is held to the same.
    let mut subject = read(&evidence()).unwrap();
    subject.date_of_birth = moment("1990-02-03T01:00:00Z");
    subject.id_document_date_of_expiry = Some(Timestamp::from_unix_millis(253_402_300_800_000).unwrap());
    let invalid = subject.check(Some(moment(APPROVED_AT))).unwrap_err();
    assert_eq!(
        invalid.to_string(),
        "dateOfBirth must be a calendar date without a time of day; \
         idDocumentDateOfExpiry must lie in the years 1 to 9999"
    );
}

#[test]
fn files_must_be_there_and_showable() {
    for (pointer, field) in [
        ("/idDocumentFrontFile", "idDocumentFrontFile"),
        ("/idDocumentBackFile", "idDocumentBackFile"),
        ("/selfieFile", "selfieFile"),
        ("/residentialAddress/proofFile", "residentialAddress.proofFile"),
    ] {
        refused(pointer, "", field, "is an empty file");
        for file in ["undefined", "<html><body>%PDF-1.7</body></html>", "\0\0\0\0", "GIF89a", "{}"] {
            refused(pointer, file, field, "must be a JPEG, PNG, WebP, HEIC or PDF file");
        }
    }
}

#[test]
fn blank_is_missing() {
    for (pointer, field) in [
        ("/firstName", "firstName"),
        ("/middleName", "middleName"),
        ("/familyName", "familyName"),
        ("/maidenName", "maidenName"),
        ("/placeOfBirth", "placeOfBirth"),
        ("/phoneNumber", "phoneNumber"),
        ("/email", "email"),
        ("/idDocumentNumber", "idDocumentNumber"),
        ("/residentialAddress/street", "residentialAddress.street"),
        ("/residentialAddress/houseNumber", "residentialAddress.houseNumber"),
        ("/residentialAddress/city", "residentialAddress.city"),
        ("/residentialAddress/postalCode", "residentialAddress.postalCode"),
        ("/residentialAddress/proofCategory", "residentialAddress.proofCategory"),
    ] {
        for blank in ["", " ", "\t\n", "\u{a0}", "\u{3000}", "\u{200b}\u{feff}", "\u{3164}", "\0"] {
            refused(pointer, blank, field, "must not be blank");
        }
    }
    refused("/firstName", "--", "firstName", "must have a letter");
    refused("/idDocumentNumber", "-", "idDocumentNumber", "must have a letter or a digit");
    refused("/residentialAddress/city", "?", "residentialAddress.city", "must have a letter");
    refused("/firstName", "An\u{0}a", "firstName", "must not have control characters");
    let nameless = problems(&[("/firstName", json!(" ")), ("/familyName", json!(""))]);
    assert!(nameless.iter().any(|p| p.contains("at least one of firstName or familyName")), "{nameless:?}");
}

#[test]
fn countries_and_numbers_are_those_that_exist() {
    for (pointer, field) in [
        ("/nationality", "nationality"),
        ("/idDocumentCountry", "idDocumentCountry"),
        ("/residentialAddress/country", "residentialAddress.country"),
    ] {
        refused(pointer, "UK", field, "the United Kingdom has GB");
        refused(pointer, "EL", field, "Greece has GR");
        refused(pointer, "PRT", field, "alpha-3");
        refused(pointer, "pt", field, "upper case");
        for code in ["D<", "ZZ", "EU", "SU", "P", "\u{c9}\u{df}", "😀", "00"] {
            refused(pointer, code, field, "must be an assigned country code");
        }
    }
    for number in ["912345678", "n/a", "+351 912 345 678", "+0351912345678", "0"] {
        refused("/phoneNumber", number, "phoneNumber", "E.164");
    }
    for number in ["123-45-6789", "12345678a", "000000000", "12345678"] {
        refused("/ssn", number, "ssn", "nine digits");
    }
    for email in ["ana@xn--h1alffa9f.xn--p1ai", "a&b@example.com", "jürgen@example.de", "ana@example", "ana"]
    {
        refused("/email", email, "email", "leave it out");
    }
}

#[test]
fn dates_fit_each_other() {
    for (pointer, date, field, phrase) in [
        ("/dateOfBirth", "2199-01-01", "dateOfBirth", "is after approvedAt"),
        ("/dateOfBirth", "1826-01-01", "dateOfBirth", "is more than 130 years before approvedAt"),
        ("/dateOfBirth", "0001-01-01", "dateOfBirth", "is more than 130 years before approvedAt"),
        ("/idDocumentDateOfIssue", "2031-01-01", "idDocumentDateOfIssue", "is after approvedAt"),
        ("/idDocumentDateOfIssue", "1990-02-02", "idDocumentDateOfIssue", "is before dateOfBirth"),
        (
            "/idDocumentDateOfExpiry",
            "2020-01-01",
            "idDocumentDateOfExpiry",
            "is before idDocumentDateOfIssue",
        ),
        (
            "/residentialAddress/proofDateOfIssue",
            "2026-11-22",
            "residentialAddress.proofDateOfIssue",
            "is after approvedAt",
        ),
        (
            "/residentialAddress/proofDateOfIssue",
            "1989-01-01",
            "residentialAddress.proofDateOfIssue",
            "is before dateOfBirth",
        ),
    ] {
        let problems = problems(&[(pointer, date.into())]);
        assert!(problems.contains(&format!("{field} {phrase}")), "{pointer} = {date}: {problems:?}");
    }
    let changes = [("/idDocumentDateOfIssue", Value::Null), ("/idDocumentDateOfExpiry", json!("1980-01-01"))];
    assert_eq!(problems(&changes), ["idDocumentDateOfExpiry is before dateOfBirth"]);
}

fn fields() -> CredentialFields {
    CredentialFields {
        id: "https://issuer.example/credentials/1".into(),
        level: "plus+liveness".into(),
        issued: Some(moment(APPROVED_AT)),
        approved_at: Some(moment(APPROVED_AT)),
        expiration_date: Some(moment("2027-11-20")),
    }
}

/// Whatever way a subject came about: without the rules there is no draft, and so no signature.
#[test]
fn a_draft_is_held_to_the_rules() {
    let good = read(&evidence()).unwrap();
    let key = IssuerKey::of_url("https://issuer.example", &[5; 32]).unwrap();
    let signed = Draft::new(fields(), good.clone()).unwrap().sign_with(&key, moment(APPROVED_AT));
    assert!(signed.text().contains(r#""dateOfBirth":"1990-02-03T00:00:00.000Z""#));

    let mut bad = good.clone();
    bad.nationality = Some("UK".into());
    bad.selfie_file = Vec::new();
    bad.date_of_birth = moment("2027-01-01");
    let invalid = Draft::new(fields(), bad.clone()).unwrap_err().to_string();
    for phrase in
        ["credentialSubject.nationality", "credentialSubject.selfieFile is an empty", "is after approvedAt"]
    {
        assert!(invalid.contains(phrase), "{invalid}");
    }
    assert!(Draft::kyc_as_sdk(fields(), bad).is_ok());

    let far = CredentialFields {
        expiration_date: Some(Timestamp::from_unix_millis(253_402_300_800_000).unwrap()),
        ..fields()
    };
    assert_eq!(
        Draft::new(far.clone(), good).unwrap_err().to_string(),
        "expirationDate must lie in the years 1 to 9999"
    );
    let person = |id: &str| FaceSignSubject { face_sign_user_id: id.into() };
    let human = |fields: CredentialFields| CredentialFields { level: "human".into(), ..fields };
    assert!(Draft::new(human(far), person("1")).is_err());
    assert!(Draft::new(human(fields()), person("1")).is_ok());
    for blank in ["", " ", "\u{200b}"] {
        let invalid = Draft::new(human(fields()), person(blank)).unwrap_err();
        assert!(
            invalid.to_string().starts_with("credentialSubject.faceSignUserId must not be blank"),
            "{invalid}"
        );
    }
}
