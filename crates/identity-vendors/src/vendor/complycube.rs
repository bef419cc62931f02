//! `ComplyCube` (docs.complycube.com): clients, and the checks that were made of them.
//!
//! Nothing decides over a client but its checks: of each kind the newest counts, and all of them must be clear. Attention is
//! for a person. A proof of address that is clear proves the address that was read from it, which the vendor has compared with
//! what the client said.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Adapter, Header, Proof, header, sample};
use crate::account::Account;
use crate::case::{Case, CaseId};
use crate::date::Moment;
use crate::fault::Fault;
use crate::json::{Json, Object};
use crate::media::{MediaReference, Shows};
use crate::name::Name;
use crate::notice::{Event, Told};
use crate::result::{
    Address, AddressProof, Decline, Document, DocumentType, Finding, Identity, Outcome, Wait, owned,
};
use crate::signature::{Hash, Received, Untrusted};
use crate::talk::{Ask, Found, Stop, Talk};

const SIGNATURE: &str = "ComplyCube-Signature";

/// The kind of check that an approval needs.
const DOCUMENT_CHECK: &str = "document_check";
const IDENTITY_CHECK: &str = "identity_check";
const ADDRESS_CHECK: &str = "proof_of_address_check";

/// As many checks as are asked for at once.
const PAGE_SIZE: u32 = 100;

pub(super) struct ComplyCube;

