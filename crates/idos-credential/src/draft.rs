//! A checked credential that only lacks its signature.

use std::borrow::Cow;

use crate::base85;
use crate::claim::{Claim, Value};
use crate::envelope::{CredentialFields, Head};
use crate::error::{Invalid, Problems};
use crate::iri;
use crate::kind::Subject;
use crate::kind::kyc_v2::KycSubject;
use crate::plausible;
use crate::proof::{Options, Suite};
use crate::seed_key::IssuerKey;
use crate::signed::SignedCredential;
use crate::timestamp::Timestamp;
use crate::unsigned::Unsigned;
use crate::verification_method::VerificationMethod;
use crate::vocabulary::Rule;
use crate::writer::{Literal, Writer};

/// A credential whose fields have all been checked. Becomes an [`Unsigned`] one, and then a [`SignedCredential`].
#[derive(Debug)]
pub struct Draft {
    pub(crate) fields: CredentialFields,
    pub(crate) subject: Subject,
}

impl Draft {
    /// A credential that a consumer would believe.
    pub fn new(fields: CredentialFields, subject: impl Into<Subject>) -> Result<Self, Invalid> {
        let subject = subject.into();
        let mut problems = Problems::default();
        if let Err(problem) = subject.check_level(&fields.level) {
            problems.add("level", problem);
        }
        check_years(&fields, &mut problems);
        if let Err(invalid) = check(&fields, subject.check(fields.approved_at.or(fields.issued))) {
            problems.extend(invalid);
        }
        problems.or(Self { fields, subject })
    }

    /// A KYC credential by the rules of the official SDK alone, which believe nearly everything. For comparing with that
    /// SDK; an issuer calls [`new`](Self::new).
    pub fn kyc_as_sdk(fields: CredentialFields, subject: KycSubject) -> Result<Self, Invalid> {
        check(&fields, subject.check_as_sdk())?;
        Ok(Self { fields, subject: subject.into() })
    }

    /// The level that the credential claims.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.fields.level
    }

    /// The level that the subject supports.
    #[must_use]
    pub fn derived_level(&self) -> String {
        self.subject.level()
    }

    /// Writes the credential, all but its signature, which is to be one of `method`, by the suite that consumers verify. `now`
    /// becomes `issuanceDate` and `proof.created`, cut to seconds.
    ///
    /// The work is one pass over the files: each is spelled once, straight into the document.
    #[must_use]
    pub fn prepare(self, method: &VerificationMethod, now: Timestamp) -> Unsigned {
        self.prepare_by(Suite::default(), method, now)
    }

    /// The same, by a suite of one's choice.
    #[must_use]
    pub fn prepare_by(self, suite: Suite, method: &VerificationMethod, now: Timestamp) -> Unsigned {
        prepare(self, suite, method, now)
    }

    /// Writes and signs it, with a key that is at hand.
    #[must_use]
    pub fn sign_with(self, key: &IssuerKey, now: Timestamp) -> SignedCredential {
        self.prepare(key.method(), now).sign_with(key)
    }
}

/// Years of other than four digits are written in a form that few readers of dates know.
fn check_years(fields: &CredentialFields, problems: &mut Problems) {
    for (name, date) in [
        ("issued", fields.issued),
        ("approvedAt", fields.approved_at),
        ("expirationDate", fields.expiration_date),
    ] {
        if date.is_some_and(|date| !plausible::has_plain_year(date)) {
            problems.add(name, "must lie in the years 1 to 9999");
        }
    }
}

fn check(fields: &CredentialFields, subject: Result<(), Invalid>) -> Result<(), Invalid> {
    let mut problems = Problems::default();
    if let Err(problem) = iri::check(&fields.id) {
        problems.add("id", problem);
    }
    // The official SDK lets an empty level pass; consumers cannot match it.
    if fields.level.is_empty() {
        problems.add("level", "must not be empty");
    } else if let Err(problem) = Rule::Text.check(&fields.level) {
        problems.add("level", problem);
    }
    if let Err(invalid) = subject {
        problems.extend(Invalid {
            problems: invalid
                .problems
                .into_iter()
                .map(|mut p| {
                    p.field = if p.field.is_empty() {
                        "credentialSubject".into()
                    } else {
                        format!("credentialSubject.{}", p.field)
                    };
                    p
                })
                .collect(),
        });
    }
    problems.or(())
}

/// Writes the document, up to the place of its proof, and hashes it.
fn prepare(draft: Draft, suite: Suite, method: &VerificationMethod, now: Timestamp) -> Unsigned {
    let fields = &draft.fields;
    let issuance_date = now.to_seconds_text();
    let dates = [
        ("issued", fields.issued),
        ("approvedAt", fields.approved_at),
        ("expirationDate", fields.expiration_date),
    ]
    .map(|(name, date)| (name, date.map(|date| date.to_string())));
    let claims = draft.subject.claims();

    let head = Head {
        id: &fields.id,
        issuer: method.controller(),
        level: &fields.level,
        issued: dates[0].1.as_deref(),
        approved_at: dates[1].1.as_deref(),
        expiration_date: dates[2].1.as_deref(),
        issuance_date: &issuance_date,
        subject_id: draft.subject.id(),
    };

    let mut out = Writer::with_capacity(room_for(&claims) + fields.id.len() + 2048);
    out.open();
    head.write(suite, &mut out);
    out.name("credentialSubject");
    out.open();
    out.text("@context", draft.subject.kind().context());
    if let Some(id) = draft.subject.id() {
        out.text("id", id);
    }
    let literals: Vec<_> = claims.iter().map(|claim| (claim.0.predicate, out.claim(claim))).collect();
    out.close();
    head.write_end(&mut out);

    let written = out.written();
    let statements = literals.iter().map(|(predicate, literal)| {
        let escaped = match literal {
            Literal::Text(text) => text.clone(),
            Literal::Written(range) => Cow::Borrowed(written.get(range.clone()).unwrap_or_default()),
        };
        (*predicate, escaped)
    });
    let options = Options { created: &issuance_date, verification_method: method.id() };
    let nodes = head.nodes();
    let to_sign = suite.to_sign(&options, head.statements(&nodes, statements));
    drop(literals);
    drop(claims);
    let (method, created) = (method.clone(), issuance_date);
    Unsigned { document: out, suite, to_sign, method, created, fields: draft.fields }
}

/// Bytes that suffice for most documents: one in seventeen Ascii85 characters of a random file is escaped at
/// most, texts seldom are.
fn room_for(claims: &[Claim<'_>]) -> usize {
    claims
        .iter()
        .map(|(term, value)| {
            term.name.len()
                + 8
                + match value {
                    Value::Text(text) => text.len(),
                    Value::Date(_) => 24,
                    Value::File(file) => base85::encoded_len(file.len()) * 17 / 16,
                }
        })
        .sum()
}
