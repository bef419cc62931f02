//! Creates a user at a node and reads it back: the program of this crate's README.
//!
//! ```sh
//! cargo run -p idos-devnode -- --listen 127.0.0.1:7777 --delegate 8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394
//! cargo run -p idos-client --example profile -- http://127.0.0.1:7777
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use idos_client::actions::{AddUserAsInserter, GetUserAsInserter, PasswordStore};
use idos_client::{Broadcast, Class, Client, ClientConfig, Nonce, Signer};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: profile NODE_URL")?;
    let client = Client::connect(ClientConfig::new(url.parse()?)).await?;
    println!("connected to the network {}", client.chain_id());

    // The write key, from a key store. The network must know it as a delegate of an inserter.
    let issuer = Signer::from_seed(&[2; 32]);
    println!("as {}", issuer.caller());

    let id = Uuid::parse_str("7d1c9f0e-59a3-4c5b-9d1a-3f2f4f0a6b11")?;
    if client.call_one(&issuer, &GetUserAsInserter { id }).await?.is_none() {
        let user = AddUserAsInserter {
            id,
            recipient_encryption_public_key: "XdCWkxY6jLAmTSYr6wt6BBcq5bA1wA0/4vmzRxVcmxs=",
            encryption_password_store: PasswordStore::User,
        };
        // Who records prepared.hash() here can look up what became of it after a crash, too.
        let prepared = client.prepare(&issuer, &user, Nonce::Next).await?;
        match client.broadcast(&prepared, Broadcast::Wait).await {
            Ok(outcome) => println!("in a block: {}", outcome.committed),
            Err(error) => match error.class() {
                Class::Refused => return Err(error.into()),
                Class::Retry => println!("nothing was written, try again: {error}"),
                Class::Unknown { hash } => println!("perhaps written, look up {hash}: {error}"),
            },
        }
    }
    let there = client.call_one(&issuer, &GetUserAsInserter { id }).await?;
    println!("the node knows the user: {}", there.is_some());
    Ok(())
}
