//! JSON as vendors send it, wiped from memory after use.

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use crate::fault::Fault;

/// A JSON text. Its texts are wiped on drop.
pub(crate) struct Json(Value);

impl Json {
    /// Reads one. A byte order mark is none of JSON, and neither is a web page.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(bytes).map(Self).map_err(|_| Fault::NotJson)
    }

    /// One that is to be sent.
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    pub(crate) fn to_text(&self) -> String {
        self.0.to_string()
    }

    /// What vendors' answers are: an object.
    pub(crate) fn object(&self) -> Result<Object<'_>, Fault> {
        self.0.as_object().map(Object).ok_or(Fault::Malformed("the body"))
    }

    /// The objects of an answer that is a list.
    pub(crate) fn objects(&self) -> Result<Vec<Object<'_>>, Fault> {
        let items = self.0.as_array().ok_or(Fault::Malformed("the body"))?;
        items.iter().map(|item| item.as_object().map(Object).ok_or(Fault::Malformed("the body"))).collect()
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The depth is bounded by the parser.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A JSON object. `null` and a missing member are the same everywhere: vendors do not tell them apart.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Less the white space around it. A blank text is none, and neither is `{}`, which one vendor's documentation has
    /// where there is nothing.
    pub(crate) fn text(self, name: &'static str) -> Result<Option<&'a str>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        if value.as_object().is_some_and(Map::is_empty) {
            return Ok(None);
        }
        let text = value.as_str().ok_or(Fault::Malformed(name))?.trim();
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub(crate) fn required_text(self, name: &'static str) -> Result<&'a str, Fault> {
        self.text(name)?.ok_or(Fault::Missing(name))
    }

    pub(crate) fn flag(self, name: &'static str) -> Result<Option<bool>, Fault> {
        self.get(name).map(|value| value.as_bool().ok_or(Fault::Malformed(name))).transpose()
    }

    pub(crate) fn whole(self, name: &'static str) -> Result<Option<i64>, Fault> {
        self.get(name).map(|value| value.as_i64().ok_or(Fault::Malformed(name))).transpose()
    }

    pub(crate) fn object(self, name: &'static str) -> Result<Option<Object<'a>>, Fault> {
        self.get(name).map(|value| value.as_object().map(Object).ok_or(Fault::Malformed(name))).transpose()
    }

    pub(crate) fn required_object(self, name: &'static str) -> Result<Object<'a>, Fault> {
        self.object(name)?.ok_or(Fault::Missing(name))
    }

    /// None where the list is missing.
    pub(crate) fn objects(self, name: &'static str) -> Result<Vec<Object<'a>>, Fault> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or(Fault::Malformed(name))?;
        items.iter().map(|item| item.as_object().map(Object).ok_or(Fault::Malformed(name))).collect()
    }

    /// None where the list is missing.
    pub(crate) fn texts(self, name: &'static str) -> Result<Vec<&'a str>, Fault> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or(Fault::Malformed(name))?;
        items.iter().map(|item| item.as_str().map(str::trim).ok_or(Fault::Malformed(name))).collect()
    }
}
