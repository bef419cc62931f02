//! Asks Human Passport whether a wallet's owner is a person, and reads an answer.
//!
//! ```sh
//! cargo run -p identity-vendors --example person
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use identity_vendors::personhood::{Binding, HumanPassport, PersonSource, Score, Step};
use identity_vendors::{Answer, Environment, Secret};

fn main() -> Result<(), Box<dyn Error>> {
    let source = PersonSource::from(HumanPassport {
        scorer: 335,
        environment: Environment::Live,
        key: Secret::new("api-key")?,
        action: "idos-pop".to_owned(),
        threshold: Score::read("20").ok_or("a score")?,
    });
    let now = 1_767_323_045; // Seconds since 1970, from a clock.

    // The wallet is proven to be the user's elsewhere.
    let wallet = "0x52908400098527886E0F7030069857D2E4169EE7";
    let proof = format!(r#"{{"address":"{wallet}"}}"#);
    let binding = Binding { user: wallet, nonce: None };
    let Step::Ask(question) = source.begin(proof.as_bytes(), &binding, now)? else { return Ok(()) };
    println!("to be sent: {} {}", question.method.as_str(), *question.path);

    // Here the caller sends it.
    for score in ["27.12300", "3.50000"] {
        let body = format!(
            r#"{{"address":"{wallet}","score":"{score}","passing_score":true,"expiration_timestamp":"2026-04-02T03:04:05Z"}}"#
        );
        let answer = Answer { status: 200, headers: &[], body: body.as_bytes() };
        match source.finish(&question, &answer, now) {
            Ok(Step::Done(person)) => {
                let hash = person.id.keyed_hash(&Secret::new("a key of the operator's")?);
                println!("a person, once for each {:02x}{:02x}..", hash[0], hash[1]);
            }
            Ok(_) => println!("more is wanted"),
            Err(denial) => println!("not taken: {denial}"),
        }
    }
    Ok(())
}
