//! Why a credential was refused, and the reader of objects that refuses at the first thing that is wrong.

use crate::iri;
use crate::strict_json::{Json, JsonError};
use crate::vocabulary::Rule;

/// Why a credential was refused. Names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Not JSON as credentials are.
    #[error("the credential {0}")]
    Json(#[from] JsonError),
    /// Too long.
    #[error("the credential is longer than 20 MiB")]
    TooLong,
    /// A member that is missing, or not of the one shape that issuers write.
    #[error("{field} {problem}")]
    Shape {
        /// A dotted path, from names that the format knows.
        field: String,
        /// What is wrong.
        problem: &'static str,
        /// Whether it is, or may be, well formed, in a way that the verifier does not know.
        is_unknown: bool,
    },
    /// No accepted issuer has the names that the credential gives.
    #[error("the credential is of no accepted issuer")]
    UnknownIssuer,
    /// The proof does not fit the credential and the key.
    #[error("the signature is wrong")]
    Signature,
    /// `expirationDate` is past.
    #[error("the credential has expired")]
    Expired,
    /// `issuanceDate` is to come.
    #[error("the credential is not valid yet")]
    NotYetValid,
}

/// Which no a [`Rejection`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// It cannot be read as a credential: not JSON, or a member is missing or not of its form.
    Malformed,
    /// It is, or may be, well formed, but in a way that this verifier does not know: another context, suite, type or
    /// member, an old subject that was not asked for.
    Unknown,
    /// It is of no accepted issuer.
    Issuer,
    /// The signature is wrong.
    Signature,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
}

impl RejectionKind {
    /// For machines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

impl Rejection {
    /// Which no it is.
    #[must_use]
    pub fn kind(&self) -> RejectionKind {
        match self {
            Self::Shape { is_unknown: true, .. } => RejectionKind::Unknown,
            Self::Json(_) | Self::TooLong | Self::Shape { .. } => RejectionKind::Malformed,
            Self::UnknownIssuer => RejectionKind::Issuer,
            Self::Signature => RejectionKind::Signature,
            Self::Expired => RejectionKind::Expired,
            Self::NotYetValid => RejectionKind::NotYetValid,
        }
    }
}

/// Refuses what is missing or not of its form.
pub(crate) fn malformed<T>(field: impl Into<String>, problem: &'static str) -> Result<T, Rejection> {
    Err(Rejection::Shape { field: field.into(), problem, is_unknown: false })
}

/// Refuses what this verifier does not know.
pub(crate) fn unknown<T>(field: impl Into<String>, problem: &'static str) -> Result<T, Rejection> {
    Err(Rejection::Shape { field: field.into(), problem, is_unknown: true })
}

/// The members of an object, each taken once; what is left over is unknown.
pub(crate) struct Members<'a> {
    path: &'static str,
    left: Vec<(&'a str, &'a Json)>,
}

impl<'a> Members<'a> {
    /// `json` as an object at `path`, which is empty for the credential itself.
    pub(crate) fn of(json: &'a Json, path: &'static str) -> Result<Self, Rejection> {
        match json {
            Json::Object(members) => {
                Ok(Self { path, left: members.iter().map(|(n, v)| (n.as_str(), v)).collect() })
            }
            _ => malformed(if path.is_empty() { "the credential" } else { path }, "must be an object"),
        }
    }

    /// The path of a member.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A member that was not taken. It stays.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Json> {
        self.left.iter().find(|(there, _)| *there == name).map(|(_, value)| *value)
    }

    /// What was not taken.
    pub(crate) fn left(&self) -> &[(&'a str, &'a Json)] {
        &self.left
    }

    pub(crate) fn optional(&mut self, name: &str) -> Option<&'a Json> {
        let position = self.left.iter().position(|(n, _)| *n == name)?;
        Some(self.left.swap_remove(position).1)
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<&'a Json, Rejection> {
        self.optional(name).map_or_else(|| malformed(self.path(name), "is missing"), Ok)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<&'a str, Rejection> {
        let json = self.required(name)?;
        json.as_text().map_or_else(|| malformed(self.path(name), "must be a text"), Ok)
    }

    pub(crate) fn uri(&mut self, name: &str) -> Result<&'a str, Rejection> {
        let text = self.text(name)?;
        iri::check(text).or_else(|problem| malformed(self.path(name), problem))?;
        Ok(text)
    }

    pub(crate) fn date(&mut self, name: &str) -> Result<Option<&'a str>, Rejection> {
        let Some(json) = self.optional(name) else {
            return Ok(None);
        };
        let Some(text) = json.as_text() else {
            return malformed(self.path(name), "must be a text");
        };
        Rule::Date.check(text).or_else(|problem| malformed(self.path(name), problem))?;
        Ok(Some(text))
    }

    pub(crate) fn required_date(&mut self, name: &str) -> Result<&'a str, Rejection> {
        self.date(name)?.map_or_else(|| malformed(self.path(name), "is missing"), Ok)
    }

    /// Nothing is left.
    pub(crate) fn end(self) -> Result<(), Rejection> {
        if self.left.is_empty() {
            return Ok(());
        }
        let whole = if self.path.is_empty() { "the credential" } else { self.path };
        unknown(whole, "has a member that such credentials do not have")
    }
}
