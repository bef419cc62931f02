//! Proofs of personhood. Answers are made after the sources' own documents; what is signed in `signed.json` was signed by another
//! implementation (Node's), with keys made for it: tokens on P-521, answers of BrightID by the Ed25519 seed of 32 bytes of 7.

mod brightid;
mod face_sign;
mod hostile;
mod human_passport;
mod world_id;
mod world_id_v2;

use identity_vendors::personhood::{Binding, Denial, DenialCode, Person, PersonSource, Question, Step};
use identity_vendors::{Answer, Secret};
use serde_json::Value;

/// 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045;

/// What goes well: a source, what a user brings, and what the source answers.
struct Good {
    source: PersonSource,
    proof: Value,
    user: &'static str,
    nonce: Option<&'static str>,
    status: u16,
    answer: Value,
    /// Where the proof and the answer may have anything else of the same kind.
    free: &'static [&'static str],
}

impl Good {
    fn begin_with(&self, proof: &Value) -> Result<Step, Denial> {
        let binding = Binding { user: self.user, nonce: self.nonce };
        self.source.begin(proof.to_string().as_bytes(), &binding, NOW)
    }

    fn begin(&self) -> Result<Step, Denial> {
        self.begin_with(&self.proof)
    }

    fn question(&self) -> Question {
        match self.begin().unwrap() {
            Step::Ask(question) => *question,
            other => panic!("{other:?}"),
        }
    }

    fn finish_with(&self, status: u16, body: &[u8]) -> Result<Step, Denial> {
        self.source.finish(&self.question(), &Answer { status, headers: &[], body }, NOW)
    }

    fn finish(&self, answer: &Value) -> Result<Step, Denial> {
        self.finish_with(self.status, answer.to_string().as_bytes())
    }

    /// With one member of the proof otherwise.
    fn brought(&self, pointer: &str, value: Value) -> Result<Step, Denial> {
        self.begin_with(&changed(&self.proof, pointer, value))
    }

    /// With one member of the answer otherwise.
    fn answered(&self, pointer: &str, value: Value) -> Result<Step, Denial> {
        self.finish(&changed(&self.answer, pointer, value))
    }

    fn person(&self) -> Person {
        person(self.finish(&self.answer))
    }
}

fn changed(json: &Value, pointer: &str, value: Value) -> Value {
    let mut json = json.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
    json
}

fn person(step: Result<Step, Denial>) -> Person {
    match step.unwrap() {
        Step::Done(person) => *person,
        other => panic!("{other:?}"),
    }
}

fn no(step: Result<Step, Denial>) -> (DenialCode, &'static str) {
    let denial = step.unwrap_err();
    (denial.code, denial.field)
}

fn hash(person: &Person) -> [u8; 32] {
    person.id.keyed_hash(&Secret::new("key").unwrap())
}

fn body(question: &Question) -> Value {
    serde_json::from_slice(&question.body).unwrap()
}

fn header<'a>(question: &'a Question, name: &str) -> Option<&'a str> {
    question.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
}

fn signed() -> Value {
    serde_json::from_str(include_str!("signed.json")).unwrap()
}
