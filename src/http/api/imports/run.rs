//! The way of an import's lines: many are worked on at once, and verdicts go out in their order.
//!
//! Nothing is read unless a verdict can still be written: who does not fetch verdicts is not read from any more (back pressure by TCP), and is
//! cut off by `kit::socket` after a while. What is in memory is bounded by the window in lines, and by the client's part of the body
//! budget in bytes.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{Instrument as _, Span};

use super::verdict::{self, Counts, Verdict};
use crate::cores;
use crate::flow::intake;
use crate::http::api::issuances;
use crate::http::kit::limits::RateKey;
use crate::http::kit::lines::{Line, Lines};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::shares::RequestPermit;
use crate::http::kit::state::Api;
use crate::model::submitter::Submitter;

/// Lines of one import that are worked on, wait for their turn or for the verdict of an earlier one.
const WINDOW: usize = 256;

/// After so many lines in a row that could not be done, no further one is tried.
const MAX_FAILED: u64 = 16;

/// Verdicts that are written at once, where there are as many.
const WRITTEN_AT_ONCE: usize = 64;

const LINES: &str = "import_lines_total";
const ACTIVE: &str = "imports_active";

/// Tells what the metrics are.
pub(in crate::http) fn describe() {
    metrics::describe_counter!(LINES, "Lines of imports, by verdict");
    metrics::describe_gauge!(ACTIVE, "Imports that run");
}

/// An import.
pub(super) struct Import {
    pub(super) api: Api,
    pub(super) caller: Submitter,
    pub(super) client: RateKey,
    /// The request's `Idempotency-Key`, of which that of each line is made.
    pub(super) key: String,
    /// Cancelled when no further line is to be begun.
    halt: CancellationToken,
}

impl Import {
    pub(super) fn new(api: Api, caller: Submitter, client: RateKey, key: String) -> Self {
        let halt = api.stop.child_token();
        Self { api, caller, client, key, halt }
    }
}

/// What comes next of the body.
enum Next {
    Line(Line),
    /// No further line is read, from this number on.
    End(u64, Option<Problem>),
}

/// What has come of it.
enum Outcome {
    Verdict(u64, Verdict),
    /// Here it ends: this line and those behind it have no verdict.
    End(u64, Option<Problem>),
}

/// The verdicts over `lines`, line by line, and the last line. `slot` is given back at the end.
pub(super) fn verdicts(
    import: Import,
    lines: Lines,
    slot: RequestPermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let import = Arc::new(import);
    let writer = Writer {
        counts: Counts::default(),
        failed_in_a_row: 0,
        next: lines.next_number(),
        is_done: false,
        span: Span::current(),
        _halt: import.halt.clone().drop_guard(),
        _slot: slot,
    };
    metrics::gauge!(ACTIVE).increment(1.0);
    // Answers are written outside of the request's span.
    let span = Span::current();
    let outcomes = Box::pin(
        read(Arc::clone(&import), lines)
            .map(move |next| work(Arc::clone(&import), next).instrument(span.clone()))
            .buffered(WINDOW),
    );
    let written = stream::unfold((outcomes, writer), |(mut outcomes, mut writer)| async move {
        if writer.is_done {
            return None;
        }
        // The last outcome is always an end.
        let outcome = outcomes.next().await?;
        Some((writer.write(outcome), (outcomes, writer)))
    });
    written.ready_chunks(WRITTEN_AT_ONCE).map(|lines| Ok(Bytes::from(lines.concat())))
}

/// The lines, and the end.
fn read(import: Arc<Import>, lines: Lines) -> impl Stream<Item = Next> + Send {
    stream::unfold(Some((import, lines)), |state| async move {
        let (import, mut lines) = state?;
        let next = tokio::select! {
            biased;
            () = import.halt.cancelled() => Err(stopping()),
            next = lines.next() => next,
        };
        match next {
            Ok(Some(line)) => Some((Next::Line(line), Some((import, lines)))),
            Ok(None) => Some((Next::End(lines.next_number(), None), None)),
            Err(problem) => Some((Next::End(lines.next_number(), Some(problem)), None)),
        }
    })
}

