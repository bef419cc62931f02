//! The receipt of an erasure: a credential of the issuer about a request, and about nobody.
//!
//! It says when the request came in and was done, how many records of each kind are gone, and what became, apart, of the issuer's
//! records, of its own copies on the network, of what the user has there, and of what consumers have. Counts and times only: no
//! id of a record, and no person. It is no idOS credential, has no idOS context, and cannot be sealed or delivered.
//!
//! The subject brings its own context ([`context_json`]), whose terms are predicates of this project, so that each value is bound to
//! its name by the proof.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::envelope::VCDM_CONTEXT;
use crate::error::WrongSignature;
use crate::iri::{self, Place};
use crate::nquads::{self, Datatype, Object, Quad};
use crate::proof::{Options, Proof, Suite};
use crate::rejection::{Members, Rejection, malformed, unknown};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::verification_method::VerificationMethod;
use crate::verify::{AcceptedIssuer, CLOCK_SKEW_MILLIS};
use crate::writer::Writer;

/// What the terms of the subject are named under. The context itself stands in the subject: [`context_json`].
pub const CONTEXT: &str = "urn:idos-issuer:erasure-receipt:1";

/// What the id of a subject begins with; the id of the case follows.
const CASE: &str = "urn:idos-issuer:erasure:";

/// Longest receipt that is looked at, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The highest count: what a number of JSON says exactly everywhere.
const MOST: u64 = 1 << 53;

const TYPE: &str = "VerifiableCredential";

/// What a term says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// How many.
    Count,
    /// When.
    Moment,
    /// In words, or by a code.
    Text,
}

/// A term: its name, its predicate, what it says, and whether it may be left out.
struct Term {
    name: &'static str,
    predicate: &'static str,
    says: Says,
    is_optional: bool,
}

macro_rules! terms {
    ($($name:literal $says:ident $is_optional:literal,)*) => {
        &[$(Term {
            name: $name,
            predicate: concat!(" <urn:idos-issuer:erasure-receipt:1#", $name, "> \""),
            says: Says::$says,
            is_optional: $is_optional,
        },)*]
    };
}

/// All terms, in the order in which they are written.
static TERMS: &[Term] = terms! {
    "received" Moment false,
    "erased" Moment false,
    "issuances" Count false,
    "verifications" Count false,
    "claims" Count false,
    "profiles" Count false,
    "wallets" Count false,
    "attributes" Count false,
    "walletLinks" Count false,
    "issuerCopiesRemoved" Count false,
    "issuerCopiesAbsent" Count false,
    "issuerCopiesLeft" Count false,
    "userCredentials" Count false,
    "userCredentialsRevoked" Count false,
    "userCredentialsNotRevoked" Count false,
    "userCredentialsUnknown" Count false,
    "userRows" Count false,
    "userRemovesBy" Text false,
    "consumerCopies" Count false,
    "consumerCopiesLockedUntil" Moment true,
    "consumerCopiesKnownBy" Text false,
    "confirmation" Text false,
};

/// What a receipt says. Counts are of records of the issuer's, or of rows on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureReceipt {
    /// The id of the case.
    pub case: String,
    /// When the request came in.
    pub received: Timestamp,
    /// When nothing was left.
    pub erased: Timestamp,
    /// Records of issuances that are gone.
    pub issuances: u64,
    /// Records of verifications.
    pub verifications: u64,
    /// Records of claims.
    pub claims: u64,
    /// Records of profiles.
    pub profiles: u64,
    /// Records of added wallets.
    pub wallets: u64,
    /// Records of attributes.
    pub attributes: u64,
    /// Records of linked wallets.
    pub wallet_links: u64,
    /// The issuer's own copies that were removed from the network.
    pub copies_removed: u64,
    /// Those that were not there (any more).
    pub copies_absent: u64,
    /// Those that the issuer could not remove, or of which nobody could say whether they are there.
    pub copies_left: u64,
    /// Credentials that stay in the user's profile, and hold.
    pub credentials: u64,
    /// Credentials that stay there, marked as revoked or superseded.
    pub credentials_revoked: u64,
    /// Of those that hold: how many were to be revoked, and could not be.
    pub credentials_not_revoked: u64,
    /// Credentials of which nobody could say whether they are there.
    pub credentials_unknown: u64,
    /// The user's profile, wallets and attributes that stay there.
    pub rows: u64,
    /// How users remove what is theirs.
    pub removes_by: String,
    /// Copies that are consumers'.
    pub consumer_copies: u64,
    /// Until when the last of them is under a time lock, where that is known.
    pub consumer_copies_locked_until: Option<Timestamp>,
    /// By what else it is known who has one, and until when.
    pub consumer_copies_known_by: String,
    /// What became of the confirmation by mail: a code.
    pub confirmation: String,
}

