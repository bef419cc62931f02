//! Endpoints of chains with the Ethereum virtual machine, as they are configured, and the one question to them: whether a
//! contract wallet takes a signature as its own. To the configured addresses alone, within a time, and no more of an answer than
//! is wanted. What is asked has an address in it, and what is answered may repeat it: neither is shown or logged.

use std::collections::BTreeMap;
use std::time::Duration;

use idos_wallet::{ContractCall, ContractVerdict, EvmChain};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::config::{EvmEndpoint, Secret};
use crate::outbound::{self, OutboundError};

/// The most of an answer that is read, in bytes.
const MOST: usize = 64 * 1024;

/// Questions to one endpoint at the same time.
const AT_ONCE: usize = 8;

/// The endpoints, by chain.
#[derive(Default)]
pub struct EvmRpc {
    chains: BTreeMap<EvmChain, Endpoint>,
}

struct Endpoint {
    url: Secret,
    http: reqwest::Client,
    turns: Semaphore,
    patience: Duration,
}

/// Why a chain gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmFault {
    /// No endpoint is configured for it.
    #[error("no endpoint is configured for this chain")]
    NotConfigured,
    /// The endpoint is not reached, or breaks off, or is too slow.
    #[error("the endpoint of the chain does not answer")]
    Away,
    /// It refuses, with this status of HTTP or code of JSON-RPC.
    #[error("the endpoint of the chain refuses ({0})")]
    Refused(i64),
    /// It answers what is no JSON-RPC.
    #[error("the endpoint of the chain answers what is no JSON-RPC")]
    Malformed,
    /// It is one of another chain: what a contract says there says nothing here.
    #[error("the endpoint is one of another chain than the one that it is configured for")]
    OtherChain,
}

/// An answer of JSON-RPC 2.0.
#[derive(Deserialize)]
struct Answered {
    result: Option<String>,
    error: Option<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    code: i64,
    #[serde(default)]
    message: String,
}

impl EvmRpc {
    /// Wires the configured endpoints.
    pub fn wire(of: &[EvmEndpoint]) -> Result<Self, OutboundError> {
        let mut chains = BTreeMap::new();
        for endpoint in of {
            // Settings without a URL, or with another chain, have been refused.
            let (Some(url), Ok(chain)) = (endpoint.url.clone(), endpoint.chain.parse()) else { continue };
            let patience = Duration::from_secs(endpoint.timeout);
            let (http, turns) = (outbound::client(patience)?, Semaphore::new(AT_ONCE));
            chains.insert(chain, Endpoint { url, http, turns, patience });
        }
        Ok(Self { chains })
    }

    /// Whether a chain can be asked.
    #[must_use]
    pub fn knows(&self, chain: EvmChain) -> bool {
        self.chains.contains_key(&chain)
    }

    /// The chains that can be asked.
    pub fn chains(&self) -> impl Iterator<Item = EvmChain> {
        self.chains.keys().copied()
    }

    /// What the contract says of the signature, by the latest block of the chain.
    pub async fn judge(&self, chain: EvmChain, call: &ContractCall) -> Result<ContractVerdict, EvmFault> {
        self.check_chain(chain).await?;
        let endpoint = self.chains.get(&chain).ok_or(EvmFault::NotConfigured)?;
        let transaction = match call.to() {
            Some(to) => json!({ "to": to, "data": call.data() }),
            None => json!({ "data": call.data() }),
        };
        let Answered { result, error } = endpoint.ask("eth_call", json!([transaction, "latest"])).await?;
        match (result, error) {
            (Some(result), None) => Ok(call.judge(&result)),
            // What was reverted was executed. Nodes agree on no code for that, and all say it.
            (None, Some(error))
                if error.code == 3 || error.message.to_ascii_lowercase().contains("revert") =>
            {
                Ok(ContractVerdict::Invalid)
            }
            (None, Some(error)) => Err(EvmFault::Refused(error.code)),
            _ => Err(EvmFault::Malformed),
        }
    }

    /// That the endpoint is one of this chain: another one may have another contract, of somebody else's, at the same address.
    pub async fn check_chain(&self, chain: EvmChain) -> Result<(), EvmFault> {
        let endpoint = self.chains.get(&chain).ok_or(EvmFault::NotConfigured)?;
        let Answered { result, error } = endpoint.ask("eth_chainId", json!([])).await?;
        if let Some(error) = error {
            return Err(EvmFault::Refused(error.code));
        }
        let number =
            result.as_deref().and_then(|text| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok());
        match number {
            Some(number) if number == chain.number() => Ok(()),
            Some(_) => Err(EvmFault::OtherChain),
            None => Err(EvmFault::Malformed),
        }
    }
}

impl Endpoint {
    async fn ask(&self, method: &str, params: Value) -> Result<Answered, EvmFault> {
        let turn = tokio::time::timeout(self.patience, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| EvmFault::Away)?;
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let body = Zeroizing::new(body.into_bytes());
        // The errors of the client name the URL, whose path may be a secret: they go no further.
        let answer = self
            .http
            .post(self.url.expose().trim())
            .header("Content-Type", "application/json")
            .body(body.to_vec())
            .send()
            .await
            .map_err(|_| EvmFault::Away)?;
        let status = answer.status();
        let read = Zeroizing::new(outbound::read(answer, MOST).await.map_err(|_| EvmFault::Away)?);
        match serde_json::from_slice(&read) {
            Ok(answered) => Ok(answered),
            Err(_) if !status.is_success() => Err(EvmFault::Refused(status.as_u16().into())),
            Err(_) => Err(EvmFault::Malformed),
        }
    }
}
