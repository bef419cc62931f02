//! Cases, as those who work at the console see them and act on them. What they do is done by the same verbs as over the API, each on behalf
//! of the client whose case it is.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::look::{Shown, shown};
use super::{CaseError, decide, find, rules};
use crate::app::App;
use crate::model::audit::ToldEntry;
use crate::model::carrying_out::{CarriedCase, Step};
use crate::model::case::{Case, CaseDeed, CaseState, Seen, Setup, Urgency};
use crate::model::ids::CaseId;
use crate::model::job::Job;
use crate::model::staff::{Reach, Staff};
use crate::model::submitter::{Origin, Submitter};
use crate::model::time::Timestamp;
use crate::store::StoreError;

/// The most entries of the audit chain that are shown of a case: the newest.
const MOST: u32 = 200;

/// The most records of a case that are read to tell whose they are.
const MOST_READ: usize = 100;

/// How far the carrying out of a case is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The phase that it is in, and what became of the mail.
    pub carried: CarriedCase,
    /// How many records there are.
    pub all: usize,
    /// Of how many nothing is on its way any more.
    pub settled: usize,
    /// How many are forgotten.
    pub forgotten: usize,
    /// When it is looked at again, and what it waits for, as it was written down.
    pub work: Option<Job>,
}

/// A case with all that there is to tell of it.
#[derive(Debug)]
pub struct Story {
    /// The case.
    pub shown: Shown,
    /// The idOS users whose records it is about, as far as the records say and are still there.
    pub users: BTreeSet<Uuid>,
    /// How many days there still are; less than 0 if it is overdue.
    pub days_left: i64,
    /// How near the end of its time is.
    pub urgency: Urgency,
    /// What whoever looks can do about it, their role aside.
    pub deeds: Vec<CaseDeed>,
    /// Until when the link works that was sent to the person last.
    pub link_until: Option<Timestamp>,
    /// How far it is, if it is being carried out.
    pub progress: Option<Progress>,
    /// What has happened, oldest first.
    pub timeline: Vec<ToldEntry>,
}

/// What comes of a decision, or of an approval, at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Where the case would stand.
    pub state: CaseState,
    /// The law that wants its records held, and until when.
    pub held: Option<(String, Timestamp)>,
}

/// How near the end of a case's time is, and how many days there are until then.
#[must_use]
pub fn time_left(app: &App, case: &Case) -> (i64, Urgency) {
    let (zone, now) = (app.erasure.zone(), app.clock.now());
    let due = super::look(app, case).due;
    (due.days_left(now, zone), due.urgency(now, zone, app.erasure.alert_days))
}

/// Whether a decision takes two people.
#[must_use]
pub fn takes_two(app: &App) -> bool {
    rules(app).second_approver
}

/// A case that may be seen. Nobody is told whether there is one that may not.
async fn visible(app: &App, whose: &Reach, id: &CaseId) -> Result<Case, CaseError> {
    app.store.case(id).await?.filter(|case| whose.sees(&case.client)).ok_or(CaseError::NotFound)
}

/// Somebody of the staff, on behalf of a client's.
#[must_use]
pub fn of_client(staff: &Staff, client: &str) -> Submitter {
    Submitter { tenant: client.to_owned(), origin: Origin::Staff(staff.id.clone()) }
}

/// Somebody of the staff, on behalf of the client whose case it is. If it looks otherwise than they have `seen` it when they made up their
/// mind, it is [`CaseError::Changed`].
pub async fn on_behalf(app: &App, staff: &Staff, id: &CaseId, seen: Seen) -> Result<Submitter, CaseError> {
    let case = visible(app, &staff.reach, id).await?;
    if case.seen() == seen { Ok(of_client(staff, &case.client)) } else { Err(CaseError::Changed) }
}

/// A case that may be seen, with all that there is to tell of it. Whoever shows it writes down that it was seen.
pub async fn story(app: &App, staff: &Staff, id: &CaseId) -> Result<Story, CaseError> {
    let case = visible(app, &staff.reach, id).await?;
    let setup = Setup {
        has_mail: app.mailer.is_there() && app.http.public_url.is_some(),
        vouches: app.erasure.clients_vouch(),
    };
    let deeds = case.deeds(&staff.actor().to_text(), setup, app.clock.now());
    let (days_left, urgency) = time_left(app, &case);
    let link_until =
        app.store.case_link_until(id).await?.filter(|_| case.state == CaseState::AwaitingIdentity);
    let progress = progress(app, id).await?;
    let mut timeline = app.store.audit_end_of(id.as_str(), MOST).await?;
    timeline.sort_by_key(|entry| entry.seq);
    let shown = shown(app, case).await?;
    let few = shown.records.iter().take(MOST_READ).cloned().collect();
    let users = find::these(app, &shown.case.client, few).await?.users();
    Ok(Story { shown, users, days_left, urgency, deeds, link_until, progress, timeline })
}

async fn progress(app: &App, id: &CaseId) -> Result<Option<Progress>, StoreError> {
    let Some(carried) = app.store.carried_case(id).await? else { return Ok(None) };
    let records = app.store.listed_records(id).await?;
    let work = app.store.jobs_about(id.as_str()).await?.into_iter().next();
    let settled = records.iter().filter(|record| record.step != Step::Listed).count();
    let forgotten = records.iter().filter(|record| record.step == Step::Forgotten).count();
    Ok(Some(Progress { carried, all: records.len(), settled, forgotten, work }))
}

/// What comes of deciding a case, or of approving it: whether it is carried out at once. Where somebody still has to say whose records are
/// meant, it is what comes of choosing all of them.
pub async fn outlook(app: &App, story: &Story) -> Result<Outlook, CaseError> {
    let case = &story.shown.case;
    let held = decide::hold_on(app, case).await?;
    let needs_another = case.state == CaseState::AwaitingDecision && rules(app).second_approver;
    let state = match (needs_another, &held) {
        (true, _) => CaseState::AwaitingApproval,
        (false, Some(_)) => CaseState::Held,
        (false, None) => CaseState::CarryingOut,
    };
    Ok(Outlook { state, held })
}
