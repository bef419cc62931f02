//! What takes two people, where `console.four_eyes` is on: somebody proposes it, and it is done when somebody else approves. In the
//! transaction that does it, the proposal goes: it is done once, and by nobody alone.

use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::StaffError;
use super::manage::{self, By};
use crate::app::App;
use crate::flow::api_keys::{self, KeyError};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::ids::ProposalId;
use crate::model::mail_link::LinkToken;
use crate::model::proposal::{Proposal, Proposed, WAITS};
use crate::model::staff::{Role, Staff, login_name};
use crate::model::submitter::is_plain_name;
use crate::model::time::DAY;
use crate::store::StoreError;

/// The most that are shown.
const MOST: u32 = 200;

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// There is none that waits, or it is not for whoever asks.
    #[error("there is no such proposal")]
    NotFound,
    /// The same waits already.
    #[error("the same waits for a second person already")]
    Waits,
    /// Nobody approves what they have proposed.
    #[error("somebody else has to approve it")]
    Own,
    /// Whoever has proposed it may not do so any more.
    #[error("whoever has proposed it may not do so any more")]
    Lapsed,
    /// What is proposed about staff cannot be done.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// What is proposed about a key cannot be done.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of an approval, beside that it is done.
#[derive(Debug)]
pub enum Approved {
    /// Nothing that is to be shown.
    Done,
    /// An invitation: the token of its link, which is given this once.
    Invited(LinkToken),
    /// A key: its text, which is given this once.
    Key(Zeroizing<String>),
}

/// Whether somebody may propose and approve this.
fn may(staff: &Staff, what: &Proposed) -> bool {
    staff.role >= Role::Admin && what.is_for(&staff.reach)
}

/// Proposes something, which waits for a second person then.
pub async fn propose(app: &App, staff: &Staff, what: Proposed) -> Result<Proposal, ProposalError> {
    if !may(staff, &what) {
        return Err(ProposalError::NotFound);
    }
    let what = checked(app, staff, what).await?;
    let now = app.clock.now();
    let proposal = Proposal {
        id: ProposalId::new(now, &mut OsRng),
        what,
        by: staff.id.clone(),
        expires_at: now.plus_millis(WAITS),
        created_at: now,
    };
    let mut tx = app.store.begin().await?;
    match tx.add_proposal(&proposal).await {
        Err(StoreError::Exists) => return Err(ProposalError::Waits),
        added => added?,
    }
    let entry = AuditEntry::new(now, staff.actor(), AuditAction::ProposalMade, proposal.id.as_str());
    tx.record(&entry.detail(proposal.what.act().as_str())).await?;
    tx.commit().await?;
    Ok(proposal)
}

/// Refuses what could not be done now, so that whoever proposes it hears of it.
async fn checked(app: &App, staff: &Staff, what: Proposed) -> Result<Proposed, ProposalError> {
    match &what {
        Proposed::Invite(name, role, reach) => {
            let name = login_name(name);
            if !is_plain_name(&name) {
                return Err(StaffError::Name.into());
            }
            if app.store.staff_of_name(&name).await?.is_some() {
                return Err(StaffError::Taken.into());
            }
            return Ok(Proposed::Invite(name, *role, reach.clone()));
        }
        Proposed::Change(id, ..) | Proposed::Reset(id) | Proposed::Remove(id) => {
            if *id == staff.id {
                return Err(StaffError::Oneself.into());
            }
            app.store.staff(id).await?.ok_or(StaffError::NotFound)?;
        }
        Proposed::MakeKey(client, scopes, days) => {
            api_keys::check(client, scopes)?;
            let mut scopes = scopes.clone();
            scopes.sort_unstable();
            scopes.dedup();
            return Ok(Proposed::MakeKey(client.clone(), scopes, *days));
        }
        Proposed::RevokeKey(id, _) => {
            let key = app.store.api_key(id).await?.filter(|key| key.revoked_at.is_none());
            key.ok_or(KeyError::NotFound)?;
        }
    }
    Ok(what)
}

/// What waits, as far as somebody may approve it or has proposed it; the first to have been proposed first.
pub async fn waiting(app: &App, staff: &Staff) -> Result<Vec<Proposal>, StoreError> {
    let mut all = app.store.proposals(app.clock.now(), MOST).await?;
    all.retain(|proposal| may(staff, &proposal.what));
    Ok(all)
}

/// One that waits, and that somebody may approve or has proposed.
pub async fn find(app: &App, staff: &Staff, id: &ProposalId) -> Result<Proposal, ProposalError> {
    let found = app.store.proposal(id).await?;
    let found = found.filter(|there| may(staff, &there.what) && there.expires_at > app.clock.now());
    found.ok_or(ProposalError::NotFound)
}

/// Approves a proposal of somebody else's, and so does it.
pub async fn approve(app: &App, staff: &Staff, id: &ProposalId) -> Result<Approved, ProposalError> {
    let proposal = find(app, staff, id).await?;
    if proposal.by == staff.id {
        return Err(ProposalError::Own);
    }
    let proposer = app.store.staff(&proposal.by).await?;
    if !proposer.is_some_and(|proposer| may(&proposer, &proposal.what)) {
        return Err(ProposalError::Lapsed);
    }
    let now = app.clock.now();
    let by = By {
        actor: staff.actor(),
        at: now,
        invitation_hours: app.console.invitation_hours,
        settles: Some(proposal.id),
    };
    let store = &app.store;
    Ok(match proposal.what {
        Proposed::Invite(name, role, reach) => {
            Approved::Invited(manage::add(store, &by, &name, role, reach).await?.1)
        }
        Proposed::Reset(id) => Approved::Invited(manage::reset(store, &by, &id).await?.1),
        Proposed::Change(id, role, reach) => {
            manage::change(store, &by, &id, role, reach).await?;
            Approved::Done
        }
        Proposed::Remove(id) => {
            manage::remove(store, &by, &id).await?;
            Approved::Done
        }
        Proposed::MakeKey(client, scopes, days) => {
            let expires_at = days.map(|days| now.plus_millis(i64::from(days) * DAY));
            Approved::Key(api_keys::create_by(store, &by, &client, &scopes, expires_at).await?.1)
        }
        Proposed::RevokeKey(id, _) => {
            api_keys::revoke_by(store, &by, &id).await?;
            Approved::Done
        }
    })
}

/// Turns a proposal down, or takes one's own back. It is not done.
pub async fn decline(app: &App, staff: &Staff, id: &ProposalId) -> Result<(), ProposalError> {
    let proposal = find(app, staff, id).await?;
    let mut tx = app.store.begin().await?;
    tx.settle_proposal(&proposal.id).await?;
    let entry =
        AuditEntry::new(app.clock.now(), staff.actor(), AuditAction::ProposalDeclined, proposal.id.as_str());
    tx.record(&entry.detail(proposal.what.act().as_str())).await?;
    Ok(tx.commit().await?)
}
