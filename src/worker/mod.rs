//! Background work. `run` is the table of all of it. Each kind has runners of its own, and so has each receiver of webhooks:
//! what is slow keeps nothing else waiting. `runner` leases and retries and knows no domain; `lanes` sends what goes to the
//! node, `outgoing` what goes to others.

mod breaker;
mod lanes;
mod notices;
mod outgoing;
mod reports;
mod runner;
mod timetable;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flow::{audit, erasure, events, look, seal, upload, verification, visit, withdraw};
use crate::model::job::{Job, Queue, Work};

/// Issuances that one process seals at once. They mostly wait for the node.
const SEALERS: usize = 4;

/// Uploads of one process at the same time. Each has a part of a content in memory, and no more.
const UPLOADERS: usize = 4;

/// Erasures that one process carries out at once. They mostly wait for the node, and for a mail server.
const ERASERS: usize = 2;

/// Links to their own page that one process sends to people at once. They mostly wait for the mail server.
const LINK_SENDERS: usize = 2;

/// How long the signature under the audit chain may take when a process ends.
const SIGNING: Duration = Duration::from_secs(2);

/// Does background work until `shutdown`, and then gives back what it holds.
pub async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut tasks = JoinSet::new();
    for _ in 0..SEALERS {
        tasks.spawn(runner::run(Arc::clone(&app), Queue::of(Work::Seal), seal::proceed, shutdown.clone()));
    }
    for _ in 0..UPLOADERS {
        let queue = Queue::of(Work::UploadContent);
        tasks.spawn(runner::run(Arc::clone(&app), queue, upload::proceed, shutdown.clone()));
    }
    for endpoint in &app.endpoints {
        let queue = Queue { work: Work::SendWebhook, target: endpoint.name.clone() };
        let send = |app: Arc<App>, job: Job| async move { events::send_webhook(&app, &job).await };
        let (limit, gauge) = (app.webhooks_at_once, "webhook_endpoint_let_be");
        tasks.spawn(outgoing::run(Arc::clone(&app), queue, limit, gauge, send, shutdown.clone()));
    }
    for source in &app.sources {
        let queue = Queue { work: Work::FetchResult, target: source.name.to_string() };
        let (limit, gauge) = (source.at_once, "source_let_be");
        let fetch = verification::fetch_result;
        tasks.spawn(outgoing::run(Arc::clone(&app), queue, limit, gauge, fetch, shutdown.clone()));
    }
    let queue = Queue::of(Work::Withdraw);
    tasks.spawn(runner::run(Arc::clone(&app), queue, withdraw::withdraw, shutdown.clone()));
    for _ in 0..ERASERS {
        let queue = Queue::of(Work::Erase);
        tasks.spawn(runner::run(Arc::clone(&app), queue, erasure::carry_out, shutdown.clone()));
    }
    if app.person_page.enabled {
        for _ in 0..LINK_SENDERS {
            tasks.spawn(runner::run(
                Arc::clone(&app),
                Queue::of(Work::SendLink),
                visit::send,
                shutdown.clone(),
            ));
        }
    }
    let queue = Queue::of(Work::ResumeAll);
    tasks.spawn(runner::run(Arc::clone(&app), queue, look::bring_on_all, shutdown.clone()));
    tasks.spawn(notices::run(Arc::clone(&app), shutdown.clone()));
    if app.mail_reports.is_some() {
        tasks.spawn(reports::run(Arc::clone(&app), shutdown.clone()));
    }
    let watch = Arc::new(lanes::Watch::default());
    for key in app.keys.write.iter().map(|key| key.key.clone()) {
        tasks.spawn(lanes::run(Arc::clone(&app), key, Arc::clone(&watch), shutdown.clone()));
    }
    tasks.spawn(timetable::run(Arc::clone(&app), watch, shutdown.clone()));
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
