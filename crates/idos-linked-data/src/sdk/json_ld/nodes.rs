//! Node map generation (JSON-LD 1.1 API, section 7.2): one entry for each node of each graph.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::iri::{is_blank, is_keyword};
use super::{Failure, MAX_BLANK_NODES, Outcome, sorted_names};
use crate::sdk::javascript::{items, number};

/// The nodes of a graph by their ids: each with its properties, lists of values.
pub(super) type Graph = BTreeMap<String, Map<String, Value>>;

/// All graphs by their names; `None` is the default graph.
pub(super) struct NodeMap {
    pub(super) graphs: BTreeMap<Option<String>, Graph>,
    pub(super) labels: Labels,
}

/// New labels for blank nodes.
#[derive(Default)]
pub(super) struct Labels {
    by_old: HashMap<String, String>,
    count: usize,
}

impl Labels {
    pub(super) fn fresh(&mut self) -> Outcome<String> {
        self.count += 1;
        if self.count > MAX_BLANK_NODES {
            Err(Failure::Unknown)
        } else {
            Ok(format!("_:b{}", self.count - 1))
        }
    }

    fn of(&mut self, old: Option<&str>) -> Outcome<String> {
        let Some(old) = old else { return self.fresh() };
        if let Some(label) = self.by_old.get(old) {
            return Ok(label.clone());
        }
        let label = self.fresh()?;
        self.by_old.insert(old.to_owned(), label.clone());
        Ok(label)
    }

    /// The same, where `id` is of a blank node; else the id.
    fn or_iri(&mut self, id: &str) -> Outcome<String> {
        if is_blank(id) { self.of(Some(id)) } else { Ok(id.to_owned()) }
    }
}

pub(super) fn node_map(expanded: &Value) -> Outcome<NodeMap> {
    let mut map = NodeMap { graphs: BTreeMap::from([(None, Graph::new())]), labels: Labels::default() };
    map.read(expanded, None, None, None)?;
    Ok(map)
}

impl NodeMap {
    fn node(&mut self, graph: Option<&str>, name: &str) -> &mut Map<String, Value> {
        let graph = self.graphs.entry(graph.map(str::to_owned)).or_default();
        graph.entry(name.to_owned()).or_default()
    }

    fn read(
        &mut self,
        input: &Value,
        graph: Option<&str>,
        name: Option<&str>,
        mut list: Option<&mut Vec<Value>>,
    ) -> Outcome<()> {
        let object = match input {
            Value::Array(inputs) => {
                return inputs
                    .iter()
                    .try_for_each(|input| self.read(input, graph, None, list.as_deref_mut()));
            }
            Value::Object(object) => object,
            plain => {
                if let Some(list) = list {
                    list.push(plain.clone());
                }
                return Ok(());
            }
        };
        if object.contains_key("@value") {
            if let Some(list) = list {
                list.push(input.clone());
            }
            return Ok(());
        }
        if let (Some(list), Some(inner)) = (list.as_deref_mut(), object.get("@list")) {
            let mut items = Vec::new();
            self.read(inner, graph, name, Some(&mut items))?;
            list.push(json!({ "@list": items }));
            return Ok(());
        }
        for kind in object.get("@type").map(items).unwrap_or_default() {
            self.labels.or_iri(kind.as_str().ok_or(Failure::Refused)?)?;
        }
        let name = match (name, object.get("@id")) {
            (Some(name), _) => name.to_owned(),
            (None, Some(Value::String(id))) => self.labels.or_iri(id)?,
            // To the SDK's processor this is a node, and its name is undefined.
            (None, None) if object.contains_key("@set") || object.contains_key("@list") => {
                return Err(Failure::Refused);
            }
            (None, _) => self.labels.of(None)?,
        };
        if let Some(list) = list {
            list.push(json!({ "@id": name }));
        }
        self.node(graph, &name);
        for property in sorted_names(object) {
            let Some(value) = object.get(property) else { continue };
            match property {
                "@id" => {}
                "@reverse" => self.reversed(value, graph, &name)?,
                "@graph" => {
                    self.graphs.entry(Some(name.clone())).or_default();
                    self.read(value, Some(&name), None, None)?;
                }
                "@included" => self.read(value, graph, None, None)?,
                "@index" => {
                    let there = self.node(graph, &name).insert(property.to_owned(), value.clone());
                    if there.is_some_and(|there| there != *value) {
                        return Err(Failure::Refused);
                    }
                }
                keyword if keyword != "@type" && is_keyword(keyword) => {}
                _ => self.property(value, graph, &name, property)?,
            }
        }
        Ok(())
    }

    fn reversed(&mut self, map: &Value, graph: Option<&str>, name: &str) -> Outcome<()> {
        let map = map.as_object().ok_or(Failure::Refused)?;
        for property in sorted_names(map) {
            for item in map.get(property).map(items).unwrap_or_default() {
                let id = match item.get("@id").and_then(Value::as_str) {
                    Some(id) => self.labels.or_iri(id)?,
                    None => self.labels.of(None)?,
                };
                self.read(item, graph, Some(&id), None)?;
                add_once(self.node(graph, &id), property, json!({ "@id": name }));
            }
        }
        Ok(())
    }

    fn property(&mut self, values: &Value, graph: Option<&str>, name: &str, property: &str) -> Outcome<()> {
        let property = self.labels.or_iri(property)?;
        let values = items(values);
        if values.is_empty() {
            self.node(graph, name).entry(property.clone()).or_insert_with(|| Value::Array(Vec::new()));
        }
        for value in values {
            let value = match value {
                Value::String(kind) if property == "@type" => Value::String(self.labels.or_iri(kind)?),
                Value::Object(object) if object.contains_key("@value") => value.clone(),
                Value::Object(object) if object.contains_key("@list") => {
                    let mut list = Vec::new();
                    let inner = object.get("@list").unwrap_or(&Value::Null);
                    self.read(inner, graph, Some(name), Some(&mut list))?;
                    json!({ "@list": list })
                }
                Value::Object(object) if object.contains_key("@set") => return Err(Failure::Refused),
                Value::Object(object) => {
                    let id = match object.get("@id") {
                        Some(Value::String(id)) if !id.is_empty() => self.labels.or_iri(id)?,
                        Some(_) => continue,
                        None => self.labels.of(None)?,
                    };
                    add_once(self.node(graph, name), &property, json!({ "@id": id }));
                    self.read(value, graph, Some(&id), None)?;
                    continue;
                }
                _ => return Err(Failure::Unknown),
            };
            add_once(self.node(graph, name), &property, value);
        }
        Ok(())
    }
}

/// Adds a value unless an equal one is there.
fn add_once(node: &mut Map<String, Value>, property: &str, value: Value) {
    let values = node.entry(property).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(values) = values
        && !values.iter().any(|there| are_equal(there, &value))
    {
        values.push(value);
    }
}

/// Equal values by text, type, language and index (not by direction); equal nodes by id; lists never.
fn are_equal(a: &Value, b: &Value) -> bool {
    if let (Some(a_value), Some(b_value)) = (a.get("@value"), b.get("@value")) {
        let same = |name| a.get(name) == b.get(name);
        let same_value = match (a_value, b_value) {
            (Value::Number(a), Value::Number(b)) => number::value(a).total_cmp(&number::value(b)).is_eq(),
            (Value::Array(_) | Value::Object(_), _) => false,
            (a, b) => a == b,
        };
        return same_value && same("@type") && same("@language") && same("@index");
    }
    match (a.get("@id"), b.get("@id")) {
        (Some(a), Some(b)) => a == b,
        _ => a.is_string() && a == b,
    }
}
