//! The sample people: who they are, and what becomes of each. All of them are made up.

use chrono::DateTime;
use idos_credential::Kind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Error;
use crate::cli::demo::evidence;
use crate::model::evidence::Evidence;
use crate::model::personal::Contact;
use crate::model::time::{DAY, Timestamp};

/// What becomes of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    /// Their credential is in their profile.
    Issued,
    /// It was there, and is revoked.
    Revoked,
    /// They have no profile yet.
    WithoutProfile,
    /// They have not signed a write grant yet.
    WithoutGrant,
    /// Their credential stops on its way: `halts` brings it there.
    Stops,
    /// Their credential is in their profile, until they ask to have all of it erased.
    Erased,
}

/// One of them.
pub(super) struct Person {
    /// The sample's name, of which its reference and address are made.
    pub(super) name: &'static str,
    first: &'static str,
    family: &'static str,
    gender: &'static str,
    /// Country of nationality and document (ISO 3166-1).
    country: &'static str,
    /// Date of birth.
    born: &'static str,
    /// The language in which they are written to.
    locale: &'static str,
    /// For how many days their credential is valid.
    days: i64,
    pub(super) becomes: Becomes,
    /// Whether they came to the other client.
    pub(super) is_of_partner: bool,
}

const fn person(
    name: &'static str,
    (first, family, gender): (&'static str, &'static str, &'static str),
    (country, born, locale): (&'static str, &'static str, &'static str),
    days: i64,
    becomes: Becomes,
) -> Person {
    Person { name, first, family, gender, country, born, locale, days, becomes, is_of_partner: false }
}

const fn of_partner(mut person: Person) -> Person {
    person.is_of_partner = true;
    person
}

/// All whose credential begins with a result of the client's own.
#[rustfmt::skip]
pub(super) const ALL: &[Person] = &[
    person("ana", ("Ana Maria", "Exemplo", "F"), ("PT", "1990-02-14", "en"), 1500, Becomes::Issued),
    person("lukas", ("Lukas", "Beispiel", "M"), ("DE", "1984-06-02", "de-DE"), 25, Becomes::Issued),
    person("maria", ("Maria", "Ejemplo", "F"), ("ES", "1978-11-23", "es-ES"), 6, Becomes::Issued),
    person("jean", ("Jean", "Dupont", "M"), ("FR", "1969-01-30", "fr-FR"), 1, Becomes::Issued),
    person("sofia", ("Sofia", "Esempio", "F"), ("IT", "1995-09-09", "en"), 700, Becomes::Revoked),
    person("piet", ("Piet", "Modelman", "M"), ("NL", "1981-03-17", "en"), 365, Becomes::Revoked),
    person("eva", ("Eva", "Sample", "F"), ("PL", "1999-12-01", "en"), 365, Becomes::WithoutProfile),
    person("nils", ("Nils", "Provsson", "M"), ("SE", "1988-07-07", "en"), 365, Becomes::WithoutGrant),
    person("otto", ("Otto", "Muster", "M"), ("AT", "1975-05-20", "de-AT"), 900, Becomes::Erased),
    of_partner(person("iris", ("Iris", "Specimen", "F"), ("IE", "1992-10-11", "en"), 400, Becomes::Issued)),
    of_partner(person("karl", ("Karl", "Platzhalter", "M"), ("CH", "1986-08-28", "de-CH"), 29, Becomes::Issued)),
];

/// Those whose credentials stop because the wallet that has signed the grant is in no profile; the last is the partner's.
#[rustfmt::skip]
pub(super) const UNKNOWN_OWNERS: &[Person] = &[
    person("dora", ("Dora", "Testperson", "F"), ("DE", "1991-04-04", "de-DE"), 365, Becomes::Stops),
    person("emil", ("Emil", "Testperson", "M"), ("DE", "1993-06-16", "de-DE"), 365, Becomes::Stops),
    of_partner(person("finn", ("Finn", "Tester", "M"), ("DK", "1997-02-02", "en"), 365, Becomes::Stops)),
];

/// The one whose encryption key is none for which anything can be encrypted.
#[rustfmt::skip]
pub(super) const UNUSABLE_KEY: Person =
    person("gerda", ("Gerda", "Testperson", "F"), ("DE", "1960-01-01", "de-DE"), 365, Becomes::Stops);

impl Person {
    /// The client's own name of them.
    pub(super) fn reference(&self) -> String {
        format!("case-{}", self.name)
    }

    /// Where they are written to.
    pub(super) fn contact(&self) -> Result<Option<Contact>, Error> {
        let email = format!("{}@user.example", self.name).parse()?;
        Ok(Some(Contact { email, locale: self.locale.parse()? }))
    }

    /// What a vendor has found of them: the example's result, with their name and dates.
    pub(super) fn evidence(&self, user_id: Uuid, now: Timestamp) -> Result<Evidence, Error> {
        let mut evidence: Value = serde_json::from_slice(evidence::EXAMPLE)?;
        set(&mut evidence, "", "approvedAt", now.to_seconds_text().into());
        set(&mut evidence, "", "expiresAt", now.plus_millis(self.days * DAY).to_seconds_text().into());
        for (name, value) in [
            ("firstName", json!(self.first)),
            ("familyName", json!(self.family)),
            ("gender", json!(self.gender)),
            ("nationality", json!(self.country)),
            ("email", json!(format!("{}@user.example", self.name))),
            ("dateOfBirth", json!(self.born)),
            ("idDocumentCountry", json!(self.country)),
        ] {
            set(&mut evidence, "/subject", name, value);
        }
        // The example's proof of address is of a day of its own.
        let proven =
            DateTime::from_timestamp_millis(now.plus_millis(-30 * DAY).unix_millis()).unwrap_or_default();
        let proven = proven.format("%Y-%m-%d").to_string();
        set(&mut evidence, "/subject/residentialAddress", "proofDateOfIssue", proven.into());
        let text = serde_json::to_vec(&evidence)?;
        Ok(Evidence::parse(Kind::default(), &text, &user_id.to_string(), &mut evidence::example_file)?)
    }
}

fn set(evidence: &mut Value, at: &str, name: &str, value: Value) {
    if let Some(Value::Object(members)) = evidence.pointer_mut(at) {
        members.insert(name.to_owned(), value);
    }
}
