//! What people with access to the command line do, beside what has a file of its own.

use idos_credential::Moment;

use crate::app::SIGNING_KEY;
use crate::model::audit::{Act, Actor, Entry};
use crate::store::{Store, StoreError};

/// Records another signing key as the one that signs from now on. Gives the one before, if it was another.
pub async fn accept_signing_key(
    store: &Store,
    identity: &str,
    now: Moment,
) -> Result<Option<String>, StoreError> {
    let before = store.recorded(SIGNING_KEY).await?;
    if before.as_deref() == Some(identity) {
        return Ok(None);
    }

    let mut tx = store.begin().await?;
    tx.record_anew(SIGNING_KEY, identity).await?;
    tx.record(&entry(now, Act::SigningKeyAccepted, SIGNING_KEY, identity)).await?;
    tx.commit().await?;
    Ok(before)
}

fn entry(now: Moment, act: Act, subject: &str, detail: &str) -> Entry {
    Entry { at: now, actor: Actor::Operator, act, subject: subject.to_owned(), detail: detail.to_owned() }
}
