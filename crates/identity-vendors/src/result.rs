//! What a vendor found out, in one form for all vendors.

use std::fmt;

use serde_json::Value;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::account::Environment;
use crate::case::Case;
use crate::country::{self, Alpha2, Country};
use crate::date::{self, Moment, PartialDate};
use crate::media::MediaReference;
use crate::name::Name;
use crate::refusal::{Refusal, RefusalCode};

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which case, with the reference that the vendor has for it.
    pub case: Case,
    /// Live only where account and data both say so.
    pub environment: Environment,
    /// When the vendor decided, where it says so. Elsewhere it was between the webhook and the asking.
    pub decided_at: Option<Moment>,
    /// What it decided.
    pub outcome: Outcome,
}

/// What a vendor decided.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The person is who the documents say.
    Approved(Box<Identity>),
    /// Not. Nothing else about the person is kept.
    Declined(Decline),
    /// Nothing yet, or nothing any more.
    NotYet(Wait),
    /// The user did not finish in time, or what was found is no longer valid.
    Expired,
    /// The vendor has deleted or redacted what it knew.
    Deleted,
    /// The provider or the vendor took the case back.
    Withdrawn,
}

impl Outcome {
    /// `approved`, `declined` and so on.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Approved(_) => "approved",
            Self::Declined(_) => "declined",
            Self::NotYet(_) => "not_yet",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What was in the way of an approval, as a class. Vendors' texts and labels about the person are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// The document.
    Document,
    /// The face: not alive, or another one.
    Face,
    /// A suspicion of fraud.
    Fraud,
    /// A list of sanctions, politically exposed persons or the like.
    Watchlist,
    /// The proof of the address.
    Address,
    /// The vendor does not say, or not in a documented way.
    Unspecified,
}

impl Decline {
    /// `document`, `face` and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Face => "face",
            Self::Fraud => "fraud",
            Self::Watchlist => "watchlist",
            Self::Address => "address",
            Self::Unspecified => "unspecified",
        }
    }
}

/// Who has to do something before there is a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The vendor's machines.
    Vendor,
    /// A person at the vendor or the provider.
    Review,
    /// The user: for the first time, or once more.
    User,
}

impl Wait {
    /// `vendor`, `review` or `user`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Review => "review",
            Self::User => "user",
        }
    }
}

/// Gender, as documents have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// M
    Male,
    /// F
    Female,
    /// X and whatever is neither.
    Other,
}

/// A kind of identity document that idOS knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentType {
    /// `PASSPORT`
    Passport,
    /// `DRIVERS`
    Drivers,
    /// `ID_CARD`
    IdCard,
    /// `VOTING_CARD`
    VotingCard,
    /// `PAN_CARD`, of India's tax office.
    PanCard,
    /// `RESIDENCE_PERMIT`
    ResidencePermit,
}

impl DocumentType {
    /// As it stands in an idOS credential.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passport => "PASSPORT",
            Self::Drivers => "DRIVERS",
            Self::IdCard => "ID_CARD",
            Self::VotingCard => "VOTING_CARD",
            Self::PanCard => "PAN_CARD",
            Self::ResidencePermit => "RESIDENCE_PERMIT",
        }
    }
}

/// What the vendor says was checked, and passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a check of its own")]
pub struct Checks {
    /// The identity document is genuine.
    pub document: bool,
    /// A living person was before the camera.
    pub liveness: bool,
    /// The face is the document's.
    pub face_match: bool,
    /// A document proves the address.
    pub address: bool,
    /// The e-mail address is the person's.
    pub email: bool,
    /// The phone number is the person's.
    pub phone: bool,
}

/// An identity document.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Document {
    /// Kind, where it is one that idOS knows.
    #[zeroize(skip)]
    pub kind: Option<DocumentType>,
    /// Who issued it.
    #[zeroize(skip)]
    pub country: Option<Country>,
    /// Its number.
    pub number: Option<String>,
    /// Date of issue.
    #[zeroize(skip)]
    pub issued: Option<PartialDate>,
    /// Date of expiry. None also where it has none.
    #[zeroize(skip)]
    pub expires: Option<PartialDate>,
}

/// Where the person lives.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Address {
    /// Street, with the house number where the vendor does not have it apart.
    pub street: Option<String>,
    /// House number.
    pub house_number: Option<String>,
    /// Flat, floor and the like.
    pub additional: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    #[zeroize(skip)]
    pub country: Option<Country>,
    /// What proves it. Without that, it is what the person said or what the identity document has.
    pub proof: Option<AddressProof>,
}

