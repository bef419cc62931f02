//! Configuration: one TOML file and a few environment variables, which win.
//!
//! The only reader of the environment. `config.example.toml` lists every setting.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::model::event::EventKind;
use crate::model::issuance::Kind;
use crate::model::network::Network;
use crate::model::notes::{NoteTypes, NotesForm};
use crate::model::server_url::{UrlFault, check_database, check_mail_server};
use crate::secret_file::{self, SecretFileError};

/// What a deployment settles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The idOS node.
    pub node: Node,
    /// Who issues.
    pub issuer: Issuer,
    /// What stands beside credentials, readable by everybody.
    #[serde(default)]
    pub notes: Notes,
    /// Where the keys are.
    pub keys: KeyFiles,
    /// The database.
    #[serde(default)]
    pub database: Database,
    /// The HTTP API.
    #[serde(default)]
    pub http: Http,
    /// How long what is kept.
    #[serde(default)]
    pub retention: Retention,
    /// Proofs of wallets.
    #[serde(default)]
    pub wallets: Wallets,
    /// Delivery to the node.
    #[serde(default)]
    pub delivery: Delivery,
    /// Where events are told.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    /// How webhooks are sent.
    #[serde(default)]
    pub webhook_policy: WebhookPolicy,
    /// The mail server.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: Telemetry,
}

/// The idOS node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Base URL, such as `https://nodes.playground.idos.network`. `IDOS_NODE_URL` wins.
    pub url: Url,
    /// Base URLs of further nodes of the same network, asked when an earlier one cannot be reached.
    #[serde(default)]
    pub fallback_urls: Vec<Url>,
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

/// Who issues.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The name that users see in public notes.
    pub name: String,
    /// The issuer's URL, from which key id and controller are made. Without it the issuer is its `did:key`.
    pub url: Option<String>,
}

/// What the public notes of a credential say besides its id, its level, its status and the issuer's name.
#[derive(Clone, Debug)]
pub struct Notes {
    /// `kyc_type`, `personhood_type`: what credentials of each kind are called.
    pub types: NoteTypes,
    /// Whether they say which documents were checked: kind and expiry of the identity document, kind and date of the proof
    /// of address.
    pub documents: bool,
}

impl Default for Notes {
    fn default() -> Self {
        let NotesForm { types, documents, issuer_name: _ } = NotesForm::of("");
        Self { types, documents }
    }
}

/// A setting of [`Notes`].
enum NotesSetting {
    Type(Kind),
    Documents,
}

impl NotesSetting {
    const DOCUMENTS: &str = "documents";

    fn by_name(name: &str) -> Option<Self> {
        let kind = Kind::ISSUED.iter().find(|kind| NoteTypes::setting(**kind) == name);
        kind.map(|kind| Self::Type(*kind)).or_else(|| (name == Self::DOCUMENTS).then_some(Self::Documents))
    }

    /// As other structures say it.
    fn unknown(name: &str) -> String {
        let names = Kind::ISSUED.iter().map(|kind| NoteTypes::setting(*kind));
        let names: Vec<_> =
            names.chain([Self::DOCUMENTS.to_owned()]).map(|name| format!("`{name}`")).collect();
        format!("unknown field `{name}`, expected one of {}", names.join(", "))
    }
}

impl<'de> Deserialize<'de> for NotesSetting {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::by_name(&name).ok_or_else(|| serde::de::Error::custom(Self::unknown(&name)))
    }
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Notes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct Notes")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Notes, A::Error> {
                let mut notes = Notes::default();
                while let Some(setting) = map.next_key()? {
                    match setting {
                        NotesSetting::Type(kind) => notes.types = notes.types.with(kind, map.next_value()?),
                        NotesSetting::Documents => notes.documents = map.next_value()?,
                    }
                }
                Ok(notes)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

impl Notes {
    fn check(&self) -> Result<(), ConfigError> {
        match Kind::ISSUED.iter().find(|kind| !Self::is_name(self.types.of(**kind))) {
            Some(kind) => Err(ConfigError::Nonsense(
                format!("notes.{}", NoteTypes::setting(*kind)).into(),
                "must have 1 to 64 bytes that are not all blank, without control characters",
            )),
            None => Ok(()),
        }
    }

