//! Sends notices that are due: several at the same time, and none to a mail server that refuses everything.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::breaker::Breaker;
use super::runner::{self, AFTER_FAILURE};
use crate::app::App;
use crate::flow::events::SendOutcome;
use crate::flow::notices::{self, Claim};
use crate::store::StoreError;

/// Dialogues that one process has at the same time.
const AT_ONCE: usize = 4;

/// How long to wait before looking again. Mornings are not missed by so little.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How long to wait where a day has had its mails.
const NEXT_DAY: Duration = Duration::from_mins(1);

/// Sends what is due until `shutdown`.
pub(super) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut breaker = Breaker::default();
    let mut under_way: JoinSet<Result<SendOutcome, StoreError>> = JoinSet::new();
    let mut has_said = false;
    while !shutdown.is_cancelled() {
        let mut wait = LOOK_AGAIN;
        while under_way.len() < breaker.room(Instant::now(), AT_ONCE) {
            match notices::claim(&app).await {
                Ok(Claim::Letter(claimed)) => {
                    let app = Arc::clone(&app);
                    under_way.spawn(async move { claimed.send(&app).await });
                }
                Ok(Claim::Nothing) => break,
                Ok(Claim::Enough) => {
                    if !std::mem::replace(&mut has_said, true) {
                        tracing::warn!(
                            "As many mails were sent as notices.per_day allows; the others wait for the next day"
                        );
                    }
                    wait = NEXT_DAY;
                    break;
                }
                Err(error) => {
                    runner::report(&error);
                    wait = AFTER_FAILURE;
                    break;
                }
            }
        }
        tokio::select! {
            Some(ended) = under_way.join_next() => note(&mut breaker, ended),
            () = sleep(breaker.pause(Instant::now()).unwrap_or(wait)) => {}
            () = shutdown.cancelled() => {}
        }
    }
    // What is under way is sent, or its turn runs out.
    while under_way.join_next().await.is_some() {}
}

/// Remembers whether the mail server takes anything.
fn note(breaker: &mut Breaker, ended: Result<Result<SendOutcome, StoreError>, tokio::task::JoinError>) {
    let was_open = breaker.is_open();
    match ended {
        Ok(Ok(SendOutcome::Answered)) => breaker.answered(),
        Ok(Ok(SendOutcome::NotAnswered { come_again })) => breaker.failed(Instant::now(), come_again),
        // Somebody else has the turn.
        Ok(Ok(SendOutcome::Nothing) | Err(StoreError::Stale)) => {}
        Ok(Err(error)) => runner::report(&error),
        Err(error) => tracing::error!("The sending of a notice was broken off: {error}"),
    }
    if breaker.is_open() != was_open {
        if was_open {
            tracing::info!("The mail server takes mails again");
        } else {
            tracing::warn!("The mail server takes nothing, and is let be for a while");
        }
        metrics::gauge!("mail_let_be").set(if was_open { 0.0 } else { 1.0 });
    }
}
