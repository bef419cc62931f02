//! A PostgreSQL whose connections go silent, as where a machine or a network is gone without a word: no packet comes any more, and none
//! says that the connection has ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use idos_issuer::app::App;
use idos_issuer::flow::intake::{self, IntakeError};
use idos_issuer::model::client::Idempotency;
use idos_issuer::model::issuance::Issuance;
use idos_issuer::model::submission::Authority;
use idos_issuer::store::{Patience, Store, StoreError};
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::issuing::create_profile;
use super::sharing::wait_for;
use crate::support::User;
use crate::support::service::{Backend, Stage, audit_holds, caller, fresh_key, same_keys, submission};

/// Submissions that come at once.
const MEMBERS: usize = 6;

/// Connections of the service: so few that it would be without one soon, if those that are silent were kept.
const CONNECTIONS: u32 = 3;

/// What the service waits for, as far as a test has the time.
const PATIENCE: Patience = Patience {
    connection: Duration::from_secs(3),
    sign_of_life: Duration::from_millis(300),
    group: Duration::from_secs(3),
};

/// Whether a proxy forwards, and which of its connections.
#[derive(Clone, Copy, PartialEq)]
struct Forwards {
    /// Connections of before this one are silent.
    since: u64,
    new_ones: bool,
}

/// What stands between the service and the server.
struct Proxy {
    url: String,
    forwards: watch::Sender<Forwards>,
}

impl Proxy {
    async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url: url::Url = server.parse().unwrap();
        let to = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (forwards, seen) = watch::channel(Forwards { since: 0, new_ones: true });
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let born = seen.borrow().since;
                let (near, far) = (near.into_split(), TcpStream::connect(&to).await.unwrap().into_split());
                tokio::spawn(forward(near.0, far.1, born, seen.clone()));
                tokio::spawn(forward(far.0, near.1, born, seen.clone()));
            }
        });
        Self { url: url.to_string(), forwards }
    }

    /// All connections go silent; new ones are as they should be, or silent as well.
    fn silence(&self, new_ones: bool) {
        self.forwards.send_modify(|forwards| *forwards = Forwards { since: forwards.since + 1, new_ones });
    }
}

