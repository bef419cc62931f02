//! The envelope: what a credential says of itself, by the Verifiable Credentials Data Model 1.1 and the idOS context. How it
//! is written, read, and stated as RDF.

use crate::error::{Invalid, Problems};
use crate::form::{Form, Member};
use crate::iri::{self, Place};
use crate::kind::present_address;
use crate::nquads::{self, BLANK, Datatype, Object, Quad};
use crate::proof::Suite;
use crate::reader::Reader;
use crate::rejection::{Members, Rejection, malformed, unknown};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::{INTEGER, STRING};
use crate::writer::Writer;

/// The context of the data model.
pub const VCDM_CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// The contexts of a credential with an envelope of `form` and a proof of `suite`, in their order.
fn contexts(form: &Form, suite: Suite) -> [&'static str; 3] {
    [VCDM_CONTEXT, form.context, suite.context()]
}

const TYPE: &str = "VerifiableCredential";

/// What a credential says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFields {
    /// An absolute URI.
    pub id: String,
    /// Such as `plus+liveness`; see [`crate::kind::Subject::level`].
    pub level: String,
    /// When the check was made.
    pub issued: Option<Timestamp>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// When the credential ends.
    pub expiration_date: Option<Timestamp>,
}

impl CredentialFields {
    /// Reads what a credential says about itself.
    pub fn read(json: &Json) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let mut members = Reader::new(json, &mut problems);
        let fields = Self {
            id: members.required_text("id"),
            level: members.required_text("level"),
            issued: members.date("issued"),
            approved_at: members.date("approvedAt"),
            expiration_date: members.date("expirationDate"),
        };
        members.end();
        problems.or(fields)
    }
}

/// What a credential says of itself, all as it stands in the document.
pub(crate) struct Head<'a> {
    pub(crate) form: &'static Form,
    pub(crate) id: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) level: &'a str,
    pub(crate) issued: Option<&'a str>,
    pub(crate) approved_at: Option<&'a str>,
    pub(crate) expiration_date: Option<&'a str>,
    pub(crate) kyc_level: Option<u32>,
    pub(crate) issuance_date: &'a str,
    pub(crate) subject_id: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// Writes what stands before the subject.
    pub(crate) fn write(&self, suite: Suite, out: &mut Writer) {
        out.raw("@context", &format!("[\"{}\"]", contexts(self.form, suite).join("\",\"")));
        out.raw("type", &format!("[\"{TYPE}\"]"));
        out.text("issuer", self.issuer);
        out.text("id", self.id);
        out.text("level", self.level);
        for member in self.form.members {
            let date = match member {
                Member::Issued => self.issued,
                Member::ApprovedAt => self.approved_at,
                Member::ExpirationDate => self.expiration_date,
                Member::KycLevel => {
                    if let Some(level) = self.kyc_level {
                        out.raw(member.name(), &level.to_string());
                    }
                    continue;
                }
            };
            if let Some(date) = date {
                out.text(member.name(), date);
            }
        }
    }

    /// Writes what stands behind the subject.
    pub(crate) fn write_end(&self, out: &mut Writer) {
        out.text("issuanceDate", self.issuance_date);
    }

    /// Reads all but the subject's id, of a form among `forms`, and by which suites its contexts allow it to be proven.
    pub(crate) fn read(
        forms: &[&'static Form],
        members: &mut Members<'a>,
    ) -> Result<(Self, Vec<Suite>), Rejection> {
        let (form, suites) = form_of(forms, members.required("@context")?)?;
        if !matches!(members.required("type")?, Json::List(items) if matches!(items.as_slice(), [Json::Text(t)] if t == TYPE))
        {
            return unknown("type", "must be exactly [\"VerifiableCredential\"]");
        }
        let date = |member: Member, members: &mut Members<'a>| {
            if form.members.contains(&member) { members.date(member.name()) } else { Ok(None) }
        };
        let head = Self {
            form,
            id: members.uri("id")?,
            issuer: members.uri("issuer")?,
            level: members.text("level")?,
            issued: date(Member::Issued, members)?,
            approved_at: date(Member::ApprovedAt, members)?,
            expiration_date: date(Member::ExpirationDate, members)?,
            kyc_level: if form.members.contains(&Member::KycLevel) { kyc_level(members)? } else { None },
            issuance_date: members.required_date("issuanceDate")?,
            subject_id: None,
        };
        Ok((head, suites))
    }

    /// The nodes of the document's RDF graph, as terms of N-Quads.
    pub(crate) fn nodes(&self) -> Nodes {
        Nodes {
            id: iri::to_term(self.id, Place::Envelope),
            issuer: iri::to_term(self.issuer, Place::Envelope),
            subject: self.subject_id.map_or_else(|| BLANK.to_owned(), |id| iri::to_term(id, Place::Subject)),
        }
    }

    /// The document as RDF: what it says of itself, and `claims`, each a predicate and an object.
    pub(crate) fn statements<'q>(
        &self,
        nodes: &'q Nodes,
        claims: impl Iterator<Item = (&'static str, Object<'q>)>,
    ) -> Vec<Quad<'q>>
    where
        'a: 'q,
    {
        let text = nquads::text_object;
        let moment = |text: &'a str| (nquads::escape_literal(text), Datatype::DateTime);
        let Nodes { id, issuer, subject } = nodes;
        let mut quads = vec![
            Quad::node(id, predicate::TYPE, predicate::VERIFIABLE_CREDENTIAL),
            Quad::node(id, predicate::ISSUER, issuer),
            Quad::node(id, predicate::SUBJECT, subject),
            Quad::literal(id, predicate::LEVEL, text(self.level)),
            Quad::literal(id, predicate::ISSUANCE_DATE, moment(self.issuance_date)),
        ];
        quads.extend(self.issued.map(|date| Quad::literal(id, predicate::ISSUED, moment(date))));
        quads.extend(self.approved_at.map(|date| Quad::literal(id, self.form.approved_at, text(date))));
        quads.extend(
            self.kyc_level
                .map(|level| Quad::literal(id, predicate::KYC_LEVEL, nquads::number_object(level.into()))),
        );
        quads.extend(
            self.expiration_date.map(|date| Quad::literal(id, predicate::EXPIRATION_DATE, moment(date))),
        );
        quads.extend(claims.map(|(predicate, object)| Quad::literal(subject, predicate, object)));
        quads
    }
}

