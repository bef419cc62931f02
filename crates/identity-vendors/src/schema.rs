//! What of a result an idOS credential can say, and why not the rest.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::country::{Alpha2, Country};
use crate::date::{Date, PartialDate};
use crate::media::{MediaReference, Shows};
use crate::name::Name;
use crate::refusal::{Refusal, RefusalCode};
use crate::result::{Address, DocumentType, Gender, Identity};

/// A version of idOS' credential subject for identity data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// idos-credential-subject-v2
    V2,
    /// idos-credential-subject-v3
    V3,
}

/// Which names a credential takes where a vendor has two scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Script {
    /// The Latin ones.
    #[default]
    Latin,
    /// Those of the document.
    Native,
}

/// How much was found out: no more than the checks that the vendor says were done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an add-on of its own")]
pub struct Level {
    /// The address is proven: `plus` instead of `basic`.
    pub plus: bool,
    /// `+liveness`
    pub liveness: bool,
    /// `+email`
    pub email: bool,
    /// `+phoneNumber`
    pub phone_number: bool,
}

/// As it stands in a credential: `plus+liveness+email`.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.plus { "plus" } else { "basic" })?;
        for (there, name) in
            [(self.liveness, "liveness"), (self.email, "email"), (self.phone_number, "phoneNumber")]
        {
            if there {
                write!(f, "+{name}")?;
            }
        }
        Ok(())
    }
}

/// The claims of a credential. All that idOS wants is there. Wiped on drop; its `Debug` says nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Claims {
    /// What the checks support.
    #[zeroize(skip)]
    pub level: Level,
    /// This or the family name is there.
    pub first_name: Option<String>,
    /// Further given names.
    pub middle_name: Option<String>,
    /// This or the first name is there.
    pub family_name: Option<String>,
    /// Gender.
    #[zeroize(skip)]
    pub gender: Option<Gender>,
    /// Nationality.
    #[zeroize(skip)]
    pub nationality: Option<Alpha2>,
    /// Nobody's citizen (version 3).
    pub stateless: bool,
    /// Date of birth.
    #[zeroize(skip)]
    pub date_of_birth: Date,
    /// Place of birth.
    pub place_of_birth: Option<String>,
    /// E-mail address, checked.
    pub email: Option<String>,
    /// Phone number, checked, as `+351912345678` (ITU-T E.164).
    pub phone_number: Option<String>,
    /// Kind of document.
    #[zeroize(skip)]
    pub document_type: DocumentType,
    /// Who issued the document.
    #[zeroize(skip)]
    pub document_country: Alpha2,
    /// Its number.
    pub document_number: String,
    /// Its date of issue.
    #[zeroize(skip)]
    pub document_issued: Option<Date>,
    /// Its date of expiry.
    #[zeroize(skip)]
    pub document_expires: Option<Date>,
    /// The address: in version 2 a proven one, in version 3 also one that is not.
    pub address: Option<ClaimedAddress>,
    /// Image of the document's front.
    #[zeroize(skip)]
    pub front: MediaReference,
    /// Image of its back.
    #[zeroize(skip)]
    pub back: Option<MediaReference>,
    /// Image of the face.
    #[zeroize(skip)]
    pub selfie: MediaReference,
}

/// An address that idOS can say.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ClaimedAddress {
    /// Street.
    pub street: String,
    /// House number.
    pub house_number: Option<String>,
    /// Flat, floor and the like.
    pub additional: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// City.
    pub city: String,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    #[zeroize(skip)]
    pub country: Alpha2,
    /// What proves it. Always there in version 2.
    pub proof: Option<ClaimedProof>,
}

/// What proves an address.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ClaimedProof {
    /// Kind of document: `UTILITY_BILL`.
    pub category: String,
    /// Its date.
    #[zeroize(skip)]
    pub issued: Option<Date>,
    /// Image of it.
    #[zeroize(skip)]
    pub file: MediaReference,
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
says_nothing!(Claims, ClaimedAddress, ClaimedProof);

impl Identity {
    /// What a credential can say of this person, or everything that is in the way, sorted and each once.
    ///
    /// | a vendor says | here |
    /// |---|---|
    /// | one name only | that one, as first or family name: idOS wants one of them |
    /// | names in two scripts | the Latin ones, if they have all parts; else those of the document. Never a mixture |
    /// | a day or month of birth is unknown | refused: idOS has full dates only |
    /// | the same of the date of expiry | refused: without it, a document would seem to be valid for ever |
    /// | the same of the date of issue or of the proof of address | left out: nothing depends on it |
    /// | stateless (XXA) | version 3 says so; version 2 cannot, and it is refused |
    /// | refugee (XXB, XXC), unspecified (XXX), an organisation | refused |
    /// | Kosovo | XK in version 2; refused in version 3, whose readers take ISO 3166-1 alone |
    /// | gender X | `OTHER` |
    /// | an e-mail address or phone number that was not checked | left out: idOS' levels count them as found out |
    /// | a checked e-mail address that consumers' software refuses, such as one with letters beyond ASCII | left out |
    /// | an address without proof | left out in version 2; not verified in version 3 |
    /// | a document of another kind | refused |
    pub fn claims(&self, schema: Schema, script: Script) -> Result<Claims, Vec<Refusal>> {
        let mut judge = Judge { schema, refusals: self.refusals.clone() };
        let claims = judge.claims(self, script);
        let mut refusals = judge.refusals;
        refusals.sort_unstable();
        refusals.dedup();
        match claims {
            Some(claims) if refusals.is_empty() => Ok(claims),
            _ => Err(refusals),
        }
    }

