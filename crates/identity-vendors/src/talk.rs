//! How an adapter asks: it is written as if every answer were there already, and stops at the first that is not.

use std::collections::BTreeMap;

use crate::account::{Account, Environment};
use crate::case::{Case, CaseId, Reference};
use crate::date::Moment;
use crate::fault::Fault;
use crate::json::Json;
use crate::request::Method;
use crate::result::{Finding, Outcome};

/// A question to a vendor, before it is signed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    /// What a vendor signs instead of the request.
    pub(crate) over: Option<String>,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::Get, path: path.into(), body: Vec::new(), over: None }
    }

    /// With a body of JSON.
    pub(crate) fn post(path: impl Into<String>, body: String) -> Self {
        Self { method: Method::Post, path: path.into(), body: body.into_bytes(), over: None }
    }

    pub(crate) fn over(self, text: &CaseId) -> Self {
        Self { over: Some(text.as_str().to_owned()), ..self }
    }
}

/// Why an adapter has no finding yet.
pub(crate) enum Stop {
    Ask(Ask),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// All answers so far, by the path of their question.
pub(crate) type Answers = BTreeMap<String, Json>;

/// A case, and what is known of it.
pub(crate) struct Talk<'a> {
    pub(crate) case: &'a Case,
    pub(crate) account: &'a Account,
    pub(crate) answers: &'a Answers,
}

impl<'a> Talk<'a> {
    /// The answer, or a stop for the question.
    pub(crate) fn ask(&self, ask: Ask) -> Result<&'a Json, Stop> {
        self.answers.get(&ask.path).ok_or(Stop::Ask(ask))
    }

    /// The case with the reference that the vendor has, which must be the known one.
    pub(crate) fn case_of(&self, reference: Option<&str>, field: &'static str) -> Result<Case, Fault> {
        let found = Reference::read(reference, field)?;
        match &self.case.reference {
            Some(known) if found.as_ref() != Some(known) => Err(Fault::AnotherUser(field)),
            _ => Ok(Case { reference: found, ..self.case.clone() }),
        }
    }

    /// That an answer is about what was asked.
    pub(crate) fn check_id(&self, id: &str, field: &'static str) -> Result<(), Fault> {
        if id == self.case.id.as_str() { Ok(()) } else { Err(Fault::AnotherCase(field)) }
    }
}

/// A finding in the making: its case and what is known beside the outcome.
pub(crate) struct Found {
    pub(crate) case: Case,
    pub(crate) environment: Environment,
    pub(crate) decided_at: Option<Moment>,
}

impl Found {
    pub(crate) fn with(self, outcome: Outcome) -> Finding {
        Finding { case: self.case, environment: self.environment, decided_at: self.decided_at, outcome }
    }
}
