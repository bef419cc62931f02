//! The strict verifier: a credential of a shape that issuers write, signed by a key that the caller accepts.
//!
//! Nothing is fetched and no JSON-LD is processed: contexts must be the known ones by name, values must be
//! plain texts, members must be known and stand once. That refuses forgeries that general JSON-LD processing
//! lets through (inline contexts, aliases, lists, nested or repeated members). What remains is said in the
//! documentation of this crate: the proof does not bind values to fields.

use ed25519_dalek::SIGNATURE_LENGTH;

use crate::iri;
use crate::key::{KeyError, VerificationKey};
use crate::moment::Moment;
use crate::nquads;
use crate::signed::{Head, verify_data};
use crate::strict_json::{Json, JsonError};
use crate::terms::{CONTEXTS, Rule, SubjectKind, present_address};
use crate::verification_method::VerificationMethod;

/// Clocks of issuer and verifier must be less than this apart, in milliseconds. The official SDK allows as much.
pub const CLOCK_SKEW_MILLIS: i64 = 300_000;

/// Longest credential that is looked at, in bytes. A node takes about a fourth of it.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// An issuer whose credentials the caller accepts.
#[derive(Clone, Debug)]
pub struct AcceptedIssuer {
    key: VerificationKey,
    method: Option<VerificationMethod>,
}

impl AcceptedIssuer {
    /// An issuer that signs by this verification method.
    #[must_use]
    pub fn of(method: VerificationMethod) -> Self {
        Self { key: method.key(), method: Some(method) }
    }

    /// An issuer with a URL: see [`VerificationMethod::of_url`].
    pub fn of_url(issuer: &str, key: VerificationKey) -> Result<Self, KeyError> {
        VerificationMethod::of_url(issuer, key).map(Self::of)
    }

    /// An issuer that is its `did:key`.
    #[must_use]
    pub fn of_did_key(key: VerificationKey) -> Self {
        Self::of(VerificationMethod::of_did_key(key))
    }

    /// A key with an id and a controller of its own.
    pub fn named(id: String, controller: String, key: VerificationKey) -> Result<Self, KeyError> {
        VerificationMethod::new(id, controller, key).map(Self::of)
    }

    /// Whoever holds the key, under whatever name the credential gives. For people who were handed a key and no
    /// name; a consumer should name its issuers.
    #[must_use]
    pub fn any_name(key: VerificationKey) -> Self {
        Self { key, method: None }
    }

    fn is_named(&self, id: &str, controller: &str) -> bool {
        self.method.as_ref().is_none_or(|method| method.id() == id && method.controller() == controller)
    }
}

/// What a verified credential is. Holds no claim about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The credential's id.
    pub id: String,
    /// Who issued it.
    pub issuer: String,
    /// The key that signed it.
    pub verification_method: String,
    /// What it is about.
    pub kind: SubjectKind,
    /// The level that it claims.
    pub level: String,
    /// Whether the fields support that level; `None` where levels are not derived (personhood, old KYC).
    pub level_supported: Option<bool>,
    /// When it ends.
    pub expiration_date: Option<Moment>,
}

/// Why a credential was refused. Names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Not JSON as credentials are.
    #[error("the credential {0}")]
    Json(#[from] JsonError),
    /// Too long.
    #[error("the credential is longer than 16 MiB")]
    TooLong,
    /// A member that is missing, or not of the one shape that issuers write.
    #[error("{field} {problem}")]
    Shape {
        /// A dotted path, from names that the format knows.
        field: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// No accepted issuer has the names that the credential gives.
    #[error("the credential is of no accepted issuer")]
    UnknownIssuer,
    /// The proof does not fit the credential and the key.
    #[error("the signature is wrong")]
    Signature,
    /// `expirationDate` is past.
    #[error("the credential has expired")]
    Expired,
    /// `issuanceDate` is to come.
    #[error("the credential is not valid yet")]
    NotYetValid,
}

/// Which no a [`Rejection`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// It cannot be read as a credential: not JSON, or a member is missing or not of its form.
    Malformed,
    /// It is, or may be, well formed, but in a way that this verifier does not know: another context, suite, type or
    /// member, an old subject that was not asked for.
    Unknown,
    /// It is of no accepted issuer.
    Issuer,
    /// The signature is wrong.
    Signature,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
}

