//! Looking: what belongs to the records of a case, and whether anything of them is left.

use std::collections::BTreeSet;
use std::error::Error as _;

use super::settle::begin_to_remove;
use crate::app::{App, NodeError};
use crate::flow::deliver::is_copy_there;
use crate::model::carrying_out::{CarriedCase, CopyState, ListedRecord, Phase, Step};
use crate::model::case::RecordKind;
use crate::store::StoreError;

/// What was seen.
pub(super) enum Seen {
    /// Nothing is left.
    Nothing,
    /// Something is, or has come meanwhile: it is settled and forgotten as all before it.
    Something,
    /// The node cannot be asked.
    NotAsked,
}

/// Looks for all that a case has dealt with: in every table that can hold an id of its records, for new records of the same
/// users, and on the node for the copies that were removed.
pub(super) async fn look(
    app: &App,
    case: &CarriedCase,
    records: &[ListedRecord],
) -> Result<Seen, StoreError> {
    let mut is_found = list_relatives(app, case, records).await?;
    for record in records {
        let left = app.store.remains_of(&record.id).await?;
        if left.is_empty() {
            continue;
        }
        tracing::warn!(case.id = %case.id, record.kind = %record.kind, places = left.join(" "), "Something is left of an erased record, and is erased");
        let again = ListedRecord { step: Step::Listed, ..record.clone() };
        let mut tx = app.store.begin().await?;
        tx.change_record(&case.id, record, &again).await?;
        tx.commit().await?;
        is_found = true;
    }
    if !is_found {
        match look_for_copies(app, case, records).await? {
            Seen::Something => is_found = true,
            Seen::Nothing => return Ok(Seen::Nothing),
            Seen::NotAsked => return Ok(Seen::NotAsked),
        }
    }
    if is_found {
        let mut tx = app.store.begin().await?;
        tx.move_erasure(&case.id, Phase::Looking, Phase::Settling).await?;
        tx.commit().await?;
    }
    Ok(Seen::Something)
}

/// Whether a copy that was removed is there again, or still at another node.
async fn look_for_copies(
    app: &App,
    case: &CarriedCase,
    records: &[ListedRecord],
) -> Result<Seen, StoreError> {
    let mut seen = Seen::Nothing;
    for record in records.iter().filter(|record| record.copy == Some(CopyState::Removed)) {
        let (Some(copy), Some(key)) = (&record.copy_id, &record.copy_key) else { continue };
        let (Ok(id), Some(signer)) = (copy.parse(), app.write_key(key)) else { continue };
        let is_there: Result<bool, NodeError> = match app.idos().await {
            Ok(client) => is_copy_there(client, &signer.signer(), id).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        match is_there {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(case.id = %case.id, "A copy that was removed is there again, and is removed");
                let again = ListedRecord { step: Step::Listed, ..record.clone() };
                let mut tx = app.store.begin().await?;
                tx.change_record(&case.id, record, &again).await?;
                tx.commit().await?;
                begin_to_remove(app, case, &again, (copy.clone(), key.clone())).await?;
                seen = Seen::Something;
            }
            Err(error) => {
                tracing::debug!(case.id = %case.id, cause = error.source(), "The node cannot be asked: {error}");
                return Ok(Seen::NotAsked);
            }
        }
    }
    Ok(seen)
}

/// Lists what belongs to the records of a case and is not listed yet: what refers to them, and all else of the same users.
/// Gives whether there was anything.
pub(super) async fn list_relatives(
    app: &App,
    case: &CarriedCase,
    records: &[ListedRecord],
) -> Result<bool, StoreError> {
    let known: BTreeSet<_> = records.iter().map(|record| (record.kind, record.id.as_str())).collect();
    let mut found = BTreeSet::new();
    for record in records {
        found.extend(app.store.relatives_of(&record.id).await?);
    }
    let users: BTreeSet<_> = records.iter().filter_map(|record| record.user_id.as_deref()).collect();
    for user in users {
        let user = user.parse().map_err(|_| StoreError::Unreadable("user_id"))?;
        for id in app.store.records_of_user(&case.client, user, i64::MAX).await? {
            let kind = RecordKind::of_id(&id).ok_or(StoreError::Unreadable("id"))?;
            found.insert((kind, id));
        }
    }
    found.retain(|(kind, id)| !known.contains(&(*kind, id.as_str())));
    if found.is_empty() {
        return Ok(false);
    }
    let mut tx = app.store.begin().await?;
    for (kind, id) in &found {
        tx.list_record(&case.id, (*kind, id)).await?;
    }
    tx.commit().await?;
    Ok(true)
}
