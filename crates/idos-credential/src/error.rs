//! Errors about input: which field, what is wrong, never the value.

use std::fmt;

/// One thing that is wrong with one field.
///
/// `field` is a dotted path such as `residentialAddress.country`; empty for a rule about the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the field.
    pub field: String,
    /// What is wrong, as a phrase that follows the field's name.
    pub problem: &'static str,
}

impl Problem {
    /// A problem of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: &'static str) -> Self {
        Self { field: field.into(), problem }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(self.problem)
        } else {
            write!(f, "{} {}", self.field, self.problem)
        }
    }
}

/// Input that was refused, with all its problems in the order of the fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl From<Problem> for Invalid {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// A signature that is not the one that was asked for: of another key, over other bytes, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not that of the key over the bytes that were to be signed")]
pub struct WrongSignature;

/// Collects problems, so that a caller hears of all of them at once.
#[derive(Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, field: impl Into<String>, problem: &'static str) {
        self.0.push(Problem::new(field, problem));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a problem of `field` or of something in it.
    pub(crate) fn are_below(&self, field: &str) -> bool {
        self.0.iter().any(|problem| {
            problem.field.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Adds those of `others` that are about fields of which nothing was said yet.
    pub(crate) fn add_new(&mut self, others: Self) {
        let known: Vec<_> = self.0.iter().map(|problem| problem.field.clone()).collect();
        self.0.extend(others.0.into_iter().filter(|problem| !known.contains(&problem.field)));
    }

    pub(crate) fn extend(&mut self, invalid: Invalid) {
        self.0.extend(invalid.problems);
    }

    /// `value` if nothing was collected.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Invalid> {
        if self.0.is_empty() { Ok(value) } else { Err(Invalid { problems: self.0 }) }
    }
}
