//! Jumio, its KYX platform (docs.jumio.com): workflow executions of accounts.
//!
//! Callbacks are not signed: they make us ask, and nothing else. Requests want an access token and the caller's name. A
//! workflow that passed is an approval only where the reading of the document passed too, and the face, if it was looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Adapter, Header, LARGEST_ANSWER, Proof, header, sample};
use crate::account::Account;
use crate::case::{Case, CaseId, Reference};
use crate::date::Moment;
use crate::fault::Fault;
use crate::json::{Json, Object};
use crate::media::{MediaReference, Shows};
use crate::name::Name;
use crate::notice::{Event, Told};
use crate::request::{Base, Method, Request};
use crate::result::{Address, Decline, Document, DocumentType, Finding, Identity, Outcome, Wait, owned};
use crate::signature::{Received, Untrusted};
use crate::talk::{Ask, Found, Stop, Talk};

pub(super) struct Jumio;

impl Adapter for Jumio {
    fn name(&self) -> &'static str {
        "jumio"
    }

    fn bases(&self) -> &'static [&'static str] {
        &[
            "https://retrieval.amer-1.jumio.ai/api/v1",
            "https://retrieval.emea-1.jumio.ai/api/v1",
            "https://retrieval.apac-1.jumio.ai/api/v1",
        ]
    }

    /// There is nothing to check.
    fn authenticate(&self, _account: &Account, _received: &Received<'_>) -> Result<Proof, Untrusted> {
        Ok(Proof::None)
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        let case = of.case;
        json!({
            "callbackSentAt": of.time(), "userReference": case, "account": { "id": case },
            "workflowExecution": { "id": case, "status": "INITIATED" },
        })
    }

    fn sign_webhook(&self, _of: &sample::Told<'_>, _body: &[u8]) -> Result<Vec<Header>, Fault> {
        Ok(Vec::new())
    }

    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let body = body.object()?;
        let execution = body.required_object("workflowExecution")?;
        let event = match execution.required_text("status")? {
            "PROCESSED" => Event::Changed,
            "INITIATED" | "ACQUISITION_STARTED" | "ACQUIRED" => Event::Progress,
            "SESSION_EXPIRED" | "TOKEN_EXPIRED" => Event::Expired,
            _ => return Ok(Told::unknown()),
        };
        let account = body.required_object("account")?;
        let case = Case {
            id: CaseId::read(execution.required_text("id")?, "workflowExecution.id")?,
            scope: Some(CaseId::read(account.required_text("id")?, "account.id")?),
            reference: Reference::read(body.text("userReference")?, "userReference")?,
        };
        Ok(Told { happened_at: Moment::read(body.get("callbackSentAt")), ..Told::of(event, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let id = &talk.case.id;
        let account = talk.case.scope.as_ref().ok_or(Fault::Missing("scope"))?;
        let path = format!("/accounts/{account}/workflow-executions/{id}");
        let answer = talk.ask(Ask::get(path))?.object()?;
        let workflow = answer.required_object("workflow")?;
        talk.check_id(workflow.required_text("id")?, "workflow.id")?;
        if answer.required_object("account")?.required_text("id")? != account.as_str() {
            return Err(Fault::AnotherCase("account.id").into());
        }
        let found = Found {
            case: talk.case_of(workflow.text("userReference")?, "userReference")?,
            environment: talk.account.environment,
            decided_at: Moment::read(answer.get("completedAt")),
        };
        let outcome = match workflow.required_text("status")? {
            "PROCESSED" => decided(answer)?,
            "INITIATED" | "ACQUISITION_STARTED" => Some(Outcome::NotYet(Wait::User)),
            "ACQUIRED" => Some(Outcome::NotYet(Wait::Vendor)),
            "SESSION_EXPIRED" | "TOKEN_EXPIRED" => Some(Outcome::Expired),
            _ => return Err(Fault::Malformed("status").into()),
        };
        if let Some(outcome) = outcome {
            return Ok(found.with(outcome));
        }
        let person = identity(answer, account)?;
        Ok(found.with(Outcome::Approved(Box::new(person))))
    }

    fn headers(&self, account: &Account, _ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        let token = account.token.as_ref().ok_or(Fault::NoKey("access token"))?;
        Ok(vec![
            ("Authorization", Zeroizing::new(format!("Bearer {}", token.text()))),
            header("User-Agent", account.user_agent.as_str()),
            header("Accept", "application/json"),
        ])
    }

    /// The address is `https://auth.{region}.jumio.ai`.
    fn token_request(&self, account: &Account) -> Option<Result<Request, Fault>> {
        let Some(secret) = &account.secret else { return Some(Err(Fault::NoKey("client secret"))) };
        let pair = Zeroizing::new(format!("{}:{}", account.key.text(), secret.text()));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Some(Ok(Request {
            method: Method::Post,
            base: Base::Tokens,
            path: Zeroizing::new("/oauth2/token".to_owned()),
            headers: vec![
                ("Authorization", Zeroizing::new(format!("Basic {}", *encoded))),
                header("Content-Type", "application/x-www-form-urlencoded"),
                header("User-Agent", account.user_agent.as_str()),
                header("Accept", "application/json"),
            ],
            body: Zeroizing::new(b"grant_type=client_credentials".to_vec()),
            limit: LARGEST_ANSWER,
        }))
    }
}

/// The items of a capability.
fn capability<'a>(answer: Object<'a>, name: &'static str) -> Result<Vec<Object<'a>>, Fault> {
    answer.object("capabilities")?.map_or(Ok(Vec::new()), |all| all.objects(name))
}

fn decision(of: Object<'_>) -> Result<&str, Fault> {
    of.required_object("decision")?.required_text("type")
}

/// Whether a capability was carried out, and all of it passed.
fn has_passed(answer: Object<'_>, name: &'static str) -> Result<bool, Fault> {
    let items = capability(answer, name)?;
    let mut passed = !items.is_empty();
    for item in items {
        passed &= decision(item)? == "PASSED";
    }
    Ok(passed)
}

/// What it is if it is no approval.
fn decided(answer: Object<'_>) -> Result<Option<Outcome>, Fault> {
    match decision(answer)? {
        "PASSED" => {}
        "WARNING" => return Ok(Some(Outcome::NotYet(Wait::Review))),
        "NOT_EXECUTED" => return Ok(Some(Outcome::NotYet(Wait::User))),
        "REJECTED" => return Ok(Some(Outcome::Declined(decline(answer)?))),
        _ => return Err(Fault::Malformed("decision.type")),
    }
    for (name, is_needed) in [("extraction", true), ("liveness", false), ("similarity", false)] {
        let is_there = !capability(answer, name)?.is_empty();
        if (is_there || is_needed) && !has_passed(answer, name)? {
            return Ok(Some(Outcome::NotYet(Wait::Review)));
        }
    }
    Ok(None)
}

/// By the first capability that was rejected.
fn decline(answer: Object<'_>) -> Result<Decline, Fault> {
    for (name, decline) in [
        ("usability", Decline::Document),
        ("imageChecks", Decline::Document),
        ("extraction", Decline::Document),
        ("dataChecks", Decline::Document),
        ("liveness", Decline::Face),
        ("similarity", Decline::Face),
        ("watchlistScreening", Decline::Watchlist),
        ("addressValidation", Decline::Address),
        ("proofOfResidency", Decline::Address),
    ] {
        for item in capability(answer, name)? {
            if decision(item)? == "REJECTED" {
                return Ok(decline);
            }
        }
    }
    Ok(Decline::Unspecified)
}

fn document_type(kind: Option<&str>, sub: Option<&str>, country: Option<&str>) -> Option<DocumentType> {
    Some(match (kind?, sub) {
        ("PASSPORT", _) => DocumentType::Passport,
        ("DRIVING_LICENSE", _) => DocumentType::Drivers,
        ("ID_CARD", None | Some("NATIONAL_ID")) => DocumentType::IdCard,
        ("ID_CARD", Some("RESIDENT_PERMIT_ID")) => DocumentType::ResidencePermit,
        ("ID_CARD", Some("ELECTORAL_ID")) => DocumentType::VotingCard,
        // India's tax number is on the PAN card.
        ("ID_CARD", Some("TAX_ID")) if country == Some("IND") => DocumentType::PanCard,
        _ => return None,
    })
}

fn identity(answer: Object<'_>, account: &CaseId) -> Result<Identity, Fault> {
    let mut person = Identity::default();
    let extractions = capability(answer, "extraction")?;
    let extraction = *extractions.last().ok_or(Fault::Missing("extraction"))?;
    let of = extraction.required_object("data")?;
    person.checks.document = true;
    person.checks.liveness = has_passed(answer, "liveness")?;
    person.checks.face_match = has_passed(answer, "similarity")?;
    for item in capability(answer, "similarity")? {
        let label = item.object("data")?.map_or(Ok(None), |data| data.text("similarity"))?;
        person.checks.face_match &= label == Some("MATCH");
    }
    person.native = Name::new(of.text("firstName")?, None, of.text("lastName")?);
    person.date_of_birth = person.read_date(of.get("dateOfBirth"), "dateOfBirth");
    person.read_gender(of.text("gender")?);
    person.nationality = person.read_country(of.text("nationality")?, "nationality");
    person.place_of_birth = owned(of.text("placeOfBirth")?);
    let country = of.text("issuingCountry")?;
    person.document = Some(Document {
        kind: document_type(of.text("type")?, of.text("subType")?, country),
        country: person.read_country(country, "idDocument.country"),
        number: owned(of.text("documentNumber")?),
        issued: person.read_date(of.get("issuingDate"), "idDocument.dateOfIssue"),
        expires: person.read_date(of.get("expiryDate"), "idDocument.dateOfExpiry"),
    });
    if let Some(address) = of.object("address")? {
        person.address = Some(Address {
            street: owned(address.text("line1")?),
            house_number: None,
            additional: owned(address.text("line2")?),
            region: owned(address.text("subdivision")?),
            city: owned(address.text("city")?),
            postal_code: owned(address.text("postalCode")?),
            country: person.read_residence(address.text("country")?, false),
            proof: None,
        });
    }
    let mut read = Vec::new();
    for credential in extraction.objects("credentials")? {
        read.push(credential.required_text("id")?);
    }
    for credential in answer.objects("credentials")? {
        let id = CaseId::read(credential.required_text("id")?, "credentials.id")?;
        let is_read = read.contains(&id.as_str());
        for part in credential.objects("parts")? {
            let (shows, name) = match (credential.text("category")?, part.text("classifier")?) {
                (Some("ID"), Some("FRONT")) if is_read => (Shows::Front, "FRONT"),
                (Some("ID"), Some("BACK")) if is_read => (Shows::Back, "BACK"),
                (Some("SELFIE"), Some("FACE")) => (Shows::Selfie, "FACE"),
                _ => continue,
            };
            let path = format!("/accounts/{account}/credentials/{id}/parts/{name}");
            person.add_media(Ok(MediaReference::of_api(shows, path)));
        }
    }
    Ok(person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Environment, Settings};
    use crate::secret::Secret;

    #[test]
    fn tokens_are_asked_for_with_the_callers_name() {
        let account = Account {
            environment: Environment::Live,
            webhook_secrets: Vec::new(),
            key: Secret::new("id").unwrap(),
            secret: Some(Secret::new("secret").unwrap()),
            token: Some(Secret::new("eyJ.test").unwrap()),
            user_agent: "Example Issuer/1.0".to_owned(),
            files: Vec::new(),
            settings: Settings::default(),
        };
        let request = Jumio.token_request(&account).unwrap().unwrap();
        let value = |name| request.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
        assert_eq!(value("Authorization"), Some("Basic aWQ6c2VjcmV0"));
        assert_eq!(value("User-Agent"), Some("Example Issuer/1.0"));
        assert_eq!(request.body.as_slice(), b"grant_type=client_credentials");
        let headers = Jumio.headers(&account, &Ask::get("/x"), 0).unwrap();
        let value = |name| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
        assert_eq!(value("Authorization"), Some("Bearer eyJ.test"));
        assert_eq!(value("User-Agent"), Some("Example Issuer/1.0"));
        let without = Account { secret: None, ..account };
        assert_eq!(Jumio.token_request(&without).unwrap().unwrap_err(), Fault::NoKey("client secret"));
    }
}