/// What proves an address.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct AddressProof {
    /// Kind of document, upper-case: `UTILITY_BILL`.
    pub category: String,
    /// Its date.
    #[zeroize(skip)]
    pub issued: Option<PartialDate>,
}

/// Who an approved person is. Wiped on drop; its `Debug` says nothing.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Identity {
    /// In Latin letters, where the vendor has them apart from the script of the document.
    pub latin: Name,
    /// As the document has it.
    pub native: Name,
    /// Gender.
    #[zeroize(skip)]
    pub gender: Option<Gender>,
    /// Nationality.
    #[zeroize(skip)]
    pub nationality: Option<Country>,
    /// Date of birth.
    #[zeroize(skip)]
    pub date_of_birth: Option<PartialDate>,
    /// Place of birth.
    pub place_of_birth: Option<String>,
    /// E-mail address; proven only where [`Checks::email`] says so.
    pub email: Option<String>,
    /// Phone number; proven only where [`Checks::phone`] says so.
    pub phone: Option<String>,
    /// The identity document.
    pub document: Option<Document>,
    /// The residential address.
    pub address: Option<Address>,
    /// What was checked.
    #[zeroize(skip)]
    pub checks: Checks,
    /// The files, each once at most for what it shows.
    #[zeroize(skip)]
    pub media: Vec<MediaReference>,
    /// What could not be read.
    #[zeroize(skip)]
    pub(crate) refusals: Vec<Refusal>,
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
says_nothing!(Document, Address, AddressProof, Identity);

impl Identity {
    /// The countries that the person has to do with, each with the field that says so: whose citizen they are, who has issued the document,
    /// where they live, be that proven or not.
    #[must_use]
    pub fn countries(&self) -> Vec<(&'static str, Alpha2)> {
        let all = [
            ("nationality", self.nationality),
            ("idDocument.country", self.document.as_ref().and_then(|document| document.country)),
            ("residentialAddress.country", self.address.as_ref().and_then(|address| address.country)),
        ];
        let assigned = all.into_iter().filter_map(|(field, country)| match country? {
            Country::Assigned(country) => Some((field, country)),
            _ => None,
        });
        assigned.collect()
    }

    pub(crate) fn refuse(&mut self, code: RefusalCode, field: &'static str) {
        self.refusals.push(Refusal::new(code, field));
    }

    /// A date, or a refusal of it.
    pub(crate) fn read_date(&mut self, value: Option<&Value>, field: &'static str) -> Option<PartialDate> {
        date::read(value).unwrap_or_else(|_| {
            self.refuse(RefusalCode::DateMalformed, field);
            None
        })
    }

    /// A country, or a refusal of it.
    pub(crate) fn read_country(&mut self, text: Option<&str>, field: &'static str) -> Option<Country> {
        country::read(text?).map_err(|_| self.refuse(RefusalCode::CountryUnknown, field)).ok()
    }

    /// The country of an address: where nothing proves it, it is what somebody typed, and is left out if it is none.
    pub(crate) fn read_residence(&mut self, text: Option<&str>, is_proven: bool) -> Option<Country> {
        if is_proven {
            self.read_country(text, "residentialAddress.country")
        } else {
            country::read(text?).ok()
        }
    }

    /// X is what documents have for neither; `<`, `U`, `N` (not applicable) and the like are nothing.
    pub(crate) fn read_gender(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        self.gender = match text.to_ascii_uppercase().as_str() {
            "M" | "MALE" => Some(Gender::Male),
            "F" | "FEMALE" => Some(Gender::Female),
            "X" | "OTHER" => Some(Gender::Other),
            "<" | "N" | "U" | "UNDEFINED" | "UNKNOWN" | "UNSPECIFIED" => None,
            _ => {
                self.refuse(RefusalCode::GenderUnknown, "gender");
                None
            }
        };
    }

    /// A file, or a refusal of where it is. The first one for what it shows is kept.
    pub(crate) fn add_media(&mut self, media: Result<MediaReference, Refusal>) {
        match media {
            Ok(media) if self.media.iter().all(|other| other.shows != media.shows) => self.media.push(media),
            Ok(_) => {}
            Err(refusal) => self.refusals.push(refusal),
        }
    }
}

/// A text of its own, where there is one.
pub(crate) fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
