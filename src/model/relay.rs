//! What consumers of upstream's relay send: tokens (JWT, RFC 7519) that they sign with ES512 (RFC 7518, section 3.4), by which they begin
//! the way of a person, or ask what has become of a credential.
//!
//! One algorithm is taken, whatever a token says of itself, and the key is the one that the consumer has registered: a token brings none.
//! Tokens are made by npm `jsonwebtoken` (idos-network/idos-sdk-js), which counts in seconds, and leaves `exp` out unless it is told.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idos_credential::strict_json::Json;
use p521::ecdsa::signature::Verifier as _;
use p521::ecdsa::{Signature, VerifyingKey};
use p521::elliptic_curve::sec1::ToEncodedPoint as _;
use p521::pkcs8::DecodePublicKey as _;
use p521::{EncodedPoint, FieldBytes, PublicKey};
use uuid::Uuid;

use super::ids::{ClaimId, VerificationId};
use super::issuance::State as IssuanceState;
use super::personal::Personal;
use super::time::Timestamp;

/// The longest token that is read, in bytes.
pub const LONGEST_TOKEN: usize = 8 * 1024;

/// How long a token may be good, in seconds; and how long one is that names no end.
const LONGEST_LIFE: i64 = 3600;

/// How far clocks may differ, in seconds.
const SKEW: i64 = 300;

/// The longest id of a person, in bytes.
const LONGEST_ID: usize = 256;

/// What a level ends in that is written into idOS profiles.
const INTO_IDOS: &str = "+idos";

/// Bytes of a coordinate on P-521.
const COORDINATE: usize = 66;

/// Why a text is no key of a consumer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a public key of the curve P-521, as PEM (SubjectPublicKeyInfo) or JWK")]
pub struct InvalidKey;

/// The key by which a consumer signs.
#[derive(Clone)]
pub struct ConsumerKey(VerifyingKey);

impl PartialEq for ConsumerKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_encoded_point(false) == other.0.to_encoded_point(false)
    }
}

impl Eq for ConsumerKey {}

impl ConsumerKey {
    /// From PEM (`SubjectPublicKeyInfo`), or the JSON text of a JWK.
    pub fn from_text(text: &str) -> Result<Self, InvalidKey> {
        if text.trim_start().starts_with('{') {
            return Self::from_jwk(&Json::parse(text.as_bytes()).map_err(|_| InvalidKey)?);
        }
        let key = PublicKey::from_public_key_pem(text.trim()).map_err(|_| InvalidKey)?;
        Self::from_point(&key.to_encoded_point(false))
    }

    /// From a JWK (RFC 7517; RFC 7518, section 6.2). One that has a private half, too, is refused: it should not have been sent.
    pub fn from_jwk(jwk: &Json) -> Result<Self, InvalidKey> {
        let text = |name| jwk.member(name).and_then(Json::as_text);
        if text("kty") != Some("EC") || text("crv") != Some("P-521") || jwk.member("d").is_some() {
            return Err(InvalidKey);
        }
        let coordinate = |name| -> Result<FieldBytes, InvalidKey> {
            let bytes = URL_SAFE_NO_PAD.decode(text(name).ok_or(InvalidKey)?).map_err(|_| InvalidKey)?;
            if bytes.len() == COORDINATE { Ok(*FieldBytes::from_slice(&bytes)) } else { Err(InvalidKey) }
        };
        Self::from_point(&EncodedPoint::from_affine_coordinates(&coordinate("x")?, &coordinate("y")?, false))
    }

    /// As it is kept: the point, uncompressed (SEC 1), in lower-case hex.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.to_encoded_point(false).as_bytes())
    }

    /// What [`to_hex`](Self::to_hex) gave.
    pub fn from_hex(text: &str) -> Result<Self, InvalidKey> {
        let bytes = hex::decode(text).map_err(|_| InvalidKey)?;
        VerifyingKey::from_sec1_bytes(&bytes).map(Self).map_err(|_| InvalidKey)
    }

    fn from_point(point: &EncodedPoint) -> Result<Self, InvalidKey> {
        VerifyingKey::from_encoded_point(point).map(Self).map_err(|_| InvalidKey)
    }
}

impl fmt::Debug for ConsumerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsumerKey(..)")
    }
}

