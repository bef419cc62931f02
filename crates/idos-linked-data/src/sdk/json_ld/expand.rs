//! Expansion (JSON-LD 1.1 API, section 5.1): every member under its IRI, every value an object.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::context::{Active, EMBEDDED, OF_PROPERTY, OF_TYPE};
use super::iri::{is_absolute, is_blank, is_keyword, is_language, is_like_a_keyword};
use super::{Failure, Outcome, Processor, into_items, sorted_names};
use crate::sdk::javascript::items;

const REFUSED: Failure = Failure::Refused;

/// Where an element stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    /// The member that it is a value of.
    property: Option<&'a str>,
    in_list: bool,
    in_index: bool,
}

/// What is the same for all members of an object, nested ones included.
struct Scene<'a> {
    active: &'a Rc<Active>,
    /// For types: the context before their own.
    of_types: &'a Rc<Active>,
    property: Option<&'a str>,
    /// What the property stands for.
    iri: Option<&'a str>,
    /// The first member that stands for `@type`.
    type_name: Option<&'a str>,
}

impl Processor<'_> {
    /// Expands a whole document.
    pub(super) fn expand(&self, active: &Rc<Active>, document: &Value) -> Outcome<Value> {
        self.element(active, document, Place::default(), None)
    }

    /// `Null` where nothing is left.
    fn element(
        &self,
        active: &Rc<Active>,
        element: &Value,
        place: Place<'_>,
        of_types: Option<&Rc<Active>>,
    ) -> Outcome<Value> {
        match element {
            Value::Null => Ok(Value::Null),
            Value::Array(elements) => self.list(active, elements, place, of_types),
            Value::Object(members) => self.object(active, members, place, of_types),
            plain => {
                let is_free = place
                    .property
                    .is_none_or(|property| active.vocabulary_iri(property).as_deref() == Some("@graph"));
                if is_free && !place.in_list {
                    Err(REFUSED)
                } else {
                    plain_value(active, place.property, plain)
                }
            }
        }
    }

    fn list(
        &self,
        active: &Rc<Active>,
        elements: &[Value],
        place: Place<'_>,
        of_types: Option<&Rc<Active>>,
    ) -> Outcome<Value> {
        let in_list = place.in_list || has_container(active, place.property, "@list");
        let mut expanded = Vec::new();
        for element in elements {
            match self.element(active, element, Place { in_list: false, ..place }, of_types)? {
                Value::Null => {}
                list @ Value::Array(_) if in_list => expanded.push(json!({ "@list": list })),
                Value::Array(items) => expanded.extend(items),
                one => expanded.push(one),
            }
        }
        Ok(Value::Array(expanded))
    }

    fn object(
        &self,
        active: &Rc<Active>,
        members: &Map<String, Value>,
        place: Place<'_>,
        of_types: Option<&Rc<Active>>,
    ) -> Outcome<Value> {
        let iri = place.property.and_then(|property| active.vocabulary_iri(property));
        let own_context = place.property.and_then(|property| active.term(property)?.context.clone());
        let names = sorted_names(members);
        let mut active = Rc::clone(active);
        let of_types = of_types.cloned().or_else(|| active.has_previous().then(|| Rc::clone(&active)));

        // The context of a type does not reach further nodes.
        let mut reverts = !place.in_index;
        if let Some(of_types) =
            of_types.filter(|_| reverts && names.len() <= 2 && !members.contains_key("@context"))
        {
            for name in &names {
                match of_types.vocabulary_iri(name).as_deref() {
                    Some("@value") => {
                        reverts = false;
                        active = of_types;
                        break;
                    }
                    Some("@id") if names.len() == 1 => {
                        reverts = false;
                        break;
                    }
                    _ => {}
                }
            }
        }
        if reverts {
            active = active.reverted();
        }
        if let Some(context) = own_context {
            active = self.process(&active, &context, OF_PROPERTY)?;
        }
        if let Some(context) = members.get("@context") {
            active = self.process(&active, context, EMBEDDED)?;
        }
        let of_types = Rc::clone(&active);
        let mut type_name = None;
        for name in &names {
            if active.vocabulary_iri(name).as_deref() != Some("@type") {
                continue;
            }
            type_name = type_name.or(Some(*name));
            let mut types: Vec<&str> =
                members.get(*name).map(items).unwrap_or_default().iter().filter_map(Value::as_str).collect();
            types.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            for kind in types {
                if let Some(context) = of_types.term(kind).and_then(|term| term.context.clone()) {
                    active = self.process(&active, &context, OF_TYPE)?;
                }
            }
        }

        let mut expanded = Map::new();
        let scene = Scene {
            active: &active,
            of_types: &of_types,
            property: place.property,
            iri: iri.as_deref(),
            type_name,
        };
        self.members(&scene, members, &mut expanded)?;
        finished(expanded, &scene, place.in_list)
    }

    fn members(
        &self,
        scene: &Scene<'_>,
        members: &Map<String, Value>,
        parent: &mut Map<String, Value>,
    ) -> Outcome<()> {
        let active = scene.active;
        let first_type = scene.type_name.and_then(|name| items(members.get(name)?).first()?.as_str());
        let is_json = first_type.is_some_and(|kind| active.vocabulary_iri(kind).as_deref() == Some("@json"));
        let mut nested = Vec::new();
        let mut plain = None;
        for name in sorted_names(members) {
            let Some(value) = members.get(name).filter(|_| name != "@context") else { continue };
            let iri = active
                .vocabulary_iri(name)
                .filter(|iri| is_absolute(iri) || is_keyword(iri))
                .ok_or(REFUSED)?;
            if is_keyword(&iri) {
                let may_repeat = ["@included", "@type"].contains(&iri.as_str());
                if scene.iri == Some("@reverse") || (parent.contains_key(&iri) && !may_repeat) {
                    return Err(REFUSED);
                }
            }
            match iri.as_str() {
                "@id" => {
                    let id = value.as_str().ok_or(REFUSED)?;
                    let id = active.iri(id, false, true).filter(|id| is_absolute(id)).ok_or(REFUSED)?;
                    parent.insert(iri, Value::String(id));
                }
                "@type" => {
                    for kind in items(value) {
                        let kind = kind.as_str().ok_or(REFUSED)?;
                        let kind = scene.of_types.iri(kind, true, true).ok_or(REFUSED)?;
                        if kind != "@json" && !is_absolute(&kind) {
                            return Err(REFUSED);
                        }
                        add(parent, &iri, Value::String(kind), false);
                    }
                }
                "@included" => {
                    let place = Place { property: scene.property, ..Place::default() };
                    let included = into_items(self.element(active, value, place, None)?);
                    if !included.iter().all(is_subject) {
                        return Err(REFUSED);
                    }
                    add(parent, &iri, Value::Array(included), true);
                }
                "@value" => {
                    plain = Some(value);
                    if is_json {
                        parent.insert(iri, value.clone());
                    } else {
                        add(parent, &iri, value.clone(), false);
                    }
                }
                "@language" if value.is_null() => {}
                "@language" => {
                    let tag = value.as_str().filter(|tag| is_language(tag)).ok_or(REFUSED)?;
                    parent.insert(iri, Value::String(tag.to_lowercase()));
                }
                "@direction" if matches!(value.as_str(), Some("ltr" | "rtl")) => {
                    parent.insert(iri, value.clone());
                }
                "@index" if value.is_string() => {
                    parent.insert(iri, value.clone());
                }
                "@direction" | "@index" => return Err(REFUSED),
                "@reverse" => self.reverse(active, value, parent)?,
                "@nest" => nested.push(name),
                "@graph" if !value.is_object() && !value.is_array() => return Err(REFUSED),
                _ => self.member(scene, name, &iri, value, parent)?,
            }
        }
        if parent.contains_key("@value")
            && parent.get("@type").and_then(Value::as_str) != Some("@json")
            && plain.is_some_and(|value| value.is_object() || value.is_array())
        {
            return Err(REFUSED);
        }
        for name in nested {
            for value in members.get(name).map(items).unwrap_or_default() {
                let inner = value.as_object().ok_or(REFUSED)?;
                if inner.keys().any(|name| active.vocabulary_iri(name).as_deref() == Some("@value")) {
                    return Err(REFUSED);
                }
                self.members(scene, inner, parent)?;
            }
        }
        Ok(())
    }

    /// The value of `@reverse`.
    fn reverse(&self, active: &Rc<Active>, value: &Value, parent: &mut Map<String, Value>) -> Outcome<()> {
        let value = value.as_object().ok_or(REFUSED)?;
        let place = Place { property: Some("@reverse"), ..Place::default() };
        let Value::Object(expanded) = self.object(active, value, place, None)? else { return Err(REFUSED) };
        for (property, values) in expanded {
            if property == "@reverse" {
                // Reversed twice.
                for (property, values) in values.as_object().into_iter().flatten() {
                    add(parent, property, values.clone(), true);
                }
                continue;
            }
            add_reverse(parent, &property, into_items(values))?;
        }
        Ok(())
    }

    /// A member that is not one of the keywords with rules of their own.
    fn member(
        &self,
        scene: &Scene<'_>,
        name: &str,
        iri: &str,
        value: &Value,
        parent: &mut Map<String, Value>,
    ) -> Outcome<()> {
        let active = scene.active;
        let term = active.term(name);
        let own = match term.and_then(|term| term.context.as_ref()) {
            Some(context) => self.process(active, context, OF_PROPERTY)?,
            None => Rc::clone(active),
        };
        let has = |container| has_container(active, Some(name), container);
        let map = value.as_object();
        let place = Place { property: Some(name), ..Place::default() };
        let mut expanded = if let Some(map) = map.filter(|_| has("@language")) {
            language_map(&own, name, map)?
        } else if let Some(map) = map.filter(|_| has("@index")) {
            let index = own.term(name).and_then(|term| term.index.as_deref()).unwrap_or("@index");
            self.index_map(&own, name, map, index, has("@graph"))?
        } else if let Some(map) = map.filter(|_| has("@id")) {
            self.index_map(&own, name, map, "@id", has("@graph"))?
        } else if let Some(map) = map.filter(|_| has("@type")) {
            self.index_map(&own.reverted(), name, map, "@type", false)?
        } else if iri == "@list" || iri == "@set" {
            let in_list = iri == "@list";
            let property = scene.property.filter(|_| !(in_list && scene.iri == Some("@graph")));
            self.element(&own, value, Place { property, in_list, in_index: false }, None)?
        } else if term.is_some_and(|term| term.kind.as_deref() == Some("@json")) {
            json!({ "@type": "@json", "@value": value })
        } else {
            self.element(&own, value, place, None)?
        };
        if expanded.is_null() {
            return Ok(());
        }
        if iri != "@list" && has("@list") && expanded.get("@list").is_none() {
            expanded = json!({ "@list": into_items(expanded) });
        }
        if has("@graph") && !has("@id") && !has("@index") {
            let graphs = into_items(expanded);
            if graphs.iter().any(is_droppable) {
                return Err(REFUSED);
            }
            if graphs.is_empty() {
                return Ok(());
            }
            expanded = graphs.into_iter().map(|graph| json!({ "@graph": into_items(graph) })).collect();
        }
        if own.term(name).is_some_and(|term| term.reverse) {
            return add_reverse(parent, iri, into_items(expanded));
        }
        add(parent, iri, expanded, true);
        Ok(())
    }

    fn index_map(
        &self,
        active: &Rc<Active>,
        property: &str,
        map: &Map<String, Value>,
        index: &str,
        is_graph: bool,
    ) -> Outcome<Value> {
        let mut active = Rc::clone(active);
        let mut expanded = Vec::new();
        let by_property = if index.starts_with('@') { None } else { active.vocabulary_iri(index) };
        for name in sorted_names(map) {
            if index == "@type"
                && let Some(context) = active.term(name).and_then(|term| term.context.clone())
            {
                active = self.process(&active, &context, OF_TYPE)?;
            }
            let place = Place { property: Some(property), in_list: false, in_index: true };
            let values = items(map.get(name).unwrap_or(&Value::Null));
            let Value::Array(values) = self.list(&active, values, place, None)? else { continue };
            let iri = active.vocabulary_iri(name);
            let is_none =
                if by_property.is_some() { name == "@none" } else { iri.as_deref() == Some("@none") };
            for mut item in values {
                if is_graph && !is_graph_object(&item) {
                    item = json!({ "@graph": [item] });
                }
                let Value::Object(item) = &mut item else { return Err(Failure::Unknown) };
                let is_value = item.contains_key("@value");
                if index == "@type" {
                    if !is_none {
                        let kind = iri.clone().map_or(Value::Null, Value::String);
                        let mut types = vec![kind];
                        types.extend(item.remove("@type").map(into_items).unwrap_or_default());
                        item.insert("@type".to_owned(), Value::Array(types));
                    }
                } else if is_value && index != "@index" {
                    return Err(REFUSED);
                } else if let Some(by_property) = &by_property {
                    if !is_none {
                        let key = plain_value(&active, Some(index), &Value::String(name.to_owned()))?;
                        let mut values = vec![key];
                        values.extend(item.remove(by_property).map(into_items).unwrap_or_default());
                        item.insert(by_property.clone(), Value::Array(values));
                    }
                } else if !is_none && !item.contains_key(index) {
                    let key =
                        if index == "@id" { active.iri(name, false, true) } else { Some(name.to_owned()) };
                    item.insert(index.to_owned(), key.map_or(Value::Null, Value::String));
                }
                expanded.push(Value::Object(std::mem::take(item)));
            }
        }
        Ok(Value::Array(expanded))
    }
}

