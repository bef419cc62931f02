//! A result as a provider hands it in.
//!
//! ```json
//! { "approvedAt": "2026-11-20T09:30:00Z",
//!   "expiresAt": "2027-11-20",
//!   "risk": "standard",
//!   "subject": { "firstName": "…", "selfieFile": { "file": "selfie.jpg" }, … } }
//! ```
//!
//! `subject` has the member names of idOS credentials; those of credentials in sections (KYC of version 3, enhanced due
//! diligence) have an object for each section. How a file is given is the caller's business.

use std::fmt;

use super::validity::{Bound, Found, Policy, Risk, ValidBy};
use crate::model::time::Timestamp;
use idos_credential::strict_json::{Json, JsonError};
use idos_credential::{Invalid, Kind, Problem, ReadFile, Subject};

const EXPIRES_AT: &str = "expiresAt";

const RISK: &str = "risk";

/// The members of a result of `kind`: when it ends, and what bounds that, is said of credentials that end.
#[must_use]
pub fn members(kind: Kind) -> Vec<&'static str> {
    let end: &[&str] = if ends(kind) { &[EXPIRES_AT, RISK] } else { &[] };
    [&["approvedAt"], end, &["subject"]].concat()
}

fn ends(kind: Kind) -> bool {
    kind.envelope_has("expirationDate")
}

/// A checked result: what was found out about somebody, and when.
pub struct Evidence {
    /// When the check was approved.
    pub approved_at: Timestamp,
    /// When the result ends, by who found it out.
    pub expires_at: Option<Timestamp>,
    /// How risky the provider holds dealing with the person to be. It bounds how long the credential is valid, and is kept
    /// nowhere.
    pub risk: Risk,
    /// Whom it is about.
    pub subject: Subject,
    /// The level, where it is another one than all that the subject supports: of the checks that were done.
    pub level: Option<String>,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Evidence(..)")
    }
}

/// Why a text is no KYC result.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Not JSON.
    #[error("the KYC result {0}")]
    Json(#[from] JsonError),
    /// Members that are missing or wrong, each named.
    #[error("the KYC result is refused: {0}")]
    Invalid(#[from] Invalid),
}

impl Evidence {
    /// What the credential is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.subject.kind()
    }

    /// Reads a KYC result, as [`parse`](Self::parse) does.
    pub fn parse_kyc(
        text: &[u8],
        user_id: &str,
        read_file: &mut dyn FnMut(&str) -> Result<Vec<u8>, &'static str>,
    ) -> Result<Self, EvidenceError> {
        Self::parse(Kind::default(), text, user_id, read_file)
    }

    /// Reads a result of `kind` about the idOS user `user_id` from text in which a file is `{"file": NAME}`. `read_file` gives
    /// the bytes of a file by its name.
    pub fn parse(
        kind: Kind,
        text: &[u8],
        user_id: &str,
        read_file: &mut dyn FnMut(&str) -> Result<Vec<u8>, &'static str>,
    ) -> Result<Self, EvidenceError> {
        let read: &mut ReadFile<'_> = &mut |json| match json {
            Json::Object(members) => match members.as_slice() {
                [(name, Json::Text(file))] if name == "file" => read_file(file),
                _ => Err("must be an object with the one member file"),
            },
            _ => Err("must be an object with the one member file"),
        };
        Ok(Self::read(kind, Json::parse(text)?, user_id, read)?)
    }

    /// Reads a result of `kind` about the idOS user `user_id`. `read_file` gives the bytes of what stands in the place of a
    /// file. All problems are named, by paths such as `subject.residentialAddress.country`.
    pub fn read(
        kind: Kind,
        json: Json,
        user_id: &str,
        read_file: &mut ReadFile<'_>,
    ) -> Result<Self, Invalid> {
        let Json::Object(members) = json else {
            return Err(Problem::new("", "must be a JSON object").into());
        };
        let mut problems = Vec::new();
        let known = self::members(kind);
        let about_end = [EXPIRES_AT, RISK];
        if members
            .iter()
            .any(|(name, _)| !known.contains(&name.as_str()) && !about_end.contains(&name.as_str()))
        {
            problems.push(Problem::new("", "has a member that is not known"));
        }
        for name in about_end.into_iter().filter(|_| !ends(kind)) {
            if members.iter().any(|(there, _)| there == name) {
                problems.push(Problem::new(name, "is not taken: a credential of this kind does not end"));
            }
        }
        let [mut approved_at, mut expires_at, mut subject, mut risk] = [None, None, None, None];
        for (name, value) in members {
            match name.as_str() {
                "approvedAt" => approved_at = Some(value),
                EXPIRES_AT if ends(kind) => expires_at = Some(value),
                RISK if ends(kind) => risk = Some(value),
                "subject" => subject = Some(value),
                _ => {}
            }
        }
        let mut date = |name: &str, json: Option<Json>| {
            let moment = json?.as_text().and_then(|text| text.parse::<Timestamp>().ok());
            let moment = moment.filter(|moment| (1..=9999).contains(&moment.year()));
            if moment.is_none() {
                let problem =
                    "must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z, of the years 1 to 9999";
                problems.push(Problem::new(name, problem));
            }
            moment
        };
        let is_given = approved_at.is_some();
        let approved_at = date("approvedAt", approved_at);
        let expires_at = date(EXPIRES_AT, expires_at);
        if !is_given {
            problems.push(Problem::new("approvedAt", "is required"));
        }
        let risk = match risk {
            None => Some(Risk::default()),
            Some(json) => json.as_text().and_then(|text| text.parse().ok()),
        };
        if risk.is_none() {
            problems.push(Problem::new(RISK, "must be low, standard or high"));
        }
        let subject =
            match subject.map(|subject| read_subject(kind, subject, user_id, approved_at, read_file)) {
                Some(Ok(subject)) => Some(subject),
                Some(Err(invalid)) => {
                    problems.extend(invalid.problems.into_iter().map(|mut problem| {
                        let dot = if problem.field.is_empty() { "" } else { "." };
                        problem.field = format!("subject{dot}{}", problem.field);
                        problem
                    }));
                    None
                }
                None => {
                    problems.push(Problem::new("subject", "is required"));
                    None
                }
            };
        match (approved_at, subject, risk) {
            (Some(approved_at), Some(subject), Some(risk)) if problems.is_empty() => {
                Ok(Self { approved_at, expires_at, risk, subject, level: None })
            }
            _ => Err(Invalid { problems }),
        }
    }

    /// What bounds how long a credential of this result is valid, the earliest first; nothing where its kind does not end.
    #[must_use]
    pub fn bounds(&self, policy: &Policy) -> Vec<Bound> {
        if !ends(self.kind()) {
            return Vec::new();
        }
        let derived = self.subject.level();
        let found = Found {
            document: self.subject.document_end().map(|(end, _)| end),
            source: self.expires_at,
            approved_at: self.approved_at,
            level: self.level.as_deref().unwrap_or(&derived),
            risk: self.risk,
        };
        policy.bounds(&found)
    }

    /// The same result, ending as `policy` would have it, and what ends it; refused, by the name of what ends it, where that
    /// is past at `now`.
    pub fn bounded(self, policy: &Policy, now: Timestamp) -> Result<(Self, Option<ValidBy>), Invalid> {
        let Some(first) = self.bounds(policy).into_iter().next() else { return Ok((self, None)) };
        if first.until > now {
            return Ok((Self { expires_at: Some(first.until), ..self }, Some(first.by)));
        }
        let problem = match first.by {
            ValidBy::Source => Problem::new(EXPIRES_AT, "is past"),
            ValidBy::Document => {
                let path = self.subject.document_end().map_or("", |(_, path)| path);
                Problem::new(format!("subject.{path}"), "is past, and the credential ends with the document")
            }
            ValidBy::Level | ValidBy::Risk => {
                let problem = "is so long ago that the credential would have ended: the issuer bounds how long a result is good";
                Problem::new("approvedAt", problem)
            }
        };
        Err(problem.into())
    }
}