/// Forwards what comes, until it is to be silent: then it stays as it is.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    born: u64,
    mut seen: watch::Receiver<Forwards>,
) {
    let mut bytes = vec![0; 16_384];
    loop {
        let now = *seen.borrow_and_update();
        if born < now.since || !now.new_ones {
            // Both ends are kept open.
            return std::future::pending().await;
        }
        tokio::select! {
            read = from.read(&mut bytes) => match read {
                Ok(count @ 1..) => {
                    if to.write_all(&bytes[..count]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            _ = seen.changed() => {}
        }
    }
}

struct Scene {
    stage: Stage,
    proxy: Proxy,
    app: Arc<App>,
    user: User,
    /// A connection past the proxy.
    connection: AnyConnection,
}

impl Scene {
    async fn new() -> Self {
        let stage = Stage::new(Backend::Postgres).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let proxy = Proxy::before(&stage.database.url).await;
        let store = Store::connect_with(&proxy.url, CONNECTIONS, PATIENCE).await.unwrap();
        let vault = Vault::new(&[Zeroizing::new([7; 32])]).unwrap();
        let app =
            App::wire(stage.config(), stage.clock.clone(), store, same_keys(&stage.keys), vault).unwrap();
        let connection = AnyConnection::connect(&stage.database.url).await.unwrap();
        Self { stage, proxy, app: Arc::new(app), user, connection }
    }

    async fn run(&mut self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut self.connection).await.unwrap();
    }

    async fn count(&mut self, of: &str) -> i64 {
        let query = format!("SELECT COUNT(*) FROM {of}");
        let (count,): (i64,) =
            sqlx::query_as(AssertSqlSafe(query)).fetch_one(&mut self.connection).await.unwrap();
        count
    }

    fn keys(&self) -> Vec<Idempotency> {
        (0..MEMBERS).map(|_| fresh_key(&self.app)).collect()
    }

    /// What comes of submissions that are sent at once. Each of them comes to something.
    fn accept_all(
        &self,
        keys: &[Idempotency],
    ) -> tokio::task::JoinHandle<Vec<Result<Issuance, IntakeError>>> {
        let (app, user, keys) = (Arc::clone(&self.app), self.user.id, keys.to_vec());
        tokio::spawn(async move {
            let accept = async |key: &Idempotency| {
                let submission = submission(user, Authority::Inserter);
                intake::accept(&app, &caller(), key, submission).await.map(|accepted| accepted.record)
            };
            join_all(keys.iter().map(accept)).await
        })
    }

    /// The same, again and again under the same keys until all are taken. Gives their ids.
    async fn accept_until_taken(&self, keys: &[Idempotency]) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        wait_for("all are taken", async || {
            let outcomes = self.accept_all(keys).await.unwrap();
            let taken = outcomes.iter().flatten();
            ids.extend(taken.map(|issuance| issuance.id.to_string()));
            assert_clear(&outcomes);
            outcomes.iter().all(Result::is_ok)
        })
        .await;
        ids
    }

    /// The server ends what nobody speaks to any more, as it does by itself after a while (`idle_in_transaction_session_timeout`).
    async fn end_sessions(&mut self) {
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        .await;
    }
}

/// Who was not taken was told that the database does not answer, which is a 503 over HTTP.
fn assert_clear(outcomes: &[Result<Issuance, IntakeError>]) {
    for outcome in outcomes {
        let is_clear = matches!(outcome, Ok(_) | Err(IntakeError::Store(StoreError::Unavailable(_))));
        assert!(is_clear, "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_whose_connection_goes_silent_is_left_and_others_are_served_by_another_one() {
    let mut scene = Scene::new().await;
    let (mut all, mut sent) = (BTreeSet::new(), 0);
    // More often than there are connections.
    for _ in 0..=CONNECTIONS {
        let keys = scene.keys();
        sent += keys.len();
        // It is in the middle of its transaction.
        scene.run("BEGIN; LOCK TABLE issuance IN SHARE MODE").await;
        let outcomes = scene.accept_all(&keys);
        let mut other = AnyConnection::connect(&scene.stage.database.url).await.unwrap();
        wait_for("the group waits at the server", async || {
            let (count,): (i64,) = sqlx::query_as(
                "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted \
                 AND relation = CAST('issuance' AS regclass)",
            )
            .fetch_one(&mut other)
            .await
            .unwrap();
            count > 0
        })
        .await;
        other.close().await.unwrap();
        scene.proxy.silence(true);
        scene.run("ROLLBACK").await;
        scene.end_sessions().await;
        let outcomes = outcomes.await.unwrap();
        assert_clear(&outcomes);
        let answered: BTreeSet<_> =
            outcomes.iter().flatten().map(|issuance| issuance.id.to_string()).collect();
        // Those who come later, and those who come again, are served.
        let ids = scene.accept_until_taken(&keys).await;
        assert!(answered.is_subset(&ids));
        assert_eq!(ids.len(), MEMBERS, "each has one");
        all.extend(ids);
    }
    assert_eq!(all.len(), sent);
    assert_eq!(scene.count("issuance").await, i64::try_from(sent).unwrap());
    let store = Store::connect(&scene.stage.database.url, 2).await.unwrap();
    audit_holds(&store).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_server_is_silent_everybody_is_told_so_and_it_is_over_when_that_is() {
    let mut scene = Scene::new().await;
    let before = scene.accept_until_taken(&scene.keys()).await;
    scene.proxy.silence(false);
    let keys = scene.keys();
    for _ in 0..2 {
        let outcomes = scene.accept_all(&keys).await.unwrap();
        assert_clear(&outcomes);
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    }
    scene.end_sessions().await;
    scene.proxy.silence(true);
    let ids = scene.accept_until_taken(&keys).await;
    assert_eq!((before.len(), ids.len()), (MEMBERS, MEMBERS));
    assert_eq!(scene.count("issuance").await, i64::try_from(2 * MEMBERS).unwrap());
    let store = Store::connect(&scene.stage.database.url, 2).await.unwrap();
    audit_holds(&store).await;
    store.close().await;
}
