//! A checked credential that only lacks its signature.

use crate::error::{Invalid, Problems};
use crate::iri;
use crate::key::IssuerKey;
use crate::level::{self, Level};
use crate::moment::Moment;
use crate::plausible;
use crate::signed::{self, SignedCredential};
use crate::subject::{FaceSignSubject, KycSubject, Member};
use crate::terms::{FACE_ID_V1_CONTEXT, KYC_V2_CONTEXT, Rule};
use crate::unsigned::Unsigned;
use crate::verification_method::VerificationMethod;

/// What a credential says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFields {
    /// An absolute URI.
    pub id: String,
    /// Such as `plus+liveness`; see [`KycSubject::level`]. [`Draft::personhood`] takes `human`.
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
    subject: Subject,
}

#[derive(Debug)]
enum Subject {
    Kyc(Box<KycSubject>),
    FaceSign(FaceSignSubject),
}

impl Draft {
    /// A KYC credential (idOS credential subject, version 2) that a consumer would believe.
    pub fn kyc(fields: CredentialFields, subject: KycSubject) -> Result<Self, Invalid> {
        let checked = subject.check(fields.approved_at.or(fields.issued));
        let mut problems = Problems::default();
        check_years(&fields, &mut problems);
        if let Err(invalid) = check(&fields, checked) {
            problems.extend(invalid);
        }
        problems.or(Self { fields, subject: Subject::Kyc(Box::new(subject)) })
    }

    /// A KYC credential by the rules of the official SDK alone, which believe nearly everything. For comparing with that
    /// SDK; an issuer calls [`kyc`](Self::kyc).
    pub fn kyc_as_sdk(fields: CredentialFields, subject: KycSubject) -> Result<Self, Invalid> {
        check(&fields, subject.check_as_sdk())?;
        Ok(Self { fields, subject: Subject::Kyc(Box::new(subject)) })
    }

    /// A FaceSign proof-of-personhood credential.
    pub fn personhood(fields: CredentialFields, subject: FaceSignSubject) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        if fields.level != level::HUMAN {
            problems.add("level", "must be human");
        }
        check_years(&fields, &mut problems);
        if let Err(invalid) = check(&fields, subject.check()) {
            problems.extend(invalid);
        }
        problems.or(Self { fields, subject: Subject::FaceSign(subject) })
    }

    /// The level that the credential claims.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.fields.level
    }

    /// The level that the evidence supports; `None` for proofs of personhood, whose level is fixed.
    #[must_use]
    pub fn derived_level(&self) -> Option<Level> {
        match &self.subject {
            Subject::Kyc(subject) => Some(subject.level()),
            Subject::FaceSign(_) => None,
        }
    }

    /// Writes the credential, all but its signature, which is to be one of `method`. `now` becomes `issuanceDate` and
    /// `proof.created`, cut to seconds.
    ///
    /// The work is one pass over the files: each is spelled once, straight into the document.
    #[must_use]
    pub fn prepare(self, method: &VerificationMethod, now: Moment) -> Unsigned {
        signed::prepare(self, method, now)
    }

    /// Writes and signs it, with a key that is at hand.
    #[must_use]
    pub fn sign_with(self, key: &IssuerKey, now: Moment) -> SignedCredential {
        self.prepare(key.method(), now).sign_with(key)
    }

    pub(crate) fn subject_context(&self) -> &'static str {
        match self.subject {
            Subject::Kyc(_) => KYC_V2_CONTEXT,
            Subject::FaceSign(_) => FACE_ID_V1_CONTEXT,
        }
    }

    pub(crate) fn subject_id(&self) -> Option<&str> {
        match &self.subject {
            Subject::Kyc(subject) => Some(&subject.id),
            Subject::FaceSign(_) => None,
        }
    }

    pub(crate) fn members(&self) -> Vec<Member<'_>> {
        match &self.subject {
            Subject::Kyc(subject) => subject.members(),
            Subject::FaceSign(subject) => subject.members(),
        }
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
