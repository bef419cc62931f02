//! Starting a node, stopping it, and looking into it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use idos_client::transaction::TxHash;
use idos_wallet::SignatureType;
use sqlx::Connection;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::blobs;
use crate::chain::{Chain, account};
use crate::challenges::Challenges;
use crate::config::{DevNodeConfig, Inserter};
use crate::faults::Faults;
use crate::gateway::{Gateway, Settings};
use crate::inspect::{self, AccessGrant, Blob, Block, Counts, Credential, Transaction, User, Wallet};
use crate::rpc;
use crate::shared::Shared;
use crate::state::{self, credentials, grants, inserters, ledger, users, wallets};

/// A running node. Dropping it stops it, too, without waiting for the end.
pub struct DevNode {
    shared: Arc<Shared>,
    stopper: Stopper,
    server: JoinHandle<()>,
    block_maker: Option<JoinHandle<()>>,
}

/// Says stop when it is dropped.
struct Stopper(watch::Sender<bool>);

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Other machines could reach the address, and nobody has allowed that.
    #[error("a development node listens on loopback only, unless allow_non_loopback is set")]
    NotLoopback,
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The state cannot be opened: not a database, in use by another node, or the disk fails.
    #[error("the state cannot be opened")]
    State(#[source] sqlx::Error),
    /// The state file belongs to another chain.
    #[error("the state belongs to another chain id")]
    OtherChain,
    /// The state file is of the next schema already.
    #[error("the state is of the next schema, and cannot go back to today's")]
    OtherSchema,
}

