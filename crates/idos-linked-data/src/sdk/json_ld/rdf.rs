//! Expanded JSON-LD as RDF (JSON-LD 1.1 API, section 8.1), directions as `i18n` datatypes.

use serde_json::{Value, json};

use super::iri::{is_absolute, is_blank, is_keyword};
use super::nodes::{Graph, NodeMap};
use super::{Failure, Outcome, sorted_names};
use crate::sdk::javascript::number;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// A node, by IRI or by label (`_:…`), or a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Node(String),
    Literal { text: String, datatype: String, language: Option<String> },
}

/// A statement in a graph; `None` is the default graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quad {
    pub(super) subject: String,
    pub(super) predicate: String,
    pub(super) object: Term,
    pub(super) graph: Option<String>,
}

pub(super) fn quads(map: &NodeMap) -> Outcome<Vec<Quad>> {
    let mut quads = Writer { quads: Vec::new(), labels: 0 };
    for (name, graph) in &map.graphs {
        if name.as_deref().is_some_and(|name| !is_absolute(name)) {
            return Err(Failure::Refused);
        }
        quads.graph(name.as_deref(), graph)?;
    }
    Ok(quads.quads)
}

struct Writer {
    quads: Vec<Quad>,
    /// How many nodes of lists there are.
    labels: usize,
}

impl Writer {
    fn graph(&mut self, name: Option<&str>, graph: &Graph) -> Outcome<()> {
        for (subject, node) in graph {
            for property in sorted_names(node) {
                let predicate = match property {
                    "@type" => format!("{RDF}type"),
                    keyword if is_keyword(keyword) => continue,
                    property => property.to_owned(),
                };
                for item in node.get(property).and_then(Value::as_array).into_iter().flatten() {
                    if !is_absolute(subject) || !is_absolute(&predicate) || is_blank(&predicate) {
                        return Err(Failure::Refused);
                    }
                    let object = self.object(item, name)?;
                    self.push(subject.clone(), &predicate, object, name);
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, subject: String, predicate: &str, object: Term, graph: Option<&str>) {
        let (predicate, graph) = (predicate.to_owned(), graph.map(str::to_owned));
        self.quads.push(Quad { subject, predicate, object, graph });
    }

    fn object(&mut self, item: &Value, graph: Option<&str>) -> Outcome<Term> {
        if let Some(value) = item.get("@value") {
            return literal(item, value);
        }
        if let Some(list) = item.get("@list") {
            return Ok(Term::Node(self.list(list.as_array().map(Vec::as_slice).unwrap_or_default(), graph)?));
        }
        let id = item.as_str().or_else(|| item.get("@id")?.as_str()).ok_or(Failure::Refused)?;
        if is_absolute(id) { Ok(Term::Node(id.to_owned())) } else { Err(Failure::Refused) }
    }

    fn list(&mut self, list: &[Value], graph: Option<&str>) -> Outcome<String> {
        let Some((first, rest)) = list.split_first() else { return Ok(format!("{RDF}nil")) };
        self.labels += 1;
        if self.labels > super::MAX_BLANK_NODES {
            return Err(Failure::Unknown);
        }
        let node = format!("_:l{}", self.labels);
        let object = self.object(first, graph)?;
        let rest = self.list(rest, graph)?;
        self.push(node.clone(), &format!("{RDF}first"), object, graph);
        self.push(node.clone(), &format!("{RDF}rest"), Term::Node(rest), graph);
        Ok(node)
    }
}

fn literal(item: &Value, value: &Value) -> Outcome<Term> {
    let datatype = match item.get("@type") {
        Some(Value::Array(types)) => {
            Some(types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        one => one.and_then(Value::as_str).map(str::to_owned),
    };
    let member = |name| item.get(name).and_then(Value::as_str);
    let typed = |text: String, otherwise: &str| {
        let datatype = datatype.clone().unwrap_or_else(|| format!("{XSD}{otherwise}"));
        Ok(Term::Literal { text, datatype, language: None })
    };
    if datatype.as_deref() == Some("@json") {
        let datatype = format!("{RDF}JSON");
        return Ok(Term::Literal { text: canonical_json(value), datatype, language: None });
    }
    let double = format!("{XSD}double");
    match value {
        Value::Bool(truth) => typed(truth.to_string(), "boolean"),
        Value::Number(value) => {
            let value = number::value(value);
            if number::is_double(value) || datatype.as_deref() == Some(&double) {
                typed(number::double(value), "double")
            } else {
                typed(number::integer(value), "integer")
            }
        }
        Value::String(text) if datatype.as_deref() == Some(&double) => {
            typed(number::double(number::parse_float(text)), "double")
        }
        Value::String(text) => {
            let language = member("@language");
            if let Some(direction) = member("@direction") {
                let tag = language.unwrap_or_default().to_lowercase();
                let datatype = format!("https://www.w3.org/ns/i18n#{tag}_{direction}");
                return Ok(Term::Literal { text: text.clone(), datatype, language: None });
            }
            if let Some(language) = language {
                let (datatype, language) = (format!("{RDF}langString"), Some(language.to_owned()));
                return Ok(Term::Literal { text: text.clone(), datatype, language });
            }
            typed(text.clone(), "string")
        }
        _ => Err(Failure::Refused),
    }
}

/// RFC 8785.
fn canonical_json(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical_json).collect::<Vec<_>>().join(","))
        }
        Value::Object(members) => {
            let member = |name: &str| {
                format!("{}:{}", json!(name), members.get(name).map(canonical_json).unwrap_or_default())
            };
            let members: Vec<_> = sorted_names(members).into_iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Number(value) => number::text(number::value(value)),
        plain => plain.to_string(),
    }
}