/// The nodes that statements are about.
pub(crate) struct Nodes {
    id: String,
    issuer: String,
    subject: String,
}

impl Nodes {
    /// Whom the credential is about.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }
}

/// A whole number that is not zero: a level of 0 is said by leaving it out.
fn kyc_level(members: &mut Members<'_>) -> Result<Option<u32>, Rejection> {
    let name = Member::KycLevel.name();
    let Some(json) = members.optional(name) else { return Ok(None) };
    match as_kyc_level(json) {
        Some(level) => Ok(Some(level)),
        None => malformed(members.path(name), "must be a whole number that is not zero"),
    }
}

/// The numbered level that a credential states, 0 if it states none; `None` if what it states cannot be one.
pub(crate) fn stated_kyc_level(credential: &Json) -> Option<u32> {
    credential.member(Member::KycLevel.name()).map_or(Some(0), as_kyc_level)
}

fn as_kyc_level(json: &Json) -> Option<u32> {
    let Json::Number(number) = json else { return None };
    if number.fract() != 0.0 || !(1.0..=MAX_KYC_LEVEL).contains(number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within its range"
    )]
    let level = *number as u32;
    Some(level)
}

/// Issuers write 1 to 3, and consumers' software takes any.
const MAX_KYC_LEVEL: f64 = 1e6;

/// The form and the suites whose contexts these are.
fn form_of(forms: &[&'static Form], json: &Json) -> Result<(&'static Form, Vec<Suite>), Rejection> {
    let named: Option<Vec<_>> = match json {
        Json::List(items) => items.iter().map(|item| item.as_text().map(present_address)).collect(),
        _ => None,
    };
    for form in forms {
        let suites =
            Suite::ALL.into_iter().filter(|suite| named.as_deref() == Some(&contexts(form, *suite)[..]));
        let suites: Vec<_> = suites.collect();
        if !suites.is_empty() {
            return Ok((form, suites));
        }
    }
    unknown("@context", "must be exactly the three contexts of idOS credentials, in their order")
}

/// Predicates of the envelope.
mod predicate {
    pub(super) const TYPE: &str = " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ";
    pub(super) const VERIFIABLE_CREDENTIAL: &str =
        "<https://www.w3.org/2018/credentials#VerifiableCredential>";
    pub(super) const ISSUER: &str = " <https://www.w3.org/2018/credentials#issuer> ";
    pub(super) const SUBJECT: &str = " <https://www.w3.org/2018/credentials#credentialSubject> ";
    pub(super) const LEVEL: &str = super::STRING;
    pub(super) const KYC_LEVEL: &str = super::INTEGER;
    pub(super) const ISSUED: &str = " <https://www.w3.org/2018/credentials#issued> \"";
    pub(super) const EXPIRATION_DATE: &str = " <https://www.w3.org/2018/credentials#expirationDate> \"";
    pub(super) const ISSUANCE_DATE: &str = " <https://www.w3.org/2018/credentials#issuanceDate> \"";
}
