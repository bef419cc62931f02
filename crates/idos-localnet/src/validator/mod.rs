//! One node of the network.

mod files;
mod partition;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use tokio::sync::oneshot;

use crate::config::LocalnetConfig;
use crate::process::{LastWord, Process, ProcessError, ProcessGroup, Program};
use crate::rpc::{RpcFailure, Server};

use partition::Partition;

pub(crate) use files::{Database, Peer, Ports, Settings, write_secret};

/// How long a node may take to answer after its start, and to have a block. It first reads its schema, or does again
/// what its database has lost.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is looked at meanwhile.
const PAUSE: Duration = Duration::from_millis(50);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a node may take to end when it is told to.
const GOODBYE: Duration = Duration::from_secs(20);
/// The user name for a node's administrator.
const ADMINISTRATOR: &str = "kwild";

/// A validator: its files, and its process if it runs.
#[derive(Debug)]
pub(crate) struct Validator {
    /// What it is called in errors.
    name: String,
    folder: PathBuf,
    kwild: PathBuf,
    public_key: String,
    at: Option<Place>,
    process: Option<Process>,
    /// There while it is cut off.
    partition: Option<Partition>,
}

/// Where a validator is, from its first start on.
#[derive(Clone, Debug)]
struct Place {
    rpc: Server,
    admin: Server,
}

impl Validator {
    /// A validator that does not run yet. Its key is made if there is none.
    pub(crate) fn prepare(number: usize, folder: PathBuf, kwild: PathBuf) -> io::Result<Self> {
        let public_key = files::public_key(&folder)?;
        let name = format!("validator {number}");
        Ok(Self { name, folder, kwild, public_key, at: None, process: None, partition: None })
    }

    pub(crate) fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The chain id and the number of validators of the network that it belongs to; `None` if to none yet.
    pub(crate) fn genesis(&self) -> io::Result<Option<(String, usize)>> {
        files::read_genesis(&self.folder)
    }

    /// Writes what all validators agree on, unless it is there.
    pub(crate) fn write_genesis(
        &self,
        config: &LocalnetConfig,
        owner: &str,
        public_keys: &[String],
    ) -> io::Result<()> {
        files::write_genesis(&self.folder, config, owner, public_keys)
    }

    /// Writes how it is to run from its next start on.
    pub(crate) fn write_settings(&mut self, settings: &Settings<'_>) -> io::Result<()> {
        files::write_settings(&self.folder, settings)?;
        let admin = Server::at(settings.ports.admin, ANSWER);
        self.at = Some(Place {
            rpc: Server::at(settings.ports.rpc, ANSWER),
            admin: admin.with_password(ADMINISTRATOR, settings.admin_password),
        });
        Ok(())
    }

    /// Starts it with the state that it has, without waiting for it.
    pub(crate) async fn start(&mut self, process_group: &ProcessGroup) -> Result<(), ProcessError> {
        self.process = None;
        self.partition = None;
        let arguments = ["start", "--root", "."].map(str::to_owned);
        let process = process_group
            .start(Program {
                name: &self.name,
                file: &self.kwild,
                arguments: &arguments,
                folder: &self.folder,
                log: &self.folder.join("log"),
                user: None,
                last_word: LastWord::Kill,
            })
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Waits until it answers, and has a block of at least this height.
    pub(crate) async fn ready(&mut self, height: i64) -> Result<(), ProcessError> {
        let start = Instant::now();
        while self.height().await.is_none_or(|reached| reached < height) {
            let Some(process) = &mut self.process else { return Ok(()) };
            if !process.is_running() {
                return Err(process.has_ended());
            }
            if start.elapsed() > PATIENCE {
                return Err(process.is_not_ready(PATIENCE));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The height of its last block, 0 if there is none. `None` if it does not answer.
    pub(crate) async fn height(&self) -> Option<i64> {
        self.at.as_ref()?.height().await
    }

    /// Where users reach it.
    pub(crate) fn rpc(&self) -> Result<&Server, RpcFailure> {
        self.at.as_ref().map(|place| &place.rpc).ok_or(RpcFailure::Malformed)
    }

    /// Whether it runs, or is stopped in the middle of it.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    /// Ends it in good order.
    pub(crate) async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::CONT); // a frozen one hears nothing
            process.end(Signal::TERM, GOODBYE).await;
        }
    }

    /// Ends it at once, whatever it does.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it in the middle of what it does. Its connections stay, and nothing comes over them.
    pub(crate) async fn freeze(&mut self) {
        if let Some(process) = &mut self.process {
            process.freeze().await;
        }
    }

    /// Lets it go on.
    pub(crate) fn thaw(&mut self) {
        if let Some(process) = &mut self.process {
            process.signal(Signal::CONT);
        }
    }

    /// Ends its connections with the other validators, and lets no new ones be made, until [`reconnect`](Self::reconnect)
    /// or its next start. The others see that a connection is lost, and that new ones are refused, and keep trying.
    pub(crate) async fn cut_off(&mut self, all: &[Peer]) -> Result<(), RpcFailure> {
        let place = self.at.clone().ok_or(RpcFailure::Malformed)?;
        let others = self.others(all);
        let (apart, is_apart) = oneshot::channel();
        self.partition = Some(Partition(tokio::spawn(partition::keep_apart(place, others, apart))));
        is_apart.await.unwrap_or(Err(RpcFailure::Malformed))
    }

    /// Lets the others come back.
    pub(crate) async fn reconnect(&mut self, all: &[Peer]) -> Result<(), RpcFailure> {
        self.partition = None;
        let place = self.at.as_ref().ok_or(RpcFailure::Malformed)?;
        for other in self.others(all) {
            place.admin.call("admin.add_peer", json!({ "peerid": other })).await?;
        }
        Ok(())
    }

    /// The names by which kwild knows the others.
    fn others(&self, all: &[Peer]) -> Vec<String> {
        all.iter().filter(|peer| peer.public_key != self.public_key).map(Peer::node_id).collect()
    }
}

impl Place {
    /// The height of its last block, 0 if there is none. `None` if it does not answer.
    async fn height(&self) -> Option<i64> {
        let (_, health) = self.rpc.get("/api/v1/health/user").await.ok()?;
        Some(health.get("block_height")?.as_i64()?.max(0))
    }
}
