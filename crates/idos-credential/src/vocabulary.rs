//! The terms of idOS contexts: which claim has which predicate, and which rule its value obeys.
//!
//! The idOS contexts map terms to datatype IRIs *as predicates*. The `aux` term of the subject contexts has an
//! IRI that does not end in a delimiter, so it is no prefix under JSON-LD 1.1 and `aux:date` stays as it is.

use crate::base85;
use crate::strict_json::Json;
use crate::timestamp::Timestamp;

/// A claim that subjects may make, as its context defines it.
pub(crate) struct Term {
    pub(crate) name: &'static str,
    /// The object that callers give it in, whose name the term's begins with; empty where it stands by itself.
    pub(crate) section: &'static str,
    /// ` <iri> "`: as it stands in a line of N-Quads before a literal.
    pub(crate) predicate: &'static str,
    pub(crate) rule: Rule,
    pub(crate) required: bool,
    /// Whether a file shows a face, and not what has to be read.
    pub(crate) shows_face: bool,
    /// What of a text by [`Rule::Text`] a consumer would believe, beyond that it is not blank.
    pub(crate) believable: fn(&str) -> Result<(), &'static str>,
}

impl Term {
    /// The same, where a consumer would believe only what `believable` lets pass.
    pub(crate) const fn believed(self, believable: fn(&str) -> Result<(), &'static str>) -> Self {
        Self { believable, ..self }
    }

    /// The same, which has to be there.
    pub(crate) const fn must(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, as a file that shows a face.
    pub(crate) const fn of_a_face(self) -> Self {
        Self { shows_face: true, ..self }
    }

    /// The same, given in an object of its own.
    pub(crate) const fn of(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    /// The name in its section, or by itself.
    pub(crate) fn field(&self) -> String {
        let rest = if self.section.is_empty() { None } else { self.name.strip_prefix(self.section) };
        let Some(rest) = rest else { return self.name.to_owned() };
        let mut chars = rest.chars();
        let first = chars.next().map(|c| c.to_ascii_lowercase());
        format!("{}{}", first.map(String::from).unwrap_or_default(), chars.as_str())
    }
}

/// What a value must look like once it is text inside a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Text,
    /// 1 to 255 characters.
    Line,
    /// Two characters.
    Country,
    /// A country of ISO 3166-1, as consumers of credentials of version 3 check it.
    AssignedCountry,
    Ssn,
    Email,
    /// As consumers of credentials of version 3 check it.
    Email3,
    /// One of these texts; and what is said of others.
    OneOf(&'static [&'static str], &'static str),
    Date,
    File,
    Boolean,
    Number,
    /// A number from 0 to 100.
    Percentage,
}

/// What stands in the place of a value, in the JSON text of a credential.
#[derive(Clone, Copy)]
pub(crate) enum Stated<'a> {
    Text(&'a str),
    Boolean(bool),
    Number(f64),
}

impl Stated<'_> {
    /// Whether JavaScript takes it for something.
    pub(crate) fn holds(self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Boolean(value) => value,
            Self::Number(_) => true,
        }
    }
}

/// Longest text of a field, in UTF-16 code units.
const MAX_TEXT: usize = 8192;

/// Longest line, in characters.
const MAX_LINE: usize = 255;

/// From what is not written to what is certain.
const PERCENTAGE: std::ops::RangeInclusive<f64> = 0.0..=100.0;

impl Rule {
    /// Reads what stands in a credential.
    pub(crate) fn read(self, json: &Json) -> Result<Stated<'_>, &'static str> {
        match (self, json) {
            (Self::Boolean, Json::Bool(value)) => Ok(Stated::Boolean(*value)),
            (Self::Boolean, _) => Err("must be true or false"),
            (Self::Number | Self::Percentage, Json::Number(number)) => {
                self.check_number(*number).map(|()| Stated::Number(*number))
            }
            (Self::Number | Self::Percentage, _) => Err("must be a number"),
            (_, Json::Text(text)) => self.check(text).map(|()| Stated::Text(text)),
            _ => Err("must be a text"),
        }
    }

