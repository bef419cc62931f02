//! What people with access to the command line do, beside what has a file of its own.

use crate::app::SIGNING_KEY;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::time::Timestamp;
use crate::store::{Store, StoreError};

/// Records another signing key as the one that signs from now on. Gives the one before, if it was another.
pub async fn accept_signing_key(
    store: &Store,
    identity: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let before = store.recorded(SIGNING_KEY).await?;
    if before.as_deref() == Some(identity) {
        return Ok(None);
    }

    let mut tx = store.begin().await?;
    tx.record_anew(SIGNING_KEY, identity).await?;
    tx.record(
        &AuditEntry::new(now, Actor::Operator, AuditAction::SigningKeyAccepted, SIGNING_KEY).detail(identity),
    )
    .await?;
    tx.commit().await?;
    Ok(before)
}
