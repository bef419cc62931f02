//! Moves of issuances: what comes next is asked of [`lifecycle`], and what goes with it is done in the same transaction.

use super::events::emit;
use super::{claimed, kept, notices, supersede, verified};
use crate::app::App;
use crate::model::issuance::{HaltCode, Issuance, State};
use crate::model::lifecycle::{self, Cause, Forgets, Next, NoMove, Standing};
use crate::model::notices::NoticeCode;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};

/// What comes next for an issuance when this has happened.
pub(super) fn next(app: &App, issuance: &Issuance, cause: Cause, now: Timestamp) -> Result<Next, NoMove> {
    lifecycle::next(&Standing::from(issuance), cause, app.limits(), now)
}

/// What goes with a move besides the record: what is forgotten, and what is told, with this code if it has stopped.
pub(super) async fn follow(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    next: &Next,
    code: Option<HaltCode>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = &issuance.id;
    match next.state {
        // Also where a revocation has stopped: the credential holds as before.
        State::Issued => notices::plan(app, tx, issuance, now).await?,
        State::Revoking | State::Revoked => notices::drop_all(tx, id, NoticeCode::Revoked, now).await?,
        State::Erased => notices::drop_all(tx, id, NoticeCode::Erased, now).await?,
        State::AwaitingProfile
        | State::AwaitingGrant
        | State::Queued
        | State::Uploading
        | State::Halted
        | State::Failed => {}
    }
    match next.forgets {
        Forgets::Nothing => {}
        Forgets::Unsealed => tx.forget_unsealed(id).await?,
        Forgets::Content => tx.forget_content(id).await?,
        Forgets::ContentAndContact => {
            tx.forget_content(id).await?;
            tx.forget_contact(id).await?;
        }
        Forgets::Everything => {
            tx.forget_content(id).await?;
            tx.forget_contact(id).await?;
            tx.forget_mail_links(id).await?;
            tx.forget_events(id.as_str()).await?;
        }
    }
    claimed::follow(app, tx, issuance, next.state, code, now).await?;
    if let Some(kind) = next.event {
        emit(app, tx, kind, issuance, code, now).await?;
        supersede::follow(tx, issuance, next.state, now).await?;
        verified::follow(app, tx, issuance, next.state, now).await?;
    }
    // It writes into the audit chain, which comes last.
    kept::follow(app, tx, issuance, next.state, now).await
}
