//! What the tests share: networks, and hands to write to them.

/// The same as that of the development node.
#[path = "../../../../idos-devnode/tests/it/support/http.rs"]
mod http;

use std::time::{Duration, Instant};

use idos_client::actions::{AddUserAsInserter, PasswordStore};
use idos_client::{Broadcast, Client, ClientConfig, Nonce, Signer, TxOutcome};
use idos_localnet::{Inserter, Localnet, LocalnetConfig};
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub(crate) use http::{Answer, request};

/// The name of the tests' inserter.
pub(crate) const ISSUER: &str = "Example";

/// The key that acts for the tests' inserter.
pub(crate) fn issuer() -> Signer {
    Signer::from_seed(&[7; 32])
}

pub(crate) fn inserters() -> Vec<Inserter> {
    vec![Inserter::new(ISSUER, [issuer().caller()])]
}

/// A network of one validator with one inserter.
pub(crate) async fn network() -> Localnet {
    network_with(|_| {}).await
}

pub(crate) async fn network_with(change: impl FnOnce(&mut LocalnetConfig)) -> Localnet {
    let mut config = LocalnetConfig { inserters: inserters(), ..LocalnetConfig::default() };
    change(&mut config);
    Localnet::start(config).await.unwrap()
}

pub(crate) async fn client(url: &str) -> Client {
    Client::connect(ClientConfig::new(url.parse().unwrap())).await.unwrap()
}

pub(crate) fn id(number: u128) -> Uuid {
    uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid()
}

/// Adds a user as the tests' inserter, and waits for the block.
pub(crate) async fn add_user(client: &Client, number: u128) -> Result<TxOutcome, idos_client::Error> {
    let user = AddUserAsInserter {
        id: id(number),
        recipient_encryption_public_key: "key",
        encryption_password_store: PasswordStore::User,
    };
    client.execute(&issuer(), &user, Nonce::Next, Broadcast::Wait).await
}

/// Sends a JSON-RPC request on a connection of its own, with these headers.
pub(crate) async fn post(url: &str, headers: &[(&str, &str)], method: &str, params: Json) -> Answer {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    request(url, "POST", "/rpc/v1", headers, body.as_bytes()).await.unwrap()
}

/// Waits until something is so, for at most `patience`.
pub(crate) async fn until(what: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
