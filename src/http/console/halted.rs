//! What has stopped, by reason, and all of a reason brought on.

use axum::extract::Path;
use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::shown::{row, whose, word};
use super::visit::Visit;
use super::words;
use crate::flow::look::{self, BulkError};
use crate::http::kit::problem::{Code, Problem};
use crate::model::bulk_resume::{BulkResume, BulkState, Group, MOST_COUNTED, Reason};
use crate::model::ids::BulkResumeId;
use crate::model::issuance::{HaltCode, Stopped};
use crate::model::staff::Role;

/// The path.
const HERE: &str = "/halted";

/// All reasons.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    let me = visit.me()?;
    let halts = look::halts(visit.app(), &whose(&visit)?).await?;
    let content = context! {
        groups => halts.groups.iter().map(|one| group(&visit, one)).collect::<Vec<_>>(),
        bulk => halts.bulk.iter().map(|one| bulk(&visit, one)).collect::<Vec<_>>(),
        is_running => halts.bulk.iter().any(|bulk| bulk.state == BulkState::Running),
        may_resume => me.may(Role::Compliance),
    };
    visit.page(Page::new("halted.html", "halted.title", content))
}

fn group(visit: &Visit, Group { reason, count, oldest }: &Group) -> Value {
    context! {
        client => reason.client.as_str(),
        what => reason.what.as_str(),
        what_text => word(visit, "stopped", reason.what.as_str()),
        code => reason.code.as_str(),
        cure => words::cure(visit.language, reason.code.cure(reason.what)),
        count => *count.min(&MOST_COUNTED),
        more => *count > MOST_COUNTED,
        oldest => visit.when(*oldest),
    }
}

fn bulk(visit: &Visit, bulk: &BulkResume) -> Value {
    let done = bulk.resumed.saturating_add(bulk.remaining);
    context! {
        id => bulk.id.as_str(),
        client => bulk.reason.client.as_str(),
        what_text => word(visit, "stopped", bulk.reason.what.as_str()),
        code => bulk.reason.code.as_str(),
        state => bulk.state.as_str(),
        state_text => word(visit, "bulk", bulk.state.as_str()),
        done,
        all => bulk.total.max(done),
        more => bulk.total > MOST_COUNTED,
        resumed => bulk.resumed,
        remaining => bulk.remaining,
        actor => bulk.actor.as_str(),
        at => visit.when(bulk.created_at),
    }
}

/// The records of one reason.
pub(in crate::http) async fn of_reason(
    Path((client, what, code)): Path<(String, String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let unknown = |_| Problem::new(Code::NotFound);
    let reason =
        Reason { client, what: what.parse().map_err(unknown)?, code: code.parse().map_err(unknown)? };
    let me = visit.me()?;
    let (records, more) = look::stopped_for(visit.app(), &me.staff.reach, &reason, None).await?;
    let asked = ["client", "what", "code"].map(|name| (name, Some("")));
    visit.saw_list("halted", &asked, records.len()).await?;
    let rows: Vec<_> = records
        .iter()
        .map(|record| context! { record => row(&visit, &record.hit), since => visit.when(record.since) })
        .collect();
    let content = context! {
        rows,
        more,
        client => reason.client.as_str(),
        what => reason.what.as_str(),
        what_text => word(&visit, "stopped", reason.what.as_str()),
        code => reason.code.as_str(),
        cure => words::cure(visit.language, reason.code.cure(reason.what)),
        may_resume => me.may(Role::Compliance),
    };
    visit.page(Page::new("halted_for.html", "halted.title", content))
}

/// Has all of a reason brought on.
pub(in crate::http) async fn resume(visit: Visit) -> Result<Response, Problem> {
    let (staff, form) = (&visit.me()?.staff, visit.form()?);
    let unknown = |_| Problem::new(Code::NotFound);
    let reason = Reason {
        client: form.text("client")?.to_owned(),
        what: form.text("what")?.parse::<Stopped>().map_err(unknown)?,
        code: form.text("code")?.parse::<HaltCode>().map_err(unknown)?,
    };
    said(
        &visit,
        look::resume_all(visit.app(), &staff.actor(), &staff.reach, reason).await.map(drop),
        "said.begun",
    )
}

/// Ends what is brought on.
pub(in crate::http) async fn end(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let staff = &visit.me()?.staff;
    let id: BulkResumeId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    said(
        &visit,
        look::end_bulk_resume(visit.app(), &staff.actor(), &staff.reach, &id).await,
        "said.session_ended",
    )
}

fn said(visit: &Visit, outcome: Result<(), BulkError>, well: &'static str) -> Result<Response, Problem> {
    match outcome {
        Ok(()) => Ok(visit.go_saying(HERE, well)),
        Err(BulkError::Nothing) => Ok(visit.go_saying(HERE, "said.nothing_halted")),
        Err(BulkError::Running) => Ok(visit.go_saying(HERE, "said.running")),
        Err(BulkError::Over) => Err(Problem::new(Code::NotFound)),
        Err(BulkError::Store(error)) => Err(error.into()),
    }
}
