//! Sumsub (docs.sumsub.com): applicants, whose results are asked for; webhooks without personal data.
//!
//! What was read from documents (`info`) is who the person is; what the applicant typed (`fixedInfo`) fills in what
//! documents do not have: gender, nationality, address. Sandbox and production share an address, and the app token says
//! which it is.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Adapter, Header, Proof, header, sample};
use crate::account::{Account, Environment};
use crate::case::{Case, CaseId, Reference};
use crate::date::Moment;
use crate::fault::Fault;
use crate::json::{Json, Object};
use crate::media::{MediaReference, Shows};
use crate::name::Name;
use crate::notice::{Event, Told};
use crate::refusal::RefusalCode;
use crate::result::{
    Address, AddressProof, Decline, Document, DocumentType, Finding, Identity, Outcome, Wait, owned,
};
use crate::signature::{Hash, Received, Untrusted};
use crate::talk::{Ask, Found, Stop, Talk};

const DIGEST: &str = "X-Payload-Digest";
const ALGORITHM: &str = "X-Payload-Digest-Alg";

/// Kinds of documents that prove an address.
const ADDRESS_PROOFS: &[&str] = &["UTILITY_BILL", "BANK_STATEMENT"];

pub(super) struct Sumsub;

impl Adapter for Sumsub {
    fn name(&self) -> &'static str {
        "sumsub"
    }

    fn bases(&self) -> &'static [&'static str] {
        &["https://api.sumsub.com"]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["allow_sha1"]
    }

    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let hash = match received.header_if_any(ALGORITHM)? {
            None | Some("HMAC_SHA256_HEX") => Hash::Sha256,
            Some("HMAC_SHA512_HEX") => Hash::Sha512,
            Some("HMAC_SHA1_HEX") if account.settings.allow_sha1 => Hash::Sha1,
            Some(_) => return Err(Untrusted::Algorithm(ALGORITHM)),
        };
        let given = received.header(DIGEST)?;
        hash.check(&account.webhook_secrets, &[received.body], given, DIGEST)?;
        Ok(Proof::Signed)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        let is_sandbox = of.account.environment == Environment::Sandbox;
        json!({
            "applicantId": of.case, "externalUserId": of.case, "type": "applicantCreated", "sandboxMode": is_sandbox,
            "reviewStatus": "init", "createdAtMs": of.moment().format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        let (hash, name) = if of.account.settings.allow_sha1 {
            (Hash::Sha1, "HMAC_SHA1_HEX")
        } else {
            (Hash::Sha256, "HMAC_SHA256_HEX")
        };
        Ok(vec![header(DIGEST, hash.hmac_hex(of.secret()?, &[body])), header(ALGORITHM, name)])
    }

    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let body = body.object()?;
        let event = match body.required_text("type")? {
            "applicantCreated" | "applicantPending" | "applicantPrechecked" => Event::Progress,
            "applicantReviewed" => reviewed(body)?,
            "applicantOnHold" => Event::Review,
            "applicantWorkflowCompleted"
            | "applicantPersonalInfoChanged"
            | "applicantLevelChanged"
            | "applicantActivated" => Event::Changed,
            "applicantReset" => Event::Reset,
            "applicantDeleted" | "applicantPersonalDataDeleted" => Event::Deleted,
            "applicantDeactivated" => Event::Withdrawn,
            _ => return Ok(Told::unknown()),
        };
        let case = Case {
            id: CaseId::read(body.required_text("applicantId")?, "applicantId")?,
            scope: None,
            reference: Reference::read(body.text("externalUserId")?, "externalUserId")?,
        };
        let environment = body.flag("sandboxMode")?.map(sandbox);
        let happened_at = Moment::read(body.get("createdAtMs"));
        Ok(Told { happened_at, environment, ..Told::of(event, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let id = &talk.case.id;
        let applicant = talk.ask(Ask::get(format!("/resources/applicants/{id}/one")))?.object()?;
        talk.check_id(applicant.required_text("id")?, "id")?;
        if applicant.text("type")?.is_some_and(|kind| kind != "individual") {
            return Err(Fault::NotAPerson.into());
        }
        let review = applicant.required_object("review")?;
        let of_data = applicant.flag("sandboxMode")?.map_or(Environment::Live, sandbox);
        let found = Found {
            case: talk.case_of(applicant.text("externalUserId")?, "externalUserId")?,
            environment: talk.account.environment.and(of_data).and(of_token(talk.account)),
            decided_at: Moment::read(review.get("reviewDate")),
        };
        if let Some(outcome) = undecided(review)? {
            return Ok(found.with(outcome));
        }
        let inspection = CaseId::read(applicant.required_text("inspectionId")?, "inspectionId")?;
        let listed =
            talk.ask(Ask::get(format!("/resources/applicants/{id}/metadata/resources")))?.object()?;
        let images = images(listed, review.text("attemptId")?)?;
        Ok(found.with(Outcome::Approved(Box::new(identity(applicant, &images, &inspection)?))))
    }

    fn headers(&self, account: &Account, ask: &Ask, now: i64) -> Result<Vec<Header>, Fault> {
        let secret = account.secret.as_ref().ok_or(Fault::NoKey("secret key"))?;
        let time = now.to_string();
        let parts = [time.as_bytes(), ask.method.as_str().as_bytes(), ask.path.as_bytes(), &ask.body];
        Ok(vec![
            ("X-App-Token", Zeroizing::new(account.key.text().to_owned())),
            ("X-App-Access-Sig", Zeroizing::new(Hash::Sha256.hmac_hex(secret, &parts))),
            header("X-App-Access-Ts", time),
            header("Accept", "application/json"),
        ])
    }
}

fn sandbox(flag: bool) -> Environment {
    if flag { Environment::Sandbox } else { Environment::Live }
}

fn of_token(account: &Account) -> Environment {
    sandbox(account.key.text().starts_with("sbx:"))
}

fn reviewed(body: Object<'_>) -> Result<Event, Fault> {
    let result = body.required_object("reviewResult")?;
    Ok(match (result.text("reviewAnswer")?, result.text("reviewRejectType")?) {
        (Some("GREEN"), _) => Event::Approved,
        (Some("RED"), Some("RETRY")) => Event::Retry,
        (Some("RED"), _) => Event::Declined,
        _ => Event::Changed,
    })
}

/// What it is if it is no approval.
fn undecided(review: Object<'_>) -> Result<Option<Outcome>, Fault> {
    match review.required_text("reviewStatus")? {
        "init" => return Ok(Some(Outcome::NotYet(Wait::User))),
        "pending" | "queued" | "prechecked" => return Ok(Some(Outcome::NotYet(Wait::Vendor))),
        "onHold" => return Ok(Some(Outcome::NotYet(Wait::Review))),
        "completed" => {}
        _ => return Err(Fault::Malformed("reviewStatus")),
    }
    let result = review.required_object("reviewResult")?;
    match (result.required_text("reviewAnswer")?, result.text("reviewRejectType")?) {
        ("GREEN", _) => Ok(None),
        ("RED", Some("RETRY")) => Ok(Some(Outcome::NotYet(Wait::User))),
        ("RED", _) => Ok(Some(Outcome::Declined(decline(result)?))),
        _ => Err(Fault::Malformed("reviewAnswer")),
    }
}

/// What a label is about. The first class that one of the labels belongs to counts; labels of other things are not told apart.
const LABELS: &[(Decline, &[&str])] = &[
    (
        Decline::Fraud,
        &[
            "FORGERY",
            "DOCUMENT_TEMPLATE",
            "GRAPHIC_EDITOR",
            "FRAUDULENT_PATTERNS",
            "FRAUDULENT_LIVENESS",
            "INCONSISTENT_PROFILE",
            "STOLEN_DOCS",
            "THIRD_PARTY_INVOLVED",
        ],
    ),
    (
        Decline::Watchlist,
        &["SANCTIONS", "PEP", "ADVERSE_MEDIA", "CRIMINAL", "COMPROMISED_PERSONS", "BLACKLIST", "BLOCKLIST"],
    ),
    (
        Decline::Document,
        &[
            "ID_INVALID",
            "NOT_DOCUMENT",
            "DOCUMENT_DEPRIVED",
            "DOCUMENT_DAMAGED",
            "DOCUMENT_PAGE_MISSING",
            "INCOMPLETE_DOCUMENT",
            "DIGITAL_DOCUMENT",
            "UNSUITABLE_DOCUMENT",
            "EXPIRATION_DATE",
            "FRONT_SIDE_MISSING",
            "BACK_SIDE_MISSING",
            "SCREENSHOTS",
            "UNFILLED_ID",
            "BAD_PROOF_OF_IDENTITY",
        ],
    ),
    (Decline::Face, &["SELFIE_MISMATCH", "BAD_SELFIE", "BAD_VIDEO_SELFIE", "BAD_FACE_MATCHING"]),
    (Decline::Address, &["WRONG_ADDRESS", "BAD_PROOF_OF_ADDRESS"]),
];

fn decline(result: Object<'_>) -> Result<Decline, Fault> {
    let labels = result.texts("rejectLabels")?;
    let is_of = |(_, known): &&(Decline, &[&str])| labels.iter().any(|label| known.contains(label));
    Ok(LABELS.iter().find(is_of).map_or(Decline::Unspecified, |(class, _)| *class))
}

/// An image that was looked at and is in use.
struct Image<'a> {
    id: CaseId,
    kind: &'a str,
    country: Option<&'a str>,
    is_back: bool,
    is_live: bool,
}

/// Those that passed, of the attempt that was reviewed.
fn images<'a>(listed: Object<'a>, attempt: Option<&str>) -> Result<Vec<Image<'a>>, Fault> {
    let items = listed.objects("items")?;
    let total = listed.whole("totalItems")?;
    if total.is_some_and(|total| usize::try_from(total) != Ok(items.len())) {
        return Err(Fault::Incomplete("items"));
    }
    let mut images = Vec::new();
    for item in items {
        let is_green = match item.object("reviewResult")? {
            Some(result) => result.text("reviewAnswer")? == Some("GREEN"),
            None => false,
        };
        let is_of_it = attempt.is_none() || item.text("attemptId")?.is_none_or(|of| Some(of) == attempt);
        let Some(shown) = item.object("idDocDef")? else { continue };
        if !is_green || !is_of_it || item.flag("deactivated")? == Some(true) {
            continue;
        }
        images.push(Image {
            id: CaseId::read(item.required_text("id")?, "items.id")?,
            kind: shown.required_text("idDocType")?,
            country: shown.text("country")?,
            is_back: shown.text("idDocSubType")? == Some("BACK_SIDE"),
            is_live: item.text("source")? == Some("liveness"),
        });
    }
    Ok(images)
}