/// The value of a term.
#[derive(Clone, PartialEq, Eq)]
enum Value {
    Count(u64),
    Moment(String),
    Text(String),
}

impl Value {
    fn object(&self) -> Object<'_> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "counts are at most 2 to the 53rd")]
            Self::Count(count) => nquads::number_object(*count as f64),
            Self::Moment(text) => (nquads::escape_literal(text), Datatype::DateTime),
            Self::Text(text) => nquads::text_object(text),
        }
    }
}

/// The context of a receipt's subject, as it stands there. It is protected, so that no other redefines it.
#[must_use]
pub fn context_json() -> String {
    let mut out = r#"{"@version":1.1,"@protected":true"#.to_owned();
    for term in TERMS {
        let iri = format!("{CONTEXT}#{}", term.name);
        // Writing to memory cannot fail.
        let _ = match term.says {
            Says::Moment => write!(
                out,
                r#","{}":{{"@id":"{iri}","@type":"http://www.w3.org/2001/XMLSchema#dateTime"}}"#,
                term.name
            ),
            Says::Count | Says::Text => write!(out, r#","{}":{{"@id":"{iri}"}}"#, term.name),
        };
    }
    out.push('}');
    out
}

/// A receipt that only lacks its signature.
pub struct UnsignedReceipt {
    document: Writer,
    to_sign: [u8; 64],
    method: VerificationMethod,
    created: String,
}

impl UnsignedReceipt {
    /// The exact bytes to be signed.
    #[must_use]
    pub fn to_sign(&self) -> &[u8] {
        &self.to_sign
    }

    /// The receipt as JSON, with `signature`, if it is that of the verification method's key over [`to_sign`](Self::to_sign).
    pub fn signed(self, signature: &[u8]) -> Result<String, WrongSignature> {
        let signature: &[u8; 64] = signature.try_into().map_err(|_| WrongSignature)?;
        if !self.method.key().verifies(&self.to_sign, signature) {
            return Err(WrongSignature);
        }
        let Self { document: mut out, method, created, .. } = self;
        let options = Options { created: &created, verification_method: method.id() };
        Suite::default().write(&mut out, &options, signature);
        out.close();
        Ok(out.into_text())
    }
}

impl ErasureReceipt {
    /// Writes the receipt, all but its signature, which is to be one of `method`. `now` becomes `issuanceDate` and `proof.created`.
    #[must_use]
    pub fn prepare(&self, method: &VerificationMethod, now: Timestamp) -> UnsignedReceipt {
        let suite = Suite::default();
        let (values, subject) = (self.values(), format!("{CASE}{}", self.case));
        let (id, created) = (id_of(&subject), now.to_seconds_text());
        let mut out = Writer::with_capacity(4096);
        out.open();
        out.raw("@context", &format!("[\"{VCDM_CONTEXT}\",\"{}\"]", suite.context()));
        out.raw("type", &format!("[\"{TYPE}\"]"));
        out.text("issuer", method.controller());
        out.text("id", &id);
        out.name("credentialSubject");
        out.open();
        out.raw("@context", &context_json());
        out.text("id", &subject);
        for (term, value) in &values {
            match value {
                Value::Count(count) => out.raw(term.name, &count.to_string()),
                Value::Moment(text) | Value::Text(text) => out.text(term.name, text),
            }
        }
        out.close();
        out.text("issuanceDate", &created);
        let head = Head { id: &id, issuer: method.controller(), subject: &subject, issuance_date: &created };
        let options = Options { created: &created, verification_method: method.id() };
        let to_sign = head.to_sign(suite, &options, &values);
        UnsignedReceipt { document: out, to_sign, method: method.clone(), created }
    }

    fn values(&self) -> Vec<(&'static Term, Value)> {
        let count = |count: u64| Some(Value::Count(count.min(MOST)));
        let moment = |moment: Timestamp| Some(Value::Moment(moment.to_seconds_text()));
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let values = [
            moment(self.received),
            moment(self.erased),
            count(self.issuances),
            count(self.verifications),
            count(self.claims),
            count(self.profiles),
            count(self.wallets),
            count(self.attributes),
            count(self.wallet_links),
            count(self.copies_removed),
            count(self.copies_absent),
            count(self.copies_left),
            count(self.credentials),
            count(self.credentials_revoked),
            count(self.credentials_not_revoked),
            count(self.credentials_unknown),
            count(self.rows),
            text(&self.removes_by),
            count(self.consumer_copies),
            self.consumer_copies_locked_until.and_then(moment),
            text(&self.consumer_copies_known_by),
            text(&self.confirmation),
        ];
        TERMS.iter().zip(values).filter_map(|(term, value)| Some((term, value?))).collect()
    }

    /// Verifies a receipt, a JSON text, at the time `now`: exactly the shape that issuers write, and signed by one of `accepted`.
    /// Nothing is fetched.
    pub fn verify(
        text: &[u8],
        accepted: &[AcceptedIssuer],
        now: Timestamp,
    ) -> Result<VerifiedReceipt, Rejection> {
        if text.len() > MAX_BYTES {
            return Err(Rejection::TooLong);
        }
        let json = Json::parse(text)?;
        let mut members = Members::of(&json, "")?;
        let suite = Suite::default();
        let contexts = members.required("@context")?;
        if !is_list(contexts, &[VCDM_CONTEXT, suite.context()]) {
            return unknown("@context", "must be exactly the two contexts of receipts, in their order");
        }
        if !is_list(members.required("type")?, &[TYPE]) {
            return unknown("type", "must be exactly [\"VerifiableCredential\"]");
        }
        let (id, issuer) = (members.uri("id")?, members.uri("issuer")?);
        let issuance_date = members.required_date("issuanceDate")?;
        let subject = members.required("credentialSubject")?;
        let proof = members.required("proof")?;
        members.end()?;
        let (subject, values) = read_subject(subject)?;
        let proof = Proof::read(proof, &[suite])?;

        let head = Head { id, issuer, subject, issuance_date };
        let method = proof.options.verification_method;
        let mut signers = accepted.iter().filter(|a| a.is_named(method, issuer)).peekable();
        if signers.peek().is_none() {
            return Err(Rejection::UnknownIssuer);
        }
        let signed = head.to_sign(proof.suite, &proof.options, &values);
        if !signers.any(|signer| signer.key().verifies(&signed, &proof.signature)) {
            return Err(Rejection::Signature);
        }
        let made_at = issuance_date.parse::<Timestamp>().ok();
        if made_at.is_none_or(|start| start.plus_millis(-CLOCK_SKEW_MILLIS) >= now) {
            return Err(Rejection::NotYetValid);
        }
        let says = values.into_iter().map(|(term, value)| {
            let text = match value {
                Value::Count(count) => count.to_string(),
                Value::Moment(text) | Value::Text(text) => text,
            };
            (term.name, text)
        });
        Ok(VerifiedReceipt {
            case: subject.strip_prefix(CASE).unwrap_or_default().to_owned(),
            issuer: issuer.to_owned(),
            verification_method: method.to_owned(),
            says: says.collect(),
        })
    }
}

/// A receipt that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// The id of the case.
    pub case: String,
    /// Who has erased.
    pub issuer: String,
    /// The key that signed it.
    pub verification_method: String,
    /// All that it says, by the names of its members.
    pub says: Vec<(&'static str, String)>,
}

/// The id of a receipt: that of its subject, hashed, so that the two are different nodes.
fn id_of(subject: &str) -> String {
    let hash = Sha256::digest(subject.as_bytes());
    format!("{CONTEXT}:{}", hex::encode(hash.get(..16).unwrap_or_default()))
}

/// What a receipt says of itself.
struct Head<'a> {
    id: &'a str,
    issuer: &'a str,
    subject: &'a str,
    issuance_date: &'a str,
}