    fn file(&self, shows: Shows) -> Option<MediaReference> {
        self.media.iter().find(|media| media.shows == shows).cloned()
    }

    /// One set of names, whole.
    fn name(&self, script: Script) -> &Name {
        let (wanted, other) = match script {
            Script::Latin => (&self.latin, &self.native),
            Script::Native => (&self.native, &self.latin),
        };
        if wanted.covers(other) { wanted } else { other }
    }
}

struct Judge {
    schema: Schema,
    refusals: Vec<Refusal>,
}

impl Judge {
    fn refuse(&mut self, code: RefusalCode, field: &'static str) {
        self.refusals.push(Refusal::new(code, field));
    }

    /// What must be there; where something about the field was refused already, it is not also missing.
    fn wanted<T>(&mut self, value: Option<T>, code: RefusalCode, field: &'static str) -> Option<T> {
        if value.is_none() && !self.refusals.iter().any(|refusal| refusal.field == field) {
            self.refuse(code, field);
        }
        value
    }

    fn claims(&mut self, person: &Identity, script: Script) -> Option<Claims> {
        let name = person.name(script);
        name.check(&mut self.refusals);
        if name.is_empty() {
            self.wanted::<()>(None, RefusalCode::NameMissing, "firstName");
        }
        let date_of_birth = self.date_of_birth(person.date_of_birth);
        let stateless = person.nationality == Some(Country::Stateless) && self.schema == Schema::V3;
        let nationality = if stateless { None } else { self.country(person.nationality, "nationality") };
        if self.schema == Schema::V3 && !stateless {
            self.wanted(nationality, RefusalCode::NationalityMissing, "nationality");
        }
        let phone_number = self.phone(person);
        self.check_text(person.place_of_birth.as_ref(), "placeOfBirth");
        self.check_text(
            person.document.as_ref().and_then(|document| document.number.as_ref()),
            "idDocument.number",
        );
        let document = self.wanted(person.document.as_ref(), RefusalCode::DocumentMissing, "idDocument");
        if document.is_some() && !person.checks.document {
            self.refuse(RefusalCode::DocumentNotChecked, "idDocument");
        }
        let kind = document.and_then(|document| {
            self.wanted(document.kind, RefusalCode::DocumentTypeUnknown, "idDocument.type")
        });
        let country = document.and_then(|document| {
            let country = self.country(document.country, "idDocument.country");
            self.wanted(country, RefusalCode::CountryMissing, "idDocument.country")
        });
        let number = document.and_then(|document| {
            let number = document.number.clone().filter(|number| number.chars().any(char::is_alphanumeric));
            self.wanted(number, RefusalCode::DocumentNumberMissing, "idDocument.number")
        });
        let expires = document.and_then(|document| document.expires);
        let document_expires = self.full(expires, "idDocument.dateOfExpiry");
        let front = person.file(Shows::Front);
        let front = self.wanted(front, RefusalCode::FrontMissing, Shows::Front.field());
        let selfie = person.file(Shows::Selfie);
        let selfie = self.wanted(selfie, RefusalCode::SelfieMissing, Shows::Selfie.field());
        let address = person.address.as_ref().and_then(|address| self.address(person, address));
        let email = person.email.clone().filter(|email| person.checks.email && is_plain_email(email));
        let level = Level {
            plus: address.as_ref().is_some_and(|address| address.proof.is_some()),
            liveness: person.checks.liveness,
            email: email.is_some(),
            phone_number: phone_number.is_some(),
        };
        Some(Claims {
            level,
            first_name: name.first.clone(),
            middle_name: name.middle.clone(),
            family_name: name.family.clone(),
            gender: person.gender,
            nationality,
            stateless,
            date_of_birth: date_of_birth?,
            place_of_birth: person
                .place_of_birth
                .clone()
                .filter(|place| place.chars().any(char::is_alphabetic)),
            email,
            phone_number,
            document_type: kind?,
            document_country: country?,
            document_number: number?,
            document_issued: document?.issued.and_then(PartialDate::full),
            document_expires,
            address,
            front: front?,
            back: person.file(Shows::Back),
            selfie: selfie?,
        })
    }

