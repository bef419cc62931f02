//! Veriff (devdocs.veriff.com): sessions and their decisions.
//!
//! Requests are signed over the id in their path, and answers over their bytes. Webhooks carry personal data, which is not
//! read. The integration decides whether it is a test. A decision does not say which checks were done beside the document's,
//! so a level says no more than that; the product that does say it (Full Auto) has other payloads, which are not read.

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
use crate::request::Answer;
use crate::result::{Address, Decline, Document, DocumentType, Finding, Identity, Outcome, Wait, owned};
use crate::signature::{Hash, Received, Untrusted, same};
use crate::talk::{Ask, Found, Stop, Talk};

const SIGNATURE: &str = "X-HMAC-SIGNATURE";
const CLIENT: &str = "X-AUTH-CLIENT";

pub(super) struct Veriff;

impl Adapter for Veriff {
    fn name(&self) -> &'static str {
        "veriff"
    }

    /// Each integration has a station of its own.
    fn bases(&self) -> &'static [&'static str] {
        &[]
    }

    fn authenticate(&self, account: &Account, received: &Received<'_>) -> Result<Proof, Untrusted> {
        let client = received.header(CLIENT)?;
        let given = received.header(SIGNATURE)?;
        Hash::Sha256.check(&account.webhook_secrets, &[received.body], given, SIGNATURE)?;
        // Signed, and for another integration.
        if same(client, account.key.text()) { Ok(Proof::Signed) } else { Err(Untrusted::Wrong(CLIENT)) }
    }

    fn sample(&self, of: &sample::Told<'_>) -> Value {
        let case = of.case;
        json!({
            "id": case, "attemptId": case, "feature": "selfid", "code": 7001, "action": "started", "vendorData": case,
        })
    }

    fn sign_webhook(&self, of: &sample::Told<'_>, body: &[u8]) -> Result<Vec<Header>, Fault> {
        Ok(vec![
            (CLIENT, Zeroizing::new(of.account.key.text().to_owned())),
            header(SIGNATURE, Hash::Sha256.hmac_hex(of.secret()?, &[body])),
        ])
    }

    fn notice(&self, _account: &Account, body: &Json) -> Result<Told, Fault> {
        let body = body.object()?;
        let decision = body.object("verification")?;
        let of = decision.unwrap_or(body);
        let event = match (decision.is_some(), of.whole("code")?) {
            (true, Some(9001)) => Event::Approved,
            (true, Some(9102)) => Event::Declined,
            (true, Some(9103)) => Event::Retry,
            // The session's end, or the user's.
            (true, Some(9104 | 9121)) => Event::Expired,
            (false, Some(7001 | 7002)) => Event::Progress,
            _ => return Ok(Told::unknown()),
        };
        let case = Case {
            id: CaseId::read(of.required_text("id")?, "id")?,
            scope: None,
            reference: Reference::read(of.text("vendorData")?, "vendorData")?,
        };
        Ok(Told { happened_at: Moment::read(of.get("decisionTime")), ..Told::of(event, case) })
    }

    fn find(&self, talk: &Talk<'_>) -> Result<Finding, Stop> {
        let id = &talk.case.id;
        let answer = talk.ask(Ask::get(format!("/sessions/{id}/decision")).over(id))?.object()?;
        if answer.required_text("status")? != "success" {
            return Err(Fault::Malformed("status").into());
        }
        let found =
            Found { case: talk.case.clone(), environment: talk.account.environment, decided_at: None };
        let Some(decision) = answer.object("verification")? else {
            return Ok(found.with(Outcome::NotYet(Wait::Vendor)));
        };
        talk.check_id(decision.required_text("id")?, "verification.id")?;
        let found = Found {
            case: talk.case_of(decision.text("vendorData")?, "vendorData")?,
            decided_at: Moment::read(decision.get("decisionTime")),
            ..found
        };
        let outcome = match decision.whole("code")?.ok_or(Fault::Missing("code"))? {
            9001 => None,
            9102 => Some(Outcome::Declined(Decline::Unspecified)),
            9103 => Some(Outcome::NotYet(Wait::User)),
            9104 | 9121 => Some(Outcome::Expired),
            _ => return Err(Fault::Malformed("code").into()),
        };
        if let Some(outcome) = outcome {
            return Ok(found.with(outcome));
        }
        // Two fields say the same, and must.
        if decision.required_text("status")? != "approved" {
            return Err(Fault::Malformed("verification.status").into());
        }
        let listed = talk.ask(Ask::get(format!("/sessions/{id}/media")).over(id))?.object()?;
        let person = identity(talk, decision, listed)?;
        Ok(found.with(Outcome::Approved(Box::new(person))))
    }

    fn headers(&self, account: &Account, ask: &Ask, _now: i64) -> Result<Vec<Header>, Fault> {
        let secret = account.secret.as_ref().ok_or(Fault::NoKey("shared secret"))?;
        let signed = ask.over.as_ref().map_or(ask.body.as_slice(), |over| over.as_bytes());
        Ok(vec![
            (CLIENT, Zeroizing::new(account.key.text().to_owned())),
            (SIGNATURE, Zeroizing::new(Hash::Sha256.hmac_hex(secret, &[signed]))),
            header("Accept", "application/json"),
        ])
    }

    fn check_answer(&self, account: &Account, answer: &Answer<'_>) -> Result<(), Fault> {
        let Some(given) = answer.header(SIGNATURE) else { return Ok(()) };
        let checked = Hash::Sha256.check(account.secret.as_slice(), &[answer.body], given, SIGNATURE);
        checked.map_err(|_| Fault::Signature)
    }
}

