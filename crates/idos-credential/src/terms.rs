//! The contexts and terms of idOS credentials: which field has which predicate, and which rule its value obeys.
//!
//! The idOS contexts map terms to datatype IRIs *as predicates*. The `aux` term of the subject contexts has an
//! IRI that does not end in a delimiter, so it is no prefix under JSON-LD 1.1 and `aux:date` stays as it is.

use crate::envelope::IDOS_CONTEXT;
use crate::moment::Moment;
use crate::{base85, iri};

/// The context of a KYC subject, second version: the one that is issued.
pub const KYC_V2_CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v2.json";
/// The context of a KYC subject, first version: verified, no longer issued.
pub const KYC_V1_CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v1.json";
/// The context of a FaceSign proof-of-personhood subject.
pub const FACE_ID_V1_CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-face-id-v1.json";

/// Earlier addresses of the envelope and the first subject context: a commit of the SDK's repository and the
/// folder there.
pub const OLD_CONTEXT_FOLDERS: [&str; 5] = [
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1356fea6672d22deb07fedc5fa427478b2e1654c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/346f14468348e4f3dd00039c89ce9bb49d88777c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1e8421744e037dfd7b0289cb39261c73ab6d643c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/0049d2e93f8913c42398372e2bb65d92bed38ac0/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1bc3503f5302a7e42777076445d5b05fec8db429/packages/issuer-sdk-js/assets/",
];

/// The context that `url` names, under its present address.
#[must_use]
pub fn present_address(url: &str) -> &str {
    let file = OLD_CONTEXT_FOLDERS.iter().find_map(|folder| url.strip_prefix(folder));
    match file {
        Some("idos-credentials-v1.json") => IDOS_CONTEXT,
        Some("idos-credential-subject-v1.json") => KYC_V1_CONTEXT,
        _ => url,
    }
}

/// What a subject is about, by its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// Identity data, first version of the context.
    KycV1,
    /// Identity data, second version of the context.
    KycV2,
    /// Proof of personhood by FaceSign.
    FaceSign,
}

impl SubjectKind {
    /// By the address of the subject's context, present or old.
    #[must_use]
    pub fn by_context(url: &str) -> Option<Self> {
        match present_address(url) {
            KYC_V2_CONTEXT => Some(Self::KycV2),
            KYC_V1_CONTEXT => Some(Self::KycV1),
            FACE_ID_V1_CONTEXT => Some(Self::FaceSign),
            _ => None,
        }
    }

    /// The term `name`, if subjects of this kind have it.
    pub(crate) fn term(self, name: &str) -> Option<&'static Term> {
        let find = |terms: &'static [Term]| terms.iter().find(|term| term.name == name);
        match self {
            Self::FaceSign => find(FACE_SIGN_TERMS),
            Self::KycV1 => find(KYC_TERMS).or_else(|| find(KYC_V1_TERMS)),
            Self::KycV2 => find(KYC_TERMS),
        }
    }

    /// The terms that a subject of this kind must have.
    pub(crate) fn required(self) -> impl Iterator<Item = &'static Term> {
        let terms = match self {
            Self::FaceSign => FACE_SIGN_TERMS,
            // What old issuers had to fill in is not known.
            Self::KycV1 => &[],
            Self::KycV2 => KYC_TERMS,
        };
        terms.iter().filter(|term| term.required)
    }
}

/// One member of a credential's subject.
pub(crate) struct Term {
    pub(crate) name: &'static str,
    /// ` <iri> "`: as it stands in a line of N-Quads before a literal.
    pub(crate) predicate: &'static str,
    pub(crate) rule: Rule,
    pub(crate) required: bool,
}

/// What a value must look like once it is text inside a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Text,
    Country,
    Ssn,
    Email,
    Gender,
    DocumentType,
    Date,
    File,
}

/// Longest text of a field, in UTF-16 code units.
const MAX_TEXT: usize = 8192;

impl Rule {
    /// Checks a text as it stands in a credential. Lengths are those of JavaScript: UTF-16 code units.
    pub(crate) fn check(self, text: &str) -> Result<(), &'static str> {
        let units = || text.encode_utf16().take(MAX_TEXT + 1).count();
        let fine = |fine: bool, problem| if fine { Ok(()) } else { Err(problem) };
        match self {
            Self::Text => fine(units() <= MAX_TEXT, "is longer than 8192 characters"),
            Self::Country => fine(units() == 2, "must be a country code of exactly 2 characters"),
            Self::Ssn => fine(units() == 9, "must have exactly 9 characters"),
            Self::Email => fine(is_email(text), "must be an e-mail address"),
            Self::Gender => fine(GENDERS.contains(&text), "must be M, F or OTHER"),
            Self::DocumentType => fine(
                DOCUMENT_TYPES.contains(&text),
                "must be PASSPORT, DRIVERS, ID_CARD, VOTING_CARD, PAN_CARD, INTERNAL_PASSPORT or RESIDENCE_PERMIT",
            ),
            Self::Date => text
                .parse::<Moment>()
                .map(drop)
                .map_err(|_| "must be a date such as 2026-01-02T03:04:05.000Z"),
            Self::File => base85::decode(text).map(drop).map_err(|_| "must be a file in Ascii85"),
        }
    }
}

