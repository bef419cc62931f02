//! Canonical N-Quads of any JSON-LD document, as the JavaScript libraries make them today.
//!
//! ssi expands, turns to RDF and labels blank nodes; its own text form has the escapes of an older draft and
//! sorts by code points. Here lines are escaped by RDFC-1.0 and sorted by UTF-16 code units.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rdf_types::{Id, LexicalQuad, LiteralType, Object, Quad, Term};
use serde_json::Value;
use ssi::json_ld::json_ld::Loader;
use ssi::json_ld::syntax::{self, Parse as _};
use ssi::json_ld::{CompactJsonLd, Expandable as _};
use ssi::rdf::urdna2015::normalize;
use ssi::rdf::{AnyLdEnvironment as _, LdEnvironment};

use crate::contexts::all_contexts;
use crate::nquads::{push_iri, push_text};

/// What is processed at the most. General JSON-LD costs much memory a value, and labelling blank nodes that look
/// alike costs exponential time ("poison graphs", RDFC-1.0 section 7): credentials have two or three.
const MAX_BYTES: usize = 8 * 1024 * 1024;
const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 4096;
const MAX_BLANK_NODES: usize = 5;

/// Why a document has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkedDataError {
    /// Not JSON.
    #[error("is not JSON")]
    Json,
    /// Longer than 8 MiB, deeper than 64 levels, more than 4096 values, or more than 5 nodes without an id.
    #[error("is too large to be processed")]
    TooLarge,
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
    check_size(document)?;
    serde_json::from_str(document).map_err(|_| LinkedDataError::Json)
}

/// Bounds what the processing of `document` can cost, before anything is allocated for it.
pub(crate) fn check_size(document: &str) -> Result<(), LinkedDataError> {
    let mut in_text = false;
    let mut escaped = false;
    let (mut depth, mut values) = (0_usize, 0_usize);
    for byte in document.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH || values > MAX_VALUES {
            return Err(LinkedDataError::TooLarge);
        }
    }
    if document.len() > MAX_BYTES { Err(LinkedDataError::TooLarge) } else { Ok(()) }
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
    let quads = environment.quads_of(&expanded).map_err(|_| LinkedDataError::Expansion)?;
    if blank_nodes(&quads) > MAX_BLANK_NODES {
        return Err(LinkedDataError::TooLarge);
    }
    let labelled = normalize(quads.iter().map(|quad| quad.as_lexical_quad_ref()));
    let mut lines: Vec<String> = labelled.map(|quad| disguise.take_off(line(&quad))).collect();
    lines.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    lines.dedup();
    Ok(lines.concat())
}

fn blank_nodes(quads: &[LexicalQuad]) -> usize {
    let mut labels = BTreeSet::new();
    for Quad(subject, _, object, graph) in quads {
        let object = match object {
            Term::Id(id) => Some(id),
            Term::Literal(_) => None,
        };
        for id in [Some(subject), object, graph.as_ref()].into_iter().flatten() {
            if let Id::Blank(label) = id {
                labels.insert(label.as_str());
            }
        }
    }
    labels.len()
}

/// JavaScript takes ids with characters that RFC 3987 forbids, and escapes them in N-Quads; ssi drops such ids in
/// silence. So those characters wear a disguise while ssi works.
struct Disguise(String);

impl Disguise {
    /// A disguise that does not occur in `document`: the first number that follows no such mark in it.
    fn unlike(document: &str) -> Self {
        let digits = |text: &str| {
            text.chars().take_while(char::is_ascii_digit).take(9).collect::<String>().parse().ok()
        };
        let taken: BTreeSet<u32> = document.split("escaped-").skip(1).filter_map(digits).collect();
        let free = (0..u32::MAX).find(|n| !taken.contains(n)).unwrap_or_default();
        Self(format!("escaped-{free}-"))
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
    push_text(&literal.value, out);
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
