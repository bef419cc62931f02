//! A wired service beside a node, on SQLite or PostgreSQL, with its background work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use idos_client::{GrantParties, GrantTime, WriteGrant};
use idos_devnode::{DevNode, DevNodeConfig, Inserter};
use idos_issuer::app::App;
use idos_issuer::clock::Clock;
use idos_issuer::config::Config;
use idos_issuer::flow::{intake, profile};
use idos_issuer::keys::{Key, Keys, WriteKey};
use idos_issuer::model::client::Idempotency;
use idos_issuer::model::ids::{IssuanceId, random_uuid};
use idos_issuer::model::issuance::{Delivery, Ids, Issuance, Kind, State};
use idos_issuer::model::personal::Personal;
use idos_issuer::model::profile::{NewProfile, PasswordStore, ProfileState, WalletClaim};
use idos_issuer::model::submission::{Authority, Owner, SignedGrant, Submission};
use idos_issuer::model::submitter::{Origin, Submitter};
use idos_issuer::model::time::Timestamp;
use idos_issuer::store::Store;
use idos_issuer::vault::Vault;
use idos_issuer::worker;
use idos_localnet::AnyNode;
use rand::rngs::OsRng;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Folder, ISSUER_URL, MESSAGE, User, evidence, id, template};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Makes two tests of one body: on SQLite, and on PostgreSQL.
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($backend:ident) $body:block)*) => {
        $(mod $name {
            use super::*;

            async fn body($backend: $crate::support::service::Backend) $body

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                body($crate::support::service::Backend::Sqlite).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                body($crate::support::service::Backend::Postgres).await;
            }
        })*
    };
}

/// A database of a test's own, gone afterwards.
pub(crate) struct Database {
    pub(crate) url: String,
    folder: Option<Folder>,
    server: Option<(String, String)>,
}

impl Database {
    /// An empty one.
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let database = Self::in_folder();
                Store::create(&database.url, 1).await.unwrap().close().await;
                database
            }
            Backend::Postgres => Self::on_server(server(), "").await,
        }
    }

    /// One with the schema in it.
    pub(crate) async fn with_schema(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let (file, database) = (template::sqlite().await, Self::in_folder());
                std::fs::write(database.folder().unwrap().path("issuer.db"), file).unwrap();
                database
            }
            Backend::Postgres => {
                let server = server();
                let of = format!(" TEMPLATE {}", template::postgres(&server).await);
                Self::on_server(server, &of).await
            }
        }
    }

    fn in_folder() -> Self {
        let folder = Folder::new();
        let url = format!("sqlite://{}", folder.path("issuer.db"));
        Self { url, folder: Some(folder), server: None }
    }

    async fn on_server(server: String, of: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}_{:08x}", std::process::id(), rand::random::<u32>());
        execute(&server, &format!("CREATE DATABASE {name}{of}")).await;
        let mut url: url::Url = server.parse().unwrap();
        url.set_path(&name);
        Self { url: url.to_string(), folder: None, server: Some((server, name)) }
    }

    /// The folder of the database file, where there is one.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }
}

/// The PostgreSQL server of the tests.
fn server() -> String {
    std::env::var("IDOS_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("IDOS_TEST_POSTGRES_URL is not set: run tests/postgres/with-server cargo test, or ./test rust")
    })
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        // Dropping is not async, and the runtime may be ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        let _ = dropped.join();
    }
}

async fn execute(server: &str, statement: &str) {
    use sqlx::Connection as _;

    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
}

/// A clone of keys, which cannot be cloned by accident.
pub(crate) fn same_keys(keys: &Keys) -> Keys {
    Keys { signing: keys.signing.clone(), write: keys.write.clone(), encryption: keys.encryption.clone() }
}

/// That the audit chain holds. Gives the number of its entries.
pub(crate) async fn audit_holds(store: &Store) -> i64 {
    let verdict = idos_issuer::flow::audit::verify(store, Vec::new(), Vec::new()).await.unwrap();
    assert_eq!(verdict.faults, []);
    verdict.entries
}

/// Whether any entry of the audit chain has this text in it, such as the id of a record.
pub(crate) async fn audit_names(store: &Store, text: &str) -> bool {
    let entries = store.audit_page(0, i64::MAX).await.unwrap();
    entries.iter().any(|entry| serde_json::to_string(entry).unwrap().contains(text))
}