/// A consumer, as it is registered.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// Its id, which it puts into its tokens.
    pub id: Uuid,
    /// The client that has registered it.
    pub client: String,
    /// What people are told who gets the copy.
    pub name: String,
    /// The key by which it signs.
    pub key: ConsumerKey,
    /// Its name on the network, to which the copy is granted.
    pub grantee: String,
    /// Its encryption key, in base64.
    pub encryption_key: String,
    /// Countries whose people it does not take: codes of two letters (ISO 3166-1).
    pub blocked: Vec<String>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// Why a token is not taken: a phrase that follows its name. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is none.
    #[error("is no such token: {0}")]
    Malformed(&'static str),
    /// Another algorithm, or something in the head that would change what the signature means.
    #[error("is not signed by ES512 alone")]
    Algorithm,
    /// Nobody is registered by its `clientId`.
    #[error("names a consumer in clientId that is not registered")]
    UnknownConsumer,
    /// The signature is not the consumer's.
    #[error("is not signed by the key that the consumer has registered")]
    Signature,
    /// Its time is over.
    #[error("has expired")]
    Expired,
    /// It begins later.
    #[error("is not good yet: see whether the clock of whoever made it is right")]
    NotYet,
    /// It is good for too long.
    #[error("is good for longer than an hour")]
    TooLong,
    /// It is for something else.
    #[error("is for something else: {0}")]
    Purpose(&'static str),
}

/// A token whose signature is still to be verified. All that may be asked of it is whose it says that it is.
pub struct Unverified<'a> {
    signed: &'a str,
    signature: Signature,
    claims: Json,
    consumer: Uuid,
}

