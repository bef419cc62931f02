//! `receipt`: is the receipt of an erasure genuine?

use std::path::PathBuf;

use clap::{Args, Subcommand};
use idos_credential::{ErasureReceipt, Rejection, VerifiedReceipt};
use serde_json::{Map, Value, json};

use super::{Outcome, input, issuers, output};
use crate::clock;

/// Commands about receipts of erasures.
#[derive(Subcommand)]
pub(super) enum Receipt {
    /// Verify a receipt: prints "verified" and what it says, or why not. Exit code 0 for yes and 1 for no.
    Verify(Verify),
}

/// Verifies a receipt by the strict rules: exactly the shape that this program writes, and a signature of the given key. Nothing is
/// fetched.
#[derive(Args)]
pub(super) struct Verify {
    /// The receipt's JSON text. `-` reads standard input.
    file: PathBuf,
    /// The issuer's public key: z6Mk…, or a JSON Web Key. May be repeated.
    #[arg(long, value_name = "KEY", required_unless_present = "issuer")]
    key: Vec<String>,
    /// The issuer's URL (the key is then URL/keys/1 of URL/issuers/1), or a did:key. Without it, any name passes that goes with
    /// the key.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Judge as of this moment, such as 2026-01-02T03:04:05Z. Without it: now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Receipt {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Verify(verify) => verify.run(),
        }
    }
}

impl Verify {
    fn run(self) -> Outcome {
        let now = match &self.at {
            None => clock::now(),
            Some(text) => text.parse().map_err(|problem| format!("--at {problem}"))?,
        };
        let accepted = issuers::accepted(&self.key, self.issuer.as_deref())?;
        let verdict = ErasureReceipt::verify(&input::read(&self.file)?, &accepted, now);
        if self.json {
            output::line(&as_json(&verdict).to_string());
        } else {
            print(&verdict);
        }
        Ok(verdict.is_ok())
    }
}

fn print(verdict: &Result<VerifiedReceipt, Rejection>) {
    match verdict {
        Err(rejection) => output::line(&format!("not verified: {rejection}")),
        Ok(receipt) => {
            output::line("verified");
            output::line(&format!("  case     {}", receipt.case));
            output::line(&format!("  issuer   {}", receipt.issuer));
            output::line(&format!("  key      {}", receipt.verification_method));
            for (name, says) in &receipt.says {
                output::line(&format!("  {name:<25} {says}"));
            }
        }
    }
}

fn as_json(verdict: &Result<VerifiedReceipt, Rejection>) -> Value {
    match verdict {
        Err(rejection) => {
            json!({ "verified": false, "kind": rejection.kind().as_str(), "reason": rejection.to_string() })
        }
        Ok(receipt) => {
            let says: Map<_, _> =
                receipt.says.iter().map(|(name, says)| ((*name).to_owned(), json!(says))).collect();
            json!({
                "verified": true, "case": receipt.case, "issuer": receipt.issuer,
                "verificationMethod": receipt.verification_method, "says": says,
            })
        }
    }
}
