//! Resume: bring on what has stopped, or has waited for the user's write grant.

use idos_credential::Invalid;
use rand::rngs::OsRng;

use super::grant::{self, GrantError};
use super::moves::follow;
use super::{claimed, work};
use crate::app::{App, NodeError};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::claim::Claim;
use crate::model::ids::{IssuanceId, JobId};
use crate::model::issuance::{HaltCode, Issuance, State, Stopped};
use crate::model::job::Job;
use crate::model::lifecycle::{self, Cause, Found, Standing};
use crate::model::submission::SignedGrant;
use crate::model::submitter::Submitter;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why an issuance is not resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// It does not wait for anybody.
    #[error("an issuance that is {0} is not resumed")]
    Conflict(State),
    /// The content is gone: there is nothing to resume.
    #[error("its content is gone: submit again")]
    ContentGone,
    /// It takes a new write grant.
    #[error("it takes a new write grant: {}", .0.cure(Stopped::Issuance))]
    GrantNeeded(HaltCode),
    /// It is not written by a write grant.
    #[error(
        "it takes no write grant: it is not written by one, or is written already and lacks only its content"
    )]
    NoGrantWanted,
    /// The grant is refused; fields are relative to it.
    #[error("the write grant is refused: {0}")]
    Grant(#[from] Invalid),
    /// The node has to say which text was to be signed, and does not.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<GrantError> for ResumeError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Invalid(invalid) => Self::Grant(invalid),
            GrantError::Node(error) => Self::Node(error),
        }
    }
}

/// Brings an issuance on, with a new write grant if there is one.
pub async fn resume(
    app: &App,
    caller: &Submitter,
    id: &IssuanceId,
    new_grant: Option<SignedGrant>,
) -> Result<Issuance, ResumeError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?;
    bring_on(app, caller.actor(), issuance.ok_or(ResumeError::NotFound)?, new_grant).await
}

/// The same, for whoever may.
pub(super) async fn bring_on(
    app: &App,
    actor: Actor,
    issuance: Issuance,
    new_grant: Option<SignedGrant>,
) -> Result<Issuance, ResumeError> {
    go_on(app, actor, issuance, new_grant, None).await
}

/// The same, for the person who has signed the grant by a claim, which remembers it in the same transaction.
pub(super) async fn bring_on_by_claim(
    app: &App,
    actor: Actor,
    issuance: Issuance,
    grant: SignedGrant,
    claim: &Claim,
) -> Result<Issuance, ResumeError> {
    go_on(app, actor, issuance, Some(grant), Some(claim)).await
}

