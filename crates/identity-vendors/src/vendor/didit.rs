//! Didit (docs.didit.me): sessions and their decisions.
//!
//! There are three signatures. The one over the bytes is taken; the one over canonical JSON only where the account says in
//! which of its two forms, since the vendor's own sources disagree; the one over four fields never, since it leaves the rest
//! unsigned. The time that counts is the one in the body: the header with the time is signed by none of them but one form.

use std::fmt::Write as _;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Adapter, Header, Proof, header, sample};
use crate::account::{Account, Canonical, Environment};
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

const SIGNATURE: &str = "X-Signature";
const CANONICAL: &str = "X-Signature-V2";
const TIME: &str = "X-Timestamp";

pub(super) struct Didit;

impl Adapter for Didit {
    fn name(&self) -> &'static str {
        "didit"
    }

    fn bases(&self) -> &'static [&'static str] {
        &["https://verification.didit.me"]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["canonical"]
    }

    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let header_time = received.header_if_any(TIME)?;
        let secrets = &account.webhook_secrets;
        let body = match (received.header_if_any(SIGNATURE)?, account.settings.canonical) {
            (Some(given), _) => {
                Hash::Sha256.check(secrets, &[received.body], given, SIGNATURE)?;
                Json::parse(received.body).map_err(|_| Untrusted::Time)?
            }
            (None, None) => return Err(Untrusted::Missing(SIGNATURE)),
            (None, Some(form)) => {
                let given = received.header(CANONICAL)?;
                let body = Json::parse(received.body).map_err(|_| Untrusted::Wrong(CANONICAL))?;
                let text = canonical(body.value());
                let time = match (form, header_time) {
                    (Canonical::TimestampAndText, None) => return Err(Untrusted::Missing(TIME)),
                    (_, time) => time.unwrap_or_default(),
                };
                Hash::Sha256.check(secrets, &form.parts(time, &text), given, CANONICAL)?;
                body
            }
        };
        let signed = body.object().and_then(|body| body.whole("timestamp")).ok().flatten();
        let signed = signed.ok_or(Untrusted::Time)?;
        if let Some(text) = header_time {
            let time: i64 = text.parse().map_err(|_| Untrusted::Malformed(TIME))?;
            if time != signed {
                return Err(Untrusted::OtherTime(TIME));
            }
        }
        received.check_time(signed)?;
        Ok(Proof::Signed)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        let (case, time) = (of.case, of.at);
        json!({
            "event_id": case, "session_id": case, "status": "Not Started", "webhook_type": "status.updated",
            "timestamp": time, "created_at": time, "vendor_data": case,
            "environment": of.account.environment.as_str(),
        })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        let (secret, time) = (of.secret()?, of.at.to_string());
        let sign = |parts: &[&[u8]]| Hash::Sha256.hmac_hex(secret, parts);
        let (name, signature) = match of.account.settings.canonical {
            None => (SIGNATURE, sign(&[body])),
            Some(form) => {
                let text = canonical(Json::parse(body)?.value());
                (CANONICAL, sign(&form.parts(&time, &text)))
            }
        };
        Ok(vec![header(name, signature), header(TIME, time)])
    }

    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let body = body.object()?;
        let event = match body.required_text("webhook_type")? {
            "data.updated" => Event::Changed,
            "status.updated" => match body.required_text("status")? {
                "Approved" => Event::Approved,
                "Declined" => Event::Declined,
                "In Review" => Event::Review,
                "Resubmitted" => Event::Retry,
                "Not Started" | "In Progress" | "Awaiting User" => Event::Progress,
                "Expired" | "Kyc Expired" | "Abandoned" => Event::Expired,
                _ => return Ok(Told::unknown()),
            },
            _ => return Ok(Told::unknown()),
        };
        if body.text("session_kind")?.is_some_and(|kind| kind != "user") {
            return Ok(Told::unknown());
        }
        let case = Case {
            id: CaseId::read(body.required_text("session_id")?, "session_id")?,
            scope: None,
            reference: Reference::read(body.text("vendor_data")?, "vendor_data")?,
        };
        let happened_at = ["created_at", "timestamp"].iter().find_map(|name| Moment::read(body.get(name)));
        let id = owned(body.text("event_id")?);
        Ok(Told { id, happened_at, environment: environment(body)?, ..Told::of(event, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let id = &talk.case.id;
        let session = talk.ask(Ask::get(format!("/v3/session/{id}/decision/")))?.object()?;
        talk.check_id(session.required_text("session_id")?, "session_id")?;
        if session.text("session_kind")?.is_some_and(|kind| kind != "user") {
            return Err(Fault::NotAPerson.into());
        }
        // An account may limit what answers hold; without it, the account's word stands.
        let of_data = environment(session)?.unwrap_or(Environment::Live);
        let found = Found {
            case: talk.case_of(session.text("vendor_data")?, "vendor_data")?,
            environment: talk.account.environment.and(of_data),
            decided_at: None,
        };
        Ok(found.with(match session.required_text("status")? {
            "Approved" => Outcome::Approved(Box::new(identity(talk.account, session)?)),
            "Declined" => Outcome::Declined(decline(session)?),
            "In Review" => Outcome::NotYet(Wait::Review),
            "Not Started" | "In Progress" | "Awaiting User" | "Resubmitted" => Outcome::NotYet(Wait::User),
            "Expired" | "Kyc Expired" | "Abandoned" => Outcome::Expired,
            _ => return Err(Fault::Malformed("status").into()),
        }))
    }

    fn headers(&self, account: &Account, _ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        Ok(vec![
            ("x-api-key", Zeroizing::new(account.key.text().to_owned())),
            header("Accept", "application/json"),
        ])
    }
}

fn environment(of: Object<'_>) -> Result<Option<Environment>, Fault> {
    match of.text("environment")? {
        None => Ok(None),
        Some("live") => Ok(Some(Environment::Live)),
        Some("sandbox") => Ok(Some(Environment::Sandbox)),
        Some(_) => Err(Fault::Malformed("environment")),
    }
}

/// Canonical JSON as the vendor writes it: members sorted, no blanks, characters as they are, and numbers without a
/// fraction as whole ones.
fn canonical(value: &Value) -> Zeroizing<String> {
    fn write(value: &Value, text: &mut String) {
        match value {
            Value::Number(number) => {
                // Beyond these, not every whole number is one of the format's.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                match number.as_f64() {
                    Some(float)
                        if !number.is_i64()
                            && !number.is_u64()
                            && float.fract() == 0.0
                            && float.abs() < EXACT =>
                    {
                        let _ = write!(text, "{float:.0}");
                    }
                    _ => text.push_str(&number.to_string()),
                }
            }
            Value::Array(items) => {
                text.push('[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        text.push(',');
                    }
                    write(item, text);
                }
                text.push(']');
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                text.push('{');
                for (n, (name, value)) in members.into_iter().enumerate() {
                    if n > 0 {
                        text.push(',');
                    }
                    text.push_str(&Value::String(name.clone()).to_string());
                    text.push(':');
                    write(value, text);
                }
                text.push('}');
            }
            other => text.push_str(&other.to_string()),
        }
    }
    let mut text = Zeroizing::new(String::new());
    write(value, &mut text);
    text
}

