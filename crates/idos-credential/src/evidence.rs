//! Reads subjects and credential fields from JSON, with the member names of idOS credentials.
//!
//! Dates of birth and of documents are calendar dates (`1980-10-09`), when something was approved or ends is a moment (RFC
//! 3339) or a date. How a file is given is the caller's business: as base64, as a
//! path, as the name of a multipart field. Every problem is reported, by path and never by value.

use crate::draft::CredentialFields;
use crate::error::{Invalid, Problems};
use crate::moment::Moment;
use crate::strict_json::Json;
use crate::subject::{FaceSignSubject, Gender, IdDocumentType, KycSubject, ResidentialAddress, input_path};
use crate::terms::KYC_TERMS;

/// Turns what stands in the place of a file into its bytes, or says what is wrong.
pub type ReadFile<'a> = dyn FnMut(&Json) -> Result<Vec<u8>, &'static str> + 'a;

/// The members of a KYC subject besides its id, by dotted paths: those of the address are `residentialAddress.street` and
/// so on.
pub fn kyc_members() -> impl Iterator<Item = String> {
    KYC_TERMS.iter().map(input_path)
}

/// How dates of birth and of documents are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    Calendar,
    Moments,
}

/// Reads a KYC subject. Its own rules are checked later, by [`KycSubject::check`].
pub fn kyc_subject(json: &Json, read_file: &mut ReadFile<'_>) -> Result<KycSubject, Invalid> {
    read_kyc_subject(json, Dates::Calendar, read_file)
}

/// Reads a KYC subject whose dates may have a time of day, as those that the official SDK takes. For
/// [`crate::Draft::kyc_as_sdk`].
pub fn kyc_subject_as_sdk(json: &Json, read_file: &mut ReadFile<'_>) -> Result<KycSubject, Invalid> {
    read_kyc_subject(json, Dates::Moments, read_file)
}

fn read_kyc_subject(json: &Json, dates: Dates, read_file: &mut ReadFile<'_>) -> Result<KycSubject, Invalid> {
    let mut problems = Problems::default();
    let mut members = Members::of(json, String::new(), &mut problems);
    members.dates = dates;
    let address = members.take("residentialAddress");
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
        date_of_birth: members.required("dateOfBirth", Members::calendar_date).unwrap_or(Moment::EPOCH),
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
        residential_address: address.and_then(|json| members.address(json, read_file)),
    };
    members.end();
    problems.or(subject)
}

/// Reads a FaceSign subject.
pub fn face_sign_subject(json: &Json) -> Result<FaceSignSubject, Invalid> {
    let mut problems = Problems::default();
    let mut members = Members::of(json, String::new(), &mut problems);
    let subject = FaceSignSubject { face_sign_user_id: members.required_text("faceSignUserId") };
    members.end();
    problems.or(subject)
}

/// Reads what a credential says about itself.
pub fn credential_fields(json: &Json) -> Result<CredentialFields, Invalid> {
    let mut problems = Problems::default();
    let mut members = Members::of(json, String::new(), &mut problems);
    let fields = CredentialFields {
        id: members.required_text("id"),
        level: members.required_text("level"),
        issued: members.date("issued"),
        approved_at: members.date("approvedAt"),
        expiration_date: members.date("expirationDate"),
    };
    members.end();
    problems.or(fields)
}

fn document_type(members: &mut Members<'_>, name: &'static str) -> Option<IdDocumentType> {
    members.choice(
        name,
        IdDocumentType::by_name,
        "must be PASSPORT, DRIVERS, ID_CARD, VOTING_CARD, PAN_CARD, INTERNAL_PASSPORT or RESIDENCE_PERMIT",
    )
}

/// The members of an object, each taken once.
struct Members<'a> {
    prefix: String,
    dates: Dates,
    left: Vec<(&'a str, &'a Json)>,
    problems: &'a mut Problems,
}

impl<'a> Members<'a> {
    fn of(json: &'a Json, prefix: String, problems: &'a mut Problems) -> Self {
        let left = if let Json::Object(members) = json {
            members.iter().map(|(name, value)| (name.as_str(), value)).collect()
        } else {
            problems.add(prefix.trim_end_matches('.'), "must be an object");
            Vec::new()
        };
        Self { prefix, dates: Dates::Calendar, left, problems }
    }

    fn take(&mut self, name: &str) -> Option<&'a Json> {
        let position = self.left.iter().position(|(n, _)| *n == name)?;
        Some(self.left.swap_remove(position).1)
    }

    fn problem(&mut self, name: &str, problem: &'static str) {
        self.problems.add(format!("{}{name}", self.prefix), problem);
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if !self.left.iter().any(|(n, _)| *n == name) {
            self.problem(name, "is required");
        }
        read(self, name)
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let text = self.take(name)?.as_text();
        if text.is_none() {
            self.problem(name, "must be a text");
        }
        text.map(str::to_owned)
    }

    fn required_text(&mut self, name: &'static str) -> String {
        self.required(name, Self::text).unwrap_or_default()
    }

    fn date(&mut self, name: &'static str) -> Option<Moment> {
        let date = self.take(name)?.as_text().and_then(|text| text.parse().ok());
        if date.is_none() {
            self.problem(name, "must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z");
        }
        date
    }

    /// A date of birth or of a document.
    fn calendar_date(&mut self, name: &'static str) -> Option<Moment> {
        if self.dates == Dates::Moments {
            return self.date(name);
        }
        let date = self.take(name)?.as_text().and_then(|text| Moment::from_calendar_date(text).ok());
        if date.is_none() {
            self.problem(
                name,
                "must be a calendar date such as 1980-10-09, without a time of day or an offset: they would make it \
                 another day",
            );
        }
        date
    }

    fn choice<T>(
        &mut self,
        name: &'static str,
        read: fn(&str) -> Option<T>,
        problem: &'static str,
    ) -> Option<T> {
        let choice = self.take(name)?.as_text().and_then(read);
        if choice.is_none() {
            self.problem(name, problem);
        }
        choice
    }

    fn file(&mut self, name: &'static str, read_file: &mut ReadFile<'_>) -> Option<Vec<u8>> {
        match read_file(self.take(name)?) {
            Ok(bytes) => Some(bytes),
            Err(problem) => {
                self.problem(name, problem);
                None
            }
        }
    }

    fn required_file(&mut self, name: &'static str, read_file: &mut ReadFile<'_>) -> Vec<u8> {
        if self.left.iter().any(|(n, _)| *n == name) {
            return self.file(name, read_file).unwrap_or_default();
        }
        self.problem(name, "is required");
        Vec::new()
    }

    fn address(&mut self, json: &'a Json, read_file: &mut ReadFile<'_>) -> Option<ResidentialAddress> {
        if !matches!(json, Json::Object(_)) {
            self.problem("residentialAddress", "must be an object");
            return None;
        }
        let mut members = Members::of(json, format!("{}residentialAddress.", self.prefix), self.problems);
        members.dates = self.dates;
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
        Some(address)
    }

    /// What is left is unknown. The name came from outside, so it is not repeated.
    fn end(self) {
        if !self.left.is_empty() {
            self.problems.add(self.prefix.trim_end_matches('.'), "has a member that is not known");
        }
    }
}
