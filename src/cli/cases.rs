//! `cases`: requests of people to have erased what is kept about them, for staff who answer them.

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use idos_wallet::{WalletType, check_address};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::context::Context;
use super::{Outcome, input, output};
use crate::app::App;
use crate::clock::Clock;
use crate::flow::cases::{self, Choice, NewCase, Shown, Whose};
use crate::flow::viewed::{Viewed, saw};
use crate::model::audit::Actor;
use crate::model::case::{Case, CaseOrigin, CaseState, ExtensionReason, Grounds, Identity, LegalBasis};
use crate::model::ids::{CaseId, is_user_id};
use crate::model::personal::Personal;
use crate::model::submission::Owner;
use crate::model::submitter::{Origin, Submitter, is_plain_name};
use crate::model::time::Timestamp;
use crate::store::CaseFilter;

#[derive(Subcommand)]
pub(super) enum Cases {
    /// List cases: those of all clients that are not over, the one first that is due first; or all of one client, newest first.
    List(List),
    /// Show a case.
    Show(One),
    /// Open a case for all records of a person of a client's. By what they are known is read from standard input, so that it is in no list of
    /// processes and no history.
    Open(Open),
    /// Decide that a case is carried out. Where the records may be several people's, say whose are meant.
    Decide(Decide),
    /// Approve what somebody else has decided: a client, over the API.
    Approve(One),
    /// Extend a case by two further months, once and within the first month.
    Extend(Extend),
    /// Refuse a case. Its ids of records are forgotten.
    Refuse(Refuse),
    /// End a case because whoever has asked does not want it any more.
    Withdraw(One),
}

#[derive(Args)]
pub(super) struct List {
    /// All of this client.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Only in this state, such as `awaiting_decision`.
    #[arg(long, value_name = "STATE", value_parser = named::<CaseState>)]
    state: Option<CaseState>,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: u32,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct One {
    /// The case's id, such as `era_01J…`.
    #[arg(value_parser = case_id)]
    id: CaseId,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// By what a person is known.
#[derive(Clone, Copy, ValueEnum)]
enum KnownBy {
    Email,
    User,
    Reference,
    Wallet,
}

#[derive(Args)]
pub(super) struct Open {
    /// The client whose records they are.
    #[arg(long, value_name = "NAME")]
    client: String,
    /// What standard input has: an e-mail address, an idOS user's id, the provider's reference, or the address of a wallet.
    #[arg(long, value_name = "WHAT")]
    by: KnownBy,
    /// The type of the wallet.
    #[arg(long, value_name = "TYPE", required_if_eq("by", "wallet"), value_parser = wallet_type)]
    wallet_type: Option<WalletType>,
    /// When the request was received; now, if that is not said.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    received: Option<Timestamp>,
    /// You have checked who it is; with `erasure.identity = "by_client"`.
    #[arg(long)]
    checked: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Decide {
    #[command(flatten)]
    one: One,
    /// All records of this user; may be given several times.
    #[arg(long = "user", value_name = "ID", value_parser = user_id)]
    users: Vec<Uuid>,
    /// This record, which names no user; may be given several times.
    #[arg(long = "record", value_name = "ID")]
    records: Vec<String>,
}

#[derive(Args)]
pub(super) struct Extend {
    #[command(flatten)]
    one: One,
    /// Why: complexity or `number_of_requests`.
    #[arg(long, value_name = "REASON", value_parser = named::<ExtensionReason>)]
    reason: ExtensionReason,
}

#[derive(Args)]
pub(super) struct Refuse {
    #[command(flatten)]
    one: One,
    /// Why, such as `legal_claims`.
    #[arg(long, value_name = "GROUNDS", value_parser = named::<Grounds>)]
    grounds: Grounds,
    /// The provision of law; required with the grounds other. Nothing about a person.
    #[arg(long, value_name = "LAW")]
    basis: Option<String>,
}

fn named<T: std::str::FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "is not known")
}

fn case_id(text: &str) -> Result<CaseId, &'static str> {
    text.parse().map_err(|_| "is no id of a case")
}

