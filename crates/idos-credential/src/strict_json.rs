//! JSON without surprises: no member twice, no deep nesting, members in the order in which they stand.
//!
//! Parsers differ on which of two equal members counts, and a signature says nothing about the other one, so a
//! credential or a piece of evidence with a repeated member is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Deepest nesting that is read. idOS credentials and evidence need four.
const MAX_DEPTH: usize = 16;
/// Most values that are read, members and items of lists together. A value costs far more memory than its text;
/// idOS credentials and evidence have less than a hundred.
const MAX_VALUES: usize = 4096;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as JavaScript reads it: the nearest one of double precision (IEEE 754).
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object; no name occurs twice.
    Object(Vec<(String, Json)>),
}

/// Why a text is not such JSON. Names no part of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or not UTF-8.
    #[error("is not JSON (line {line}, column {column})")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// The same member twice in one object.
    #[error("has a member twice")]
    Duplicate,
    /// Nested deeper than 16 levels.
    #[error("is nested too deeply")]
    TooDeep,
    /// More than 4096 values.
    #[error("has too many members")]
    TooMany,
    /// A number that double precision cannot hold.
    #[error("has a number out of range")]
    OutOfRange,
    /// A member whose name the parser keeps to itself; other parts of a program could take it for another thing.
    #[error("has a member with a reserved name")]
    Reserved,
}

impl Json {
    /// Reads one JSON value and nothing after it.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        let mut parser = serde_json::Deserializer::from_slice(text);
        let left = Cell::new(MAX_VALUES);
        let value = Seed { depth: 0, left: &left }.deserialize(&mut parser).map_err(|e| explain(&e))?;
        parser.end().map_err(|e| explain(&e))?;
        Ok(value)
    }

    /// The member `name` of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

const DUPLICATE: &str = "duplicate member";
const TOO_DEEP: &str = "too deep";
const TOO_MANY: &str = "too many values";
/// As `serde_json` says it, unless its `arbitrary_precision` is on.
const OUT_OF_RANGE: &str = "number out of range";
/// How `serde_json` hands over a number when some crate in the build has switched on its `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";
/// How names begin that `serde_json` gives a meaning of its own.
const RESERVED: &str = "$serde_json::private::";

fn explain(error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    if text.starts_with(DUPLICATE) {
        JsonError::Duplicate
    } else if text.starts_with(RESERVED) {
        JsonError::Reserved
    } else if text.starts_with(TOO_MANY) {
        JsonError::TooMany
    } else if text.starts_with(OUT_OF_RANGE) {
        JsonError::OutOfRange
    } else if text.starts_with(TOO_DEEP) || text.starts_with("recursion limit") {
        JsonError::TooDeep
    } else {
        JsonError::Syntax { line: error.line(), column: error.column() }
    }
}

#[derive(Clone, Copy)]
struct Seed<'c> {
    depth: usize,
    left: &'c Cell<usize>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth < MAX_DEPTH {
            Ok(Self { depth: self.depth + 1, ..self })
        } else {
            Err(E::custom(TOO_DEEP))
        }
    }

    fn count<E: serde::de::Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| E::custom(TOO_MANY))?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest number is the one that JavaScript reads")]
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest number is the one that JavaScript reads")]
    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let deeper = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(deeper)? {
            self.count()?;
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let deeper = self.deeper()?;
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == NUMBER {
                let number =
                    map.next_value::<String>()?.parse().ok().filter(|number: &f64| number.is_finite());
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return number.map(Json::Number).ok_or_else(|| A::Error::custom(OUT_OF_RANGE));
            }
            if name.starts_with(RESERVED) {
                return Err(A::Error::custom(RESERVED));
            }
            self.count()?;
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(DUPLICATE));
            }
            let value = map.next_value_seed(deeper)?;
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_stand_once() {
        let json = Json::parse(br#"{"b":1,"a":["x",null,true]}"#).unwrap();
        assert_eq!(
            json.member("a"),
            Some(&Json::List(vec![Json::Text("x".into()), Json::Null, Json::Bool(true)]))
        );
        assert_eq!(Json::parse(br#"{"a":1,"a":1}"#), Err(JsonError::Duplicate));
        assert_eq!(Json::parse(br#"{"a":1,"\u0061":1}"#), Err(JsonError::Duplicate));
    }

    #[test]
    fn numbers_are_numbers_in_every_build() {
        for (text, number) in [
            ("1", 1.0),
            ("0.98", 0.98),
            ("-1.5e300", -1.5e300),
            ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890.0),
            (r#"{"$serde_json::private::Number":"97.25"}"#, 97.25),
        ] {
            assert_eq!(Json::parse(text.as_bytes()), Ok(Json::Number(number)), "{text}");
        }
        for text in [
            "1e400",
            r#"{"$serde_json::private::Number":"1e400"}"#,
            r#"{"$serde_json::private::Number":"x"}"#,
        ] {
            assert_eq!(Json::parse(text.as_bytes()), Err(JsonError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn names_that_the_parser_keeps_to_itself_are_refused() {
        let text = r#"{"a":{"$serde_json::private::RawValue":"[7]"}}"#;
        assert_eq!(Json::parse(text.as_bytes()), Err(JsonError::Reserved));
    }

    #[test]
    fn too_many_values_are_refused_early() {
        let list = format!("[{}1]", "1,".repeat(5000));
        assert_eq!(Json::parse(list.as_bytes()), Err(JsonError::TooMany));
        let members: Vec<_> = (0..5000).map(|n| format!("\"{n}\":1")).collect();
        assert_eq!(Json::parse(format!("{{{}}}", members.join(",")).as_bytes()), Err(JsonError::TooMany));
    }

    #[test]
    fn errors_say_where_but_not_what() {
        assert_eq!(Json::parse(b"{\"secret\": nope}"), Err(JsonError::Syntax { line: 1, column: 13 }));
        assert!(matches!(Json::parse(b"\"\xff\""), Err(JsonError::Syntax { .. })));
        assert!(matches!(Json::parse(b"{} {}"), Err(JsonError::Syntax { .. })));
        assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), Err(JsonError::TooDeep));
        assert_eq!(
            Json::parse(format!("{}1{}", "[".repeat(20), "]".repeat(20)).as_bytes()),
            Err(JsonError::TooDeep)
        );
    }
}
