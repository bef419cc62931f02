//! World ID by version 2 of the portal's API (docs.world.org; worldcoin/developer-portal, `api/v2/verify`).
//!
//! The API tells the proof's action by itself and says no to another one's proof. A nullifier that was spelled otherwise is the same
//! number, and goes to the API in one spelling. Whether the app is one for test data is in no answer: its name says so
//! (`app_staging_…`), or the configuration. The API's credential has no expiry that is told.

use serde_json::{Value, json};

use super::denial::{Denial, DenialCode};
use super::field_element::FieldElement;
use super::person::{Person, PersonId};
use super::question::{Question, Step};
use super::reader::{flag, is, is_if_any, millis, moment, required, text};
use super::{Adapter, Binding};
use crate::account::Environment;
use crate::case::CaseId;
use crate::json::{Json, Object};

/// What an app is called whose proofs are made by the simulator.
const STAGING: &str = "app_staging_";

/// Levels of proofs of version 3.0, as World writes them.
pub(super) const LEVELS: &[&str] = &["orb", "secure_document", "document", "device", "face", "selfie"];

/// An action of an app of World ID.
#[derive(Clone, Debug)]
pub struct WorldIdV2 {
    /// The app: `app_…`.
    pub app: CaseId,
    /// The action: one person, one credential.
    pub action: String,
    /// What the operator says of the app. It is live only if its name does not say otherwise.
    pub environment: Environment,
    /// The levels that are accepted: `orb`, `secure_document`, `document`, `device`, `face`, `selfie`.
    pub levels: Vec<String>,
    /// How old the root of the proof may be, in seconds: 3600 to 604800. The API's own choice where there is none.
    pub max_age: Option<u32>,
    /// The caller's name, as `Company App/1.0`: the API wants one.
    pub user_agent: String,
}

impl Adapter for WorldIdV2 {
    fn name(&self) -> &'static str {
        "world_id_v2"
    }

    fn begin(&self, proof: Object<'_>, binding: &Binding<'_>, _now: i64) -> Result<Step, Denial> {
        check_settings(&self.action, &self.levels, self.max_age, &self.user_agent)?;
        is_if_any(proof, "action", &self.action, DenialCode::OtherAction)?;
        let level = level(proof, "verification_level", &self.levels)?;
        let nullifier = FieldElement::read_id(required(proof, "nullifier_hash")?, "nullifier_hash")?;
        let root = FieldElement::read_id(required(proof, "merkle_root")?, "merkle_root")?;
        let signal = signal(proof, binding, &FieldElement::hash(b""))?;
        let mut body = json!({
            "nullifier_hash": nullifier.to_text().as_str(),
            "merkle_root": root.to_text().as_str(),
            "proof": semaphore_proof(proof)?,
            "verification_level": level,
            "action": self.action,
            "signal_hash": signal.to_text().as_str(),
        });
        if let (Some(max_age), Some(body)) = (self.max_age, body.as_object_mut()) {
            body.insert("max_age".to_owned(), max_age.into());
        }
        let path = format!("/api/v2/verify/{}", self.app);
        let asked = Question::post(path, body, &nullifier.to_text()).with("User-Agent", &self.user_agent);
        Ok(Step::Ask(Box::new(Question { level, ..asked })))
    }

    fn finish(&self, asked: &Question, status: u16, answer: &Json, now: i64) -> Result<Step, Denial> {
        let answer = answer.object()?;
        if status != 200 {
            return Err(refusal(status, answer));
        }
        if !flag(answer, "success")? {
            return Err(Denial::malformed("success"));
        }
        is(answer, "action", &self.action, DenialCode::OtherAction)?;
        is_if_any(answer, "verification_level", &asked.level, DenialCode::OtherProof)?;
        let nullifier = same_nullifier(answer, "nullifier_hash", asked)?;
        let is_staging = self.app.as_str().starts_with(STAGING);
        let by_name = if is_staging { Environment::Sandbox } else { Environment::Live };
        Ok(Step::Done(Box::new(Person {
            id: person_id(&self.action, &nullifier),
            level: asked.level.clone(),
            score: None,
            environment: self.environment.and(by_name),
            issued_at: moment(answer, "created_at")?,
            checked_at: millis(now),
            expires: None,
            seen_before: answer.whole("uses")?.is_some_and(|uses| uses > 1),
            subject: None,
        })))
    }
}

/// The same for both versions of the API: one person does not count twice who brings the same proof to each.
pub(super) fn person_id(action: &str, nullifier: &FieldElement) -> PersonId {
    PersonId::new(&[b"world_id", action.as_bytes(), nullifier.bytes()])
}

pub(super) fn check_settings(
    action: &str,
    levels: &[String],
    max_age: Option<u32>,
    user_agent: &str,
) -> Result<(), Denial> {
    let is_header = !user_agent.is_empty() && !user_agent.contains(char::is_control);
    let no = |field| Err(Denial::new(DenialCode::NotConfigured, field));
    match () {
        () if action.is_empty() => no("action"),
        () if levels.iter().any(|level| !LEVELS.contains(&level.as_str())) => no("levels"),
        () if max_age.is_some_and(|age| !(3600..=604_800).contains(&age)) => no("max_age"),
        () if !is_header => no("user_agent"),
        () => Ok(()),
    }
}