/// What a token says by which a person begins.
pub struct StartToken {
    /// The level, without what says that it is written into idOS.
    pub level: String,
    /// What makes a person the same for this consumer: its kind, and what stands there.
    pub person: (&'static str, Personal<String>),
    /// The wallet that the person has to have.
    pub wallet: Option<Personal<String>>,
}

impl<'a> Unverified<'a> {
    /// Reads a token in the compact form (RFC 7515, section 7.1), strictly: one spelling, no member twice.
    pub fn read(token: &'a str) -> Result<Self, TokenFault> {
        const PARTS: TokenFault =
            TokenFault::Malformed("it must be three parts of base64url, with points between them");
        const JSON: TokenFault =
            TokenFault::Malformed("its head and its claims must be JSON objects, with no member twice");
        if token.len() > LONGEST_TOKEN {
            return Err(TokenFault::Malformed("it has more than 8192 bytes"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(PARTS)?;
        let (head, claims) = signed.split_once('.').ok_or(PARTS)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| PARTS);
        let object = |bytes: Vec<u8>| match Json::parse(&bytes) {
            Ok(json @ Json::Object(_)) => Ok(json),
            _ => Err(JSON),
        };
        let (head, claims, signature) =
            (object(decode(head)?)?, object(decode(claims)?)?, decode(signature)?);
        check_head(&head)?;
        let signature = Signature::from_slice(&signature).map_err(|_| TokenFault::Signature)?;
        let consumer = claims.member("clientId").and_then(Json::as_text).filter(|text| text.len() == 36);
        let consumer = consumer.and_then(|text| Uuid::try_parse(text).ok());
        let consumer = consumer.ok_or(TokenFault::Malformed("its clientId must be a UUID"))?;
        Ok(Self { signed, signature, claims, consumer })
    }

    /// The consumer that it says that it is of. Nothing is to be believed of it yet.
    #[must_use]
    pub fn consumer(&self) -> Uuid {
        self.consumer
    }

    /// What is signed: the same for each signature over it.
    #[must_use]
    pub fn signed(&self) -> &str {
        self.signed
    }

    /// What it says as a token by which a person begins (`kyc`). `now` is in seconds since 1970.
    pub fn begins(&self, key: &ConsumerKey, now: i64) -> Result<StartToken, TokenFault> {
        self.verify(key, now, "kyc", "api")?;
        let level = self.text("level", "its level must be a text")?.unwrap_or_default();
        let level = level.strip_suffix(INTO_IDOS).ok_or(TokenFault::Purpose(
            "its level must end in +idos, since all that is done here is written into idOS profiles",
        ))?;
        let wallet = self.text("walletAddress", "its walletAddress must be a text of 1 to 256 bytes")?;
        let id = self.text("externalUserId", "its externalUserId must be a text of 1 to 256 bytes")?;
        let person = match (id, wallet) {
            (Some(id), _) => ("user", id),
            (None, Some(wallet)) => ("wallet", wallet),
            (None, None) => ("token", self.signed),
        };
        Ok(StartToken {
            level: level.to_owned(),
            person: (person.0, Personal::new(person.1.to_owned())),
            wallet: wallet.map(|wallet| Personal::new(wallet.to_owned())),
        })
    }

    /// That it is one by which a consumer asks (`api`). `now` is in seconds since 1970.
    pub fn asks(&self, key: &ConsumerKey, now: i64) -> Result<(), TokenFault> {
        self.verify(key, now, "api", "kyc")
    }

    fn verify(&self, key: &ConsumerKey, now: i64, purpose: &str, other: &str) -> Result<(), TokenFault> {
        key.0.verify(self.signed.as_bytes(), &self.signature).map_err(|_| TokenFault::Signature)?;
        self.check_time(now)?;
        // Good for one thing: a link that somebody has seen opens no interface, and the other way round.
        let is = |name: &str| self.claims.member(name) == Some(&Json::Bool(true));
        match (is(purpose), is(other)) {
            (true, false) => Ok(()),
            _ if purpose == "kyc" => Err(TokenFault::Purpose("kyc must be true in it, and api must not")),
            _ => Err(TokenFault::Purpose("api must be true in it, and kyc must not")),
        }
    }

    fn check_time(&self, now: i64) -> Result<(), TokenFault> {
        let (made, begins, ends) = (self.seconds("iat")?, self.seconds("nbf")?, self.seconds("exp")?);
        let Some(from) = made.or(begins) else {
            return Err(TokenFault::Malformed("its iat must say when it was made"));
        };
        let ends = ends.unwrap_or_else(|| from.saturating_add(LONGEST_LIFE));
        if ends.saturating_sub(from) > LONGEST_LIFE {
            return Err(TokenFault::TooLong);
        }
        if ends.saturating_add(SKEW) <= now {
            return Err(TokenFault::Expired);
        }
        if [made, begins].into_iter().flatten().any(|moment| moment.saturating_sub(SKEW) > now) {
            return Err(TokenFault::NotYet);
        }
        Ok(())
    }

    /// A moment, in whole seconds since 1970, if it is there.
    fn seconds(&self, name: &str) -> Result<Option<i64>, TokenFault> {
        /// The end of the year 9999.
        const LATEST: f64 = 253_402_300_799.0;
        match self.claims.member(name) {
            None => Ok(None),
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within bounds")]
            Some(Json::Number(number)) if number.fract() == 0.0 && (0.0..=LATEST).contains(number) => {
                Ok(Some(*number as i64))
            }
            Some(_) => Err(TokenFault::Malformed("its iat, nbf and exp must be whole seconds since 1970")),
        }
    }

    /// A text, if it is there.
    fn text(&self, name: &str, expected: &'static str) -> Result<Option<&str>, TokenFault> {
        match self.claims.member(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) if (1..=LONGEST_ID).contains(&text.len()) && !text.contains('\0') => {
                Ok(Some(text))
            }
            Some(_) => Err(TokenFault::Malformed(expected)),
        }
    }
}

/// The head: ES512, and nothing that a library might act upon, such as keys that come along (RFC 7515, section 4.1).
fn check_head(head: &Json) -> Result<(), TokenFault> {
    let Json::Object(members) = head else { return Err(TokenFault::Algorithm) };
    let is_known = |(name, value): &(String, Json)| match name.as_str() {
        "alg" => value.as_text() == Some("ES512"),
        "typ" => value.as_text().is_some_and(|text| text.eq_ignore_ascii_case("JWT")),
        // Each consumer has one key.
        "kid" => value.as_text().is_some(),
        _ => false,
    };
    if head.member("alg").is_some() && members.iter().all(is_known) {
        Ok(())
    } else {
        Err(TokenFault::Algorithm)
    }
}

/// One spelling of a wallet's address: that of EVM means the same in both cases.
#[must_use]
pub fn spelled(address: &str) -> String {
    if address.starts_with("0x") { address.to_ascii_lowercase() } else { address.to_owned() }
}

/// What a consumer's token begins a claim with.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The consumer.
    pub consumer: Uuid,
    /// The level, by which the journey is found.
    pub level: String,
    /// A keyed hash of what makes a person the same for this consumer.
    pub person: String,
    /// A keyed hash of the wallet that the person has to have.
    pub wallet: Option<String>,
}

/// A claim that a consumer's token has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The claim.
    pub claim: ClaimId,
    /// The consumer.
    pub consumer: Uuid,
    /// The level, by which the journey is found.
    pub level: String,
    /// A keyed hash of what makes a person the same for this consumer.
    pub person: String,
    /// A keyed hash of the wallet that the person has to have.
    pub wallet: Option<String>,
    /// The verification, once there is one.
    pub verification: Option<VerificationId>,
}

super::named::named! {
    /// What a consumer is told of a credential.
    KycStatus {
        /// It is in the person's profile.
        Approved = "approved",
        /// It is on its way.
        Pending = "pending",
        /// It is not, or holds no more.
        Rejected = "rejected",
    }
}