/// What a service is made of that outlives it.
pub(crate) struct Stage {
    pub(crate) node: AnyNode,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    /// The seeds of the write keys, which the keys themselves do not tell.
    pub(crate) write_seeds: Vec<[u8; 32]>,
    pub(crate) clock: Clock,
    /// Settings in the section `[node]`.
    pub(crate) of_the_node: String,
    /// Settings in sections of their own.
    pub(crate) settings: String,
    /// Where vendors of these sources keep files, in place of hosts with TLS; and their test data is taken.
    pub(crate) files_of_vendors: Vec<(String, url::Url)>,
}

impl Stage {
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::with(backend, 1, DevNodeConfig::default()).await
    }

    pub(crate) async fn with(backend: Backend, write_keys: usize, node: DevNodeConfig) -> Self {
        let mut keys = Keys::ephemeral(Some(ISSUER_URL)).unwrap();
        let write_seeds: Vec<[u8; 32]> = (0..write_keys).map(|_| rand::random()).collect();
        keys.write = write_seeds.iter().map(|seed| WriteKey::new(Key::from_seed(seed))).collect();
        let delegates = keys.write.iter().map(|key| key.key.public_hex());
        let inserters = vec![Inserter::new("Example KYC", delegates)];
        let node = AnyNode::start(DevNodeConfig { inserters, ..node }).await.unwrap();
        let database = Database::with_schema(backend).await;
        let (of_the_node, settings) = (String::new(), String::new());
        let (clock, files_of_vendors) = (Clock::System, Vec::new());
        Self { node, database, keys, write_seeds, clock, of_the_node, settings, files_of_vendors }
    }

    /// The node, for a test of what only the development node has.
    pub(crate) fn dev(&self) -> &DevNode {
        self.node.dev().unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        let text = format!(
            "[node]\nurl = \"{}\"\n{}\n[issuer]\nname = \"Example KYC\"\nurl = \"{ISSUER_URL}\"\n\
             [keys]\nsigning = \"s\"\nwrite = \"w\"\nencryption = \"e\"\n{}",
            self.node.url(),
            self.of_the_node,
            self.settings,
        );
        toml::from_str(&text).unwrap()
    }

    /// Wires a service. Several may run on the same stage.
    pub(crate) async fn app(&self) -> Arc<App> {
        self.app_with(Vault::new(&[Zeroizing::new([7; 32])]).unwrap()).await
    }

    pub(crate) async fn app_with(&self, vault: Vault) -> Arc<App> {
        self.app_of(self.config(), vault).await
    }

    /// The same, configured otherwise.
    pub(crate) async fn app_of(&self, config: Config, vault: Vault) -> Arc<App> {
        let store = Store::connect(&self.database.url, 8).await.unwrap();
        store.migrate().await.unwrap();
        let app = App::wire(config, self.clock.clone(), store, same_keys(&self.keys), vault).unwrap();
        if self.files_of_vendors.is_empty() {
            return Arc::new(app);
        }
        let mut app = app.taking_test_data();
        for source in &mut app.sources {
            let source = Arc::get_mut(source).unwrap();
            let place = self.files_of_vendors.iter().find(|(name, _)| name == source.name.as_str());
            source.places.files.fill(place.unwrap().1.clone());
        }
        Arc::new(app)
    }

    pub(crate) async fn service(&self) -> Service {
        Service::start(self.app().await)
    }
}

/// A service with its background work.
pub(crate) struct Service {
    pub(crate) app: Arc<App>,
    shutdown: CancellationToken,
    work: JoinHandle<()>,
}

impl Service {
    pub(crate) fn start(app: Arc<App>) -> Self {
        let shutdown = CancellationToken::new();
        let work = tokio::spawn(worker::run(Arc::clone(&app), shutdown.clone()));
        Self { app, shutdown, work }
    }

    /// Ends it in good order.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.work.await.unwrap();
        self.app.store.close().await;
    }

    /// Ends it as a crash does: wherever it is.
    pub(crate) async fn kill(self) {
        self.work.abort();
        let _ = self.work.await;
        self.app.store.close().await;
    }
}

pub(crate) fn caller() -> Submitter {
    let key = "key_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    Submitter { tenant: "acme".to_owned(), origin: Origin::ApiKey(key) }
}

/// A key that was never used.
pub(crate) fn fresh_key(app: &App) -> Idempotency {
    intake::idempotency(app, &caller(), &id().to_string(), &[b"content"])
}

