//! Who did what: the audit chain, newest first, and as a file.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use minijinja::context;

use super::page::Page;
use super::visit::Visit;
use crate::flow::audit;
use crate::http::kit::problem::{Code, Problem};
use crate::model::audit::ChainedEntry;
use crate::model::time::Timestamp;

/// Entries of a page.
const PAGE: i64 = 50;

/// The most entries that are shown about one thing.
const MOST_OF_ONE: u32 = 500;

/// The page.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    let store = &visit.app().store;
    let subject = visit.param("subject").map(|text| text.trim().to_owned()).unwrap_or_default();
    let end = store.audit_end().await?.seq;
    let (entries, older, newer) = if subject.is_empty() {
        let before = visit.param("before").and_then(|text| text.parse::<i64>().ok()).unwrap_or(i64::MAX);
        let until = end.min(before.saturating_sub(1)).max(0);
        let after = until.saturating_sub(PAGE).max(0);
        let entries: Vec<_> =
            store.audit_page(after, until).await?.into_iter().rev().map(ChainedEntry::told).collect();
        let newer = (until < end).then(|| until.saturating_add(PAGE).saturating_add(1));
        (entries, (after > 0).then(|| after.saturating_add(1)), newer)
    } else {
        if subject.len() > 100 || subject.chars().any(char::is_control) {
            return Err(Problem::new(Code::NotFound));
        }
        (store.audit_end_of(&subject, MOST_OF_ONE).await?, None, None)
    };
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            context! {
                seq => entry.seq,
                at => visit.maybe_when(Timestamp::from_unix_millis(entry.at).ok()),
                actor => entry.actor.as_str(),
                act => entry.act.as_str(),
                subject => entry.subject.as_str(),
                detail => entry.detail.as_str(),
            }
        })
        .collect();
    let checkpoint = store.last_checkpoint().await?.map(|last| {
        let at = Timestamp::from_unix_millis(last.at).ok();
        context! { number => last.number, entry => last.entry, at => visit.maybe_when(at) }
    });
    let content = context! { entries, subject, older, newer, end, checkpoint };
    visit.page(Page::new("audit.html", "nav.audit", content))
}

/// All of the chain, as `audit export` prints it. That somebody took it is in it.
pub(in crate::http) async fn export(visit: Visit) -> Result<Response, Problem> {
    let app = visit.app();
    let lines = audit::export_for(&app.store, visit.me()?.staff.actor(), app.clock.now()).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/jsonl")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.jsonl\"")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
