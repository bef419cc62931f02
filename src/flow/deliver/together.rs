//! Outcomes of many transactions, remembered in one database transaction.

use std::collections::HashMap;

use super::{entry, hold};
use crate::app::App;
use crate::flow::events;
use crate::flow::moves::{follow, next};
use crate::flow::notices;
use crate::model::audit::AuditAction;
use crate::model::event::EventKind;
use crate::model::issuance::{Issuance, State, Transaction};
use crate::model::job::Job;
use crate::model::lifecycle::{Cause, Forgets, Next};
use crate::store::{LaneLease, StoreError, Written};

/// Remembers that these credentials are written, as [`succeeded`](super::succeeded) does for each, whatever else goes with one of them.
/// `false`, and nothing has happened, where some of this is not like the rest: then each is to be remembered alone.
pub async fn all_written(
    app: &App,
    lease: &LaneLease,
    done: &[(&Job, Transaction)],
) -> Result<bool, StoreError> {
    if !done.iter().all(|(job, _)| job.work.writes_credential()) {
        return Ok(false);
    }
    let ids: Vec<_> = done.iter().map(|(job, _)| job.subject.as_str()).collect();
    let read = app.store.issuances_among(&ids).await?;
    let known: HashMap<_, _> = read.iter().map(|issuance| (issuance.id.as_str(), issuance)).collect();
    let now = app.clock.now();
    let mut moves: Vec<(Issuance, Next)> = Vec::with_capacity(done.len());
    for (job, transaction) in done {
        match known.get(job.subject.as_str()) {
            Some(issuance) if issuance.state == State::Queued => {
                let issuance = Issuance { transaction: Some(transaction.clone()), ..(*issuance).clone() };
                let next = next(app, &issuance, Cause::Written, now)?;
                moves.push((issuance, next));
            }
            _ => return Ok(false),
        }
    }

    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    let written: Vec<_> = moves
        .iter()
        .zip(done)
        .map(|((issuance, next), (_, transaction))| Written { issuance, next, transaction })
        .collect();
    tx.mark_all_issued(&written, now).await?;
    // From here on nobody else adds anything to them.
    let ids: Vec<_> = moves.iter().map(|(issuance, _)| &issuance.id).collect();
    let company = tx.with_company(&ids).await?;
    if company.uploads {
        return Ok(false);
    }
    let owners: Vec<_> = moves.iter().map(|(issuance, _)| notices::owner(issuance)).collect();
    let mut noticed = tx.owners_with_notices(&owners).await?;
    let (mut plain, mut told, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
    for ((issuance, next), owner) in moves.iter().zip(&owners) {
        let is_plain = !company.ids.contains(issuance.id.as_str())
            && !noticed.contains(owner)
            && issuance.renews.is_none()
            && (next.forgets, next.event) == (Forgets::Content, Some(EventKind::Issued));
        if is_plain {
            let event = events::of_issuance(EventKind::Issued, issuance, None, now);
            jobs.extend(events::webhooks(app, &event, now));
            told.push(event);
            plain.push(&issuance.id);
        } else {
            follow(app, &mut tx, issuance, next, None, now).await?;
            // A later one of the same owner, of the same group, drops what may have been planned for this one.
            noticed.insert(owner.clone());
        }
    }
    tx.forget_contents(&plain).await?;
    tx.add_events(&told, &jobs).await?;
    let finished: Vec<_> = done.iter().map(|(job, _)| *job).collect();
    tx.finish_jobs(&finished).await?;
    for (job, transaction) in done {
        let detail = format!("tx:{}", transaction.hash);
        tx.record(&entry(&job.subject, AuditAction::Issued, &detail, now)).await?;
    }
    tx.commit().await?;
    for (issuance, _) in &moves {
        metrics::counter!("issuances_issued_total", "kind" => issuance.kind.as_str()).increment(1);
    }
    Ok(true)
}
