//! Active contexts: what names stand for (JSON-LD 1.1 API, sections 4 and 5.2).

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::iri::{is_absolute, is_blank, is_keyword, is_language, is_like_a_keyword, resolve};
use super::{Failure, Outcome, Processor};
use crate::sdk::javascript::{is_truthy, items};

const REFUSED: Failure = Failure::Refused;

/// What a name stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Term {
    /// `None` maps the term to null: it stands for nothing.
    pub(super) id: Option<String>,
    pub(super) reverse: bool,
    pub(super) kind: Option<String>,
    /// Sorted.
    pub(super) container: Vec<String>,
    pub(super) index: Option<String>,
    pub(super) context: Option<Value>,
    language: Setting,
    direction: Setting,
    nest: Option<String>,
    prefix: Option<bool>,
    protected: bool,
}

/// What a term says of the language or direction of its values.
#[derive(Clone, Debug, Default, PartialEq)]
enum Setting {
    #[default]
    OfTheContext,
    Taken,
    Given(String),
}

impl Setting {
    fn of(value: Option<String>) -> Self {
        value.map_or(Self::Taken, Self::Given)
    }

    fn or(&self, of_the_context: Option<&String>) -> Option<String> {
        match self {
            Self::OfTheContext => of_the_context.cloned(),
            Self::Taken => None,
            Self::Given(value) => Some(value.clone()),
        }
    }
}

/// A context in effect.
#[derive(Clone, Debug, Default)]
pub(super) struct Active {
    terms: BTreeMap<String, Rc<Term>>,
    has_protected: bool,
    base: Option<String>,
    vocabulary: Option<String>,
    language: Option<String>,
    direction: Option<String>,
    previous: Option<Rc<Active>>,
}

impl Active {
    pub(super) fn initial() -> Rc<Self> {
        Rc::new(Self::default())
    }

    /// A copy to be changed. The SDK's processor forgets the default direction in it.
    fn child(&self) -> Self {
        Self { direction: None, ..self.clone() }
    }

    pub(super) fn term(&self, name: &str) -> Option<&Term> {
        self.terms.get(name).map(Rc::as_ref)
    }

    pub(super) fn has_previous(&self) -> bool {
        self.previous.is_some()
    }

    /// The context before a type's own, if this is a type's.
    pub(super) fn reverted(self: &Rc<Self>) -> Rc<Self> {
        self.previous.as_ref().map_or_else(|| Rc::clone(self), |previous| Rc::new(previous.child()))
    }

    pub(super) fn language_of(&self, property: &str) -> Option<String> {
        self.term(property).map_or(&Setting::OfTheContext, |term| &term.language).or(self.language.as_ref())
    }

    pub(super) fn direction_of(&self, property: &str) -> Option<String> {
        self.term(property).map_or(&Setting::OfTheContext, |term| &term.direction).or(self.direction.as_ref())
    }

    /// The IRI or keyword that `name` stands for, as a member's name or type. `None` if it stands for nothing.
    pub(super) fn vocabulary_iri(&self, name: &str) -> Option<String> {
        self.iri(name, true, false)
    }

    /// The IRI that `value` stands for.
    pub(super) fn iri(&self, value: &str, vocabulary: bool, base: bool) -> Option<String> {
        if let Some(known) = self.iri_by_terms(value, vocabulary) {
            return known;
        }
        Some(self.iri_by_base(value, vocabulary, base))
    }

    /// The part of it that depends on terms: `None` if they say nothing.
    #[expect(clippy::option_option, reason = "nothing said, and said to be nothing")]
    fn iri_by_terms(&self, value: &str, vocabulary: bool) -> Option<Option<String>> {
        if is_keyword(value) {
            return Some(Some(value.to_owned()));
        }
        if is_like_a_keyword(value) {
            return Some(None);
        }
        if vocabulary && let Some(term) = self.term(value) {
            return Some(term.id.clone());
        }
        if let Some((prefix, suffix)) = value.split_once(':').filter(|(prefix, _)| !prefix.is_empty()) {
            if prefix == "_" || suffix.starts_with("//") {
                return Some(Some(value.to_owned()));
            }
            if let Some(term) = self.term(prefix).filter(|term| term.prefix == Some(true)) {
                // Null and a suffix: JavaScript writes the word.
                return Some(Some(format!("{}{suffix}", term.id.as_deref().unwrap_or("null"))));
            }
            if is_absolute(value) {
                return Some(Some(value.to_owned()));
            }
        }
        None
    }

    fn iri_by_base(&self, value: &str, vocabulary: bool, base: bool) -> String {
        match (&self.vocabulary, &self.base) {
            (Some(start), _) if vocabulary => format!("{start}{value}"),
            (_, Some(own)) if base && !own.is_empty() => resolve(own, value),
            _ => value.to_owned(),
        }
    }
}

