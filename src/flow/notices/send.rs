//! Send: a letter whose turn this process has goes to the mail server, and what came of it is remembered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::claim::Claimed;
use super::letter::{Outcome, deliver};
use crate::app::App;
use crate::flow::events::SendOutcome;
use crate::flow::mail_link::Address;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::mail_link::StopReason;
use crate::model::notices::{MOST_ATTEMPTS, Notice, NoticeCode, NoticeState, pause};
use crate::model::time::Timestamp;
use crate::store::{StoreError, Turn};

/// How long a dialogue with a mail server may take: shorter than a turn is held.
const LONGEST: Duration = Duration::from_mins(15);

impl Claimed {
    /// Sends it. Before the server hears of it, the rows say `sending`; before the server can have all of it, they say since
    /// when. So what stops before that is sent again, and what stops behind it is not.
    pub async fn send(self, app: &App) -> Result<SendOutcome, StoreError> {
        let (has_begun, lost) = (AtomicBool::new(false), Mutex::new(None));
        let permit = async {
            match self.begin(app).await {
                Ok(()) => has_begun.store(true, Ordering::SeqCst),
                Err(error) => *lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error),
            }
            has_begun.load(Ordering::SeqCst)
        };
        let delivery = deliver(app, &self.letter, Box::pin(permit));
        let outcome = match tokio::time::timeout(LONGEST, delivery).await {
            Ok(outcome) => outcome,
            Err(_) if has_begun.load(Ordering::SeqCst) => Outcome::Unclear,
            Err(_) => Outcome::NotSent,
        };
        // Somebody else has the turn by now, or the database is away: nothing went to the server.
        if let Some(error) = lost.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        self.remember(app, outcome).await?;
        Ok(match outcome {
            Outcome::Sent => SendOutcome::Answered,
            Outcome::Unwritable => SendOutcome::Nothing,
            // A server that refuses everything refuses every address, too.
            Outcome::NoSuchAddress | Outcome::Refused | Outcome::NotSent | Outcome::Unclear => {
                SendOutcome::NotAnswered { come_again: None }
            }
        })
    }

    /// From now on the mail server may have all of it.
    async fn begin(&self, app: &App) -> Result<(), StoreError> {
        let now = app.clock.now();
        let mut tx = app.store.begin().await?;
        for notice in &self.notices {
            tx.begin_data(turn(app, notice), now).await?;
        }
        tx.commit().await
    }

    async fn remember(&self, app: &App, outcome: Outcome) -> Result<(), StoreError> {
        let now = app.clock.now();
        let first = self.notices.first().map(|notice| &notice.id);
        let dead = match (outcome, self.notices.first()) {
            (Outcome::NoSuchAddress, Some(notice)) => {
                Some(Address::of(app, &notice.client, &self.email_index).await?)
            }
            _ => None,
        };
        let mut tx = app.store.begin().await?;
        let mut entries = Vec::new();
        for notice in &self.notices {
            let turn = turn(app, notice);
            let gave_up = turn.attempts >= MOST_ATTEMPTS;
            let (to, code) = match outcome {
                Outcome::Sent => (NoticeState::Sent, None),
                Outcome::NoSuchAddress | Outcome::Refused => (NoticeState::Failed, Some(NoticeCode::Refused)),
                Outcome::NotSent if gave_up => (NoticeState::Failed, Some(NoticeCode::TooManyAttempts)),
                Outcome::NotSent => {
                    tx.give_turn_back(turn, now.plus_millis(pause(turn.attempts)), now).await?;
                    continue;
                }
                Outcome::Unwritable => (NoticeState::Failed, Some(NoticeCode::Unreadable)),
                Outcome::Unclear => (NoticeState::Unclear, Some(NoticeCode::OutcomeUnknown)),
            };
            let said_with = first.filter(|first| **first != notice.id && to == NoticeState::Sent);
            tx.end_turn(turn, to, code, said_with, now).await?;
            entries.push(entry(notice, to, now));
        }
        if let Some(address) = dead {
            entries.extend(address.stop(app, &mut tx, (Actor::Service, StopReason::Unreachable), now).await?);
        }
        // The end of the audit chain comes last: each waits for the other in one order.
        for entry in &entries {
            tx.record(entry).await?;
        }
        tx.commit().await?;
        let name = match outcome {
            Outcome::Sent => "sent",
            Outcome::NoSuchAddress => "no_such_address",
            Outcome::Refused => "refused",
            Outcome::NotSent => "not_sent",
            Outcome::Unwritable => "unwritable",
            Outcome::Unclear => "unclear",
        };
        metrics::counter!("notices_total", "outcome" => name).increment(self.notices.len() as u64);
        Ok(())
    }
}

/// The turn that was taken of a notice as it was read before.
fn turn<'a>(app: &'a App, notice: &'a Notice) -> Turn<'a> {
    Turn { id: &notice.id, owner: &app.owner, attempts: notice.attempts.saturating_add(1) }
}

fn entry(notice: &Notice, to: NoticeState, now: Timestamp) -> AuditEntry {
    AuditEntry::new(now, Actor::Service, AuditAction::NoticeSent, notice.issuance_id.as_str())
        .detail(format!("{}:{to}:{}", notice.id, notice.days))
}
