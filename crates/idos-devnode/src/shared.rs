//! What all requests of a node share.

use tokio::sync::{Mutex, watch};

use crate::chain::Chain;
use crate::challenges::Challenges;
use crate::config::DevNodeConfig;
use crate::faults::Faults;
use crate::gateway::Gateway;

/// What all requests of a node share.
pub(crate) struct Shared {
    pub(crate) config: DevNodeConfig,
    pub(crate) chain: Mutex<Chain>,
    pub(crate) faults: Faults,
    pub(crate) gateway: Gateway,
    pub(crate) challenges: Challenges,
    /// Where it listens.
    pub(crate) url: String,
    /// Whether the node is to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Shared {
    /// Ends when the node stops.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the node is gone, which is the same.
        let _stopped = stopping.wait_for(|stopping| *stopping).await;
    }
}
