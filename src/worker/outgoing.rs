//! What goes out to somebody else: each receiver has a queue, a limit and a breaker of its own, so that one that hangs keeps
//! nobody but itself waiting.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::breaker::Breaker;
use super::runner::{self, AFTER_FAILURE, LONGEST_WAIT};
use crate::app::App;
use crate::flow::events::SendOutcome;
use crate::model::job::{Job, Queue};
use crate::store::StoreError;

/// Does what is in the queue of one receiver, several jobs at the same time, until `shutdown`. `gauge` shows whether it is
/// let be.
pub(super) async fn run<Doing>(
    app: Arc<App>,
    queue: Queue,
    limit: usize,
    gauge: &'static str,
    work: impl Fn(Arc<App>, Job) -> Doing,
    shutdown: CancellationToken,
) where
    Doing: Future<Output = Result<SendOutcome, StoreError>> + Send + 'static,
{
    let mut breaker = Breaker::default();
    let mut under_way: JoinSet<Result<Option<SendOutcome>, StoreError>> = JoinSet::new();
    while !shutdown.is_cancelled() {
        let news = app.store.news().of(queue.work);
        tokio::pin!(news);
        news.as_mut().enable();
        let mut wait = LONGEST_WAIT;
        while under_way.len() < breaker.room(Instant::now(), limit) {
            match runner::lease(&app, &queue).await {
                Ok(Some(job)) => {
                    let app = Arc::clone(&app);
                    let doing = work(Arc::clone(&app), job.clone());
                    under_way.spawn(async move { runner::carry_out(&app, &job, doing).await });
                }
                Ok(None) => break,
                Err(error) => {
                    runner::report(&error);
                    wait = AFTER_FAILURE;
                    break;
                }
            }
        }
        let let_be = breaker.pause(Instant::now());
        tokio::select! {
            Some(ended) = under_way.join_next() => note(&mut breaker, &queue, gauge, ended),
            () = news, if let_be.is_none() && under_way.len() < limit => {}
            () = sleep(let_be.unwrap_or(wait)) => {}
            () = shutdown.cancelled() => {}
        }
    }
    // What is under way is told, or comes again when its lease has run out.
    while under_way.join_next().await.is_some() {}
}

/// Remembers whether the receiver answers.
fn note(
    breaker: &mut Breaker,
    queue: &Queue,
    gauge: &'static str,
    ended: Result<Result<Option<SendOutcome>, StoreError>, tokio::task::JoinError>,
) {
    let was_open = breaker.is_open();
    match ended {
        Ok(Ok(Some(SendOutcome::Answered))) => breaker.answered(),
        Ok(Ok(Some(SendOutcome::NotAnswered { come_again }))) => breaker.failed(Instant::now(), come_again),
        Ok(Ok(Some(SendOutcome::Nothing) | None)) => {}
        Ok(Err(error)) => runner::report(&error),
        Err(error) => {
            tracing::error!(work = %queue.work, target = queue.target, "A request was broken off: {error}");
        }
    }
    if breaker.is_open() != was_open {
        let (work, to) = (queue.work.as_str(), queue.target.as_str());
        if was_open {
            tracing::info!(work, to, "A receiver answers again");
        } else {
            tracing::warn!(work, to, "A receiver does not answer, and is let be for a while");
        }
        let open = if was_open { 0.0 } else { 1.0 };
        metrics::gauge!(gauge, "endpoint" => to.to_owned()).set(open);
    }
}
