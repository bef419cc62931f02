//! The wired service: everything that the verbs need. The only place that picks concrete tools.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use idos_client::{Client, ClientConfig, ContentPlace, Signer};
use idos_file_type::FileType;
use idos_images::Limits as PictureLimits;
use idos_webhooks::{Secret, Secrets, Sender, SenderConfig, Targets};
use rand::RngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use url::Url;

use crate::clock::Clock;
use crate::config::{
    Claims, Config, ConfigError, Console, Delivery, Erasure, Evidence, Http, Issuer, Node, PersonPage, Relay,
    Renewal, Retention, Wallets, Webhook,
};
use crate::cores::{self, Cores};
use crate::evm_rpc::EvmRpc;
use crate::keys::{Key, Keys, KeysError, load_text, load_vault_keys};
use crate::mail::{Link, MailError, Mailer, Reports};
use crate::model::audit::Views;
use crate::model::event::EventKind;
use crate::model::files::FileMode;
use crate::model::ids::JobId;
use crate::model::kyc_version::KycVersions;
use crate::model::lifecycle::Limits;
use crate::model::notes::NotesForm;
use crate::model::notices::Settings as NoticeSettings;
use crate::model::retention::Periods;
use crate::model::safety_net::{MOST_YEARS, SafetyNet};
use crate::model::validity::Policy;
use crate::oidc::{OidcProvider, OidcSetupError};
use crate::outbound::OutboundError;
use crate::person_source::{PersonSource, PersonSourceError};
use crate::source::{Source, SourceError};
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError};

/// The wired service.
pub struct App {
    /// The time.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// What locks what is kept.
    pub vault: Vault,
    /// The issuer's keys.
    pub keys: Arc<Keys>,
    /// Who issues.
    pub issuer: Issuer,
    /// What public notes have in common.
    pub notes: NotesForm,
    /// Which version of KYC credentials is written.
    pub kyc_versions: KycVersions,
    /// How long credentials are valid.
    pub validity: Policy,
    /// What is done with the files of a result where nobody says it.
    pub file_mode: FileMode,
    /// What bounds the work on its pictures.
    pub picture_limits: PictureLimits,
    /// Limits of the API.
    pub http: Http,
    /// How long what is kept.
    pub retention: Retention,
    /// Whose looks at records are written down.
    pub views: Views,
    /// The same of every kind of row.
    pub periods: Periods,
    /// What is kept after delivery.
    pub safety_net: SafetyNet,
    /// How wallets are proven.
    pub wallets: Wallets,
    /// Chains that are asked for contract wallets.
    pub evm: EvmRpc,
    /// How it is delivered.
    pub delivery: Delivery,
    /// Where events are told.
    pub endpoints: Vec<Endpoint>,
    /// Accounts with vendors of KYC results.
    pub sources: Vec<Arc<Source>>,
    /// Sources of personhood.
    pub persons: Vec<Arc<PersonSource>>,
    /// Whether test data of vendors becomes credentials: for development alone.
    pub takes_test_data: bool,
    /// Whether whoever opens a page of the console is let in as sample staff: for development alone.
    pub has_sample_staff: bool,
    /// What tells them.
    pub sender: Sender,
    /// Webhooks that one endpoint gets from this process at the same time.
    pub webhooks_at_once: usize,
    /// This process, as leases name it.
    pub owner: String,
    /// Lanes of this process that cannot record what becomes of their transactions, by their write keys.
    stuck_lanes: Mutex<BTreeSet<String>>,
    /// Jobs that one node says are done, and others have still to show.
    said_done: Mutex<HashMap<JobId, Instant>>,
    /// Nodes that did not answer, by their places in the client's list, and when that was.
    silent_nodes: Mutex<HashMap<usize, Instant>>,
    /// What mails go out by.
    pub mailer: Mailer,
    /// Where reports of mails that came back are.
    pub mail_reports: Option<Reports>,
    /// Where the links of reminders lead.
    pub renewal: Renewal,
    /// Links by which people have credentials brought into their profiles.
    pub claims: Claims,
    /// How requests to erase are answered.
    pub erasure: Erasure,
    /// The page on which people see what is kept about them.
    pub person_page: PersonPage,
    /// Pages for those who work here.
    pub console: Console,
    /// Where they sign in, if not here.
    pub oidc: Option<OidcProvider>,
    /// What consumers of upstream's hosted issuer call.
    pub relay: Relay,
    /// The provider's logo, as the page of those links shows it.
    pub logo: Option<Logo>,
    /// When people are told that their credentials end.
    pub notices: NoticeSettings,
    /// How many mails go out.
    pub mail_pace: MailPace,
    /// The number of the last audit checkpoint that this process has seen.
    last_checkpoint: Mutex<i64>,
    /// Who has been seen to look at what, in this hour.
    seen: Mutex<Seen>,
    node: Node,
    client: OnceCell<Client>,
    cores: Cores,
    not_connected: Mutex<Option<Instant>>,
    /// Where the network keeps contents, and when that was seen.
    content_place: Mutex<Option<(ContentPlace, Instant)>>,
}