impl RejectionKind {
    /// For machines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

impl Rejection {
    /// Which no it is.
    #[must_use]
    pub fn kind(&self) -> RejectionKind {
        match self {
            Self::Shape { problem, .. } if UNKNOWN.contains(problem) => RejectionKind::Unknown,
            Self::Json(_) | Self::TooLong | Self::Shape { .. } => RejectionKind::Malformed,
            Self::UnknownIssuer => RejectionKind::Issuer,
            Self::Signature => RejectionKind::Signature,
            Self::Expired => RejectionKind::Expired,
            Self::NotYetValid => RejectionKind::NotYetValid,
        }
    }
}

/// What is said of what the verifier does not know.
const UNKNOWN: [&str; 8] = [
    CONTEXTS_UNKNOWN,
    TYPE_UNKNOWN,
    SUBJECT_UNKNOWN,
    SUBJECT_OLD,
    MEMBER_UNKNOWN,
    CLAIM_UNKNOWN,
    SUITE,
    PURPOSE,
];
const CONTEXTS_UNKNOWN: &str = "must be exactly the three contexts of idOS credentials, in their order";
const TYPE_UNKNOWN: &str = "must be exactly [\"VerifiableCredential\"]";
const SUBJECT_UNKNOWN: &str = "is not a context of idOS subjects";
const SUBJECT_OLD: &str = "is that of an old subject (version 1), which is not taken unless asked for";
const MEMBER_UNKNOWN: &str = "has a member that such credentials do not have";
const CLAIM_UNKNOWN: &str = "has a member that such subjects do not have";
const SUITE: &str = "must be Ed25519Signature2020";
const PURPOSE: &str = "must be assertionMethod";

/// Which subjects are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Those that are issued today: KYC version 2 and FaceSign.
    Present,
    /// KYC version 1 too. The proof does not cover the name of the subject's context, so whoever holds a credential
    /// of version 2 can call it version 1: no member is required then, and four more names are known. What remains
    /// is that every value was signed, and obeys the rule of the field that it stands in.
    AndOld,
}

/// Verifies `credential`, a JSON text, at the time `now`. Takes [`Subjects::Present`].
pub fn verify(credential: &[u8], accepted: &[AcceptedIssuer], now: Moment) -> Result<Verified, Rejection> {
    verify_with(Subjects::Present, credential, accepted, now)
}

/// As [`fn@verify`], for those who must read old credentials.
pub fn verify_with(
    subjects: Subjects,
    credential: &[u8],
    accepted: &[AcceptedIssuer],
    now: Moment,
) -> Result<Verified, Rejection> {
    if credential.len() > MAX_BYTES {
        return Err(Rejection::TooLong);
    }
    let json = Json::parse(credential)?;
    let document = Document::read(&json, subjects)?;
    let proof = Proof::read(document.proof)?;

    let mut signers =
        accepted.iter().filter(|a| a.is_named(proof.verification_method, document.head.issuer)).peekable();
    if signers.peek().is_none() {
        return Err(Rejection::UnknownIssuer);
    }
    let claims = document.members.iter().map(|(term, text)| (term.predicate, nquads::escape_literal(text)));
    let data = verify_data(&document.head, claims, proof.created, proof.verification_method);
    if !signers.any(|signer| signer.key.verifies(&data, &proof.signature)) {
        return Err(Rejection::Signature);
    }

    // Dates are judged last: only a signed date says anything.
    let expiration_date = document.head.expiration_date.and_then(|date| date.parse::<Moment>().ok());
    if expiration_date.is_some_and(|end| end.plus_millis(CLOCK_SKEW_MILLIS) <= now) {
        return Err(Rejection::Expired);
    }
    let issuance_date = document.head.issuance_date.parse::<Moment>().ok();
    if issuance_date.is_none_or(|start| start.plus_millis(-CLOCK_SKEW_MILLIS) >= now) {
        return Err(Rejection::NotYetValid);
    }
    Ok(Verified {
        id: document.head.id.to_owned(),
        issuer: document.head.issuer.to_owned(),
        verification_method: proof.verification_method.to_owned(),
        kind: document.kind,
        level: document.head.level.to_owned(),
        level_supported: document.level_supported(),
        expiration_date,
    })
}

