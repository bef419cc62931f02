//! `openapi.yaml`, and whether an answer is as it says.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use serde_json::{Map, Value, json};

use super::door::Answer;

pub(super) static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml")).unwrap();
    Spec { root: serde_yaml_ng::from_str(&text).unwrap(), validators: Mutex::default() }
});

pub(super) struct Spec {
    pub(super) root: Value,
    validators: Mutex<HashMap<String, &'static jsonschema::Validator>>,
}

/// One operation of the file.
pub(super) struct Operation<'s> {
    pub(super) path: &'s str,
    pub(super) method: String,
    pub(super) value: &'s Value,
}

impl Spec {
    pub(super) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.root["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, operations)| {
            operations.as_object().unwrap().iter().map(move |(method, value)| Operation {
                path,
                method: method.to_uppercase(),
                value,
            })
        })
    }

    pub(super) fn schema(&self, name: &str) -> &Value {
        let schema = &self.root["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        schema
    }

    /// The values of an enumeration.
    pub(super) fn names(&self, schema: &str) -> Vec<&str> {
        self.schema(schema)["enum"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
    }

    /// What a reference leads to, and where that stands.
    fn follow<'s>(&'s self, value: &'s Value, at: String) -> (&'s Value, String) {
        match value["$ref"].as_str() {
            Some(there) => (self.root.pointer(&there[1..]).unwrap(), there[1..].to_owned()),
            None => (value, at),
        }
    }

    /// A response that belongs to no operation.
    fn shared(&self, name: &str) -> (&Value, String) {
        let at = format!("/components/responses/{name}");
        (self.root.pointer(&at).unwrap(), at)
    }

    /// That `value` is as the schema at `pointer` says.
    pub(super) fn hold(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let validator = *self.validators.lock().unwrap().entry(pointer.to_owned()).or_insert_with(|| {
            // The file itself, so that its references hold, as a schema that is the one wanted.
            let mut root: Map<String, Value> = Map::new();
            root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
            root.insert("components".into(), self.root["components"].clone());
            root.insert("paths".into(), self.root["paths"].clone());
            let pointer = pointer.replace('{', "%7B").replace('}', "%7D");
            root.insert("$ref".into(), json!(format!("#{pointer}")));
            let options = jsonschema::options().should_validate_formats(true);
            Box::leak(Box::new(options.build(&Value::Object(root)).unwrap()))
        });
        let errors: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
    }

    /// That an answer is documented: its status, headers, type and body.
    pub(super) fn check(&self, method: &str, target: &str, answer: &Answer) {
        let path = target.split('?').next().unwrap();
        let status = answer.status.to_string();
        let fits = |template: &str| {
            let (template, path): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            let same = |(a, b): (&&str, &&str)| a == b || a.starts_with('{');
            template.len() == path.len() && template.iter().zip(&path).all(same)
        };
        // A path without parameters goes before one with them.
        let mut there: Vec<_> = self.operations().filter(|operation| fits(operation.path)).collect();
        there.sort_by_key(|operation| operation.path.contains('{'));
        let template = there.first().map(|operation| operation.path);
        there.retain(|operation| Some(operation.path) == template);
        let method = if method == "HEAD" { "GET" } else { method };
        let operation = there.iter().find(|operation| operation.method == method);
        let (response, at) = match (operation, there.is_empty()) {
            (Some(operation), _) => {
                let response = &operation.value["responses"][&status];
                assert!(response.is_object(), "{method} {} answers {status}: {answer:?}", operation.path);
                let path = operation.path.replace('/', "~1");
                let at = format!("/paths/{path}/{}/responses/{status}", method.to_lowercase());
                self.follow(response, at)
            }
            (None, true) => {
                assert_eq!(answer.status, 404, "there is no {path}");
                self.shared("NotFound")
            }
            (None, false) => {
                assert_eq!(answer.status, 405, "there is no {method} {path}");
                self.shared("MethodNotAllowed")
            }
        };
        for (name, header) in response["headers"].as_object().unwrap() {
            let (header, at) = self.follow(header, String::new());
            match answer.header(name) {
                Some(text) => {
                    let value = match header["schema"]["type"].as_str() {
                        Some("integer") => json!(text.parse::<u64>().unwrap()),
                        _ => json!(text),
                    };
                    self.hold(&format!("{at}/schema"), &value).unwrap_or_else(|e| panic!("{name}: {e}"));
                }
                None => assert_ne!(header["required"], true, "{method} {path} {status} has no {name}"),
            }
        }
        if response.get("content").is_none() {
            assert!(answer.body.is_empty(), "{method} {path} {status} has a body");
            return;
        }
        let media = answer.header("content-type").unwrap().split(';').next().unwrap();
        let content = &response["content"][media];
        assert!(content.is_object(), "{method} {path} {status} is {media}");
        if media == "application/x-ndjson" {
            let at = format!("{at}/content/{}/schema", media.replace('/', "~1"));
            for line in answer.lines() {
                self.hold(&at, &line).unwrap_or_else(|e| panic!("{method} {path}: {e}\n{line:#}"));
            }
        } else if !answer.body.is_empty() && media.ends_with("json") {
            let at = format!("{at}/content/{}/schema", media.replace('/', "~1"));
            let body = answer.json();
            self.hold(&at, &body).unwrap_or_else(|e| panic!("{method} {path} {status}: {e}\n{body:#}"));
            if media == "application/problem+json" {
                assert_eq!(body["status"], answer.status);
                assert_eq!(body["requestId"], *answer.header("x-request-id").unwrap());
            }
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        // Forms of a person's own page say where they come from: the origin, and no more to others.
        let has_forms = path.starts_with("/me") && media == "text/html";
        let referrers: &[&str] = if has_forms { &["same-origin", "strict-origin"] } else { &["no-referrer"] };
        assert!(answer.header("referrer-policy").is_some_and(|said| referrers.contains(&said)), "{answer:?}");
        if path != "/openapi.yaml" && !(path.starts_with("/claim/assets/") && answer.status == 200) {
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
}
