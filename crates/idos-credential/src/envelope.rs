//! The envelope: what a credential says of itself, by the Verifiable Credentials Data Model 1.1 and the idOS context. How it
//! is written, read, and stated as RDF.

use std::borrow::Cow;

use crate::contexts::IDOS_CONTEXT;
use crate::error::{Invalid, Problems};
use crate::iri::{self, Place};
use crate::kind::present_address;
use crate::nquads::{self, BLANK, Quad};
use crate::proof::Suite;
use crate::reader::Reader;
use crate::rejection::{Members, Rejection, unknown};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::{DATE, STRING};
use crate::writer::Writer;

/// The context of the data model.
pub const VCDM_CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// The contexts of every credential with a proof of `suite`, in their order.
#[must_use]
pub fn contexts(suite: Suite) -> [&'static str; 3] {
    [VCDM_CONTEXT, IDOS_CONTEXT, suite.context()]
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
    pub(crate) id: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) level: &'a str,
    pub(crate) issued: Option<&'a str>,
    pub(crate) approved_at: Option<&'a str>,
    pub(crate) expiration_date: Option<&'a str>,
    pub(crate) issuance_date: &'a str,
    pub(crate) subject_id: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// Writes what stands before the subject.
    pub(crate) fn write(&self, suite: Suite, out: &mut Writer) {
        out.raw("@context", &format!("[\"{}\"]", contexts(suite).join("\",\"")));
        out.raw("type", &format!("[\"{TYPE}\"]"));
        out.text("issuer", self.issuer);
        out.text("id", self.id);
        out.text("level", self.level);
        for (name, date) in [
            ("issued", self.issued),
            ("approvedAt", self.approved_at),
            ("expirationDate", self.expiration_date),
        ] {
            if let Some(date) = date {
                out.text(name, date);
            }
        }
    }

    /// Writes what stands behind the subject.
    pub(crate) fn write_end(&self, out: &mut Writer) {
        out.text("issuanceDate", self.issuance_date);
    }

    /// Reads all but the subject's id, and by which suites its contexts allow it to be proven.
    pub(crate) fn read(members: &mut Members<'a>) -> Result<(Self, Vec<Suite>), Rejection> {
        let suites = suites_of(members.required("@context")?)?;
        if !matches!(members.required("type")?, Json::List(items) if matches!(items.as_slice(), [Json::Text(t)] if t == TYPE))
        {
            return unknown("type", "must be exactly [\"VerifiableCredential\"]");
        }
        let head = Self {
            id: members.uri("id")?,
            issuer: members.uri("issuer")?,
            level: members.text("level")?,
            issued: members.date("issued")?,
            approved_at: members.date("approvedAt")?,
            expiration_date: members.date("expirationDate")?,
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

    /// The document as RDF: what it says of itself, and `claims`, each a predicate and an escaped text.
    pub(crate) fn statements<'q>(
        &self,
        nodes: &'q Nodes,
        claims: impl Iterator<Item = (&'static str, Cow<'q, str>)>,
    ) -> Vec<Quad<'q>>
    where
        'a: 'q,
    {
        let text = nquads::escape_literal;
        let Nodes { id, issuer, subject } = nodes;
        let mut quads = vec![
            Quad::node(id, predicate::TYPE, predicate::VERIFIABLE_CREDENTIAL),
            Quad::node(id, predicate::ISSUER, issuer),
            Quad::node(id, predicate::SUBJECT, subject),
            Quad::literal(id, predicate::LEVEL, text(self.level)),
            Quad::date_time(id, predicate::ISSUANCE_DATE, text(self.issuance_date)),
        ];
        quads.extend(self.issued.map(|date| Quad::date_time(id, predicate::ISSUED, text(date))));
        quads.extend(self.approved_at.map(|date| Quad::literal(id, predicate::APPROVED_AT, text(date))));
        quads.extend(
            self.expiration_date.map(|date| Quad::date_time(id, predicate::EXPIRATION_DATE, text(date))),
        );
        quads.extend(claims.map(|(predicate, escaped)| Quad::literal(subject, predicate, escaped)));
        quads
    }
}

/// The nodes that statements are about.
pub(crate) struct Nodes {
    id: String,
    issuer: String,
    subject: String,
}

/// The suites whose contexts these are.
fn suites_of(json: &Json) -> Result<Vec<Suite>, Rejection> {
    let named: Option<Vec<_>> = match json {
        Json::List(items) => items.iter().map(|item| item.as_text().map(present_address)).collect(),
        _ => None,
    };
    let suites = Suite::ALL.into_iter().filter(|suite| named.as_deref() == Some(&contexts(*suite)[..]));
    let suites: Vec<_> = suites.collect();
    if suites.is_empty() {
        return unknown("@context", "must be exactly the three contexts of idOS credentials, in their order");
    }
    Ok(suites)
}

/// Predicates of the envelope.
mod predicate {
    pub(super) const TYPE: &str = " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ";
    pub(super) const VERIFIABLE_CREDENTIAL: &str =
        "<https://www.w3.org/2018/credentials#VerifiableCredential>";
    pub(super) const ISSUER: &str = " <https://www.w3.org/2018/credentials#issuer> ";
    pub(super) const SUBJECT: &str = " <https://www.w3.org/2018/credentials#credentialSubject> ";
    pub(super) const LEVEL: &str = super::STRING;
    pub(super) const APPROVED_AT: &str = super::DATE;
    pub(super) const ISSUED: &str = " <https://www.w3.org/2018/credentials#issued> \"";
    pub(super) const EXPIRATION_DATE: &str = " <https://www.w3.org/2018/credentials#expirationDate> \"";
    pub(super) const ISSUANCE_DATE: &str = " <https://www.w3.org/2018/credentials#issuanceDate> \"";
}
