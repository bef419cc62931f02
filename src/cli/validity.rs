//! `validity`: how long the credential of a result would be valid, and why.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use idos_credential::Kind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::context::Context;
use super::{Outcome, evidence, output};
use crate::clock;
use crate::config::Config;
use crate::model::evidence::Evidence;
use crate::model::kyc_version::{KYC, KycVersions};
use crate::model::time::Timestamp;
use crate::model::validity::{Bound, Risk};

#[derive(Subcommand)]
pub(super) enum Validity {
    /// Show until when the credential of a result would be valid, what ends it, and what else bounds it. Exit code 0, or 1 if
    /// it would have ended already.
    Preview(Preview),
}

#[derive(Args)]
pub(super) struct Preview {
    /// A file with the result, as it stands under `evidence` of a submission, with files named: {"file": "selfie.jpg"} lies
    /// beside it. examples/kyc-result.json is one.
    #[arg(value_name = "FILE")]
    result: PathBuf,
    /// The kind of credential: `kyc`, `kyc_v2`, `kyc_v3`, `personhood` or `edd`.
    #[arg(long, value_name = "KIND", default_value = KYC)]
    kind: String,
    /// The client that would submit it: which version of KYC it gets.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Another risk than the result says: low, standard or high.
    #[arg(long, value_name = "RISK", value_parser = risk)]
    risk: Option<Risk>,
    /// The moment at which it would be submitted, instead of now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Validity {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.log()?;
        let Self::Preview(preview) = self;
        preview.run(&config)
    }
}

impl Preview {
    fn run(self, config: &Config) -> Outcome {
        let versions = config.credentials.kyc_versions();
        // The others are not of a result, and do not end.
        let given = |kind: &Kind| Kind::GIVEN.contains(kind);
        let asked =
            |name: &str| versions.asked(self.client.as_deref().unwrap_or_default(), name).filter(given);
        let kind = asked(&self.kind).ok_or_else(|| {
            let names: Vec<_> = KycVersions::names().filter(|name| asked(name).is_some()).collect();
            format!("--kind must be one of {}", names.join(", "))
        })?;
        let mut result = load(kind, &self.result)?;
        result.risk = self.risk.unwrap_or(result.risk);
        let bounds = result.bounds(&config.validity.policy());
        let now = self.at.unwrap_or_else(clock::now);
        let is_over = bounds.first().is_some_and(|first| first.until <= now);
        if self.json {
            output::line(&json(&bounds, is_over).to_string());
        } else {
            print(&bounds, is_over);
        }
        Ok(!is_over)
    }
}

/// Nothing is issued: whose it is does not matter.
fn load(kind: Kind, path: &Path) -> Result<Evidence, Box<dyn std::error::Error>> {
    const NOBODY: Uuid = Uuid::from_u128(0x4000_8000_0000_0000_0000);
    evidence::of_file(kind, path, NOBODY)
}

fn print(bounds: &[Bound], is_over: bool) {
    let Some((first, rest)) = bounds.split_first() else {
        output::line("it does not end");
        return;
    };
    let ends = if is_over { "is refused: it would have ended" } else { "ends" };
    output::line(&format!("{ends} {}, by {}", first.until, why(first)));
    for bound in rest {
        output::line(&format!("  also bounded {}, by {}", bound.until, why(bound)));
    }
}

fn why(bound: &Bound) -> String {
    match bound.term {
        Some(term) => format!("{} ({term} from approvedAt)", bound.by),
        None => bound.by.to_string(),
    }
}

fn json(bounds: &[Bound], is_over: bool) -> Value {
    let show = |bound: &Bound| {
        json!({
            "until": bound.until.to_string(),
            "by": bound.by.as_str(),
            "term": bound.term.map(|term| term.to_string()),
        })
    };
    json!({
        "validUntil": bounds.first().map(|first| first.until.to_string()),
        "validBy": bounds.first().map(|first| first.by.as_str()),
        "refused": is_over,
        "bounds": bounds.iter().map(show).collect::<Vec<_>>(),
    })
}

fn risk(text: &str) -> Result<Risk, &'static str> {
    text.parse().map_err(|_| "must be low, standard or high")
}

fn moment(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "must be a time such as 2026-01-02T03:04:05Z")
}
