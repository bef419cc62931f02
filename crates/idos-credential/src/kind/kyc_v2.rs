//! Identity data (KYC), second version of the context: what is issued.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Definition, Document, Kind, Subject, SubjectClaims, lacks_required};
use crate::claim::{Claim, MAX_FILE_BYTES, Value};
use crate::error::{Invalid, Problems};
use crate::form;
use crate::iri;
use crate::level::{Facts, Level};
use crate::plausible::{self, MILLIS_A_DAY};
use crate::reader::{ReadFile, Reader};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::{AUX_COUNTRY, AUX_DATE, DATE, Rule, STRING, Term, input_path, term};

/// The context of the subject.
pub const CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v2.json";

pub(super) static DEFINITION: Definition = Definition {
    name: "kyc",
    title: "KYC, version 2",
    context: CONTEXT,
    has_moved: false,
    // The classes of the coming SDK write this version in the second envelope.
    envelopes: &[&form::FIRST, &form::SECOND],
    lists_context: false,
    inline: None,
    terms: &[TERMS],
    lacks: |made| lacks_required(TERMS, made),
    has_id: true,
    read: Some(|json, read_file| KycSubject::read(json, read_file).map(Subject::from)),
    supports: |level, made| Some(supports(level, made.holds)),
    kyc_level: None,
    notes_type: "kyc",
    documents: DOCUMENTS,
};

/// What public notes say of documents, as the coming version of the official SDK writes it.
pub(super) const DOCUMENTS: &[Document] = &[
    Document { name: "proofOfIdentity", members: PROOF_OF_IDENTITY, only_if: None },
    Document { name: "proofOfResidency", members: PROOF_OF_RESIDENCY, only_if: None },
];

pub(super) const PROOF_OF_IDENTITY: &[(&str, &str)] =
    &[("type", "idDocumentType"), ("dateOfExpiry", "idDocumentDateOfExpiry")];

pub(super) const PROOF_OF_RESIDENCY: &[(&str, &str)] =
    &[("category", "residentialAddressProofCategory"), ("dateOfIssue", "residentialAddressProofDateOfIssue")];

const GENDERS: &[&str] = &["M", "F", "OTHER"];
const DOCUMENT_TYPES: &[&str] =
    &["PASSPORT", "DRIVERS", "ID_CARD", "VOTING_CARD", "PAN_CARD", "INTERNAL_PASSPORT", "RESIDENCE_PERMIT"];

pub(super) const GENDER: Rule = Rule::OneOf(GENDERS, "must be M, F or OTHER");
pub(super) const DOCUMENT_TYPE: Rule = Rule::OneOf(
    DOCUMENT_TYPES,
    "must be PASSPORT, DRIVERS, ID_CARD, VOTING_CARD, PAN_CARD, INTERNAL_PASSPORT or RESIDENCE_PERMIT",
);

/// The claims about a subject, in the order in which they are written.
pub(super) const TERMS: &[Term] = &[
    term("firstName", STRING, Rule::Text, false).believed(a_name),
    term("middleName", STRING, Rule::Text, false).believed(a_name),
    term("familyName", STRING, Rule::Text, false).believed(a_name),
    term("maidenName", STRING, Rule::Text, false).believed(a_name),
    term("gender", STRING, GENDER, false),
    term("ssn", STRING, Rule::Ssn, false),
    term("nationality", AUX_COUNTRY, Rule::Country, false),
    term("email", STRING, Rule::Email, false),
    term("phoneNumber", STRING, Rule::Text, false).believed(plausible::phone_number),
    term("dateOfBirth", AUX_DATE, Rule::Date, true),
    term("placeOfBirth", STRING, Rule::Text, false).believed(plausible::has_letter),
    term("idDocumentCountry", STRING, Rule::Country, true),
    term("idDocumentNumber", STRING, Rule::Text, true).believed(plausible::has_letter_or_digit),
    term("idDocumentType", STRING, DOCUMENT_TYPE, true),
    term("idDocumentDateOfIssue", AUX_DATE, Rule::Date, false),
    term("idDocumentDateOfExpiry", AUX_DATE, Rule::Date, false),
    term("idDocumentFrontFile", STRING, Rule::File, true),
    term("idDocumentBackFile", STRING, Rule::File, false),
    term("selfieFile", STRING, Rule::File, true).of_a_face(),
    term("residentialAddressStreet", STRING, Rule::Text, false)
        .of("residentialAddress")
        .believed(plausible::has_letter_or_digit),
    term("residentialAddressHouseNumber", STRING, Rule::Text, false).of("residentialAddress"),
    term("residentialAddressAdditionalAddressInfo", STRING, Rule::Text, false).of("residentialAddress"),
    term("residentialAddressRegion", STRING, Rule::Text, false).of("residentialAddress"),
    term("residentialAddressCity", STRING, Rule::Text, false)
        .of("residentialAddress")
        .believed(plausible::has_letter),
    term("residentialAddressPostalCode", STRING, Rule::Text, false).of("residentialAddress"),
    term("residentialAddressCountry", AUX_COUNTRY, Rule::Country, false).of("residentialAddress"),
    term("residentialAddressProofCategory", STRING, Rule::Text, false).of("residentialAddress"),
    term("residentialAddressProofDateOfIssue", DATE, Rule::Date, false).of("residentialAddress"),
    term("residentialAddressProofFile", STRING, Rule::File, false).of("residentialAddress"),
];

