//! What is done about a case: first a page that says what will happen, and asks for what it takes; then it is done.

use axum::extract::Path;
use axum::response::Response;
use minijinja::{Value, context};
use uuid::Uuid;

use super::HERE;
use super::one::{facts, id_of, kinds, page as case_page, story};
use super::told::{no as no_of, problem};
use crate::flow::cases::{self, CaseError, Choice, Story};
use crate::http::console::page::Page;
use crate::http::console::shown::word;
use crate::http::console::visit::{No, Visit};
use crate::http::kit::problem::{Code, Problem};
use crate::model::case::{CaseDeed, CaseState, ExtensionReason, Grounds, LegalBasis, RecordKind};
use crate::model::ids::{CaseId, is_user_id};
use crate::model::submitter::Submitter;

/// Why it is not done.
enum Fault {
    /// What was typed is not taken.
    Form(No),
    /// The case does not let it.
    Case(CaseError),
}

impl From<CaseError> for Fault {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

fn deed_of(deed: &str) -> Result<CaseDeed, Problem> {
    deed.parse().map_err(|_| Problem::new(Code::NotFound))
}

fn path(id: &CaseId, deed: CaseDeed) -> String {
    format!("{HERE}/{id}/{deed}")
}

/// Says what will happen.
pub(in crate::http) async fn ask(
    Path((id, deed)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let (id, deed) = (id_of(&id)?, deed_of(&deed)?);
    let story = story(&visit, &id).await?;
    // Before somebody types anything.
    if visit.me()?.require_fresh_code(visit.app()).is_err() {
        return Ok(visit.confirm_first(&path(&id, deed)));
    }
    page(&visit, &story, deed, None).await
}

async fn page(visit: &Visit, story: &Story, deed: CaseDeed, no: Option<No>) -> Result<Response, Problem> {
    let case = &story.shown.case;
    if !story.deeds.contains(&deed) {
        let no = no.map_or_else(|| no_of(CaseError::Changed), Ok)?;
        return case_page(visit, &case.id, Some(no)).await;
    }
    let outlook = match deed {
        CaseDeed::Decide | CaseDeed::Approve => {
            let outlook = cases::outlook(visit.app(), story).await.map_err(problem)?;
            context! {
                state => outlook.state.as_str(),
                basis => outlook.held.as_ref().map(|(basis, _)| basis.as_str()),
                until => visit.maybe_when(outlook.held.as_ref().map(|(_, until)| *until)),
            }
        }
        _ => Value::from(()),
    };
    let typed = |name| match visit.form() {
        Ok(form) => form.text(name).map(str::to_owned),
        Err(_) => Ok(String::new()),
    };
    let of_grounds =
        |grounds: &&Grounds| **grounds != Grounds::NotIdentified || case.state == CaseState::AwaitingIdentity;
    let named = |of: &str, name: &'static str| (name, word(visit, of, name));
    let content = context! {
        case => facts(visit, story),
        kinds => kinds(visit, &story.shown.records),
        deed => deed.as_str(),
        heading => word(visit, "deed", deed.as_str()),
        is_grave => !matches!(deed, CaseDeed::Mail | CaseDeed::Vouch | CaseDeed::Extend),
        outlook,
        candidates => candidates(story),
        extended_until => visit.day(cases::extended_until(visit.app(), case).on),
        reasons => ExtensionReason::ALL.iter().map(|one| named("case_reason", one.as_str())).collect::<Vec<_>>(),
        reason => typed("reason")?,
        all_grounds => Grounds::ALL.iter().filter(of_grounds).map(|one| named("case_grounds", one.as_str())).collect::<Vec<_>>(),
        grounds => typed("grounds")?,
        basis => typed("basis")?,
    };
    visit.page(Page::new("case_deed.html", "case.title", content).unless(no))
}

/// Whose the records may be: each user with how many there are, and those records that name nobody.
fn candidates(story: &Story) -> Vec<Value> {
    let mut all = Vec::new();
    for candidate in &story.shown.candidates {
        match candidate.user_id {
            Some(user) => all
                .push(context! { user => user.to_string(), record => (), count => candidate.records.len() }),
            None => all
                .extend(candidate.records.iter().map(|id| context! { user => (), record => id, count => 1 })),
        }
    }
    all
}

/// Does it.
pub(in crate::http) async fn take(
    Path((id, deed)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let (id, deed) = (id_of(&id)?, deed_of(&deed)?);
    let (me, app) = (visit.me()?, visit.app());
    if me.require_fresh_code(app).is_err() {
        story(&visit, &id).await?;
        return Ok(visit.confirm_first(&path(&id, deed)));
    }
    // A form without it has not been filled in on that page.
    let seen = visit.form()?.text("seen")?.parse().map_err(|_| Problem::new(Code::InvalidRequest))?;
    let done = match cases::on_behalf(app, &me.staff, &id, seen).await {
        Ok(caller) => act(&visit, &caller, &id, deed).await,
        Err(error) => Err(error.into()),
    };
    let no = match done {
        Ok(words) => return Ok(visit.go_saying(&format!("{HERE}/{id}"), words)),
        Err(Fault::Form(no)) => no,
        Err(Fault::Case(error)) => no_of(error)?,
    };
    page(&visit, &story(&visit, &id).await?, deed, Some(no)).await
}

/// Gives the words that say that it went well.
async fn act(visit: &Visit, caller: &Submitter, id: &CaseId, deed: CaseDeed) -> Result<&'static str, Fault> {
    let app = visit.app();
    let form = |name| visit.form().and_then(|form| form.text(name)).unwrap_or_default();
    Ok(match deed {
        CaseDeed::Mail => {
            cases::send(app, caller, id).await?;
            "said.case_mail"
        }
        CaseDeed::Vouch => {
            cases::vouch(app, caller, id).await?;
            "said.case_vouched"
        }
        CaseDeed::Decide => {
            let decided = cases::decide(app, caller, id, choice(visit)?.as_ref()).await?;
            said(decided.case.state)
        }
        CaseDeed::Approve => said(cases::approve(app, caller, id).await?.case.state),
        CaseDeed::Extend => {
            let reason = form("reason").parse().map_err(|_| Fault::Form(No::of("no.case_reason")))?;
            cases::extend(app, caller, id, reason).await?;
            "said.case_extended"
        }
        CaseDeed::Refuse => {
            let grounds = form("grounds").parse().map_err(|_| Fault::Form(No::of("no.case_grounds")))?;
            let basis = match form("basis").trim() {
                "" => None,
                text => Some(
                    LegalBasis::read(text, app.clock.now())
                        .map_err(|_| Fault::Form(No::of("no.case_basis")))?,
                ),
            };
            cases::refuse(app, caller, id, (grounds, basis)).await?;
            "said.case_refused"
        }
        CaseDeed::Withdraw => {
            cases::withdraw(app, caller, id).await?;
            "said.case_withdrawn"
        }
    })
}

/// What is said where a decision has led to.
fn said(state: CaseState) -> &'static str {
    match state {
        CaseState::AwaitingApproval => "said.case_second",
        CaseState::Held => "said.case_held",
        _ => "said.case_begun",
    }
}

/// Whose records are meant: the boxes that are ticked; `None` if there was none.
fn choice(visit: &Visit) -> Result<Option<Choice>, Fault> {
    let not_there = || Fault::Form(No::of("no.case_candidate"));
    let Ok(form) = visit.form() else { return Ok(None) };
    let user = |text: &str| text.parse::<Uuid>().ok().filter(|id| is_user_id(*id)).ok_or_else(not_there);
    let record = |text: &str| RecordKind::of_id(text).map(|_| text.to_owned()).ok_or_else(not_there);
    let users = form.all("user").map(user).collect::<Result<Vec<_>, _>>()?;
    let records = form.all("record").map(record).collect::<Result<Vec<_>, _>>()?;
    let is_said = !users.is_empty() || !records.is_empty();
    Ok(is_said.then_some(Choice { users, records }))
}