fn shape<T>(field: impl Into<String>, problem: &'static str) -> Result<T, Rejection> {
    Err(Rejection::Shape { field: field.into(), problem })
}

/// The members of an object, each taken once; what is left over is unknown.
struct Members<'a> {
    path: &'static str,
    left: Vec<(&'a str, &'a Json)>,
}

impl<'a> Members<'a> {
    fn of(json: &'a Json, path: &'static str) -> Result<Self, Rejection> {
        match json {
            Json::Object(members) => {
                Ok(Self { path, left: members.iter().map(|(n, v)| (n.as_str(), v)).collect() })
            }
            _ => shape(if path.is_empty() { "the credential" } else { path }, "must be an object"),
        }
    }

    fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn optional(&mut self, name: &str) -> Option<&'a Json> {
        let position = self.left.iter().position(|(n, _)| *n == name)?;
        Some(self.left.swap_remove(position).1)
    }

    fn required(&mut self, name: &str) -> Result<&'a Json, Rejection> {
        self.optional(name).map_or_else(|| shape(self.path(name), "is missing"), Ok)
    }

    fn text(&mut self, name: &str) -> Result<&'a str, Rejection> {
        let json = self.required(name)?;
        json.as_text().map_or_else(|| shape(self.path(name), "must be a text"), Ok)
    }

    fn uri(&mut self, name: &str) -> Result<&'a str, Rejection> {
        let text = self.text(name)?;
        iri::check(text).or_else(|problem| shape(self.path(name), problem))?;
        Ok(text)
    }

    fn date(&mut self, name: &str) -> Result<Option<&'a str>, Rejection> {
        let Some(json) = self.optional(name) else {
            return Ok(None);
        };
        let Some(text) = json.as_text() else {
            return shape(self.path(name), "must be a text");
        };
        Rule::Date.check(text).or_else(|problem| shape(self.path(name), problem))?;
        Ok(Some(text))
    }

    fn end(self) -> Result<(), Rejection> {
        if self.left.is_empty() {
            return Ok(());
        }
        shape(if self.path.is_empty() { "the credential" } else { self.path }, MEMBER_UNKNOWN)
    }
}

struct Document<'a> {
    head: Head<'a>,
    kind: SubjectKind,
    members: Vec<(&'static crate::terms::Term, &'a str)>,
    proof: &'a Json,
}

impl<'a> Document<'a> {
    fn read(json: &'a Json, subjects: Subjects) -> Result<Self, Rejection> {
        let mut members = Members::of(json, "")?;
        check_contexts(members.required("@context")?)?;
        if !matches!(members.required("type")?, Json::List(items) if matches!(items.as_slice(), [Json::Text(t)] if t == "VerifiableCredential"))
        {
            return shape("type", TYPE_UNKNOWN);
        }
        let mut head = Head {
            id: members.uri("id")?,
            issuer: members.uri("issuer")?,
            level: members.text("level")?,
            issued: members.date("issued")?,
            approved_at: members.date("approvedAt")?,
            expiration_date: members.date("expirationDate")?,
            issuance_date: match members.date("issuanceDate")? {
                Some(date) => date,
                None => return shape("issuanceDate", "is missing"),
            },
            subject_id: None,
        };
        let subject = members.required("credentialSubject")?;
        let proof = members.required("proof")?;
        members.end()?;

        let (kind, subject_id, members) = read_subject(subject, subjects)?;
        head.subject_id = subject_id;
        Ok(Self { head, kind, members, proof })
    }