/// One that World knows, and that is accepted.
pub(super) fn level(of: Object<'_>, name: &'static str, accepted: &[String]) -> Result<String, Denial> {
    let level = required(of, name)?;
    if !LEVELS.contains(&level) {
        return Err(Denial::malformed(name));
    }
    let accepted = accepted.iter().find(|accepted| *accepted == level).cloned();
    accepted.ok_or(Denial::new(DenialCode::LevelNotAccepted, name))
}

/// The signal has to be the user's: a proof without one is anybody's who gets hold of it. `none` is what stands for no signal.
pub(super) fn signal(
    of: Object<'_>,
    binding: &Binding<'_>,
    none: &FieldElement,
) -> Result<FieldElement, Denial> {
    const FIELD: &str = "signal_hash";
    let given = text(of, FIELD)?.map(|text| FieldElement::read(text, FIELD)).transpose()?;
    let expected = FieldElement::hash(&signal_bytes(binding.user)?);
    match given {
        Some(given) if given != *none && given == expected => Ok(given),
        _ => Err(Denial::new(DenialCode::OtherUser, FIELD)),
    }
}

/// As IDKit takes signals: `0x` and hexadecimal is bytes, anything else is text.
fn signal_bytes(signal: &str) -> Result<Vec<u8>, Denial> {
    let bytes = match signal.strip_prefix("0x") {
        // Libraries do not agree on what an odd number of digits is.
        Some(digits) if digits.bytes().all(|c| c.is_ascii_hexdigit()) => hex::decode(digits).ok(),
        _ => Some(signal.as_bytes().to_vec()),
    };
    bytes.filter(|bytes| !bytes.is_empty()).ok_or(Denial::new(DenialCode::NotConfigured, "signal"))
}

/// Eight numbers: ABI-encoded, or as JSON in a text, nested as World nests them. It goes on as it is.
pub(super) fn semaphore_proof(of: Object<'_>) -> Result<String, Denial> {
    const FIELD: &str = "proof";
    let proof = required(of, FIELD)?;
    let is_hex = |text: &str, longest| {
        let digits = text.strip_prefix("0x").unwrap_or_default();
        (1..=longest).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_hexdigit())
    };
    let is_one = if proof.starts_with('[') {
        // The API takes decimal ones, too: 2^256 has 78 digits.
        let is_decimal = |text: &str| text.len() <= 78 && text.bytes().all(|c| c.is_ascii_digit());
        let is_number = |value: &Value| {
            value.as_str().is_some_and(|text| is_hex(text, 64) || (!text.is_empty() && is_decimal(text)))
        };
        let pair = |value: &Value| matches!(value.as_array().map(Vec::as_slice), Some([a, b]) if is_number(a) && is_number(b));
        let read = serde_json::from_str::<Value>(proof).ok();
        match read.as_ref().and_then(Value::as_array).map(Vec::as_slice) {
            Some([a, b, c]) => {
                let middle = b.as_array().map(Vec::as_slice);
                pair(a) && matches!(middle, Some([first, second]) if pair(first) && pair(second)) && pair(c)
            }
            _ => false,
        }
    } else {
        proof.len() == 2 + 8 * 64 && is_hex(proof, 8 * 64)
    };
    if is_one { Ok(proof.to_owned()) } else { Err(Denial::malformed(FIELD)) }
}

/// The nullifier of an answer, which is the one that was sent, however it is spelled.
pub(super) fn same_nullifier(
    answer: Object<'_>,
    name: &'static str,
    asked: &Question,
) -> Result<FieldElement, Denial> {
    let nullifier = FieldElement::read_id(required(answer, name)?, name)?;
    if nullifier.to_text() == asked.about {
        Ok(nullifier)
    } else {
        Err(Denial::new(DenialCode::OtherProof, name))
    }
}

/// Why the portal says no.
pub(super) fn refusal(status: u16, answer: Object<'_>) -> Denial {
    let code = match required(answer, "code") {
        Ok(code) => code,
        Err(denial) if status == 400 || status == 404 => return denial,
        Err(_) => return Denial::new(DenialCode::UnexpectedStatus, super::ANSWER),
    };
    Denial::new(code_of(code), "code")
}

/// The class of one of the portal's codes.
pub(super) fn code_of(code: &str) -> DenialCode {
    match code {
        "already_verified" | "exceeded_max_verifications" | "max_verifications_reached" => {
            DenialCode::AlreadyUsed
        }
        // The person is in no tree of verified ones.
        "invalid_merkle_root" | "invalid_root" => DenialCode::NotYet,
        "root_too_old" | "outdated_nullifier" => DenialCode::Expired,
        "nullifier_from_future" => DenialCode::TooNew,
        "invalid_proof" | "invalid_public_input" | "verification_failed" | "invalid_format" => {
            DenialCode::ProofWrong
        }
        "invalid_credential_issuer" | "unrecognized_credential_issuer" => DenialCode::LevelNotAccepted,
        "environment_mismatch" => DenialCode::OtherEnvironment,
        "invalid_action" | "action_inactive" => DenialCode::OtherAction,
        "not_found" => DenialCode::OtherApp,
        "app_not_migrated" | "rp_not_active" | "configuration_error" => DenialCode::NotConfigured,
        "invalid_request" => DenialCode::Malformed,
        "internal_error" | "prover_error" => DenialCode::Unavailable,
        _ => DenialCode::Refused,
    }
}
