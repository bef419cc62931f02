//! Reports of mails that came back are read from their folder, and deleted when they have been acted on.

use crate::app::App;
use crate::flow::bounce;
use crate::mail::Reports;

/// Reports that are read in one go.
const AT_ONCE: usize = 500;

/// Reads what is there. One that cannot be acted on now stays, and keeps none from its turn.
pub(super) async fn collect(app: &App, reports: &Reports) {
    let found = match reports.list(AT_ONCE).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!("The folder mail.bounces cannot be read: {error}");
            return;
        }
    };
    for path in found {
        let outcome = match reports.read(&path).await {
            Ok(Some(message)) => bounce::hear(app, &message).await,
            Ok(None) => continue,
            // The name of the file may be anybody's.
            Err(error) => {
                tracing::error!("A report in mail.bounces cannot be read: {error}");
                continue;
            }
        };
        match outcome {
            Ok(heard) => {
                tracing::info!(outcome = heard.as_str(), "A report about a mail was read");
                if let Err(error) = reports.remove(&path).await {
                    tracing::error!("A report in mail.bounces cannot be deleted: {error}");
                }
            }
            Err(error) => {
                tracing::error!(cause = std::error::Error::source(&error), "A report waits: {error}");
                return;
            }
        }
    }
}
