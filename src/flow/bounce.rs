//! Bounces: what mail servers report of notices, by mail. An address that nobody has, or whose owner calls a notice spam, gets
//! nothing any more.
//!
//! A report is believed of the notice whose `Message-ID` it has: that has 80 random bits, and only who got the mail knows it. Of
//! the report nothing is kept.

use std::collections::BTreeMap;

use notice_mail::{Fate, read_report};

use super::mail_link::stop_for;
use crate::app::App;
use crate::mail::{Reports, ReportsError};
use crate::model::audit::Actor;
use crate::model::ids::NoticeId;
use crate::model::mail_link::StopReason;
use crate::store::StoreError;

/// What came of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing is sent to the address any more.
    Stopped(StopReason),
    /// It says nothing of the address: the mail is late, has arrived, or came back for a reason that may pass.
    Passed,
    /// It is about an address that has been changed since, or forgotten.
    Outdated,
    /// It is about a mail that is not ours, or about a notice that is forgotten.
    NotOurs,
    /// It is no report.
    NoReport,
}

impl Heard {
    /// Its name, for operators and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped(StopReason::Complained) => "called_spam",
            Self::Stopped(_) => "no_such_address",
            Self::Passed => "passed",
            Self::Outdated => "outdated",
            Self::NotOurs => "not_ours",
            Self::NoReport => "no_report",
        }
    }

    /// Whether it is about a mail that we know to be ours.
    #[must_use]
    pub fn is_about_ours(self) -> bool {
        !matches!(self, Self::NotOurs | Self::NoReport)
    }
}

/// What came of reading reports in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many mails were read, by what came of them.
    pub heard: BTreeMap<&'static str, u32>,
    /// How many could not be read, or not be marked as read. They are tried again.
    pub failed: u32,
}

/// Why reading reports was broken off. What was not read stays.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The folder or the mailbox.
    #[error(transparent)]
    Reports(#[from] ReportsError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the reports that are there, and acts on each before it is deleted or marked: whatever is killed when, none is lost, and
/// acting on one twice changes nothing. One that cannot be read keeps no other from its turn.
pub async fn collect(app: &App, reports: &Reports) -> Result<Collected, CollectError> {
    let mut collected = Collected::default();
    let mut reading = reports.open().await?;
    loop {
        let step = match reading.next().await {
            Ok(None) => break,
            Ok(Some(message)) => {
                let heard = hear(app, &message).await?;
                *collected.heard.entry(heard.as_str()).or_default() += 1;
                reading.settle(heard.is_about_ours()).await
            }
            Err(error) => Err(error),
        };
        match step {
            Ok(()) => {}
            Err(error) if error.is_of_one() => {
                collected.failed += 1;
                tracing::error!(cause = std::error::Error::source(&error), "A report waits: {error}");
                metrics::counter!("mail_reports_failed_total", "cause" => error.as_str()).increment(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    reading.close().await;
    Ok(collected)
}

/// Reads a report, as it came, and acts on it. The same one again changes nothing.
pub async fn hear(app: &App, message: &[u8]) -> Result<Heard, StoreError> {
    let heard = act(app, message).await?;
    metrics::counter!("mail_reports_total", "outcome" => heard.as_str()).increment(1);
    Ok(heard)
}

async fn act(app: &App, message: &[u8]) -> Result<Heard, StoreError> {
    let Ok(report) = read_report(message) else { return Ok(Heard::NoReport) };
    let id: Option<NoticeId> = report.message_id.as_deref().and_then(|id| id.split('@').next()?.parse().ok());
    let notice = match &id {
        Some(id) => app.store.notice(id).await?,
        None => None,
    };
    let Some(notice) = notice else { return Ok(Heard::NotOurs) };
    let reason = match report.fate {
        Fate::NoSuchAddress => StopReason::Unreachable,
        Fate::CalledSpam => StopReason::Complained,
        Fate::Failed | Fate::Delayed | Fate::Arrived => return Ok(Heard::Passed),
    };
    // A contact that has changed since then has another address.
    let since = app.store.contact_since(&notice.issuance_id).await?;
    if since.is_none_or(|since| since > notice.data_at.or(notice.sent_at).unwrap_or(notice.created_at)) {
        return Ok(Heard::Outdated);
    }
    let is_there = stop_for(app, &notice.issuance_id, (Actor::Service, reason)).await?;
    Ok(if is_there { Heard::Stopped(reason) } else { Heard::Outdated })
}
