//! Persona (docs.withpersona.com): inquiries, whose verifications say what was checked.
//!
//! The keys of an account decide whether it is its sandbox. Of the verifications, those that passed count; what the person
//! typed into the inquiry's fields fills in the address. `redacted-at` says that an inquiry was deleted: its status stays.

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
use crate::result::{Address, Decline, Document, DocumentType, Finding, Identity, Outcome, Wait, owned};
use crate::signature::{Hash, Received, Untrusted};
use crate::talk::{Ask, Found, Stop, Talk};

const SIGNATURE: &str = "Persona-Signature";

/// Sent with every request, as the spelling of keys is: otherwise the account's settings decide on both.
const VERSION: &str = "2025-12-08";

/// More groups, and more signatures in one, than there can be: each costs a hash of the body.
const MOST: usize = 4;

const GOVERNMENT_ID: &str = "verification/government-id";
const SELFIE: &str = "verification/selfie";

pub(super) struct Persona;

impl Adapter for Persona {
    fn name(&self) -> &'static str {
        "persona"
    }

    fn bases(&self) -> &'static [&'static str] {
        &["https://api.withpersona.com/api/v1"]
    }

    fn settings(&self) -> &'static [&'static str] {
        &["completed_is_approved"]
    }

    /// `t=…,v1=…` over the time, a full stop and the body; two such groups with a space between them while a secret is
    /// being replaced.
    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let header = received.header(SIGNATURE)?;
        let mut verdict = Untrusted::Malformed(SIGNATURE);
        let groups = || header.split(' ').filter(|group| !group.is_empty());
        if groups().count() > MOST {
            return Err(verdict);
        }
        for group in groups() {
            match check_group(account, received, group) {
                Ok(()) => return Ok(Proof::Signed),
                // What is wrong says more than what is malformed, and a time that was signed says more than either.
                Err(Untrusted::Malformed(_)) => {}
                Err(Untrusted::Wrong(_)) if matches!(verdict, Untrusted::TooOld | Untrusted::TooNew) => {}
                Err(other) => verdict = other,
            }
        }
        Err(verdict)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        let (case, time) = (of.case, of.time());
        let inquiry = json!({
            "type": "inquiry", "id": case, "attributes": { "status": "created", "reference-id": case },
        });
        json!({ "data": {
            "type": "event", "id": case,
            "attributes": { "name": "inquiry.created", "created-at": time, "payload": { "data": inquiry } },
        } })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        let time = of.at.to_string();
        let signature = Hash::Sha256.hmac_hex(of.secret()?, &[time.as_bytes(), b".", body]);
        Ok(vec![header(SIGNATURE, format!("t={time},v1={signature}"))])
    }

    fn notice(&self, account: &Account, body: &Json) -> Result<Told, Fault> {
        let event = body.object()?.required_object("data")?;
        let of = event.required_object("attributes")?;
        let kind = match of.required_text("name")? {
            "inquiry.completed" if account.settings.completed_is_approved => Event::Approved,
            "inquiry.created" | "inquiry.started" | "inquiry.completed" => Event::Progress,
            "inquiry.approved" => Event::Approved,
            "inquiry.declined" | "inquiry.failed" => Event::Declined,
            "inquiry.marked-for-review" => Event::Review,
            "inquiry.transitioned" => Event::Changed,
            "inquiry.expired" => Event::Expired,
            "inquiry.redacted" => Event::Deleted,
            _ => return Ok(Told::unknown()),
        };
        let inquiry = of.required_object("payload")?.required_object("data")?;
        let reference =
            inquiry.object("attributes")?.map(|of| of.text("reference-id")).transpose()?.flatten();
        let case = Case {
            id: CaseId::read(inquiry.required_text("id")?, "payload.data.id")?,
            scope: None,
            reference: Reference::read(reference, "reference-id")?,
        };
        let id = owned(event.text("id")?);
        Ok(Told { id, happened_at: Moment::read(of.get("created-at")), ..Told::of(kind, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let id = &talk.case.id;
        let answer = talk.ask(Ask::get(format!("/inquiries/{id}?include=verifications")))?.object()?;
        let inquiry = answer.required_object("data")?;
        talk.check_id(inquiry.required_text("id")?, "data.id")?;
        let of = inquiry.required_object("attributes")?;
        // A redacted inquiry may have lost its reference too.
        let is_redacted = of.get("redacted-at").is_some();
        let reference = of.text("reference-id")?;
        let case = if is_redacted && reference.is_none() {
            talk.case.clone()
        } else {
            talk.case_of(reference, "reference-id")?
        };
        let decided_at = ["decisioned-at", "completed-at"].iter().find_map(|name| Moment::read(of.get(name)));
        let found = Found { case, environment: talk.account.environment, decided_at };
        if is_redacted {
            return Ok(found.with(Outcome::Deleted));
        }
        let outcome = match of.required_text("status")? {
            "approved" => None,
            "completed" if talk.account.settings.completed_is_approved => None,
            "created" | "pending" => Some(Outcome::NotYet(Wait::User)),
            "completed" => Some(Outcome::NotYet(Wait::Vendor)),
            "needs_review" => Some(Outcome::NotYet(Wait::Review)),
            "declined" | "failed" => Some(Outcome::Declined(Decline::Unspecified)),
            "expired" => Some(Outcome::Expired),
            _ => return Err(Fault::Malformed("status").into()),
        };
        if let Some(outcome) = outcome {
            return Ok(found.with(outcome));
        }
        let verifications = verifications(talk, answer, inquiry)?;
        let identity = identity(talk.account, of, &verifications)?;
        Ok(found.with(Outcome::Approved(Box::new(identity))))
    }

    fn headers(&self, account: &Account, _ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        Ok(vec![
            ("Authorization", Zeroizing::new(format!("Bearer {}", account.key.text()))),
            header("Persona-Version", VERSION),
            header("Key-Inflection", "kebab"),
            header("Accept", "application/json"),
        ])
    }
}

fn check_group(account: &Account, received: &Received<'_>, group: &str) -> Result<(), Untrusted> {
    let malformed = Untrusted::Malformed(SIGNATURE);
    let (mut time, mut signatures) = (None, Vec::new());
    for pair in group.split(',') {
        match pair.split_once('=').ok_or(malformed)? {
            ("t", text) if time.is_none() => time = Some(text),
            ("t", _) => return Err(malformed),
            ("v1", text) => signatures.push(text),
            // Of a version that is to come.
            _ => {}
        }
    }
    if signatures.len() > MOST {
        return Err(malformed);
    }
    let time = time.ok_or(malformed)?;
    let seconds: i64 = time.parse().map_err(|_| malformed)?;
    let mut verdict = malformed;
    for signature in signatures {
        let parts = [time.as_bytes(), b".", received.body];
        match Hash::Sha256.check(&account.webhook_secrets, &parts, signature, SIGNATURE) {
            Ok(()) => return received.check_time(seconds),
            Err(Untrusted::Malformed(_)) => {}
            Err(other) => verdict = other,
        }
    }
    Err(verdict)
}

/// All of the inquiry, from beside it or, where the answer left them out, each by itself.
fn verifications<'a>(
    talk: &Talk<'a>,
    answer: Object<'a>,
    inquiry: Object<'a>,
) -> Result<Vec<Object<'a>>, Stop> {
    let Some(relationships) = inquiry.object("relationships")? else { return Ok(Vec::new()) };
    let Some(listed) = relationships.object("verifications")? else { return Ok(Vec::new()) };
    let included = answer.objects("included")?;
    let mut found = Vec::new();
    for listed in listed.objects("data")? {
        let (kind, id) = (listed.required_text("type")?, listed.required_text("id")?);
        if kind != GOVERNMENT_ID && kind != SELFIE {
            continue;
        }
        let is_it = |object: &&Object<'_>| {
            object.text("id").ok().flatten() == Some(id) && object.text("type").ok().flatten() == Some(kind)
        };
        if let Some(verification) = included.iter().find(is_it) {
            found.push(*verification);
            continue;
        }
        let id = CaseId::read(id, "verifications.id")?;
        let answer = talk.ask(Ask::get(format!("/verifications/{id}")))?.object()?;
        let verification = answer.required_object("data")?;
        if verification.required_text("id")? != id.as_str() || verification.required_text("type")? != kind {
            return Err(Fault::AnotherCase("data.id").into());
        }
        found.push(verification);
    }
    Ok(found)
}

