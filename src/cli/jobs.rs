//! `jobs`: background work, and what has stopped.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{self, Context};
use super::{Outcome, output};
use crate::app::App;
use crate::clock::Clock;
use crate::flow::resume;
use crate::model::ids::JobId;
use crate::model::job::{Job, JobState};
use crate::store::{Store, StoreError};

/// The most that is listed, or retried, at once.
const MOST: u32 = 10_000;

#[derive(Subcommand)]
pub(super) enum Jobs {
    /// List jobs, oldest first. What is done is no job any more.
    List(List),
    /// Put webhooks that were given up, or waiting jobs, to work at once. See to the cause first: it is in the list. What else
    /// has stopped is in `halted`.
    Retry(Retry),
}

#[derive(Args)]
pub(super) struct List {
    /// Only jobs of this state: ready, sent or halted.
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<JobState>,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Retry {
    /// The job's id, such as `job_01J…`.
    #[arg(value_parser = job_id, required_unless_present = "all_halted")]
    id: Option<JobId>,
    /// All webhooks that were given up.
    #[arg(long, conflicts_with = "id")]
    all_halted: bool,
}

impl Jobs {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            match self {
                Self::List(list) => {
                    let store = context::store(&config).await?;
                    let outcome = list.run(&store).await;
                    store.close().await;
                    outcome
                }
                Self::Retry(retry) => {
                    let app = App::build(config, Clock::System).await?;
                    let outcome = retry.run(&app).await;
                    app.store.close().await;
                    outcome
                }
            }
        })
    }
}

impl List {
    async fn run(self, store: &Store) -> Outcome {
        let jobs = store.jobs(self.state, MOST).await?;
        if self.json {
            output::line(&Value::from(jobs.iter().map(show).collect::<Vec<_>>()).to_string());
            return Ok(true);
        }
        for job in &jobs {
            let target = if job.target.is_empty() { String::new() } else { format!(" to {}", job.target) };
            let reason = job.reason.as_deref().map(|reason| format!("  {reason}")).unwrap_or_default();
            output::line(&format!(
                "{}  {}  {} {}{target}  due {}  tries {}{reason}",
                job.id, job.state, job.work, job.subject, job.due_at, job.attempts
            ));
        }
        Ok(true)
    }
}

impl Retry {
    async fn run(self, app: &App) -> Outcome {
        let ids = match self.id {
            Some(id) => vec![id],
            None => {
                app.store.jobs(Some(JobState::Halted), MOST).await?.into_iter().map(|job| job.id).collect()
            }
        };
        let mut all_went_well = true;
        for id in ids {
            match resume::retry_job(app, &id).await {
                Ok(()) => output::line(&format!("{id} is to be done at once")),
                Err(StoreError::Stale) => {
                    all_went_well = false;
                    output::line(&format!("{id} is not there, or is being done just now"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(all_went_well)
    }
}

fn show(job: &Job) -> Value {
    json!({
        "id": job.id.as_str(),
        "work": job.work.as_str(),
        "subject": job.subject,
        "target": job.target,
        "lane": job.lane,
        "state": job.state.as_str(),
        "dueAt": job.due_at.to_string(),
        "attempts": job.attempts,
        "nonce": job.nonce,
        "txHash": job.tx_hash,
        "sentAt": job.sent_at.map(|at| at.to_string()),
        "reason": job.reason,
        "createdAt": job.created_at.to_string(),
    })
}

fn state(text: &str) -> Result<JobState, &'static str> {
    text.parse().map_err(|_| "must be ready, sent or halted")
}

fn job_id(text: &str) -> Result<JobId, &'static str> {
    text.parse().map_err(|_| "must be the id of a job, such as job_01J…")
}