/// Looks of one hour that are written down: whose, and at what.
#[derive(Default)]
struct Seen {
    hour: i64,
    looks: HashSet<(String, String)>,
}

/// How many looks are remembered. Whoever looks at more of them in an hour has the database asked again.
const SEEN: usize = 20_000;

/// A picture that pages show.
pub struct Logo {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
    /// Its [`version`].
    pub version: String,
}

/// What is in a file that browsers get, by a name that no other content has.
#[must_use]
pub fn version(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes)).get(..16).unwrap_or_default().to_owned()
}

impl Logo {
    /// The configured one.
    fn load(claims: &Claims) -> Result<Option<Self>, StartError> {
        let Some(bytes) = claims.read_logo()? else { return Ok(None) };
        match FileType::of(&bytes) {
            Some(kind @ (FileType::Png | FileType::Jpeg | FileType::WebP)) => {
                let version = version(&bytes);
                Ok(Some(Self { bytes, media_type: kind.media_type(), version }))
            }
            _ => Err(StartError::Logo),
        }
    }
}

/// How many mails go out, by all processes together.
#[derive(Clone, Copy, Debug)]
pub struct MailPace {
    /// To one domain in a minute.
    pub per_domain: u32,
    /// In a day.
    pub per_day: u32,
}

/// A place where events are told.
pub struct Endpoint {
    /// Its name.
    pub name: String,
    /// Where.
    pub url: Url,
    /// What signs.
    pub secrets: Secrets,
    /// Whose events; everybody's if `None`.
    pub client: Option<String>,
    /// Which kinds; all if empty.
    pub kinds: Vec<EventKind>,
}

