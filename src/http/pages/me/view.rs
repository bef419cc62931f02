//! What is kept, as the page shows it.

use std::collections::BTreeMap;

use chrono::DateTime;
use minijinja::{Value, context};

use super::words;
use crate::app::App;
use crate::flow::visit::{Inside, OwnRecord, Until, Viewer, masked};
use crate::http::pages::language::Language;
use crate::model::case::{Case, CaseState};
use crate::model::notices::Zone;
use crate::model::sought::AnyRecord;
use crate::model::staff::Role;
use crate::model::time::Timestamp;
use crate::model::visit::Visitor;

/// A day, as it is written in a language.
pub(super) fn day(language: Language, at: Timestamp) -> String {
    let format = match language {
        Language::En => "%Y-%m-%d",
        Language::De => "%d.%m.%Y",
        Language::Fr | Language::Es | Language::Pt => "%d/%m/%Y",
    };
    formatted(at, format)
}

/// A time of the day.
pub(super) fn time(at: Timestamp) -> String {
    formatted(at, "%H:%M UTC")
}

/// The last day of a time that is counted in days of a calendar.
fn last_day(language: Language, zone: Zone, at: Timestamp) -> String {
    let noon = zone.day(at).and_hms_opt(12, 0, 0).map(|noon| noon.and_utc().timestamp_millis());
    let noon = noon.and_then(|millis| Timestamp::from_unix_millis(millis).ok());
    day(language, noon.unwrap_or(at))
}

fn formatted(at: Timestamp, format: &str) -> String {
    let moment = DateTime::from_timestamp_millis(at.unix_millis());
    moment.map_or_else(|| at.to_string(), |moment| moment.format(format).to_string())
}

/// Everything that the page shows.
pub(super) fn data(app: &App, language: Language, me: &Inside, all: &[OwnRecord]) -> Value {
    let who = match &me.visitor {
        Visitor::Address(email) => context! { way => "mail", address => masked(email.expose()) },
        Visitor::User(user_id) => context! { way => "wallet", user => user_id.to_string() },
    };
    let mut cases: BTreeMap<String, &Case> = BTreeMap::new();
    for own in all.iter().flat_map(|record| &record.cases) {
        cases.insert(own.case.id.to_string(), &own.case);
    }
    let contacts: Vec<_> = all
        .iter()
        .filter(|record| matches!(record.hit.record, AnyRecord::Issuance(_)))
        .filter_map(|record| record.contact.as_ref())
        .collect();
    let written = contacts.iter().find_map(|contact| contact.contact.as_ref());
    let mails = (!contacts.is_empty()).then(|| {
        context! {
            on => contacts.iter().any(|contact| contact.reminders),
            language => written.and_then(|contact| Language::of_tag(contact.locale.as_str())).map(Language::code),
        }
    });
    let net = all.iter().filter_map(|record| record.kept.as_ref()).map(|kept| kept.until).max();
    let is_under_way = |case: &&Case| !matches!(case.state, CaseState::Done | CaseState::Refused);
    // Who has come by a wallet shows who they are by asking again.
    let waits = cases.values().any(|case| case.state == CaseState::AwaitingIdentity);
    context! {
        who,
        ends => time(me.visit.ends_at),
        records => all.iter().map(|record| shown(app, language, record)).collect::<Vec<_>>(),
        may_erase => !cases.values().any(is_under_way) || (waits && matches!(me.visitor, Visitor::User(_))),
        cases => cases.into_values().map(|case| case_shown(app, language, case)).collect::<Vec<_>>(),
        mails,
        net => net.map(|until| day(language, until)),
        hold => app.erasure.hold().map(|hold| hold.basis),
    }
}

fn shown(app: &App, language: Language, record: &OwnRecord) -> Value {
    let (until, months) = match record.until {
        Until::Moment(at) => (Some(day(language, at)), None),
        Until::MonthsAfter(months) => (None, Some(months)),
        Until::WithIssuance => (None, None),
    };
    let mail = record.contact.as_ref().map(|there| {
        there.contact.as_ref().map(|contact| masked(contact.email.expose())).unwrap_or_default()
    });
    let sent: Vec<_> = record
        .sent
        .iter()
        .map(|notice| {
            context! { days => notice.days, day => notice.sent_at.map_or_else(|| "–".to_owned(), |at| day(language, at)) }
        })
        .collect();
    let views: Vec<_> =
        record.views.iter().map(|(viewer, n)| context! { who => called(language, *viewer), n }).collect();
    let is_issuance = matches!(record.hit.record, AnyRecord::Issuance(_));
    let kept = record.kept.as_ref().map(|kept| day(language, kept.until));
    context! {
        title => title(record),
        source => record.text("source").map(|name| called_source(app, &name)),
        record_id => record.hit.record.as_str(),
        state => state_of(record.hit.state),
        tone => tone(record.hit.state),
        what => what(&record.hit.record),
        why => why(&record.hit.record),
        made => day(language, record.hit.created_at),
        issued => record.moment("issued_at").map(|at| day(language, at)),
        valid_until => record.moment("valid_until").map(|at| day(language, at)),
        reference => record.hit.reference.as_deref(),
        until,
        months,
        mail,
        is_issuance,
        kept,
        is_on_its_way => state_of(record.hit.state) == "on_its_way",
        sent,
        views,
    }
}

