//! Cases: requests of people to have erased what is kept about them. The list; a case with its story; what is done about it, each on a page
//! that says what will happen; and another one opened. What is done is done by `src/flow/cases/`, as over the API.

mod deed;
mod one;
mod open;
mod told;

use axum::response::Response;
use minijinja::{Value, context};

pub(in crate::http) use deed::{ask as ask_deed, take as take_deed};
pub(in crate::http) use one::{receipt, show};
pub(in crate::http) use open::{ask as ask_new, ask_about, take as open};

use super::page::Page;
use super::records::{client_of, options};
use super::shown::{chosen, clients, pager, whose, word};
use super::visit::Visit;
use crate::flow::cases;
use crate::flow::look::{self, At, CasesAsked, DueWithin};
use crate::http::kit::problem::Problem;
use crate::model::case::{Case, CaseState, Urgency};

/// The path.
const HERE: &str = "/cases";

/// All that are open, or those that are asked for.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    let whose = whose(&visit)?;
    let asked =
        CasesAsked { state: chosen::<CaseState>(&visit, "state")?, due: chosen::<DueWithin>(&visit, "due")? };
    let list = look::cases(visit.app(), &whose, asked, chosen::<At>(&visit, "at")?.as_ref()).await?;
    let client = client_of(&visit, &whose)?;
    let query = [
        ("client", Some(client.as_str()).filter(|client| !client.is_empty())),
        ("state", asked.state.map(CaseState::as_str)),
        ("due", asked.due.map(DueWithin::as_str)),
    ];
    visit.saw_list("erasure_cases", &query, list.rows.len()).await?;
    let content = context! {
        rows => list.rows.iter().map(|case| row(&visit, case)).collect::<Vec<_>>(),
        pager => pager(&visit, HERE, &query, &list),
        by_due => asked.state.is_none_or(|state| !state.is_final()),
        states => choices(&visit, "open", "case_state", CaseState::ALL.iter().map(|state| state.as_str())),
        state => asked.state.map_or("", CaseState::as_str),
        dues => choices(&visit, "any", "case_due", DueWithin::ALL.iter().map(|due| due.as_str())),
        due => asked.due.map_or("", DueWithin::as_str),
        clients => options(&visit, "client", clients(&visit).await?.iter().map(String::as_str)),
        client,
        may_open => visit.me()?.may(crate::model::staff::Role::Compliance),
    };
    visit.page(Page::new("cases.html", "cases.title", content))
}

/// A choice of a form: the words of no choice first, then each with its words.
fn choices<'a>(
    visit: &Visit,
    none: &str,
    of: &str,
    names: impl Iterator<Item = &'a str>,
) -> Vec<(String, String)> {
    let first = (String::new(), word(visit, "case_list", none));
    std::iter::once(first).chain(names.map(|name| (name.to_owned(), word(visit, of, name)))).collect()
}

/// Where a case stands in words, with the tone of its badge.
fn state(visit: &Visit, state: CaseState) -> Value {
    let tone = match state {
        CaseState::Done => "good",
        CaseState::AwaitingIdentity | CaseState::AwaitingDecision | CaseState::AwaitingApproval => "warn",
        CaseState::Held | CaseState::CarryingOut | CaseState::Refused | CaseState::Withdrawn => "plain",
    };
    context! { code => state.as_str(), text => word(visit, "case_state", state.as_str()), tone }
}

/// The clock of a case that somebody has to answer: how many days are left, or how many it is overdue.
fn clock(visit: &Visit, case: &Case) -> Value {
    if !case.state.waits_for_somebody() {
        return Value::from(());
    }
    let (days, urgency) = cases::time_left(visit.app(), case);
    let words = match days {
        ..-1 => "case.days_over",
        -1 => "case.day_over",
        0 => "case.today",
        1 => "case.day_left",
        2.. => "case.days_left",
    };
    let tone = match urgency {
        Urgency::Overdue => "bad",
        Urgency::Soon => "warn",
        Urgency::InTime => "plain",
    };
    context! { words, n => days.abs(), tone }
}

/// A case in a row.
pub(super) fn row(visit: &Visit, case: &Case) -> Value {
    let due = cases::look(visit.app(), case).due;
    context! {
        id => case.id.as_str(),
        client => case.client.as_str(),
        state => state(visit, case.state),
        due => visit.day(due.on),
        clock => clock(visit, case),
        is_extended => case.extended.is_some(),
        held => visit.maybe_when(case.held.as_ref().filter(|_| case.state == CaseState::Held).map(|(_, until)| *until)),
        records => case.records,
        received => visit.when(case.received_at),
    }
}
