//! The HTTP API.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Deserialize;
use url::Url;

use super::environment::Environment;
use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::network::Network;

/// Wins over `http.listen`.
const LISTEN: &str = "IDOS_ISSUER_HTTP_LISTEN";
/// Wins over `http.health_listen`.
const HEALTH_LISTEN: &str = "IDOS_ISSUER_HTTP_HEALTH_LISTEN";

/// The HTTP API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where it listens. `IDOS_ISSUER_HTTP_LISTEN` wins.
    pub listen: SocketAddr,
    /// Where health and metrics are served, apart from the API. `IDOS_ISSUER_HTTP_HEALTH_LISTEN` wins. Without it, see
    /// [`health`](Self::health).
    pub health_listen: Option<SocketAddr>,
    /// Where metrics are served, if not with health.
    pub metrics_listen: Option<SocketAddr>,
    /// Where people reach it from outside, for links in mails and of claims.
    pub public_url: Option<Url>,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Connections that are open at once. Beyond them idle ones go, and then new ones are closed.
    pub max_connections: usize,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// The largest file inside a request, in bytes.
    pub max_file: usize,
    /// Bytes of request bodies that may be in memory at once. What does not fit waits, and then is told to come again.
    pub max_bodies_in_memory: usize,
    /// Percent of `max_bodies_in_memory` that one client may hold at once, of `max_connections` that it may have in requests, of `turns` and
    /// of `max_queued`.
    pub share_per_client: u8,
    /// Percent of each that one address may hold at once, and of the connections themselves.
    pub share_per_address: u8,
    /// Requests with a body, and lines of imports, that are worked on at once. Further ones wait, each client's in a queue of its own.
    pub turns: usize,
    /// Percent of `turns` that lines of imports may have, all together.
    pub share_of_imports: u8,
    /// Requests that may wait for a turn.
    pub max_queued: usize,
    /// How long one may wait for it, in seconds. Who would wait longer is told to come again.
    pub max_queue_wait: u64,
    /// Imports of one client that run at once.
    pub imports_per_client: usize,
    /// How long nothing of an import may come, in seconds.
    pub import_pause: u64,
    /// Requests that one client may make in a second, on average.
    pub requests_per_second: u32,
    /// Requests that one client may make at once, above the average.
    pub burst: u32,
    /// How many clients' requests one address may make; 0: as many as come.
    pub clients_per_address: u32,
    /// How long a request may take to arrive, in seconds.
    pub body_timeout: u64,
    /// How long it may stand still while it arrives, in seconds.
    pub body_pause: u64,
    /// The longest that a caller may wait for a result, in seconds.
    pub max_wait: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            health_listen: None,
            metrics_listen: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            max_connections: 2048,
            max_body: 8 * 1024 * 1024,
            max_file: 4 * 1024 * 1024,
            max_bodies_in_memory: 64 * 1024 * 1024,
            share_per_client: 50,
            share_per_address: 75,
            turns: 64,
            share_of_imports: 25,
            max_queued: 2048,
            max_queue_wait: 5,
            imports_per_client: 2,
            import_pause: 60,
            requests_per_second: 50,
            burst: 200,
            clients_per_address: 8,
            body_timeout: 30,
            body_pause: 10,
            max_wait: 60,
        }
    }
}

impl Http {
    /// The address of a path of the API for people outside, if it is known where that is.
    #[must_use]
    pub fn public(&self, path: &str) -> Option<String> {
        self.public_url.as_ref().map(|url| format!("{}{path}", url.as_str().trim_end_matches('/')))
    }

    /// The port for health is the API's plus this, where no other is named.
    const HEALTH_PORT_ABOVE: u16 = 1000;

    /// Where health is served: `health_listen`; without it at loopback, at the port that is 1000 above that of `listen`
    /// (below, where there is none above), so that several services on one machine do not meet. Any free port goes with
    /// any free port.
    #[must_use]
    pub fn health(&self) -> SocketAddr {
        self.health_listen.unwrap_or_else(|| {
            let port = match self.listen.port() {
                0 => 0,
                port => port
                    .checked_add(Self::HEALTH_PORT_ABOVE)
                    .unwrap_or_else(|| port.saturating_sub(Self::HEALTH_PORT_ABOVE)),
            };
            let ip =
                if self.listen.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
            SocketAddr::new(ip, port)
        })
    }

    /// The settings where there is no configuration file: the defaults, and the environment.
    pub fn of_environment() -> Result<Self, ConfigError> {
        let mut http = Self::default();
        http.environment(&Environment::of_process())?;
        Ok(http)
    }
}

/// Whether it is http:// of this machine: there is nobody on the way.
#[must_use]
pub fn is_here(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && is_loopback
}

