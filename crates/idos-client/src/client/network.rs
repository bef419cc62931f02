//! Questions about the network and about accounts.

use serde::{Deserialize, Serialize};

use super::rpc::Failure;
use super::{Client, NoParams};
use crate::error::ConfigError;
use crate::signer::Signer;
use crate::transaction::{Draft, Fee};
use crate::{Error, SignatureType};

/// How a node wants views to be asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// The node does not check who asks; a gateway before it may, by session.
    Open,
    /// Every call is signed over a challenge.
    Private,
}

/// An account, as far as a transaction needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The nonce of the account's last transaction; 0 if there was none. The next transaction has one more.
    pub nonce: u64,
    /// The balance. Networks without fees leave it at zero.
    pub balance: Fee,
}

/// Which transactions count for an account's nonce.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counting {
    Committed = 0,
    Pending = 1,
}

impl Client {
    /// The signer's account as of the last block.
    pub async fn account(&self, signer: &Signer) -> Result<Account, Error> {
        self.account_counting(signer, Counting::Committed).await
    }

    /// The signer's account, as it will be when what waits in the mempool is written: its nonce counts that, too.
    ///
    /// A node that restarts forgets its mempool; then this falls back to [`account`](Self::account).
    pub async fn pending_account(&self, signer: &Signer) -> Result<Account, Error> {
        self.account_counting(signer, Counting::Pending).await
    }

    async fn account_counting(&self, signer: &Signer, counting: Counting) -> Result<Account, Error> {
        let answer: AccountAnswer =
            self.rpc.read("user.account", &AccountParams::of(signer, counting)).await?;
        Ok(answer.into())
    }

    /// The signer's account as of the last block that this node knows.
    pub(super) async fn account_at(&self, node: usize, signer: &Signer) -> Result<Account, Failure> {
        let params = AccountParams::of(signer, Counting::Committed);
        let answer: AccountAnswer = self.rpc.read_from(node, "user.account", &params).await?;
        Ok(answer.into())
    }

    /// How the node wants views to be asked. Asked for once.
    pub async fn mode(&self) -> Result<Mode, Error> {
        let ask = async || {
            let health: Health = self.rpc.read("user.health", &NoParams {}).await?;
            match health.mode.as_str() {
                "open" => Ok(Mode::Open),
                "private" => Ok(Mode::Private),
                _ => Err(Error::Malformed("the mode is neither open nor private")),
            }
        };
        self.mode.get_or_try_init(ask).await.copied()
    }

    /// Whether a node answers, and answers for the network that this client signs for.
    pub async fn health(&self) -> Result<Health, Error> {
        let health: Health = self.rpc.read("user.health", &NoParams {}).await?;
        if health.chain_id == self.chain_id { Ok(health) } else { Err(ConfigError::OtherNetwork.into()) }
    }

    /// What one node says about itself, whatever the others say.
    pub async fn health_at(&self, node: usize) -> Result<Health, Error> {
        let health = self.rpc.read_from(node, "user.health", &NoParams {}).await;
        health.map_err(|failure| failure.into_error([]))
    }

    /// The fee of an execution. Where the network has no fees nothing is asked.
    pub(super) async fn fee_for(
        &self,
        signer: &Signer,
        payload: impl FnOnce() -> Result<Vec<u8>, Error>,
    ) -> Result<Fee, Error> {
        if !self.has_fees {
            return Ok(Fee::zero());
        }
        let tx = Draft::unsigned(payload()?, signer.sender());
        let answer: Price = self.rpc.read("user.estimate_price", &PriceParams { tx }).await?;
        Ok(answer.price)
    }
}

/// What a node says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Health {
    /// The network.
    pub chain_id: String,
    /// Whether the node believes that it works.
    #[serde(default)]
    pub healthy: bool,
    /// The height of its best block.
    #[serde(default)]
    pub block_height: u64,
    /// When its best block was made: milliseconds since 1970-01-01T00:00:00Z, by the clock of whoever made it.
    #[serde(default)]
    pub block_time: Option<i64>,
    /// How old the node says that block is, in milliseconds.
    #[serde(default)]
    pub block_age: Option<i64>,
    mode: String,
}

impl Health {
    /// The time by the node's clock: milliseconds since 1970-01-01T00:00:00Z. `None` if the node does not say it.
    #[must_use]
    pub fn node_time(&self) -> Option<i64> {
        self.block_time?.checked_add(self.block_age?)
    }
}

/// Part of a signed text, so it must not pose as other lines of it.
pub(super) fn checked_chain_id(theirs: String, expected: Option<&str>) -> Result<String, Error> {
    if expected.is_some_and(|expected| expected != theirs) {
        return Err(ConfigError::OtherNetwork.into());
    }
    if theirs.is_empty() || theirs.len() > 128 || theirs.chars().any(char::is_control) {
        return Err(Error::Malformed("the chain id"));
    }
    Ok(theirs)
}

#[derive(Serialize)]
struct AccountParams {
    id: AccountId,
    status: u8,
}

impl AccountParams {
    fn of(signer: &Signer, counting: Counting) -> Self {
        let key_type = match signer.signature_type() {
            SignatureType::Secp256k1Ep => "secp256k1",
            SignatureType::Ed25519 | SignatureType::Nep413 | SignatureType::Xrpl | SignatureType::Sep53 => {
                "ed25519"
            }
        };
        let id = AccountId { identifier: hex::encode(signer.sender()), key_type };
        Self { id, status: counting as u8 }
    }
}

#[derive(Serialize)]
struct AccountId {
    identifier: String,
    key_type: &'static str,
}

#[derive(Deserialize)]
struct AccountAnswer {
    nonce: u64,
    #[serde(default)]
    balance: Option<Fee>,
}

impl From<AccountAnswer> for Account {
    fn from(answer: AccountAnswer) -> Self {
        Self { nonce: answer.nonce, balance: answer.balance.unwrap_or_else(Fee::zero) }
    }
}

#[derive(Serialize)]
struct PriceParams {
    tx: Draft,
}

#[derive(Deserialize)]
struct Price {
    price: Fee,
}
