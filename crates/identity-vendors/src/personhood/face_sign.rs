//! FaceSign, idOS' own service (idos-network/nitro-enclave-experiment, facesign-service).
//!
//! A user brings one of two things:
//!
//! - `requestBlob`: a scan of the face, which is relayed to the service. It finds who it is among the faces of a group; a face that is
//!   known has the id that it had before. Neither a selfie is kept there for us, nor is the user given an account.
//! - `userAttestmentToken` (spelled so): a token that the service has signed (ES512), with the user's id as its subject. A token that is
//!   less than a minute old opens the entropy of the user's keys at another service, which an issuer must never hold: such a token is
//!   sent back. What the relay answers of such tokens is not read.
//!
//! The service says nothing of expiry. Whether issuers other than idOS' own get a key for the relay is not public.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p521::ecdsa::signature::{RandomizedSigner as _, Verifier as _};
use p521::ecdsa::{Signature, SigningKey, VerifyingKey};
use p521::elliptic_curve::rand_core::CryptoRngCore;
use p521::elliptic_curve::sec1::ToEncodedPoint as _;
use p521::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use p521::{PublicKey, SecretKey};
use serde_json::json;
use zeroize::Zeroizing;

use super::denial::{Denial, DenialCode};
use super::person::{Person, PersonId};
use super::question::{Question, Step};
use super::reader::{flag, is, millis, required, seconds, text, uuid};
use super::{Adapter, Binding};
use crate::account::Environment;
use crate::json::{Json, Object};
use crate::secret::Secret;
use crate::signature::TOLERANCE;

const TOKEN: &str = "userAttestmentToken";
const BLOB: &str = "requestBlob";

/// As long as a token opens the user's keys, and the difference that clocks may have is on the safe side already.
const OPENS_KEYS: i64 = 60;

const LONGEST_TOKEN: usize = 4096;

/// How alike two scans have to be to be of one face.
const MATCH_LEVELS: std::ops::RangeInclusive<u8> = 12..=15;

/// Why a text is no key of FaceSign's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a public key of the curve P-521 as PEM (SubjectPublicKeyInfo)")]
pub struct InvalidKey;

/// A key that the service signs its tokens with: ES512, which is ECDSA on P-521 with SHA-512.
#[derive(Clone)]
pub struct AttestationKey(VerifyingKey);

impl AttestationKey {
    /// From PEM (`SubjectPublicKeyInfo`).
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        let key = PublicKey::from_public_key_pem(pem).map_err(|_| InvalidKey)?;
        let key = VerifyingKey::from_encoded_point(&key.to_encoded_point(false)).map_err(|_| InvalidKey)?;
        Ok(Self(key))
    }
}

impl fmt::Debug for AttestationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttestationKey(..)")
    }
}

/// Why a text is no key for the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a private key of the curve P-521 as PEM (PKCS #8)")]
pub struct InvalidRelayKey;

/// The key that opens the relay: what is signed with it (ES512), and is no older than ten minutes, is let in. Wiped on drop.
#[derive(Clone)]
pub struct RelayKey(SigningKey);

impl RelayKey {
    /// From PEM (PKCS #8).
    pub fn from_pem(pem: &str) -> Result<Self, InvalidRelayKey> {
        let key = SecretKey::from_pkcs8_pem(pem).map_err(|_| InvalidRelayKey)?;
        let key = SigningKey::from_bytes(&key.to_bytes()).map_err(|_| InvalidRelayKey)?;
        Ok(Self(key))
    }

    /// A token of `now` (seconds since 1970), for [`FaceSign::relay_token`]. It says when it was made, and nothing else. None if it could not
    /// be signed.
    #[must_use]
    pub fn token(&self, now: i64, rng: &mut impl CryptoRngCore) -> Option<Secret> {
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let head = part(json!({ "alg": "ES512", "typ": "JWT" }));
        let signed = format!("{head}.{}", part(json!({ "iat": now })));
        let signature: Signature = self.0.try_sign_with_rng(rng, signed.as_bytes()).ok()?;
        Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))).ok()
    }
}

impl fmt::Debug for RelayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayKey(..)")
    }
}

/// FaceSign, by relay or by token.
#[derive(Clone, Debug)]
pub struct FaceSign {
    /// The group of faces in which a person is one: letters, digits, `-` and `_`. Tokens are of the group
    /// that FaceSign itself logs users in by: where they are taken, it has to be that one, or a person may come once by each way.
    pub group: String,
    /// What the operator says of the service: nothing in the data does.
    pub environment: Environment,
    /// The bearer token for the relay (ES512, at most ten minutes old), as [`RelayKey`] makes it. None where scans are not relayed.
    pub relay_token: Option<Secret>,
    /// How alike two scans have to be: 12 to 15, of which the service takes 15 where nothing is said.
    pub min_match_level: u8,
    /// The keys that tokens are signed with: one, or several while it is being replaced. None where tokens are not taken.
    pub attestation_keys: Vec<AttestationKey>,
    /// How old a token may be, in seconds: more than a minute.
    pub token_max_age: u32,
}

