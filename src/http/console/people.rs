//! Who works here.

use axum::extract::Path;
use axum::response::Response;
use minijinja::context;

use super::page::Page;
use super::second;
use super::visit::{No, Visit};
use crate::flow::staff::StaffError;
use crate::flow::staff::manage;
use crate::http::kit::problem::{Code, Location, Problem};
use crate::model::ids::StaffId;
use crate::model::mail_link::LinkToken;
use crate::model::proposal::Proposed;
use crate::model::staff::{Reach, Role};

/// The path.
const HERE: &str = "/people";

/// The page.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None).await
}

async fn page(visit: &Visit, no: Option<No>) -> Result<Response, Problem> {
    let me = visit.me()?;
    let people = visit.app().store.all_staff().await?;
    let people: Vec<_> = people
        .iter()
        .map(|staff| {
            context! {
                id => staff.id.as_str(),
                name => staff.name.as_str(),
                role => staff.role.as_str(),
                client => staff.reach.to_string(),
                is_me => staff.id == me.staff.id,
                accepted => staff.accepted_at.is_some(),
                is_of_provider => staff.identity.is_some(),
                invited_until => visit.maybe_when(staff.invitation.as_ref().map(|(_, until)| *until)),
                signed_in => visit.maybe_when(staff.signed_in_at),
            }
        })
        .collect();
    let name = match visit.form() {
        Ok(form) => form.text("name")?.to_owned(),
        Err(_) => String::new(),
    };
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let four_eyes = visit.app().console.four_eyes;
    let content = context! { people, roles, name, four_eyes };
    visit.page(Page::new("people.html", "nav.people", content).unless(no))
}

fn place(visit: &Visit) -> Result<(Role, Reach), Problem> {
    let form = visit.form()?;
    let wrong = |name: &str, detail: &'static str| {
        Problem::new(Code::InvalidFields).at(Location::Pointer(format!("/{name}")), detail)
    };
    let role =
        form.text("role")?.parse().map_err(|_| wrong("role", "must be viewer, compliance or admin"))?;
    let reach = form.text("client")?.trim().parse();
    Ok((role, reach.map_err(|_| wrong("client", "must be the name of a client, or *"))?))
}

/// Shows the link of an invitation this once.
pub(super) fn invited(visit: &Visit, token: &LinkToken) -> Result<Response, Problem> {
    let path = format!("/console/invitation/{}", token.to_text().as_str());
    let link = visit.app().http.public(&path).unwrap_or(path);
    let content = context! {
        heading => "people.link", text => "people.link_text", secrets => vec![link], back => HERE, back_words => "people.done",
    };
    visit.page(Page::new("secret.html", "nav.people", content))
}

/// Invites somebody.
pub(in crate::http) async fn add(visit: Visit) -> Result<Response, Problem> {
    if visit.me()?.require_fresh_code(visit.app()).is_err() {
        return Ok(visit.confirm_first(HERE));
    }
    let (role, reach) = match place(&visit) {
        Err(problem) if problem.code == Code::InvalidFields => {
            return page(&visit, Some(No::of("no.client"))).await;
        }
        place => place?,
    };
    let name = visit.form()?.text("name")?;
    if visit.app().console.four_eyes {
        return proposed(&visit, Proposed::Invite(name.to_owned(), role, reach)).await;
    }
    match manage::add(&visit.app().store, &visit.by()?, name, role, reach).await {
        Ok((_, token)) => invited(&visit, &token),
        Err(error) => refuse(&visit, error).await,
    }
}

/// Has a second person decide about it.
async fn proposed(visit: &Visit, what: Proposed) -> Result<Response, Problem> {
    match second::propose(visit, HERE, what).await? {
        Ok(response) => Ok(response),
        Err(no) => page(visit, Some(no)).await,
    }
}

async fn refuse(visit: &Visit, error: StaffError) -> Result<Response, Problem> {
    page(visit, Some(No::told(error)?)).await
}

fn id_of(id: &str) -> Result<StaffId, Problem> {
    id.parse().map_err(|_| Problem::new(Code::NotFound))
}

/// Changes what somebody may do.
pub(in crate::http) async fn change(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    if visit.me()?.require_fresh_code(visit.app()).is_err() {
        return Ok(visit.confirm_first(HERE));
    }
    let (role, reach) = place(&visit)?;
    if visit.app().console.four_eyes {
        return proposed(&visit, Proposed::Change(id, role, reach)).await;
    }
    match manage::change(&visit.app().store, &visit.by()?, &id, role, reach).await {
        Ok(_) => Ok(visit.go_saying(HERE, "said.saved")),
        Err(error) => refuse(&visit, error).await,
    }
}

/// Invites somebody anew.
pub(in crate::http) async fn reset(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    if visit.me()?.require_fresh_code(visit.app()).is_err() {
        return Ok(visit.confirm_first(HERE));
    }
    if visit.app().console.four_eyes {
        return proposed(&visit, Proposed::Reset(id)).await;
    }
    match manage::reset(&visit.app().store, &visit.by()?, &id).await {
        Ok((_, token)) => invited(&visit, &token),
        Err(error) => refuse(&visit, error).await,
    }
}

/// Ends somebody's sessions.
pub(in crate::http) async fn sign_out(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    match manage::sign_out(&visit.app().store, &visit.by()?, &id).await {
        Ok(_) => Ok(visit.go_saying(HERE, "said.session_ended")),
        Err(error) => refuse(&visit, error).await,
    }
}

/// Forgets somebody.
pub(in crate::http) async fn remove(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    if visit.me()?.require_fresh_code(visit.app()).is_err() {
        return Ok(visit.confirm_first(HERE));
    }
    if visit.app().console.four_eyes {
        return proposed(&visit, Proposed::Remove(id)).await;
    }
    match manage::remove(&visit.app().store, &visit.by()?, &id).await {
        Ok(()) => Ok(visit.go_saying(HERE, "said.removed")),
        Err(error) => refuse(&visit, error).await,
    }
}
