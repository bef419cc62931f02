//! What a node is told when it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Clock;
use crate::schema::Schema;

/// Everything a [`DevNode`](crate::DevNode) is told. `Default` is an open node on a free port of 127.0.0.1 that
/// keeps its state in memory, makes a block for each transaction, and asks for gateway sessions.
#[derive(Clone, Debug)]
pub struct DevNodeConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Permits an address that other machines can reach. Anybody who reaches the node can read and write all.
    pub allow_non_loopback: bool,
    /// The chain id, part of every signed text.
    pub chain_id: String,
    /// The version of the idOS schema.
    pub schema: Schema,
    /// Where the state lives.
    pub state: State,
    /// Who may write as an inserter. Added to what a state file already holds.
    pub inserters: Vec<Inserter>,
    /// The `@caller` of the one who may call owner-only actions; nobody if absent.
    pub owner: Option<String>,
    /// Whether view calls with a sender need a gateway session of that sender. Off: anybody may claim to be
    /// anybody in view calls, as on a bare node.
    pub require_sessions: bool,
    /// A node without gateway whose view calls are signed one by one over a challenge ("private mode").
    pub private_mode: bool,
    /// `None`: each broadcast makes its block at once, before it is answered. `Some`: transactions wait in a
    /// mempool, and a block is made this often if any wait.
    pub block_interval: Option<Duration>,
    /// How long a broadcast with `sync` 1 waits for its block before it answers code 10. Kwil's default: 15 s.
    pub commit_wait: Duration,
    /// How long a gateway session lasts. The real gateway's time is not known.
    pub session_life: Duration,
    /// How long a gateway login may take, from nonce to signature. The real gateway's time is not known.
    pub login_life: Duration,
    /// The node's time.
    pub clock: Clock,
}

impl Default for DevNodeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_non_loopback: false,
            chain_id: "idos-localdev".to_owned(),
            schema: Schema::default(),
            state: State::Memory,
            inserters: Vec::new(),
            owner: None,
            require_sessions: true,
            private_mode: false,
            block_interval: None,
            commit_wait: Duration::from_secs(15),
            session_life: Duration::from_hours(1),
            login_life: Duration::from_mins(5),
            clock: Clock::system(),
        }
    }
}

/// Where a node's state lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Gone when the node stops.
    Memory,
    /// A `SQLite` file, made if absent; it survives the node's being killed. One node per file at a time.
    File(PathBuf),
}

/// An organisation that may write for users, and the keys that act for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inserter {
    /// The row id.
    pub id: Uuid,
    /// The name, which is what users and credentials written by it show as `inserter`.
    pub name: String,
    /// The `@caller`s of its keys: lower-case hexadecimal of Ed25519 keys. They are stored in lower case and
    /// compared exactly, so EVM addresses, whose `@caller` is of mixed case, practically cannot be delegates.
    pub delegates: Vec<String>,
}

impl Inserter {
    /// An inserter whose id is derived from its name, so that restarts agree on it.
    #[must_use]
    pub fn new(name: &str, delegates: impl IntoIterator<Item = String>) -> Self {
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("idos-devnode:inserter:{name}").as_bytes()),
            name: name.to_owned(),
            delegates: delegates.into_iter().collect(),
        }
    }
}