/// The vendor behind a source, which people know; the source's own name where none is configured any more.
fn called_source(app: &App, name: &str) -> String {
    app.source(name).map_or_else(|| name.to_owned(), |source| source.vendor.name().to_owned())
}

/// The name of the words for what a record is.
fn title(record: &OwnRecord) -> &'static str {
    match &record.hit.record {
        AnyRecord::Issuance(_) => match record.text("kind").as_deref() {
            // Versions of one kind are one thing to a person.
            Some(kind) if kind.starts_with("kyc") => "kind.kyc",
            Some("edd") => "kind.edd",
            Some("personhood") => "kind.personhood",
            Some("wallet_linkage") => "kind.wallets",
            _ => "kind.other",
        },
        AnyRecord::Verification(_) => "kind.verification",
        AnyRecord::Profile(_) => "kind.profile",
        AnyRecord::Wallet(_) => "kind.wallet",
        AnyRecord::Attribute(_) => "kind.attribute",
        AnyRecord::WalletLink(_) => "kind.wallet_link",
        AnyRecord::Claim(_) => "kind.claim",
    }
}

fn what(record: &AnyRecord) -> &'static str {
    match record {
        AnyRecord::Issuance(_) => "what.issuance",
        AnyRecord::Verification(_) => "what.verification",
        AnyRecord::Profile(_) => "what.profile",
        AnyRecord::Wallet(_) | AnyRecord::Attribute(_) | AnyRecord::WalletLink(_) | AnyRecord::Claim(_) => {
            "what.other"
        }
    }
}

fn why(record: &AnyRecord) -> &'static str {
    match record {
        AnyRecord::Issuance(_) => "why.issuance",
        AnyRecord::Verification(_) => "why.verification",
        _ => "why.profile",
    }
}

/// What a state is to a person: several of ours are one.
fn state_of(state: &str) -> &'static str {
    match state {
        "issued" | "revoking" => "issued",
        "revoked" => "revoked",
        "failed" => "failed",
        "erased" => "erased",
        "declined" | "refused" => "declined",
        "ended" | "expired" => "over",
        "created" | "proven" | "linked" | "used" | "written" => "done",
        _ => "on_its_way",
    }
}

fn tone(state: &str) -> &'static str {
    match state_of(state) {
        "issued" | "done" => "good",
        "failed" | "declined" | "revoked" => "bad",
        _ => "plain",
    }
}

fn called(language: Language, viewer: Viewer) -> &'static str {
    let name = match viewer {
        Viewer::Staff(Some(Role::Viewer)) => "role.viewer",
        Viewer::Staff(Some(Role::Compliance)) => "role.compliance",
        Viewer::Staff(Some(Role::Admin)) => "role.admin",
        Viewer::Staff(None) => "role.former",
        Viewer::Operator => "role.operator",
        Viewer::Program => "role.program",
    };
    words::find(language, name).unwrap_or_default()
}

fn case_shown(app: &App, language: Language, case: &Case) -> Value {
    let zone = app.erasure.zone();
    let grounds = case.refusal.as_ref().map(|(grounds, basis)| {
        let words = words::find(language, &format!("grounds.{grounds}")).unwrap_or_default();
        match basis {
            Some(basis) => format!("{words} ({basis})"),
            None => words.to_owned(),
        }
    });
    let is_open = !matches!(case.state, CaseState::Done | CaseState::Refused | CaseState::Withdrawn);
    context! {
        case_id => case.id.to_string(),
        received => day(language, case.received_at),
        due => is_open.then(|| last_day(language, zone, case.due_at)),
        extended => case.extended.is_some(),
        state => match case.state {
            CaseState::AwaitingApproval => "awaiting_decision",
            state => state.as_str(),
        },
        held_until => case.held.as_ref().map(|(_, until)| last_day(language, zone, *until)),
        held_by => case.held.as_ref().map(|(basis, _)| basis.as_str()),
        grounds,
    }
}
