//! `verify`: is a credential genuine?

mod answer;
mod content_hash;
#[cfg_attr(not(feature = "linked-data"), path = "without_linked_data.rs")]
mod linked_data;

use std::path::PathBuf;

use clap::Args;
use idos_credential::{AcceptedIssuer, Kind, verify_with};

use self::answer::Answer;
use self::content_hash::ContentHash;
use super::{Outcome, input, issuers};
use crate::clock;
use crate::model::time::Timestamp;

/// Verifies a credential by the strict rules: exactly the shape that issuers write, a signature of the given key,
/// and dates that hold. Nothing is fetched. Exit code 0 for yes and 1 for no, whatever the input holds: what these
/// rules do not know, they refuse. `--foreign` and `--as-sdk` end with 2 where they cannot judge.
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
    /// The text must have this SHA-256, 64 hexadecimal digits, as access grants carry it (`content_hash`). It is
    /// taken of the file's exact bytes, as `open` writes them: a line break that an editor added at the end counts.
    #[arg(long, value_name = "HEX")]
    content_hash: Option<String>,
    /// Take old subjects (KYC version 1) too. The proof does not cover the subject's version, so a present credential
    /// could be passed off as an old one, of which no member is required.
    #[arg(long)]
    old_subjects: bool,
    /// Judge as the official SDK would, and say what that overlooks. The exit code is the SDK's verdict; 2 where it
    /// is not known what the SDK would say. Needs a program that was built with the feature `linked-data`.
    #[arg(long)]
    as_sdk: bool,
    /// Judge a credential of another maker, with any contexts and proof suites that are compiled in, by the did:key
    /// that it names. Takes neither --key nor --issuer. The exit code is 2 where it cannot be judged: it is no such
    /// credential, or needs a context, suite, DID method or data model that is not known here. Needs a program that was
    /// built with the feature `linked-data`.
    #[arg(long, conflicts_with_all = ["key", "issuer", "as_sdk", "old_subjects"])]
    foreign: bool,
    /// Print one JSON object. Its `verdict` is `verified`, `refused` or `not_judged`.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let now = match &self.at {
            None => clock::now(),
            Some(text) => text.parse().map_err(|problem| format!("--at {problem}"))?,
        };
        let hash = self.content_hash.as_deref().map(ContentHash::parse).transpose()?;
        let text = input::read(&self.file)?;
        let mut answer = if self.foreign {
            linked_data::foreign(&text, now)
        } else if self.as_sdk {
            let keys = issuers::keys(&self.key, self.issuer.as_deref())?;
            linked_data::as_sdk(&text, self.issuer.as_deref(), keys, now)
        } else {
            let kinds = if self.old_subjects { Kind::ALL } else { Kind::TAKEN };
            strict(&text, kinds, &issuers::accepted(&self.key, self.issuer.as_deref())?, now)
        };
        if let Some(hash) = hash {
            answer = answer.and_hash(hash.compare(&text));
        }
        answer.say(self.json)
    }
}

fn strict(text: &[u8], kinds: &[Kind], accepted: &[AcceptedIssuer], now: Timestamp) -> Answer {
    match verify_with(kinds, text, accepted, now) {
        Ok(details) => Answer::verified(details),
        Err(rejection) => Answer::no(rejection.kind().as_str(), rejection.to_string()),
    }
}
