//! What a network is told when it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use idos_devnode::{Inserter, Schema};

/// Everything a [`Localnet`](crate::Localnet) is told. `Default` is one validator behind a gateway on a free port of
/// 127.0.0.1, in a temporary folder, which makes blocks as fast as kwild can.
#[derive(Clone, Debug)]
pub struct LocalnetConfig {
    /// How many validators there are. The first is the leader, and blocks need the consent of more than half.
    pub validators: usize,
    /// The chain id, part of every signed text.
    pub chain_id: String,
    /// The version of the idOS schema. A kept folder goes from today's to the next one, and never back; whether the next one
    /// has kept today's actions is decided then.
    pub schema: Schema,
    /// Who may write as an inserter. Added to what a kept folder already holds.
    pub inserters: Vec<Inserter>,
    /// Where the gateway of the first validator listens; port 0 takes a free one. The others take free ones of
    /// 127.0.0.1.
    pub listen: SocketAddr,
    /// Permits an address that other machines can reach. Anybody who reaches the network can read and write all.
    pub allow_non_loopback: bool,
    /// Whether view calls with a sender need a gateway session of that sender. Off: anybody may claim to be anybody
    /// in view calls, as on a bare node.
    pub require_sessions: bool,
    /// How long the leader gathers transactions for a block. Not less than 500 ms, which is kwild's minimum.
    pub propose_timeout: Duration,
    /// How often a block is made when there are no transactions; zero for never. A validator that has heard nothing
    /// for this long and half a second, but at least five seconds, asks the others what it has missed.
    pub empty_block_timeout: Duration,
    /// The largest block, in bytes.
    pub max_block_size: u64,
    /// How long a broadcast with `sync` 1 waits for its block before it answers code 10. Kwil's default: 15 s.
    pub commit_wait: Duration,
    /// How long a gateway session lasts. The real gateway's time is not known.
    pub session_life: Duration,
    /// How long a gateway login may take, from nonce to signature. The real gateway's time is not known.
    pub login_life: Duration,
    /// Keep the network's state, logs and keys in this folder, made if absent, and go on from what is there. Without
    /// it, they lie in a temporary one, and are gone at the end.
    pub folder: Option<PathBuf>,
}

impl Default for LocalnetConfig {
    fn default() -> Self {
        Self {
            validators: 1,
            chain_id: "idos-localnet".to_owned(),
            schema: Schema::default(),
            inserters: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_non_loopback: false,
            require_sessions: true,
            propose_timeout: Duration::from_millis(500),
            empty_block_timeout: Duration::from_mins(1),
            max_block_size: 6 * 1024 * 1024,
            commit_wait: Duration::from_secs(15),
            session_life: Duration::from_hours(1),
            login_life: Duration::from_mins(5),
            folder: None,
        }
    }
}