/// The node's database failed.
#[derive(Debug, thiserror::Error)]
#[error("the node's database failed")]
pub struct StateError(#[from] sqlx::Error);

impl DevNode {
    /// Starts a node. It serves requests when this returns.
    pub async fn start(config: DevNodeConfig) -> Result<Self, StartError> {
        if !config.listen.ip().is_loopback() && !config.allow_non_loopback {
            return Err(StartError::NotLoopback);
        }
        let chain = open_chain(&config).await?;
        let unable = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(unable)?;
        let address = listener.local_addr().map_err(unable)?;
        warn_everybody(&config, address);

        let (stop, stopping) = watch::channel(false);
        let settings = Settings {
            chain_id: config.chain_id.clone(),
            login_life: config.login_life,
            session_life: config.session_life,
        };
        let shared = Arc::new(Shared {
            chain: Mutex::new(chain),
            faults: Faults::default(),
            gateway: Gateway::new(settings),
            challenges: Challenges::default(),
            url: format!("http://{address}"),
            stopping: stopping.clone(),
            config,
        });
        let server = tokio::spawn(rpc::serve(listener, rpc::router(Arc::clone(&shared)), stopping));
        let block_maker = shared
            .config
            .block_interval
            .map(|interval| tokio::spawn(make_blocks(Arc::clone(&shared), interval)));
        Ok(Self { shared, stopper: Stopper(stop), server, block_maker })
    }

    /// Where clients reach it, without trailing slash, e.g. `http://127.0.0.1:8484`.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// The chain id that transactions must name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.shared.config.chain_id
    }

    /// The switches that make it misbehave.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Stops it: no new requests, those under way get a moment to end, the state is closed. Transactions that
    /// still wait for a block are lost, as in a node that dies.
    pub async fn stop(self) {
        const TRIES: u32 = 100;
        const PAUSE: Duration = Duration::from_millis(20);

        let Self { shared, stopper, server, block_maker } = self;
        drop(stopper);
        let mut tasks = vec![server];
        tasks.extend(block_maker);
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("A task of the node has panicked");
            }
        }

        // A broadcast finishes its block even if its client and its connection are gone.
        let mut shared = shared;
        for _ in 0..TRIES {
            match Arc::try_unwrap(shared) {
                Ok(last) => {
                    if let Err(error) = last.chain.into_inner().db.close().await {
                        tracing::error!(%error, "The state could not be closed");
                    }
                    return;
                }
                Err(still_used) => shared = still_used,
            }
            tokio::time::sleep(PAUSE).await;
        }
        tracing::error!("A request is still running; the state was not closed");
    }

    /// Makes a block of the transactions that wait. `None` if none do, and none was dropped since the last block. For
    /// tests of nodes with an interval.
    pub async fn make_block(&self) -> Result<Option<Block>, StateError> {
        let now = self.shared.config.clock.now().timestamp();
        Ok(self.shared.chain.lock().await.make_block(now).await?.map(Block::from))
    }

    /// The hashes of the transactions that wait for a block, oldest first.
    pub async fn pending(&self) -> Vec<TxHash> {
        self.shared.chain.lock().await.pending()
    }

    /// Forgets every transaction that waits, without telling anybody, as a node that starts again. How many there were.
    pub async fn lose_mempool(&self) -> usize {
        self.shared.chain.lock().await.lose_mempool()
    }

    /// Forgets one transaction that waits, without telling anybody. False if it does not wait. As in kwild, its nonce
    /// counts until the next block, and later ones of its account that wait get into that block, where they fail.
    pub async fn drop_pending(&self, hash: &TxHash) -> bool {
        self.shared.chain.lock().await.drop_pending(hash)
    }

    /// Adds an inserter, or delegates to it, while the node runs.
    pub async fn add_inserter(&self, inserter: &Inserter) -> Result<(), StateError> {
        Ok(inserters::seed(&mut self.shared.chain.lock().await.db, inserter).await?)
    }

    /// Pretends that an account has used this nonce: `sender` and type as in its transactions.
    pub async fn set_nonce(
        &self,
        signature_type: SignatureType,
        sender: &[u8],
        nonce: u64,
    ) -> Result<(), StateError> {
        let account = account(signature_type.as_str(), sender);
        Ok(ledger::set_nonce(&mut self.shared.chain.lock().await.db, &account, nonce).await?)
    }

    /// How many rows there are.
    pub async fn counts(&self) -> Result<Counts, StateError> {
        Ok(inspect::counts(&mut self.shared.chain.lock().await.db).await?)
    }

    /// Every user, by id.
    pub async fn users(&self) -> Result<Vec<User>, StateError> {
        let rows = users::all(&mut self.shared.chain.lock().await.db).await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// Every wallet, by id.
    pub async fn wallets(&self) -> Result<Vec<Wallet>, StateError> {
        let rows = wallets::all(&mut self.shared.chain.lock().await.db).await?;
        Ok(rows.into_iter().map(Wallet::from).collect())
    }

    /// Every credential, by id.
    pub async fn credentials(&self) -> Result<Vec<Credential>, StateError> {
        let rows = credentials::all(&mut self.shared.chain.lock().await.db).await?;
        Ok(rows.into_iter().map(Credential::from).collect())
    }

    /// Every content at the blob gateway, by identifier.
    pub async fn blobs(&self) -> Result<Vec<Blob>, StateError> {
        Ok(inspect::blobs(&mut self.shared.chain.lock().await.db).await?)
    }

    /// Every access grant, oldest first.
    pub async fn access_grants(&self) -> Result<Vec<AccessGrant>, StateError> {
        let rows = grants::all(&mut self.shared.chain.lock().await.db).await?;
        Ok(rows.into_iter().map(AccessGrant::from).collect())
    }

    /// Every transaction that is in a block, oldest first.
    pub async fn transactions(&self) -> Result<Vec<Transaction>, StateError> {
        let rows = ledger::transactions(&mut self.shared.chain.lock().await.db).await?;
        Ok(rows.into_iter().map(Transaction::from).collect())
    }

    /// The last block.
    pub async fn last_block(&self) -> Block {
        self.shared.chain.lock().await.head().clone().into()
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

async fn open_chain(config: &DevNodeConfig) -> Result<Chain, StartError> {
    let mut db = state::open(&config.state).await.map_err(StartError::State)?;
    if ledger::claim_chain(&mut db, &config.chain_id).await.map_err(StartError::State)? != config.chain_id {
        return Err(StartError::OtherChain);
    }
    let has_blobs = config.schema.has_blobs();
    if ledger::claim_next_schema(&mut db, has_blobs).await.map_err(StartError::State)? != has_blobs {
        return Err(StartError::OtherSchema);
    }
    Gateway::prepare(&mut db).await.map_err(StartError::State)?;
    blobs::prepare(&mut db).await.map_err(StartError::State)?;
    for inserter in &config.inserters {
        inserters::seed(&mut db, inserter).await.map_err(StartError::State)?;
    }
    let now = config.clock.now().timestamp();
    Chain::open(db, config.schema, config.owner.clone(), now).await.map_err(StartError::State)
}

/// Makes a block every `interval`, as long as the node runs.
async fn make_blocks(node: Arc<Shared>, interval: Duration) {
    const SHORTEST: Duration = Duration::from_millis(1);
    let mut ticks = tokio::time::interval(interval.max(SHORTEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = node.stopped() => return,
        }
        let now = node.config.clock.now().timestamp();
        if let Err(error) = node.chain.lock().await.make_block(now).await {
            tracing::error!(%error, "The block could not be made; its transactions are lost");
        }
    }
}

fn warn_everybody(config: &DevNodeConfig, address: SocketAddr) {
    tracing::warn!(
        %address,
        chain_id = config.chain_id,
        "THIS IS NO idOS NODE. It is a development stand-in: nothing it holds is real, and nothing it holds is safe"
    );
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "Other machines can reach this development node, and read and write all it holds");
    }
}
