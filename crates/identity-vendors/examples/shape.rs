//! Tells the shape of a recorded webhook or result, and no value of it.
//!
//! ```sh
//! # A webhook: the secret in the environment, the headers on the command line, the body on standard input.
//! IDENTITY_WEBHOOK_SECRET=whsec_test cargo run -p identity-vendors --example shape -- \
//!     sumsub webhook X-Payload-Digest=… < body.json
//! # A result: the case, its scope if any, and the answer to the first request on standard input. Where more is asked for,
//! # an object with an answer for each request. Links to files are taken if they lead to the host in the environment.
//! IDENTITY_FILES=https://media.example cargo run -p identity-vendors --example shape -- \
//!     didit result 11111111-2222-3333-4444-555555555555 < crates/identity-vendors/tests/recorded/didit/decision.json
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::io::Read as _;
use std::process::ExitCode;

use identity_vendors::{
    Account, Answer, Case, CaseId, Environment, FilesBase, Identity, Inquiry, Outcome, Received, Schema,
    Script, Secret, Settings, Step, Vendor,
};
use serde_json::Value;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("no: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut input = Vec::new();
    let (vendor, rest) = arguments.split_first().ok_or("name a vendor")?;
    let vendor = Vendor::by_name(vendor).ok_or("there is no such vendor")?;
    match rest {
        ["webhook", headers @ ..] => {
            std::io::stdin().read_to_end(&mut input)?;
            webhook(vendor, headers, &input)
        }
        ["result", id, scope @ ..] => {
            std::io::stdin().read_to_end(&mut input)?;
            let scope = scope.first().map(|scope| CaseId::new(scope)).transpose()?;
            result(vendor, Case { scope, ..Case::new(CaseId::new(id)?) }, &serde_json::from_slice(&input)?)
        }
        _ => Err("say webhook or result".into()),
    }
}

fn account(secrets: Vec<Secret>) -> Result<Account, Box<dyn Error>> {
    let unused = || Secret::new("unused");
    Ok(Account {
        environment: Environment::Sandbox,
        webhook_secrets: secrets,
        key: unused()?,
        secret: Some(unused()?),
        token: Some(unused()?),
        user_agent: "shape/1.0".to_owned(),
        files: std::env::var("IDENTITY_FILES")
            .iter()
            .map(|host| FilesBase::new(host))
            .collect::<Result<_, _>>()?,
        settings: Settings::default(),
    })
}

/// The time is taken from the webhook: a recorded one is old. Nobody should do so but here.
fn webhook(vendor: Vendor, headers: &[&str], body: &[u8]) -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("IDENTITY_WEBHOOK_SECRET").unwrap_or_default();
    let account = account(Secret::new(secret).into_iter().collect())?;
    let headers: Vec<(&str, &str)> = headers.iter().filter_map(|header| header.split_once('=')).collect();
    let digits = headers.iter().flat_map(|(_, value)| value.split(|c: char| !c.is_ascii_digit()));
    let now = digits.filter(|digits| digits.len() == 10).find_map(|digits| digits.parse().ok()).unwrap_or(0);
    let authentic = vendor.authenticate(&account, &Received { headers: &headers, body, now })?;
    let notice = authentic.notice()?;
    println!("believed: {:?}", authentic.proof());
    println!("event: {}", notice.event.as_str());
    println!("about a case: {}", notice.case.is_some());
    println!("says when: {}", notice.happened_at.is_some());
    Ok(())
}

fn result(vendor: Vendor, case: Case, answers: &Value) -> Result<(), Box<dyn Error>> {
    let account = account(Vec::new())?;
    let mut inquiry = Inquiry::new(vendor, &account, case);
    let is_keyed = answers.as_object().is_some_and(|answers| answers.keys().any(|key| key.contains(' ')));
    let mut first = Some(answers).filter(|_| !is_keyed);
    let finding = loop {
        match inquiry.next(0)? {
            Step::Done(finding) => break finding,
            Step::Ask(request) => {
                let ask = format!("{} {}", request.method.as_str(), *request.path);
                let Some(answer) = first.take().or_else(|| answers.get(&ask).filter(|_| is_keyed)) else {
                    println!("wanted: {ask}");
                    return Ok(());
                };
                let body = serde_json::to_vec(answer)?;
                inquiry.answer(&Answer { status: 200, headers: &[], body: &body })?;
            }
        }
    };
    println!("environment: {}", finding.environment.as_str());
    println!("outcome: {}", finding.outcome.as_str());
    match &finding.outcome {
        Outcome::Approved(person) => shape(person),
        Outcome::Declined(decline) => println!("because of: {}", decline.as_str()),
        Outcome::NotYet(wait) => println!("waits for: {}", wait.as_str()),
        Outcome::Expired | Outcome::Deleted | Outcome::Withdrawn => {}
    }
    Ok(())
}

fn shape(person: &Identity) {
    println!("names in Latin letters apart: {}", !person.latin.is_empty());
    println!("date of birth: {}", person.date_of_birth.is_some());
    println!(
        "document: {}",
        person.document.as_ref().and_then(|d| d.kind).map_or("none", |kind| kind.as_str())
    );
    println!("checks: {:?}", person.checks);
    println!("files: {:?}", person.media.iter().map(|media| media.shows.as_str()).collect::<Vec<_>>());
    for (name, schema) in [("2", Schema::V2), ("3", Schema::V3)] {
        match person.claims(schema, Script::Latin) {
            Ok(claims) => println!("as idOS' version {name}: {}", claims.level),
            Err(refusals) => {
                for refusal in refusals {
                    println!("not as idOS' version {name}: {refusal}");
                }
            }
        }
    }
}
