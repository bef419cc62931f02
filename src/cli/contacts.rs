//! `contacts`: what is whose, for staff who answer requests of people.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::{Outcome, input, output};
use crate::app::App;
use crate::clock::Clock;
use crate::flow::contact;
use crate::model::personal::Email;

#[derive(Subcommand)]
pub(super) enum Contacts {
    /// Find the issuances of an e-mail address, and the verifications that have none yet, of all clients. The address is read from standard input, so that it is in no
    /// list of processes and no history. Exit code 0 if there are any, else 1.
    Lookup(Lookup),
}

#[derive(Args)]
pub(super) struct Lookup {
    /// Print one JSON object: ids by client, those of issuances (`iss_…`) before those of verifications (`ver_…`).
    #[arg(long)]
    json: bool,
}

impl Contacts {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let Self::Lookup(lookup) = self;
            let bytes = input::read(Path::new("-"))?;
            let text = std::str::from_utf8(&bytes).map_err(|_| "standard input is not UTF-8")?;
            let email: Email =
                text.trim_end_matches(['\r', '\n']).parse().map_err(|no| format!("standard input {no}"))?;
            let app = App::build(config, Clock::System).await?;
            let found = contact::look_up_all(&app, &email).await;
            app.store.close().await;
            let found = found?;
            if lookup.json {
                let ids = |found: &contact::Found| json!(found.ids().collect::<Vec<_>>());
                let all: serde_json::Map<_, _> =
                    found.iter().map(|(client, found)| (client.clone(), ids(found))).collect();
                output::line(&json!(all).to_string());
            } else {
                for (client, found) in &found {
                    for id in found.ids() {
                        output::line(&format!("{id} of {client}"));
                    }
                }
            }
            Ok(!found.is_empty())
        })
    }
}
