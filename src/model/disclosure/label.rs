//! What a name says of its value: names of attributes and of members, and labels in a text.

use super::Disclosed;

/// What names say, by their words in lower case, put together.
const NAMES: &[(Disclosed, &[&str])] = &[
    (Disclosed::Email, &["email", "mail", "emailaddress", "mailaddress", "emails", "correo", "courriel"]),
    (
        Disclosed::Phone,
        &[
            "phone",
            "phonenumber",
            "phoneno",
            "telephone",
            "telephonenumber",
            "tel",
            "mobile",
            "mobilenumber",
            "mobilephone",
            "cell",
            "cellphone",
            "msisdn",
            "whatsapp",
            "telefon",
            "telefonnummer",
            "handy",
            "telefone",
            "telefono",
            "teléfono",
        ],
    ),
    (
        Disclosed::DocumentNumber,
        &[
            "documentnumber",
            "documentno",
            "documentid",
            "docnumber",
            "iddocumentnumber",
            "idnumber",
            "idcardnumber",
            "idno",
            "identitynumber",
            "passport",
            "passportnumber",
            "passportno",
            "passportid",
            "nationalid",
            "nationalidnumber",
            "personalnumber",
            "personalid",
            "ssn",
            "socialsecuritynumber",
            "socialsecurity",
            "taxid",
            "taxnumber",
            "tin",
            "dni",
            "nie",
            "nif",
            "cpf",
            "curp",
            "mrz",
            "driverlicense",
            "driverslicense",
            "driverlicence",
            "driverslicence",
            "driverlicensenumber",
            "licensenumber",
            "licencenumber",
            "ausweisnummer",
            "reisepass",
            "reisepassnummer",
            "passnummer",
            "steuerid",
        ],
    ),
    (
        Disclosed::AccountNumber,
        &["iban", "bankaccount", "accountnumber", "bankaccountnumber", "cardnumber", "creditcard", "pan"],
    ),
    (
        Disclosed::DateOfBirth,
        &[
            "dateofbirth",
            "birthdate",
            "birthday",
            "dob",
            "yearofbirth",
            "birthyear",
            "placeofbirth",
            "birthplace",
            "geburtsdatum",
            "geburtstag",
            "fechanacimiento",
            "fechadenacimiento",
            "datadenascimento",
            "datedenaissance",
        ],
    ),
    (
        Disclosed::Name,
        &[
            "firstname",
            "givenname",
            "givennames",
            "forename",
            "middlename",
            "lastname",
            "familyname",
            "surname",
            "maidenname",
            "birthname",
            "fullname",
            "legalname",
            "realname",
            "personname",
            "vorname",
            "nachname",
            "apellido",
            "apellidos",
            "sobrenome",
            "prénom",
            "prenom",
        ],
    ),
    (
        Disclosed::Address,
        &[
            "homeaddress",
            "postaladdress",
            "streetaddress",
            "residentialaddress",
            "residenceaddress",
            "billingaddress",
            "shippingaddress",
            "addressline",
            "street",
            "streetname",
            "housenumber",
            "postalcode",
            "postcode",
            "zipcode",
            "zip",
            "anschrift",
            "strasse",
            "straße",
            "postleitzahl",
            "plz",
        ],
    ),
];

/// Names that say so only if nothing stands before them: of a user's attribute it is the user's, of a text it may be anything's.
const ALONE: &[(Disclosed, &[&str])] = &[(Disclosed::Name, &["name"]), (Disclosed::Address, &["address"])];

/// What is told of a thing, and is not the thing.
const ABOUT: &[&str] = &[
    "verified",
    "checked",
    "confirmed",
    "valid",
    "validated",
    "present",
    "provided",
    "proven",
    "status",
    "state",
    "type",
    "kind",
    "country",
    "count",
    "at",
    "date",
    "level",
    "score",
    "consent",
    "allowed",
    "enabled",
    "required",
    "method",
    "provider",
    "source",
    "domain",
    "language",
    "locale",
    "version",
    "expiry",
    "expires",
    "match",
    "matches",
    "result",
    "check",
];

/// What an attribute of this name holds.
pub(super) fn of_name(name: &str) -> Option<Disclosed> {
    let words = words(name);
    if words.last().is_some_and(|last| {
        words.len() > 1 && ABOUT.contains(&last.as_str()) && named(NAMES, &words.concat()).is_none()
    }) {
        return None;
    }
    named(ALONE, &words.concat()).or_else(|| sequences(&words).find_map(|sequence| named(NAMES, &sequence)))
}

/// Whether a value says only yes, no or nothing.
pub(super) fn is_flag(value: &str) -> bool {
    [
        "",
        "true",
        "false",
        "yes",
        "no",
        "0",
        "1",
        "null",
        "none",
        "-",
        "verified",
        "unverified",
        "pending",
        "ok",
    ]
    .contains(&value.trim().to_lowercase().as_str())
}

/// What stands behind a label in a text: `dob: 26 Jan 84`, `lastName=Exemplo`.
pub(super) fn in_text(text: &str) -> Option<Disclosed> {
    text.match_indices([':', '=']).find_map(|(at, _)| {
        let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
        let is_end = |c: char| !(c.is_alphanumeric() || "_- ".contains(c));
        let label = before.rsplit(is_end).next()?;
        let words = words(label);
        let last = words.len().saturating_sub(4);
        let found = (last..words.len()).find_map(|from| named(NAMES, &words.get(from..)?.concat()))?;
        let value = after.split(['\n', ';', '&', ',']).next()?.trim();
        (!is_flag(value) && can_be(found, value)).then_some(found)
    })
}

/// Whether what stands behind a label can be what the label says: not `passport: checked`.
fn can_be(what: Disclosed, value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    match what {
        Disclosed::Email => value.contains('@'),
        Disclosed::Phone | Disclosed::DocumentNumber | Disclosed::AccountNumber => digits >= 4,
        Disclosed::DateOfBirth => digits >= 2,
        Disclosed::Name | Disclosed::Address => {
            value.chars().filter(|c| c.is_alphabetic()).count() >= 2 || digits >= 4
        }
    }
}

fn named(table: &[(Disclosed, &[&str])], joined: &str) -> Option<Disclosed> {
    table.iter().find(|(_, names)| names.contains(&joined)).map(|(what, _)| *what)
}

/// One to four words that follow each other, put together.
fn sequences(words: &[String]) -> impl Iterator<Item = String> {
    (1..=4).rev().flat_map(move |count| words.windows(count).map(<[String]>::concat).collect::<Vec<_>>())
}

/// The words of a name, in lower case: `userEmail`, `user_email`, `USER-EMAIL` and `user email` have the same ones.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}