fn has_container(active: &Active, property: Option<&str>, container: &str) -> bool {
    let term = property.and_then(|property| active.term(property));
    term.is_some_and(|term| term.container.iter().any(|own| own == container))
}

/// What an expanded object comes to.
fn finished(mut object: Map<String, Value>, scene: &Scene<'_>, in_list: bool) -> Outcome<Value> {
    let count = object.len();
    let has = |name: &str| object.contains_key(name);
    if let Some(value) = object.get("@value") {
        let tagged = has("@language") || has("@direction");
        let own = ["@value", "@type", "@index", "@language", "@direction"];
        if (has("@type") && tagged) || object.keys().any(|name| !own.contains(&name.as_str())) {
            return Err(REFUSED);
        }
        let types = object.get("@type").map(items).unwrap_or_default();
        let is_json = matches!(types, [kind] if kind == "@json");
        let is_iri = |kind: &Value| kind.as_str().is_some_and(|kind| is_absolute(kind) && !is_blank(kind));
        let fits = !value.is_null() && (value.is_string() || !has("@language")) && types.iter().all(is_iri);
        if !is_json && !fits {
            return Err(REFUSED);
        }
    } else if has("@type") && !object.get("@type").is_some_and(Value::is_array) {
        if let Some(kind) = object.get_mut("@type") {
            *kind = Value::Array(vec![kind.take()]);
        }
    } else if has("@set") || has("@list") {
        if count > 1 && !(count == 2 && has("@index")) {
            return Err(REFUSED);
        }
        if let Some(set) = object.remove("@set") {
            return Ok(set);
        }
    } else if count == 1 && has("@language") {
        return Err(REFUSED);
    }
    let is_top = scene.property.is_none()
        || scene.iri == Some("@graph")
        || has_container(scene.active, scene.property, "@graph");
    let object = Value::Object(object);
    if is_top && !in_list && is_droppable(&object) {
        return Err(REFUSED);
    }
    Ok(object)
}

