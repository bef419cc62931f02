//! The strict verifier: a credential of a shape that issuers write, signed by a key that the caller accepts.
//!
//! Nothing is fetched and no JSON-LD is processed: contexts must be the known ones by name, values must be
//! plain texts, members must be known and stand once. That refuses forgeries that general JSON-LD processing
//! lets through (inline contexts, aliases, lists, nested or repeated members). What remains is said in the
//! documentation of this crate: the proof does not bind values to fields.

use crate::envelope::Head;
use crate::key::{KeyError, VerificationKey};
use crate::moment::Moment;
use crate::nquads;
use crate::proof::Proof;
use crate::rejection::{Members, malformed, unknown};
use crate::strict_json::Json;
use crate::terms::{SubjectKind, Term};
use crate::verification_method::VerificationMethod;

pub use crate::rejection::{Rejection, RejectionKind};

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

const SUBJECT_UNKNOWN: &str = "is not a context of idOS subjects";
const SUBJECT_OLD: &str = "is that of an old subject (version 1), which is not taken unless asked for";
const CLAIM_UNKNOWN: &str = "has a member that such subjects do not have";

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
    let Document { head, proof, .. } = &document;

    let method = proof.options.verification_method;
    let mut signers = accepted.iter().filter(|a| a.is_named(method, head.issuer)).peekable();
    if signers.peek().is_none() {
        return Err(Rejection::UnknownIssuer);
    }
    let claims = document.claims.iter().map(|(term, text)| (term.predicate, nquads::escape_literal(text)));
    let nodes = head.nodes();
    let signed = proof.suite.to_sign(&proof.options, head.statements(&nodes, claims));
    if !signers.any(|signer| signer.key.verifies(&signed, &proof.signature)) {
        return Err(Rejection::Signature);
    }

    // Dates are judged last: only a signed date says anything.
    let expiration_date = head.expiration_date.and_then(|date| date.parse::<Moment>().ok());
    if expiration_date.is_some_and(|end| end.plus_millis(CLOCK_SKEW_MILLIS) <= now) {
        return Err(Rejection::Expired);
    }
    let issuance_date = head.issuance_date.parse::<Moment>().ok();
    if issuance_date.is_none_or(|start| start.plus_millis(-CLOCK_SKEW_MILLIS) >= now) {
        return Err(Rejection::NotYetValid);
    }
    Ok(Verified {
        id: head.id.to_owned(),
        issuer: head.issuer.to_owned(),
        verification_method: method.to_owned(),
        kind: document.kind,
        level: head.level.to_owned(),
        level_supported: document.level_supported(),
        expiration_date,
    })
}

struct Document<'a> {
    head: Head<'a>,
    kind: SubjectKind,
    claims: Vec<(&'static Term, &'a str)>,
    proof: Proof<'a>,
}

impl<'a> Document<'a> {
    fn read(json: &'a Json, subjects: Subjects) -> Result<Self, Rejection> {
        let mut members = Members::of(json, "")?;
        let (mut head, suites) = Head::read(&mut members)?;
        let subject = members.required("credentialSubject")?;
        let proof = members.required("proof")?;
        members.end()?;

        let (kind, subject_id, claims) = read_subject(subject, subjects)?;
        head.subject_id = subject_id;
        let proof = Proof::read(proof, &suites)?;
        Ok(Self { head, kind, claims, proof })
    }

    /// Whether what the level claims is there.
    fn level_supported(&self) -> Option<bool> {
        if self.kind != SubjectKind::KycV2 {
            return None;
        }
        let given = |name| self.claims.iter().any(|(term, text)| term.name == name && !text.is_empty());
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

type Claims<'a> = (SubjectKind, Option<&'a str>, Vec<(&'static Term, &'a str)>);

fn read_subject(json: &Json, subjects: Subjects) -> Result<Claims<'_>, Rejection> {
    let mut members = Members::of(json, "credentialSubject")?;
    let Some(kind) = SubjectKind::by_context(members.text("@context")?) else {
        return unknown("credentialSubject.@context", SUBJECT_UNKNOWN);
    };
    if kind == SubjectKind::KycV1 && subjects == Subjects::Present {
        return unknown("credentialSubject.@context", SUBJECT_OLD);
    }
    let id = match (kind, members.get("id").is_some()) {
        (SubjectKind::FaceSign, false) => None,
        (SubjectKind::FaceSign, true) => {
            return malformed("credentialSubject.id", "is not part of such a subject");
        }
        _ => Some(members.uri("id")?),
    };
    let mut claims = Vec::with_capacity(members.left().len());
    for (name, value) in members.left() {
        let Some(term) = kind.term(name) else {
            return unknown("credentialSubject", CLAIM_UNKNOWN);
        };
        let field = || format!("credentialSubject.{}", term.name);
        let Some(text) = value.as_text() else {
            return malformed(field(), "must be a text");
        };
        term.rule.check(text).or_else(|problem| malformed(field(), problem))?;
        claims.push((term, text));
    }
    for term in kind.required() {
        if !claims.iter().any(|(there, _)| there.name == term.name) {
            return malformed(format!("credentialSubject.{}", term.name), "is missing");
        }
    }
    Ok((kind, id, claims))
}
