//! A stand-in idOS node for development and tests: the JSON-RPC surface of Kwil, the gateway's login, and the
//! actions of the idOS schema, with their order of checks and their error texts. **It is no idOS node**: one
//! process, no consensus, no history to sync, and fault switches that a real node does not have.
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! use idos_devnode::{DevNode, DevNodeConfig, Fault, Inserter};
//!
//! let issuer = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"; // Ed25519, lower-case hex
//! let inserters = vec![Inserter::new("Example", [issuer.to_owned()])];
//! let node = DevNode::start(DevNodeConfig { inserters, ..DevNodeConfig::default() }).await?;
//! println!("{}", node.url());
//!
//! node.faults().next(1, Fault::HangUpAfterCommit);
//! node.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! What is checked for real: signatures of transactions, logins, write grants, credentials and wallet proofs;
//! nonces, chain ids, sizes; argument types; who may do what. What is not: there are no fees, the two token
//! bridges are empty, and no SQL of a client's is run.
//!
//! # Where things are
//!
//! - `state`: what the node remembers, and all SQL.
//! - `extension`: the functions that the schema calls in the namespace `idos`.
//! - `actions`: the schema's actions; its `table` lists them all.
//! - [`blobs`]: the contents that the next schema's rows only name; knows nothing of the rest.
//! - `chain`: accepting transactions, and making blocks of them.
//! - [`gateway`]: logins and sessions; knows nothing of the rest.
//! - [`jsonrpc`]: reading and answering requests, and logging in, whatever node is behind.
//! - `rpc`: the JSON-RPC methods of this node and the HTTP around them.

mod actions;
pub mod blobs;
mod chain;
mod challenges;
mod clock;
mod config;
mod extension;
mod faults;
pub mod gateway;
mod inspect;
pub mod jsonrpc;
mod node;
mod rpc;
mod schema;
mod shared;
mod state;

pub use clock::Clock;
pub use config::{DevNodeConfig, Inserter, State};
pub use faults::{Fault, Faults, Mix, RandomFaults, Switch};
pub use inspect::{AccessGrant, Blob, Block, Counts, Credential, Transaction, User, Wallet};
pub use node::{DevNode, StartError, StateError};
pub use schema::Schema;