impl Adapter for ComplyCube {
    fn name(&self) -> &'static str {
        "complycube"
    }

    fn bases(&self) -> &'static [&'static str] {
        &["https://api.complycube.com/v1"]
    }

    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let given = received.header(SIGNATURE)?;
        Hash::Sha256.check(&account.webhook_secrets, &[received.body], given, SIGNATURE)?;
        Ok(Proof::Signed)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        let (case, time) = (of.case, of.time());
        json!({
            "id": case, "type": "check.pending", "resourceType": "check", "createdAt": time,
            "payload": { "id": case, "clientId": case },
        })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        Ok(vec![header(SIGNATURE, Hash::Sha256.hmac_hex(of.secret()?, &[body]))])
    }

    /// One check is not the case: what it came to is not asked here.
    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let body = body.object()?;
        let event = match body.required_text("type")? {
            "check.pending" => Event::Progress,
            "check.completed"
            | "check.completed.clear"
            | "check.completed.rejected"
            | "check.completed.attention"
            | "check.failed" => Event::Changed,
            _ => return Ok(Told::unknown()),
        };
        let check = body.required_object("payload")?;
        let case = Case::new(CaseId::read(check.required_text("clientId")?, "clientId")?);
        let id = owned(body.text("id")?);
        Ok(Told { id, happened_at: Moment::read(body.get("createdAt")), ..Told::of(event, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let id = &talk.case.id;
        let client = talk.ask(Ask::get(format!("/clients/{id}")))?.object()?;
        talk.check_id(client.required_text("id")?, "id")?;
        if client.required_text("type")? != "person" {
            return Err(Fault::NotAPerson.into());
        }
        let found = Found {
            case: talk.case_of(client.text("externalId")?, "externalId")?,
            environment: talk.account.environment,
            decided_at: None,
        };
        let checks = newest_checks(talk)?;
        if let Some(outcome) = undecided(&checks)? {
            return Ok(found.with(outcome));
        }
        let Some(check) = checks.get(DOCUMENT_CHECK) else {
            return Ok(found.with(Outcome::NotYet(Wait::User)));
        };
        let found = Found { decided_at: Moment::read(check.get("updatedAt")), ..found };
        let mut person = identity(talk, client, *check, checks.get(IDENTITY_CHECK).copied())?;
        if let Some(check) = checks.get(ADDRESS_CHECK) {
            read_proven_address(talk, &mut person, *check)?;
        }
        Ok(found.with(Outcome::Approved(Box::new(person))))
    }

    /// The key without a word before it.
    fn headers(&self, account: &Account, _ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        Ok(vec![
            ("Authorization", Zeroizing::new(account.key.text().to_owned())),
            header("Accept", "application/json"),
        ])
    }
}

/// The newest check of each kind, from all pages.
fn newest_checks<'a>(talk: &Talk<'a>) -> Result<BTreeMap<&'a str, Object<'a>>, Stop> {
    let id = &talk.case.id;
    let mut newest: BTreeMap<&str, (Moment, Object<'_>)> = BTreeMap::new();
    for page in 1_u32.. {
        let path = format!("/checks?clientId={id}&page={page}&pageSize={PAGE_SIZE}");
        let listed = talk.ask(Ask::get(path))?.object()?;
        // The same page again would be asked for without end.
        if listed.whole("page")?.is_some_and(|is| is != i64::from(page)) {
            return Err(Fault::Malformed("page").into());
        }
        for check in listed.objects("items")? {
            if check.required_text("clientId")? != id.as_str() {
                return Err(Fault::AnotherCase("items.clientId").into());
            }
            let kind = check.required_text("type")?;
            let created = Moment::read(check.get("createdAt")).ok_or(Fault::Missing("createdAt"))?;
            if newest.get(kind).is_none_or(|(other, _)| *other < created) {
                newest.insert(kind, (created, check));
            }
        }
        let has_more = match (listed.flag("hasMore")?, listed.whole("pages")?) {
            (Some(has_more), _) => has_more,
            (None, pages) => pages.is_some_and(|pages| pages > i64::from(page)),
        };
        if !has_more {
            break;
        }
    }
    Ok(newest.into_iter().map(|(kind, (_, check))| (kind, check)).collect())
}

/// What it is if one of the checks is not clear: the worst of them.
fn undecided(checks: &BTreeMap<&str, Object<'_>>) -> Result<Option<Outcome>, Fault> {
    let mut worst: Option<(u8, Outcome)> = None;
    for (kind, check) in checks {
        let (rank, outcome) = match check.required_text("status")? {
            "pending" => (1, Outcome::NotYet(Wait::Vendor)),
            "failed" => (3, Outcome::NotYet(Wait::Review)),
            "complete" => match check.required_object("result")?.required_text("outcome")? {
                "clear" => continue,
                "not_processed" => (2, Outcome::NotYet(Wait::User)),
                "attention" => (3, Outcome::NotYet(Wait::Review)),
                "rejected" => (4, Outcome::Declined(decline(kind))),
                _ => return Err(Fault::Malformed("outcome")),
            },
            _ => return Err(Fault::Malformed("status")),
        };
        if worst.as_ref().is_none_or(|(other, _)| *other < rank) {
            worst = Some((rank, outcome));
        }
    }
    Ok(worst.map(|(_, outcome)| outcome))
}

fn decline(kind: &str) -> Decline {
    match kind {
        DOCUMENT_CHECK => Decline::Document,
        IDENTITY_CHECK | "enhanced_identity_check" => Decline::Face,
        ADDRESS_CHECK => Decline::Address,
        "standard_screening_check" | "extensive_screening_check" => Decline::Watchlist,
        _ => Decline::Unspecified,
    }
}

fn document_type(kind: &str) -> Option<DocumentType> {
    Some(match kind {
        "passport" => DocumentType::Passport,
        "driving_license" => DocumentType::Drivers,
        "national_id" => DocumentType::IdCard,
        "residence_permit" => DocumentType::ResidencePermit,
        _ => return None,
    })
}

fn identity(
    talk: &Talk<'_>,
    client: Object<'_>,
    check: Object<'_>,
    face: Option<Object<'_>>,
) -> Result<Identity, Stop> {
    let mut person = Identity::default();
    person.email = owned(client.text("email")?);
    person.phone = owned(client.text("mobile")?);
    if let Some(given) = client.object("personDetails")? {
        person.read_gender(given.text("gender")?);
        person.nationality = person.read_country(given.text("nationality")?, "nationality");
    }
    let extracted = breakdown(check, "extractedData")?;
    read_document(&mut person, extracted)?;
    let (document_id, document) = document_of(talk, check)?;
    for image in document.objects("images")? {
        let (shows, side) = match image.text("documentSide")? {
            Some("front") => (Shows::Front, "front"),
            Some("back") => (Shows::Back, "back"),
            _ => continue,
        };
        let path = format!("/documents/{document_id}/download/{side}");
        person.add_media(Ok(MediaReference::of_api_json(shows, path)));
    }
    // A face that was compared with another document says nothing about this one.
    if let Some(face) =
        face.filter(|face| face.text("documentId").ok().flatten() == Some(document_id.as_str()))
    {
        person.checks.face_match = is_clear(breakdown(face, "faceAnalysis")?, "facialSimilarity")?;
        person.checks.liveness = is_clear(breakdown(face, "authenticityAnalysis")?, "livenessCheck")?;
        let photo = CaseId::read(face.required_text("livePhotoId")?, "livePhotoId")?;
        let path = format!("/livePhotos/{photo}/download");
        person.add_media(Ok(MediaReference::of_api_json(Shows::Selfie, path)));
    }
    Ok(person)
}

/// The document that a check is about.
fn document_of<'a>(talk: &Talk<'a>, check: Object<'_>) -> Result<(CaseId, Object<'a>), Stop> {
    let id = CaseId::read(check.required_text("documentId")?, "documentId")?;
    let document = talk.ask(Ask::get(format!("/documents/{id}")))?.object()?;
    if document.required_text("id")? != id.as_str() {
        return Err(Fault::AnotherCase("document.id").into());
    }
    if document.required_text("clientId")? != talk.case.id.as_str() {
        return Err(Fault::AnotherCase("document.clientId").into());
    }
    Ok((id, document))
}

