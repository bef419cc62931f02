//! Onfido, which Entrust has bought (documentation.onfido.com): workflow runs of its Studio, and checks without it.
//!
//! A workflow decides; its tasks say what was checked. A check alone is clear or not, and what is not clear a person has to
//! judge. Names, dates and numbers are those of the document; the applicant's own data is used for the address alone.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Adapter, Header, Proof, header, sample};
use crate::account::{Account, Environment};
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

const SIGNATURE: &str = "X-SHA2-Signature";

/// The scope of a case that is a check, not a workflow run.
const CHECK: &str = "check";

pub(super) struct Onfido;

impl Adapter for Onfido {
    fn name(&self) -> &'static str {
        "onfido"
    }

    fn bases(&self) -> &'static [&'static str] {
        &[
            "https://api.eu.onfido.com/v3.6",
            "https://api.us.onfido.com/v3.6",
            "https://api.ca.onfido.com/v3.6",
        ]
    }

    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let given = received.header(SIGNATURE)?;
        Hash::Sha256.check(&account.webhook_secrets, &[received.body], given, SIGNATURE)?;
        Ok(Proof::Signed)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        json!({ "payload": {
            "resource_type": "workflow_run", "action": "workflow_run.started",
            "object": { "id": of.case, "status": "processing", "started_at_iso8601": of.time() },
        } })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        Ok(vec![header(SIGNATURE, Hash::Sha256.hmac_hex(of.secret()?, &[body]))])
    }

    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let payload = body.object()?.required_object("payload")?;
        let object = payload.object("object")?;
        let of = |name| object.map_or(Ok(None), |object| object.text(name));
        let (event, id, field, scope) = match payload.required_text("action")? {
            "workflow_run.started" => (Event::Progress, of("id")?, "object.id", None),
            "workflow_run.completed" => {
                let event = match of("status")? {
                    Some("approved") => Event::Approved,
                    Some("declined") => Event::Declined,
                    Some("review" | "error") => Event::Review,
                    Some("abandoned") => Event::Expired,
                    _ => Event::Changed,
                };
                (event, of("id")?, "object.id", None)
            }
            // Its input and output may say who the person is: not read.
            "workflow_task.started" | "workflow_task.completed" => {
                (Event::Progress, of("workflow_run_id")?, "object.workflow_run_id", None)
            }
            "check.started" | "check.form_completed" => {
                (Event::Progress, of("id")?, "object.id", Some(CHECK))
            }
            "check.completed" => (Event::Changed, of("id")?, "object.id", Some(CHECK)),
            "check.reopened" => (Event::Reset, of("id")?, "object.id", Some(CHECK)),
            "check.withdrawn" => (Event::Withdrawn, of("id")?, "object.id", Some(CHECK)),
            _ => return Ok(Told::unknown()),
        };
        let id = CaseId::read(id.ok_or(Fault::Missing(field))?, field)?;
        let scope = scope.map(|scope| CaseId::read(scope, "scope")).transpose()?;
        let happened_at = ["completed_at_iso8601", "started_at_iso8601"]
            .iter()
            .find_map(|name| Moment::read(object.and_then(|object| object.get(name))));
        Ok(Told { happened_at, ..Told::of(event, Case { scope, ..Case::new(id) }) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        if talk.case.scope.as_ref().is_some_and(|scope| scope.as_str() == CHECK) {
            find_check(talk)
        } else {
            find_run(talk)
        }
    }

    fn headers(&self, account: &Account, _ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        Ok(vec![
            ("Authorization", Zeroizing::new(format!("Token token={}", account.key.text()))),
            header("Accept", "application/json"),
        ])
    }
}

/// What was checked, whichever way it was asked for.
#[derive(Default)]
struct Checked<'a> {
    /// The properties of the document, and the ids of its images.
    document: Option<(Object<'a>, Vec<&'a str>)>,
    /// Whether that is clear.
    document_is_clear: bool,
    is_live: bool,
    face_matches: bool,
    /// The properties of the proof of address that is clear.
    address: Option<Object<'a>>,
}

