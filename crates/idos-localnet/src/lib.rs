//! A local, idOS-like network for development and tests: the real node software (kwild, with PostgreSQL), one or
//! more validators, and a session gateway before each. **It is not idOS**: schema and extension were written from
//! public descriptions of the real ones, and nothing that the network holds is safe.
//!
//! The programs are built by `tests/kwild/build`. It runs on Linux, and needs `setpriv` (util-linux).
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! use idos_localnet::{Inserter, Localnet, LocalnetConfig};
//!
//! let issuer = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"; // Ed25519, lower-case hex
//! let inserters = vec![Inserter::new("Example", [issuer.to_owned()])];
//! let network = Localnet::start(LocalnetConfig { inserters, ..LocalnetConfig::default() }).await?;
//! println!("{}", network.url());
//!
//! network.kill(0).await?;
//! network.start_again(0).await?;
//! network.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! - `any`: this network or the development node, for tests that run against both.
//! - `network`: all of it, started and stopped.
//! - `pool`: networks that tests hand on to each other.
//! - `tools`: where the programs are.
//! - `folder`: where the network's files are, and that temporary ones go away.
//! - `process`: programs that end with us, however we end.
//! - `postgres`: the database server of a validator.
//! - `validator`: one node: its files, its process, and whom it speaks to.
//! - `gateway`: the session gateway before a node, and with the next schema the blob gateway.
//! - `owner`: what the owner of the schema writes: who may issue, and the next schema.
//! - `rows`: what tests look at, behind the nodes' back.
//! - `rpc`: questions to a node that `idos-client` has no words for.

mod any;
mod any_error;
mod config;
mod folder;
mod gateway;
mod network;
mod owner;
mod pool;
mod ports;
mod postgres;
mod process;
mod rows;
mod rpc;
mod tools;
mod validator;

pub use any::{AnyNode, Kwild};
pub use any_error::AnyError;
pub use config::LocalnetConfig;
pub use idos_devnode::{AccessGrant, Counts, Credential, Inserter, Schema, Transaction, User, Wallet};
pub use network::{Error, Localnet, StartError};
pub use owner::SeedError;
pub use pool::Lease;
pub use process::ProcessError;
pub use rows::Rows;
pub use rpc::RpcFailure;
pub use tools::ToolsMissing;
