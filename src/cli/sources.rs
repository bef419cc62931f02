//! `sources`: accounts with vendors of KYC results, the door that takes their webhooks, and their results fetched again; sources of
//! personhood.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{self, Context};
use super::source_test::Test;
use super::{Outcome, output};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{PersonSource, Source, Sources as Configured};
use crate::flow::verification;
use crate::model::ids::VerificationId;

#[derive(Subcommand)]
pub(super) enum Sources {
    /// List what is configured, and where each vendor's webhooks, or each person's proof, go.
    List(List),
    /// Send the running service what the vendor would, signed: about nobody, and nothing comes of it. Exit code 0 or 1.
    Test(Test),
    /// Have the vendor asked once more what became of a verification. What a second answer says again changes nothing.
    Replay(Replay),
}

#[derive(Args)]
pub(super) struct List {
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Replay {
    /// The verification's id, such as `ver_01J…`.
    #[arg(value_parser = verification_id)]
    id: VerificationId,
}

impl Sources {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            match self {
                Self::List(list) => Ok(list.run(&config.source)),
                Self::Test(test) => test.run(&config).await,
                Self::Replay(replay) => {
                    context::store(&config).await?.close().await;
                    let app = App::build(config, Clock::System).await?;
                    let outcome = replay.run(&app).await;
                    app.store.close().await;
                    outcome
                }
            }
        })
    }
}

impl List {
    fn run(&self, sources: &Configured) -> bool {
        if self.json {
            let all = sources.vendors.iter().map(show).chain(sources.persons.iter().map(show_person));
            output::line(&Value::from(all.collect::<Vec<_>>()).to_string());
            return true;
        }
        for source in &sources.vendors {
            let base = source.base().map(|url| url.to_string()).unwrap_or_default();
            let sandbox = if source.sandbox { "  sandbox" } else { "" };
            output::line(&format!(
                "{}  {}  for {}  {base}  webhooks to /webhooks/{}  on reset: {}{sandbox}",
                source.name, source.vendor, source.client, source.name, source.on_reset,
            ));
        }
        for source in &sources.persons {
            let base = source.base().map(|url| url.to_string()).unwrap_or_default();
            let sandbox = if source.sandbox { "  sandbox" } else { "" };
            let written = if source.write_as_face_sign { "  written as FaceSign's" } else { "" };
            output::line(&format!(
                "{}  {}  for {}  {base}  proofs to /v1/verifications/ID/proof{written}{sandbox}",
                source.name, source.personhood, source.client,
            ));
        }
        if sources.vendors.is_empty() && sources.persons.is_empty() {
            output::hint("no [[source]] is configured; config.example.toml explains it");
        }
        true
    }
}

fn show(source: &Source) -> Value {
    json!({
        "name": source.name,
        "vendor": source.vendor,
        "client": source.client,
        "baseUrl": source.base().map(|url| url.to_string()),
        "webhooks": format!("/webhooks/{}", source.name),
        "onReset": source.on_reset,
        "sandbox": source.sandbox,
    })
}

fn show_person(source: &PersonSource) -> Value {
    json!({
        "name": source.name,
        "personhood": source.personhood,
        "client": source.client,
        "baseUrl": source.base().map(|url| url.to_string()),
        "writtenAsFaceSign": source.write_as_face_sign,
        "sandbox": source.sandbox,
    })
}

impl Replay {
    async fn run(self, app: &App) -> Outcome {
        let is_asked = verification::ask_again(app, &self.id).await?;
        if is_asked {
            output::line(&format!("{}  the vendor is asked again", self.id));
        } else {
            output::line(&format!("{}  there is no such verification, or nothing to ask about", self.id));
        }
        Ok(is_asked)
    }
}

fn verification_id(text: &str) -> Result<VerificationId, String> {
    text.parse().map_err(|_| "must be an id of a verification, such as ver_01J…".to_owned())
}
