//! Reads lines of JSON, each a question about a contract wallet, and writes one line for each: what to ask of its chain, or what an
//! answer means. For tests against an EVM.
//!
//! `{"address", "message", "signature"}` gives `{"to", "data"}`; with `"result"` besides, `{"verdict"}`; what cannot be asked,
//! `{"error"}`.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

use idos_wallet::ContractCall;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
        let answer = match ContractCall::new(text("address"), text("message"), text("signature")) {
            Err(error) => json!({ "error": error.to_string() }),
            Ok(call) => match question.get("result").and_then(Value::as_str) {
                Some(result) => json!({ "verdict": format!("{:?}", call.judge(result)) }),
                None => json!({ "to": call.to(), "data": call.data() }),
            },
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
