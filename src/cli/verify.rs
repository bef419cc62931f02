//! `verify`: is a credential genuine?

use std::path::PathBuf;

use clap::Args;
use idos_credential::terms::SubjectKind;
use idos_credential::{AcceptedIssuer, Moment, Subjects, VerificationKey, Verified, verify_with};
use idos_linked_data::{SdkIssuer, SdkVerdict, resolve_did_key, verify_as_sdk, verify_foreign};
use serde_json::json;

use super::{Outcome, input, say};
use crate::clock;

/// Verifies a credential by the strict rules: exactly the shape that issuers write, a signature of the given key,
/// and dates that hold. Nothing is fetched. Exit code 0 or 1, whatever the input holds.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "these are the switches of a command line")]
pub(super) struct Verify {
    /// The credential's JSON text. `-` reads standard input.
    file: PathBuf,
    /// The issuer's public key: z6Mk…, or a JSON Web Key. May be repeated.
    #[arg(long, value_name = "KEY", required_unless_present_any = ["issuer", "foreign"])]
    key: Vec<String>,
    /// The issuer's URL (the key is then URL/keys/1 of URL/issuers/1), or a did:key. Without it, any name passes
    /// that goes with the key.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Judge as of this moment, such as 2026-01-02T03:04:05Z. Without it: now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Take old subjects (KYC version 1) too. The proof does not cover the subject's version, so a present credential
    /// could be passed off as an old one, of which no member is required.
    #[arg(long)]
    old_subjects: bool,
    /// Judge as the official SDK would, and say what that overlooks. The exit code is the SDK's verdict.
    #[arg(long)]
    as_sdk: bool,
    /// Judge a credential of another maker, with any contexts and proof suites that are compiled in, by the did:key
    /// that it names. Takes neither --key nor --issuer.
    #[arg(long, conflicts_with_all = ["key", "issuer", "as_sdk", "old_subjects"])]
    foreign: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a verdict is printed as.
struct Answer {
    verified: bool,
    reason: Option<String>,
    overlooked: Option<String>,
    details: Option<Verified>,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let now = match &self.at {
            None => clock::now(),
            Some(text) => text.parse().map_err(|problem| format!("--at {problem}"))?,
        };
        let text = input::read(&self.file)?;
        let answer = if self.foreign {
            foreign(&text, now)
        } else if self.as_sdk {
            as_sdk(&text, &self.sdk_issuers()?, now)
        } else {
            let subjects = if self.old_subjects { Subjects::AndOld } else { Subjects::Present };
            strict(&text, subjects, &self.accepted()?, now)
        };
        if self.json {
            answer.print_json();
        } else {
            answer.print();
        }
        Ok(answer.verified)
    }

    fn keys(&self) -> Result<Vec<VerificationKey>, String> {
        let mut keys = Vec::new();
        for text in &self.key {
            let text = text.trim();
            let key = if text.starts_with('{') {
                VerificationKey::from_jwk(text)
            } else {
                VerificationKey::from_multibase(text)
            };
            keys.push(key.map_err(|problem| format!("--key {problem}"))?);
        }
        if let Some(did) = self.did() {
            let key = resolve_did_key(did).map_err(|problem| format!("--issuer {problem}"))?;
            if !keys.is_empty() && !keys.contains(&key) {
                return Err("--key is not the key of the did:key in --issuer".to_owned());
            }
            keys = vec![key];
        }
        if keys.is_empty() {
            return Err("--issuer is a URL and does not tell the key: give --key too".to_owned());
        }
        Ok(keys)
    }

    fn did(&self) -> Option<&str> {
        self.issuer.as_deref().filter(|issuer| issuer.starts_with("did:"))
    }

    fn accepted(&self) -> Result<Vec<AcceptedIssuer>, String> {
        let accept = |key| match (&self.issuer, self.did()) {
            (None, _) => Ok(AcceptedIssuer::any_name(key)),
            (Some(_), Some(_)) => Ok(AcceptedIssuer::of_did_key(key)),
            (Some(url), None) => {
                AcceptedIssuer::of_url(url, key).map_err(|problem| format!("--issuer {problem}"))
            }
        };
        self.keys()?.into_iter().map(accept).collect()
    }

