//! What is claimed is what an idOS credential takes: the crate that builds them says so.

use identity_vendors::{Claims, Finding, Gender, Outcome, Schema, Script};
use idos_credential::strict_json::Json;
use idos_credential::{KycSubject, Timestamp};
use serde_json::{Value, json};

use crate::recorded::{NOW, all};

/// The evidence, with a file wherever one is claimed.
fn evidence(claims: &Claims) -> Value {
    let date = |date: Option<identity_vendors::Date>| date.map(identity_vendors::Date::to_text);
    let file = json!({"file": "x"});
    let address = claims.address.as_ref().map(|address| {
        let proof = address.proof.as_ref().expect("version 2 has proven addresses only");
        present(json!({
            "street": address.street, "houseNumber": address.house_number, "additionalAddressInfo": address.additional,
            "region": address.region, "city": address.city, "postalCode": address.postal_code,
            "country": address.country.as_str(), "proofCategory": proof.category,
            "proofDateOfIssue": date(proof.issued), "proofFile": file,
        }))
    });
    present(json!({
        "id": "uuid:9f51b3b2-0000-4000-8000-000000000001",
        "firstName": claims.first_name, "middleName": claims.middle_name, "familyName": claims.family_name,
        "gender": claims.gender.map(|gender| match gender { Gender::Male => "M", Gender::Female => "F", Gender::Other => "OTHER" }),
        "nationality": claims.nationality.map(identity_vendors::Alpha2::as_str),
        "email": claims.email, "phoneNumber": claims.phone_number,
        "dateOfBirth": claims.date_of_birth.to_text(), "placeOfBirth": claims.place_of_birth,
        "idDocumentCountry": claims.document_country.as_str(), "idDocumentNumber": claims.document_number,
        "idDocumentType": claims.document_type.as_str(), "idDocumentDateOfIssue": date(claims.document_issued),
        "idDocumentDateOfExpiry": date(claims.document_expires), "idDocumentFrontFile": file,
        "idDocumentBackFile": claims.back.as_ref().map(|_| &file), "selfieFile": file,
        "residentialAddress": address,
    }))
}

/// Less what is not there.
fn present(mut value: Value) -> Value {
    value.as_object_mut().unwrap().retain(|_, member| !member.is_null());
    value
}

#[test]
fn what_is_claimed_is_what_a_credential_takes() {
    let mut taken = 0;
    for recorded in all() {
        for conversation in recorded.conversations() {
            let Ok(Finding { outcome: Outcome::Approved(person), decided_at, .. }) = conversation.run()
            else {
                continue;
            };
            for script in [Script::Latin, Script::Native] {
                let Ok(claims) = person.claims(Schema::V2, script) else { continue };
                let what = format!("{}: {}", recorded.vendor.name(), conversation.name);
                let evidence = serde_json::to_vec(&evidence(&claims)).unwrap();
                let json = Json::parse(&evidence).unwrap();
                let subject = KycSubject::read(&json, &mut |_| Ok(b"\xff\xd8\xff\xe0".to_vec()));
                let subject = subject.unwrap_or_else(|problems| panic!("{what}: {problems}"));
                let approved = decided_at.map_or(NOW * 1000, |at| at.0);
                let approved = Timestamp::from_unix_millis(approved).unwrap();
                subject.check(Some(approved)).unwrap_or_else(|problems| panic!("{what}: {problems}"));
                // The base is the same; what this crate leaves out of the level, because no check says it, that one may add.
                let (ours, theirs) = (claims.level.to_string(), subject.level().to_string());
                let mut add_ons = ours.split('+');
                assert_eq!(add_ons.next(), theirs.split('+').next(), "{what}");
                assert!(add_ons.all(|add_on| theirs.split('+').any(|other| other == add_on)), "{what}");
                taken += 1;
            }
        }
    }
    assert!(taken > 100, "{taken}");
}
