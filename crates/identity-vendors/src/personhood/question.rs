//! What is to be asked of a source, and what comes of it.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use super::LARGEST_PERSON_ANSWER;
use super::person::Person;
use crate::date::Moment;
use crate::json::Json;
use crate::request::Method;

/// A request to the source, ready to be sent as it is, and what its answer has to be about. No redirect may be followed, and no
/// more of the answer read than [`limit`](Self::limit) bytes.
///
/// All of it is wiped on drop. `Debug` shows neither path nor body nor the value of a header: a path may name a person.
#[derive(Clone)]
pub struct Question {
    /// Method.
    pub method: Method,
    /// Path and query, to be put behind the source's configured address as they are.
    pub path: Zeroizing<String>,
    /// Names and values.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body, exactly.
    pub body: Zeroizing<Vec<u8>>,
    /// The most bytes of an answer that are taken.
    pub limit: usize,
    /// The id of whom it is about, in its one spelling.
    pub(super) about: Zeroizing<String>,
    /// How the proof says that the person was verified.
    pub(super) level: String,
    /// Until when the proof says that it holds.
    pub(super) expires: Option<Moment>,
}

impl Question {
    pub(super) fn get(path: String, about: &str) -> Self {
        Self {
            method: Method::Get,
            path: Zeroizing::new(path),
            headers: vec![("Accept", Zeroizing::new("application/json".to_owned()))],
            body: Zeroizing::new(Vec::new()),
            limit: LARGEST_PERSON_ANSWER,
            about: Zeroizing::new(about.to_owned()),
            level: String::new(),
            expires: None,
        }
    }

    /// With a body of JSON.
    pub(super) fn post(path: String, body: Value, about: &str) -> Self {
        let asked = Self::get(path, about).with("Content-Type", "application/json");
        Self { method: Method::Post, body: Zeroizing::new(Json::new(body).to_text().into_bytes()), ..asked }
    }

    pub(super) fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, Zeroizing::new(value.to_owned())));
        self
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Question")
            .field("method", &self.method)
            .field("headers", &names)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// What comes next.
pub enum Step {
    /// To be sent to the source; its answer goes to [`super::PersonSource::finish`].
    Ask(Box<Question>),
    /// To be given to the user's device, which will bring another proof (FaceSign's `responseBlob`).
    Continue(Zeroizing<String>),
    /// A person.
    Done(Box<Person>),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(question) => question.fmt(f),
            Self::Continue(_) => f.write_str("Continue(..)"),
            Self::Done(person) => person.fmt(f),
        }
    }
}
