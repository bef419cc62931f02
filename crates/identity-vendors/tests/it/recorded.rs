//! The recorded payloads: a folder for each vendor, with `cases.json` and the bodies that it names.
//!
//! The bodies are made by hand after the vendors' documentation; the people are invented.

use std::collections::BTreeMap;
use std::path::PathBuf;

use identity_vendors::{
    Account, Answer, Canonical, Case, CaseId, Environment, Fault, FilesBase, Finding, Inquiry, Reference,
    Request, Secret, Settings, Step, Vendor,
};
use serde_json::Value;

/// When all of it is said to happen, unless a case says otherwise.
pub(crate) const NOW: i64 = 1_767_323_045;

/// All vendors with what is recorded of them.
pub(crate) fn all() -> Vec<Recorded> {
    Vendor::ALL.iter().map(|vendor| Recorded::read(*vendor)).collect()
}

pub(crate) struct Recorded {
    pub(crate) vendor: Vendor,
    pub(crate) cases: Value,
}

/// Other answers to some requests: status and body, by the number of the request.
pub(crate) type Instead<'a> = dyn FnMut(usize, &Request) -> Option<(u16, Vec<u8>)> + 'a;

/// A conversation: what is asked for, what the vendor answers, and what that is.
#[derive(Clone)]
pub(crate) struct Conversation {
    pub(crate) name: String,
    pub(crate) vendor: Vendor,
    pub(crate) account: Account,
    pub(crate) case: Case,
    pub(crate) answers: BTreeMap<String, Value>,
    pub(crate) expected: Value,
}

impl Recorded {
    fn read(vendor: Vendor) -> Self {
        let text = std::fs::read_to_string(folder(vendor).join("cases.json"))
            .unwrap_or_else(|error| panic!("{} has no recorded cases: {error}", vendor.name()));
        let cases = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", vendor.name()));
        Self { vendor, cases }
    }

    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        let list = self.cases[name].as_array().cloned().unwrap_or_default();
        assert!(!list.is_empty(), "{} has no {name}", self.vendor.name());
        list
    }

    /// The account of the file, with what a case has instead.
    pub(crate) fn account(&self, changes: &Value) -> Account {
        let mut of = self.cases["account"].clone();
        for (name, value) in changes.as_object().into_iter().flatten() {
            of[name] = value.clone();
        }
        let secret = |name: &str| of[name].as_str().map(|text| Secret::new(text).unwrap());
        let texts = |name: &str| -> Vec<String> {
            of[name].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        Account {
            environment: match of["environment"].as_str() {
                Some("live") => Environment::Live,
                Some("sandbox") => Environment::Sandbox,
                other => panic!("environment {other:?}"),
            },
            webhook_secrets: texts("webhookSecrets")
                .into_iter()
                .map(|text| Secret::new(text).unwrap())
                .collect(),
            key: secret("key").unwrap(),
            secret: secret("secret"),
            token: secret("token"),
            user_agent: "Example Issuer/1.0".to_owned(),
            files: texts("files").iter().map(|text| FilesBase::new(text).unwrap()).collect(),
            settings: Settings {
                allow_sha1: of["allowSha1"] == true,
                canonical: of["canonical"].as_str().map(|name| Canonical::by_name(name).unwrap()),
                completed_is_approved: of["completedIsApproved"] == true,
            },
        }
    }

    /// The bytes of a body: `body`, compact as the vendors write it, `text`, or a file, `bodyFile`.
    pub(crate) fn body(&self, case: &Value) -> Vec<u8> {
        if let Some(text) = case["text"].as_str() {
            return text.as_bytes().to_vec();
        }
        match case["bodyFile"].as_str() {
            Some(name) => std::fs::read(folder(self.vendor).join(name)).unwrap(),
            None => serde_json::to_vec(&case["body"]).unwrap(),
        }
    }

    /// All conversations: those that are written out, and those that are like one of them but for some patches.
    pub(crate) fn conversations(&self) -> Vec<Conversation> {
        let mut all: Vec<Conversation> = Vec::new();
        for of in self.list("conversations") {
            let name = of["name"].as_str().unwrap_or_else(|| panic!("no name: {of}")).to_owned();
            let mut conversation = match of["like"].as_str() {
                Some(like) => {
                    let like = all.iter().find(|other| other.name == like);
                    like.unwrap_or_else(|| panic!("{name} is like nothing")).clone()
                }
                None => Conversation {
                    name: name.clone(),
                    vendor: self.vendor,
                    account: self.account(&Value::Null),
                    case: case(&of["case"]),
                    answers: BTreeMap::new(),
                    expected: Value::Null,
                },
            };
            conversation.name.clone_from(&name);
            if !of["account"].is_null() {
                conversation.account = self.account(&of["account"]);
            }
            if !of["case"].is_null() {
                conversation.case = case(&of["case"]);
            }
            for (ask, answer) in of["answers"].as_object().into_iter().flatten() {
                let answer = match answer.as_str() {
                    Some(file) => {
                        let path = folder(self.vendor).join(file);
                        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
                        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
                    }
                    None => answer.clone(),
                };
                conversation.answers.insert(ask.clone(), answer);
            }
            for (ask, patches) in of["patch"].as_object().into_iter().flatten() {
                let answer = conversation.answers.get_mut(ask);
                let answer = answer.unwrap_or_else(|| panic!("{name} patches no answer: {ask}"));
                for (pointer, value) in patches.as_object().unwrap() {
                    patch(answer, pointer, value.clone()).unwrap_or_else(|| panic!("{name}: {pointer}"));
                }
            }
            let mut expected = conversation.expected.clone();
            if of["like"].is_null() || !of["fault"].is_null() || !of["refusals"].is_null() {
                expected = Value::Null;
            }
            if of["is"].is_string() && expected["is"] != of["is"] {
                expected = Value::Null;
            }
            let expected_now = of.as_object().unwrap().iter();
            let kept = [
                "is",
                "why",
                "environment",
                "reference",
                "decidedAt",
                "claims",
                "refusals",
                "fault",
                "ids",
                "files",
            ];
            if expected.is_null() {
                expected = serde_json::json!({});
            }
            for (member, value) in expected_now.filter(|(member, _)| kept.contains(&member.as_str())) {
                expected[member] = value.clone();
            }
            for (claim, value) in of["changes"].as_object().into_iter().flatten() {
                expected["claims"][claim] = value.clone();
            }
            conversation.expected = expected;
            all.push(conversation);
        }
        all
    }

    /// Those that end well.
    pub(crate) fn approved(&self) -> Vec<Conversation> {
        let all: Vec<_> =
            self.conversations().into_iter().filter(|c| c.expected["claims"].is_object()).collect();
        assert!(!all.is_empty(), "{} approves nobody", self.vendor.name());
        all
    }
}

