//! Crowds: whatever one client or one address does, others get in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use idos_issuer::http;
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::door::{Answer, Door, inserter, kyc};
use crate::support::User;
use crate::support::service::Backend;

const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [127, 0, 0, 2];

/// How soon somebody must get an answer whom nothing that is going on concerns. A few milliseconds are usual, on a machine
/// that has nothing else to do; where callers wait for each other, it is the 20 seconds of an idle connection.
const SOON: Duration = Duration::from_secs(5);

/// A connection from an address of this machine.
async fn connect(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// Sends a request from an address, and reads the answer.
async fn ask(from: [u8; 4], to: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = connect(from, to).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    Answer::parse(&answer)
}

/// The same, and it must come soon.
async fn ask_soon(from: [u8; 4], to: SocketAddr, request: &[u8]) -> Answer {
    let start = Instant::now();
    let answer = ask(from, to, request).await;
    assert!(start.elapsed() < SOON, "{:?} {answer:?}", start.elapsed());
    answer
}

/// Connections need a file descriptor at each end, and both are here.
fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_do_nothing_and_requests_that_wait_keep_nobody_out() {
    raise_descriptors();
    let door =
        Door::with(Backend::Sqlite, "[http]\nrequests_per_second = 100000\nburst = 100000\nmax_wait = 600\n")
            .await;
    let health = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let health_address = health.local_addr().unwrap();
    let router = http::health_router(door.app.clone(), None);
    let health = tokio::spawn(http::serve_router(router, health, std::future::pending()));
    let other = door.key_of("other", Scope::ALL).await;
    let user = User::with(WalletType::Evm);
    let waits = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202);
    let place = format!("{}?wait=600", waits.header("location").unwrap());

    let mut idle = Vec::new();
    for _ in 0..2048 {
        idle.push(connect(HERE, door.address).await.unwrap());
    }
    let by_other = door.get("/v1/events").key(&other).bytes();
    let live = door.get("/livez").without("Authorization").bytes();
    let all_get_in = async || {
        for from in [HERE, THERE] {
            ask_soon(from, door.address, &live).await.expect(200);
            ask_soon(from, door.address, &by_other).await.expect(200);
            ask_soon(from, health_address, &live).await.expect(200);
        }
    };
    all_get_in().await;

    // More than a client's share of requests that wait: half of all connections.
    let wait = door.get(place.as_str()).bytes();
    let mut waiting = JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..1024 + 76 {
        let mut stream = connect(HERE, door.address).await.unwrap();
        stream.write_all(&wait).await.unwrap();
        let read = async move {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            Answer::parse(&answer)
        };
        handles.push(waiting.spawn(read));
    }
    for _ in 0..76 {
        let refused = waiting.join_next().await.unwrap().unwrap().problem(429, "rate_limited");
        let detail = "At most 1024 requests of one client are answered at the same time.";
        assert_eq!(refused.json()["detail"], detail);
    }
    all_get_in().await;
    // The client itself comes in again as soon as some of them have gone.
    handles.iter().filter(|task| !task.is_finished()).take(50).for_each(tokio::task::AbortHandle::abort);
    let start = Instant::now();
    while ask(THERE, door.address, &door.get("/v1/events").bytes()).await.status == 429 {
        assert!(start.elapsed() < Duration::from_secs(20), "their places are not given back");
    }
    health.abort();
    waiting.abort_all();
    drop(idle);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_never_come_take_room_from_nobody_else_and_are_soon_ended() {
    let door = Door::with(Backend::Sqlite, "[http]\nbody_pause = 7\n").await;
    let other = door.key_of("other", Scope::ALL).await;
    let user = User::with(WalletType::Evm);
    let silent = door.make("/v1/issuances", &json!({})).body("application/json", "");
    let silent = silent.header("Content-Length", &(8 << 20).to_string()).bytes();
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(HERE, door.address).await.unwrap();
        stream.write_all(&silent).await.unwrap();
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let submission = door.make("/v1/issuances", &kyc(user.id, inserter())).key(&other).bytes();
    ask_soon(HERE, door.address, &submission).await.expect(202);
    // Half of them have taken the client's share, and the others have waited for it in vain.
    let mut ends = BTreeMap::new();
    for mut stream in streams {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = Answer::parse(&answer);
        *ends.entry((answer.status, answer.json()["detail"].to_string())).or_insert(0) += 1;
    }
    let silent = "\"While a body arrives, it may stand still for at most 7 seconds.\"";
    let share = "\"Too many request bodies of this client are being read.\"";
    assert_eq!(ends, BTreeMap::from([((408, silent.to_owned()), 4), ((503, share.to_owned()), 4)]));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_has_are_not_looked_up_for_ever() {
    let door =
        Door::with(Backend::Sqlite, "[http]\nrequests_per_second = 1\nburst = 2\nclients_per_address = 0\n")
            .await;
    let unknown = format!("idos_key_01ARZ3NDEKTSV4RRFFQ69G5FAV_{}", "A".repeat(43));
    let events = |key: &str| door.get("/v1/events").key(key);
    events(&unknown).send().await.expect(401);
    door.get("/v1/events").send().await.expect(200);
    // Whoever asks the database now is told that it is away.
    door.app.store.close().await;
    events(&unknown).send().await.problem(503, "not_ready");
    let mut not_asked = false;
    for _ in 0..20 {
        while door.get("/v1/events").without("Authorization").send().await.status != 429 {}
        // Unless this machine took a second for it.
        not_asked |= events(&unknown).send().await.status == 429;
    }
    assert!(not_asked, "the database is asked for every key");
    // A key that was good is not a guess, whatever else comes from there.
    events(&door.key).send().await.problem(503, "not_ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_limited_whatever_it_asks_for() {
    let settings = "[http]\nrequests_per_second = 1\nburst = 5\nclients_per_address = 2\n";
    let door = Door::with(Backend::Sqlite, settings).await;
    let live = door.get("/livez").without("Authorization").bytes();
    for from in [HERE, THERE] {
        let mut answers = Vec::new();
        while answers.last() != Some(&429) {
            answers.push(ask(from, door.address, &live).await.status);
            assert!(answers.len() < 1000);
        }
        assert!(answers.len() > 10, "{answers:?}");
    }
    let limited = door.get("/openapi.yaml").send().await.problem(429, "rate_limited");
    assert!(limited.header("retry-after").is_some());
    // What it says of itself is not believed.
    for n in 0..3 {
        let said = format!("198.51.100.{n}");
        let answer = door.get("/livez").header("X-Forwarded-For", &said).send().await;
        assert!(n == 0 || answer.status == 429, "{answer:?}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_named_speaks_for_others() {
    let settings = "[http]\nrequests_per_second = 1\nburst = 5\nclients_per_address = 2\ntrusted_proxies = [\"127.0.0.1\"]\n\
                    max_connections = 16\nshare_per_address = 25\n";
    let door = Door::with(Backend::Sqlite, settings).await;
    let live =
        |said: &str| door.get("/livez").without("Authorization").header("X-Forwarded-For", said).bytes();
    let mut seen = 0;
    while ask(HERE, door.address, &live("203.0.113.1, 198.51.100.1")).await.status == 200 {
        seen += 1;
        assert!(seen < 1000);
    }
    // Whatever stands further left.
    ask(HERE, door.address, &live("203.0.113.2, 198.51.100.1")).await;
    ask(HERE, door.address, &live("203.0.113.1, 198.51.100.2")).await.expect(200);
    // It may have all connections, and others may not.
    let closed = async |from| {
        let mut streams = Vec::new();
        for _ in 0..15 {
            streams.push(connect(from, door.address).await.unwrap());
        }
        let mut closed = 0;
        for stream in &mut streams {
            let mut byte = [0];
            let read = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut byte)).await;
            closed += usize::from(read.is_ok());
        }
        closed
    };
    assert_eq!(closed(HERE).await, 0);
    assert_eq!(closed(THERE).await, 11);
    door.close().await;
}
