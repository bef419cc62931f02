//! What `verify` answers, for people and for machines.

use idos_credential::Verified;
use serde_json::{Map, json};

use super::super::{Outcome, output};
use super::content_hash::Comparison;

/// The three answers to "is it genuine?".
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Verified,
    Refused,
    NotJudged,
}

/// What a verdict is printed as.
pub(super) struct Answer {
    verdict: Verdict,
    /// Which no, for machines and for people.
    reason: Option<(&'static str, String)>,
    hash: Option<Comparison>,
    /// What the official SDK overlooks.
    overlooked: Option<String>,
    /// What a yes leaves open.
    note: Option<&'static str>,
    details: Option<Verified>,
}

/// Goes to standard error, and ends the command with 2.
#[derive(Debug, thiserror::Error)]
#[error("the credential cannot be judged: {0}")]
struct NotJudged(String);

impl Answer {
    pub(super) fn yes() -> Self {
        let (reason, hash, overlooked, note, details) = (None, None, None, None, None);
        Self { verdict: Verdict::Verified, reason, hash, overlooked, note, details }
    }

    /// Yes, and this is what it is.
    pub(super) fn verified(details: Verified) -> Self {
        Self { details: Some(details), ..Self::yes() }
    }

    /// What the official SDK says, and what it overlooks, if it does.
    #[cfg(feature = "linked-data")]
    pub(super) fn overlooking(what: Option<String>) -> Self {
        Self { overlooked: what, ..Self::yes() }
    }

    /// Yes, but for this.
    #[cfg(feature = "linked-data")]
    pub(super) fn noted(note: &'static str) -> Self {
        Self { note: Some(note), ..Self::yes() }
    }

    pub(super) fn no(kind: &'static str, reason: String) -> Self {
        Self { verdict: Verdict::Refused, reason: Some((kind, reason)), ..Self::yes() }
    }

    /// Neither yes nor no.
    pub(super) fn none(kind: &'static str, reason: String) -> Self {
        Self { verdict: Verdict::NotJudged, reason: Some((kind, reason)), ..Self::yes() }
    }

    /// This answer where the text's hash counts too: another hash is a no, whatever else is said.
    pub(super) fn and_hash(self, hash: Comparison) -> Self {
        let Some(problem) = hash.problem() else {
            return Self { hash: Some(hash), ..self };
        };
        let reason = match self.reason {
            Some((_, other)) => format!("{problem}; besides, {other}"),
            None => problem.to_owned(),
        };
        Self { hash: Some(hash), ..Self::no("content_hash", reason) }
    }

    /// Prints the answer; where there is none, that is an error.
    pub(super) fn say(&self, as_json: bool) -> Outcome {
        if as_json {
            self.print_json();
        }
        match self.verdict {
            Verdict::NotJudged => return Err(NotJudged(self.text().to_owned()).into()),
            _ if as_json => {}
            Verdict::Refused => output::line(&format!("not verified: {}", self.text())),
            Verdict::Verified => self.print(),
        }
        Ok(self.verdict == Verdict::Verified)
    }

    fn text(&self) -> &str {
        self.reason.as_ref().map_or("", |(_, text)| text)
    }

    fn print(&self) {
        output::line("verified");
        if let Some(overlooked) = &self.overlooked {
            output::line(&format!(
                "The official SDK accepts this credential and overlooks that {overlooked}."
            ));
        }
        if let Some(details) = &self.details {
            output::line(&format!("  id       {}", details.id));
            output::line(&format!("  issuer   {}", details.issuer));
            output::line(&format!("  key      {}", details.verification_method));
            output::line(&format!("  subject  {}", details.kind.title()));
            output::line(&format!("  level    {}", details.level));
            if details.kind.has_kyc_level() {
                output::line(&format!("  kycLevel {}", details.kyc_level.unwrap_or(0)));
            }
            if details.wallets > 0 {
                output::line(&format!("  wallets  {}", details.wallets));
            }
            if let Some(end) = details.expiration_date {
                output::line(&format!("  expires  {end}"));
            }
            if details.level_supported == Some(false) {
                output::line("  note     the fields do not support the level that the credential claims");
            }
        }
        if self.hash.is_some() {
            output::line("  hash     the content hash is that of this text");
        }
        if let Some(note) = self.note {
            output::line(&format!("  note     {note}"));
        }
    }

    fn print_json(&self) {
        let verdict = match self.verdict {
            Verdict::Verified => "verified",
            Verdict::Refused => "refused",
            Verdict::NotJudged => "not_judged",
        };
        let mut answer = Map::new();
        let mut put = |name: &str, value| answer.insert(name.to_owned(), value);
        put("verified", json!(self.verdict == Verdict::Verified));
        put("verdict", json!(verdict));
        if let Some((kind, reason)) = &self.reason {
            put("kind", json!(kind));
            put("reason", json!(reason));
        }
        if let Some(hash) = self.hash {
            put("contentHash", json!(hash.as_str()));
        }
        if let Some(overlooked) = &self.overlooked {
            put("overlooked", json!(overlooked));
        }
        if let Some(note) = self.note {
            put("note", json!(note));
        }
        if let Some(details) = &self.details {
            put("id", json!(details.id));
            put("issuer", json!(details.issuer));
            put("verificationMethod", json!(details.verification_method));
            put("subject", json!(details.kind.title()));
            put("level", json!(details.level));
            if details.kind.has_kyc_level() {
                put("kycLevel", json!(details.kyc_level.unwrap_or(0)));
            }
            if details.wallets > 0 {
                put("wallets", json!(details.wallets));
            }
            put("levelSupported", json!(details.level_supported));
            put("expirationDate", json!(details.expiration_date.map(|end| end.to_string())));
        }
        output::line(&serde_json::Value::Object(answer).to_string());
    }
}