/// How a context is processed.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Whether it stays in effect in nodes further in.
    pub(super) propagate: bool,
    /// Whether it may redefine what is protected.
    pub(super) overrides: bool,
}

pub(super) const EMBEDDED: Manner = Manner { propagate: true, overrides: false };
pub(super) const OF_PROPERTY: Manner = Manner { propagate: true, overrides: true };
pub(super) const OF_TYPE: Manner = Manner { propagate: false, overrides: false };

impl Processor<'_> {
    /// `active`, changed by the local context.
    pub(super) fn process(&self, active: &Rc<Active>, local: &Value, manner: Manner) -> Outcome<Rc<Active>> {
        let mut resolved = Vec::new();
        self.resolve(local, &mut resolved)?;
        let Some(first) = resolved.first() else { return Ok(Rc::clone(active)) };
        let propagate =
            first.and_then(|context| context.get("@propagate")?.as_bool()).unwrap_or(manner.propagate);

        let mut result = Rc::clone(active);
        if !propagate && !result.has_previous() {
            result = Rc::new(Active { previous: Some(Rc::clone(active)), ..result.child() });
        }
        for context in resolved {
            result = match context {
                Some(context) => Rc::new(self.define_all(&result, context, manner)?),
                None if !manner.overrides && result.has_protected => return Err(REFUSED),
                None => Active::initial(),
            };
        }
        Ok(result)
    }

    /// The contexts that a local context consists of; `None` stands for null.
    fn resolve<'a>(
        &'a self,
        local: &'a Value,
        resolved: &mut Vec<Option<&'a Map<String, Value>>>,
    ) -> Outcome<()> {
        let inner =
            local.as_object().and_then(|context| context.get("@context")).filter(|inner| is_truthy(inner));
        for context in items(inner.unwrap_or(local)) {
            match context {
                Value::String(url) => self.resolve(self.documents.get(url).ok_or(REFUSED)?, resolved)?,
                Value::Null => resolved.push(None),
                Value::Object(context) => resolved.push(Some(match context.get("@context") {
                    Some(inner) => inner.as_object().ok_or(REFUSED)?,
                    None => context,
                })),
                _ => return Err(REFUSED),
            }
        }
        Ok(())
    }

    fn define_all(&self, active: &Active, context: &Map<String, Value>, manner: Manner) -> Outcome<Active> {
        let mut result = active.child();
        let mut defined = HashMap::new();
        if context.get("@version").is_some_and(|version| version.as_f64() != Some(1.1)) {
            return Err(REFUSED);
        }
        match context.get("@base") {
            None => {}
            Some(Value::Null) => result.base = None,
            Some(Value::String(base)) => {
                result.base = Some(resolve(result.base.as_deref().unwrap_or_default(), base));
            }
            Some(_) => return Err(REFUSED),
        }
        match context.get("@vocab") {
            None => {}
            Some(Value::Null) => result.vocabulary = None,
            Some(Value::String(text)) => {
                let iri = result.iri(text, true, true).filter(|iri| is_absolute(iri)).ok_or(REFUSED)?;
                result.vocabulary = Some(iri);
            }
            Some(_) => return Err(REFUSED),
        }
        match context.get("@language") {
            None => {}
            Some(Value::Null) => result.language = None,
            Some(Value::String(tag)) if is_language(tag) => result.language = Some(tag.to_lowercase()),
            Some(_) => return Err(REFUSED),
        }
        match context.get("@direction") {
            None => {}
            Some(direction) => result.direction = direction_of(direction)?,
        }
        if context.get("@propagate").is_some_and(|propagate| !propagate.is_boolean()) {
            return Err(REFUSED);
        }
        match context.get("@import") {
            None => {}
            // What it merges depends on what the processor has in its cache.
            Some(Value::String(url)) if self.documents.get(url).is_some() => return Err(Failure::Unknown),
            Some(_) => return Err(REFUSED),
        }
        for name in ["@version", "@base", "@vocab", "@language", "@direction", "@propagate"] {
            defined.insert(name.to_owned(), true);
        }
        defined.insert("@protected".to_owned(), context.get("@protected").is_some_and(is_truthy));
        if context.contains_key("hasOwnProperty") {
            return Err(REFUSED); // the processor asks the context itself whether it has a member
        }

        let mut scope = Scope { context, defined, overrides: manner.overrides };
        for (name, value) in context {
            scope.define(&mut result, name)?;
            if let Some(own) = value.as_object().and_then(|value| value.get("@context")) {
                self.process(&Rc::new(result.child()), own, OF_PROPERTY)?;
            }
        }
        Ok(result)
    }
}

fn direction_of(value: &Value) -> Outcome<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(direction) if ["ltr", "rtl"].contains(&direction.as_str()) => {
            Ok(Some(direction.clone()))
        }
        _ => Err(REFUSED),
    }
}