pub(crate) const GENDERS: &[&str] = &["M", "F", "OTHER"];
pub(crate) const DOCUMENT_TYPES: &[&str] =
    &["PASSPORT", "DRIVERS", "ID_CARD", "VOTING_CARD", "PAN_CARD", "INTERNAL_PASSPORT", "RESIDENCE_PERMIT"];

pub(crate) const STRING: &str = " <http://www.w3.org/2001/XMLSchema#string> \"";
pub(crate) const DATE: &str = " <http://www.w3.org/2001/XMLSchema#date> \"";
const AUX_DATE: &str = " <aux:date> \"";
const AUX_COUNTRY: &str = " <aux:ISO_3166-1_alpha-2> \"";

const fn term(name: &'static str, predicate: &'static str, rule: Rule, required: bool) -> Term {
    Term { name, predicate, rule, required }
}

/// The members of a KYC subject, in the order in which they are written.
pub(crate) const KYC_TERMS: &[Term] = &[
    term("firstName", STRING, Rule::Text, false),
    term("middleName", STRING, Rule::Text, false),
    term("familyName", STRING, Rule::Text, false),
    term("maidenName", STRING, Rule::Text, false),
    term("gender", STRING, Rule::Gender, false),
    term("ssn", STRING, Rule::Ssn, false),
    term("nationality", AUX_COUNTRY, Rule::Country, false),
    term("email", STRING, Rule::Email, false),
    term("phoneNumber", STRING, Rule::Text, false),
    term("dateOfBirth", AUX_DATE, Rule::Date, true),
    term("placeOfBirth", STRING, Rule::Text, false),
    term("idDocumentCountry", STRING, Rule::Country, true),
    term("idDocumentNumber", STRING, Rule::Text, true),
    term("idDocumentType", STRING, Rule::DocumentType, true),
    term("idDocumentDateOfIssue", AUX_DATE, Rule::Date, false),
    term("idDocumentDateOfExpiry", AUX_DATE, Rule::Date, false),
    term("idDocumentFrontFile", STRING, Rule::File, true),
    term("idDocumentBackFile", STRING, Rule::File, false),
    term("selfieFile", STRING, Rule::File, true),
    term("residentialAddressStreet", STRING, Rule::Text, false),
    term("residentialAddressHouseNumber", STRING, Rule::Text, false),
    term("residentialAddressAdditionalAddressInfo", STRING, Rule::Text, false),
    term("residentialAddressRegion", STRING, Rule::Text, false),
    term("residentialAddressCity", STRING, Rule::Text, false),
    term("residentialAddressPostalCode", STRING, Rule::Text, false),
    term("residentialAddressCountry", AUX_COUNTRY, Rule::Country, false),
    term("residentialAddressProofCategory", STRING, Rule::Text, false),
    term("residentialAddressProofDateOfIssue", DATE, Rule::Date, false),
    term("residentialAddressProofFile", STRING, Rule::File, false),
];
/// What the first version of the context has besides.
const KYC_V1_TERMS: &[Term] = &[
    term("applicantId", STRING, Rule::Text, false),
    term("inquiryId", STRING, Rule::Text, false),
    term("governmentId", STRING, Rule::Text, false),
    term("governmentIdType", STRING, Rule::Text, false),
];
pub(crate) const FACE_SIGN_TERMS: &[Term] = &[term("faceSignUserId", STRING, Rule::Text, true)];

/// The e-mail rule of zod 4, which is that of the official SDK: a cautious ASCII subset of RFC 5321.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fine = !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with(['.', '\''])
        && !text.contains("..")
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"_'+-.".contains(&b));
    let mut labels = domain.rsplit('.');
    let top = labels.next().unwrap_or_default();
    let mut rest = labels.peekable();
    text.len() <= MAX_TEXT
        && local_fine
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic())
        && rest.peek().is_some()
        && rest.all(|label| {
            label.starts_with(|c: char| c.is_ascii_alphanumeric())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

/// Checks an id that must be a URI, for use by a caller that wants to fail before it has a whole credential.
pub fn check_uri(uri: &str) -> Result<(), &'static str> {
    iri::check(uri)
}