impl Head<'_> {
    fn to_sign(&self, suite: Suite, options: &Options<'_>, values: &[(&'static Term, Value)]) -> [u8; 64] {
        let term = |text, place| iri::to_term(text, place);
        let (id, issuer) = (term(self.id, Place::Envelope), term(self.issuer, Place::Envelope));
        let subject = term(self.subject, Place::Subject);
        let date = (nquads::escape_literal(self.issuance_date), Datatype::DateTime);
        let mut quads = vec![
            Quad::node(&id, predicate::TYPE, predicate::VERIFIABLE_CREDENTIAL),
            Quad::node(&id, predicate::ISSUER, &issuer),
            Quad::node(&id, predicate::SUBJECT, &subject),
            Quad::literal(&id, predicate::ISSUANCE_DATE, date),
        ];
        quads.extend(
            values.iter().map(|(term, value)| Quad::literal(&subject, term.predicate, value.object())),
        );
        suite.to_sign(options, quads)
    }
}

fn is_list(json: &Json, wanted: &[&str]) -> bool {
    match json {
        Json::List(items) => {
            let texts: Option<Vec<_>> = items.iter().map(Json::as_text).collect();
            texts.as_deref() == Some(wanted)
        }
        _ => false,
    }
}

/// Whether two are the same but for the order of members, which says nothing.
fn is_same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(members), Json::Object(others)) => {
            members.len() == others.len()
                && members
                    .iter()
                    .all(|(name, value)| b.member(name).is_some_and(|other| is_same(value, other)))
        }
        _ => a == b,
    }
}

