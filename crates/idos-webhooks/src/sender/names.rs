//! From names to addresses, and whether they may be connected to.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Refusal, Targets};

/// The addresses of a host, once they are known.
pub type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Resolves names.
pub trait Names: Debug + Send + Sync {
    /// All addresses of a host. None is the same as an error.
    fn addresses(&self, host: String) -> Addresses;
}

/// Resolves names as the machine is configured to.
#[derive(Clone, Copy, Debug)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, host: String) -> Addresses {
        Box::pin(async move {
            // The port is of no account here.
            Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// Why a name is not connected to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name does not resolve")]
    Unknown,
    #[error("the name {0}")]
    Refused(Refusal),
}

/// Hands out only addresses that may be connected to.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) names: Arc<dyn Names>,
    pub(super) targets: Targets,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.names.addresses(name.as_str().to_owned());
        let targets = self.targets;
        Box::pin(async move {
            let addresses = addresses.await.unwrap_or_default();
            if addresses.is_empty() {
                return Err(Unresolved::Unknown.into());
            }
            targets.check_resolved(&addresses).map_err(Unresolved::Refused)?;
            // Port 0 becomes that of the URL.
            Ok(Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Resolves to each of these in turn.
    #[derive(Debug)]
    struct Turns(Mutex<Vec<Vec<IpAddr>>>);

    impl Names for Turns {
        fn addresses(&self, _: String) -> Addresses {
            let answer = self.0.lock().unwrap().remove(0);
            Box::pin(async { Ok(answer) })
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_the_second_time_is_refused_then() {
        let (public, inner) = (IpAddr::from([8, 8, 8, 8]), IpAddr::from([127, 0, 0, 1]));
        let names = Turns(Mutex::new(vec![vec![public], vec![inner], vec![public, inner], vec![public]]));
        let guard = Guard { names: Arc::new(names), targets: Targets::default() };
        let resolve = || guard.resolve("receiver.example".parse().unwrap());

        let addresses: Vec<_> = resolve().await.unwrap().collect();
        assert_eq!(addresses, [SocketAddr::new(public, 0)]);
        for _ in 0..2 {
            let error = resolve().await.map(drop).unwrap_err();
            assert!(matches!(
                error.downcast_ref(),
                Some(Unresolved::Refused(Refusal::ResolvedAddress(range))) if range.purpose == "loopback"
            ));
        }
        assert!(resolve().await.is_ok());
    }
}
