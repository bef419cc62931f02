//! What JavaScript makes of JSON: texts, truth, numbers, dates, URLs.

pub(super) mod date;
pub(super) mod number;

use serde_json::{Map, Value};

use super::{No, TOO_LARGE};

/// Reads JSON as `JSON.parse` does: of equal members the last counts, numbers have no bounds, and half a surrogate pair
/// is a character (which hashing turns into U+FFFD).
pub(super) fn parse_object(text: &str) -> Result<Map<String, Value>, No> {
    const NO_OBJECT: No = No::Refused("it is not a JSON object");
    if !text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{') {
        return Err(NO_OBJECT);
    }
    serde_json::from_str(&without_half_pairs(text)).map_err(|error| {
        // The one error that is this reader's own bound.
        if error.to_string().starts_with("recursion limit") { No::NotJudged(TOO_LARGE) } else { NO_OBJECT }
    })
}

/// The text with U+FFFD for every escaped half of a surrogate pair.
fn without_half_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push('\u{fffd}');
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        let (escape, after) = escape.split_at(length);
        out.push_str(escape);
        rest = after;
    }
    out + rest
}

/// The code unit of an escape `\uXXXX` at the start of a text.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if digits.bytes().all(|b| b.is_ascii_hexdigit()) { u16::from_str_radix(digits, 16).ok() } else { None }
}

/// What counts as true.
pub(super) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number::value(number) != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// What `\s` matches in a pattern.
pub(super) fn is_white_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
            | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// The items of a list, or the one value that stands for a list of one.
pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// `String(value)`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(value) => number::text(number::value(value)),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let item = |item: &Value| if item.is_null() { String::new() } else { text(item) };
            items.iter().map(item).collect::<Vec<_>>().join(",")
        }
        Value::Object(_) => "[object Object]".to_owned(),
    }
}

/// Whether `new URL(value)` takes it.
pub(super) fn is_url(value: &Value) -> bool {
    url::Url::parse(&text(value)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn truth_and_texts_are_those_of_javascript() {
        for value in [json!([]), json!("0"), json!({}), json!(-1), json!(true)] {
            assert!(is_truthy(&value), "{value}");
        }
        for value in [json!(""), json!(0), json!(null), json!(false), json!(-0.0)] {
            assert!(!is_truthy(&value), "{value}");
        }
        for (value, expected) in [
            (json!(["a", ["b", null, [1.50, true]], {}]), "a,b,,1.5,true,[object Object]"),
            (json!(null), "null"),
            (json!([null]), ""),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn half_pairs_become_what_they_are_hashed_as() {
        for (written, read) in [
            (r#"{"a":"\ud800"}"#, "\u{fffd}"),
            (r#"{"a":"\udc00\ud800x"}"#, "\u{fffd}\u{fffd}x"),
            (r#"{"a":"\uD83D\uDE00"}"#, "\u{1f600}"),
            (r#"{"a":"\\ud800"}"#, "\\ud800"),
            (r#"{"a":"\\\ud800\n"}"#, "\\\u{fffd}\n"),
            (r#"{"a":"\ud800\u0041"}"#, "\u{fffd}A"),
        ] {
            let object = parse_object(written).ok().unwrap();
            assert_eq!(object["a"], read, "{written}");
        }
        assert!(parse_object(r#"{"a":"\ud8"}"#).is_err());
        assert!(parse_object("{\"a\":\"\\").is_err());
    }
}