    fn sdk_issuers(&self) -> Result<Vec<SdkIssuer>, String> {
        let name = |key: VerificationKey| match (&self.issuer, self.did()) {
            (None, _) => SdkIssuer { key_id: None, controller: None, key },
            (Some(_), Some(_)) => SdkIssuer {
                key_id: Some(format!("{}#{}", key.to_did_key(), key.to_multibase())),
                controller: Some(key.to_did_key()),
                key,
            },
            (Some(url), None) => {
                let url = url.trim_end_matches('/');
                SdkIssuer {
                    key_id: Some(format!("{url}/keys/1")),
                    controller: Some(format!("{url}/issuers/1")),
                    key,
                }
            }
        };
        Ok(self.keys()?.into_iter().map(name).collect())
    }
}

fn strict(text: &[u8], subjects: Subjects, accepted: &[AcceptedIssuer], now: Moment) -> Answer {
    match verify_with(subjects, text, accepted, now) {
        Ok(details) => Answer { verified: true, reason: None, overlooked: None, details: Some(details) },
        Err(rejection) => refused(rejection.to_string()),
    }
}

fn as_sdk(text: &[u8], issuers: &[SdkIssuer], now: Moment) -> Answer {
    let Ok(text) = std::str::from_utf8(text) else {
        return refused("the credential is not UTF-8".to_owned());
    };
    match verify_as_sdk(text, issuers, now) {
        SdkVerdict::Refused(reason) => refused(format!("the official SDK refuses it: {reason}")),
        SdkVerdict::Accepted { overlooked } => Answer {
            verified: true,
            reason: None,
            overlooked: overlooked.map(|rejection| rejection.to_string()),
            details: None,
        },
    }
}

fn foreign(text: &[u8], now: Moment) -> Answer {
    let Ok(text) = std::str::from_utf8(text) else {
        return refused("the credential is not UTF-8".to_owned());
    };
    match verify_foreign(text, now) {
        Ok(()) => Answer { verified: true, reason: None, overlooked: None, details: None },
        Err(error) => refused(format!("the credential {error}")),
    }
}

fn kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::KycV1 => "KYC, version 1",
        SubjectKind::KycV2 => "KYC, version 2",
        SubjectKind::FaceSign => "FaceSign, proof of personhood",
    }
}

fn refused(reason: String) -> Answer {
    Answer { verified: false, reason: Some(reason), overlooked: None, details: None }
}

impl Answer {
    fn print(&self) {
        match &self.reason {
            Some(reason) => say::line(&format!("not verified: {reason}")),
            None => say::line("verified"),
        }
        if let Some(overlooked) = &self.overlooked {
            say::line(&format!("The official SDK accepts this credential and overlooks that {overlooked}."));
        }
        if let Some(details) = &self.details {
            say::line(&format!("  id       {}", details.id));
            say::line(&format!("  issuer   {}", details.issuer));
            say::line(&format!("  key      {}", details.verification_method));
            say::line(&format!("  subject  {}", kind(details.kind)));
            say::line(&format!("  level    {}", details.level));
            if let Some(end) = details.expiration_date {
                say::line(&format!("  expires  {end}"));
            }
            if details.level_supported == Some(false) {
                say::line("  note     the fields do not support the level that the credential claims");
            }
        }
    }

    fn print_json(&self) {
        let mut answer = json!({ "verified": self.verified });
        if let serde_json::Value::Object(answer) = &mut answer {
            answer.extend(self.reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
            answer.extend(self.overlooked.as_ref().map(|reason| ("overlooked".to_owned(), json!(reason))));
            if let Some(details) = &self.details {
                for (name, value) in [
                    ("id", json!(details.id)),
                    ("issuer", json!(details.issuer)),
                    ("verificationMethod", json!(details.verification_method)),
                    ("subject", json!(kind(details.kind))),
                    ("level", json!(details.level)),
                    ("levelSupported", json!(details.level_supported)),
                    ("expirationDate", json!(details.expiration_date.map(|end| end.to_string()))),
                ] {
                    answer.insert(name.to_owned(), value);
                }
            }
        }
        say::line(&answer.to_string());
    }
}