fn document_type(kind: &str) -> Option<DocumentType> {
    Some(match kind {
        "PASSPORT" => DocumentType::Passport,
        "ID_CARD" => DocumentType::IdCard,
        "DRIVERS" => DocumentType::Drivers,
        "RESIDENCE_PERMIT" => DocumentType::ResidencePermit,
        "VOTER_ID" => DocumentType::VotingCard,
        _ => return None,
    })
}

fn identity(applicant: Object<'_>, images: &[Image<'_>], inspection: &CaseId) -> Result<Identity, Fault> {
    let mut person = Identity::default();
    let info = applicant.required_object("info")?;
    let typed = applicant.object("fixedInfo")?;
    let documents = info.objects("idDocs")?;
    let mut chosen = None;
    let mut is_other = false;
    for document in &documents {
        let kind = document.required_text("idDocType")?;
        if kind == "SELFIE" || ADDRESS_PROOFS.contains(&kind) {
            continue;
        }
        match document_type(kind) {
            Some(known) if chosen.is_none() => chosen = Some((*document, kind, known)),
            Some(_) => {}
            None => is_other = true,
        }
    }
    let named = chosen.map_or(info, |(document, ..)| document);
    person.native = names(named, "firstName", "middleName", "lastName")?;
    person.latin = names(named, "firstNameEn", "middleNameEn", "lastNameEn")?;
    let birth = named.get("dob").or_else(|| info.get("dob"));
    person.date_of_birth = person.read_date(birth, "dateOfBirth");
    let either = |name| {
        Ok::<_, Fault>(match (info.text(name)?, typed) {
            (None, Some(typed)) => typed.text(name)?,
            (text, _) => text,
        })
    };
    let gender = either("gender")?;
    person.read_gender(gender);
    let nationality = either("nationality")?;
    person.nationality = person.read_country(nationality, "nationality");
    person.place_of_birth = owned(either("placeOfBirth")?);
    person.email = owned(applicant.text("email")?);
    person.phone = owned(applicant.text("phone")?);
    match chosen {
        Some((document, kind, known)) => {
            person.document = Some(read_document(&mut person, document, known)?);
            // GREEN is for all that the level asks, and it asked for this document.
            person.checks.document = true;
            let is_of_it = |image: &&Image<'_>| {
                let country = document.text("country").ok().flatten();
                image.kind == kind && (image.country.is_none() || image.country == country)
            };
            for image in images.iter().filter(is_of_it) {
                let shows = if image.is_back { Shows::Back } else { Shows::Front };
                person.add_media(Ok(reference(shows, image, inspection)));
            }
        }
        None if is_other => person.refuse(RefusalCode::DocumentTypeUnknown, "idDocument"),
        None => {}
    }
    for selfie in images.iter().filter(|image| image.kind == "SELFIE") {
        person.checks.face_match = true;
        person.checks.liveness |= selfie.is_live;
        person.add_media(Ok(reference(Shows::Selfie, selfie, inspection)));
    }
    read_address(&mut person, typed, &documents, images, inspection)?;
    Ok(person)
}