/// Works on a line in a task of its own: what has begun is ended, also where the caller goes away.
async fn work(import: Arc<Import>, next: Next) -> Outcome {
    let line = match next {
        Next::End(next, problem) => return Outcome::End(next, problem),
        Next::Line(line) => line,
    };
    let number = line.number;
    let task = tokio::spawn(judge(import, line).in_current_span());
    // Whatever goes wrong with one line is told of that line.
    task.await.unwrap_or_else(|_| Outcome::Verdict(number, Verdict::Failed(Problem::new(Code::Internal))))
}

async fn judge(import: Arc<Import>, line: Line) -> Outcome {
    let number = line.number;
    let Some((bytes, _permit)) = line.content else {
        return Outcome::Verdict(number, Verdict::Refused(too_long(import.api.app.http.max_body)));
    };
    let _turn = tokio::select! {
        biased;
        () = import.halt.cancelled() => return Outcome::End(number, Some(stopping())),
        turn = import.api.turns.take_for_line(import.client.clone()) => turn,
    };
    let problem = match cores::behind_requests(Box::pin(submit(&import, number, bytes))).await {
        Ok(verdict) => return Outcome::Verdict(number, verdict),
        Err(problem) => problem,
    };
    match problem.code.status().as_u16() {
        // Nothing can be done at the moment, and the next line would fare no better.
        503 => Outcome::End(number, Some(problem)),
        // What somebody else has just changed, and faults of ours or of others.
        409 | 500.. => Outcome::Verdict(number, Verdict::Failed(problem)),
        _ => Outcome::Verdict(number, Verdict::Refused(problem)),
    }
}

async fn submit(
    import: &Import,
    number: u64,
    bytes: zeroize::Zeroizing<Vec<u8>>,
) -> Result<Verdict, Problem> {
    // No header has a NUL, so it is the key of no request.
    let key = format!("import\0{}\0{number}", import.key);
    let (key, submission) =
        issuances::read_json(&import.api, import.caller.clone(), (key, issuances::LINE), bytes).await?;
    let made = intake::accept(&import.api.app, &import.caller, &key, submission).await?;
    Ok(Verdict::Taken { issuance: Box::new(made.record), replayed: made.replayed })
}

fn too_long(max: usize) -> Problem {
    Problem::new(Code::TooLarge).because(format!("The line has more than the {max} bytes that are taken."))
}

fn stopping() -> Problem {
    Problem::new(Code::NotReady).because("The service is being stopped.")
}

/// Writes verdicts down, and counts them.
struct Writer {
    counts: Counts,
    failed_in_a_row: u64,
    /// The first line that has no verdict yet.
    next: u64,
    is_done: bool,
    span: Span,
    _halt: DropGuard,
    _slot: RequestPermit,
}

impl Writer {
    fn write(&mut self, outcome: Outcome) -> Vec<u8> {
        match outcome {
            Outcome::End(next, problem) => self.end(next, problem.as_ref()),
            Outcome::Verdict(number, Verdict::Failed(problem)) if self.failed_in_a_row == MAX_FAILED => {
                self.end(number, Some(&problem))
            }
            Outcome::Verdict(number, verdict) => {
                self.counts.count(&verdict);
                self.failed_in_a_row = match verdict {
                    Verdict::Failed(_) => self.failed_in_a_row + 1,
                    Verdict::Taken { .. } | Verdict::Refused(_) => 0,
                };
                self.next = number.saturating_add(1);
                metrics::counter!(LINES, "verdict" => verdict.name()).increment(1);
                verdict.to_line(number)
            }
        }
    }

    fn end(&mut self, next: u64, problem: Option<&Problem>) -> Vec<u8> {
        self.is_done = true;
        self.next = next;
        verdict::end(next, self.counts, problem)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        metrics::gauge!(ACTIVE).decrement(1.0);
        let Counts { accepted, replayed, refused, failed } = self.counts;
        let (next, how) =
            (self.next, if self.is_done { "has ended" } else { "was broken off by its caller" });
        self.span.in_scope(|| {
            tracing::info!(next, accepted, replayed, refused, failed, "An import {how}");
        });
    }
}
