//! A case with its story. That somebody looked at it is written down before it is shown.

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use minijinja::{Value, context};

use super::{clock, state, told};
use crate::flow::cases::{self, Progress, Story};
use crate::flow::viewed::{Viewed, saw};
use crate::http::console::page::Page;
use crate::http::console::shown::word;
use crate::http::console::visit::{No, Visit};
use crate::http::kit::problem::{Code, Problem};
use crate::model::audit::ToldEntry;
use crate::model::carrying_out::Phase;
use crate::model::case::{Case, CaseDeed, CaseState, ExtensionReason, Grounds, Identity, RecordKind};
use crate::model::ids::CaseId;
use crate::model::staff::Role;
use crate::model::time::Timestamp;

/// The members of a receipt's subject that are shown, in their order. What each means: docs/erasure-carried-out.md.
const OF_RECEIPT: &[&str] = &[
    "issuances",
    "verifications",
    "claims",
    "profiles",
    "wallets",
    "attributes",
    "walletLinks",
    "issuerCopiesRemoved",
    "issuerCopiesAbsent",
    "issuerCopiesLeft",
    "userCredentials",
    "userCredentialsRevoked",
    "userCredentialsNotRevoked",
    "userCredentialsUnknown",
    "userRows",
    "consumerCopies",
    "confirmation",
];

/// The id of a case, as it stands in a path.
pub(super) fn id_of(id: &str) -> Result<CaseId, Problem> {
    id.parse().map_err(|_| Problem::new(Code::NotFound))
}

/// A case that may be seen.
pub(super) async fn story(visit: &Visit, id: &CaseId) -> Result<Story, Problem> {
    cases::story(visit.app(), &visit.me()?.staff, id).await.map_err(told::problem)
}

/// The page.
pub(in crate::http) async fn show(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    page(&visit, &id_of(&id)?, None).await
}

/// The same, which says why something was not done.
pub(super) async fn page(visit: &Visit, id: &CaseId, no: Option<No>) -> Result<Response, Problem> {
    let story = story(visit, id).await?;
    saw(visit.app(), &visit.me()?.staff.actor(), Viewed::Record(id.as_str())).await?;
    visit.page(Page::new("case.html", "case.title", content(visit, &story)?).unless(no))
}

fn content(visit: &Visit, story: &Story) -> Result<Value, Problem> {
    let (me, shown) = (visit.me()?, &story.shown);
    let case = &shown.case;
    let deeds: &[CaseDeed] = if me.may(Role::Compliance) { &story.deeds } else { &[] };
    Ok(context! {
        case => facts(visit, story),
        users => story.users.iter().map(ToString::to_string).collect::<Vec<_>>(),
        steps => steps(visit, case),
        deeds => deeds.iter().map(|deed| context! {
            name => deed.as_str(),
            text => word(visit, "deed", deed.as_str()),
            tone => tone(*deed),
        }).collect::<Vec<_>>(),
        // Who has decided does not approve.
        waits_for_another => case.state == CaseState::AwaitingApproval && !story.deeds.contains(&CaseDeed::Approve),
        kinds => kinds(visit, &shown.records),
        records => shown.records.iter().map(|(kind, id)| context! {
            id, kind => word(visit, "kind", kind.as_str()),
        }).collect::<Vec<_>>(),
        is_shared => !shown.candidates.is_empty(),
        progress => story.progress.as_ref().map(|one| progress(visit, one)),
        receipt => receipt_rows(visit, case),
        timeline => story.timeline.iter().map(|entry| moment(visit, entry)).collect::<Vec<_>>(),
    })
}

/// How a deed's button looks.
fn tone(deed: CaseDeed) -> &'static str {
    match deed {
        CaseDeed::Decide | CaseDeed::Approve | CaseDeed::Mail => "primary",
        CaseDeed::Refuse | CaseDeed::Withdraw => "danger",
        CaseDeed::Vouch | CaseDeed::Extend => "",
    }
}

/// What is known of a case itself.
pub(super) fn facts(visit: &Visit, story: &Story) -> Value {
    let (case, clocks) = (&story.shown.case, &story.shown.clocks);
    context! {
        id => case.id.as_str(),
        client => case.client.as_str(),
        state => state(visit, case.state),
        is_over => case.state.is_final(),
        clock => clock(visit, case),
        due => visit.day(clocks.due.on),
        due_with_pause => if clocks.due == clocks.due_with_pause { Value::from(()) } else { visit.day(clocks.due_with_pause.on) },
        zone => visit.app().erasure.zone().to_string(),
        received => visit.when(case.received_at),
        opened => visit.when(case.created_at),
        origin => word(visit, "case_origin", case.origin.as_str()),
        records => case.records,
        revokes => case.revokes,
        identity => case.identity.map(|how| word(visit, "case_identity", Identity::as_str(how))),
        identified => visit.maybe_when(case.identified_at),
        link_until => visit.maybe_when(story.link_until),
        extension => case.extended.map(|(_, reason)| word(visit, "case_reason", ExtensionReason::as_str(reason))),
        extended => visit.maybe_when(case.extended.map(|(at, _)| at)),
        hold_basis => case.held.as_ref().map(|(basis, _)| basis.as_str()),
        held_until => visit.maybe_when(case.held.as_ref().map(|(_, until)| *until)),
        decided_by => case.decided_by.as_deref(),
        grounds => case.refusal.as_ref().map(|(grounds, _)| word(visit, "case_grounds", Grounds::as_str(*grounds))),
        basis => case.refusal.as_ref().and_then(|(_, basis)| basis.as_deref()),
        seen => case.seen().to_string(),
    }
}