/// The last item of a block that was approved.
fn approved<'a>(session: Object<'a>, block: &'static str) -> Result<Option<Object<'a>>, Fault> {
    let mut found = None;
    for item in session.objects(block)? {
        if item.text("status")? == Some("Approved") {
            found = Some(item);
        }
    }
    Ok(found)
}

/// By the first block that was declined.
fn decline(session: Object<'_>) -> Result<Decline, Fault> {
    for (block, decline) in [
        ("id_verifications", Decline::Document),
        ("nfc_verifications", Decline::Document),
        ("liveness_checks", Decline::Face),
        ("face_matches", Decline::Face),
        ("aml_screenings", Decline::Watchlist),
        ("poa_verifications", Decline::Address),
    ] {
        for item in session.objects(block)? {
            if item.text("status")? == Some("Declined") {
                return Ok(decline);
            }
        }
    }
    Ok(Decline::Unspecified)
}

fn document_type(kind: &str) -> Option<DocumentType> {
    Some(match kind.to_ascii_lowercase().as_str() {
        "passport" => DocumentType::Passport,
        "identity card" => DocumentType::IdCard,
        "driver's license" => DocumentType::Drivers,
        "residence permit" => DocumentType::ResidencePermit,
        _ => return None,
    })
}

fn identity(account: &Account, session: Object<'_>) -> Result<Identity, Fault> {
    let mut person = Identity::default();
    let add = |person: &mut Identity, of: Object<'_>, name, shows| {
        if let Some(link) = of.text(name)? {
            person.add_media(MediaReference::of_link(shows, link, account));
        }
        Ok::<_, Fault>(())
    };
    if let Some(of) = approved(session, "id_verifications")? {
        person.checks.document = true;
        read_document(&mut person, of)?;
        add(&mut person, of, "front_image", Shows::Front)?;
        add(&mut person, of, "back_image", Shows::Back)?;
    }
    if let Some(of) = approved(session, "liveness_checks")? {
        person.checks.liveness = true;
        add(&mut person, of, "reference_image", Shows::Selfie)?;
    }
    person.checks.face_match = approved(session, "face_matches")?.is_some();
    if let Some(of) = approved(session, "poa_verifications")? {
        person.checks.address = true;
        let issued = person.read_date(of.get("issue_date"), "residentialAddress.proofDateOfIssue");
        let category = of.required_text("document_type")?.to_ascii_uppercase();
        let mut address = match of.object("poa_parsed_address")? {
            Some(parsed) => read_address(&mut person, parsed, true)?,
            None => Address::default(),
        };
        address.proof = Some(AddressProof { category, issued });
        person.address = Some(address);
        add(&mut person, of, "document_file", Shows::AddressProof)?;
    }
    if let Some(of) = approved(session, "phone_verifications")? {
        person.phone = owned(of.text("full_number")?);
        person.checks.phone = true;
    }
    if let Some(of) = approved(session, "email_verifications")? {
        person.email = owned(of.text("email")?);
        person.checks.email = true;
    }
    Ok(person)
}

