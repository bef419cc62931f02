//! What the clock alone does to cases: a hold is over, and a day comes near.

use super::{CaseError, step};
use crate::app::App;
use crate::flow::events::emit_case;
use crate::model::audit::Actor;
use crate::model::case::{Case, Step};
use crate::model::event::EventKind;
use crate::model::time::DAY;
use crate::store::StoreError;

/// Cases that are read in one go.
const BATCH: u32 = 200;

/// Carries out what was held until now.
pub(in crate::flow) async fn end_holds(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let batch = app.store.cases_held_until(app.clock.now(), from, BATCH).await?;
        for case in batch.items {
            let id = case.id.clone();
            match step::take(app, Actor::Service, case, Step::HoldOver, None).await {
                // Somebody has just withdrawn it.
                Ok(_) | Err(CaseError::Store(StoreError::Stale)) => {}
                Err(CaseError::Store(error)) => return Err(error),
                Err(error) => tracing::error!(case.id = %id, "A case is not carried out: {error}"),
            }
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// Tells of cases that somebody has to answer within some days, once each.
pub(in crate::flow) async fn tell_of_due(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let soon = app.clock.now().plus_millis(i64::from(app.erasure.alert_days) * DAY);
        let batch = app.store.open_cases(Some(soon), from, BATCH).await?;
        for case in batch.items {
            if case.state.waits_for_somebody() && case.alerted_at.is_none() {
                match tell(app, case).await {
                    Ok(()) | Err(StoreError::Stale) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn tell(app: &App, case: Case) -> Result<(), StoreError> {
    let now = app.clock.now();
    let case = Case { alerted_at: Some(now), ..case };
    let mut tx = app.store.begin().await?;
    tx.change_case(&case).await?;
    emit_case(app, &mut tx, EventKind::CaseDueSoon, &case, now).await?;
    tx.commit().await?;
    tracing::warn!(case.id = %case.id, case.due_at = %case.due_at, "A request to erase is due soon");
    Ok(())
}