/// The way of a case: what is behind it, where it stands, and what is to come.
fn steps(visit: &Visit, case: &Case) -> Vec<Value> {
    let carried = |at: Option<Timestamp>, is_now: bool| match (at, is_now) {
        (Some(_), _) => "done",
        (None, true) => "now",
        (None, false) => "next",
    };
    let is = |state| case.state == state;
    let ended = case.state.is_final().then_some(case.updated_at);
    let has_begun = matches!(case.state, CaseState::CarryingOut | CaseState::Done);
    let two = case.approved_at.is_some()
        || is(CaseState::AwaitingApproval)
        || (!has_begun && !is(CaseState::Held) && cases::takes_two(visit.app()));
    let mut all = vec![("received", Some(case.received_at), false)];
    all.push(("identified", case.identified_at, is(CaseState::AwaitingIdentity)));
    match case.state {
        CaseState::Refused => all.push(("refused", ended, false)),
        CaseState::Withdrawn => all.push(("withdrawn", ended, false)),
        _ => {
            all.push(("decided", case.decided_at, is(CaseState::AwaitingDecision)));
            if two {
                all.push(("approved", case.approved_at, is(CaseState::AwaitingApproval)));
            }
            if let Some((_, until)) = &case.held {
                all.push(("held", Some(*until).filter(|_| has_begun), is(CaseState::Held)));
            }
            all.push(("carried_out", ended, is(CaseState::CarryingOut)));
        }
    }
    all.into_iter()
        .filter(|(name, at, _)| *name != "identified" || at.is_some() || ended.is_none())
        .map(|(name, at, is_now)| {
            context! { text => word(visit, "case_step", name), at => visit.maybe_when(at), status => carried(at, is_now) }
        })
        .collect()
}

/// How many records of each kind there are.
pub(super) fn kinds(visit: &Visit, records: &[(RecordKind, String)]) -> Vec<Value> {
    let count = |kind: &RecordKind| records.iter().filter(|(there, _)| there == kind).count();
    let all = RecordKind::ALL.iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0);
    all.map(|(kind, count)| context! { kind => word(visit, "kind", kind.as_str()), count }).collect()
}

fn progress(visit: &Visit, of: &Progress) -> Value {
    let phase = of.carried.run.phase;
    let phases: Vec<_> = Phase::ALL
        .iter()
        .map(|one| {
            let status = match one.cmp(&phase) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "now",
                std::cmp::Ordering::Greater => "next",
            };
            context! { text => word(visit, "case_phase", one.as_str()), status, at => () }
        })
        .collect();
    context! {
        phases,
        all => of.all, settled => of.settled, forgotten => of.forgotten,
        mail => word(visit, "case_mail", of.carried.run.mail.as_str()),
        since => visit.when(of.carried.run.started_at),
        next => visit.maybe_when(of.work.as_ref().map(|job| job.due_at)),
        reason => of.work.as_ref().and_then(|job| job.reason.as_deref()),
    }
}

/// What a receipt says, if there is one.
fn receipt_rows(visit: &Visit, case: &Case) -> Value {
    let Some(text) = &case.receipt else { return Value::from(()) };
    let read: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let subject = read.get("credentialSubject").unwrap_or(&read);
    let rows: Vec<_> = OF_RECEIPT
        .iter()
        .filter_map(|name| subject.get(*name).map(|value| (name, value)))
        .map(|(name, value)| {
            let text = match value {
                serde_json::Value::String(text) => word(visit, "case_mail", text),
                other => other.to_string(),
            };
            context! { name => word(visit, "case_receipt", name), text }
        })
        .collect();
    Value::from(rows)
}

fn moment(visit: &Visit, entry: &ToldEntry) -> Value {
    context! {
        at => visit.maybe_when(Timestamp::from_unix_millis(entry.at).ok()),
        text => word(visit, "act", &entry.act),
        actor => entry.actor.as_str(),
        more => entry.detail.as_str(),
    }
}

/// The receipt, as a file.
pub(in crate::http) async fn receipt(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let receipt = story(&visit, &id).await?.shown.case.receipt.ok_or_else(|| Problem::new(Code::NotFound))?;
    let name = format!("attachment; filename=\"{id}.json\"");
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(|error| Problem::fault(&error))?),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, receipt).into_response())
}