/// The oldest person whose age was ever proven reached 122 years.
pub(super) const OLDEST_YEARS: i32 = 130;

/// Gender as KYC providers report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// `M`
    Male,
    /// `F`
    Female,
    /// `OTHER`
    Other,
}

impl Gender {
    const ALL: [Self; 3] = [Self::Male, Self::Female, Self::Other];

    /// As it stands in a credential.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        named(GENDERS, &Self::ALL, self)
    }

    /// By its spelling in a credential.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        by_name(GENDERS, &Self::ALL, name)
    }
}

/// Kind of an identity document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdDocumentType {
    /// `PASSPORT`
    Passport,
    /// `DRIVERS`
    Drivers,
    /// `ID_CARD`
    IdCard,
    /// `VOTING_CARD`
    VotingCard,
    /// `PAN_CARD`
    PanCard,
    /// `INTERNAL_PASSPORT`
    InternalPassport,
    /// `RESIDENCE_PERMIT`
    ResidencePermit,
}

impl IdDocumentType {
    const ALL: [Self; 7] = [
        Self::Passport,
        Self::Drivers,
        Self::IdCard,
        Self::VotingCard,
        Self::PanCard,
        Self::InternalPassport,
        Self::ResidencePermit,
    ];

    /// As it stands in a credential.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        named(DOCUMENT_TYPES, &Self::ALL, self)
    }

    /// By its spelling in a credential.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        by_name(DOCUMENT_TYPES, &Self::ALL, name)
    }
}

/// What a KYC check found out about a person (idOS credential subject, version 2).
///
/// Wiped on drop; its `Debug` says nothing. Files are the bytes as the provider has them.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KycSubject {
    /// An absolute URI such as `uuid:9f51b3b2-…`.
    pub id: String,
    /// Given name. This or the family name must be there.
    pub first_name: Option<String>,
    /// Further given names.
    pub middle_name: Option<String>,
    /// Family name. This or the first name must be there.
    pub family_name: Option<String>,
    /// Name at birth.
    pub maiden_name: Option<String>,
    /// Gender.
    #[zeroize(skip)]
    pub gender: Option<Gender>,
    /// Social security number of the United States, nine digits.
    pub ssn: Option<String>,
    /// Two-letter country code (ISO 3166-1 alpha-2).
    pub nationality: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, as `+351912345678` (ITU-T E.164).
    pub phone_number: Option<String>,
    /// Date of birth. This and all dates of documents are calendar dates: midnight UTC of the day as it is written.
    #[zeroize(skip)]
    pub date_of_birth: Timestamp,
    /// Place of birth.
    pub place_of_birth: Option<String>,
    /// Two-letter code of the country that issued the document.
    pub id_document_country: String,
    /// Number of the document.
    pub id_document_number: String,
    /// Kind of the document.
    #[zeroize(skip)]
    pub id_document_type: IdDocumentType,
    /// When the document was issued.
    #[zeroize(skip)]
    pub id_document_date_of_issue: Option<Timestamp>,
    /// When the document expires.
    #[zeroize(skip)]
    pub id_document_date_of_expiry: Option<Timestamp>,
    /// Image of the document's front.
    pub id_document_front_file: Vec<u8>,
    /// Image of the document's back.
    pub id_document_back_file: Option<Vec<u8>>,
    /// Image of the person's face.
    pub selfie_file: Vec<u8>,
    /// Where the person lives, with proof.
    pub residential_address: Option<ResidentialAddress>,
}