impl Conversation {
    /// As it is recorded.
    pub(crate) fn run(&self) -> Result<Finding, Fault> {
        self.run_with(&mut |_, _| None)
    }

    /// With other bytes for some of the answers: `instead` is given each request and its number.
    pub(crate) fn run_with(&self, instead: &mut Instead<'_>) -> Result<Finding, Fault> {
        let mut inquiry = Inquiry::new(self.vendor, &self.account, self.case.clone());
        for number in 0.. {
            match inquiry.next(NOW)? {
                Step::Done(finding) => return Ok(*finding),
                Step::Ask(request) => {
                    let (status, body) =
                        instead(number, &request).unwrap_or_else(|| self.answer_to(&request));
                    inquiry.answer(&Answer { status, headers: &[], body: &body })?;
                }
            }
        }
        unreachable!()
    }

    pub(crate) fn answer_to(&self, request: &Request) -> (u16, Vec<u8>) {
        let ask = format!("{} {}", request.method.as_str(), *request.path);
        let answer = self.answers.get(&ask).unwrap_or_else(|| panic!("{}: {ask} is not recorded", self.name));
        (200, serde_json::to_vec(answer).unwrap())
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        let mut requests = Vec::new();
        let _ = self.run_with(&mut |_, request| {
            requests.push(request.clone());
            None
        });
        requests
    }
}

pub(crate) fn case(of: &Value) -> Case {
    let id = |name: &str| of[name].as_str().map(|text| CaseId::new(text).unwrap());
    Case {
        id: id("id").unwrap_or_else(|| panic!("a case without an id: {of}")),
        scope: id("scope"),
        reference: of["reference"].as_str().map(|text| Reference::new(text).unwrap()),
    }
}

/// Sets what a JSON pointer (RFC 6901) names, also where it was not there before; `"$remove"` removes it.
pub(crate) fn patch(json: &mut Value, pointer: &str, value: Value) -> Option<()> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let parent = json.pointer_mut(parent)?;
    match parent {
        Value::Object(members) if value == "$remove" => {
            members.remove(name)?;
        }
        Value::Object(members) => {
            members.insert(name.to_owned(), value);
        }
        Value::Array(items) if value == "$remove" => {
            items.remove(name.parse().ok()?);
        }
        Value::Array(items) if name == "-" => items.push(value),
        Value::Array(items) => *items.get_mut(name.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(())
}

/// The pointers of all values that have none below them.
pub(crate) fn leaves(json: &Value) -> Vec<String> {
    fn walk(json: &Value, at: &str, found: &mut Vec<String>) {
        match json {
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                walk(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, value)| walk(value, &format!("{at}/{n}"), found));
            }
            _ => found.push(at.to_owned()),
        }
    }
    let mut found = Vec::new();
    walk(json, "", &mut found);
    found
}

fn folder(vendor: Vendor) -> PathBuf {
    // The tests of the service read it as well, from the root of the repository.
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let here = root.join("tests/recorded");
    let here = if here.exists() { here } else { root.join("crates/identity-vendors/tests/recorded") };
    here.join(vendor.name())
}