/// The id of a case, and what its receipt says of it.
type Told<'a> = (&'a str, Vec<(&'static Term, Value)>);

fn read_subject(json: &Json) -> Result<Told<'_>, Rejection> {
    let mut members = Members::of(json, "credentialSubject")?;
    let context = Json::parse(context_json().as_bytes())?;
    if !is_same(members.required("@context")?, &context) {
        return unknown("credentialSubject.@context", "must be exactly that of receipts");
    }
    let subject = members.uri("id")?;
    if !subject.starts_with(CASE) {
        return unknown("credentialSubject.id", "is none of an erasure");
    }
    let mut values = Vec::new();
    for term in TERMS {
        if term.is_optional && members.get(term.name).is_none() {
            continue;
        }
        let value = match term.says {
            Says::Count => Value::Count(count(&mut members, term.name)?),
            Says::Moment => Value::Moment(members.required_date(term.name)?.to_owned()),
            Says::Text => Value::Text(members.text(term.name)?.to_owned()),
        };
        values.push((term, value));
    }
    members.end()?;
    Ok((subject, values))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, and within its range"
)]
#[expect(clippy::cast_precision_loss, reason = "the bound is a power of two")]
fn count(members: &mut Members<'_>, name: &str) -> Result<u64, Rejection> {
    match members.required(name)? {
        Json::Number(number) if number.fract() == 0.0 && (0.0..=MOST as f64).contains(number) => {
            Ok(*number as u64)
        }
        _ => malformed(members.path(name), "must be a whole number that is not negative"),
    }
}

/// Predicates of the envelope.
mod predicate {
    pub(super) const TYPE: &str = " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ";
    pub(super) const VERIFIABLE_CREDENTIAL: &str =
        "<https://www.w3.org/2018/credentials#VerifiableCredential>";
    pub(super) const ISSUER: &str = " <https://www.w3.org/2018/credentials#issuer> ";
    pub(super) const SUBJECT: &str = " <https://www.w3.org/2018/credentials#credentialSubject> ";
    pub(super) const ISSUANCE_DATE: &str = " <https://www.w3.org/2018/credentials#issuanceDate> \"";
}
