//! Canonical N-Quads of any JSON-LD document, as the JavaScript libraries make them today.
//!
//! ssi expands, turns to RDF and labels blank nodes; its own text form has the escapes of an older draft and
//! sorts by code points. Here lines are escaped by RDFC-1.0 and sorted by UTF-16 code units.

use std::fmt::Write as _;

use rdf_types::{Id, LexicalQuad, LiteralType, Object, Quad, Term};
use serde_json::Value;
use ssi::json_ld::json_ld::Loader;
use ssi::json_ld::syntax::{self, Parse as _};
use ssi::json_ld::{CompactJsonLd, Expandable as _};
use ssi::rdf::{AnyLdEnvironment as _, LdEnvironment};

use crate::contexts::all_contexts;

/// Deepest nesting that is processed; the libraries below recurse.
const MAX_DEPTH: usize = 64;

/// Why a document has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkedDataError {
    /// Not JSON.
    #[error("is not JSON")]
    Json,
    /// Nested too deeply.
    #[error("is nested too deeply")]
    TooDeep,
    /// A context that is not known or not valid, a member or type without meaning, a relative id.
    #[error("has a context, member or id that JSON-LD cannot make sense of")]
    Expansion,
}

/// The canonical N-Quads of `document`, with all contexts that are compiled in. Members, types and ids without a
/// meaning are errors ("safe mode").
pub fn canonical_nquads(document: &str) -> Result<String, LinkedDataError> {
    canonical(&parse(document)?, &all_contexts())
}

/// Reads JSON as JavaScript does: of equal members, the last counts.
pub(crate) fn parse(document: &str) -> Result<Value, LinkedDataError> {
    if depth(document) > MAX_DEPTH {
        return Err(LinkedDataError::TooDeep);
    }
    serde_json::from_str(document).map_err(|_| LinkedDataError::Json)
}

/// An upper bound that does not look at texts: brackets inside them count.
fn depth(document: &str) -> usize {
    let mut in_text = false;
    let mut escaped = false;
    let (mut now, mut most) = (0_usize, 0);
    for byte in document.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

pub(crate) fn canonical(document: &Value, loader: &impl Loader) -> Result<String, LinkedDataError> {
    let mut document = document.clone();
    let disguise = Disguise::unlike(&document.to_string());
    disguise.put_on(&mut document);

    let mut environment = LdEnvironment::default();
    let (document, _) = syntax::Value::parse_str(&document.to_string()).map_err(|_| LinkedDataError::Json)?;
    let document = CompactJsonLd(document);
    let expanded = futures_executor::block_on(document.expand_with(&mut environment, loader))
        .map_err(|_| LinkedDataError::Expansion)?;
    let quads = environment.canonical_quads_of(&expanded).map_err(|_| LinkedDataError::Expansion)?;
    let mut lines: Vec<String> = quads.iter().map(|quad| disguise.take_off(line(quad))).collect();
    lines.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    lines.dedup();
    Ok(lines.concat())
}

/// JavaScript takes ids with characters that RFC 3987 forbids, and escapes them in N-Quads; ssi drops such ids in
/// silence. So those characters wear a disguise while ssi works.
struct Disguise(String);

impl Disguise {
    /// A disguise that does not occur in `document`.
    fn unlike(document: &str) -> Self {
        let mut mark = "escaped-".to_owned();
        while document.contains(&mark) {
            mark.push('-');
        }
        Self(mark)
    }

    fn put_on(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_on(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(id)
                            if ["id", "@id", "issuer", "verificationMethod"].contains(&name.as_str()) =>
                        {
                            *id = self.disguised(id);
                        }
                        _ if name != "@context" => self.put_on(value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn disguised(&self, id: &str) -> String {
        id.chars().fold(String::with_capacity(id.len()), |mut out, c| {
            match c {
                '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' => {
                    let _ = write!(out, "{}{:04X}", self.0, u32::from(c)); // writing to memory cannot fail
                }
                _ => out.push(c),
            }
            out
        })
    }

    fn take_off(&self, line: String) -> String {
        if line.contains(&self.0) { line.replace(&self.0, "\\u") } else { line }
    }
}

fn line(Quad(subject, predicate, object, graph): &LexicalQuad) -> String {
    let mut line = String::new();
    push_id(subject, &mut line);
    line.push(' ');
    push_iri(predicate, &mut line);
    line.push(' ');
    push_object(object, &mut line);
    if let Some(graph) = graph {
        line.push(' ');
        push_id(graph, &mut line);
    }
    line.push_str(" .\n");
    line
}

fn push_object(object: &Object, out: &mut String) {
    let literal = match object {
        Term::Id(id) => return push_id(id, out),
        Term::Literal(literal) => literal,
    };
    out.push('"');
    for c in literal.value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => push_escape(c, out),
            _ => out.push(c),
        }
    }
    out.push('"');
    match &literal.type_ {
        LiteralType::LangString(language) => {
            out.push('@');
            out.push_str(language);
        }
        LiteralType::Any(iri) if iri.as_str() == "http://www.w3.org/2001/XMLSchema#string" => {}
        LiteralType::Any(iri) => {
            out.push_str("^^");
            push_iri(iri, out);
        }
    }
}

fn push_id(id: &Id, out: &mut String) {
    match id {
        Id::Iri(iri) => push_iri(iri, out),
        Id::Blank(label) => out.push_str(label),
    }
}

fn push_iri(iri: &str, out: &mut String) {
    out.push('<');
    for c in iri.chars() {
        match c {
            '\0'..=' ' | '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' => push_escape(c, out),
            _ => out.push(c),
        }
    }
    out.push('>');
}

fn push_escape(c: char, out: &mut String) {
    let _ = write!(out, "\\u{:04X}", u32::from(c)); // writing to memory cannot fail
}
