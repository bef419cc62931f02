//! Canonical N-Quads (RDFC-1.0), where every blank node can be told from the others by its own statements. Nodes that
//! look alike need a search that costs exponential time, and that the SDK's processor breaks off at a bound of its own;
//! credentials that people issue have none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::iri::is_blank;
use super::rdf::{Quad, Term};
use super::{Failure, Outcome};
use crate::nquads::{push_iri, push_text};

pub(super) fn nquads(quads: &[Quad]) -> Outcome<String> {
    let labels = labels(quads)?;
    let mut lines: Vec<String> = quads.iter().map(|quad| line(quad, &|id| labels.get(id).cloned())).collect();
    lines.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    Ok(lines.concat())
}

/// Labels by the hashes of what is said of each node (section 4.6, Hash First Degree Quads).
fn labels(quads: &[Quad]) -> Outcome<BTreeMap<String, String>> {
    let mut by_hash = BTreeMap::new();
    for id in blank_nodes(quads) {
        let label = |other: &str| Some(if other == id { "_:a" } else { "_:z" }.to_owned());
        let mut lines: Vec<String> = quads
            .iter()
            .filter(|quad| ids(quad).any(|other| other == id))
            .map(|quad| line(quad, &label))
            .collect();
        lines.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        let hash: [u8; 32] = Sha256::digest(lines.concat()).into();
        if by_hash.insert(hash, id).is_some() {
            return Err(Failure::Unknown);
        }
    }
    Ok(by_hash.into_values().enumerate().map(|(n, id)| (id.to_owned(), format!("_:c14n{n}"))).collect())
}

fn blank_nodes(quads: &[Quad]) -> impl Iterator<Item = &str> {
    let all: std::collections::BTreeSet<&str> =
        quads.iter().flat_map(ids).filter(|id| is_blank(id)).collect();
    all.into_iter()
}

fn ids(quad: &Quad) -> impl Iterator<Item = &str> {
    let object = match &quad.object {
        Term::Node(id) => Some(id.as_str()),
        Term::Literal { .. } => None,
    };
    [Some(quad.subject.as_str()), object, quad.graph.as_deref()].into_iter().flatten()
}

fn line(quad: &Quad, label: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    push_node(&quad.subject, label, &mut out);
    out.push(' ');
    push_iri(&quad.predicate, &mut out);
    out.push(' ');
    match &quad.object {
        Term::Node(id) => push_node(id, label, &mut out),
        Term::Literal { text, datatype, language } => {
            push_text(text, &mut out);
            if let Some(language) = language {
                let _ = write!(out, "@{language}"); // writing to memory cannot fail
            } else if datatype != "http://www.w3.org/2001/XMLSchema#string" {
                out.push_str("^^");
                push_iri(datatype, &mut out);
            }
        }
    }
    if let Some(graph) = &quad.graph {
        out.push(' ');
        push_node(graph, label, &mut out);
    }
    out.push_str(" .\n");
    out
}

fn push_node(id: &str, label: &dyn Fn(&str) -> Option<String>, out: &mut String) {
    match label(id).filter(|_| is_blank(id)) {
        Some(label) => out.push_str(&label),
        None => push_iri(id, out),
    }
}
