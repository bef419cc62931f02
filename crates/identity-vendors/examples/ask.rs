//! Refuses a webhook, and asks what became of a case: the program of this crate's README.
//!
//! ```sh
//! cargo run -p identity-vendors --example ask
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use identity_vendors::{
    Account, Answer, Case, CaseId, Environment, Inquiry, Outcome, Received, Schema, Script, Secret, Settings,
    Step, Vendor,
};

fn main() -> Result<(), Box<dyn Error>> {
    let account = Account {
        environment: Environment::Sandbox,
        webhook_secrets: vec![Secret::new("whsec_test")?], // Two of them while one is being replaced.
        key: Secret::new("sbx:token")?,
        secret: Some(Secret::new("test-secret")?),
        token: None,
        user_agent: "Example Issuer/1.0".to_owned(),
        files: Vec::new(),
        settings: Settings::default(),
    };
    let now = 1_767_323_045; // Seconds since 1970, from a clock.

    // A webhook is checked over its bytes before anything of it is read. This one is not signed.
    let received = Received { headers: &[], body: br#"{"type":"applicantReviewed"}"#, now };
    if let Err(reason) = Vendor::Sumsub.authenticate(&account, &received) {
        println!("not believed: {reason}");
    }

    // Whatever a webhook says happened: what holds now is asked for.
    let case = Case::new(CaseId::new("68a7d46b8a6f58bf219053c6")?);
    let mut inquiry = Inquiry::new(Vendor::Sumsub, &account, case);
    while let Step::Ask(request) = inquiry.next(now)? {
        println!("to be sent: {} {}", request.method.as_str(), *request.path);
        // Here the caller sends it. The applicant of this example is still being looked at.
        let body = br#"{"id":"68a7d46b8a6f58bf219053c6","review":{"reviewStatus":"pending"}}"#;
        inquiry.answer(&Answer { status: 200, headers: &[], body })?;
    }
    let Step::Done(finding) = inquiry.next(now)? else { return Ok(()) };
    match finding.outcome {
        Outcome::Approved(person) => match person.claims(Schema::V2, Script::Latin) {
            Ok(claims) => println!("a credential of the level {}", claims.level),
            Err(refusals) => refusals.iter().for_each(|refusal| println!("not in idOS: {refusal}")),
        },
        outcome => println!("{}", outcome.as_str()),
    }
    Ok(())
}