    /// A name that is plain text of a reasonable length.
    fn is_name(name: &str) -> bool {
        (1..=64).contains(&name.len()) && !name.trim().is_empty() && !name.chars().any(char::is_control)
    }
}

/// Files that hold secrets, each readable by the owner alone. Relative paths start at the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFiles {
    /// Ed25519 key that signs credentials.
    pub signing: PathBuf,
    /// Ed25519 keys that write to the node: delegates of one inserter. The first is also the issuer's identity as a
    /// grantee. One path, or a list.
    #[serde(deserialize_with = "one_or_more")]
    pub write: Vec<PathBuf>,
    /// X25519 secret that opens the issuer's own copies.
    pub encryption: PathBuf,
    /// Keys that lock what is kept: the first locks, all of them unlock. One path, or a list. Commands that keep
    /// nothing need none.
    #[serde(default, deserialize_with = "one_or_more")]
    pub vault: Vec<PathBuf>,
}

/// The database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://PATH` or `postgres://…`. `IDOS_ISSUER_DATABASE_URL` wins. Never shown: it may hold a password.
    pub url: Secret,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
    /// Connections that one process opens at most.
    pub max_connections: u32,
    /// Whether `serve` and `worker` bring an older schema up to date when they start.
    pub migrate: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: Secret("sqlite://idos-issuer.db".to_owned().into()),
            url_file: None,
            max_connections: 10,
            migrate: true,
        }
    }
}

/// A setting that is not shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// From a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// From the environment, where white space around it means nothing, as in a file.
    fn of_variable(text: &str) -> Self {
        Self::new(text.trim_start_matches('\u{feff}').trim().to_owned())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

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
    /// How many percent of `max_bodies_in_memory`, and of `max_connections` in requests, one client may hold at once.
    pub share_per_client: u8,
    /// How many percent of them, and of `max_connections` itself, one address may hold at once.
    pub share_per_address: u8,
    /// Requests that one client may make in a second, on average.
    pub requests_per_second: u32,
    /// Requests that one client may make at once, above the average.
    pub burst: u32,
    /// How many clients' requests one address may make; 0: as many as come.
    pub clients_per_address: u32,
    /// How long a request may take to arrive, in seconds.
    pub body_timeout: u64,
    /// How long nothing of it may come meanwhile, in seconds.
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
            trusted_proxies: Vec::new(),
            max_connections: 2048,
            max_body: 8 * 1024 * 1024,
            max_file: 4 * 1024 * 1024,
            max_bodies_in_memory: 64 * 1024 * 1024,
            share_per_client: 50,
            share_per_address: 75,
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
    /// By how much the port for health is above the one of the API, where no other is named.
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

    fn take_environment(&mut self) -> Result<(), ConfigError> {
        if let Some(listen) = address_variable(HTTP_LISTEN)? {
            self.listen = listen;
        }
        if let Some(listen) = address_variable(HEALTH_LISTEN)? {
            self.health_listen = Some(listen);
        }
        Ok(())
    }

    /// What must hold, and what is said of which setting where it does not.
    fn rules(&self) -> [(bool, &'static str, &'static str); 15] {
        let apart = |one: Option<SocketAddr>, other| one.is_none_or(|one| one != other || one.port() == 0);
        let percent = |share: u8| (1..=100).contains(&share);
        [
            (
                apart(self.health_listen, self.listen),
                "http.health_listen",
                "must not be the address of http.listen",
            ),
            (
                apart(self.metrics_listen, self.listen),
                "http.metrics_listen",
                "must not be the address of http.listen",
            ),
            (
                apart(self.metrics_listen, self.health()),
                "http.metrics_listen",
                "must not be the address of http.health_listen: leave it out, and metrics are served there",
            ),
            (self.max_connections >= 16, "http.max_connections", "must be at least 16"),
            (self.max_file <= self.max_body, "http.max_file", "must not be more than http.max_body"),
            (self.max_body >= 4096, "http.max_body", "must be at least 4096"),
            (self.max_file >= 1024, "http.max_file", "must be at least 1024"),
            (
                self.max_bodies_in_memory >= self.max_body,
                "http.max_bodies_in_memory",
                "must not be less than http.max_body",
            ),
            (percent(self.share_per_client), "http.share_per_client", "must be from 1 to 100"),
            (percent(self.share_per_address), "http.share_per_address", "must be from 1 to 100"),
            (self.requests_per_second > 0, "http.requests_per_second", "must be at least 1"),
            (self.burst > 0, "http.burst", "must be at least 1"),
            (self.body_timeout > 0, "http.body_timeout", "must be at least 1"),
            (self.body_pause > 0, "http.body_pause", "must be at least 1"),
            ((1..=600).contains(&self.max_wait), "http.max_wait", "must be from 1 to 600"),
        ]
    }
}

