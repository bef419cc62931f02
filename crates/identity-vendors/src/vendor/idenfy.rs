//! iDenfy (documentation.idenfy.com): verifications, each with a `scanRef`.
//!
//! The key pair decides whether it is a test. Webhooks carry personal data, which is not read, and only a final one counts.
//! Where a person has looked at it, that judgement stands, and the machine's does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Adapter, Header, Proof, header, sample};
use crate::account::Account;
use crate::case::{Case, CaseId, Reference};
use crate::date::Moment;
use crate::fault::Fault;
use crate::json::{Json, Object};
use crate::media::{MediaReference, Shows};
use crate::name::Name;
use crate::notice::{Event, Told};
use crate::result::{Decline, Document, DocumentType, Finding, Identity, Outcome, Wait, owned};
use crate::signature::{Hash, Received, Untrusted};
use crate::talk::{Ask, Found, Stop, Talk};

const SIGNATURE: &str = "Idenfy-Signature";

pub(super) struct Idenfy;

impl Adapter for Idenfy {
    fn name(&self) -> &'static str {
        "idenfy"
    }

    fn bases(&self) -> &'static [&'static str] {
        &["https://ivs.idenfy.com"]
    }

    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let given = received.header(SIGNATURE)?;
        Hash::Sha256.check(&account.webhook_secrets, &[received.body], given, SIGNATURE)?;
        Ok(Proof::Signed)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        json!({
            "final": false, "scanRef": of.case, "clientId": of.case, "startTime": of.at,
            "status": { "overall": "ACTIVE" },
        })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        Ok(vec![header(SIGNATURE, Hash::Sha256.hmac_hex(of.secret()?, &[body]))])
    }

    /// The kind of event is in a header that is not signed, so it is not asked; the body's status is.
    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let body = body.object()?;
        let Some(status) = body.object("status")? else { return Ok(Told::unknown()) };
        let is_final = body.flag("final")? == Some(true);
        let event = match status.text("overall")? {
            Some("APPROVED" | "DENIED" | "SUSPECTED") if !is_final => Event::Progress,
            Some("APPROVED") => Event::Approved,
            Some("DENIED") => Event::Declined,
            Some("SUSPECTED") => Event::Review,
            Some("REVIEWING" | "ACTIVE") => Event::Progress,
            Some("EXPIRED") => Event::Expired,
            _ => return Ok(Told::unknown()),
        };
        let case = Case {
            id: CaseId::read(body.required_text("scanRef")?, "scanRef")?,
            scope: None,
            reference: Reference::read(body.text("clientId")?, "clientId")?,
        };
        Ok(Told { happened_at: Moment::read(body.get("finishTime")), ..Told::of(event, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let status = ask(talk, "/api/v2/status")?;
        // Errors are told of with a status of their own; this is in case they are not.
        if status.get("identifier").is_some() {
            return Err(Fault::Malformed("identifier").into());
        }
        talk.check_id(status.required_text("scanRef")?, "scanRef")?;
        let found = Found {
            case: talk.case_of(status.text("clientId")?, "clientId")?,
            environment: talk.account.environment,
            decided_at: None,
        };
        let outcome = match status.required_text("status")? {
            "APPROVED" | "DENIED" if status.flag("final")? == Some(false) => {
                Some(Outcome::NotYet(Wait::Review))
            }
            "APPROVED" => None,
            "DENIED" => Some(Outcome::Declined(decline(status)?)),
            "SUSPECTED" | "REVIEWING" => Some(Outcome::NotYet(Wait::Review)),
            "ACTIVE" => Some(Outcome::NotYet(Wait::User)),
            "EXPIRED" => Some(Outcome::Expired),
            _ => return Err(Fault::Malformed("status").into()),
        };
        if let Some(outcome) = outcome {
            return Ok(found.with(outcome));
        }
        let data = ask(talk, "/api/v2/data")?;
        talk.check_id(data.required_text("scanRef")?, "data.scanRef")?;
        talk.case_of(data.text("clientId")?, "data.clientId")?;
        let files = ask(talk, "/api/v2/files")?;
        let person = identity(talk.account, status, data, files)?;
        Ok(found.with(Outcome::Approved(Box::new(person))))
    }

    fn headers(&self, account: &Account, _ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        let secret = account.secret.as_ref().ok_or(Fault::NoKey("API secret"))?;
        let pair = Zeroizing::new(format!("{}:{}", account.key.text(), secret.text()));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Ok(vec![
            ("Authorization", Zeroizing::new(format!("Basic {}", *encoded))),
            header("Content-Type", "application/json"),
            header("Accept", "application/json"),
        ])
    }
}

fn ask<'a>(talk: &Talk<'a>, path: &str) -> Result<Object<'a>, Stop> {
    let body = format!(r#"{{"scanRef":"{}"}}"#, talk.case.id);
    Ok(talk.ask(Ask::post(path, body))?.object()?)
}