fn find_run(talk: &Talk<'_>) -> Result<Finding, Stop> {
    let id = &talk.case.id;
    let run = talk.ask(Ask::get(format!("/workflow_runs/{id}")))?.object()?;
    talk.check_id(run.required_text("id")?, "id")?;
    let mut found = Found {
        case: talk.case_of(run.text("customer_user_id")?, "customer_user_id")?,
        environment: talk.account.environment,
        decided_at: Moment::read(run.get("updated_at")),
    };
    let outcome = match run.required_text("status")? {
        "approved" => None,
        "declined" => Some(Outcome::Declined(Decline::Unspecified)),
        "processing" => Some(Outcome::NotYet(Wait::Vendor)),
        "awaiting_input" => Some(Outcome::NotYet(Wait::User)),
        "awaiting_client_input" | "review" | "error" => Some(Outcome::NotYet(Wait::Review)),
        "abandoned" => Some(Outcome::Expired),
        _ => return Err(Fault::Malformed("status").into()),
    };
    if let Some(outcome) = outcome {
        return Ok(found.with(outcome));
    }
    let applicant = applicant(talk, run.required_text("applicant_id")?)?;
    found.environment = found.environment.and(environment(applicant)?);
    if applicant.get("delete_at").is_some() {
        return Ok(found.with(Outcome::Deleted));
    }
    let checked = tasks(talk)?;
    let person = identity(talk, applicant, &checked)?;
    Ok(found.with(Outcome::Approved(Box::new(person))))
}

/// What the tasks of a run that are checks found, by the last one of each kind.
fn tasks<'a>(talk: &Talk<'a>) -> Result<Checked<'a>, Stop> {
    let id = &talk.case.id;
    let mut checked = Checked::default();
    for listed in talk.ask(Ask::get(format!("/workflow_runs/{id}/tasks")))?.objects()? {
        let kind = listed.required_text("task_def_id")?;
        if !["document_check", "face_check", "proof_of_address"].iter().any(|start| kind.starts_with(start)) {
            continue;
        }
        let task_id = CaseId::read(listed.required_text("id")?, "tasks.id")?;
        let of = talk.ask(Ask::get(format!("/workflow_runs/{id}/tasks/{task_id}")))?.object()?;
        if of.required_text("id")? != task_id.as_str() {
            return Err(Fault::AnotherCase("id").into());
        }
        if of.text("workflow_run_id")?.is_some_and(|run| run != id.as_str()) {
            return Err(Fault::AnotherCase("workflow_run_id").into());
        }
        checked.read_task(kind, of)?;
    }
    Ok(checked)
}

impl<'a> Checked<'a> {
    fn read_task(&mut self, kind: &str, task: Object<'a>) -> Result<(), Fault> {
        // A task that was not carried out has none.
        let Some(output) = task.object("output")? else { return Ok(()) };
        let is_clear = output.text("result")? == Some("clear");
        if kind.starts_with("document_check") {
            // One that is not clear is told of only where there is none that is.
            if !is_clear && self.document_is_clear {
                return Ok(());
            }
            let mut ids = Vec::new();
            if let Some(input) = task.object("input")? {
                for document in input.objects("document_ids")? {
                    ids.push(document.required_text("id")?);
                }
            }
            self.document = output.object("properties")?.map(|properties| (properties, ids));
            self.document_is_clear = is_clear;
        } else if !is_clear {
            // It proves nothing.
        } else if kind.starts_with("proof_of_address") {
            self.address = output.object("properties")?;
        } else {
            self.face_matches = true;
            self.is_live |= is_live(kind);
        }
        Ok(())
    }
}

/// A video or a motion capture shows a living person. A photo alone is compared.
fn is_live(kind: &str) -> bool {
    ["face_check_video", "face_check_motion", "facial_similarity_video", "facial_similarity_motion"]
        .iter()
        .any(|start| kind.starts_with(start))
}

