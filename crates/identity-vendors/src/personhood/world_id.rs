//! World ID by version 4 of the portal's API (worldcoin/developer-portal, `api/v4/verify`).
//!
//! - One version of the protocol is accepted, by configuration: the same person has another nullifier in the other one, and would count
//!   twice.
//! - One proof at a time: of several, the API answers with the nullifier of the first that is good, whichever that is.
//! - In proofs of version 4.0, `identifier` is a word that nothing proves; `issuer_schema_id` is what is proven, and so it is
//!   the level.
//! - `expires_at_min` is what the proof says of the person's credential: that it does not expire before. Nothing is vouched for
//!   beyond. So it has to be asked for far enough ahead.
//! - A nullifier that comes again is no failure to the API: [`super::Person::seen_before`].
//!
//! Session proofs are not read: they say that it is the same person again, not that it is one person only.

use serde_json::{Value, json};

use super::denial::{Denial, DenialCode};
use super::field_element::FieldElement;
use super::person::Person;
use super::question::{Question, Step};
use super::reader::{flag, is, is_if_any, millis, moment, required, seconds, text};
use super::world_id_v2::{
    check_settings, code_of, level, person_id, refusal, same_nullifier, semaphore_proof, signal,
};
use super::{Adapter, Binding};
use crate::account::Environment;
use crate::case::CaseId;
use crate::json::{Json, Object};

const GENESIS: &str = "credential_genesis_issued_at_min";

const LONGEST_NONCE: usize = 256;

/// What the API says where it has had the nullifier before.
const REUSE: &str = "(nullifier reuse)";

/// The version of the protocol that a proof is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorldProtocol {
    /// 3.0: the proofs that version 2 of the API takes, too.
    V3,
    /// 4.0.
    V4,
}

impl WorldProtocol {
    fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "3.0",
            Self::V4 => "4.0",
        }
    }
}

/// Which of World's environments a proof is from. All but the first are test data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorldEnvironment {
    /// People.
    Production,
    /// The simulator.
    Staging,
    /// Checked like the simulator's.
    Sandbox,
}

impl WorldEnvironment {
    fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Sandbox => "sandbox",
        }
    }
}

/// An action of an app of World ID.
#[derive(Clone, Debug)]
pub struct WorldId {
    /// The app, or the relying party: `app_…`, `rp_…`.
    pub app: CaseId,
    /// The action: one person, one credential.
    pub action: String,
    /// The one version of proofs that is accepted.
    pub protocol: WorldProtocol,
    /// The one environment that is accepted.
    pub environment: WorldEnvironment,
    /// The levels of proofs of version 3.0 that are accepted: `orb`, `secure_document`, `document`, `device`, `face`, `selfie`.
    pub levels: Vec<String>,
    /// The issuer schemas of proofs of version 4.0 that are accepted.
    pub issuer_schemas: Vec<u64>,
    /// How old the root of a proof of version 3.0 may be, in seconds: 3600 to 604800. The API's own choice where there is none.
    pub max_age: Option<u32>,
    /// The caller's name, as `Company App/1.0`: the API wants one.
    pub user_agent: String,
}

impl Adapter for WorldId {
    fn name(&self) -> &'static str {
        "world_id"
    }

    fn begin(&self, proof: Object<'_>, binding: &Binding<'_>, now: i64) -> Result<Step, Denial> {
        check_settings(&self.action, &self.levels, self.max_age, &self.user_agent)?;
        is(proof, "protocol_version", self.protocol.as_str(), DenialCode::OtherProtocol)?;
        if proof.get("session_id").is_some() {
            return Err(Denial::malformed("session_id"));
        }
        is(proof, "action", &self.action, DenialCode::OtherAction)?;
        // Where it is missing, the API takes the proof for one of production.
        let environment = text(proof, "environment")?.unwrap_or("production");
        if environment != self.environment.as_str() {
            return Err(Denial::new(DenialCode::OtherEnvironment, "environment"));
        }
        let nonce = self.nonce(proof, binding)?;
        let responses = proof.objects("responses")?;
        let [response] = responses.as_slice() else {
            let is_none = responses.is_empty();
            return Err(if is_none { Denial::missing("responses") } else { Denial::malformed("responses") });
        };
        let nullifier = FieldElement::read_id(required(*response, "nullifier")?, "nullifier")?;
        let item = match self.protocol {
            WorldProtocol::V3 => self.item_v3(*response, binding, &nullifier)?,
            WorldProtocol::V4 => self.item_v4(*response, binding, &nullifier, now)?,
        };
        let body = json!({
            "protocol_version": self.protocol.as_str(),
            "nonce": nonce,
            "action": self.action,
            "environment": self.environment.as_str(),
            "responses": [item.json],
        });
        let path = format!("/api/v4/verify/{}", self.app);
        let asked = Question::post(path, body, &nullifier.to_text()).with("User-Agent", &self.user_agent);
        Ok(Step::Ask(Box::new(Question { level: item.level, expires: item.expires.map(millis), ..asked })))
    }

    fn finish(&self, asked: &Question, status: u16, answer: &Json, now: i64) -> Result<Step, Denial> {
        let answer = answer.object()?;
        if status != 200 {
            return Err(why(status, answer)?);
        }
        if !flag(answer, "success")? {
            return Err(Denial::malformed("success"));
        }
        is(answer, "action", &self.action, DenialCode::OtherAction)?;
        is(answer, "environment", self.environment.as_str(), DenialCode::OtherEnvironment)?;
        is_if_any(answer, "protocol_version", self.protocol.as_str(), DenialCode::OtherProtocol)?;
        let nullifier = same_nullifier(answer, "nullifier", asked)?;
        let results = answer.objects("results")?;
        let [result] = results.as_slice() else { return Err(Denial::malformed("results")) };
        if !flag(*result, "success")? {
            return Err(Denial::malformed("results"));
        }
        if result.get("nullifier").is_some() {
            same_nullifier(*result, "nullifier", asked)?;
        }
        if self.protocol == WorldProtocol::V3 {
            is(*result, "identifier", &asked.level, DenialCode::OtherProof)?;
        }
        let is_live = self.environment == WorldEnvironment::Production;
        // It may have run out while the source was asked.
        if asked.expires.is_some_and(|expires| expires < millis(now)) {
            return Err(Denial::new(DenialCode::Expired, "expires_at_min"));
        }
        Ok(Step::Done(Box::new(Person {
            id: person_id(&self.action, &nullifier),
            level: asked.level.clone(),
            score: None,
            environment: if is_live { Environment::Live } else { Environment::Sandbox },
            issued_at: moment(answer, "created_at")?,
            checked_at: millis(now),
            expires: asked.expires,
            seen_before: text(answer, "message")?.is_some_and(|message| message.contains(REUSE)),
            subject: None,
        })))
    }
}

