//! Many results in one request, a line each.

use std::net::SocketAddr;
use std::time::Duration;

use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use super::door::{Answer, Door, inserter, kyc};
use crate::support::service::Backend;
use crate::support::tables::issuances_by_state;
use crate::support::{User, id};

const NDJSON: &str = "application/x-ndjson";
const PATH: &str = "/v1/imports";

/// A line about somebody new.
fn line() -> String {
    kyc(id(), inserter()).to_string()
}

async fn import(door: &Door, key: &str, from: u64, body: impl Into<Vec<u8>>) -> Answer {
    let target = if from == 1 { PATH.to_owned() } else { format!("{PATH}?from={from}") };
    door.call("POST", target).idempotent(key).body(NDJSON, body).send().await
}

/// Such as `["1 accepted", "2 refused"]`, without the end.
fn verdicts(lines: &[Value]) -> Vec<String> {
    let said = |line: &Value| format!("{} {}", line["line"], line["verdict"].as_str().unwrap());
    lines.iter().filter(|line| line["verdict"] != "end").map(said).collect()
}

fn kind(line: &Value) -> &str {
    line["problem"]["type"].as_str().unwrap().rsplit(':').next().unwrap()
}

async fn count(door: &Door) -> u64 {
    let counts = issuances_by_state(&door.stage.database.url).await;
    counts.iter().map(|(_, count)| u64::try_from(*count).unwrap()).sum()
}

/// An import whose lines are sent, and verdicts read, as the test wants.
struct Slow {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Slow {
    async fn begin(door: &Door, key: &str, from: u64) -> Self {
        let stream = TcpStream::connect(door.address).await.unwrap();
        Self::on(stream, door, key, from).await
    }

    async fn on(stream: TcpStream, door: &Door, key: &str, from: u64) -> Self {
        let call = door.call("POST", format!("{PATH}?from={from}")).idempotent(key).body(NDJSON, "");
        let head = call.header("Transfer-Encoding", "chunked").bytes();
        let (reader, mut writer) = stream.into_split();
        writer.write_all(&head).await.unwrap();
        Self { reader: BufReader::new(reader), writer }
    }

    async fn send(&mut self, text: &str) -> std::io::Result<()> {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.writer.write_all(chunk.as_bytes()).await
    }

    async fn end(&mut self) {
        self.writer.write_all(b"0\r\n\r\n").await.unwrap();
    }

    /// The next verdict, whatever of the answer's head and chunks stands before it. `None` at the end.
    async fn verdict(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if line.starts_with('{') {
                return Some(serde_json::from_str(&line).unwrap());
            }
        }
    }
}