fn user_id(text: &str) -> Result<Uuid, &'static str> {
    text.parse().ok().filter(|id| is_user_id(*id)).ok_or("is no id of an idOS user")
}

fn wallet_type(text: &str) -> Result<WalletType, &'static str> {
    text.parse().map_err(|_| "is no type of a wallet that can prove something")
}

fn moment(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "is no date or time (RFC 3339)")
}

impl Cases {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let app = App::build(config, Clock::System).await?;
            let outcome = self.act(&app).await;
            app.store.close().await;
            outcome
        })
    }

    async fn act(self, app: &App) -> Outcome {
        let (shown, as_json) = match self {
            Self::List(list) => return list.run(app).await,
            Self::Show(one) => {
                let case = cases::show(app, &one.operator(app).await?, &one.id).await?;
                saw(app, &Actor::Operator, Viewed::Record(one.id.as_str())).await?;
                (case, one.json)
            }
            Self::Open(open) => (open.run(app).await?, open.json),
            Self::Decide(Decide { one, users, records }) => {
                let is_said = !users.is_empty() || !records.is_empty();
                let choice = is_said.then_some(Choice { users, records });
                let operator = one.operator(app).await?;
                (cases::decide(app, &operator, &one.id, choice.as_ref()).await?, one.json)
            }
            Self::Approve(one) => (cases::approve(app, &one.operator(app).await?, &one.id).await?, one.json),
            Self::Extend(Extend { one, reason }) => {
                (cases::extend(app, &one.operator(app).await?, &one.id, reason).await?, one.json)
            }
            Self::Refuse(Refuse { one, grounds, basis }) => {
                let basis = basis.map(|text| LegalBasis::read(&text, app.clock.now())).transpose();
                let basis = basis.map_err(|no| format!("--basis {no}"))?;
                let operator = one.operator(app).await?;
                (cases::refuse(app, &operator, &one.id, (grounds, basis)).await?, one.json)
            }
            Self::Withdraw(one) => {
                (cases::withdraw(app, &one.operator(app).await?, &one.id).await?, one.json)
            }
        };
        if as_json {
            output::line(&as_object(app, &shown).to_string());
        } else {
            print(app, &shown);
        }
        Ok(true)
    }
}

impl One {
    /// The operator, on behalf of the client whose case it is.
    async fn operator(&self, app: &App) -> Result<Submitter, Box<dyn std::error::Error>> {
        let case = app.store.case(&self.id).await?.ok_or("there is no such case")?;
        Ok(operator(&case.client))
    }
}

fn operator(client: &str) -> Submitter {
    Submitter { tenant: client.to_owned(), origin: Origin::Operator }
}

