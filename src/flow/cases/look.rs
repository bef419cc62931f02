//! What a case shows.

use uuid::Uuid;

use super::{CaseError, find};
use crate::app::App;
use crate::model::case::{Case, CaseState, Clocks, RecordKind};
use crate::model::ids::CaseId;
use crate::model::submitter::Submitter;

/// Records of a case that may be one person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The idOS user; `None` for records that name none, which may be of several people.
    pub user_id: Option<Uuid>,
    /// Their ids.
    pub records: Vec<String>,
}

/// A case, and what is known of it besides.
#[derive(Debug)]
pub struct Shown {
    /// The case.
    pub case: Case,
    /// Until when it is to be answered.
    pub clocks: Clocks,
    /// The records that it is about.
    pub records: Vec<(RecordKind, String)>,
    /// Whose they may be, where somebody has to say whose are meant.
    pub candidates: Vec<Candidate>,
}

/// Both clocks of a case at this moment.
#[must_use]
pub fn look(app: &App, case: &Case) -> Clocks {
    let shown_at = match (case.identified_at, case.state) {
        (Some(at), _) => at,
        (None, CaseState::AwaitingIdentity) => app.clock.now(),
        (None, _) => case.updated_at,
    };
    Clocks::of(case.due_at, case.created_at, shown_at, app.erasure.zone())
}

/// A case of the caller's.
pub async fn show(app: &App, caller: &Submitter, id: &CaseId) -> Result<Shown, CaseError> {
    let case = app.store.case_of(&caller.tenant, id).await?.ok_or(CaseError::NotFound)?;
    shown(app, case).await
}

pub(super) async fn shown(app: &App, case: Case) -> Result<Shown, CaseError> {
    let records = app.store.case_records(&case.id).await?;
    let mut candidates: Vec<Candidate> = Vec::new();
    if case.is_shared && case.state.waits_for_somebody() {
        let found = find::these(app, &case.client, records.clone()).await?;
        for record in found.all() {
            match candidates.iter_mut().find(|candidate| candidate.user_id == record.user_id) {
                Some(candidate) => candidate.records.push(record.id),
                None => candidates.push(Candidate { user_id: record.user_id, records: vec![record.id] }),
            }
        }
    }
    Ok(Shown { clocks: look(app, &case), case, records, candidates })
}