/// One proof, ready to be sent, and what it says.
struct Item {
    json: Value,
    level: String,
    /// Seconds since 1970.
    expires: Option<i64>,
}

impl WorldId {
    /// In version 4.0, a proof is made for one nonce. One for another request may be a repetition.
    fn nonce<'a>(&self, proof: Object<'a>, binding: &Binding<'_>) -> Result<&'a str, Denial> {
        const FIELD: &str = "nonce";
        let given = required(proof, FIELD)?;
        if given.len() > LONGEST_NONCE {
            return Err(Denial::malformed(FIELD));
        }
        let Some(expected) = binding.nonce else {
            return match self.protocol {
                WorldProtocol::V3 => Ok(given),
                WorldProtocol::V4 => Err(Denial::new(DenialCode::NotConfigured, FIELD)),
            };
        };
        let number = |text| FieldElement::read(text, FIELD).ok();
        let is_same = given == expected || number(given).is_some_and(|given| Some(given) == number(expected));
        if is_same { Ok(given) } else { Err(Denial::new(DenialCode::OtherRequest, FIELD)) }
    }

    fn item_v3(
        &self,
        response: Object<'_>,
        binding: &Binding<'_>,
        nullifier: &FieldElement,
    ) -> Result<Item, Denial> {
        let level = level(response, "identifier", &self.levels)?;
        let root = FieldElement::read_id(required(response, "merkle_root")?, "merkle_root")?;
        let mut json = json!({
            "identifier": level,
            "signal_hash": signal(response, binding, &FieldElement::hash(b""))?.to_text().as_str(),
            "merkle_root": root.to_text().as_str(),
            "nullifier": nullifier.to_text().as_str(),
            "proof": semaphore_proof(response)?,
        });
        if let (Some(max_age), Some(json)) = (self.max_age, json.as_object_mut()) {
            json.insert("max_age".to_owned(), max_age.into());
        }
        Ok(Item { json, level, expires: None })
    }

    fn item_v4(
        &self,
        response: Object<'_>,
        binding: &Binding<'_>,
        nullifier: &FieldElement,
        now: i64,
    ) -> Result<Item, Denial> {
        let identifier = required(response, "identifier")?;
        let schema = response.whole("issuer_schema_id")?.ok_or(Denial::missing("issuer_schema_id"))?;
        let schema = u64::try_from(schema).map_err(|_| Denial::malformed("issuer_schema_id"))?;
        if !self.issuer_schemas.contains(&schema) {
            return Err(Denial::new(DenialCode::LevelNotAccepted, "issuer_schema_id"));
        }
        let expires = seconds(response, "expires_at_min")?.ok_or(Denial::missing("expires_at_min"))?;
        if expires < now {
            return Err(Denial::new(DenialCode::Expired, "expires_at_min"));
        }
        let signal = signal(response, binding, &FieldElement::read("0x0", "signal_hash")?)?;
        let proof = response.get("proof").ok_or(Denial::missing("proof"))?;
        let numbers = proof.as_array().filter(|numbers| numbers.len() == 5);
        let is_number = |value: &Value| {
            let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).unwrap_or_default();
            (1..=64).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_hexdigit())
        };
        let numbers =
            numbers.filter(|numbers| numbers.iter().all(is_number)).ok_or(Denial::malformed("proof"))?;
        let mut json = json!({
            "identifier": identifier,
            "signal_hash": signal.to_text().as_str(),
            "issuer_schema_id": schema,
            "nullifier": nullifier.to_text().as_str(),
            "expires_at_min": expires,
            "proof": numbers,
        });
        if let (Some(genesis), Some(json)) = (response.whole(GENESIS)?, json.as_object_mut()) {
            json.insert(GENESIS.to_owned(), genesis.into());
        }
        Ok(Item { json, level: format!("schema-{schema}"), expires: Some(expires) })
    }
}

/// Why the API says no: of the one proof, if it says so.
fn why(status: u16, answer: Object<'_>) -> Result<Denial, Denial> {
    if text(answer, "code")? != Some("all_verifications_failed") {
        return Ok(refusal(status, answer));
    }
    let results = answer.objects("results")?;
    let code = results.first().map(|result| text(*result, "code")).transpose()?.flatten();
    Ok(Denial::new(code.map_or(DenialCode::ProofWrong, code_of), "results.code"))
}
