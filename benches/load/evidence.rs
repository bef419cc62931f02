//! What clients send: the example's evidence, with files of a chosen size.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rand::RngCore as _;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// How files come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// In base64, inside the JSON.
    Json,
    /// Beside the JSON.
    Multipart,
}

/// A request's body.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Bytes,
}

/// How many files a person of the example has.
const FILES: usize = 3;

pub(crate) const FORM: &str = "multipart/form-data; boundary=b0undary";

/// The example about `user`, whose files have `size` bytes together.
pub(crate) fn body(user: Uuid, encoding: Encoding, size: usize) -> Body {
    let file = file(size);
    match encoding {
        Encoding::Json => {
            let text = submission(user, |_| json!({ "base64": STANDARD.encode(&file) })).to_string();
            Body { media_type: "application/json", bytes: text.into() }
        }
        Encoding::Multipart => {
            let json = submission(user, |number| json!({ "part": format!("file{number}") })).to_string();
            let mut bytes = part("submission", "application/json", json.as_bytes());
            for number in 0..FILES {
                bytes.extend(part(&format!("file{number}"), "image/jpeg", &file));
            }
            bytes.extend_from_slice(b"--b0undary--\r\n");
            Body { media_type: FORM, bytes: bytes.into() }
        }
    }
}

/// The part of a form, its end excepted.
pub(crate) fn part(name: &str, media_type: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// The example as its author sends it, for who seals by hand. Gives the evidence, and each file.
pub(crate) fn plain(size: usize) -> (String, Vec<u8>) {
    (evidence(|number| json!({ "file": format!("file{number}") })).to_string(), file(size))
}

fn file(size: usize) -> Vec<u8> {
    let mut file = vec![0; (size / FILES).max(5)];
    rand::thread_rng().fill_bytes(&mut file);
    file.splice(..3, [0xff, 0xd8, 0xff]);
    file
}

fn submission(user: Uuid, file: impl FnMut(usize) -> Value) -> Value {
    json!({ "userId": user, "kind": "kyc", "evidence": evidence(file), "delivery": { "by": "inserter" } })
}

fn evidence(mut file: impl FnMut(usize) -> Value) -> Value {
    let mut evidence: Value = serde_json::from_str(include_str!("../../examples/kyc-result.json")).unwrap();
    evidence["expiresAt"] = json!("2040-01-01");
    let subject = evidence["subject"].as_object_mut().unwrap();
    for (number, name) in ["idDocumentFrontFile", "selfieFile"].into_iter().enumerate() {
        *subject.get_mut(name).unwrap() = file(number);
    }
    subject["residentialAddress"]["proofFile"] = file(2);
    evidence
}
