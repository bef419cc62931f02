//! One connection: lines go out while verdicts come in.

use std::collections::VecDeque;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, stream};
use memchr::memchr_iter;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Body, Response};
use serde::Deserialize;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use url::Url;
use zeroize::Zeroizing;

use super::Error;
use super::progress::Progress;
use super::state::Ledger;

/// How much is read and sent at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The longest line that the service says, in bytes: one with all that is wrong with a submission.
const MAX_SAID: usize = 1024 * 1024;

/// What an import is sent by.
pub(super) struct Sending<'a> {
    pub(super) client: reqwest::Client,
    pub(super) url: Url,
    pub(super) key: Zeroizing<String>,
    pub(super) file: &'a Path,
}

/// How a connection has ended.
pub(super) enum Ended {
    /// All lines have their verdicts.
    Complete,
    /// It goes on from where the ledger is.
    Early {
        /// In words.
        why: String,
        /// When, if the service says it.
        retry_after: Option<Duration>,
    },
}

/// A line that the service says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    verdict: String,
    line: Option<u64>,
    problem: Option<Value>,
    complete: Option<bool>,
    retry_after: Option<u64>,
}

impl Sending<'_> {
    /// Sends what has no verdict yet, and writes the verdicts down. An error is one that would be there the next time, too.
    pub(super) async fn once(&self, ledger: &mut Ledger, progress: &mut Progress) -> Result<Ended, Error> {
        let mut file = File::open(self.file).await?;
        file.seek(SeekFrom::Start(ledger.offset())).await?;
        let ends = Ends::default();
        let body = Body::wrap_stream(lines(file, ends.clone(), (ledger.next(), ledger.offset())));
        let mut url = self.url.clone();
        url.set_query(Some(&format!("from={}", ledger.next())));
        let request = self
            .client
            .post(url)
            .bearer_auth(self.key.as_str())
            .header("Idempotency-Key", ledger.key())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => hear(answer, &ends, ledger, progress).await,
            Ok(answer) => refused(answer).await,
            Err(error) => Ok(early(broken(&error))),
        }
    }
}

fn early(why: impl Into<String>) -> Ended {
    Ended::Early { why: why.into(), retry_after: None }
}

/// What went wrong on the way, without what was sent.
fn broken(error: &reqwest::Error) -> &'static str {
    if error.is_connect() {
        "the service cannot be reached"
    } else if error.is_timeout() {
        "the service says nothing"
    } else {
        "the connection has broken off"
    }
}

/// An answer that is no stream of verdicts.
async fn refused(answer: Response) -> Result<Ended, Error> {
    let status = answer.status().as_u16();
    let header = answer.headers().get(RETRY_AFTER).and_then(|text| text.to_str().ok()?.parse().ok());
    let text = crate::outbound::read(answer, MAX_SAID).await.unwrap_or_default();
    let problem = serde_json::from_slice(&text).ok();
    let why = format!("the service answers {status}{}", told(problem.as_ref()));
    match status {
        408 | 429 | 500.. => Ok(Ended::Early { why, retry_after: header.map(Duration::from_secs) }),
        _ => Err(why.into()),
    }
}

/// The words of a problem, for a person: they never repeat what was sent.
fn told(problem: Option<&Value>) -> String {
    let text = |name: &str| problem.and_then(|problem| problem.get(name)?.as_str());
    let words: Vec<_> = [text("title"), text("detail")].into_iter().flatten().collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(": ").trim_end_matches('.')) }
}

/// Takes verdicts until there are no more.
async fn hear(
    mut answer: Response,
    ends: &Ends,
    ledger: &mut Ledger,
    progress: &mut Progress,
) -> Result<Ended, Error> {
    let mut text = Vec::new();
    loop {
        let chunk = match answer.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(early("the connection was closed before the end")),
            Err(error) => return Ok(early(broken(&error))),
        };
        text.extend_from_slice(&chunk);
        let mut begin = 0;
        let all: Vec<_> = memchr_iter(b'\n', &text).collect();
        for end in all {
            let line = text.get(begin..end).unwrap_or_default();
            begin = end + 1;
            let said: Said = serde_json::from_slice(line)
                .map_err(|_| "what the service says is no verdict: is --url an idOS issuer?")?;
            if let Some(ended) = note(&said, ends, ledger)? {
                progress.show(ledger);
                return Ok(ended);
            }
        }
        text.drain(..begin);
        if text.len() > MAX_SAID {
            return Err("what the service says is no verdict: is --url an idOS issuer?".into());
        }
        ledger.save_from_time_to_time()?;
        progress.show(ledger);
    }
}

fn note(said: &Said, ends: &Ends, ledger: &mut Ledger) -> Result<Option<Ended>, Error> {
    if said.verdict != "end" {
        let number = said.line.ok_or("a verdict of the service names no line")?;
        ledger.note(number, &said.verdict, said.problem.as_ref(), ends.after(number))?;
        return Ok(None);
    }
    if said.complete == Some(true) {
        ledger.complete();
        return Ok(Some(Ended::Complete));
    }
    Ok(Some(Ended::Early {
        why: format!("the service has stopped{}", told(said.problem.as_ref())),
        retry_after: said.retry_after.map(Duration::from_secs),
    }))
}

/// Where the lines end that were sent and have no verdict yet. There are no more of them than the service and the network hold.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<VecDeque<(u64, u64)>>>);

impl Ends {
    fn push(&self, number: u64, offset: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((number, offset));
    }

    /// Where line `number` ends. Those before it are forgotten.
    fn after(&self, number: u64) -> Option<u64> {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        while let Some((this, offset)) = ends.front().copied().filter(|(this, _)| *this <= number) {
            found = (this == number).then_some(offset);
            ends.pop_front();
        }
        found
    }
}

/// The rest of a file, whose next line has this number and begins at this offset.
fn lines(
    file: File,
    ends: Ends,
    (number, offset): (u64, u64),
) -> impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static {
    stream::try_unfold((file, ends, number, offset, true), |state| async move {
        let (mut file, ends, mut number, offset, is_whole) = state;
        let mut chunk = Vec::with_capacity(CHUNK);
        if file.read_buf(&mut chunk).await? == 0 {
            // The last line may have no end.
            if !is_whole {
                ends.push(number, offset);
            }
            return Ok(None);
        }
        for place in memchr_iter(b'\n', &chunk) {
            ends.push(number, offset + place as u64 + 1);
            number += 1;
        }
        let (offset, is_whole) = (offset + chunk.len() as u64, chunk.last() == Some(&b'\n'));
        Ok(Some((chunk, (file, ends, number, offset, is_whole))))
    })
}
