//! The audit chain: signs where it stands, and holds it against what was signed.

use futures_util::{Stream, StreamExt as _};
use idos_client::SignError;
use idos_credential::VerificationKey;

use crate::app::App;
use crate::keys::{Keys, KeysError};
use crate::model::audit::{
    Actor, AuditAction, AuditEntry, ChainedEntry, Checkpoint, Judge, Link, SignedBy, Verdict,
};
use crate::model::time::Timestamp;
use crate::store::{Store, StoreError};

/// Entries that are read in one go.
const PAGE: i64 = 4096;

/// Why no checkpoint was signed.
#[derive(Debug, thiserror::Error)]
pub enum NoCheckpoint {
    /// The entries behind the last one do not follow on it. To sign them would be to vouch for them.
    #[error(
        "the audit chain does not go on from checkpoint {0}, so it is not signed (idos-issuer audit verify says more)"
    )]
    Broken(i64),
    /// The last one was signed by somebody else.
    #[error(
        "checkpoint {0} was not signed with this issuer's key, so nothing is signed on top of it (idos-issuer audit \
         verify says more; after a change of keys, idos-issuer keys accept)"
    )]
    OtherKey(i64),
    /// One that was there is not there any more. To sign then would be to vouch for whatever has taken its place.
    #[error(
        "checkpoint {0} was there, and is gone: nothing is signed in its place (idos-issuer audit verify --anchor)"
    )]
    Gone(i64),
    /// No key is valid that could sign it.
    #[error(transparent)]
    NoSigningKey(#[from] KeysError),
    /// The key did not sign.
    #[error(transparent)]
    NotSigned(#[from] SignError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which key may have signed the checkpoint before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// The one that signs now.
    ThisKey,
    /// Any: a person says so, since the keys have changed.
    AnyKey,
}

/// Signs where the chain stands, if something was added since the last time. It signs only what follows on what was signed
/// before. Gives the last checkpoint, if there is one. May be broken off, and done by several processes at once.
pub async fn checkpoint(
    store: &Store,
    keys: &Keys,
    before: Before,
    now: Timestamp,
) -> Result<Option<Checkpoint>, NoCheckpoint> {
    let last = store.last_checkpoint().await?;
    let number = last.as_ref().map_or(0, |last| last.number);
    let signed_by = last.as_ref().map(|last| last.signed_by(&keys.signing_public()));
    match (signed_by, before) {
        (None | Some(SignedBy::TheIssuer), _) | (Some(SignedBy::Another), Before::AnyKey) => {}
        (Some(_), _) => return Err(NoCheckpoint::OtherKey(number)),
    }
    let end = store.audit_end().await?;
    let mut link = last.as_ref().map_or_else(Link::default, Checkpoint::link);
    let is_signed = link == end && signed_by != Some(SignedBy::Another);
    if is_signed || (last.is_none() && end.seq == 0) {
        return Ok(last);
    }

    while link.seq < end.seq {
        let until = end.seq.min(link.seq.saturating_add(PAGE));
        let page = match store.audit_page(link.seq, until).await {
            Err(StoreError::Unreadable(_)) => return Err(NoCheckpoint::Broken(number)),
            page => page?,
        };
        let followed = page.iter().try_for_each(|entry| link.follow(entry));
        if followed.is_err() || link.seq < until {
            return Err(NoCheckpoint::Broken(number));
        }
    }
    if link != end {
        return Err(NoCheckpoint::Broken(number));
    }
    let signing = keys.signing_at(now)?;
    let next = Checkpoint::unsigned(number.saturating_add(1), &end, now, &signing.method);
    let signature = signing.sign_statement(&next.text()).await?;
    let next = next.signed(&signature);
    let mut tx = store.begin().await?;
    match tx.add_checkpoint(&next).await {
        Ok(()) => tx.commit().await?,
        // Another process was faster.
        Err(StoreError::Exists) => {
            drop(tx);
            return Ok(store.last_checkpoint().await?);
        }
        Err(error) => return Err(error.into()),
    }
    // Where logs are kept elsewhere, this is an anchor.
    tracing::info!(checkpoint = next.to_line(), "The audit chain is signed up to entry {}", next.entry);
    Ok(Some(next))
}

/// The same, for the service: what is in the way is logged. Nothing is signed where a checkpoint is gone that this process has
/// seen.
pub async fn checkpoint_or_log(app: &App) {
    match checkpoint_seen(app).await {
        Ok(()) => {}
        Err(NoCheckpoint::Store(error)) => {
            tracing::error!(cause = std::error::Error::source(&error), "No audit checkpoint: {error}");
        }
        Err(error) => {
            metrics::counter!("audit_checkpoints_refused_total").increment(1);
            tracing::error!("No audit checkpoint: {error}");
        }
    }
}

async fn checkpoint_seen(app: &App) -> Result<(), NoCheckpoint> {
    let number = |last: Option<Checkpoint>| last.map_or(0, |last| last.number);
    if let Some(gone) = app.see_checkpoint(number(app.store.last_checkpoint().await?)) {
        return Err(NoCheckpoint::Gone(gone));
    }
    let last = checkpoint(&app.store, &app.keys, Before::ThisKey, app.clock.now()).await?;
    app.see_checkpoint(number(last));
    Ok(())
}

/// Walks the whole chain of a database, from the first entry, and holds it against all checkpoints and the `anchors` (each
/// with where it is from). `known` are the issuer's keys.
pub async fn verify(
    store: &Store,
    known: Vec<VerificationKey>,
    anchors: Vec<(String, Checkpoint)>,
) -> Result<Verdict, StoreError> {
    // What was signed comes first, then the end: what is written meanwhile comes after it.
    let checkpoints = store.checkpoints().await?;
    let end = store.audit_end().await?;
    let mut judging = tokio::task::spawn_blocking(move || {
        let mut judge = Judge::new(known);
        for checkpoint in checkpoints {
            judge.checkpoint(checkpoint);
        }
        for (place, anchor) in anchors {
            judge.anchor(place, anchor);
        }
        (judge, true)
    });
    let (mut place, mut size) = (0, PAGE);
    while place < end.seq {
        let until = end.seq.min(place.saturating_add(size));
        // One page is hashed while the next one is read.
        let page = match store.audit_page(place, until).await {
            // One of them: those before it are judged first.
            Err(StoreError::Unreadable(_)) if size > 1 => {
                size /= 2;
                continue;
            }
            Err(StoreError::Unreadable(_)) => Vec::new(),
            page => page?,
        };
        let (mut judge, goes_on) = join(judging).await;
        if !goes_on {
            return Ok(judge.finish(None));
        }
        judging = tokio::task::spawn_blocking(move || {
            let mut goes_on = page.iter().all(|entry| judge.entry(entry));
            if goes_on && judge.at().seq < until {
                judge.entry_is_missing();
                goes_on = false;
            }
            (judge, goes_on)
        });
        place = until;
    }
    Ok(join(judging).await.0.finish(Some(&end)))
}

/// Gives all of the chain to `take`, in its order, page by page: first the checkpoints, then the entries.
pub async fn export<E: From<StoreError>>(
    store: &Store,
    mut take: impl FnMut(&[Checkpoint], &[ChainedEntry]) -> Result<(), E>,
) -> Result<(), E> {
    let checkpoints = store.checkpoints().await?;
    let end = store.audit_end().await?.seq;
    take(&checkpoints, &[])?;
    let mut place = 0;
    while place < end {
        let until = end.min(place.saturating_add(PAGE));
        take(&[], &store.audit_page(place, until).await?)?;
        place = until;
    }
    Ok(())
}

/// The same as lines of text (`docs/audit.md`), for somebody who asks for it: page by page, as they are taken. Who that was is recorded
/// before, and so is in it.
pub async fn export_for(
    store: &Store,
    actor: Actor,
    now: Timestamp,
) -> Result<impl Stream<Item = Result<Vec<u8>, StoreError>> + Send + 'static, StoreError> {
    let mut tx = store.begin().await?;
    tx.record(&AuditEntry::new(now, actor, AuditAction::AuditExported, "audit")).await?;
    tx.commit().await?;
    let (checkpoints, end) = (store.checkpoints().await?, store.audit_end().await?.seq);
    let first: String = checkpoints.iter().map(|checkpoint| checkpoint.to_line() + "\n").collect();
    let entries = futures_util::stream::try_unfold((store.clone(), 0), move |(store, place)| async move {
        if place >= end {
            return Ok(None);
        }
        let until = end.min(i64::saturating_add(place, PAGE));
        let mut lines = Vec::new();
        for entry in store.audit_page(place, until).await? {
            lines.extend(serde_json::to_vec(&entry).unwrap_or_default()); // texts and numbers
            lines.push(b'\n');
        }
        Ok(Some((lines, (store, until))))
    });
    Ok(futures_util::stream::once(async move { Ok(first.into_bytes()) }).chain(entries))
}

async fn join<T>(running: tokio::task::JoinHandle<T>) -> T {
    match running.await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
