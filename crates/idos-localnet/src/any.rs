//! Either node: one suite of tests runs against both.

use idos_devnode::{DevNode, DevNodeConfig, Inserter};

use crate::any_error::AnyError;
use crate::network::Error;
use crate::pool::Lease;
use crate::{AccessGrant, Counts, Credential, Localnet, LocalnetConfig, Transaction, User, Wallet};

/// Says which node tests are to run against.
const WANTED: &str = "IDOS_TEST_NODE";

/// A development node, or a network of kwild.
pub enum AnyNode {
    /// The development node.
    Dev(DevNode),
    /// kwild.
    Kwild(Kwild),
}

/// A network, alone or lent.
#[derive(Debug)]
pub struct Kwild {
    network: Held,
    /// Where clients were told to go: to the gateway, or, where nobody needs a session, to the node behind it.
    url: String,
}

#[derive(Debug)]
enum Held {
    Own(Box<Localnet>),
    /// Other tests of this process may have had it before.
    Lent(Lease),
}

impl AnyNode {
    /// Whether tests are to run against kwild: `IDOS_TEST_NODE`, which is `dev` (as without it) or `kwild`.
    pub fn is_kwild_wanted() -> Result<bool, AnyError> {
        match std::env::var(WANTED).as_deref() {
            Ok("kwild") => Ok(true),
            Ok("dev") | Err(std::env::VarError::NotPresent) => Ok(false),
            _ => Err(AnyError::UnknownNode),
        }
    }

    /// Starts the node that is wanted. kwild heeds of the configuration the schema, the inserters, and whether sessions are needed. It
    /// keeps its own time, has an owner of its own, and makes blocks as fast as it can. Its schema is empty, but its chain
    /// may be older: accounts may have nonces, and there may be transactions.
    pub async fn start(config: DevNodeConfig) -> Result<Self, AnyError> {
        if !Self::is_kwild_wanted()? {
            return Ok(Self::Dev(DevNode::start(config).await?));
        }
        let chain_id = DevNodeConfig::default().chain_id;
        let network = Lease::take(chain_id, config.schema, config.inserters).await?;
        let node_url = network.node_url(0).map(str::to_owned);
        let url = if config.require_sessions { network.url() } else { node_url.unwrap_or_default() };
        Ok(Self::Kwild(Kwild { network: Held::Lent(network), url }))
    }

    /// The same with a chain of its own. kwild heeds schema, chain id, address, and times, too.
    pub async fn start_fresh(config: DevNodeConfig) -> Result<Self, AnyError> {
        if !Self::is_kwild_wanted()? {
            return Ok(Self::Dev(DevNode::start(config).await?));
        }
        let config = LocalnetConfig {
            chain_id: config.chain_id,
            schema: config.schema,
            inserters: config.inserters,
            listen: config.listen,
            allow_non_loopback: config.allow_non_loopback,
            require_sessions: config.require_sessions,
            commit_wait: config.commit_wait,
            session_life: config.session_life,
            login_life: config.login_life,
            ..LocalnetConfig::default()
        };
        Ok(Localnet::start(config).await?.into())
    }

    /// The development node, if it is one.
    #[must_use]
    pub fn dev(&self) -> Option<&DevNode> {
        match self {
            Self::Dev(node) => Some(node),
            Self::Kwild(_) => None,
        }
    }

    /// kwild, if it is that.
    #[must_use]
    pub fn kwild(&self) -> Option<&Localnet> {
        match self {
            Self::Dev(_) => None,
            Self::Kwild(network) => Some(network),
        }
    }

    /// Where clients reach it, without trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Dev(node) => node.url(),
            Self::Kwild(network) => network.url.clone(),
        }
    }

    /// The chain id that transactions must name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        match self {
            Self::Dev(node) => node.chain_id(),
            Self::Kwild(network) => network.chain_id(),
        }
    }

    /// Stops it in good order.
    pub async fn stop(self) {
        match self {
            Self::Dev(node) => node.stop().await,
            Self::Kwild(Kwild { network: Held::Own(network), .. }) => network.stop().await,
            Self::Kwild(Kwild { network: Held::Lent(_), .. }) => {} // it goes back
        }
    }

    /// Adds an inserter, or delegates to it, while the node runs.
    pub async fn add_inserter(&self, inserter: &Inserter) -> Result<(), AnyError> {
        match self {
            Self::Dev(node) => Ok(node.add_inserter(inserter).await?),
            Self::Kwild(network) => Ok(network.add_inserter(inserter).await?),
        }
    }

    /// How many rows there are. Transactions include those that have made the inserters of a kwild.
    pub async fn counts(&self) -> Result<Counts, AnyError> {
        match self {
            Self::Dev(node) => Ok(node.counts().await?),
            Self::Kwild(network) => Ok(network.counts().await?),
        }
    }

    /// Every user, by id.
    pub async fn users(&self) -> Result<Vec<User>, AnyError> {
        match self {
            Self::Dev(node) => Ok(node.users().await?),
            Self::Kwild(network) => Ok(network.rows(0).await?.users().await?),
        }
    }

    /// Every wallet, by id.
    pub async fn wallets(&self) -> Result<Vec<Wallet>, AnyError> {
        match self {
            Self::Dev(node) => Ok(node.wallets().await?),
            Self::Kwild(network) => Ok(network.rows(0).await?.wallets().await?),
        }
    }

    /// Every credential, by id.
    pub async fn credentials(&self) -> Result<Vec<Credential>, AnyError> {
        match self {
            Self::Dev(node) => Ok(node.credentials().await?),
            Self::Kwild(network) => Ok(network.rows(0).await?.credentials().await?),
        }
    }

    /// Every access grant, oldest first.
    pub async fn access_grants(&self) -> Result<Vec<AccessGrant>, AnyError> {
        match self {
            Self::Dev(node) => Ok(node.access_grants().await?),
            Self::Kwild(network) => Ok(network.rows(0).await?.access_grants().await?),
        }
    }

    /// Every transaction that is in a block, oldest first.
    pub async fn transactions(&self) -> Result<Vec<Transaction>, AnyError> {
        match self {
            Self::Dev(node) => Ok(node.transactions().await?),
            Self::Kwild(network) => Ok(network.rows(0).await?.transactions().await.map_err(Error::from)?),
        }
    }
}

impl From<Localnet> for AnyNode {
    fn from(network: Localnet) -> Self {
        let url = network.url();
        Self::Kwild(Kwild { network: Held::Own(Box::new(network)), url })
    }
}

impl std::ops::Deref for Kwild {
    type Target = Localnet;

    fn deref(&self) -> &Localnet {
        match &self.network {
            Held::Own(network) => network,
            Held::Lent(network) => network,
        }
    }
}