/// A residential address and what proves it. Flattened into the subject as `residentialAddress…`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ResidentialAddress {
    /// Street.
    pub street: String,
    /// House number.
    pub house_number: Option<String>,
    /// Flat, floor and the like.
    pub additional_address_info: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// City.
    pub city: String,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two-letter country code (ISO 3166-1 alpha-2).
    pub country: String,
    /// What kind of document proves the address, such as `UTILITY_BILL`.
    pub proof_category: String,
    /// Date of that document.
    #[zeroize(skip)]
    pub proof_date_of_issue: Option<Timestamp>,
    /// Image of that document.
    pub proof_file: Vec<u8>,
}

macro_rules! says_nothing {
    ($($t:ident),*) => {$(
        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($t), "(..)"))
            }
        }
    )*};
}
says_nothing!(KycSubject, ResidentialAddress);

impl KycSubject {
    /// Reads one from JSON. Its own rules are checked later, by [`check`](Self::check).
    pub fn read(json: &Json, read_file: &mut ReadFile<'_>) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let subject = read_members(Reader::new(json, &mut problems), read_file);
        problems.or(subject)
    }

    /// Reads one whose dates may have a time of day, as those that the official SDK takes. For
    /// [`crate::Draft::kyc_as_sdk`].
    pub fn read_as_sdk(json: &Json, read_file: &mut ReadFile<'_>) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let subject = read_members(Reader::new(json, &mut problems).with_moments(), read_file);
        problems.or(subject)
    }

    /// The level that this evidence supports.
    #[must_use]
    pub fn level(&self) -> Level {
        let given = |text: Option<&String>| text.is_some_and(|text| !text.is_empty());
        Facts {
            address_proven: self
                .residential_address
                .as_ref()
                .is_some_and(|address| !address.city.is_empty() && !address.proof_category.is_empty()),
            selfie: true,
            email: given(self.email.as_ref()),
            phone_number: given(self.phone_number.as_ref()),
        }
        .into()
    }

    /// Checks all rules: those of the official SDK, and whether a consumer would believe it of a person who was checked
    /// at `approved_at`.
    pub fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.check_id(&mut problems);
        plausible::check_claims(&self.claims(), &mut problems);
        self.check_name(&mut problems, |name| !plausible::is_blank(name));
        check_dates(self, approved_at, &mut problems);
        problems.or(())
    }

    /// Checks the rules of the official SDK alone.
    pub(crate) fn check_as_sdk(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.check_id(&mut problems);
        for (term, value) in &self.claims() {
            let checked = match value {
                Value::Text(text) => term.rule.check(text),
                Value::File(file) if file.len() > MAX_FILE_BYTES => Err("is larger than 16 MiB"),
                Value::File(_) | Value::Date(_) | Value::Boolean(_) | Value::Number(_) => Ok(()),
            };
            if let Err(problem) = checked {
                problems.add(input_path(term), problem);
            }
        }
        self.check_name(&mut problems, |name| !name.is_empty());
        problems.or(())
    }

    fn check_id(&self, problems: &mut Problems) {
        if let Err(problem) = iri::check(&self.id) {
            problems.add("id", problem);
        }
    }

    fn check_name(&self, problems: &mut Problems, is_name: impl Fn(&str) -> bool) {
        let names = [self.first_name.as_deref(), self.family_name.as_deref()];
        if !names.into_iter().flatten().any(is_name) {
            problems.add("", "at least one of firstName or familyName must be provided");
        }
    }
}