/// What would be dropped where nothing refers to it: nothing, a value, a list, an id alone.
fn is_droppable(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object.is_empty()
            || object.contains_key("@value")
            || object.contains_key("@list")
            || (object.len() == 1 && object.contains_key("@id"))
    })
}

/// A node, and more than a reference to one.
fn is_subject(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        !["@value", "@set", "@list"].iter().any(|name| object.contains_key(*name))
            && (object.len() > 1 || !object.contains_key("@id"))
    })
}

fn is_graph_object(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object.contains_key("@graph")
            && object.keys().filter(|name| *name != "@id" && *name != "@index").count() == 1
    })
}

/// Value expansion (section 5.3).
fn plain_value(active: &Active, property: Option<&str>, value: &Value) -> Outcome<Value> {
    let name = property.unwrap_or_default();
    let iri = property.and_then(|property| active.vocabulary_iri(property));
    let kind = property.and_then(|property| active.term(property)?.kind.as_deref());
    let iri_value = |iri: Option<String>| iri.map_or(Value::Null, Value::String);
    if let Some(text) = value.as_str() {
        match (iri.as_deref(), kind) {
            (Some("@id"), _) => return Ok(iri_value(active.iri(text, false, true))),
            (Some("@type"), _) => return Ok(iri_value(active.iri(text, true, true))),
            (Some("@graph"), _) | (_, Some("@id")) => {
                let id = active.iri(text, false, true);
                if id.is_none() && is_like_a_keyword(text) {
                    return Err(REFUSED);
                }
                return Ok(json!({ "@id": id }));
            }
            (_, Some("@vocab")) => return Ok(json!({ "@id": active.iri(text, true, true) })),
            _ => {}
        }
    }
    if iri.as_deref().is_some_and(is_keyword) {
        return Ok(value.clone());
    }
    let mut object = Map::new();
    match kind.filter(|kind| !["@id", "@vocab", "@none"].contains(kind)) {
        Some(kind) => {
            object.insert("@type".to_owned(), Value::String(kind.to_owned()));
        }
        None if value.is_string() => {
            for (name, value) in
                [("@language", active.language_of(name)), ("@direction", active.direction_of(name))]
            {
                object.extend(value.map(|value| (name.to_owned(), Value::String(value))));
            }
        }
        None => {}
    }
    object.insert("@value".to_owned(), value.clone());
    Ok(Value::Object(object))
}