fn names(
    of: Object<'_>,
    first: &'static str,
    middle: &'static str,
    last: &'static str,
) -> Result<Name, Fault> {
    Ok(Name::new(of.text(first)?, of.text(middle)?, of.text(last)?))
}

fn reference(shows: Shows, image: &Image<'_>, inspection: &CaseId) -> MediaReference {
    let image = &image.id;
    MediaReference::of_api(shows, format!("/resources/inspections/{inspection}/resources/{image}"))
}

fn read_document(person: &mut Identity, of: Object<'_>, kind: DocumentType) -> Result<Document, Fault> {
    let is_for_ever = of.flag("termless")? == Some(true);
    let expires = of.get("validUntil").filter(|_| !is_for_ever);
    Ok(Document {
        kind: Some(kind),
        country: person.read_country(of.text("country")?, "idDocument.country"),
        number: owned(of.text("number")?),
        issued: person.read_date(of.get("issuedDate"), "idDocument.dateOfIssue"),
        expires: person.read_date(expires, "idDocument.dateOfExpiry"),
    })
}

/// The address is what the applicant typed; an image that proves an address, and passed, proves it.
fn read_address(
    person: &mut Identity,
    typed: Option<Object<'_>>,
    documents: &[Object<'_>],
    images: &[Image<'_>],
    inspection: &CaseId,
) -> Result<(), Fault> {
    let addresses = typed.map(|typed| typed.objects("addresses")).transpose()?.unwrap_or_default();
    let Some(address) = addresses.first() else { return Ok(()) };
    let latin = |name, latin| Ok::<_, Fault>(address.text(latin)?.or(address.text(name)?));
    let proof = images.iter().find(|image| ADDRESS_PROOFS.contains(&image.kind));
    let issued = match proof {
        Some(proof) => {
            let of = documents
                .iter()
                .find(|document| document.text("idDocType").ok().flatten() == Some(proof.kind));
            person.read_date(of.and_then(|of| of.get("issuedDate")), "residentialAddress.proofDateOfIssue")
        }
        None => None,
    };
    person.address = Some(Address {
        street: owned(latin("street", "streetEn")?),
        house_number: owned(address.text("buildingNumber")?),
        additional: owned(latin("subStreet", "subStreetEn")?.or(address.text("flatNumber")?)),
        region: owned(latin("state", "stateEn")?),
        city: owned(latin("town", "townEn")?),
        postal_code: owned(address.text("postCode")?),
        country: person.read_residence(address.text("country")?, proof.is_some()),
        proof: proof.map(|proof| AddressProof { category: proof.kind.to_owned(), issued }),
    });
    if let Some(proof) = proof {
        person.checks.address = true;
        person.add_media(Ok(reference(Shows::AddressProof, proof, inspection)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Settings;
    use crate::secret::Secret;

    #[test]
    fn requests_are_signed_over_time_method_path_and_body() {
        let account = Account {
            environment: Environment::Sandbox,
            webhook_secrets: Vec::new(),
            key: Secret::new("sbx:token").unwrap(),
            secret: Some(Secret::new("test-secret").unwrap()),
            token: None,
            user_agent: String::new(),
            files: Vec::new(),
            settings: Settings::default(),
        };
        let post = |path: &str, body: &str| Ask::post(path, body.to_owned());
        for (ask, signature) in [
            (
                Ask::get("/resources/applicants/68a7d46b8a6f58bf219053c6/one"),
                "917b6e1cd1be8a44a7730cf6083dfab6e29ea971c1cf4e4d3f6963212e6db093",
            ),
            (
                post("/resources/accessTokens?userId=u1&levelName=basic-kyc-level&ttlInSecs=600", ""),
                "cd7b61e77ce8828457d7dffc637d285776a8617ead8990abbbf4f51d49d6b930",
            ),
            (
                post("/resources/applicants?levelName=basic-kyc-level", r#"{"externalUserId":"u1"}"#),
                "eb6c36d95a9ea90c10847e548ab60d7fe5f7f8d4068c20871219c7400bac82a7",
            ),
        ] {
            let headers = Sumsub.headers(&account, &ask, 1_609_459_200).unwrap();
            let value = |name| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
            assert_eq!(value("X-App-Access-Sig"), Some(signature), "{}", ask.path);
            assert_eq!(value("X-App-Access-Ts"), Some("1609459200"));
            assert_eq!(value("X-App-Token"), Some("sbx:token"));
        }
        let without = Account { secret: None, ..account };
        assert_eq!(Sumsub.headers(&without, &Ask::get("/x"), 0), Err(Fault::NoKey("secret key")));
    }
}