/// How long what is kept, in hours.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Signed credentials that wait, locked, to be sealed for the user.
    pub unsealed_hours: u32,
    /// Sealed credentials that wait for a write grant, or for somebody to resume them.
    pub sealed_hours: u32,
    /// How long after the end of that time a sealed credential goes that may have been delivered, if the node cannot be
    /// asked whether it was.
    pub overdue_hours: u32,
    /// What an `Idempotency-Key` stands for.
    pub idempotency_hours: u32,
    /// Events that can be told again.
    pub events_hours: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            unsealed_hours: 24,
            sealed_hours: 24 * 7,
            overdue_hours: 24 * 3,
            idempotency_hours: 48,
            events_hours: 24 * 30,
        }
    }
}

impl Retention {
    /// What must hold, and what is said of which setting where it does not.
    fn rules(&self) -> [(bool, &'static str, &'static str); 5] {
        [
            (self.unsealed_hours > 0, "retention.unsealed_hours", "must be at least 1"),
            (self.sealed_hours > 0, "retention.sealed_hours", "must be at least 1"),
            (self.overdue_hours > 0, "retention.overdue_hours", "must be at least 1"),
            (self.idempotency_hours >= 24, "retention.idempotency_hours", "must be at least 24"),
            (self.events_hours > 0, "retention.events_hours", "must be at least 1"),
        ]
    }
}

/// Proofs that wallets are their users'.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wallets {
    /// Whether what a wallet signs must be a challenge of this service. Any message will do otherwise.
    pub require_challenge: bool,
    /// How long a challenge can be answered, in minutes.
    pub challenge_minutes: u32,
}

impl Default for Wallets {
    fn default() -> Self {
        Self { require_challenge: false, challenge_minutes: 30 }
    }
}

/// Delivery to the node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Transactions that one write key may have in flight. 1 is one at a time.
    pub in_flight: u32,
    /// Bytes of transactions that one write key may have in flight.
    pub in_flight_bytes: usize,
    /// How long a process holds a lane, or a job, without a sign of life, in seconds.
    pub lease_seconds: u32,
    /// Tries before a person has to see to it.
    pub max_attempts: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { in_flight: 256, in_flight_bytes: 24 * 1024 * 1024, lease_seconds: 30, max_attempts: 40 }
    }
}

/// A place where events are told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its name, in logs and jobs.
    pub name: String,
    /// Where. Not shown: it may hold a secret.
    pub url: Secret,
    /// Files with the secrets (`whsec_…`) that sign: two while one is being replaced.
    pub secrets: Vec<PathBuf>,
    /// The client whose events are told; every client's if none is named.
    #[serde(default)]
    pub client: Option<String>,
    /// The kinds of events that are told; all if none is named.
    #[serde(default)]
    pub events: Vec<String>,
}

/// How webhooks are sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookPolicy {
    /// Whether addresses of private networks and of this machine may be called.
    pub allow_private: bool,
    /// Whether they may be called without TLS.
    pub allow_http: bool,
    /// How long a receiver may take, in seconds.
    pub timeout: u64,
    /// Requests that one endpoint gets from one process at the same time.
    pub at_once: usize,
}

impl Default for WebhookPolicy {
    fn default() -> Self {
        Self { allow_private: false, allow_http: false, timeout: 20, at_once: 4 }
    }
}

/// The mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://user:password@host:465`, `smtp://host:587?tls=required` and the like. Not shown.
    #[serde(default)]
    pub url: Option<Secret>,
    /// A file that holds the URL.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// The sender, such as `Example KYC <kyc@example.com>`.
    pub from: String,
}

