//! Answers one JSON request a line on standard input with one JSON line on standard output, so that programs in
//! other languages can hold this crate against their own libraries. See `tests/interop/`.
//!
//! | `op` | members | answer |
//! |---|---|---|
//! | `sign` | `secrets` (one or two), `id`, `timestamp`, `body` | `signature` |
//! | `verify` | `secrets`, `id`, `timestamp` (text), `signature`, `body`, `now` | `verified` |
//! | `send` | `secrets`, `id`, `timestamp`, `body`, `url` (may be private, and HTTP) | `status` |
//! | `range` | `address` | `purpose` of the special range that it is in, or null |
//! | `secret` | | `secret`, a new one |
//!
//! Failures answer `error`.

#![expect(clippy::print_stdout, reason = "answers go to standard output")]

use std::error::Error;
use std::net::IpAddr;

use idos_webhooks::{
    Headers, Message, Secret, Secrets, Sender, SenderConfig, SpecialRange, TOLERANCE, Targets,
};
use rand_core::OsRng;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

type Answer = Result<Value, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = answer(&serde_json::from_str(&line)?).await;
        println!("{}", answer.unwrap_or_else(|error| json!({ "error": error.to_string() })));
    }
    Ok(())
}

async fn answer(request: &Value) -> Answer {
    match text(request, "op")? {
        "sign" => Ok(json!({ "signature": secrets(request)?.sign(&message(request)?) })),
        "verify" => {
            let headers = Headers {
                id: text(request, "id")?,
                timestamp: text(request, "timestamp")?,
                signature: text(request, "signature")?,
            };
            let body = text(request, "body")?.as_bytes();
            secrets(request)?.verify(&headers, body, number(request, "now")?, TOLERANCE)?;
            Ok(json!({ "verified": true }))
        }
        "send" => {
            let targets = Targets { allow_private: true, allow_http: true };
            let sender =
                Sender::new(&SenderConfig { targets, ..SenderConfig::new("idos-webhooks-interop") })?;
            let url = text(request, "url")?.parse()?;
            let delivered = sender.send(&url, &message(request)?, &secrets(request)?).await?;
            Ok(json!({ "status": delivered.status }))
        }
        "range" => {
            let address: IpAddr = text(request, "address")?.parse()?;
            Ok(json!({ "purpose": SpecialRange::of(address).map(|range| range.purpose) }))
        }
        "secret" => Ok(json!({ "secret": *Secret::generate(&mut OsRng).to_text() })),
        _ => Err("op is not known".into()),
    }
}

fn message(request: &Value) -> Result<Message, Box<dyn Error>> {
    let body = text(request, "body")?.to_owned();
    Ok(Message::new(text(request, "id")?, number(request, "timestamp")?, body)?)
}

fn secrets(request: &Value) -> Result<Secrets, Box<dyn Error>> {
    let texts: Vec<String> = serde_json::from_value(request["secrets"].clone())?;
    match texts.as_slice() {
        [one] => Ok(Secrets::new(one.parse()?)),
        [current, outgoing] => Ok(Secrets::new(current.parse()?).and(outgoing.parse()?)),
        _ => Err("secrets must be one or two".into()),
    }
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, Box<dyn Error>> {
    value.get(member).and_then(Value::as_str).ok_or_else(|| format!("{member} must be a text").into())
}

fn number(value: &Value, member: &str) -> Result<i64, Box<dyn Error>> {
    value.get(member).and_then(Value::as_i64).ok_or_else(|| format!("{member} must be a whole number").into())
}
