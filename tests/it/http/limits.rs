//! Limits: nothing that a caller does takes more than its share.

use std::time::{Duration, Instant};

use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::door::{Answer, Door, Form, inserter, jpeg, kyc, kyc_in_parts};
use crate::support::User;
use crate::support::service::Backend;

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_so_and_others_are_not() {
    let door = Door::with(Backend::Sqlite, "[http]\nrequests_per_second = 1\nburst = 3\n").await;
    let other = door.key_of("other", Scope::ALL).await;
    for _ in 0..3 {
        door.get("/v1/events").send().await.expect(200);
    }
    let limited = door.get("/v1/events").send().await.problem(429, "rate_limited");
    let seconds: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    door.get("/v1/events").key(&other).send().await.expect(200);
    tokio::time::sleep(Duration::from_millis(seconds * 1000 + 100)).await;
    door.get("/v1/events").send().await.expect(200);

    // Who has no key is limited by address; and so is who looks for doors.
    for n in 0..3 {
        let path = if n == 0 { "/nowhere" } else { "/v1/events" };
        let status = if n == 0 { 404 } else { 401 };
        let answer = door.raw(&door.get(path).key("idos_x").bytes()).await;
        assert_eq!(Answer::parse(&answer).status, status);
    }
    door.get("/v1/events").key("idos_x").send().await.problem(429, "rate_limited");
    door.get("/livez").without("Authorization").send().await.expect(200);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let door = Door::with(Backend::Sqlite, "[http]\nmax_body = 20000\nmax_file = 4000\n").await;
    let user = User::with(WalletType::Evm);
    let announced = |path: &str| door.make(path, &json!({})).header("Content-Length", "20001");
    let large = announced("/v1/issuances").send().await.problem(413, "too_large");
    assert_eq!(large.json()["detail"], "The body has 20001 bytes, and at most 20000 are taken.");
    announced("/v1/profiles").send().await.problem(413, "too_large");
    let endless = door.make("/v1/issuances", &json!({})).header("Content-Length", "99999999999999999999");
    assert_eq!(Answer::parse(&door.raw(&endless.bytes()).await).status, 400, "no length at all");

    // Without a length, it is noticed on the way.
    let call = door
        .make("/v1/issuances", &json!({}))
        .header("Transfer-Encoding", "chunked")
        .without("Content-Length");
    let mut bytes = call.body("application/json", "").header("Transfer-Encoding", "chunked").bytes();
    for _ in 0..3 {
        bytes.extend_from_slice(b"2000\r\n");
        bytes.extend_from_slice(&[b' '; 0x2000]);
        bytes.extend_from_slice(b"\r\n");
    }
    assert_eq!(Answer::parse(&door.raw(&bytes).await).status, 413);

    // A file, in the JSON and beside it.
    let mut submission = kyc(user.id, inserter());
    submission["evidence"]["subject"]["selfieFile"] = json!({ "base64": "AAAA".repeat(1334) });
    let large = door.make("/v1/issuances", &submission).send().await.problem(413, "too_large");
    assert_eq!(large.json()["detail"], "A file has 4002 bytes, and one file may have 4000.");
    assert_eq!(large.pointers(), ["/evidence/subject/selfieFile"]);
    let form = Form::new("x")
        .part("submission", "application/json", kyc_in_parts(user.id, inserter()).to_string())
        .part("passport", "image/jpeg", "1")
        .part("selfie", "image/jpeg", "x".repeat(4001));
    let media = form.media();
    let call = door.make("/v1/issuances", &json!({})).body(&media, form.end());
    let large = call.send().await.problem(413, "too_large");
    assert_eq!(large.json()["detail"], "Part 3 has more than the 4000 bytes that one file may have.");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_no_transaction_is_refused_with_the_arithmetic() {
    let door = Door::open(Backend::Sqlite).await;
    let user = door.user(WalletType::Evm).await;
    let mut submission = kyc_in_parts(user.id, json!({ "by": "write_grant" }));
    let form = |submission: &serde_json::Value| {
        Form::new("x")
            .part("submission", "application/json", submission.to_string())
            .part("passport", "image/jpeg", jpeg(vec![1; 1_300_000]))
            .part("selfie", "image/jpeg", jpeg("2"))
    };
    let send = async |submission: &serde_json::Value| {
        let form = form(submission);
        let media = form.media();
        door.make("/v1/issuances", &json!({})).body(&media, form.end()).send().await
    };
    let large = send(&submission).await.problem(413, "too_large");
    let detail = large.json()["detail"].to_string();
    assert!(detail.contains("copy") && detail.contains("a transaction takes"), "{detail}");
    submission["delivery"] = inserter();
    send(&submission).await.expect(202);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_slowly_is_not_waited_for() {
    let door = Door::with(Backend::Sqlite, "[http]\nbody_timeout = 1\n").await;
    let started = Instant::now();
    let slow = door.make("/v1/issuances", &json!({})).header("Content-Length", "1000").send();
    slow.await.problem(408, "request_timeout");
    let call = door
        .make("/v1/issuances", &json!({}))
        .body("application/json", "")
        .header("Transfer-Encoding", "chunked");
    let endless = door.raw(&[call.bytes(), b"1\r\n{\r\n".to_vec()].concat()).await;
    assert_eq!(Answer::parse(&endless).status, 408);
    let media = Form::new("x").media();
    let call =
        door.make("/v1/issuances", &json!({})).body(&media, "--x\r\n").header("Content-Length", "1000");
    call.send().await.problem(408, "request_timeout");
    assert!(started.elapsed() < Duration::from_secs(10));
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_in_memory_are_limited_together() {
    let settings = "[http]\nmax_body = 20000\nmax_bodies_in_memory = 20480\nbody_timeout = 9\n";
    let door = Door::with(Backend::Sqlite, settings).await;
    let user = User::with(WalletType::Evm);
    // Takes all the room, and sends nothing.
    let mut first = TcpStream::connect(door.address).await.unwrap();
    let call =
        door.make("/v1/issuances", &json!({})).body("application/json", "").header("Content-Length", "20000");
    first.write_all(&call.bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let busy = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.problem(503, "overloaded");
    assert_eq!(busy.header("retry-after"), Some("5"));
    // Requests without a body need no room.
    door.get("/v1/issuances").send().await.expect(200);
    let mut rest = Vec::new();
    first.read_to_end(&mut rest).await.unwrap();
    assert_eq!(Answer::parse(&rest).status, 408);
    door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_not_ask_is_closed() {
    let door = Door::with(Backend::Sqlite, "").await;
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nX-Slow: ").await.unwrap();
    let drip = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), drip).await.unwrap();
    door.close().await;
}

/// Sends all of a request before it reads anything, as most callers do, and gives what comes back.
async fn send_all_then_read(address: std::net::SocketAddr, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let call = move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address)?;
        // In pieces, of which most are sent when the answer is there already.
        for (number, piece) in bytes.chunks(16 * 1024).enumerate() {
            stream.write_all(piece)?;
            if [0, 8, 16].contains(&number) {
                std::thread::sleep(Duration::from_millis(60));
            }
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_before_the_body_was_read_arrives() {
    const FAST: &str =
        "[http]\nrequests_per_second = 100000\nburst = 100000\nmax_body = 2000000\nmax_file = 4000\n";
    let door = Door::with(Backend::Sqlite, FAST).await;
    let reader = door.key_of("reader", &[Scope::IssuancesRead]).await;
    let body = vec![b' '; 1 << 20];
    let json = "application/json";
    let make = |path: &str| door.make(path, &json!({})).body(json, body.clone());
    let calls = [
        (50, 401, make("/v1/issuances").key("idos_x").bytes()),
        (5, 403, make("/v1/issuances").key(&reader).bytes()),
        (5, 404, make("/nowhere").bytes()),
        (5, 405, door.call("PUT", "/v1/issuances").body(json, body.clone()).bytes()),
        (5, 413, make("/v1/profiles").bytes()),
        (5, 415, make("/v1/issuances").body("text/plain", body.clone()).bytes()),
        (5, 400, make("/v1/issuances").without("Idempotency-Key").bytes()),
        (5, 200, door.get("/livez").body(json, body.clone()).bytes()),
        // What HTTP itself cannot read.
        (5, 400, [b"POST /v1/issuances HTTP/1.1\r\nContent-Length: x\r\n\r\n", &body[..]].concat()),
        (
            5,
            431,
            [&b"POST /v1/issuances HTTP/1.1\r\nX: "[..], &*vec![b'x'; 40_000], b"\r\n\r\n", &body].concat(),
        ),
    ];
    for (times, status, bytes) in calls {
        let all: Vec<_> =
            (0..times).map(|_| tokio::spawn(send_all_then_read(door.address, bytes.clone()))).collect();
        for one in all {
            let answer = one.await.unwrap().unwrap_or_else(|error| panic!("{status} is lost: {error}"));
            let answer = Answer::parse(&answer);
            assert_eq!(answer.status, status, "{answer:?}");
            assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
        }
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_before_sending_is_not_told_to_go_on_for_nothing() {
    let door = Door::with(Backend::Sqlite, "").await;
    let call = |key: &str| {
        let head = door.make("/v1/issuances", &json!({})).key(key).header("Expect", "100-continue");
        head.body("application/json", "").header("Content-Length", "1000000").bytes()
    };
    let answer = door.raw(&call("idos_x")).await;
    assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(&call(&door.key)).await.unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    drop(stream);
    door.close().await;
}
