//! JSON without surprises, and the public notes that are read with it.

use std::borrow::Cow;

use idos_credential::PublicNotes;
use idos_credential::strict_json::{Json, JsonError};
use serde_json::Value;

use crate::input::text;

/// The names by which `serde_json` passes numbers and raw texts to itself. In foreign JSON they make its own
/// reader see something else than what is written, so that it cannot be the measure there.
const PRIVATE: &str = "$serde_json::private::";

/// Strict JSON: agrees with `serde_json` on what is JSON and what it says, apart from repeated members and depth.
pub fn json_strict(data: &[u8]) {
    let lax = serde_json::from_slice::<Value>(data);
    match Json::parse(data) {
        Ok(json) => {
            let may_have_private_names = contains(data, b"$serde") || contains(data, b"\\u");
            match lax {
                Ok(lax) if !(may_have_private_names && has_private_name(&json)) => assert_same(&json, &lax),
                Err(error) if !may_have_private_names => panic!("strict JSON is no JSON: {error}"),
                _ => {}
            }
        }
        Err(JsonError::Syntax { line, column }) => {
            assert!(line >= 1 && column <= data.len() + 1, "line {line}, column {column}");
            assert!(lax.is_err(), "the strict reader refuses JSON");
        }
        Err(_) => {} // members twice, and other things that serde_json does not mind
    }
}

fn contains(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}

fn has_private_name(json: &Json) -> bool {
    match json {
        Json::Object(members) => {
            members.iter().any(|(name, value)| name.starts_with(PRIVATE) || has_private_name(value))
        }
        Json::List(items) => items.iter().any(has_private_name),
        _ => false,
    }
}

fn assert_same(strict: &Json, lax: &Value) {
    match (strict, lax) {
        (Json::Null, Value::Null) | (Json::Number(_), Value::Number(_)) => {}
        (Json::Bool(a), Value::Bool(b)) => assert_eq!(a, b),
        (Json::Text(a), Value::String(b)) => assert_eq!(a, b),
        (Json::List(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).for_each(|(a, b)| assert_same(a, b));
        }
        (Json::Object(a), Value::Object(b)) => {
            assert_eq!(a.len(), b.len());
            for (name, a) in a {
                assert_same(a, &b[name]);
            }
        }
        (strict, lax) => panic!("{lax} is read as {strict:?}"),
    }
}

/// Public notes: setting a status changes nothing else, and gives notes that can be read again.
pub fn public_notes(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(notes) = PublicNotes::from_text(text.to_owned()) else { return };
    assert_eq!(notes.text(), text);
    assert!(!notes.id().is_empty() && !notes.level().is_empty());

    for status in ["revoked", notes.level()] {
        let changed = notes.with_status(status);
        assert_eq!((changed.id(), changed.level()), (notes.id(), notes.level()));
        assert_eq!(members(changed.text()), with_status(members(text), status));
        if changed.text().len() <= 16 * 1024 {
            assert_eq!(PublicNotes::from_text(changed.text().to_owned()), Ok(changed));
        }
    }
}

fn members(notes: &str) -> Vec<(Cow<'_, str>, Json)> {
    match Json::parse(notes.as_bytes()) {
        Ok(Json::Object(members)) => members.into_iter().map(|(name, json)| (name.into(), json)).collect(),
        other => panic!("notes are an object, not {other:?}"),
    }
}

fn with_status<'a>(mut members: Vec<(Cow<'a, str>, Json)>, status: &str) -> Vec<(Cow<'a, str>, Json)> {
    let status = Json::Text(status.to_owned());
    match members.iter_mut().find(|(name, _)| name == "status") {
        Some((_, value)) => *value = status,
        None => members.push(("status".into(), status)),
    }
    members
}
