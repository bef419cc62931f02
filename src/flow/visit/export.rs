//! What is kept about a visitor, as a JSON document that they take with them (GDPR, Art. 15(3) and 20(1)). `docs/person-page.md` describes it.

use serde::Serialize;
use serde_json::{Map, json};

use super::own::{OwnRecord, Until, Viewer, own};
use super::records::texts;
use super::{Inside, VisitError};
use crate::app::App;
use crate::flow::look::Value;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::personal::Personal;
use crate::model::staff::Role;
use crate::model::visit::{Visitor, Way};

/// The version of the document's form.
const VERSION: u32 = 1;

/// The keys of the issuer's that facts name: nothing about anybody.
const NOT_THEIRS: &[&str] = &["write_key"];

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    version: u32,
    generated_at: String,
    issuer: String,
    identified_by: &'static str,
    records: Vec<serde_json::Value>,
}

/// All that is kept about the visitor, as a document. That it was taken is written down.
pub async fn export(app: &App, me: &Inside) -> Result<Personal<String>, VisitError> {
    let now = app.clock.now();
    let all = own(app, &me.visitor).await?;
    let document = Document {
        version: VERSION,
        generated_at: now.to_string(),
        issuer: app.issuer_url(),
        identified_by: me.visit.way.as_str(),
        records: all.iter().map(|record| shown(record, me)).collect(),
    };
    let text = serde_json::to_string_pretty(&document).unwrap_or_default(); // texts and numbers only
    let records: Vec<_> = all.into_iter().map(|record| record.hit.record).collect();
    let mut tx = app.store.begin().await?;
    for record in texts(&records) {
        // What is erased by now is not named.
        if tx.is_in_audit(&record).await? {
            tx.record(&AuditEntry::new(now, Actor::Person, AuditAction::OwnDataExported, &record)).await?;
        }
    }
    tx.commit().await?;
    Ok(Personal::new(text))
}

fn shown(record: &OwnRecord, me: &Inside) -> serde_json::Value {
    let mut data = Map::new();
    for fact in record.facts.iter().filter(|fact| !NOT_THEIRS.contains(&fact.name)) {
        let value = match &fact.value {
            Value::Code(code) => json!(code),
            Value::Text(text) => json!(text),
            Value::Moment(moment) => json!(moment.to_string()),
            Value::Number(number) => json!(number),
        };
        data.insert(fact.name.to_owned(), value);
    }
    let until = match record.until {
        Until::Moment(at) => json!({ "at": at.to_string() }),
        Until::MonthsAfter(months) => json!({ "monthsAfterItIsOver": months }),
        Until::WithIssuance => json!({ "with": "the issuance that was made of it" }),
    };
    let contact = record.contact.as_ref().map(|there| {
        json!({
            "email": there.contact.as_ref().map(|contact| address(contact.email.expose(), me)),
            "locale": there.contact.as_ref().map(|contact| contact.locale.as_str()),
            "reminders": there.reminders,
            "isUnreachable": there.is_unreachable,
        })
    });
    let notices: Vec<_> = record
        .sent
        .iter()
        .map(|notice| json!({ "daysBeforeTheEnd": notice.days, "sentAt": notice.sent_at.map(|at| at.to_string()) }))
        .collect();
    let views: Vec<_> =
        record.views.iter().map(|(viewer, hours)| json!({ "by": called(*viewer), "hours": hours })).collect();
    let cases: Vec<_> = record
        .cases
        .iter()
        .map(|own| {
            json!({
                "id": own.case.id.to_string(),
                "state": own.case.state.as_str(),
                "receivedAt": own.case.received_at.to_string(),
                "dueAt": own.due_at.to_string(),
                "heldUntil": own.case.held.as_ref().map(|(_, until)| until.to_string()),
                "heldBy": own.case.held.as_ref().map(|(basis, _)| basis),
                "refusedBecause": own.case.refusal.as_ref().map(|(grounds, _)| grounds.as_str()),
                "refusedBy": own.case.refusal.as_ref().and_then(|(_, basis)| basis.as_ref()),
            })
        })
        .collect();
    json!({
        "kind": record.hit.record.kind(),
        "id": record.hit.record.as_str(),
        "state": record.hit.state,
        "data": data,
        "keptUntil": until,
        "keptContent": record.kept.map(|kept| json!({ "stage": kept.stage.as_str(), "until": kept.until.to_string() })),
        "contact": contact,
        "noticesSent": notices,
        "views": views,
        "erasureRequests": cases,
    })
}

/// An address: the whole one for whoever reads what goes there, and else as it is shown.
fn address(address: &str, me: &Inside) -> String {
    match (&me.visitor, me.visit.way) {
        (Visitor::Address(_), Way::Mail) => address.to_owned(),
        _ => masked(address),
    }
}

/// An address with all but the beginning of its local part hidden: enough for its owner to know it.
#[must_use]
pub fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or(("", address));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

/// What a viewer is called, as a code.
fn called(viewer: Viewer) -> String {
    match viewer {
        Viewer::Staff(role) => format!("staff:{}", role.map_or("former", Role::as_str)),
        Viewer::Operator => "operator".to_owned(),
        Viewer::Program => "program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn an_address_is_known_by_its_owner_alone() {
        assert_eq!(masked("ana.exemplo@example.com"), "a•••@example.com");
        assert_eq!(masked("\"a@b\"@example.com"), "\"•••@example.com");
        assert_eq!(masked("é@example.com"), "é•••@example.com");
    }
}
