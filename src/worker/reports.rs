//! Reports of mails that came back are looked for each minute, by one process. A mailbox that cannot be read is let be for longer
//! and longer: servers lock out whoever logs in wrongly too often.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flow::bounce::{self, CollectError};
use crate::mail::Reports;

/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// A little less than that, in milliseconds: the process that comes first has it.
const PERIOD: i64 = 55_000;

/// The longest pause.
const LONGEST: Duration = Duration::from_mins(32);

/// Reads what is there, each minute until `shutdown`. Whatever is under way then may be broken off: it is begun again.
pub(super) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let Some(reports) = &app.mail_reports else { return };
    let mut failures = 0;
    loop {
        tokio::select! {
            outcome = turn(&app, reports) => note(&mut failures, outcome),
            () = shutdown.cancelled() => return,
        }
        tokio::select! {
            () = sleep(pause(failures)) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Reads what is there, if it is this process's turn.
async fn turn(app: &App, reports: &Reports) -> Option<Result<(), CollectError>> {
    let now = app.clock.now().unix_millis();
    match app.store.claim_recurring("mail_reports", now, now + PERIOD).await {
        Ok(false) => None,
        Ok(true) => Some(bounce::collect(app, reports).await.map(|collected| {
            for (outcome, count) in collected.heard {
                tracing::info!(outcome, count, "Reports about mails were read");
            }
        })),
        Err(error) => Some(Err(error.into())),
    }
}

fn note(failures: &mut u32, outcome: Option<Result<(), CollectError>>) {
    let gauge = metrics::gauge!("mail_reports_let_be");
    match outcome {
        None => {}
        Some(Ok(())) => {
            if std::mem::take(failures) > 0 {
                tracing::info!("mail.bounces can be read again");
            }
            gauge.set(0.0);
        }
        Some(Err(CollectError::Reports(error))) => {
            *failures = failures.saturating_add(1);
            let seconds = pause(*failures).as_secs();
            tracing::error!(cause = error.source(), seconds, "Reports of mails are not read: {error}");
            metrics::counter!("mail_reports_failed_total", "cause" => error.as_str()).increment(1);
            gauge.set(1.0);
        }
        // Not the mailbox's fault.
        Some(Err(CollectError::Store(error))) => {
            tracing::error!(cause = error.source(), "Reports of mails wait: {error}");
        }
    }
}

/// How long to wait after so many failures in a row.
fn pause(failures: u32) -> Duration {
    LOOK_AGAIN.saturating_mul(1 << failures.min(10)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::ReportsError;

    #[test]
    fn a_mailbox_that_fails_is_let_be_for_longer_and_longer() {
        let mut failures = 0;
        let mut seen = Vec::new();
        for _ in 0..7 {
            note(&mut failures, Some(Err(ReportsError::Login.into())));
            // Another process had its turn: nothing is known.
            note(&mut failures, None);
            seen.push(pause(failures).as_secs() / 60);
        }
        assert_eq!(seen, [2, 4, 8, 16, 32, 32, 32]);
        note(&mut failures, Some(Ok(())));
        assert_eq!(pause(failures), LOOK_AGAIN);
    }
}
