//! A checked credential that only lacks its signature.

use crate::error::{Invalid, Problems};
use crate::iri;
use crate::key::IssuerKey;
use crate::kind::Subject;
use crate::kind::kyc_v2::KycSubject;
use crate::moment::Moment;
use crate::plausible;
use crate::proof::Suite;
use crate::reader::Reader;
use crate::signed::{self, SignedCredential};
use crate::strict_json::Json;
use crate::terms::Rule;
use crate::unsigned::Unsigned;
use crate::verification_method::VerificationMethod;

/// What a credential says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFields {
    /// An absolute URI.
    pub id: String,
    /// Such as `plus+liveness`; see [`Subject::level`].
    pub level: String,
    /// When the check was made.
    pub issued: Option<Moment>,
    /// When it was approved.
    pub approved_at: Option<Moment>,
    /// When the credential ends.
    pub expiration_date: Option<Moment>,
}

/// A credential whose fields have all been checked. Becomes an [`Unsigned`] one, and then a [`SignedCredential`].
#[derive(Debug)]
pub struct Draft {
    pub(crate) fields: CredentialFields,
    pub(crate) subject: Subject,
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
    pub fn prepare(self, method: &VerificationMethod, now: Moment) -> Unsigned {
        self.prepare_by(Suite::default(), method, now)
    }

    /// The same, by a suite of one's choice.
    #[must_use]
    pub fn prepare_by(self, suite: Suite, method: &VerificationMethod, now: Moment) -> Unsigned {
        signed::prepare(self, suite, method, now)
    }

    /// Writes and signs it, with a key that is at hand.
    #[must_use]
    pub fn sign_with(self, key: &IssuerKey, now: Moment) -> SignedCredential {
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