    /// Whether what the level claims is there.
    fn level_supported(&self) -> Option<bool> {
        if self.kind != SubjectKind::KycV2 {
            return None;
        }
        let given = |name| self.members.iter().any(|(term, text)| term.name == name && !text.is_empty());
        let mut parts = self.head.level.split('+');
        let base = match parts.next() {
            Some("plus") => {
                ["residentialAddressProofFile", "residentialAddressCity", "residentialAddressProofCategory"]
                    .into_iter()
                    .all(given)
            }
            base => base == Some("basic"),
        };
        Some(
            base && parts.all(|add_on| match add_on {
                "liveness" => given("selfieFile"),
                "email" | "phoneNumber" => given(add_on),
                _ => false,
            }),
        )
    }
}

type Claims<'a> = (SubjectKind, Option<&'a str>, Vec<(&'static crate::terms::Term, &'a str)>);

fn read_subject(json: &Json, subjects: Subjects) -> Result<Claims<'_>, Rejection> {
    let mut members = Members::of(json, "credentialSubject")?;
    let Some(kind) = SubjectKind::by_context(members.text("@context")?) else {
        return shape("credentialSubject.@context", SUBJECT_UNKNOWN);
    };
    if kind == SubjectKind::KycV1 && subjects == Subjects::Present {
        return shape("credentialSubject.@context", SUBJECT_OLD);
    }
    let id = match (kind, members.left.iter().any(|(name, _)| *name == "id")) {
        (SubjectKind::FaceSign, false) => None,
        (SubjectKind::FaceSign, true) => {
            return shape("credentialSubject.id", "is not part of such a subject");
        }
        _ => Some(members.uri("id")?),
    };
    let mut claims = Vec::with_capacity(members.left.len());
    for (name, value) in &members.left {
        let Some(term) = kind.term(name) else {
            return shape("credentialSubject", CLAIM_UNKNOWN);
        };
        let field = || format!("credentialSubject.{}", term.name);
        let Some(text) = value.as_text() else {
            return shape(field(), "must be a text");
        };
        term.rule.check(text).or_else(|problem| shape(field(), problem))?;
        claims.push((term, text));
    }
    for term in kind.required() {
        if !claims.iter().any(|(there, _)| there.name == term.name) {
            return shape(format!("credentialSubject.{}", term.name), "is missing");
        }
    }
    Ok((kind, id, claims))
}

fn check_contexts(json: &Json) -> Result<(), Rejection> {
    let known = match json {
        Json::List(items) => {
            items.iter().map(|item| item.as_text().map(present_address)).eq(CONTEXTS.map(Some))
        }
        _ => false,
    };
    if known { Ok(()) } else { shape("@context", CONTEXTS_UNKNOWN) }
}

struct Proof<'a> {
    created: &'a str,
    verification_method: &'a str,
    signature: [u8; SIGNATURE_LENGTH],
}

impl<'a> Proof<'a> {
    fn read(json: &'a Json) -> Result<Self, Rejection> {
        let mut members = Members::of(json, "proof")?;
        for (name, wanted, problem) in
            [("type", "Ed25519Signature2020", SUITE), ("proofPurpose", "assertionMethod", PURPOSE)]
        {
            if members.text(name)? != wanted {
                return shape(members.path(name), problem);
            }
        }
        let Some(created) = members.date("created")? else {
            return shape("proof.created", "is missing");
        };
        let verification_method = members.uri("verificationMethod")?;
        let proof_value = members.text("proofValue")?;
        members.end()?;

        let signature = proof_value
            .strip_prefix('z')
            .filter(|digits| digits.len() <= 100)
            .and_then(|digits| bs58::decode(digits).into_vec().ok())
            .and_then(|bytes| bytes.try_into().ok());
        match signature {
            Some(signature) => Ok(Self { created, verification_method, signature }),
            None => shape("proof.proofValue", "must be 64 bytes in multibase base58btc"),
        }
    }
}
