//! `halted`: what has stopped, and how it goes on.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{self, Context};
use super::{Outcome, output};
use crate::app::App;
use crate::clock::{self, Clock};
use crate::flow::halted::{self, Halted, Wanted};
use crate::flow::viewed::{Viewed, saw_by_hand};
use crate::model::issuance::{HaltCode, Stopped};
use crate::store::StoreError;

#[derive(Subcommand)]
pub(super) enum HaltedCommand {
    /// List what has stopped and waits for somebody: issuances, revocations, profiles, wallets and attributes.
    List(List),
    /// Bring on what has stopped: all that is wanted, or what is named. See to the cause first; the list says which cure.
    Resume(Resume),
}

#[derive(Args)]
struct Filter {
    /// Only these: issuance, revocation, profile, wallet or attribute.
    #[arg(long, value_name = "WHAT", value_parser = what)]
    what: Option<Stopped>,
    /// Only what has stopped with this code, such as `not_an_inserter`.
    #[arg(long, value_name = "CODE", value_parser = code)]
    code: Option<HaltCode>,
    /// Only what belongs to this client.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Resume {
    /// Ids of issuances, profiles, wallets or attributes.
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<String>,
    /// All that has stopped, or all that the other options choose.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

impl HaltedCommand {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            match self {
                Self::List(list) => {
                    let store = context::store(&config).await?;
                    let found = async {
                        let found = halted::find(&store, &list.filter.wanted()).await?;
                        let what =
                            Viewed::List { of: "halted", by: &list.filter.names(), found: found.len() };
                        saw_by_hand(&store, config.audit.views(), what, clock::now()).await?;
                        Ok::<_, StoreError>(found)
                    }
                    .await;
                    store.close().await;
                    list.print(&found?);
                    Ok(true)
                }
                Self::Resume(resume) => {
                    let app = App::build(config, Clock::System).await?;
                    let outcome = resume.run(&app).await;
                    app.store.close().await;
                    outcome
                }
            }
        })
    }
}

impl Filter {
    /// The names of those that are given.
    fn names(&self) -> Vec<&'static str> {
        let Self { what, code, client } = self;
        let all = [("what", what.is_some()), ("code", code.is_some()), ("client", client.is_some())];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    fn wanted(&self) -> Wanted {
        Wanted { what: self.what, code: self.code, client: self.client.clone() }
    }
}

impl List {
    fn print(&self, found: &[Halted]) {
        if self.json {
            output::line(&Value::from(found.iter().map(show).collect::<Vec<_>>()).to_string());
            return;
        }
        for halted in found {
            output::line(&format!(
                "{}  {} of {}  {} since {}: {}",
                halted.id(),
                halted.what(),
                halted.client(),
                code_of(halted),
                halted.since(),
                cure_of(halted)
            ));
        }
    }
}

impl Resume {
    async fn run(self, app: &App) -> Outcome {
        let mut all_went_well = true;
        let mut found = halted::find(&app.store, &self.filter.wanted()).await?;
        if !self.all {
            found.retain(|halted| self.ids.iter().any(|id| id == halted.id()));
            for id in &self.ids {
                if !found.iter().any(|halted| halted.id() == id) {
                    all_went_well = false;
                    // Whatever it is: what is no id of ours is not repeated.
                    output::line("one of the ids is of nothing that has stopped");
                }
            }
        }
        for halted in found {
            let id = halted.id().to_owned();
            match halted::resume(app, halted).await {
                Ok(()) => output::line(&format!("{id} goes on")),
                Err(error) => {
                    all_went_well = false;
                    output::line(&format!("{id} does not: {error}"));
                }
            }
        }
        Ok(all_went_well)
    }
}

fn code_of(halted: &Halted) -> &'static str {
    halted.code().map_or("", HaltCode::as_str)
}

fn cure_of(halted: &Halted) -> &'static str {
    halted.code().map_or("", |code| code.cure(halted.what()))
}

fn show(halted: &Halted) -> Value {
    json!({
        "id": halted.id(),
        "what": halted.what().as_str(),
        "client": halted.client(),
        "code": code_of(halted),
        "since": halted.since().to_string(),
        "cure": cure_of(halted),
    })
}

fn what(text: &str) -> Result<Stopped, &'static str> {
    let known = text.parse().ok().filter(|what| *what != Stopped::Over);
    known.ok_or("must be issuance, revocation, profile, wallet or attribute")
}

fn code(text: &str) -> Result<HaltCode, &'static str> {
    text.parse().map_err(|_| "must be a halt code, such as not_an_inserter")
}