pub(crate) fn submission(user: Uuid, authority: Authority) -> Submission {
    Submission {
        user_id: user,
        evidence: evidence(user).into(),
        files: None,
        authority,
        contact: None,
        reference: None,
        renews: None,
        claim: None,
    }
}

/// The record of a credential of the client `acme` that has no end and no contact, and is in its user's profile already.
pub(crate) fn issued_record(app: &App, id: &IssuanceId, now: Timestamp) -> Issuance {
    let uuid = || random_uuid(&mut OsRng);
    Issuance {
        id: id.clone(),
        client: caller().tenant,
        kind: Kind::default(),
        state: State::Issued,
        delivery: Delivery::Inserter,
        user_id: uuid(),
        ids: Ids { original: uuid(), copy: uuid(), notes: uuid() },
        level: "basic".to_owned(),
        reference: None,
        write_key: app.keys.first().public_hex(),
        grantee: None,
        recipient_key: None,
        public_notes: None,
        content_hash: None,
        valid_until: None,
        valid_by: None,
        waits_until: None,
        created_at: now,
        updated_at: now,
        sealed_at: Some(now),
        issued_at: Some(now),
        transaction: None,
        was_sent: true,
        announced_at: None,
        halt: None,
        revoke_requested_at: None,
        revoked_at: None,
        confirmed_by: None,
        has_contact: false,
        files: Vec::new(),
        renews: None,
        superseded_by: None,
        kept: None,
    }
}

/// Submits, and gives the record.
pub(crate) async fn submit(app: &Arc<App>, user: &User, authority: Authority) -> Issuance {
    let key = fresh_key(app);
    intake::accept(app, &caller(), &key, submission(user.id, authority)).await.unwrap().record
}

/// Asks until the record is as wanted.
pub(crate) async fn until(app: &App, id: &IssuanceId, wanted: impl Fn(&Issuance) -> bool) -> Issuance {
    for _ in 0..1200 {
        let issuance = app.store.issuance(id).await.unwrap().unwrap();
        if wanted(&issuance) {
            return issuance;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to that: {:?}", app.store.issuance(id).await.unwrap());
}

pub(crate) fn new_profile(user: &User) -> NewProfile {
    let (address, public_key, signature) = user.proof();
    NewProfile {
        user_id: user.id,
        encryption_key: user.secret.public(),
        password_store: PasswordStore::User,
        wallet: WalletClaim {
            wallet_type: user.wallet.wallet_type(),
            address: Personal::new(address),
            public_key: public_key.map(Personal::new),
            message: Personal::new(MESSAGE.to_owned()),
            signature: Personal::new(signature),
        },
    }
}

/// Has the service create a user's profile, and waits for it.
pub(crate) async fn have_profile(app: &App, user: &User) {
    let asked = profile::request(app, &caller(), &fresh_key(app), new_profile(user)).await.unwrap();
    for _ in 0..1200 {
        let profile = app.store.profile(&asked.record.id).await.unwrap().unwrap();
        if profile.state == ProfileState::Created {
            assert_eq!(app.store.locked_wallet(&profile.id).await.unwrap(), None);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no profile");
}

pub(crate) fn owner(user: &User) -> Owner {
    Owner {
        wallet_type: user.wallet.wallet_type(),
        address: Personal::new(user.wallet.address()),
        public_key: user.wallet.public_key().map(Personal::new),
    }
}

/// A grant that the user has signed, good from `from` to `to` seconds from now.
pub(crate) async fn signed_grant(app: &App, user: &User, from: i64, to: i64) -> SignedGrant {
    signed_grant_for(app, user, &app.identity().caller(), from, to).await
}

/// The same for a copy of this grantee's.
pub(crate) async fn signed_grant_for(
    app: &App,
    user: &User,
    grantee: &str,
    from: i64,
    to: i64,
) -> SignedGrant {
    let now = app.clock.now().unix_seconds();
    let time = |seconds| GrantTime::from_unix(now + seconds).unwrap();
    let parties = GrantParties {
        owner: user.wallet.owner_identifier(),
        grantee: grantee.to_owned(),
        issuer_public_key: app.keys.first().public_hex(),
    };
    let grant = WriteGrant::new(id(), parties, time(from), time(from), time(to)).unwrap();
    let client = app.idos().await.unwrap();
    let text = client.call_one(&app.identity(), &grant.message()).await.unwrap().unwrap();
    let signature = Personal::new(user.wallet.sign_message(&text, [7; 32]));
    SignedGrant { grant, owner: owner(user), signature }
}
