//! Signs a webhook, receives it, and refuses where not to send one: the program of this crate's README.
//!
//! ```sh
//! cargo run -p idos-webhooks --example sign
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use idos_webhooks::{Headers, Message, Secret, Secrets, Sender, SenderConfig, TOLERANCE};
use rand_core::OsRng;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Each receiver has a secret of its own, and is told it once: secret.to_text().
    let secrets = Secrets::new(Secret::generate(&mut OsRng));
    let now = 1_796_000_000; // Seconds since 1970, from a clock.

    // What is sent: the id stays the same in every try, the timestamp is that of the try.
    let message = Message::new("evt_1", now, r#"{"type":"credential.issued"}"#)?;
    let signature = secrets.sign(&message);

    // What a receiver does, with this crate or any library of Standard Webhooks.
    let timestamp = message.timestamp().to_string();
    let headers = Headers { id: message.id(), timestamp: &timestamp, signature: &signature };
    secrets.verify(&headers, message.body(), now + 2, TOLERANCE)?;
    println!("verified: {}", message.id());
    if let Err(reason) = secrets.verify(&headers, b"{}", now + 2, TOLERANCE) {
        println!("altered: {reason}");
    }

    // Somebody registers an address inside of our network. Nothing is connected to.
    let sender = Sender::new(&SenderConfig::new("example/1.0"))?;
    let inside = "https://169.254.169.254/latest/meta-data".parse()?;
    match sender.send(&inside, &message, &secrets).await {
        Ok(_) => println!("sent"),
        Err(error) if error.is_worth_retrying() => println!("later, with the same id: {error}"),
        Err(error) => println!("never: {error}"),
    }
    Ok(())
}
