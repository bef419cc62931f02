//! A record with its timeline. That somebody looked at it is written down before it is shown.

use axum::extract::Path;
use axum::response::Response;
use minijinja::{Value, context};

use super::cases::row as row_of_case;
use super::notices::deeds;
use super::page::Page;
use super::shown::{row, state, word};
use super::visit::Visit;
use super::words;
use crate::flow::look::{self, Fact, Moment, Planned, Record, Value as Known, What};
use crate::flow::viewed::{Viewed, saw};
use crate::http::kit::problem::{Code, Problem};
use crate::model::sought::AnyRecord;
use crate::model::staff::Role;

fn not_found() -> Problem {
    Problem::new(Code::NotFound)
}

/// The page.
pub(in crate::http) async fn show(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let (me, app) = (visit.me()?, visit.app());
    let id: AnyRecord = id.parse().map_err(|_| not_found())?;
    let record = look::record(app, &me.staff.reach, &id).await?.ok_or_else(not_found)?;
    saw(app, &me.staff.actor(), Viewed::Record(id.as_str())).await?;
    let content = context! {
        record => row(&visit, &record.hit),
        facts => record.facts.iter().map(|known| fact(&visit, known)).collect::<Vec<_>>(),
        waits => record.waits.as_ref().map(|waits| context! {
            text => word(&visit, "waits", waits.what),
            until => visit.maybe_when(waits.until),
        }),
        stop => record.stop.as_ref().map(|stop| context! {
            code => stop.code,
            cure => words::cure(visit.language, stop.cure),
            obstacles => stop.obstacles.clone(),
            may_resume => stop.is_resumable && me.may(Role::Compliance),
        }),
        related => record.related.iter().map(|other| context! {
            relation => word(&visit, "relation", other.relation.as_str()),
            record => row(&visit, &other.hit),
        }).collect::<Vec<_>>(),
        notices => record.notices.iter().map(|notice| context! {
            id => notice.id.as_str(),
            days => notice.days,
            state => state(&visit, notice.state.as_str()),
            code => notice.code.map(crate::model::notices::NoticeCode::as_str),
            due => visit.when(notice.due_at),
            sent => visit.maybe_when(notice.sent_at),
            deeds => deeds(&visit, notice),
        }).collect::<Vec<_>>(),
        jobs => record.jobs.iter().map(|job| context! {
            work => job.work.as_str(),
            state => job.state.as_str(),
            due => visit.when(job.due_at),
            attempts => job.attempts,
            reason => job.reason.as_deref(),
        }).collect::<Vec<_>>(),
        events => events(&visit, &record),
        timeline => record.timeline.iter().map(|one| moment(&visit, one)).collect::<Vec<_>>(),
        has_earlier => record.has_earlier,
        cases => look::cases_about(app, &me.staff.reach, &id).await?.iter().map(|case| row_of_case(&visit, case)).collect::<Vec<_>>(),
        open_user => user_of(&record).filter(|_| me.may(Role::Compliance)),
        may_act => me.may(Role::Compliance),
    };
    visit.page(Page::new("record.html", "record.title", content))
}

/// The idOS user whose record it is, if it names one.
fn user_of(record: &Record) -> Option<&str> {
    record.facts.iter().find_map(|fact| match &fact.value {
        Known::Text(user) if fact.name == "user" => Some(user.as_str()),
        _ => None,
    })
}

fn fact(visit: &Visit, fact: &Fact) -> Value {
    let name = word(visit, "fact", fact.name);
    match &fact.value {
        Known::Code(code) => context! { name, text => word(visit, "code", code), at => (), mono => false },
        Known::Text(text) => context! { name, text => text.as_str(), at => (), mono => true },
        Known::Moment(at) => context! { name, text => "", at => visit.when(*at), mono => false },
        Known::Number(number) => context! { name, text => number.to_string(), at => (), mono => false },
    }
}

fn events(visit: &Visit, record: &Record) -> Vec<Value> {
    let shown = record.events.iter().map(|told| {
        let open: Vec<_> = told
            .open
            .iter()
            .map(|job| {
                context! {
                    endpoint => job.target.as_str(), state => job.state.as_str(), attempts => job.attempts,
                    reason => job.reason.as_deref(),
                }
            })
            .collect();
        context! {
            id => told.event.id.as_str(),
            kind => told.event.kind.as_str(),
            at => visit.when(told.event.created_at),
            open,
            given_up => told.is_given_up(),
        }
    });
    shown.collect()
}

fn moment(visit: &Visit, moment: &Moment) -> Value {
    let at = visit.when(moment.at);
    match &moment.what {
        What::Done { actor, act, detail, other, .. } => context! {
            at,
            text => word(visit, "act", act),
            actor => actor.as_str(),
            more => detail.as_str(),
            other => other.as_ref().map(AnyRecord::as_str),
            planned => false,
        },
        What::Planned(planned) => {
            let more = match planned {
                Planned::Notice(_, days) => days.to_string(),
                Planned::WaitEnds(what) => word(visit, "waits", what),
                Planned::Work(work) => work.as_str().to_owned(),
                Planned::CredentialEnds | Planned::LinkEnds => String::new(),
            };
            context! {
                at, text => word(visit, "planned", planned.as_str()), actor => "", more, other => (), planned => true,
            }
        }
    }
}

/// Brings one on that has stopped.
pub(in crate::http) async fn resume(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let staff = &visit.me()?.staff;
    let id: AnyRecord = id.parse().map_err(|_| not_found())?;
    let here = format!("/records/{id}");
    match look::resume(visit.app(), &staff.actor(), &staff.reach, &id).await? {
        None => Err(not_found()),
        Some(true) => Ok(visit.go_saying(&here, "said.resumed")),
        Some(false) => Ok(visit.go_saying(&here, "said.not_resumed")),
    }
}
