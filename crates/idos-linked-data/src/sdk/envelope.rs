//! The checks that the SDK makes before it looks at proofs.

use idos_credential::Timestamp;
use idos_credential::verify::CLOCK_SKEW_MILLIS;
use serde_json::{Map, Value};

use super::javascript::date::{has_date_time, millis};
use super::javascript::{is_truthy, is_url, items, text};

/// The contexts must begin with that of data model 1.1: the SDK would take 2.0 too, but cannot load its context.
pub(super) fn check(document: &Map<String, Value>, now: Timestamp) -> Result<(), &'static str> {
    let member = |name: &str| document.get(name).filter(|value| is_truthy(value));
    let first_context =
        document.get("@context").and_then(Value::as_array).and_then(|contexts| contexts.first());
    if first_context.and_then(Value::as_str) != Some(idos_credential::envelope::VCDM_CONTEXT) {
        return Err("its first context is not that of W3C credentials");
    }
    if !values(member("type")).any(|kind| kind == "VerifiableCredential") {
        return Err("its type is not VerifiableCredential");
    }
    check_subjects(member("credentialSubject"))?;
    let issuer = member("issuer").ok_or("it has no issuer")?;
    check_dates(document, now)?;
    let issuer = match issuer {
        Value::String(_) => issuer,
        other => other.get("id").filter(|id| is_truthy(id)).ok_or("its issuer has no id")?,
    };
    if !is_url(issuer) {
        return Err("its issuer is not a URL");
    }
    for evidence in values(member("evidence")) {
        let id = match evidence {
            Value::String(_) => Some(evidence),
            Value::Object(members) => members.get("id").filter(|id| is_truthy(id)),
            Value::Array(_) => None,
            _ => return Err("its evidence is neither an object nor a text"),
        };
        if !id.is_none_or(is_url) {
            return Err("its evidence is not a URL");
        }
    }
    for name in ["proof", "credentialStatus", "termsOfUse", "evidence"] {
        let entries = document.get(name).map(items).unwrap_or_default();
        if entries.iter().any(|entry| entry.get("type").is_none()) {
            return Err("its proof, credentialStatus, termsOfUse or evidence is not an object with a type");
        }
    }
    if member("credentialStatus").is_some() {
        return Err("it has a credentialStatus, which the SDK cannot check");
    }
    Ok(())
}

/// The items of a list, or the one value that stands for a list of one.
fn values(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.map(items).unwrap_or_default().iter()
}

/// A list passes for an object, and an empty list of subjects passes.
fn check_subjects(subjects: Option<&Value>) -> Result<(), &'static str> {
    for subject in items(subjects.ok_or("it has no credentialSubject")?) {
        match subject {
            Value::Array(items) if !items.is_empty() => {}
            Value::Object(members) if !members.is_empty() => {
                if !members.get("id").filter(|id| is_truthy(id)).is_none_or(is_url) {
                    return Err("the id of its credentialSubject is not a URL");
                }
            }
            _ => return Err("its credentialSubject makes no claim"),
        }
    }
    Ok(())
}

fn check_dates(document: &Map<String, Value>, now: Timestamp) -> Result<(), &'static str> {
    let start =
        document.get("issuanceDate").filter(|date| is_truthy(date)).ok_or("it has no issuanceDate")?;
    let is_date = |date: &Value| has_date_time(&text(date));
    if !is_date(start) {
        return Err("its issuanceDate is no date");
    }
    if items(start).len() > 1 {
        return Err("its issuanceDate is more than one");
    }
    let now = now.unix_millis();
    if let Some(end) = document.get("expirationDate") {
        if !is_date(end) {
            return Err("its expirationDate is no date");
        }
        // An invalid date is neither before nor after: the SDK counts it as over.
        if millis(&text(end)).is_none_or(|end| now.saturating_sub(end) >= CLOCK_SKEW_MILLIS) {
            return Err("it has expired");
        }
    }
    if millis(&text(start)).is_none_or(|start| start.saturating_sub(now) >= CLOCK_SKEW_MILLIS) {
        return Err("it is not valid yet");
    }
    Ok(())
}