    fn check_text(&mut self, text: Option<&String>, field: &'static str) {
        if text.is_some_and(|text| text.contains(char::is_control)) {
            self.refuse(RefusalCode::TextMalformed, field);
        }
    }

    fn date_of_birth(&mut self, date: Option<PartialDate>) -> Option<Date> {
        let date = self.wanted(date, RefusalCode::DateOfBirthMissing, "dateOfBirth")?;
        self.wanted(date.full(), RefusalCode::DateOfBirthPartial, "dateOfBirth")
    }

    fn full(&mut self, date: Option<PartialDate>, field: &'static str) -> Option<Date> {
        let date = date?;
        self.wanted(date.full(), RefusalCode::DatePartial, field)
    }

    fn country(&mut self, country: Option<Country>, field: &'static str) -> Option<Alpha2> {
        let code = match country? {
            Country::Assigned(Alpha2::KOSOVO) if self.schema == Schema::V3 => RefusalCode::KosovoNotInSchema,
            Country::Assigned(country) => return Some(country),
            Country::Stateless => RefusalCode::Stateless,
            Country::Refugee => RefusalCode::Refugee,
            Country::Unspecified => RefusalCode::CountryUnspecified,
            Country::Organisation => RefusalCode::CountryOrganisation,
            Country::Specimen => RefusalCode::CountrySpecimen,
            Country::Withdrawn => RefusalCode::CountryWithdrawn,
        };
        self.refuse(code, field);
        None
    }

    /// Less what people put between digits.
    fn phone(&mut self, person: &Identity) -> Option<String> {
        let text = person.phone.as_ref().filter(|_| person.checks.phone)?;
        let plain: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !" -()./".contains(*c)).collect());
        let digits = plain.strip_prefix('+').unwrap_or_default();
        let is_one = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !is_one {
            self.refuse(RefusalCode::PhoneMalformed, "phoneNumber");
        }
        is_one.then(|| (*plain).clone())
    }

    fn address(&mut self, person: &Identity, address: &Address) -> Option<ClaimedAddress> {
        let proof = address.proof.as_ref().filter(|_| person.checks.address);
        if proof.is_none() && self.schema == Schema::V2 {
            return None;
        }
        let has =
            |text: &Option<String>| text.as_ref().is_some_and(|text| text.chars().any(char::is_alphanumeric));
        let has_city = address.city.as_ref().is_some_and(|city| city.chars().any(char::is_alphabetic));
        let is_whole = has(&address.street) && has_city && address.country.is_some();
        if !is_whole && proof.is_none() {
            return None;
        }
        if !is_whole {
            self.wanted::<()>(None, RefusalCode::AddressIncomplete, "residentialAddress");
        }
        let parts =
            [&address.street, &address.house_number, &address.additional, &address.region, &address.city];
        for part in parts.into_iter().chain([&address.postal_code]) {
            self.check_text(part.as_ref(), "residentialAddress");
        }
        let country = self.country(address.country, "residentialAddress.country");
        let file = person.file(Shows::AddressProof);
        let proof = match proof {
            None => None,
            Some(proof) => {
                let field = Shows::AddressProof.field();
                let file = self.wanted(file, RefusalCode::AddressProofMissing, field)?;
                let issued = proof.issued.and_then(PartialDate::full);
                Some(ClaimedProof { category: proof.category.clone(), issued, file })
            }
        };
        Some(ClaimedAddress {
            street: address.street.clone()?,
            house_number: address.house_number.clone(),
            additional: address.additional.clone(),
            region: address.region.clone(),
            city: address.city.clone()?,
            postal_code: address.postal_code.clone(),
            country: country?,
            proof,
        })
    }
}

/// What idOS' consumers take for an e-mail address: a cautious subset of RFC 5321, that of the software they run.
fn is_plain_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_is_fine = !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with(['.', '\''])
        && !text.contains("..")
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_'+-.".contains(&byte));
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let domain_is_fine = domain.rsplit_once('.').is_some_and(|(rest, top)| {
        top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()) && rest.split('.').all(is_label)
    });
    local_is_fine && domain_is_fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        for text in ["ana@b.example", "a'b+c_d-e.f@x1-y.b.example", "A@B.CO"] {
            assert!(is_plain_email(text), "{text}");
        }
        for text in [
            "",
            "@",
            "a@",
            "@b.example",
            "a@b",
            "a@b.c",
            "a@b.c1",
            "a.@b.example",
            ".a@b.example",
            "a..b@c.example",
            "a'@b.example",
            "j\u{fc}rgen@b.example",
            "a@m\u{fc}nchen.example",
            "a b@c.example",
            "a@-b.example",
            "a@.example",
            "a@b..example",
            "a@b@c.example",
            "\"a\"@b.example",
            "a@[127.0.0.1]",
            "a@b.example\n",
        ] {
            assert!(!is_plain_email(text), "{text}");
        }
    }
}
