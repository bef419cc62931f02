//! One record of a case: where it stands is read, and what comes next for it is done.

use std::error::Error as _;

use super::copy::{self, FindError, Found};
use crate::app::{App, NodeError};
use crate::flow::deliver;
use crate::flow::revoke::{self, RevokeError};
use crate::flow::work::lane_job;
use crate::model::audit::Actor;
use crate::model::carrying_out::{
    CarriedCase, CopyState, IssuanceStanding, ListedRecord, Next, Standing, next,
};
use crate::model::case::RecordKind;
use crate::model::issuance::{Issuance, State};
use crate::model::job::Work;
use crate::model::profile::ProfileState;
use crate::store::StoreError;

/// Where a record is now.
pub(super) enum Settled {
    /// It can be forgotten.
    Ready {
        /// With what is known of it.
        record: ListedRecord,
        /// By what it is known that it has not changed since: its state, or its version. `None` if it is not there.
        seen: Option<String>,
    },
    /// Its outcome is waited for: why.
    Wait(&'static str),
    /// It has moved, and is to be looked at again.
    Moved,
}

/// A record as it was read.
struct Loaded {
    standing: Standing,
    seen: Option<String>,
    user_id: Option<String>,
    issuance: Option<Issuance>,
}

impl Loaded {
    const GONE: Self = Self { standing: Standing::Gone, seen: None, user_id: None, issuance: None };
}

/// Does what comes next for a record.
pub(super) async fn settle(
    app: &App,
    case: &CarriedCase,
    record: &ListedRecord,
    is_late: bool,
) -> Result<Settled, StoreError> {
    let Some(mut loaded) = load(app, &case.client, record).await? else {
        tracing::error!(case.id = %case.id, record.kind = %record.kind, "A record of another client's is listed, and is left alone");
        let mut tx = app.store.begin().await?;
        tx.unlist_record(&case.id, record).await?;
        tx.commit().await?;
        return Ok(Settled::Moved);
    };
    // One that another has replaced is being marked as that, whatever the policy says.
    let is_replaced = loaded.issuance.as_ref().is_some_and(|issuance| issuance.superseded_by.is_some());
    let revokes = case.revokes || is_replaced;
    // Each turn tells something that the one before did not know.
    for _ in 0..4 {
        match (next(loaded.standing, revokes, record.copy, is_late), &loaded.issuance) {
            (Next::Wait(why), _) => return Ok(Settled::Wait(why)),
            (Next::Ask, Some(issuance)) => match ask(app, issuance).await? {
                Some(true) if issuance.state == State::Halted => {
                    deliver::found(app, issuance).await?;
                    return Ok(Settled::Moved);
                }
                Some(is_there) => change(&mut loaded.standing, |of| of.is_there = Some(is_there)),
                None => return Ok(Settled::Wait("the node cannot be asked")),
            },
            (Next::Revoke, Some(issuance)) => {
                match revoke::revoke(app, Actor::Service, issuance.clone()).await {
                    Ok(_) => return Ok(Settled::Moved),
                    Err(RevokeError::Store(error)) => return Err(error),
                    Err(error) => {
                        tracing::error!(case.id = %case.id, "A credential cannot be revoked before it is forgotten: {error}");
                        change(&mut loaded.standing, |of| of.revocation_stopped = true);
                    }
                }
            }
            (Next::RemoveCopy, Some(issuance)) => {
                return remove_copy(app, case, (record, issuance), is_late).await;
            }
            (Next::Forget { kept, undone }, issuance) => {
                if let (Some(CopyState::Removed), Some(issuance)) = (record.copy, issuance)
                    && has_another(app, case, record, issuance).await?
                {
                    return Ok(Settled::Moved);
                }
                // What was known of one that is gone stays known.
                let is_gone = loaded.standing == Standing::Gone;
                let record = ListedRecord {
                    user_id: loaded.user_id.or_else(|| record.user_id.clone()),
                    kept: if is_gone { record.kept.or(Some(kept)) } else { Some(kept) },
                    undone: if is_gone { record.undone } else { undone },
                    ..record.clone()
                };
                return Ok(Settled::Ready { record, seen: loaded.seen });
            }
            // Only issuances are asked for, revoked, and have copies.
            (Next::Ask | Next::Revoke | Next::RemoveCopy, None) => {
                return Err(StoreError::Unreadable("kind"));
            }
        }
    }
    Ok(Settled::Moved)
}

fn change(standing: &mut Standing, change: impl FnOnce(&mut IssuanceStanding)) {
    if let Standing::Issuance(of) = standing {
        change(of);
    }
}

/// Whether the credential of an issuance is on the network; `None` if that cannot be known now.
async fn ask(app: &App, issuance: &Issuance) -> Result<Option<bool>, StoreError> {
    match deliver::is_on_network(app, issuance).await {
        Ok(is_there) => Ok(is_there),
        Err(error) => {
            not_asked(issuance, &error);
            Ok(None)
        }
    }
}

fn not_asked(issuance: &Issuance, error: &NodeError) {
    tracing::debug!(issuance.id = %issuance.id, cause = error.source(), "The node cannot be asked: {error}");
}

/// Looks for our copy, and has it removed.
async fn remove_copy(
    app: &App,
    case: &CarriedCase,
    (record, issuance): (&ListedRecord, &Issuance),
    is_late: bool,
) -> Result<Settled, StoreError> {
    let state = match copy::find(app, issuance).await {
        Ok(Found::Ours { id, key }) => {
            begin_to_remove(app, case, record, (id.to_string(), key)).await?;
            return Ok(Settled::Moved);
        }
        Ok(Found::Absent) => CopyState::Absent,
        Ok(Found::Others) => CopyState::Others,
        Ok(Found::KeyMissing) => CopyState::KeyMissing,
        Err(FindError::Store(error)) => return Err(error),
        Err(FindError::Node(error)) => {
            not_asked(issuance, &error);
            if !is_late {
                return Ok(Settled::Wait("the node cannot be asked"));
            }
            CopyState::Unknown
        }
    };
    if record.copy == Some(state) {
        return Ok(Settled::Wait("the write key of our copy is not configured"));
    }
    let mut tx = app.store.begin().await?;
    tx.change_record(&case.id, record, &ListedRecord { copy: Some(state), ..record.clone() }).await?;
    tx.commit().await?;
    Ok(Settled::Moved)
}

/// Has a copy removed by the lane of its key.
pub(super) async fn begin_to_remove(
    app: &App,
    case: &CarriedCase,
    record: &ListedRecord,
    (copy, key): (String, String),
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let job = lane_job(Work::RescindCopy, &record.id, &key, now);
    let removing = ListedRecord {
        copy: Some(CopyState::Removing),
        copy_id: Some(copy),
        copy_key: Some(key),
        ..record.clone()
    };
    let mut tx = app.store.begin().await?;
    tx.change_record(&case.id, record, &removing).await?;
    tx.enqueue(&job).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether there is another copy of ours, now that one is removed: then it is removed, too.
async fn has_another(
    app: &App,
    case: &CarriedCase,
    record: &ListedRecord,
    issuance: &Issuance,
) -> Result<bool, StoreError> {
    match copy::find(app, issuance).await {
        Ok(Found::Ours { id, key }) => {
            begin_to_remove(app, case, record, (id.to_string(), key)).await?;
            Ok(true)
        }
        Ok(_) => Ok(false),
        Err(FindError::Store(error)) => Err(error),
        // The one that we have written is gone; it is looked for that again before the case is done.
        Err(FindError::Node(error)) => {
            not_asked(issuance, &error);
            Ok(false)
        }
    }
}

/// Reads a record; `None` if it is another client's.
async fn load(app: &App, client: &str, record: &ListedRecord) -> Result<Option<Loaded>, StoreError> {
    let id = &record.id;
    let unreadable = || StoreError::Unreadable("record_id");
    let loaded = match record.kind {
        RecordKind::Issuance => match app.store.issuance(&id.parse().map_err(|_| unreadable())?).await? {
            Some(issuance) => (issuance.client.clone(), of_issuance(app, issuance).await?),
            None => return Ok(Some(Loaded::GONE)),
        },
        RecordKind::Profile | RecordKind::Wallet => {
            let Some(of) = app.store.profile(&id.parse().map_err(|_| unreadable())?).await? else {
                return Ok(Some(Loaded::GONE));
            };
            let is_unsent = !of.was_sent && of.transaction.is_none();
            (of.client, adding(app, id, (of.state, is_unsent), of.user_id.to_string()).await?)
        }
        RecordKind::Attribute => {
            let Some(of) = app.store.attribute(&id.parse().map_err(|_| unreadable())?).await? else {
                return Ok(Some(Loaded::GONE));
            };
            let is_unsent = !of.was_sent && of.transaction.is_none();
            (of.client, adding(app, id, (of.state, is_unsent), of.user_id.to_string()).await?)
        }
        RecordKind::Verification => {
            match app.store.verification(&id.parse().map_err(|_| unreadable())?).await? {
                Some(of) => (of.client, free(of.version.to_string(), of.user_id.map(|id| id.to_string()))),
                None => return Ok(Some(Loaded::GONE)),
            }
        }
        RecordKind::Claim => match app.store.claim(&id.parse().map_err(|_| unreadable())?).await? {
            Some(of) => (of.client, free(of.version.to_string(), Some(of.user_id.to_string()))),
            None => return Ok(Some(Loaded::GONE)),
        },
        RecordKind::WalletLink => {
            match app.store.wallet_link(&id.parse().map_err(|_| unreadable())?).await? {
                Some(of) => {
                    (of.client, free(of.state.as_str().to_owned(), of.user_id.map(|id| id.to_string())))
                }
                None => return Ok(Some(Loaded::GONE)),
            }
        }
    };
    let (owner, loaded) = loaded;
    Ok((owner == client).then_some(loaded))
}

fn free(seen: String, user_id: Option<String>) -> Loaded {
    Loaded { standing: Standing::Free, seen: Some(seen), user_id, issuance: None }
}

async fn adding(
    app: &App,
    id: &str,
    (state, is_unsent): (ProfileState, bool),
    user_id: String,
) -> Result<Loaded, StoreError> {
    let is_unsent = is_unsent && !app.store.was_tried(id).await?;
    let standing = Standing::Adding { state, is_unsent };
    Ok(Loaded { standing, seen: Some(state.as_str().to_owned()), user_id: Some(user_id), issuance: None })
}

async fn of_issuance(app: &App, issuance: Issuance) -> Result<Loaded, StoreError> {
    let is_announced = issuance.issued_at.is_some() || issuance.announced_at.is_some();
    let was_sent = issuance.was_sent || issuance.transaction.is_some() || is_announced;
    let is_unsent = !was_sent && !app.store.was_tried(issuance.id.as_str()).await?;
    // What was erased before may have been revoked before.
    let was_revoked = issuance.state == State::Erased && issuance.revoked_at.is_some();
    let standing = Standing::Issuance(IssuanceStanding {
        state: if was_revoked { State::Revoked } else { issuance.state },
        is_unsent,
        is_there: is_announced.then_some(true),
        revocation_stopped: issuance.revoke_requested_at.is_some() && issuance.halt.is_some(),
        is_mailed: app.store.is_being_mailed(&issuance.id).await?,
        has_copy: issuance.delivery.has_copy(),
    });
    Ok(Loaded {
        standing,
        seen: Some(issuance.state.as_str().to_owned()),
        user_id: Some(issuance.user_id.to_string()),
        issuance: Some(issuance),
    })
}
