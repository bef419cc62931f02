//! What may go wrong with either node.

use crate::network::{Error, StartError};
use crate::owner::SeedError;

/// What may go wrong with either.
#[derive(Debug, thiserror::Error)]
pub enum AnyError {
    /// `IDOS_TEST_NODE` is neither `dev` nor `kwild`. A mistaken name must not make tests of kwild pass without it.
    #[error("IDOS_TEST_NODE is neither dev nor kwild")]
    UnknownNode,
    /// The development node does not start.
    #[error(transparent)]
    StartDev(#[from] idos_devnode::StartError),
    /// kwild does not start.
    #[error(transparent)]
    StartKwild(#[from] StartError),
    /// The development node's state.
    #[error(transparent)]
    Dev(#[from] idos_devnode::StateError),
    /// kwild's.
    #[error(transparent)]
    Kwild(#[from] Error),
    /// The inserters of kwild.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The tables of kwild.
    #[error("the network's database does not answer")]
    Rows(#[from] sqlx::Error),
    /// The networks of this process cannot run.
    #[error("the networks of this process cannot run: {0}")]
    Runtime(std::io::ErrorKind),
}
