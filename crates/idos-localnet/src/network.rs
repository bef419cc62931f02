//! The whole network, started and stopped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use idos_client::Signer;
use idos_devnode::{Counts, Inserter};
use rand::Rng;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::config::LocalnetConfig;
use crate::folder::Folder;
use crate::gateway::{BlobGateway, Contents, Gateway};
use crate::owner::{Owner, SeedError};
use crate::ports;
use crate::postgres::{Postgres, ROLE};
use crate::process::{ProcessError, ProcessGroup};
use crate::rows::Rows;
use crate::rpc::RpcFailure;
use crate::tools::{Tools, ToolsMissing};
use crate::validator::{Database, Peer, Ports, Settings, Validator};

/// How often a network with other ports is tried when somebody else has taken one.
const TRIES: u32 = 5;

/// A running network. Dropping it ends it, without waiting for good order.
///
/// Validators are named by their number, from 0; the first is the leader, without which there are no blocks.
#[derive(Debug)]
pub struct Localnet {
    // In the order in which they end.
    gateways: Vec<Gateway>,
    validators: Vec<Mutex<Validator>>,
    /// One for each validator: see [`crate::postgres`].
    postgres: Vec<Postgres>,
    config: LocalnetConfig,
    peers: Vec<Peer>,
    node_urls: Vec<String>,
    owner: Owner,
    folder: Folder,
    process_group: ProcessGroup,
    /// The height of the block after which the schema was empty.
    cleared: AtomicI64,
    /// There with the next schema.
    contents: Option<Contents>,
}

