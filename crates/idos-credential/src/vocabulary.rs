//! The terms of idOS contexts: which claim has which predicate, and which rule its value obeys.
//!
//! The idOS contexts map terms to datatype IRIs *as predicates*. The `aux` term of the subject contexts has an
//! IRI that does not end in a delimiter, so it is no prefix under JSON-LD 1.1 and `aux:date` stays as it is.

use crate::base85;
use crate::timestamp::Timestamp;

/// A claim that subjects may make, as its context defines it.
pub(crate) struct Term {
    pub(crate) name: &'static str,
    /// ` <iri> "`: as it stands in a line of N-Quads before a literal.
    pub(crate) predicate: &'static str,
    pub(crate) rule: Rule,
    pub(crate) required: bool,
    /// What of a text by [`Rule::Text`] a consumer would believe, beyond that it is not blank.
    pub(crate) believable: fn(&str) -> Result<(), &'static str>,
}

impl Term {
    /// The same, where a consumer would believe only what `believable` lets pass.
    pub(crate) const fn believed(self, believable: fn(&str) -> Result<(), &'static str>) -> Self {
        Self { believable, ..self }
    }
}

/// What a value must look like once it is text inside a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Text,
    Country,
    Ssn,
    Email,
    /// One of these texts; and what is said of others.
    OneOf(&'static [&'static str], &'static str),
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
            Self::OneOf(names, problem) => fine(names.contains(&text), problem),
            Self::Date => text
                .parse::<Timestamp>()
                .map(drop)
                .map_err(|_| "must be a date such as 2026-01-02T03:04:05.000Z"),
            Self::File => base85::decode(text).map(drop).map_err(|_| "must be a file in Ascii85"),
        }
    }
}

pub(crate) const STRING: &str = " <http://www.w3.org/2001/XMLSchema#string> \"";
pub(crate) const DATE: &str = " <http://www.w3.org/2001/XMLSchema#date> \"";
pub(crate) const AUX_DATE: &str = " <aux:date> \"";
pub(crate) const AUX_COUNTRY: &str = " <aux:ISO_3166-1_alpha-2> \"";

pub(crate) const fn term(name: &'static str, predicate: &'static str, rule: Rule, required: bool) -> Term {
    Term { name, predicate, rule, required, believable: |_| Ok(()) }
}

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

/// The path of a claim as callers give it: addresses are an object of their own there, whatever the kind.
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