/// Reads and checks the subject; `approved_at` as far as it could be read.
fn read_subject(
    kind: Kind,
    mut json: Json,
    user_id: &str,
    approved_at: Option<Timestamp>,
    read_file: &mut ReadFile<'_>,
) -> Result<Subject, Invalid> {
    if let (true, Json::Object(members)) = (kind.has_id(), &mut json) {
        if members.iter().any(|(name, _)| name == "id") {
            return Err(Problem::new("id", "is given by the idOS user, not by the result").into());
        }
        members.push(("id".to_owned(), Json::Text(format!("uuid:{user_id}"))));
    }
    let subject = Subject::read(kind, &json, read_file)?;
    subject.check(approved_at)?;
    Ok(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Evidence, EvidenceError> {
        Evidence::parse_kyc(text.as_bytes(), "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11", &mut |name| match name {
            "a.jpg" => Ok(b"\xff\xd8\xff\xe0".to_vec()),
            _ => Err("names a file that is not there"),
        })
    }

    const SUBJECT: &str = r#"{"firstName":"A","dateOfBirth":"1980-01-01","idDocumentCountry":"PT","idDocumentNumber":"1",
        "idDocumentType":"PASSPORT","idDocumentFrontFile":{"file":"a.jpg"},"selfieFile":{"file":"a.jpg"}}"#;

    #[test]
    fn a_result_is_about_the_user() {
        let result = parse(&format!(r#"{{"approvedAt":"2026-01-01","subject":{SUBJECT}}}"#)).unwrap();
        assert_eq!(result.subject.id(), Some("uuid:9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11"));
        assert_eq!(result.subject.file_bytes(), 8);
    }

    #[test]
    fn problems_are_named_by_path_and_without_values() {
        for (text, expected) in [
            ("[]".to_owned(), "the KYC result is refused: must be a JSON object"),
            ("Xyzzy".to_owned(), "the KYC result is not JSON (line 1, column 1)"),
            (format!(r#"{{"subject":{SUBJECT}}}"#), "the KYC result is refused: approvedAt is required"),
            (
                format!(r#"{{"approvedAt":"Xyzzy","subject":{SUBJECT}}}"#),
                "the KYC result is refused: approvedAt must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z, of the years 1 to 9999",
            ),
            (
                format!(r#"{{"approvedAt":"2026-01-01","Xyzzy":1,"subject":{SUBJECT}}}"#),
                "the KYC result is refused: has a member that is not known",
            ),
            (
                format!(
                    r#"{{"approvedAt":"2026-01-01","subject":{}}}"#,
                    SUBJECT.replace("a.jpg", "Xyzzy.jpg")
                ),
                "the KYC result is refused: subject.idDocumentFrontFile names a file that is not there; \
                 subject.selfieFile names a file that is not there",
            ),
        ] {
            assert_eq!(parse(&text).err().unwrap().to_string(), expected);
        }
    }
}
