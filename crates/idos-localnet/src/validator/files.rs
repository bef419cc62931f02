//! What a node reads when it starts: its key, the network's first block, and its settings.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use k256::SecretKey;
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::config::LocalnetConfig;

const KEY: &str = "nodekey.json";
const GENESIS: &str = "genesis.json";
const KEY_TYPE: &str = "secp256k1";

/// Where a validator is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ports {
    /// By users.
    pub(crate) rpc: u16,
    /// By other validators.
    pub(crate) peers: u16,
    /// By its administrator.
    pub(crate) admin: u16,
}

/// What a node is told that changes from one start to the next.
pub(crate) struct Settings<'a> {
    pub(crate) config: &'a LocalnetConfig,
    pub(crate) ports: Ports,
    pub(crate) admin_password: &'a str,
    /// All validators, as kwild writes peers.
    pub(crate) peers: &'a [Peer],
    pub(crate) database: Database<'a>,
}

/// Where a node keeps its state.
pub(crate) struct Database<'a> {
    pub(crate) port: u16,
    pub(crate) role: &'a str,
    pub(crate) password: &'a str,
    pub(crate) name: &'a str,
}

/// A validator, as others know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Peer {
    /// Its public key, compressed, in hexadecimal.
    pub(crate) public_key: String,
    pub(crate) port: u16,
}

impl Peer {
    /// The name by which kwild knows it.
    pub(crate) fn node_id(&self) -> String {
        format!("{}#{KEY_TYPE}", self.public_key)
    }
}

/// The public key of the validator whose files are in `folder`, which are made if absent.
pub(crate) fn public_key(folder: &Path) -> io::Result<String> {
    if !folder.exists() {
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    let file = folder.join(KEY);
    let secret = if file.exists() {
        let stored: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let bytes = stored.get("key").and_then(Value::as_str).and_then(|key| hex::decode(key).ok());
        bytes.and_then(|bytes| SecretKey::from_slice(&bytes).ok()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "the key of a validator cannot be read")
        })?
    } else {
        let secret = SecretKey::random(&mut OsRng);
        let stored = json!({ "key": hex::encode(secret.to_bytes()), "type": KEY_TYPE });
        write_secret(&file, &stored.to_string())?;
        secret
    };
    Ok(hex::encode(secret.public_key().to_sec1_bytes()))
}

/// Writes what all validators of a network agree on before its first block. `owner` is who may call owner-only
/// actions. What is there stays: a network cannot change it.
pub(crate) fn write_genesis(
    folder: &Path,
    config: &LocalnetConfig,
    owner: &str,
    public_keys: &[String],
) -> io::Result<()> {
    let file = folder.join(GENESIS);
    if file.exists() {
        return Ok(());
    }
    let validator = |key: &String| json!({ "pubkey": key, "type": KEY_TYPE, "power": 1 });
    let genesis = json!({
        "chain_id": config.chain_id,
        "initial_height": 0,
        "db_owner": owner,
        "validators": public_keys.iter().map(validator).collect::<Vec<_>>(),
        "leader": { "type": KEY_TYPE, "key": public_keys.first() },
        "migration": { "start_height": 0, "end_height": 0 },
        "max_block_size": config.max_block_size,
        "join_expiry": "168h0m0s",
        "disabled_gas_costs": true,
        "max_votes_per_tx": 200,
    });
    fs::write(file, genesis.to_string())
}

/// The chain id and the number of validators of a network that is there; `None` if there is none.
pub(crate) fn read_genesis(folder: &Path) -> io::Result<Option<(String, usize)>> {
    let text = match fs::read_to_string(folder.join(GENESIS)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let genesis: Value = serde_json::from_str(&text)?;
    let chain_id = genesis.get("chain_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let validators = genesis.get("validators").and_then(Value::as_array).map_or(0, Vec::len);
    Ok(Some((chain_id, validators)))
}

/// Writes the settings for the next start.
pub(crate) fn write_settings(folder: &Path, settings: &Settings<'_>) -> io::Result<()> {
    // Peers are at other ports now.
    let _absent = fs::remove_file(folder.join("addrbook.json"));
    write_secret(&folder.join("config.toml"), &toml(settings))
}

/// What is not said here is as kwild has it. Nothing that is put between quotes needs an escape: keys, passwords and
/// numbers are our own.
fn toml(settings: &Settings<'_>) -> String {
    let Settings { config, ports, admin_password, peers, database } = settings;
    let others = peers.iter().filter(|peer| peer.port != ports.peers);
    let bootnodes: Vec<_> =
        others.clone().map(|peer| format!("'{}@127.0.0.1:{}'", peer.node_id(), peer.port)).collect();
    let allowed: Vec<_> = others.map(|peer| format!("'{}'", peer.node_id())).collect();
    let mut text = String::from("skip_dependency_verification = true\n");
    let mut section = |name: &str, lines: &[(&str, String)]| {
        let _infallible = writeln!(text, "\n[{name}]");
        for (key, value) in lines {
            let _infallible = writeln!(text, "{key} = {value}");
        }
    };
    section(
        "log",
        &[("level", "'info'".into()), ("format", "'plain'".into()), ("output", "['stdout']".into())],
    );
    section(
        "p2p",
        &[
            ("listen", format!("'127.0.0.1:{}'", ports.peers)),
            ("pex", "false".into()),
            ("bootnodes", format!("[{}]", bootnodes.join(", "))),
            // Only so can a peer be sent away: see `partition`.
            ("private", "true".into()),
            ("whitelist", format!("[{}]", allowed.join(", "))),
        ],
    );
    section(
        "consensus",
        &[
            ("propose_timeout", duration(config.propose_timeout)),
            ("empty_block_timeout", duration(config.empty_block_timeout)),
        ],
    );
    section(
        "db",
        &[
            ("host", "'127.0.0.1'".into()),
            ("port", format!("'{}'", database.port)),
            ("user", format!("'{}'", database.role)),
            ("pass", format!("'{}'", database.password)),
            ("dbname", format!("'{}'", database.name)),
        ],
    );
    section(
        "rpc",
        &[
            ("listen", format!("'127.0.0.1:{}'", ports.rpc)),
            ("broadcast_tx_timeout", duration(config.commit_wait)),
        ],
    );
    section(
        "admin",
        &[
            ("enable", "true".into()),
            ("listen", format!("'127.0.0.1:{}'", ports.admin)),
            ("pass", format!("'{admin_password}'")),
        ],
    );
    text
}

fn duration(time: Duration) -> String {
    format!("'{}ms'", time.as_millis())
}

/// Writes a file that nobody else may read.
pub(crate) fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    let mut opened = File::options().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    opened.write_all(text.as_bytes())
}