on_both_databases! {
    async fn every_line_has_its_verdict_in_order(backend) {
        let settings = "[http]\nmax_body = 8192\nmax_file = 4096\n";
        let door = Door::with(backend, settings).await;
        let user = User::with(WalletType::Evm);
        let mut wrong = kyc(id(), inserter());
        wrong["evidence"]["subject"]["nationality"] = json!("Xyzzy");
        wrong["Plugh"] = json!(1);
        let mut body = b"\xef\xbb\xbf".to_vec();
        let good = kyc(user.id, inserter()).to_string();
        for text in [
            good.as_bytes(), b"\r", b"", wrong.to_string().as_bytes(), b"{\"Xyzzy", b"\"\xff\xfe\"",
            "x".repeat(20_000).as_bytes(), b"[]",
        ] {
            body.extend_from_slice(text);
            body.push(b'\n');
        }
        body.extend_from_slice(line().as_bytes());
        let answer = import(&door, "k", 1, body).await.expect(200);
        assert_eq!(answer.header("content-type"), Some(NDJSON));
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert!(!text.contains("Xyzzy") && !text.contains("Plugh"), "{text}");
        let lines = answer.lines();
        assert_eq!(
            verdicts(&lines),
            ["1 accepted", "4 refused", "5 refused", "6 refused", "7 refused", "8 refused", "9 accepted"]
        );
        assert_eq!(lines[0]["state"], "awaiting_profile");
        let shown = door.get(format!("/v1/issuances/{}", lines[0]["id"].as_str().unwrap())).send().await.expect(200);
        assert_eq!(shown.json()["userId"], json!(user.id));
        let pointers: Vec<_> =
            lines[1]["problem"]["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
        assert!(pointers.contains(&json!("/evidence/subject/nationality")) && pointers.contains(&json!("")), "{pointers:?}");
        let kinds: Vec<_> = lines[1..6].iter().map(kind).collect();
        assert_eq!(kinds, ["invalid_fields", "invalid_request", "invalid_request", "too_large", "invalid_fields"]);
        assert!(lines[2]["problem"]["detail"].as_str().unwrap().starts_with("The line is not JSON"));
        assert_eq!(
            lines[7],
            json!({ "verdict": "end", "complete": true, "next": 10, "accepted": 2, "replayed": 0, "refused": 5, "failed": 0 })
        );
        door.close().await;
    }

    async fn the_same_again_makes_nothing_twice(backend) {
        let door = Door::with(backend, "").await;
        let all: Vec<_> = (0..20).map(|_| line()).collect();
        let first = import(&door, "k", 1, all.join("\n")).await.expect(200).lines();
        assert_eq!(first[20]["accepted"], 20);
        let again = import(&door, "k", 1, all.join("\r\n")).await.expect(200).lines();
        assert_eq!(again[20]["replayed"], 20);
        for (first, again) in first.iter().zip(&again).take(20) {
            assert_eq!((&first["id"], &first["line"]), (&again["id"], &again["line"]));
        }
        // The rest alone, by the number of its first line.
        let rest = import(&door, "k", 16, all[15..].join("\n")).await.expect(200).lines();
        assert_eq!(verdicts(&rest), ["16 replayed", "17 replayed", "18 replayed", "19 replayed", "20 replayed"]);
        assert_eq!((&rest[0]["id"], &rest[5]["next"]), (&first[15]["id"], &json!(21)));
        // A file that has changed above is noticed, and what was made stays.
        let shifted = import(&door, "k", 2, all[0].as_str()).await.expect(200).lines();
        assert_eq!((verdicts(&shifted), kind(&shifted[0])), (vec!["2 refused".to_owned()], "idempotency_key_reused"));
        assert_eq!(count(&door).await, 20);
        // Neither the key of a request nor that of another import or client is the same.
        door.post("/v1/issuances", &serde_json::from_str(&all[0]).unwrap()).idempotent("k").send().await.expect(202);
        assert_eq!(import(&door, "l", 1, all[0].as_str()).await.lines()[0]["verdict"], "accepted");
        let stranger = door.key_of("stranger", Scope::ALL).await;
        let theirs = door.call("POST", PATH).key(&stranger).idempotent("k").body(NDJSON, all[0].as_str()).send().await;
        assert_eq!(theirs.expect(200).lines()[0]["verdict"], "accepted");
        door.close().await;
    }

    async fn who_breaks_off_goes_on_and_makes_nothing_twice(backend) {
        let door = Door::with(backend, "").await;
        let all: Vec<_> = (0..60).map(|_| line()).collect();
        let mut first = Slow::begin(&door, "k", 1).await;
        for text in &all[..40] {
            first.send(&format!("{text}\n")).await.unwrap();
        }
        // In the middle of a line, with verdicts under way.
        first.send(&all[40][..100]).await.unwrap();
        for number in 1..=10 {
            assert_eq!(first.verdict().await.unwrap()["line"], number);
        }
        drop(first);
        let rest = import(&door, "k", 11, all[10..].join("\n")).await.expect(200).lines();
        let end = rest.last().unwrap();
        assert_eq!((&end["complete"], &end["refused"], &end["failed"]), (&json!(true), &json!(0), &json!(0)));
        assert_eq!(end["accepted"].as_u64().unwrap() + end["replayed"].as_u64().unwrap(), 50);
        // Half a line is none.
        assert_eq!(rest[30]["verdict"], "accepted");
        assert_eq!(count(&door).await, 60);
        door.close().await;
    }

    async fn a_service_that_is_stopped_says_from_where_to_go_on(backend) {
        let door = Door::with(backend, "").await;
        let all: Vec<_> = (0..30).map(|_| line()).collect();
        let mut slow = Slow::begin(&door, "k", 1).await;
        for text in &all[..20] {
            slow.send(&format!("{text}\n")).await.unwrap();
        }
        assert_eq!(slow.verdict().await.unwrap()["verdict"], "accepted");
        door.stop();
        let mut last = Value::Null;
        let mut given = 1;
        while let Some(verdict) = slow.verdict().await {
            given += u64::from(verdict["verdict"] != "end");
            last = verdict;
        }
        assert_eq!((&last["verdict"], &last["complete"], kind(&last)), (&json!("end"), &json!(false), "not_ready"));
        assert_eq!(last["next"], given + 1, "what has begun has its verdict");
        let stage = door.leave().await;
        let door = Door::on(stage).await;
        let next = usize::try_from(given).unwrap();
        let rest = import(&door, "k", given + 1, all[next..].join("\n")).await.expect(200).lines();
        assert_eq!(rest.last().unwrap()["complete"], true);
        assert_eq!(count(&door).await, 30);
        door.close().await;
    }

    async fn a_database_that_is_away_ends_it_at_once(backend) {
        let door = Door::with(backend, "").await;
        let mut slow = Slow::begin(&door, "k", 1).await;
        slow.send(&format!("{}\n", line())).await.unwrap();
        assert_eq!(slow.verdict().await.unwrap()["verdict"], "accepted");
        door.app.store.close().await;
        for _ in 0..50 {
            let _ = slow.send(&format!("{}\n", line())).await;
        }
        let end = slow.verdict().await.unwrap();
        assert_eq!((&end["verdict"], &end["complete"], &end["next"]), (&json!("end"), &json!(false), &json!(2)), "{end}");
        assert_eq!((kind(&end), &end["failed"]), ("not_ready", &json!(0)));
        assert!(end["retryAfter"].as_u64().unwrap() >= 1);
        assert_eq!(slow.verdict().await, None);
        door.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_import_is_refused_with_a_status() {
    let door = Door::with(Backend::Sqlite, "[http]\nimport_pause = 1\n").await;
    let call = |target: &str| door.call("POST", target).idempotent("k").body(NDJSON, line());
    call(PATH).without("Idempotency-Key").send().await.problem(400, "idempotency_key_missing");
    for wrong in ["0", "-1", "+1", "1.0", "x", "", "1000000000001", "99999999999999999999"] {
        let refused = call(&format!("{PATH}?from={wrong}")).send().await.problem(400, "invalid_request");
        assert_eq!(refused.json()["errors"][0]["parameter"], "from", "{wrong}");
    }
    call(&format!("{PATH}?upto=1")).send().await.problem(400, "invalid_request");
    call(PATH).body("application/json", line()).send().await.problem(415, "unsupported_media_type");
    call(PATH).header("Content-Encoding", "gzip").send().await.problem(415, "unsupported_media_type");
    let reader = door.key_of("reader", &[Scope::IssuancesRead]).await;
    call(PATH).key(&reader).send().await.problem(403, "forbidden");
    // Nothing comes.
    call(PATH).body(NDJSON, "").header("Content-Length", "10").send().await.problem(408, "request_timeout");
    let empty = call(PATH).body(NDJSON, "\n\n").send().await.expect(200).lines();
    assert_eq!((&empty[0]["complete"], &empty[0]["next"]), (&json!(true), &json!(3)));
    // Nothing comes any more.
    let mut slow = Slow::begin(&door, "k", 7).await;
    slow.send(&format!("{}\n{{\"userId\"", line())).await.unwrap();
    assert_eq!(slow.verdict().await.unwrap()["line"], 7);
    let end = slow.verdict().await.unwrap();
    assert_eq!((&end["next"], kind(&end)), (&json!(8), "request_timeout"));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_runs_some_imports_at_once() {
    let door = Door::with(Backend::Sqlite, "[http]\nimports_per_client = 1\n").await;
    let mut slow = Slow::begin(&door, "k", 1).await;
    slow.send(&format!("{}\n", line())).await.unwrap();
    slow.verdict().await.unwrap();
    import(&door, "l", 1, line()).await.problem(429, "rate_limited");
    let other = door.key_of("other", Scope::ALL).await;
    door.call("POST", PATH).key(&other).idempotent("k").body(NDJSON, line()).send().await.expect(200);
    slow.end().await;
    assert_eq!(slow.verdict().await.unwrap()["complete"], true);
    assert_eq!(slow.verdict().await, None);
    import(&door, "l", 1, line()).await.expect(200);
    door.close().await;
}

/// A connection of which little is in flight.
async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // Several packets of a loopback: into less, a kernel sends by its timer alone, a few kilobytes at a time.
    socket.set_recv_buffer_size(256 * 1024).unwrap();
    socket.set_send_buffer_size(4096).unwrap();
    socket.connect(address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_fetches_no_verdicts_is_not_read_from_until_they_are_fetched() {
    let door = Door::with(Backend::Sqlite, "").await;
    let slow = Slow::on(narrow(door.address).await, &door, "k", 1).await;
    let Slow { mut reader, mut writer } = slow;
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = std::sync::Arc::clone(&sent);
    // Lines that are cheap to refuse, without an end.
    let chunk = format!("{:x}\r\n{}\r\n", 2000, "x\n".repeat(1000));
    let writing = tokio::spawn(async move {
        while writer.write_all(chunk.as_bytes()).await.is_ok() {
            counted.fetch_add(1000, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let stands = async || {
        let mut before = u64::MAX;
        loop {
            let now = sent.load(std::sync::atomic::Ordering::Relaxed);
            if now == before {
                return now;
            }
            before = now;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let taken = stands().await;
    // Some is fetched, as much as lies in buffers: then more is taken.
    let (since, mut fetched, mut some) = (std::time::Instant::now(), 0, vec![0; 64 * 1024]);
    while sent.load(std::sync::atomic::Ordering::Relaxed) <= taken {
        assert!(since.elapsed() < Duration::from_mins(3), "{taken} sent, {fetched} bytes fetched");
        if let Ok(read) = tokio::time::timeout(Duration::from_secs(1), reader.read(&mut some)).await {
            let count = read.unwrap();
            assert!(count > 0, "it is over after {fetched} bytes: {}", String::from_utf8_lossy(&some));
            fetched += count;
        }
    }
    drop(reader);
    writing.abort();
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_while_lines_flood_in() {
    let door = Door::with(Backend::Sqlite, "[http]\nturns = 4\nmax_connections = 64\n").await;
    let mut slow = Slow::begin(&door, "k", 1).await;
    let lines = (0..200).map(|_| line() + "\n").collect::<String>();
    slow.send(&lines).await.unwrap();
    slow.verdict().await.unwrap();
    // Of the same client, and of another one: neither waits for the lines before it.
    let other = door.key_of("other", Scope::ALL).await;
    for key in [&door.key, &other] {
        door.make("/v1/issuances", &kyc(id(), inserter())).key(key).send().await.expect(202);
    }
    let made = count(&door).await;
    assert!(made < 202, "the lines were done before: this shows nothing");
    slow.end().await;
    while let Some(verdict) = slow.verdict().await {
        assert!(verdict["verdict"] == "accepted" || verdict["complete"] == true, "{verdict}");
    }
    assert_eq!(count(&door).await, 202);
    door.close().await;
}
