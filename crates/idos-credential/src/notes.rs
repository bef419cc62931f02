//! Public notes: the readable JSON that stands beside a sealed credential on the node.

use serde::Serialize;

use crate::error::{Invalid, Problems};
use crate::kind::{Document, Kind};
use crate::signed::SignedCredential;
use crate::strict_json::Json;

/// Longest notes, in bytes. Everyone can read them; they are no place for much.
const MAX_BYTES: usize = 16 * 1024;

/// Public notes with the members that consumers rely on: `id` (by which the issuer can edit them later; a fresh
/// UUID, not the row's id), `level` (consumers filter by it and fail without it) and `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicNotes {
    text: String,
    id: String,
    level: String,
}

#[derive(Serialize)]
struct Members<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    level: &'a str,
    #[serde(rename = "kycLevel", skip_serializing_if = "Option::is_none")]
    kyc_level: Option<u32>,
    status: &'a str,
    issuer: &'a str,
}

impl PublicNotes {
    /// Notes with the members `id`, `type`, `level`, `status` and `issuer`, in this order.
    pub fn new(id: &str, kind: &str, level: &str, status: &str, issuer: &str) -> Result<Self, Invalid> {
        Self::of_members(&Members { id, kind, level, kyc_level: None, status, issuer })
    }

    /// The same with the levels of `credential`. Where credentials of its kind have a numbered level, the notes have it behind
    /// the other one as `kycLevel`, and 0 where the credential says none.
    pub fn of(
        credential: &SignedCredential,
        id: &str,
        kind: &str,
        status: &str,
        issuer: &str,
    ) -> Result<Self, Invalid> {
        let (level, kyc_level) = (credential.level(), credential.kyc_level());
        Self::of_members(&Members { id, kind, level, kyc_level, status, issuer })
    }

    fn of_members(members: &Members<'_>) -> Result<Self, Invalid> {
        Self::from_text(serde_json::to_string(members).unwrap_or_default())
    }

    /// The same notes with what `credential` says of the documents that were checked, as far as it is there: for KYC, as the
    /// coming version of the official SDK writes it, `proofOfIdentity` (`type`, `dateOfExpiry`) and `proofOfResidency`
    /// (`category`, `dateOfIssue`). Everybody can read it.
    pub fn with_documents(self, credential: &SignedCredential) -> Result<Self, Invalid> {
        let json = Json::parse(credential.text().as_bytes()).unwrap_or(Json::Null);
        let subject = json.member("credentialSubject");
        let mut parts = vec![self.text.strip_suffix('}').unwrap_or(&self.text).to_owned()];
        let kind = subject.and_then(Kind::of_subject);
        for Document { name, members, only_if } in kind.map(Kind::documents).unwrap_or_default() {
            let holds =
                |claim: &str| subject.and_then(|subject| subject.member(claim)) == Some(&Json::Bool(true));
            if only_if.is_some_and(|claim| !holds(claim)) {
                continue;
            }
            let members: Vec<_> = members
                .iter()
                .filter_map(|(name, member)| Some((name, subject?.member(member)?.as_text()?)))
                .map(|(name, value)| format!("\"{name}\":{}", serde_json::Value::from(value)))
                .collect();
            if !members.is_empty() {
                parts.push(format!("\"{name}\":{{{}}}", members.join(",")));
            }
        }
        Self::from_text(format!("{}}}", parts.join(",")))
    }

    /// Notes as somebody else wrote them: a JSON object with the texts `id` and `level`.
    pub fn from_text(text: String) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        if text.len() > MAX_BYTES {
            problems.add("publicNotes", "are longer than 16384 bytes");
            return problems.or(Self { text, id: String::new(), level: String::new() });
        }
        let json = if let Ok(json @ Json::Object(_)) = Json::parse(text.as_bytes()) {
            json
        } else {
            problems.add("publicNotes", "must be a JSON object with no member twice");
            Json::Null
        };
        let mut member = |name: &'static str| {
            let found = json.member(name).and_then(Json::as_text).filter(|text| !text.is_empty());
            if found.is_none() && json != Json::Null {
                problems.add(format!("publicNotes.{name}"), "must be a non-empty text");
            }
            found.unwrap_or_default().to_owned()
        };
        let (id, level) = (member("id"), member("level"));
        problems.or(Self { text, id, level })
    }

    /// The JSON text, byte for byte as it is signed and stored.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The id by which the issuer edits these notes.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The level that consumers see.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.level
    }

    /// The same notes with another `status`, such as `revoked`. The other members stay, in their order; what is inside
    /// them stays too, but objects there may come out in another order.
    #[must_use]
    pub fn with_status(&self, status: &str) -> Self {
        let mut members: Vec<(String, serde_json::Value)> = Vec::new();
        if let (Ok(Json::Object(order)), Ok(serde_json::Value::Object(values))) =
            (Json::parse(self.text.as_bytes()), serde_json::from_str(&self.text))
        {
            members.extend(
                order.into_iter().filter_map(|(name, _)| values.get(&name).cloned().map(|v| (name, v))),
            );
        }
        match members.iter_mut().find(|(name, _)| name == "status") {
            Some((_, value)) => *value = status.into(),
            None => members.push(("status".to_owned(), status.into())),
        }
        let written: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
            .collect();
        Self { text: format!("{{{}}}", written.join(",")), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_usual_order() {
        let notes = PublicNotes::new("1", "kyc", "plus+liveness", "approved", "A\"B").unwrap();
        assert_eq!(
            notes.text(),
            r#"{"id":"1","type":"kyc","level":"plus+liveness","status":"approved","issuer":"A\"B"}"#
        );
        let revoked = notes.with_status("revoked");
        assert_eq!(
            revoked.text(),
            r#"{"id":"1","type":"kyc","level":"plus+liveness","status":"revoked","issuer":"A\"B"}"#
        );
    }

    #[test]
    fn notes_that_consumers_fail_on_are_refused() {
        for (text, field) in [
            ("", "publicNotes"),
            ("[]", "publicNotes"),
            (r#"{"id":"1"}"#, "publicNotes.level"),
            (r#"{"id":1,"level":"basic"}"#, "publicNotes.id"),
            (r#"{"id":"1","level":"basic","id":"2"}"#, "publicNotes"),
        ] {
            let invalid = PublicNotes::from_text(text.into()).unwrap_err();
            assert_eq!(
                invalid.problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(),
                [field],
                "{text}"
            );
        }
        assert!(PublicNotes::from_text(" ".repeat(20_000)).is_err());
    }
}
