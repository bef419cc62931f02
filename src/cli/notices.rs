//! `notices`: what people are told by mail before their credentials end.

use std::path::Path;

use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde_json::{Value, json};

use super::context::{self, Context};
use super::{Outcome, input, output};
use crate::app::App;
use crate::clock::{self, Clock};
use crate::flow::notices;
use crate::flow::viewed::{Viewed, saw, saw_by_hand};
use crate::mail::{Letter, Mail, Next, shown};
use crate::model::audit::Actor;
use crate::model::ids::{IssuanceId, NoticeId};
use crate::model::notices::{Notice, NoticeCode, NoticeState};
use crate::model::personal::Email;
use crate::store::{Store, StoreError};

#[derive(Subcommand)]
pub(super) enum Notices {
    /// List notices: of one issuance, or of all that are in a state.
    List(List),
    /// Show what a notice says. Whom it goes to is not shown.
    Preview(One),
    /// Send a mail to an address that is read from standard input, to see whether mails arrive. Exit code 0 if the mail server
    /// takes it, else 1.
    Test,
    /// Have a notice sent once more, whatever came of it: one that is unclear, for instance.
    Resend(One),
    /// Have a notice not sent that is planned.
    Cancel(One),
}

#[derive(Args)]
pub(super) struct List {
    /// Only of this issuance, in any state.
    #[arg(long, value_name = "ID", value_parser = issuance_id, conflicts_with = "state")]
    issuance: Option<IssuanceId>,
    /// Only in this state: planned, sending, sent, dropped, failed or unclear.
    #[arg(long, value_name = "STATE", value_parser = state, default_value = "planned")]
    state: NoticeState,
    /// At most so many; the longest due first.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: u32,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct One {
    /// The notice's id, such as `ntc_01J…`.
    #[arg(value_parser = notice_id)]
    id: NoticeId,
}

impl Notices {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            if let Self::List(list) = self {
                let store = context::store(&config).await?;
                let found = async {
                    let found = list.find(&store).await?;
                    let what = match &list.issuance {
                        Some(id) => Viewed::Record(id.as_str()),
                        None => Viewed::List { of: "notices", by: &["state"], found: found.len() },
                    };
                    saw_by_hand(&store, config.audit.views(), what, clock::now()).await?;
                    Ok::<_, StoreError>(found)
                }
                .await;
                store.close().await;
                list.print(&found?);
                if config.mail.is_none() {
                    output::hint("no [mail] is configured: what is planned is not sent");
                }
                return Ok(true);
            }
            let app = App::build(config, Clock::System).await?;
            let outcome = self.act(&app).await;
            app.store.close().await;
            outcome
        })
    }

    async fn act(self, app: &App) -> Outcome {
        match self {
            Self::List(_) => {}
            Self::Preview(one) => {
                let text = notices::text_of(app, &one.id).await?;
                if let Some(notice) = app.store.notice(&one.id).await? {
                    saw(app, &Actor::Operator, Viewed::Record(notice.issuance_id.as_str())).await?;
                }
                output::line(&shown(&text));
            }
            Self::Test => return test(app).await,
            Self::Resend(one) => {
                notices::resend(app, &one.id).await?;
                output::line(&format!("{}  is sent once more", one.id));
            }
            Self::Cancel(one) => {
                notices::cancel(app, &one.id).await?;
                output::line(&format!("{}  is not sent", one.id));
            }
        }
        Ok(true)
    }
}

async fn test(app: &App) -> Outcome {
    let bytes = input::read(Path::new("-"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "standard input is not UTF-8")?;
    let to: Email =
        text.trim_end_matches(['\r', '\n']).parse().map_err(|no| format!("standard input {no}"))?;
    let now = app.clock.now();
    let date = chrono::DateTime::from_timestamp_millis(now.unix_millis()).unwrap_or_default();
    let id = NoticeId::new(now, &mut OsRng);
    let letter = Letter { to: &to, locale: "en", id: id.as_str(), date };
    let outcome = app.mailer.send(&app.mailer.write(&Mail::Test, &letter)?).await?;
    output::line(&outcome.to_string());
    Ok(outcome.next() == Next::Done)
}

impl List {
    async fn find(&self, store: &Store) -> Result<Vec<Notice>, StoreError> {
        match &self.issuance {
            Some(id) => store.notices_of(id).await,
            None => Ok(store.notices_in(self.state, None, self.limit).await?.items),
        }
    }

    fn print(&self, found: &[Notice]) {
        if self.json {
            output::line(&Value::from(found.iter().map(show).collect::<Vec<_>>()).to_string());
            return;
        }
        for notice in found {
            let code = notice.code.map(|code| format!(" ({code})")).unwrap_or_default();
            output::line(&format!(
                "{}  {} of {}  {} days before the end  {}{code}  due {}",
                notice.id, notice.issuance_id, notice.client, notice.days, notice.state, notice.due_at
            ));
        }
    }
}

fn show(notice: &Notice) -> Value {
    json!({
        "id": notice.id.as_str(),
        "issuanceId": notice.issuance_id.as_str(),
        "client": notice.client,
        "days": notice.days,
        "state": notice.state.as_str(),
        "code": notice.code.map(NoticeCode::as_str),
        "dueAt": notice.due_at.to_string(),
        "attempts": notice.attempts,
        "sentAt": notice.sent_at.map(|moment| moment.to_string()),
        "saidWith": notice.said_with.as_ref().map(NoticeId::as_str),
    })
}

fn issuance_id(text: &str) -> Result<IssuanceId, &'static str> {
    text.parse().map_err(|_| "must be an id of an issuance, such as iss_01J…")
}

fn notice_id(text: &str) -> Result<NoticeId, &'static str> {
    text.parse().map_err(|_| "must be an id of a notice, such as ntc_01J…")
}

fn state(text: &str) -> Result<NoticeState, &'static str> {
    text.parse().map_err(|_| "must be planned, sending, sent, dropped, failed or unclear")
}
