//! `doctor`: what is wrong with a deployment, seen from outside, and how it is cured.
//!
//! Each check is a function in one of the modules here. None changes anything but one row that says when a doctor last
//! wrote.

mod chains;
mod database;
mod machine;
mod network;
mod openid;
mod outside;
mod persons;
mod sources;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::{Outcome, output};
use crate::config::{Config, ConfigError};
use crate::keys::Keys;
use crate::telemetry;

#[derive(Args)]
pub(super) struct Doctor {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a check found.
enum Verdict {
    /// As it should be.
    Fine,
    /// Worth knowing, and no reason to complain.
    Note,
    /// Not as it should be, with what to do about it: one line.
    Complaint(String),
}

/// One finding.
struct Finding {
    /// What was looked at.
    check: &'static str,
    verdict: Verdict,
    /// What was found: no values of settings, nothing about anybody.
    text: String,
}

/// All findings so far.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn fine(&mut self, check: &'static str, text: impl Into<String>) {
        self.0.push(Finding { check, verdict: Verdict::Fine, text: text.into() });
    }

    fn note(&mut self, check: &'static str, text: impl Into<String>) {
        self.0.push(Finding { check, verdict: Verdict::Note, text: text.into() });
    }

    fn complain(&mut self, check: &'static str, text: impl Into<String>, cure: impl Into<String>) {
        self.0.push(Finding { check, verdict: Verdict::Complaint(cure.into()), text: text.into() });
    }

    fn is_healthy(&self) -> bool {
        !self.0.iter().any(|finding| matches!(finding.verdict, Verdict::Complaint(_)))
    }
}

impl Doctor {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let path = context.path().ok_or("the doctor needs --config FILE: the deployment to look at")?;
        context.answer(async {
            let mut report = Report::default();
            match Config::load(path) {
                Ok(config) => examine(&config, &mut report).await,
                Err(error) => {
                    let cure = match &error {
                        ConfigError::SecretFile(error) => error.cure(),
                        _ => "correct the setting; config.example.toml explains each".to_owned(),
                    };
                    report.complain("configuration", causes(&error), cure);
                }
            }
            if self.json {
                output::line(&show(&report).to_string());
            } else {
                tell(&report);
            }
            Ok(report.is_healthy())
        })
    }
}

async fn examine(config: &Config, report: &mut Report) {
    machine::configuration(config, report);
    let keys = machine::keys(config, report);
    let vault = machine::vault(config, report);
    let store = database::examine(config, keys.as_ref(), vault.as_ref(), report).await;
    let recorded = match &store {
        Some(store) => store.recorded(crate::app::NETWORK).await.ok().flatten(),
        None => None,
    };
    network::examine(
        config,
        keys.as_ref().map_or(&[], |keys: &Keys| &keys.write),
        recorded.as_deref(),
        report,
    )
    .await;
    outside::webhooks(config, report).await;
    outside::mail(config, report).await;
    openid::openid(config, report).await;
    outside::own_page(config, report);
    sources::sources(config, report).await;
    persons::persons(config, report).await;
    chains::chains(config, report).await;
    if let Some(store) = store {
        store.close().await;
    }
}

fn tell(report: &Report) {
    for Finding { check, verdict, text } in &report.0 {
        let mark = match verdict {
            Verdict::Fine => "ok  ",
            Verdict::Note => "note",
            Verdict::Complaint(_) => "BAD ",
        };
        output::line(&format!("{mark}  {check:<14} {text}"));
        if let Verdict::Complaint(cure) = verdict {
            output::line(&format!("{:<21}cure: {cure}", ""));
        }
    }
    output::line(if report.is_healthy() { "healthy" } else { "NOT healthy" });
}

fn show(report: &Report) -> Value {
    let show = |Finding { check, verdict, text }: &Finding| match verdict {
        Verdict::Fine => json!({ "check": check, "verdict": "ok", "text": text }),
        Verdict::Note => json!({ "check": check, "verdict": "note", "text": text }),
        Verdict::Complaint(cure) => json!({ "check": check, "verdict": "bad", "text": text, "cure": cure }),
    };
    json!({ "healthy": report.is_healthy(), "findings": report.0.iter().map(show).collect::<Vec<_>>() })
}

/// An error with its causes, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    telemetry::causes(error).join(": ")
}
