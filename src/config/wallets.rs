//! Proofs that wallets are their users'.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use idos_wallet::EvmChain;
use serde::Deserialize;
use url::{Host, Url};

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::section::{Section, require, start_at};

/// Proofs that wallets are their users'.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wallets {
    /// Whether what a wallet signs must be a challenge of this service. Any message will do otherwise.
    pub require_challenge: bool,
    /// How long a challenge can be answered, in minutes.
    pub challenge_minutes: u32,
    /// Chains that are asked whether a contract wallet takes a signature as its own. Other contract wallets are refused.
    pub evm_rpc: Vec<EvmEndpoint>,
}

/// An endpoint of a chain with the Ethereum virtual machine (JSON-RPC).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvmEndpoint {
    /// The chain: `eip155:` and its number (CAIP-2).
    pub chain: String,
    /// Where it is asked; not shown, since such URLs often have a key in them. This or `url_file`.
    #[serde(default)]
    pub url: Option<Secret>,
    /// A file that holds the URL.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// How many seconds an answer may take.
    #[serde(default = "timeout")]
    pub timeout: u64,
}

fn timeout() -> u64 {
    10
}

impl Default for Wallets {
    fn default() -> Self {
        Self { require_challenge: false, challenge_minutes: 30, evm_rpc: Vec::new() }
    }
}

impl Section for Wallets {
    fn paths(&mut self, folder: &Path) {
        self.evm_rpc
            .iter_mut()
            .filter_map(|one| one.url_file.as_mut())
            .for_each(|path| start_at(folder, path));
    }

    fn environment(&mut self, _: &Environment<'_>) -> Result<(), ConfigError> {
        for endpoint in &mut self.evm_rpc {
            if let Some(path) = &endpoint.url_file {
                endpoint.url = Some(Secret::of_file(path)?);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let is_fit = (1..=1440).contains(&self.challenge_minutes);
        require(is_fit, "wallets.challenge_minutes", "must be from 1 to 1440")?;
        let mut chains = HashSet::new();
        for endpoint in &self.evm_rpc {
            let is_chain = endpoint.chain.parse::<EvmChain>().is_ok();
            require(is_chain, "wallets.evm_rpc.chain", "must be eip155: and the chain's number (CAIP-2)")?;
            require(chains.insert(&endpoint.chain), "wallets.evm_rpc.chain", "must not stand twice")?;
            let url = endpoint.url.as_ref().and_then(|url| url.expose().trim().parse::<Url>().ok());
            let problem = "must be an https URL, or an http one of this machine; url_file may hold it";
            require(url.is_some_and(|url| is_safe(&url)), "wallets.evm_rpc.url", problem)?;
            let is_fit = (1..=60).contains(&endpoint.timeout);
            require(is_fit, "wallets.evm_rpc.timeout", "must be from 1 to 60")?;
        }
        Ok(())
    }
}

/// Whether what is asked there is read by nobody on the way: it names a wallet, and the URL may hold a key.
fn is_safe(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{example_with, refused};

    #[test]
    fn nonsense_is_refused_by_name() {
        let (chain, url) = ("chain = \"eip155:1\"", "https://ethereum.example.com/v1/a-key");
        refused(&[
            ("wallets.challenge_minutes", "challenge_minutes = 30", "challenge_minutes = 1441"),
            ("wallets.evm_rpc.chain", chain, "chain = \"eip155:01\""),
            ("wallets.evm_rpc.chain", chain, "chain = \"Xyzzy\""),
            ("wallets.evm_rpc.url", url, "http://ethereum.example.com/Xyzzy"),
            ("wallets.evm_rpc.url", url, "wss://ethereum.example.com/Xyzzy"),
            ("wallets.evm_rpc.url", url, "Xyzzy"),
            ("wallets.evm_rpc.timeout", "a-key\", timeout = 10", "a-key\", timeout = 0"),
            ("wallets.evm_rpc.url", "url = \"https://ethereum.example.com/v1/a-key\", ", ""),
        ]);
        for fine in ["http://127.0.0.1:8545", "http://[::1]:8545/", "http://localhost:8545"] {
            example_with(url, fine).check().unwrap();
        }
        let shown = format!("{:?}", example_with(url, "https://a.example/Xyzzy").wallets);
        assert!(!shown.contains("Xyzzy"), "{shown}");
    }
}
