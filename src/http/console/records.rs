//! Lists of records: issuances by state and kind, verifications by source and state.

use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::shown::{chosen, clients, pager, state, whose, word};
use super::visit::Visit;
use crate::flow::look::{self, At};
use crate::http::kit::problem::Problem;
use crate::model::issuance::{HaltCode, Kind, State};
use crate::model::staff::Reach;
use crate::model::submitter::SourceName;
use crate::model::verification::{Reason, State as VerificationState};
use crate::store::Filter;

/// A choice of a form: no choice first, then each with its words.
pub(super) fn options<'a>(
    visit: &Visit,
    of: &str,
    names: impl Iterator<Item = &'a str>,
) -> Vec<(String, String)> {
    let all = (String::new(), word(visit, "list", "all"));
    std::iter::once(all).chain(names.map(|name| (name.to_owned(), word(visit, of, name)))).collect()
}

/// The client that was chosen, for the form.
pub(super) fn client_of(visit: &Visit, whose: &Reach) -> Result<String, Problem> {
    Ok(match (&visit.me()?.staff.reach, whose) {
        (Reach::All, Reach::Client(client)) => client.clone(),
        _ => String::new(),
    })
}

/// Issuances.
pub(in crate::http) async fn issuances(visit: Visit) -> Result<Response, Problem> {
    let whose = whose(&visit)?;
    let filter = Filter {
        state: chosen::<State>(&visit, "state")?,
        kind: chosen::<Kind>(&visit, "kind")?,
        ..Filter::default()
    };
    let list = look::issuances(visit.app(), &whose, &filter, chosen::<At>(&visit, "at")?.as_ref()).await?;
    let client = client_of(&visit, &whose)?;
    let asked = [
        ("client", Some(client.as_str()).filter(|client| !client.is_empty())),
        ("state", filter.state.map(State::as_str)),
        ("kind", filter.kind.map(Kind::as_str)),
    ];
    visit.saw_list("issuances", &asked, list.rows.len()).await?;
    let rows: Vec<Value> = list
        .rows
        .iter()
        .map(|one| {
            context! {
                id => one.id.as_str(), client => one.client.as_str(), kind => one.kind.as_str(),
                state => state(&visit, one.state.as_str()), code => one.halt.map(HaltCode::as_str),
                reference => one.reference.as_deref(), at => visit.when(one.created_at),
            }
        })
        .collect();
    let content = context! {
        rows,
        pager => pager(&visit, "/issuances", &asked, &list),
        path => "/issuances",
        first => "state", first_options => options(&visit, "state", State::ALL.iter().map(|state| state.as_str())),
        first_chosen => filter.state.map_or("", State::as_str),
        second => "kind", second_options => options(&visit, "code", Kind::ISSUED.iter().map(|kind| kind.as_str())),
        second_chosen => filter.kind.map_or("", Kind::as_str),
        clients => options(&visit, "client", clients(&visit).await?.iter().map(String::as_str)),
        client,
    };
    visit.page(Page::new("records.html", "issuances.title", content))
}

/// Verifications.
pub(in crate::http) async fn verifications(visit: Visit) -> Result<Response, Problem> {
    let whose = whose(&visit)?;
    let wanted = chosen::<VerificationState>(&visit, "state")?;
    let source = chosen::<SourceName>(&visit, "source")?.map(|source| source.to_string());
    let at = chosen::<At>(&visit, "at")?;
    let list = look::verifications(visit.app(), &whose, (source.as_deref(), wanted), at.as_ref()).await?;
    let client = client_of(&visit, &whose)?;
    let asked = [
        ("client", Some(client.as_str()).filter(|client| !client.is_empty())),
        ("state", wanted.map(VerificationState::as_str)),
        ("source", source.as_deref()),
    ];
    visit.saw_list("verifications", &asked, list.rows.len()).await?;
    let rows: Vec<Value> = list
        .rows
        .iter()
        .map(|one| {
            context! {
                id => one.id.as_str(), client => one.client.as_str(), kind => one.source.as_str(),
                state => state(&visit, one.state.as_str()), code => one.reason.map(Reason::as_str),
                reference => one.reference.as_deref(), at => visit.when(one.created_at),
            }
        })
        .collect();
    let reach = &visit.me()?.staff.reach;
    let app = visit.app();
    let of_vendors = app.sources.iter().filter(|one| reach.sees(&one.tenant)).map(|one| one.name.as_str());
    let of_persons = app.persons.iter().filter(|one| reach.sees(&one.tenant)).map(|one| one.name.as_str());
    let content = context! {
        rows,
        pager => pager(&visit, "/verifications", &asked, &list),
        path => "/verifications",
        first => "state",
        first_options => options(&visit, "state", VerificationState::ALL.iter().map(|state| state.as_str())),
        first_chosen => wanted.map_or("", VerificationState::as_str),
        second => "source", second_options => options(&visit, "source", of_vendors.chain(of_persons)),
        second_chosen => source.clone().unwrap_or_default(),
        clients => options(&visit, "client", clients(&visit).await?.iter().map(String::as_str)),
        client,
    };
    visit.page(Page::new("records.html", "verifications.title", content))
}
