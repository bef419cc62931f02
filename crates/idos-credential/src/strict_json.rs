//! JSON without surprises: no member twice, no deep nesting, members in the order in which they stand.
//!
//! Parsers differ on which of two equal members counts, and a signature says nothing about the other one, so a
//! credential or a piece of evidence with a repeated member is refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Deepest nesting that is read. idOS credentials and evidence need four.
const MAX_DEPTH: usize = 16;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; its digits are of no interest here.
    Number,
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
}

impl Json {
    /// Reads one JSON value and nothing after it.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        let mut parser = serde_json::Deserializer::from_slice(text);
        let value = Depth(0).deserialize(&mut parser).map_err(|e| explain(&e))?;
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

fn explain(error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    if text.starts_with(DUPLICATE) {
        JsonError::Duplicate
    } else if text.starts_with(TOO_DEEP) || text.starts_with("recursion limit") {
        JsonError::TooDeep
    } else {
        JsonError::Syntax { line: error.line(), column: error.column() }
    }
}

#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 < MAX_DEPTH { Ok(Self(self.0 + 1)) } else { Err(E::custom(TOO_DEEP)) }
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
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

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
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
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let deeper = self.deeper()?;
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
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
