//! Background work. `run_one` is the table of all of it; `runner` leases and retries and knows no domain; `lanes` sends
//! what goes to the node.

mod lanes;
mod runner;
mod timetable;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flow::{announce, audit, seal};
use crate::model::job::{Job, Work};
use crate::store::StoreError;

/// Jobs without a lane that one process does at once.
const RUNNERS: usize = 4;

/// How long the signature under the audit chain may take when a process ends.
const SIGNING: Duration = Duration::from_secs(2);

/// Does background work until `shutdown`, and then gives back what it holds.
pub async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut tasks = JoinSet::new();
    for _ in 0..RUNNERS {
        tasks.spawn(runner::run(Arc::clone(&app), shutdown.clone()));
    }
    for key in app.keys.write.clone() {
        tasks.spawn(lanes::run(Arc::clone(&app), key, shutdown.clone()));
    }
    tasks.spawn(timetable::run(Arc::clone(&app), shutdown.clone()));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && !shutdown.is_cancelled()
        {
            // A panic. The process must not go on as if it worked: whoever runs it starts it again.
            tracing::error!("Background work has stopped: {error}");
            shutdown.cancel();
        }
    }
    // What was done since the last hour. A database that is away is not waited for: the next start signs.
    let _ = tokio::time::timeout(SIGNING, audit::checkpoint_or_log(&app)).await;
}

/// Does one job without a lane.
async fn run_one(app: &App, job: &Job) -> Result<(), StoreError> {
    match job.work {
        Work::Seal => seal::proceed(app, job).await,
        Work::SendWebhook => announce::tell(app, job).await,
        // These have lanes; `lanes` does them.
        Work::AddUser | Work::AddWallet | Work::WriteCredential | Work::EditNotes => Ok(()),
    }
}
