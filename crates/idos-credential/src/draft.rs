//! A checked credential that only lacks its signature.

use std::borrow::Cow;

use crate::base85;
use crate::claim::{Claim, Value};
use crate::contents;
use crate::envelope::{CredentialFields, Head};
use crate::error::{Invalid, Problem, Problems};
use crate::iri;
use crate::kind::Subject;
use crate::kind::edd_v1::EddSubject;
use crate::kind::kyc_v2::KycSubject;
use crate::kind::kyc_v3::KycV3Subject;
use crate::nquads::Datatype;
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
    /// As it stands in the credential; a level of 0 is said by leaving it out.
    kyc_level: Option<u32>,
}

impl Draft {
    /// A credential that a consumer would believe. It ends with the document where its kind does and nobody says otherwise
    /// ([`Subject::end`]), and its numbered level is the one that the subject supports.
    pub fn new(fields: CredentialFields, subject: impl Into<Subject>) -> Result<Self, Invalid> {
        let subject = subject.into();
        let mut problems = Problems::default();
        let kind = subject.kind();
        for (name, date) in [("issued", fields.issued), ("expirationDate", fields.expiration_date)] {
            if date.is_some() && !kind.envelope_has(name) {
                problems.add(name, "is not part of such a credential");
            }
        }
        if let Err(problem) = subject.check_level(&fields.level) {
            problems.add("level", problem);
        }
        check_years(&fields, &mut problems);
        if let Err(invalid) = check(&fields, subject.check(fields.approved_at.or(fields.issued))) {
            problems.extend(invalid);
        }
        let kyc_level = subject.kyc_level();
        problems.or(Self::of(fields, subject, kyc_level))
    }

    fn of(mut fields: CredentialFields, subject: Subject, kyc_level: Option<u32>) -> Self {
        fields.expiration_date = fields.expiration_date.or(subject.end().map(|(end, _)| end));
        Self { fields, subject, kyc_level: kyc_level.filter(|level| *level > 0) }
    }

    /// A KYC credential by the rules of the official SDK alone, which believe nearly everything. For comparing with that
    /// SDK; an issuer calls [`new`](Self::new).
    pub fn kyc_as_sdk(fields: CredentialFields, subject: KycSubject) -> Result<Self, Invalid> {
        check(&fields, subject.check_as_sdk())?;
        Ok(Self::of(fields, subject.into(), None))
    }

    /// The same for KYC of version 3. `kyc_level` is the numbered level where the caller gives one, as that SDK lets it; 0 is
    /// none that can be given.
    pub fn kyc_v3_as_sdk(
        fields: CredentialFields,
        subject: KycV3Subject,
        kyc_level: Option<u32>,
    ) -> Result<Self, Invalid> {
        if kyc_level == Some(0) {
            return Err(Problem::new("kycLevel", "must be a whole number that is not zero").into());
        }
        check(&fields, subject.check_as_sdk())?;
        let subject = Subject::from(subject);
        let kyc_level = kyc_level.or(subject.kyc_level());
        Ok(Self::of(fields, subject, kyc_level))
    }

    /// The same for enhanced due diligence.
    pub fn edd_as_sdk(fields: CredentialFields, subject: EddSubject) -> Result<Self, Invalid> {
        check(&fields, subject.check_as_sdk())?;
        Ok(Self::of(fields, subject.into(), None))
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
fn prepare(mut draft: Draft, suite: Suite, method: &VerificationMethod, now: Timestamp) -> Unsigned {
    let fields = &draft.fields;
    let issuance_date = now.to_seconds_text();
    let dates = [
        ("issued", fields.issued),
        ("approvedAt", fields.approved_at),
        ("expirationDate", fields.expiration_date),
    ]
    .map(|(name, date)| (name, date.map(|date| date.to_string())));
    let claims = draft.subject.claims();

    let kind = draft.subject.kind();
    let head = Head {
        form: kind.envelope(),
        id: &fields.id,
        issuer: method.controller(),
        level: &fields.level,
        issued: dates[0].1.as_deref(),
        approved_at: dates[1].1.as_deref(),
        expiration_date: dates[2].1.as_deref(),
        kyc_level: draft.kyc_level,
        issuance_date: &issuance_date,
        subject_id: draft.subject.id(),
    };

    let mut out = Writer::with_capacity(room_for(&claims) + fields.id.len() + 2048);
    out.open();
    head.write(suite, &mut out);
    out.name("credentialSubject");
    out.open();
    out.raw("@context", &kind.context_json());
    if let Some(id) = draft.subject.id() {
        out.text("id", id);
    }
    let literals: Vec<_> = claims.iter().map(|claim| (claim.0.predicate, out.claim(claim))).collect();
    if let Some((name, list)) = draft.subject.list() {
        out.raw(name, &list);
    }
    out.close();
    head.write_end(&mut out);

    let written = out.written();
    let statements = literals.iter().map(|(predicate, literal)| {
        let object = match literal {
            Literal::Object(object) => object.clone(),
            Literal::Written(range) => {
                (Cow::Borrowed(written.get(range.clone()).unwrap_or_default()), Datatype::String)
            }
        };
        (*predicate, object)
    });
    let options = Options { created: &issuance_date, verification_method: method.id() };
    let nodes = head.nodes();
    let mut document = head.statements(&nodes, statements);
    document.extend(draft.subject.listed().iter().flat_map(|wallet| wallet.statements(nodes.subject())));
    let to_sign = suite.to_sign(&options, document);
    drop(literals);
    drop(claims);
    for file in draft.subject.files_mut() {
        contents::wipe(file.bytes);
    }
    let (method, created) = (method.clone(), issuance_date);
    let kyc_level = kind.has_kyc_level().then(|| draft.kyc_level.unwrap_or(0));
    Unsigned { document: out, suite, to_sign, method, created, fields: draft.fields, kyc_level }
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
                    Value::Date(_) | Value::Number(_) | Value::Boolean(_) => 24,
                    Value::File(file) => base85::encoded_len(file.len()) * 17 / 16,
                }
        })
        .sum()
}