impl KycStatus {
    /// Of a credential whose issuance stands here; nothing is told of one that was erased.
    #[must_use]
    pub fn of(state: IssuanceState) -> Option<Self> {
        match state {
            IssuanceState::Issued => Some(Self::Approved),
            IssuanceState::AwaitingProfile
            | IssuanceState::AwaitingGrant
            | IssuanceState::Queued
            | IssuanceState::Uploading
            | IssuanceState::Halted => Some(Self::Pending),
            IssuanceState::Revoking | IssuanceState::Revoked | IssuanceState::Failed => Some(Self::Rejected),
            IssuanceState::Erased => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What npm `jsonwebtoken` has made, and what it does not make.
    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../tests/vectors/relay.json")).unwrap()
    }

    fn code(fault: TokenFault) -> &'static str {
        match fault {
            TokenFault::Malformed(_) => "malformed",
            TokenFault::Algorithm => "algorithm",
            TokenFault::UnknownConsumer => "unknown_consumer",
            TokenFault::Signature => "signature",
            TokenFault::Expired => "expired",
            TokenFault::NotYet => "not_yet",
            TokenFault::TooLong => "too_long",
            TokenFault::Purpose(_) => "purpose",
        }
    }

    #[test]
    fn tokens_are_taken_or_refused_as_each_is() {
        let vectors = vectors();
        let key = ConsumerKey::from_text(vectors["publicKey"].as_str().unwrap()).unwrap();
        let now = vectors["now"].as_i64().unwrap();
        let mut wrong = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for vector in vectors["tokens"].as_array().unwrap() {
            let read = Unverified::read(vector["token"].as_str().unwrap());
            let said = read.and_then(|token| {
                assert_eq!(token.consumer().to_string(), vectors["clientId"]);
                match vector["purpose"].as_str().unwrap() {
                    "kyc" => token.begins(&key, now).map(|_| ()),
                    _ => token.asks(&key, now),
                }
            });
            let said = said.map_or_else(code, |()| "ok");
            seen.insert(said);
            if said != vector["is"] {
                wrong.push(format!("{}: {said}, and not {}", vector["name"], vector["is"]));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(seen.len(), 8, "{seen:?}");
    }

    #[test]
    fn a_person_is_known_by_the_best_that_there_is() {
        let vectors = vectors();
        let key = ConsumerKey::from_text(vectors["publicKey"].as_str().unwrap()).unwrap();
        let now = vectors["now"].as_i64().unwrap();
        let begins = |name: &str| {
            let mut all = vectors["tokens"].as_array().unwrap().iter();
            let token = all.find(|token| token["name"] == name).unwrap()["token"].as_str().unwrap();
            Unverified::read(token).unwrap().begins(&key, now).unwrap()
        };
        let known = begins("for an hour");
        assert_eq!((known.person.0, known.person.1.expose().as_str()), ("user", "user-1"));
        assert_eq!(known.level, "plus+liveness");
        assert!(known.wallet.is_none());
        let by_wallet = begins("with a wallet, a state and no id");
        assert_eq!(by_wallet.person.0, "wallet");
        assert_eq!(spelled(by_wallet.wallet.unwrap().expose()), "0xabcdef0123456789abcdef0123456789abcdef01");
        assert_eq!(begins("with nobody in it").person.0, "token");
    }

    #[test]
    fn one_key_has_one_spelling_and_others_are_none() {
        let vectors = vectors();
        let pem = vectors["publicKey"].as_str().unwrap();
        let key = ConsumerKey::from_text(pem).unwrap();
        let jwk = Json::parse(vectors["jwk"].to_string().as_bytes()).unwrap();
        assert!(ConsumerKey::from_jwk(&jwk).unwrap() == key);
        assert!(ConsumerKey::from_text(&vectors["jwk"].to_string()).unwrap() == key);
        assert!(ConsumerKey::from_hex(&key.to_hex()).unwrap() == key);
        for other in vectors["otherKeys"].as_array().unwrap() {
            assert_eq!(ConsumerKey::from_text(other.as_str().unwrap()), Err(InvalidKey));
        }
        let with = |name: &str, value: &str| {
            let mut jwk = vectors["jwk"].clone();
            jwk[name] = value.into();
            ConsumerKey::from_text(&jwk.to_string())
        };
        let (x, half) = (vectors["jwk"]["x"].as_str().unwrap(), "A".repeat(88));
        for (name, value) in
            [("d", half.as_str()), ("crv", "P-256"), ("kty", "oct"), ("y", x), ("y", "AA"), ("y", &half)]
        {
            assert_eq!(with(name, value), Err(InvalidKey), "{name}");
        }
        for text in ["", "{", "{}", "-----BEGIN PUBLIC KEY-----", &pem.replace("PUBLIC", "PRIVATE")] {
            assert_eq!(ConsumerKey::from_text(text), Err(InvalidKey));
        }
    }
}
