//! Networks that the tests of one process hand on to each other.
//!
//! A network takes seconds of processor time to come up, most of them to read its schema, and half a second to be
//! emptied. Each test has one for itself; the next test gets it empty, but for the chain: blocks and nonces go on.

use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use idos_devnode::{Inserter, Schema};
use tokio::runtime::{Builder, Runtime};

use crate::any_error::AnyError;
use crate::{Localnet, LocalnetConfig};

/// A network that goes back when this is dropped.
#[derive(Debug)]
pub struct Lease {
    network: Arc<Localnet>,
    schema: Schema,
}

/// The networks, and where they run: a test's own runtime ends with the test.
struct Pool {
    runtime: Runtime,
    free: Mutex<Vec<(Schema, Arc<Localnet>)>>,
}

static POOL: LazyLock<io::Result<Pool>> = LazyLock::new(|| {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).thread_name("networks").enable_all().build()?;
    Ok(Pool { runtime, free: Mutex::default() })
});

impl Lease {
    /// An empty network with these inserters, of one validator and the default configuration but for its chain id, which
    /// must always be the same, and its schema.
    pub(crate) async fn take(
        chain_id: String,
        schema: Schema,
        inserters: Vec<Inserter>,
    ) -> Result<Self, AnyError> {
        let pool = POOL.as_ref().map_err(|error| AnyError::Runtime(error.kind()))?;
        let free = pool.take(schema);
        let ready = pool.runtime.spawn(async move {
            let network = if let Some(network) = free {
                network.clear().await?;
                network
            } else {
                let config = LocalnetConfig { chain_id, schema, ..LocalnetConfig::default() };
                Arc::new(Localnet::start(config).await?)
            };
            network.add_inserters(&inserters).await?;
            Ok::<_, AnyError>(network)
        });
        let network = ready.await.map_err(|_| AnyError::Runtime(io::ErrorKind::Other))??;
        Ok(Self { network, schema })
    }
}

impl Pool {
    /// One with this schema, if one is free.
    fn take(&self, schema: Schema) -> Option<Arc<Localnet>> {
        let mut free = self.free();
        let place = free.iter().position(|(of, _)| *of == schema)?;
        Some(free.swap_remove(place).1)
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<(Schema, Arc<Localnet>)>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::ops::Deref for Lease {
    type Target = Localnet;

    fn deref(&self) -> &Localnet {
        &self.network
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Ok(pool) = POOL.as_ref() {
            pool.free().push((self.schema, Arc::clone(&self.network)));
        }
    }
}
