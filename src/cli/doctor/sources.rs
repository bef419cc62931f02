//! Vendors of KYC results: whether their secrets can be read, whether they take our key, and whether their clock is ours.

use std::time::Duration;

use identity_vendors::{Case, CaseId, Fault, Inquiry, Step};

use super::Report;
use crate::clock::Clock;
use crate::config::Config;
use crate::source::{AskError, Source, SourceError};

const CHECK: &str = "sources";

/// No vendor's ids look like this.
const NO_CASE: &str = "idos-issuer-doctor";

/// How far clocks may be apart, in seconds: vendors refuse what was signed longer ago than some minutes.
const APART: i64 = 60;

/// How long a vendor may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn sources(config: &Config, report: &mut Report) {
    for configured in &config.source {
        let name = &configured.name;
        let source = match Source::wire(configured) {
            Ok(source) => source,
            Err(error) => {
                let cure = match &error {
                    SourceError::Key(crate::keys::KeysError::Secret(error)) => error.cure(),
                    _ => "put the vendor's secrets into files of one line each, for the service's user alone"
                        .to_owned(),
                };
                report.complain(CHECK, format!("{name}: {}", super::causes(&error)), cure);
                continue;
            }
        };
        if source.account.webhook_secrets.is_empty() {
            report.note(
                CHECK,
                format!("{name}: no webhook_secrets: its webhooks are refused, or, where the vendor signs none, only hints"),
            );
        }
        let asked = tokio::time::timeout(PATIENCE, ask(&source)).await;
        match asked.unwrap_or(Err(AskError::Unreached(crate::source::Unreached::TooSlow))) {
            Ok(Some(seconds)) if seconds.abs() > APART => report.complain(
                CHECK,
                format!("{name}: its clock and this machine's are {} seconds apart", seconds.abs()),
                "have this machine's clock set (NTP): signatures of requests and webhooks have a time",
            ),
            Ok(_) => report.fine(CHECK, format!("{name}: the vendor answers, and takes the key")),
            Err(AskError::Fault { fault: Fault::Denied | Fault::NoKey(_), .. }) => report.complain(
                CHECK,
                format!("{name}: the vendor refuses the key"),
                "put a valid key of the vendor into the files of source.key and source.secret, with the right to read results",
            ),
            Err(error) => report.complain(
                CHECK,
                format!("{name}: {error}"),
                "correct source.base_url, or see to the network or the vendor",
            ),
        }
    }
}

/// Asks about a case that there is not. Gives how far the vendor's clock is ahead of ours, if it tells the time.
async fn ask(source: &Source) -> Result<Option<i64>, AskError> {
    let now = Clock::System.now().unix_seconds();
    let account = source.account(now).await?;
    let case = CaseId::new(NO_CASE).map_err(|_| AskError::from(Fault::NotAsked))?;
    let mut inquiry = Inquiry::new(source.vendor, &account, Case::new(case));
    let Step::Ask(request) = inquiry.next(now)? else { return Ok(None) };
    let answered = source.send(&request).await?;
    let ahead = answered.seconds_ahead(now);
    match answered.read(|answer| inquiry.answer(answer), now) {
        Err(AskError::Fault {
            fault: fault @ (Fault::Denied | Fault::Unavailable | Fault::Redirected),
            come_again,
        }) => Err(AskError::Fault { fault, come_again }),
        // That there is no such case, however the vendor says it.
        _ => Ok(ahead),
    }
}
