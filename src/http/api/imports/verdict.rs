//! What is said of each line, and at the end.

use std::io::Write as _;

use serde::Serialize;

use crate::http::kit::problem::{Problem, ProblemView};
use crate::model::issuance::Issuance;

/// What has become of a line.
pub(super) enum Verdict {
    /// It is an issuance now, or was before.
    Taken { issuance: Box<Issuance>, replayed: bool },
    /// It will never be one as it is.
    Refused(Problem),
    /// It could not be done, and may be tried again.
    Failed(Problem),
}

impl Verdict {
    /// Its name.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Taken { replayed: false, .. } => "accepted",
            Self::Taken { replayed: true, .. } => "replayed",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }

    /// The line that says it of line `number`.
    pub(super) fn to_line(&self, number: u64) -> Vec<u8> {
        let (issuance, problem) = match self {
            Self::Taken { issuance, .. } => (Some(issuance), None),
            Self::Refused(problem) | Self::Failed(problem) => (None, Some(problem.view(None))),
        };
        line(&VerdictView {
            line: number,
            verdict: self.name(),
            id: issuance.map(|issuance| issuance.id.as_str()),
            state: issuance.map(|issuance| issuance.state.as_str()),
            problem,
        })
    }
}

/// How many lines have got which verdict.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) replayed: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
}

impl Counts {
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let count = match verdict {
            Verdict::Taken { replayed: false, .. } => &mut self.accepted,
            Verdict::Taken { replayed: true, .. } => &mut self.replayed,
            Verdict::Refused(_) => &mut self.refused,
            Verdict::Failed(_) => &mut self.failed,
        };
        *count += 1;
    }
}

/// The last line: from where to go on, and why it is not done, if it is not.
pub(super) fn end(next: u64, counts: Counts, problem: Option<&Problem>) -> Vec<u8> {
    line(&EndView {
        verdict: "end",
        complete: problem.is_none(),
        next,
        counts,
        problem: problem.map(|problem| problem.view(None)),
        retry_after: problem.and_then(|problem| problem.retry_after),
    })
}

#[derive(Serialize)]
struct VerdictView<'a> {
    line: u64,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndView<'a> {
    verdict: &'static str,
    complete: bool,
    next: u64,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

fn line(view: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(view).unwrap_or_default(); // texts and numbers
    let _ = writeln!(line);
    line
}