fn find_check(talk: &Talk<'_>) -> Result<Finding, Stop> {
    let id = &talk.case.id;
    let check = talk.ask(Ask::get(format!("/checks/{id}")))?.object()?;
    talk.check_id(check.required_text("id")?, "id")?;
    let found = Found {
        // Checks do not know what the provider calls its user.
        case: talk.case.clone(),
        environment: talk.account.environment.and(environment(check)?),
        decided_at: None,
    };
    let outcome = match check.required_text("status")? {
        "complete" => None,
        "in_progress" | "reopened" => Some(Outcome::NotYet(Wait::Vendor)),
        "paused" => Some(Outcome::NotYet(Wait::Review)),
        "awaiting_applicant" => Some(Outcome::NotYet(Wait::User)),
        "withdrawn" => Some(Outcome::Withdrawn),
        _ => return Err(Fault::Malformed("status").into()),
    };
    if let Some(outcome) = outcome {
        return Ok(found.with(outcome));
    }
    let is_clear = match check.required_text("result")? {
        "clear" => true,
        "consider" => false,
        _ => return Err(Fault::Malformed("result").into()),
    };
    let reports = talk.ask(Ask::get(format!("/reports?check_id={id}")))?.object()?.objects("reports")?;
    for report in &reports {
        if report.text("check_id")?.is_some_and(|check| check != id.as_str()) {
            return Err(Fault::AnotherCase("reports.check_id").into());
        }
    }
    if !is_clear {
        return Ok(found.with(consider(&reports)?));
    }
    let applicant = applicant(talk, check.required_text("applicant_id")?)?;
    if applicant.get("delete_at").is_some() {
        return Ok(found.with(Outcome::Deleted));
    }
    let mut checked = Checked::default();
    for report in &reports {
        let name = report.required_text("name")?;
        if report.text("result")? != Some("clear") {
            continue;
        }
        if name == "document" || name.starts_with("document_") {
            let documents = report.objects("documents")?;
            let ids = documents.iter().map(|document| document.required_text("id"));
            checked.document_is_clear = true;
            checked.document = Some((report.required_object("properties")?, ids.collect::<Result<_, _>>()?));
        } else if name.starts_with("facial_similarity_") {
            checked.face_matches = true;
            checked.is_live |= is_live(name);
        } else if name == "proof_of_address" {
            checked.address = report.object("properties")?;
        }
    }
    let person = identity(talk, applicant, &checked)?;
    Ok(Finding {
        environment: found.environment.and(environment(applicant)?),
        ..found.with(Outcome::Approved(Box::new(person)))
    })
}

/// A document that was rejected or is suspected is declined. All else that is not clear is for a person to judge.
fn consider(reports: &[Object<'_>]) -> Result<Outcome, Fault> {
    for report in reports {
        match report.text("sub_result")? {
            Some("suspected") => return Ok(Outcome::Declined(Decline::Fraud)),
            Some("rejected") => return Ok(Outcome::Declined(Decline::Document)),
            _ => {}
        }
    }
    Ok(Outcome::NotYet(Wait::Review))
}

fn environment(of: Object<'_>) -> Result<Environment, Fault> {
    Ok(if of.flag("sandbox")? == Some(true) { Environment::Sandbox } else { Environment::Live })
}

fn applicant<'a>(talk: &Talk<'a>, id: &str) -> Result<Object<'a>, Stop> {
    let id = CaseId::read(id, "applicant_id")?;
    let applicant = talk.ask(Ask::get(format!("/applicants/{id}")))?.object()?;
    if applicant.required_text("id")? == id.as_str() {
        Ok(applicant)
    } else {
        Err(Fault::AnotherCase("applicant.id").into())
    }
}

fn document_type(kind: &str, country: Option<&str>) -> Option<DocumentType> {
    Some(match kind {
        "passport" => DocumentType::Passport,
        "driving_licence" => DocumentType::Drivers,
        "national_identity_card" => DocumentType::IdCard,
        "residence_permit" => DocumentType::ResidencePermit,
        "voter_id" => DocumentType::VotingCard,
        // India's tax number is on the PAN card.
        "tax_id" if country == Some("IND") => DocumentType::PanCard,
        _ => return None,
    })
}

