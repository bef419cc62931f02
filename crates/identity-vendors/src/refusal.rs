//! Why an approved person cannot be said in idOS' schema, for the provider's staff.

use std::fmt;

use crate::codes::codes;

codes! {
    /// What is in the way. Each has a code for programs and an advice for people.
    RefusalCode {
        NameMissing = "name_missing": "The vendor read neither a first nor a family name. Have the document read again.",
        NameMalformed = "name_malformed": "The name has machine-readable filler (<), digits or control characters in it. Correct it at the vendor.",
        NamePlaceholder = "name_placeholder": "The name is a word for a missing one, such as UNKNOWN or N/A. Correct it at the vendor, or remove it where the person has no such name.",
        NameNotSplit = "name_not_split": "The vendor has the full name only, and idOS wants first and family name apart. Split it at the vendor.",
        DateOfBirthMissing = "date_of_birth_missing": "The vendor read no date of birth, and idOS wants one. Have the document read again.",
        DateOfBirthPartial = "date_of_birth_partial": "The document has no day or no month of birth, and idOS can only say full dates. Ask for a document with the full date.",
        DatePartial = "date_partial": "The date has no day or no month, and idOS can only say full dates. Ask for a document with the full date.",
        DateMalformed = "date_malformed": "The date is none that exists, or not written year-month-day. Correct it at the vendor.",
        TextMalformed = "text_malformed": "The text has control characters in it. Correct it at the vendor.",
        GenderUnknown = "gender_unknown": "The vendor writes the gender in a way that is not documented. Correct it at the vendor.",
        CountryMissing = "country_missing": "The vendor names no country, and idOS wants one. Have the document read again.",
        CountryUnknown = "country_unknown": "The country is no code of ISO 3166-1 or ICAO 9303. Correct it at the vendor.",
        CountryWithdrawn = "country_withdrawn": "The country does not exist any more, and its code leads to none that does. Ask for a document of today.",
        CountrySpecimen = "country_specimen": "The document is a specimen (UTO). It is nobody's.",
        CountryOrganisation = "country_organisation": "The document or nationality is of an organisation (such as UNO, EUE or XOM), which has no country code. Ask for a document of a country.",
        CountryUnspecified = "country_unspecified": "The nationality is unspecified (XXX), which idOS cannot say. Ask for a document that names one.",
        Stateless = "stateless": "The person is stateless (XXA), or the document is of no state, which this version of the schema cannot say.",
        Refugee = "refugee": "The person is a refugee without a nationality in the document (XXB, XXC), which idOS cannot say.",
        KosovoNotInSchema = "kosovo_not_in_schema": "Kosovo has no code in ISO 3166-1, and this version of the schema takes no other (XK). Ask for a document of another country.",
        NationalityMissing = "nationality_missing": "The vendor read no nationality, and this version of the schema wants one. Have the document read again.",
        DocumentMissing = "document_missing": "There is no identity document. Ask for one.",
        DocumentNotChecked = "document_not_checked": "The vendor does not say that it checked the document. Have it checked.",
        DocumentTypeUnknown = "document_type_unknown": "The document is none of the kinds that idOS knows. Ask for a passport, identity card, driving licence or residence permit.",
        DocumentNumberMissing = "document_number_missing": "The vendor read no document number, and idOS wants one. Have the document read again.",
        FrontMissing = "front_missing": "There is no image of the document's front. Have it taken again.",
        SelfieMissing = "selfie_missing": "There is no image of the face. Have it taken.",
        AddressIncomplete = "address_incomplete": "The proven address lacks street, city or country. Correct it at the vendor.",
        AddressProofMissing = "address_proof_missing": "The address counts as proven, and there is no image of what proves it. Have it taken again.",
        PhoneMalformed = "phone_malformed": "The verified phone number is not in the form +351912345678. Correct it at the vendor.",
        FileElsewhere = "file_elsewhere": "The vendor keeps the file on a host that the configuration does not name. Add the host, after asking the vendor.",
        LinkMalformed = "link_malformed": "The link to the file is no https address. Ask the vendor.",
    }
}

/// One thing that is in the way, and where. It never says what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// What.
    pub code: RefusalCode,
    /// Where, by the name that the field has in idOS' subject: `nationality`, `idDocument.country`.
    pub field: &'static str,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, field: &'static str) -> Self {
        Self { code, field }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code.as_str(), self.field, self.code.advice())
    }
}
