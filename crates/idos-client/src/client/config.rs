//! How a client is set up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use url::{Host, Url};

use crate::error::ConfigError;

/// How a client is set up.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Base URLs of nodes or gateways of one network, e.g. `https://nodes.idos.network`. A further one is asked
    /// when an earlier one cannot be reached, and passed over if it belongs to another network.
    pub urls: Vec<Url>,
    /// The base URL of the blob gateway, where contents are kept there; `None` for each node's own.
    pub blob_gateway: Option<Url>,
    /// The network that the nodes must belong to; `None` takes whatever they say.
    pub chain_id: Option<String>,
    /// How long one request may take. A node itself waits up to 15 seconds for a block, so not less than 20.
    pub timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// The largest answer that is read, in bytes. A credential has up to 4 MiB.
    pub max_answer: usize,
    /// Whether other machines may be spoken to without TLS. Loopback always may.
    pub plain_http: bool,
}

impl ClientConfig {
    /// One node, and the usual limits: 30 seconds, 16 MiB, TLS for other machines.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            urls: vec![url],
            blob_gateway: None,
            chain_id: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_answer: 16 * 1024 * 1024,
            plain_http: false,
        }
    }
}

/// A node's addresses.
#[derive(Debug)]
pub(super) struct Node {
    /// The base URL without a trailing slash: what a gateway must call itself in what it wants signed.
    pub(super) domain: String,
    /// Where requests go.
    pub(super) endpoint: Url,
    /// The base of the blob gateway's paths.
    pub(super) blobs: Url,
    /// Whether this is the machine we run on.
    pub(super) is_loopback: bool,
    /// Whether it has said that it belongs to the client's network.
    is_of_network: AtomicBool,
}

impl Node {
    pub(super) fn new(base: &Url, blob_gateway: Option<&Url>, plain_http: bool) -> Result<Self, ConfigError> {
        let (domain, is_node_here) = checked(base, plain_http)?;
        let (blobs, are_blobs_here) = checked(blob_gateway.unwrap_or(base), plain_http)?;
        let is_loopback = is_node_here && are_blobs_here;
        let endpoint = Url::parse(&format!("{domain}/rpc/v1")).map_err(|_| ConfigError::Url)?;
        let blobs = Url::parse(&format!("{blobs}/blob/v1/")).map_err(|_| ConfigError::Url)?;
        Ok(Self { domain, endpoint, blobs, is_loopback, is_of_network: AtomicBool::new(false) })
    }

    pub(super) fn is_of_network(&self) -> bool {
        self.is_of_network.load(Ordering::Relaxed)
    }

    /// Remembers that it belongs to the client's network.
    pub(super) fn belongs(&self) {
        self.is_of_network.store(true, Ordering::Relaxed);
    }
}

/// A base URL without its trailing slash, and whether it is of this machine.
fn checked(base: &Url, plain_http: bool) -> Result<(String, bool), ConfigError> {
    let is_loopback = match base.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(ConfigError::Url),
    };
    let scheme_is_fine = match base.scheme() {
        "https" => true,
        "http" => plain_http || is_loopback,
        _ => false,
    };
    let is_plain = base.username().is_empty()
        && base.password().is_none()
        && base.query().is_none()
        && base.fragment().is_none();
    if !scheme_is_fine || !is_plain {
        return Err(ConfigError::Url);
    }
    Ok((base.as_str().trim_end_matches('/').to_owned(), is_loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_a_base_url_with_tls_or_on_this_machine() {
        let node = |url: &str, plain_http| Node::new(&url.parse().unwrap(), None, plain_http);

        let gateway = node("https://nodes.example/some/path/", false).unwrap();
        assert_eq!(gateway.domain, "https://nodes.example/some/path");
        assert_eq!(gateway.endpoint.as_str(), "https://nodes.example/some/path/rpc/v1");
        assert_eq!(node("http://127.0.0.1:18484", false).unwrap().domain, "http://127.0.0.1:18484");
        assert!(node("http://[::1]:8484", false).unwrap().is_loopback);
        assert!(node("http://localhost:8484", false).is_ok());

        assert!(node("http://node.internal:8484", false).is_err());
        assert!(node("http://node.internal:8484", true).is_ok());
        for url in [
            "ftp://127.0.0.1",
            "file:///",
            "https://me@host",
            "https://me:pass@host",
            "https://h/?a",
            "https://h/#a",
        ] {
            assert!(node(url, true).is_err(), "{url}");
        }
    }
}
