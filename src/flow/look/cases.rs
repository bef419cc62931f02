//! Lists of cases: what is open, by when it is due; and what is over, by when it was opened. And how many of them need somebody.

use super::lists::{At, Listed, ROWS, from, merged};
use super::search::clients;
use crate::app::App;
use crate::model::audit::Actor;
use crate::model::case::{Case, CaseState};
use crate::model::named::named;
use crate::model::sought::AnyRecord;
use crate::model::staff::Reach;
use crate::model::time::{DAY, Timestamp};
use crate::store::{Place, StoreError};

/// Counted so far, and no further.
const MOST: u32 = 100;

named! {
    /// By when cases are due that are asked for.
    DueWithin {
        /// They are overdue.
        Overdue = "overdue",
        /// They are due within the days of `erasure.alert_days`, or overdue.
        Soon = "soon",
    }
}

impl DueWithin {
    /// The last moment.
    fn until(self, app: &App) -> Timestamp {
        let now = app.clock.now();
        match self {
            Self::Overdue => now,
            Self::Soon => now.plus_millis(i64::from(app.erasure.alert_days) * DAY),
        }
    }
}

/// Which cases are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CasesAsked {
    /// Those that stand there; without it, those that are not over.
    pub state: Option<CaseState>,
    /// Of those that are not over, those that are due by then.
    pub due: Option<DueWithin>,
}

/// Cases: those that are not over by when they are due, the first to be due first; those that are over by when they were opened, the newest
/// first.
pub async fn cases(
    app: &App,
    whose: &Reach,
    asked: CasesAsked,
    at: Option<&At>,
) -> Result<Listed<Case>, StoreError> {
    if let Some(state) = asked.state.filter(|state| state.is_final()) {
        let mut rows = Vec::new();
        for client in clients(app, whose).await? {
            rows.extend(app.store.listed_cases(&client, state, from(at), ROWS + 1).await?);
        }
        return Ok(merged(rows, at, |one| place(one, one.created_at)));
    }
    let due_by = asked.due.map(|due| due.until(app));
    let wanted = (whose.client(), asked.state, due_by);
    let rows = app.store.listed_open_cases(wanted, from(at), ROWS + 1).await?;
    Ok(Listed::of(rows, at, |one| place(one, one.due_at)))
}

/// The cases that a record belongs to, as far as they may be seen. What is over names none any more.
pub async fn cases_about(app: &App, whose: &Reach, record: &AnyRecord) -> Result<Vec<Case>, StoreError> {
    let mut found = Vec::new();
    for id in app.store.cases_about(record.as_str()).await? {
        found.extend(app.store.case(&id).await?.filter(|case| whose.sees(&case.client)));
    }
    Ok(found)
}

fn place(case: &Case, at: Timestamp) -> Place {
    Place { at: at.unix_millis(), id: case.id.as_str().to_owned() }
}

/// How many cases need somebody; none is counted beyond 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Their time is over, and somebody still has to do something.
    pub overdue: usize,
    /// It is over within the days of `erasure.alert_days`.
    pub soon: usize,
    /// They wait for somebody to decide.
    pub decision: usize,
    /// They wait for the approval of whoever asks.
    pub approval: usize,
    /// Whoever asks has decided them, and they wait for the approval of somebody else.
    pub approval_of_others: usize,
}

/// How many cases need somebody, and of those how many `by` can do something about.
pub async fn waiting(app: &App, whose: &Reach, by: &Actor) -> Result<Waiting, StoreError> {
    let by = by.to_text();
    let of = async |state, due: Option<DueWithin>| {
        let wanted = (whose.client(), state, due.map(|due| due.until(app)));
        app.store.listed_open_cases(wanted, from(None), MOST).await
    };
    let due = of(None, Some(DueWithin::Soon)).await?;
    let overdue = |case: &&Case| case.due_at < app.clock.now();
    let waits = || due.iter().filter(|case| case.state.waits_for_somebody());
    let approvals = of(Some(CaseState::AwaitingApproval), None).await?;
    let approval = approvals.iter().filter(|case| case.waits_for_approval_of(&by)).count();
    Ok(Waiting {
        overdue: waits().filter(overdue).count(),
        soon: waits().filter(|case| !overdue(case)).count(),
        decision: of(Some(CaseState::AwaitingDecision), None).await?.len(),
        approval,
        approval_of_others: approvals.len() - approval,
    })
}