fn read_document(person: &mut Identity, of: Object<'_>) -> Result<(), Fault> {
    person.native = Name::new(of.text("first_name")?, None, of.text("last_name")?);
    if person.native.is_empty() && of.text("full_name")?.is_some() {
        person.refuse(RefusalCode::NameNotSplit, "firstName");
    }
    person.date_of_birth = person.read_date(of.get("date_of_birth"), "dateOfBirth");
    person.read_gender(of.text("gender")?);
    person.nationality = person.read_country(of.text("nationality")?, "nationality");
    person.place_of_birth = owned(of.text("place_of_birth")?);
    person.document = Some(Document {
        kind: of.text("document_type")?.and_then(document_type),
        country: person.read_country(of.text("issuing_state")?, "idDocument.country"),
        number: owned(of.text("document_number")?),
        issued: person.read_date(of.get("date_of_issue"), "idDocument.dateOfIssue"),
        expires: person.read_date(of.get("expiration_date"), "idDocument.dateOfExpiry"),
    });
    if let Some(parsed) = of.object("parsed_address")? {
        person.address = Some(read_address(person, parsed, false)?);
    }
    Ok(())
}

fn read_address(person: &mut Identity, of: Object<'_>, is_proven: bool) -> Result<Address, Fault> {
    Ok(Address {
        street: owned(of.text("street_1")?),
        house_number: None,
        additional: owned(of.text("street_2")?),
        region: owned(of.text("region")?),
        city: owned(of.text("city")?),
        postal_code: owned(of.text("postal_code")?),
        country: person.read_residence(of.text("country")?, is_proven),
        proof: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_json_is_as_the_vendor_writes_it() {
        for (value, text) in [
            (
                json!({"b": 95.0, "a": "Española", "c": [1, 97.1, -0.5, null, true]}),
                r#"{"a":"Española","b":95,"c":[1,97.1,-0.5,null,true]}"#,
            ),
            (json!({"z": {"b": 1, "a": "\"\\\n"}}), r#"{"z":{"a":"\"\\\n","b":1}}"#),
            (json!([]), "[]"),
            (json!({}), "{}"),
            (json!(18_446_744_073_709_551_615_u64), "18446744073709551615"),
        ] {
            assert_eq!(*canonical(&value), text);
        }
    }
}
