//! A KYC result as a provider hands it in.
//!
//! ```json
//! { "approvedAt": "2026-11-20T09:30:00Z",
//!   "expiresAt": "2027-11-20",
//!   "subject": { "firstName": "…", "selfieFile": { "file": "selfie.jpg" }, … } }
//! ```
//!
//! `subject` has the member names of idOS credentials; a file is the name of one that lies beside the result.

use idos_credential::evidence::{ReadFile, kyc_subject};
use idos_credential::strict_json::{Json, JsonError};
use idos_credential::{Invalid, KycSubject, Moment};

/// A checked KYC result: who was found out to be whom, and when.
pub struct KycResult {
    /// When the check was approved.
    pub approved_at: Moment,
    /// When the result, and so the credential, ends.
    pub expires_at: Option<Moment>,
    /// The person.
    pub subject: KycSubject,
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

impl KycResult {
    /// Reads a KYC result about the idOS user `user_id`. `read_file` gives the bytes of a file by its name.
    pub fn parse(
        text: &[u8],
        user_id: &str,
        read_file: &mut dyn FnMut(&str) -> Result<Vec<u8>, &'static str>,
    ) -> Result<Self, EvidenceError> {
        let Json::Object(members) = Json::parse(text)? else {
            return Err(problem("", "must be a JSON object"));
        };
        let (mut approved_at, mut expires_at, mut subject) = (None, None, None);
        for (name, value) in members {
            match name.as_str() {
                "approvedAt" => approved_at = Some(date("approvedAt", &value)?),
                "expiresAt" => expires_at = Some(date("expiresAt", &value)?),
                "subject" => subject = Some(value),
                _ => return Err(problem("", "has a member that is not known")),
            }
        }
        let approved_at = approved_at.ok_or_else(|| problem("approvedAt", "is required"))?;
        let mut subject = subject.ok_or_else(|| problem("subject", "is required"))?;
        if let Json::Object(members) = &mut subject {
            if members.iter().any(|(name, _)| name == "id") {
                return Err(problem("subject.id", "is given by the idOS user, not by the result"));
            }
            members.push(("id".to_owned(), Json::Text(format!("uuid:{user_id}"))));
        }
        let read: &mut ReadFile<'_> = &mut |json| match json {
            Json::Object(members) => match members.as_slice() {
                [(name, Json::Text(file))] if name == "file" => read_file(file),
                _ => Err("must be an object with the one member file"),
            },
            _ => Err("must be an object with the one member file"),
        };
        let subject = kyc_subject(&subject, read).map_err(|mut invalid| {
            for problem in &mut invalid.problems {
                let dot = if problem.field.is_empty() { "" } else { "." };
                problem.field = format!("subject{dot}{}", problem.field);
            }
            invalid
        })?;
        Ok(Self { approved_at, expires_at, subject })
    }
}

fn date(name: &str, json: &Json) -> Result<Moment, EvidenceError> {
    let moment = json.as_text().and_then(|text| text.parse().ok());
    moment.ok_or_else(|| problem(name, "must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z"))
}

fn problem(field: &str, problem: &'static str) -> EvidenceError {
    EvidenceError::Invalid(idos_credential::Problem::new(field, problem).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KycResult, EvidenceError> {
        KycResult::parse(text.as_bytes(), "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11", &mut |name| match name {
            "a.jpg" => Ok(vec![1, 2, 3]),
            _ => Err("names a file that is not there"),
        })
    }

    const SUBJECT: &str = r#"{"firstName":"A","dateOfBirth":"1980-01-01","idDocumentCountry":"PT","idDocumentNumber":"1",
        "idDocumentType":"PASSPORT","idDocumentFrontFile":{"file":"a.jpg"},"selfieFile":{"file":"a.jpg"}}"#;

    #[test]
    fn a_result_is_about_the_user() {
        let result = parse(&format!(r#"{{"approvedAt":"2026-01-01","subject":{SUBJECT}}}"#)).unwrap();
        assert_eq!(result.subject.id, "uuid:9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11");
        assert_eq!(result.subject.selfie_file, [1, 2, 3]);
    }

    #[test]
    fn problems_are_named_by_path_and_without_values() {
        for (text, expected) in [
            ("[]".to_owned(), "the KYC result is refused: must be a JSON object"),
            ("Xyzzy".to_owned(), "the KYC result is not JSON (line 1, column 1)"),
            (format!(r#"{{"subject":{SUBJECT}}}"#), "the KYC result is refused: approvedAt is required"),
            (
                format!(r#"{{"approvedAt":"Xyzzy","subject":{SUBJECT}}}"#),
                "the KYC result is refused: approvedAt must be a date such as 2026-01-02 or 2026-01-02T03:04:05Z",
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
