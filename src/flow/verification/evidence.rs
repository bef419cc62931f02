//! Evidence of what a vendor found out.

use identity_vendors::{Alpha2, ClaimedAddress, Claims, Date, Media, Schema, Shows};
use idos_credential::Invalid;
use idos_credential::strict_json::Json;
use uuid::Uuid;

use crate::model::evidence::Evidence;
use crate::model::issuance::Kind;
use crate::model::time::Timestamp;

/// The files of a person.
pub(super) type Files = Vec<(Shows, Media)>;

/// The schema by which a kind of credential says who somebody is.
pub(super) fn schema(kind: Kind) -> Option<Schema> {
    [(2, Schema::V2), (3, Schema::V3)]
        .into_iter()
        .find(|(version, _)| Kind::of_kyc_version(*version) == Some(kind))
        .map(|(_, schema)| schema)
}

/// What a person can be issued, of the level that the vendor's checks support.
pub(super) fn of(
    claims: &Claims,
    files: Files,
    (kind, schema): (Kind, Schema),
    user_id: Uuid,
    approved_at: Timestamp,
) -> Result<Evidence, Invalid> {
    let subject = match schema {
        Schema::V2 => flat(claims),
        Schema::V3 => in_sections(claims),
    };
    let json =
        object([("approvedAt", Some(Json::Text(approved_at.to_string()))), ("subject", Some(subject))]);
    let mut files = files;
    let read_file = &mut |json: &Json| {
        let name = json.member("file").and_then(Json::as_text);
        let at = files.iter().position(|(shows, _)| Some(shows.as_str()) == name);
        // Each is asked for once.
        at.map(|at| files.swap_remove(at).1.bytes.to_vec()).ok_or("is not there")
    };
    let mut evidence = Evidence::read(kind, json, &user_id.to_string(), read_file)?;
    evidence.level = Some(claims.level.to_string());
    Ok(evidence)
}

fn flat(claims: &Claims) -> Json {
    let file = |shows: Shows| Some(file(shows));
    object([
        ("firstName", text(claims.first_name.as_ref())),
        ("middleName", text(claims.middle_name.as_ref())),
        ("familyName", text(claims.family_name.as_ref())),
        ("gender", gender(claims)),
        ("nationality", country(claims.nationality)),
        ("email", text(claims.email.as_ref())),
        ("phoneNumber", text(claims.phone_number.as_ref())),
        ("dateOfBirth", date(Some(claims.date_of_birth))),
        ("placeOfBirth", text(claims.place_of_birth.as_ref())),
        ("idDocumentCountry", country(Some(claims.document_country))),
        ("idDocumentNumber", text(Some(&claims.document_number))),
        ("idDocumentType", Some(Json::Text(claims.document_type.as_str().to_owned()))),
        ("idDocumentDateOfIssue", date(claims.document_issued)),
        ("idDocumentDateOfExpiry", date(claims.document_expires)),
        ("idDocumentFrontFile", file(Shows::Front)),
        ("idDocumentBackFile", claims.back.as_ref().and_then(|_| file(Shows::Back))),
        ("selfieFile", file(Shows::Selfie)),
        ("residentialAddress", claims.address.as_ref().map(|of| object(address(of)))),
    ])
}

fn in_sections(claims: &Claims) -> Json {
    let person = object([
        ("firstName", text(claims.first_name.as_ref())),
        ("middleName", text(claims.middle_name.as_ref())),
        ("familyName", text(claims.family_name.as_ref())),
        ("gender", gender(claims)),
        ("nationality", country(claims.nationality)),
        ("stateless", claims.stateless.then_some(Json::Bool(true))),
        ("dateOfBirth", date(Some(claims.date_of_birth))),
        ("placeOfBirth", text(claims.place_of_birth.as_ref())),
    ]);
    let document = object([
        ("type", Some(Json::Text(claims.document_type.as_str().to_owned()))),
        ("number", text(Some(&claims.document_number))),
        ("country", country(Some(claims.document_country))),
        ("dateOfIssue", date(claims.document_issued)),
        ("dateOfExpiry", date(claims.document_expires)),
        ("frontFile", Some(file(Shows::Front))),
        ("backFile", claims.back.as_ref().map(|_| file(Shows::Back))),
    ]);
    let contact =
        object([("email", text(claims.email.as_ref())), ("phoneNumber", text(claims.phone_number.as_ref()))]);
    let has_contact = claims.email.is_some() || claims.phone_number.is_some();
    let address = claims.address.as_ref().map(|of| {
        let verified = ("verified", Some(Json::Bool(of.proof.is_some())));
        object(std::iter::once(verified).chain(address(of)))
    });
    object([
        ("person", Some(person)),
        ("idDocument", Some(document)),
        ("contact", has_contact.then_some(contact)),
        ("biometric", Some(object([("selfieFile", Some(file(Shows::Selfie)))]))),
        ("residentialAddress", address),
    ])
}

fn address(of: &ClaimedAddress) -> [(&'static str, Option<Json>); 10] {
    let proof = of.proof.as_ref();
    [
        ("street", text(Some(&of.street))),
        ("houseNumber", text(of.house_number.as_ref())),
        ("additionalAddressInfo", text(of.additional.as_ref())),
        ("region", text(of.region.as_ref())),
        ("city", text(Some(&of.city))),
        ("postalCode", text(of.postal_code.as_ref())),
        ("country", country(Some(of.country))),
        ("proofCategory", proof.and_then(|proof| text(Some(&proof.category)))),
        ("proofDateOfIssue", proof.and_then(|proof| date(proof.issued))),
        ("proofFile", proof.map(|_| file(Shows::AddressProof))),
    ]
}

fn object(members: impl IntoIterator<Item = (&'static str, Option<Json>)>) -> Json {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Json::Object(there.collect())
}

fn text(text: Option<&String>) -> Option<Json> {
    text.map(|text| Json::Text(text.clone()))
}

fn date(date: Option<Date>) -> Option<Json> {
    date.map(|date| Json::Text(date.to_text()))
}

fn country(country: Option<Alpha2>) -> Option<Json> {
    country.map(|country| Json::Text(country.as_str().to_owned()))
}

fn gender(claims: &Claims) -> Option<Json> {
    use identity_vendors::Gender;
    let name = match claims.gender? {
        Gender::Male => "M",
        Gender::Female => "F",
        Gender::Other => "OTHER",
    };
    Some(Json::Text(name.to_owned()))
}

fn file(shows: Shows) -> Json {
    object([("file", Some(Json::Text(shows.as_str().to_owned())))])
}