/// Why a network does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The programs were not built.
    #[error(transparent)]
    Tools(#[from] ToolsMissing),
    /// There must be a validator.
    #[error("a network has at least one validator")]
    NoValidator,
    /// Other machines could reach the address, and nobody has allowed that.
    #[error("a local network listens on loopback only, unless allow_non_loopback is set")]
    NotLoopback,
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The folder cannot be written or read.
    #[error("the network's folder cannot be used")]
    Folder(#[source] io::Error),
    /// The folder holds another network.
    #[error("the folder holds a network with {what}")]
    OtherNetwork {
        /// What is different.
        what: String,
    },
    /// A program does not run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The database does not answer.
    #[error("the network's database does not answer")]
    Database(#[from] sqlx::Error),
    /// The inserters cannot be added.
    #[error("the inserters cannot be added")]
    Seed(#[from] SeedError),
}

/// Something that was asked of a running network cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are fewer validators.
    #[error("there is no validator {0}")]
    NoSuchValidator(usize),
    /// The validator's program does not run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The database does not answer.
    #[error("the network's database does not answer")]
    Database(#[from] sqlx::Error),
    /// The validator does not do what it was asked.
    #[error("a validator does not do what it was asked")]
    Node(#[from] RpcFailure),
}

impl Localnet {
    /// Starts a network. It takes transactions when this returns, and has made a block.
    pub async fn start(config: LocalnetConfig) -> Result<Self, StartError> {
        if config.validators == 0 {
            return Err(StartError::NoValidator);
        }
        if !config.listen.ip().is_loopback() && !config.allow_non_loopback {
            return Err(StartError::NotLoopback);
        }
        let tools = Tools::find(config.schema)?;
        let listeners = listen(&config).await?;
        let process_group = ProcessGroup::open().map_err(StartError::Folder)?;
        let folder = match &config.folder {
            Some(path) => Folder::kept(path),
            None => Folder::temporary(),
        };
        let folder = folder.map_err(StartError::Folder)?;
        let mut parts = Parts::prepare(&config, &folder, &tools).map_err(StartError::Folder)?;
        parts.claim(&config)?;
        let postgres = servers(&config, &folder, &tools, &process_group).await?;

        let mut try_number = 1;
        let places = loop {
            match parts.run(&config, &postgres, &process_group).await {
                Ok(places) => break places,
                Err(StartError::Process(error)) if error.is_taken_port() && try_number < TRIES => {
                    try_number += 1;
                }
                Err(error) => return Err(error),
            }
        };
        let contents = if config.schema.has_blobs() { Some(Contents::new().await?) } else { None };
        let mut gateways = Vec::new();
        for (listener, place) in listeners.into_iter().zip(&places) {
            let blobs = match (&contents, postgres.get(gateways.len())) {
                (Some(contents), Some(postgres)) => {
                    let rows = postgres.database(&database(gateways.len()));
                    Some(BlobGateway { contents: contents.clone(), rows })
                }
                _ => None,
            };
            gateways.push(Gateway::start(listener, place.rpc, &config, blobs).await?);
        }

        let Parts { validators, owner } = parts;
        let peers = peers(&validators, &places);
        let node_urls = gateways.iter().map(|gateway| gateway.node_url().to_owned()).collect();
        let validators = validators.into_iter().map(Mutex::new).collect();
        let network = Self {
            gateways,
            validators,
            postgres,
            config,
            peers,
            node_urls,
            owner,
            folder,
            process_group,
            cleared: AtomicI64::new(0),
            contents,
        };
        network.warn_everybody();
        network.bring_to_schema().await?;
        network.seed(&network.config.inserters).await?;
        Ok(network)
    }

    /// Where clients reach the first validator, through its gateway, without trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateways.first().map(|gateway| gateway.url().to_owned()).unwrap_or_default()
    }

    /// The same for every validator.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.gateways.iter().map(|gateway| gateway.url().to_owned()).collect()
    }

    /// Where a validator itself listens, behind its gateway.
    #[must_use]
    pub fn node_url(&self, number: usize) -> Option<&str> {
        self.node_urls.get(number).map(String::as_str)
    }

    /// The chain id that transactions must name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.config.chain_id
    }

    /// Where its files are, such as `validator0/log` and `owner.key`. A temporary folder is gone when the network is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Who may call owner-only actions.
    #[must_use]
    pub fn owner(&self) -> Signer {
        self.owner.signer()
    }

    /// Stops it in good order.
    pub async fn stop(self) {
        let Self { gateways, validators, postgres, folder, process_group, .. } = self;
        for gateway in gateways {
            gateway.stop().await;
        }
        for validator in &validators {
            validator.lock().await.stop().await;
        }
        futures_util::future::join_all(postgres.into_iter().map(Postgres::stop)).await;
        drop(folder);
        drop(process_group);
    }

    /// Ends a validator at once (SIGKILL). Its gateway stays, and answers 502.
    pub async fn kill(&self, number: usize) -> Result<(), Error> {
        self.validator(number)?.lock().await.kill();
        Ok(())
    }

    /// Ends a validator in good order (SIGTERM). Its gateway stays, and answers 502.
    pub async fn stop_validator(&self, number: usize) -> Result<(), Error> {
        self.validator(number)?.lock().await.stop().await;
        Ok(())
    }

    /// Starts a validator that was ended, with the state that it has. It answers when this returns, and may lag behind
    /// the others.
    pub async fn start_again(&self, number: usize) -> Result<(), Error> {
        let mut validator = self.validator(number)?.lock().await;
        let mut try_number = 1;
        loop {
            validator.start(&self.process_group).await?;
            match validator.ready(0).await {
                // Its port may still be in the hands of a connection that somebody else makes.
                Err(error) if error.is_taken_port() && try_number < TRIES => try_number += 1,
                outcome => return Ok(outcome?),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Whether a validator's program runs, or is frozen.
    pub async fn is_running(&self, number: usize) -> Result<bool, Error> {
        Ok(self.validator(number)?.lock().await.is_running())
    }

    /// Stops a validator in the middle of what it does (SIGSTOP): connections to it stay, and nothing answers.
    pub async fn freeze(&self, number: usize) -> Result<(), Error> {
        self.validator(number)?.lock().await.freeze().await;
        Ok(())
    }

    /// Lets a frozen validator go on.
    pub async fn thaw(&self, number: usize) -> Result<(), Error> {
        self.validator(number)?.lock().await.thaw();
        Ok(())
    }

    /// Ends a validator's connections with all other validators, and lets no new ones be made, until
    /// [`reconnect`](Self::reconnect) or its next start. Users still reach it. Takes half a second or more: a block of
    /// which it has all that it needs is written first.
    pub async fn cut_off(&self, number: usize) -> Result<(), Error> {
        Ok(self.validator(number)?.lock().await.cut_off(&self.peers).await?)
    }

    /// Lets the others come back to a validator that was cut off. They try after pauses that get longer the longer it
    /// was cut off: from 2 seconds, up to a minute.
    pub async fn reconnect(&self, number: usize) -> Result<(), Error> {
        Ok(self.validator(number)?.lock().await.reconnect(&self.peers).await?)
    }

    /// The height of a validator's last block, as it says itself. `None` if it does not answer within five seconds.
    pub async fn height(&self, number: usize) -> Result<Option<i64>, Error> {
        Ok(self.validator(number)?.lock().await.height().await)
    }

    /// Adds an inserter, or delegates to it, while the network runs. The first validator must run.
    pub async fn add_inserter(&self, inserter: &Inserter) -> Result<(), SeedError> {
        self.seed(std::slice::from_ref(inserter)).await
    }

    /// The same for several.
    pub async fn add_inserters(&self, inserters: &[Inserter]) -> Result<(), SeedError> {
        self.seed(inserters).await
    }

    /// Deletes all that the schema holds, inserters included. The chain goes on: blocks, and the nonces of accounts, stay.
    /// The first validator must run.
    pub async fn clear(&self) -> Result<(), SeedError> {
        const EVERYTHING: &str =
            "DELETE FROM consumed_write_grants; DELETE FROM users; DELETE FROM inserters;";
        const REQUESTS: &str = " DELETE FROM preliminary_requests;";
        let node = match self.validators.first() {
            Some(validator) => validator.lock().await.rpc()?.clone(),
            None => return Ok(()),
        };
        let mut statements = EVERYTHING.to_owned();
        if let Some(contents) = &self.contents {
            statements.push_str(REQUESTS);
            contents.clear().await?;
        }
        let height = self.owner.at(node.url()).await?.run_sql(&node, &statements).await?;
        self.cleared.store(height, Ordering::Relaxed);
        Ok(())
    }

    /// A look into the state of a validator.
    pub async fn rows(&self, number: usize) -> Result<Rows, Error> {
        let node = self.validator(number)?.lock().await.rpc()?.clone();
        let since = self.cleared.load(Ordering::Relaxed);
        let db = self.database(number)?.connect(&database(number)).await?;
        Ok(Rows::new(db, node, since, self.config.schema))
    }

    /// How many rows the first validator has, which must run. Sessions are those of all gateways.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let mut rows = self.rows(0).await?;
        let mut counts = rows.counts().await?;
        counts.transactions = i64::try_from(rows.transactions().await?.len()).unwrap_or(i64::MAX);
        for gateway in &self.gateways {
            counts.sessions += gateway.sessions().await?;
        }
        Ok(counts)
    }

    /// Sees to the schema that is wanted, which must be there before anybody is let in.
    async fn bring_to_schema(&self) -> Result<(), StartError> {
        let (Some(postgres), Some(validator)) = (self.postgres.first(), self.validators.first()) else {
            return Ok(()); // a network has a validator
        };
        let mut db = postgres.connect(&database(0)).await?;
        let node = validator.lock().await.rpc().map_err(SeedError::from)?.clone();
        let owner = self.owner.at(node.url()).await?;
        if owner.bring_to(&node, &mut db, self.config.schema).await? {
            Ok(())
        } else {
            Err(StartError::OtherNetwork { what: "the next schema".to_owned() })
        }
    }

    async fn seed(&self, inserters: &[Inserter]) -> Result<(), SeedError> {
        if inserters.is_empty() {
            return Ok(());
        }
        let Some(postgres) = self.postgres.first() else { return Ok(()) }; // a network has a validator
        let mut db = postgres.connect(&database(0)).await?;
        let node_url = self.node_url(0).unwrap_or_default();
        self.owner.at(node_url).await?.seed(&mut db, inserters).await
    }

    fn database(&self, number: usize) -> Result<&Postgres, Error> {
        self.postgres.get(number).ok_or(Error::NoSuchValidator(number))
    }

    fn validator(&self, number: usize) -> Result<&Mutex<Validator>, Error> {
        self.validators.get(number).ok_or(Error::NoSuchValidator(number))
    }

    fn warn_everybody(&self) {
        tracing::warn!(
            chain_id = self.config.chain_id,
            "THIS IS NOT idOS. It is a local network for development: nothing it holds is real, and nothing it holds \
             is safe"
        );
        for gateway in self.gateways.iter().filter(|gateway| !gateway.address().ip().is_loopback()) {
            let address = gateway.address();
            tracing::warn!(%address, "Other machines can reach this network, and read and write all it holds");
        }
    }
}

/// What there is before anything runs.
struct Parts {
    validators: Vec<Validator>,
    owner: Owner,
}

impl Parts {
    fn prepare(config: &LocalnetConfig, folder: &Folder, tools: &Tools) -> io::Result<Self> {
        let owner = Owner::of(folder.path())?;
        let validators = (0..config.validators)
            .map(|number| Validator::prepare(number, validator_folder(folder, number), tools.kwild.clone()))
            .collect::<io::Result<_>>()?;
        Ok(Self { validators, owner })
    }

    /// Makes the first block's description, or looks whether the one that is there is of such a network.
    fn claim(&self, config: &LocalnetConfig) -> Result<(), StartError> {
        let public_keys: Vec<_> =
            self.validators.iter().map(|validator| validator.public_key().to_owned()).collect();
        for validator in &self.validators {
            let there = validator.genesis().map_err(StartError::Folder)?;
            if let Some((chain_id, count)) = there {
                if chain_id != config.chain_id {
                    return Err(StartError::OtherNetwork { what: "another chain id".to_owned() });
                }
                if count != config.validators {
                    return Err(StartError::OtherNetwork { what: format!("{count} validators") });
                }
            }
            validator
                .write_genesis(config, &self.owner.caller(), &public_keys)
                .map_err(StartError::Folder)?;
        }
        Ok(())
    }

    /// Starts every validator, and waits until all have a block.
    async fn run(
        &mut self,
        config: &LocalnetConfig,
        postgres: &[Postgres],
        process_group: &ProcessGroup,
    ) -> Result<Vec<Ports>, StartError> {
        let places = places(self.validators.len()).map_err(StartError::Folder)?;
        let peers = peers(&self.validators, &places);
        let admin_password = hex::encode(rand::thread_rng().r#gen::<[u8; 16]>());
        let each = self.validators.iter_mut().zip(&places).zip(postgres);
        for (number, ((validator, ports), postgres)) in each.enumerate() {
            let settings = Settings {
                config,
                ports: *ports,
                admin_password: &admin_password,
                peers: &peers,
                database: Database {
                    port: postgres.port(),
                    role: ROLE,
                    password: postgres.password(),
                    name: &database(number),
                },
            };
            validator.write_settings(&settings).map_err(StartError::Folder)?;
            validator.start(process_group).await?;
        }
        for validator in &mut self.validators {
            // The leader makes the first block at once. Before it, a node does not call itself healthy.
            validator.ready(1).await?;
        }
        Ok(places)
    }
}

/// A database server for each validator, with its database.
async fn servers(
    config: &LocalnetConfig,
    folder: &Folder,
    tools: &Tools,
    process_group: &ProcessGroup,
) -> Result<Vec<Postgres>, StartError> {
    let start = async |number: usize, programs: &Path| {
        let place = folder.path().join(format!("postgres{number}"));
        let postgres = Postgres::start(programs, place, process_group).await?;
        postgres.make_database(&database(number)).await?;
        Ok::<_, StartError>(postgres)
    };
    // Where the programs have to be copied, one copy is enough for all.
    let first = start(0, &tools.postgres).await?;
    let others = (1..config.validators).map(|number| start(number, first.programs()));
    let others = futures_util::future::try_join_all(others).await?;
    Ok(std::iter::once(first).chain(others).collect())
}

/// All gateways' listeners: their addresses are known before anything else is done.
async fn listen(config: &LocalnetConfig) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for number in 0..config.validators {
        let address = if number == 0 { config.listen } else { SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let listener =
            TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn places(count: usize) -> io::Result<Vec<Ports>> {
    let ports = ports::free(count * 3)?;
    let places = ports.as_chunks::<3>().0.iter();
    Ok(places.map(|[rpc, peers, admin]| Ports { rpc: *rpc, peers: *peers, admin: *admin }).collect())
}

fn peers(validators: &[Validator], places: &[Ports]) -> Vec<Peer> {
    let peer = |(validator, place): (&Validator, &Ports)| Peer {
        public_key: validator.public_key().to_owned(),
        port: place.peers,
    };
    validators.iter().zip(places).map(peer).collect()
}

fn validator_folder(folder: &Folder, number: usize) -> PathBuf {
    folder.path().join(format!("validator{number}"))
}

/// The name of a validator's database.
fn database(number: usize) -> String {
    format!("validator{number}")
}