/// One context while its terms are defined.
struct Scope<'a> {
    context: &'a Map<String, Value>,
    /// Terms that are defined (true), or being defined (false).
    defined: HashMap<String, bool>,
    overrides: bool,
}

impl Scope<'_> {
    /// Create Term Definition.
    fn define(&mut self, active: &mut Active, name: &str) -> Outcome<()> {
        match self.defined.get(name) {
            Some(true) => return Ok(()),
            Some(false) => return Err(REFUSED), // a cycle
            None => {}
        }
        self.defined.insert(name.to_owned(), false);
        let value = self.context.get(name).ok_or(REFUSED)?;
        match value {
            Value::Object(value)
                if name == "@type"
                    && value
                        .get("@container")
                        .is_none_or(|c| !is_truthy(c) || c.as_str() == Some("@set")) =>
            {
                let may = ["@container", "@id", "@protected"];
                if value.is_empty() || value.keys().any(|name| !may.contains(&name.as_str())) {
                    return Err(REFUSED);
                }
            }
            _ if is_keyword(name) || is_like_a_keyword(name) || name.is_empty() => return Err(REFUSED),
            _ => {}
        }
        let previous = active.terms.remove(name);
        let simple;
        let (definition, is_simple) = match value {
            Value::Object(definition) => (definition, false),
            Value::String(_) | Value::Null => {
                simple = Map::from_iter([("@id".to_owned(), value.clone())]);
                (&simple, true)
            }
            _ => return Err(REFUSED),
        };
        let mut term = Term::default();
        // The name is known while it is being defined.
        active.terms.insert(name.to_owned(), Rc::new(term.clone()));
        self.define_iri(active, name, definition, is_simple, &mut term)?;
        let protect = self.context.get("@protected") == Some(&Value::Bool(true));
        if definition
            .get("@protected")
            .map_or(protect, |own| own == &Value::Bool(true) || (protect && own != &Value::Bool(false)))
        {
            active.has_protected = true;
            term.protected = true;
        }
        self.defined.insert(name.to_owned(), true);
        active.terms.insert(name.to_owned(), Rc::new(term.clone()));
        self.define_rest(active, name, definition, &mut term)?;
        if matches!(term.id.as_deref(), Some("@context" | "@preserve")) {
            return Err(REFUSED);
        }
        if let Some(previous) = previous.filter(|previous| previous.protected && !self.overrides) {
            active.has_protected = true;
            term.protected = true;
            if *previous != term {
                return Err(REFUSED);
            }
        }
        active.terms.insert(name.to_owned(), Rc::new(term));
        Ok(())
    }

    fn define_iri(
        &mut self,
        active: &mut Active,
        name: &str,
        definition: &Map<String, Value>,
        is_simple: bool,
        term: &mut Term,
    ) -> Outcome<()> {
        let may = [
            "@container",
            "@id",
            "@language",
            "@reverse",
            "@type",
            "@context",
            "@direction",
            "@index",
            "@nest",
            "@prefix",
            "@protected",
        ];
        if definition.keys().any(|name| !may.contains(&name.as_str())) {
            return Err(REFUSED);
        }
        let has_colon = name.find(':').is_some_and(|at| at > 0);
        if let Some(reverse) = definition.get("@reverse") {
            let reverse = reverse.as_str().ok_or(REFUSED)?;
            if definition.contains_key("@id")
                || definition.contains_key("@nest")
                || is_like_a_keyword(reverse)
            {
                return Err(REFUSED);
            }
            term.id = Some(self.iri(active, reverse)?.filter(|iri| is_absolute(iri)).ok_or(REFUSED)?);
            term.reverse = true;
            return Ok(());
        }
        match definition.get("@id") {
            Some(Value::Null) => return Ok(()),
            Some(Value::String(id)) if id != name => {
                if is_like_a_keyword(id) && !is_keyword(id) {
                    return Err(REFUSED);
                }
                let iri =
                    self.iri(active, id)?.filter(|iri| is_absolute(iri) || is_keyword(iri)).ok_or(REFUSED)?;
                if is_in_form_of_iri(name) {
                    self.defined.insert(name.to_owned(), true);
                    active.terms.remove(name);
                    let own = self.iri(active, name)?;
                    active.terms.insert(name.to_owned(), Rc::new(term.clone()));
                    self.defined.insert(name.to_owned(), false);
                    if own.as_deref() != Some(iri.as_str()) {
                        return Err(REFUSED);
                    }
                }
                let ends_like_a_prefix = iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
                term.prefix = Some(is_simple && !has_colon && ends_like_a_prefix);
                term.id = Some(iri);
                return Ok(());
            }
            None | Some(Value::String(_)) => {}
            Some(_) => return Err(REFUSED),
        }
        term.id = Some(if let Some((prefix, suffix)) = name.split_once(':').filter(|_| has_colon) {
            if self.context.contains_key(prefix) {
                self.define(active, prefix)?;
            }
            match active.term(prefix) {
                Some(of_prefix) => format!("{}{suffix}", of_prefix.id.as_deref().unwrap_or("null")),
                None => name.to_owned(),
            }
        } else if name == "@type" {
            name.to_owned()
        } else {
            format!("{}{name}", active.vocabulary.as_deref().ok_or(REFUSED)?)
        });
        Ok(())
    }

    fn define_rest(
        &mut self,
        active: &mut Active,
        name: &str,
        definition: &Map<String, Value>,
        term: &mut Term,
    ) -> Outcome<()> {
        if let Some(kind) = definition.get("@type") {
            let kind = kind.as_str().ok_or(REFUSED)?;
            term.kind = Some(match kind {
                "@json" | "@none" | "@id" | "@vocab" => kind.to_owned(),
                _ => {
                    self.iri(active, kind)?.filter(|iri| is_absolute(iri) && !is_blank(iri)).ok_or(REFUSED)?
                }
            });
        }
        if let Some(container) = definition.get("@container") {
            self::define_container(container, term)?;
        }
        if let Some(index) = definition.get("@index") {
            let index = index.as_str().filter(|index| !index.starts_with('@')).ok_or(REFUSED)?;
            if !term.container.iter().any(|container| container == "@index") {
                return Err(REFUSED);
            }
            term.index = Some(index.to_owned());
        }
        term.context = definition.get("@context").cloned();
        match definition.get("@language").filter(|_| !definition.contains_key("@type")) {
            None => {}
            Some(Value::Null) => term.language = Setting::Taken,
            Some(Value::String(tag)) => term.language = Setting::Given(tag.to_lowercase()),
            Some(_) => return Err(REFUSED),
        }
        if let Some(prefix) = definition.get("@prefix") {
            if name.contains([':', '/']) || term.id.as_deref().is_some_and(is_keyword) {
                return Err(REFUSED);
            }
            term.prefix = Some(prefix.as_bool().ok_or(REFUSED)?);
        }
        if let Some(direction) = definition.get("@direction") {
            term.direction = Setting::of(direction_of(direction)?);
        }
        if let Some(nest) = definition.get("@nest") {
            let nest =
                nest.as_str().filter(|nest| *nest == "@nest" || !nest.starts_with('@')).ok_or(REFUSED)?;
            term.nest = Some(nest.to_owned());
        }
        Ok(())
    }

    /// IRI expansion inside a context, which defines the terms that it needs.
    fn iri(&mut self, active: &mut Active, value: &str) -> Outcome<Option<String>> {
        if is_keyword(value) || is_like_a_keyword(value) {
            return Ok(active.vocabulary_iri(value));
        }
        if self.context.contains_key(value) && self.defined.get(value) != Some(&true) {
            self.define(active, value)?;
        }
        let is_term = active
            .term(value)
            .is_some_and(|term| term.id.is_some() || self.defined.get(value) == Some(&true));
        if !is_term
            && let Some((prefix, suffix)) = value.split_once(':').filter(|(prefix, _)| !prefix.is_empty())
            && prefix != "_"
            && !suffix.starts_with("//")
            && self.context.contains_key(prefix)
        {
            self.define(active, prefix)?;
        }
        Ok(active.vocabulary_iri(value))
    }
}