    /// Checks a number.
    pub(crate) fn check_number(self, number: f64) -> Result<(), &'static str> {
        match self {
            Self::Percentage if !PERCENTAGE.contains(&number) => Err("must be a number from 0 to 100"),
            _ => Ok(()),
        }
    }

    /// Checks a text as it stands in a credential. Lengths are those of JavaScript: UTF-16 code units.
    pub(crate) fn check(self, text: &str) -> Result<(), &'static str> {
        let units = || text.encode_utf16().take(MAX_TEXT + 1).count();
        let fine = |fine: bool, problem| if fine { Ok(()) } else { Err(problem) };
        match self {
            Self::Text => fine(units() <= MAX_TEXT, "is longer than 8192 characters"),
            Self::Line => fine(
                (1..=MAX_LINE).contains(&text.chars().take(MAX_LINE + 1).count()),
                "must have 1 to 255 characters",
            ),
            Self::Country => fine(units() == 2, "must be a country code of exactly 2 characters"),
            Self::AssignedCountry => fine(
                is_assigned(&text.to_ascii_uppercase()),
                "must be an assigned country code of two letters (ISO 3166-1 alpha-2)",
            ),
            Self::Ssn => fine(units() == 9, "must have exactly 9 characters"),
            Self::Email => fine(is_email(text), "must be an e-mail address"),
            Self::Email3 => fine(is_email_3(text), "must be an e-mail address"),
            Self::OneOf(names, problem) => fine(names.contains(&text), problem),
            Self::Date => text
                .parse::<Timestamp>()
                .map(drop)
                .map_err(|_| "must be a date such as 2026-01-02T03:04:05.000Z"),
            Self::File => base85::decode(text).map(drop).map_err(|_| "must be a file in Ascii85"),
            Self::Boolean | Self::Number | Self::Percentage => Err("must not be a text"),
        }
    }
}

pub(crate) const STRING: &str = " <http://www.w3.org/2001/XMLSchema#string> \"";
pub(crate) const DATE: &str = " <http://www.w3.org/2001/XMLSchema#date> \"";
pub(crate) const BOOLEAN: &str = " <http://www.w3.org/2001/XMLSchema#boolean> \"";
pub(crate) const DOUBLE: &str = " <http://www.w3.org/2001/XMLSchema#double> \"";
pub(crate) const DATE_TIME: &str = " <http://www.w3.org/2001/XMLSchema#dateTime> \"";
pub(crate) const INTEGER: &str = " <http://www.w3.org/2001/XMLSchema#integer> \"";
pub(crate) const AUX_DATE: &str = " <aux:date> \"";
pub(crate) const AUX_COUNTRY: &str = " <aux:ISO_3166-1_alpha-2> \"";

pub(crate) const fn term(name: &'static str, predicate: &'static str, rule: Rule, required: bool) -> Term {
    Term { name, section: "", predicate, rule, required, shows_face: false, believable: |_| Ok(()) }
}

/// Whether ISO 3166-1 assigns the two letters to a country today.
pub(crate) fn is_assigned(code: &str) -> bool {
    rust_iso3166::from_alpha2(code).is_some()
}

/// The e-mail rule of zod 4, which is that of the official SDK: a cautious ASCII subset of RFC 5321.
pub(crate) fn is_email(text: &str) -> bool {
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

/// The e-mail rule of `validator` 13 (`isEmail`), which is that of version 3 of the credentials, without its quoted local
/// parts: letters beyond ASCII may stand before the @ and in the domain.
fn is_email_3(text: &str) -> bool {
    const MAX: usize = 254;
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_beyond =
        |c: char| matches!(c, '\u{a1}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}');
    let is_atom = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_beyond(c))
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.encode_utf16().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| {
                c.is_ascii_alphanumeric()
                    || c == '-'
                    || (('\u{a1}'..='\u{ffff}').contains(&c) && !('\u{ff01}'..='\u{ff5e}').contains(&c))
            })
    };
    let labels: Vec<_> = domain.split('.').collect();
    let is_top = |top: &str| {
        let coded = top.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("xn")) && top.len() >= 4;
        let plain = top.chars().count() >= 2
            && top.chars().all(|c| c.is_ascii_alphabetic() || (is_beyond(c) && c != '\u{a9}'));
        coded || plain
    };
    text.encode_utf16().count() <= MAX
        && local.len() <= 64
        && domain.len() <= MAX
        && local.split('.').all(is_atom)
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(|top| is_top(top))
}

/// The path of a claim as callers give it.
pub(crate) fn input_path(term: &Term) -> String {
    if term.section.is_empty() { term.name.to_owned() } else { format!("{}.{}", term.section, term.field()) }
}
