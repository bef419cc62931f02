//! The strict verifier: a credential of a shape that issuers write, signed by a key that the caller accepts.
//!
//! Nothing is fetched and no JSON-LD is processed: contexts must be the known ones by name, values must be
//! plain texts, members must be known and stand once. That refuses forgeries that general JSON-LD processing
//! lets through (inline contexts, aliases, lists, nested or repeated members). What remains is said in the
//! documentation of this crate: the proof does not bind values to fields.

use crate::envelope::Head;
use crate::form;
use crate::key::{KeyError, VerificationKey};
use crate::kind::wallet_linkage::LinkedWallet;
use crate::kind::{Kind, Made};
use crate::nquads;
use crate::proof::Proof;
use crate::rejection::{Members, malformed, unknown};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::verification_method::VerificationMethod;
use crate::vocabulary::{Stated, Term};

pub use crate::rejection::{Rejection, RejectionKind};

/// Clocks of issuer and verifier must be less than this apart, in milliseconds. The official SDK allows as much.
pub const CLOCK_SKEW_MILLIS: i64 = 300_000;

/// Longest credential that is looked at, in bytes. A node takes about a fourth of it.
const MAX_BYTES: usize = 20 * 1024 * 1024;

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

    pub(crate) fn key(&self) -> VerificationKey {
        self.key
    }

    pub(crate) fn is_named(&self, id: &str, controller: &str) -> bool {
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
    pub kind: Kind,
    /// The level that it claims.
    pub level: String,
    /// The numbered level that it claims, for kinds that have one.
    pub kyc_level: Option<u32>,
    /// Whether the fields support the level, and the numbered one; `None` where levels are not derived (personhood, old KYC).
    pub level_supported: Option<bool>,
    /// When it ends.
    pub expiration_date: Option<Timestamp>,
    /// How many wallets it lists; 0 for kinds that list none.
    pub wallets: usize,
}

const SUBJECT_UNKNOWN: &str = "is not a context of idOS subjects";
const SUBJECT_OLD: &str = "is that of an old subject (version 1), which is not taken unless asked for";
const SUBJECT_UNWANTED: &str = "is that of a kind of credential that is not taken here";
const CLAIM_UNKNOWN: &str = "has a member that such subjects do not have";

/// Verifies `credential`, a JSON text, at the time `now`. Takes the kinds of today: [`Kind::TAKEN`].
pub fn verify(credential: &[u8], accepted: &[AcceptedIssuer], now: Timestamp) -> Result<Verified, Rejection> {
    verify_with(Kind::TAKEN, credential, accepted, now)
}

/// As [`fn@verify`], with the kinds that are taken: for those who must read old credentials, whose proofs say less than
/// others (see [`crate::kind::kyc_v1`]).
pub fn verify_with(
    kinds: &[Kind],
    credential: &[u8],
    accepted: &[AcceptedIssuer],
    now: Timestamp,
) -> Result<Verified, Rejection> {
    if credential.len() > MAX_BYTES {
        return Err(Rejection::TooLong);
    }
    let json = Json::parse(credential)?;
    let document = Document::read(&json, kinds)?;
    let Document { head, proof, .. } = &document;

    let method = proof.options.verification_method;
    let mut signers = accepted.iter().filter(|a| a.is_named(method, head.issuer)).peekable();
    if signers.peek().is_none() {
        return Err(Rejection::UnknownIssuer);
    }
    let claims = document.claims.iter().map(|(term, stated)| (term.predicate, object(*stated)));
    let nodes = head.nodes();
    let mut statements = head.statements(&nodes, claims);
    statements.extend(document.listed.iter().flat_map(|wallet| wallet.statements(nodes.subject())));
    let signed = proof.suite.to_sign(&proof.options, statements);
    if !signers.any(|signer| signer.key.verifies(&signed, &proof.signature)) {
        return Err(Rejection::Signature);
    }

    // Dates are judged last: only a signed date says anything.
    let expiration_date = head.expiration_date.and_then(|date| date.parse::<Timestamp>().ok());
    if expiration_date.is_some_and(|end| end.plus_millis(CLOCK_SKEW_MILLIS) <= now) {
        return Err(Rejection::Expired);
    }
    let issuance_date = head.issuance_date.parse::<Timestamp>().ok();
    if issuance_date.is_none_or(|start| start.plus_millis(-CLOCK_SKEW_MILLIS) >= now) {
        return Err(Rejection::NotYetValid);
    }
    Ok(Verified {
        id: head.id.to_owned(),
        issuer: head.issuer.to_owned(),
        verification_method: method.to_owned(),
        kind: document.kind,
        level: head.level.to_owned(),
        kyc_level: head.kyc_level,
        level_supported: document.level_supported(),
        expiration_date,
        wallets: document.listed.len(),
    })
}

