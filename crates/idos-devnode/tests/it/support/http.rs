//! A plain HTTP client, which shows what a library would hide: connections that are cut off.

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// The connection was closed without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Sends one request on a connection of its own.
pub(crate) async fn request(
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer, Cut> {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.map_err(|_| Cut)?;
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    let defaults = [("Host", host), ("Content-Type", "application/json")];
    let defaults = defaults.iter().filter(|(name, _)| !headers.iter().any(|(given, _)| given == name));
    for (name, value) in defaults.chain(headers) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.map_err(|_| Cut)?;
    let sent = stream.write_all(body).await;

    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Err(Cut) };
    // A node that refuses a large body answers before it has read all of it; only then may writing fail.
    assert!(sent.is_ok() || read.is_err() || !answer.is_empty());
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, body };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = dechunked(&answer.body);
    }
    Ok(answer)
}

/// A body without its chunks' lengths: kwild sends long ones so.
fn dechunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}