impl Adapter for FaceSign {
    fn name(&self) -> &'static str {
        "face_sign"
    }

    fn begin(&self, proof: Object<'_>, _binding: &Binding<'_>, now: i64) -> Result<Step, Denial> {
        if !super::reader::is_plain(&self.group, 128) {
            return Err(Denial::new(DenialCode::NotConfigured, "group"));
        }
        match (text(proof, BLOB)?, text(proof, TOKEN)?) {
            (Some(blob), None) => self.relay(blob),
            (None, Some(token)) => self.of_token(token, now),
            (None, None) => Err(Denial::missing(BLOB)),
            (Some(_), Some(_)) => Err(Denial::malformed(TOKEN)),
        }
    }

    fn finish(&self, _asked: &Question, status: u16, answer: &Json, now: i64) -> Result<Step, Denial> {
        let answer = answer.object()?;
        match status {
            // The service and the device are not done with each other.
            200 => return Ok(Step::Continue(Zeroizing::new(required(answer, "responseBlob")?.to_owned()))),
            201 => {}
            400 => {
                required(answer, "errorMessage")?;
                return Err(Denial::new(DenialCode::NotYet, "errorMessage"));
            }
            409 => return Err(Denial::new(DenialCode::SeveralPersons, super::ANSWER)),
            404 => return Err(Denial::new(DenialCode::NotConfigured, "group")),
            _ => return Err(Denial::new(DenialCode::UnexpectedStatus, super::ANSWER)),
        }
        if !flag(answer, "success")? {
            return Err(Denial::new(DenialCode::NotYet, "success"));
        }
        if flag(answer, "didError")? {
            return Err(Denial::new(DenialCode::NotYet, "didError"));
        }
        if !flag(answer.required_object("result")?, "livenessProven")? {
            return Err(Denial::new(DenialCode::NotYet, "livenessProven"));
        }
        let user = uuid(required(answer, "userId")?).ok_or(Denial::malformed("userId"))?;
        Ok(self.person(user, "uniqueness", None, now))
    }
}

impl FaceSign {
    fn relay(&self, blob: &str) -> Result<Step, Denial> {
        let token = self.relay_token.as_ref().ok_or(Denial::new(DenialCode::NotConfigured, "relay_token"))?;
        if !MATCH_LEVELS.contains(&self.min_match_level) {
            return Err(Denial::new(DenialCode::NotConfigured, "min_match_level"));
        }
        let body = json!({
            "requestBlob": blob,
            "groupName": self.group,
            "minMatchLevel": self.min_match_level,
            "onboardFaceSign": false,
            "storeSelfie": false,
        });
        let bearer = Zeroizing::new(format!("Bearer {}", token.text()));
        let asked = Question::post("/relay/uniqueness".to_owned(), body, "");
        Ok(Step::Ask(Box::new(asked.with("Authorization", &bearer))))
    }

    fn of_token(&self, token: &str, now: i64) -> Result<Step, Denial> {
        if self.attestation_keys.is_empty() {
            return Err(Denial::new(DenialCode::NotConfigured, "attestation_keys"));
        }
        if i64::from(self.token_max_age) <= OPENS_KEYS {
            return Err(Denial::new(DenialCode::NotConfigured, "token_max_age"));
        }
        if token.len() > LONGEST_TOKEN {
            return Err(Denial::malformed(TOKEN));
        }
        let malformed = || Denial::malformed(TOKEN);
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (head, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map(Zeroizing::new).map_err(|_| malformed());
        let (head, claims, signature) = (decode(head)?, decode(claims)?, decode(signature)?);
        let head = Json::parse(&head).map_err(|_| malformed())?;
        // No other algorithm, and none that the token chooses.
        is(head.object().map_err(|_| malformed())?, "alg", "ES512", DenialCode::SignatureWrong)?;
        let signature = Signature::from_slice(&signature).map_err(|_| malformed())?;
        if !self.attestation_keys.iter().any(|key| key.0.verify(signed.as_bytes(), &signature).is_ok()) {
            return Err(Denial::new(DenialCode::SignatureWrong, TOKEN));
        }

        let claims = Json::parse(&claims).map_err(|_| malformed())?;
        let claims = claims.object().map_err(|_| malformed())?;
        let user = uuid(required(claims, "sub")?).ok_or(Denial::malformed("sub"))?;
        let at = seconds(claims, "iat")?.ok_or(Denial::missing("iat"))?;
        if at > now.saturating_sub(OPENS_KEYS) {
            return Err(Denial::new(DenialCode::TooNew, "iat"));
        }
        if at < now.saturating_sub(i64::from(self.token_max_age)) {
            return Err(Denial::new(DenialCode::Expired, "iat"));
        }
        if seconds(claims, "exp")?.is_some_and(|expires| expires.saturating_add(TOLERANCE) <= now) {
            return Err(Denial::new(DenialCode::Expired, "exp"));
        }
        Ok(self.person(user, "attestation", Some(at), now))
    }

    fn person(&self, user: String, level: &str, at: Option<i64>, now: i64) -> Step {
        Step::Done(Box::new(Person {
            id: PersonId::new(&[b"face_sign", self.group.as_bytes(), user.as_bytes()]),
            level: level.to_owned(),
            score: None,
            environment: self.environment,
            issued_at: at.map(millis),
            checked_at: millis(now),
            expires: None,
            seen_before: false,
            subject: Some(Zeroizing::new(user)),
        }))
    }
}
