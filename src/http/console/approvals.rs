//! What waits for a second person: cases that somebody has decided, and what admins have proposed, where `console.four_eyes` is on.

use axum::extract::Path;
use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::second::no as no_of;
use super::visit::{No, Visit};
use super::{api_keys, cases, people};
use crate::flow::look::{self, CasesAsked};
use crate::flow::staff::proposals::{self, Approved};
use crate::http::kit::problem::{Code, Problem};
use crate::model::case::CaseState;
use crate::model::ids::{ProposalId, StaffId};
use crate::model::proposal::{Proposal, Proposed};
use crate::model::staff::Role;

/// The path.
const HERE: &str = "/approvals";

/// All that waits, as far as somebody may see it.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None).await
}

async fn page(visit: &Visit, no: Option<No>) -> Result<Response, Problem> {
    let (me, app) = (visit.me()?, visit.app());
    let asked = CasesAsked { state: Some(CaseState::AwaitingApproval), due: None };
    let waiting = look::cases(app, &me.staff.reach, asked, None).await?;
    let by = me.staff.actor().to_text();
    let mut proposed = Vec::new();
    for proposal in proposals::waiting(app, &me.staff).await? {
        proposed.push(shown(visit, &proposal).await?);
    }
    let content = context! {
        cases => waiting.rows.iter().map(|case| context! {
            case => cases::row(visit, case),
            is_mine => !case.waits_for_approval_of(&by),
        }).collect::<Vec<_>>(),
        more => waiting.older.is_some(),
        proposed,
        four_eyes => app.console.four_eyes,
    };
    visit.page(Page::new("approvals.html", "approvals.title", content).unless(no))
}

/// Somebody's name, as long as they work here; else their id.
async fn name_of(visit: &Visit, id: &StaffId) -> Result<String, Problem> {
    Ok(visit.app().store.staff(id).await?.map_or_else(|| id.to_string(), |staff| staff.name))
}

/// A proposal: what is to be done to whom, and what that takes.
async fn shown(visit: &Visit, proposal: &Proposal) -> Result<Value, Problem> {
    let (subject, role, client, scopes, days) = match &proposal.what {
        Proposed::Invite(name, role, reach) => {
            (name.clone(), Some(role), reach.to_string(), String::new(), None)
        }
        Proposed::Change(id, role, reach) => {
            (name_of(visit, id).await?, Some(role), reach.to_string(), String::new(), None)
        }
        Proposed::Reset(id) | Proposed::Remove(id) => {
            (name_of(visit, id).await?, None, String::new(), String::new(), None)
        }
        Proposed::MakeKey(client, scopes, days) => {
            let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
            (String::new(), None, client.clone(), scopes.join(", "), *days)
        }
        Proposed::RevokeKey(id, client) => (id.to_string(), None, client.clone(), String::new(), None),
    };
    Ok(context! {
        id => proposal.id.as_str(),
        act => proposal.what.act().as_str(),
        subject,
        role => role.map(|role: &Role| role.as_str()),
        client,
        scopes,
        days,
        by => name_of(visit, &proposal.by).await?,
        is_mine => proposal.by == visit.me()?.staff.id,
        since => visit.when(proposal.created_at),
        until => visit.when(proposal.expires_at),
    })
}

fn id_of(id: &str) -> Result<ProposalId, Problem> {
    id.parse().map_err(|_| Problem::new(Code::NotFound))
}

/// Says what will happen if it is approved.
pub(in crate::http) async fn ask(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    one(&visit, &id, None).await
}

async fn one(visit: &Visit, id: &ProposalId, no: Option<No>) -> Result<Response, Problem> {
    let proposal = match proposals::find(visit.app(), &visit.me()?.staff, id).await {
        Ok(proposal) => proposal,
        Err(error) => return page(visit, Some(no_of(error)?)).await,
    };
    let content = context! { proposal => shown(visit, &proposal).await? };
    visit.page(Page::new("approval.html", "approvals.title", content).unless(no))
}

/// Approves it, which does it.
pub(in crate::http) async fn approve(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    if visit.me()?.require_fresh_code(visit.app()).is_err() {
        return Ok(visit.confirm_first(&format!("{HERE}/{id}")));
    }
    match proposals::approve(visit.app(), &visit.me()?.staff, &id).await {
        Ok(Approved::Done) => Ok(visit.go_saying(HERE, "said.approved")),
        Ok(Approved::Invited(token)) => people::invited(&visit, &token),
        Ok(Approved::Key(text)) => api_keys::made(&visit, &text),
        Err(error) => one(&visit, &id, Some(no_of(error)?)).await,
    }
}

/// Turns it down, or takes it back.
pub(in crate::http) async fn decline(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    match proposals::decline(visit.app(), &visit.me()?.staff, &id).await {
        Ok(()) => Ok(visit.go_saying(HERE, "said.declined")),
        Err(error) => one(&visit, &id, Some(no_of(error)?)).await,
    }
}
