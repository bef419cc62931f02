//! Reads claims from JSON, with the member names of idOS credentials.
//!
//! Dates of birth and of documents are calendar dates (`1980-10-09`), when something was approved or ends is a moment (RFC
//! 3339) or a date. How a file is given is the caller's business: as base64, as a path, as the name of a multipart field.
//! Every problem is reported, by path and never by value.

use crate::error::Problems;
use crate::strict_json::Json;
use crate::timestamp::Timestamp;

/// Turns what stands in the place of a file into its bytes, or says what is wrong.
pub type ReadFile<'a> = dyn FnMut(&Json) -> Result<Vec<u8>, &'static str> + 'a;

/// How dates of birth and of documents are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    Calendar,
    Moments,
}

/// The members of an object, each taken once.
pub(crate) struct Reader<'a> {
    prefix: String,
    dates: Dates,
    left: Vec<(&'a str, &'a Json)>,
    problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    /// The members of `json`, an object.
    pub(crate) fn new(json: &'a Json, problems: &'a mut Problems) -> Self {
        Self::of(json, String::new(), problems)
    }

    /// The same, with dates of birth and of documents that may have a time of day, as those that the official SDK takes.
    pub(crate) fn with_moments(self) -> Self {
        Self { dates: Dates::Moments, ..self }
    }

    fn of(json: &'a Json, prefix: String, problems: &'a mut Problems) -> Self {
        let left = if let Json::Object(members) = json {
            members.iter().map(|(name, value)| (name.as_str(), value)).collect()
        } else {
            problems.add(prefix.trim_end_matches('.'), "must be an object");
            Vec::new()
        };
        Self { prefix, dates: Dates::Calendar, left, problems }
    }

    /// The object at the member `name`, whose problems are named below it. `None` if it is missing or none.
    pub(crate) fn object(&mut self, name: &str) -> Option<Reader<'_>> {
        let json = self.take(name)?;
        if !matches!(json, Json::Object(_)) {
            self.problem(name, "must be an object");
            return None;
        }
        let mut object = Reader::of(json, format!("{}{name}.", self.prefix), self.problems);
        object.dates = self.dates;
        Some(object)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<&'a Json> {
        let position = self.left.iter().position(|(n, _)| *n == name)?;
        Some(self.left.swap_remove(position).1)
    }

    pub(crate) fn problem(&mut self, name: &str, problem: &'static str) {
        self.problems.add(format!("{}{name}", self.prefix), problem);
    }

    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if !self.left.iter().any(|(n, _)| *n == name) {
            self.problem(name, "is required");
        }
        read(self, name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?.as_text();
        if text.is_none() {
            self.problem(name, "must be a text");
        }
        text.map(str::to_owned)
    }

    pub(crate) fn required_text(&mut self, name: &'static str) -> String {
        self.required(name, Self::text).unwrap_or_default()
    }

    pub(crate) fn date(&mut self, name: &str) -> Option<Timestamp> {
        let date = self.take(name)?.as_text().and_then(|text| text.parse().ok());
        if date.is_none() {
            self.problem(name, "must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z");
        }
        date
    }

    /// A date of birth or of a document.
    pub(crate) fn calendar_date(&mut self, name: &str) -> Option<Timestamp> {
        if self.dates == Dates::Moments {
            return self.date(name);
        }
        let date = self.take(name)?.as_text().and_then(|text| Timestamp::from_calendar_date(text).ok());
        if date.is_none() {
            self.problem(
                name,
                "must be a calendar date such as 1980-10-09, without a time of day or an offset: they would make it \
                 another day",
            );
        }
        date
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        if let Json::Bool(value) = self.take(name)? {
            return Some(*value);
        }
        self.problem(name, "must be true or false");
        None
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<f64> {
        if let Json::Number(number) = self.take(name)? {
            return Some(*number);
        }
        self.problem(name, "must be a number");
        None
    }

    pub(crate) fn choice<T>(
        &mut self,
        name: &'static str,
        read: fn(&str) -> Option<T>,
        problem: &'static str,
    ) -> Option<T> {
        let choice = self.take(name)?.as_text().and_then(read);
        if choice.is_none() {
            self.problem(name, problem);
        }
        choice
    }

    pub(crate) fn file(&mut self, name: &str, read_file: &mut ReadFile<'_>) -> Option<Vec<u8>> {
        match read_file(self.take(name)?) {
            Ok(bytes) => Some(bytes),
            Err(problem) => {
                self.problem(name, problem);
                None
            }
        }
    }

    pub(crate) fn required_file(&mut self, name: &'static str, read_file: &mut ReadFile<'_>) -> Vec<u8> {
        if self.left.iter().any(|(n, _)| *n == name) {
            return self.file(name, read_file).unwrap_or_default();
        }
        self.problem(name, "is required");
        Vec::new()
    }

    /// What is left is unknown. The name came from outside, so it is not repeated.
    pub(crate) fn end(self) {
        if !self.left.is_empty() {
            self.problems.add(self.prefix.trim_end_matches('.'), "has a member that is not known");
        }
    }
}
