//! The same request twice is one: whoever comes first claims the `Idempotency-Key`, and who comes later is given what it made.

use std::str::FromStr;

use super::Accepted;
use crate::app::App;
use crate::model::client::Idempotency;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};

/// Why it is not known what a key stands for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    /// It stands for another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an earlier request with the same key has made, read by `record`. `None` if there was no such request.
pub(super) async fn replay<Id: FromStr, T>(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    record: impl AsyncFnOnce(&Id) -> Result<Option<T>, StoreError>,
) -> Result<Option<Accepted<T>>, ReplayError> {
    let Some((subject, same)) = app.store.claimed(&caller.tenant, key).await? else { return Ok(None) };
    let id = subject.parse().ok().filter(|_| same).ok_or(ReplayError::KeyReused)?;
    let record = record(&id).await?.ok_or(ReplayError::KeyReused)?;
    Ok(Some(Accepted { record, replayed: true }))
}

/// Begins the transaction that makes what the key is to stand for from now on, `subject`. `None` if another request has been
/// faster: then it is to be [replayed](replay).
pub(super) async fn claim(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    subject: &str,
    now: Timestamp,
) -> Result<Option<Tx>, StoreError> {
    let mut tx = app.store.begin().await?;
    match tx.claim(&caller.tenant, key, subject, now).await {
        Ok(()) => Ok(Some(tx)),
        Err(StoreError::Exists) => Ok(None),
        Err(error) => Err(error),
    }
}
