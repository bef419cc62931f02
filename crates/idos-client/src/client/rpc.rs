//! JSON-RPC over HTTP, and which node to ask.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::NoParams;
use super::config::{ClientConfig, Node};
use super::transport::{Answer, NoAnswer, Transport};
use crate::Error;
use crate::error::ConfigError;
use crate::message::NodeMessage;
use crate::signer::SignError;

/// The nodes, and the way to them.
#[derive(Debug)]
pub(super) struct Rpc {
    pub(super) transport: Transport,
    nodes: Vec<Node>,
    /// The node that answered last, or that a transaction was sent to last.
    preferred: AtomicUsize,
    last_id: AtomicU64,
    /// The network that every node must belong to, once it is known.
    chain_id: OnceLock<String>,
}

/// A result and the cookies that came with it.
#[derive(Debug)]
pub(super) struct Reply<T> {
    pub(super) result: T,
    pub(super) set_cookie: Vec<String>,
}

/// Why a question has no result.
#[derive(Debug)]
pub(super) enum Failure {
    NoAnswer(NoAnswer),
    /// An HTTP status, and no JSON-RPC error with it.
    Status(u16),
    NotJson,
    Malformed(&'static str),
    /// The node belongs to another network.
    OtherNetwork,
    /// The key did not sign.
    Sign(SignError),
    Error {
        status: u16,
        error: RpcError,
    },
}

/// The error member of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct RpcError {
    pub(super) code: i64,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

/// The network that a node belongs to.
#[derive(Deserialize)]
pub(super) struct ChainInfo {
    pub(super) chain_id: String,
    /// Whether there are fees.
    #[serde(default)]
    pub(super) gas: bool,
}

/// The JSON-RPC error of a gateway that wants a session.
const NOT_AUTHORISED: i64 = -901;

impl Rpc {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let node = |url| Node::new(url, config.blob_gateway.as_ref(), config.plain_http);
        let nodes: Vec<_> = config.urls.iter().map(node).collect::<Result<_, _>>()?;
        if nodes.is_empty() {
            return Err(ConfigError::NoUrl);
        }
        let transport = Transport::new(config, &nodes)?;
        Ok(Self {
            transport,
            nodes,
            preferred: AtomicUsize::new(0),
            last_id: AtomicU64::new(0),
            chain_id: OnceLock::new(),
        })
    }

    /// From now on, nodes of another network than this one are passed over.
    pub(super) fn insist_on(&self, chain_id: &str) {
        // The only caller is whoever connects, once.
        let _ = self.chain_id.set(chain_id.to_owned());
        if let Some(node) = self.nodes.get(self.preferred()) {
            node.belongs(); // it is the one that said so
        }
    }

    /// Whether a node may be asked: that it belongs to the network is asked of each one before anything else, once.
    ///
    /// A list of nodes is written by hand. Reading from a wrong one would be believed, and what is signed for one
    /// network is refused by another at best.
    pub(super) async fn admit(&self, index: usize) -> Result<(), Failure> {
        let node = self.nodes.get(index).ok_or(Failure::Malformed("no node"))?;
        let Some(ours) = self.chain_id.get().filter(|_| !node.is_of_network()) else { return Ok(()) };
        let info: ChainInfo = self.ask(node, "user.chain_info", &NoParams {}, None).await?.result;
        if info.chain_id == *ours {
            node.belongs();
            return Ok(());
        }
        tracing::error!(node = node.domain, "This node belongs to another network and is passed over");
        Err(Failure::OtherNetwork)
    }