impl Endpoint {
    /// Whether it is told of such an event.
    #[must_use]
    pub fn wants(&self, client: &str, kind: EventKind) -> bool {
        self.client.as_deref().is_none_or(|own| own == client)
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The vault.
    #[error("keys.vault: {0} (idos-issuer keys generate makes one)")]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An HTTP client for the chains of contract wallets.
    #[error(transparent)]
    Evm(OutboundError),
    /// Where staff sign in.
    #[error(transparent)]
    Oidc(#[from] OidcSetupError),
    /// The signing key is not the one that has signed so far.
    #[error(
        "the signing key (or the issuer's URL) is not the one that this database has recorded: consumers would not \
         accept credentials any more. Put the old one back, or accept the new one with `idos-issuer keys accept`"
    )]
    OtherSigningKey,
    /// A webhook cannot be called.
    #[error("the webhook {0}: {1}")]
    Webhook(String, String),
    /// A vendor cannot be asked.
    #[error("the source {0}: {1}")]
    Source(String, #[source] SourceError),
    /// A source of personhood cannot be used.
    #[error("the source {0}: {1}")]
    PersonSource(String, #[source] PersonSourceError),
    /// The file of the logo cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The logo is no picture that every browser shows.
    #[error("the file that claims.logo names is no PNG, JPEG or WebP")]
    Logo,
    /// A journey of the relay names a source that is none of its client's.
    #[error("the setting relay.journey.source must name a [[source]] of relay.client that has a vendor")]
    RelaySource,
    /// The phase in which content is kept after delivery would not end in time.
    #[error("the setting retention.safety_net_until must be no more than {MOST_YEARS} years ahead")]
    SafetyNet,
    /// The mail server is none.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// What sends webhooks cannot be set up.
    #[error(transparent)]
    Sender(#[from] idos_webhooks::ConfigError),
}

/// Why there is no client of the node.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The node.
    #[error(transparent)]
    Node(#[from] idos_client::Error),
    /// The node belongs to another network than the one that this database has recorded.
    #[error("the idOS node belongs to another network than the one that this database has recorded")]
    OtherNetwork,
    /// The blob gateway.
    #[error(transparent)]
    Blob(#[from] idos_client::BlobError),
    /// It took too long, or has just failed.
    #[error("the idOS node cannot be reached in time")]
    TooSlow,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NodeError {
    /// The node's own error, if that is what it is.
    #[must_use]
    pub fn of_the_node(&self) -> Option<&idos_client::Error> {
        match self {
            Self::Node(error) => Some(error),
            _ => None,
        }
    }
}

/// The name under which the signing key is recorded.
pub const SIGNING_KEY: &str = "signing_key";

/// The name under which the network is recorded.
pub const NETWORK: &str = "network";

/// How long after a failure to connect nobody tries again.
const CONNECT_AGAIN: Duration = Duration::from_secs(2);

/// How often it is looked at where the network keeps contents.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// How long after a node let a question wait nobody asks it to confirm anything.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Where people see what is kept about them, if that is somewhere.
fn your_data(page: &PersonPage, http: &Http) -> Option<Link> {
    http.public("/me").filter(|_| page.enabled).and_then(|url| url.parse().ok())
}

/// The OpenID provider at which staff sign in, if there is one. It sends people back to a page of the console.
pub fn openid_provider(config: &Config) -> Result<Option<OidcProvider>, OidcSetupError> {
    if !config.console.enabled {
        return Ok(None);
    }
    let Some(settings) = &config.openid else {
        return if config.console.local_accounts { Ok(None) } else { Err(OidcSetupError::NoDoor) };
    };
    let back = config.http.public("/console/sign-in/return").and_then(|text| Url::parse(&text).ok());
    let back = back.ok_or(OidcSetupError::NoPublicUrl)?;
    OidcProvider::wire(settings, &back).map(Some)
}

/// Refuses a journey of the relay that leads to no vendor of the relay's client.
fn check_journeys(relay: &Relay, sources: &[Arc<Source>]) -> Result<(), StartError> {
    let is_there = |name: &str| {
        let found = sources.iter().find(|source| source.name.as_str() == name);
        found.is_some_and(|source| Some(&source.tenant) == relay.client.as_ref())
    };
    let all_are = !relay.enabled || relay.journey.iter().all(|journey| is_there(&journey.source));
    if all_are { Ok(()) } else { Err(StartError::RelaySource) }
}

impl App {
    /// Wires a service. Brings the schema up to date, or refuses an old one; refuses a signing key that is not the
    /// recorded one. The node is spoken to when it is first needed.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, StartError> {
        let keys = Keys::load(&config.keys, config.issuer.url.as_deref())?;
        let vault = Vault::new(&load_vault_keys(&config.keys.vault)?)?;
        let store = Store::connect(config.database.url.expose(), config.database.max_connections).await?;
        if config.database.migrate {
            store.migrate().await?;
        } else {
            store.require_migrated().await?;
        }
        let mut tx = store.begin().await?;
        let recorded = tx.record_once(SIGNING_KEY, &keys.identity()).await?;
        tx.commit().await?;
        if recorded != keys.identity() {
            return Err(StartError::OtherSigningKey);
        }
        if let Err(error) = keys.signing_at(clock.now()) {
            tracing::error!("Submissions are refused until a signing key is valid: {error}");
        }
        for locked in store.locked_records(|key| vault.key_ids().any(|id| id == key)).await? {
            tracing::error!(
                table = locked.table,
                records = locked.count,
                vault.key = locked.key_id,
                "Records are locked under a vault key that keys.vault does not name: put it back before their time \
                 runs out"
            );
        }
        Self::wire(config, clock, store, keys, vault)
    }

    /// Puts the parts together.
    pub fn wire(
        config: Config,
        clock: Clock,
        store: Store,
        keys: Keys,
        vault: Vault,
    ) -> Result<Self, StartError> {
        let safety_net = config.retention.safety_net();
        if safety_net.is_too_far(clock.now()) {
            return Err(StartError::SafetyNet);
        }
        let periods = config.retention.periods(config.wallets.challenge_minutes, config.renewal.link_days);
        let notes = config.notes_form();
        let oidc = openid_provider(&config)?;
        let mailer =
            Mailer::new(config.mail.as_ref())?.leading_to(your_data(&config.person_page, &config.http));
        let mail_reports = Reports::new(config.mail.as_ref())?;
        let policy = config.webhook_policy;
        let targets = Targets { allow_private: policy.allow_private, allow_http: policy.allow_http };
        let sender = Sender::new(&SenderConfig {
            targets,
            timeout: Duration::from_secs(policy.timeout),
            ..SenderConfig::new(concat!("idos-issuer/", env!("CARGO_PKG_VERSION")))
        })?;
        let endpoints =
            config.webhooks.iter().map(|webhook| endpoint(webhook, targets)).collect::<Result<_, _>>()?;
        let source = |of: &crate::config::Source| {
            Source::wire(of).map(Arc::new).map_err(|error| StartError::Source(of.name.clone(), error))
        };
        let sources: Vec<_> = config.source.iter().map(source).collect::<Result<_, _>>()?;
        check_journeys(&config.relay, &sources)?;
        let person = |of: &crate::config::PersonSource| {
            PersonSource::wire(of)
                .map(Arc::new)
                .map_err(|error| StartError::PersonSource(of.name.clone(), error))
        };
        let persons = config.source.persons.iter().map(person).collect::<Result<_, _>>()?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            clock,
            store,
            vault,
            keys: Arc::new(keys),
            notes,
            issuer: config.issuer,
            kyc_versions: config.credentials.kyc_versions(),
            validity: config.validity.policy(),
            file_mode: config.evidence.file_mode(),
            picture_limits: picture_limits(&config.evidence),
            mail_reports,
            renewal: config.renewal,
            logo: Logo::load(&config.claims)?,
            claims: config.claims,
            oidc,
            person_page: config.person_page,
            console: config.console,
            relay: config.relay,
            erasure: config.erasure,
            http: config.http,
            safety_net,
            periods,
            retention: config.retention,
            views: config.audit.views(),
            evm: EvmRpc::wire(&config.wallets.evm_rpc).map_err(StartError::Evm)?,
            wallets: config.wallets,
            delivery: config.delivery,
            endpoints,
            sources,
            persons,
            takes_test_data: false,
            has_sample_staff: false,
            sender,
            webhooks_at_once: policy.at_once,
            owner: format!("{}-{:08x}", std::process::id(), OsRng.next_u32()),
            stuck_lanes: Mutex::default(),
            said_done: Mutex::default(),
            silent_nodes: Mutex::default(),
            mailer,
            notices: config.notices.settings(),
            mail_pace: MailPace { per_domain: config.notices.per_domain, per_day: config.notices.per_day },
            last_checkpoint: Mutex::default(),
            seen: Mutex::default(),
            node: config.node,
            client: OnceCell::new(),
            cores: Cores::new(cores),
            not_connected: Mutex::new(None),
            content_place: Mutex::default(),
        })
    }

    /// The same, with another way for mails to go.
    #[must_use]
    pub fn with_mailer(self, mailer: Mailer) -> Self {
        let mailer = mailer.leading_to(your_data(&self.person_page, &self.http));
        Self { mailer, ..self }
    }

    /// The same, where test data of vendors becomes credentials.
    #[must_use]
    pub fn taking_test_data(self) -> Self {
        Self { takes_test_data: true, ..self }
    }

    /// The same, with a page of the console at which everybody comes in as sample staff. No setting does that.
    #[must_use]
    pub fn with_sample_staff(self) -> Self {
        Self { has_sample_staff: true, ..self }
    }

    /// The configured source of this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.sources.iter().find(|source| source.name.as_str() == name)
    }

    /// The configured source of personhood of this name.
    #[must_use]
    pub fn person_source(&self, name: &str) -> Option<&Arc<PersonSource>> {
        self.persons.iter().find(|source| source.name.as_str() == name)
    }

    /// The client of the node. Connects when it is first asked for, and refuses a node of another network than the one
    /// that this database belongs to.
    pub async fn idos(&self) -> Result<&Client, NodeError> {
        self.client
            .get_or_try_init(|| async {
                // Whoever waited while another one failed to connect does not try right away, one after the other.
                let failed = |at: &Mutex<Option<Instant>>| {
                    let at = at.lock().unwrap_or_else(PoisonError::into_inner);
                    at.is_some_and(|at| at.elapsed() < CONNECT_AGAIN)
                };
                if failed(&self.not_connected) {
                    return Err(NodeError::TooSlow);
                }
                let mut config = ClientConfig::new(self.node.url.clone());
                config.urls.extend(self.node.fallback_urls.iter().cloned());
                config.blob_gateway.clone_from(&self.node.blob_gateway_url);
                config.chain_id.clone_from(&self.node.chain_id);
                config.plain_http = self.node.plain_http;
                config.timeout = Duration::from_secs(self.node.timeout_seconds.into());
                let client = Client::connect(config).await.inspect_err(|_| {
                    let mut at = self.not_connected.lock().unwrap_or_else(PoisonError::into_inner);
                    *at = Some(Instant::now());
                })?;
                let mut tx = self.store.begin().await?;
                let recorded = tx.record_once(NETWORK, client.chain_id()).await?;
                tx.commit().await?;
                if recorded == client.chain_id() { Ok(client) } else { Err(NodeError::OtherNetwork) }
            })
            .await
    }

    /// The name of the network, once a node has been spoken to.
    #[must_use]
    pub fn network(&self) -> Option<&str> {
        self.client.get().map(Client::chain_id)
    }

    /// Where the network keeps contents, which decides how they are written. It is looked at when it is first needed, and again
    /// from time to time: networks move from one way to the other.
    pub async fn content_place(&self) -> Result<ContentPlace, NodeError> {
        let known = *self.content_place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((place, at)) = known
            && at.elapsed() < LOOK_AGAIN
        {
            return Ok(place);
        }
        match self.idos().await?.content_place(&self.identity()).await {
            Ok(place) => {
                let now = Some((place, Instant::now()));
                let before = std::mem::replace(
                    &mut *self.content_place.lock().unwrap_or_else(PoisonError::into_inner),
                    now,
                );
                if before.is_none_or(|(before, _)| before != place) {
                    tracing::info!(?place, "Where the network keeps contents");
                }
                Ok(place)
            }
            // What was so will mostly still be so; and if not, the node refuses it.
            Err(error) => known.map(|(place, _)| place).ok_or_else(|| error.into()),
        }
    }

    /// Has it looked at again where the network keeps contents, because it has refused what goes there.
    pub fn forget_content_place(&self) {
        *self.content_place.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How long a transaction may wait for its block before another node is asked about it.
    #[must_use]
    pub fn block_patience(&self) -> Duration {
        Duration::from_secs(self.node.block_patience_seconds.into())
    }

    /// How many nodes must show what was written before what it was made of goes; `None` if a second one will do, as long as
    /// it answers.
    #[must_use]
    pub fn must_agree(&self) -> Option<usize> {
        self.node.must_agree.map(|nodes| nodes as usize)
    }

    /// For how long a node has said that a job is done, as far as this process knows; counted from the first call.
    pub fn said_done_for(&self, job: &JobId) -> Duration {
        let mut said = self.said_done.lock().unwrap_or_else(PoisonError::into_inner);
        said.entry(job.clone()).or_insert_with(Instant::now).elapsed()
    }

    /// Forgets it: it is done, or is to be done anew.
    pub fn forget_said_done(&self, job: &JobId) {
        self.said_done.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
    }

    /// Remembers whether a node of this place in the client's list answers.
    pub fn node_answers(&self, node: usize, answers: bool) {
        let mut silent = self.silent_nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if answers {
            silent.remove(&node);
        } else {
            silent.insert(node, Instant::now());
        }
    }

    /// Whether a node did not answer so lately that there is no use in asking it again yet.
    pub fn node_is_silent(&self, node: usize) -> bool {
        let silent = self.silent_nodes.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(&node).is_some_and(|at| at.elapsed() < ASK_AGAIN)
    }

    /// Remembers whether a lane can record what becomes of its transactions. One that cannot delivers nothing.
    pub fn lane_records(&self, write_key: &str, records: bool) {
        let mut stuck = self.stuck_lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = if records { stuck.remove(write_key) } else { stuck.insert(write_key.to_owned()) };
        if changed {
            let lane = write_key.get(..8).unwrap_or_default().to_owned();
            metrics::gauge!("lane_cannot_record", "lane" => lane).set(if records { 0.0 } else { 1.0 });
        }
    }

    /// Remembers the number of an audit checkpoint that is there, 0 for none. Gives the latest that was there before, if it is
    /// a later one: it was taken away.
    pub fn see_checkpoint(&self, number: i64) -> Option<i64> {
        let mut last = self.last_checkpoint.lock().unwrap_or_else(PoisonError::into_inner);
        if number < *last {
            return Some(*last);
        }
        *last = number;
        None
    }

    /// Whether it is written down, as far as this process knows, that `actor` has looked at this in this hour.
    #[must_use]
    pub fn has_seen(&self, actor: &str, what: &str, hour: i64) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.hour == hour && seen.looks.contains(&(actor.to_owned(), what.to_owned()))
    }

    /// Remembers that it is.
    pub fn remember_seen(&self, actor: &str, what: &str, hour: i64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.hour != hour || seen.looks.len() >= SEEN {
            *seen = Seen { hour, looks: HashSet::new() };
        }
        seen.looks.insert((actor.to_owned(), what.to_owned()));
    }

    /// Whether every lane of this process can record.
    #[must_use]
    pub fn lanes_record(&self) -> bool {
        self.stuck_lanes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Who the issuer is to the node: its first write key.
    #[must_use]
    pub fn identity(&self) -> Signer {
        self.keys.first().signer()
    }

    /// The write key of this public key, in hex of either case: the official SDK writes it in upper case, and so may what
    /// a user has signed.
    #[must_use]
    pub fn write_key(&self, public_hex: &str) -> Option<&Key> {
        self.keys
            .write
            .iter()
            .map(|key| &key.key)
            .find(|key| key.public_hex().eq_ignore_ascii_case(public_hex))
    }

    /// The write key that does what is named so: each key that is valid now gets its share, or the first one where none is.
    #[must_use]
    pub fn write_key_for(&self, subject: &str) -> &Key {
        // Ids end in random characters.
        let sum: usize = subject.bytes().rev().take(8).map(usize::from).sum();
        let now = self.clock.now();
        let keys: Vec<_> = self.keys.write.iter().filter(|key| key.validity.covers(now)).collect();
        keys.get(sum % keys.len().max(1)).map_or_else(|| self.keys.first(), |key| &key.key)
    }

    /// The URL under which credentials are issued: the configured one, or the `did:key`.
    #[must_use]
    pub fn issuer_url(&self) -> String {
        self.issuer.url.clone().unwrap_or_else(|| self.keys.controller().to_owned())
    }

    /// Does work on `bytes` bytes that keeps a core busy: on a thread for it unless they are few, as much at once as there are cores.
    pub async fn compute<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        self.cores.compute(bytes, work).await
    }

    /// Whether [`compute`](Self::compute) does work on so many bytes at once, and what asks for it comes behind nothing else.
    #[must_use]
    pub fn takes_a_moment(&self, bytes: usize) -> bool {
        bytes <= cores::MOMENTARY && !cores::is_behind_requests()
    }

    /// How long a lane or a job is held without a sign of life, in milliseconds.
    #[must_use]
    pub fn lease_millis(&self) -> i64 {
        i64::from(self.delivery.lease_seconds) * 1000
    }

    /// How long what is kept of issuances.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let Retention { unsealed_hours, sealed_hours, .. } = self.retention;
        Limits { unsealed_hours, sealed_hours }
    }
}