/// A colon that is followed by something but a colon, or a slash.
fn is_in_form_of_iri(name: &str) -> bool {
    name.contains('/') || name.split(':').skip(1).any(|after| !after.is_empty())
}

fn define_container(container: &Value, term: &mut Term) -> Outcome<()> {
    let mut names = Vec::new();
    for item in items(container) {
        match item {
            Value::String(name) => names.push(name.as_str()),
            other if !container.is_array() && !is_truthy(other) => {}
            _ => return Err(REFUSED),
        }
    }
    let has = |name| names.contains(&name);
    let known = ["@list", "@set", "@index", "@language", "@graph", "@id", "@type"];
    let fits = if has("@list") {
        names.len() == 1
    } else if has("@graph") {
        names.iter().all(|name| ["@graph", "@id", "@index", "@set"].contains(name))
    } else {
        names.len() <= if has("@set") { 2 } else { 1 }
    };
    if !fits || names.iter().any(|name| !known.contains(name)) {
        return Err(REFUSED);
    }
    if term.reverse && names.iter().any(|name| !["@index", "@set"].contains(name)) {
        return Err(REFUSED);
    }
    if has("@type") && !matches!(term.kind.get_or_insert_with(|| "@id".to_owned()).as_str(), "@id" | "@vocab")
    {
        return Err(REFUSED);
    }
    term.container = names.into_iter().map(str::to_owned).collect();
    term.container.sort();
    Ok(())
}
