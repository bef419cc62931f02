//! Events that some endpoint was not told of, and telling it again.

use axum::extract::Path;
use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::records::{client_of, options};
use super::shown::{chosen, clients, pager, whose};
use super::visit::Visit;
use crate::flow::look::{self, At};
use crate::http::kit::problem::{Code, Problem};
use crate::model::ids::JobId;
use crate::model::staff::Role;

/// The path.
const HERE: &str = "/events";

/// The list.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    let whose = whose(&visit)?;
    let list = look::events_not_told(visit.app(), &whose, chosen::<At>(&visit, "at")?.as_ref()).await?;
    let client = client_of(&visit, &whose)?;
    let asked = [("client", Some(client.as_str()).filter(|client| !client.is_empty()))];
    visit.saw_list("events", &asked, list.rows.len()).await?;
    let rows: Vec<Value> = list
        .rows
        .iter()
        .map(|one| {
            context! {
                id => one.event.id.as_str(), job => one.job.id.as_str(), client => one.event.client.as_str(),
                kind => one.event.kind.as_str(), subject => one.event.subject.as_str(), endpoint => one.job.target.as_str(),
                attempts => one.job.attempts, reason => one.job.reason.as_deref(), at => visit.when(one.event.created_at),
            }
        })
        .collect();
    let content = context! {
        rows,
        pager => pager(&visit, HERE, &asked, &list),
        clients => options(&visit, "client", clients(&visit).await?.iter().map(String::as_str)),
        client,
        may_retry => visit.me()?.may(Role::Compliance),
    };
    visit.page(Page::new("events.html", "events.title", content))
}

/// Tells an endpoint again.
pub(in crate::http) async fn retry(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let staff = &visit.me()?.staff;
    let not_found = || Problem::new(Code::NotFound);
    let id: JobId = id.parse().map_err(|_| not_found())?;
    if !look::tell_again(visit.app(), &staff.actor(), &staff.reach, &id).await? {
        return Err(not_found());
    }
    Ok(visit.go_saying(HERE, "said.told_again"))
}