/// What a person said, or else the machine.
fn judgement<'a>(
    status: Object<'a>,
    by_person: &'static str,
    by_machine: &'static str,
) -> Result<Option<&'a str>, Fault> {
    Ok(status.text(by_person)?.or(status.text(by_machine)?))
}

fn face(status: Object<'_>) -> Result<Option<&str>, Fault> {
    judgement(status, "manualFace", "autoFace")
}

fn document(status: Object<'_>) -> Result<Option<&str>, Fault> {
    judgement(status, "manualDocument", "autoDocument")
}

fn decline(status: Object<'_>) -> Result<Decline, Fault> {
    Ok(if !status.texts("fraudTags")?.is_empty() {
        Decline::Fraud
    } else if document(status)?.is_some_and(|of| of != "DOC_VALIDATED") {
        Decline::Document
    } else if face(status)?.is_some_and(|of| of != "FACE_MATCH") {
        Decline::Face
    } else {
        Decline::Unspecified
    })
}

fn identity(
    account: &Account,
    status: Object<'_>,
    of: Object<'_>,
    files: Object<'_>,
) -> Result<Identity, Fault> {
    let mut person = Identity::default();
    person.checks.document = document(status)? == Some("DOC_VALIDATED");
    person.checks.face_match = face(status)? == Some("FACE_MATCH");
    person.latin = Name::new(of.text("docFirstName")?, None, of.text("docLastName")?);
    person.native = Name::new(of.text("orgFirstName")?, None, of.text("orgLastName")?);
    person.date_of_birth = person.read_date(of.get("docDob"), "dateOfBirth");
    person.read_gender(of.text("docSex")?);
    person.nationality = person.read_country(of.text("docNationality")?, "nationality");
    person.place_of_birth = owned(of.text("birthPlace")?);
    let kind = match of.text("docType")? {
        Some("ID_CARD") => Some(DocumentType::IdCard),
        Some("PASSPORT") => Some(DocumentType::Passport),
        Some("RESIDENCE_PERMIT") => Some(DocumentType::ResidencePermit),
        Some("DRIVER_LICENSE") => Some(DocumentType::Drivers),
        _ => None,
    };
    person.document = Some(Document {
        kind,
        country: person.read_country(of.text("docIssuingCountry")?, "idDocument.country"),
        number: owned(of.text("docNumber")?),
        issued: person.read_date(of.get("docDateOfIssue"), "idDocument.dateOfIssue"),
        expires: person.read_date(of.get("docExpiry"), "idDocument.dateOfExpiry"),
    });
    // The address is one text, and idOS wants its parts.
    for (name, shows) in [("FRONT", Shows::Front), ("BACK", Shows::Back), ("FACE", Shows::Selfie)] {
        if let Some(link) = files.text(name)? {
            person.add_media(MediaReference::of_link(shows, link, account));
        }
    }
    Ok(person)
}
