//! Canonical N-Quads as the official SDK's processor makes them: `jsonld` 9 in safe mode, then RDFC-1.0.
//!
//! ssi follows the JSON-LD recommendation; the SDK's processor differs in many places, and a verdict that is to be its
//! own has to differ in the same places. So this follows the algorithms of the recommendation (JSON-LD 1.1 Processing
//! Algorithms and API, sections 4, 5, 7 and 8) with the deviations of that processor, each said where it is made. Safe
//! mode makes an error of whatever would be dropped. `tests/interop/tests/as-sdk.test.js` holds it against the
//! processor itself.

mod canonical;
mod context;
mod expand;
mod iri;
mod nodes;
mod rdf;

use serde_json::Value;

use self::context::Active;
use super::contexts::Documents;

/// What is processed at the most, beside the bounds of `crate::canonical`: labelling nodes that look alike costs
/// exponential time.
const MAX_BLANK_NODES: usize = 64;

/// Why there are no N-Quads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The SDK's processor fails too.
    Refused,
    /// What the SDK's processor does is not known here: it depends on what it did before, or costs too much.
    Unknown,
}

/// Like `Result` everywhere below.
type Outcome<T> = Result<T, Failure>;

/// The canonical N-Quads of `document`.
pub(super) fn nquads(document: &Value, documents: &Documents) -> Outcome<String> {
    let document = without_prototypes(document)?;
    let processor = Processor { documents };
    let expanded = match processor.expand(&Active::initial(), &document)? {
        Value::Object(mut members) if members.len() == 1 && members.contains_key("@graph") => {
            members.remove("@graph").unwrap_or_default()
        }
        Value::Null => Value::Array(Vec::new()),
        expanded => expanded,
    };
    let expanded = match expanded {
        list @ Value::Array(_) => list,
        one => Value::Array(vec![one]),
    };
    let quads = rdf::quads(&nodes::node_map(&expanded)?)?;
    canonical::nquads(&quads)
}

/// What is the same for all of a document.
struct Processor<'a> {
    documents: &'a Documents,
}

/// A copy as the SDK's processor makes it. A member `__proto__` does not become a member of the copy: a plain value is
/// lost, an object becomes the prototype, whose members are then found by some of the processor's questions and not
/// by others.
fn without_prototypes(value: &Value) -> Outcome<Value> {
    Ok(match value {
        Value::Array(items) => Value::Array(items.iter().map(without_prototypes).collect::<Outcome<_>>()?),
        Value::Object(members) => {
            let mut copy = serde_json::Map::new();
            for (name, value) in members {
                match value {
                    Value::Object(inherited) if name == "__proto__" && !inherited.is_empty() => {
                        return Err(Failure::Unknown);
                    }
                    Value::Array(_) if name == "__proto__" => return Err(Failure::Unknown),
                    _ if name == "__proto__" => {}
                    _ => {
                        copy.insert(name.clone(), without_prototypes(value)?);
                    }
                }
            }
            Value::Object(copy)
        }
        plain => plain.clone(),
    })
}

/// The names of an object's members in the order of JavaScript's `sort`: by UTF-16 code units.
fn sorted_names(members: &serde_json::Map<String, Value>) -> Vec<&str> {
    let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
    names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    names
}

/// The value as a list.
fn into_items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        one => vec![one],
    }
}
