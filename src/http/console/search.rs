//! Search: one field. What was typed is in the body of a POST, so that it stands in no log and no history.

use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::shown::{row, word};
use super::visit::Visit;
use crate::flow::look::{self, Network};
use crate::http::kit::problem::Problem;
use crate::model::staff::Role;

/// By what a case is opened for whoever was looked for so, as the form of it calls that.
fn open_by(understood: &[&'static str]) -> Option<&'static str> {
    let all = [("email", "email"), ("wallet", "wallet"), ("uuid", "user"), ("reference", "reference")];
    all.into_iter().find(|(meaning, _)| understood.contains(meaning)).map(|(_, by)| by)
}

/// The empty field.
pub(in crate::http) async fn ask(visit: Visit) -> Result<Response, Problem> {
    let content = context! { text => "", asked => false, hits => Vec::<Value>::new(), understood => Vec::<String>::new(), more => false, network => (), open_by => () };
    visit.page(Page::new("search.html", "search.title", content))
}

/// What was found.
pub(in crate::http) async fn find(visit: Visit) -> Result<Response, Problem> {
    let (staff, may_open) = (&visit.me()?.staff, visit.me()?.may(Role::Compliance));
    let text = visit.form()?.text("text")?.trim();
    let found = look::search(visit.app(), &staff.actor(), &staff.reach, text).await?;
    // One record that was named by its own id needs no list.
    if let ([hit], ["record" | "event" | "notice" | "job"]) =
        (found.hits.as_slice(), found.understood.as_slice())
    {
        return Ok(visit.go(&format!("/records/{}", hit.record)));
    }
    if let Some(case) = &found.case {
        return Ok(visit.go(&format!("/cases/{case}")));
    }
    visit.saw_list("found", &[("text", Some(text))], found.hits.len()).await?;
    let network = found.network.map(|network| match network {
        Network::HasIt => "search.network_has",
        Network::HasItNot => "search.network_has_not",
        Network::Away => "search.network_away",
    });
    let content = context! {
        text,
        asked => true,
        understood => found.understood.iter().map(|code| word(&visit, "meaning", code)).collect::<Vec<_>>(),
        hits => found.hits.iter().map(|hit| row(&visit, hit)).collect::<Vec<_>>(),
        more => found.more,
        network,
        open_by => open_by(&found.understood).filter(|_| may_open),
    };
    visit.page(Page::new("search.html", "search.title", content))
}