struct Document<'a> {
    head: Head<'a>,
    kind: Kind,
    claims: Vec<(&'static Term, Stated<'a>)>,
    listed: Vec<LinkedWallet>,
    proof: Proof<'a>,
}

impl<'a> Document<'a> {
    fn read(json: &'a Json, kinds: &[Kind]) -> Result<Self, Rejection> {
        let mut members = Members::of(json, "")?;
        // What an envelope may have is its kind's; what is wrong with the subject is said further down.
        let kind = members.get("credentialSubject").and_then(Kind::of_subject);
        let (mut head, suites) = Head::read(kind.map_or(form::ALL, Kind::envelopes), &mut members)?;
        let subject = members.required("credentialSubject")?;
        let proof = members.required("proof")?;
        members.end()?;

        let (kind, subject_id, claims, listed) = read_subject(subject, kinds)?;
        head.subject_id = subject_id;
        let proof = Proof::read(proof, &suites)?;
        Ok(Self { head, kind, claims, listed, proof })
    }

    /// Whether what the level claims is there.
    fn level_supported(&self) -> Option<bool> {
        made(&self.claims, |made| {
            let level = self.kind.supports(self.head.level, made)?;
            let claimed = self.head.kyc_level.unwrap_or(0);
            Some(level && self.kind.kyc_level(made).is_none_or(|reached| claimed <= reached))
        })
    }
}

type Claims<'a> = (Kind, Option<&'a str>, Vec<(&'static Term, Stated<'a>)>, Vec<LinkedWallet>);

/// What a claim states, as RDF.
fn object(stated: Stated<'_>) -> nquads::Object<'_> {
    match stated {
        Stated::Text(text) => nquads::text_object(text),
        Stated::Boolean(value) => nquads::boolean_object(value),
        Stated::Number(number) => nquads::number_object(number),
    }
}

fn made<T>(claims: &[(&'static Term, Stated<'_>)], ask: impl FnOnce(&Made<'_>) -> T) -> T {
    let find = |name: &str| claims.iter().find(|(term, _)| term.name == name);
    ask(&Made {
        is_there: &|name| find(name).is_some(),
        holds: &|name| find(name).is_some_and(|(_, stated)| stated.holds()),
    })
}

fn read_subject<'a>(json: &'a Json, kinds: &[Kind]) -> Result<Claims<'a>, Rejection> {
    let mut members = Members::of(json, "credentialSubject")?;
    let context = members.required("@context")?;
    let Some(kind) = Kind::of_subject(json) else {
        return if matches!(context, Json::Text(_) | Json::List(_)) {
            unknown("credentialSubject.@context", SUBJECT_UNKNOWN)
        } else {
            malformed("credentialSubject.@context", "must be a text")
        };
    };
    if !kinds.contains(&kind) {
        let problem = if Kind::TAKEN.contains(&kind) { SUBJECT_UNWANTED } else { SUBJECT_OLD };
        return unknown("credentialSubject.@context", problem);
    }
    let id = match (kind.has_id(), members.get("id")) {
        (true, _) => Some(members.uri("id")?),
        (false, None) => None,
        (false, Some(_)) => return malformed("credentialSubject.id", "is not part of such a subject"),
    };
    let listed = match kind.list_member() {
        Some(name) => kind.read_list(id, members.required(name)?)?,
        None => Vec::new(),
    };
    let mut claims = Vec::with_capacity(members.left().len());
    for (name, value) in members.left() {
        let Some(term) = kind.term(name) else {
            return unknown("credentialSubject", CLAIM_UNKNOWN);
        };
        let field = || format!("credentialSubject.{}", term.name);
        let stated = term.rule.read(value).or_else(|problem| malformed(field(), problem))?;
        claims.push((term, stated));
    }
    match made(&claims, |made| kind.lacks(made)) {
        None => Ok((kind, id, claims, listed)),
        Some(("", problem)) => malformed("credentialSubject", problem),
        Some((name, problem)) => malformed(format!("credentialSubject.{name}"), problem),
    }
}
