//! Whom a credential is about: what an issuer may say of a person, and the rules for it.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{Invalid, Problems};
use crate::iri;
use crate::level::{Facts, Level};
use crate::moment::Moment;
use crate::plausible;
use crate::terms::{DOCUMENT_TYPES, FACE_SIGN_TERMS, GENDERS, KYC_TERMS, Term};

/// Largest file, in bytes. A node takes far less in one transaction; this only bounds memory.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

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

fn named<T: PartialEq + Copy>(names: &[&'static str], all: &[T], value: T) -> &'static str {
    all.iter().zip(names).find(|(one, _)| **one == value).map_or("", |(_, name)| name)
}

fn by_name<T: Copy>(names: &[&'static str], all: &[T], name: &str) -> Option<T> {
    names.iter().zip(all).find(|(n, _)| **n == name).map(|(_, value)| *value)
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
    pub date_of_birth: Moment,
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
    pub id_document_date_of_issue: Option<Moment>,
    /// When the document expires.
    #[zeroize(skip)]
    pub id_document_date_of_expiry: Option<Moment>,
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
    pub proof_date_of_issue: Option<Moment>,
    /// Image of that document.
    pub proof_file: Vec<u8>,
}

/// A person that FaceSign knows to be one, and no more than that.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FaceSignSubject {
    /// The id that FaceSign gave the person.
    pub face_sign_user_id: String,
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
says_nothing!(KycSubject, ResidentialAddress, FaceSignSubject);

/// A member's value before it is spelled out.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Date(Moment),
    File(&'a [u8]),
}

/// A member of a subject that is there.
pub(crate) type Member<'a> = (&'static Term, Value<'a>);

impl KycSubject {
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
    pub fn check(&self, approved_at: Option<Moment>) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.check_id(&mut problems);
        plausible::check_members(&self.members(), &mut problems);
        self.check_name(&mut problems, |name| !plausible::is_blank(name));
        plausible::check_dates(self, approved_at, &mut problems);
        problems.or(())
    }

    /// Checks the rules of the official SDK alone.
    pub(crate) fn check_as_sdk(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.check_id(&mut problems);
        for (term, value) in &self.members() {
            let checked = match value {
                Value::Text(text) => term.rule.check(text),
                Value::File(file) if file.len() > MAX_FILE_BYTES => Err("is larger than 16 MiB"),
                Value::File(_) | Value::Date(_) => Ok(()),
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

    /// The members that are there, in the order of [`KYC_TERMS`].
    pub(crate) fn members(&self) -> Vec<Member<'_>> {
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
        KYC_TERMS.iter().zip(values).filter_map(|(term, value)| value.map(|value| (term, value))).collect()
    }
}

impl FaceSignSubject {
    /// Checks all rules. Unlike the official SDK, a blank id is refused: it proves nobody.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        plausible::check_members(&self.members(), &mut problems);
        problems.or(())
    }

    pub(crate) fn members(&self) -> Vec<Member<'_>> {
        FACE_SIGN_TERMS.iter().map(|term| (term, Value::Text(self.face_sign_user_id.as_str()))).collect()
    }
}

/// The path of a member as callers give it: addresses are an object of their own there.
pub(crate) fn input_path(term: &Term) -> String {
    match term.name.strip_prefix("residentialAddress") {
        Some(rest) => {
            let mut chars = rest.chars();
            let first = chars.next().map(|c| c.to_ascii_lowercase());
            format!("residentialAddress.{}{}", first.map(String::from).unwrap_or_default(), chars.as_str())
        }
        None => term.name.to_owned(),
    }
}