/// The vendor writes the word null where it has nothing.
fn text<'a>(of: Object<'a>, name: &'static str) -> Result<Option<&'a str>, Fault> {
    Ok(of.text(name)?.filter(|text| *text != "null"))
}

fn identity(talk: &Talk<'_>, decision: Object<'_>, listed: Object<'_>) -> Result<Identity, Fault> {
    let mut person = Identity::default();
    let of = decision.required_object("person")?;
    // Somebody may be called Null.
    person.native = Name::new(of.text("firstName")?, None, of.text("lastName")?);
    person.date_of_birth = person.read_date(of.get("dateOfBirth"), "dateOfBirth");
    if person.date_of_birth.is_none() {
        person.date_of_birth = person.read_date(of.get("yearOfBirth"), "dateOfBirth");
    }
    person.read_gender(text(of, "gender")?);
    person.nationality = person.read_country(text(of, "nationality")?, "nationality");
    person.place_of_birth = owned(text(of, "placeOfBirth")?);
    if let Some(address) = of.objects("addresses")?.first()
        && let Some(address) = address.object("parsedAddress")?
    {
        person.address = Some(Address {
            street: owned(text(address, "street")?),
            house_number: owned(text(address, "houseNumber")?),
            additional: owned(text(address, "unit")?),
            region: owned(text(address, "state")?),
            city: owned(text(address, "city")?),
            postal_code: owned(text(address, "postcode")?),
            country: person.read_residence(text(address, "country")?, false),
            proof: None,
        });
    }
    if let Some(document) = decision.object("document")? {
        person.checks.document = true;
        let kind = match document.text("type")? {
            Some("PASSPORT") => Some(DocumentType::Passport),
            Some("ID_CARD") => Some(DocumentType::IdCard),
            Some("DRIVERS_LICENSE") => Some(DocumentType::Drivers),
            Some("RESIDENCE_PERMIT") => Some(DocumentType::ResidencePermit),
            _ => None,
        };
        // The decision has the date of issue in the one, other payloads in the other.
        let issued = document.get("validFrom").or_else(|| document.get("firstIssue"));
        person.document = Some(Document {
            kind,
            country: person.read_country(text(document, "country")?, "idDocument.country"),
            number: owned(text(document, "number")?),
            issued: person.read_date(issued, "idDocument.dateOfIssue"),
            expires: person.read_date(document.get("validUntil"), "idDocument.dateOfExpiry"),
        });
    }
    for image in listed.objects("images")? {
        let shows = match image.text("context")? {
            Some("document-front") => Shows::Front,
            Some("document-back") => Shows::Back,
            Some("face") => Shows::Selfie,
            _ => continue,
        };
        let id = CaseId::read(image.required_text("id")?, "images.id")?;
        if image.text("sessionId")?.is_some_and(|session| session != talk.case.id.as_str()) {
            return Err(Fault::AnotherCase("images.sessionId"));
        }
        person.add_media(Ok(MediaReference::of_api_over(shows, format!("/media/{id}"), &id)));
    }
    Ok(person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Environment, Settings};
    use crate::secret::Secret;

    const ID: &str = "12df6045-3846-3e45-946a-14fa6136d78b";

    fn account() -> Account {
        Account {
            environment: Environment::Live,
            webhook_secrets: Vec::new(),
            key: Secret::new("key").unwrap(),
            secret: Some(Secret::new("abcdef12-abcd-abcd-abcd-abcdef012345").unwrap()),
            token: None,
            user_agent: String::new(),
            files: Vec::new(),
            settings: Settings::default(),
        }
    }

    #[test]
    fn requests_are_signed_over_the_id_in_their_path() {
        let ask = Ask::get(format!("/sessions/{ID}/decision")).over(&CaseId::new(ID).unwrap());
        let headers = Veriff.headers(&account(), &ask, 0).unwrap();
        let signature = headers.iter().find(|(name, _)| *name == SIGNATURE).map(|(_, value)| value.as_str());
        let expected = "72425a5b0d91e04c84c7f7fa50a62fb16a3d03a4b78149832737492a5171ab12";
        assert_eq!(signature, Some(expected));
    }

    #[test]
    fn a_signature_over_an_answer_is_right_or_the_answer_is_not_taken() {
        let body = br#"{"status":"success","verification":{"id":"12df6045-3846-3e45-946a-14fa6136d78b","attemptId":"00bca969-b53a-4fad-b065-874d41a7b2b8","vendorData":"u1","status":"approved","code":9001}}"#;
        let right = "45a71dd1cded6aec780e8363039bf0c5104235918814e3479f998a9742a81c75";
        let wrong = "45a71dd1cded6aec780e8363039bf0c5104235918814e3479f998a9742a81c76";
        let check = |headers: &[(&str, &str)]| {
            Veriff.check_answer(&account(), &Answer { status: 200, headers, body })
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[("x-hmac-signature", right)]), Ok(()));
        for signature in [wrong, "", "45", "x"] {
            assert_eq!(check(&[("x-hmac-signature", signature)]), Err(Fault::Signature));
        }
    }
}
