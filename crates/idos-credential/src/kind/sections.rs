//! Subjects in sections: objects such as `person`, whose members stand side by side in the credential, each with its section's
//! name before its own. What there is and what must be there is a table; this file reads and checks by it.

use zeroize::Zeroizing;

use super::Made;
use crate::claim::{Claim, MAX_FILE_BYTES, Value};
use crate::error::Problems;
use crate::iri;
use crate::plausible;
use crate::reader::{ReadFile, Reader};
use crate::timestamp::Timestamp;
use crate::vocabulary::{Rule, Term, input_path};

/// A section of a subject.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    /// What it may say, in the order in which it is written.
    pub(super) terms: &'static [Term],
    /// What else must be there, depending on the rest.
    pub(super) conditions: &'static [Condition],
}

/// A claim that must be made where something holds.
pub(super) struct Condition {
    pub(super) term: &'static str,
    pub(super) is_needed: fn(&Made<'_>) -> bool,
    /// What is said where it is missing.
    pub(super) problem: &'static str,
}

impl Section {
    pub(super) const fn optional(name: &'static str, terms: &'static [Term]) -> Self {
        Self { name, is_required: false, terms, conditions: &[] }
    }

    /// The members that must be there and are not, where the section is there.
    fn lacks<'s>(&'s self, made: &Made<'_>) -> impl Iterator<Item = (&'static str, &'static str)> + use<'s> {
        let required = self.terms.iter().filter(|term| term.required && !(made.is_there)(term.name));
        let conditional = self
            .conditions
            .iter()
            .filter(|condition| (condition.is_needed)(made) && !(made.is_there)(condition.term));
        let lacks: Vec<_> = required
            .map(|term| (term.name, "is required"))
            .chain(conditional.map(|condition| (condition.term, condition.problem)))
            .collect();
        lacks.into_iter()
    }

    pub(super) fn is_there(&self, made: &Made<'_>) -> bool {
        self.terms.iter().any(|term| (made.is_there)(term.name))
    }
}

/// What a credential in sections must have and has not.
pub(super) fn lacks(shape: &'static [Section], made: &Made<'_>) -> Option<(&'static str, &'static str)> {
    shape.iter().find_map(|section| match section.is_there(made) {
        true => section.lacks(made).next(),
        false if section.is_required => {
            let first = section.terms.iter().find(|term| term.required);
            Some(first.map_or(("", "says nothing of its subject"), |term| (term.name, "is required")))
        }
        false => None,
    })
}

/// The value of a claim, wiped on drop.
#[derive(Clone)]
enum Owned {
    Text(Zeroizing<String>),
    Date(Timestamp),
    File(Zeroizing<Vec<u8>>),
    Boolean(bool),
    Number(f64),
}

impl Owned {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Date(date) => Value::Date(*date),
            Self::File(file) => Value::File(file),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Number(number) => Value::Number(*number),
        }
    }
}

/// A subject in sections.
#[derive(Clone)]
pub(super) struct Sectioned {
    shape: &'static [Section],
    pub(super) id: Zeroizing<String>,
    /// The sections that were given, empty ones too.
    given: Vec<&'static str>,
    claims: Vec<(&'static Term, Owned)>,
}

/// By which rules a subject is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Those of the official SDK, and whether a consumer would believe it.
    Believable,
    /// Those of the official SDK alone.
    AsSdk,
}

impl Sectioned {
    /// Reads what is there, each value by its type.
    pub(super) fn read(
        shape: &'static [Section],
        mut members: Reader<'_>,
        read_file: &mut ReadFile<'_>,
    ) -> Self {
        let id = Zeroizing::new(members.required_text("id"));
        let (mut given, mut claims) = (Vec::new(), Vec::new());
        for section in shape {
            let Some(mut object) = members.object(section.name) else { continue };
            given.push(section.name);
            for term in section.terms {
                let value = read_value(&mut object, term, read_file);
                claims.extend(value.map(|value| (term, value)));
            }
            object.end();
        }
        members.end();
        Self { shape, id, given, claims }
    }

    pub(super) fn claims(&self) -> Vec<Claim<'_>> {
        self.claims.iter().map(|(term, value)| (*term, value.value())).collect()
    }

    pub(super) fn files_mut(&mut self) -> Vec<(&'static Term, &mut Vec<u8>)> {
        self.claims
            .iter_mut()
            .filter_map(|(term, value)| match value {
                Owned::File(file) => Some((*term, &mut **file)),
                _ => None,
            })
            .collect()
    }

    /// Whether the section was given, be it empty.
    pub(super) fn is_given(&self, section: &str) -> bool {
        self.given.contains(&section)
    }

    pub(super) fn date(&self, name: &str) -> Option<Timestamp> {
        match self.find(name)? {
            Owned::Date(date) => Some(*date),
            _ => None,
        }
    }

    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Made<'_>) -> T) -> T {
        ask(&Made {
            is_there: &|name| self.find(name).is_some(),
            holds: &|name| self.find(name).is_some_and(|value| value.value().holds()),
        })
    }

    fn find(&self, name: &str) -> Option<&Owned> {
        self.claims.iter().find(|(term, _)| term.name == name).map(|(_, value)| value)
    }

    /// Checks what is there, and that what must be there is. A field of which something was said already is left alone.
    pub(super) fn check(&self, rules: Rules, problems: &mut Problems) {
        let mut found = Problems::default();
        if let Err(problem) = iri::check(&self.id) {
            found.add("id", problem);
        }
        for section in self.shape {
            if !self.is_given(section.name) {
                if section.is_required {
                    found.add(section.name, "is required");
                }
                continue;
            }
            let is_empty = self.ask(|made| !section.is_there(made));
            if is_empty && rules == Rules::Believable && !problems.are_below(section.name) {
                found.add(section.name, "must have a member: leave it out where there is none");
            }
            for (name, problem) in self.ask(|made| section.lacks(made)) {
                if let Some(term) = section.terms.iter().find(|term| term.name == name) {
                    found.add(input_path(term), problem);
                }
            }
        }
        match rules {
            Rules::Believable => plausible::check_claims(&self.claims(), &mut found),
            Rules::AsSdk => check_as_sdk(&self.claims(), &mut found),
        }
        problems.add_new(found);
    }
}

fn read_value(object: &mut Reader<'_>, term: &Term, read_file: &mut ReadFile<'_>) -> Option<Owned> {
    let field = term.field();
    match term.rule {
        Rule::File => object.file(&field, read_file).map(|file| Owned::File(file.into())),
        Rule::Date => object.calendar_date(&field).map(Owned::Date),
        Rule::Boolean => object.boolean(&field).map(Owned::Boolean),
        Rule::Number | Rule::Percentage => object.number(&field).map(Owned::Number),
        _ => object.text(&field).map(|text| Owned::Text(text.into())),
    }
}

fn check_as_sdk(claims: &[Claim<'_>], problems: &mut Problems) {
    for (term, value) in claims {
        let checked = match value {
            Value::Text(text) => term.rule.check(text),
            Value::Number(number) => term.rule.check_number(*number),
            Value::File(file) if file.len() > MAX_FILE_BYTES => Err("is larger than 16 MiB"),
            Value::File(_) | Value::Date(_) | Value::Boolean(_) => Ok(()),
        };
        if let Err(problem) = checked {
            problems.add(input_path(term), problem);
        }
    }
}