fn identity(talk: &Talk<'_>, applicant: Object<'_>, checked: &Checked<'_>) -> Result<Identity, Stop> {
    let mut person = Identity::default();
    person.checks.liveness = checked.is_live;
    person.checks.face_match = checked.face_matches;
    person.email = owned(applicant.text("email")?);
    person.phone = owned(applicant.text("phone_number")?);
    if let Some((properties, _)) = &checked.document {
        person.checks.document = checked.document_is_clear;
        read_document(&mut person, *properties)?;
    }
    let id = CaseId::read(applicant.required_text("id")?, "applicant.id")?;
    let listed = talk.ask(Ask::get(format!("/documents?applicant_id={id}")))?.object()?;
    let documents = listed.objects("documents")?;
    for document in &documents {
        if document.text("applicant_id")?.is_some_and(|of| of != id.as_str()) {
            return Err(Fault::AnotherCase("documents.applicant_id").into());
        }
    }
    if let Some((_, ids)) = &checked.document {
        for document in &documents {
            let document_id = document.required_text("id")?;
            if ids.contains(&document_id) {
                let shows = if document.text("side")? == Some("back") { Shows::Back } else { Shows::Front };
                person.add_media(Ok(file(shows, "documents", document_id, "download")?));
            }
        }
    }
    read_address(&mut person, applicant, checked.address, &documents)?;
    let photos = talk.ask(Ask::get(format!("/live_photos?applicant_id={id}")))?.object()?;
    if let Some(photo) = photos.objects("live_photos")?.last() {
        person.add_media(Ok(file(Shows::Selfie, "live_photos", photo.required_text("id")?, "download")?));
    } else if checked.face_matches {
        let captures = talk.ask(Ask::get(format!("/motion_captures?applicant_id={id}")))?.object()?;
        if let Some(capture) = captures.objects("motion_captures")?.last() {
            person.add_media(Ok(file(
                Shows::Selfie,
                "motion_captures",
                capture.required_text("id")?,
                "frame",
            )?));
        }
    }
    Ok(person)
}

fn file(shows: Shows, folder: &str, id: &str, end: &str) -> Result<MediaReference, Fault> {
    let id = CaseId::read(id, "id")?;
    Ok(MediaReference::of_api(shows, format!("/{folder}/{id}/{end}")))
}

fn read_document(person: &mut Identity, of: Object<'_>) -> Result<(), Fault> {
    person.native = Name::new(of.text("first_name")?, of.text("middle_name")?, of.text("last_name")?);
    person.date_of_birth = person.read_date(of.get("date_of_birth"), "dateOfBirth");
    person.read_gender(of.text("gender")?);
    person.nationality = person.read_country(of.text("nationality")?, "nationality");
    person.place_of_birth = owned(of.text("place_of_birth")?);
    let country = of.text("issuing_country")?;
    let numbers = of.objects("document_numbers")?;
    let number = numbers.first().map(|number| number.text("value")).transpose()?.flatten();
    person.document = Some(Document {
        kind: of.text("document_type")?.and_then(|kind| document_type(kind, country)),
        country: person.read_country(country, "idDocument.country"),
        number: owned(number),
        issued: person.read_date(of.get("issuing_date"), "idDocument.dateOfIssue"),
        expires: person.read_date(of.get("date_of_expiry"), "idDocument.dateOfExpiry"),
    });
    Ok(())
}

/// The applicant's address. A proof of address that is clear is a document with that address on it; it is the one of its
/// kind among the applicant's documents, and where there is none or more than one, nobody knows which.
fn read_address(
    person: &mut Identity,
    applicant: Object<'_>,
    proof: Option<Object<'_>>,
    documents: &[Object<'_>],
) -> Result<(), Fault> {
    let Some(of) = applicant.object("address")? else { return Ok(()) };
    let street = match (of.text("street")?, of.text("line1")?) {
        (Some(street), _) => Some(street),
        (None, line) => line,
    };
    let proven = match proof {
        Some(proof) => {
            let kind = proof.required_text("document_type")?;
            let issued = person.read_date(proof.get("issue_date"), "residentialAddress.proofDateOfIssue");
            Some((kind, issued))
        }
        None => None,
    };
    let additional = match (of.text("flat_number")?, of.text("sub_street")?) {
        (Some(flat), _) => Some(flat),
        (None, other) => other.or(of.text("line2")?),
    };
    person.address = Some(Address {
        street: owned(street),
        house_number: owned(of.text("building_number")?.or(of.text("building_name")?)),
        additional: owned(additional),
        region: owned(of.text("state")?),
        city: owned(of.text("town")?),
        postal_code: owned(of.text("postcode")?),
        country: person.read_residence(of.text("country")?, proven.is_some()),
        proof: proven.map(|(kind, issued)| AddressProof { category: kind.to_ascii_uppercase(), issued }),
    });
    let Some((kind, _)) = proven else { return Ok(()) };
    person.checks.address = true;
    let mut of_it = Vec::new();
    for document in documents {
        if document.text("type")? == Some(kind) {
            of_it.push(document.required_text("id")?);
        }
    }
    if let [id] = of_it.as_slice() {
        person.add_media(Ok(file(Shows::AddressProof, "documents", id, "download")?));
    }
    Ok(())
}
