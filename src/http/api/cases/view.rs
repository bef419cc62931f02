//! What is shown of a case: nothing by which the person was looked for.

use serde::Serialize;
use uuid::Uuid;

use crate::flow::cases::{Candidate, Shown};
use crate::flow::login::Offered;
use crate::model::case::Identity;
use crate::model::notices::Zone;
use crate::model::time::Timestamp;

/// A text that a wallet is to sign.
#[derive(Serialize)]
pub(super) struct TextView {
    message: String,
    nonce: String,
}

impl From<Offered> for TextView {
    fn from(offered: Offered) -> Self {
        Self { message: offered.message, nonce: offered.nonce }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DueView {
    /// The day.
    on: String,
    at: String,
    /// The day where the time stands still while the identity is waited for.
    on_with_pause: String,
    time_zone: String,
}

#[derive(Serialize)]
struct RecordView {
    kind: &'static str,
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CandidateView {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    records: Vec<String>,
}

#[derive(Serialize)]
struct SinceView {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    at: String,
}

#[derive(Serialize)]
struct ReasonView {
    reason: &'static str,
    at: String,
}

#[derive(Serialize)]
struct HoldView {
    basis: String,
    until: String,
}

#[derive(Serialize)]
struct RefusalView {
    grounds: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<String>,
}

/// A case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CaseView {
    id: String,
    state: &'static str,
    origin: &'static str,
    received_at: String,
    due: DueView,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<SinceView>,
    revokes: bool,
    record_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<Vec<RecordView>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<CandidateView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<SinceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<SinceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<ReasonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<HoldView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    created_at: String,
    updated_at: String,
}

impl CaseView {
    pub(super) fn of(shown: Shown, zone: Zone) -> Self {
        let Shown { case, clocks, records, candidates } = shown;
        let since = |at: Option<Timestamp>| at.map(|at| SinceView { by: None, at: at.to_string() });
        let candidate = |Candidate { user_id, records }: Candidate| CandidateView { user_id, records };
        Self {
            id: case.id.to_string(),
            state: case.state.as_str(),
            origin: case.origin.as_str(),
            received_at: case.received_at.to_string(),
            due: DueView {
                on: clocks.due.on.to_string(),
                at: clocks.due.at.to_string(),
                on_with_pause: clocks.due_with_pause.on.to_string(),
                time_zone: zone.to_string(),
            },
            identity: since(case.identified_at)
                .map(|since| SinceView { by: case.identity.map(Identity::as_str), ..since }),
            revokes: case.revokes,
            record_count: case.records,
            records: Some(
                records.into_iter().map(|(kind, id)| RecordView { kind: kind.as_str(), id }).collect(),
            ),
            candidates: candidates.into_iter().map(candidate).collect(),
            decided: since(case.decided_at),
            approved: since(case.approved_at),
            extension: case
                .extended
                .map(|(at, reason)| ReasonView { reason: reason.as_str(), at: at.to_string() }),
            hold: case.held.map(|(basis, until)| HoldView { basis, until: until.to_string() }),
            refusal: case.refusal.map(|(grounds, basis)| RefusalView { grounds: grounds.as_str(), basis }),
            receipt: case.receipt,
            created_at: case.created_at.to_string(),
            updated_at: case.updated_at.to_string(),
        }
    }

    /// The same as it stands in a list, without its records.
    pub(super) fn in_list(self) -> Self {
        Self { records: None, ..self }
    }
}