/// The attributes of the last verification of a kind, and whether it passed: one that did comes before all others.
fn last<'a>(verifications: &[Object<'a>], kind: &str) -> Result<Option<(Object<'a>, bool)>, Fault> {
    let mut found = None;
    for verification in verifications.iter().filter(|of| of.text("type").ok().flatten() == Some(kind)) {
        let of = verification.required_object("attributes")?;
        let has_passed = of.text("status")? == Some("passed");
        if has_passed || !matches!(found, Some((_, true))) {
            found = Some((of, has_passed));
        }
    }
    Ok(found)
}

/// The attributes of the last verification of a kind that passed.
fn passed<'a>(verifications: &[Object<'a>], kind: &str) -> Result<Option<Object<'a>>, Fault> {
    Ok(last(verifications, kind)?.filter(|(_, has_passed)| *has_passed).map(|(of, _)| of))
}

fn has_passed(of: Object<'_>, check: &str) -> Result<bool, Fault> {
    for done in of.objects("checks")? {
        if done.text("name")? == Some(check) && done.text("status")? == Some("passed") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn identity(account: &Account, inquiry: Object<'_>, verifications: &[Object<'_>]) -> Result<Identity, Fault> {
    let mut person = Identity::default();
    let document = last(verifications, GOVERNMENT_ID)?;
    let selfie = passed(verifications, SELFIE)?;
    if let Some((of, has_passed)) = document {
        person.checks.document = has_passed;
        read_document(&mut person, account, of)?;
    }
    if let Some(of) = selfie {
        person.checks.liveness = has_passed(of, "selfie_liveness_detection")?;
        person.checks.face_match = has_passed(of, "selfie_id_comparison")?;
        if let Some(link) = of.text("center-photo-url")? {
            person.add_media(MediaReference::of_link(Shows::Selfie, link, account));
        }
    }
    if let Some(link) = document.map(|(of, _)| of.text("selfie-photo-url")).transpose()?.flatten() {
        person.add_media(MediaReference::of_link(Shows::Selfie, link, account));
    }
    let Some(fields) = inquiry.object("fields")? else { return Ok(person) };
    let field = |name| {
        Ok::<_, Fault>(match fields.object(name)? {
            Some(field) => field.text("value")?,
            None => None,
        })
    };
    person.email = owned(field("email-address")?);
    person.phone = owned(field("phone-number")?);
    let address = Address {
        street: owned(field("address-street-1")?),
        house_number: None,
        additional: owned(field("address-street-2")?),
        region: owned(field("address-subdivision")?),
        city: owned(field("address-city")?),
        postal_code: owned(field("address-postal-code")?),
        country: person.read_residence(field("address-country-code")?, false),
        proof: None,
    };
    person.address = Some(address);
    Ok(person)
}

fn read_document(person: &mut Identity, account: &Account, of: Object<'_>) -> Result<(), Fault> {
    person.latin = Name::new(of.text("name-first")?, of.text("name-middle")?, of.text("name-last")?);
    person.native = Name::new(
        of.text("native-name-first")?,
        of.text("native-name-middle")?,
        of.text("native-name-last")?,
    );
    person.date_of_birth = person.read_date(of.get("birthdate"), "dateOfBirth");
    person.read_gender(of.text("sex")?);
    person.nationality = person.read_country(of.text("nationality")?, "nationality");
    person.place_of_birth = owned(of.text("birthplace")?);
    let kind = match of.text("id-class")? {
        Some("pp") => Some(DocumentType::Passport),
        Some("dl") => Some(DocumentType::Drivers),
        Some("id") => Some(DocumentType::IdCard),
        _ => None,
    };
    let number = of.text("identification-number")?.or(of.text("document-number")?);
    person.document = Some(Document {
        kind,
        country: person.read_country(of.text("country-code")?, "idDocument.country"),
        number: owned(number),
        issued: person.read_date(of.get("issue-date"), "idDocument.dateOfIssue"),
        expires: person.read_date(of.get("expiration-date"), "idDocument.dateOfExpiry"),
    });
    for photo in of.objects("photo-urls")? {
        let shows = match photo.text("page")? {
            Some("front") => Shows::Front,
            Some("back") => Shows::Back,
            _ => continue,
        };
        if let Some(link) = photo.text("url")? {
            person.add_media(MediaReference::of_link(shows, link, account));
        }
    }
    for (name, shows) in [("front-photo-url", Shows::Front), ("back-photo-url", Shows::Back)] {
        if let Some(link) = of.text(name)? {
            person.add_media(MediaReference::of_link(shows, link, account));
        }
    }
    Ok(())
}