/// The address that was read from the document that proves it, in place of that of the identity document.
fn read_proven_address(talk: &Talk<'_>, person: &mut Identity, check: Object<'_>) -> Result<(), Stop> {
    let Some(extracted) = breakdown(check, "extractedData")? else { return Ok(()) };
    let Some(read) = extracted.object("addressDetails")? else { return Ok(()) };
    let Some(of) = extracted.object("documentDetails")? else { return Ok(()) };
    let category = of.required_text("documentType")?.to_ascii_uppercase();
    let issued = person.read_date(of.get("issuingDate"), "residentialAddress.proofDateOfIssue");
    let mut address = Address::default();
    if let Some(parts) = read.object("address")? {
        let country = parts.text("country")?.or(read.text("addressCountry")?);
        address = read_address(person, parts, country, true)?;
    }
    address.proof = Some(AddressProof { category, issued });
    person.address = Some(address);
    person.checks.address = true;
    let (id, document) = document_of(talk, check)?;
    for image in document.objects("images")? {
        if image.text("documentSide")? == Some("front") {
            let path = format!("/documents/{id}/download/front");
            person.add_media(Ok(MediaReference::of_api_json(Shows::AddressProof, path)));
        }
    }
    Ok(())
}

fn read_address(
    person: &mut Identity,
    of: Object<'_>,
    country: Option<&str>,
    is_proven: bool,
) -> Result<Address, Fault> {
    Ok(Address {
        street: owned(of.text("line")?),
        house_number: owned(of.text("propertyNumber")?),
        additional: owned(of.text("building")?),
        region: owned(of.text("state")?),
        city: owned(of.text("city")?),
        postal_code: owned(of.text("postalCode")?),
        country: person.read_residence(country, is_proven),
        proof: None,
    })
}

/// One of the analyses of a check.
fn breakdown<'a>(check: Object<'a>, name: &'static str) -> Result<Option<Object<'a>>, Fault> {
    match check.required_object("result")?.object("breakdown")? {
        Some(breakdown) => breakdown.object(name),
        None => Ok(None),
    }
}

fn is_clear(of: Option<Object<'_>>, name: &'static str) -> Result<bool, Fault> {
    Ok(of.map(|of| of.text(name)).transpose()?.flatten() == Some("clear"))
}

fn read_document(person: &mut Identity, extracted: Option<Object<'_>>) -> Result<(), Fault> {
    let Some(extracted) = extracted else { return Ok(()) };
    if let Some(of) = extracted.object("documentDetails")? {
        person.checks.document = true;
        person.document = Some(Document {
            kind: of.text("documentType")?.and_then(document_type),
            country: person.read_country(of.text("issuingCountry")?, "idDocument.country"),
            number: owned(of.text("documentNumber")?),
            issued: person.read_date(of.get("issuingDate"), "idDocument.dateOfIssue"),
            expires: person.read_date(of.get("expirationDate"), "idDocument.dateOfExpiry"),
        });
    }
    let Some(holder) = extracted.object("holderDetails")? else { return Ok(()) };
    let (first, last) = (holder.texts("firstName")?.join(" "), holder.texts("lastName")?.join(" "));
    let (first, last) = (Zeroizing::new(first), Zeroizing::new(last));
    person.native = Name::new(Some(&first), None, Some(&last));
    person.date_of_birth = person.read_date(holder.get("dob"), "dateOfBirth");
    if let Some(address) = holder.object("address")? {
        person.address = Some(read_address(person, address, address.text("country")?, false)?);
    }
    Ok(())
}
