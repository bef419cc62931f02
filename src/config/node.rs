//! The idOS node.

use serde::Deserialize;
use url::Url;

use super::environment::Environment;
use super::error::ConfigError;
use super::section::{Section, is_http, require};

/// Wins over `node.url`.
const URL: &str = "IDOS_NODE_URL";

/// The idOS node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Base URL, such as `https://nodes.playground.idos.network`. `IDOS_NODE_URL` wins.
    pub url: Url,
    /// Base URLs of further nodes of the same network, asked when an earlier one cannot be reached.
    #[serde(default)]
    pub fallback_urls: Vec<Url>,
    /// Base URL of the blob gateway, where the network keeps contents at one. Not set: each node's own URL.
    #[serde(default)]
    pub blob_gateway_url: Option<Url>,
    /// The network that the nodes must belong to.
    #[serde(default)]
    pub chain_id: Option<String>,
    /// Whether other machines may be spoken to without TLS.
    #[serde(default)]
    pub plain_http: bool,
    /// How long a node may take to answer, in seconds.
    #[serde(default = "Node::default_timeout")]
    pub timeout_seconds: u32,
    /// How long a transaction may wait for its block, in seconds, before another node is asked about it: the one that
    /// took it may be cut off from the others.
    #[serde(default = "Node::default_block_patience")]
    pub block_patience_seconds: u32,
    /// How many of the nodes must show what was written before what it was made of is forgotten. Not set: two of several, as
    /// long as a second one answers.
    #[serde(default)]
    pub must_agree: Option<u32>,
}

impl Node {
    fn default_timeout() -> u32 {
        15
    }

    fn default_block_patience() -> u32 {
        30
    }
}

impl Section for Node {
    fn environment(&mut self, environment: &Environment<'_>) -> Result<(), ConfigError> {
        if let Some(url) = environment.url(URL)? {
            self.url = url;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let nodes = 1..=1 + self.fallback_urls.len();
        require(is_http(&self.url), "node.url", "must begin with https:// or http://")?;
        require(
            self.fallback_urls.iter().all(is_http),
            "node.fallback_urls",
            "must begin with https:// or http://",
        )?;
        require(
            self.blob_gateway_url.as_ref().is_none_or(is_http),
            "node.blob_gateway_url",
            "must begin with https:// or http://",
        )?;
        require((5..=120).contains(&self.timeout_seconds), "node.timeout_seconds", "must be from 5 to 120")?;
        require(self.block_patience_seconds > 0, "node.block_patience_seconds", "must not be 0")?;
        require(
            self.must_agree.is_none_or(|must| nodes.contains(&(must as usize))),
            "node.must_agree",
            "must be at least 1, and at most the number of nodes",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{full_example, parse, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("node.url", "https://nodes.playground.idos.network", "ftp://Xyzzy"),
            ("node.fallback_urls", "fallback_urls = []", "fallback_urls = [\"ftp://Xyzzy\"]"),
            (
                "node.blob_gateway_url",
                "blob_gateway_url = \"https://nodes.playground.idos.network\"",
                "blob_gateway_url = \"ftp://Xyzzy\"",
            ),
            ("node.timeout_seconds", "timeout_seconds = 15", "timeout_seconds = 4"),
            ("node.block_patience_seconds", "block_patience_seconds = 30", "block_patience_seconds = 0"),
            ("node.must_agree", "must_agree = 1", "must_agree = 2"),
            ("node.must_agree", "must_agree = 1", "must_agree = 0"),
        ]);
    }

    #[test]
    fn the_environment_wins() {
        let mut node = parse(&full_example()).unwrap().node;
        node.environment(&Environment::new(&|name| (name == URL).then(|| "https://b.example".to_owned())))
            .unwrap();
        assert_eq!(node.url.as_str(), "https://b.example/");
    }
}