impl From<KycSubject> for Subject {
    fn from(subject: KycSubject) -> Self {
        Self::KycV2(Box::new(subject))
    }
}

impl SubjectClaims for KycSubject {
    fn kind(&self) -> Kind {
        Kind::KycV2
    }

    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid> {
        self.check(approved_at)
    }

    fn level(&self) -> String {
        self.level().to_string()
    }

    fn files_mut(&mut self) -> Vec<(&'static Term, &mut Vec<u8>)> {
        let files = [
            ("idDocumentFrontFile", Some(&mut self.id_document_front_file)),
            ("idDocumentBackFile", self.id_document_back_file.as_mut()),
            ("selfieFile", Some(&mut self.selfie_file)),
            (
                "residentialAddressProofFile",
                self.residential_address.as_mut().map(|address| &mut address.proof_file),
            ),
        ];
        let with_term = |(name, file): (&str, _)| TERMS.iter().find(|term| term.name == name).zip(file);
        files.into_iter().filter_map(with_term).collect()
    }

    fn claims(&self) -> Vec<Claim<'_>> {
        fn text(value: Option<&String>) -> Option<Value<'_>> {
            value.map(|text| Value::Text(text))
        }
        let some = |value| Some(Value::Text(value));
        let address = self.residential_address.as_ref();
        let values = [
            text(self.first_name.as_ref()),
            text(self.middle_name.as_ref()),
            text(self.family_name.as_ref()),
            text(self.maiden_name.as_ref()),
            self.gender.map(|gender| Value::Text(gender.as_str())),
            text(self.ssn.as_ref()),
            text(self.nationality.as_ref()),
            text(self.email.as_ref()),
            text(self.phone_number.as_ref()),
            Some(Value::Date(self.date_of_birth)),
            text(self.place_of_birth.as_ref()),
            some(&self.id_document_country),
            some(&self.id_document_number),
            some(self.id_document_type.as_str()),
            self.id_document_date_of_issue.map(Value::Date),
            self.id_document_date_of_expiry.map(Value::Date),
            Some(Value::File(&self.id_document_front_file)),
            self.id_document_back_file.as_deref().map(Value::File),
            Some(Value::File(&self.selfie_file)),
            address.map(|a| Value::Text(&a.street)),
            address.and_then(|a| text(a.house_number.as_ref())),
            address.and_then(|a| text(a.additional_address_info.as_ref())),
            address.and_then(|a| text(a.region.as_ref())),
            address.map(|a| Value::Text(&a.city)),
            address.and_then(|a| text(a.postal_code.as_ref())),
            address.map(|a| Value::Text(&a.country)),
            address.map(|a| Value::Text(&a.proof_category)),
            address.and_then(|a| a.proof_date_of_issue.map(Value::Date)),
            address.map(|a| Value::File(&a.proof_file)),
        ];
        TERMS.iter().zip(values).filter_map(|(term, value)| value.map(|value| (term, value))).collect()
    }
}

/// Whether what `level` claims is there.
fn supports(level: &str, given: &dyn Fn(&str) -> bool) -> bool {
    let mut parts = level.split('+');
    let base = match parts.next() {
        Some("plus") => {
            ["residentialAddressProofFile", "residentialAddressCity", "residentialAddressProofCategory"]
                .into_iter()
                .all(given)
        }
        base => base == Some("basic"),
    };
    base && parts.all(|add_on| match add_on {
        "liveness" => given("selfieFile"),
        "email" | "phoneNumber" => given(add_on),
        _ => false,
    })
}

pub(super) fn a_name(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_alphabetic) {
        Ok(())
    } else {
        Err("must have a letter: leave it out where there is no such name")
    }
}