    /// The nodes in the order in which to ask them, with their indices, from this one on.
    pub(super) fn nodes_from(&self, first: usize) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().cycle().skip(first).take(self.nodes.len())
    }

    /// The nodes to ask with their indices, one after the other as long as none answers: this one alone, or all from the one
    /// that is preferred on.
    pub(super) fn nodes_to_ask(&self, only: Option<usize>) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes_from(only.unwrap_or_else(|| self.preferred())).take(if only.is_some() {
            1
        } else {
            usize::MAX
        })
    }

    /// How many nodes are configured.
    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Remembers to ask this node before `first`, which was preferred when the question began: it answers, or has got a
    /// transaction. An answer that was under way does not undo that somebody has
    /// [turned away](Self::turn_away_from) meanwhile.
    pub(super) fn prefer(&self, index: usize, first: usize) {
        let _ = self.preferred.compare_exchange(first, index, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The index of the node that is asked first.
    pub(super) fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    /// Asks the one after this node first, unless another one is asked first already. False if there is no other.
    pub(super) fn turn_away_from(&self, index: usize) -> bool {
        let count = self.nodes.len();
        let next = (index + 1) % count.max(1);
        // That somebody else has turned away meanwhile is as good.
        let _ = self.preferred.compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
        count > 1
    }

    /// Asks something that changes nothing; if a node cannot be reached or does not answer, the next one.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, Error> {
        self.read_from_any(method, params).await.map_err(|failure| failure.into_error([]))
    }

    /// The same, for callers that have texts to strike out of what a node says.
    pub(super) async fn read_from_any<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, Failure> {
        let (first, mut last) = (self.preferred(), None);
        for (index, node) in self.nodes_from(first) {
            let asked = match self.admit(index).await {
                Ok(()) => self.ask(node, method, params, None).await,
                Err(failure) => Err(failure),
            };
            match asked {
                Ok(reply) => {
                    self.prefer(index, first);
                    return Ok(reply.result);
                }
                Err(failure) if failure.lets_another_node_try() => {
                    tracing::warn!(
                        node = node.domain,
                        method,
                        "An idOS node did not answer; asking the next one"
                    );
                    last = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(last.unwrap_or(Failure::Malformed("no node")))
    }

    /// The same of one node only.
    pub(super) async fn read_from<T: DeserializeOwned>(
        &self,
        index: usize,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, Failure> {
        let node = self.nodes.get(index).ok_or(Failure::Malformed("no node"))?;
        Ok(self.ask(node, method, params, None).await?.result)
    }

    /// Asks one node.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        node: &Node,
        method: &str,
        params: &impl Serialize,
        cookie: Option<&str>,
    ) -> Result<Reply<T>, Failure> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let request = serde_json::to_vec(&Request { jsonrpc: "2.0", id, method, params })
            .map_err(|_| Failure::Malformed("the request"))?;
        self.send(node, request.into(), cookie).await
    }

    /// Sends a finished request to one node.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        node: &Node,
        request: Bytes,
        cookie: Option<&str>,
    ) -> Result<Reply<T>, Failure> {
        tracing::trace!(node = node.domain, bytes = request.len(), "Asking an idOS node");
        let answer = self.transport.post(node, request, cookie).await.map_err(Failure::NoAnswer)?;
        let result = result_of(&answer)?;
        let result = serde_json::from_str(result.get()).map_err(|_| Failure::Malformed("the result"))?;
        Ok(Reply { result, set_cookie: answer.set_cookie })
    }
}

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a P,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    jsonrpc: Option<String>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<RpcError>,
}

/// The result in an answer. A JSON-RPC error counts whatever the HTTP status, a result only with status 200.
fn result_of(answer: &Answer) -> Result<&RawValue, Failure> {
    let status = answer.status;
    let envelope: Envelope<'_> = match serde_json::from_slice(&answer.body) {
        Ok(envelope) => envelope,
        Err(_) if status != 200 => return Err(Failure::Status(status)),
        Err(error) if error.is_data() => return Err(Failure::Malformed("no JSON-RPC answer")),
        Err(_) => return Err(Failure::NotJson),
    };
    match envelope {
        Envelope { error: Some(error), .. } => Err(Failure::Error { status, error }),
        _ if status != 200 => Err(Failure::Status(status)),
        Envelope { jsonrpc, .. } if jsonrpc.as_deref() != Some("2.0") => Err(Failure::Malformed("jsonrpc")),
        Envelope { result: Some(result), .. } => Ok(result),
        Envelope { result: None, .. } => Err(Failure::Malformed("the result is missing")),
    }
}

impl Failure {
    /// Whether it is no word of a node of ours, so that another one may know better: it is away, or what stands before
    /// it answers, or what comes cannot be understood.
    pub(super) fn lets_another_node_try(&self) -> bool {
        match self {
            Self::NoAnswer(_)
            | Self::OtherNetwork
            | Self::Status(_)
            | Self::NotJson
            | Self::Malformed(_)
            | Self::Error { status: 502..=504, .. } => true,
            Self::Sign(_) => false,
            Self::Error { error, .. } => matches!(error.code, -904..=-902 | -900 | -32601),
        }
    }

    /// Whether a gateway has looked at a login and says no: not where it is away, has failed, is asked too often or knows no logins.
    /// Which code it then has is not public.
    pub(super) fn refuses_login(&self) -> bool {
        match self {
            Self::Error { status, error } => {
                *status < 500 && !matches!(error.code, -906 | -905 | -900 | -32601 | -32603)
            }
            _ => false,
        }
    }

    /// Whether a gateway wants a session.
    pub(super) fn is_not_authorised(&self) -> bool {
        matches!(self, Self::Error { error: RpcError { code: NOT_AUTHORISED, .. }, .. })
    }

    /// The error for a question that changes nothing; `arguments` are texts that must not be shown.
    pub(super) fn into_error<'a>(self, arguments: impl IntoIterator<Item = &'a str>) -> Error {
        match self {
            Self::NoAnswer(NoAnswer::Unsent(error)) => Error::Unreachable(error),
            Self::NoAnswer(NoAnswer::Lost(error)) => Error::NoAnswer(error),
            Self::NoAnswer(NoAnswer::TooLarge { limit }) => Error::AnswerTooLarge { limit },
            Self::Status(status) => Error::HttpStatus(status),
            Self::NotJson => Error::NotJson,
            Self::Malformed(what) => Error::Malformed(what),
            Self::OtherNetwork => ConfigError::OtherNetwork.into(),
            Self::Sign(error) => error.into(),
            Self::Error { status, error } => {
                let message = NodeMessage::new(error.message(), arguments);
                Error::Node { code: error.code, status, message }
            }
        }
    }
}

impl RpcError {
    pub(super) fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    /// The data member, if it has this form.
    pub(super) fn data<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.data.as_deref()?.get()).ok()
    }
}
