//! BrightID (BrightID/BrightID-Node, version 6 of the node's API).
//!
//! The node signs what it answers, and the key that it says it signed with is nobody's word but its own: only configured keys count. A
//! verification's time is the beginning of the span that it is good for, so that an old answer cannot be shown again. In the next span, the
//! same person may have another id in the app, and nothing in the answer tells: so a credential must not outlive the span. Signatures for
//! contracts (secp256k1) are not asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::denial::{Denial, DenialCode};
use super::person::{Person, PersonId};
use super::question::{Question, Step};
use super::reader::{address, flag, is, is_plain, millis, required, seconds, text};
use super::{Adapter, Binding};
use crate::account::Environment;
use crate::case::CaseId;
use crate::json::{Json, Object};
use crate::signature::TOLERANCE;

const LONGEST_ID: usize = 128;

/// An app at BrightID.
#[derive(Clone, Debug)]
pub struct BrightId {
    /// The app's key.
    pub app: CaseId,
    /// The expression of the verification that is wanted, to the letter: an app may have several.
    pub verification: String,
    /// The keys of the nodes that are believed (Ed25519).
    pub node_keys: Vec<[u8; 32]>,
    /// How long a verification is good for, in seconds: the app's `verificationExpirationLength`, which the node has in
    /// milliseconds. 0 where it is good for ever.
    pub valid_for: u32,
    /// Whether the app's users are addresses (`idsAsHex`), which have no upper and lower case.
    pub ids_as_hex: bool,
    /// What the operator says of the app: nothing in the data does.
    pub environment: Environment,
}

impl Adapter for BrightId {
    fn name(&self) -> &'static str {
        "brightid"
    }

    fn begin(&self, proof: Object<'_>, binding: &Binding<'_>, _now: i64) -> Result<Step, Denial> {
        const FIELD: &str = "appUserId";
        if self.verification.is_empty() {
            return Err(Denial::new(DenialCode::NotConfigured, "verification"));
        }
        if self.node_keys.is_empty() {
            return Err(Denial::new(DenialCode::NotConfigured, "node_keys"));
        }
        let id = self.id(required(proof, FIELD)?).ok_or(Denial::malformed(FIELD))?;
        if self.id(binding.user).as_ref() != Some(&id) {
            return Err(Denial::new(DenialCode::OtherUser, FIELD));
        }
        let path = format!(
            "/brightid/v6/verifications/{}/{id}?signed=nacl&timestamp=seconds&includeHash=true",
            self.app
        );
        Ok(Step::Ask(Box::new(Question::get(path, &id))))
    }

    fn finish(&self, asked: &Question, status: u16, answer: &Json, now: i64) -> Result<Step, Denial> {
        let answer = answer.object()?;
        if status != 200 {
            return Err(refusal(answer));
        }
        answer.get("data").ok_or(Denial::missing("data"))?;
        let of_it: Vec<_> = answer
            .objects("data")?
            .into_iter()
            .filter(|entry| entry.get("verification").and_then(|v| v.as_str()) == Some(&self.verification))
            .collect();
        let [entry] = of_it.as_slice() else {
            // One that the app does not have, or two answers to one question.
            let code = if of_it.is_empty() { DenialCode::NotConfigured } else { DenialCode::Malformed };
            return Err(Denial::new(code, "verification"));
        };
        let entry = *entry;
        is(entry, "app", self.app.as_str(), DenialCode::OtherApp)?;
        if self.id(required(entry, "appUserId")?).is_none_or(|id| id != *asked.about) {
            return Err(Denial::new(DenialCode::OtherUser, "appUserId"));
        }
        if !flag(entry, "unique")? {
            return Err(Denial::new(DenialCode::NotYet, "unique"));
        }
        let hash = hex::encode(Sha256::digest(self.verification.as_bytes()));
        is(entry, "verificationHash", &hash, DenialCode::OtherProof)?;
        let at = seconds(entry, "timestamp")?.ok_or(Denial::missing("timestamp"))?;
        let message = format!("{},{},{hash},{at}", self.app, *asked.about);
        self.check_signature(entry, message.as_bytes())?;

        let long = if self.valid_for == 0 { TOLERANCE } else { i64::from(self.valid_for) };
        if at > now.saturating_add(TOLERANCE) {
            return Err(Denial::new(DenialCode::TooNew, "timestamp"));
        }
        if at.saturating_add(long) <= now {
            return Err(Denial::new(DenialCode::Expired, "timestamp"));
        }
        let expires = (self.valid_for != 0).then(|| millis(at.saturating_add(long)));
        Ok(Step::Done(Box::new(Person {
            id: PersonId::new(&[b"brightid", self.app.as_str().as_bytes(), asked.about.as_bytes()]),
            level: self.verification.clone(),
            score: None,
            environment: self.environment,
            issued_at: Some(millis(at)),
            checked_at: millis(now),
            expires,
            seen_before: false,
            subject: None,
        })))
    }
}

impl BrightId {
    /// A user's id in its one spelling.
    fn id(&self, text: &str) -> Option<String> {
        if self.ids_as_hex { address(text) } else { is_plain(text, LONGEST_ID).then(|| text.to_owned()) }
    }

    fn check_signature(&self, entry: Object<'_>, message: &[u8]) -> Result<(), Denial> {
        const FIELD: &str = "sig";
        let given = required(entry, FIELD)?;
        let signature = STANDARD.decode(given).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let signature = signature.ok_or(Denial::malformed(FIELD))?;
        // What it says of itself must at least be a key that is believed.
        if let Some(key) = text(entry, "publicKey")? {
            let key = STANDARD.decode(key).map_err(|_| Denial::malformed("publicKey"))?;
            if !self.node_keys.iter().any(|known| known.as_slice() == key) {
                return Err(Denial::new(DenialCode::SignatureWrong, "publicKey"));
            }
        }
        let is_by = |key: &[u8; 32]| {
            VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
        };
        if self.node_keys.iter().any(is_by) {
            Ok(())
        } else {
            Err(Denial::new(DenialCode::SignatureWrong, FIELD))
        }
    }
}

/// Why the node says no.
fn refusal(answer: Object<'_>) -> Denial {
    const FIELD: &str = "errorNum";
    let code = match answer.whole(FIELD) {
        Err(fault) => return fault.into(),
        Ok(None) => return Denial::missing(FIELD),
        // Not verified, not sponsored.
        Ok(Some(3 | 4)) => DenialCode::NotYet,
        // The node has no key to sign with.
        Ok(Some(6 | 7)) => DenialCode::NotConfigured,
        // No such user, or no such user of the app.
        Ok(Some(10 | 61)) => DenialCode::UnknownToSource,
        Ok(Some(12 | 64)) => DenialCode::OtherApp,
        Ok(Some(67)) => DenialCode::Malformed,
        Ok(Some(_)) => DenialCode::Refused,
    };
    Denial::new(code, FIELD)
}