/// Logs and traces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Whether logs are JSON, one object a line.
    pub json_logs: bool,
    /// An OpenTelemetry collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`. No traces without it.
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` wins.
    pub otlp_endpoint: Option<Url>,
}

impl KeyFiles {
    /// The files that `keys generate` makes in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            signing: folder.join("signing.key"),
            write: vec![folder.join("write.key")],
            encryption: folder.join("encryption.key"),
            vault: vec![folder.join("vault.key")],
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {0} cannot be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is not TOML, or has a setting that is missing, unknown or of a wrong type.
    #[error("the configuration {path}{line}: {problem}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// `, line 3`, where that is known.
        line: String,
        /// What is wrong; names settings, not values.
        problem: String,
    },
    /// An environment variable that is no URL.
    #[error("the environment variable {0} must be a URL")]
    NotAUrl(&'static str),
    /// An environment variable that is no address.
    #[error("the environment variable {0} must be an address such as 127.0.0.1:8080")]
    NotAnAddress(&'static str),
    /// A file with a setting that is secret.
    #[error(transparent)]
    SecretFile(#[from] SecretFileError),
    /// A URL with user and password that is none.
    #[error("the setting {0} {1}")]
    ServerUrl(&'static str, #[source] UrlFault),
    /// A setting that makes no sense.
    #[error("the setting {0} {1}")]
    Nonsense(Cow<'static, str>, &'static str),
}

const NODE_URL: &str = "IDOS_NODE_URL";
const DATABASE_URL: &str = "IDOS_ISSUER_DATABASE_URL";
const DATABASE_URL_FILE: &str = "IDOS_ISSUER_DATABASE_URL_FILE";
const HTTP_LISTEN: &str = "IDOS_ISSUER_HTTP_LISTEN";
const HEALTH_LISTEN: &str = "IDOS_ISSUER_HTTP_HEALTH_LISTEN";
const MAIL_URL: &str = "IDOS_ISSUER_MAIL_URL";
/// The name that OpenTelemetry gives it.
const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

impl Config {
    /// Reads `path`, then the environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::parse(path)?;
        config.take_environment()?;
        config.check()?;
        Ok(config)
    }

    /// Reads `path` alone, for what must not reach what the environment names: a development service.
    pub fn load_file_only(path: &Path) -> Result<Self, ConfigError> {
        let config = Self::parse(path)?;
        config.check()?;
        Ok(config)
    }

    /// What the public notes of this issuer's credentials have in common.
    #[must_use]
    pub fn notes_form(&self) -> NotesForm {
        let Notes { types, documents } = self.notes.clone();
        NotesForm { issuer_name: self.issuer.name.clone(), types, documents }
    }

    fn parse(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable(path.to_owned(), e))?;
        Self::parse_text(&text, path)
    }

    /// What [`load_file_only`](Self::load_file_only) makes of a file `path` with this text.
    pub fn of_text(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config = Self::parse_text(text, path)?;
        config.check()?;
        Ok(config)
    }

    fn parse_text(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| before.matches('\n').count() + 1);
            ConfigError::Invalid {
                path: path.to_owned(),
                line: line.map(|line| format!(", line {line}")).unwrap_or_default(),
                problem: names_only(error.message()),
            }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.start_paths_at(folder);
        Ok(config)
    }

    /// Relative paths start at the configuration file.
    fn start_paths_at(&mut self, folder: &Path) {
        let keys = &mut self.keys;
        let one = [&mut keys.signing, &mut keys.encryption];
        let many = keys.write.iter_mut().chain(&mut keys.vault);
        let webhooks = self.webhooks.iter_mut().flat_map(|webhook| &mut webhook.secrets);
        let mail = self.mail.iter_mut().filter_map(|mail| mail.url_file.as_mut());
        let files = self.database.url_file.iter_mut().chain(mail);
        for path in one.into_iter().chain(many).chain(webhooks).chain(files) {
            *path = folder.join(&*path);
        }
        if let Some(path) = self.database.url.expose().strip_prefix("sqlite://")
            && !path.starts_with('/')
            && !path.starts_with(':')
        {
            let path = folder.join(path);
            self.database.url = Secret::new(format!("sqlite://{}", path.display()));
        }
    }

    fn take_environment(&mut self) -> Result<(), ConfigError> {
        if let Some(url) = variable(NODE_URL) {
            self.node.url = url.parse().map_err(|_| ConfigError::NotAUrl(NODE_URL))?;
        }
        self.http.take_environment()?;
        if let Some(endpoint) = variable(OTLP_ENDPOINT) {
            self.telemetry.otlp_endpoint =
                Some(endpoint.parse().map_err(|_| ConfigError::NotAUrl(OTLP_ENDPOINT))?);
        }
        if let Some(path) = variable(DATABASE_URL_FILE) {
            self.database.url_file = Some(path.into());
        }
        if let Some(path) = &self.database.url_file {
            self.database.url = secret_setting(path)?;
        }
        if let Some(url) = variable(DATABASE_URL) {
            self.database.url = Secret::of_variable(&url);
        }
        if let Some(mail) = &mut self.mail {
            if let Some(path) = &mail.url_file {
                mail.url = Some(secret_setting(path)?);
            }
            if let Some(url) = variable(MAIL_URL) {
                mail.url = Some(Secret::of_variable(&url));
            }
        }
        Ok(())
    }

    /// Refuses what cannot be meant.
    fn check(&self) -> Result<(), ConfigError> {
        check_database(self.database.url.expose())
            .map_err(|fault| ConfigError::ServerUrl("database.url", fault))?;
        if let Some(url) = self.mail.as_ref().and_then(|mail| mail.url.as_ref()) {
            check_mail_server(url.expose()).map_err(|fault| ConfigError::ServerUrl("mail.url", fault))?;
        }
        let names: std::collections::HashSet<_> = self.webhooks.iter().map(|webhook| &webhook.name).collect();
        let is_http = |url: &Url| matches!(url.scheme(), "http" | "https");
        let nodes = || std::iter::once(&self.node.url).chain(&self.node.fallback_urls);
        let rules = [
            (is_http(&self.node.url), "node.url", "must begin with https:// or http://"),
            (nodes().all(is_http), "node.fallback_urls", "must begin with https:// or http://"),
            (
                self.telemetry.otlp_endpoint.as_ref().is_none_or(is_http),
                "telemetry.otlp_endpoint",
                "must begin with https:// or http://",
            ),
            ((5..=120).contains(&self.node.timeout_seconds), "node.timeout_seconds", "must be from 5 to 120"),
            (self.node.block_patience_seconds > 0, "node.block_patience_seconds", "must not be 0"),
            (!self.issuer.name.trim().is_empty(), "issuer.name", "must not be empty"),
            (
                self.issuer.name.len() <= 256 && !self.issuer.name.chars().any(char::is_control),
                "issuer.name",
                "must have at most 256 bytes, without control characters: all public notes carry it",
            ),
            (!self.keys.write.is_empty(), "keys.write", "must name at least one file"),
            (self.database.max_connections >= 2, "database.max_connections", "must be at least 2"),
            ((1..=4096).contains(&self.delivery.in_flight), "delivery.in_flight", "must be from 1 to 4096"),
            (
                self.delivery.in_flight_bytes >= 4 * 1024 * 1024,
                "delivery.in_flight_bytes",
                "must be at least 4194304, the size of one transaction",
            ),
            (
                (5..=3600).contains(&self.delivery.lease_seconds),
                "delivery.lease_seconds",
                "must be from 5 to 3600",
            ),
            (self.delivery.max_attempts > 0, "delivery.max_attempts", "must be at least 1"),
            (names.len() == self.webhooks.len(), "webhooks.name", "must be different for each webhook"),
            (
                self.webhooks.iter().all(|webhook| !webhook.name.is_empty()),
                "webhooks.name",
                "must not be empty",
            ),
            (
                self.webhooks.iter().all(|webhook| (1..=2).contains(&webhook.secrets.len())),
                "webhooks.secrets",
                "must name one file, or two while a secret is being replaced",
            ),
            (
                self.webhooks
                    .iter()
                    .flat_map(|webhook| &webhook.events)
                    .all(|name| name.parse::<EventKind>().is_ok()),
                "webhooks.events",
                "names a kind of event that there is not",
            ),
            (
                self.mail.as_ref().is_none_or(|mail| mail.url.is_some()),
                "mail.url",
                "must be given, here, in a file or as IDOS_ISSUER_MAIL_URL",
            ),
            (
                self.node
                    .must_agree
                    .is_none_or(|nodes| (1..=1 + self.node.fallback_urls.len()).contains(&(nodes as usize))),
                "node.must_agree",
                "must be at least 1, and at most the number of nodes",
            ),
            (
                (1..=1440).contains(&self.wallets.challenge_minutes),
                "wallets.challenge_minutes",
                "must be from 1 to 1440",
            ),
            (self.webhook_policy.timeout > 0, "webhook_policy.timeout", "must be at least 1"),
            (self.webhook_policy.at_once > 0, "webhook_policy.at_once", "must be at least 1"),
        ];
        let mut rules = rules.into_iter().chain(self.http.rules()).chain(self.retention.rules());
        match rules.find(|(holds, ..)| !holds) {
            Some((_, setting, problem)) => Err(ConfigError::Nonsense(setting.into(), problem)),
            None => self.notes.check(),
        }
    }
}

/// One path, or a list of them.
fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(PathBuf),
        More(Vec<PathBuf>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(path) => vec![path],
        OneOrMore::More(paths) => paths,
    })
}

fn secret_setting(path: &Path) -> Result<Secret, SecretFileError> {
    Ok(Secret(secret_file::read(path)?))
}

/// A parser's message, if all that it repeats are names of settings.
fn names_only(message: &str) -> String {
    let names = ["unknown field ", "missing field ", "duplicate key"];
    if names.iter().any(|start| message.starts_with(start)) {
        message.to_owned()
    } else {
        "is not TOML, or a setting has a value of a wrong kind".to_owned()
    }
}

/// What to log: `RUST_LOG`, or `level`.
#[must_use]
pub fn log_filter(level: &str) -> String {
    variable("RUST_LOG").unwrap_or_else(|| level.to_owned())
}

/// Whether a terminal is to show no colours (<https://no-color.org>).
#[must_use]
pub fn no_color() -> bool {
    variable("NO_COLOR").is_some()
}

/// The HTTP API if there is no configuration file.
pub fn http() -> Result<Http, ConfigError> {
    let mut http = Http::default();
    http.take_environment()?;
    Ok(http)
}

fn address_variable(name: &'static str) -> Result<Option<SocketAddr>, ConfigError> {
    variable(name).map(|text| text.parse().map_err(|_| ConfigError::NotAnAddress(name))).transpose()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../config.example.toml");

    /// The example with all that it names switched on.
    fn full_example() -> String {
        let switch_on = |line: &str| match line.strip_prefix("# ") {
            Some(setting) if is_setting(setting) => setting.to_owned(),
            _ => line.to_owned(),
        };
        EXAMPLE.lines().map(switch_on).collect::<Vec<_>>().join("\n")
    }

    /// `name = …` or `[section]`.
    fn is_setting(line: &str) -> bool {
        let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| is_name(name))
    }

    fn parse(text: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn the_example_is_true() {
        let example = parse(EXAMPLE).unwrap();
        example.check().unwrap();
        let least = "[node]\nurl = \"https://a.example\"\n[issuer]\nname = \"A\"\n\
                     [keys]\nsigning = \"s\"\nwrite = \"w\"\nencryption = \"e\"\n";
        let default = parse(least).unwrap();
        assert_eq!(example.database.url.expose(), default.database.url.expose());
        let shown = |config: &Config| {
            let Config {
                node,
                notes,
                database,
                http,
                retention,
                delivery,
                webhooks,
                wallets,
                webhook_policy,
                mail,
                telemetry,
                ..
            } = config;
            let node = (
                &node.fallback_urls,
                &node.chain_id,
                node.plain_http,
                node.timeout_seconds,
                node.block_patience_seconds,
                node.must_agree,
            );
            format!(
                "{:#?}",
                (
                    node,
                    notes,
                    database,
                    http,
                    retention,
                    delivery,
                    wallets,
                    webhooks,
                    webhook_policy,
                    mail,
                    telemetry
                )
            )
        };
        assert_eq!(shown(&example), shown(&default), "the example gives defaults");

        let full = parse(&full_example()).unwrap();
        full.check().unwrap();
        assert!(full.mail.is_some() && full.webhooks.len() == 1);
    }

    /// Every structure refuses settings that it does not know, and says which it knows.
    #[test]
    fn the_example_is_complete() {
        let full = full_example();
        let sections: Vec<_> = full.lines().filter(|line| line.starts_with('[')).collect();
        let mut seen = 0;
        for section in [""].iter().chain(&sections) {
            let stranger = "stranger = 1";
            let text = match *section {
                "" => format!("{stranger}\n{full}"),
                section => full.replacen(section, &format!("{section}\n{stranger}"), 1),
            };
            let error = parse(&text).unwrap_err().message().to_owned();
            let (_, known) = error.split_once("expected ").unwrap();
            for name in known.split('`').skip(1).step_by(2) {
                let is_there = match *section {
                    "" => sections.iter().any(|there| there.trim_matches(['[', ']']) == name),
                    section => {
                        let start = full.find(section).unwrap() + section.len();
                        let settings = full[start..].split("\n[").next().unwrap();
                        settings.lines().any(|line| line.starts_with(&format!("{name} = ")))
                    }
                };
                assert!(is_there, "{section} {name} is not in config.example.toml");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }

    /// Each setting has a sentence before it.
    #[test]
    fn the_example_explains_itself() {
        let mut previous = "";
        for line in EXAMPLE.lines() {
            let setting = line.strip_prefix("# ").unwrap_or(line);
            if is_setting(setting) && !setting.starts_with('[') {
                assert!(previous.starts_with("# ") && !is_setting(&previous[2..]), "{line}");
            }
            previous = line;
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let cases = [
            ("http.max_wait", "max_wait = 60", "max_wait = 55512"),
            ("http.max_file", "max_file = 4194304", "max_file = 5551234567"),
            ("http.burst", "burst = 200", "burst = 0"),
            ("http.share_per_client", "share_per_client = 50", "share_per_client = 101"),
            ("http.share_per_address", "share_per_address = 75", "share_per_address = 0"),
            ("http.max_connections", "max_connections = 2048", "max_connections = 1"),
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
            ("delivery.in_flight", "in_flight = 256", "in_flight = 0"),
            ("delivery.lease_seconds", "lease_seconds = 30", "lease_seconds = 1"),
            ("retention.idempotency_hours", "idempotency_hours = 48", "idempotency_hours = 1"),
            ("database.url", "sqlite://idos-issuer.db", "mysql://Xyzzy"),
            ("webhooks.events", "issuance.issued", "issuance.Xyzzy"),
            ("issuer.name", "name = \"Example KYC\"", "name = \" \""),
            ("notes.kyc_type", "kyc_type = \"kyc\"", "kyc_type = \" \""),
            ("notes.personhood_type", "personhood_type = \"pop\"", "personhood_type = \"Xyzzy\\u0000\""),
            ("issuer.name", "name = \"Example KYC\"", "name = \"Example\\u0000KYC\""),
            ("node.url", "https://nodes.playground.idos.network", "ftp://Xyzzy"),
            ("telemetry.otlp_endpoint", "http://127.0.0.1:4318", "ftp://Xyzzy"),
        ];
        for (setting, old, new) in cases {
            let text = full_example();
            assert!(text.contains(old), "{old}");
            let error = parse(&text.replacen(old, new, 1)).unwrap().check().unwrap_err().to_string();
            assert!(error.contains(&format!("the setting {setting} ")), "{error}");
            assert!(!error.contains("Xyzzy") && !error.contains("5551"), "{error}");
        }
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

    #[test]
    fn mistakes_are_named() {
        let folder = std::env::temp_dir().join(format!("idos-issuer-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config.toml");
        std::fs::write(&path, "[node]\nurl = \"https://a.example\"\nsecret = \"Xyzzy\"\n").unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("unknown field"), "{error}");
        assert!(!error.contains("Xyzzy"));
        for wrong in ["url = \"Xyzzy\"", "url = 5551234", "url = Xyzzy"] {
            std::fs::write(&path, format!("[node]\n{wrong}\n")).unwrap();
            let error = Config::load(&path).unwrap_err().to_string();
            assert!(
                error.contains("line 2") && !error.contains("Xyzzy") && !error.contains("5551234"),
                "{error}"
            );
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