fn picture_limits(evidence: &Evidence) -> PictureLimits {
    PictureLimits {
        max_pixels: evidence.max_pixels,
        max_memory: evidence.max_decode_memory,
        min_width: evidence.min_width,
        ..PictureLimits::default()
    }
}

fn endpoint(webhook: &Webhook, targets: Targets) -> Result<Endpoint, StartError> {
    let wrong = |problem: String| StartError::Webhook(webhook.name.clone(), problem);
    let url: Url = webhook.url.expose().parse().map_err(|_| wrong("its url is none".to_owned()))?;
    targets.check_url(&url).map_err(|refusal| wrong(format!("its url {refusal}")))?;
    let load = |path: &PathBuf| {
        let secret = load_text(path)?.parse::<Secret>();
        secret.map_err(|_| wrong(format!("{} is no secret (whsec_…)", path.display())))
    };
    let mut secrets = None;
    for path in &webhook.secrets {
        let secret = load(path)?;
        secrets = Some(match secrets {
            None => Secrets::new(secret),
            Some(current) => Secrets::and(current, secret),
        });
    }
    let secrets = secrets.ok_or_else(|| wrong("it has no secret".to_owned()))?;
    Ok(Endpoint {
        name: webhook.name.clone(),
        url,
        secrets,
        client: webhook.client.clone(),
        kinds: webhook.events.iter().filter_map(|name| name.parse().ok()).collect(),
    })
}