impl Section for Http {
    fn environment(&mut self, environment: &Environment<'_>) -> Result<(), ConfigError> {
        if let Some(listen) = environment.address(LISTEN)? {
            self.listen = listen;
        }
        if let Some(listen) = environment.address(HEALTH_LISTEN)? {
            self.health_listen = Some(listen);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let apart = |one: Option<SocketAddr>, other| one.is_none_or(|one| one != other || one.port() == 0);
        let percent = |share: u8| (1..=100).contains(&share);
        require(
            apart(self.health_listen, self.listen),
            "http.health_listen",
            "must not be the address of http.listen",
        )?;
        require(
            apart(self.metrics_listen, self.listen),
            "http.metrics_listen",
            "must not be the address of http.listen",
        )?;
        require(
            apart(self.metrics_listen, self.health()),
            "http.metrics_listen",
            "must not be the address of http.health_listen: leave it out, and metrics are served there",
        )?;
        let is_public = |url: &Url| {
            let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            is_bare && url.password().is_none() && (url.scheme() == "https" || is_here(url))
        };
        require(
            self.public_url.as_ref().is_none_or(is_public),
            "http.public_url",
            "must be https:// and a host, and a path at most (http:// on this machine)",
        )?;
        require(self.max_connections >= 16, "http.max_connections", "must be at least 16")?;
        require(self.max_file <= self.max_body, "http.max_file", "must not be more than http.max_body")?;
        require(self.max_body >= 4096, "http.max_body", "must be at least 4096")?;
        require(self.max_file >= 1024, "http.max_file", "must be at least 1024")?;
        require(
            self.max_bodies_in_memory >= self.max_body,
            "http.max_bodies_in_memory",
            "must not be less than http.max_body",
        )?;
        require(percent(self.share_per_client), "http.share_per_client", "must be from 1 to 100")?;
        require(percent(self.share_per_address), "http.share_per_address", "must be from 1 to 100")?;
        require(self.turns >= 2, "http.turns", "must be at least 2")?;
        require(percent(self.share_of_imports), "http.share_of_imports", "must be from 1 to 100")?;
        require(self.max_queued > 0, "http.max_queued", "must be at least 1")?;
        require((1..=60).contains(&self.max_queue_wait), "http.max_queue_wait", "must be from 1 to 60")?;
        require(self.imports_per_client > 0, "http.imports_per_client", "must be at least 1")?;
        require(self.import_pause > 0, "http.import_pause", "must be at least 1")?;
        require(self.requests_per_second > 0, "http.requests_per_second", "must be at least 1")?;
        require(self.burst > 0, "http.burst", "must be at least 1")?;
        require(self.body_timeout > 0, "http.body_timeout", "must be at least 1")?;
        require(self.body_pause > 0, "http.body_pause", "must be at least 1")?;
        require((1..=600).contains(&self.max_wait), "http.max_wait", "must be from 1 to 600")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::super::testing::{full_example, parse, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("http.max_wait", "max_wait = 60", "max_wait = 55512"),
            ("http.public_url", "https://issuer.example.com", "http://Xyzzy.example.com"),
            ("http.public_url", "https://issuer.example.com", "https://issuer.example.com?Xyzzy"),
            ("http.max_file", "max_file = 4194304", "max_file = 5551234567"),
            ("http.max_file", "max_file = 4194304", "max_file = 1"),
            ("http.max_bodies_in_memory", "max_bodies_in_memory = 67108864", "max_bodies_in_memory = 55512"),
            ("http.burst", "burst = 200", "burst = 0"),
            ("http.requests_per_second", "requests_per_second = 50", "requests_per_second = 0"),
            ("http.share_per_client", "share_per_client = 50", "share_per_client = 101"),
            ("http.share_per_address", "share_per_address = 75", "share_per_address = 0"),
            ("http.max_connections", "max_connections = 2048", "max_connections = 1"),
            ("http.turns", "turns = 64", "turns = 1"),
            ("http.share_of_imports", "share_of_imports = 25", "share_of_imports = 0"),
            ("http.max_queued", "max_queued = 2048", "max_queued = 0"),
            ("http.max_queue_wait", "max_queue_wait = 5", "max_queue_wait = 61"),
            ("http.imports_per_client", "imports_per_client = 2", "imports_per_client = 0"),
            ("http.import_pause", "import_pause = 60", "import_pause = 0"),
            ("http.body_timeout", "body_timeout = 30", "body_timeout = 0"),
            ("http.body_pause", "body_pause = 10", "body_pause = 0"),
            (
                "http.health_listen",
                "health_listen = \"127.0.0.1:9080\"",
                "health_listen = \"127.0.0.1:8080\"",
            ),
            (
                "http.metrics_listen",
                "metrics_listen = \"127.0.0.1:9090\"",
                "metrics_listen = \"127.0.0.1:9080\"",
            ),
            (
                "http.metrics_listen",
                "metrics_listen = \"127.0.0.1:9090\"",
                "metrics_listen = \"127.0.0.1:8080\"",
            ),
        ]);
    }

    #[test]
    fn the_environment_wins() {
        let mut http = Http::default();
        let set = |name: &str| match name {
            LISTEN => Some("0.0.0.0:1".to_owned()),
            HEALTH_LISTEN => Some("0.0.0.0:2".to_owned()),
            _ => None,
        };
        http.environment(&Environment::new(&set)).unwrap();
        assert_eq!(http.listen, "0.0.0.0:1".parse().unwrap());
        assert_eq!(http.health(), "0.0.0.0:2".parse().unwrap());
    }

    #[test]
    fn health_is_served_at_loopback_at_a_port_of_its_own() {
        for (listen, health) in [
            ("0.0.0.0:8080", "127.0.0.1:9080"),
            ("[::]:443", "[::1]:1443"),
            ("127.0.0.1:65000", "127.0.0.1:64000"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            let listening = Http { listen: listen.parse().unwrap(), ..Http::default() };
            assert_eq!(listening.health(), health.parse().unwrap());
            let named = Http { health_listen: Some("10.0.0.1:80".parse().unwrap()), ..listening };
            assert_eq!(named.health(), "10.0.0.1:80".parse().unwrap());
        }
    }

    #[test]
    fn a_proxy_that_is_no_network_is_refused() {
        let with = |text: &str| full_example().replacen("trusted_proxies = []", text, 1);
        parse(&with("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]")).unwrap();
        let error = Config::of_text(&with("trusted_proxies = [\"Xyzzy\"]"), Path::new("a")).unwrap_err();
        assert!(error.to_string().contains("line ") && !error.to_string().contains("Xyzzy"), "{error}");
    }
}
