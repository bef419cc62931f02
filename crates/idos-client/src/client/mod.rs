//! A client of an idOS node or gateway.

mod blob;
mod config;
mod content_place;
mod execute;
mod lookup;
mod network;
mod outcome;
mod outside;
mod prepared;
mod rpc;
mod session;
mod transport;
mod view;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

pub use blob::{BlobError, ToUpload, Upload};
pub use config::ClientConfig;
pub use content_place::ContentPlace;
pub use execute::{Broadcast, Nonce, TxOutcome};
pub use lookup::{Fate, TxState, TxStatus};
pub use network::{Account, Health, Mode};
pub use outside::Login;
pub use prepared::{Prepared, TxTerms, UnsignedTransaction};
use rpc::ChainInfo;
pub use view::Viewer;

use crate::Error;
use rpc::Rpc;
use session::Sessions;

/// A client of an idOS node or gateway. Share it by reference; it holds connections and sessions.
#[derive(Debug)]
pub struct Client {
    rpc: Rpc,
    chain_id: String,
    has_fees: bool,
    mode: OnceCell<Mode>,
    sessions: Sessions,
    /// One lane for each sender: nonces are consecutive, so one key's transactions go one after the other.
    lanes: Mutex<HashMap<Vec<u8>, Arc<tokio::sync::Mutex<()>>>>,
}

impl Client {
    /// Connects: asks the node which network it belongs to.
    pub async fn connect(config: ClientConfig) -> Result<Self, Error> {
        let rpc = Rpc::new(&config)?;
        let info: ChainInfo = rpc.read("user.chain_info", &NoParams {}).await?;
        let chain_id = network::checked_chain_id(info.chain_id, config.chain_id.as_deref())?;
        rpc.insist_on(&chain_id);
        Ok(Self {
            rpc,
            chain_id,
            has_fees: info.gas,
            mode: OnceCell::new(),
            sessions: Sessions::default(),
            lanes: Mutex::default(),
        })
    }

    /// The network's name, which is part of everything that is signed.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.chain_id
    }

    /// How many nodes are configured; they are counted from 0, in the order of [`ClientConfig::urls`].
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.rpc.node_count()
    }

    /// Which of the configured nodes is asked first: it answered last, or got the last transaction.
    #[must_use]
    pub fn preferred_node(&self) -> usize {
        self.rpc.preferred()
    }

    /// Has another node than this one asked first, for a node that answers and yet is of no use: one that is cut off from
    /// the others takes transactions that get into no block. False if there is no other.
    pub fn turn_away_from(&self, node: usize) -> bool {
        self.rpc.turn_away_from(node)
    }

    fn lane(&self, sender: &[u8]) -> Arc<tokio::sync::Mutex<()>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(sender.to_vec()).or_default())
    }
}

/// `{}`, which every method without parameters wants.
#[derive(serde::Serialize)]
struct NoParams {}