async fn go_on(
    app: &App,
    actor: Actor,
    issuance: Issuance,
    new_grant: Option<SignedGrant>,
    claim: Option<&Claim>,
) -> Result<Issuance, ResumeError> {
    let id = &issuance.id;
    if !issuance.state.is_resumable() {
        return Err(ResumeError::Conflict(issuance.state));
    }
    if let Some(new) = &new_grant {
        if !issuance.delivery.needs_grant() || issuance.announced_at.is_some() {
            return Err(ResumeError::NoGrantWanted);
        }
        grant::check(app, new).await?;
        if app.store.is_grant_in_use(new.grant.id, Some(id)).await? {
            return Err(used_elsewhere());
        }
        if !issuance
            .grantee
            .as_deref()
            .is_some_and(|grantee| grantee.eq_ignore_ascii_case(&new.grant.grantee))
        {
            let problem = "is not who the copy is sealed for";
            return Err(Invalid::from(idos_credential::Problem::new("grant.grantee", problem)).into());
        }
        // Where the user is not there yet, the wallet may come with the profile.
        let is_there = issuance.sealed_at.is_some() && issuance.halt != Some(HaltCode::UserUnknown);
        if is_there
            && grant::is_owner_known(app, &new.owner).await? == Some(false)
            && app.store.profiles_under_way(issuance.user_id).await?.is_empty()
        {
            let problem = idos_credential::Problem::new("owner.address", grant::NO_PROFILE);
            return Err(Invalid::from(problem).into());
        }
    }
    if new_grant.is_none() && issuance.delivery.needs_grant() && issuance.announced_at.is_none() {
        let is_spent = matches!(
            issuance.halt,
            Some(HaltCode::GrantExpired | HaltCode::GrantRefused | HaltCode::GrantUsed)
        );
        let kept = app.store.locked_grant(id).await?;
        // One that cannot be unlocked may be again: the vault key may be back when its turn comes.
        let has_run_out = kept
            .as_deref()
            .and_then(|locked| app.vault.unlock_record::<SignedGrant>(id.as_str(), locked).ok())
            .is_some_and(|kept| !grant::is_current(app, &kept.grant));
        if is_spent || kept.is_none() || has_run_out {
            let code = if has_run_out { Some(HaltCode::GrantExpired) } else { issuance.halt };
            return Err(ResumeError::GrantNeeded(code.unwrap_or(HaltCode::GrantExpired)));
        }
    }
    let is_sealed = app.store.has_sealed(id).await?;
    if !is_sealed && app.store.unsealed(id).await?.is_none() {
        return Err(ResumeError::ContentGone);
    }
    let locked = match &new_grant {
        Some(new) => Some(app.vault.lock_record(id.as_str(), new, &mut OsRng)?),
        None => None,
    };
    let now = app.clock.now();

    let mut tx = app.store.begin().await?;
    if let Some((new, locked)) = new_grant.as_ref().zip(locked.as_ref()) {
        match tx.keep_grant(id, new.grant.id, locked).await {
            Err(StoreError::Exists) => return Err(used_elsewhere()),
            kept => kept?,
        }
    }
    // What is not sealed yet, or was sealed for a profile that may not be there, is looked at again first.
    let user = !matches!(issuance.halt, Some(HaltCode::OtherKey | HaltCode::UserUnknown));
    let standing = Standing { is_sealed, ..Standing::from(&issuance) };
    let cause = Cause::Looked(Found { user, right: true });
    let next = lifecycle::next(&standing, cause, app.limits(), now).map_err(StoreError::from)?;
    tx.mark_moved(id, issuance.state, &next, now).await?;
    if let Some((claim, new)) = claim.zip(new_grant.as_ref()) {
        claimed::signed(app, &mut tx, claim, new.grant.id, now).await?;
    }
    follow(app, &mut tx, &issuance, &next, None, now).await?;
    if next.state == State::Uploading {
        tx.upload_anew(id).await?;
    }
    if let Some(job) = work::of_state(next.state, id, &issuance.write_key, now) {
        // Somebody waits for it.
        tx.enqueue(&Job { due_at: now, ..job }).await?;
    }
    let act = if locked.is_some() { AuditAction::GrantReceived } else { AuditAction::Resumed };
    tx.record(
        &AuditEntry::new(now, actor, act, id.as_str()).detail(issuance.halt.map_or("", HaltCode::as_str)),
    )
    .await?;
    tx.commit().await?;
    app.store.issuance(id).await?.ok_or(ResumeError::NotFound)
}

fn used_elsewhere() -> ResumeError {
    ResumeError::Grant(idos_credential::Problem::new("grant.id", grant::USED).into())
}

/// Puts a halted or waiting job to work again, for an operator. Only webhooks halt as jobs: what else stops is a record.
pub async fn retry_job(app: &App, id: &JobId) -> Result<(), StoreError> {
    retry_job_as(app, Actor::Operator, id).await
}

/// The same, by somebody's word.
pub(super) async fn retry_job_as(app: &App, actor: Actor, id: &JobId) -> Result<(), StoreError> {
    let job = app.store.job(id).await?.ok_or(StoreError::Stale)?;
    let now = app.clock.now();

    let mut tx = app.store.begin().await?;
    tx.restart_job(id, now).await?;
    tx.record(&AuditEntry::new(now, actor, AuditAction::JobRetried, &job.subject).detail(job.work.as_str()))
        .await?;
    tx.commit().await?;
    Ok(())
}