fn language_map(active: &Active, property: &str, map: &Map<String, Value>) -> Outcome<Value> {
    let direction = active.direction_of(property);
    let mut expanded = Vec::new();
    for name in sorted_names(map) {
        let is_none = active.vocabulary_iri(name).as_deref() == Some("@none");
        for item in map.get(name).map(items).unwrap_or_default() {
            if item.is_null() {
                continue;
            }
            if !item.is_string() || !(is_none || is_language(name)) {
                return Err(REFUSED);
            }
            let mut value = Map::from_iter([("@value".to_owned(), item.clone())]);
            if !is_none {
                value.insert("@language".to_owned(), Value::String(name.to_lowercase()));
            }
            value.extend(direction.clone().map(|d| ("@direction".to_owned(), Value::String(d))));
            expanded.push(Value::Object(value));
        }
    }
    Ok(Value::Array(expanded))
}

/// Adds a value, or each of a list of them. The first stands alone unless `is_list`.
pub(super) fn add(object: &mut Map<String, Value>, name: &str, value: Value, is_list: bool) {
    match value {
        Value::Array(values) => {
            if values.is_empty() && is_list {
                object.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            }
            for value in values {
                add(object, name, value, is_list);
            }
        }
        value => match object.get_mut(name) {
            None => {
                let value = if is_list { Value::Array(vec![value]) } else { value };
                object.insert(name.to_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        },
    }
}

fn add_reverse(parent: &mut Map<String, Value>, property: &str, values: Vec<Value>) -> Outcome<()> {
    if values.iter().any(|value| value.get("@value").is_some() || value.get("@list").is_some()) {
        return Err(REFUSED);
    }
    let map = parent.entry("@reverse").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(map) = map else { return Err(Failure::Unknown) };
    add(map, property, Value::Array(values), true);
    Ok(())
}
