//! The door of a development service: a button for each role lets whoever is there in as the sample person of it. Other services have no such
//! path (`src/http/routes.rs`).

use axum::response::Response;
use minijinja::context;

use super::page::Page;
use super::visit::{No, Visit, with_session};
use crate::flow::staff::sample;
use crate::http::kit::problem::{Code, Problem};
use crate::model::staff::Role;

/// Asks as whom.
pub(in crate::http) async fn ask(visit: Visit) -> Result<Response, Problem> {
    visit.page(page(&visit, None))
}

fn page(visit: &Visit, no: Option<No>) -> Page {
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let content = context! { roles, next => visit.next().unwrap_or_default() };
    Page::new("sample_staff.html", "sample.title", content).unless(no)
}

/// Lets them in.
pub(in crate::http) async fn come_in(visit: Visit) -> Result<Response, Problem> {
    let role: Role = visit.form()?.text("role")?.parse().map_err(|_| Problem::new(Code::InvalidRequest))?;
    match sample::come_in(visit.app(), role).await {
        Ok(me) => Ok(with_session(visit.go(&visit.next().unwrap_or_default()), &me)),
        Err(error) => visit.page(page(&visit, Some(No::told(error)?))),
    }
}