impl Open {
    async fn run(&self, app: &App) -> Result<Shown, Box<dyn std::error::Error>> {
        if !is_plain_name(&self.client) {
            return Err("--client must have 1 to 64 of a-z, 0-9, . _ -".into());
        }
        let bytes = input::read(Path::new("-"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| "standard input is not UTF-8")?;
        let whose = self.whose(text.trim_end_matches(['\r', '\n']))?;
        let new = NewCase {
            whose,
            received_at: self.received,
            identity: self.checked.then_some(Identity::Client),
            origin: CaseOrigin::Staff,
        };
        Ok(cases::open(app, &operator(&self.client), None, new).await?.record)
    }

    fn whose(&self, text: &str) -> Result<Whose, String> {
        match self.by {
            KnownBy::Email => text.parse().map(Whose::Email).map_err(|no| format!("standard input {no}")),
            KnownBy::User => user_id(text).map(Whose::User).map_err(|no| format!("standard input {no}")),
            KnownBy::Reference => text
                .parse()
                .map(Whose::Reference)
                .map_err(|_| "standard input must have 1 to 128 of a-z, A-Z, 0-9, . _ : -".to_owned()),
            KnownBy::Wallet => {
                let wallet_type = self.wallet_type.ok_or("--wallet-type is required")?;
                check_address(wallet_type, text)
                    .map_err(|_| "standard input is no address of this type of wallet")?;
                let address = Personal::new(text.to_owned());
                Ok(Whose::Wallet(Owner { wallet_type, address, public_key: None }))
            }
        }
    }
}

impl List {
    async fn run(self, app: &App) -> Outcome {
        let found = if let Some(client) = &self.client {
            let filter = CaseFilter { state: self.state, due_before: None };
            app.store.cases(client, filter, None, self.limit).await?.items
        } else {
            let mut found = app.store.open_cases(None, None, self.limit).await?.items;
            found.retain(|case| self.state.is_none_or(|state| case.state == state));
            found
        };
        let by = [("client", self.client.is_some()), ("state", self.state.is_some())];
        let by: Vec<_> = by.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        let what = Viewed::List { of: "erasure_cases", by: &by, found: found.len() };
        saw(app, &Actor::Operator, what).await?;
        if self.json {
            let all: Vec<_> = found.iter().map(|case| of_case(app, case)).collect();
            output::line(&Value::from(all).to_string());
        } else {
            for case in &found {
                output::line(&line(app, case));
            }
        }
        Ok(true)
    }
}

fn line(app: &App, case: &Case) -> String {
    let due = cases::look(app, case).due.on;
    format!("{}  {}  due {due}  {} records of {}", case.id, case.state, case.records, case.client)
}

fn print(app: &App, shown: &Shown) {
    let Shown { case, clocks, records, candidates } = shown;
    output::line(&line(app, case));
    output::line(&format!("  received {}", case.received_at));
    if clocks.due_with_pause != clocks.due {
        output::line(&format!(
            "  due {} where the time stands still while the identity is waited for",
            clocks.due_with_pause.on
        ));
    }
    if let Some((identity, at)) = case.identity.zip(case.identified_at) {
        output::line(&format!("  shown by {identity} at {at}"));
    }
    if let Some(by) = &case.decided_by {
        output::line(&format!("  decided by {by}"));
    }
    if let Some((at, reason)) = case.extended {
        output::line(&format!("  extended at {at}: {reason}"));
    }
    if let Some((basis, until)) = &case.held {
        output::line(&format!("  held until {until} by {basis}"));
    }
    if let Some((grounds, basis)) = &case.refusal {
        output::line(&format!("  refused: {grounds} {}", basis.as_deref().unwrap_or_default()));
    }
    for (kind, id) in records {
        output::line(&format!("  {id}  {kind}"));
    }
    for candidate in candidates {
        let whose =
            candidate.user_id.map_or_else(|| "nobody that is known".to_owned(), |id| format!("user {id}"));
        output::line(&format!("  of {whose}: {}", candidate.records.join(" ")));
    }
    if !candidates.is_empty() {
        output::hint("the records may be several people's: decide with --user and --record");
    }
}

fn of_case(app: &App, case: &Case) -> Value {
    let clocks = cases::look(app, case);
    json!({
        "id": case.id.as_str(),
        "client": case.client,
        "state": case.state.as_str(),
        "origin": case.origin.as_str(),
        "receivedAt": case.received_at.to_string(),
        "dueOn": clocks.due.on.to_string(),
        "dueOnWithPause": clocks.due_with_pause.on.to_string(),
        "records": case.records,
    })
}

fn as_object(app: &App, shown: &Shown) -> Value {
    let mut object = of_case(app, &shown.case);
    let records = shown.records.iter().map(|(_, id)| id.as_str());
    let mut more = Map::from_iter([("records".to_owned(), json!(records.collect::<Vec<_>>()))]);
    if !shown.candidates.is_empty() {
        let one = |candidate: &cases::Candidate| json!({ "userId": candidate.user_id, "records": candidate.records });
        more.insert("candidates".to_owned(), shown.candidates.iter().map(one).collect());
    }
    if let Some(members) = object.as_object_mut() {
        members.append(&mut more);
    }
    object
}