/// Checks dates against each other, and against the approval of the check. A day that has begun in the east counts.
fn check_dates(subject: &KycSubject, approved_at: Option<Timestamp>, problems: &mut Problems) {
    let birth = subject.date_of_birth;
    let issue = subject.id_document_date_of_issue;
    let expiry = subject.id_document_date_of_expiry;
    let proof = subject.residential_address.as_ref().and_then(|address| address.proof_date_of_issue);
    let before =
        |one: Option<Timestamp>, other: Option<Timestamp>| one.zip(other).is_some_and(|(a, b)| a < b);
    let latest = approved_at.map(|approval| approval.plus_millis(MILLIS_A_DAY));
    let birth = Some(birth);
    let oldest = approved_at.and_then(|approval| approval.plus_years(-OLDEST_YEARS));
    let rules = [
        (before(approved_at, birth), "dateOfBirth", "is after approvedAt"),
        (before(birth, oldest), "dateOfBirth", "is more than 130 years before approvedAt"),
        (before(issue, birth), "idDocumentDateOfIssue", "is before dateOfBirth"),
        (before(latest, issue), "idDocumentDateOfIssue", "is after approvedAt"),
        (before(expiry, issue), "idDocumentDateOfExpiry", "is before idDocumentDateOfIssue"),
        (before(expiry, birth), "idDocumentDateOfExpiry", "is before dateOfBirth"),
        (before(proof, birth), "residentialAddress.proofDateOfIssue", "is before dateOfBirth"),
        (before(latest, proof), "residentialAddress.proofDateOfIssue", "is after approvedAt"),
    ];
    for (broken, field, problem) in rules {
        if broken {
            problems.add(field, problem);
        }
    }
}

fn read_members(mut members: Reader<'_>, read_file: &mut ReadFile<'_>) -> KycSubject {
    let subject = KycSubject {
        id: members.required_text("id"),
        first_name: members.text("firstName"),
        middle_name: members.text("middleName"),
        family_name: members.text("familyName"),
        maiden_name: members.text("maidenName"),
        gender: members.choice("gender", Gender::by_name, "must be M, F or OTHER"),
        ssn: members.text("ssn"),
        nationality: members.text("nationality"),
        email: members.text("email"),
        phone_number: members.text("phoneNumber"),
        date_of_birth: members.required("dateOfBirth", Reader::calendar_date).unwrap_or(Timestamp::EPOCH),
        place_of_birth: members.text("placeOfBirth"),
        id_document_country: members.required_text("idDocumentCountry"),
        id_document_number: members.required_text("idDocumentNumber"),
        id_document_type: members
            .required("idDocumentType", document_type)
            .unwrap_or(IdDocumentType::Passport),
        id_document_date_of_issue: members.calendar_date("idDocumentDateOfIssue"),
        id_document_date_of_expiry: members.calendar_date("idDocumentDateOfExpiry"),
        id_document_front_file: members.required_file("idDocumentFrontFile", read_file),
        id_document_back_file: members.file("idDocumentBackFile", read_file),
        selfie_file: members.required_file("selfieFile", read_file),
        residential_address: members
            .object("residentialAddress")
            .map(|address| read_address(address, read_file)),
    };
    members.end();
    subject
}

fn read_address(mut members: Reader<'_>, read_file: &mut ReadFile<'_>) -> ResidentialAddress {
    let address = ResidentialAddress {
        street: members.required_text("street"),
        house_number: members.text("houseNumber"),
        additional_address_info: members.text("additionalAddressInfo"),
        region: members.text("region"),
        city: members.required_text("city"),
        postal_code: members.text("postalCode"),
        country: members.required_text("country"),
        proof_category: members.required_text("proofCategory"),
        proof_date_of_issue: members.calendar_date("proofDateOfIssue"),
        proof_file: members.required_file("proofFile", read_file),
    };
    members.end();
    address
}

fn document_type(members: &mut Reader<'_>, name: &'static str) -> Option<IdDocumentType> {
    members.choice(
        name,
        IdDocumentType::by_name,
        "must be PASSPORT, DRIVERS, ID_CARD, VOTING_CARD, PAN_CARD, INTERNAL_PASSPORT or RESIDENCE_PERMIT",
    )
}

fn named<T: PartialEq + Copy>(names: &[&'static str], all: &[T], value: T) -> &'static str {
    all.iter().zip(names).find(|(one, _)| **one == value).map_or("", |(_, name)| name)
}

fn by_name<T: Copy>(names: &[&'static str], all: &[T], name: &str) -> Option<T> {
    names.iter().zip(all).find(|(n, _)| **n == name).map(|(_, value)| *value)
}
