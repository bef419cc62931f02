//! Requests that HTTP allows, or does not, and nobody expects.

use serde_json::json;

use super::door::{Answer, Door};
use crate::support::service::Backend;

const FAST: &str = "[http]\nrequests_per_second = 100000\nburst = 100000\n";

/// What comes back for these bytes, until the connection is closed.
async fn ask(door: &Door, request: impl AsRef<[u8]>) -> Answer {
    let answer = door.raw(request.as_ref()).await;
    assert!(!answer.is_empty(), "{:?}", String::from_utf8_lossy(request.as_ref()));
    Answer::parse(&answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_required_and_stands_once() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    for headers in
        ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a/b\r\n", "Host: Xyzzy@a\r\n"]
    {
        for target in ["/livez", "/v1/issuances", "/nowhere", "http://a/livez"] {
            let answer = ask(&door, format!("GET {target} HTTP/1.1\r\n{headers}\r\n")).await;
            let answer = answer.problem(400, "invalid_request");
            assert_eq!(answer.json()["errors"][0]["header"], "Host", "{headers} {target}");
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"));
        }
    }
    for request in [
        "GET /livez HTTP/1.0\r\n\r\n",
        "GET /livez HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
        "GET http://elsewhere.example/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        assert_eq!(ask(&door, request).await.status, 200, "{request}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_body_ends_is_said_in_one_way() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let send = async |headers: &str, body: &str| {
        let request = format!(
            "POST /v1/profiles/lookup HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n{headers}\r\n{body}GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            door.key
        );
        let answer = door.raw(request.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer).into_owned();
        // What lies behind a body that ends nowhere is no request.
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
        (Answer::parse(&answer), text)
    };
    let chunked = "2\r\n{}\r\n0\r\n\r\n";
    for headers in [
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let (answer, _) = send(headers, chunked).await;
        let answer = answer.problem(400, "invalid_request");
        assert_eq!(answer.json()["errors"][0]["header"], "Transfer-Encoding", "{headers}");
    }
    // HTTP itself cannot read these.
    for headers in [
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 3\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: 2 2\r\n",
        "Content-Length : 2\r\n",
    ] {
        let (answer, _) = send(headers, "{}").await;
        assert_eq!(answer.status, 400, "{headers}");
    }
    // In chunks, whatever the length says; and the connection is at its end.
    for headers in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
    ] {
        let (answer, text) = send(headers, chunked).await;
        assert!(answer.status == 422 && text.contains("connection: close"), "{text}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_text_is_nowhere() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    for path in
        ["/%ff", "/v1/issuances/%ff", "/v1/issuances/%C3/audit", "/v1/profiles/iss_%80", "/v1/wallets/%FE%FF"]
    {
        door.get(path).send().await.problem(404, "not_found");
    }
    for path in ["/v1/issuances/%ff/resume", "/v1/events/%ff/replay", "/v1/profiles/%ff/resume"] {
        door.post(path, &json!({})).send().await.problem(404, "not_found");
    }
    door.delete("/v1/issuances/%ff").send().await.problem(404, "not_found");
    door.get("/v1/issuances/%ff").without("Authorization").send().await.problem(401, "unauthorized");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_have_32_kibibytes_and_no_byte_more() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let of = |bytes: usize| {
        let head = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ";
        format!("{head}{}\r\n\r\n", "x".repeat(bytes - head.len() - 4))
    };
    assert_eq!(ask(&door, of(32 * 1024)).await.status, 200);
    for bytes in [32 * 1024 + 1, 33 * 1024, 64 * 1024, 1 << 20] {
        assert_eq!(ask(&door, of(bytes)).await.status, 431, "{bytes}");
    }
    let many = |count: usize| {
        format!("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\n", "X: y\r\n".repeat(count - 2))
    };
    assert_eq!(ask(&door, many(100)).await.status, 200);
    assert_eq!(ask(&door, many(101)).await.status, 431);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_versions_that_are_not_served() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    for (request, status) in [
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nConnection: close\r\n\r\n", 404),
        ("TRACE /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n", 200),
        ("GET livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /livez HTTP/3.0\r\nHost: a\r\n\r\n", 400),
        ("GET /livez\r\n\r\n", 400),
    ] {
        let answer = ask(&door, request).await;
        assert_eq!(answer.status, status, "{request} {answer:?}");
        if matches!(status, 404 | 405) {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
        }
    }
    // HTTP/2 is not spoken, and who begins with it is not kept waiting.
    let answer = door.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_one_type() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    for path in ["/v1/issuances", "/v1/profiles/lookup", "/v1/contacts/lookup"] {
        for second in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            let twice = door.make(path, &json!({})).another_header("Content-Type", second).send().await;
            let twice = twice.problem(400, "invalid_request");
            assert_eq!(twice.json()["errors"][0]["header"], "Content-Type");
        }
    }
    let answer = door.get("/livez").header("X-Request-Id", "one").another_header("X-Request-Id", "two");
    assert_eq!(answer.send().await.header("x-request-id").map(str::len), Some(32), "it is neither");
    door.close().await;
}
