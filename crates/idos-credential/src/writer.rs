//! The text of a credential, as it is written: JSON as `JSON.stringify` spells it.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::base85;
use crate::claim::{Claim, Value};
use crate::nquads::{self, Datatype, Object};
use crate::number;

/// A literal as N-Quads escape it: files are already spelled so in the document.
pub(crate) enum Literal<'a> {
    Object(Object<'a>),
    Written(Range<usize>),
}

/// Writes JSON as `JSON.stringify` does. Wiped on drop.
pub(crate) struct Writer {
    bytes: Zeroizing<Vec<u8>>,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(capacity)) }
    }

    /// What was written so far: texts and Ascii85, so UTF-8.
    pub(crate) fn written(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// What was written.
    pub(crate) fn into_text(mut self) -> String {
        String::from_utf8(std::mem::take(&mut *self.bytes)).unwrap_or_default()
    }

    pub(crate) fn open(&mut self) {
        self.bytes.push(b'{');
    }

    pub(crate) fn close(&mut self) {
        self.bytes.push(b'}');
    }

    pub(crate) fn name(&mut self, name: &str) {
        if self.bytes.last() != Some(&b'{') {
            self.bytes.push(b',');
        }
        self.raw_text(name);
        self.bytes.push(b':');
    }

    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.bytes.extend_from_slice(json.as_bytes());
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.raw_text(text);
    }

    /// `serde_json` escapes exactly what `JSON.stringify` escapes.
    fn raw_text(&mut self, text: &str) {
        let written = serde_json::to_writer(&mut *self.bytes, text);
        debug_assert!(written.is_ok(), "writing text to memory cannot fail");
    }

    pub(crate) fn claim<'a>(&mut self, (term, value): &Claim<'a>) -> Literal<'a> {
        match value {
            Value::Text(text) => {
                self.text(term.name, text);
                Literal::Object(nquads::text_object(text))
            }
            Value::Date(date) => {
                let text = date.to_string();
                self.text(term.name, &text);
                Literal::Object((Cow::Owned(text), Datatype::String))
            }
            Value::Boolean(value) => {
                self.raw(term.name, if *value { "true" } else { "false" });
                Literal::Object(nquads::boolean_object(*value))
            }
            Value::Number(number) => {
                self.raw(term.name, &number::text(*number));
                Literal::Object(nquads::number_object(*number))
            }
            Value::File(file) => {
                self.name(term.name);
                self.bytes.push(b'"');
                let start = self.bytes.len();
                base85::encode_escaped(file, &mut self.bytes);
                let end = self.bytes.len();
                self.bytes.push(b'"');
                Literal::Written(start..end)
            }
        }
    }
}
