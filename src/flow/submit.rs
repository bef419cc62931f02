//! Send one action and know what became of it.

use std::time::Duration;

use idos_client::actions::Action;
use idos_client::transaction::TxHash;
use idos_client::{Broadcast, Class, Client, Error, Nonce, Signer};

/// How long a transaction is looked for whose broadcast had no clear outcome.
const PATIENCE: Duration = Duration::from_secs(90);

/// A transaction that is in a block and went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its hash.
    pub tx_hash: TxHash,
}

/// Sends `action` and waits for its block. An unclear outcome is looked up by the transaction's hash, never guessed;
/// what stays unclear is an error of [`Class::Unknown`].
pub(super) async fn submit<A: Action>(
    client: &Client,
    signer: &Signer,
    action: &A,
) -> Result<Receipt, Error> {
    match client.execute(signer, action, Nonce::Next, Broadcast::Wait).await {
        Ok(outcome) => Ok(Receipt { tx_hash: outcome.hash }),
        Err(error) => match error.class() {
            Class::Unknown { hash } => {
                client.confirm(hash, PATIENCE).await?;
                Ok(Receipt { tx_hash: hash })
            }
            Class::Refused | Class::Retry => Err(error),
        },
    }
}
